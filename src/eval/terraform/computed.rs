//! What Terraform knows of attributes that nobody writes: ids, and where a provider works.

use std::rc::Rc;
use std::sync::Arc;

use super::evaluation::Evaluation;
use super::instances::Instance;
use super::module::{Module, ResourceInstance};
use super::{azapi, ids};
use crate::eval::hcl_expr::unknown_reference;
use crate::eval::value::{Bounds, Piece, Reason, Value};
use crate::eval::{Mode, ResourceKey};

impl<'a> Evaluation<'a> {
    /// The value of an attribute that is not written, as far as anything is known of it.
    pub(super) fn computed(
        &self,
        module: &Rc<Module<'a>>,
        instance: &Instance,
        resource: &ResourceInstance<'a>,
        name: &str,
    ) -> Option<Value> {
        if let Some(outputs) = self.outputs_read(resource, name) {
            return Some(outputs);
        }
        if let Some(value) = self.of_provider(module, instance, resource, name) {
            return Some(value);
        }
        let key = ResourceKey(Arc::clone(&resource.address));
        let kind = &**resource.declared.kind;
        if name == "output" && matches!(kind, azapi::RESOURCE | azapi::UPDATE) {
            let body = self.decoded(module, instance, resource, "body")?;
            return (body.as_object().is_some()).then(|| azapi::output(&key, &body));
        }
        if let Some(outputs) = self.output_content(module, instance, resource, name) {
            return Some(outputs);
        }
        if name != "id" {
            return self
                .derived(module, instance, resource, name)
                .or_else(|| self.looked_up(module, instance, resource, name));
        }
        let pieces = self.azure_id(module, instance, resource)?;
        let managed = resource.declared.mode == Mode::Managed;
        let reason = if managed {
            Reason::RunTime
        } else {
            Reason::Outside
        };
        let unknown = unknown_reference(&key, name, reason)
            .declared_at(resource.declared.block.header)
            .with_bounds(Bounds::Text(pieces.into()));
        Some(Value::unknown(unknown, resource.origin))
    }

    /// The pieces of a resource's id, as far as they are known.
    pub(super) fn azure_id(
        &self,
        module: &Rc<Module<'a>>,
        instance: &Instance,
        resource: &ResourceInstance<'a>,
    ) -> Option<Vec<Piece>> {
        let attribute = |name: &str| self.resource_attribute(module, instance, resource, name);
        let subscription = || self.subscription_of(module, resource);
        let kind = resource.declared.kind;
        self.aside(|| match &**kind {
            azapi::RESOURCE | azapi::UPDATE => azapi::id(&attribute, &subscription),
            kind => ids::azurerm_id(kind, &attribute, &subscription),
        })
    }

    /// The same as text, to tell apart resources of one name.
    pub(super) fn subscription_text(
        &self,
        module: &Rc<Module<'a>>,
        resource: &ResourceInstance<'a>,
    ) -> Option<Arc<str>> {
        let pieces = self.aside(|| self.subscription_of(module, resource));
        let text = Value::from_pieces(pieces, resource.origin).canonical()?;
        Some(text.to_lowercase().into())
    }

    /// What data sources tell of the provider itself.
    fn of_provider(
        &self,
        module: &Rc<Module<'a>>,
        instance: &Instance,
        resource: &ResourceInstance<'a>,
        name: &str,
    ) -> Option<Value> {
        if resource.declared.mode == Mode::Managed {
            return None;
        }
        let pieces = match (&**resource.declared.kind, name) {
            ("azurerm_client_config" | "azapi_client_config", "subscription_id") => {
                self.subscription_of(module, resource)
            }
            ("azurerm_subscription", "subscription_id" | "id") => {
                let written =
                    self.resource_attribute(module, instance, resource, "subscription_id");
                let own = written.as_ref().and_then(ids::segment_of);
                let own = own.unwrap_or_else(|| self.subscription_of(module, resource));
                if name == "id" {
                    under_subscriptions(own)
                } else {
                    own
                }
            }
            ("azapi_client_config", "subscription_resource_id") => {
                under_subscriptions(self.subscription_of(module, resource))
            }
            (
                "azurerm_client_config" | "azapi_client_config" | "azurerm_subscription",
                "tenant_id",
            ) => vec![self.tenant()],
            _ => return None,
        };
        Some(Value::from_pieces(pieces, resource.origin))
    }

    /// The id of the subscription that a provider works in of which the files say nothing.
    pub(super) fn subscription(&self) -> Vec<Piece> {
        vec![ids::subscription(&self.target)]
    }

    /// The id of the tenant that the providers work in.
    fn tenant(&self) -> Piece {
        ids::said(&self.target.tenant, "provider.azurerm.tenant_id")
    }
}

fn under_subscriptions(id: Vec<Piece>) -> Vec<Piece> {
    let mut pieces = vec![Piece::Literal("/subscriptions/".into())];
    pieces.extend(id);
    pieces
}
