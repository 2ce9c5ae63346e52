//! Items to resources: each once, the fullest and latest record of it.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::answer::{Answer, first_line};
use super::body::{Bodies, same};
use super::ids;
use super::item::{Form, Item};
use crate::diagnostic::{Diagnostic, Severity};
use crate::eval::value::Value;
use crate::eval::{Dialect, Existence, Mode, Resource, ResourceKey};
use crate::origin::{OriginBuilder, OriginStep};
use crate::source::Span;
use crate::syntax::json::Json;

/// Collects the resources of a deployment.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) origins: OriginBuilder,
    pub(super) resources: Vec<Resource>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether what is not recorded does not exist.
    pub(super) complete: bool,
    /// Where among the resources a key is.
    by_key: HashMap<ResourceKey, usize>,
    addresses: HashSet<Arc<str>>,
    /// The parts printed by themselves: their owners' keys, and where they are.
    parts: Vec<(ResourceKey, Span)>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self {
            origins: OriginBuilder::default(),
            resources: Vec::new(),
            diagnostics: Vec::new(),
            complete: true,
            by_key: HashMap::new(),
            addresses: HashSet::new(),
            parts: Vec::new(),
        }
    }
}

impl Recorder {
    /// Records what one document holds.
    pub(super) fn file(&mut self, answer: &Answer<'_>) {
        self.complete &= answer.cut_short.is_none();
        self.diagnostics.extend(told(answer));
        for (json, item) in &answer.items {
            if matches!(item.form, Form::Part) {
                let owner = ids::parent(&item.id.to_ascii_lowercase());
                self.parts
                    .extend(owner.map(|owner| (owner, first_line(json))));
            } else {
                self.record(json, item);
            }
        }
    }

    /// Says once for each owner that parts of it are here and it is not.
    pub(super) fn tell_parts(&mut self) {
        let mut told: HashSet<&ResourceKey> = HashSet::new();
        for (owner, place) in &self.parts {
            let recorded = self
                .by_key
                .get(owner)
                .and_then(|at| self.resources.get(*at));
            let whole = recorded.is_some_and(|owner| owner.mode == Mode::Managed);
            if whole || !told.insert(owner) {
                continue;
            }
            let (kind, name) = kind_and_name(owner);
            let message = format!(
                "this is a part of {kind} `{name}`, which is not in these files; it is not read"
            );
            let help = "print what it is part of: the parts are within it";
            let told = Diagnostic::advice("export-part", *place, message).with_help(help);
            self.diagnostics.push(told);
        }
    }

    fn record(&mut self, json: &Json, item: &Item) {
        let header = first_line(json);
        let body = self.body(json, item.form);
        let mode = match item.form {
            Form::Listed(_) => Mode::Existing,
            Form::Subscription if json.get_ignore_case("subscriptionPolicies").is_none() => {
                Mode::Existing
            }
            _ => Mode::Managed,
        };
        let id = item.id.trim_end_matches('/');
        let key = ResourceKey(id.to_ascii_lowercase().into());
        let before = self.by_key.get(&key).copied();
        let address = match before.and_then(|at| self.resources.get(at)) {
            Some(before) => Arc::clone(&before.address),
            None => self.unique(&item.kind, id),
        };
        let step = OriginStep::Block(Arc::clone(&address));
        let origin = self.origins.add(Some(header), step, Vec::new());
        let written = body.get_ignore_case("id").map_or(origin, |id| id.origin);
        let resource = Resource {
            address,
            parent: ids::parent(&key.0),
            key: key.clone(),
            id: None,
            kind: Arc::clone(&item.kind),
            name: Value::string(id.rsplit('/').next().unwrap_or_default(), written),
            mode,
            dialect: Dialect::Arm,
            body,
            origin,
            existence: Existence::CERTAIN,
            template: false,
            symbol: None,
            subscription: None,
        };
        match before.and_then(|at| self.resources.get_mut(at)) {
            Some(before) => replace(before, resource, header, &mut self.diagnostics),
            None => {
                self.by_key.insert(key, self.resources.len());
                self.resources.push(resource);
            }
        }
    }

    fn body(&mut self, json: &Json, form: Form) -> Value {
        let bodies = Bodies {
            origins: &self.origins,
            cut_off: RefCell::default(),
        };
        let body = bodies.body(json, form);
        let cut_off = bodies.cut_off.into_inner();
        if let Some(first) = cut_off.first() {
            let message = match cut_off.len() {
                1 => "PowerShell wrote the name of a type here instead of a value".to_owned(),
                more => format!(
                    "PowerShell wrote names of types here and in {} further places instead of values",
                    more - 1
                ),
            };
            let told = Diagnostic::advice("export-cut-off", *first, message)
                .with_help("let it go deeper: `ConvertTo-Json -Depth 20`");
            self.diagnostics.push(told);
        }
        body
    }

    fn unique(&mut self, kind: &str, id: &str) -> Arc<str> {
        let mut address = kind.to_owned();
        for name in ids::names(id) {
            address.push('/');
            address.push_str(name);
        }
        let mut unique: Arc<str> = address.as_str().into();
        let mut number = 1;
        while !self.addresses.insert(Arc::clone(&unique)) {
            number += 1;
            unique = format!("{address}#{number}").into();
        }
        unique
    }
}

/// What the owner of a part is called, for people.
fn kind_and_name(owner: &ResourceKey) -> (&'static str, &str) {
    let name = owner.0.rsplit('/').next().unwrap_or_default();
    let kind = if owner.0.contains("/loadbalancers/") {
        "load balancer"
    } else if owner.0.contains("/networkinterfaces/") {
        "network interface"
    } else {
        "firewall"
    };
    (kind, name)
}

/// What should be said of a document as a whole.
pub(super) fn told(answer: &Answer<'_>) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    if let Some(at) = answer.cut_short {
        let message = "this is one page of several: what it does not list may exist all the same";
        let help = "print all pages: `az … list` follows them by itself, `az graph query` has \
                    `--first` and `--skip-token`, `az rest` needs one call for each `nextLink`";
        told.push(Diagnostic::advice("export-one-page", at, message).with_help(help));
    }
    if let Some(at) = answer.worked_out {
        let message = "this is what Azure made of the rules and routes of a network interface, \
                       not what somebody wrote; it is not read";
        let help = "print the groups and route tables themselves: `az network nsg list`, \
                    `az network route-table list`";
        told.push(Diagnostic {
            severity: Severity::Note,
            ..Diagnostic::advice("export-worked-out", at, message).with_help(help)
        });
    }
    if let Some((count, at)) = answer.nameless {
        let message = match count {
            1 => "this resource is printed without its id and is not read".to_owned(),
            more => format!(
                "this resource and {} further ones are printed without their ids and are not read",
                more - 1
            ),
        };
        let help = "print whole resources: without `--query`, or with `id` among its columns";
        told.push(Diagnostic::advice("export-without-id", at, message).with_help(help));
    }
    told.extend(listed(answer));
    told
}

/// Says once for each document that resources are only listed.
fn listed(answer: &Answer<'_>) -> Option<Diagnostic> {
    let listed = |(json, item): &(std::borrow::Cow<'_, Json>, Item)| -> Option<Span> {
        matches!(item.form, Form::Listed(_)).then(|| first_line(json))
    };
    let mut places = answer.items.iter().filter_map(listed);
    let first = places.next()?;
    let message = match places.count() {
        0 => "this resource is listed without its properties: only its id is known".to_owned(),
        more => format!(
            "this resource and {more} further ones are listed without their properties: only their \
             ids are known"
        ),
    };
    let help =
        "`az network … list` and Resource Graph print properties, `az resource list` does not";
    Some(Diagnostic::advice("export-listed", first, message).with_help(help))
}

/// Puts a record in the place of an earlier one, unless it says less.
fn replace(
    before: &mut Resource,
    resource: Resource,
    header: Span,
    diagnostics: &mut Vec<Diagnostic>,
) {
    match (before.mode, resource.mode) {
        (Mode::Managed, Mode::Existing) => return,
        (Mode::Existing, Mode::Managed) => {}
        _ if same(&before.body, &resource.body) => {}
        _ => {
            let message = format!(
                "{} is recorded more than once with different content; the last counts",
                resource.address
            );
            diagnostics.push(Diagnostic::advice("recorded-twice", header, message));
        }
    }
    *before = resource;
}
