//! YAML: rule files and configuration.
//!
//! [`parse`] gives a tree in which every key and value knows its [`Span`] and how it was written,
//! so that a wrong key, a value of the wrong kind and an expression that YAML read as something
//! else can each be pointed at. Scalars are resolved by the core schema (`yes` is a string).
//!
//! A tree can also be deserialized from JSON, for rules that the build has stored; it has no places.
//!
//! What is absent: several documents in one file, merge keys.

mod stored;

use std::sync::Arc;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::{Comment, Number, Parsed};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, SourceFile, Span};

/// How deep collections may nest.
const MAX_DEPTH: usize = 64;
/// How many nodes a file may have, aliases expanded.
const MAX_NODES: usize = 200_000;

/// A node and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Yaml {
    /// From its first to its last character; for block collections up to the last value.
    pub span: Span,
    /// What it is.
    pub kind: YamlKind,
    /// The tag in front of it as written, for example `!subject.x`; a value that YAML should not
    /// have read as tagged.
    pub tag: Option<Arc<str>>,
    /// How it was written.
    pub style: Style,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum YamlKind {
    /// Nothing, `null` or `~`.
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number; see [`Yaml::text`] for how it was typed.
    Number(Number, Arc<str>),
    /// Any other scalar.
    String(Arc<str>),
    /// `- a` or `[a]`
    List(Vec<Yaml>),
    /// `a: b` or `{a: b}`, in the order typed, keys unique.
    Map(Vec<Entry>),
}

/// One entry of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Arc<str>,
    /// The key's place.
    pub key_span: Span,
    /// The value.
    pub value: Yaml,
}

/// How a node was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without marks.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// A block scalar (`|`, `>`), or a collection by indentation.
    Block,
    /// A collection in brackets.
    Flow,
    /// Not as YAML: the value was stored as JSON and has no place.
    Stored,
}

impl Yaml {
    /// The entries, if it is a map.
    #[must_use]
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.kind {
            YamlKind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key, if it is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()?
            .iter()
            .find(|entry| &*entry.key == key)
            .map(|entry| &entry.value)
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn items(&self) -> Option<&[Self]> {
        match &self.kind {
            YamlKind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The text of a string, or a number or boolean as typed.
    #[must_use]
    pub fn text(&self) -> Option<Arc<str>> {
        match &self.kind {
            YamlKind::String(text) | YamlKind::Number(_, text) => Some(Arc::clone(text)),
            YamlKind::Bool(value) => Some(if *value { "true" } else { "false" }.into()),
            _ => None,
        }
    }

    /// Whether both have the same values, wherever and however they were written.
    #[must_use]
    pub fn same_values(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (YamlKind::List(a), YamlKind::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same_values(b))
            }
            (YamlKind::Map(a), YamlKind::Map(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b)
                        .all(|(a, b)| a.key == b.key && a.value.same_values(&b.value))
            }
            (a, b) => a == b,
        }
    }

    /// What it is, for messages: `a string`, `a list`.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match self.kind {
            YamlKind::Null => "nothing",
            YamlKind::Bool(_) => "true or false",
            YamlKind::Number(..) => "a number",
            YamlKind::String(_) => "a string",
            YamlKind::List(_) => "a list",
            YamlKind::Map(_) => "a map",
        }
    }
}

/// Parses the first document of a file; `None` if there is none or it cannot be read.
#[must_use]
pub fn parse(id: FileId, file: &SourceFile) -> Parsed<Option<Yaml>> {
    let mut builder = Builder {
        id,
        text: file.text(),
        stack: Vec::new(),
        anchors: Vec::new(),
        nodes: 0,
        root: None,
        comments: Vec::new(),
        diagnostics: Vec::new(),
    };
    builder.run();
    Parsed {
        tree: builder.root,
        comments: builder.comments,
        diagnostics: builder.diagnostics,
    }
}

struct Builder<'a> {
    id: FileId,
    text: &'a str,
    stack: Vec<Open>,
    anchors: Vec<(usize, Yaml, usize)>,
    nodes: usize,
    root: Option<Yaml>,
    comments: Vec<Comment>,
    diagnostics: Vec<Diagnostic>,
}

/// A collection that is not closed yet.
struct Open {
    start: Span,
    style: Style,
    tag: Option<Arc<str>>,
    anchor: usize,
    size: usize,
    content: Content,
}

enum Content {
    List(Vec<Yaml>),
    Map(Vec<Entry>, Option<(Arc<str>, Span)>),
}

impl Builder<'_> {
    fn run(&mut self) {
        let mut parser = Parser::new_from_str(self.text);
        let mut last = Span::new(self.id, 0, 0);
        while let Some(event) = parser.next_event() {
            let (event, span) = match event {
                Ok(event) => event,
                Err(error) => {
                    let at = error.marker().byte_offset().map_or(last, |at| {
                        let at = self.clamp(at);
                        Span::new(self.id, at, at)
                    });
                    self.fail(at, format!("not YAML: {}", error.info()));
                    return;
                }
            };
            last = self.span(&span);
            match self.event(event, last) {
                Step::Continue => {}
                Step::Done => return,
            }
        }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Step {
        match event {
            Event::Comment(..) => self.comments.push(Comment { span }),
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(&text, style, tag.as_deref(), span);
                return self.place(node, anchor, 1);
            }
            Event::SequenceStart(style, anchor, tag) => {
                let style = collection_style(style);
                return self.open(
                    span,
                    style,
                    anchor,
                    tag.as_deref(),
                    Content::List(Vec::new()),
                );
            }
            Event::MappingStart(style, anchor, tag) => {
                let style = collection_style(style);
                let content = Content::Map(Vec::new(), None);
                return self.open(span, style, anchor, tag.as_deref(), content);
            }
            Event::SequenceEnd | Event::MappingEnd => return self.close(span),
            Event::Alias(anchor) => {
                let found = self.anchors.iter().find(|(id, ..)| *id == anchor);
                let Some((node, size)) = found.map(|(_, node, size)| (node.clone(), *size)) else {
                    self.fail(
                        span,
                        "an alias of something that is not complete yet".into(),
                    );
                    return Step::Done;
                };
                return self.place(node, 0, size);
            }
            Event::DocumentStart(..) if self.root.is_some() => {
                self.fail(span, "more than one YAML document in one file".into());
                return Step::Done;
            }
            _ => {}
        }
        Step::Continue
    }

    fn open(
        &mut self,
        start: Span,
        style: Style,
        anchor: usize,
        tag: Option<&Tag>,
        content: Content,
    ) -> Step {
        if self.stack.len() >= MAX_DEPTH {
            self.fail(start, format!("nested more than {MAX_DEPTH} levels deep"));
            return Step::Done;
        }
        self.stack.push(Open {
            start,
            style,
            tag: tag.map(|tag| tag.original().into()),
            anchor,
            size: 1,
            content,
        });
        Step::Continue
    }

    fn close(&mut self, end: Span) -> Step {
        let Some(open) = self.stack.pop() else {
            return Step::Continue;
        };
        let (kind, inner) = match open.content {
            Content::List(items) => {
                let inner = items.last().map(|item| item.span);
                (YamlKind::List(items), inner)
            }
            Content::Map(entries, _) => {
                let inner = entries.last().map(|entry| entry.value.span);
                (YamlKind::Map(entries), inner)
            }
        };
        // A block collection ends where its last value does, not at the next token.
        let span = match (open.style, inner) {
            (Style::Block, Some(inner)) => open.start.to(inner),
            _ => open.start.to(end),
        };
        let node = Yaml {
            span,
            kind,
            tag: open.tag,
            style: open.style,
        };
        self.place(node, open.anchor, open.size)
    }

    fn place(&mut self, node: Yaml, anchor: usize, size: usize) -> Step {
        self.nodes += size;
        if self.nodes > MAX_NODES {
            self.fail(node.span, format!("more than {MAX_NODES} values"));
            return Step::Done;
        }
        if anchor != 0 {
            self.anchors.push((anchor, node.clone(), size));
        }
        let Some(parent) = self.stack.last_mut() else {
            self.root = Some(node);
            return Step::Continue;
        };
        parent.size += size;
        match &mut parent.content {
            Content::List(items) => items.push(node),
            Content::Map(entries, pending) => match pending.take() {
                None => {
                    let text = match &node.kind {
                        YamlKind::Null => Some("".into()),
                        _ => node.text(),
                    };
                    let Some(key) = text else {
                        let span = node.span;
                        self.fail(span, "a key must be a string".into());
                        return Step::Done;
                    };
                    *pending = Some((key, node.span));
                }
                Some((key, key_span)) => {
                    if let Some(earlier) = entries.iter().find(|entry| entry.key == key) {
                        let message = format!("`{key}` is given twice");
                        self.diagnostics.push(
                            Diagnostic::unreadable("yaml-duplicate-key", key_span, message)
                                .with_related(earlier.key_span, "first here"),
                        );
                    } else {
                        entries.push(Entry {
                            key,
                            key_span,
                            value: node,
                        });
                    }
                }
            },
        }
        Step::Continue
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Yaml {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            _ => Style::Block,
        };
        let kind = if style == Style::Plain {
            resolve(text)
        } else {
            YamlKind::String(text.into())
        };
        Yaml {
            span,
            kind,
            tag: tag.map(|tag| tag.original().into()),
            style,
        }
    }

    fn span(&self, span: &serde_saphyr::granit_parser::Span) -> Span {
        let start = self.clamp(span.start.byte_offset().unwrap_or(0));
        let end = self.clamp(span.end.byte_offset().unwrap_or(0));
        Span::new(self.id, start, end)
    }

    fn clamp(&self, offset: usize) -> u32 {
        u32::try_from(offset.min(self.text.len())).unwrap_or(u32::MAX)
    }

    fn fail(&mut self, mut span: Span, message: String) {
        self.root = None;
        // The scanner stops where the blanks before a tab begin.
        if message.ends_with("found a tab") {
            let from = usize::try_from(span.start).unwrap_or(0);
            let tab = self.text.get(from..).and_then(|rest| rest.find('\t'));
            if let Some(tab) = tab {
                let at = self.clamp(from + tab);
                span = Span::new(self.id, at, at + 1);
            }
        }
        self.diagnostics
            .push(Diagnostic::unreadable("yaml-syntax", span, message));
    }
}

enum Step {
    Continue,
    Done,
}

fn collection_style(style: serde_saphyr::granit_parser::StructureStyle) -> Style {
    match style {
        serde_saphyr::granit_parser::StructureStyle::Block => Style::Block,
        serde_saphyr::granit_parser::StructureStyle::Flow => Style::Flow,
    }
}

fn resolve(text: &str) -> YamlKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => YamlKind::Null,
        "true" | "True" | "TRUE" => YamlKind::Bool(true),
        "false" | "False" | "FALSE" => YamlKind::Bool(false),
        _ => {
            let numeric = text.starts_with(|first: char| {
                first.is_ascii_digit() || matches!(first, '-' | '+' | '.')
            });
            match Number::parse(text) {
                Some(number) if numeric => YamlKind::Number(number, text.into()),
                _ => YamlKind::String(text.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Parsed<Option<Yaml>>, SourceFile) {
        let file = SourceFile::new("x.yaml", text);
        (parse(FileId(0), &file), file)
    }

    #[test]
    fn keys_and_values_know_their_places() {
        let (parsed, file) = read("id: a-rule # why\nlist:\n  - \"é\"\n  - {port: 25}\nnone:\n");
        assert!(parsed.diagnostics.is_empty());
        let tree = parsed.tree.unwrap();
        let id = &tree.entries().unwrap()[0];
        assert_eq!(file.slice(id.key_span), "id");
        assert_eq!(file.slice(id.value.span), "a-rule");
        let list = tree.get("list").unwrap();
        assert_eq!(file.slice(list.items().unwrap()[0].span), "\"é\"");
        let port = list.items().unwrap()[1].get("port").unwrap();
        assert_eq!(file.slice(port.span), "25");
        assert_eq!(
            port.kind,
            YamlKind::Number(Number::Integer(25), "25".into())
        );
        assert_eq!(tree.get("none").unwrap().kind, YamlKind::Null);
        assert_eq!(file.slice(parsed.comments[0].span), "# why");
    }

    #[test]
    fn an_exclamation_mark_becomes_a_tag_that_can_be_seen() {
        let (parsed, _) = read("where: !subject.x\n");
        let tree = parsed.tree.unwrap();
        assert_eq!(
            tree.get("where").unwrap().tag.as_deref(),
            Some("!subject.x")
        );
    }

    #[test]
    fn a_key_given_twice_is_told_with_both_places() {
        let (parsed, file) = read("a: 1\nb: 2\na: 3\n");
        let diagnostic = &parsed.diagnostics[0];
        assert_eq!(diagnostic.code, "yaml-duplicate-key");
        assert_eq!(diagnostic.primary.as_ref().unwrap().span.start, 10);
        assert_eq!(file.slice(diagnostic.related[0].span), "a");
    }

    #[test]
    fn deep_nesting_and_alias_bombs_are_diagnostics() {
        let (parsed, _) = read(&"[".repeat(10_000));
        assert_eq!(parsed.diagnostics.len(), 1);
        assert!(parsed.tree.is_none());
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let before = level - 1;
            let items = vec![format!("*a{before}"); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        let (parsed, _) = read(&bomb);
        assert!(parsed.diagnostics[0].message.contains("more than"));
    }

    #[test]
    fn a_syntax_error_has_a_place() {
        let (parsed, _) = read("a: [1, 2\nb: }\n");
        assert!(parsed.tree.is_none());
        assert_eq!(parsed.diagnostics[0].code, "yaml-syntax");
        assert!(parsed.diagnostics[0].primary.as_ref().unwrap().span.start > 0);
    }
}
