//! What stands in `[` and `{`: lists, objects, and the `for` that makes them.

use std::sync::Arc;

use super::cursor::{Cursor, Outcome};
use super::expression::Read;
use super::lexer::{Token, TokenKind};
use super::{Expr, ExprKind, ForExpr, ObjectItem};
use crate::diagnostic::Diagnostic;

impl Cursor<'_> {
    pub(super) fn list(&mut self, open: Token) -> Outcome<Read> {
        self.take();
        let before = self.join_lines(true);
        if self.is_word("for") {
            let read = self.for_expression(open, "]")?;
            self.join_lines(before);
            return Ok(read);
        }
        let mut items = Vec::new();
        let mut below = 0;
        let close = loop {
            if let Some(close) = self.take_mark("]") {
                break close;
            }
            let read = self.expression()?;
            below = below.max(read.height);
            items.push(read.expr);
            if self.take_if(TokenKind::Comma).is_none() && !self.is_mark("]") {
                return self.refuse("`,` or `]` is expected after an item");
            }
        };
        self.join_lines(before);
        self.node(ExprKind::List(items), open.start, close.end, below)
    }

    pub(super) fn object(&mut self, open: Token) -> Outcome<Read> {
        self.take();
        let before = self.join_lines(true);
        if self.is_word("for") {
            let read = self.for_expression(open, "}")?;
            self.join_lines(before);
            return Ok(read);
        }
        self.join_lines(false);
        let names_providers = self.names_providers;
        let mut items = Vec::new();
        let mut below = 0;
        let close = loop {
            if self.take_if(TokenKind::Newline).is_some() {
                continue;
            }
            if let Some(close) = self.take_mark("}") {
                break close;
            }
            let key = self.expression()?;
            if self.take_if(TokenKind::Assign).is_none() && self.take_if(TokenKind::Colon).is_none()
            {
                return self.refuse("`=` and a value are expected after a key");
            }
            self.names_providers = false;
            let value = self.expression()?;
            self.names_providers = names_providers;
            below = below.max(key.height).max(value.height);
            items.push(ObjectItem {
                key: self.key(key),
                value: value.expr,
            });
            let ends = matches!(self.peek().kind, TokenKind::Comma | TokenKind::Newline);
            if ends {
                self.take();
            } else if !self.is_mark("}") {
                return self.refuse("`,`, a new line or `}` is expected after a value");
            }
        };
        self.join_lines(before);
        self.node(ExprKind::Object(items), open.start, close.end, below)
    }

    /// What an expression means in the place of a key: a bare word is the key itself.
    fn key(&mut self, key: Read) -> Expr {
        if key.parenthesised {
            return key.expr;
        }
        let kind = match &key.expr.kind {
            ExprKind::Variable(_) | ExprKind::Bool(_) | ExprKind::Null => {
                let typed = self.place.text.get(key.start..key.end).unwrap_or("");
                ExprKind::String(Arc::from(typed))
            }
            ExprKind::Attribute(..) | ExprKind::Index(..) | ExprKind::Splat(..)
                if !self.names_providers =>
            {
                self.diagnostics.push(
                    Diagnostic::unreadable(
                        "hcl-syntax",
                        key.expr.span,
                        "a key that is a reference stands in parentheses",
                    )
                    .with_help("a name with dots in it stands in quotes"),
                );
                ExprKind::Unreadable
            }
            _ => return key.expr,
        };
        Expr {
            span: key.expr.span,
            kind,
        }
    }

    /// After the bracket, up to the closing one.
    fn for_expression(&mut self, open: Token, closing: &str) -> Outcome<Read> {
        self.take();
        let (key_name, value_name, collection) = self.for_intro()?;
        if self.take_if(TokenKind::Colon).is_none() {
            return self.refuse("`:` is expected after what a `for` walks");
        }
        let mut below = collection.height;
        let mut value = self.expression()?;
        let mut key = None;
        if let Some(arrow) = self.take_mark("=>") {
            if closing == "]" {
                return Err(Box::new(Diagnostic::unreadable(
                    "hcl-syntax",
                    self.span(arrow),
                    "a `for` in `[` and `]` gives values without keys",
                )));
            }
            below = below.max(value.height);
            key = Some(value.expr);
            value = self.expression()?;
        } else if closing == "}" {
            return self.refuse("a `for` in `{` and `}` gives a key, `=>` and a value");
        }
        below = below.max(value.height);
        let dots = self.take_mark("...");
        if let Some(dots) = dots.filter(|_| closing == "]") {
            return Err(Box::new(Diagnostic::unreadable(
                "hcl-syntax",
                self.span(dots),
                "values are gathered by their keys, which a `for` in `[` and `]` has none of",
            )));
        }
        let mut condition = None;
        if self.is_word("if") {
            self.take();
            let read = self.expression()?;
            below = below.max(read.height);
            condition = Some(read.expr);
        }
        let Some(close) = self.take_mark(closing) else {
            return self.refuse(&format!("`{closing}` is expected at the end of a `for`"));
        };
        let kind = ExprKind::For(Box::new(ForExpr {
            key_name,
            value_name,
            collection: collection.expr,
            key,
            value: value.expr,
            condition,
            grouping: dots.is_some(),
        }));
        self.node(kind, open.start, close.end, below)
    }

    /// `k, v in collection`
    pub(super) fn for_intro(&mut self) -> Outcome<(Option<Arc<str>>, Arc<str>, Read)> {
        let mut key_name = None;
        let mut value_name = self.for_name()?;
        if self.take_if(TokenKind::Comma).is_some() {
            key_name = Some(value_name);
            value_name = self.for_name()?;
        }
        if !self.is_word("in") {
            return self.refuse("`in` is expected after the names of a `for`");
        }
        self.take();
        Ok((key_name, value_name, self.expression()?))
    }

    fn for_name(&mut self) -> Outcome<Arc<str>> {
        match self.take_if(TokenKind::Word) {
            Some(name) => Ok(Arc::from(self.text(name))),
            None => self.refuse("a name is expected after `for`"),
        }
    }
}
