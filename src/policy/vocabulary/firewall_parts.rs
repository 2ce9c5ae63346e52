//! IP groups, and the collections that the rules of firewalls come in.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::nsg::{ACCESSES, access};
use super::read::{addresses, elements, field, owner, text};
use super::{Field, Item, Kind, KindSpec, Ty, World};
use crate::model::firewall::{FirewallRule, FirewallRuleKind, FirewallRuleOwner, IpGroup};
use crate::model::{FirewallRuleId, IpGroupId, Meta, Network};
use crate::policy::datum::{Data, Datum};

pub(super) static IP_GROUP: KindSpec = KindSpec {
    kind: Kind::IpGroup,
    name: "ip-group",
    is_subject: true,
    doc: "A group of addresses for the rules of firewalls.",
    fields: &[Field::new(
        "addresses",
        Ty::List(Item::Address),
        "its addresses, blocks and ranges",
        |w, id| addresses(&group(w, id).addresses),
    )],
};

pub(super) static COLLECTION: KindSpec = KindSpec {
    kind: Kind::FirewallRuleCollection,
    name: "firewall-rule-collection",
    is_subject: true,
    doc: "A collection of rules of an Azure Firewall or of a firewall policy that holds a rule.",
    fields: &[
        Field::new("name", Ty::TEXT, "its name", |w, id| {
            field(&first(w, id).collection, text)
        }),
        Field::new(
            "pass",
            Ty::One(Item::Word(super::firewall::PASSES)),
            "`nat`, `network` or `application`",
            super::firewall::pass,
        ),
        Field::new("priority", Ty::NUMBER, "lowest first", |w, id| {
            field(&first(w, id).collection_priority, number)
        }),
        Field::new(
            "group_priority",
            Ty::NUMBER,
            "priority of its rule collection group, lowest first; null for classic rules",
            |w, id| field(&first(w, id).group_priority, number),
        ),
        Field::new(
            "action",
            Ty::One(Item::Word(ACCESSES)),
            "`Allow` or `Deny`",
            |w, id| field(&first(w, id).action, access),
        ),
        Field::new(
            "rules",
            Ty::List(Item::Element(Kind::FirewallRule)),
            "its rules in order",
            |w, id| {
                let rules = w.collections().rules(id).iter().copied();
                elements(w, Kind::FirewallRule, rules, None)
            },
        ),
        Field::new(
            "firewall",
            Ty::One(Item::Element(Kind::Firewall)),
            "the firewall that holds it as classic rules; null: none here does",
            firewall_of,
        ),
        Field::new(
            "policy",
            Ty::One(Item::Element(Kind::FirewallPolicy)),
            "the policy that holds it; null: none here does",
            policy_of,
        ),
    ],
};

/// The firewall that holds a rule.
pub(super) fn firewall_of(world: &World<'_>, rule: u32) -> Datum {
    let id = match first(world, rule).owner {
        Some(FirewallRuleOwner::Firewall(id)) => Some(id.0),
        _ => None,
    };
    owner(world, Kind::Firewall, id)
}

/// The policy that holds a rule.
pub(super) fn policy_of(world: &World<'_>, rule: u32) -> Datum {
    let id = match first(world, rule).owner {
        Some(FirewallRuleOwner::Policy(id)) => Some(id.0),
        _ => None,
    };
    owner(world, Kind::FirewallPolicy, id)
}

/// The collection of a rule.
pub(super) fn collection_of(world: &World<'_>, rule: u32) -> Datum {
    let first = world.collections().first_of.get(rule as usize).copied();
    owner(world, Kind::FirewallRuleCollection, first)
}

/// The collections of a network; each is known by the id of its first rule.
#[derive(Debug)]
pub(crate) struct Collections {
    rules: BTreeMap<u32, Vec<u32>>,
    metas: BTreeMap<u32, Meta>,
    /// By rule.
    first_of: Vec<u32>,
}

impl Collections {
    pub(super) fn new(network: &Network) -> Self {
        let mut first_by_name = BTreeMap::new();
        let mut all = Self {
            rules: BTreeMap::new(),
            metas: BTreeMap::new(),
            first_of: Vec::new(),
        };
        for (rule, id) in network.firewall_rules.iter().zip(0..) {
            // A name that is not known is that of the rule's own place alone.
            let name = match rule.collection.value() {
                Some(name) => Ok(Arc::clone(name)),
                None => Err(rule.collection.origin),
            };
            let group = rule.group.as_ref().map(|group| Arc::clone(&group.0));
            let kind: FirewallRuleKind = rule.kind;
            let first = *first_by_name
                .entry((rule.owner, group, kind, name))
                .or_insert(id);
            all.rules.entry(first).or_default().push(id);
            all.first_of.push(first);
            all.metas.entry(first).or_insert_with(|| Meta {
                name: rule.collection.clone(),
                ..rule.meta.clone()
            });
        }
        all
    }

    pub(super) fn firsts(&self) -> Vec<u32> {
        self.rules.keys().copied().collect()
    }

    pub(super) fn meta(&self, first: u32) -> Option<&Meta> {
        self.metas.get(&first)
    }

    fn rules(&self, first: u32) -> &[u32] {
        self.rules.get(&first).map_or(&[], Vec::as_slice)
    }
}

fn group<'a>(world: &World<'a>, id: u32) -> &'a IpGroup {
    &world.network[IpGroupId(id)]
}

fn first<'a>(world: &World<'a>, id: u32) -> &'a FirewallRule {
    &world.network[FirewallRuleId(id)]
}

fn number(number: &u32) -> Data {
    Data::Number(i64::from(*number))
}
