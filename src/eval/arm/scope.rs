//! Where a deployment goes, and the ids that follow from it.

use std::sync::Arc;

use super::PLACE_LABELS;
use crate::eval::ResourceKey;
use crate::eval::frontend::Target;
use crate::eval::value::{Data, Piece, Reason, Unknown, Value, hole};
use crate::origin::OriginId;

/// What a deployment is made to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    ResourceGroup,
    Subscription,
    ManagementGroup,
    Tenant,
    /// An expression says where, and nobody knows what it gives.
    Unknown,
}

impl Level {
    /// For messages.
    pub(super) fn described(self) -> &'static str {
        match self {
            Self::ResourceGroup => "a resource group",
            Self::Subscription => "a subscription",
            Self::ManagementGroup => "a management group",
            Self::Tenant => "the tenant",
            Self::Unknown => "a place that is not known",
        }
    }
}

/// A place resources are deployed to; unknown parts are holes.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub(super) level: Level,
    pub(super) subscription: Vec<Piece>,
    pub(super) resource_group: Vec<Piece>,
    pub(super) management_group: Vec<Piece>,
    /// The id of the tenant; all of one deployment is in one.
    pub(super) tenant: Vec<Piece>,
    /// The cloud it is in, as far as the configuration says; all of one deployment is in one.
    pub(super) cloud: Option<Arc<str>>,
    /// What the configuration says of the location of the resource group, or of the deployment if
    /// it goes to something larger; none for a place that a template names.
    pub(super) location: Option<Arc<str>>,
    /// The id of the place where its level is unknown.
    pub(super) place: Vec<Piece>,
}

/// A part of where a template is deployed to: what the configuration says, else unknown.
fn given(said: &Option<Arc<str>>, label: &str) -> Vec<Piece> {
    if let Some(said) = said {
        return vec![literal(Arc::clone(said))];
    }
    let unknown = Unknown::new("", label, Reason::Target);
    segment(vec![Piece::Hole(Arc::new(unknown))])
}

/// What stands between two slashes of an id: were there a slash in what is unknown of it, the id
/// would have other segments, and Azure would refuse it.
fn segment(mut pieces: Vec<Piece>) -> Vec<Piece> {
    for piece in &mut pieces {
        if let Piece::Hole(unknown) = piece {
            *unknown = unknown.as_segment();
        }
    }
    pieces
}

pub(super) fn literal(text: impl Into<Arc<str>>) -> Piece {
    Piece::Literal(text.into())
}

impl Scope {
    /// The place a template is deployed to, as far as the configuration says; `schema` decides the
    /// level.
    pub(super) fn of_schema(schema: &str, target: &Target) -> Self {
        let schema = schema.to_ascii_lowercase();
        let level = if schema.contains("subscriptiondeploymenttemplate") {
            Level::Subscription
        } else if schema.contains("managementgroupdeploymenttemplate") {
            Level::ManagementGroup
        } else if schema.contains("tenantdeploymenttemplate") {
            Level::Tenant
        } else {
            Level::ResourceGroup
        };
        Self {
            level,
            subscription: given(&target.subscription, PLACE_LABELS[0]),
            resource_group: given(&target.resource_group, PLACE_LABELS[1]),
            management_group: given(&target.management_group, PLACE_LABELS[2]),
            tenant: given(&target.tenant, "tenant().tenantId"),
            cloud: target.cloud.clone(),
            location: target.location.clone(),
            place: Vec::new(),
        }
    }

    /// The id of the place: what ids of resources in it begin with.
    pub(super) fn prefix(&self) -> Vec<Piece> {
        match self.level {
            Level::ResourceGroup => {
                let mut prefix = subscription_prefix(&self.subscription);
                prefix.push(literal("/resourceGroups/"));
                prefix.extend(self.resource_group.iter().cloned());
                prefix
            }
            Level::Subscription => subscription_prefix(&self.subscription),
            Level::ManagementGroup => {
                let mut prefix = vec![literal("/providers/Microsoft.Management/managementGroups/")];
                prefix.extend(self.management_group.iter().cloned());
                prefix
            }
            Level::Tenant => Vec::new(),
            Level::Unknown => self.place.clone(),
        }
    }

    /// Tells the resource group from others; empty at other levels.
    pub(super) fn which(&self) -> String {
        match self.level {
            Level::ResourceGroup => key(&self.prefix()).0.to_string(),
            _ => String::new(),
        }
    }

    /// The place that the `scope` of a deployment names: `/` for the tenant, or a management group
    /// as `Microsoft.Management/managementGroups/<name>` (Microsoft Learn, "Management group
    /// deployments with ARM templates"); ids of groups and subscriptions are understood as well.
    pub(super) fn named(&self, pieces: &[Piece]) -> Self {
        let segments = segments(pieces);
        let word = |index: usize| match segments.get(index).map(Vec::as_slice) {
            Some([Piece::Literal(text)]) => text.to_ascii_lowercase(),
            _ => String::new(),
        };
        let part = |index: usize| segments.get(index).cloned().unwrap_or_default();
        if segments.iter().all(Vec::is_empty) {
            return Self {
                level: Level::Tenant,
                location: None,
                ..self.clone()
            };
        }
        if word(1) == "subscriptions" {
            let target = self.in_subscription(part(2));
            if word(3) == "resourcegroups" {
                return target.in_resource_group(part(4));
            }
            return target;
        }
        let group = (0..segments.len()).find(|index| word(*index) == "managementgroups");
        if let Some(at) = group {
            return Self {
                level: Level::ManagementGroup,
                management_group: part(at + 1),
                location: None,
                ..self.clone()
            };
        }
        Self {
            level: Level::Unknown,
            place: pieces.to_vec(),
            location: None,
            ..self.clone()
        }
    }

    /// The same subscription and another resource group.
    pub(super) fn in_resource_group(&self, name: Vec<Piece>) -> Self {
        Self {
            level: Level::ResourceGroup,
            resource_group: segment(name),
            location: None,
            ..self.clone()
        }
    }

    /// Another subscription.
    pub(super) fn in_subscription(&self, id: Vec<Piece>) -> Self {
        Self {
            level: Level::Subscription,
            subscription: segment(id),
            location: None,
            ..self.clone()
        }
    }
}

pub(super) fn subscription_prefix(subscription: &[Piece]) -> Vec<Piece> {
    let mut prefix = vec![literal("/subscriptions/")];
    prefix.extend(subscription.iter().cloned());
    prefix
}

/// The id of a resource: a place, a type and as many names as the type has segments.
pub(super) fn id(prefix: Vec<Piece>, kind: &str, names: &[Vec<Piece>]) -> Vec<Piece> {
    let mut id = prefix;
    let special = |wanted: &str| kind.eq_ignore_ascii_case(wanted) && names.len() == 1;
    if special("Microsoft.Resources/resourceGroups") {
        id.push(literal("/resourceGroups/"));
        id.extend(names.iter().flat_map(|name| segment(name.clone())));
        return id;
    }
    if special("Microsoft.Resources/subscriptions") {
        return subscription_prefix(names.first().map_or(&[], Vec::as_slice));
    }
    let mut segments = kind.split('/');
    id.push(literal("/providers/"));
    id.push(literal(segments.next().unwrap_or_default()));
    for (of_kind, name) in segments.zip(names) {
        id.push(literal("/"));
        id.push(literal(of_kind));
        id.push(literal("/"));
        id.extend(segment(name.clone()));
    }
    id
}

/// How many names a type needs; `None` if it is no type.
pub(super) fn name_count(kind: &str) -> Option<usize> {
    let (namespace, rest) = kind.split_once('/')?;
    let valid = !namespace.is_empty() && !rest.is_empty() && !rest.ends_with('/');
    valid.then(|| rest.split('/').count())
}

/// The key of an id.
pub(super) fn key(id: &[Piece]) -> ResourceKey {
    let mut text = String::new();
    for piece in id {
        match piece {
            Piece::Literal(literal) => text.push_str(&literal.to_ascii_lowercase()),
            Piece::Hole(unknown) => text.push_str(&hole(unknown.id)),
        }
    }
    ResourceKey(text.trim_end_matches('/').into())
}

/// Splits a name at its literal slashes.
pub(super) fn segments(pieces: &[Piece]) -> Vec<Vec<Piece>> {
    let mut segments: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in pieces {
        match piece {
            Piece::Literal(text) => {
                for (index, part) in text.split('/').enumerate() {
                    if index > 0 {
                        segments.push(Vec::new());
                    }
                    if let Some(last) = segments.last_mut()
                        && !part.is_empty()
                    {
                        last.push(literal(part));
                    }
                }
            }
            Piece::Hole(_) => {
                if let Some(last) = segments.last_mut() {
                    last.push(piece.clone());
                }
            }
        }
    }
    segments
}

/// Brings the segments of a name to the number its type needs: what is missing is an unknown
/// part of the whole name.
pub(super) fn fitted(mut names: Vec<Vec<Piece>>, wanted: usize, whole: &Value) -> Vec<Vec<Piece>> {
    while names.len() > wanted.max(1) {
        let Some(last) = names.pop() else { break };
        if let Some(before) = names.last_mut() {
            before.push(literal("/"));
            before.extend(last);
        }
    }
    if names.len() == wanted {
        return names;
    }
    if whole.is_wholly_known() {
        // Names of parents that were left out: nothing else may be taken for this resource.
        let missing = wanted.saturating_sub(names.len());
        let parent = |index: usize| {
            let scope = whole.canonical().unwrap_or_default();
            let label = format!("parent {} of '{scope}'", index + 1);
            let unknown = Unknown::new(&scope, label, Reason::Invalid);
            vec![Piece::Hole(Arc::new(unknown))]
        };
        names.splice(0..0, (0..missing).map(parent));
        return names;
    }
    (0..wanted)
        .map(|index| {
            let index = i64::try_from(index).unwrap_or(0);
            let arguments = [whole.clone(), Value::integer(index, OriginId::NONE)];
            vec![Piece::Hole(Arc::new(Unknown::derived(
                "name segment",
                &arguments,
            )))]
        })
        .collect()
}

/// A string for people: unknown parts as `${label}`.
pub(super) fn readable(pieces: &[Piece]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Literal(text) => text.to_string(),
            Piece::Hole(unknown) => format!("${{{}}}", unknown.label),
        })
        .collect()
}

/// The canonical text of a value that names something, in lower case.
pub(super) fn lower(value: &Value) -> Option<String> {
    match &value.data {
        Data::String(_) | Data::Template(_) | Data::Unknown(_) => {
            Some(value.canonical()?.to_ascii_lowercase())
        }
        _ => None,
    }
}
