//! Which line a finding points at.
//!
//! A rule written as one element of a map in a variables file should be pointed at there, not at
//! the loop that turns it into a resource. The candidates are the loop elements, blocks, objects
//! and calls an instance came through; the primary place is the innermost of them that contains
//! everything that decided, else the innermost loop element that contains a part of it, else the
//! block. Files nobody here wrote are never primary.

use std::collections::BTreeSet;

use crate::origin::{OriginGraph, OriginId, OriginStep};
use crate::policy::finding::RelatedPlace;
use crate::source::{FileId, Span};

/// How many places a finding names beside the primary one.
const MAX_RELATED: usize = 12;

/// The chosen place and the way there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) primary: Span,
    pub(crate) related: Vec<RelatedPlace>,
}

/// A step of the way an instance came.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    span: Span,
    /// Its span is only a header: what was typed within cannot be told by offsets.
    is_header: bool,
    is_loop: bool,
}

/// A place where a value that decided was typed.
#[derive(Clone, Copy, Debug)]
struct Deciding {
    span: Span,
    /// Typed where it is used, not brought there by a variable.
    direct: bool,
}

/// Chooses; `None` only where nothing has a place.
pub(crate) fn choose(
    graph: &OriginGraph,
    subject: OriginId,
    deciding: &[OriginId],
    foreign: &BTreeSet<FileId>,
) -> Option<Places> {
    let ancestry = graph.ancestry(subject);
    let own = |span: &Span| !foreign.contains(&span.file);
    let candidates: Vec<Candidate> = ancestry
        .iter()
        .enumerate()
        .filter_map(|(position, id)| {
            let node = graph.get(*id);
            let object = position > 0 && matches!(node.step, OriginStep::Literal);
            if !node.step.is_instance() && !object && position > 0 {
                return None;
            }
            let span = node.span.filter(own)?;
            Some(Candidate {
                span,
                is_header: matches!(node.step, OriginStep::Block(_) | OriginStep::ModuleCall(_)),
                is_loop: matches!(
                    node.step,
                    OriginStep::ForEach(_)
                        | OriginStep::Count(_)
                        | OriginStep::DynamicBlock(_)
                        | OriginStep::CopyIndex(_)
                ) || object,
            })
        })
        .collect();
    let literals = literals(graph, deciding);
    let contains = |candidate: &Candidate, literal: &Deciding| {
        candidate.span.contains(literal.span)
            || (candidate.is_header
                && literal.direct
                && candidate.span.file == literal.span.file
                && candidate.span.start <= literal.span.start)
    };
    let all = candidates
        .iter()
        .find(|candidate| literals.iter().all(|literal| contains(candidate, literal)));
    let part = || {
        candidates.iter().find(|candidate| {
            candidate.is_loop && literals.iter().any(|literal| contains(candidate, literal))
        })
    };
    let block = || candidates.first();
    let anywhere = || {
        let places = ancestry.iter().filter_map(|id| graph.get(*id).span);
        places.clone().find(own).or_else(|| places.clone().last())
    };
    let primary = all
        .or_else(part)
        .or_else(block)
        .map(|candidate| candidate.span)
        .or_else(anywhere)
        .or_else(|| literals.first().map(|literal| literal.span))?;
    let mut related = Related {
        primary,
        places: Vec::new(),
    };
    for literal in &literals {
        related.add(literal.span, "decides".to_owned());
    }
    for id in &ancestry {
        related.hop(graph, *id);
    }
    for origin in deciding {
        for id in graph.ancestry(*origin) {
            related.hop(graph, id);
        }
    }
    Some(Places {
        primary,
        related: related.places,
    })
}

fn literals(graph: &OriginGraph, deciding: &[OriginId]) -> Vec<Deciding> {
    let mut all: Vec<Deciding> = Vec::new();
    for origin in deciding {
        let direct = graph.ancestry(*origin).iter().all(|id| {
            matches!(
                graph.get(*id).step,
                OriginStep::Literal
                    | OriginStep::None
                    | OriginStep::Function(_)
                    | OriginStep::Conditional
                    | OriginStep::PlatformDefault
                    | OriginStep::Block(_)
            )
        });
        for span in graph.literals(*origin) {
            if all.iter().all(|known| known.span != span) {
                all.push(Deciding { span, direct });
            }
        }
    }
    all
}

struct Related {
    primary: Span,
    places: Vec<RelatedPlace>,
}

impl Related {
    fn add(&mut self, span: Span, text: String) {
        let known = self.places.iter().any(|place| place.span == span);
        if span != self.primary && !known && self.places.len() < MAX_RELATED {
            self.places.push(RelatedPlace { span, text });
        }
    }

    fn hop(&mut self, graph: &OriginGraph, id: OriginId) {
        let node = graph.get(id);
        if let (Some(span), Some(text)) = (node.span, describe(&node.step)) {
            self.add(span, text);
        }
    }
}

/// What a step is, for people; `None` for those that explain nothing.
pub(crate) fn describe(step: &OriginStep) -> Option<String> {
    Some(match step {
        OriginStep::None | OriginStep::Literal | OriginStep::Function(_) => return None,
        OriginStep::VariableDefault(name) => format!("default of `{name}`"),
        OriginStep::VariablesFile(name) => format!("set for variable `{name}`"),
        OriginStep::ParameterFile(name) => format!("set for parameter `{name}`"),
        OriginStep::Local(name) => format!("through `{name}`"),
        OriginStep::ModuleArgument(name) => format!("passed as `{name}`"),
        OriginStep::ModuleCall(name) => format!("module `{name}` called here"),
        OriginStep::ModuleOutput(name) => format!("output `{name}`"),
        OriginStep::ForEach(key) => format!("`for_each` element `{key}`"),
        OriginStep::Count(index) => format!("`count` instance {index}"),
        OriginStep::DynamicBlock(key) => format!("`dynamic` element `{key}`"),
        OriginStep::CopyIndex(index) => format!("`copy` iteration {index}"),
        OriginStep::Conditional => "chosen here".to_owned(),
        OriginStep::Attribute(address) => format!("from `{address}`"),
        OriginStep::Block(name) => format!("`{name}`"),
        OriginStep::PlatformDefault => "Azure's default".to_owned(),
        OriginStep::Configuration => "from the configuration".to_owned(),
        OriginStep::CommandLine => "from the command line".to_owned(),
        OriginStep::Recorded => "recorded here".to_owned(),
    })
}
