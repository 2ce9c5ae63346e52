//! What a reader understood, in words that neither reader owns.

use std::ops::Range;

/// A node of a tree: what it is, where it stands, what it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub what: String,
    /// Bytes of the file; `None` where a reader does not say.
    pub at: Option<Range<usize>>,
    pub below: Vec<Self>,
}

impl Node {
    pub fn new(what: impl Into<String>, at: Option<Range<usize>>, below: Vec<Self>) -> Self {
        Self {
            what: what.into(),
            at,
            below,
        }
    }

    /// The first place where the trees are not the same, in words.
    pub fn difference(&self, other: &Self, text: &str) -> Option<String> {
        let typed = |at: &Option<Range<usize>>| {
            let at = at.clone().unwrap_or_default();
            text.get(at).unwrap_or("not in the file").to_owned()
        };
        let placed = self.at.is_some() && other.at.is_some();
        if self.what != other.what || (placed && self.at != other.at) {
            return Some(format!(
                "{:?} at {:?} ({:?})\n{:?} at {:?} ({:?})",
                self.what,
                self.at,
                typed(&self.at),
                other.what,
                other.at,
                typed(&other.at)
            ));
        }
        if self.below.len() != other.below.len() {
            return Some(format!(
                "{} holds {} and {}: {:?}",
                self.what,
                self.below.len(),
                other.below.len(),
                typed(&self.at.clone().or_else(|| other.at.clone()))
            ));
        }
        let mut pairs = self.below.iter().zip(&other.below);
        pairs.find_map(|(one, other)| one.difference(other, text))
    }
}

/// A number as both readers can say it.
pub fn number(value: f64) -> String {
    format!("number {value:e}")
}

/// Literals of a template that follow each other are one, and empty ones none.
pub fn joined(parts: Vec<Node>) -> Vec<Node> {
    let mut all: Vec<Node> = Vec::new();
    for part in parts {
        match (part.what.strip_prefix("text "), all.last_mut()) {
            (Some(""), _) => {}
            (Some(text), Some(last)) if last.what.starts_with("text ") => last.what.push_str(text),
            _ => all.push(part),
        }
    }
    all
}
