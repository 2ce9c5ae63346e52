//! Conditions of a region as a person writes them.

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};
use std::net::IpAddr;

use crate::model::address::Protocol;
use crate::semantics::compare::{Name, Version};
use crate::semantics::packet::atoms::{Literal, Predicate};
use crate::semantics::packet::interval::IntervalSet;
use crate::semantics::packet::regions::{Piece, Shape};
use crate::semantics::packet::{Family, PROTOCOLS, protocol_code};

/// More blocks than this for one range are written as the range.
const MOST_BLOCKS: usize = 2;

/// Addresses that are meant, and those of them that are not.
pub(super) fn addresses(shape: &Shape<Name>, family: Family) -> (Vec<String>, Vec<String>) {
    let of = |pieces: &[Piece<Name>]| {
        let text = |(first, last): &(u128, u128)| range(family, *first, *last);
        all(pieces, text, || match family {
            Family::V4 => "*".to_owned(),
            Family::V6 => "::/0".to_owned(),
        })
    };
    (of(&shape.pieces), of(&shape.except))
}

/// Ports and ranges of ports.
pub(super) fn ports(shape: &Shape<Name>) -> Vec<String> {
    ports_of(&shape.pieces)
}

/// Ports that are meant, and those of them that are not.
pub(super) fn ports_briefly(shape: &Shape<Name>) -> (Vec<String>, Vec<String>) {
    (ports_of(&shape.pieces), ports_of(&shape.except))
}

/// Protocols that are meant, none for all, and those of them that are not.
pub(super) fn protocols_briefly(shape: &Shape<Name>) -> (Vec<String>, Vec<String>) {
    let meant = protocols_of(&shape.pieces);
    let missing = PROTOCOLS
        .into_iter()
        .map(protocol_word)
        .filter(|word| !meant.is_empty() && !meant.contains(word));
    let missing: Vec<String> = missing.collect();
    match meant.len() > 2 && missing.len() < meant.len() {
        true => (Vec::new(), missing),
        false => (meant, Vec::new()),
    }
}

fn ports_of(pieces: &[Piece<Name>]) -> Vec<String> {
    let text = |(first, last): &(u128, u128)| {
        vec![if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        }]
    };
    all(pieces, text, || "*".to_owned())
}

/// Protocols in lower case; none for all.
pub(super) fn protocols(shape: &Shape<Name>) -> Vec<String> {
    protocols_of(&shape.pieces)
}

fn protocol_word(protocol: Protocol) -> String {
    format!("{protocol:?}").to_ascii_lowercase()
}

fn protocols_of(pieces: &[Piece<Name>]) -> Vec<String> {
    let text = |(first, last): &(u128, u128)| {
        PROTOCOLS
            .into_iter()
            .filter(|protocol| (*first..=*last).contains(&protocol_code(*protocol)))
            .map(protocol_word)
            .collect()
    };
    let mut all = all(pieces, text, || "*".to_owned());
    all.retain(|one| one != "*");
    all
}

fn all(
    pieces: &[Piece<Name>],
    text: impl Fn(&(u128, u128)) -> Vec<String>,
    any: impl Fn() -> String,
) -> Vec<String> {
    let mut words = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Any => words.push(any()),
            Piece::Named(name) => words.push(match name.only {
                None => name.text.to_string(),
                Some(Version::Old) => format!("{} (as it was)", name.text),
                Some(Version::New) => format!("{} (as it is now)", name.text),
            }),
            Piece::Values(intervals, literals) if literals.is_empty() => {
                words.extend(intervals.iter().flat_map(&text));
            }
            Piece::Values(intervals, literals) => {
                let set = IntervalSet::from_intervals(intervals.clone());
                // What is all of a named set needs no values.
                let whole = literals
                    .iter()
                    .position(|literal| literal.holds && literal.atom.open().is_within(&set));
                let mut conditions: Vec<String> = literals.iter().map(condition).collect();
                let values = match whole.and_then(|whole| literals.get(whole).zip(Some(whole))) {
                    Some((literal, whole)) => {
                        conditions.remove(whole);
                        name(literal)
                    }
                    None => intervals
                        .iter()
                        .flat_map(&text)
                        .collect::<Vec<_>>()
                        .join(", "),
                };
                words.push(match conditions.is_empty() {
                    true => values,
                    false => format!("{values} ({})", conditions.join(", ")),
                });
            }
        }
    }
    words
}

fn condition(literal: &Literal) -> String {
    let name = name(literal);
    match literal.holds {
        true => format!("in {name}"),
        false => format!("not in {name}"),
    }
}

fn name(literal: &Literal) -> String {
    match &literal.atom.predicate {
        Predicate::Tag(tag) => tag.clone(),
        Predicate::VirtualNetwork(_) => "VirtualNetwork".to_owned(),
        Predicate::Group(key) | Predicate::AddressList(key) => key.clone(),
        _ => match &literal.atom.unknown {
            Some(unknown) => unknown.label.to_string(),
            None => literal.atom.predicate.question(),
        },
    }
}

fn range(family: Family, first: u128, last: u128) -> Vec<String> {
    if IntervalSet::range(first, last) == family.addresses() {
        return vec!["*".to_owned()];
    }
    let (first, last) = (family.address(first), family.address(last));
    let blocks: Vec<IpNet> = match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => Ipv4Subnets::new(first, last, 0)
            .take(MOST_BLOCKS + 1)
            .map(IpNet::V4)
            .collect(),
        (IpAddr::V6(first), IpAddr::V6(last)) => Ipv6Subnets::new(first, last, 0)
            .take(MOST_BLOCKS + 1)
            .map(IpNet::V6)
            .collect(),
        _ => Vec::new(),
    };
    if blocks.is_empty() || blocks.len() > MOST_BLOCKS {
        return vec![format!("{first}-{last}")];
    }
    let text = |block: &IpNet| match block.prefix_len() == block.max_prefix_len() {
        true => block.addr().to_string(),
        false => block.to_string(),
    };
    blocks.iter().map(text).collect()
}
