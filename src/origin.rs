//! Why a value is what it is: the graph of origins.
//!
//! Every value, resource and field carries an [`OriginId`] into the [`OriginGraph`] of its
//! deployment. A node says where something was typed (its span), which [`OriginStep`] brought it
//! here, and from which parents. Following the graph back from a field leads through variables,
//! loops and module calls to the literal a person wrote; [`OriginGraph::literals`] does that.
//!
//! While a deployment is evaluated the graph grows behind a shared reference ([`OriginBuilder`]);
//! afterwards it is frozen.

use std::cell::RefCell;
use std::sync::Arc;

use crate::source::Span;

/// A node of an [`OriginGraph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginId(pub u32);

impl OriginId {
    /// The node every graph begins with: a value without a place of its own.
    pub const NONE: Self = Self(0);
}

/// How a value came to be, one hop of its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginStep {
    /// No place: computed by the tool itself.
    None,
    /// Typed where it is used.
    Literal,
    /// The default of a variable or parameter, by name.
    VariableDefault(Arc<str>),
    /// Set in a Terraform variables file, by variable.
    VariablesFile(Arc<str>),
    /// Set in an ARM parameter file, by parameter.
    ParameterFile(Arc<str>),
    /// Through a Terraform local or an ARM variable, by name.
    Local(Arc<str>),
    /// Passed as an argument of a module call or nested deployment, by name.
    ModuleArgument(Arc<str>),
    /// A module call or nested deployment itself.
    ModuleCall(Arc<str>),
    /// An output of a module or nested deployment.
    ModuleOutput(Arc<str>),
    /// One element of a `for_each`, by key.
    ForEach(Arc<str>),
    /// One instance of a `count`.
    Count(usize),
    /// One block of a `dynamic`, by its key.
    DynamicBlock(Arc<str>),
    /// One iteration of an ARM `copy`.
    CopyIndex(usize),
    /// The result of a function call, by function.
    Function(Arc<str>),
    /// A chosen branch; the condition is the last parent.
    Conditional,
    /// Read from an attribute of another resource, by its address.
    Attribute(Arc<str>),
    /// A resource or block: the span is its header.
    Block(Arc<str>),
    /// What Azure or a provider fills in when nothing is written; the parent is the resource.
    PlatformDefault,
    /// Set in `aznet.yaml`.
    Configuration,
    /// Given on the command line.
    CommandLine,
    /// Recorded in a plan, state or export.
    Recorded,
}

impl OriginStep {
    /// Whether the step is one pass of a loop or one call: a candidate for the primary label of a
    /// finding when it contains what decides (the element a person typed).
    #[must_use]
    pub fn is_instance(&self) -> bool {
        matches!(
            self,
            Self::ForEach(_)
                | Self::Count(_)
                | Self::DynamicBlock(_)
                | Self::CopyIndex(_)
                | Self::ModuleCall(_)
                | Self::Block(_)
        )
    }
}

/// One node: where, how, from what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Where it was typed, if anywhere.
    pub span: Option<Span>,
    /// How it came here.
    pub step: OriginStep,
    /// What it came from, the value's own source first.
    pub parents: Vec<OriginId>,
}

/// Grows the graph while a deployment is evaluated.
#[derive(Debug)]
pub struct OriginBuilder {
    nodes: RefCell<Vec<Origin>>,
}

impl Default for OriginBuilder {
    fn default() -> Self {
        let none = Origin {
            span: None,
            step: OriginStep::None,
            parents: Vec::new(),
        };
        Self {
            nodes: RefCell::new(vec![none]),
        }
    }
}

impl From<OriginGraph> for OriginBuilder {
    /// Goes on where a graph ended: its ids stay what they are.
    fn from(graph: OriginGraph) -> Self {
        if graph.nodes.is_empty() {
            return Self::default();
        }
        Self {
            nodes: RefCell::new(graph.nodes),
        }
    }
}

impl OriginBuilder {
    /// Adds a node.
    pub fn add(&self, span: Option<Span>, step: OriginStep, parents: Vec<OriginId>) -> OriginId {
        let mut nodes = self.nodes.borrow_mut();
        let id = OriginId(u32::try_from(nodes.len()).unwrap_or(u32::MAX));
        nodes.push(Origin {
            span,
            step,
            parents,
        });
        id
    }

    /// Adds a literal typed at `span`.
    pub fn literal(&self, span: Span) -> OriginId {
        self.add(Some(span), OriginStep::Literal, Vec::new())
    }

    /// A copy of the node, if there is one of this id.
    #[must_use]
    pub fn get(&self, id: OriginId) -> Option<Origin> {
        self.nodes.borrow().get(id.0 as usize).cloned()
    }

    /// The span of a node.
    #[must_use]
    pub fn span(&self, id: OriginId) -> Option<Span> {
        self.nodes.borrow().get(id.0 as usize)?.span
    }

    /// Where the value of a node was typed: the span of its own source, through any number of hops.
    #[must_use]
    pub fn typed_at(&self, id: OriginId) -> Option<Span> {
        let nodes = self.nodes.borrow();
        let mut node = nodes.get(id.0 as usize)?;
        // What a loop makes is typed where the loop's input is; its parents are the loops.
        while let (Some(parent), false) = (
            node.parents.first(),
            matches!(node.step, OriginStep::Literal),
        ) {
            node = nodes.get(parent.0 as usize)?;
        }
        node.span
    }

    /// Ends the evaluation.
    #[must_use]
    pub fn finish(self) -> OriginGraph {
        OriginGraph {
            nodes: self.nodes.into_inner(),
        }
    }
}

/// The finished graph of one deployment.
#[derive(Clone, Debug, Default)]
pub struct OriginGraph {
    nodes: Vec<Origin>,
}

/// Some nodes of a graph that follow each other: those of one of several deployments that share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginRange {
    first: u32,
    end: u32,
}

impl OriginRange {
    /// Every node of whatever graph.
    pub const ALL: Self = Self {
        first: 0,
        end: u32::MAX,
    };

    /// Whether a node is among them.
    #[must_use]
    pub fn contains(self, id: OriginId) -> bool {
        (self.first..self.end).contains(&id.0)
    }
}

/// What the ids of a graph become in another one that took it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginShift {
    shared: u32,
    by: u32,
    /// The nodes that came in.
    pub range: OriginRange,
}

impl OriginShift {
    /// The id of a node there.
    #[must_use]
    pub fn of(self, id: OriginId) -> OriginId {
        match id.0 < self.shared {
            true => id,
            false => OriginId(id.0.saturating_add(self.by)),
        }
    }
}

impl OriginGraph {
    /// Takes in a graph that went on from this one when this one had `shared` nodes.
    pub fn take_in(&mut self, other: Self, shared: usize) -> OriginShift {
        if self.nodes.is_empty() {
            *self = OriginBuilder::default().finish();
        }
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        // Every graph begins with the same node.
        let shared = shared.max(1);
        let first = number(self.nodes.len());
        let mut shift = OriginShift {
            shared: number(shared),
            by: first.saturating_sub(number(shared)),
            range: OriginRange { first, end: first },
        };
        let new = other.nodes.into_iter().skip(shared).map(|node| Origin {
            parents: node.parents.iter().map(|id| shift.of(*id)).collect(),
            ..node
        });
        self.nodes.extend(new);
        shift.range.end = number(self.nodes.len());
        shift
    }

    /// A node for a part of what `of` is, typed at `part`: it came the same way.
    pub fn narrow(&mut self, of: OriginId, part: Span) -> OriginId {
        let holds = |id: &OriginId| {
            let node = self.get(*id);
            let typed = matches!(node.step, OriginStep::Literal) && node.parents.is_empty();
            typed && node.span.is_some_and(|span| span.contains(part))
        };
        let from = self.ancestry(of).into_iter().find(holds);
        let mut hops: Vec<Origin> = Vec::new();
        let mut at = of;
        // Only the hops of the value itself: they lead to one place.
        while Some(at) != from && hops.len() < 64 {
            let node = self.get(at);
            let Some(next) = node.parents.first().copied() else {
                break;
            };
            if !matches!(node.step, OriginStep::Literal | OriginStep::Function(_)) {
                hops.push(node.clone());
            }
            at = next;
        }
        let number = |graph: &Self| OriginId(u32::try_from(graph.nodes.len()).unwrap_or(u32::MAX));
        let mut last = number(self);
        self.nodes.push(Origin {
            span: Some(part),
            step: OriginStep::Literal,
            parents: Vec::new(),
        });
        for hop in hops.into_iter().rev() {
            let parents = vec![last];
            last = number(self);
            self.nodes.push(Origin { parents, ..hop });
        }
        last
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The node; the empty one for an id of another graph.
    #[must_use]
    pub fn get(&self, id: OriginId) -> &Origin {
        static NOWHERE: Origin = Origin {
            span: None,
            step: OriginStep::None,
            parents: Vec::new(),
        };
        self.nodes
            .get(id.0 as usize)
            .or_else(|| self.nodes.first())
            .unwrap_or(&NOWHERE)
    }

    /// All nodes, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Origin> {
        self.nodes.iter()
    }

    /// The places a person typed that `id` goes back to: literals, defaults, file entries. Sorted,
    /// each once. Conditions count only through the branch they chose, and the blocks and calls whose
    /// attributes were asked only where nothing else was typed.
    #[must_use]
    pub fn literals(&self, id: OriginId) -> Vec<Span> {
        let (blocks, typed): (Vec<&Origin>, Vec<&Origin>) = self
            .ancestry(id)
            .into_iter()
            .map(|id| self.get(id))
            .filter(|node| node.parents.is_empty() && node.span.is_some())
            .partition(|node| {
                matches!(node.step, OriginStep::Block(_) | OriginStep::ModuleCall(_))
            });
        let chosen = if typed.is_empty() { blocks } else { typed };
        let mut spans: Vec<Span> = chosen.into_iter().filter_map(|node| node.span).collect();
        spans.sort_unstable();
        spans.dedup();
        spans
    }

    /// The node and everything it goes back to, nearest first, each once.
    #[must_use]
    pub fn ancestry(&self, id: OriginId) -> Vec<OriginId> {
        let mut seen = std::collections::BTreeSet::from([id]);
        let mut order = vec![id];
        let mut next = 0;
        while let Some(current) = order.get(next).copied() {
            next += 1;
            let node = self.get(current);
            let followed = match node.step {
                OriginStep::Conditional if node.parents.len() > 1 => {
                    node.parents.len().saturating_sub(1)
                }
                _ => node.parents.len(),
            };
            for parent in node.parents.iter().take(followed) {
                if seen.insert(*parent) {
                    order.push(*parent);
                }
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    #[test]
    fn literals_are_found_through_hops_and_conditions_do_not_count() {
        let span = |at| Span::new(FileId(0), at, at + 1);
        let builder = OriginBuilder::default();
        let port = builder.literal(span(1));
        let flag = builder.literal(span(5));
        let local = builder.add(Some(span(3)), OriginStep::Local("port".into()), vec![port]);
        let chosen = builder.add(Some(span(7)), OriginStep::Conditional, vec![local, flag]);
        let graph = builder.finish();
        assert_eq!(graph.literals(chosen), vec![span(1)]);
        assert_eq!(graph.ancestry(chosen), vec![chosen, local, port]);
        assert!(graph.literals(OriginId::NONE).is_empty());
    }

    #[test]
    fn a_block_is_what_was_typed_only_where_nothing_else_was() {
        let span = |at| Span::new(FileId(0), at, at + 1);
        let builder = OriginBuilder::default();
        let port = builder.literal(span(1));
        let block = builder.add(Some(span(5)), OriginStep::Block("d".into()), vec![]);
        let step = OriginStep::ModuleOutput("port".into());
        let output = builder.add(Some(span(7)), step, vec![port, block]);
        let filled = builder.add(None, OriginStep::PlatformDefault, vec![block]);
        let graph = builder.finish();
        assert_eq!(graph.literals(output), vec![span(1)]);
        assert_eq!(graph.literals(filled), vec![span(5)]);
    }

    #[test]
    fn a_graph_that_takes_in_others_keeps_what_they_share_and_moves_the_rest() {
        let span = |at| Span::new(FileId(0), at, at + 1);
        let first = OriginBuilder::default();
        let hub = first.literal(span(1));
        let mut all = OriginGraph::default();
        assert_eq!(all.take_in(first.finish(), 0).of(hub), hub);
        let known = all.len();
        let (second, third) = (
            OriginBuilder::from(all.clone()),
            OriginBuilder::from(all.clone()),
        );
        let step = || OriginStep::Local("a".into());
        let [of_second, of_third] = [(&second, 3), (&third, 5)]
            .map(|(builder, at)| builder.add(Some(span(at)), step(), vec![hub]));
        assert_eq!(of_second, of_third);
        let moved = all.take_in(second.finish(), known);
        let also_moved = all.take_in(third.finish(), known);
        assert_eq!(all.get(moved.of(of_second)).span, Some(span(3)));
        assert_eq!(all.get(also_moved.of(of_third)).span, Some(span(5)));
        assert_eq!(all.literals(also_moved.of(of_third)), vec![span(1)]);
        assert!(moved.range.contains(moved.of(of_second)));
        assert!(!moved.range.contains(also_moved.of(of_third)) && !moved.range.contains(hub));
    }
}
