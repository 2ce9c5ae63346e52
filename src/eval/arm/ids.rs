//! `resourceId()` and its relatives.

use super::evaluate::Evaluator;
use super::expression::{Call, Node};
use super::functions::Special;
use super::scope::{self, Level, Scope};
use super::site::Site;
use super::template::Frame;
use crate::eval::value::{Data, Piece, Value};
use crate::origin::OriginStep;

impl<'t> Evaluator<'t> {
    pub(super) fn resource_id(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &Call,
        special: Special,
    ) -> Value {
        let values = self.arguments(frame, site, &call.arguments);
        // Azure makes no string of a number here, as `concat` does
        // (<https://github.com/Azure/azure-quickstart-templates/issues/2124>).
        let no_text = |value: &Value| {
            !matches!(
                value.data,
                Data::String(_) | Data::Template(_) | Data::Unknown(_)
            )
        };
        if let Some((place, other)) = values.iter().enumerate().find(|(_, value)| no_text(value)) {
            let written = call.arguments.get(place).unwrap_or(node);
            let span = self.exact(site, written.start, written.end);
            let what = super::functions::describe(&other.data);
            let message = format!("'{}' needs strings, not {what}", call.name);
            return self.wrong_about(span, message, std::slice::from_ref(other));
        }
        let mut arguments = values.as_slice();
        let base = match special {
            Special::ExtensionResourceId => {
                let Some((scope, others)) = arguments.split_first() else {
                    let span = self.exact(site, node.start, node.end);
                    return self.wrong(span, "'extensionResourceId' needs the id it extends");
                };
                arguments = others;
                Some(self.text_pieces(scope))
            }
            _ => None,
        };
        let most = match special {
            Special::ResourceId => 2,
            Special::SubscriptionResourceId | Special::ManagementGroupResourceId => 1,
            _ => 0,
        };
        let is_type = |value: &Value| {
            value
                .as_str()
                .is_some_and(|text| text.contains('/') && !text.starts_with('/'))
        };
        let at = arguments.iter().take(most + 1).position(is_type);
        let Some((at, kind)) = at.and_then(|at| Some((at, arguments.get(at)?.as_str()?))) else {
            if values.iter().all(Value::is_wholly_known) {
                let span = self.exact(site, node.start, node.end);
                let message = format!(
                    "'{}' needs a resource type such as 'Microsoft.Network/virtualNetworks'",
                    call.name
                );
                return self.wrong(span, message);
            }
            return self.derived(site, node, &call.name, &values, None);
        };
        // A slash too many at the end is no segment.
        let kind = kind.trim_end_matches('/');
        let names = arguments.get(at + 1..).unwrap_or_default();
        let wanted = scope::name_count(kind).unwrap_or(0);
        if names.len() != wanted {
            let span = self.exact(site, node.start, node.end);
            let plural = if wanted == 1 { "" } else { "s" };
            let message = format!(
                "the type '{kind}' needs {wanted} name{plural}, here {} given",
                match names.len() {
                    1 => "is 1".to_owned(),
                    count => format!("are {count}"),
                }
            );
            return self.wrong_about(span, message, &values);
        }
        // Only the type may have slashes: each name of a hierarchy is an argument of its own.
        let split = |name: &Value| name.as_str().is_some_and(|name| name.contains('/'));
        if let Some(place) = names.iter().position(split) {
            let first = call.arguments.len().saturating_sub(names.len());
            let written = call.arguments.get(first + place).unwrap_or(node);
            let span = self.exact(site, written.start, written.end);
            let message = format!(
                "'{}' takes each segment of a name as an argument of its own",
                call.name
            );
            return self.wrong_about(span, message, &values);
        }
        let names: Vec<Vec<Piece>> = names.iter().map(|name| self.text_pieces(name)).collect();
        let before: Vec<Vec<Piece>> = arguments
            .iter()
            .take(at)
            .map(|value| self.text_pieces(value))
            .collect();
        let prefix = base.unwrap_or_else(|| prefix(&frame.context.scope, special, &before));
        let pieces = scope::id(prefix, kind, &names);
        let parents = arguments
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != at)
            .map(|(_, value)| value.origin)
            .take(8)
            .collect();
        let origin = self.origins.add(
            Some(site.part(node.start, node.end)),
            OriginStep::Function(std::sync::Arc::clone(&call.name)),
            parents,
        );
        Value::from_pieces(pieces, origin)
    }
}

/// What the id begins with, from the place and the arguments before the type.
fn prefix(scope: &Scope, special: Special, before: &[Vec<Piece>]) -> Vec<Piece> {
    match (special, before) {
        (Special::ResourceId, [subscription, group]) => scope
            .in_subscription(subscription.clone())
            .in_resource_group(group.clone())
            .prefix(),
        (Special::ResourceId, [group]) => match scope.level {
            // Only deployments to a resource group take the name of a group here; templates for
            // subscriptions give one all the same, and a subscription is written as a GUID.
            Level::Subscription if is_guid(group) => scope.in_subscription(group.clone()).prefix(),
            Level::ResourceGroup | Level::Subscription | Level::Unknown => {
                scope.in_resource_group(group.clone()).prefix()
            }
            // At these levels the one argument is the subscription.
            Level::ManagementGroup | Level::Tenant => scope.in_subscription(group.clone()).prefix(),
        },
        (Special::ResourceId, _) => scope.prefix(),
        (Special::SubscriptionResourceId, [subscription]) => {
            scope::subscription_prefix(subscription)
        }
        (Special::SubscriptionResourceId, _) => scope::subscription_prefix(&scope.subscription),
        (Special::ManagementGroupResourceId, before) => {
            let mut target = scope.clone();
            target.level = Level::ManagementGroup;
            if let [group] = before {
                target.management_group.clone_from(group);
            }
            target.prefix()
        }
        _ => Vec::new(),
    }
}

fn is_guid(pieces: &[Piece]) -> bool {
    matches!(pieces, [Piece::Literal(text)] if uuid::Uuid::parse_str(text).is_ok())
}
