//! Texts with `{expression}`s, checked when a pack loads and filled in for a judgement.

use std::sync::Arc;

use super::datum::{Data, Datum};
use super::expr::{Compiled, Compiler, Evaluation};
use super::spec::{ExprSource, Saying, Text};
use super::vocabulary::{Item, Ty, World};
use crate::eval::value::{Truth, without_marks};
use crate::source::Span;

/// How many items of a list a text names.
const MAX_ITEMS: usize = 5;

/// A text in pieces.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(Arc<str>),
    Value(Compiled),
}

/// A text that is said when something is true.
#[derive(Clone, Debug)]
pub(crate) struct When {
    pub(crate) when: Option<Compiled>,
    pub(crate) message: Message,
}

impl When {
    pub(crate) fn all(sayings: &[Saying], compiler: &mut Compiler<'_, '_>) -> Vec<Self> {
        let mut all = Vec::new();
        for saying in sayings {
            let when = match &saying.when {
                Some(when) => match compiler.predicate(when) {
                    Some(when) => Some(when),
                    None => continue,
                },
                None => None,
            };
            let message = Message::new(&saying.say, compiler);
            all.push(Self { when, message });
        }
        all
    }

    /// The first that applies.
    pub(crate) fn first(all: &[Self], evaluation: &mut Evaluation<'_, '_>) -> Option<String> {
        all.iter()
            .find(|one| one.applies(evaluation))
            .map(|one| one.message.fill(evaluation))
    }

    /// All that apply, as sentences after one another.
    pub(crate) fn every(all: &[Self], evaluation: &mut Evaluation<'_, '_>) -> Vec<String> {
        let mut texts = Vec::new();
        for one in all {
            if one.applies(evaluation) {
                texts.push(one.message.fill(evaluation));
            }
        }
        texts
    }

    fn applies(&self, evaluation: &mut Evaluation<'_, '_>) -> bool {
        match &self.when {
            Some(when) => evaluation.truth(when).0 == Truth::True,
            None => true,
        }
    }
}

impl Message {
    /// Checks a text; `{{` and `}}` stand for braces.
    pub(crate) fn new(text: &Text, compiler: &mut Compiler<'_, '_>) -> Self {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest: &str = text.value.trim();
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            literal.push_str(before);
            if brace.starts_with("{{") || brace.starts_with("}}") {
                literal.extend(brace.chars().next());
                rest = brace.get(2..).unwrap_or("");
                continue;
            }
            let end = match brace.starts_with('{') {
                true => closing(brace),
                false => None,
            };
            let Some(end) = end else {
                let help = "write `{{` and `}}` for braces that mean themselves";
                let message = "a brace without its counterpart";
                compiler.reader.error_with_help(text.span, message, help);
                return Self::default();
            };
            let inner = brace.get(1..end).unwrap_or("");
            rest = brace.get(end + 1..).unwrap_or("");
            let at = place_of(inner, text.span, compiler);
            let source = ExprSource::parse(inner, at, text.span, compiler.reader);
            let Some(value) = source.and_then(|source| compiler.expression(&source)) else {
                continue;
            };
            if let Ty::One(Item::Object(members)) | Ty::List(Item::Object(members)) = value.ty
                && members.iter().all(|(name, ..)| *name != "text")
            {
                let names: Vec<&str> = members.iter().map(|(name, ..)| *name).collect();
                let help = format!("name one of its fields: `{}`", names.join("`, `"));
                let message = format!("`{{{inner}}}` has no words of its own");
                compiler.reader.error_with_help(at, message, help);
                continue;
            }
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal).into()));
            }
            pieces.push(Piece::Value(value));
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal.into()));
        }
        Self { pieces }
    }

    /// The text with its values.
    pub(crate) fn fill(&self, evaluation: &mut Evaluation<'_, '_>) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Value(value) => {
                    let (value, _) = evaluation.compute(value);
                    text.push_str(&display(&value, evaluation.world));
                }
            }
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The index of the brace that closes the first one, braces and strings within counted.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '{' if !quoted => depth += 1,
            '}' if !quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Where an expression stands in the file, as far as the text was not folded or escaped there.
fn place_of(inner: &str, whole: Span, compiler: &Compiler<'_, '_>) -> Span {
    let raw = compiler.reader.slice(whole);
    match raw.find(&format!("{{{inner}}}")) {
        Some(at) => {
            let start = whole.start + u32::try_from(at + 1).unwrap_or(0);
            let length = u32::try_from(inner.len()).unwrap_or(0);
            Span::new(whole.file, start, start + length)
        }
        None => whole,
    }
}

/// A value as people read it.
pub(crate) fn display(value: &Datum, world: &World<'_>) -> String {
    match &value.data {
        Data::Element(element) => element.display(world),
        Data::External(name) => without_marks(name.rsplit('/').next().unwrap_or(name)),
        Data::List(items) => {
            let shown: Vec<String> = items
                .items
                .iter()
                .take(MAX_ITEMS)
                .map(|item| match &item.datum.data {
                    Data::Element(element) => format!("`{}`", element.display(world)),
                    _ => display(&item.datum, world),
                })
                .collect();
            let more = items.items.len().saturating_sub(MAX_ITEMS);
            let open = match (&items.rest, more) {
                (_, more) if more > 0 => format!(" and {more} more"),
                (Some(_), _) if shown.is_empty() => "what these files do not tell".to_owned(),
                (Some(_), _) => " and what these files do not tell".to_owned(),
                _ if shown.is_empty() => "none".to_owned(),
                _ => String::new(),
            };
            format!("{}{open}", shown.join(", "))
        }
        Data::Object(entries) => match entries.get("text") {
            Some(text) => display(text, world),
            None => String::new(),
        },
        _ => value.display().unwrap_or_default(),
    }
}
