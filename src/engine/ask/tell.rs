//! What semantics answers, in words and with places.

mod missing;
mod settings;

use std::sync::Arc;

use super::estate::Asked;
use crate::eval::value::Unknown;
use crate::model::manager::AdminAction;
use crate::model::nsg::Access;
use crate::model::platform::PlatformFacts;
use crate::model::{
    AdminRuleId, Field, LoadBalancerId, Meta, Network, NsgId, PeeringId, RouteId, VnetId,
};
use crate::policy::authored::Authored;
use crate::semantics::Ruling;
use crate::semantics::packet::Flow;
use crate::semantics::reach::{By, LayerKind, PathSide, PeeringSetting, Verdict};
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
                let row = self.facts.added_rule(name);
                let service = row.and_then(|row| row.service);
                Told {
                    kind: "default-rule",
                    name: name.to_string(),
                    priority: row.filter(|_| service.is_none()).map(|row| row.priority),
                    access: row.map(|row| match row.access.eq_ignore_ascii_case("allow") {
                        true => access_word(Access::Allow),
                        false => access_word(Access::Deny),
                    }),
                    resource: Some(Arc::clone(&group.address)),
                    place: self.authored.element(group.origin),
                    remark: Some(match service {
                        Some(service) => format!("written by {}", service.word()),
                        None => "Azure's default".to_owned(),
                    }),
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
        self.facts.added_rule(name).map_or_else(
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
