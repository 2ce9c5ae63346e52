//! Records to resources: values, what is not known of them, and places.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::address::{split, without_key};
use super::configuration::{Configuration, Target, Written, kind_of};
use super::document::Document;
use super::record::{Record, records};
use super::values::{Reader, Step};
use super::{once, template};
use crate::diagnostic::Diagnostic;
use crate::eval::frontend::Target as Place;
use crate::eval::hcl_expr::unknown_reference;
use crate::eval::terraform::azapi;
use crate::eval::terraform::schema::{Shape, schema};
use crate::eval::value::{Data, Reason, Unknown, Value};
use crate::eval::{Deployment, Dialect, Existence, Loader, Output, Resource, ResourceKey};
use crate::origin::{OriginBuilder, OriginGraph, OriginId, OriginStep};
use crate::source::{FileId, SourceFile};
use crate::syntax::json::{self, Json, JsonKind, Member};

/// What a document holds.
#[derive(Default)]
pub(super) struct Read {
    pub(super) resources: Vec<Resource>,
    pub(super) outputs: Vec<Output>,
    pub(super) origins: OriginGraph,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Files that were read beside the document.
    pub(super) files: Vec<FileId>,
}

/// Reads a document.
pub(super) fn read(
    document: &Document<'_>,
    source: Option<Deployment>,
    target: &Place,
    loader: &dyn Loader,
) -> Read {
    let mut read = Read::default();
    if let Some((place, why)) = document.partial() {
        read.diagnostics
            .push(Diagnostic::advice("partial-plan", place, why));
    }
    let records = records(document);
    let configuration = Configuration::new(document.json, &records);
    let (typed, origins) = match source {
        Some(source) => {
            read.files = source.files;
            (
                source.resources,
                OriginBuilder::from(Arc::unwrap_or_clone(source.origins)),
            )
        }
        None => (Vec::new(), OriginBuilder::default()),
    };
    let lowering = Lowering {
        origins: &origins,
        configuration: &configuration,
        sources: Sources::new(&typed),
        records: &records,
        separate: OnceCell::new(),
    };
    read.resources = records
        .iter()
        .map(|record| lowering.resource(record))
        .collect();
    let is_written = |resource: &Resource, attribute: &str| {
        let (calls, _) = split(&resource.address);
        let block = configuration.block(calls, &resource.address);
        let expressions = block.and_then(|block| block.get("expressions"));
        expressions.is_some_and(|all| all.get(attribute).is_some())
    };
    once::count(&mut read.resources, &is_written);
    azapi::apply_updates(&mut read.resources);
    template::expand(&mut read, &records, target, loader, &origins);
    read.outputs = outputs(document.json, &origins);
    read.origins = origins.finish();
    read
}

/// What the root module gives to whoever runs it.
fn outputs(json: &Json, origins: &OriginBuilder) -> Vec<Output> {
    let values = json.get("planned_values").or_else(|| json.get("values"));
    let all = values.and_then(|values| values.get("outputs"));
    // A state file has them beside its resources.
    let all = all.or_else(|| json.get("outputs"));
    let changes = json.get("output_changes");
    let read = |output: &Member| {
        let name = &output.name;
        let mask = changes.and_then(|changes| changes.get(name)?.get("after_unknown"));
        let missing = |path: &[Step]| {
            let label = match &*readable(path) {
                "" => format!("output.{name}"),
                path if path.starts_with('[') => format!("output.{name}{path}"),
                path => format!("output.{name}.{path}"),
            };
            let unknown = Unknown::new("", label, Reason::Apply);
            Some((unknown.declared_at(output.name_span), OriginId::NONE))
        };
        let reader = Reader {
            origins,
            missing: &missing,
            place: None,
        };
        let value = reader.read(output.value.get("value"), mask, None);
        let sensitive = output
            .value
            .get("sensitive")
            .map(|sensitive| &sensitive.kind);
        Output {
            name: Arc::clone(name),
            value: value.unwrap_or_else(|| Value::null(OriginId::NONE)),
            sensitive: matches!(sensitive, Some(JsonKind::Bool(true))),
        }
    };
    let mut outputs: Vec<Output> = all
        .map_or(&[][..], Json::members)
        .iter()
        .map(read)
        .collect();
    outputs.sort_by(|a, b| a.name.cmp(&b.name));
    outputs
}

/// The evaluated configuration by address.
struct Sources<'s> {
    by_address: HashMap<&'s str, &'s Resource>,
    /// What stands for instances that the configuration alone does not tell, by address without
    /// key.
    templates: HashMap<&'s str, &'s Resource>,
}

impl<'s> Sources<'s> {
    fn new(resources: &'s [Resource]) -> Self {
        let templates = resources.iter().filter(|resource| resource.template);
        Self {
            by_address: resources
                .iter()
                .map(|resource| (&*resource.address, resource))
                .collect(),
            templates: templates
                .map(|resource| (without_key(&resource.address).0, resource))
                .collect(),
        }
    }

    /// What a recorded resource was made of.
    fn of(&self, address: &str) -> Option<&'s Resource> {
        let template = || self.templates.get(without_key(address).0);
        self.by_address.get(address).or_else(template).copied()
    }
}

/// Turns records into resources.
struct Lowering<'r, 'j> {
    origins: &'r OriginBuilder,
    configuration: &'r Configuration<'j>,
    sources: Sources<'r>,
    records: &'r [Record<'j>],
    separate: OnceCell<BTreeSet<(Arc<str>, String)>>,
}

impl Lowering<'_, '_> {
    fn resource(&self, record: &Record<'_>) -> Resource {
        let source = self.sources.of(&record.address);
        let origin = source.map_or_else(
            || {
                let step = OriginStep::Block(Arc::clone(&record.address));
                self.origins.add(Some(record.header), step, Vec::new())
            },
            |source| source.origin,
        );
        let block = self.configuration.block(&record.module, &record.address);
        let missing = |path: &[Step]| {
            let written = self.written(record, block, path);
            // An evaluated configuration shows `dynamic` blocks too.
            let is_unwritten = source.is_some() && path.len() == 1;
            match written {
                Written::Nowhere if self.may_be_dynamic(record, path) && !is_unwritten => {
                    Some(self.missing(record, written, path, origin))
                }
                Written::Nowhere => None,
                Written::Untold if is_unwritten => None,
                written => Some(self.missing(record, written, path, origin)),
            }
        };
        let reader = Reader {
            origins: self.origins,
            missing: &missing,
            place: None,
        };
        let typed = source.map(as_written);
        // Nothing asks for the attributes of what belongs to other providers.
        let body = is_azure(&record.kind)
            .then(|| reader.read(record.values, record.unknown, typed.as_ref()))
            .flatten()
            .unwrap_or_else(|| Value::object([], origin));
        let body = self.requested(&record.kind, body, typed.as_ref());
        let name = body.get("name").filter(|name| !name.is_null()).cloned();
        azapi::identified(Resource {
            address: Arc::clone(&record.address),
            key: ResourceKey(Arc::clone(&record.address)),
            id: None,
            kind: Arc::clone(&record.kind),
            name: name.unwrap_or_else(|| Value::string(own_name(&record.address), origin)),
            dialect: Dialect::Azurerm,
            mode: record.mode,
            body,
            parent: None,
            origin,
            existence: Existence::CERTAIN,
            template: false,
            symbol: None,
            subscription: None,
        })
    }

    /// The same with the body of a request as an object: older versions of the provider have it as
    /// text, state files beside its type.
    fn requested(&self, kind: &str, body: Value, typed: Option<&Value>) -> Value {
        if !kind.starts_with("azapi_") {
            return body;
        }
        let Some(request) = body.get("body") else {
            return body;
        };
        let request = match &request.data {
            Data::String(text) => {
                let typed = typed.and_then(|typed| typed.get("body"));
                self.decoded(text, request.origin, typed)
            }
            Data::Object(object) if object.entries.len() == 2 => match request.get("value") {
                Some(value) if object.entries.contains_key("type") => Some(value.clone()),
                _ => None,
            },
            _ => None,
        };
        let (Some(request), Data::Object(object)) = (request, &body.data) else {
            return body;
        };
        let mut object = (**object).clone();
        object.entries.insert("body".into(), request);
        Value::new(Data::Object(Arc::new(object)), body.origin)
    }

    /// A value written as JSON text.
    fn decoded(&self, text: &Arc<str>, origin: OriginId, typed: Option<&Value>) -> Option<Value> {
        let place = self.origins.typed_at(origin)?;
        let parsed = json::parse(place.file, &SourceFile::new("", text));
        let reader = Reader {
            origins: self.origins,
            missing: &|_| None,
            place: Some(place),
        };
        reader.read(parsed.tree.as_ref(), None, typed)
    }

    /// Whether blocks of which the configuration says nothing may be `dynamic` ones over something
    /// that is not known: it does not list those. Where resources of their own stand for the
    /// blocks (`azurerm_network_security_rule`), the provider wants none written.
    fn may_be_dynamic(&self, record: &Record<'_>, path: &[Step]) -> bool {
        let [Step::Name(name)] = path else {
            return false;
        };
        let rows = schema(record.mode, &record.kind);
        let is_block = rows.is_some_and(|rows| {
            let mut rows = rows.rows();
            rows.any(|row| row.name == &**name && matches!(row.shape, Shape::Block { .. }))
        });
        if !is_block {
            return false;
        }
        let separate = self.separate.get_or_init(|| self.separate());
        !separate.iter().any(|(kind, owner)| {
            **owner == *record.address && kind.ends_with(&**name) && *kind != record.kind
        })
    }

    /// Which types of resources refer to which resource.
    fn separate(&self) -> BTreeSet<(Arc<str>, String)> {
        let records = self.records.iter().filter(|it| is_azure(&it.kind));
        records
            .flat_map(|record| {
                let referred = self
                    .configuration
                    .referred_by(&record.module, &record.address);
                let kind = &record.kind;
                referred.into_iter().map(|owner| (Arc::clone(kind), owner))
            })
            .collect()
    }

    fn written(&self, record: &Record<'_>, block: Option<&Json>, path: &[Step]) -> Written {
        self.configuration
            .written(&record.module, &record.address, block, path, record.values)
    }

    /// What stands at a place that is only known after the apply.
    fn missing(
        &self,
        record: &Record<'_>,
        written: Written,
        path: &[Step],
        header: OriginId,
    ) -> (Unknown, OriginId) {
        let own = unknown_reference(
            &ResourceKey(Arc::clone(&record.address)),
            &readable(path),
            Reason::Apply,
        );
        let own = own.declared_at(record.header);
        match written {
            Written::Refers(targets) => self.referring(own, &targets, path, header),
            Written::Nowhere | Written::Untold => (own, header),
        }
    }

    /// The unknown of an attribute that refers to others.
    fn referring(
        &self,
        own: Unknown,
        targets: &[Target],
        path: &[Step],
        header: OriginId,
    ) -> (Unknown, OriginId) {
        let attribute = path.iter().rev().find_map(|step| match step {
            Step::Name(name) => Some(&**name),
            Step::Position(_) => None,
        });
        let attribute = attribute.unwrap_or_default();
        let chosen = match targets {
            [only] => Some(only),
            _ => {
                let mut fitting = targets.iter().filter(|it| may_be_called(attribute, it));
                fitting.next().filter(|_| fitting.next().is_none())
            }
        };
        let Some(chosen) = chosen else {
            return (named(own, targets.first()), header);
        };
        let Target::Attribute(address, read) = chosen else {
            return (named(own, Some(chosen)), header);
        };
        let step = OriginStep::Attribute(address.as_str().into());
        let key = ResourceKey(address.as_str().into());
        let is_id = attribute.ends_with("_id") || attribute.ends_with("_ids") || attribute == "id";
        // A resource passed around as a whole is passed for its id.
        if is_id && (read == "id" || (read.is_empty() && is_called(attribute, chosen))) {
            let mut unknown = unknown_reference(&key, "id", Reason::Apply);
            unknown.declared = own.declared;
            return (unknown, header);
        }
        if is_id && read.ends_with(".id") {
            let mut unknown = unknown_reference(&key, read, Reason::Apply);
            unknown.declared = own.declared;
            return (unknown, header);
        }
        // The expression itself is not in the plan: the value may be more than what it refers to.
        let origin = self.origins.add(None, step, vec![header]);
        (named(own, Some(chosen)), origin)
    }
}

/// The same unknown, called as what it follows from.
fn named(own: Unknown, target: Option<&Target>) -> Unknown {
    let label = match target {
        None => return own,
        Some(Target::Named(name)) => name.clone(),
        Some(Target::Attribute(address, path)) if path.is_empty() => address.clone(),
        Some(Target::Attribute(address, path)) if path.starts_with('[') => {
            format!("{address}{path}")
        }
        Some(Target::Attribute(address, path)) => format!("{address}.{path}"),
    };
    let cause = Unknown::new("", label.as_str(), Reason::Apply);
    let mut unknown = Unknown { ..own };
    unknown.refers_to = None;
    unknown.label = label.into();
    unknown.reason = Reason::Derived;
    unknown.causes = vec![Arc::new(cause)];
    unknown
}

/// Whether an attribute is called after the type of what it refers to, as `subnet_id` is after
/// `azurerm_subnet`.
fn is_called(attribute: &str, target: &Target) -> bool {
    matches!(target, Target::Attribute(..)) && may_be_called(attribute, target)
}

/// The same, or nothing tells the type of what it refers to.
fn may_be_called(attribute: &str, target: &Target) -> bool {
    let (Target::Attribute(address, _) | Target::Named(address)) = target;
    let stem = attribute
        .strip_suffix("_ids")
        .or_else(|| attribute.strip_suffix("_id"))
        .or_else(|| attribute.strip_suffix("_name"));
    let Some(stem) = stem else {
        return false;
    };
    let (_, kind) = kind_of(address);
    let Some(kind) = kind.strip_prefix("azurerm_") else {
        return matches!(target, Target::Named(_));
    };
    // The provider calls an address by two names.
    let stem = match stem {
        "public_ip_address" => "public_ip",
        stem => stem,
    };
    let ends = |whole: &str, end: &str| {
        whole
            .strip_suffix(end)
            .is_some_and(|before| before.is_empty() || before.ends_with('_'))
    };
    // `probe_id` is the id of an `azurerm_lb_probe`, `remote_virtual_network_id` that of a network.
    ends(stem, kind) || ends(kind, stem)
}

/// What an evaluated resource says in the attributes of its provider: requests are evaluated to the
/// ARM resources they ask for.
fn as_written(source: &Resource) -> Value {
    if source.dialect == Dialect::Azurerm {
        return source.body.clone();
    }
    let beside = ["name", "location", "tags"].into_iter();
    let beside = beside.filter_map(|name| Some((Arc::from(name), source.body.get(name)?.clone())));
    let body: (Arc<str>, Value) = ("body".into(), source.body.clone());
    Value::object(beside.chain([body]), source.origin)
}

fn is_azure(kind: &str) -> bool {
    kind.starts_with("azurerm_") || kind.starts_with("azapi_")
}

/// The last name of an address: what its configuration calls it.
fn own_name(address: &str) -> &str {
    let (base, _) = without_key(address);
    base.rsplit('.').next().unwrap_or(base)
}

/// A path as attributes are written.
fn readable(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Name(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Step::Position(position) => text.push_str(&format!("[{position}]")),
        }
    }
    text
}
