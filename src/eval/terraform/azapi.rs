//! Resources of the `azapi` provider: requests to Azure Resource Manager, written in Terraform.
//!
//! An `azapi_resource` holds the type, the id of what it lies in, a name and the body of the request,
//! so it becomes the ARM resource that it is, under its Terraform address. An
//! `azapi_update_resource` is laid over the resource it changes, as the provider lays it over what it
//! finds in Azure.
//!
//! Source: docs/resources/resource.md, docs/resources/update_resource.md and utils/json.go of the
//! provider (2.x, read 2026-11-22). What is absent: `azapi_resource_action` and data plane
//! resources, which describe nothing that is there afterwards.

use std::sync::Arc;

use indexmap::IndexMap;

use super::ids::{SUBSCRIPTION, azurerm_id, key_of, pieces_of, segment_of};
use crate::eval::arm::kinds;
use crate::eval::hcl_expr::unknown_reference;
use crate::eval::value::{
    Data, ListValue, ObjectValue, Piece, Reason, Rest, Truth, Unknown, Value,
};
use crate::eval::{Dialect, Resource, ResourceKey};

/// The type of whole resources, managed or looked up.
pub(in crate::eval) const RESOURCE: &str = "azapi_resource";

/// The type of what changes a part of a resource.
pub(in crate::eval) const UPDATE: &str = "azapi_update_resource";

/// Attributes that are part of the request beside its body.
const BESIDE_BODY: &[&str] = &["location", "tags"];

/// The pieces of the id of a resource of either type, as far as they are known. `attribute` gives
/// what is written, `subscription` the subscription that the provider works in.
pub(in crate::eval) fn id(
    attribute: &dyn Fn(&str) -> Option<Value>,
    subscription: &dyn Fn() -> Vec<Piece>,
) -> Option<Vec<Piece>> {
    let written = |name: &str| attribute(name).filter(|value| !value.is_null());
    if let Some(id) = written("resource_id") {
        return pieces_of(&id);
    }
    let kind = kind_of(&written("type")?)?;
    let name = written("name").and_then(|name| segment_of(&name))?;
    let is = |other: &str| kind.eq_ignore_ascii_case(other);
    let mut pieces = match written("parent_id") {
        Some(parent) => without_slash(pieces_of(&parent)?),
        None if is("Microsoft.Resources/resourceGroups") => {
            let mut scope = vec![Piece::Literal("/subscriptions/".into())];
            scope.extend(subscription());
            scope
        }
        None => return None,
    };
    let (above, last) = kind.rsplit_once('/')?;
    let own = if is("Microsoft.Resources/resourceGroups") {
        "/resourceGroups/".to_owned()
    } else if above.contains('/') {
        format!("/{last}/")
    } else {
        format!("/providers/{kind}/")
    };
    pieces.push(Piece::Literal(own.into()));
    pieces.extend(name);
    Some(pieces)
}

/// The ARM resource that an `azapi_resource` is; `None` if its type is not known. `body` is the body
/// of the request, `id` what is known of the resource's id.
pub(in crate::eval) fn resource(
    written: &Resource,
    body: Option<&Value>,
    id: Option<&[Piece]>,
) -> Option<Resource> {
    let attribute = |name: &str| written.body.get(name).filter(|value| !value.is_null());
    let kind = kind_of(attribute("type")?)?;
    let mut entries: IndexMap<Arc<str>, Value> = IndexMap::new();
    for name in ["name"].iter().chain(BESIDE_BODY) {
        if let Some(value) = attribute(name) {
            entries.insert((*name).into(), value.clone());
        }
    }
    let mut rest = None;
    match body.map(|body| &body.data) {
        Some(Data::Object(object)) => {
            for (name, value) in &object.entries {
                entries.insert(Arc::clone(name), value.clone());
            }
            rest = object.rest.clone();
        }
        Some(Data::Unknown(unknown)) => {
            rest = Some(Rest {
                unknown: Arc::clone(unknown),
                template: None,
            });
        }
        _ => {}
    }
    let hidden = attribute("sensitive_body").cloned();
    let object = ObjectValue {
        entries,
        rest,
        ..ObjectValue::default()
    };
    let mut body = Value::new(Data::Object(Arc::new(object)), written.body.origin);
    if let Some(hidden) = hidden {
        body = merged(&body, &hidden);
    }
    Some(Resource {
        kind: kinds::canonical(&kind),
        dialect: Dialect::Arm,
        body,
        parent: is_child(&kind)
            .then(|| attribute("parent_id"))
            .flatten()
            .and_then(parent_of)
            .or_else(|| parent_within(id, &kind)),
        id: id.and_then(key_of),
        ..written.clone()
    })
}

/// What a resource is whose attributes are all there is of it, as in a plan: with the id that it has
/// or will have, and a request as what it asks for.
#[expect(
    clippy::needless_pass_by_value,
    reason = "who calls it has no use for what was written"
)]
pub(in crate::eval) fn identified(written: Resource) -> Resource {
    let attribute = |name: &str| {
        let value = written.body.get(name)?;
        (!value.is_null()).then(|| value.clone())
    };
    let own = attribute("id").filter(|id| id.as_str().is_some_and(|id| id.starts_with('/')));
    let subscription = || {
        let unknown = Unknown::new("", SUBSCRIPTION, Reason::Target);
        vec![Piece::Hole(Arc::new(unknown).as_segment())]
    };
    let pieces = match (&own, &*written.kind) {
        (Some(id), _) => pieces_of(id),
        (None, RESOURCE | UPDATE) => id(&attribute, &subscription),
        (None, kind) => azurerm_id(kind, &attribute, &subscription),
    };
    let body = attribute("body");
    let made = match &*written.kind {
        RESOURCE => resource(&written, body.as_ref(), pieces.as_deref()),
        _ => None,
    };
    made.unwrap_or_else(|| Resource {
        id: pieces.as_deref().and_then(key_of),
        ..written.clone()
    })
}

/// What reading `output` of a resource gives: what its body says, and for the rest an unknown that
/// refers to it.
pub(in crate::eval) fn output(key: &ResourceKey, body: &Value) -> Value {
    opened(body, key, "")
}

/// Lays an update over a body: objects part by part, lists item by item where they are of one
/// length; else what the update says counts.
pub(in crate::eval) fn merged(before: &Value, update: &Value) -> Value {
    match (&before.data, &update.data) {
        (Data::Object(old), Data::Object(new)) => {
            let mut object = (**old).clone();
            for (name, value) in &new.entries {
                // Azure reads names in any case.
                let known = object
                    .entries
                    .keys()
                    .find(|known| known.eq_ignore_ascii_case(name))
                    .map_or_else(|| Arc::clone(name), Arc::clone);
                let value = match object.entries.get(&known) {
                    Some(earlier) => merged(earlier, value),
                    None => value.clone(),
                };
                object.entries.insert(known, value);
            }
            if new.rest.is_some() {
                object.rest.clone_from(&new.rest);
            }
            Value::new(Data::Object(Arc::new(object)), before.origin)
        }
        (Data::List(old), Data::List(new))
            if old.rest.is_none() && new.rest.is_none() && old.items.len() == new.items.len() =>
        {
            let items = old.items.iter().zip(&new.items);
            let list = ListValue {
                items: items.map(|(old, new)| merged(old, new)).collect(),
                rest: None,
                kind: new.kind,
            };
            Value::new(Data::List(Arc::new(list)), update.origin)
        }
        _ => update.clone(),
    }
}

/// Lays every update over the ARM resource it names, and takes those out that found theirs. What
/// changes a resource of another dialect, or one that is not here, stays.
pub(in crate::eval) fn apply_updates(resources: &mut Vec<Resource>) {
    let is_update = |resource: &Resource| &*resource.kind == UPDATE;
    if !resources.iter().any(is_update) {
        return;
    }
    let mut kept = Vec::with_capacity(resources.len());
    let mut updates = Vec::new();
    for resource in resources.drain(..) {
        if is_update(&resource) {
            updates.push(resource);
        } else {
            kept.push(resource);
        }
    }
    for update in updates {
        let target = target_of(&update);
        let found = kept.iter_mut().find(|resource| {
            let is_it = |key: &ResourceKey| {
                target.as_ref() == Some(key)
                    || (update.id.is_some() && update.id.as_ref() == Some(key))
            };
            resource.dialect == Dialect::Arm
                && (is_it(&resource.key) || resource.id.as_ref().is_some_and(is_it))
        });
        let body = update.body.get("body").filter(|body| !body.is_null());
        match (found, body) {
            (Some(resource), Some(body)) if update.existence.truth == Truth::True => {
                resource.body = merged(&resource.body, body);
            }
            (Some(resource), Some(body)) => {
                let open = Value::unknown(
                    Unknown::derived("updated", std::slice::from_ref(body)),
                    body.origin,
                );
                resource.body = overlaid(&resource.body, body, &open);
            }
            (Some(_), None) => {}
            (None, _) => kept.push(update),
        }
    }
    *resources = kept;
}

/// The type in `type@version`.
fn kind_of(value: &Value) -> Option<Arc<str>> {
    let text = match &value.data {
        Data::String(text) => Arc::clone(text),
        // The version is not needed.
        Data::Template(pieces) => match pieces.first() {
            Some(Piece::Literal(text)) if text.contains('@') => Arc::clone(text),
            _ => return None,
        },
        _ => return None,
    };
    let kind = text.split_once('@').map_or(&*text, |(kind, _)| kind);
    kind.contains('/').then(|| kind.into())
}

fn is_child(kind: &str) -> bool {
    kind.matches('/').count() > 1
}

/// The resource that a `parent_id` is the id of.
fn parent_of(id: &Value) -> Option<ResourceKey> {
    match id
        .as_unknown()
        .and_then(|unknown| unknown.refers_to.as_ref())
    {
        Some(reference) if &*reference.path == "id" => Some(reference.resource.clone()),
        _ => pieces_of(id).and_then(|pieces| key_of(&pieces)),
    }
}

fn parent_within(id: Option<&[Piece]>, kind: &str) -> Option<ResourceKey> {
    let key = id.filter(|_| is_child(kind)).and_then(key_of)?;
    let (above, _) = key.0.rsplit_once('/')?;
    let (above, _) = above.rsplit_once('/')?;
    Some(ResourceKey(above.into()))
}

fn target_of(update: &Resource) -> Option<ResourceKey> {
    parent_of(update.body.get("resource_id")?)
}

fn without_slash(mut pieces: Vec<Piece>) -> Vec<Piece> {
    if let Some(Piece::Literal(last)) = pieces.last_mut() {
        *last = last.trim_end_matches('/').into();
    }
    pieces
}

/// The same with what an update may change, which may not happen, not known.
fn overlaid(before: &Value, update: &Value, open: &Value) -> Value {
    match (&before.data, &update.data) {
        (Data::Object(old), Data::Object(new)) => {
            let mut object = (**old).clone();
            for (name, value) in &new.entries {
                let changed = match object.entries.get(name) {
                    Some(earlier) => overlaid(earlier, value, open),
                    None => open.clone(),
                };
                object.entries.insert(Arc::clone(name), changed);
            }
            Value::new(Data::Object(Arc::new(object)), before.origin)
        }
        _ if before.equals(update) == Truth::True => before.clone(),
        _ => open.clone(),
    }
}

fn opened(value: &Value, key: &ResourceKey, path: &str) -> Value {
    let below = |part: &str| match path {
        "" => part.to_owned(),
        _ => format!("{path}.{part}"),
    };
    let data = match &value.data {
        Data::Object(object) => {
            let entries = object.entries.iter().map(|(name, value)| {
                let value = opened(value, key, &below(name));
                (Arc::clone(name), value)
            });
            let unknown = unknown_reference(key, path, Reason::RunTime);
            Data::Object(Arc::new(ObjectValue {
                entries: entries.collect(),
                rest: Some(Rest {
                    unknown: Arc::new(unknown),
                    template: None,
                }),
                kind: object.kind,
            }))
        }
        Data::List(list) => {
            let items = list.items.iter().enumerate();
            let items = items.map(|(at, item)| opened(item, key, &format!("{path}[{at}]")));
            Data::List(Arc::new(ListValue {
                items: items.collect(),
                rest: list.rest.clone(),
                kind: list.kind,
            }))
        }
        other => other.clone(),
    };
    Value::new(data, value.origin)
}
