//! Strings.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::text::{json_text, pieces};
use super::{Arguments, Outcome, Problem, Pure};
use crate::eval::value::{Data, Piece, Unknown, Value};
use crate::origin::OriginId;
use crate::source::{FileId, SourceFile};
use crate::syntax::Number;
use crate::syntax::json::{self, Json, JsonKind};

pub(super) fn find(name: &str) -> Option<Pure> {
    Some(match name {
        "base64" => |call| call.give_text(BASE64.encode(call.text(0)?.as_bytes())),
        "base64tostring" => |call| call.give_text(decoded(call)?),
        "base64tojson" => |call| json_value(call, &[Piece::Literal(decoded(call)?.into())]),
        "endswith" => |call| affix(call, true),
        "startswith" => |call| affix(call, false),
        "format" => format,
        // Both are hashes of Azure's own making.
        "guid" | "uniquestring" => |_| Err(Problem::Unknown),
        "indexof" => |call| index_of(call, false),
        "lastindexof" => |call| index_of(call, true),
        "join" => join,
        "json" => from_text,
        "padleft" => pad_left,
        "replace" => replace,
        "split" => split,
        "string" => string,
        "substring" => substring,
        "tolower" => |call| each_piece(call, |text| text.to_lowercase()),
        "toupper" => |call| each_piece(call, |text| text.to_uppercase()),
        "trim" => |call| call.give_text(call.text(0)?.trim()),
        "uri" => uri,
        "uricomponent" => uri_component,
        "uricomponenttostring" => |call| call.give_text(percent_decoded(call.text(0)?)),
        "datauri" => |call| {
            let encoded = BASE64.encode(call.text(0)?.as_bytes());
            call.give_text(format!("data:text/plain;charset=utf8;base64,{encoded}"))
        },
        _ => return None,
    })
}

fn decoded(call: &Arguments<'_>) -> Result<String, Problem> {
    let bytes = BASE64
        .decode(call.text(0)?.as_bytes())
        .map_err(|_| Problem::wrong("this is no base64"))?;
    String::from_utf8(bytes).map_err(|_| Problem::Unsupported)
}

/// Applies a change that works on each piece alone to a string known in part.
fn each_piece(call: &Arguments<'_>, change: fn(&str) -> String) -> Outcome {
    let value = call.get(0)?;
    match &value.data {
        Data::String(text) => call.give_text(change(text)),
        Data::Template(pieces) => {
            let name = call.name.to_ascii_lowercase();
            let pieces = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Literal(text) => Piece::Literal(change(text).into()),
                    Piece::Hole(unknown) => {
                        let hole = Value::new(Data::Unknown(Arc::clone(unknown)), OriginId::NONE);
                        Piece::Hole(Arc::new(Unknown::derived(&name, &[hole])))
                    }
                })
                .collect();
            call.give_pieces(pieces)
        }
        _ => Err(call.mismatch(value, "a string")),
    }
}

fn affix(call: &Arguments<'_>, end: bool) -> Outcome {
    let pieces = call.pieces(0)?;
    let part = call.text(1)?.to_lowercase();
    let literal = |piece: Option<&Piece>| match piece {
        Some(Piece::Literal(text)) => text.to_lowercase(),
        _ => String::new(),
    };
    let text = literal(if end { pieces.last() } else { pieces.first() });
    let holds = if end {
        text.ends_with(&part)
    } else {
        text.starts_with(&part)
    };
    if holds {
        return call.give_bool(true);
    }
    let whole = pieces.len() <= 1 && !matches!(pieces.first(), Some(Piece::Hole(_)));
    let compatible = if end {
        part.ends_with(&text)
    } else {
        part.starts_with(&text)
    };
    if whole || !compatible {
        return call.give_bool(false);
    }
    Err(Problem::Unknown)
}

fn index_of(call: &Arguments<'_>, last: bool) -> Outcome {
    let container = call.get(0)?;
    if let Data::List(list) = &container.data {
        let item = call.get(1)?;
        if list.rest.is_some() || !list.items.iter().all(Value::is_wholly_known) {
            return Err(Problem::Unknown);
        }
        let found = |one: &Value| one.equals(item) == crate::eval::value::Truth::True;
        let index = if last {
            list.items.iter().rposition(found)
        } else {
            list.items.iter().position(found)
        };
        return call.give_integer(index.map_or(-1, |at| i64::try_from(at).unwrap_or(-1)));
    }
    let (text, part) = (call.text(0)?.to_lowercase(), call.text(1)?.to_lowercase());
    let at = if last {
        text.rfind(&part)
    } else {
        text.find(&part)
    };
    let index = at
        .and_then(|at| text.get(..at))
        .map(|before| before.encode_utf16().count());
    call.give_integer(index.map_or(-1, |at| i64::try_from(at).unwrap_or(-1)))
}

fn join(call: &Arguments<'_>) -> Outcome {
    let list = call.list(0)?;
    let delimiter = call.pieces(1)?;
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

fn pad_left(call: &Arguments<'_>) -> Outcome {
    let value = call.get(0)?;
    let text = match &value.data {
        Data::String(text) => text.to_string(),
        Data::Number(_) => value.canonical().unwrap_or_default(),
        Data::Template(_) => return Err(Problem::Unknown),
        _ => return Err(call.mismatch(value, "a string or a whole number")),
    };
    let width = usize::try_from(call.integer(1)?).unwrap_or(0);
    if width > 100_000 {
        return Err(Problem::TooLarge);
    }
    let padding = match call.values.get(2) {
        Some(_) => call.text(2)?.chars().next().unwrap_or(' '),
        None => ' ',
    };
    let missing = width.saturating_sub(text.chars().count());
    let padded: String = std::iter::repeat_n(padding, missing)
        .chain(text.chars())
        .collect();
    call.give_text(padded)
}

fn replace(call: &Arguments<'_>) -> Outcome {
    let (old, new) = (call.text(1)?, call.pieces(2)?);
    if old.is_empty() {
        return Err(Problem::wrong("'replace' needs something to look for"));
    }
    let value = call.get(0)?;
    match &value.data {
        Data::String(text) => {
            let mut replaced = Vec::new();
            for (index, part) in text.split(&**old).enumerate() {
                if index > 0 {
                    replaced.extend(new.iter().cloned());
                }
                replaced.push(Piece::Literal(part.into()));
                if replaced.len() > super::MAX_ITEMS {
                    return Err(Problem::TooLarge);
                }
            }
            call.give_pieces(replaced)
        }
        // One character cannot straddle two pieces.
        Data::Template(pieces) if old.chars().count() == 1 => {
            let [_, old_value, new_value, ..] = call.values else {
                return Err(Problem::Unknown);
            };
            let new = new_value.as_str().ok_or(Problem::Unknown)?;
            let pieces = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Literal(text) => Piece::Literal(text.replace(&**old, new).into()),
                    Piece::Hole(unknown) => {
                        let hole = Value::new(Data::Unknown(Arc::clone(unknown)), OriginId::NONE);
                        let arguments = [hole, old_value.clone(), new_value.clone()];
                        Piece::Hole(Arc::new(Unknown::derived("replace", &arguments)))
                    }
                })
                .collect();
            call.give_pieces(pieces)
        }
        Data::Template(_) => Err(Problem::Unknown),
        _ => Err(call.mismatch(value, "a string")),
    }
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
    let origin = call.origin();
    let parts: Vec<Vec<Piece>> = match &value.data {
        Data::String(text) => split_text(text, &delimiters)
            .into_iter()
            .map(|part| vec![Piece::Literal(part.into())])
            .collect(),
        Data::Template(pieces) => split_id(pieces, &delimiters).ok_or(Problem::Unknown)?,
        _ => return Err(call.mismatch(value, "a string")),
    };
    let items = parts
        .into_iter()
        .map(|part| Value::from_pieces(part, origin))
        .collect();
    Ok(Value::list(items, origin))
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

/// The segments of a resource id known in part. What is unknown in an id is a segment or a piece
/// of one, so that only the literal slashes separate; of other strings nobody can tell.
fn split_id(pieces: &[Piece], delimiters: &[Arc<str>]) -> Option<Vec<Vec<Piece>>> {
    let slash = matches!(delimiters, [only] if &**only == "/");
    let Some(Piece::Literal(first)) = pieces.first() else {
        return None;
    };
    let lower = first.to_ascii_lowercase();
    if !slash || !(lower.starts_with("/subscriptions/") || lower.starts_with("/providers/")) {
        return None;
    }
    let mut parts: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in pieces {
        match piece {
            Piece::Literal(text) => {
                for (index, part) in text.split('/').enumerate() {
                    if index > 0 {
                        parts.push(Vec::new());
                    }
                    if let Some(last) = parts.last_mut() {
                        last.push(Piece::Literal(part.into()));
                    }
                }
            }
            Piece::Hole(_) => parts.last_mut()?.push(piece.clone()),
        }
    }
    Some(parts)
}

fn string(call: &Arguments<'_>) -> Outcome {
    let value = call.get(0)?;
    match &value.data {
        Data::String(_) | Data::Template(_) => Ok(value.clone()),
        Data::List(_) | Data::Object(_) => {
            call.give_text(json_text(value).ok_or(Problem::Unknown)?)
        }
        Data::Unknown(_) => Err(Problem::Unknown),
        Data::Null | Data::Bool(_) | Data::Number(_) => {
            call.give_pieces(pieces(value).unwrap_or_default())
        }
    }
}

fn substring(call: &Arguments<'_>) -> Outcome {
    let start = usize::try_from(call.integer(1)?).unwrap_or(0);
    let length = match call.values.get(2) {
        Some(_) => Some(usize::try_from(call.integer(2)?).unwrap_or(0)),
        None => None,
    };
    let value = call.get(0)?;
    let (text, whole): (&str, bool) = match &value.data {
        Data::String(text) => (text, true),
        Data::Template(pieces) => match pieces.first() {
            Some(Piece::Literal(text)) => (text, false),
            _ => return Err(Problem::Unknown),
        },
        _ => return Err(call.mismatch(value, "a string")),
    };
    let characters: Vec<char> = text.chars().collect();
    let end = length.map_or(characters.len(), |length| start.saturating_add(length));
    if !whole && (length.is_none() || end > characters.len()) {
        return Err(Problem::Unknown);
    }
    match characters.get(start..end) {
        Some(part) => call.give_text(part.iter().collect::<String>()),
        None => Err(Problem::wrong(format!(
            "the string '{text}' has {} characters, not {end}",
            characters.len()
        ))),
    }
}

fn uri(call: &Arguments<'_>) -> Outcome {
    let (base, relative) = (call.text(0)?, call.text(1)?);
    if relative.contains("://") {
        return call.give_text(Arc::clone(relative));
    }
    let scheme = base.find("://").map_or(0, |at| at + 3);
    let root = base
        .get(scheme..)
        .and_then(|rest| rest.find('/'))
        .map_or(base.len(), |at| scheme + at);
    let (kept, separator) = if relative.starts_with('/') {
        (base.get(..root), "")
    } else if root == base.len() {
        (Some(&**base), "/")
    } else {
        (base.rfind('/').and_then(|at| base.get(..=at)), "")
    };
    call.give_text(format!("{}{separator}{relative}", kept.unwrap_or_default()))
}

fn uri_component(call: &Arguments<'_>) -> Outcome {
    let mut encoded = String::new();
    for byte in call.text(0)?.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    call.give_text(encoded)
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn format(call: &Arguments<'_>) -> Outcome {
    let template = call.text(0)?;
    let mut result: Vec<Piece> = Vec::new();
    let mut literal = String::new();
    let mut rest = &**template;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        literal.push_str(before);
        if let Some(after) = from.strip_prefix("{{") {
            literal.push('{');
            rest = after;
        } else if let Some(after) = from.strip_prefix("}}") {
            literal.push('}');
            rest = after;
        } else {
            let (item, after) = from
                .strip_prefix('{')
                .and_then(|inner| inner.split_once('}'))
                .ok_or_else(|| Problem::wrong("this format string has an unpaired brace"))?;
            result.push(Piece::Literal(std::mem::take(&mut literal).into()));
            result.extend(format_item(call, item)?);
            rest = after;
        }
    }
    literal.push_str(rest);
    result.push(Piece::Literal(literal.into()));
    call.give_pieces(result)
}

fn format_item(call: &Arguments<'_>, item: &str) -> Result<Vec<Piece>, Problem> {
    let (selector, specification) = match item.split_once(':') {
        Some((selector, specification)) => (selector, Some(specification)),
        None => (item, None),
    };
    let index: usize = selector.trim().parse().map_err(|_| {
        if selector.contains(',') {
            Problem::Unsupported
        } else {
            Problem::wrong(format!("'{{{item}}}' is no place of a format string"))
        }
    })?;
    let value = call.values.get(index + 1).ok_or_else(|| {
        Problem::wrong(format!(
            "the format string asks for {{{index}}}, which is not given"
        ))
    })?;
    let Some(specification) = specification else {
        return pieces(value).ok_or(Problem::Unknown);
    };
    let number = match &value.data {
        Data::Number(Number::Integer(number)) => *number,
        Data::Unknown(_) | Data::Template(_) => return Err(Problem::Unknown),
        _ => return pieces(value).ok_or(Problem::Unknown),
    };
    let width = |digits: &str| digits.parse::<usize>().ok().filter(|width| *width < 100);
    let zeros = specification.chars().all(|character| character == '0');
    let text = if zeros && !specification.is_empty() && specification.len() < 100 {
        format!("{number:0width$}", width = specification.len())
    } else if let Some(digits) = specification.strip_prefix(['D', 'd']) {
        let width = if digits.is_empty() {
            Some(0)
        } else {
            width(digits)
        };
        format!(
            "{number:0width$}",
            width = width.ok_or(Problem::Unsupported)?
        )
    } else if let Some(digits) = specification.strip_prefix('X') {
        let width = if digits.is_empty() {
            Some(0)
        } else {
            width(digits)
        };
        format!(
            "{number:0width$X}",
            width = width.ok_or(Problem::Unsupported)?
        )
    } else {
        return Err(Problem::Unsupported);
    };
    Ok(vec![Piece::Literal(text.into())])
}

/// Marks around the number of a hole in text that is parsed as JSON: characters of the private
/// use area, which no template has.
const HOLE: (char, char) = ('\u{e0f0}', '\u{e0f1}');

fn from_text(call: &Arguments<'_>) -> Outcome {
    let pieces = call.pieces(0)?;
    if let [Piece::Hole(_)] = pieces.as_slice() {
        return Err(Problem::Unknown);
    }
    json_value(call, &pieces)
}

fn json_value(call: &Arguments<'_>, pieces: &[Piece]) -> Outcome {
    let mut text = String::new();
    let mut holes = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Hole(unknown) => {
                text.push_str(&format!("{}{}{}", HOLE.0, holes.len(), HOLE.1));
                holes.push(Arc::clone(unknown));
            }
        }
    }
    // Texts of files that a compiler put into the template hold comments, which Azure skips.
    let file = SourceFile::new("", &text);
    let parsed = json::parse(FileId(0), &file);
    match parsed.tree {
        Some(tree) => Ok(from_json(tree, &holes, call.origin())),
        None if !holes.is_empty() => Err(Problem::Unknown),
        None => Err(Problem::wrong(match parsed.diagnostics.first() {
            Some(wrong) => {
                let at = wrong.primary.as_ref().map_or(0, |label| label.span.start);
                let at = file.line_column(at);
                let (line, column) = (at.line, at.column);
                let message = &wrong.message;
                format!("this is no JSON: {message} at line {line} column {column}")
            }
            None => "this is no JSON: it is empty".to_owned(),
        })),
    }
}

fn from_json(json: Json, holes: &[Arc<Unknown>], origin: OriginId) -> Value {
    match json.kind {
        JsonKind::Null => Value::null(origin),
        JsonKind::Bool(value) => Value::bool(value, origin),
        JsonKind::Number(number) => Value::new(Data::Number(number), origin),
        JsonKind::String(text) => Value::from_pieces(with_holes(&text, holes), origin),
        JsonKind::Array(items) => {
            let items = items.into_iter().map(|item| from_json(item, holes, origin));
            Value::list(items.collect(), origin)
        }
        JsonKind::Object(members) => {
            let entries = members
                .into_iter()
                .map(|member| (member.name, from_json(member.value, holes, origin)));
            Value::object(entries, origin)
        }
    }
}

fn with_holes(text: &str, holes: &[Arc<Unknown>]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(HOLE.0) {
        let Some((number, after)) = after.split_once(HOLE.1) else {
            break;
        };
        pieces.push(Piece::Literal(before.into()));
        if let Some(unknown) = number
            .parse()
            .ok()
            .and_then(|index: usize| holes.get(index))
        {
            pieces.push(Piece::Hole(Arc::clone(unknown)));
        }
        rest = after;
    }
    pieces.push(Piece::Literal(rest.into()));
    pieces
}
