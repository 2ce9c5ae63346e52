//! What Azure refuses about names and blocks of addresses, whatever they belong to.

use std::sync::Arc;

use super::field::Node;
use super::nsg::Defect;
use super::{Meta, State, parse};
use crate::origin::OriginId;

/// A defect of a field.
pub(super) fn defect(field: &str, why: &str, origin: OriginId) -> Defect {
    Defect {
        field: field.into(),
        why: why.into(),
        documented: true,
        origin,
    }
}

/// What users report that Azure refuses, and no document says.
pub(super) fn reported(field: &str, why: &str, origin: OriginId) -> Defect {
    Defect {
        documented: false,
        ..defect(field, why, origin)
    }
}

/// Which characters a name may begin with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Letters, digits and underscores.
    Word,
    /// Letters and digits.
    LetterOrDigit,
}

/// What Azure refuses about the name of a part of the network.
pub(super) fn name(meta: &Meta, start: Start, defects: &mut Vec<Defect>) {
    let origin = meta.name.origin;
    let name = match &meta.name.state {
        State::Known(name) => name,
        State::Absent => {
            defects.push(defect("name", "has no name", meta.origin));
            return;
        }
        _ => return,
    };
    // Azure's word characters reach beyond ASCII: only what is certainly refused counts.
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let first = |c: char| c.is_alphanumeric() || (c == '_' && start == Start::Word);
    if name.chars().count() > MAX_NAME {
        let why = format!("has {} characters, 80 are allowed", name.chars().count());
        defects.push(defect("name", &why, origin));
    } else if !name.starts_with(first) {
        let why = match start {
            Start::Word => "has a name that must begin with a letter, a digit or an underscore",
            Start::LetterOrDigit => "has a name that must begin with a letter or a digit",
        };
        defects.push(defect("name", why, origin));
    } else if !name.ends_with(word) {
        let why = "has a name that must end with a letter, a digit or an underscore";
        defects.push(defect("name", why, origin));
    } else if let Some(wrong) = name.chars().find(|c| !word(*c) && !matches!(c, '.' | '-')) {
        let why =
            format!("has {wrong:?} in its name; letters, digits, `.`, `-` and `_` are allowed");
        defects.push(defect("name", &why, origin));
    }
}

/// A block is written with its first address.
pub(super) fn blocks(spelling: &str, written: &[&Node<'_>], defects: &mut Vec<Defect>) {
    for node in written {
        for text in node.list_of(|text| Ok(Arc::<str>::from(text))).items {
            let Some(written) = text.value() else {
                continue;
            };
            if let Some(block) = parse::block_meant(written) {
                let why = format!(
                    "names the block `{written}` by an address within it; `{block}` is meant"
                );
                defects.push(reported(spelling, &why, text.origin));
            }
        }
    }
}

const MAX_NAME: usize = 80;
