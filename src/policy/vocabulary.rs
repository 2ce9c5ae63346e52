//! What predicates can name: the kinds of subjects and their fields.
//!
//! The tables of this module's children are the whole vocabulary: a name that is not in them is an
//! error when a pack loads. Getters read the model when a predicate asks, so that relations cost
//! nothing until they are followed. Words are spelt as in azurerm (`destination_ports`), values as
//! in ARM (`Outbound`, `Allow`, `VirtualAppliance`).

mod attachment;
mod egress;
mod firewall;
mod load_balancer;
mod nsg;
mod read;
mod routing;
mod run;
mod targets;
mod topology;

use std::sync::Arc;

use super::datum::{Data, Datum, Element};
use super::settings::Settings;
use crate::eval::value::{Reason, Truth, Unknown};
use crate::eval::{Deployment, Existence};
use crate::model::platform::PlatformFacts;
use crate::model::{self, Meta, Network};
use crate::origin::OriginId;
use crate::semantics::Semantics;
use crate::semantics::routes::RouteLoop;

pub(crate) use attachment::subnets_of;
pub(crate) use nsg::protocol_word;
pub(crate) use read::element;
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
        }
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

/// The kinds of elements that predicates know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    SecurityRule,
    Nsg,
    Subnet,
    NetworkInterface,
    VirtualNetwork,
    RouteTable,
    Route,
    LoadBalancer,
    Probe,
    PublicIp,
    Firewall,
    FirewallPolicy,
    FirewallRule,
    FirewallNetworkRule,
    FirewallNatRule,
    FirewallApplicationRule,
    Machine,
    Subscription,
    Deployment,
    Platform,
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

const KINDS: [&KindSpec; 20] = [
    &nsg::SECURITY_RULE,
    &nsg::NSG,
    &topology::SUBNET,
    &topology::NETWORK_INTERFACE,
    &topology::VIRTUAL_NETWORK,
    &routing::ROUTE_TABLE,
    &routing::ROUTE,
    &load_balancer::LOAD_BALANCER,
    &load_balancer::PROBE,
    &topology::PUBLIC_IP,
    &firewall::FIREWALL,
    &firewall::POLICY,
    &firewall::RULE,
    &firewall::NETWORK_RULE,
    &firewall::NAT_RULE,
    &firewall::APPLICATION_RULE,
    &topology::MACHINE,
    &run::SUBSCRIPTION,
    &run::DEPLOYMENT,
    &run::PLATFORM,
];

impl Kind {
    pub(crate) fn spec(self) -> &'static KindSpec {
        KINDS
            .iter()
            .find(|spec| spec.kind == self)
            .copied()
            .unwrap_or(&run::PLATFORM)
    }

    /// The kind a rule file names as its subject.
    pub(crate) fn subject(name: &str) -> Option<Self> {
        KINDS
            .iter()
            .find(|spec| spec.is_subject && spec.name == name)
            .map(|spec| spec.kind)
    }

    /// The names of all subjects.
    pub(crate) fn subjects() -> Vec<&'static str> {
        KINDS
            .iter()
            .filter(|spec| spec.is_subject)
            .map(|spec| spec.name)
            .collect()
    }

    pub(crate) fn field(self, name: &str) -> Option<&'static Field> {
        self.spec().fields.iter().find(|field| field.name == name)
    }

    /// How many elements of this kind the network has.
    pub(crate) fn count(self, network: &Network) -> u32 {
        let count = match self {
            Self::SecurityRule => network.security_rules.len(),
            Self::Nsg => network.network_security_groups.len(),
            Self::Subnet => network.subnets.len(),
            Self::NetworkInterface => network.network_interfaces.len(),
            Self::VirtualNetwork => network.virtual_networks.len(),
            Self::RouteTable => network.route_tables.len(),
            Self::Route => network.routes.len(),
            Self::LoadBalancer => network.load_balancers.len(),
            Self::Probe => network.probes.len(),
            Self::PublicIp => network.public_ips.len(),
            Self::Firewall => network.firewalls.len(),
            Self::FirewallPolicy => network.firewall_policies.len(),
            Self::FirewallRule
            | Self::FirewallNetworkRule
            | Self::FirewallNatRule
            | Self::FirewallApplicationRule => network.firewall_rules.len(),
            Self::Machine => network.machines.len(),
            Self::Subscription | Self::Deployment | Self::Platform => 1,
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

impl Element {
    /// Name, place and existence; `None` for singletons.
    pub(crate) fn meta<'n>(&self, network: &'n Network) -> Option<&'n Meta> {
        let at = self.id as usize;
        match self.kind {
            Kind::SecurityRule => network.security_rules.get(at).map(|e| &e.meta),
            Kind::Nsg => network.network_security_groups.get(at).map(|e| &e.meta),
            Kind::Subnet => network.subnets.get(at).map(|e| &e.meta),
            Kind::NetworkInterface => network.network_interfaces.get(at).map(|e| &e.meta),
            Kind::VirtualNetwork => network.virtual_networks.get(at).map(|e| &e.meta),
            Kind::RouteTable => network.route_tables.get(at).map(|e| &e.meta),
            Kind::Route => network.routes.get(at).map(|e| &e.meta),
            Kind::LoadBalancer => network.load_balancers.get(at).map(|e| &e.meta),
            Kind::Probe => network.probes.get(at).map(|e| &e.meta),
            Kind::PublicIp => network.public_ips.get(at).map(|e| &e.meta),
            Kind::Firewall => network.firewalls.get(at).map(|e| &e.meta),
            Kind::FirewallPolicy => network.firewall_policies.get(at).map(|e| &e.meta),
            Kind::FirewallRule
            | Kind::FirewallNetworkRule
            | Kind::FirewallNatRule
            | Kind::FirewallApplicationRule => network.firewall_rules.get(at).map(|e| &e.meta),
            Kind::Machine => network.machines.get(at).map(|e| &e.meta),
            Kind::Subscription | Kind::Deployment | Kind::Platform => None,
        }
    }

    /// Whether it is of its kind at all: firewall rules of other passes are not.
    pub(crate) fn is_judged(&self, network: &Network) -> bool {
        use model::firewall::FirewallRuleKind;
        let wanted = match self.kind {
            Kind::FirewallNetworkRule => FirewallRuleKind::Network,
            Kind::FirewallNatRule => FirewallRuleKind::Nat,
            Kind::FirewallApplicationRule => FirewallRuleKind::Application,
            _ => return true,
        };
        network
            .firewall_rules
            .get(self.id as usize)
            .is_some_and(|rule| rule.kind == wanted)
    }

    /// What is missing where it stands for any number of elements of which the files tell nothing:
    /// asking anything about it is asking what the missing input is.
    pub(crate) fn nothing_known(&self, network: &Network) -> Option<Arc<Unknown>> {
        fn none<T>(list: &model::List<model::Field<T>>) -> bool {
            list.items.iter().all(|item| item.unknown().is_some())
        }
        if !self.meta(network)?.template {
            return None;
        }
        let at = self.id as usize;
        match self.kind {
            Kind::SecurityRule => {
                let rule = network.security_rules.get(at)?;
                let missing = rule.direction.unknown()?;
                let blank = rule.access.unknown().is_some()
                    && none(&rule.source)
                    && none(&rule.destination)
                    && none(&rule.destination_ports);
                blank.then(|| Arc::clone(missing))
            }
            Kind::FirewallNetworkRule => {
                let rule = network.firewall_rules.get(at)?;
                let missing = rule.meta.name.unknown()?;
                let blank = rule.action.unknown().is_some()
                    && rule.destination_ip_groups.items.is_empty()
                    && none(&rule.source)
                    && none(&rule.destination)
                    && none(&rule.destination_ports);
                blank.then(|| Arc::clone(missing))
            }
            _ => None,
        }
    }

    /// The value of a field.
    pub(crate) fn get(&self, field: &Field, world: &World<'_>) -> Datum {
        (field.get)(world, self.id)
    }

    /// What a person calls it.
    pub(crate) fn display(&self, world: &World<'_>) -> String {
        let Some(meta) = self.meta(world.network) else {
            return self.kind.spec().name.to_owned();
        };
        match &meta.name.state {
            model::State::Known(name) => name.to_string(),
            _ => meta.address.to_string(),
        }
    }
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

/// A field of an element that is not in the files.
pub(crate) fn external_field(name: &str, field: &str) -> Datum {
    Datum::new(
        Data::Unknown(outside(format!("{field} of {name}")), Arc::from([])),
        OriginId::NONE,
    )
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
    let mut text = String::new();
    for spec in KINDS {
        let role = if spec.is_subject { "subject" } else { "name" };
        let _ = writeln!(text, "## `{}` ({role})\n\n{}\n", spec.name, spec.doc);
        let _ = writeln!(text, "| field | type | |\n|---|---|---|");
        for field in spec.fields {
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
    text
}
