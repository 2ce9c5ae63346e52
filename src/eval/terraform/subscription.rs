//! The subscription that a resource goes to: the one of its configuration of the provider.
//!
//! A resource names its configuration (`provider = azurerm.core`), else it takes the one without
//! alias; calls of modules hand configurations on (`providers = {…}`,
//! developer.hashicorp.com/terraform/language/providers/configuration and
//! …/language/modules/develop/providers). Configurations that say no subscription all take the one
//! of the environment. What is absent: evaluating what they say; the same expression is the same
//! subscription.

use std::rc::Rc;
use std::sync::Arc;

use super::evaluation::Evaluation;
use super::ids;
use super::module::{Module, ResourceInstance};
use crate::eval::value::{Piece, Reason, Unknown};
use crate::syntax::hcl::{Block, Expr, ExprKind};

/// What a configuration of a provider says.
pub(super) struct Configuration<'a> {
    provider: &'a str,
    alias: Option<&'a str>,
    subscription: Option<&'a Expr>,
}

impl<'a> Configuration<'a> {
    /// Reads a `provider` block.
    pub(super) fn read(block: &'a Block) -> Option<Self> {
        let alias = block.body.attribute("alias");
        Some(Self {
            provider: block.label(0)?,
            alias: alias.and_then(|alias| match &alias.value.kind {
                ExprKind::String(alias) => Some(&**alias),
                _ => None,
            }),
            subscription: (block.body.attribute("subscription_id")).map(|written| &written.value),
        })
    }
}

impl<'a> Evaluation<'a> {
    /// The id of the subscription that a resource goes to.
    pub(super) fn subscription_of(
        &self,
        module: &Rc<Module<'a>>,
        resource: &ResourceInstance<'a>,
    ) -> Vec<Piece> {
        let kind = resource.declared.kind;
        let provider = kind
            .split_once('_')
            .map_or(&**kind, |(provider, _)| provider);
        let named = resource.declared.block.body.attribute("provider");
        let mut alias: Option<Arc<str>> = named.and_then(|named| alias_of(&named.value));
        let mut module = Rc::clone(module);
        loop {
            let all = &module.declarations.providers;
            let find = |alias: Option<&str>| {
                let mut all = all.iter();
                all.find(|one| one.provider == provider && one.alias == alias)
            };
            if let Some(found) = find(alias.as_deref()) {
                return match found.alias {
                    None => self.subscription(),
                    Some(alias) => self.of_configuration(found, find(None), alias, &module),
                };
            }
            let Some(called) = &module.called_by else {
                break;
            };
            let handed = called.block.body.attribute("providers");
            let handed = handed.and_then(|handed| entry(&handed.value, provider, alias.as_deref()));
            match handed {
                Some(outer) => alias = alias_of(outer),
                None if alias.is_some() => break,
                None => {}
            }
            let Some(caller) = self.module(called.caller) else {
                break;
            };
            module = caller;
        }
        match alias {
            None => self.subscription(),
            Some(alias) => unknown(provider, &alias, &module.prefix),
        }
    }

    fn of_configuration(
        &self,
        found: &Configuration<'a>,
        default: Option<&Configuration<'a>>,
        alias: &str,
        module: &Module<'a>,
    ) -> Vec<Piece> {
        let said = |one: &Configuration<'a>| one.subscription.map(spelled);
        let of_default = default.and_then(said);
        match said(found) {
            own if own == of_default && own != Some(None) => self.subscription(),
            Some(Some(text)) => match &found.subscription.map(|said| &said.kind) {
                Some(ExprKind::String(id)) => vec![Piece::Literal(Arc::clone(id))],
                _ => unknown(found.provider, &text, &module.prefix),
            },
            _ => unknown(found.provider, alias, &module.prefix),
        }
    }
}

fn unknown(provider: &str, which: &str, scope: &str) -> Vec<Piece> {
    let label = if provider == "azurerm" && which.is_empty() {
        ids::SUBSCRIPTION.to_owned()
    } else {
        format!("provider.{provider}.{which}.subscription_id")
    };
    let unknown = Arc::new(Unknown::new(scope, label, Reason::Target));
    vec![Piece::Hole(unknown.as_segment())]
}

/// The alias in `azurerm.core` or `"azurerm.core"`; `None` for the configuration without one.
fn alias_of(expr: &Expr) -> Option<Arc<str>> {
    match &expr.kind {
        ExprKind::Attribute(_, alias, _) => Some(Arc::clone(alias)),
        ExprKind::String(text) => text.split_once('.').map(|(_, alias)| alias.into()),
        _ => None,
    }
}

/// What a call hands on for a configuration.
fn entry<'e>(providers: &'e Expr, provider: &str, alias: Option<&str>) -> Option<&'e Expr> {
    let ExprKind::Object(items) = &providers.kind else {
        return None;
    };
    let is_it = |key: &Expr| {
        let whole = spelled(key);
        let (name, own) = match whole.as_deref().map(|whole| whole.split_once('.')) {
            Some(Some((name, own))) => (name, Some(own)),
            Some(None) => (whole.as_deref().unwrap_or_default(), None),
            None => return false,
        };
        name == provider && own == alias
    };
    let mut items = items.iter();
    items.find(|item| is_it(&item.key)).map(|item| &item.value)
}

/// A name with its attributes, or a text, as it is written.
fn spelled(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Variable(name) => Some(name.to_string()),
        ExprKind::String(text) => Some(text.to_string()),
        ExprKind::Attribute(owner, name, _) => Some(format!("{}.{name}", spelled(owner)?)),
        _ => None,
    }
}
