//! What is certain about text of which a part is not known.

use crate::eval::value::{Bounds, Piece, Unknown};

/// The fewest and the most characters of a piece.
pub(super) fn extent(piece: &Piece) -> (usize, Option<usize>) {
    match piece {
        Piece::Literal(text) => {
            let count = text.encode_utf16().count();
            (count, Some(count))
        }
        Piece::Hole(unknown) => extent_of(unknown),
    }
}

/// The fewest and the most characters of pieces together.
pub(super) fn extent_of_all(pieces: &[Piece]) -> (usize, Option<usize>) {
    pieces
        .iter()
        .map(extent)
        .fold((0, Some(0)), |(least, most), (fewer, more)| {
            let most = most.zip(more).map(|(most, more)| most.saturating_add(more));
            (least + fewer, most)
        })
}

fn extent_of(unknown: &Unknown) -> (usize, Option<usize>) {
    match &unknown.bounds {
        Bounds::Length(least, most) => (*least, *most),
        Bounds::OneOf(values) => {
            let lengths = values
                .iter()
                .map(|value| value.canonical().map(|text| text.encode_utf16().count()));
            let lengths: Option<Vec<usize>> = lengths.collect();
            let (least, most) = lengths
                .as_ref()
                .map_or((None, None), |all| (all.iter().min(), all.iter().max()));
            (least.copied().unwrap_or(0), most.copied())
        }
        // A whole number has at least one digit, and at most those of its limits.
        Bounds::Range(Some(low), Some(high)) => {
            let digits = |number: i64| number.to_string().len();
            let least = if *low > 0 { digits(*low) } else { 1 };
            (least, Some(digits(*low).max(digits(*high))))
        }
        Bounds::Range(..) => (1, Some(20)),
        Bounds::Any
        | Bounds::Ends(..)
        | Bounds::Typed(_)
        | Bounds::Members(_)
        | Bounds::Text(_) => well_known(unknown).unwrap_or((0, None)),
    }
}

/// The lengths of what Azure fills in, where its naming rules or the format tell them
/// ("Naming rules and restrictions for Azure resources", Microsoft.Resources).
fn well_known(unknown: &Unknown) -> Option<(usize, Option<usize>)> {
    // What is derived carries the label of what it is derived from.
    if !unknown.causes.is_empty() {
        return None;
    }
    Some(match &*unknown.label {
        "subscription().subscriptionId" | "subscription().tenantId" | "tenant().tenantId" => {
            (36, Some(36))
        }
        "resourceGroup().name" | "managementGroup().name" => (1, Some(90)),
        "deployment().name" => (1, Some(64)),
        _ => return None,
    })
}

/// Whether an unknown may have a text in it. A segment of an id, an identifier or a number never has
/// a slash; of most inputs nobody can tell.
pub(super) fn may_contain(unknown: &Unknown, text: &str) -> bool {
    if unknown.is_segment && text.contains('/') {
        return false;
    }
    match &unknown.bounds {
        Bounds::OneOf(values) => values
            .iter()
            .any(|value| value.canonical().is_none_or(|value| value.contains(text))),
        Bounds::Range(..) => text
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_digit()),
        Bounds::Length(_, Some(most)) if text.encode_utf16().count() > *most => false,
        _ => match well_known(unknown) {
            Some((36, _)) => text
                .bytes()
                .all(|byte| byte == b'-' || byte.is_ascii_hexdigit()),
            Some(_) => text
                .chars()
                .all(|one| one.is_alphanumeric() || "-_.()".contains(one)),
            None => true,
        },
    }
}

/// The first characters of pieces, if it is certain which they are; a piece is not cut in its
/// unknown part.
pub(super) fn start(pieces: &[Piece], count: usize) -> Option<Vec<Piece>> {
    split_at(pieces, count)
        .map(|(before, _)| before)
        .or_else(|| {
            let (_, most) = extent_of_all(pieces);
            most.is_some_and(|most| most <= count)
                .then(|| pieces.to_vec())
        })
}

/// What follows the first characters of pieces.
pub(super) fn after(pieces: &[Piece], count: usize) -> Option<Vec<Piece>> {
    split_at(pieces, count).map(|(_, after)| after).or_else(|| {
        let (_, most) = extent_of_all(pieces);
        most.is_some_and(|most| most <= count).then(Vec::new)
    })
}

/// Pieces before and after a certain place.
fn split_at(pieces: &[Piece], count: usize) -> Option<(Vec<Piece>, Vec<Piece>)> {
    let mut left = count;
    for (index, piece) in pieces.iter().enumerate() {
        let before = || pieces.iter().take(index).cloned();
        let behind = || pieces.iter().skip(index + 1).cloned();
        if left == 0 {
            return Some((
                before().collect(),
                pieces.iter().skip(index).cloned().collect(),
            ));
        }
        let (least, most) = extent(piece);
        if most.is_none_or(|most| least != most) {
            return None;
        }
        if let Piece::Literal(text) = piece
            && least > left
        {
            let at = utf16_place(text, left)?;
            let (head, tail) = text.split_at_checked(at)?;
            let head = before().chain([Piece::Literal(head.into())]).collect();
            let tail = [Piece::Literal(tail.into())]
                .into_iter()
                .chain(behind())
                .collect();
            return Some((head, tail));
        }
        left = left.checked_sub(least)?;
    }
    (left == 0).then(|| (pieces.to_vec(), Vec::new()))
}

/// The byte where so many UTF-16 units of a text end; `None` beyond its end and within a pair.
pub(super) fn utf16_place(text: &str, count: usize) -> Option<usize> {
    let mut units = 0;
    for (at, character) in text.char_indices() {
        if units == count {
            return Some(at);
        }
        units += character.len_utf16();
    }
    (units == count).then_some(text.len())
}
