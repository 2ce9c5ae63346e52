//! Text to tree, item by item.

use std::collections::HashMap;
use std::sync::Arc;

use super::cursor::Cursor;
use super::lexer::{Lexer, Token, TokenKind, Unclosed};
use super::split::{self, Item};
use super::{Body, Expr, TemplatePart};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::{Comment, Parsed};

/// How deep the tree may become: chains of operators and accessors count by their length.
/// Everything that walks the tree recurses this far at most.
pub(super) const DEEPEST: usize = 200;

/// How many brackets, conditions and operators with one operand may stand within each other.
pub(super) const NESTED: usize = 100;

/// Parses a `.tf` or `.tfvars` file. Items that cannot be read are missing from the tree and told
/// in a diagnostic: `hcl-syntax`, or `nesting-depth` where brackets, operators or accessors are
/// too many to be read.
///
/// ```
/// use aznet::source::{FileId, SourceFile};
/// use aznet::syntax::hcl;
/// let file = SourceFile::new("a.tf", "locals {\n  a = [1,\n}\nvariable \"b\" {}\n");
/// let parsed = hcl::parse(FileId(0), &file);
/// assert_eq!(parsed.tree.blocks_of("variable").count(), 1);
/// assert_eq!(parsed.diagnostics.len(), 1);
/// ```
#[must_use]
pub fn parse(id: FileId, file: &SourceFile) -> Parsed<Body> {
    let text = file.text();
    let split = split::split(text);
    let place = Place {
        file: id,
        origin: 0,
        text,
        escapes: &[],
    };
    let mut diagnostics = Vec::new();
    let mut tree = Body::default();
    let mut names: HashMap<Arc<str>, Span> = HashMap::new();
    for item in split.items {
        let (body, told) = match place.item(item, &split.tokens) {
            Ok(read) => read,
            Err(diagnostic) => {
                diagnostics.push(*diagnostic);
                continue;
            }
        };
        diagnostics.extend(told);
        for attribute in body.attributes {
            match names.get(&attribute.name) {
                Some(first) => {
                    diagnostics.push(repeated(&attribute.name, attribute.name_span, *first));
                }
                None => {
                    names.insert(Arc::clone(&attribute.name), attribute.name_span);
                    tree.attributes.push(attribute);
                }
            }
        }
        tree.blocks.extend(body.blocks);
    }
    let comments = split.comments.into_iter();
    Parsed {
        tree,
        comments: comments
            .map(|(start, end)| Comment {
                span: place.span(start, end),
            })
            .collect(),
        diagnostics,
    }
}

/// Parses one expression that stands at `at` within a file: `text` is the expression, and offsets
/// count from the start of the file. Policy rules use it. Newlines are allowed everywhere.
///
/// ```
/// use aznet::source::{FileId, Span};
/// use aznet::syntax::hcl;
/// let at = Span::new(FileId(3), 40, 51);
/// let expr = hcl::parse_expression(at, "rule.a == 1").unwrap();
/// assert_eq!((expr.span.start, expr.span.end), (40, 51));
/// ```
///
/// # Errors
/// The first diagnostic, if the text is no expression.
pub fn parse_expression(at: Span, text: &str) -> Result<Expr, Box<Diagnostic>> {
    let place = Place {
        file: at.file,
        origin: at.start as usize,
        text,
        escapes: &[],
    };
    place.expression(0)
}

/// Parses a text as the inside of a template, as `templatefile` reads a file: quotes and
/// backslashes mean nothing in it. `at` is the place of the text, as for [`parse_expression`].
///
/// # Errors
/// The first diagnostic, if an interpolation or directive cannot be read.
pub fn parse_template(at: Span, text: &str) -> Result<Vec<TemplatePart>, Box<Diagnostic>> {
    let place = Place {
        file: at.file,
        origin: at.start as usize,
        text,
        escapes: &[],
    };
    place.template(0)
}

/// A text and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) file: FileId,
    /// Offset of the text in its file.
    pub(super) origin: usize,
    /// The text as it was typed; what is parsed may be a mended copy of a part.
    pub(super) text: &'a str,
    /// Where characters stand in the file if the text is a string with escapes: offsets in the text
    /// from which on it stands as it is typed, and those in the file.
    pub(super) escapes: &'a [(usize, usize)],
}

impl Place<'_> {
    /// The span of a piece of the text.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let offset = |at: usize| {
            let before = self.escapes.partition_point(|(meant, _)| *meant <= at);
            let (meant, typed) = before
                .checked_sub(1)
                .and_then(|last| self.escapes.get(last))
                .map_or((0, self.origin), |place| *place);
            u32::try_from(typed + (at - meant)).unwrap_or(u32::MAX)
        };
        Span::new(self.file, offset(start), offset(end))
    }

    fn item(
        &self,
        item: Item,
        tokens: &[Token],
    ) -> Result<(Body, Vec<Diagnostic>), Box<Diagnostic>> {
        if let Some(at) = item.too_deep {
            let diagnostic = too_deep(self.span(at, at + 1));
            return Err(Box::new(self.with_header(diagnostic, item.start, at)));
        }
        if let Some(unclosed) = item.unclosed {
            return Err(self.unclosed(item.start, unclosed));
        }
        let tokens = tokens.get(item.tokens).unwrap_or_default();
        let mut cursor = Cursor::new(*self, tokens, false);
        let mut body = Body::default();
        let read = cursor.item(&mut body).and_then(|()| {
            if cursor.peek().kind == TokenKind::End {
                return Ok(());
            }
            cursor.refuse("a new line is expected before this")
        });
        match read {
            Ok(()) => Ok((body, cursor.diagnostics)),
            Err(told) => {
                let at = told.primary.as_ref().map_or(item.start, |label| {
                    (label.span.start as usize).saturating_sub(self.origin)
                });
                Err(Box::new(self.with_header(*told, item.start, at)))
            }
        }
    }

    /// Reads the whole text as an expression that has `depth` nodes above it.
    pub(super) fn expression(self, depth: usize) -> Result<Expr, Box<Diagnostic>> {
        self.alone(Lexer::new(self.text, 0), |cursor| {
            if cursor.peek().kind == TokenKind::End {
                let whole = self.span(0, self.text.len());
                return Err(Box::new(Diagnostic::unreadable(
                    "hcl-syntax",
                    whole,
                    "an expression is missing here",
                )));
            }
            let read = cursor.expression()?;
            if depth + read.height > DEEPEST {
                return Err(Box::new(too_deep(read.expr.span)));
            }
            Ok(read.expr)
        })
    }

    /// Reads the whole text as a template that has `depth` nodes above it.
    pub(super) fn template(self, depth: usize) -> Result<Vec<TemplatePart>, Box<Diagnostic>> {
        self.alone(Lexer::template(self.text), |cursor| {
            let (parts, height) = cursor.bare_template()?;
            if depth + height > DEEPEST {
                return Err(Box::new(too_deep(self.span(0, self.text.len()))));
            }
            Ok(parts)
        })
    }

    /// Reads all of a text that is no file; newlines mean nothing in it.
    fn alone<T>(
        &self,
        mut lexer: Lexer<'_>,
        read: impl FnOnce(&mut Cursor<'_>) -> Result<T, Box<Diagnostic>>,
    ) -> Result<T, Box<Diagnostic>> {
        let open_before = lexer.stack().len();
        let mut tokens = Vec::new();
        while let Some(token) = lexer.next() {
            if lexer.stack().len() > split::DEEPEST {
                return Err(Box::new(too_deep(self.span(token.start, token.end))));
            }
            if token.kind != TokenKind::Comment {
                tokens.push(token);
            }
        }
        let dangling = lexer.stack().get(open_before).map(|frame| frame.open);
        let unclosed = lexer.unclosed.or(dangling.map(Unclosed::Bracket));
        if let Some(unclosed) = unclosed {
            return Err(self.unclosed(0, unclosed));
        }
        let mut cursor = Cursor::new(*self, &tokens, true);
        let read = read(&mut cursor)?;
        if cursor.peek().kind != TokenKind::End {
            return cursor.refuse("the expression ends before this");
        }
        match cursor.diagnostics.into_iter().next() {
            Some(told) => Err(Box::new(told)),
            None => Ok(read),
        }
    }

    fn unclosed(&self, start: usize, unclosed: Unclosed) -> Box<Diagnostic> {
        let (at, length, message) = match unclosed {
            Unclosed::String(at) => (at, 1, "this string does not end on its line"),
            Unclosed::Comment(at) => (at, 2, "this comment is never closed"),
            Unclosed::Bracket(at) => {
                let rest = self.text.get(at..).unwrap_or_default();
                let length = if rest.starts_with(['$', '%', '<']) {
                    2
                } else {
                    1
                };
                let message = if rest.starts_with("<<") {
                    "the end marker of this heredoc is missing"
                } else if rest.starts_with('"') {
                    "this string is never closed"
                } else {
                    "this bracket is never closed"
                };
                (at, length, message)
            }
        };
        let diagnostic = Diagnostic::unreadable("hcl-syntax", self.span(at, at + length), message);
        Box::new(self.with_header(diagnostic, start, at))
    }

    /// Names the item that is lost, unless the mistake is on its first line.
    fn with_header(&self, diagnostic: Diagnostic, start: usize, at: usize) -> Diagnostic {
        let before = self.text.get(start..at).unwrap_or_default();
        let Some((line, _)) = before.split_once('\n') else {
            return diagnostic;
        };
        let end = start + line.trim_end().len();
        diagnostic.with_related(self.span(start, end), "all of this is left out")
    }
}

/// The diagnostic for what nobody nests so deeply.
pub(super) fn too_deep(span: Span) -> Diagnostic {
    let message = "this is nested too deeply to be read";
    Diagnostic::unreadable("nesting-depth", span, message)
}

/// The diagnostic for the second attribute of a name.
pub(super) fn repeated(name: &str, second: Span, first: Span) -> Diagnostic {
    Diagnostic::unreadable(
        "hcl-syntax",
        second,
        format!("the attribute `{name}` is set twice"),
    )
    .with_related(first, "it is set here already; this value is used")
}
