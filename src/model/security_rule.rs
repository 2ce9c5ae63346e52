//! Puts a security rule together from the places where its fields are written, and tells what Azure
//! refuses about it as a whole.

use std::sync::Arc;

use super::address::AddressPrefix;
use super::defect::{self, Start, defect};
use super::field::Node;
use super::nsg::{Defect, SecurityRule};
use super::parse;
use super::{AsgId, Field, Link, List, Meta};
use crate::origin::{OriginGraph, OriginId};

/// Where the fields of a rule are written.
pub(super) struct Draft<'a> {
    pub(super) meta: Meta,
    pub(super) priority: Node<'a>,
    pub(super) direction: Node<'a>,
    pub(super) access: Node<'a>,
    pub(super) protocol: Node<'a>,
    pub(super) description: Node<'a>,
    pub(super) source: Side<'a>,
    pub(super) destination: Side<'a>,
    pub(super) source_ports: Pair<'a>,
    pub(super) destination_ports: Pair<'a>,
    /// Whether this is Azure's own account of a rule that exists.
    pub(super) exported: bool,
    /// How the required fields are spelt: priority, direction, access, protocol.
    pub(super) spelling: [&'static str; 4],
    /// Where the fields came from.
    pub(super) origins: &'a OriginGraph,
}

/// A singular and a plural field for the same thing.
pub(super) struct Pair<'a> {
    pub(super) one: Node<'a>,
    pub(super) many: Node<'a>,
    /// How the two are spelt, for people.
    pub(super) spelling: &'static str,
    /// What the fields give, for people.
    pub(super) what: &'static str,
}

/// Source or destination.
pub(super) struct Side<'a> {
    pub(super) addresses: Pair<'a>,
    /// Links to application security groups.
    pub(super) groups: List<Field<AddressPrefix>>,
    /// How the field of the groups is spelt.
    pub(super) groups_spelling: &'static str,
}

impl<'a> Pair<'a> {
    /// Reads both fields of a rule; people are told the name of the singular one.
    pub(super) fn of(from: &Node<'a>, [one, many]: [&'static str; 2], what: &'static str) -> Self {
        Self {
            one: from.get(one),
            many: from.get(many),
            spelling: one,
            what,
        }
    }
}

impl<'a> Side<'a> {
    /// The addresses and the groups of one side of a rule.
    pub(super) fn new(
        addresses: Pair<'a>,
        groups: List<Field<Link<AsgId>>>,
        groups_spelling: &'static str,
    ) -> Self {
        let items = groups.items.into_iter();
        Self {
            addresses,
            groups: List {
                items: items.map(|link| link.map(AddressPrefix::Asg)).collect(),
                rest: groups.rest,
            },
            groups_spelling,
        }
    }
}

/// The first priority of Azure's own rules, which exports carry along.
const FIRST_DEFAULT_PRIORITY: i64 = 65_000;

/// What Azure calls its own rules; what each does is data (`rules/platform/default-rules.yaml`). A
/// rule of another name up there is somebody's mistake, and Azure refuses it.
const DEFAULT_NAMES: [&str; 6] = [
    "AllowVnetInBound",
    "AllowAzureLoadBalancerInBound",
    "DenyAllInBound",
    "AllowVnetOutBound",
    "AllowInternetOutBound",
    "DenyAllOutBound",
];

impl Draft<'_> {
    /// Whether this is one of Azure's default rules.
    pub(super) fn is_default(&self) -> bool {
        let priority = self.priority.field(|text| {
            text.trim()
                .parse::<i64>()
                .map_err(|_| String::from("not a number"))
        });
        let fits = |name: &Arc<str>| {
            DEFAULT_NAMES
                .iter()
                .any(|default| default.eq_ignore_ascii_case(name))
        };
        priority
            .value()
            .is_some_and(|priority| *priority >= FIRST_DEFAULT_PRIORITY)
            && self.meta.name.value().is_none_or(fits)
    }

    /// The rule.
    pub(super) fn assemble(mut self) -> SecurityRule {
        let mut defects = Vec::new();
        self.leave_empty_defaults_open();
        defect::name(&self.meta, Start::Word, &mut defects);
        description_defects(&self.description, &mut defects);
        let required = [
            &self.priority,
            &self.direction,
            &self.access,
            &self.protocol,
        ];
        for (node, spelling) in required.into_iter().zip(self.spelling) {
            if node.is_absent() {
                let why = format!("names no {spelling}");
                defects.push(defect(spelling, &why, node.origin()));
            }
        }
        any_defects(&self, &mut defects);
        block_defects(&self, &mut defects);
        let platform_managed = self.meta.name.value().is_some_and(|name| managed(name));
        SecurityRule {
            nsg: None,
            priority: self
                .priority
                .field(|text| parse::number_within(text, 100, 4096)),
            direction: self.direction.field(parse::direction),
            access: self.access.field(parse::access),
            protocol: self.protocol.field(parse::protocol),
            source: self.source.read(&mut defects),
            destination: self.destination.read(&mut defects),
            source_ports: self.source_ports.read(parse::ports, &mut defects),
            destination_ports: self.destination_ports.read(parse::ports, &mut defects),
            description: self.description.text(),
            platform_managed,
            apart: false,
            meta: self.meta,
            defects,
        }
    }

    /// A required field that is empty only because nobody has set the variable yet is not known:
    /// whoever deploys must set it.
    fn leave_empty_defaults_open(&mut self) {
        let origins = self.origins;
        let open = |node: &mut Node<'_>| {
            if let Some(unknown) = node.empty_by_default(origins) {
                *node = node.as_unknown(unknown);
            }
        };
        open(&mut self.priority);
        open(&mut self.direction);
        open(&mut self.access);
        open(&mut self.protocol);
        for side in [&mut self.source, &mut self.destination] {
            if side.groups.is_certainly_empty() && side.addresses.is_absent() {
                open(&mut side.addresses.one);
                open(&mut side.addresses.many);
            }
        }
        for ports in [&mut self.source_ports, &mut self.destination_ports] {
            if ports.is_absent() {
                open(&mut ports.one);
                open(&mut ports.many);
            }
        }
    }
}

impl Pair<'_> {
    fn is_absent(&self) -> bool {
        self.one.is_absent() && self.many.is_absent()
    }

    /// That neither of the two is given, where one of them is written and empty or else the rule
    /// begins.
    fn missing(&self) -> Defect {
        let shown = [&self.one, &self.many]
            .into_iter()
            .find(|node| node.value().is_some());
        let origin = shown.unwrap_or(&self.one).origin();
        defect(self.spelling, &format!("names no {}", self.what), origin)
    }

    fn merge<T>(
        &self,
        read: impl Fn(&str) -> parse::Parsed<T>,
    ) -> (Option<Field<T>>, List<Field<T>>) {
        let one = (!self.one.is_absent()).then(|| self.one.field(&read));
        (one, self.many.list_of(read))
    }

    fn read<T>(
        &self,
        read: impl Fn(&str) -> parse::Parsed<T>,
        defects: &mut Vec<Defect>,
    ) -> List<Field<T>> {
        let (one, mut all) = self.merge(read);
        if self.one.is_written() && self.many.is_written() {
            let why = "gives one value and a list, of which Azure takes only one";
            defects.push(defect(self.spelling, why, self.many.origin()));
        }
        all.items.splice(0..0, one);
        if all.is_certainly_empty() {
            defects.push(self.missing());
        }
        all
    }
}

impl Side<'_> {
    fn read(self, defects: &mut Vec<Defect>) -> List<Field<AddressPrefix>> {
        let pair = &self.addresses;
        let (one, mut all) = pair.merge(parse::security_prefix);
        if pair.one.is_written() && pair.many.is_written() {
            let why = "gives one value and a list, of which Azure takes only one";
            defects.push(defect(pair.spelling, why, pair.many.origin()));
        }
        for item in &all.items {
            let why = match item.value() {
                Some(AddressPrefix::Tag(tag)) => format!(
                    "holds the service tag {} in a list; a tag goes alone into the singular field",
                    tag.name()
                ),
                Some(AddressPrefix::Any) => {
                    "holds * in a list; it goes alone into the singular field".into()
                }
                _ => continue,
            };
            defects.push(defect(pair.spelling, &why, item.origin));
        }
        all.items.splice(0..0, one);
        if self.groups.items.len() > MAX_GROUPS {
            let count = self.groups.items.len();
            let why =
                format!("names {count} application security groups, {MAX_GROUPS} are allowed");
            let last = self.groups.items.last();
            let origin = last.map_or(OriginId::NONE, |group| group.origin);
            defects.push(defect(self.groups_spelling, &why, origin));
        }
        if let Some(origin) = mixed_families(&all.items) {
            let why = "mixes IPv4 and IPv6; one side of a rule takes one family";
            defects.push(defect(pair.spelling, why, origin));
        }
        let addresses_written = pair.one.is_written() || pair.many.is_written();
        if let (true, Some(group)) = (addresses_written, self.groups.items.first()) {
            let why =
                "gives application security groups beside addresses, of which Azure takes only one";
            defects.push(defect(self.groups_spelling, why, group.origin));
        }
        all.items.extend(self.groups.items);
        all.rest = all.rest.or(self.groups.rest);
        if all.is_certainly_empty() {
            defects.push(pair.missing());
        }
        all
    }
}

/// Where the second family begins.
fn mixed_families(items: &[Field<AddressPrefix>]) -> Option<OriginId> {
    let mut first = None;
    for item in items {
        let Some(AddressPrefix::Block(net)) = item.value() else {
            continue;
        };
        let is_v4 = net.addr().is_ipv4();
        if *first.get_or_insert(is_v4) != is_v4 {
            return Some(item.origin);
        }
    }
    None
}

/// `Any` is how the portal shows `*`; templates and configurations must write the star.
fn any_defects(draft: &Draft<'_>, defects: &mut Vec<Defect>) {
    let places = [
        (draft.spelling[3], &draft.protocol),
        (draft.source.addresses.spelling, &draft.source.addresses.one),
        (
            draft.destination.addresses.spelling,
            &draft.destination.addresses.one,
        ),
    ];
    for (spelling, node) in places {
        let text = node.text();
        if !draft.exported
            && text
                .value()
                .is_some_and(|text| text.trim().eq_ignore_ascii_case("any"))
        {
            let why = "says `Any`, a word of the portal; Azure takes `*`";
            defects.push(defect::reported(spelling, why, node.origin()));
        }
    }
}

/// A block is written with its first address.
fn block_defects(draft: &Draft<'_>, defects: &mut Vec<Defect>) {
    if draft.exported {
        return;
    }
    for side in [&draft.source, &draft.destination] {
        let pair = &side.addresses;
        defect::blocks(pair.spelling, &[&pair.many, &pair.one], defects);
    }
}

fn description_defects(description: &Node<'_>, defects: &mut Vec<Defect>) {
    let text = description.text();
    if let Some(text) = text.value()
        && text.chars().count() > MAX_DESCRIPTION
    {
        let why = format!("has {} characters, 140 are allowed", text.chars().count());
        defects.push(defect("description", &why, description.origin()));
    }
}

/// Rules that services keep in a group themselves.
fn managed(name: &str) -> bool {
    name.contains("_UseOnly_") || name.starts_with("k8s-azure-lb_")
}

const MAX_DESCRIPTION: usize = 140;
const MAX_GROUPS: usize = 10;
