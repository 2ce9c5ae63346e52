//! What predicates can name: the kinds of subjects and their fields.
//!
//! The tables of this module's children are the whole vocabulary: a name that is not in them is an
//! error when a pack loads. Getters read the model when a predicate asks, so that relations cost
//! nothing until they are followed. Words are spelt as in azurerm (`destination_ports`), values as
//! in ARM (`Outbound`, `Allow`, `VirtualAppliance`).

mod addressing;
mod admin;
mod attachment;
mod balanced;
mod balancing;
mod common;
mod connectivity;
mod defects;
mod egress;
mod firewall;
mod firewall_defects;
mod firewall_force;
mod firewall_parts;
mod kind;
mod load_balancer;
mod members;
mod nsg;
mod protection;
mod reached;
mod read;
mod relations;
mod resource;
mod routing;
mod run;
mod service;
mod setting;
mod targets;
mod topology;

use std::sync::Arc;

use super::datum::Datum;
use super::settings::Settings;
use crate::eval::value::{Reason, Truth, Unknown, has_hole, without_marks};
use crate::eval::{Deployment, Existence};
use crate::model::platform::PlatformFacts;
use crate::model::resource::Resources;
use crate::model::{self, Meta, Network};
use crate::semantics::Semantics;
use crate::semantics::routes::RouteLoop;

pub(crate) use attachment::subnets_of;
pub(crate) use egress::{NEXT_HOP, route_to};
use kind::KINDS;
pub(crate) use kind::Kind;
pub(crate) use nsg::protocol_word;
pub(crate) use read::element;
pub(crate) use resource::{attribute, tag};
pub(crate) use run::is_missing_offer;

/// Everything a predicate may look at.
#[derive(Debug)]
pub(crate) struct World<'a> {
    pub(crate) deployment: &'a Deployment,
    pub(crate) network: &'a Network,
    pub(crate) facts: &'a PlatformFacts,
    pub(crate) settings: &'a Settings,
    pub(crate) semantics: Semantics<'a>,
    pub(crate) index: attachment::Index,
    /// Whether an IPv6 address is written anywhere.
    pub(crate) has_ipv6: bool,
    typed: std::cell::OnceCell<super::primary::Typed>,
    loops: std::cell::OnceCell<Vec<RouteLoop>>,
    widened: std::cell::OnceCell<Semantics<'a>>,
    resources: std::cell::OnceCell<Resources<'a>>,
    uses: std::cell::OnceCell<relations::Uses>,
}

impl<'a> World<'a> {
    pub(crate) fn new(
        deployment: &'a Deployment,
        network: &'a Network,
        facts: &'a PlatformFacts,
        settings: &'a Settings,
    ) -> Self {
        Self {
            deployment,
            network,
            facts,
            settings,
            semantics: settings.semantics(network, facts),
            index: attachment::Index::new(network),
            has_ipv6: has_ipv6(network),
            typed: std::cell::OnceCell::new(),
            loops: std::cell::OnceCell::new(),
            widened: std::cell::OnceCell::new(),
            resources: std::cell::OnceCell::new(),
            uses: std::cell::OnceCell::new(),
        }
    }

    /// The resources as they are written; looked through when first asked for.
    fn resources(&self) -> &Resources<'a> {
        let all = || Resources::new(self.deployment);
        self.resources.get_or_init(all)
    }

    /// Who refers to what; looked through when first asked for.
    fn uses(&self) -> &relations::Uses {
        self.uses.get_or_init(|| relations::Uses::new(self.network))
    }

    /// The reading in which user-defined routes widen `VirtualNetwork`.
    pub(crate) fn widened(&self) -> &Semantics<'a> {
        let widened = || self.semantics.reading(self.network, true);
        self.widened.get_or_init(widened)
    }

    /// The loops that routes make through appliances; worked out when first asked for.
    pub(crate) fn route_loops(&self) -> &[RouteLoop] {
        self.loops.get_or_init(|| self.semantics.route_loops())
    }

    /// The lists and objects of the deployment as typed; worked out when first asked for.
    pub(crate) fn typed(&self) -> &super::primary::Typed {
        let graph = &self.deployment.origins;
        self.typed.get_or_init(|| super::primary::Typed::new(graph))
    }
}

fn has_ipv6(network: &Network) -> bool {
    use model::address::AddressPrefix;
    let prefix = |field: &model::Field<AddressPrefix>| match field.value() {
        Some(AddressPrefix::Block(block)) => block.addr().is_ipv6(),
        Some(AddressPrefix::Range(first, _)) => first.is_ipv6(),
        _ => false,
    };
    let block = |field: &model::Field<ipnet::IpNet>| {
        field.value().is_some_and(|block| block.addr().is_ipv6())
    };
    let subnets = &network.subnets;
    let networks = &network.virtual_networks;
    network.security_rules.iter().any(|rule| {
        rule.source.items.iter().any(prefix) || rule.destination.items.iter().any(prefix)
    }) || subnets
        .iter()
        .any(|one| one.address_prefixes.items.iter().any(block))
        || networks
            .iter()
            .any(|one| one.address_space.items.iter().any(block))
}

/// The type of a value, as far as predicates are checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ty {
    One(Item),
    List(Item),
}

/// The type of a value that is no list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Item {
    /// Not known when the pack loads.
    Any,
    Null,
    Bool,
    Number,
    Text,
    /// A text that is one of these words.
    Word(&'static [&'static str]),
    Address,
    Ports,
    Element(Kind),
    Object(&'static [Member]),
}

/// An entry of an object: name, type, what it is.
pub(crate) type Member = (&'static str, Ty, &'static str);

/// How a field is read.
pub(crate) type Getter = fn(&World<'_>, u32) -> Datum;

/// A field of a kind.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) ty: Ty,
    pub(crate) doc: &'static str,
    pub(crate) get: Getter,
}

impl Field {
    pub(super) const fn new(name: &'static str, ty: Ty, doc: &'static str, get: Getter) -> Self {
        Self { name, ty, doc, get }
    }
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Field").field("name", &self.name).finish()
    }
}

/// A kind of element.
#[derive(Debug)]
pub(crate) struct KindSpec {
    pub(crate) kind: Kind,
    /// As written after `subject:`; singletons cannot be subjects.
    pub(crate) name: &'static str,
    pub(crate) is_subject: bool,
    pub(crate) doc: &'static str,
    pub(crate) fields: &'static [Field],
}

/// Whether an element exists, and what decides it.
pub(crate) fn presence(meta: &Meta) -> (Truth, Option<Arc<Unknown>>) {
    let Existence { truth, because } = &meta.existence;
    match (truth, meta.template) {
        (Truth::True, true) => (Truth::Unknown, because.clone()),
        _ => (*truth, because.clone()),
    }
}

/// An unknown for what lies outside the files.
pub(crate) fn outside(what: impl Into<Arc<str>>) -> Arc<Unknown> {
    Arc::new(Unknown::new("outside", what, Reason::Outside))
}

/// A field of an element that is not in the files: of all that can be asked of it, its id tells the
/// name, in lower case.
pub(crate) fn external_field(key: &str, field: &str) -> Datum {
    let last = key.rsplit('/').next().unwrap_or(key);
    if field == "name" && key.contains("/providers/") && !has_hole(last) {
        return Datum::text(without_marks(last));
    }
    let label = format!("{field} of {}", without_marks(last));
    Datum::unknown(outside(label))
}

impl Ty {
    pub(crate) const ANY: Self = Self::One(Item::Any);
    pub(crate) const BOOL: Self = Self::One(Item::Bool);
    pub(crate) const NUMBER: Self = Self::One(Item::Number);
    pub(crate) const TEXT: Self = Self::One(Item::Text);

    /// For messages and documentation.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::One(item) => item.describe(),
            Self::List(item) => format!("list of {}", item.describe()),
        }
    }
}

impl Item {
    fn describe(self) -> String {
        match self {
            Self::Any => "any".into(),
            Self::Null => "null".into(),
            Self::Bool => "bool".into(),
            Self::Number => "number".into(),
            Self::Text => "text".into(),
            Self::Word(words) => format!("one of {}", words.join(", ")),
            Self::Address => "address".into(),
            Self::Ports => "ports".into(),
            Self::Element(kind) => kind.spec().name.into(),
            Self::Object(members) => {
                let names: Vec<&str> = members.iter().map(|(name, ..)| *name).collect();
                format!("{{{}}}", names.join(", "))
            }
        }
    }
}

/// The vocabulary as Markdown: every kind with its fields, types and meanings.
#[must_use]
pub fn reference() -> String {
    use std::fmt::Write;
    let mut text = String::from(
        "# The vocabulary of rules\n\nWhat the expressions and texts of [rules](rule-language.md) can \
         name: the kinds of elements, which stand after `subject:`, and the names that every rule \
         knows, with their fields.\n\n",
    );
    for spec in KINDS {
        let role = if spec.is_subject { "subject" } else { "name" };
        let _ = writeln!(text, "## `{}` ({role})\n\n{}\n", spec.name, spec.doc);
        let _ = writeln!(text, "| field | type | |\n|---|---|---|");
        for field in spec.kind.fields() {
            let ty = field.ty.describe();
            let _ = writeln!(text, "| `{}` | {ty} | {} |", field.name, field.doc);
            if let Ty::One(Item::Object(members)) | Ty::List(Item::Object(members)) = field.ty {
                for (name, ty, doc) in members {
                    let ty = ty.describe();
                    let _ = writeln!(text, "| `{}.{name}` | {ty} | {doc} |", field.name);
                }
            }
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}
