//! Text that is JSON.

use std::sync::Arc;

use super::{Arguments, Outcome, Problem};
use crate::eval::value::{Data, Piece, Unknown, Value};
use crate::origin::OriginId;
use crate::source::{FileId, SourceFile};
use crate::syntax::json::{self, Json, JsonKind};

/// Marks around the number of a hole in text that is parsed as JSON: characters of the private
/// use area, which no template has.
const HOLE: (char, char) = ('\u{e0f0}', '\u{e0f1}');

pub(super) fn from_text(call: &Arguments<'_>) -> Outcome {
    let pieces = call.pieces(0)?;
    if let [Piece::Hole(_)] = pieces.as_slice() {
        return Err(Problem::Unknown);
    }
    json_value(call, &pieces)
}

pub(super) fn json_value(call: &Arguments<'_>, pieces: &[Piece]) -> Outcome {
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
    let parsed = json::parse_either_quotes(FileId(0), &file);
    match parsed.tree {
        Some(tree) => Ok(from_json(tree, &holes, call.origin())),
        None if !holes.is_empty() => Err(Problem::Unknown),
        None => Err(Problem::Argument(
            0,
            match parsed.diagnostics.first() {
                Some(wrong) => {
                    let at = wrong.primary.as_ref().map_or(0, |label| label.span.start);
                    let at = file.line_column(at);
                    let (line, column) = (at.line, at.column);
                    let message = &wrong.message;
                    format!("this is no JSON: {message} at line {line} column {column}")
                }
                None => "this is no JSON: it is empty".to_owned(),
            },
        )),
    }
}

/// A JSON text as a value, all of it from one origin; `None` if it is none.
pub(in crate::eval::arm) fn text_value(text: &str, origin: OriginId) -> Option<Value> {
    let parsed = json::parse(FileId(0), &SourceFile::new("", text));
    let tree = parsed.tree.filter(|_| parsed.diagnostics.is_empty());
    tree.map(|tree| from_json(tree, &[], origin))
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
