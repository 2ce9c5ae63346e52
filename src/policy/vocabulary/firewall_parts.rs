//! IP groups, and the collections and groups that the rules of firewalls come in.

use super::firewall_defects;
use super::nsg::{ACCESSES, DEFECT, access};
use super::read::{addresses, elements, field, link, owner};
use super::{Field, Item, Kind, KindSpec, Ty, World};
use crate::eval::value::Truth;
use crate::model::firewall::{FirewallRuleCollection, FirewallRuleGroup, FirewallRuleOwner};
use crate::model::{
    FirewallRuleCollectionId, FirewallRuleGroupId, FirewallRuleId, IpGroupId, Link, Meta,
};
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
        |w, id| addresses(&w.network[IpGroupId(id)].addresses),
    )],
};

pub(super) static COLLECTION: KindSpec = KindSpec {
    kind: Kind::FirewallRuleCollection,
    name: "firewall-rule-collection",
    is_subject: true,
    doc: "A collection of rules of an Azure Firewall or of a firewall policy.",
    fields: &[
        Field::new(
            "pass",
            Ty::One(Item::Word(super::firewall::PASSES)),
            "`nat`, `network` or `application`; null: it has no rule",
            |w, id| match collection(w, id).kind {
                Some(kind) => Datum::text(super::firewall::pass_word(kind)),
                None => Datum::constant(Data::Absent),
            },
        ),
        Field::new("priority", Ty::NUMBER, "lowest first", |w, id| {
            field(&collection(w, id).priority, number)
        }),
        Field::new(
            "group_priority",
            Ty::NUMBER,
            "priority of its rule collection group, lowest first; null for classic rules",
            |w, id| match collection(w, id).group {
                Some(group) => field(&w.network[group].priority, number),
                None => Datum::constant(Data::Absent),
            },
        ),
        Field::new(
            "action",
            Ty::One(Item::Word(ACCESSES)),
            "`Allow` or `Deny`",
            |w, id| field(&collection(w, id).action, access),
        ),
        Field::new(
            "rules",
            Ty::List(Item::Element(Kind::FirewallRule)),
            "its rules in order",
            |w, id| {
                let rules = &collection(w, id).rules;
                let ids = rules.items.iter().map(|rule| rule.0);
                elements(w, Kind::FirewallRule, ids, rules.rest.clone())
            },
        ),
        Field::new(
            "group",
            Ty::One(Item::Element(Kind::FirewallRuleGroup)),
            "its rule collection group; null for classic rules",
            |w, id| {
                let group = collection(w, id).group.map(|id| id.0);
                owner(w, Kind::FirewallRuleGroup, group)
            },
        ),
        Field::new(
            "firewall",
            Ty::One(Item::Element(Kind::Firewall)),
            "the firewall that holds it as classic rules; null: none here does",
            |w, id| held_by_firewall(w, collection(w, id).owner),
        ),
        Field::new(
            "policy",
            Ty::One(Item::Element(Kind::FirewallPolicy)),
            "the policy that holds it; null: none here does",
            |w, id| held_by_policy(w, collection(w, id).owner),
        ),
        Field::new(
            "same_priority",
            Ty::List(Item::Element(Kind::FirewallRuleCollection)),
            "the collections before it that are asked in one pass with it at the same priority",
            collections_of_same_priority,
        ),
        Field::new(
            "defects",
            Ty::List(Item::Object(DEFECT)),
            "what Azure refuses about it, apart from its rules",
            |w, id| {
                let it = collection(w, id);
                firewall_defects::of_parts(w, &it.meta, &it.priority, Some(&it.action))
            },
        ),
    ],
};

pub(super) static GROUP: KindSpec = KindSpec {
    kind: Kind::FirewallRuleGroup,
    name: "firewall-rule-collection-group",
    is_subject: true,
    doc: "A group of rule collections of a firewall policy.",
    fields: &[
        Field::new("priority", Ty::NUMBER, "lowest first", |w, id| {
            field(&group(w, id).priority, number)
        }),
        Field::new(
            "policy",
            Ty::One(Item::Element(Kind::FirewallPolicy)),
            "the policy that holds it",
            |w, id| link(w, &group(w, id).policy, Kind::FirewallPolicy, |id| id.0),
        ),
        Field::new(
            "collections",
            Ty::List(Item::Element(Kind::FirewallRuleCollection)),
            "its collections, as written",
            |w, id| {
                let all = &group(w, id).collections;
                let ids = all.items.iter().map(|one| one.0);
                elements(w, Kind::FirewallRuleCollection, ids, all.rest.clone())
            },
        ),
        Field::new(
            "same_priority",
            Ty::List(Item::Element(Kind::FirewallRuleGroup)),
            "the groups of its policy before it that have the same priority",
            groups_of_same_priority,
        ),
        Field::new(
            "defects",
            Ty::List(Item::Object(DEFECT)),
            "what Azure refuses about it, apart from its collections",
            |w, id| {
                let it = group(w, id);
                firewall_defects::of_parts(w, &it.meta, &it.priority, None)
            },
        ),
    ],
};

/// The firewall that holds a rule.
pub(super) fn firewall_of(world: &World<'_>, rule: u32) -> Datum {
    held_by_firewall(world, world.network[FirewallRuleId(rule)].owner)
}

/// The policy that holds a rule.
pub(super) fn policy_of(world: &World<'_>, rule: u32) -> Datum {
    held_by_policy(world, world.network[FirewallRuleId(rule)].owner)
}

/// The collection of a rule.
pub(super) fn collection_of(world: &World<'_>, rule: u32) -> Datum {
    let parent = world.network[FirewallRuleId(rule)].parent.map(|id| id.0);
    owner(world, Kind::FirewallRuleCollection, parent)
}

fn held_by_firewall(world: &World<'_>, of: Option<FirewallRuleOwner>) -> Datum {
    let id = match of {
        Some(FirewallRuleOwner::Firewall(id)) => Some(id.0),
        _ => None,
    };
    owner(world, Kind::Firewall, id)
}

fn held_by_policy(world: &World<'_>, of: Option<FirewallRuleOwner>) -> Datum {
    let id = match of {
        Some(FirewallRuleOwner::Policy(id)) => Some(id.0),
        _ => None,
    };
    owner(world, Kind::FirewallPolicy, id)
}

fn collections_of_same_priority(world: &World<'_>, id: u32) -> Datum {
    let this = collection(world, id);
    let (Some(priority), Some(_), Some(_)) = (this.priority.value(), this.owner, this.kind) else {
        return Datum::list(Vec::new(), None);
    };
    let neighbours: Vec<FirewallRuleCollectionId> = match this.group {
        Some(group) => world.network[group].collections.items.clone(),
        None => FirewallRuleCollectionId::all(world.network).collect(),
    };
    let before = neighbours.into_iter().take_while(|other| other.0 != id);
    let same = before.filter(|other| {
        let other = &world.network[*other];
        other.priority.value() == Some(priority)
            && (other.owner, other.group, other.kind) == (this.owner, this.group, this.kind)
            && are_two(&this.meta, &other.meta)
    });
    let ids: Vec<u32> = same.map(|other| other.0).collect();
    elements(world, Kind::FirewallRuleCollection, ids, None)
}

fn groups_of_same_priority(world: &World<'_>, id: u32) -> Datum {
    let this = group(world, id);
    let policy = this.policy.value().and_then(Link::here);
    let (Some(priority), Some(policy)) = (this.priority.value(), policy) else {
        return Datum::list(Vec::new(), None);
    };
    let before = FirewallRuleGroupId::all(world.network).take_while(|other| other.0 != id);
    let same = before.filter(|other| {
        let other = &world.network[*other];
        other.priority.value() == Some(priority)
            && other.policy.value().and_then(Link::here) == Some(policy)
            && are_two(&this.meta, &other.meta)
    });
    let ids: Vec<u32> = same.map(|other| other.0).collect();
    elements(world, Kind::FirewallRuleGroup, ids, None)
}

/// Whether both exist for certain, under different names: one that is written twice is one.
fn are_two(one: &Meta, other: &Meta) -> bool {
    let certain = |meta: &Meta| meta.existence.truth == Truth::True && !meta.template;
    let name = |meta: &Meta| meta.name.value().map(|name| name.to_ascii_lowercase());
    certain(one) && certain(other) && name(one).is_some() && name(one) != name(other)
}

fn collection<'a>(world: &World<'a>, id: u32) -> &'a FirewallRuleCollection {
    &world.network[FirewallRuleCollectionId(id)]
}

fn group<'a>(world: &World<'a>, id: u32) -> &'a FirewallRuleGroup {
    &world.network[FirewallRuleGroupId(id)]
}

fn number(number: &u32) -> Data {
    Data::Number(i64::from(*number))
}
