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

/// The lists and objects that were typed, by the places of what stands in them.
#[derive(Debug, Default)]
pub(crate) struct Typed {
    /// Sorted so that what holds others comes before them.
    spans: Vec<Span>,
    /// The innermost one that holds each.
    parents: Vec<Option<usize>>,
}

impl Typed {
    pub(crate) fn new(graph: &OriginGraph) -> Self {
        let mut spans: Vec<Span> = graph
            .iter()
            .filter(|node| matches!(node.step, OriginStep::Literal))
            .filter_map(|node| node.span)
            .collect();
        spans.sort_unstable_by_key(|span| (span.file, span.start, std::cmp::Reverse(span.end)));
        spans.dedup();
        let mut parents: Vec<Option<usize>> = Vec::with_capacity(spans.len());
        let mut open: Vec<usize> = Vec::new();
        for (index, span) in spans.iter().enumerate() {
            while let Some(last) = open.last().and_then(|last| spans.get(*last)) {
                if last.contains(*span) {
                    break;
                }
                open.pop();
            }
            parents.push(open.last().copied());
            open.push(index);
        }
        Self { spans, parents }
    }

    /// What holds a place, innermost first.
    fn around(&self, span: Span) -> impl Iterator<Item = Span> {
        let key = |span: &Span| (span.file, span.start, std::cmp::Reverse(span.end));
        let found = self.spans.binary_search_by(|one| key(one).cmp(&key(&span)));
        let mut at = found.ok();
        std::iter::from_fn(move || {
            at = at.and_then(|index| self.parents.get(index).copied().flatten());
            at.and_then(|index| self.spans.get(index).copied())
        })
    }
}

/// What a finding is about.
#[derive(Clone, Debug)]
pub(crate) struct About {
    /// The element.
    pub(crate) subject: OriginId,
    /// What decided.
    pub(crate) deciding: Vec<OriginId>,
    /// All its fields, each with its items: where two of them were typed together, a person wrote
    /// the element down there.
    pub(crate) fields: Vec<Vec<OriginId>>,
}

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
    /// No block or call, which stand for what Azure fills in.
    is_typed: bool,
}

/// Chooses; `None` only where nothing has a place.
pub(crate) fn choose<T>(
    graph: &OriginGraph,
    typed: impl FnOnce() -> T,
    about: &About,
    foreign: &BTreeSet<FileId>,
) -> Option<Places>
where
    T: std::ops::Deref<Target = Typed>,
{
    let deciding = &about.deciding;
    let ancestry = graph.ancestry(about.subject);
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
                is_loop: is_loop(&node.step) || object,
            })
        })
        .collect();
    let literals = literals_of(graph, deciding);
    let contains = |candidate: &Candidate, literal: &Deciding| {
        candidate.span.contains(literal.span)
            || (candidate.is_header
                && literal.direct
                && candidate.span.file == literal.span.file
                && candidate.span.start <= literal.span.start)
    };
    // A template that stands within the call of another: what holds the element as well as what
    // is passed to it says less than the element itself.
    let subject = candidates.first().map(|candidate| candidate.span);
    let is_apart = |candidate: &&Candidate| {
        subject.is_none_or(|own| candidate.span == own || !candidate.span.contains(own))
    };
    let all = candidates.iter().filter(is_apart).find(|candidate| {
        let mut typed = literals.iter().filter(|literal| literal.is_typed);
        typed.all(|literal| contains(candidate, literal))
    });
    let part = || {
        candidates.iter().filter(is_apart).find(|candidate| {
            candidate.is_loop && literals.iter().any(|literal| contains(candidate, literal))
        })
    };
    let together = || {
        if literals.iter().all(|literal| literal.direct) {
            return None;
        }
        let fields: Vec<Vec<Deciding>> = about
            .fields
            .iter()
            .map(|field| literals_of(graph, field))
            .collect();
        let typed = typed();
        literals
            .iter()
            .filter(|literal| !literal.direct && own(&literal.span))
            .find_map(|literal| {
                let others = || {
                    let alone =
                        |field: &&Vec<Deciding>| field.iter().all(|one| one.span != literal.span);
                    fields.iter().filter(alone).flatten()
                };
                typed
                    .around(literal.span)
                    .take_while(|around| subject.is_none_or(|own| !around.contains(own)))
                    .find(|around| others().any(|other| around.contains(other.span)))
            })
    };
    let block = || candidates.first();
    let anywhere = || {
        let places = ancestry.iter().filter_map(|id| graph.get(*id).span);
        places
            .clone()
            .find(own)
            .or_else(|| places.clone().next_back())
    };
    let primary = all
        .or_else(part)
        .map(|candidate| candidate.span)
        .or_else(together)
        .or_else(|| block().map(|candidate| candidate.span))
        .or_else(anywhere)
        .or_else(|| literals.first().map(|literal| literal.span))?;
    let mut related = Related {
        primary,
        places: Vec::new(),
    };
    for literal in &literals {
        // Where nothing was typed but a block or a call, that is not what decides.
        if literal.is_typed {
            related.add(literal.span, "decides".to_owned());
        }
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

fn is_loop(step: &OriginStep) -> bool {
    matches!(
        step,
        OriginStep::ForEach(_)
            | OriginStep::Count(_)
            | OriginStep::DynamicBlock(_)
            | OriginStep::CopyIndex(_)
    )
}

fn literals_of(graph: &OriginGraph, deciding: &[OriginId]) -> Vec<Deciding> {
    let mut all: Vec<Deciding> = Vec::new();
    for origin in deciding {
        let ancestry = graph.ancestry(*origin);
        let direct = ancestry.iter().all(|id| {
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
        let is_block = |span: Span| {
            ancestry.iter().map(|id| graph.get(*id)).any(|node| {
                let step = &node.step;
                node.span == Some(span)
                    && matches!(step, OriginStep::Block(_) | OriginStep::ModuleCall(_))
            })
        };
        for span in graph.literals(*origin) {
            if all.iter().all(|known| known.span != span) {
                let is_typed = !is_block(span);
                all.push(Deciding {
                    span,
                    direct,
                    is_typed,
                });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::OriginBuilder;

    const VARS: FileId = FileId(0);
    const MAIN: FileId = FileId(1);
    const MODULE: FileId = FileId(2);

    fn span(file: FileId, start: u32, end: u32) -> Span {
        Span::new(file, start, end)
    }

    fn chosen(
        graph: &OriginGraph,
        subject: OriginId,
        deciding: &[OriginId],
        foreign: &[FileId],
    ) -> Places {
        let about = About {
            subject,
            deciding: deciding.to_vec(),
            fields: vec![deciding.to_vec()],
        };
        let typed = || Box::new(Typed::new(graph));
        choose(graph, typed, &about, &foreign.iter().copied().collect()).unwrap()
    }

    fn primary_of(graph: &OriginGraph, subject: OriginId, deciding: &[OriginId]) -> Span {
        chosen(graph, subject, deciding, &[]).primary
    }

    /// `rules = { ssh = { port = 22 } }` in a variables file, looped over in a module.
    fn looped(builder: &OriginBuilder) -> (OriginId, OriginId) {
        let call = OriginStep::ModuleCall("net".into());
        let call = builder.add(Some(span(MAIN, 0, 12)), call, vec![]);
        let each = OriginStep::ForEach("ssh".into());
        let each = builder.add(Some(span(VARS, 10, 40)), each, vec![call]);
        let block = OriginStep::Block("azurerm_network_security_rule.r".into());
        let block = builder.add(Some(span(MODULE, 100, 140)), block, vec![each]);
        let port = builder.literal(span(VARS, 25, 27));
        let file = OriginStep::VariablesFile("rules".into());
        let port = builder.add(Some(span(VARS, 0, 50)), file, vec![port]);
        (block, port)
    }

    #[test]
    fn a_loop_element_that_holds_what_decides_is_primary() {
        let builder = OriginBuilder::default();
        let (rule, port) = looped(&builder);
        let graph = builder.finish();
        let places = chosen(&graph, rule, &[port], &[]);
        assert_eq!(places.primary, span(VARS, 10, 40));
        let texts: Vec<&str> = places.related.iter().map(|one| &*one.text).collect();
        assert!(texts.contains(&"decides"), "{texts:?}");
        assert!(texts.contains(&"module `net` called here"), "{texts:?}");
        assert!(texts.contains(&"set for variable `rules`"), "{texts:?}");
    }

    #[test]
    fn a_literal_typed_in_the_block_keeps_the_finding_there() {
        let builder = OriginBuilder::default();
        let (rule, _) = looped(&builder);
        let port = builder.literal(span(MODULE, 160, 162));
        let graph = builder.finish();
        assert_eq!(primary_of(&graph, rule, &[port]), span(MODULE, 100, 140));
    }

    #[test]
    fn the_loop_element_wins_where_nothing_holds_everything() {
        let builder = OriginBuilder::default();
        let (rule, port) = looped(&builder);
        let access = builder.literal(span(MODULE, 170, 175));
        let graph = builder.finish();
        assert_eq!(
            primary_of(&graph, rule, &[access, port]),
            span(VARS, 10, 40)
        );
    }

    #[test]
    fn without_a_deciding_field_the_block_is_primary() {
        let builder = OriginBuilder::default();
        let (rule, _) = looped(&builder);
        let graph = builder.finish();
        assert_eq!(primary_of(&graph, rule, &[]), span(MODULE, 100, 140));
    }

    #[test]
    fn installed_modules_are_never_primary() {
        let builder = OriginBuilder::default();
        let call = OriginStep::ModuleCall("net".into());
        let call = builder.add(Some(span(MAIN, 0, 12)), call, vec![]);
        let block = OriginStep::Block("azurerm_network_security_rule.r".into());
        let block = builder.add(Some(span(MODULE, 100, 140)), block, vec![call]);
        let port = builder.literal(span(MODULE, 160, 162));
        let graph = builder.finish();
        let places = chosen(&graph, block, &[port], &[MODULE]);
        assert_eq!(places.primary, span(MAIN, 0, 12));
    }

    #[test]
    fn an_object_in_a_template_holds_its_fields_by_place() {
        let builder = OriginBuilder::default();
        let group = OriginStep::Block("networkSecurityGroups/web".into());
        let group = builder.add(Some(span(MAIN, 0, 30)), group, vec![]);
        let rule = builder.add(Some(span(MAIN, 50, 90)), OriginStep::Literal, vec![group]);
        let port = builder.literal(span(MAIN, 70, 74));
        let graph = builder.finish();
        assert_eq!(primary_of(&graph, rule, &[port]), span(MAIN, 50, 90));
    }

    /// `[{ name = "ssh", port = 22 }]` in a parameter file, indexed by a counter in a template.
    #[test]
    fn an_indexed_element_is_found_by_what_stands_together() {
        let builder = OriginBuilder::default();
        let rule = builder.literal(span(MAIN, 50, 90));
        let from = |literal| {
            let step = OriginStep::ParameterFile("rules".into());
            builder.add(Some(span(VARS, 2, 8)), step, vec![literal])
        };
        builder.literal(span(VARS, 10, 60));
        builder.literal(span(VARS, 11, 40));
        let name = from(builder.literal(span(VARS, 20, 23)));
        let port = from(builder.literal(span(VARS, 30, 32)));
        let graph = builder.finish();
        let about = About {
            subject: rule,
            deciding: vec![port],
            fields: vec![vec![name], vec![port]],
        };
        let typed = || Box::new(Typed::new(&graph));
        let places = choose(&graph, typed, &about, &BTreeSet::new()).unwrap();
        assert_eq!(places.primary, span(VARS, 11, 40));
    }
}
