//! Names in firewall rules, as atoms on the destination.
//!
//! In a network rule a name stands for the addresses it resolves to. In an application rule it is
//! what a connection asks for, whatever the address: the two are different atoms.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Semantics;
use super::fields::Ground;
use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::address::Protocol;
use crate::model::firewall::FirewallRule;
use crate::model::platform::{Cloud, KmsRow};
use crate::model::{Field, List, State};
use crate::semantics::matching::{Fields, Matched};
use crate::semantics::packet::atoms::{Atom, Dimension, Predicate, Size};
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::packet::{Answer, Family, protocol_code};
use crate::semantics::place::Place;

const DESTINATION: Dimension = Dimension::Destination;

/// More names of rules than this are not held against a host.
const MAX_NAMES: usize = 64;

impl Semantics<'_> {
    /// What the names of a network rule stand for. The activation servers' names stand for their
    /// addresses while the firewall answers DNS; of others nothing is known. While it does not, and
    /// with a wildcard, a name cannot work.
    pub(super) fn add_network_names(
        &self,
        matched: &mut Matched,
        rule: &FirewallRule,
        ground: &Ground<'_>,
    ) {
        let family = ground.place.family;
        let everything = family.addresses();
        let names = &rule.destination_fqdns;
        let known: Vec<String> = names
            .items
            .iter()
            .filter_map(Field::value)
            .map(folded)
            .collect();
        let rows = self.facts.kms.iter().filter(|row| row.cloud == self.cloud);
        for row in rows {
            let named = |name: &Arc<str>| known.contains(&name.to_ascii_lowercase());
            let addresses = row
                .current
                .iter()
                .filter_map(|address| family.range(*address, *address))
                .fold(IntervalSet::empty(), |all, one| all.union(&one));
            if stands_for_all(row, &known) && ground.proxy == Truth::True {
                matched.add(&addresses);
            } else if let Some(name) = row.fqdns.iter().find(|name| named(name)) {
                matched.add_loose(&everything);
                matched.add_unknown(&resolution(name));
            }
        }
        for item in &names.items {
            match &item.state {
                State::Absent => {}
                State::Known(name) => {
                    let name = folded(name);
                    let mut servers = self.facts.kms.iter();
                    let is_server = |own: &Arc<str>| own.eq_ignore_ascii_case(&name);
                    if servers.any(|row| row.fqdns.iter().any(is_server)) {
                        continue;
                    }
                    if name.contains('*') || ground.proxy != Truth::True {
                        matched.add_loose(&everything);
                        matched.add_unknown(&resolution(&name));
                        continue;
                    }
                    let predicate = Predicate::Name(name);
                    let empty = IntervalSet::empty();
                    let outer = everything.clone();
                    matched.add_atom(Atom::new(DESTINATION, &predicate, empty, outer));
                }
                State::Unknown(unknown, _) => {
                    matched.add_loose(&everything);
                    matched.add_unknown(unknown);
                }
                State::Invalid { .. } => matched.add_loose(&everything),
            }
        }
        if let Some(rest) = &names.rest {
            matched.add_loose(&everything);
            matched.add_unknown(rest);
        }
    }

    /// What connections an application rule is for, by the names, tags, categories and URLs it
    /// writes. Tells whether it writes any.
    pub(super) fn add_requests(
        &self,
        matched: &mut Matched,
        rule: &FirewallRule,
        ground: &Ground<'_>,
    ) -> bool {
        let family = ground.place.family;
        type Kind = fn(&str) -> Request;
        let lists: [(&List<Field<Arc<str>>>, Kind); 4] = [
            (&rule.destination_fqdns, Request::fqdn),
            (&rule.destination_urls, Request::url),
            (&rule.fqdn_tags, Request::tag),
            (&rule.web_categories, Request::category),
        ];
        let everything = family.addresses();
        let mut any = false;
        for (list, kind) in lists {
            any |= !list.is_certainly_empty();
            for item in &list.items {
                match &item.state {
                    State::Absent => {}
                    State::Known(text) => match kind(text.trim()) {
                        Request::Everything => matched.add(&everything),
                        Request::Some { what, within } => {
                            matched.add_atom(request(what, &within, family));
                        }
                    },
                    State::Unknown(unknown, _) => {
                        matched.add_loose(&everything);
                        matched.add_unknown(unknown);
                    }
                    State::Invalid { .. } => matched.add_loose(&everything),
                }
            }
            if let Some(rest) = &list.rest {
                matched.add_loose(&everything);
                matched.add_unknown(rest);
            }
        }
        if !any {
            matched.add_loose(&everything);
        }
        any
    }

    /// The connections that ask for a host: what the rules of these files say of names is true or
    /// false of them where it is documented which.
    pub(crate) fn requests_for(&self, host: &str, family: Family) -> Answer {
        let host = fold(host);
        let holders: Vec<String> = wider(&host).iter().map(|it| asked(it)).collect();
        let mut matched = Matched::none(DESTINATION);
        matched.add_atom(request(asked(&host), &holders, family));
        let whole = |destination| {
            Fields {
                source: Matched::any(Dimension::Source, family),
                destination,
                protocol: Matched::any(Dimension::Protocol, family),
                source_ports: Matched::any(Dimension::SourcePort, family),
                destination_ports: Matched::any(Dimension::DestinationPort, family),
            }
            .answer(family)
        };
        let mut flows = whole(matched);
        let rules = self.network.firewall_rules.iter();
        let written = rules.flat_map(|rule| &rule.destination_fqdns.items);
        let others: BTreeSet<String> = written
            .filter_map(Field::value)
            .map(folded)
            .filter(|name| is_another(&host, name))
            .take(MAX_NAMES)
            .collect();
        for name in others {
            let mut matched = Matched::none(DESTINATION);
            matched.add_atom(request(asked(&name), &[], family));
            flows = flows.minus(&whole(matched));
        }
        flows
    }

    /// What the built-in list of names lets through.
    pub(super) fn infrastructure(&self, place: &Place) -> Answer {
        let family = place.family;
        if family == Family::V6 {
            return Answer::nothing(family);
        }
        let mut ports = Matched::none(Dimension::DestinationPort);
        for port in [80, 443] {
            ports.add(&IntervalSet::single(port));
        }
        let mut atom = request(
            "for a name of Azure's own infrastructure".into(),
            &[],
            family,
        );
        atom.outer = place.internet.clone();
        atom.size = Size::Sparse;
        let mut destination = Matched::none(DESTINATION);
        destination.add_atom(atom);
        let tcp = IntervalSet::single(protocol_code(Protocol::Tcp));
        Fields {
            source: Matched::any(Dimension::Source, family),
            destination,
            protocol: Matched::set(Dimension::Protocol, tcp),
            source_ports: Matched::any(Dimension::SourcePort, family),
            destination_ports: ports,
        }
        .answer(family)
    }

    /// What threat intelligence drops: packets from or to addresses of its feed.
    pub(super) fn feed_answer(&self, place: &Place) -> Answer {
        let family = place.family;
        let side = |dimension| {
            let predicate = Predicate::AddressList("Microsoft's threat intelligence feed".into());
            let outer = place.internet.clone();
            let mut atom = Atom::new(dimension, &predicate, IntervalSet::empty(), outer);
            atom.size = Size::Sparse;
            let mut matched = Matched::none(dimension);
            matched.add_atom(atom);
            matched
        };
        let any = |dimension| Matched::any(dimension, family);
        let full = |source, destination| {
            Fields {
                source,
                destination,
                protocol: any(Dimension::Protocol),
                source_ports: any(Dimension::SourcePort),
                destination_ports: any(Dimension::DestinationPort),
            }
            .answer(family)
        };
        let from = full(side(Dimension::Source), any(DESTINATION));
        from.or(&full(any(Dimension::Source), side(DESTINATION)))
    }
}

/// What an item of an application rule asks for.
enum Request {
    Everything,
    Some {
        /// For people and for identity.
        what: String,
        /// What holds it.
        within: Vec<String>,
    },
}

impl Request {
    fn fqdn(name: &str) -> Self {
        let name = &*fold(name);
        if name == "*" {
            return Self::Everything;
        }
        Self::Some {
            what: asked(name),
            within: wider(name).iter().map(|wider| asked(wider)).collect(),
        }
    }

    fn url(text: &str) -> Self {
        let plain = text.split_once("://").map_or(text, |(_, rest)| rest);
        let (host, path) = plain.split_once('/').unwrap_or((plain, ""));
        let host = &*fold(host);
        if host == "*" && matches!(path, "" | "*") {
            return Self::Everything;
        }
        // A request for a URL of a host is one for the host.
        let mut within: Vec<String> = wider(host).iter().map(|wider| asked(wider)).collect();
        if host != "*" {
            within.push(asked(host));
        }
        Self::Some {
            what: format!("for the URL `{host}/{path}`"),
            within,
        }
    }

    fn tag(name: &str) -> Self {
        Self::Some {
            what: format!("for a name of the FQDN tag `{}`", fold(name)),
            within: Vec::new(),
        }
    }

    fn category(name: &str) -> Self {
        Self::Some {
            what: format!("for a site of the web category `{}`", fold(name)),
            within: Vec::new(),
        }
    }
}

fn asked(name: &str) -> String {
    format!("for `{name}`")
}

/// The wildcards that hold a name, at the borders of its labels: of `a.b.example.com` those are
/// `*.b.example.com`, `*b.example.com` and so on, of `*.example.com` `*example.com` and so on. Whether
/// `*example.com` holds `example.com` is not documented.
fn wider(name: &str) -> Vec<String> {
    let labels = name.strip_prefix('*').unwrap_or(name);
    let labels = labels.strip_prefix('.').unwrap_or(labels);
    let dotted = name.starts_with("*.");
    let mut found = Vec::new();
    let mut rest = Some(labels);
    let mut first = true;
    while let Some(suffix) = rest.filter(|suffix| !suffix.is_empty()) {
        if !first {
            found.push(format!("*.{suffix}"));
        }
        if !first || dotted {
            found.push(format!("*{suffix}"));
        }
        first = false;
        rest = suffix.split_once('.').map(|(_, rest)| rest);
    }
    found
}

/// Whether a name or wildcard certainly does not hold a host.
fn is_another(host: &str, name: &str) -> bool {
    match name.strip_prefix('*') {
        None => host != name && !name.contains('*'),
        Some(suffix) => !suffix.contains('*') && !host.ends_with(suffix.trim_start_matches('.')),
    }
}

fn request(what: String, within: &[String], family: Family) -> Atom {
    let predicate = Predicate::Request(what);
    let outer = family.addresses();
    let mut atom = Atom::new(DESTINATION, &predicate, IntervalSet::empty(), outer);
    atom.within = within
        .iter()
        .map(|wider| Atom::id_of(DESTINATION, &Predicate::Request(wider.clone())))
        .collect();
    atom
}

fn resolution(name: &str) -> Arc<Unknown> {
    let label = format!("what `{name}` resolves to for the firewall");
    Arc::new(Unknown::new("name", label, Reason::RunTime))
}

fn folded(name: &Arc<str>) -> String {
    fold(name)
}

/// A name as DNS compares it.
pub(crate) fn fold(name: &str) -> String {
    name.trim().trim_end_matches('.').to_ascii_lowercase()
}

/// Whether the names together are certain to resolve to every current activation server. In the
/// public cloud `azkms` alone does; elsewhere each name has its own server.
fn stands_for_all(row: &KmsRow, names: &[String]) -> bool {
    let named = |name: &Arc<str>| names.contains(&name.to_ascii_lowercase());
    let first = row.fqdns.first();
    row.fqdns.iter().all(named) || (row.cloud == Cloud::Public && first.is_some_and(named))
}

#[cfg(test)]
mod tests {
    use super::wider;

    #[test]
    fn a_name_is_in_the_wildcards_of_its_parents_and_not_in_its_own() {
        assert_eq!(
            wider("a.example.com"),
            ["*.example.com", "*example.com", "*.com", "*com"]
        );
        assert_eq!(wider("*.example.com"), ["*example.com", "*.com", "*com"]);
        assert_eq!(wider("*example.com"), ["*.com", "*com"]);
    }
}
