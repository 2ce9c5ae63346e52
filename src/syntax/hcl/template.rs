//! Strings, heredocs and templates: what literal text remains after `~` and indentation.
//!
//! Terraform reads a template as a flat row of pieces, in which every line of a heredoc is a piece
//! of its own; `~` trims the one piece next to it, and `<<-` looks at the pieces that begin a
//! line. Both are done on that row here, before directives are put together.

use std::borrow::Cow;
use std::sync::Arc;

use super::cursor::{Cursor, Outcome};
use super::expression::Read;
use super::lexer::{Token, TokenKind};
use super::parse::{NESTED, too_deep};
use super::{Expr, ExprKind, TemplatePart};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

enum Piece {
    Literal(String),
    Marker {
        /// Whether `~` stands after the opening brace, and before the closing one.
        strip: (bool, bool),
        marker: Marker,
        at: Span,
    },
}

enum Marker {
    Interpolation(Expr),
    If(Expr),
    Else,
    For {
        key_name: Option<Arc<str>>,
        value_name: Arc<str>,
        collection: Expr,
    },
    EndIf,
    EndFor,
}

impl<'a> Cursor<'a> {
    /// A quoted string.
    pub(super) fn quoted(&mut self) -> Outcome<Read> {
        let open = self.take();
        if let Some(close) = self.take_if(TokenKind::QuoteClose) {
            return self.node(ExprKind::String(Arc::from("")), open.start, close.end, 0);
        }
        let mut pieces = Vec::new();
        let mut below = 0;
        let close = loop {
            let token = self.peek();
            match token.kind {
                TokenKind::Text => {
                    self.take();
                    let text = self.unescaped(token)?;
                    if pieces.is_empty()
                        && let Some(close) = self.take_if(TokenKind::QuoteClose)
                    {
                        let kind = ExprKind::String(Arc::from(text));
                        return self.node(kind, open.start, close.end, 0);
                    }
                    pieces.push(Piece::Literal(text.into_owned()));
                }
                TokenKind::QuoteClose => break self.take(),
                _ => self.marker(&mut pieces, &mut below)?,
            }
        };
        strip(&mut pieces);
        let (parts, deep) = assemble(pieces)?;
        self.node(
            string_or_template(parts),
            open.start,
            close.end,
            below + deep,
        )
    }

    /// The label of a block in quotes, and the offset after it.
    pub(super) fn quoted_label(&mut self) -> Outcome<(Arc<str>, usize)> {
        self.take();
        let text = match self.take_if(TokenKind::Text) {
            Some(token) => Arc::from(self.unescaped(token)?),
            None => Arc::from(""),
        };
        match self.take_if(TokenKind::QuoteClose) {
            Some(close) => Ok((text, close.end)),
            None => self.refuse("a label is a plain string"),
        }
    }

    /// A heredoc.
    pub(super) fn heredoc(&mut self) -> Outcome<Read> {
        let open = self.take();
        let mut pieces = Vec::new();
        let mut below = 0;
        let close = loop {
            let token = self.peek();
            match token.kind {
                TokenKind::Text => {
                    self.take();
                    self.lines(token, &mut pieces);
                }
                TokenKind::HeredocClose => break self.take(),
                _ => self.marker(&mut pieces, &mut below)?,
            }
        };
        strip(&mut pieces);
        if self.text(open).starts_with("<<-") {
            unindent(&mut pieces);
        }
        let (parts, deep) = assemble(pieces)?;
        self.node(
            string_or_template(parts),
            open.start,
            close.end,
            below + deep,
        )
    }

    /// A template that ends with the text, and how many nodes stand within each other.
    pub(super) fn bare_template(&mut self) -> Outcome<(Vec<TemplatePart>, usize)> {
        let mut pieces = Vec::new();
        let mut below = 0;
        loop {
            let token = self.peek();
            match token.kind {
                TokenKind::Text => {
                    self.take();
                    self.lines(token, &mut pieces);
                }
                TokenKind::End => break,
                _ => self.marker(&mut pieces, &mut below)?,
            }
        }
        strip(&mut pieces);
        let (parts, deep) = assemble(pieces)?;
        Ok((parts, below + deep))
    }

    fn lines(&self, token: Token, pieces: &mut Vec<Piece>) {
        let lines = self.text(token).split_inclusive('\n');
        pieces.extend(lines.map(|line| Piece::Literal(unescape_markers(line))));
    }

    /// `${ … }` or `%{ … }`
    fn marker(&mut self, pieces: &mut Vec<Piece>, below: &mut usize) -> Outcome<()> {
        let open = self.peek();
        let is_directive = match self.text(open) {
            "${" => false,
            "%{" => true,
            _ => return self.refuse("the end of this string is missing"),
        };
        self.take();
        self.enter()?;
        let before = self.join_lines(true);
        let mut trims_before = false;
        if self.peek().start == open.end {
            trims_before = self.take_mark("~").is_some();
        }
        let marker = if is_directive {
            self.directive(below)?
        } else {
            let read = self.expression()?;
            *below = (*below).max(read.height);
            Marker::Interpolation(read.expr)
        };
        let trims_after = self.take_mark("~").is_some();
        let Some(close) = self.take_mark("}") else {
            let diagnostic = self.refuse::<()>("`}` is expected here");
            return diagnostic.map_err(|told| {
                Box::new(told.with_help("text that is not meant for Terraform begins with `$${`"))
            });
        };
        self.join_lines(before);
        self.leave();
        pieces.push(Piece::Marker {
            strip: (trims_before, trims_after),
            marker,
            at: self.place.span(open.start, close.end),
        });
        Ok(())
    }

    fn directive(&mut self, below: &mut usize) -> Outcome<Marker> {
        let word = self.peek();
        let marker = match self.text(word) {
            "if" => {
                self.take();
                let read = self.expression()?;
                *below = (*below).max(read.height);
                return Ok(Marker::If(read.expr));
            }
            "for" => {
                self.take();
                let (key_name, value_name, collection) = self.for_intro()?;
                *below = (*below).max(collection.height);
                return Ok(Marker::For {
                    key_name,
                    value_name,
                    collection: collection.expr,
                });
            }
            "else" => Marker::Else,
            "endif" => Marker::EndIf,
            "endfor" => Marker::EndFor,
            _ => {
                return self.refuse("`if`, `else`, `endif`, `for` or `endfor` is expected here");
            }
        };
        self.take();
        Ok(marker)
    }

    /// The text between quotes with its escapes resolved.
    fn unescaped(&self, token: Token) -> Outcome<Cow<'a, str>> {
        let typed = self.text(token);
        if !typed.contains(['\\', '$', '%']) {
            return Ok(Cow::Borrowed(typed));
        }
        let mut text = String::with_capacity(typed.len());
        let mut rest = typed;
        while let Some(at) = rest.find(['\\', '$', '%']) {
            let (before, from) = rest.split_at(at);
            text.push_str(before);
            let start = token.start + (typed.len() - from.len());
            if from.starts_with("$${") || from.starts_with("%%{") {
                text.push_str(from.get(1..3).unwrap_or_default());
                rest = from.get(3..).unwrap_or_default();
                continue;
            }
            if !from.starts_with('\\') {
                text.push_str(from.get(..1).unwrap_or_default());
                rest = from.get(1..).unwrap_or_default();
                continue;
            }
            match escaped(from) {
                Ok((character, length)) => {
                    text.push(character);
                    rest = from.get(length..).unwrap_or_default();
                }
                Err((length, message)) => {
                    let span = self.place.span(start, start + length);
                    let told = Diagnostic::unreadable("hcl-syntax", span, message);
                    return Err(Box::new(told.with_help("a backslash is written `\\\\`")));
                }
            }
        }
        text.push_str(rest);
        Ok(Cow::Owned(text))
    }
}

/// The character that an escape sequence stands for, and its length; else the length of what is
/// wrong.
fn escaped(from: &str) -> Result<(char, usize), (usize, String)> {
    let selector = from.chars().nth(1).unwrap_or_default();
    let digits = match selector {
        'n' => return Ok(('\n', 2)),
        'r' => return Ok(('\r', 2)),
        't' => return Ok(('\t', 2)),
        '"' | '\\' => return Ok((selector, 2)),
        'u' => 4,
        'U' => 8,
        _ => {
            let message = format!("`\\{selector}` is no escape sequence");
            return Err((1 + selector.len_utf8(), message));
        }
    };
    let code = from
        .get(2..2 + digits)
        .filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .and_then(|code| u32::from_str_radix(code, 16).ok());
    let Some(code) = code else {
        let message = format!("`\\{selector}` needs {digits} hexadecimal digits");
        return Err((2, message));
    };
    match char::from_u32(code) {
        Some(character) => Ok((character, 2 + digits)),
        None => Err((2 + digits, "there is no such character".into())),
    }
}

fn unescape_markers(line: &str) -> String {
    line.replace("$${", "${").replace("%%{", "%{")
}

/// `~` takes the white space of the one piece of text next to it.
fn strip(pieces: &mut [Piece]) {
    for index in 0..pieces.len() {
        let Some(Piece::Marker { strip, .. }) = pieces.get(index) else {
            continue;
        };
        let (before_it, after_it) = *strip;
        if before_it
            && let Some(Piece::Literal(before)) = index
                .checked_sub(1)
                .and_then(|before| pieces.get_mut(before))
        {
            before.truncate(before.trim_end().len());
        }
        if after_it && let Some(Piece::Literal(after)) = pieces.get_mut(index + 1) {
            *after = after.trim_start().to_owned();
        }
    }
}

/// Takes from the lines of a `<<-` heredoc the indentation all of them have. Blank lines do not
/// count and stay as they are.
fn unindent(pieces: &mut [Piece]) {
    let mut smallest = usize::MAX;
    let mut indented = Vec::new();
    let mut line_starts = true;
    for (index, piece) in pieces.iter().enumerate() {
        let Piece::Literal(text) = piece else {
            if line_starts {
                smallest = 0;
            }
            line_starts = false;
            continue;
        };
        let ends_line = text.ends_with('\n');
        if line_starts && !(ends_line && text.trim().is_empty()) {
            smallest = smallest.min(text.chars().take_while(|c| c.is_whitespace()).count());
            indented.push(index);
        }
        line_starts = ends_line;
    }
    for index in indented {
        if let Some(Piece::Literal(text)) = pieces.get_mut(index) {
            *text = text.chars().skip(smallest).collect();
        }
    }
}

/// The row of pieces to nested parts, and how deep they are. Text that `~` took away stays as an
/// empty literal: it keeps `" ${~ x }"` a string where `"${x}"` is `x` itself.
fn assemble(pieces: Vec<Piece>) -> Outcome<(Vec<TemplatePart>, usize)> {
    let mut done: Vec<TemplatePart> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut text: Option<String> = None;
    let mut deepest = 0;
    for piece in pieces {
        let (marker, at) = match piece {
            Piece::Literal(more) => {
                match &mut text {
                    Some(text) => text.push_str(&more),
                    None => text = Some(more),
                }
                continue;
            }
            Piece::Marker { marker, at, .. } => (marker, at),
        };
        done.extend(text.take().map(|text| TemplatePart::Literal(text.into())));
        let refuse = |message: &str, open: Option<&Open>| {
            let told = Diagnostic::unreadable("hcl-syntax", at, message);
            Err(Box::new(match open {
                Some(open) => told.with_related(open.at, "this directive is open"),
                None => told,
            }))
        };
        match marker {
            Marker::Interpolation(expr) => done.push(TemplatePart::Interpolation(expr)),
            Marker::If(_) | Marker::For { .. } => {
                if open.len() >= NESTED {
                    return Err(Box::new(too_deep(at)));
                }
                open.push(Open {
                    marker,
                    at,
                    then: None,
                    outer: std::mem::take(&mut done),
                });
                deepest = deepest.max(open.len());
            }
            Marker::Else => match open.last_mut() {
                Some(Open {
                    marker: Marker::If(_),
                    then: then @ None,
                    ..
                }) => *then = Some(std::mem::take(&mut done)),
                last => {
                    return refuse(
                        "there is no `if` that this `else` belongs to",
                        last.as_deref(),
                    );
                }
            },
            Marker::EndIf | Marker::EndFor => {
                let inner = std::mem::take(&mut done);
                let ends_if = matches!(marker, Marker::EndIf);
                match open.pop() {
                    Some(Open {
                        marker: Marker::If(condition),
                        then,
                        outer,
                        ..
                    }) if ends_if => {
                        done = outer;
                        let (then, otherwise) = match then {
                            Some(then) => (then, inner),
                            None => (inner, Vec::new()),
                        };
                        done.push(TemplatePart::If {
                            condition,
                            then,
                            otherwise,
                        });
                    }
                    Some(Open {
                        marker:
                            Marker::For {
                                key_name,
                                value_name,
                                collection,
                            },
                        outer,
                        ..
                    }) if !ends_if => {
                        done = outer;
                        done.push(TemplatePart::For {
                            key_name,
                            value_name,
                            collection,
                            body: inner,
                        });
                    }
                    other => {
                        return refuse("there is no directive that this ends", other.as_ref());
                    }
                }
            }
        }
    }
    if let Some(left) = open.pop() {
        let end = if matches!(left.marker, Marker::If(_)) {
            "endif"
        } else {
            "endfor"
        };
        return Err(Box::new(Diagnostic::unreadable(
            "hcl-syntax",
            left.at,
            format!("the `%{{ {end} }}` of this directive is missing"),
        )));
    }
    done.extend(text.map(|text| TemplatePart::Literal(text.into())));
    Ok((done, deepest))
}

/// A directive whose end is still to come.
struct Open {
    marker: Marker,
    at: Span,
    /// What stands before the `else`.
    then: Option<Vec<TemplatePart>>,
    /// What stands before the directive.
    outer: Vec<TemplatePart>,
}

fn string_or_template(parts: Vec<TemplatePart>) -> ExprKind {
    match parts.as_slice() {
        [] => ExprKind::String(Arc::from("")),
        [TemplatePart::Literal(text)] => ExprKind::String(Arc::clone(text)),
        _ => ExprKind::Template(parts),
    }
}
