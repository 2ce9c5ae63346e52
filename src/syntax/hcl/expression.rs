//! Expressions: recursive descent, operators by precedence.

use std::sync::Arc;

use super::cursor::{Cursor, Outcome};
use super::lexer::{Token, TokenKind};
use super::parse::{DEEPEST, too_deep};
use super::{BinaryOp, Expr, ExprKind, SPLAT_ELEMENT, UnaryOp};
use crate::diagnostic::Diagnostic;
use crate::syntax::Number;

/// An expression, and where it stands with the parentheses around it.
pub(super) struct Read {
    pub(super) expr: Expr,
    pub(super) start: usize,
    pub(super) end: usize,
    /// How many nodes stand within each other.
    pub(super) height: usize,
    pub(super) parenthesised: bool,
}

impl Cursor<'_> {
    /// One expression.
    pub(super) fn expression(&mut self) -> Outcome<Read> {
        self.enter()?;
        let read = self.conditional();
        self.leave();
        read
    }

    /// A node over a piece of the text.
    pub(super) fn node(
        &self,
        kind: ExprKind,
        start: usize,
        end: usize,
        below: usize,
    ) -> Outcome<Read> {
        let span = self.place.span(start, end);
        if below >= DEEPEST {
            return Err(Box::new(too_deep(span)));
        }
        Ok(Read {
            expr: Expr { span, kind },
            start,
            end,
            height: below + 1,
            parenthesised: false,
        })
    }

    fn conditional(&mut self) -> Outcome<Read> {
        let condition = self.binary(0)?;
        if self.take_mark("?").is_none() {
            return Ok(condition);
        }
        let then = self.expression()?;
        if self.take_if(TokenKind::Colon).is_none() {
            return self.refuse("`:` and what holds otherwise are expected here");
        }
        let otherwise = self.expression()?;
        let below = condition.height.max(then.height).max(otherwise.height);
        let (start, end) = (condition.start, otherwise.end);
        let kind = ExprKind::Conditional(
            Box::new(condition.expr),
            Box::new(then.expr),
            Box::new(otherwise.expr),
        );
        self.node(kind, start, end, below)
    }

    /// Operators that bind at least so strongly.
    fn binary(&mut self, least: u8) -> Outcome<Read> {
        let mut left = self.operand()?;
        loop {
            let token = self.peek();
            let operator = match token.kind {
                TokenKind::Symbol => operator(self.text(token)),
                _ => None,
            };
            let Some((operator, strength)) = operator.filter(|(_, strength)| *strength >= least)
            else {
                return Ok(left);
            };
            self.take();
            let right = self.binary(strength + 1)?;
            let below = left.height.max(right.height);
            let (start, end) = (left.start, right.end);
            let kind = ExprKind::Binary(Box::new(left.expr), operator, Box::new(right.expr));
            left = self.node(kind, start, end, below)?;
        }
    }

    /// A term with the operators before it and the steps after it.
    fn operand(&mut self) -> Outcome<Read> {
        let token = self.peek();
        let operator = match (token.kind, self.text(token)) {
            (TokenKind::Symbol, "!") => UnaryOp::Not,
            (TokenKind::Symbol, "-") => UnaryOp::Negate,
            _ => {
                let term = self.term(token)?;
                return self.steps(term);
            }
        };
        self.take();
        self.enter()?;
        let read = self.operand()?;
        self.leave();
        let (end, below) = (read.end, read.height);
        let negative = match read.expr.kind {
            ExprKind::Number(_) if operator == UnaryOp::Negate && !read.parenthesised => {
                let digits = self.place.text.get(read.start..read.end).unwrap_or("");
                number(&format!("-{digits}"))
            }
            _ => None,
        };
        let kind = match negative {
            Some(number) => ExprKind::Number(number),
            None => ExprKind::Unary(operator, Box::new(read.expr)),
        };
        self.node(kind, token.start, end, below)
    }

    fn term(&mut self, token: Token) -> Outcome<Read> {
        match token.kind {
            TokenKind::Number => {
                self.take();
                let kind = match number(self.text(token)) {
                    Some(number) => ExprKind::Number(number),
                    None => {
                        let message = "this number has too many digits to be read";
                        let span = self.span(token);
                        let told = Diagnostic::unreadable("hcl-syntax", span, message);
                        self.diagnostics.push(told);
                        ExprKind::Unreadable
                    }
                };
                self.node(kind, token.start, token.end, 0)
            }
            TokenKind::Word => self.word(token),
            TokenKind::QuoteOpen => self.quoted(),
            TokenKind::HeredocOpen => self.heredoc(),
            TokenKind::Open => match self.text(token) {
                "(" => self.parenthesised(token),
                "[" => self.list(token),
                "{" => self.object(token),
                _ => self.refuse("an expression is expected here"),
            },
            TokenKind::Newline | TokenKind::End => {
                self.refuse("an expression is missing after this")
            }
            _ => self.refuse("an expression is expected here"),
        }
    }

    fn word(&mut self, word: Token) -> Outcome<Read> {
        self.take();
        let text = self.text(word);
        if self.is_mark("(") || self.is_mark("::") {
            return self.call(word);
        }
        let kind = match text {
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "null" => ExprKind::Null,
            _ => ExprKind::Variable(Arc::from(text)),
        };
        self.node(kind, word.start, word.end, 0)
    }

    fn parenthesised(&mut self, open: Token) -> Outcome<Read> {
        self.take();
        let before = self.join_lines(true);
        let inner = self.expression()?;
        let Some(close) = self.take_mark(")") else {
            return self.refuse("`)` is expected here");
        };
        self.join_lines(before);
        Ok(Read {
            start: open.start,
            end: close.end,
            parenthesised: true,
            ..inner
        })
    }

    fn call(&mut self, first: Token) -> Outcome<Read> {
        let mut name = self.text(first).to_owned();
        let mut last = first;
        while self.take_mark("::").is_some() {
            let Some(word) = self.take_if(TokenKind::Word) else {
                return self.refuse("the name of a function is expected after `::`");
            };
            name.push_str("::");
            name.push_str(self.text(word));
            last = word;
        }
        if self.take_mark("(").is_none() {
            return self.refuse("`(` is expected after the name of a function");
        }
        let before = self.join_lines(true);
        let mut args = Vec::new();
        let mut below = 0;
        let mut expand = false;
        let close = loop {
            if let Some(close) = self.take_mark(")") {
                break close;
            }
            if expand {
                return self.refuse("`...` ends the last argument, so `)` is expected here");
            }
            let read = self.expression()?;
            below = below.max(read.height);
            args.push(read.expr);
            if self.take_mark("...").is_some() {
                expand = true;
            } else if self.take_if(TokenKind::Comma).is_none() && !self.is_mark(")") {
                return self.refuse("`,` or `)` is expected after an argument");
            }
        };
        self.join_lines(before);
        let kind = ExprKind::Call {
            name: Arc::from(name),
            name_span: self.place.span(first.start, last.end),
            args,
            expand,
        };
        self.node(kind, first.start, close.end, below)
    }

    /// The accessors after a term.
    fn steps(&mut self, base: Read) -> Outcome<Read> {
        let mut base = base;
        loop {
            let token = self.peek();
            base = match (token.kind, self.text(token)) {
                (TokenKind::Symbol, ".") => {
                    let is_number =
                        matches!(base.expr.kind, ExprKind::Number(_)) && !base.parenthesised;
                    if is_number && self.kind_after_next() == TokenKind::Number {
                        self.address(&base)?
                    } else {
                        self.take();
                        self.dot(token, base)?
                    }
                }
                (TokenKind::Open, "[") => {
                    self.take();
                    self.bracket(token, base)?
                }
                _ => return Ok(base),
            };
        }
    }

    /// After a dot: a name, an old index or a star.
    fn dot(&mut self, dot: Token, base: Read) -> Outcome<Read> {
        let token = self.peek();
        match token.kind {
            TokenKind::Word | TokenKind::Number => self.named(base),
            _ if self.is_mark("*") => {
                self.take();
                let mut rest = self.element(dot.start, token.end)?;
                while self.take_mark(".").is_some() {
                    if self.is_mark("*") {
                        return self.refuse("a `.*` cannot follow another; write `[*]`");
                    }
                    rest = self.named(rest)?;
                }
                self.splat(base, false, rest)
            }
            _ => self.refuse("the name of an attribute is expected after a dot"),
        }
    }

    fn named(&mut self, base: Read) -> Outcome<Read> {
        let token = self.peek();
        let (start, below) = (base.start, base.height);
        let kind = match token.kind {
            TokenKind::Word => ExprKind::Attribute(
                Box::new(base.expr),
                Arc::from(self.text(token)),
                self.span(token),
            ),
            TokenKind::Number => {
                let Ok(number) = self.text(token).parse::<i64>() else {
                    return self.refuse("indices in a row stand in brackets: `[0][1]`");
                };
                let index = ExprKind::Number(Number::Integer(number));
                let index = self.node(index, token.start, token.end, 0)?;
                ExprKind::Index(Box::new(base.expr), Box::new(index.expr))
            }
            _ => return self.refuse("the name of an attribute is expected after a dot"),
        };
        self.take();
        self.node(kind, start, token.end, below)
    }

    /// After `[`: an index, or the star of a splat.
    fn bracket(&mut self, open: Token, base: Read) -> Outcome<Read> {
        if self.take_mark("*").is_some() {
            let Some(close) = self.take_mark("]") else {
                return self.refuse("`]` is expected after the star of a splat");
            };
            let element = self.element(open.start, close.end)?;
            self.enter()?;
            let rest = self.steps(element)?;
            self.leave();
            return self.splat(base, true, rest);
        }
        let before = self.join_lines(true);
        let index = self.expression()?;
        let Some(close) = self.take_mark("]") else {
            return self.refuse("`]` is expected after an index");
        };
        self.join_lines(before);
        let below = base.height.max(index.height);
        let kind = ExprKind::Index(Box::new(base.expr), Box::new(index.expr));
        self.node(kind, base.start, close.end, below)
    }

    fn element(&self, start: usize, end: usize) -> Outcome<Read> {
        self.node(ExprKind::Variable(Arc::from(SPLAT_ELEMENT)), start, end, 0)
    }

    fn splat(&self, base: Read, full: bool, rest: Read) -> Outcome<Read> {
        let below = base.height.max(rest.height);
        let kind = ExprKind::Splat(Box::new(base.expr), full, Box::new(rest.expr));
        self.node(kind, base.start, rest.end, below)
    }

    /// An address somebody forgot to quote: told, and read as a whole.
    fn address(&mut self, base: &Read) -> Outcome<Read> {
        let start = base.start;
        let mut end = base.end;
        while self.is_mark(".") || self.peek().kind == TokenKind::Number {
            end = self.take().end;
        }
        self.diagnostics.push(
            Diagnostic::unreadable(
                "hcl-syntax",
                self.place.span(start, end),
                "this is not a number",
            )
            .with_help("an address stands in quotes"),
        );
        if self.take_mark("/").is_some() && self.peek().kind == TokenKind::Number {
            end = self.take().end;
        }
        self.node(ExprKind::Unreadable, start, end, 0)
    }
}

/// A number; whole ones without a fraction, however they are written.
fn number(text: &str) -> Option<Number> {
    Number::parse_exact(text)
}

/// A binary operator and how strongly it binds.
fn operator(text: &str) -> Option<(BinaryOp, u8)> {
    Some(match text {
        "||" => (BinaryOp::Or, 1),
        "&&" => (BinaryOp::And, 2),
        "==" => (BinaryOp::Equal, 3),
        "!=" => (BinaryOp::NotEqual, 3),
        ">" => (BinaryOp::Greater, 4),
        ">=" => (BinaryOp::GreaterEqual, 4),
        "<" => (BinaryOp::Less, 4),
        "<=" => (BinaryOp::LessEqual, 4),
        "+" => (BinaryOp::Add, 5),
        "-" => (BinaryOp::Subtract, 5),
        "*" => (BinaryOp::Multiply, 6),
        "/" => (BinaryOp::Divide, 6),
        "%" => (BinaryOp::Modulo, 6),
        _ => return None,
    })
}
