//! What one printed object is.

use std::sync::Arc;

use super::shape::{self, Shape};
use crate::eval::arm::kinds;
use crate::eval::value::{UnknownId, hole};
use crate::syntax::json::{Json, JsonKind};

/// A printed object that stands for something in Azure.
#[derive(Debug)]
pub(super) struct Item {
    /// The full id as printed; in part, with what is missing as a hole, where the tool left it out.
    pub(super) id: Arc<str>,
    /// The type in its documented spelling.
    pub(super) kind: Arc<str>,
    /// How its properties are written.
    pub(super) form: Form,
}

/// How the properties of an item are written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// Under `properties`, as REST has them.
    Nested,
    /// Beside the name.
    Flat(&'static Shape),
    /// Not at all: the item was only listed.
    Listed(&'static Shape),
    /// Either way, but of something that is read only within its owner.
    Part,
    /// A subscription, whose `id` may be its number alone.
    Subscription,
}

impl Item {
    /// What an object is; `None` for what is not a resource or subscription.
    pub(super) fn of(json: &Json) -> Option<Self> {
        let text = |name| json.get_ignore_case(name).and_then(Json::as_str);
        if let Some(id) = text("id")
            && let Some(subscription) = Self::subscription(json, id)
        {
            return Some(subscription);
        }
        let kind = text("type").or_else(|| text("resourceType"));
        let id: Arc<str> = match text("id").or_else(|| text("resourceId")) {
            Some(id) => full(id)?,
            None => composed(json, kind?)?.into(),
        };
        let kind = match kind {
            Some(kind) if is_type(kind) => kinds::canonical(kind),
            // A view or pipeline that has a type of its own.
            Some(_) => return None,
            None => kinds::canonical(&type_in(&id)?),
        };
        // Definitions and assignments of policies are kept in repositories in this very shape.
        if kind
            .to_ascii_lowercase()
            .starts_with("microsoft.authorization/")
        {
            return None;
        }
        let form = form(json, &id, &kind)?;
        Some(Self { id, kind, form })
    }

    fn subscription(json: &Json, id: &str) -> Option<Self> {
        let policies = json.get_ignore_case("subscriptionPolicies");
        let path = id
            .get(..15)
            .is_some_and(|start| start.eq_ignore_ascii_case("/subscriptions/"));
        // `az account list` knows accounts by number and prints no policies.
        let account = ["tenantId", "state"]
            .iter()
            .all(|name| json.get_ignore_case(name).is_some());
        let known = match policies {
            Some(_) => path || is_number(id),
            None => is_number(id) && account,
        };
        known.then(|| Self {
            id: if path {
                id.into()
            } else {
                format!("/subscriptions/{id}").into()
            },
            kind: "Microsoft.Resources/subscriptions".into(),
            form: Form::Subscription,
        })
    }
}

/// Whether an object was printed by Azure's tools as a resource of interest, though it does not say
/// which one: a column of it was left out.
pub(super) fn is_nameless(json: &Json) -> bool {
    let has = |name: &str| json.get_ignore_case(name).is_some();
    let printed = has("etag") || has("provisioningState");
    let rule = has("priority") && has("direction") && has("access");
    let route = has("addressPrefix") && has("nextHopType");
    let typed = json
        .get_ignore_case("type")
        .and_then(Json::as_str)
        .is_some_and(|kind| Shape::of(kind).is_some());
    let stated = json
        .get_ignore_case("properties")
        .is_some_and(|inner| inner.get_ignore_case("provisioningState").is_some() && typed);
    !has("apiVersion") && (stated || (printed && (rule || route || typed)))
}

fn form(json: &Json, id: &str, kind: &str) -> Option<Form> {
    let typed = ["type", "resourceType"]
        .iter()
        .any(|name| json.get_ignore_case(name).is_some());
    let named = json
        .get_ignore_case("name")
        .and_then(Json::as_str)
        .is_some_and(|name| id.rsplit('/').next() == Some(name));
    if shape::is_only_a_part(kind) {
        return (typed || named).then_some(Form::Part);
    }
    let properties = json.get_ignore_case("properties");
    if properties.is_some_and(|inner| matches!(inner.kind, JsonKind::Object(_))) {
        return (typed || Shape::of(kind).is_some()).then_some(Form::Nested);
    }
    // Many things name resources. One that is printed says its type, or the name its id ends with.
    let shape = Shape::of(kind)?;
    if !typed && !named {
        return None;
    }
    let written = json
        .members()
        .iter()
        .filter(|member| member.value.kind != JsonKind::Null);
    if shape.shows(written.map(|member| &*member.name)) {
        Some(Form::Flat(shape))
    } else {
        Some(Form::Listed(shape))
    }
}

/// An id that can be compared with others; `None` for what is not one.
fn full(id: &str) -> Option<Arc<str>> {
    let starts = |with: &str| {
        id.get(..with.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    if starts("/subscriptions/") || starts("/providers/") {
        return Some(id.trim_end_matches('/').into());
    }
    // Somebody took the number of the subscription away.
    (starts("resourceGroups/") && id.contains("/providers/"))
        .then(|| format!("/{}", id.trim_end_matches('/')).into())
}

/// The id of a resource that is printed without one, from the columns that say it.
fn composed(json: &Json, kind: &str) -> Option<String> {
    let text = |name| json.get_ignore_case(name).and_then(Json::as_str);
    let name = text("name").filter(|name| !name.contains('/'))?;
    if let Some(id) = told_by_parts(json, &format!("/providers/{kind}/{name}/")) {
        return Some(id.to_owned());
    }
    let group = text("resourceGroup").or_else(|| text("resourceGroupName"))?;
    let (namespace, rest) = kind.split_once('/')?;
    // Names of what stands above a child are not printed with it.
    let of_interest = Shape::of(kind).is_some() && !rest.contains('/');
    let subscription = match text("subscriptionId") {
        Some(id) => id.to_owned(),
        None => hole(UnknownId::named("", "the subscription of these exports")),
    };
    of_interest.then(|| {
        format!(
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/{namespace}/{rest}/{name}"
        )
    })
}

/// The id of a resource as those of its parts begin; `infix` is how it ends, and a slash.
fn told_by_parts<'j>(json: &'j Json, infix: &str) -> Option<&'j str> {
    let infix = infix.to_ascii_lowercase();
    let properties = json.get_ignore_case("properties").unwrap_or(json);
    let parts = properties
        .members()
        .iter()
        .filter_map(|member| member.value.items().first());
    parts
        .filter_map(|part| part.get_ignore_case("id")?.as_str())
        .find_map(|id| {
            let at = id.to_ascii_lowercase().find(&infix)?;
            id.get(..at + infix.len() - 1)
        })
}

fn is_type(kind: &str) -> bool {
    kind.split_once('/')
        .is_some_and(|(namespace, rest)| namespace.contains('.') && !rest.is_empty())
}

/// The type that an id names.
fn type_in(id: &str) -> Option<String> {
    let (_, part) = super::ids::provider_part(id)?;
    let mut segments = part.split('/');
    let mut kind = segments.next()?.to_owned();
    let rest: Vec<&str> = segments.collect();
    if rest.is_empty() || rest.len() % 2 == 1 {
        return None;
    }
    for segment in rest.iter().step_by(2) {
        kind.push('/');
        kind.push_str(segment);
    }
    is_type(&kind).then_some(kind)
}

/// Whether a text is the number of a subscription: 8-4-4-4-12 hexadecimal digits.
fn is_number(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths = [8, 4, 4, 4, 12];
    groups.len() == lengths.len()
        && groups.iter().zip(lengths).all(|(group, length)| {
            group.len() == length && group.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}
