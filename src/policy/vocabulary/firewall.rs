//! Azure Firewall.

use std::sync::Arc;

use super::firewall_defects::{self, HOST_NAME, UNKNOWN_TAG};
use super::firewall_force::{self, SETTING};
use super::nsg::{self, ACCESSES, DEFECT, access, protocol_word};
use super::read::{
    address, addresses, boolean, elements, field, link, list, name, object, ports, text,
};
use super::{Field, Item, Kind, KindSpec, Member, Ty, World};
use crate::model::firewall::{
    Firewall, FirewallPolicy, FirewallProtocol, FirewallRule, FirewallRuleKind, FirewallRuleOwner,
    ThreatIntelligence,
};
use crate::model::platform::FirewallTier;
use crate::model::{FirewallId, FirewallPolicyId, FirewallRuleId};
use crate::policy::datum::{self, Data, Datum};
use crate::semantics::firewall::SkuGate;

pub(super) static FIREWALL: KindSpec = KindSpec {
    kind: Kind::Firewall,
    name: "firewall",
    is_subject: true,
    doc: "An Azure Firewall.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&firewall(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&firewall(w, id).meta),
        },
        Field {
            name: "existing",
            ty: Ty::BOOL,
            doc: "only looked up, not created here",
            get: |w, id| Datum::constant(Data::Bool(firewall(w, id).meta.existing)),
        },
        Field {
            name: "subnet",
            ty: Ty::One(Item::Element(Kind::Subnet)),
            doc: "its subnet; null in a virtual hub",
            get: |w, id| link(w, &firewall(w, id).subnet, Kind::Subnet, |id| id.0),
        },
        Field {
            name: "tier",
            ty: Ty::TEXT,
            doc: "`Basic`, `Standard` or `Premium`",
            get: |w, id| field(&firewall(w, id).tier, text),
        },
        Field {
            name: "tier_gaps",
            ty: Ty::List(Item::Object(GAP)),
            doc: "what it uses that its tier does not offer, apart from its rules",
            get: |w, id| own_gaps(w, FirewallRuleOwner::Firewall(FirewallId(id))),
        },
        Field {
            name: "dns_proxy",
            ty: Ty::BOOL,
            doc: "whether it answers DNS (classic setting)",
            get: |w, id| boolean(&firewall(w, id).settings.dns_proxy),
        },
        Field {
            name: "threat_intelligence",
            ty: Ty::One(Item::Word(MODES)),
            doc: "`Off`, `Alert` or `Deny`, as its policies say or, where it has none, itself",
            get: |w, id| {
                let owner = FirewallRuleOwner::Firewall(FirewallId(id));
                field(&w.semantics.threat_intelligence_in_force(owner), mode)
            },
        },
        Field {
            name: "intrusion_detection",
            ty: Ty::One(Item::Word(MODES)),
            doc: "`Off`, `Alert` or `Deny`, as its policies say",
            get: |w, id| {
                let owner = FirewallRuleOwner::Firewall(FirewallId(id));
                field(&w.semantics.intrusion_detection_in_force(owner), mode)
            },
        },
        Field {
            name: "private_ranges",
            ty: Ty::List(Item::Address),
            doc: "destinations to which it keeps the source of packets (classic setting); empty: the private ranges",
            get: |w, id| firewall_force::private_ranges(w, &firewall(w, id).settings),
        },
        Field {
            name: "ignored_settings",
            ty: Ty::List(Item::Object(SETTING)),
            doc: "the settings of its own that do not count because it has a policy",
            get: firewall_force::ignored_settings,
        },
        Field {
            name: "zones",
            ty: Ty::List(Item::Text),
            doc: "the availability zones it is spread over",
            get: |w, id| list(&firewall(w, id).zones, text),
        },
        Field {
            name: "proxy_for_names",
            ty: Ty::BOOL,
            doc: "whether FQDNs in network rules need the DNS proxy (classic setting); null: they do",
            get: |w, id| boolean(&firewall(w, id).settings.proxy_for_names),
        },
        Field {
            name: "application_rules",
            ty: Ty::List(Item::Element(Kind::FirewallApplicationRule)),
            doc: "its application rules in order",
            get: |w, id| {
                let rules = w.semantics.firewall_application_rules(FirewallId(id));
                elements(
                    w,
                    Kind::FirewallApplicationRule,
                    rules.iter().map(|id| id.0),
                    firewall(w, id).rules.rest.clone(),
                )
            },
        },
        Field {
            name: "nat_destinations",
            ty: Ty::NUMBER,
            doc: "how many destinations (address, port and protocol) its translation rules name, as far as they are known",
            get: |w, id| {
                firewall_force::nat_destinations(w, FirewallRuleOwner::Firewall(FirewallId(id)))
            },
        },
        Field {
            name: "ip_groups",
            ty: Ty::NUMBER,
            doc: "how many IP groups its rules name, those of parent policies included, as far as they are known",
            get: |w, id| firewall_force::ip_groups(w, FirewallRuleOwner::Firewall(FirewallId(id))),
        },
        Field {
            name: "defects",
            ty: Ty::List(Item::Object(DEFECT)),
            doc: "what Azure refuses about it, apart from its rules",
            get: |w, id| firewall_defects::of_firewall(w, firewall(w, id)),
        },
        Field {
            name: "forced_tunnel",
            ty: Ty::BOOL,
            doc: "whether it has a management address, that is, is sent through a tunnel itself",
            get: |w, id| {
                Datum::new(
                    Data::Bool(firewall(w, id).management),
                    firewall(w, id).meta.origin,
                )
            },
        },
        Field {
            name: "network_rules",
            ty: Ty::List(Item::Element(Kind::FirewallNetworkRule)),
            doc: "its network rules in the order it asks them, those of parent policies first",
            get: |w, id| {
                let rules = w.semantics.firewall_network_rules(FirewallId(id));
                elements(
                    w,
                    Kind::FirewallNetworkRule,
                    rules.iter().map(|id| id.0),
                    firewall(w, id).rules.rest.clone(),
                )
            },
        },
        Field {
            name: "nat_rules",
            ty: Ty::List(Item::Element(Kind::FirewallNatRule)),
            doc: "its translation rules in order",
            get: |w, id| {
                let rules = w.semantics.firewall_nat_rules(FirewallId(id));
                elements(
                    w,
                    Kind::FirewallNatRule,
                    rules.iter().map(|id| id.0),
                    firewall(w, id).rules.rest.clone(),
                )
            },
        },
    ],
};

pub(super) static POLICY: KindSpec = KindSpec {
    kind: Kind::FirewallPolicy,
    name: "firewall-policy",
    is_subject: true,
    doc: "A policy of Azure Firewalls.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&policy(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&policy(w, id).meta),
        },
        Field {
            name: "existing",
            ty: Ty::BOOL,
            doc: "only looked up, not created here",
            get: |w, id| Datum::constant(Data::Bool(policy(w, id).meta.existing)),
        },
        Field {
            name: "tier",
            ty: Ty::TEXT,
            doc: "`Basic`, `Standard` or `Premium`",
            get: |w, id| field(&policy(w, id).tier, text),
        },
        Field {
            name: "tier_gaps",
            ty: Ty::List(Item::Object(GAP)),
            doc: "what it uses that its tier does not offer, apart from its rules",
            get: |w, id| own_gaps(w, FirewallRuleOwner::Policy(FirewallPolicyId(id))),
        },
        Field {
            name: "parent",
            ty: Ty::One(Item::Element(Kind::FirewallPolicy)),
            doc: "the policy it inherits from; null if there is none",
            get: |w, id| link(w, &policy(w, id).parent, Kind::FirewallPolicy, |id| id.0),
        },
        Field {
            name: "dns_proxy",
            ty: Ty::BOOL,
            doc: "whether its firewalls answer DNS",
            get: |w, id| boolean(&policy(w, id).settings.dns_proxy),
        },
        Field {
            name: "threat_intelligence",
            ty: Ty::One(Item::Word(MODES)),
            doc: "`Off`, `Alert` or `Deny`, itself or because the policy it inherits from demands it",
            get: |w, id| {
                let owner = FirewallRuleOwner::Policy(FirewallPolicyId(id));
                field(&w.semantics.threat_intelligence_in_force(owner), mode)
            },
        },
        Field {
            name: "intrusion_detection",
            ty: Ty::One(Item::Word(MODES)),
            doc: "`Off`, `Alert` or `Deny`, itself or because the policy it inherits from demands it",
            get: |w, id| {
                let owner = FirewallRuleOwner::Policy(FirewallPolicyId(id));
                field(&w.semantics.intrusion_detection_in_force(owner), mode)
            },
        },
        Field {
            name: "private_ranges",
            ty: Ty::List(Item::Address),
            doc: "destinations to which its firewalls keep the source of packets; empty: the private ranges",
            get: |w, id| firewall_force::private_ranges(w, &policy(w, id).settings),
        },
        Field {
            name: "proxy_for_names",
            ty: Ty::BOOL,
            doc: "whether FQDNs in network rules need the DNS proxy; null: they do",
            get: |w, id| boolean(&policy(w, id).settings.proxy_for_names),
        },
        Field {
            name: "in_force",
            ty: Ty::BOOL,
            doc: "whether a firewall of these files has it, or none of their policies inherits from it",
            get: |w, id| Datum::constant(Data::Bool(firewall_force::in_force(w, id))),
        },
        Field {
            name: "sql_redirect",
            ty: Ty::BOOL,
            doc: "whether connections to Azure SQL in redirect mode may pass",
            get: |w, id| boolean(&policy(w, id).sql_redirect),
        },
        Field {
            name: "sql_redirect_conflicts",
            ty: Ty::List(Item::Element(Kind::FirewallNetworkRule)),
            doc: "its network rules that name ports which redirected SQL connections need",
            get: firewall_force::sql_redirect_conflicts,
        },
        Field {
            name: "network_rules",
            ty: Ty::List(Item::Element(Kind::FirewallNetworkRule)),
            doc: "its network rules and those of the policies it inherits from, in the order in which they are asked",
            get: |w, id| firewall_force::rules_of_policy(w, id, FirewallRuleKind::Network),
        },
        Field {
            name: "nat_rules",
            ty: Ty::List(Item::Element(Kind::FirewallNatRule)),
            doc: "its translation rules, which are not inherited, in the order in which they are asked",
            get: |w, id| firewall_force::rules_of_policy(w, id, FirewallRuleKind::Nat),
        },
        Field {
            name: "application_rules",
            ty: Ty::List(Item::Element(Kind::FirewallApplicationRule)),
            doc: "its application rules and those of the policies it inherits from, in the order in which they are asked",
            get: |w, id| firewall_force::rules_of_policy(w, id, FirewallRuleKind::Application),
        },
        Field {
            name: "nat_destinations",
            ty: Ty::NUMBER,
            doc: "how many destinations (address, port and protocol) its translation rules name, as far as they are known",
            get: |w, id| {
                firewall_force::nat_destinations(w, FirewallRuleOwner::Policy(FirewallPolicyId(id)))
            },
        },
        Field {
            name: "ip_groups",
            ty: Ty::NUMBER,
            doc: "how many IP groups its rules name, those of parent policies included, as far as they are known",
            get: |w, id| {
                firewall_force::ip_groups(w, FirewallRuleOwner::Policy(FirewallPolicyId(id)))
            },
        },
        Field {
            name: "defects",
            ty: Ty::List(Item::Object(DEFECT)),
            doc: "what Azure refuses about it, apart from its rules",
            get: |w, id| firewall_defects::of_policy(w, policy(w, id)),
        },
        Field {
            name: "rules",
            ty: Ty::List(Item::Element(Kind::FirewallRule)),
            doc: "its own rules, as written",
            get: |w, id| {
                let rules = &policy(w, id).rules;
                let ids = rules.items.iter().map(|id| id.0);
                elements(w, Kind::FirewallRule, ids, rules.rest.clone())
            },
        },
    ],
};

const TIERS: &[&str] = &["Basic", "Standard", "Premium"];

const GAP: &[Member] = &[
    (
        "feature",
        Ty::TEXT,
        "what is used, in the middle of a sentence",
    ),
    (
        "needs",
        Ty::One(Item::Word(TIERS)),
        "the lowest tier that offers it",
    ),
    (
        "has",
        Ty::One(Item::Word(TIERS)),
        "the tier in force; null if it is not known",
    ),
];

fn own_gaps(world: &World<'_>, owner: FirewallRuleOwner) -> Datum {
    let gates = world.semantics.sku_gates(owner);
    gaps(gates.into_iter().filter(|gate| gate.rule.is_none()))
}

/// Each at the place where the feature is used.
fn gaps(gates: impl Iterator<Item = SkuGate>) -> Datum {
    let word = |tier: FirewallTier| {
        Datum::text(match tier {
            FirewallTier::Basic => "Basic",
            FirewallTier::Standard => "Standard",
            FirewallTier::Premium => "Premium",
        })
    };
    let absent = || Datum::constant(Data::Absent);
    let items = gates.map(|gate| {
        let entries = object([
            ("feature", Datum::text(gate.name)),
            ("needs", word(gate.needs)),
            ("has", gate.has.map_or_else(absent, word)),
        ]);
        datum::Item {
            datum: Datum::new(entries.data, gate.origin),
            present: gate.truth,
            because: gate.unknowns.into_iter().next(),
        }
    });
    Datum::list(items.collect(), None)
}

pub(super) const MODES: &[&str] = &["Off", "Alert", "Deny"];

pub(super) fn mode(mode: &ThreatIntelligence) -> Data {
    Data::Text(match mode {
        ThreatIntelligence::Off => "Off".into(),
        ThreatIntelligence::Alert => "Alert".into(),
        ThreatIntelligence::Deny => "Deny".into(),
    })
}

pub(super) const PASSES: &[&str] = &["nat", "network", "application"];

fn pass(world: &World<'_>, id: u32) -> Datum {
    Datum::text(pass_word(rule(world, id).kind))
}

pub(super) fn pass_word(kind: FirewallRuleKind) -> &'static str {
    match kind {
        FirewallRuleKind::Nat => "nat",
        FirewallRuleKind::Network => "network",
        FirewallRuleKind::Application => "application",
    }
}

fn translated_to(world: &World<'_>, id: u32) -> Datum {
    let rule = rule(world, id);
    let origin = rule.translated_address.origin;
    let address = rule.translated_address.value().map(ToString::to_string);
    let target = address.or_else(|| rule.translated_fqdn.value().map(ToString::to_string));
    match (rule.kind, target, rule.translated_port.value()) {
        (FirewallRuleKind::Network | FirewallRuleKind::Application, ..) => {
            Datum::new(Data::Absent, origin)
        }
        (_, Some(target), Some(port)) => {
            Datum::new(Data::Text(format!("{target}:{port}").into()), origin)
        }
        _ => {
            let unknown = rule.translated_address.unknown();
            match unknown.or_else(|| rule.translated_port.unknown()) {
                Some(unknown) => Datum::unknown(Arc::clone(unknown)),
                None => Datum::new(Data::Absent, origin),
            }
        }
    }
}

/// The fields that all passes have.
macro_rules! rule_fields {
    ($($more:expr,)*) => {
        &[
            Field { name: "name", ty: Ty::TEXT, doc: "its name", get: |w, id| name(&rule(w, id).meta) },
            Field { name: "resource", ty: Ty::TEXT, doc: "the address of its resource", get: |w, id| address(&rule(w, id).meta) },
            Field { name: "description", ty: Ty::TEXT, doc: "what people wrote about it; null: nothing", get: |w, id| field(&rule(w, id).description, text) },
            Field { name: "collection", ty: Ty::TEXT, doc: "the name of its collection", get: |w, id| field(&rule(w, id).collection, text) },
            Field { name: "action", ty: Ty::One(Item::Word(ACCESSES)), doc: "`Allow` or `Deny`", get: |w, id| field(&rule(w, id).action, access) },
            Field { name: "protocols", ty: Ty::List(Item::Text), doc: "protocols; `Any` is every one", get: |w, id| list(&rule(w, id).protocols, |protocol| Data::Text(match protocol {
                FirewallProtocol::Any => "Any".into(),
                FirewallProtocol::Only(protocol) => protocol_word(*protocol).into(),
                FirewallProtocol::Http => "Http".into(),
                FirewallProtocol::Https => "Https".into(),
                FirewallProtocol::Mssql => "Mssql".into(),
            })) },
            Field { name: "source_addresses", ty: Ty::List(Item::Address), doc: "sources, IP groups resolved", get: |w, id| grouped(w, &rule(w, id).source, &rule(w, id).source_ip_groups) },
            Field { name: "destination_addresses", ty: Ty::List(Item::Address), doc: "destinations, IP groups resolved", get: |w, id| grouped(w, &rule(w, id).destination, &rule(w, id).destination_ip_groups) },
            Field { name: "destination_fqdns", ty: Ty::List(Item::Text), doc: "destination names", get: |w, id| list(&rule(w, id).destination_fqdns, text) },
            Field { name: "pass", ty: Ty::One(Item::Word(PASSES)), doc: "`nat`, `network` or `application`", get: pass },
            Field { name: "defects", ty: Ty::List(Item::Object(DEFECT)), doc: "what Azure refuses about it", get: firewall_defects::of_rule },
            Field { name: "host_names", ty: Ty::List(Item::Object(HOST_NAME)), doc: "host names among its addresses, where no name can be", get: firewall_defects::host_names },
            Field { name: "unknown_tags", ty: Ty::List(Item::Object(nsg::UNKNOWN_TAG)), doc: "service tags among its destinations that the platform table does not know", get: firewall_defects::unknown_tags },
            Field { name: "refused_tags", ty: Ty::List(Item::Text), doc: "service tags among its destinations that Azure Firewall does not take", get: firewall_defects::refused_tags },
            Field { name: "reachable", ty: Ty::BOOL, doc: "whether it may decide a packet: whether the rules before it leave it one", get: firewall_force::reachable },
            Field { name: "policies_in_force", ty: Ty::List(Item::Element(Kind::FirewallPolicy)), doc: "the policies by which it is asked: its own and those that inherit from it, if a firewall has them or none inherits from them", get: firewall_force::policies_of_rule },
            Field { name: "destination_ports", ty: Ty::List(Item::Ports), doc: "destination ports", get: |w, id| ports(&rule(w, id).destination_ports) },
            Field { name: "tier_gaps", ty: Ty::List(Item::Object(GAP)), doc: "what it uses that the tier of its firewall or policy does not offer", get: |w, id| gaps(w.semantics.sku_gates_of_rule(FirewallRuleId(id)).into_iter()) },
            $($more,)*
        ]
    };
}

pub(super) static RULE: KindSpec = KindSpec {
    kind: Kind::FirewallRule,
    name: "firewall-rule",
    is_subject: true,
    doc: "A rule of an Azure Firewall or of a firewall policy, of any pass.",
    fields: rule_fields!(Field {
        name: "translated_to",
        ty: Ty::TEXT,
        doc: "where a translation rule sends packets on to; null for other rules",
        get: translated_to
    },),
};

pub(super) static APPLICATION_RULE: KindSpec = KindSpec {
    kind: Kind::FirewallApplicationRule,
    name: "firewall-application-rule",
    is_subject: true,
    doc: "An application rule of an Azure Firewall or of a firewall policy.",
    fields: rule_fields!(
        Field {
            name: "destination_urls",
            ty: Ty::List(Item::Text),
            doc: "destination URLs",
            get: |w, id| list(&rule(w, id).destination_urls, text)
        },
        Field {
            name: "fqdn_tags",
            ty: Ty::List(Item::Text),
            doc: "FQDN tags",
            get: |w, id| list(&rule(w, id).fqdn_tags, text)
        },
        Field {
            name: "unknown_fqdn_tags",
            ty: Ty::List(Item::Object(UNKNOWN_TAG)),
            doc: "FQDN tags that the platform table does not know",
            get: firewall_defects::unknown_fqdn_tags
        },
        Field {
            name: "web_categories",
            ty: Ty::List(Item::Text),
            doc: "web categories",
            get: |w, id| list(&rule(w, id).web_categories, text)
        },
    ),
};

pub(super) static NETWORK_RULE: KindSpec = KindSpec {
    kind: Kind::FirewallNetworkRule,
    name: "firewall-network-rule",
    is_subject: true,
    doc: "A network rule of an Azure Firewall or of a firewall policy.",
    fields: rule_fields!(),
};

pub(super) static NAT_RULE: KindSpec = KindSpec {
    kind: Kind::FirewallNatRule,
    name: "firewall-nat-rule",
    is_subject: true,
    doc: "A translation (DNAT) rule of an Azure Firewall or of a firewall policy.",
    fields: rule_fields!(
        Field {
            name: "translated_to",
            ty: Ty::TEXT,
            doc: "where packets are sent on to, with the port",
            get: translated_to
        },
        Field {
            name: "translated_fqdn",
            ty: Ty::TEXT,
            doc: "the name of where packets are sent on to, instead of an address",
            get: |w, id| field(&rule(w, id).translated_fqdn, text)
        },
        Field {
            name: "translated_address",
            ty: Ty::One(Item::Address),
            doc: "where packets are sent on to",
            get: |w, id| field(&rule(w, id).translated_address, |address| Data::Address(
                crate::model::address::AddressPrefix::Block((*address).into())
            ))
        },
        Field {
            name: "translated_port",
            ty: Ty::NUMBER,
            doc: "the port packets are sent on to",
            get: |w, id| field(&rule(w, id).translated_port, |port| Data::Number(
                i64::from(*port)
            ))
        },
    ),
};

fn firewall<'a>(world: &World<'a>, id: u32) -> &'a Firewall {
    &world.network[FirewallId(id)]
}

fn policy<'a>(world: &World<'a>, id: u32) -> &'a FirewallPolicy {
    &world.network[FirewallPolicyId(id)]
}

fn rule<'a>(world: &World<'a>, id: u32) -> &'a FirewallRule {
    &world.network[FirewallRuleId(id)]
}

/// Addresses and those of IP groups together; a group outside the files leaves the list open.
fn grouped(
    world: &World<'_>,
    own: &crate::model::List<crate::model::Field<crate::model::address::AddressPrefix>>,
    groups: &crate::model::List<crate::model::Field<crate::model::Link<crate::model::IpGroupId>>>,
) -> Datum {
    use crate::model::{Link, State};
    let mut all = own.clone();
    all.rest = all.rest.or_else(|| groups.rest.clone());
    for group in &groups.items {
        match &group.state {
            State::Known(Link::Here(group)) => {
                let inside = &world.network[*group].addresses;
                all.items.extend(inside.items.iter().cloned());
                all.rest = all.rest.or_else(|| inside.rest.clone());
            }
            State::Known(Link::External(key)) => {
                all.rest = all
                    .rest
                    .or_else(|| Some(super::outside(Arc::clone(&key.0))));
            }
            State::Unknown(unknown, _) => {
                all.rest = all.rest.or_else(|| Some(Arc::clone(unknown)));
            }
            _ => {}
        }
    }
    addresses(&all)
}
