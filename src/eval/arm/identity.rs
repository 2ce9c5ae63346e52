//! What names a resource: its type, its names, its id, and where it goes.

use std::sync::Arc;

use super::deployment::{Around, DEPLOYMENTS};
use super::evaluate::Evaluator;
use super::kinds;
use super::scope::{self, Scope, literal};
use super::template::{Entry, Frame};
use crate::eval::ResourceKey;
use crate::eval::value::{Piece, Value};
use crate::origin::OriginId;
use crate::syntax::json::Json;

/// What names a resource.
pub(super) struct Identity {
    pub(super) kind: Arc<str>,
    pub(super) name: Value,
    pub(super) names: Vec<Vec<Piece>>,
    pub(super) id: Vec<Piece>,
    pub(super) parent: Option<ResourceKey>,
    /// Where it goes; for a deployment, where its resources go.
    pub(super) target: Scope,
}

impl Identity {
    pub(super) fn name_text(&self) -> String {
        self.name.canonical().unwrap_or_default()
    }
}

impl<'t> Evaluator<'t> {
    /// Type, names and id of a resource.
    pub(super) fn identity(
        &self,
        frame: &Frame<'t>,
        json: &'t Json,
        around: &Around<'_, 't>,
    ) -> Option<Identity> {
        let kind = json.get_ignore_case("type")?;
        let kind = self.value(frame, kind);
        let kind = scope::readable(&self.text_pieces(&kind));
        let name = match json.get_ignore_case("name") {
            Some(name) => self.value(frame, name),
            None => Value::string("", OriginId::NONE),
        };
        let own = scope::segments(&self.text_pieces(&name));
        let target = self.target_scope(frame, json, &around.stage.scope);
        if let Some(parent) = around.parent {
            self.check_segments(json, &name, own.len(), &segments_within(parent, &kind));
            return Some(child_identity(parent, &kind, name, own));
        }
        let kind = kinds::canonical(&kind);
        let wanted = scope::name_count(&kind).unwrap_or(1);
        self.check_segments(json, &name, own.len(), &[wanted]);
        if let Some((extended, own_kind)) = split_providers(&kind) {
            return Some(extension_identity(
                &target, &kind, extended, own_kind, name, own,
            ));
        }
        let names = scope::fitted(own, wanted, &name);
        let is_deployment = kind.eq_ignore_ascii_case(DEPLOYMENTS);
        let base = match json.get_ignore_case("scope") {
            Some(written) if !is_deployment => {
                let extended = self.value(frame, written);
                self.extended_id(&target, &extended)
            }
            _ => target.prefix(),
        };
        let id = scope::id(base.clone(), &kind, &names);
        let parent = parent_key(&base, &kind, &names);
        Some(Identity {
            kind,
            name,
            names,
            id,
            parent,
            target,
        })
    }

    /// Tells of a name that has not as many segments as its type.
    /// <https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-invalid-name-segments>
    fn check_segments(&self, json: &Json, name: &Value, given: usize, wanted: &[usize]) {
        let Some(written) = json.get_ignore_case("name") else {
            return;
        };
        if !name.is_wholly_known() || wanted.contains(&given) {
            return;
        }
        let wanted = wanted.first().copied().unwrap_or(1);
        let message = format!(
            "this name has {}, its type needs {wanted}",
            match given {
                1 => "1 segment".to_owned(),
                given => format!("{given} segments"),
            }
        );
        self.wrong_about(written.span, message, std::slice::from_ref(name));
    }

    /// The id that the `scope` of an extension resource means.
    fn extended_id(&self, target: &Scope, written: &Value) -> Vec<Piece> {
        let pieces = self.text_pieces(written);
        match pieces.first() {
            Some(Piece::Literal(text)) if &**text == "/" && pieces.len() == 1 => Vec::new(),
            Some(Piece::Literal(text)) if !text.starts_with('/') => {
                let mut id = target.prefix();
                id.push(literal("/providers/"));
                id.extend(pieces);
                id
            }
            _ => pieces,
        }
    }

    /// Where a resource goes that says so itself: another subscription or resource group.
    fn target_scope(&self, frame: &Frame<'t>, json: &'t Json, around: &Scope) -> Scope {
        let written = |name| {
            let value = self.value(frame, json.get_ignore_case(name)?);
            (!value.is_null()).then(|| self.text_pieces(&value))
        };
        let mut target = around.clone();
        let is_deployment = json
            .get_ignore_case("type")
            .and_then(Json::as_str)
            .is_some_and(|kind| kind.eq_ignore_ascii_case(DEPLOYMENTS));
        if is_deployment && let Some(pieces) = written("scope") {
            target = target.named(&pieces);
        }
        if let Some(subscription) = written("subscriptionId") {
            target = target.in_subscription(subscription);
        }
        if let Some(group) = written("resourceGroup") {
            target = target.in_resource_group(group);
        }
        target
    }
}

/// How many segments the name of a child inside its parent may have: as many as it adds to the
/// type, or, where it repeats the parent's, all of them.
fn segments_within(parent: &Entry<'_>, kind: &str) -> Vec<usize> {
    let whole = scope::name_count(kind).filter(|_| kind.contains('.'));
    let own = kind.split('/').count();
    match whole {
        Some(whole) => {
            let of_parent = scope::name_count(&parent.kind).unwrap_or(0);
            vec![whole.saturating_sub(of_parent).max(1), whole]
        }
        None => vec![own, own + scope::name_count(&parent.kind).unwrap_or(0)],
    }
}

/// A child that stands inside its parent: type and name continue the parent's.
fn child_identity(parent: &Entry<'_>, kind: &str, name: Value, own: Vec<Vec<Piece>>) -> Identity {
    let target = parent.frame.stage.scope.clone();
    let is_full = kind
        .to_ascii_lowercase()
        .starts_with(&format!("{}/", parent.kind.to_ascii_lowercase()));
    let is_extension = !is_full
        && kind.contains('/')
        && kind
            .split('/')
            .next()
            .is_some_and(|first| first.contains('.'));
    if is_extension {
        let kind = kinds::canonical(kind);
        let wanted = scope::name_count(&kind).unwrap_or(1);
        let names = scope::fitted(own, wanted, &name);
        let id = scope::id(parent.id.clone(), &kind, &names);
        return Identity {
            kind,
            name,
            names,
            id,
            parent: Some(parent.key.clone()),
            target,
        };
    }
    let tail = if is_full {
        kind.get(parent.kind.len() + 1..).unwrap_or_default()
    } else {
        kind
    };
    let segments = tail.split('/').count();
    // A full name inside a parent repeats the parent's names; only the end of it is the child's.
    let skip = own.len().saturating_sub(segments);
    let own: Vec<_> = own.into_iter().skip(skip).collect();
    let own = scope::fitted(own, segments, &name);
    let mut id = parent.id.clone();
    for (kind, name) in tail.split('/').zip(&own) {
        id.push(literal(format!("/{kind}/")));
        id.extend(name.iter().cloned());
    }
    let mut names = parent.names();
    names.extend(own);
    Identity {
        kind: kinds::canonical(&format!("{}/{tail}", parent.kind)),
        name,
        names,
        id,
        parent: Some(parent.key.clone()),
        target,
    }
}

impl Entry<'_> {
    /// The names of the resource and its parents, from its id.
    pub(super) fn names(&self) -> Vec<Vec<Piece>> {
        let all = scope::segments(&self.id);
        let is_providers = |segment: &Vec<Piece>| matches!(segment.as_slice(), [Piece::Literal(text)] if text.eq_ignore_ascii_case("providers"));
        let after = all.iter().rposition(is_providers).map_or(0, |at| at + 2);
        all.into_iter().skip(after).skip(1).step_by(2).collect()
    }
}

/// Splits `A/b/providers/c` into what is extended and what extends it.
fn split_providers(kind: &str) -> Option<(&str, &str)> {
    let at = kind.to_ascii_lowercase().find("/providers/")?;
    Some((kind.get(..at)?, kind.get(at + "/providers/".len()..)?))
}

/// The old way to write extension resources: the type and name of the resource extended, then
/// `providers` and the namespace as parts of them.
fn extension_identity(
    target: &Scope,
    kind: &Arc<str>,
    extended: &str,
    own_kind: &str,
    name: Value,
    own: Vec<Vec<Piece>>,
) -> Identity {
    let count = scope::name_count(extended).unwrap_or(1);
    let base: Vec<Vec<Piece>> = own.iter().take(count).cloned().collect();
    let base = scope::id(target.prefix(), extended, &base);
    let namespace = own
        .get(count)
        .map(|part| scope::readable(part))
        .unwrap_or_default();
    let names: Vec<Vec<Piece>> = own.iter().skip(count + 1).cloned().collect();
    let full = if own_kind.contains('/') && own_kind.contains('.') {
        own_kind.to_owned()
    } else {
        format!("{namespace}/{own_kind}")
    };
    Identity {
        id: scope::id(base.clone(), &full, &names),
        parent: Some(scope::key(&base)),
        kind: Arc::clone(kind),
        name,
        names: own,
        target: target.clone(),
    }
}

/// The key of the resource a top-level `a/b/c` resource is a child of.
fn parent_key(base: &[Piece], kind: &str, names: &[Vec<Piece>]) -> Option<ResourceKey> {
    if names.len() < 2 {
        return None;
    }
    let (parent_kind, _) = kind.rsplit_once('/')?;
    let names = names.get(..names.len() - 1)?;
    Some(scope::key(&scope::id(base.to_vec(), parent_kind, names)))
}
