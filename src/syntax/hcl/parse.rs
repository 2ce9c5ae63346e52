//! Text to tree: item by item, with a second attempt on a mended copy.

use std::collections::HashMap;
use std::sync::Arc;

use hcl::edit::parser;

use super::lexer::Unclosed;
use super::lower::Lowering;
use super::repair::{self, Grammar, Repairs};
use super::split::{self, Item};
use super::{Body, Expr, TemplatePart};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::{Comment, Parsed};

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
        let (body, told) = match place.item(item) {
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
    let joined = text
        .contains('\n')
        .then(|| repair::join_lines(text, Grammar::Expression))
        .flatten();
    let copy = joined.as_deref().unwrap_or(text);
    let trimmed = copy.trim();
    if trimmed.is_empty() {
        return Err(Box::new(Diagnostic::unreadable(
            "hcl-syntax",
            at,
            "an expression is missing here",
        )));
    }
    let shift = copy.len() - copy.trim_start().len();
    place.expression(trimmed, shift, 0)
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
    place.template()
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

    fn item(&self, item: Item) -> Result<(Body, Vec<Diagnostic>), Box<Diagnostic>> {
        if let Some(at) = item.too_deep {
            let diagnostic = too_deep(self.span(at, at + 1));
            return Err(Box::new(self.with_header(diagnostic, item.start, at)));
        }
        if let Some(unclosed) = item.unclosed {
            return Err(self.unclosed(item, unclosed));
        }
        let copy = self.text.get(item.start..item.end).unwrap_or_default();
        let (body, repairs) = read(copy, Grammar::Code, parser::parse_body)
            .map_err(|error| self.refusal(item.start, item.end, &error))?;
        let mut lowering = Lowering::new(*self, item.start, repairs);
        let body = lowering.body(&body);
        Ok((body, lowering.diagnostics))
    }

    /// Reads the whole text as a template.
    pub(super) fn template(self) -> Result<Vec<TemplatePart>, Box<Diagnostic>> {
        let (template, repairs) = read(self.text, Grammar::Template, parser::parse_template)
            .map_err(|error| self.refusal(0, self.text.len(), &error))?;
        Lowering::new(self, 0, repairs).bare_template(&template)
    }

    /// Reads an expression from a copy of the part of the text that begins at `shift`.
    pub(super) fn expression(
        &self,
        copy: &str,
        shift: usize,
        depth: usize,
    ) -> Result<Expr, Box<Diagnostic>> {
        let (expression, repairs) = read(copy, Grammar::Expression, parser::parse_expr)
            .map_err(|error| self.refusal(shift, shift + copy.len(), &error))?;
        Lowering::new(*self, shift, repairs).expression(&expression, depth)
    }

    fn unclosed(&self, item: Item, unclosed: Unclosed) -> Box<Diagnostic> {
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
        Box::new(self.with_header(diagnostic, item.start, at))
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

    fn refusal(&self, start: usize, end: usize, error: &parser::Error) -> Box<Diagnostic> {
        let piece = self.text.get(start..end).unwrap_or_default();
        let at = piece.floor_char_boundary(error.location().offset());
        let rest = piece.get(at..).unwrap_or_default();
        let word = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
            .unwrap_or(rest.len());
        let one = rest.chars().next().map_or(0, char::len_utf8);
        let at = start + at;
        let span = self.span(at, at + word.max(one));
        let message = error.message();
        let too_deep = message.contains("nesting depth") || message.contains("chained binary");
        let diagnostic = if too_deep {
            Diagnostic::unreadable(
                "nesting-depth",
                span,
                "this is nested too deeply to be read",
            )
        } else {
            Diagnostic::unreadable("hcl-syntax", span, message)
        };
        Box::new(self.with_header(diagnostic, start, at))
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

/// Parses, and if that fails parses a mended copy.
fn read<T>(
    text: &str,
    grammar: Grammar,
    parse: fn(&str) -> Result<T, parser::Error>,
) -> Result<(T, Repairs), parser::Error> {
    let mut repairs = Repairs::default();
    let emptied = repair::empty_crowded(text, grammar, &mut repairs);
    let copy = emptied.as_deref().unwrap_or(text);
    let error = match parse(copy) {
        Ok(tree) => return Ok((tree, repairs)),
        Err(error) => error,
    };
    match repair::mend(copy, grammar, &mut repairs) {
        Some(mended) => parse(&mended).map(|tree| (tree, repairs)),
        None => Err(error),
    }
}
