//! JSON documents that attributes hold: templates of Azure Resource Manager, their parameters, and
//! bodies of requests.
//!
//! A document may be an object as Terraform has it, the text that `jsonencode` makes of one, a file,
//! or text with interpolations. Each becomes one tree whose parts lie where they were typed: in the
//! JSON file, in the heredoc, or in the object that was encoded. What is not known of it stands in
//! the tree as a marker, a text no file holds, and the value beside it.
//!
//! What is absent: what a document means.

use std::collections::HashMap;
use std::sync::Arc;

use super::ids::pieces_of;
use crate::eval::Loader;
use crate::eval::value::{Data, Piece, UnknownId, Value, hole};
use crate::origin::{OriginBuilder, OriginId, OriginStep};
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::json::{self, Json, JsonKind, Member};

/// How deep an object may nest that becomes a document.
const MAX_DEPTH: usize = 100;

/// What begins and ends a marker.
const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

/// A document, and the values that its markers stand for.
#[derive(Clone, Debug)]
pub(in crate::eval) struct Document {
    pub(in crate::eval) tree: Json,
    pub(in crate::eval) values: Markers,
}

/// The values that markers stand for.
#[derive(Clone, Debug, Default)]
pub(in crate::eval) struct Markers {
    values: HashMap<String, Value>,
}

impl Markers {
    /// The value of a text with markers in it, `None` where it holds none: what one marker alone
    /// stands for, else text known in part.
    pub(in crate::eval) fn read(&self, text: &str, origin: OriginId) -> Option<Value> {
        if self.values.is_empty() || !text.contains(OPEN) {
            return None;
        }
        if let Some(alone) = self.values.get(text) {
            return Some(alone.clone());
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, from)) = rest.split_once(OPEN) {
            let (inner, after) = from.split_once(CLOSE)?;
            pieces.push(Piece::Literal(before.into()));
            let value = self.values.get(&format!("{OPEN}{inner}{CLOSE}"))?;
            pieces.extend(pieces_of(value)?);
            rest = after;
        }
        pieces.push(Piece::Literal(rest.into()));
        Some(Value::from_pieces(pieces, origin))
    }

    fn mark(&mut self, value: &Value) -> String {
        let marker = match &value.data {
            Data::Unknown(unknown) => hole(unknown.id),
            _ => hole(UnknownId::derived("part", std::slice::from_ref(value))),
        };
        self.values.insert(marker.clone(), value.clone());
        marker
    }
}

/// Why there is no document.
#[derive(Debug)]
pub(in crate::eval) enum Unreadable {
    /// The text is no JSON: what is wrong, and where.
    Text(Span, String),
    /// It is not known.
    Unknown,
    /// There is nothing, or it is neither text nor object.
    Nothing,
}

/// Reads the document that a value is. `around` is where it is written if nothing tells better.
pub(in crate::eval) fn read(
    value: &Value,
    around: Span,
    origins: Origins<'_>,
    loader: &dyn Loader,
) -> Result<Document, Unreadable> {
    let mut values = Markers::default();
    let around = (origins.builder)
        .and_then(|origins| origins.typed_at(value.origin))
        .unwrap_or(around);
    let pieces = match &value.data {
        Data::Object(_) | Data::List(_) => {
            let tree = origins
                .json(value, around, &mut values, 0)
                .ok_or(Unreadable::Nothing)?;
            return Ok(Document { tree, values });
        }
        Data::Unknown(_) => return Err(Unreadable::Unknown),
        Data::String(text) => {
            if let Some(file) = origins.whole_file(value.origin, text, loader) {
                return parsed(json::parse(file.0, &file.1), file_span(&file))
                    .map(|tree| Document { tree, values });
            }
            vec![Piece::Literal(Arc::clone(text))]
        }
        Data::Template(pieces) => pieces.to_vec(),
        _ => return Err(Unreadable::Nothing),
    };
    let text = marked(&pieces, value.origin, &mut values, true);
    let file = SourceFile::new("", &text);
    let places = Places::of(&text, around, loader);
    let tree = match parsed(json::parse(FileId(0), &file), Span::new(FileId(0), 0, 0)) {
        Ok(tree) => tree,
        Err(Unreadable::Text(span, why)) => return Err(Unreadable::Text(places.find(span), why)),
        Err(other) => return Err(other),
    };
    Ok(Document {
        tree: moved(tree, &places),
        values,
    })
}

/// The value of a document, each part with the origin of where it was typed.
pub(in crate::eval) fn value_of(
    json: &Json,
    markers: &Markers,
    literal: &dyn Fn(Span) -> OriginId,
) -> Value {
    let origin = literal(json.span);
    match &json.kind {
        JsonKind::Null => Value::null(origin),
        JsonKind::Bool(flag) => Value::bool(*flag, origin),
        JsonKind::Number(number) => Value::new(Data::Number(number.clone()), origin),
        JsonKind::String(text) => markers
            .read(text, origin)
            .unwrap_or_else(|| Value::string(Arc::clone(text), origin)),
        JsonKind::Array(items) => {
            let items = items.iter().map(|item| value_of(item, markers, literal));
            Value::list(items.collect(), origin)
        }
        JsonKind::Object(members) => {
            let entries = members.iter().map(|member| {
                let value = value_of(&member.value, markers, literal);
                (Arc::clone(&member.name), value)
            });
            Value::object(entries, origin)
        }
    }
}

/// Where values came from, if anybody keeps that.
#[derive(Clone, Copy)]
pub(in crate::eval) struct Origins<'o> {
    pub(in crate::eval) builder: Option<&'o OriginBuilder>,
}

impl Origins<'_> {
    /// A value as JSON; what is not known becomes a marker.
    fn json(self, value: &Value, around: Span, values: &mut Markers, depth: usize) -> Option<Json> {
        if depth > MAX_DEPTH {
            return None;
        }
        let typed = self
            .builder
            .and_then(|origins| origins.typed_at(value.origin));
        let span = typed.unwrap_or(around);
        let kind = match &value.data {
            Data::Null => JsonKind::Null,
            Data::Bool(flag) => JsonKind::Bool(*flag),
            Data::Number(number) => JsonKind::Number(number.clone()),
            Data::String(text) => JsonKind::String(Arc::clone(text)),
            Data::Template(pieces) => {
                JsonKind::String(marked(pieces, value.origin, values, false).into())
            }
            Data::List(list) if list.rest.is_none() => {
                let items = list.items.iter();
                let items = items.map(|item| self.json(item, span, values, depth + 1));
                JsonKind::Array(items.collect::<Option<_>>()?)
            }
            Data::Object(object) if object.rest.is_none() => {
                let members = object.entries.iter().map(|(name, value)| {
                    let value = self.json(value, span, values, depth + 1)?;
                    Some(Member {
                        name: Arc::clone(name),
                        name_span: value.span,
                        value,
                    })
                });
                JsonKind::Object(members.collect::<Option<_>>()?)
            }
            Data::Unknown(_) | Data::List(_) | Data::Object(_) => {
                JsonKind::String(values.mark(value).into())
            }
        };
        Some(Json { span, kind })
    }

    /// The file that a text is, word for word, as `file()` reads it.
    pub(in crate::eval) fn whole_file(
        self,
        origin: OriginId,
        text: &str,
        loader: &dyn Loader,
    ) -> Option<(FileId, Arc<SourceFile>)> {
        let builder = self.builder?;
        let mut origin = builder.get(origin)?;
        // Through locals, variables and module calls to the function that read it.
        for _ in 0..MAX_DEPTH {
            if matches!(origin.step, OriginStep::Literal) {
                break;
            }
            origin = builder.get(*origin.parents.first()?)?;
        }
        let span = origin.span?;
        let (id, file) = loader.text(&loader.path(span.file))?;
        (**file.text() == *text && span.len() as usize == text.len()).then_some((id, file))
    }
}

fn file_span(file: &(FileId, Arc<SourceFile>)) -> Span {
    let end = u32::try_from(file.1.text().len()).unwrap_or(u32::MAX);
    Span::new(file.0, 0, end)
}

fn parsed(parsed: crate::syntax::Parsed<Option<Json>>, whole: Span) -> Result<Json, Unreadable> {
    use crate::diagnostic::Severity;
    let wrong = parsed
        .diagnostics
        .iter()
        .find(|told| told.severity == Severity::Error);
    match (parsed.tree, wrong) {
        (Some(tree), None) => Ok(tree),
        (_, Some(wrong)) => {
            let at = wrong.primary.as_ref().map_or(whole, |label| label.span);
            Err(Unreadable::Text(at, wrong.message.clone()))
        }
        (None, None) => Err(Unreadable::Nothing),
    }
}

/// The text of pieces with a marker for each hole. In JSON one that does not stand in a string is put
/// in quotes, so that it is a value by itself.
fn marked(pieces: &[Piece], origin: OriginId, values: &mut Markers, json: bool) -> String {
    let mut text = String::new();
    let (mut in_string, mut escaped) = (false, false);
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => {
                for character in literal.chars() {
                    match character {
                        _ if escaped => escaped = false,
                        '\\' if in_string => escaped = true,
                        '"' => in_string = !in_string,
                        _ => {}
                    }
                }
                text.push_str(literal);
            }
            Piece::Hole(unknown) => {
                let value = Value::new(Data::Unknown(Arc::clone(unknown)), origin);
                let marker = values.mark(&value);
                if json && !in_string {
                    text.push('"');
                    text.push_str(&marker);
                    text.push('"');
                } else {
                    text.push_str(&marker);
                }
            }
        }
    }
    text
}

/// Which part of a text lies where in a file: what is the same on both sides, line by line.
struct Places {
    /// Begin in the text, length, begin in the file; sorted.
    parts: Vec<(usize, usize, usize)>,
    around: Span,
}

impl Places {
    fn of(text: &str, around: Span, loader: &dyn Loader) -> Self {
        let mut parts = Vec::new();
        let written = loader.text(&loader.path(around.file)).map(|(_, file)| file);
        let written = written.as_ref().map_or("", |file| file.slice(around));
        let mut cursor = 0;
        let mut begin = 0;
        for line in text.split_inclusive('\n') {
            let mut offset = begin;
            // A marker stands where the file has an expression.
            for part in line.split(is_mark) {
                let lead = part.len() - part.trim_start().len();
                let known = part.trim();
                if known.len() > 1
                    && let Some(found) = written.get(cursor..).and_then(|rest| rest.find(known))
                {
                    let base = around.start as usize;
                    parts.push((offset + lead, known.len(), base + cursor + found));
                    cursor += found + known.len();
                }
                offset += part.len() + 1;
            }
            begin += line.len();
        }
        Self { parts, around }
    }

    fn find(&self, span: Span) -> Span {
        let place = |offset: u32, end: bool| {
            let offset = offset as usize;
            let after = self.parts.partition_point(|(begin, ..)| {
                if end {
                    *begin < offset
                } else {
                    *begin <= offset
                }
            });
            let (begin, length, file) = *self.parts.get(after.checked_sub(1)?)?;
            let inside = offset.checked_sub(begin)?;
            (inside <= length).then(|| u32::try_from(file + inside).ok())?
        };
        match (place(span.start, false), place(span.end, true)) {
            (Some(start), Some(end)) if start < end => Span::new(self.around.file, start, end),
            _ => self.around,
        }
    }
}

fn is_mark(character: char) -> bool {
    character == OPEN || character == CLOSE
}

fn moved(json: Json, places: &Places) -> Json {
    let span = places.find(json.span);
    let kind = match json.kind {
        JsonKind::Array(items) => {
            let items = items.into_iter().map(|item| moved(item, places));
            JsonKind::Array(items.collect())
        }
        JsonKind::Object(members) => {
            let members = members.into_iter().map(|member| Member {
                name_span: places.find(member.name_span),
                name: member.name,
                value: moved(member.value, places),
            });
            JsonKind::Object(members.collect())
        }
        other => other,
    };
    Json { span, kind }
}
