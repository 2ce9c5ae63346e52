//! What Azure refuses about firewalls, their policies and rules.

use std::sync::Arc;

use super::nsg::unknown_of;
use super::read::object;
use super::{Member, Ty, World};
use crate::eval::value::{Truth, Unknown};
use crate::model::address::{AddressPrefix, PortRange};
use crate::model::firewall::{
    Firewall, FirewallPolicy, FirewallRule, FirewallRuleKind, FirewallRuleOwner,
};
use crate::model::nsg::Access;
use crate::model::platform::FqdnTagRow;
use crate::model::{self, FirewallRuleId, List, Meta, State};
use crate::origin::OriginId;
use crate::policy::datum::{self, Data, Datum};

/// A host name where an address belongs.
pub(super) const HOST_NAME: &[Member] = &[
    ("text", Ty::TEXT, "the name"),
    ("field", Ty::TEXT, "the field"),
    (
        "blanks",
        Ty::TEXT,
        "the blanks around it, for people; null: there are none",
    ),
];

/// A tag that the platform table does not know.
pub(super) const UNKNOWN_TAG: &[Member] = &[
    ("text", Ty::TEXT, "the tag as written"),
    (
        "nearest",
        Ty::TEXT,
        "the known tag it resembles; null: none",
    ),
];

/// What Azure refuses about a rule, but for host names among its addresses.
pub(super) fn of_rule(world: &World<'_>, id: u32) -> Datum {
    let rule = &world.network[FirewallRuleId(id)];
    let mut found = Found::default();
    found.list("sourceAddresses", &rule.source);
    found.list("destinationAddresses", &rule.destination);
    found.list("protocols", &rule.protocols);
    found.list("destinationPorts", &rule.destination_ports);
    found.field("translatedAddress", &rule.translated_address);
    found.field("translatedPort", &rule.translated_port);
    for defect in &rule.defects {
        found.add(&defect.field, &defect.why, defect.origin);
    }
    for (side, list) in [
        ("sourceAddresses", &rule.source),
        ("destinationAddresses", &rule.destination),
    ] {
        for item in &list.items {
            if let Some(AddressPrefix::Tag(tag)) = item.value()
                && is_placeholder(tag.name())
            {
                let why = format!("`{}` is not an IP address", tag.name());
                found.add(side, &why, item.origin);
            }
        }
    }
    families(world, rule, &mut found);
    names(rule, &mut found);
    ports_of_translation(world, rule, &mut found);
    if rule.kind == FirewallRuleKind::Application
        && rule.protocols.is_certainly_empty()
        && !rule.fqdn_tags.items.is_empty()
    {
        let why = "names FQDN tags and no protocol, which Azure Firewall asks for even so";
        found.add("protocols", why, rule.meta.origin);
    }
    found.datum()
}

/// What Azure refuses about the name, priority and action of a collection or a group.
pub(super) fn of_parts(
    world: &World<'_>,
    meta: &Meta,
    priority: &model::Field<u32>,
    action: Option<&model::Field<Access>>,
) -> Datum {
    let mut found = Found::default();
    found.field("priority", priority);
    found.action(action);
    name(world, meta, "firewall-collection-name-length", &mut found);
    found.datum()
}

/// What Azure refuses about a firewall itself.
pub(super) fn of_firewall(world: &World<'_>, firewall: &Firewall) -> Datum {
    let mut found = Found::default();
    let settings = &firewall.settings;
    found.field("threatIntelMode", &settings.threat_intelligence);
    found.list("dnsServers", &settings.dns_servers);
    found.list("privateRanges", &settings.private_ranges);
    let limit = limit(world, "firewall-name-length");
    if let (Some(name), Some(limit)) = (firewall.meta.name.value(), limit)
        && name.chars().count() > limit
    {
        let why = format!("is longer than {limit} characters");
        found.add("name", &why, firewall.meta.name.origin);
    }
    found.datum()
}

/// What Azure refuses about a policy itself.
pub(super) fn of_policy(_: &World<'_>, policy: &FirewallPolicy) -> Datum {
    let mut found = Found::default();
    let settings = &policy.settings;
    found.field("threatIntelMode", &settings.threat_intelligence);
    found.list("dnsSettings.servers", &settings.dns_servers);
    found.list("snat.privateRanges", &settings.private_ranges);
    found.datum()
}

/// Host names among the addresses of a rule. They look like service tags, which are written with
/// capitals and of which the first part is known.
pub(super) fn host_names(world: &World<'_>, id: u32) -> Datum {
    let rule = &world.network[FirewallRuleId(id)];
    let sides = [
        ("sourceAddresses", &rule.source),
        ("destinationAddresses", &rule.destination),
    ];
    let mut items = Vec::new();
    for (side, list) in sides {
        for item in &list.items {
            let name: Arc<str> = match &item.state {
                State::Known(AddressPrefix::Tag(tag)) if is_host_name(world, tag.name()) => {
                    tag.name().into()
                }
                State::Invalid { raw, .. } if is_pattern(raw.trim()) => raw.trim().into(),
                _ => continue,
            };
            let padded = rule.padded.iter().find(|text| text.origin == item.origin);
            let blanks = match padded.and_then(|text| blanks_of(&text.text)) {
                Some(blanks) => Datum::text(blanks),
                None => Datum::constant(Data::Absent),
            };
            let entry = object([
                ("text", Datum::text(name)),
                ("field", Datum::text(side)),
                ("blanks", blanks),
            ]);
            items.push(datum::Item::certain(Datum::new(entry.data, item.origin)));
        }
    }
    Datum::list(items, None)
}

/// Service tags among the destinations of a rule that the platform table does not know.
pub(super) fn unknown_tags(world: &World<'_>, id: u32) -> Datum {
    let rule = &world.network[FirewallRuleId(id)];
    // Names and addresses still to be written are told as such; the families of tags are named alike
    // in both passes.
    let family = |row: &FqdnTagRow, name: &str| row.name.ends_with('*') && fits(&row.name, name);
    let tags = rule.destination.items.iter().filter_map(|item| {
        let Some(AddressPrefix::Tag(tag)) = item.value() else {
            return None;
        };
        let name = tag.name();
        let told = is_host_name(world, name)
            || is_placeholder(name)
            || world.facts.fqdn_tags.iter().any(|row| family(row, name));
        (!told).then_some((tag, item.origin))
    });
    unknown_of(world, tags)
}

/// Service tags among the destinations of a rule that Azure Firewall does not take.
pub(super) fn refused_tags(world: &World<'_>, id: u32) -> Datum {
    let rule = &world.network[FirewallRuleId(id)];
    let mut items = Vec::new();
    for item in &rule.destination.items {
        let Some(AddressPrefix::Tag(tag)) = item.value() else {
            continue;
        };
        if world
            .facts
            .tag(tag.name())
            .is_some_and(|row| row.not_in_firewalls)
        {
            let name = Datum::text(world.facts.spelling_of_tag(tag.name()));
            items.push(datum::Item::certain(Datum::new(name.data, item.origin)));
        }
    }
    Datum::list(items, None)
}

/// FQDN tags of a rule that the platform table does not know.
pub(super) fn unknown_fqdn_tags(world: &World<'_>, id: u32) -> Datum {
    let rule = &world.network[FirewallRuleId(id)];
    let rows = &world.facts.fqdn_tags;
    let mut items = Vec::new();
    for item in &rule.fqdn_tags.items {
        let Some(text) = item.value() else { continue };
        if rows.iter().any(|row| fits(&row.name, text)) {
            continue;
        }
        let wanted = text.to_ascii_lowercase();
        let scored = rows.iter().map(|row| {
            let name = row.name.to_ascii_lowercase();
            (strsim::jaro_winkler(&wanted, &name), &row.name)
        });
        let nearest = scored
            .filter(|(score, _)| *score > 0.85)
            .max_by(|one, other| one.0.total_cmp(&other.0));
        let entry = object([
            ("text", Datum::text(Arc::clone(text))),
            (
                "nearest",
                match nearest {
                    Some((_, name)) => Datum::text(Arc::clone(name)),
                    None => Datum::constant(Data::Absent),
                },
            ),
        ]);
        items.push(datum::Item::certain(Datum::new(entry.data, item.origin)));
    }
    Datum::list(items, None)
}

/// Whether a tag is that of a row, or one of a family of tags.
fn fits(row: &str, tag: &str) -> bool {
    match row.strip_suffix('*') {
        Some(start) => tag
            .get(..start.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(start)),
        None => tag.eq_ignore_ascii_case(row),
    }
}

/// What was found, in the order in which it was.
#[derive(Default)]
struct Found {
    items: Vec<datum::Item>,
}

impl Found {
    fn add(&mut self, field: &str, why: &str, origin: OriginId) {
        self.perhaps(field, why, origin, Truth::True, None);
    }

    fn perhaps(
        &mut self,
        field: &str,
        why: &str,
        origin: OriginId,
        present: Truth,
        because: Option<Arc<Unknown>>,
    ) {
        let entry = object([
            ("field", Datum::text(field)),
            ("why", Datum::text(why)),
            ("documented", Datum::constant(Data::Bool(true))),
        ]);
        self.items.push(datum::Item {
            datum: Datum::new(entry.data, origin),
            present,
            because,
        });
    }

    fn field<T>(&mut self, name: &str, field: &model::Field<T>) {
        if let State::Invalid { why, .. } = &field.state {
            self.add(name, why, field.origin);
        }
    }

    /// Collections of translation rules that hold none yet say so by their action.
    fn action(&mut self, action: Option<&model::Field<Access>>) {
        let Some(action) = action else { return };
        let translates = |raw: &str| {
            let words = ["Dnat", "Snat"];
            words.iter().any(|word| raw.eq_ignore_ascii_case(word))
        };
        if !matches!(&action.state, State::Invalid { raw, .. } if translates(raw)) {
            self.field("action", action);
        }
    }

    fn list<T>(&mut self, name: &str, list: &List<model::Field<T>>) {
        for item in &list.items {
            let pattern =
                matches!(&item.state, State::Invalid { raw, .. } if is_pattern(raw.trim()));
            // Names among addresses are told as such.
            if !(pattern && name.ends_with("Addresses")) {
                self.field(name, item);
            }
        }
    }

    fn datum(self) -> Datum {
        Datum::list(self.items, None)
    }
}

/// IPv6 is taken in network rules of policies alone, by firewalls of both families.
fn families(world: &World<'_>, rule: &FirewallRule, found: &mut Found) {
    for (name, list) in [
        ("sourceAddresses", &rule.source),
        ("destinationAddresses", &rule.destination),
    ] {
        for item in &list.items {
            let text = match item.value() {
                Some(AddressPrefix::Block(block)) if block.addr().is_ipv6() => block.to_string(),
                Some(AddressPrefix::Range(first, last)) if first.is_ipv6() => {
                    format!("{first}-{last}")
                }
                _ => continue,
            };
            match (rule.kind, rule.owner) {
                (FirewallRuleKind::Network, Some(FirewallRuleOwner::Policy(_)) | None) => {
                    let carried = world.semantics.carries_ipv6(rule.owner);
                    let why = format!("`{text}` is IPv6, and the firewall has IPv4 alone");
                    found.perhaps(name, &why, item.origin, !carried.truth, carried.because);
                }
                (FirewallRuleKind::Network, _) => {
                    let why = format!("`{text}` is IPv6, which classic rules do not take");
                    found.add(name, &why, item.origin);
                }
                _ => {
                    let why = format!(
                        "`{text}` is IPv6, which Azure Firewall takes in network rules only"
                    );
                    found.add(name, &why, item.origin);
                }
            }
        }
    }
}

/// A name holds no scheme, path, port or blank.
fn names(rule: &FirewallRule, found: &mut Found) {
    let field = match rule.kind {
        FirewallRuleKind::Application => "targetFqdns",
        FirewallRuleKind::Nat | FirewallRuleKind::Network => "destinationFqdns",
    };
    for item in &rule.destination_fqdns.items {
        let Some(text) = item.value() else { continue };
        let name = text.trim();
        let why = if name.contains("://") || name.contains('/') {
            format!("`{name}` is a URL; a host name belongs here")
        } else if name.contains(':') {
            format!("`{name}` holds a port; a host name belongs here")
        } else if name.contains(char::is_whitespace) {
            format!("`{name}` holds blanks; one host name belongs here")
        } else if let Some(blanks) = blanks_of(text) {
            format!("`{name}` has {blanks}, and no host name has blanks")
        } else {
            continue;
        };
        found.add(field, &why, item.origin);
    }
}

/// Translation rules take fewer ports than the others.
fn ports_of_translation(world: &World<'_>, rule: &FirewallRule, found: &mut Found) {
    if rule.kind != FirewallRuleKind::Nat {
        return;
    }
    let Some(limit) = limit(world, "firewall-nat-port-highest") else {
        return;
    };
    let beyond = |port: u16| usize::from(port) > limit;
    for item in &rule.destination_ports.items {
        if let Some(range) = item.value()
            && *range != PortRange::ALL
            && beyond(range.last)
        {
            let text = datum::display_ports(*range);
            let why = format!("`{text}` goes beyond {limit}, the highest port of DNAT rules");
            found.add("destinationPorts", &why, item.origin);
        }
    }
    if let Some(port) = rule.translated_port.value()
        && beyond(*port)
    {
        let why = format!("`{port}` is beyond {limit}, the highest port of DNAT rules");
        found.add("translatedPort", &why, rule.translated_port.origin);
    }
}

/// Names of collections and groups: letters, digits, `_`, `.`, `-`; no sign at either end.
fn name(world: &World<'_>, meta: &Meta, length: &str, found: &mut Found) {
    let Some(name) = meta.name.value() else {
        return;
    };
    // A child resource may be named with its parents.
    let own = name.rsplit('/').next().unwrap_or(name);
    let count = own.chars().count();
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let why = if limit(world, length).is_some_and(|limit| count > limit) {
        format!("`{own}` is {count} characters long")
    } else if let Some(other) = own.chars().find(|c| !word(*c) && !matches!(c, '.' | '-')) {
        match other {
            ' ' => format!("`{own}` holds a blank"),
            other => format!("`{own}` holds `{other}`"),
        }
    } else if own.starts_with(|c: char| !c.is_alphanumeric()) {
        format!("`{own}` does not begin with a letter or a digit")
    } else if !own.ends_with(word) {
        format!("`{own}` does not end with a letter, a digit or `_`")
    } else {
        return;
    };
    found.add("name", &why, meta.name.origin);
}

fn is_host_name(world: &World<'_>, text: &str) -> bool {
    let Some((first, _)) = text.split_once('.') else {
        return false;
    };
    let known = world.facts.tags.iter().any(|row| {
        let name = row.name.split('.').next().unwrap_or(&row.name);
        name.eq_ignore_ascii_case(first)
    });
    !known && !text.contains(char::is_uppercase) && !is_placeholder(text)
}

/// `xx.xx.xx.xx`, where an address is still to be written.
fn is_placeholder(text: &str) -> bool {
    text.split('.').count() == 4 && text.split('.').all(|part| part.len() <= 3)
}

/// A name with a wildcard or a scheme in front.
fn is_pattern(text: &str) -> bool {
    let name = text
        .strip_prefix("*.")
        .or_else(|| text.split_once("://").map(|(_, name)| name));
    name.is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// The blanks around a text, for people.
fn blanks_of(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let words = |blanks: &str| match blanks {
        "\t" => "a TAB",
        "\n" | "\r\n" => "a line break",
        "\u{a0}" => "a no-break space",
        _ if blanks.chars().count() == 1 => "a blank",
        _ => "blanks",
    };
    let start = text.len() - text.trim_start().len();
    let before = text.get(..start).filter(|blanks| !blanks.is_empty());
    let after = text.get(start + trimmed.len()..);
    let after = after.filter(|blanks| !blanks.is_empty());
    match (before, after) {
        (Some(before), Some(after)) => Some(format!(
            "{} before and {} after it",
            words(before),
            words(after)
        )),
        (Some(before), None) => Some(format!("{} before it", words(before))),
        (None, Some(after)) => Some(format!("{} after it", words(after))),
        (None, None) => None,
    }
}

fn limit(world: &World<'_>, name: &str) -> Option<usize> {
    let row = world.facts.limits.iter().find(|row| &*row.name == name)?;
    usize::try_from(row.value).ok()
}
