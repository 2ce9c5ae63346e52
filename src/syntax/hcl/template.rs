//! Strings, heredocs and templates: what literal text remains after `~` and indentation.
//!
//! Terraform reads a template as a flat row of pieces, in which every line of a heredoc is a piece
//! of its own; `~` trims the one piece next to it, and `<<-` looks at the pieces that begin a
//! line. Both are done on that row here, before directives are put together.

use std::sync::Arc;

use hcl::edit::Span as _;
use hcl::edit::template::{Directive, Element, HeredocTemplate, StringTemplate, Strip, Template};

use super::lower::{Lowered, Lowering, name_of};
use super::{Expr, ExprKind, TemplatePart};

/// How literal text is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// In quotes, with backslash escapes, which the parser has resolved.
    Quoted,
    /// As it stands, line by line; only `$${` and `%%{` are escapes.
    Raw,
}

enum Piece {
    Literal(String),
    Marker { strip: Strip, marker: Marker },
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
    End,
}

impl Lowering<'_> {
    pub(super) fn quoted_template(
        &mut self,
        template: &StringTemplate,
        depth: usize,
    ) -> Lowered<ExprKind> {
        let mut pieces = Vec::new();
        self.flatten(template, Writing::Quoted, depth, &mut pieces)?;
        strip(&mut pieces);
        Ok(string_or_template(assemble(pieces)))
    }

    pub(super) fn heredoc(&mut self, heredoc: &HeredocTemplate, depth: usize) -> Lowered<ExprKind> {
        let mut pieces = Vec::new();
        self.flatten(&heredoc.template, Writing::Raw, depth, &mut pieces)?;
        strip(&mut pieces);
        if self.typed(heredoc).starts_with("<<-") {
            unindent(&mut pieces);
        }
        Ok(string_or_template(assemble(pieces)))
    }

    pub(super) fn bare_template(&mut self, template: &Template) -> Lowered<Vec<TemplatePart>> {
        let mut pieces = Vec::new();
        self.flatten(template, Writing::Raw, 0, &mut pieces)?;
        strip(&mut pieces);
        Ok(assemble(pieces))
    }

    fn flatten(
        &mut self,
        template: &Template,
        writing: Writing,
        depth: usize,
        pieces: &mut Vec<Piece>,
    ) -> Lowered<()> {
        for element in template.iter() {
            match element {
                Element::Literal(text) if writing == Writing::Quoted => {
                    pieces.push(Piece::Literal(text.value().clone()));
                }
                Element::Literal(_) => {
                    let range = element.span().unwrap_or_default();
                    let range = range.start + self.shift..range.end + self.shift;
                    let typed = self.place.text.get(range).unwrap_or_default();
                    let lines = typed.split_inclusive('\n');
                    pieces.extend(lines.map(|line| Piece::Literal(unescape_markers(line))));
                }
                Element::Interpolation(interpolation) => {
                    let expr = self.expression(&interpolation.expr, depth)?;
                    pieces.push(Piece::Marker {
                        strip: interpolation.strip,
                        marker: Marker::Interpolation(expr),
                    });
                }
                Element::Directive(directive) => {
                    self.directive(directive, writing, depth, pieces)?;
                }
            }
        }
        Ok(())
    }

    fn directive(
        &mut self,
        directive: &Directive,
        writing: Writing,
        depth: usize,
        pieces: &mut Vec<Piece>,
    ) -> Lowered<()> {
        let push = |pieces: &mut Vec<Piece>, strip: Strip, marker: Marker| {
            pieces.push(Piece::Marker { strip, marker });
        };
        match directive {
            Directive::If(directive) => {
                let condition = self.expression(&directive.if_expr.cond_expr, depth)?;
                push(pieces, directive.if_expr.strip, Marker::If(condition));
                self.flatten(&directive.if_expr.template, writing, depth + 1, pieces)?;
                if let Some(otherwise) = &directive.else_expr {
                    push(pieces, otherwise.strip, Marker::Else);
                    self.flatten(&otherwise.template, writing, depth + 1, pieces)?;
                }
                push(pieces, directive.endif_expr.strip, Marker::End);
            }
            Directive::For(directive) => {
                let each = &directive.for_expr;
                let marker = Marker::For {
                    key_name: each.key_var.as_ref().map(name_of),
                    value_name: name_of(&each.value_var),
                    collection: self.expression(&each.collection_expr, depth)?,
                };
                push(pieces, each.strip, marker);
                self.flatten(&each.template, writing, depth + 1, pieces)?;
                push(pieces, directive.endfor_expr.strip, Marker::End);
            }
        }
        Ok(())
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
        let strip = *strip;
        if strip.strip_start()
            && let Some(Piece::Literal(before)) = index
                .checked_sub(1)
                .and_then(|before| pieces.get_mut(before))
        {
            before.truncate(before.trim_end().len());
        }
        if strip.strip_end()
            && let Some(Piece::Literal(after)) = pieces.get_mut(index + 1)
        {
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

/// The row of pieces to nested parts. Text that `~` took away stays as an empty literal: it keeps
/// `" ${~ x }"` a string where `"${x}"` is `x` itself.
fn assemble(pieces: Vec<Piece>) -> Vec<TemplatePart> {
    enum Open {
        If(Expr, Vec<TemplatePart>),
        Else(Expr, Vec<TemplatePart>, Vec<TemplatePart>),
        For(Option<Arc<str>>, Arc<str>, Expr, Vec<TemplatePart>),
    }
    let mut done: Vec<TemplatePart> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut text: Option<String> = None;
    for piece in pieces {
        let marker = match piece {
            Piece::Literal(more) => {
                text.get_or_insert_default().push_str(&more);
                continue;
            }
            Piece::Marker { marker, .. } => marker,
        };
        done.extend(text.take().map(|text| TemplatePart::Literal(text.into())));
        match marker {
            Marker::Interpolation(expr) => done.push(TemplatePart::Interpolation(expr)),
            Marker::If(condition) => open.push(Open::If(condition, std::mem::take(&mut done))),
            Marker::For {
                key_name,
                value_name,
                collection,
            } => {
                let outer = std::mem::take(&mut done);
                open.push(Open::For(key_name, value_name, collection, outer));
            }
            Marker::Else => {
                if let Some(Open::If(condition, outer)) = open.pop() {
                    open.push(Open::Else(condition, outer, std::mem::take(&mut done)));
                }
            }
            Marker::End => {
                let (outer, part) = match open.pop() {
                    Some(Open::If(condition, outer)) => (
                        outer,
                        TemplatePart::If {
                            condition,
                            then: std::mem::take(&mut done),
                            otherwise: Vec::new(),
                        },
                    ),
                    Some(Open::Else(condition, outer, then)) => (
                        outer,
                        TemplatePart::If {
                            condition,
                            then,
                            otherwise: std::mem::take(&mut done),
                        },
                    ),
                    Some(Open::For(key_name, value_name, collection, outer)) => (
                        outer,
                        TemplatePart::For {
                            key_name,
                            value_name,
                            collection,
                            body: std::mem::take(&mut done),
                        },
                    ),
                    None => continue,
                };
                done = outer;
                done.push(part);
            }
        }
    }
    done.extend(text.map(|text| TemplatePart::Literal(text.into())));
    done
}

fn string_or_template(parts: Vec<TemplatePart>) -> ExprKind {
    match parts.as_slice() {
        [] => ExprKind::String(Arc::from("")),
        [TemplatePart::Literal(text)] => ExprKind::String(Arc::clone(text)),
        _ => ExprKind::Template(parts),
    }
}
