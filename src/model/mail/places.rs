//! Where the words that tell a mail server are typed: the line of a script, not the whole script.
//!
//! A text may come through functions and variables from several places. The one that has the host's
//! word is searched for it; where a text has it as often as its source, the places correspond.

use std::sync::Arc;

use super::{MailTarget, Word, Written};
use crate::model::Network;
use crate::origin::{Origin, OriginGraph, OriginId, OriginStep};
use crate::source::Span;

/// How long a source may be that is searched.
const MAX_LENGTH: u32 = 1 << 20;

/// How far from a host its port may stand to be found by that.
const NEAR: u32 = 400;

/// The text of a place in the sources.
pub type Slice<'a> = &'a dyn Fn(Span) -> Option<&'a str>;

impl Network {
    /// Narrows the origins of the mail servers' hosts, ports and encryption to where their words
    /// are typed.
    pub fn place_mail_targets(&mut self, origins: &mut Arc<OriginGraph>, slice: Slice<'_>) {
        for target in &mut self.mail_targets {
            let Some(written) = target.written.clone() else {
                continue;
            };
            let of = target.host.origin;
            if let Some(places) = Places::find(&written, of, origins, slice) {
                places.put(target, of, Arc::make_mut(origins));
            }
        }
    }
}

struct Places {
    host: Span,
    port: Option<Span>,
    tls: Option<Span>,
}

impl Places {
    fn find(
        written: &Written,
        of: OriginId,
        origins: &OriginGraph,
        slice: Slice<'_>,
    ) -> Option<Self> {
        let typed = typed(of, origins);
        let host = typed
            .iter()
            .find_map(|span| find(&written.host, *span, slice, None))?;
        let place = |word: &Word| {
            let near = typed.iter().filter(|span| span.contains(host));
            let near = near.map(|span| find(word, *span, slice, Some(host)));
            let exact = || {
                let is = |span: &&Span| {
                    slice(**span).is_some_and(|text| text.trim_matches('"') == &*word.text)
                };
                typed.iter().find(is).copied()
            };
            near.flatten().next().or_else(exact)
        };
        Some(Self {
            host,
            port: written.port.as_ref().and_then(place),
            tls: written.tls.as_ref().and_then(place),
        })
    }

    fn put(&self, target: &mut MailTarget, of: OriginId, origins: &mut OriginGraph) {
        let own = [Some(self.host), self.port, self.tls];
        let same = |span: &Span| span.file == self.host.file;
        let spans = own.iter().flatten().filter(|span| same(span));
        let whole = spans.fold(self.host, |whole, span| whole.to(*span));
        let place = origins.narrow(of, whole);
        target.place = Some(place);
        target.host.origin = origins.narrow(of, self.host);
        if target.port.origin == of
            && let Some(span) = self.port
        {
            target.port.origin = origins.narrow(of, span);
        }
        if target.tls.origin == of
            && let Some(span) = self.tls
        {
            target.tls.origin = origins.narrow(of, span);
        }
    }
}

/// The places that a text was put together from, the nearest first.
fn typed(of: OriginId, origins: &OriginGraph) -> Vec<Span> {
    let mut spans = Vec::new();
    for id in origins.ancestry(of) {
        let Origin { span, step, .. } = origins.get(id);
        let is_text = matches!(
            step,
            OriginStep::Literal
                | OriginStep::Function(_)
                | OriginStep::VariableDefault(_)
                | OriginStep::VariablesFile(_)
                | OriginStep::ParameterFile(_)
                | OriginStep::Recorded
        );
        if let (Some(span), true) = (span, is_text)
            && span.len() <= MAX_LENGTH
            && !spans.contains(span)
        {
            spans.push(*span);
        }
    }
    spans
}

/// Where a word stands in a place; `near` is what it belongs to.
fn find(word: &Word, span: Span, slice: Slice<'_>, near: Option<Span>) -> Option<Span> {
    let text = slice(span)?;
    let found: Vec<u32> = Word::all_in(text, &word.text)
        .filter_map(|at| u32::try_from(at).ok())
        .collect();
    let length = u32::try_from(word.text.len()).ok()?;
    let at = if found.len() == word.all {
        found.get(word.before).copied()
    } else {
        match near {
            None => found.first().copied(),
            Some(near) => {
                let from = near.end.saturating_sub(span.start);
                found
                    .iter()
                    .copied()
                    .find(|at| *at >= from && *at - from < NEAR)
            }
        }
    }?;
    let start = span.start + at;
    Some(Span::new(span.file, start, start + length))
}

impl Word {
    /// The word of this length at this place of a text.
    pub(super) fn at(text: &str, at: usize, length: usize) -> Option<Self> {
        let word = text.get(at..at + length).filter(|word| !word.is_empty())?;
        let places: Vec<usize> = Self::all_in(text, word).collect();
        Some(Self {
            text: word.into(),
            before: places.iter().position(|place| *place == at)?,
            all: places.len(),
        })
    }

    /// Where a text has a word that is no part of a longer one.
    fn all_in<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
        let inner = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        text.match_indices(word)
            .map(|(at, _)| at)
            .filter(move |at| {
                let before = text.get(..*at).and_then(|text| text.chars().next_back());
                let after = text
                    .get(at + word.len()..)
                    .and_then(|text| text.chars().next());
                // In source texts `\n` may stand before a word.
                let escape = text
                    .get(..*at)
                    .is_some_and(|text| text.ends_with("\\n") || text.ends_with("\\t"));
                (!inner(before) || escape) && !inner(after)
            })
    }
}
