//! Expressions to values, with what decided them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Builtin, Compiled, ForNode, Node};
use crate::eval::value::{Bounds, Truth, Unknown};
use crate::origin::OriginId;
use crate::policy::datum::{Data, Datum, Item, undecided};
use crate::policy::vocabulary::{World, external_field};
use crate::syntax::hcl::BinaryOp;

/// What an answer rests on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    /// The origins of the fields that decided, in the order read.
    pub(crate) reads: Vec<OriginId>,
    /// What kept it open.
    pub(crate) unknowns: Vec<Arc<Unknown>>,
}

/// Computes expressions for one subject.
#[derive(Debug)]
pub(crate) struct Evaluation<'w, 'a> {
    pub(crate) world: &'w World<'a>,
    pub(crate) parameters: &'w BTreeMap<Arc<str>, Datum>,
    /// The subject, the bound elements, loop variables.
    pub(crate) slots: Vec<Datum>,
    pub(crate) trace: Trace,
}

impl<'w, 'a> Evaluation<'w, 'a> {
    pub(crate) fn new(
        world: &'w World<'a>,
        parameters: &'w BTreeMap<Arc<str>, Datum>,
        slots: Vec<Datum>,
    ) -> Self {
        Self {
            world,
            parameters,
            slots,
            trace: Trace::default(),
        }
    }

    /// The truth of a predicate, and what it rests on.
    pub(crate) fn truth(&mut self, predicate: &Compiled) -> (Truth, Trace) {
        self.trace = Trace::default();
        let truth = self.value(&predicate.node).truth();
        let mut trace = std::mem::take(&mut self.trace);
        if truth != Truth::Unknown {
            trace.unknowns.clear();
        }
        (truth, trace)
    }

    /// The value of an expression, and what it rests on.
    pub(crate) fn compute(&mut self, expression: &Compiled) -> (Datum, Trace) {
        self.trace = Trace::default();
        let value = self.value(&expression.node);
        (value, std::mem::take(&mut self.trace))
    }

    pub(super) fn value(&mut self, node: &Node) -> Datum {
        let mark = self.trace.unknowns.len();
        let value = self.value_inner(node);
        // Unknowns that did not reach the value were absorbed on the way.
        if value.is_known() {
            self.trace.unknowns.truncate(mark);
        } else if self.trace.unknowns.len() == mark {
            self.name_unknowns(&value);
        }
        value
    }

    /// Remembers what is not known of a value that nothing was read for.
    fn name_unknowns(&mut self, value: &Datum) {
        match &value.data {
            Data::Unknown(unknown, _) => self.trace.unknowns.push(Arc::clone(unknown)),
            Data::List(items) => {
                let maybe = items.items.iter().filter_map(|item| item.because.clone());
                self.trace.unknowns.extend(maybe);
                self.trace.unknowns.extend(items.rest.clone());
            }
            _ => {}
        }
    }

    fn value_inner(&mut self, node: &Node) -> Datum {
        match node {
            Node::Constant(value) => value.clone(),
            Node::Slot(slot) => self
                .slots
                .get(*slot)
                .cloned()
                .unwrap_or_else(|| Datum::constant(Data::Absent)),
            Node::Parameter(name) => self
                .parameters
                .get(name)
                .cloned()
                .unwrap_or_else(|| Datum::constant(Data::Absent)),
            Node::Field(base, field) => {
                let base = self.value(base);
                let value = match &base.data {
                    Data::Element(element) => element.get(field, self.world),
                    Data::External(name) => external_field(name, field.name),
                    Data::Unknown(unknown, _) => Datum::new(
                        Data::Unknown(Arc::clone(unknown), Arc::from([])),
                        base.origin,
                    ),
                    _ => Datum::new(Data::Absent, base.origin),
                };
                self.read(&value);
                value
            }
            Node::Entry(base, name) => {
                let base = self.value(base);
                let value = match &base.data {
                    Data::Object(entries) => entries.get(name).cloned(),
                    Data::Element(element) => element
                        .kind
                        .field(name)
                        .map(|field| element.get(field, self.world)),
                    Data::External(owner) => Some(external_field(owner, name)),
                    Data::Unknown(..) => Some(base.clone()),
                    _ => None,
                };
                let value = value.unwrap_or_else(|| Datum::new(Data::Absent, base.origin));
                self.read(&value);
                value
            }
            Node::Index(base, index) => {
                let (base, index) = (self.value(base), self.value(index));
                index_into(&base, &index)
            }
            Node::Not(inner) => {
                let truth = !self.value(inner).truth();
                self.answer(truth)
            }
            Node::Negate(inner) => match self.value(inner).data {
                Data::Number(number) => Datum::constant(Data::Number(number.saturating_neg())),
                _ => self.answer(Truth::Unknown),
            },
            Node::And(a, b) => self.junction(a, b, Truth::False),
            Node::Or(a, b) => self.junction(a, b, Truth::True),
            Node::Equal(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                self.answer(a.equals(&b))
            }
            Node::Order(op, a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                self.answer(order(*op, &a, &b))
            }
            Node::Arithmetic(op, a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                match (&a.data, &b.data) {
                    (Data::Number(a), Data::Number(b)) => arithmetic(*op, *a, *b),
                    _ => self.answer(Truth::Unknown),
                }
            }
            Node::Choose(condition, yes, no) => match self.value(condition).truth() {
                Truth::True => self.value(yes),
                Truth::False => self.value(no),
                Truth::Unknown => {
                    let (yes, no) = (self.value(yes), self.value(no));
                    if yes.equals(&no) == Truth::True {
                        return yes;
                    }
                    let unknown = self.last_unknown();
                    let candidates = match yes.is_known() && no.is_known() {
                        true => Arc::from([yes, no]),
                        false => Arc::from([]),
                    };
                    Datum::constant(Data::Unknown(unknown, candidates))
                }
            },
            Node::List(items) => {
                let items = items
                    .iter()
                    .map(|item| Item::certain(self.value(item)))
                    .collect();
                Datum::list(items, None)
            }
            Node::For(parts) => self.for_list(parts),
            Node::Call(Builtin::AnyTrue, args) => self.quantify(args, Truth::True),
            Node::Call(Builtin::AllTrue, args) => self.quantify(args, Truth::False),
            Node::Call(builtin, args) => {
                let args: Vec<Datum> = args.iter().map(|arg| self.value(arg)).collect();
                self.builtin(*builtin, &args)
            }
            Node::Plain(name, args) if &**name == "can" => {
                let value = args.first().map(|arg| self.value(arg));
                match value {
                    Some(value) if super::plain::is_refused(&value) => self.answer(Truth::False),
                    Some(value) if value.is_known() => self.answer(Truth::True),
                    _ => self.answer(Truth::Unknown),
                }
            }
            Node::Plain(name, args) if &**name == "try" => {
                let mut last = Datum::constant(Data::Absent);
                for arg in args {
                    last = self.value(arg);
                    if !super::plain::is_refused(&last) {
                        break;
                    }
                }
                last
            }
            Node::Plain(name, args) => {
                let args: Vec<Datum> = args.iter().map(|arg| self.value(arg)).collect();
                super::plain::call(name, &args).unwrap_or_else(|| self.answer(Truth::Unknown))
            }
            Node::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    let value = self.value(part);
                    match value.display() {
                        Some(piece) if value.is_known() => text.push_str(&piece),
                        _ => return self.answer(Truth::Unknown),
                    }
                }
                Datum::text(text)
            }
        }
    }

    /// `&&` and `||`: `absorbing` on one side decides alone, and then only that side was read.
    fn junction(&mut self, a: &Node, b: &Node, absorbing: Truth) -> Datum {
        let reads = self.trace.reads.len();
        let first = self.value(a).truth();
        if first == absorbing {
            return self.answer(absorbing);
        }
        let middle = self.trace.reads.len();
        let second = self.value(b).truth();
        if second == absorbing {
            self.trace.reads.drain(reads..middle);
            return self.answer(absorbing);
        }
        let both = match absorbing {
            Truth::False => first.and(second),
            _ => first.or(second),
        };
        self.answer(both)
    }

    /// `anytrue` and `alltrue`: one item that is `deciding` decides alone.
    fn quantify(&mut self, args: &[Node], deciding: Truth) -> Datum {
        let [argument] = args else {
            return self.answer(Truth::Unknown);
        };
        let start = self.trace.reads.len();
        let mut result = !deciding;
        let combine = |result: Truth, item: Truth| match deciding {
            Truth::True => result.or(item),
            _ => result.and(item),
        };
        // An item that may be missing says what does not decide, or nothing.
        let weigh = |truth: Truth, present: Truth| match (present, truth == deciding) {
            (Truth::True, _) => truth,
            (Truth::False, _) => !deciding,
            (Truth::Unknown, true) => Truth::Unknown,
            (Truth::Unknown, false) => truth,
        };
        let Node::For(parts) = argument else {
            let list = self.value(argument);
            let Data::List(items) = &list.data else {
                return self.answer(list.truth());
            };
            for item in &items.items {
                let weighed = weigh(item.datum.truth(), item.present);
                result = combine(result, weighed);
            }
            if items.rest.is_some() && result != deciding {
                result = Truth::Unknown;
            }
            return self.answer(result);
        };
        let collection = self.value(&parts.collection);
        let Data::List(items) = &collection.data else {
            return self.answer(match collection.data {
                Data::Absent => !deciding,
                _ => Truth::Unknown,
            });
        };
        for (position, item) in items.items.iter().enumerate() {
            let before = self.trace.reads.len();
            let unknowns = self.trace.unknowns.len();
            let (present, value) = self.for_item(parts, item, position);
            let truth = value.map_or(!deciding, |value| value.truth());
            let weighed = weigh(truth, present);
            if weighed == deciding {
                // Only this item was read, then.
                self.trace.reads.drain(start..before);
                self.read(&item.datum);
                return self.answer(deciding);
            }
            if weighed == !deciding {
                self.trace.unknowns.truncate(unknowns);
            }
            result = combine(result, weighed);
        }
        if let Some(rest) = &items.rest
            && result != deciding
        {
            self.trace.unknowns.push(Arc::clone(rest));
            result = Truth::Unknown;
        }
        self.answer(result)
    }

    fn for_list(&mut self, parts: &ForNode) -> Datum {
        let collection = self.value(&parts.collection);
        let items = match &collection.data {
            Data::List(items) => Arc::clone(items),
            Data::Absent => return Datum::list(Vec::new(), None),
            Data::Unknown(unknown, _) => {
                return Datum::list(Vec::new(), Some(Arc::clone(unknown)));
            }
            _ => return self.answer(Truth::Unknown),
        };
        let mut results = Vec::new();
        for (position, item) in items.items.iter().enumerate() {
            let unknowns = self.trace.unknowns.len();
            let (present, value) = self.for_item(parts, item, position);
            let Some(datum) = value else {
                continue;
            };
            let because = match present {
                Truth::True => None,
                _ => item
                    .because
                    .clone()
                    .or_else(|| self.trace.unknowns.get(unknowns).cloned()),
            };
            results.push(Item {
                datum,
                present,
                because,
            });
        }
        Datum::list(results, items.rest.clone())
    }

    /// One pass of a loop: whether the item is in the result, and its value.
    fn for_item(
        &mut self,
        parts: &ForNode,
        item: &Item,
        position: usize,
    ) -> (Truth, Option<Datum>) {
        if let Some(because) = &item.because {
            self.trace.unknowns.push(Arc::clone(because));
        }
        // Slots are by position; a predicate asked before all names are bound leaves a gap.
        let depth = self.slots.len();
        let empty = Datum::constant(Data::Absent);
        self.slots.resize(parts.slot, empty);
        self.slots.push(item.datum.clone());
        if parts.has_key {
            let position = i64::try_from(position).unwrap_or(i64::MAX);
            self.slots.push(Datum::constant(Data::Number(position)));
        }
        let kept = match &parts.condition {
            Some(condition) => self.value(condition).truth(),
            None => Truth::True,
        };
        let result = match kept {
            Truth::False => (Truth::False, None),
            _ => (item.present.and(kept), Some(self.value(&parts.value))),
        };
        self.slots.truncate(depth);
        result
    }

    /// A truth as a value; an unknown one is the last unknown that was met.
    pub(super) fn answer(&mut self, truth: Truth) -> Datum {
        let because = match truth {
            Truth::Unknown => Some(self.last_unknown()),
            _ => None,
        };
        Datum::truth_value(truth, because)
    }

    fn last_unknown(&mut self) -> Arc<Unknown> {
        match self.trace.unknowns.last() {
            Some(unknown) => Arc::clone(unknown),
            None => undecided(),
        }
    }

    /// Remembers a field that was looked at.
    pub(super) fn read(&mut self, value: &Datum) {
        let trace = &mut self.trace;
        let mut note = |datum: &Datum| {
            match &datum.data {
                Data::Unknown(unknown, _) => trace.unknowns.push(Arc::clone(unknown)),
                Data::Element(_) | Data::External(_) | Data::Object(_) | Data::List(_) => return,
                _ => {}
            }
            if datum.origin != OriginId::NONE {
                trace.reads.push(datum.origin);
            }
        };
        match &value.data {
            Data::List(items) => {
                for item in &items.items {
                    note(&item.datum);
                }
                if let Some(rest) = &items.rest {
                    self.trace.unknowns.push(Arc::clone(rest));
                }
            }
            _ => note(value),
        }
    }
}

fn index_into(base: &Datum, index: &Datum) -> Datum {
    let absent = || Datum::new(Data::Absent, base.origin);
    match (&base.data, &index.data) {
        (Data::List(items), Data::Number(at)) => match usize::try_from(*at) {
            Ok(at) => match items.items.get(at) {
                Some(item) if item.present == Truth::True => item.datum.clone(),
                Some(item) => item.because.clone().map_or_else(absent, Datum::unknown),
                None => items.rest.clone().map_or_else(absent, Datum::unknown),
            },
            Err(_) => absent(),
        },
        (Data::Object(entries), Data::Text(name)) => {
            entries.get(name).cloned().unwrap_or_else(absent)
        }
        (Data::Unknown(..), _) => base.clone(),
        (_, Data::Unknown(..)) => index.clone(),
        _ => absent(),
    }
}

fn order(op: BinaryOp, a: &Datum, b: &Datum) -> Truth {
    let (Some((a_low, a_high)), Some((b_low, b_high))) = (limits(a), limits(b)) else {
        return Truth::Unknown;
    };
    // Compares `a < b`, or with `or_equal` `a <= b`, for every pair within the limits.
    let less = |a: (i64, i64), b: (i64, i64), or_equal: bool| {
        let below = |x: i64, y: i64| x < y || (or_equal && x == y);
        if below(a.1, b.0) {
            Truth::True
        } else if below(a.0, b.1) {
            Truth::Unknown
        } else {
            Truth::False
        }
    };
    let (a, b) = ((a_low, a_high), (b_low, b_high));
    match op {
        BinaryOp::Less => less(a, b, false),
        BinaryOp::LessEqual => less(a, b, true),
        BinaryOp::Greater => less(b, a, false),
        _ => less(b, a, true),
    }
}

/// The lowest and highest number a value may be.
fn limits(value: &Datum) -> Option<(i64, i64)> {
    match &value.data {
        Data::Number(number) => Some((*number, *number)),
        Data::Unknown(unknown, candidates) if candidates.is_empty() => match unknown.bounds {
            Bounds::Range(low, high) => Some((low.unwrap_or(i64::MIN), high.unwrap_or(i64::MAX))),
            _ => Some((i64::MIN, i64::MAX)),
        },
        Data::Unknown(_, candidates) => {
            let all: Option<Vec<(i64, i64)>> = candidates.iter().map(limits).collect();
            let all = all?;
            let low = all.iter().map(|(low, _)| *low).min()?;
            let high = all.iter().map(|(_, high)| *high).max()?;
            Some((low, high))
        }
        _ => None,
    }
}

fn arithmetic(op: BinaryOp, a: i64, b: i64) -> Datum {
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide => a.checked_div(b),
        _ => a.checked_rem(b),
    };
    result.map_or_else(
        || Datum::unknown(undecided()),
        |number| Datum::constant(Data::Number(number)),
    )
}
