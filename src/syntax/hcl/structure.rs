//! Attributes and blocks.

use std::collections::HashMap;
use std::sync::Arc;

use super::cursor::{Cursor, Outcome};
use super::lexer::{Token, TokenKind};
use super::parse::repeated;
use super::{Attribute, Block, Body};
use crate::source::Span;

/// Bodies with more attributes are searched for repeated names through a hash table.
const FEW: usize = 16;

impl Cursor<'_> {
    /// One attribute or block, up to the end of its line.
    pub(super) fn item(&mut self, body: &mut Body) -> Outcome<()> {
        let Some(name) = self.take_if(TokenKind::Word) else {
            return self.refuse("an attribute or a block begins with its name");
        };
        if self.take_if(TokenKind::Assign).is_some() {
            let attribute = self.attribute(name)?;
            body.attributes.push(attribute);
        } else {
            let block = self.block(name)?;
            body.blocks.push(block);
        }
        Ok(())
    }

    fn attribute(&mut self, name: Token) -> Outcome<Attribute> {
        let text = self.text(name);
        self.names_providers = text == "providers";
        let value = self.expression()?.expr;
        Ok(Attribute::native(Arc::from(text), self.span(name), value))
    }

    fn block(&mut self, kind: Token) -> Outcome<Block> {
        let mut labels: Vec<(Arc<str>, Span)> = Vec::new();
        let mut last = kind;
        loop {
            let token = self.peek();
            match token.kind {
                TokenKind::Word => {
                    self.take();
                    labels.push((Arc::from(self.text(token)), self.span(token)));
                    last = token;
                }
                TokenKind::QuoteOpen => {
                    let (label, end) = self.quoted_label()?;
                    labels.push((label, self.place.span(token.start, end)));
                    last = Token { end, ..token };
                }
                _ if self.is_mark("{") => break,
                TokenKind::Assign => {
                    return self.refuse("labels belong to a block, so `{` is expected here");
                }
                _ if labels.is_empty() => {
                    return self.refuse("after a name `=` or a block is expected here");
                }
                _ => return self.refuse("`{` or a label is expected here"),
            }
        }
        let (body, end) = self.braces()?;
        Ok(Block {
            kind: Arc::from(self.text(kind)),
            labels,
            header: self.place.span(kind.start, last.end),
            span: self.place.span(kind.start, end),
            body,
        })
    }

    /// What stands in the braces of a block, and the offset after them.
    fn braces(&mut self) -> Outcome<(Body, usize)> {
        self.enter()?;
        let before = self.join_lines(false);
        self.take();
        let mut body = Body::default();
        if self.take_if(TokenKind::Newline).is_none() {
            // All on one line: nothing, or one attribute.
            if !self.is_mark("}") {
                let Some(name) = self.take_if(TokenKind::Word) else {
                    return self.refuse("an attribute, a new line or `}` is expected here");
                };
                if self.take_if(TokenKind::Assign).is_none() {
                    return self.refuse("a block within a block begins on a line of its own");
                }
                let attribute = self.attribute(name)?;
                body.attributes.push(attribute);
                if !self.is_mark("}") {
                    return self.refuse("a block on one line ends after one attribute");
                }
            }
        } else {
            loop {
                if self.take_if(TokenKind::Newline).is_some() {
                    continue;
                }
                if self.is_mark("}") {
                    break;
                }
                self.item(&mut body)?;
                if self.take_if(TokenKind::Newline).is_none() {
                    return self.refuse("a new line is expected before this");
                }
            }
        }
        let close = self.take();
        self.join_lines(before);
        self.leave();
        self.first_of_equals(&mut body.attributes);
        Ok((body, close.end))
    }

    /// Of attributes with the same name the first stays.
    fn first_of_equals(&mut self, attributes: &mut Vec<Attribute>) {
        if attributes.len() <= FEW {
            let same = |(at, one): (usize, &Attribute)| {
                let mut before = attributes.iter().take(at);
                before.any(|other| other.name == one.name)
            };
            if !attributes.iter().enumerate().any(same) {
                return;
            }
        }
        let mut names: HashMap<Arc<str>, Span> = HashMap::with_capacity(attributes.len());
        attributes.retain(|attribute| {
            let span = attribute.name_span;
            let first = *names.entry(Arc::clone(&attribute.name)).or_insert(span);
            if first != span {
                self.diagnostics
                    .push(repeated(&attribute.name, span, first));
            }
            first == span
        });
    }
}
