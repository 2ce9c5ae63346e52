//! `resourceGroup()`, `subscription()` and their like: what is known of the place a template goes
//! to, and of the deployment itself.
//!
//! Which place that is follows from where the function stands: a nested template of inner scope and
//! a linked one ask for their own, one of outer scope for that of the template around it (Microsoft
//! Learn, "ARM template functions in deployment scopes"). That is settled before, in the
//! [`Context`](super::template::Context).

use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use super::environment::environment;
use super::evaluate::Evaluator;
use super::expression::Node;
use super::functions::Special;
use super::scope::{self, Level, Scope, literal, subscription_prefix};
use super::site::Site;
use super::template::{Context, Frame, Memo};
use crate::eval::Mode;
use crate::eval::value::{Data, ObjectKind, ObjectValue, Piece, Reason, Rest, Unknown, Value};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;

impl<'t> Evaluator<'t> {
    /// The object that one of these functions gives: what the files say, the rest unknown.
    pub(super) fn place(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        special: Special,
    ) -> Value {
        let scope = &frame.context.scope;
        let span = site.part(node.start, node.end);
        if let Some(message) = misplaced(special, scope) {
            return self.wrong(self.exact(site, node.start, node.end), message);
        }
        if special == Special::Environment {
            let step = match &scope.cloud {
                Some(_) => OriginStep::Configuration,
                None => OriginStep::PlatformDefault,
            };
            let origin = self.origins.add(Some(span), step, Vec::new());
            return environment(scope.cloud.as_deref(), origin);
        }
        let (name, which, entries) = match special {
            Special::ResourceGroup => (
                "resourceGroup",
                scope.which(),
                self.resource_group(scope, span),
            ),
            Special::Subscription => (
                "subscription",
                canonical(&scope.subscription),
                self.subscription(scope, span),
            ),
            Special::ManagementGroup => (
                "managementGroup",
                canonical(&scope.management_group),
                self.management_group(scope, span),
            ),
            Special::Deployment => (
                "deployment",
                frame.context.label.to_string(),
                self.deployment(&frame.context, span),
            ),
            _ => ("tenant", String::new(), self.tenant(scope, span)),
        };
        let label = format!("{name}()");
        let rest = Unknown::new(&which, label, Reason::RunTimeFunction(name.into()));
        self.partial(entries, Arc::new(rest), span)
    }

    fn resource_group(&self, scope: &Scope, span: Span) -> Vec<(&'static str, Value)> {
        let origin = self.origins.literal(span);
        let group = scope.in_resource_group(scope.resource_group.clone());
        let mut entries = vec![
            ("id", Value::from_pieces(group.prefix(), origin)),
            (
                "name",
                Value::from_pieces(scope.resource_group.clone(), origin),
            ),
            (
                "type",
                Value::string("Microsoft.Resources/resourceGroups", origin),
            ),
        ];
        let configured = scope.location.as_ref().map(|location| {
            let location = Value::string(Arc::clone(location), OriginId::NONE);
            self.configured(&location, span)
        });
        let configured = configured.unwrap_or_else(|| {
            let label = "resourceGroup().location";
            let unknown = Unknown::new(&scope.which(), label, Reason::Target);
            Value::unknown(unknown, self.origins.literal(span))
        });
        for (name, configured) in [("location", Some(configured)), ("tags", None)] {
            if let Some(value) = self.stated_of_group(&group, name).or(configured) {
                entries.push((name, value));
            }
        }
        entries
    }

    /// What a template says of a resource group that it creates itself.
    fn stated_of_group(&self, group: &Scope, name: &str) -> Option<Value> {
        let index = *self.by_key.borrow().get(&scope::key(&group.prefix()))?;
        let entry = self.entries.borrow().get(index).map(Rc::clone)?;
        if entry.mode != Mode::Managed || matches!(&*entry.body.borrow(), Memo::Busy) {
            return None;
        }
        let body = self.body(&entry);
        let value = body.get_ignore_case(name)?;
        (!value.is_null()).then(|| value.clone())
    }

    fn subscription(&self, scope: &Scope, span: Span) -> Vec<(&'static str, Value)> {
        let origin = self.origins.literal(span);
        let id = subscription_prefix(&scope.subscription);
        vec![
            ("id", Value::from_pieces(id, origin)),
            (
                "subscriptionId",
                Value::from_pieces(scope.subscription.clone(), origin),
            ),
            ("tenantId", Value::from_pieces(scope.tenant.clone(), origin)),
        ]
    }

    fn management_group(&self, scope: &Scope, span: Span) -> Vec<(&'static str, Value)> {
        let origin = self.origins.literal(span);
        let mut id = vec![literal("/providers/Microsoft.Management/managementGroups/")];
        id.extend(scope.management_group.iter().cloned());
        let kind = "/providers/Microsoft.Management/managementGroups";
        vec![
            ("id", Value::from_pieces(id, origin)),
            (
                "name",
                Value::from_pieces(scope.management_group.clone(), origin),
            ),
            ("type", Value::string(kind, origin)),
        ]
    }

    fn tenant(&self, scope: &Scope, span: Span) -> Vec<(&'static str, Value)> {
        let origin = self.origins.literal(span);
        let mut id = vec![literal("/tenants/")];
        id.extend(scope.tenant.iter().cloned());
        vec![
            ("id", Value::from_pieces(id, origin)),
            ("tenantId", Value::from_pieces(scope.tenant.clone(), origin)),
        ]
    }

    fn deployment(&self, context: &Context<'t>, span: Span) -> Vec<(&'static str, Value)> {
        let origin = self.origins.literal(span);
        let rest = |label: &str| {
            let reason = Reason::RunTimeFunction("deployment".into());
            Arc::new(Unknown::new(&context.label, label, reason))
        };
        let template = ["$schema", "contentVersion"]
            .into_iter()
            .filter_map(|name| {
                let stated = context.template.get_ignore_case(name)?;
                let text = stated.as_str()?;
                Some((name, Value::string(text, self.origins.literal(stated.span))))
            })
            .collect();
        let label = "deployment().properties.template";
        let mut properties = vec![("template", self.partial(template, rest(label), span))];
        if let Some((name, value)) = &context.link {
            let link = vec![(*name, value.with_origin(origin))];
            let label = "deployment().properties.templateLink";
            properties.push(("templateLink", self.partial(link, rest(label), span)));
        }
        let label = "deployment().properties";
        let properties = self.partial(properties, rest(label), span);
        let mut entries = vec![
            ("name", context.name.with_origin(origin)),
            ("properties", properties),
        ];
        // Deployments to a resource group have no location of their own.
        if context.scope.level != Level::ResourceGroup
            && let Some(location) = &context.location
        {
            let location = if location.origin == OriginId::NONE {
                self.configured(location, span)
            } else {
                location.clone()
            };
            entries.push(("location", location));
        }
        entries
    }

    /// What the configuration says, asked for here.
    fn configured(&self, value: &Value, span: Span) -> Value {
        let step = OriginStep::Configuration;
        value.with_origin(self.origins.add(Some(span), step, Vec::new()))
    }

    /// An object of which these entries are known.
    fn partial(
        &self,
        entries: Vec<(&'static str, Value)>,
        unknown: Arc<Unknown>,
        span: Span,
    ) -> Value {
        let entries: IndexMap<Arc<str>, Value> = entries
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect();
        let rest = Some(Rest {
            unknown,
            template: None,
        });
        let object = ObjectValue {
            entries,
            rest,
            kind: ObjectKind::Object,
        };
        Value::new(Data::Object(Arc::new(object)), self.origins.literal(span))
    }
}

/// Why Azure refuses a function here: it asks for a place that the deployment does not go to.
fn misplaced(special: Special, scope: &Scope) -> Option<String> {
    let (name, wanted) = match (special, scope.level) {
        (Special::ResourceGroup, Level::Subscription | Level::ManagementGroup | Level::Tenant) => {
            ("resourceGroup", "a resource group")
        }
        (Special::Subscription, Level::ManagementGroup | Level::Tenant) => {
            ("subscription", "a subscription or a resource group")
        }
        _ => return None,
    };
    let here = scope.level.described();
    Some(format!(
        "'{name}' is answered only in deployments to {wanted}; this one goes to {here}"
    ))
}

fn canonical(pieces: &[Piece]) -> String {
    Value::from_pieces(pieces.to_vec(), OriginId::NONE)
        .canonical()
        .unwrap_or_default()
}
