//! Text to [`Json`], through `jsonc-parser`.

use std::collections::HashMap;
use std::sync::Arc;

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, CommentMap, ParseOptions};

use super::{Json, JsonKind, Member, stream};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::{Comment, Number, Parsed};

/// Parses one document. An empty or unreadable one has no tree. Several one after the other, as
/// commands append them to a file, are read as a list of those that can be read.
///
/// Of members with the same name, compared exactly, the last stays at its place and an advice
/// `duplicate-key` points at it and at the one it replaces. What cannot be read gives
/// `json-syntax`, and more than some hundred levels of brackets `nesting-depth`.
///
/// ```
/// use aznet::source::{FileId, SourceFile};
/// use aznet::syntax::json;
/// let file = SourceFile::new("a.json", r#"{ "name": "web", /* trailing comma: */ }"#);
/// let parsed = json::parse(FileId(0), &file);
/// assert_eq!(parsed.tree.unwrap().get("name").unwrap().as_str(), Some("web"));
/// assert_eq!(file.slice(parsed.comments[0].span), "/* trailing comma: */");
/// ```
#[must_use]
pub fn parse(id: FileId, file: &SourceFile) -> Parsed<Option<Json>> {
    parse_with(id, file, strict_but_commented())
}

/// The same for text that Azure reads while it evaluates a template: strings and names may also
/// stand in single quotes, as in the examples of `json` (`bicep-functions-object.md`) and
/// `base64ToJson` (`template-functions-string.md`).
///
/// ```
/// use aznet::source::{FileId, SourceFile};
/// use aznet::syntax::json;
/// let file = SourceFile::new("", "{'name': 'web'}");
/// let parsed = json::parse_either_quotes(FileId(0), &file);
/// assert_eq!(parsed.tree.unwrap().get("name").unwrap().as_str(), Some("web"));
/// ```
#[must_use]
pub fn parse_either_quotes(id: FileId, file: &SourceFile) -> Parsed<Option<Json>> {
    let options = ParseOptions {
        allow_single_quoted_strings: true,
        ..strict_but_commented()
    };
    parse_with(id, file, options)
}

/// The same for text of the standard: no comments and no comma before a closing bracket, and one
/// document alone. Members of the same name all stay, in the order typed: Terraform reads an object
/// that stands for blocks that way.
///
/// ```
/// use aznet::source::{FileId, SourceFile};
/// use aznet::syntax::json;
/// let file = SourceFile::new("a.tf.json", r#"{"a": 1, "a": 2}"#);
/// let parsed = json::parse_standard(FileId(0), &file);
/// assert_eq!(parsed.tree.unwrap().members().len(), 2);
/// ```
#[must_use]
pub fn parse_standard(id: FileId, file: &SourceFile) -> Parsed<Option<Json>> {
    let options = ParseOptions {
        allow_comments: false,
        allow_trailing_commas: false,
        ..strict_but_commented()
    };
    parse_with(id, file, options)
}

fn parse_with(id: FileId, file: &SourceFile, options: ParseOptions) -> Parsed<Option<Json>> {
    let lenient = options.allow_comments;
    let mut lowering = Lowering {
        options,
        keeps_equals: !lenient,
        file: id,
        base: 0,
        comments: Vec::new(),
        diagnostics: Vec::new(),
        names: NameCache::default(),
        texts: NameCache::default(),
    };
    let tree = match lowering.document(file.text()) {
        Ok(tree) => tree,
        Err(error) => {
            let several = lenient && matches!(error.kind(), ParseErrorKind::MultipleRootJsonValues);
            let stream = several.then(|| stream::documents(file.text())).flatten();
            match stream.and_then(|documents| lowering.stream(file.text(), documents)) {
                Some(tree) => Some(tree),
                None => {
                    lowering.comments.clear();
                    lowering.diagnostics = vec![syntax_diagnostic(id, file.text(), 0, &error)];
                    None
                }
            }
        }
    };
    Parsed {
        tree,
        comments: lowering.comments,
        diagnostics: lowering.diagnostics,
    }
}

fn strict_but_commented() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// The parser files every comment under both neighbours; each is wanted once.
fn in_order(comments: Option<CommentMap<'_>>) -> Vec<Range> {
    let mut ranges: Vec<Range> = comments
        .unwrap_or_default()
        .values()
        .flat_map(|group| group.iter().map(Ranged::range))
        .collect();
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by_key(|range| range.start);
    ranges
}

/// Objects with more members than this are searched for duplicates through a hash table.
const FEW_MEMBERS: usize = 12;

/// Texts of at most so many bytes are kept once for as long as they come again soon.
const SHORT_TEXT: usize = 48;

struct Lowering {
    options: ParseOptions,
    /// Whether members of the same name all stay.
    keeps_equals: bool,
    file: FileId,
    /// Where the document begins in the text.
    base: usize,
    comments: Vec<Comment>,
    diagnostics: Vec<Diagnostic>,
    names: NameCache,
    texts: NameCache,
}

impl Lowering {
    /// One document; `None` for none or one that cannot be used, which is told.
    fn document(&mut self, text: &str) -> Result<Option<Json>, ParseError> {
        let collect = CollectOptions {
            comments: CommentCollectionStrategy::Separate,
            tokens: false,
        };
        let result = jsonc_parser::parse_to_ast(text, &collect, &self.options)?;
        for range in in_order(result.comments) {
            let span = self.span(range);
            self.comments.push(Comment { span });
        }
        match result.value.map(|value| self.value(value)) {
            None => Ok(None),
            Some(Ok(tree)) => Ok(Some(tree)),
            Some(Err(diagnostic)) => {
                self.diagnostics.push(*diagnostic);
                Ok(None)
            }
        }
    }

    /// Documents one after the other, as a list of those that can be read. `None` where one of
    /// them says that it is something that stands alone.
    fn stream(&mut self, text: &str, documents: Vec<std::ops::Range<usize>>) -> Option<Json> {
        let mut items = Vec::with_capacity(documents.len());
        for place in documents {
            let document = text.get(place.clone())?;
            self.base = place.start;
            match self.document(document) {
                Ok(Some(tree)) if tree.get("$schema").is_some() => return None,
                Ok(tree) => items.extend(tree),
                Err(error) => {
                    let told = syntax_diagnostic(self.file, document, self.base, &error);
                    self.diagnostics.push(told);
                }
            }
        }
        Some(Json {
            span: span(
                self.file,
                Range {
                    start: 0,
                    end: text.len(),
                },
            ),
            kind: JsonKind::Array(items),
        })
    }

    fn span(&self, range: Range) -> Span {
        span(self.file, moved(range, self.base))
    }

    /// Recursion is bounded: the parser accepts some hundred levels.
    fn value(&mut self, value: Value<'_>) -> Result<Json, Box<Diagnostic>> {
        let span = self.span(value.range());
        let kind = match value {
            Value::NullKeyword(_) => JsonKind::Null,
            Value::BooleanLit(literal) => JsonKind::Bool(literal.value),
            Value::NumberLit(literal) => JsonKind::Number(number(span, literal.value)?),
            Value::StringLit(literal) => JsonKind::String(self.text(&literal.value)),
            Value::Array(array) => {
                // Not collected: room for as many as there are, and no more, is kept by the tree.
                let mut items = Vec::with_capacity(array.elements.len());
                for item in array.elements {
                    items.push(self.value(item)?);
                }
                JsonKind::Array(items)
            }
            Value::Object(object) => self.object(object)?,
        };
        Ok(Json { span, kind })
    }

    /// Short texts are shared too: the types of parameters and resources, addresses, ports.
    fn text(&mut self, text: &str) -> Arc<str> {
        if text.len() <= SHORT_TEXT {
            self.texts.get(text)
        } else {
            Arc::from(text)
        }
    }

    fn object(&mut self, object: Object<'_>) -> Result<JsonKind, Box<Diagnostic>> {
        let mut members = Vec::with_capacity(object.properties.len());
        for property in object.properties {
            members.push(self.member(property)?);
        }
        if !self.keeps_equals {
            self.keep_last_of_equals(&mut members);
        }
        Ok(JsonKind::Object(members))
    }

    fn member(&mut self, property: ObjectProp<'_>) -> Result<Member, Box<Diagnostic>> {
        let name_span = self.span(property.name.range());
        let name = self.names.get(property.name.as_str());
        let value = self.value(property.value)?;
        Ok(Member {
            name,
            name_span,
            value,
        })
    }

    fn keep_last_of_equals(&mut self, members: &mut Vec<Member>) {
        let replaced = replaced_members(members);
        if replaced.is_empty() {
            return;
        }
        let mut dropped = vec![false; members.len()];
        for (earlier, later) in replaced {
            let (Some(old), Some(new)) = (members.get(earlier), members.get(later)) else {
                continue;
            };
            self.diagnostics.push(
                Diagnostic::advice(
                    "duplicate-key",
                    new.name_span,
                    format!("the name `{}` occurs twice in this object", new.name),
                )
                .with_related(old.name_span, "this value is lost: the last one wins"),
            );
            if let Some(dropped) = dropped.get_mut(earlier) {
                *dropped = true;
            }
        }
        let mut dropped = dropped.into_iter();
        members.retain(|_| !dropped.next().unwrap_or(false));
    }
}

/// Pairs of places: a member, and the next one of the same name.
fn replaced_members(members: &[Member]) -> Vec<(usize, usize)> {
    let mut replaced = Vec::new();
    if members.len() <= FEW_MEMBERS {
        for (later, member) in members.iter().enumerate() {
            let before = members.iter().take(later);
            if let Some(earlier) = before.rev_position(|other| other.name == member.name) {
                replaced.push((earlier, later));
            }
        }
    } else {
        let mut last_place = HashMap::with_capacity(members.len());
        for (later, member) in members.iter().enumerate() {
            if let Some(earlier) = last_place.insert(&*member.name, later) {
                replaced.push((earlier, later));
            }
        }
    }
    replaced
}

trait LastPosition: Iterator + Sized {
    /// The index of the last item that fits.
    fn rev_position(self, fits: impl Fn(Self::Item) -> bool) -> Option<usize> {
        let mut last = None;
        for (index, item) in self.enumerate() {
            if fits(item) {
                last = Some(index);
            }
        }
        last
    }
}

impl<I: Iterator> LastPosition for I {}

fn number(span: Span, text: &str) -> Result<Number, Box<Diagnostic>> {
    Number::parse(text).ok_or_else(|| {
        Box::new(Diagnostic::unreadable(
            "json-syntax",
            span,
            "this number is too large",
        ))
    })
}

/// Shares the names of members and short texts: templates repeat few of them (`name`, `type`,
/// `properties`) very often. A slot is found by a cheap mix of length and some bytes, and the last name in it stays.
struct NameCache {
    slots: Vec<Option<Arc<str>>>,
}

impl Default for NameCache {
    fn default() -> Self {
        Self {
            slots: vec![None; 256],
        }
    }
}

impl NameCache {
    fn get(&mut self, name: &str) -> Arc<str> {
        let bytes = name.as_bytes();
        let at = |index: usize| bytes.get(index).copied().map_or(0, usize::from);
        let last = at(bytes.len().wrapping_sub(1));
        let mix = bytes.len() * 31 + at(0) * 7 + at(bytes.len() / 2) * 17 + last * 3;
        let Some(slot) = self.slots.get_mut(mix % 256) else {
            return Arc::from(name);
        };
        if let Some(known) = slot
            && &**known == name
        {
            return Arc::clone(known);
        }
        let fresh: Arc<str> = Arc::from(name);
        *slot = Some(Arc::clone(&fresh));
        fresh
    }
}

/// `text` is the document, which begins at `base` of the file.
fn syntax_diagnostic(file: FileId, text: &str, base: usize, error: &ParseError) -> Diagnostic {
    use ParseErrorKind as Kind;
    let range = error.range();
    let whole = span(file, moved(range, base));
    let first = Span::new(
        file,
        whole.start,
        whole.start.saturating_add(1).min(whole.end),
    );
    let (at, message, help): (Span, String, Option<&str>) = match error.kind() {
        Kind::NestingDepthExceeded => {
            return Diagnostic::unreadable(
                "nesting-depth",
                first,
                "brackets are nested too deeply to be read",
            );
        }
        Kind::UnterminatedObject => (first, "this `{` is never closed".into(), None),
        Kind::UnterminatedArray => (first, "this `[` is never closed".into(), None),
        Kind::UnterminatedCommentBlock => (
            Span::new(
                file,
                whole.start,
                whole.start.saturating_add(2).min(whole.end),
            ),
            "this comment is never closed".into(),
            None,
        ),
        Kind::MultipleRootJsonValues => (
            whole,
            "there is something after the end of the document".into(),
            None,
        ),
        Kind::ExpectedComma => (
            before(file, text, base, range.start),
            "a comma is missing after this".into(),
            None,
        ),
        Kind::SingleQuotedStringsNotAllowed => (
            whole,
            "strings stand in double quotes".into(),
            Some("write \"…\" instead of '…'"),
        ),
        Kind::ExpectedStringObjectProperty => (
            whole,
            "names of members stand in double quotes".into(),
            None,
        ),
        kind => (whole, sentence(&kind.to_string()), None),
    };
    let diagnostic = Diagnostic::unreadable("json-syntax", at, message);
    match help {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    }
}

/// The last character before an offset: an empty span shows nothing.
fn before(file: FileId, text: &str, base: usize, offset: usize) -> Span {
    let start = text
        .get(..offset)
        .and_then(|text| text.char_indices().next_back())
        .map_or(offset, |(start, _)| start);
    span(file, moved(Range { start, end: offset }, base))
}

fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

fn moved(range: Range, by: usize) -> Range {
    Range {
        start: range.start + by,
        end: range.end + by,
    }
}

fn span(file: FileId, range: Range) -> Span {
    let offset = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Span::new(file, offset(range.start), offset(range.end))
}
