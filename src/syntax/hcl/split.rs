//! A file to its top-level items, so that a broken one loses only itself.

use std::ops::Range;

use super::lexer::{Lexer, Token, TokenKind, Unclosed};

/// A top-level attribute or block: a piece of text that stands on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Offset of its first character.
    pub(super) start: usize,
    /// Offset after its last character.
    pub(super) end: usize,
    /// Its tokens among those of the file.
    pub(super) tokens: Range<usize>,
    /// What makes it unreadable for certain.
    pub(super) unclosed: Option<Unclosed>,
    /// The bracket that is one too many within others.
    pub(super) too_deep: Option<usize>,
}

/// The items and comments of a file, in order. Comments are pairs of offsets.
pub(super) struct Split {
    pub(super) items: Vec<Item>,
    /// Those of the items, without comments.
    pub(super) tokens: Vec<Token>,
    pub(super) comments: Vec<(usize, usize)>,
}

/// An item that is never closed would swallow the rest of the file; so often the next line that
/// looks like a new item is taken for one.
const MOST_RESTARTS: usize = 50;

/// An item with more brackets, strings and templates open at once is not even tried.
pub(super) const DEEPEST: usize = 130;

/// Cuts a text into its items.
pub(super) fn split(text: &str) -> Split {
    let mut result = Split {
        items: Vec::new(),
        tokens: Vec::with_capacity(text.len() / 8),
        comments: Vec::new(),
    };
    let mut from = 0;
    for restarts in 0..=MOST_RESTARTS {
        match run(text, from, restarts < MOST_RESTARTS, &mut result) {
            Some(restart) => from = restart,
            None => break,
        }
    }
    result
}

/// Reads items from an offset on. Gives the place to go on from if the last one never ended.
fn run(text: &str, from: usize, may_restart: bool, result: &mut Split) -> Option<usize> {
    let mut lexer = Lexer::new(text, from);
    let mut current: Option<Item> = None;
    let mut restart: Option<usize> = None;
    while let Some(token) = lexer.next() {
        let Token { kind, start, end } = token;
        match kind {
            TokenKind::Comment => result.comments.push((start, end)),
            TokenKind::Newline if lexer.stack().is_empty() => {
                if let Some(mut item) = current.take() {
                    item.tokens.end = result.tokens.len();
                    item.unclosed = lexer.unclosed.take();
                    result.items.push(item);
                }
                restart = None;
                continue;
            }
            TokenKind::Newline => {
                if current.is_some() {
                    result.tokens.push(token);
                }
            }
            _ => {
                let item = current.get_or_insert(Item {
                    start,
                    end,
                    tokens: result.tokens.len()..result.tokens.len(),
                    unclosed: None,
                    too_deep: None,
                });
                item.end = end;
                result.tokens.push(token);
                if lexer.stack().len() > DEEPEST {
                    item.too_deep.get_or_insert(start);
                }
            }
        }
        if restart.is_none() && current.is_some() {
            restart = header_within(text, token);
        }
    }
    let mut item = current?;
    item.tokens.end = result.tokens.len();
    let dangling = lexer.stack().first().map(|frame| frame.open);
    item.unclosed = lexer.unclosed.take().or(dangling.map(Unclosed::Bracket));
    if let Some(restart) = restart.filter(|_| may_restart && item.unclosed.is_some()) {
        item.end = text
            .get(item.start..restart)
            .map_or(item.end, |piece| item.start + piece.trim_end().len());
        result.tokens.truncate(item.tokens.start);
        item.tokens.end = item.tokens.start;
        result.comments.retain(|(start, _)| *start < restart);
        result.items.push(item);
        return Some(restart);
    }
    result.items.push(item);
    None
}

/// The first line that begins in this token or right after it and looks like the header of a
/// block or like an attribute, at column one.
fn header_within(text: &str, token: Token) -> Option<usize> {
    let bytes = text.as_bytes();
    let piece = bytes.get(token.start..token.end)?;
    let mut newlines = piece
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .map(|(index, _)| token.start + index + 1);
    newlines.find(|start| is_header(bytes.get(*start..).unwrap_or_default()))
}

/// `word "label" … {` or `word =`
fn is_header(line: &[u8]) -> bool {
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or(line);
    let Some(first) = line.first() else {
        return false;
    };
    if !first.is_ascii_alphabetic() {
        return false;
    }
    let line = line.trim_ascii_end();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let name = line.iter().take_while(|byte| is_name(byte)).count();
    let rest = line.get(name..).unwrap_or_default().trim_ascii_start();
    if let Some(value) = rest.strip_prefix(b"=") {
        return !value.starts_with(b"=");
    }
    rest.strip_suffix(b"{").is_some_and(|labels| {
        labels
            .iter()
            .all(|byte| is_name(byte) || matches!(byte, b'"' | b' ' | b'\t' | b'.'))
    })
}
