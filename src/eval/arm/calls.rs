//! The functions that need the place they are called from.

use std::sync::Arc;

use super::access::{Picked, perhaps_null};
use super::evaluate::Evaluator;
use super::expression::{Call, Node, NodeKind};
use super::functions::{Function, Special};
use super::site::Site;
use super::template::Frame;
use crate::eval::value::{Bounds, Data, Reason, Truth, Unknown, Value};
use crate::origin::{OriginId, OriginStep};

/// How many candidates an unknown keeps.
const MAX_CANDIDATES: usize = 64;

impl<'t> Evaluator<'t> {
    pub(super) fn special(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &Call,
        special: Special,
    ) -> Value {
        match special {
            Special::Parameters | Special::Variables => self.named_call(frame, site, node, call),
            Special::If => self.conditional(frame, site, node, call),
            Special::And => self.every(frame, site, node, call, Truth::False),
            Special::Or => self.every(frame, site, node, call, Truth::True),
            Special::Coalesce => self.coalesce(frame, site, node, call),
            Special::CopyIndex => {
                let values = self.arguments(frame, site, &call.arguments);
                let span = self.exact(site, node.start, node.end);
                self.copy_index(frame, span, &values)
            }
            Special::TryGet | Special::TryIndexFromEnd => {
                self.try_get(frame, site, node, call, special)
            }
            Special::Lambda => {
                let span = self.exact(site, node.start, node.end);
                self.wrong(span, "a lambda stands only where a function expects one")
            }
            Special::LambdaVariables => self.lambda_variable(frame, site, node, call),
            Special::Filter
            | Special::GroupBy
            | Special::Map
            | Special::MapValues
            | Special::Reduce
            | Special::Sort
            | Special::ToObject => self.with_lambda(frame, site, node, call, special),
            Special::Reference | Special::References | Special::ResourceInfo => {
                self.reference(frame, site, node, call, special)
            }
            Special::ResourceId
            | Special::SubscriptionResourceId
            | Special::ManagementGroupResourceId
            | Special::TenantResourceId
            | Special::ExtensionResourceId => self.resource_id(frame, site, node, call, special),
            Special::Fail => self.fail(frame, site, node, call, None),
            Special::NewGuid => self.new_guid(site, node),
            Special::ResourceGroup
            | Special::Subscription
            | Special::ManagementGroup
            | Special::Tenant
            | Special::Deployment
            | Special::Environment => self.place(frame, site, node, special),
        }
    }

    /// `if`: only the chosen branch counts; of an unknown choice both are candidates.
    fn conditional(&self, frame: &Frame<'t>, site: &Site, node: &Node, call: &Call) -> Value {
        let [first, yes, no] = call.arguments.as_slice() else {
            let span = self.exact(site, node.start, node.end);
            return self.wrong(span, "'if' needs a condition and two values");
        };
        let condition = self.node(frame, site, first);
        if let Some(holds) = condition.as_bool() {
            let branch = if holds { yes } else { no };
            let chosen = match failing(branch) {
                Some(call) => self.fail(frame, site, branch, call, Some(&condition)),
                None => self.node(frame, site, branch),
            };
            let origin = self.chosen(site, node, &chosen, &condition);
            return chosen.with_origin(origin);
        }
        if condition.as_unknown().is_none() {
            let span = self.exact(site, first.start, first.end);
            return self.wrong_about(span, "the condition of 'if' is a boolean", &[condition]);
        }
        // Where one branch ends the deployment, only the other one gives a value.
        let other = match (failing(yes), failing(no)) {
            (Some(_), None) => Some(no),
            (None, Some(_)) => Some(yes),
            _ => None,
        };
        if let Some(other) = other {
            let value = self.node(frame, site, other);
            let origin = self.chosen(site, node, &value, &condition);
            return value.with_origin(origin);
        }
        let (yes, no) = self.quietly(|| (self.node(frame, site, yes), self.node(frame, site, no)));
        if yes.equals(&no) == Truth::True {
            let origin = self.chosen(site, node, &yes, &condition);
            return yes.with_origin(origin);
        }
        let mut candidates = Vec::new();
        let known = candidates_into(&yes, &mut candidates) && candidates_into(&no, &mut candidates);
        let candidates = (known && candidates.len() <= MAX_CANDIDATES).then_some(candidates);
        let origin = self.origins.add(
            Some(site.part(node.start, node.end)),
            OriginStep::Conditional,
            vec![yes.origin, no.origin, condition.origin],
        );
        let value = self.derived(site, node, &call.name, &[condition, yes, no], candidates);
        value.with_origin(origin)
    }

    /// `fail`: the deployment ends with a message. Where that hangs on the default of a parameter,
    /// another deployment may pass, and nothing is told.
    fn fail(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &Call,
        condition: Option<&Value>,
    ) -> Value {
        let mut values = self.arguments(frame, site, &call.arguments);
        let message = match values.first().and_then(Value::as_str) {
            Some(text) => format!(
                "this deployment fails on purpose: {}",
                text.trim_end_matches('.')
            ),
            None => "this deployment fails on purpose".to_owned(),
        };
        let span = self.exact(site, node.start, node.end);
        values.extend(condition.cloned());
        self.wrong_about(span, message, &values)
    }

    fn chosen(&self, site: &Site, node: &Node, chosen: &Value, condition: &Value) -> OriginId {
        self.origins.add(
            Some(site.part(node.start, node.end)),
            OriginStep::Conditional,
            vec![chosen.origin, condition.origin],
        )
    }

    /// `and`, `or`: the first argument that equals `decisive` decides.
    fn every(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &Call,
        decisive: Truth,
    ) -> Value {
        let mut values = Vec::with_capacity(call.arguments.len());
        let mut open = false;
        for argument in &call.arguments {
            let value = if open {
                self.quietly(|| self.node(frame, site, argument))
            } else {
                self.node(frame, site, argument)
            };
            match value.as_bool() {
                Some(known) if Truth::from(known) == decisive => {
                    let origin = self.chosen(site, node, &value, &value);
                    return value.with_origin(origin);
                }
                Some(_) => {}
                None if value.as_unknown().is_some() => open = true,
                None => {
                    let span = self.exact(site, argument.start, argument.end);
                    let message = format!("'{}' needs booleans", call.name);
                    return self.wrong_about(span, message, &[value]);
                }
            }
            values.push(value);
        }
        if open {
            return self.derived(site, node, &call.name, &values, None);
        }
        let parents = values.iter().map(|value| value.origin).collect();
        let origin = self.origins.add(
            Some(site.part(node.start, node.end)),
            OriginStep::Function(Arc::clone(&call.name)),
            parents,
        );
        Value::bool(decisive == Truth::False, origin)
    }

    /// The first argument that is not null.
    fn coalesce(&self, frame: &Frame<'t>, site: &Site, node: &Node, call: &Call) -> Value {
        let mut open: Vec<Value> = Vec::new();
        let mut last = Value::null(OriginId::NONE);
        for argument in &call.arguments {
            let value = if open.is_empty() {
                self.node(frame, site, argument)
            } else {
                self.quietly(|| self.node(frame, site, argument))
            };
            if value.is_null() {
                last = value;
                continue;
            }
            if may_be_null(&value) {
                open.push(value);
                continue;
            }
            if open.is_empty() {
                return value;
            }
            open.push(value);
            break;
        }
        if open.is_empty() {
            return last;
        }
        if let [only] = open.as_slice()
            && only.as_unknown().is_some()
        {
            return only.clone();
        }
        let mut candidates = Vec::new();
        let known = open
            .iter()
            .all(|value| candidates_into(value, &mut candidates));
        candidates.retain(|candidate| !candidate.is_null());
        let candidates = (known && !candidates.is_empty() && candidates.len() <= MAX_CANDIDATES)
            .then_some(candidates);
        self.derived(site, node, &call.name, &open, candidates)
    }

    /// A property or item, or null where there is none. Items counted from the end may be followed
    /// by further properties, as Bicep writes `list[?^1].?name`.
    fn try_get(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &Call,
        special: Special,
    ) -> Value {
        let Some((first, path)) = call.arguments.split_first() else {
            let span = self.exact(site, node.start, node.end);
            return self.wrong(span, "this function needs a value and a property");
        };
        let mut value = self.node(frame, site, first);
        for (step, part) in path.iter().enumerate() {
            let part = self.node(frame, site, part);
            if value.is_null() {
                return value;
            }
            let picked = if special == Special::TryIndexFromEnd && step == 0 {
                self.item_from_end(&value, &part)
            } else {
                self.item(&value, &part)
            };
            value = match picked {
                Picked::Found(found) => perhaps_null(&value, !part.is_wholly_known(), found),
                Picked::Missing(_) => {
                    return Value::null(self.origins.literal(site.part(node.start, node.end)));
                }
            };
        }
        value
    }

    /// The item at a place counted from the end of an array, the last being 1.
    fn item_from_end(&self, value: &Value, back: &Value) -> Picked {
        let length = match value.as_list() {
            Some(list) if list.rest.is_none() => i64::try_from(list.items.len()).ok(),
            _ => None,
        };
        match (length, back.as_i64()) {
            (Some(length), Some(back)) => {
                let index = Value::integer(length.saturating_sub(back), value.origin);
                self.item(value, &index)
            }
            _ => Picked::Found(Value::unknown(
                Unknown::derived("indexfromend", &[value.clone(), back.clone()]),
                value.origin,
            )),
        }
    }

    fn new_guid(&self, site: &Site, node: &Node) -> Value {
        let span = site.part(node.start, node.end);
        let place = format!("{}:{}", span.file.0, span.start);
        let reason = Reason::RunTimeFunction("newGuid".into());
        let unknown = Unknown::new(&place, "newGuid()", reason);
        Value::unknown(unknown, self.origins.literal(span))
    }
}

/// The call of `fail` that a part of an expression is.
fn failing(node: &Node) -> Option<&Call> {
    match &node.kind {
        NodeKind::Call(call) if matches!(call.function, Function::Special(Special::Fail)) => {
            Some(call)
        }
        _ => None,
    }
}

/// Adds a value to the candidates of an unknown choice; false if it is itself not known.
fn candidates_into(value: &Value, candidates: &mut Vec<Value>) -> bool {
    match &value.data {
        Data::Unknown(unknown) => match &unknown.bounds {
            Bounds::OneOf(inner) => {
                candidates.extend(inner.iter().cloned());
                true
            }
            _ => false,
        },
        _ => {
            candidates.push(value.clone());
            true
        }
    }
}

/// Whether a value could turn out to be null: a string with literal parts cannot, and what has
/// bounds is a value.
fn may_be_null(value: &Value) -> bool {
    match &value.data {
        Data::Unknown(unknown) => match &unknown.bounds {
            Bounds::OneOf(candidates) => candidates.iter().any(may_be_null),
            Bounds::Range(..) | Bounds::Length(..) | Bounds::Ends(..) | Bounds::Text(_) => false,
            Bounds::Any | Bounds::Typed(_) | Bounds::Members(_) => unknown.reason != Reason::Secret,
        },
        Data::Null => true,
        _ => false,
    }
}
