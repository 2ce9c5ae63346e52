//! Expressions in rule files: taken out of YAML so that every part keeps its place.

use std::sync::{Arc, OnceLock};

use super::reader::Reader;
use crate::source::Span;
use crate::syntax::hcl::{self, Expr};
use crate::syntax::yaml::{Style, Yaml, YamlKind};

/// An expression as it stands in a rule file.
#[derive(Clone, Debug)]
pub struct ExprSource {
    /// The expression as written; line ends are spaces.
    pub text: Arc<str>,
    /// Its place.
    pub span: Span,
    /// Where its text begins.
    at: Span,
    tree: OnceLock<Expr>,
}

impl ExprSource {
    /// Reads an expression from a scalar; `None` after telling what is wrong.
    pub fn read(node: &Yaml, reader: &mut Reader<'_>) -> Option<Self> {
        let (text, at) = source_of(node, reader)?;
        Self::parse(&text, at, node.span, reader)
    }

    /// Reads `${expression}` from a scalar.
    pub fn read_interpolation(node: &Yaml, reader: &mut Reader<'_>) -> Option<Self> {
        let (text, at) = source_of(node, reader)?;
        let inner = text.trim_end().strip_prefix("${")?.strip_suffix('}')?;
        let at = Span::new(at.file, at.start + 2, at.end);
        Self::parse(inner, at, node.span, reader)
    }

    /// Takes a piece of a rule file's text, and parses it if the file is to be checked.
    pub fn parse(text: &str, at: Span, whole: Span, reader: &mut Reader<'_>) -> Option<Self> {
        let source = Self {
            text: text.into(),
            span: whole,
            at,
            tree: OnceLock::new(),
        };
        if reader.checks() {
            source.tree(reader)?;
        }
        Some(source)
    }

    /// Its tree, with places in the rule file; `None` after telling what is wrong.
    pub fn tree(&self, reader: &mut Reader<'_>) -> Option<&Expr> {
        if let Some(tree) = self.tree.get() {
            return Some(tree);
        }
        match hcl::parse_expression(self.at, &self.text) {
            Ok(tree) => Some(self.tree.get_or_init(|| tree)),
            Err(diagnostic) => {
                let place = diagnostic
                    .primary
                    .as_ref()
                    .map(|label| label.span)
                    .filter(|span| self.span.contains(*span))
                    .unwrap_or(self.span);
                let message = format!("not an expression: {}", diagnostic.message);
                let from = usize::try_from(place.start.saturating_sub(self.span.start));
                let whole = reader.slice(self.span);
                let rest = from.ok().and_then(|from| whole.get(from..)).unwrap_or("");
                match habit(rest) {
                    Some(help) => reader.error_with_help(place, message, help),
                    None => reader.error(place, message),
                }
                None
            }
        }
    }
}

/// What is meant by a word or sign of another language, where an expression is read no further.
fn habit(rest: &str) -> Option<&'static str> {
    let word = rest.split(|c: char| !c.is_ascii_alphabetic()).next();
    Some(match word.unwrap_or("") {
        "and" => "`&&` joins conditions",
        "or" => "`||` is the other one",
        "not" => "`!` negates",
        "in" => "`contains(list, x)` tells whether a list has it",
        "matches" | "like" => "`can(regex(\"…\", text))` tells whether a text matches",
        _ if rest.starts_with('\'') => "texts stand in double quotes",
        _ if rest.starts_with('=') => "`==` compares",
        _ => return None,
    })
}

/// The text of an expression and where it begins. Line ends within it become spaces, so that
/// offsets into the text are offsets into the file and the line breaks mean nothing.
fn source_of(node: &Yaml, reader: &mut Reader<'_>) -> Option<(String, Span)> {
    if let Some(tag) = &node.tag {
        let help = "put the expression in quotes or write it as a block scalar (`|`)";
        let message = format!("YAML read `{tag}` as a tag, not as part of an expression");
        reader.error_with_help(node.span, message, help);
        return None;
    }
    let swallowed = match &node.kind {
        YamlKind::List(_) => Some("a list"),
        YamlKind::Map(_) => Some("a map"),
        YamlKind::Null => Some("nothing"),
        _ => None,
    };
    if let Some(swallowed) = swallowed {
        let help = "put the expression in quotes or write it as a block scalar (`|`)";
        let message = format!("an expression is expected; YAML read this as {swallowed}");
        reader.error_with_help(node.span, message, help);
        return None;
    }
    if node.style == Style::Stored {
        let text = node.text()?.replace(['\n', '\r'], " ");
        return Some((text, node.span));
    }
    let raw = reader.slice(node.span);
    let start = node.span.start;
    let (skip, take) = match node.style {
        Style::Plain | Style::Flow | Style::Stored => (0, raw.len()),
        Style::Quoted => (1, raw.len().saturating_sub(1)),
        Style::Block => match (raw.starts_with(['|', '>']), raw.find('\n')) {
            (true, Some(header)) => (header + 1, raw.len()),
            _ => (0, raw.len()),
        },
    };
    let inner = raw.get(skip..take).unwrap_or("");
    let escaped = node.style == Style::Quoted
        && match raw.starts_with('\'') {
            true => inner.contains("''"),
            false => inner.contains('\\'),
        };
    let offset = u32::try_from(skip).unwrap_or(0);
    let at = Span::new(node.span.file, start + offset, node.span.end);
    if escaped {
        return node.text().map(|text| (text.to_string(), at));
    }
    Some((inner.replace(['\n', '\r'], " "), at))
}
