//! Strings, also those known in part: a piece that is not known may be any text, the empty one
//! included, unless something is certain of it ([`partial`](super::partial)).

use std::sync::Arc;

use super::partial::{self, extent_of_all, may_contain};
use super::text::{json_pieces, pieces};
use super::{Arguments, Outcome, Problem, Pure, composite, json, labels, uris};
use crate::eval::value::{Bounds, Data, Piece, Truth, Unknown, Value};

pub(super) fn find(name: &str) -> Option<Pure> {
    Some(match name {
        "base64tojson" => |call| {
            let decoded = uris::base64_text(call)?;
            json::json_value(call, &[Piece::Literal(decoded.into())])
        },
        "endswith" => |call| affix(call, true),
        "startswith" => |call| affix(call, false),
        "format" => composite::format,
        // Both are hashes of Azure's own making; the documentation tells how long they are.
        "guid" => |call| hash(call, 36),
        "uniquestring" => |call| hash(call, 13),
        "indexof" => |call| index_of(call, false),
        "lastindexof" => |call| index_of(call, true),
        "join" => join,
        "json" => json::from_text,
        "padleft" => pad_left,
        "replace" => replace,
        "split" => split,
        "string" => string,
        "substring" => substring,
        "tolower" => |call| each_piece(call, lower),
        "toupper" => |call| each_piece(call, upper),
        "trim" => trim,
        _ => return uris::find(name),
    })
}

/// A text of certain length that only Azure can work out. Equal arguments give equal text.
fn hash(call: &Arguments<'_>, length: usize) -> Outcome {
    for value in call.values {
        if pieces(value).is_none() && value.as_list().is_none() && value.as_object().is_none() {
            return Err(call.mismatch(value, "strings"));
        }
    }
    let mut unknown = call.unknown(Bounds::Length(length, Some(length)));
    // Both are documented for use in names: of storage accounts, of role assignments.
    unknown.is_segment = true;
    Ok(Value::unknown(unknown, call.origin()))
}

/// Applies a change that works on each piece alone and keeps lengths to a string known in part.
fn each_piece(call: &Arguments<'_>, change: fn(char) -> char) -> Outcome {
    let value = call.get(0)?;
    let changed = |text: &str| text.chars().map(change).collect::<String>();
    match &value.data {
        Data::String(text) => call.give_text(changed(text)),
        Data::Template(pieces) => {
            let pieces = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Literal(text) => Piece::Literal(changed(text).into()),
                    Piece::Hole(unknown) => {
                        let piece = derived_piece(call.name, unknown, &[]);
                        with_candidates(piece, unknown, |value| Some(changed(value.as_str()?)))
                    }
                })
                .collect();
            call.give_pieces(pieces)
        }
        _ => Err(call.mismatch(value, "a string")),
    }
}

/// What a function makes of one unknown piece; its length stays.
fn derived_piece(name: &str, unknown: &Arc<Unknown>, others: &[Value]) -> Piece {
    let mut derived = labels::derived_piece(name, unknown, others);
    if others.is_empty() {
        let (least, most) = partial::extent(&Piece::Hole(Arc::clone(unknown)));
        derived.bounds = Bounds::Length(least, most);
        // Another case makes no slash.
        derived.is_segment = unknown.is_segment;
    }
    Piece::Hole(Arc::new(derived))
}

/// A piece that is made of an unknown, with what each of its candidates becomes.
fn with_candidates(
    piece: Piece,
    unknown: &Unknown,
    change: impl Fn(&Value) -> Option<String>,
) -> Piece {
    let (Piece::Hole(derived), Bounds::OneOf(values)) = (&piece, &unknown.bounds) else {
        return piece;
    };
    let changed = values
        .iter()
        .map(|value| Some(Value::string(change(value)?, value.origin)));
    let Some(changed) = changed.collect::<Option<Vec<_>>>() else {
        return piece;
    };
    let mut derived = (**derived).clone();
    derived.bounds = Bounds::OneOf(changed);
    Piece::Hole(Arc::new(derived))
}

/// One character in lower case, as the invariant culture has it: never more than one.
fn lower(character: char) -> char {
    let mut mapped = character.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

fn upper(character: char) -> char {
    let mut mapped = character.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

fn folded(text: &str) -> String {
    text.chars().map(lower).collect()
}

fn affix(call: &Arguments<'_>, end: bool) -> Outcome {
    let (text, part) = (call.pieces(0)?, call.pieces(1)?);
    match begins(read_from(&text, end), read_from(&part, end)) {
        Truth::True => call.give_bool(true),
        Truth::False => call.give_bool(false),
        Truth::Unknown => Err(Problem::Unknown),
    }
}

/// A character, or what is not known.
enum Unit<'a> {
    Known(char),
    Open(&'a Arc<Unknown>),
}

/// The units of pieces in the order in which they count, without their case.
fn read_from(pieces: &[Piece], end: bool) -> Vec<Unit<'_>> {
    let mut units: Vec<Unit<'_>> = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Literal(text) => units.extend(text.chars().map(lower).map(Unit::Known)),
            Piece::Hole(unknown) => units.push(Unit::Open(unknown)),
        }
    }
    if end {
        units.reverse();
    }
    units
}

/// Whether a text begins with another.
fn begins(text: Vec<Unit<'_>>, part: Vec<Unit<'_>>) -> Truth {
    let mut text = text.into_iter();
    for wanted in part {
        match (text.next(), wanted) {
            (Some(Unit::Known(one)), Unit::Known(other)) if one == other => {}
            (Some(Unit::Known(_)) | None, Unit::Known(_)) => return Truth::False,
            (Some(Unit::Open(one)), Unit::Open(other)) if one.id == other.id => {}
            _ => return Truth::Unknown,
        }
    }
    Truth::True
}

fn index_of(call: &Arguments<'_>, last: bool) -> Outcome {
    let container = call.get(0)?;
    if let Data::List(list) = &container.data {
        let item = call.get(1)?;
        if list.rest.is_some() || !list.items.iter().all(Value::is_wholly_known) {
            return Err(Problem::Unknown);
        }
        let found = |one: &Value| one.equals(item) == Truth::True;
        let index = if last {
            list.items.iter().rposition(found)
        } else {
            list.items.iter().position(found)
        };
        return call.give_integer(index.map_or(-1, |at| i64::try_from(at).unwrap_or(-1)));
    }
    let part = folded(call.text(1)?);
    let at = |text: &str| {
        let folded = folded(text);
        let at = if last {
            folded.rfind(&part)
        } else {
            folded.find(&part)
        };
        let before = folded.get(..at?)?.chars().count();
        Some(text.chars().take(before).map(char::len_utf16).sum())
    };
    let number = |index: Option<usize>| index.map_or(-1, |at| i64::try_from(at).unwrap_or(-1));
    match &container.data {
        // Versions of .NET differ in where the last empty string is.
        Data::String(text) if part.is_empty() && last && !text.is_empty() => Err(Problem::Unknown),
        Data::String(text) => call.give_integer(number(at(text))),
        Data::Template(pieces) => {
            if let (Some(Piece::Literal(text)), false) = (pieces.first(), last)
                && let Some(first) = at(text)
            {
                return call.give_integer(number(Some(first)));
            }
            // Found in a part that is known, it is found; where depends on the others.
            let found = pieces.iter().any(|piece| match piece {
                Piece::Literal(text) => at(text).is_some(),
                Piece::Hole(_) => false,
            });
            let most = extent_of_all(pieces)
                .1
                .and_then(|most| i64::try_from(most).ok());
            call.give_bounded(Bounds::Range(Some(if found { 0 } else { -1 }), most))
        }
        _ => Err(call.mismatch(container, "a string or an array")),
    }
}

fn join(call: &Arguments<'_>) -> Outcome {
    let delimiter = call.pieces(1)?;
    if let Some(Bounds::Ends(first, last)) = call.get(0)?.as_unknown().map(|one| &one.bounds) {
        return join_ends(call, &delimiter, first, last);
    }
    let list = call.list(0)?;
    if list.rest.is_some() {
        return Err(Problem::Unknown);
    }
    let mut joined = Vec::new();
    for (index, item) in list.items.iter().enumerate() {
        if index > 0 {
            joined.extend(delimiter.iter().cloned());
        }
        joined.extend(pieces(item).ok_or(Problem::Unknown)?);
    }
    let reached: Vec<Value> = list.items.iter().take(16).cloned().collect();
    let joined = call.give_pieces(joined)?;
    Ok(joined.with_origin(call.origin_of(&reached)))
}

/// The text of an array whose ends are known: what is between them, delimiters included, is not.
fn join_ends(
    call: &Arguments<'_>,
    delimiter: &[Piece],
    first: &[Value],
    last: &[Value],
) -> Outcome {
    let joined = |items: &[Value]| {
        let mut joined = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                joined.extend(delimiter.iter().cloned());
            }
            joined.extend(pieces(item)?);
        }
        Some(joined)
    };
    let (mut text, end) = joined(first).zip(joined(last)).ok_or(Problem::Unknown)?;
    text.push(Piece::Hole(Arc::new(call.unknown(Bounds::Any))));
    text.extend(end);
    call.give_pieces(text)
}

fn pad_left(call: &Arguments<'_>) -> Outcome {
    let value = call.get(0)?;
    let text = match &value.data {
        Data::String(_) | Data::Number(_) | Data::Template(_) | Data::Unknown(_) => {
            pieces(value).ok_or(Problem::Unknown)?
        }
        _ => return Err(call.mismatch(value, "a string or a whole number")),
    };
    let width = call.integer(1)?;
    let width = usize::try_from(width)
        .map_err(|_| Problem::at(1, format!("a text cannot be {width} characters long")))?;
    if width > 100_000 {
        return Err(Problem::TooLarge);
    }
    let padding = match call.values.get(2) {
        Some(_) => {
            let text = call.text(2)?;
            let mut characters = text.chars();
            match (characters.next(), characters.next()) {
                (Some(one), None) => one,
                _ => {
                    return Err(Problem::at(
                        2,
                        format!("'{}' pads with one character, not with '{text}'", call.name),
                    ));
                }
            }
        }
        None => ' ',
    };
    let (least, most) = extent_of_all(&text);
    if least >= width && value.as_unknown().is_none() {
        return call.give_pieces(text);
    }
    if most != Some(least) {
        let most = most.map(|most| most.max(width));
        return call.give_bounded(Bounds::Length(least.max(width), most));
    }
    let missing = width.saturating_sub(least);
    let padding: String = std::iter::repeat_n(padding, missing).collect();
    let padded = [Piece::Literal(padding.into())].into_iter().chain(text);
    call.give_pieces(padded.collect())
}

fn replace(call: &Arguments<'_>) -> Outcome {
    let (old, new) = (call.text(1)?, call.pieces(2)?);
    if old.is_empty() {
        return Err(Problem::at(1, "'replace' needs something to look for"));
    }
    let value = call.get(0)?;
    let text = match &value.data {
        Data::String(text) => vec![Piece::Literal(Arc::clone(text))],
        Data::Template(pieces) => pieces.to_vec(),
        _ => return Err(call.mismatch(value, "a string")),
    };
    let mut replaced = Vec::new();
    for (index, piece) in text.iter().enumerate() {
        match piece {
            Piece::Literal(literal) => {
                for (index, part) in literal.split(&**old).enumerate() {
                    if index > 0 {
                        replaced.extend(new.iter().cloned());
                    }
                    replaced.push(Piece::Literal(part.into()));
                    if replaced.len() > super::MAX_ITEMS {
                        return Err(Problem::TooLarge);
                    }
                }
            }
            Piece::Hole(unknown) => {
                let before = index.checked_sub(1).and_then(|before| text.get(before));
                if straddles(unknown, before, text.get(index + 1), old) {
                    return Err(Problem::Unknown);
                }
                if may_contain(unknown, old) {
                    let others = call.values.get(1..).unwrap_or_default();
                    replaced.push(derived_piece("replace", unknown, others));
                } else {
                    replaced.push(piece.clone());
                }
            }
        }
    }
    call.give_pieces(replaced)
}

/// Whether a text may begin in one piece and end in another, an unknown one taking part.
fn straddles(unknown: &Unknown, before: Option<&Piece>, after: Option<&Piece>, text: &str) -> bool {
    let cuts: Vec<(&str, &str)> = text
        .char_indices()
        .skip(1)
        .map(|(at, _)| text.split_at(at))
        .collect();
    let any = text
        .chars()
        .any(|one| may_contain(unknown, one.encode_utf8(&mut [0; 4])));
    // An unknown that may be empty lets its neighbours touch.
    if !any && partial::extent(&Piece::Hole(Arc::new(unknown.clone()))).0 > 0 {
        return false;
    }
    let begun = |piece: &Piece| match piece {
        Piece::Literal(literal) => cuts.iter().any(|(head, _)| literal.ends_with(head)),
        Piece::Hole(_) => !cuts.is_empty(),
    };
    let ended = |piece: &Piece| match piece {
        Piece::Literal(literal) => cuts.iter().any(|(_, tail)| literal.starts_with(tail)),
        Piece::Hole(_) => !cuts.is_empty(),
    };
    before.is_some_and(begun) || after.is_some_and(ended)
}

fn split(call: &Arguments<'_>) -> Outcome {
    let delimiters: Vec<Arc<str>> = match &call.get(1)?.data {
        Data::List(list) => list
            .items
            .iter()
            .map(|item| item.as_str().cloned().ok_or(Problem::Unknown))
            .collect::<Result<_, _>>()?,
        _ => vec![Arc::clone(call.text(1)?)],
    };
    let value = call.get(0)?;
    let pieces: &[Piece] = match &value.data {
        Data::String(text) => &[Piece::Literal(Arc::clone(text))],
        Data::Template(pieces) => pieces,
        _ => return Err(call.mismatch(value, "a string")),
    };
    let origin = call.origin();
    let item = |part: Vec<Piece>| Value::from_pieces(part, origin);
    let parts = split_pieces(pieces, &delimiters);
    let open = |piece: &Piece| match piece {
        Piece::Literal(_) => false,
        Piece::Hole(unknown) => delimiters.iter().any(|delimiter| {
            let mut characters = delimiter.chars();
            characters.any(|one| may_contain(unknown, one.encode_utf8(&mut [0; 4])))
        }),
    };
    if !pieces.iter().any(open) {
        if parts.len() > super::MAX_ITEMS {
            return Err(Problem::TooLarge);
        }
        return Ok(Value::list(parts.into_iter().map(item).collect(), origin));
    }
    // What stands before the first and behind the last part in doubt is certain all the same.
    let doubtful = |part: &Vec<Piece>| part.iter().any(open);
    let first = parts.iter().position(doubtful).unwrap_or(0);
    let last = parts.iter().rposition(doubtful).map_or(0, |at| at + 1);
    if delimiters.iter().any(|one| one.chars().count() > 1) {
        return Err(Problem::Unknown);
    }
    let last = parts.iter().skip(last).cloned().map(item).collect();
    let first = parts.into_iter().take(first).map(item).collect();
    call.give_bounded(Bounds::Ends(first, last))
}

fn split_pieces(pieces: &[Piece], delimiters: &[Arc<str>]) -> Vec<Vec<Piece>> {
    let mut parts: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in pieces {
        let Piece::Literal(text) = piece else {
            if let Some(last) = parts.last_mut() {
                last.push(piece.clone());
            }
            continue;
        };
        for (index, part) in split_text(text, delimiters).into_iter().enumerate() {
            if index > 0 {
                parts.push(Vec::new());
            }
            if let Some(last) = parts.last_mut() {
                last.push(Piece::Literal(part.into()));
            }
        }
    }
    parts
}

fn split_text<'a>(text: &'a str, delimiters: &[Arc<str>]) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = text.get(at..).unwrap_or_default();
        let found = delimiters
            .iter()
            .find(|delimiter| !delimiter.is_empty() && rest.starts_with(&***delimiter));
        if let Some(delimiter) = found {
            parts.push(text.get(start..at).unwrap_or_default());
            at += delimiter.len();
            start = at;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

fn string(call: &Arguments<'_>) -> Outcome {
    let value = call.get(0)?;
    match &value.data {
        Data::String(_) | Data::Template(_) => Ok(value.clone()),
        Data::List(_) | Data::Object(_) => {
            call.give_pieces(json_pieces(value).ok_or(Problem::TooLarge)?)
        }
        Data::Unknown(_) => Err(Problem::Unknown),
        Data::Null | Data::Bool(_) | Data::Number(_) => {
            call.give_pieces(pieces(value).unwrap_or_default())
        }
    }
}

fn substring(call: &Arguments<'_>) -> Outcome {
    let place = |index: usize| -> Result<usize, Problem> {
        let number = call.integer(index)?;
        usize::try_from(number).map_err(|_| {
            Problem::at(
                index,
                format!(
                    "'{}' takes no place and no length below zero, such as {number}",
                    call.name
                ),
            )
        })
    };
    let start = place(1)?;
    let length = match call.values.get(2) {
        Some(_) => Some(place(2)?),
        None => None,
    };
    let end = start.saturating_add(length.unwrap_or(0));
    let value = call.get(0)?;
    let text = match &value.data {
        Data::String(_) | Data::Template(_) | Data::Unknown(_) => {
            pieces(value).ok_or(Problem::Unknown)?
        }
        _ => return Err(call.mismatch(value, "a string")),
    };
    let (least, most) = extent_of_all(&text);
    if let Some(most) = most.filter(|most| end > *most) {
        let shown = value
            .as_str()
            .map_or_else(|| "this string".to_owned(), |text| format!("'{text}'"));
        return Err(Problem::wrong(format!(
            "{shown} has {most} characters, not {end}"
        )));
    }
    let part = partial::after(&text, start).and_then(|rest| match length {
        Some(length) => partial::start(&rest, length),
        None => Some(rest),
    });
    match part {
        Some(part) => call.give_pieces(part),
        None => call.give_bounded(match length {
            Some(length) => Bounds::Length(length, Some(length)),
            None => Bounds::Length(
                least.saturating_sub(start),
                most.map(|most| most.saturating_sub(start)),
            ),
        }),
    }
}

fn trim(call: &Arguments<'_>) -> Outcome {
    let value = call.get(0)?;
    match &value.data {
        Data::String(text) => call.give_text(text.trim()),
        Data::Template(pieces) => {
            let mut pieces = pieces.to_vec();
            let blank = |text: &str| text.trim().is_empty();
            match pieces.first_mut() {
                Some(Piece::Literal(text)) if !blank(text) => *text = text.trim_start().into(),
                _ => return Err(Problem::Unknown),
            }
            match pieces.last_mut() {
                Some(Piece::Literal(text)) if !blank(text) => *text = text.trim_end().into(),
                _ => return Err(Problem::Unknown),
            }
            call.give_pieces(pieces)
        }
        _ => Err(call.mismatch(value, "a string")),
    }
}
