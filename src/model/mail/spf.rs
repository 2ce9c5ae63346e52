//! SPF records: which addresses may send mail for a domain.
//!
//! RFC 7208. What DNS alone can answer (`include`, `a`, `mx`, …) stays a question.

use std::sync::Arc;

use ipnet::IpNet;

use super::SpfTerm;
use crate::eval::value::{Piece, Unknown};
use crate::model::parse;
use crate::model::setting::{HOLE, Text};

/// The terms of an SPF record that let senders pass; `None` for any other text.
#[must_use]
pub fn terms(text: &Text) -> Option<Vec<SpfTerm>> {
    let mut holes = text.pieces.iter().filter_map(|piece| match piece {
        Piece::Hole(unknown) => Some(unknown),
        Piece::Literal(_) => None,
    });
    let readable = text.readable();
    let mut words = readable.split_whitespace();
    if !words.next()?.eq_ignore_ascii_case("v=spf1") {
        return None;
    }
    let mut found = Vec::new();
    for word in words {
        let unknowns: Vec<&Arc<Unknown>> =
            holes.by_ref().take(word.matches(HOLE).count()).collect();
        found.extend(term(word, &unknowns));
    }
    Some(found)
}

/// What a word lets pass, if it lets anything pass.
fn term(word: &str, unknowns: &[&Arc<Unknown>]) -> Option<SpfTerm> {
    let (qualifier, body) = match word.chars().next()? {
        sign @ ('+' | '-' | '~' | '?') => (sign, word.get(1..)?),
        _ => ('+', word),
    };
    if qualifier != '+' {
        return None;
    }
    let lower = body.to_ascii_lowercase();
    if lower == "all" {
        return Some(SpfTerm::Everything);
    }
    if let Some(address) = lower
        .strip_prefix("ip4:")
        .or_else(|| lower.strip_prefix("ip6:"))
    {
        if let Some(unknown) = unknowns.first() {
            return Some(SpfTerm::Of(Arc::clone(unknown)));
        }
        return block(address).map(SpfTerm::Block);
    }
    if lower.starts_with("exp=") {
        return None;
    }
    // A word of which nothing is known may be any term.
    if let (Some(unknown), true) = (unknowns.first(), lower.starts_with(HOLE)) {
        return Some(SpfTerm::Of(Arc::clone(unknown)));
    }
    let domain = lower
        .split_once([':', '='])
        .map_or(&*lower, |(_, domain)| domain);
    Some(SpfTerm::Elsewhere(domain.into()))
}

fn block(text: &str) -> Option<IpNet> {
    parse::block(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::OriginId;

    fn read(text: &str) -> Option<Vec<String>> {
        let text = Text {
            pieces: vec![Piece::Literal(text.into())],
            origin: OriginId::NONE,
        };
        let words = terms(&text)?.into_iter().map(|term| match term {
            SpfTerm::Block(block) => block.to_string(),
            SpfTerm::Of(unknown) => unknown.label.to_string(),
            SpfTerm::Elsewhere(domain) => domain.to_string(),
            SpfTerm::Everything => "all".to_owned(),
        });
        Some(words.collect())
    }

    #[test]
    fn only_what_lets_senders_pass_counts() {
        let record =
            "v=spf1 ip4:203.0.113.7 -ip4:203.0.113.9 include:spf.protection.outlook.com ~all";
        let expected = ["203.0.113.7/32", "spf.protection.outlook.com"];
        assert_eq!(read(record).unwrap(), expected);
    }

    #[test]
    fn other_texts_are_no_records() {
        assert!(read("MS=ms123").is_none());
        assert!(read("v=spf10 all").is_none());
        assert_eq!(read("v=spf1 +all").unwrap(), ["all"]);
    }
}
