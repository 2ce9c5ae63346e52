//! A function on packets as a few disjoint products of conditions, for people to read.
//!
//! A condition is a set of values of one field together with what its atoms say, again as a
//! diagram: equal conditions are the same node, so that "exactly the tag `Storage`" is seen.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::atoms::{Cube, Dimension, Literal};
use super::diagram::{Both, Diagrams, Edge, FIELDS, Least, Level, Node, OUTSIDE, Without};
use super::interval::{Interval, IntervalSet};
use super::space::{Exceeded, FlowSet, Term};

/// More regions than this are not listed.
pub const MAX_REGIONS: usize = 2_000;

/// What [`MAX_REGIONS`] is called.
pub const REGIONS_EXCEEDED: Exceeded = Exceeded("number of changed regions");

/// More conditions than this in one node are not looked through.
const MAX_CONDITIONS: usize = 20_000;

/// As many words are no burden.
const FEW_WORDS: usize = 4;

/// As many, conditions on atoms among them, are none either.
const ONE_CONDITION: usize = 2;

/// As many are one if they are not all alike.
const MANY_WORDS: usize = 8;

/// A product of conditions on which a function has one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region {
    /// The value.
    pub value: u32,
    /// By [`Dimension`]; see [`Diagrams::describe`].
    conditions: [Node; Dimension::COUNT],
}

/// A name for a set of values of one field.
#[derive(Clone, Debug)]
pub struct Named<N> {
    /// The name.
    pub name: N,
    /// The values, as [`Diagrams::condition`] gives them.
    pub condition: Node,
}

/// Some of the values of a field.
#[derive(Clone, Debug)]
pub enum Piece<N> {
    /// All of them.
    Any,
    /// Those with a name.
    Named(N),
    /// Those of some intervals, as far as the literals hold.
    Values(Vec<Interval>, Vec<Literal>),
}

/// A condition in the fewest words: some pieces without some others.
#[derive(Clone, Debug)]
pub struct Shape<N> {
    /// Their union.
    pub pieces: Vec<Piece<N>>,
    /// What is not meant.
    pub except: Vec<Piece<N>>,
}

/// Where a condition leads on to, in the order met: pairs of node and condition.
type Exits = Rc<Vec<(Node, Node)>>;
type Boxes = Rc<Vec<Region>>;

#[derive(Default)]
struct Known {
    exits: BTreeMap<(usize, Node), Exits>,
    boxes: BTreeMap<(usize, Node), Boxes>,
}

const ANY: Node = Node::ZERO;

impl Diagrams {
    /// The packets for which a function has any value but [`OUTSIDE`], as disjoint regions, the
    /// largest first. Regions of one value that differ in one field only are merged.
    ///
    /// # Errors
    ///
    /// [`REGIONS_EXCEEDED`], or a limit of the diagrams.
    pub fn regions(&mut self, root: Node) -> Result<Vec<Region>, Exceeded> {
        let mut known = Known::default();
        let boxes = self.boxes(root, 0, &mut known)?;
        let mut regions: Vec<Region> = boxes.to_vec();
        loop {
            let before = regions.len();
            for dimension in FIELDS {
                regions = self.merged(regions, dimension)?;
            }
            if regions.len() == before {
                break;
            }
        }
        let mut sized: Vec<(f64, Region)> = regions
            .into_iter()
            .map(|region| (self.extent(&region), region))
            .collect();
        sized.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        Ok(sized.into_iter().map(|(_, region)| region).collect())
    }

    /// The packets of a region.
    ///
    /// # Errors
    ///
    /// [`REGIONS_EXCEEDED`].
    pub fn flows(&self, region: &Region) -> Result<FlowSet, Exceeded> {
        let family = self.family();
        let mut terms = vec![Term::all(family)];
        for dimension in FIELDS {
            let parts = self.parts(region.conditions[dimension as usize], dimension)?;
            let mut next = Vec::new();
            for term in &terms {
                for (set, literals) in &parts {
                    let mut term = term.restricted(dimension, set, None);
                    for literal in literals {
                        term = term.and_then(|term| {
                            let whole = term.field(dimension).clone();
                            term.restricted(dimension, &whole, Some(literal))
                        });
                    }
                    next.extend(term);
                }
            }
            if next.len() > MAX_CONDITIONS {
                return Err(REGIONS_EXCEEDED);
            }
            terms = next;
        }
        Ok(FlowSet::from_terms(family, terms))
    }

    /// What a set says about one field, whatever it says about the others.
    ///
    /// # Errors
    ///
    /// A limit of the diagrams.
    pub fn condition(&mut self, set: &FlowSet, dimension: Dimension) -> Result<Node, Exceeded> {
        let family = self.family();
        let terms = set.terms().iter().filter_map(|term| {
            let own = Term::all(family).with_field(dimension, term.field(dimension).clone())?;
            let literals = term.cube.literals().iter();
            let cube = literals
                .filter(|literal| literal.atom.dimension == dimension)
                .try_fold(Cube::default(), |cube, literal| cube.with(literal))?;
            Some(Term { cube, ..own })
        });
        let only = FlowSet::from_terms(family, terms.collect());
        self.set(&only, 0)
    }

    /// A region's condition on a field, in the fewest words that the names allow.
    ///
    /// # Errors
    ///
    /// A limit of the diagrams.
    pub fn describe<N: Clone>(
        &mut self,
        region: &Region,
        dimension: Dimension,
        names: &[Named<N>],
    ) -> Result<Shape<N>, Exceeded> {
        let condition = region.conditions[dimension as usize];
        let mut best = Shape {
            pieces: self.pieces(condition, dimension, names)?,
            except: Vec::new(),
        };
        if !matches!(dimension, Dimension::Source | Dimension::Destination) {
            return Ok(best);
        }
        let mut cost = words(&best.pieces);
        let whole = [(ANY, Piece::Any)];
        let named = names
            .iter()
            .map(|named| (named.condition, Piece::Named(named.name.clone())));
        for (base, piece) in whole.into_iter().chain(named) {
            if cost <= 2 {
                break;
            }
            if self.combine(condition, base, &mut Without)? != Node::leaf(OUTSIDE) {
                continue;
            }
            let missing = self.combine(base, condition, &mut Without)?;
            let except = self.pieces(missing, dimension, names)?;
            if words(&except) + 1 < cost {
                cost = words(&except) + 1;
                best = Shape {
                    pieces: vec![piece],
                    except,
                };
            }
        }
        Ok(best)
    }

    /// The smallest region that holds some regions; its value is that of the first.
    ///
    /// # Errors
    ///
    /// A limit of the diagrams.
    pub fn joined_region(&mut self, regions: &[Region]) -> Result<Option<Region>, Exceeded> {
        let Some((first, others)) = regions.split_first() else {
            return Ok(None);
        };
        let mut all = *first;
        for other in others {
            for (own, more) in all.conditions.iter_mut().zip(other.conditions) {
                *own = self.combine(*own, more, &mut Least)?;
            }
        }
        Ok(Some(all))
    }

    /// A region's condition on a field in a few words, and whether those mean no more than it. If
    /// it takes many, they are those of the smallest named set around it.
    ///
    /// # Errors
    ///
    /// A limit of the diagrams.
    pub fn describe_briefly<N: Clone>(
        &mut self,
        region: &Region,
        dimension: Dimension,
        names: &[Named<N>],
    ) -> Result<(Shape<N>, bool), Exceeded> {
        let shape = self.describe(region, dimension, names)?;
        let all = shape.pieces.iter().chain(&shape.except);
        let plain = all
            .clone()
            .all(|piece| !matches!(piece, Piece::Values(_, literals) if !literals.is_empty()));
        let cost = words(&shape.pieces) + words(&shape.except);
        let condition = region.conditions[dimension as usize];
        let outside = Node::leaf(OUTSIDE);
        if cost <= FEW_WORDS && (plain || cost <= ONE_CONDITION) {
            return Ok((shape, true));
        }
        if !matches!(dimension, Dimension::Source | Dimension::Destination) {
            let missing = self.combine(ANY, condition, &mut Without)?;
            let except = self.pieces(missing, dimension, names)?;
            let pieces = vec![Piece::Any];
            return Ok(match words(&except) < cost {
                true => (Shape { pieces, except }, true),
                false => (shape, true),
            });
        }
        if plain && cost <= MANY_WORDS {
            return Ok((shape, true));
        }
        let mut around: Option<&Named<N>> = None;
        // What somebody wrote comes after what every group knows.
        for named in names.iter().rev() {
            let inside = |diagrams: &mut Self, a, b| {
                let rest = diagrams.combine(a, b, &mut Without)?;
                Ok(rest == outside)
            };
            if inside(self, condition, named.condition)?
                && match around {
                    Some(best) => inside(self, named.condition, best.condition)?,
                    None => true,
                }
            {
                around = Some(named);
            }
        }
        let piece = match around {
            Some(named) => Piece::Named(named.name.clone()),
            None => {
                let parts = self.parts(condition, dimension)?;
                let all = parts
                    .iter()
                    .fold(IntervalSet::empty(), |all, (set, _)| all.union(set));
                // A set that all of it is in, whatever it is called.
                let shared = parts.first().and_then(|(_, literals)| {
                    let mut own = literals.iter().filter(|literal| literal.holds);
                    own.find(|literal| {
                        let mut others = parts.iter().map(|(_, others)| others);
                        others.all(|others| {
                            let mut others = others.iter().filter(|other| other.holds);
                            others.any(|other| other.atom.id == literal.atom.id)
                        })
                    })
                });
                match shared {
                    Some(literal) => Piece::Values(
                        literal.atom.open().intervals().to_vec(),
                        vec![literal.clone()],
                    ),
                    None if all.intervals().len() <= MANY_WORDS => {
                        Piece::Values(all.intervals().to_vec(), Vec::new())
                    }
                    None => Piece::Any,
                }
            }
        };
        let shape = Shape {
            pieces: vec![piece],
            except: Vec::new(),
        };
        Ok((shape, false))
    }

    /// A condition as named sets, as far as those are within it, and the rest.
    fn pieces<N: Clone>(
        &mut self,
        condition: Node,
        dimension: Dimension,
        names: &[Named<N>],
    ) -> Result<Vec<Piece<N>>, Exceeded> {
        if condition == ANY {
            return Ok(vec![Piece::Any]);
        }
        let outside = Node::leaf(OUTSIDE);
        let mut rest = condition;
        let mut pieces = Vec::new();
        for named in names {
            if rest == outside {
                break;
            }
            let new = self.combine(named.condition, rest, &mut Both)?;
            if new == outside || self.combine(named.condition, condition, &mut Without)? != outside
            {
                continue;
            }
            rest = self.combine(rest, named.condition, &mut Without)?;
            pieces.push(Piece::Named(named.name.clone()));
        }
        // Values that are meant whatever the atoms say are written without them, even where a part
        // of them has a name already.
        let parts = self.parts(condition, dimension)?;
        let always = parts
            .into_iter()
            .filter(|(_, literals)| literals.is_empty());
        let always = always.fold(IntervalSet::empty(), |all, (set, _)| all.union(&set));
        let mut plain = IntervalSet::empty();
        let mut qualified = Vec::new();
        for (set, literals) in self.parts(rest, dimension)? {
            plain = plain.union(&set.intersect(&always));
            let open = set.subtract(&always);
            if !open.is_empty() {
                qualified.push(Piece::Values(open.intervals().to_vec(), literals));
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Values(plain.intervals().to_vec(), Vec::new()));
        }
        pieces.extend(qualified);
        Ok(pieces)
    }

    /// The regions below a node, whose conditions begin with the field of that number.
    fn boxes(&mut self, node: Node, field: usize, known: &mut Known) -> Result<Boxes, Exceeded> {
        let Some(dimension) = FIELDS.get(field) else {
            let value = node.value().unwrap_or(OUTSIDE);
            let conditions = [ANY; Dimension::COUNT];
            let all = Region { value, conditions };
            return Ok(Rc::new(match value {
                OUTSIDE => Vec::new(),
                _ => vec![all],
            }));
        };
        if node.value() == Some(OUTSIDE) {
            return Ok(Rc::default());
        }
        if let Some(boxes) = known.boxes.get(&(field, node)) {
            return Ok(Rc::clone(boxes));
        }
        let mut merged: BTreeMap<Region, Node> = BTreeMap::new();
        for (exit, condition) in self.exits(node, field, known)?.iter() {
            for below in self.boxes(*exit, field + 1, known)?.iter() {
                let own = match merged.get(below) {
                    Some(other) => self.combine(*other, *condition, &mut Least)?,
                    None => *condition,
                };
                merged.insert(*below, own);
            }
            if merged.len() > MAX_REGIONS {
                return Err(REGIONS_EXCEEDED);
            }
        }
        let with = |(mut region, condition): (Region, Node)| {
            region.conditions[*dimension as usize] = condition;
            region
        };
        let boxes: Boxes = Rc::new(merged.into_iter().map(with).collect());
        known.boxes.insert((field, node), Rc::clone(&boxes));
        Ok(boxes)
    }

    /// The nodes below those of a field and its atoms, each with the condition that leads there.
    fn exits(&mut self, node: Node, field: usize, known: &mut Known) -> Result<Exits, Exceeded> {
        let level = self.level(node);
        let beyond = FIELDS
            .get(field + 1)
            .map_or(self.levels.len(), |next| self.field_level(*next));
        if level >= beyond {
            return Ok(Rc::new(vec![(node, ANY)]));
        }
        if let Some(exits) = known.exits.get(&(field, node)) {
            return Ok(Rc::clone(exits));
        }
        let edges = self.edges(node).to_vec();
        let whole = edges.last().map_or(0, |edge| edge.last);
        let outside = Node::leaf(OUTSIDE);
        let mut order: Vec<Node> = Vec::new();
        let mut found: BTreeMap<Node, Vec<Edge>> = BTreeMap::new();
        let mut before: Option<u32> = None;
        for edge in edges {
            for (exit, condition) in self.exits(edge.child, field, known)?.iter() {
                let own = found.entry(*exit).or_insert_with(|| {
                    order.push(*exit);
                    Vec::new()
                });
                let reached = own.last().map(|edge| edge.last);
                if reached != before
                    && let Some(last) = before
                {
                    own.push(Edge {
                        last,
                        child: outside,
                    });
                }
                own.push(Edge {
                    last: edge.last,
                    child: *condition,
                });
            }
            if order.len() > MAX_CONDITIONS {
                return Err(REGIONS_EXCEEDED);
            }
            before = Some(edge.last);
        }
        let mut exits = Vec::with_capacity(order.len());
        for exit in order {
            let mut own = found.remove(&exit).unwrap_or_default();
            if own.last().is_some_and(|edge| edge.last < whole) {
                own.push(Edge {
                    last: whole,
                    child: outside,
                });
            }
            exits.push((exit, self.node(level, &mut own)?));
        }
        let exits: Exits = Rc::new(exits);
        known.exits.insert((field, node), Rc::clone(&exits));
        Ok(exits)
    }

    /// Merges regions of one value that differ in one field only.
    fn merged(
        &mut self,
        regions: Vec<Region>,
        dimension: Dimension,
    ) -> Result<Vec<Region>, Exceeded> {
        let mut all: BTreeMap<Region, Node> = BTreeMap::new();
        for region in regions {
            let own = region.conditions[dimension as usize];
            let mut rest = region;
            rest.conditions[dimension as usize] = ANY;
            let joined = match all.get(&rest) {
                Some(other) => self.combine(*other, own, &mut Least)?,
                None => own,
            };
            all.insert(rest, joined);
        }
        let with = |(mut region, condition): (Region, Node)| {
            region.conditions[dimension as usize] = condition;
            region
        };
        Ok(all.into_iter().map(with).collect())
    }

    /// A condition as disjoint sets of values, each with the literals that must hold.
    fn parts(
        &self,
        condition: Node,
        dimension: Dimension,
    ) -> Result<Vec<(IntervalSet, Vec<Literal>)>, Exceeded> {
        let mut by_child: BTreeMap<Node, Vec<Interval>> = BTreeMap::new();
        let mut order: Vec<Node> = Vec::new();
        if self.level(condition) == self.field_level(dimension) {
            let mut first = 0;
            for edge in self.edges(condition) {
                let own = by_child.entry(edge.child).or_insert_with(|| {
                    order.push(edge.child);
                    Vec::new()
                });
                own.push(self.interval(dimension, first, edge.last));
                first = edge.last + 1;
            }
        } else {
            let whole = Term::all(self.family()).field(dimension).clone();
            by_child.insert(condition, whole.intervals().to_vec());
            order.push(condition);
        }
        let mut parts = Vec::new();
        for child in order {
            let set = IntervalSet::from_intervals(by_child.remove(&child).unwrap_or_default());
            let mut pending: Vec<(Node, Vec<Literal>)> = vec![(child, Vec::new())];
            while let Some((node, literals)) = pending.pop() {
                if node.value() == Some(OUTSIDE) {
                    continue;
                }
                let Some(Level::Atom(atom)) = self.levels.get(self.level(node)) else {
                    parts.push((set.clone(), literals));
                    continue;
                };
                for edge in self.edges(node) {
                    let literal = Literal {
                        atom: Arc::clone(atom),
                        holds: edge.last == 1,
                    };
                    // What is within a narrower set is within the wider one, too.
                    let mut all: Vec<Literal> = literals.clone();
                    if literal.holds {
                        all.retain(|own| !literal.atom.within.contains(&own.atom.id));
                    }
                    all.push(literal);
                    pending.push((edge.child, all));
                }
                if parts.len() + pending.len() > MAX_CONDITIONS {
                    return Err(REGIONS_EXCEEDED);
                }
            }
        }
        Ok(parts)
    }

    /// How many packets a region may hold, as far as that can be said in a float.
    #[expect(
        clippy::cast_precision_loss,
        reason = "only the order of sizes matters"
    )]
    fn extent(&self, region: &Region) -> f64 {
        FIELDS.into_iter().fold(1.0, |product, dimension| {
            let parts = self.parts(region.conditions[dimension as usize], dimension);
            let sets = parts.unwrap_or_default().into_iter().map(|(set, _)| set);
            let all = sets.fold(IntervalSet::empty(), |all, set| all.union(&set));
            product * all.count() as f64
        })
    }
}

/// How much there is to read.
fn words<N>(pieces: &[Piece<N>]) -> usize {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Any | Piece::Named(_) => 1,
            Piece::Values(intervals, literals) => intervals.len() + literals.len(),
        })
        .sum()
}
