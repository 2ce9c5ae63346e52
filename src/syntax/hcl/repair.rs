//! What Terraform accepts and the parser does not, mended on a copy of the same length.
//!
//! Because the length stays, every span found in the copy holds in the text itself, and names are
//! read from there.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::lexer::{FrameKind, Lexer, Token, TokenKind};

/// Objects with more items are read in groups: the parser compares each key with all before it.
const CROWDED: usize = 200;

/// Items of such an object that are read together; fewer than there are names of one letter, so
/// that all of them may be equal.
const GROUP: usize = 48;

/// What was changed, in offsets of the text.
#[derive(Debug, Default)]
pub(super) struct Repairs {
    /// Keys that were overwritten since they occur twice in their object: start and end.
    pub(super) keys: HashMap<usize, usize>,
    /// Objects whose items were blanked: offset of the brace, and the groups of items.
    pub(super) emptied: HashMap<usize, Vec<(usize, usize)>>,
}

/// How the text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    /// Attributes and blocks.
    Code,
    /// One expression; newlines around it mean nothing.
    Expression,
    /// Literal text with interpolations.
    Template,
}

impl Grammar {
    fn lexer(self, text: &str) -> Lexer<'_> {
        match self {
            Self::Code | Self::Expression => Lexer::new(text, 0),
            Self::Template => Lexer::template(text),
        }
    }
}

/// Empties objects with very many items, `None` if there is none.
pub(super) fn empty_crowded(text: &str, grammar: Grammar, repairs: &mut Repairs) -> Option<String> {
    // Every item ends with a comma or a newline.
    let separators = text.bytes().filter(|byte| matches!(byte, b',' | b'\n'));
    if separators.count() <= CROWDED {
        return None;
    }
    let mut copy = text.as_bytes().to_vec();
    let mut end_of_last = 0;
    for (open, object) in objects(text, grammar) {
        let crowded = object.kind == FrameKind::Object && object.items.len() > CROWDED;
        // An object within an emptied one is met again when its group is read.
        if !crowded || open < end_of_last {
            continue;
        }
        let Some(close) = object.close else {
            continue;
        };
        let groups = object.items.chunks(GROUP).filter_map(|group| {
            let (first, last) = (group.first()?, group.last()?);
            Some((first.start, last.end))
        });
        repairs.emptied.insert(open, groups.collect());
        blank(&mut copy, open + 1, close);
        end_of_last = close;
    }
    (end_of_last > 0)
        .then(|| String::from_utf8(copy).ok())
        .flatten()
}

/// Blanks newlines where they mean nothing and renames keys and attributes that occur twice,
/// `None` if there is neither.
pub(super) fn mend(text: &str, grammar: Grammar, repairs: &mut Repairs) -> Option<String> {
    let mut copy = text.as_bytes().to_vec();
    blank_newlines(text, grammar, &mut copy);
    rename_repeated(text, grammar, &mut copy, repairs);
    if copy == text.as_bytes() {
        return None;
    }
    String::from_utf8(copy).ok()
}

/// Blanks newlines, and the comments before them, where they mean nothing.
pub(super) fn join_lines(text: &str, grammar: Grammar) -> Option<String> {
    let mut copy = text.as_bytes().to_vec();
    blank_newlines(text, grammar, &mut copy);
    String::from_utf8(copy).ok()
}

fn blank_newlines(text: &str, grammar: Grammar, copy: &mut [u8]) {
    let mut lexer = grammar.lexer(text);
    while let Some(token) = lexer.next() {
        let ignored = lexer
            .stack()
            .last()
            .map_or(grammar == Grammar::Expression, |frame| {
                frame.kind.ignores_newlines()
            });
        if ignored && matches!(token.kind, TokenKind::Newline | TokenKind::Comment) {
            blank(copy, token.start, token.end);
        }
    }
}

fn blank(copy: &mut [u8], start: usize, end: usize) {
    if let Some(piece) = copy.get_mut(start..end) {
        piece.fill(b' ');
    }
}

fn rename_repeated(text: &str, grammar: Grammar, copy: &mut [u8], repairs: &mut Repairs) {
    for object in objects(text, grammar).values() {
        let key = |item: &ItemPlace| text.get(item.start..item.key_end);
        let mut taken: HashSet<&[u8]> = object
            .items
            .iter()
            .filter_map(key)
            .map(str::as_bytes)
            .collect();
        if taken.len() == object.items.len() {
            continue;
        }
        let mut seen = HashSet::new();
        let mut names: Vec<(usize, Vec<u8>)> = Vec::new();
        let mut next_name: HashMap<usize, usize> = HashMap::new();
        for item in &object.items {
            let Some(name) = key(item).filter(|name| !seen.insert(*name)) else {
                continue;
            };
            let number = next_name.entry(name.len()).or_default();
            let fresh = std::iter::from_fn(|| {
                *number += 1;
                placeholder(*number - 1, name.len())
            })
            .find(|fresh| !taken.contains(fresh.as_slice()));
            if let Some(fresh) = fresh {
                names.push((item.start, fresh));
                if object.kind == FrameKind::Object {
                    repairs.keys.insert(item.start, item.key_end);
                }
            }
        }
        taken.clear();
        for (start, name) in names {
            if let Some(piece) = copy.get_mut(start..start + name.len()) {
                piece.copy_from_slice(&name);
            }
        }
    }
}

/// The identifier with a number, of a given length; `None` when the length allows no more.
fn placeholder(number: usize, length: usize) -> Option<Vec<u8>> {
    const LETTERS: &[u8] = b"zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA_";
    let mut number = number;
    let mut name = vec![b'z'; length];
    for place in name.iter_mut().rev() {
        *place = LETTERS.get(number % LETTERS.len()).copied()?;
        number /= LETTERS.len();
    }
    (number == 0).then_some(name)
}

/// One `key = value`.
#[derive(Clone, Copy, Debug)]
struct ItemPlace {
    start: usize,
    key_end: usize,
    end: usize,
}

/// The items of one pair of braces; of a block, its attributes.
#[derive(Debug)]
struct ObjectPlace {
    kind: FrameKind,
    close: Option<usize>,
    items: Vec<ItemPlace>,
    /// First and last character of what was read since the last separator.
    pending: Option<(usize, usize)>,
    key_end: Option<usize>,
}

impl ObjectPlace {
    fn new(kind: FrameKind) -> Self {
        Self {
            kind,
            close: None,
            items: Vec::new(),
            pending: None,
            key_end: None,
        }
    }

    fn extend(&mut self, token: Token) {
        let start = self.pending.map_or(token.start, |(start, _)| start);
        self.pending = Some((start, token.end));
    }

    fn assign(&mut self) {
        if self.key_end.is_none() {
            self.key_end = self.pending.map(|(_, end)| end);
        }
    }

    fn finish_item(&mut self) {
        if let (Some((start, end)), Some(key_end)) = (self.pending, self.key_end) {
            self.items.push(ItemPlace {
                start,
                key_end,
                end,
            });
        }
        self.pending = None;
        self.key_end = None;
    }
}

/// All braces of objects and blocks by the offset of the opening one, with their items.
fn objects(text: &str, grammar: Grammar) -> BTreeMap<usize, ObjectPlace> {
    let mut found = BTreeMap::new();
    let mut lexer = grammar.lexer(text);
    let outermost = lexer.stack().iter();
    let mut open: Vec<(usize, ObjectPlace)> = outermost
        .map(|frame| (usize::MAX, ObjectPlace::new(frame.kind)))
        .collect();
    let mut depth = open.len();
    while let Some(token) = lexer.next() {
        let stack = lexer.stack();
        while open.len() > stack.len() {
            if let Some((at, mut object)) = open.pop() {
                object.finish_item();
                object.close = Some(token.start);
                found.insert(at, object);
            }
        }
        if stack.len() > depth
            && let Some(frame) = stack.last()
        {
            // What opens is part of the item around it.
            if let Some((_, outer)) = open.last_mut() {
                outer.extend(token);
            }
            open.push((frame.open, ObjectPlace::new(frame.kind)));
        } else if let Some((_, object)) = open.last_mut() {
            let has_items = matches!(object.kind, FrameKind::Object | FrameKind::Block);
            match token.kind {
                TokenKind::Comment => {}
                TokenKind::Newline | TokenKind::Comma if has_items => object.finish_item(),
                TokenKind::Assign if has_items => {
                    object.assign();
                    object.extend(token);
                }
                TokenKind::Colon if object.kind == FrameKind::Object => {
                    object.assign();
                    object.extend(token);
                }
                _ => object.extend(token),
            }
        }
        depth = stack.len();
    }
    for (at, object) in open {
        found.insert(at, object);
    }
    found.retain(|_, object| matches!(object.kind, FrameKind::Object | FrameKind::Block));
    found
}
