//! The expression language of templates: the text between `[` and `]` to a tree.
//!
//! Offsets count bytes of the decoded string, bracket included; where that is in the file is the
//! business of [`super::site`].

use std::sync::Arc;

use super::functions::catalogue::{self, Entry};
use super::functions::{self, Function};

/// How deep calls and indices may nest. Azure's own limit is far below.
const MAX_NESTING: usize = 128;

/// A part of an expression.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// What a part of an expression is.
#[derive(Debug)]
pub(super) enum NodeKind {
    String(Arc<str>),
    Integer(i64),
    Call(Call),
    /// A value and what is picked out of it, in order: never empty.
    Access(Box<Node>, Vec<Accessor>),
}

/// A function call.
#[derive(Debug)]
pub(super) struct Call {
    /// As typed, with a namespace if there is one.
    pub(super) name: Arc<str>,
    pub(super) function: Function,
    /// What is documented of the function; nothing of those a template defines.
    pub(super) entry: Option<&'static Entry>,
    pub(super) arguments: Vec<Node>,
}

impl Call {
    /// The only argument, if it is a literal string.
    pub(super) fn literal_argument(&self) -> Option<&Arc<str>> {
        match self.arguments.as_slice() {
            [
                Node {
                    kind: NodeKind::String(text),
                    ..
                },
            ] => Some(text),
            _ => None,
        }
    }
}

/// One `.name`, `[index]`, `.?name` or `[?index]`.
#[derive(Debug)]
pub(super) struct Accessor {
    pub(super) key: Key,
    /// Whether a missing property is `null` instead of an error.
    pub(super) safe: bool,
    pub(super) end: u32,
}

/// What is picked.
#[derive(Debug)]
pub(super) enum Key {
    Name(Arc<str>),
    Index(Node),
}

/// What is wrong with an expression, and where in the text.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) message: String,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// Whether a string is an expression and not a literal.
pub(super) fn is_expression(text: &str) -> bool {
    text.starts_with('[') && text.ends_with(']') && !text.starts_with("[[")
}

/// A literal string with the bracket that escapes another one taken off.
pub(super) fn unescaped(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?;
    (inner.starts_with('[') && text.ends_with(']')).then_some(inner)
}

/// Parses a whole string for which [`is_expression`] holds.
pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let inner = text.len().saturating_sub(1);
    let mut parser = Parser {
        text,
        bytes: text.as_bytes().get(..inner).unwrap_or_default(),
        at: 1,
        nesting: 0,
    };
    let node = parser.expression()?;
    parser.skip_space();
    if parser.at < parser.bytes.len() {
        return Err(parser.error("expected the end of the expression"));
    }
    Ok(node)
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    nesting: usize,
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Parser<'_> {
    fn error(&self, message: impl Into<String>) -> SyntaxError {
        let length = self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
        SyntaxError {
            message: message.into(),
            start: offset(self.at),
            end: offset(self.at + length),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
        // A non-breaking space comes along when an expression is pasted from a web page.
        while self
            .bytes
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with("\u{a0}".as_bytes()))
        {
            self.at += 2;
            while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
                self.at += 1;
            }
        }
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
        }
        found
    }

    fn expression(&mut self) -> Result<Node, SyntaxError> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.error(format!(
                "this expression nests more than {MAX_NESTING} levels deep"
            )));
        }
        let node = self.postfix();
        self.nesting -= 1;
        node
    }

    fn postfix(&mut self) -> Result<Node, SyntaxError> {
        let base = self.primary()?;
        let mut path = Vec::new();
        loop {
            let before = self.at;
            self.skip_space();
            if self.accept(b'.') {
                let safe = self.accept(b'?');
                self.skip_space();
                let name = self.name()?;
                path.push(Accessor {
                    key: Key::Name(name.into()),
                    safe,
                    end: offset(self.at),
                });
            } else if self.accept(b'[') {
                let safe = self.accept(b'?');
                let index = self.expression()?;
                self.skip_space();
                if !self.accept(b']') {
                    return Err(self.error("expected ']' after the index"));
                }
                path.push(Accessor {
                    key: Key::Index(index),
                    safe,
                    end: offset(self.at),
                });
            } else {
                self.at = before;
                break;
            }
        }
        if path.is_empty() {
            return Ok(base);
        }
        Ok(Node {
            start: base.start,
            end: offset(self.at),
            kind: NodeKind::Access(Box::new(base), path),
        })
    }

    fn primary(&mut self) -> Result<Node, SyntaxError> {
        self.skip_space();
        let start = offset(self.at);
        let kind = match self.peek() {
            Some(b'\'') => NodeKind::String(self.string()?.into()),
            Some(b'-' | b'+' | b'0'..=b'9') => NodeKind::Integer(self.integer()?),
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                NodeKind::Call(self.call()?)
            }
            Some(_) => return Err(self.error("expected a function, a string or a number")),
            None => return Err(self.error("the expression ends too early")),
        };
        Ok(Node {
            kind,
            start,
            end: offset(self.at),
        })
    }

    fn string(&mut self) -> Result<String, SyntaxError> {
        let opening = self.at;
        self.at += 1;
        let mut value = String::new();
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let Some(length) = rest.iter().position(|byte| *byte == b'\'') else {
                self.at = opening;
                return Err(self.error("this string is not closed"));
            };
            value.push_str(self.text.get(self.at..self.at + length).unwrap_or_default());
            self.at += length + 1;
            if !self.accept(b'\'') {
                return Ok(value);
            }
            value.push('\'');
        }
    }

    fn integer(&mut self) -> Result<i64, SyntaxError> {
        let start = self.at;
        self.at += 1;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        let number = self.text.get(start..self.at).unwrap_or_default().parse();
        number.map_err(|_| {
            self.at = start;
            self.error("this is no whole number of 64 bits")
        })
    }

    fn name(&mut self) -> Result<&str, SyntaxError> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-'))
        {
            self.at += 1;
        }
        if start == self.at {
            return Err(self.error("expected a name"));
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn call(&mut self) -> Result<Call, SyntaxError> {
        let mut name = self.name()?.to_owned();
        while self.accept(b'.') {
            name.push('.');
            name.push_str(self.name()?);
        }
        self.skip_space();
        if !self.accept(b'(') {
            return Err(self.error(format!("expected '(' after the function name '{name}'")));
        }
        let mut arguments = Vec::new();
        self.skip_space();
        if !self.accept(b')') {
            loop {
                arguments.push(self.expression()?);
                self.skip_space();
                if self.accept(b')') {
                    break;
                }
                if !self.accept(b',') {
                    return Err(self.error("expected ',' or ')' after the argument"));
                }
            }
        }
        let entry = catalogue::entry(&name);
        Ok(Call {
            function: functions::answering(entry),
            entry,
            name: name.into(),
            arguments,
        })
    }
}
