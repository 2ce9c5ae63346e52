//! What semantics answers, in words and with places.

use std::sync::Arc;

use super::estate::Asked;
use crate::eval::value::Unknown;
use crate::model::manager::AdminAction;
use crate::model::nsg::{Access, Direction};
use crate::model::platform::PlatformFacts;
use crate::model::{
    AdminRuleId, Field, LoadBalancerId, Meta, Network, NsgId, PeeringId, RouteId, VnetId,
};
use crate::policy::authored::Authored;
use crate::policy::finding::MissingInput;
use crate::policy::judge::reasons;
use crate::semantics::Ruling;
use crate::semantics::packet::Flow;
use crate::semantics::packet::atoms::{Atom, Literal, Predicate};
use crate::semantics::reach::{
    By, Condition, Dependency, Element, LayerKind, Note, PathSide, PeeringSetting, Setting, Verdict,
};
use crate::semantics::routes::NextHopKind;
use crate::source::Span;

/// What decided, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What kind of thing it is: `security-rule`, `default-rule`, `route`, …
    pub kind: &'static str,
    /// Its name, for people.
    pub name: String,
    /// Its priority, where it has one that is known.
    pub priority: Option<u32>,
    /// `Allow`, `Deny` or, of admin rules, `AlwaysAllow`.
    pub access: Option<&'static str>,
    /// What it belongs to: the address of a resource.
    pub resource: Option<Arc<str>>,
    /// Where it was typed; for what Azure adds, where the element is written that it is added to.
    pub place: Option<Span>,
    /// What there is to say beside the name: `Azure's default`, `to the Internet`.
    pub remark: Option<String>,
}

/// Turns ids into words for one deployment.
pub(super) struct Teller<'a> {
    pub(super) network: &'a Network,
    facts: &'a PlatformFacts,
    pub(super) authored: Authored<'a>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(asked: &'a Asked, facts: &'a PlatformFacts) -> Self {
        Self {
            network: &asked.network,
            facts,
            authored: Authored::new(&asked.deployment, &asked.network, &asked.settings.foreign),
        }
    }

    /// A rule of a security group.
    pub(super) fn ruling(&self, nsg: NsgId, rule: &Ruling, witness: Option<&Flow>) -> Told {
        let group = &self.network[nsg].meta;
        match rule {
            Ruling::Custom(id) => {
                let rule = &self.network[*id];
                Told {
                    kind: "security-rule",
                    name: name_of(&rule.meta),
                    priority: rule.priority.value().copied(),
                    access: rule.access.value().map(|access| access_word(*access)),
                    resource: Some(Arc::clone(&group.address)),
                    place: self.authored.security_rule(*id, witness),
                    remark: None,
                }
            }
            Ruling::Default(name) => {
                let mut rows = self.facts.default_rules.iter();
                let row = rows.find(|row| row.name == *name);
                Told {
                    kind: "default-rule",
                    name: name.to_string(),
                    priority: row.map(|row| row.priority),
                    access: row.map(|row| match row.access.eq_ignore_ascii_case("allow") {
                        true => access_word(Access::Allow),
                        false => access_word(Access::Deny),
                    }),
                    resource: Some(Arc::clone(&group.address)),
                    place: self.authored.element(group.origin),
                    remark: Some("Azure's default".to_owned()),
                }
            }
            Ruling::Rest => Told {
                kind: "unknown-rule",
                name: "rules that the files do not tell".to_owned(),
                resource: Some(Arc::clone(&group.address)),
                place: self.authored.element(group.origin),
                ..plain("unknown-rule", "")
            },
        }
    }

    /// Source and destination of one of Azure's default rules.
    pub(super) fn default_rule(&self, name: &str) -> (String, String) {
        let mut rows = self.facts.default_rules.iter();
        rows.find(|row| &*row.name == name).map_or_else(
            || ("?".to_owned(), "?".to_owned()),
            |row| (row.source.to_string(), row.destination.to_string()),
        )
    }

    /// A security admin rule.
    pub(super) fn admin_rule(&self, rule: AdminRuleId) -> Told {
        let written = &self.network[rule];
        Told {
            priority: written.priority.value().copied(),
            access: written.action.value().map(|action| match action {
                AdminAction::Allow => "Allow",
                AdminAction::AlwaysAllow => "AlwaysAllow",
                AdminAction::Deny => "Deny",
            }),
            ..self.named("admin-rule", &written.meta)
        }
    }

    /// What decides at a stage of a path.
    pub(super) fn by(&self, by: &By, witness: Option<&Flow>) -> Told {
        let network = self.network;
        match by {
            By::Rule(nsg, rule) => self.ruling(*nsg, rule, witness),
            By::AdminRule(rule) => self.admin_rule(*rule),
            By::NoAdminRule => plain("no-admin-rule", "no security admin rule"),
            By::NoGroup => plain("no-group", "no security group"),
            By::Platform => plain("platform", "traffic with the platform itself"),
            By::Route(route, hop) => Told {
                remark: Some(leads(*hop)),
                ..self.route(*route)
            },
            By::SystemRoute(hop) => Told {
                remark: Some(leads(*hop)),
                ..plain("system-route", "Azure's own route")
            },
            By::HubRoute(connection, hop) => Told {
                remark: Some(leads(*hop)),
                ..self.named("hub-route", &network[*connection].meta)
            },
            By::Peering(peering, setting) => Told {
                remark: Some(peering_word(*setting).to_owned()),
                ..self.named("peering", &network[*peering].meta)
            },
            By::NoPeering(from, to) => Told {
                place: self.authored.element(network[*from].meta.origin),
                resource: Some(Arc::clone(&network[*from].meta.address)),
                ..plain(
                    "no-peering",
                    format!("no peering from {} to {}", self.vnet(*from), self.vnet(*to)),
                )
            },
            By::FirewallRule(firewall, rule) => {
                let written = &network[*rule];
                Told {
                    kind: "firewall-rule",
                    name: name_of(&written.meta),
                    priority: written.collection_priority.value().copied(),
                    access: written.action.value().map(|access| access_word(*access)),
                    resource: Some(Arc::clone(&network[*firewall].meta.address)),
                    place: self.authored.firewall_rule(*rule),
                    remark: written
                        .collection
                        .value()
                        .map(|name| format!("collection `{name}`")),
                }
            }
            By::Firewall(firewall) => Told {
                remark: Some("no rule of the firewall".to_owned()),
                ..self.named("firewall", &network[*firewall].meta)
            },
            By::IpForwarding(nic) => Told {
                remark: Some("IP forwarding".to_owned()),
                ..self.named("ip-forwarding", &network[*nic].meta)
            },
            By::Loop => plain("loop", "back to an appliance they have been through"),
            By::PublicIp(nic) => Told {
                remark: Some("its own public address".to_owned()),
                ..self.named("public-ip", &network[*nic].meta)
            },
            By::NatGateway(gateway) => self.named("nat-gateway", &network[*gateway].meta),
            By::LoadBalancer(balancer) => self.named("load-balancer", &network[*balancer].meta),
            By::BalancingRule(balancer, place) => {
                let meta = network[*balancer]
                    .rules
                    .items
                    .get(*place)
                    .map(|it| &it.meta);
                self.of_balancer("load-balancing-rule", *balancer, meta)
            }
            By::InboundNatRule(balancer, place) => {
                let meta = network[*balancer].nat_rules.get(*place).map(|it| &it.meta);
                self.of_balancer("inbound-nat-rule", *balancer, meta)
            }
            By::NoBalancingRule(balancer) => Told {
                remark: Some("no rule of the load balancer".to_owned()),
                ..self.named("load-balancer", &network[*balancer].meta)
            },
            By::DefaultOutbound => plain("default-outbound", "Azure's default outbound access"),
            By::NoPublicAddress => plain("no-public-address", "no public address"),
            By::ClosedFrontend => plain(
                "closed-frontend",
                "a standard public address is closed without a security group",
            ),
            By::Offer => plain("offer", "the subscription's offer"),
            By::Gateway => plain("gateway", "what lies behind the gateway"),
            By::Asymmetric => plain("asymmetric", "the replies take another way"),
            By::Nobody => plain("nobody", "nothing here has the address"),
            By::Unknown(unknown) => Told {
                place: self.declared(&unknown.0),
                ..plain("unknown", unknown.0.label.to_string())
            },
        }
    }

    /// A user-defined route.
    pub(super) fn route(&self, route: RouteId) -> Told {
        let written = &self.network[route];
        let table = written
            .route_table
            .map(|table| &self.network[table].meta.address);
        Told {
            kind: "route",
            name: name_of(&written.meta),
            resource: table.cloned(),
            place: self.authored.route(route),
            ..plain("route", "")
        }
    }

    /// What a stage belongs to, and where it is written.
    pub(super) fn element(&self, element: &Element) -> (String, Option<Span>) {
        let network = self.network;
        let meta = match element {
            Element::Nsg(id) => &network[*id].meta,
            Element::Nic(id) => &network[*id].meta,
            Element::Subnet(id) => {
                let subnet = &network[*id];
                let vnet = subnet.virtual_network.value().and_then(|link| link.here());
                let name = name_of(&subnet.meta);
                let owner = vnet.map(|vnet| format!("{}/", self.vnet(vnet)));
                let place = self.authored.element(subnet.meta.origin);
                return (owner.unwrap_or_default() + &name, place);
            }
            Element::Vnet(id) => &network[*id].meta,
            Element::Peering(id) => &network[*id].meta,
            Element::Firewall(id) => &network[*id].meta,
            Element::LoadBalancer(id) => &network[*id].meta,
            Element::PublicIp(id) => &network[*id].meta,
            Element::NatGateway(id) => &network[*id].meta,
            Element::PrivateEndpoint(id) => &network[*id].meta,
            Element::Outside(Some(unknown)) => {
                return (unknown.0.label.to_string(), self.declared(&unknown.0));
            }
            Element::Outside(None) => return ("outside these files".to_owned(), None),
            Element::Platform => return ("Azure".to_owned(), None),
        };
        (name_of(meta), self.authored.element(meta.origin))
    }

    /// A change that would let packets through, as an instruction, and where to make it.
    pub(super) fn setting(&self, setting: &Setting) -> (String, Option<Span>) {
        let network = self.network;
        let at = |meta: &Meta| self.authored.element(meta.origin);
        match setting {
            Setting::AllowInGroup { nsg, direction } => {
                let meta = &network[*nsg].meta;
                let way = super::words::direction(*direction);
                let name = name_of(meta);
                (
                    format!("let them through in `{name}` with an {way} rule"),
                    at(meta),
                )
            }
            Setting::AllowInAdminRules(subnet, direction) => {
                let way = super::words::direction(*direction);
                let (name, place) = self.element(&Element::Subnet(*subnet));
                let text = format!(
                    "let them through {way} in the security admin rules that hold for `{name}`"
                );
                (text, place)
            }
            Setting::AttachGroup(nic) => {
                let meta = &network[*nic].meta;
                (
                    format!(
                        "attach a security group that lets them through to `{}` or its subnet",
                        name_of(meta)
                    ),
                    at(meta),
                )
            }
            Setting::RemoveRoute(route) => {
                let told = self.route(*route);
                (format!("take the route `{}` away", told.name), told.place)
            }
            Setting::Peer(from, to) => (
                format!(
                    "peer {} and {}, both ways",
                    self.vnet(*from),
                    self.vnet(*to)
                ),
                at(&network[*from].meta),
            ),
            Setting::Peering(peering, setting) => (
                format!(
                    "switch {} on in the peering `{}`",
                    peering_word(*setting),
                    self.peering(*peering)
                ),
                at(&network[*peering].meta),
            ),
            Setting::AllowInFirewall(firewall) => {
                let meta = &network[*firewall].meta;
                let text = format!("let them through the firewall `{}`", name_of(meta));
                (text, at(meta))
            }
            Setting::IpForwarding(nic) => {
                let meta = &network[*nic].meta;
                let text = format!("switch IP forwarding of `{}` on", name_of(meta));
                (text, at(meta))
            }
            Setting::Egress(subnet) => {
                let (name, place) = self.element(&Element::Subnet(*subnet));
                (
                    format!("give the subnet `{name}` a way out, for example a NAT gateway"),
                    place,
                )
            }
            Setting::PublicAddress(nic) => {
                let meta = &network[*nic].meta;
                let text = format!("give `{}` a public address", name_of(meta));
                (text, at(meta))
            }
            Setting::Smtp => (
                "use port 587 of a mail relay, or a subscription that may send to port 25"
                    .to_owned(),
                None,
            ),
        }
    }

    /// A rule to add to a group before one that stops packets.
    pub(super) fn rule_before(
        &self,
        nsg: NsgId,
        direction: Direction,
        stops: &Told,
    ) -> (String, Option<Span>) {
        let (text, place) = self.setting(&Setting::AllowInGroup { nsg, direction });
        match (stops.kind, stops.priority) {
            ("security-rule", Some(priority)) => (
                format!("{text} before `{}`, below priority {priority}", stops.name),
                stops.place,
            ),
            _ => (text, place),
        }
    }

    /// What would settle a question.
    pub(super) fn dependency(&self, dependency: &Dependency) -> Vec<MissingInput> {
        match dependency {
            Dependency::Atom(literal) => vec![self.of_atom(&literal.atom)],
            Dependency::Unknown(unknown) => reasons::missing(std::slice::from_ref(unknown)),
            Dependency::Limit(name) => vec![MissingInput {
                what: format!("not decided: the {name} exceeds what is worked out"),
                place: None,
                settle: "ask for a smaller part: one address, one port".to_owned(),
            }],
            Dependency::Packets => vec![MissingInput {
                what: "which packet: those asked about fare differently".to_owned(),
                place: None,
                settle: "ask for one address and one port".to_owned(),
            }],
        }
    }

    /// What would settle an opaque predicate.
    pub(super) fn of_atom(&self, atom: &Atom) -> MissingInput {
        if let Some(unknown) = &atom.unknown
            && let Some(input) = reasons::missing(std::slice::from_ref(unknown)).pop()
        {
            return input;
        }
        let settle = match &atom.predicate {
            Predicate::Tag(_) => "give the published addresses with `--service-tags FILE`",
            Predicate::VirtualNetwork(_) => {
                "add the files of its peers and gateways, or attach the group to a subnet"
            }
            Predicate::Group(_) => "fix the addresses of its members, or add the files they are in",
            Predicate::AddressList(_) => "add the files it is in",
            Predicate::Name(_) => "ask for an address instead",
            Predicate::Request(_) => "packets do not tell: it shows when the request is made",
            Predicate::ServiceEndpoint(_) => {
                "look at the effective routes of a machine in the subnet: Azure keeps them up"
            }
            Predicate::Unknown(_) => "give it a value in a variables or parameter file",
        };
        let what = match &atom.predicate {
            Predicate::Tag(tag) => Predicate::Tag(self.tag(tag)).question(),
            predicate => predicate.question(),
        };
        MissingInput {
            what,
            place: None,
            settle: settle.to_owned(),
        }
    }

    /// "allowed if …".
    pub(super) fn condition(&self, condition: &Condition) -> String {
        let all: Vec<String> = condition.all.iter().map(literal_words).collect();
        format!(
            "{} if {}",
            verdict_word(condition.verdict),
            all.join(" and ")
        )
    }

    /// What else an answer says.
    pub(super) fn note(&self, note: &Note) -> String {
        let network = self.network;
        match note {
            Note::WithoutWidenedTag(verdict) => format!(
                "the routes of the subnet widen `VirtualNetwork`; without that it would be {}",
                verdict_word(*verdict)
            ),
            Note::AddressNotFixed(nic) => format!(
                "the address of `{}` is not fixed here: every address of its subnet was asked for",
                name_of(&network[*nic].meta)
            ),
            Note::MachineNotHere(subnet) => format!(
                "no machine in question is in the files: one in `{}` without a security group of \
                 its own was taken",
                self.element(&Element::Subnet(*subnet)).0
            ),
            Note::Translated { by, port } => {
                let told = self.by(by, None);
                match port {
                    Some(port) => format!("`{}` sends them on to port {port}", told.name),
                    None => format!("`{}` translates their destination", told.name),
                }
            }
            Note::SourceTranslated(firewall) => format!(
                "behind the firewall `{}` they come from an address of its subnet",
                name_of(&network[*firewall].meta)
            ),
            Note::ProbeBlocked(nic) => format!(
                "the probe of the load balancer in front of `{}` is stopped: it sends nothing there",
                name_of(&network[*nic].meta)
            ),
            Note::SamePriority(nsg) => format!(
                "rules of `{}` share a priority, which Azure refuses: both orders were taken",
                name_of(&network[*nsg].meta)
            ),
            Note::SeveralGroups(element) => format!(
                "`{}` is given several security groups: each was taken",
                self.element(element).0
            ),
            Note::NoSender => {
                "addresses of the virtual networks here that lie in no subnet of theirs \
                               send nothing"
                    .to_owned()
            }
            Note::NoPacket => "there is no such packet".to_owned(),
            Note::Asymmetric => "the replies leave another way than the packets came".to_owned(),
        }
    }

    /// A service tag as Azure spells it.
    fn tag(&self, lower: &str) -> String {
        let (base, region) = match lower.split_once('.') {
            Some((base, region)) => (base, Some(region)),
            None => (lower, None),
        };
        let row = |name: &str| {
            let mut rows = self.facts.tags.iter();
            rows.find(|row| row.name.eq_ignore_ascii_case(name))
                .map(|row| row.name.to_string())
        };
        row(lower).unwrap_or_else(|| {
            let base = row(base).unwrap_or_else(|| base.to_owned());
            region.map_or_else(|| base.clone(), |region| format!("{base}.{region}"))
        })
    }

    /// Where an unknown is declared.
    fn declared(&self, unknown: &Unknown) -> Option<Span> {
        unknown
            .declared
            .or_else(|| unknown.causes.iter().find_map(|cause| cause.declared))
    }

    /// A rule of a load balancer.
    fn of_balancer(
        &self,
        kind: &'static str,
        balancer: LoadBalancerId,
        rule: Option<&Meta>,
    ) -> Told {
        let owner = &self.network[balancer].meta;
        Told {
            resource: Some(Arc::clone(&owner.address)),
            ..self.named(kind, rule.unwrap_or(owner))
        }
    }

    fn named(&self, kind: &'static str, meta: &Meta) -> Told {
        Told {
            resource: Some(Arc::clone(&meta.address)),
            place: self.authored.element(meta.origin),
            ..plain(kind, name_of(meta))
        }
    }

    fn vnet(&self, vnet: VnetId) -> String {
        name_of(&self.network[vnet].meta)
    }

    fn peering(&self, peering: PeeringId) -> String {
        name_of(&self.network[peering].meta)
    }
}

/// The name of an element, or its address where the name is not known.
pub(super) fn name_of(meta: &Meta) -> String {
    known_name(&meta.name).unwrap_or_else(|| meta.address.to_string())
}

/// The word of a verdict.
#[must_use]
pub fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "allowed",
        Verdict::Denied => "denied",
        Verdict::Depends => "depends",
    }
}

/// The word of a kind of stage.
pub(super) fn layer_word(kind: LayerKind) -> &'static str {
    match kind {
        LayerKind::Platform => "platform",
        LayerKind::AdminRules => "admin-rules",
        LayerKind::NicNsg => "nic-nsg",
        LayerKind::SubnetNsg => "subnet-nsg",
        LayerKind::Route => "route",
        LayerKind::Peering => "peering",
        LayerKind::Firewall => "firewall",
        LayerKind::Appliance => "appliance",
        LayerKind::Egress => "egress",
        LayerKind::Smtp => "smtp",
        LayerKind::Gateway => "gateway",
        LayerKind::Entrance => "entrance",
        LayerKind::PrivateEndpoint => "private-endpoint",
        LayerKind::ReturnPath => "return-path",
    }
}

/// The word of a side.
pub(super) fn side_word(side: PathSide) -> &'static str {
    match side {
        PathSide::Source => "source",
        PathSide::Between => "between",
        PathSide::Destination => "destination",
    }
}

pub(super) fn access_word(access: Access) -> &'static str {
    match access {
        Access::Allow => "Allow",
        Access::Deny => "Deny",
    }
}

fn known_name(name: &Field<Arc<str>>) -> Option<String> {
    name.value().map(|name| name.to_string())
}

fn plain(kind: &'static str, name: impl Into<String>) -> Told {
    Told {
        kind,
        name: name.into(),
        priority: None,
        access: None,
        resource: None,
        place: None,
        remark: None,
    }
}

fn leads(hop: Option<NextHopKind>) -> String {
    match hop {
        Some(NextHopKind::Internet) => "to the Internet",
        Some(NextHopKind::VirtualNetwork) => "within the virtual network",
        Some(NextHopKind::Peering) => "to the peered network",
        Some(NextHopKind::Gateway) => "to the gateway",
        Some(NextHopKind::AzureFirewall) => "to an Azure Firewall",
        Some(NextHopKind::Appliance) => "to an appliance",
        Some(NextHopKind::None) => "drops them",
        Some(NextHopKind::ServiceEndpoint) => "to the service endpoint",
        Some(NextHopKind::PrivateEndpoint) => "to the private endpoint",
        None => "to something that is not known",
    }
    .to_owned()
}

fn peering_word(setting: PeeringSetting) -> &'static str {
    match setting {
        PeeringSetting::Exists => "existence",
        PeeringSetting::VirtualNetworkAccess => "virtual network access",
        PeeringSetting::ForwardedTraffic => "forwarded traffic",
    }
}

fn literal_words(literal: &Literal) -> String {
    let side = match literal.atom.dimension {
        crate::semantics::packet::atoms::Dimension::Source => "the sender",
        crate::semantics::packet::atoms::Dimension::Destination => "the receiver",
        crate::semantics::packet::atoms::Dimension::Protocol => "the protocol",
        _ => "the port",
    };
    let is = if literal.holds { "is" } else { "is not" };
    let among = match &literal.atom.predicate {
        Predicate::Tag(tag) => format!("in `{tag}`"),
        Predicate::VirtualNetwork(_) => "in `VirtualNetwork`".to_owned(),
        Predicate::Group(group) => format!("in the group {group}"),
        Predicate::AddressList(list) => format!("in {list}"),
        Predicate::Name(name) => format!("what `{name}` resolves to"),
        Predicate::Request(words) => words.clone(),
        Predicate::ServiceEndpoint(name) => format!("an address of {name}"),
        Predicate::Unknown(_) => match &literal.atom.unknown {
            Some(unknown) => format!("in {}", unknown.label),
            None => "in a value that these files do not tell".to_owned(),
        },
    };
    match (&literal.atom.predicate, literal.holds) {
        (Predicate::Request(words), true) => format!("the request is {words}"),
        (Predicate::Request(words), false) => format!("the request is not {words}"),
        _ => format!("{side} {is} {among}"),
    }
}
