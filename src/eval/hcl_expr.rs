//! Evaluates Terraform expressions over values that may be known in part.
//!
//! [`evaluate`] takes an expression, a [`Scope`] that knows what names mean, and a [`Session`] that
//! counts work and records origins. Terraform modules are one scope, policy rules another; nothing
//! here knows either.
//!
//! Unknown in, unknown out: an unknown operand gives an unknown result, unless the result is the
//! same for every value it may have. What Terraform refuses is a [`Failure`], which `try` and `can`
//! catch; an unknown is never one.

mod access;
mod conversion;
mod for_each;
pub(crate) mod labels;
mod library;
mod members;
mod operators;
mod template;
mod typed;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::value::{Bounds, Data, Reason, Rest, Truth, Unknown, Value};
use crate::origin::{Origin, OriginBuilder, OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::hcl::{Expr, ExprKind, ObjectItem, SPLAT_ELEMENT, TemplatePart};

pub use access::{Entries, attribute_of, element_of, entries_of, step_into, unknown_reference};
pub use conversion::{to_boolean, to_number, to_text};
pub use for_each::item_span;
pub use library::{arity_of, function_names, functions_page, is_function};

pub(crate) use access::candidates as element_candidates;
pub(crate) use conversion::{Conversion, kind_of};
pub(crate) use for_each::{key_of_rest, value_of_rest};
pub(crate) use labels::derived_unknown;
pub(crate) use members::{key_of, members_of, rest_of_members};
pub(crate) use operators::either_of as either;
pub(crate) use typed::opened;

/// How deep expressions, and what they refer to, may nest.
pub const MAX_DEPTH: u32 = 160;

/// How many candidates an unknown result keeps; more than that and it may be anything.
pub const MAX_CANDIDATES: usize = 16;

/// How many nodes one value may have; every list, object and scalar counts as one.
pub const MAX_NODES: u64 = 400_000;

/// How deep lists and objects may stand in each other.
pub const MAX_VALUE_DEPTH: usize = 100;

/// How long a computed string may be, in bytes.
pub const MAX_TEXT: usize = 4 << 20;

/// What an unknown part counts for in the length of a string: strings made of strings made of
/// unknowns must not double without end either.
pub(super) const HOLE: usize = 64;

/// One step from a value to a part of it.
#[derive(Clone, Debug)]
pub enum Step {
    /// `.name`
    Attribute(Arc<str>),
    /// `[index]`, evaluated; it may be unknown.
    Index(Value),
}

/// What a scope found behind a name.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The value.
    pub value: Value,
    /// How many of the steps lead to it; the evaluator takes the others itself.
    pub consumed: usize,
}

/// What names mean, and which functions there are beside Terraform's own.
pub trait Scope {
    /// Resolves a name and as many of the steps after it as the scope wants to, so that
    /// `subject.a.b` need not build the whole of `subject`.
    ///
    /// # Errors
    /// A [`Failure`] where there is no such name, or a step that Terraform would refuse.
    fn traverse(
        &self,
        root: &str,
        path: &[Step],
        at: Span,
        session: &Session<'_>,
    ) -> Result<Lookup, Box<Failure>>;

    /// Calls a function of this scope; `None` leaves it to Terraform's functions. Asked first, so
    /// that a scope may replace one.
    fn call(
        &self,
        _name: &str,
        _arguments: &[Value],
        _at: Span,
        _session: &Session<'_>,
    ) -> Option<Outcome> {
        None
    }

    /// What `jsondecode` or `yamldecode` made of a text, with the places of its parts as far as the
    /// scope knows where the text lies.
    fn decoded(&self, _function: &str, _text: Option<&Value>, made: Value, _at: Span) -> Value {
        made
    }

    /// Runs something of which only the type of the result counts, as of the branch of a
    /// conditional that is not taken: the result of the whole does not rest on what it asks for.
    fn aside(&self, run: &mut dyn FnMut()) {
        run();
    }
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where.
    pub span: Span,
    /// Stable kebab-case name: `invalid-expression`, or the name of a limit.
    pub code: &'static str,
    /// One sentence, no full stop.
    pub message: String,
    /// Where the value came from that would have to be another, if it is one.
    pub about: OriginId,
    /// The path of the file that would have to be there, if it is that.
    pub file: Option<Arc<str>>,
}

impl Failure {
    /// The code of what Terraform would refuse; `try` and `can` catch only these.
    pub const INVALID: &'static str = "invalid-expression";

    /// Something Terraform would refuse.
    #[must_use]
    pub fn invalid(span: Span, message: impl Into<String>) -> Box<Self> {
        Self::of(Self::INVALID, span, message)
    }

    /// A limit of this program, or a cycle: not to be caught.
    #[must_use]
    pub fn of(code: &'static str, span: Span, message: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            span,
            code,
            message: shortened(message.into()),
            about: OriginId::NONE,
            file: None,
        })
    }

    /// The same, because of a value that came from `origin`.
    #[must_use]
    pub fn about(mut self: Box<Self>, origin: OriginId) -> Box<Self> {
        self.about = origin;
        self
    }

    /// Whether `try` and `can` go on after it.
    #[must_use]
    pub fn can_be_caught(&self) -> bool {
        self.code == Self::INVALID
    }
}

/// A message that quotes a value keeps only the ends of a long one.
fn shortened(message: String) -> String {
    const START: usize = 300;
    const END: usize = 100;
    if message.len() <= START + END + 100 {
        return message;
    }
    let start = message.floor_char_boundary(START);
    let end = message.ceil_char_boundary(message.len() - END);
    let part = |range: Option<&str>| range.unwrap_or_default().to_owned();
    part(message.get(..start)) + " … " + &part(message.get(end..))
}

/// A value, or why there is none.
pub type Outcome = Result<Value, Box<Failure>>;

/// Counts work and records origins while expressions are evaluated.
#[derive(Debug)]
pub struct Session<'a> {
    origins: Option<&'a OriginBuilder>,
    steps: Cell<u64>,
    depth: Cell<u32>,
    patterns: RefCell<BTreeMap<Box<str>, Option<regex::Regex>>>,
}

impl<'a> Session<'a> {
    /// A session with a budget of steps; one step is one node of an expression.
    ///
    /// Without `origins` nothing is recorded: values keep the origins they have, and a computed
    /// value has that of the first operand that has one.
    #[must_use]
    pub fn new(origins: Option<&'a OriginBuilder>, steps: u64) -> Self {
        Self {
            origins,
            steps: Cell::new(steps),
            depth: Cell::new(0),
            patterns: RefCell::default(),
        }
    }

    /// The origin of something typed at `span`.
    #[must_use]
    pub fn literal(&self, span: Span) -> OriginId {
        self.origins
            .map_or(OriginId::NONE, |origins| origins.literal(span))
    }

    /// A hop from `parents`; without recording, the first parent that says anything.
    pub fn hop(
        &self,
        span: Option<Span>,
        step: impl FnOnce() -> OriginStep,
        parents: &[OriginId],
    ) -> OriginId {
        const FEW: usize = 32;
        let mut known: Vec<OriginId> = Vec::with_capacity(parents.len());
        let is_known = |id: &OriginId| *id != OriginId::NONE;
        if parents.len() <= FEW {
            for parent in parents.iter().filter(|id| is_known(id)) {
                if !known.contains(parent) {
                    known.push(*parent);
                }
            }
        } else {
            // A call may have thousands of arguments.
            let mut seen = HashSet::new();
            let new = parents
                .iter()
                .filter(|id| is_known(id) && seen.insert(**id));
            known.extend(new);
        }
        match self.origins {
            Some(origins) => origins.add(span, step(), known),
            None => known.first().copied().unwrap_or(OriginId::NONE),
        }
    }

    /// Where origins are recorded.
    #[must_use]
    pub fn origins(&self) -> Option<&'a OriginBuilder> {
        self.origins
    }

    /// The node of an origin recorded in this session.
    #[must_use]
    pub fn origin(&self, id: OriginId) -> Option<Origin> {
        self.origins.and_then(|origins| origins.get(id))
    }

    /// A compiled regular expression; each is compiled once.
    fn regex(&self, pattern: &str) -> Option<regex::Regex> {
        const MAX_SIZE: usize = 1 << 20;
        let mut patterns = self.patterns.borrow_mut();
        if let Some(known) = patterns.get(pattern) {
            return known.clone();
        }
        let compiled = regex::RegexBuilder::new(pattern)
            .size_limit(MAX_SIZE)
            .build()
            .ok();
        patterns.insert(pattern.into(), compiled.clone());
        compiled
    }

    /// Takes steps off the budget.
    ///
    /// # Errors
    /// A failure that cannot be caught once the budget is used up.
    pub fn charge(&self, steps: u64, at: Span) -> Result<(), Box<Failure>> {
        match self.steps.get().checked_sub(steps) {
            Some(left) => {
                self.steps.set(left);
                Ok(())
            }
            None => {
                self.steps.set(0);
                Err(Failure::of(
                    "evaluation-limit",
                    at,
                    "this takes too long to evaluate; what depends on it is unknown",
                ))
            }
        }
    }

    /// Runs what may take no more than half of the steps that are left, so that one costly
    /// declaration leaves the others some.
    pub fn sharing<T>(&self, run: impl FnOnce() -> T) -> T {
        let kept = self.steps.get() / 2;
        self.steps.set(self.steps.get() - kept);
        let result = run();
        self.steps.set(self.steps.get() + kept);
        result
    }

    /// Runs something one level deeper.
    ///
    /// # Errors
    /// A failure that cannot be caught below [`MAX_DEPTH`] levels, and those of `inner`.
    pub fn deeper<T>(
        &self,
        at: Span,
        inner: impl FnOnce() -> Result<T, Box<Failure>>,
    ) -> Result<T, Box<Failure>> {
        let depth = self.depth.get();
        if depth >= MAX_DEPTH {
            return Err(Failure::of(
                "nesting-limit",
                at,
                format!("more than {MAX_DEPTH} expressions within each other; this is unknown"),
            ));
        }
        self.depth.set(depth + 1);
        let result = inner();
        self.depth.set(depth);
        result
    }

    /// Counts the nodes of a computed value.
    ///
    /// # Errors
    /// A failure that cannot be caught if there are more than [`MAX_NODES`], or more than
    /// [`MAX_VALUE_DEPTH`] of them in each other.
    pub fn weigh(&self, value: Value, at: Span) -> Outcome {
        let mut left = MAX_NODES;
        if !weigh(&value, &mut left, MAX_VALUE_DEPTH) {
            return Err(Failure::of(
                "value-limit",
                at,
                format!(
                    "this value has more than {MAX_NODES} parts, or more than {MAX_VALUE_DEPTH} \
                     within each other; it is unknown"
                ),
            ));
        }
        self.charge((MAX_NODES - left) / 8, at)?;
        Ok(value)
    }
}

fn weigh(value: &Value, left: &mut u64, depth: usize) -> bool {
    let (Some(next), Some(below)) = (left.checked_sub(1), depth.checked_sub(1)) else {
        return false;
    };
    *left = next;
    let rest_fits = |rest: &Option<Rest>, left: &mut u64| {
        rest.as_ref()
            .and_then(|rest| rest.template.as_ref())
            .is_none_or(|template| weigh(template, left, below))
    };
    match &value.data {
        Data::List(list) => {
            list.items.iter().all(|item| weigh(item, left, below)) && rest_fits(&list.rest, left)
        }
        Data::Object(object) => {
            object.entries.values().all(|item| weigh(item, left, below))
                && rest_fits(&object.rest, left)
        }
        Data::Unknown(unknown) => match &unknown.bounds {
            Bounds::Members(all) => all
                .members
                .iter()
                .all(|member| weigh(&member.value, left, below)),
            _ => true,
        },
        Data::String(text) => {
            let cost = u64::try_from(text.len() / 64).unwrap_or(u64::MAX);
            *left = left.saturating_sub(cost);
            true
        }
        _ => true,
    }
}

/// Names bound within an expression: `each`, `count`, an iterator, the names of a `for`.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The names and their values.
    pub names: &'a [(Arc<str>, Value)],
    /// What they hide.
    pub outer: Option<&'a Self>,
}

impl<'a> Frame<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        let mut frame = Some(self);
        while let Some(current) = frame {
            if let Some((_, value)) = current.names.iter().find(|(known, _)| &**known == name) {
                return Some(value);
            }
            frame = current.outer;
        }
        None
    }
}

/// Evaluates an expression.
///
/// ```
/// use aznet::eval::hcl_expr::{evaluate, Failure, Lookup, Scope, Session, Step};
/// use aznet::source::{FileId, Span};
/// use aznet::syntax::hcl::{Expr, ExprKind};
/// use aznet::syntax::Number;
///
/// struct Nothing;
/// impl Scope for Nothing {
///     fn traverse(&self, root: &str, _: &[Step], at: Span, _: &Session<'_>)
///         -> Result<Lookup, Box<Failure>> {
///         Err(Failure::invalid(at, format!("there is no `{root}`")))
///     }
/// }
/// let at = Span::new(FileId(0), 0, 2);
/// let expr = Expr { span: at, kind: ExprKind::Number(Number::Integer(22)) };
/// let value = evaluate(&expr, &Nothing, &Session::new(None, 1_000)).unwrap();
/// assert_eq!(value.as_i64(), Some(22));
/// ```
///
/// # Errors
/// The first thing in it that Terraform would refuse, or a limit.
pub fn evaluate(expr: &Expr, scope: &dyn Scope, session: &Session<'_>) -> Outcome {
    evaluate_with(expr, scope, session, None)
}

/// Evaluates an expression in which further names are bound.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_with(
    expr: &Expr,
    scope: &dyn Scope,
    session: &Session<'_>,
    frame: Option<&Frame<'_>>,
) -> Outcome {
    Context {
        scope,
        session,
        frame,
    }
    .eval(expr)
}

/// Evaluates the parts of a template, as `templatefile` does.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_template(
    parts: &[TemplatePart],
    at: Span,
    scope: &dyn Scope,
    session: &Session<'_>,
) -> Outcome {
    Context {
        scope,
        session,
        frame: None,
    }
    .template(parts, at)
}

/// The truth of a predicate: a boolean, or a string that Terraform reads as one; anything else is
/// [`Truth::Unknown`].
#[must_use]
pub fn truth(value: &Value) -> Truth {
    to_boolean(value).map_or(Truth::Unknown, Truth::from)
}

/// Everything an expression is evaluated with.
#[derive(Clone, Copy)]
struct Context<'a> {
    scope: &'a dyn Scope,
    session: &'a Session<'a>,
    frame: Option<&'a Frame<'a>>,
}

impl Context<'_> {
    fn eval(&self, expr: &Expr) -> Outcome {
        self.session.charge(1, expr.span)?;
        match &expr.kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) => {
                Ok(self.scalar(expr))
            }
            _ => self.session.deeper(expr.span, || self.compound(expr)),
        }
    }

    fn scalar(&self, expr: &Expr) -> Value {
        let data = match &expr.kind {
            ExprKind::Bool(value) => Data::Bool(*value),
            ExprKind::Number(number) => Data::Number(number.clone()),
            ExprKind::String(text) => Data::String(Arc::clone(text)),
            _ => Data::Null,
        };
        Value::new(data, self.session.literal(expr.span))
    }

    fn compound(&self, expr: &Expr) -> Outcome {
        match &expr.kind {
            ExprKind::Unreadable => {
                let scope = format!("unreadable {}:{}", expr.span.file.0, expr.span.start);
                let unknown = Unknown::new(&scope, "an unreadable value", Reason::Invalid);
                let origin = self.session.literal(expr.span);
                Ok(Value::unknown(unknown.declared_at(expr.span), origin))
            }
            ExprKind::Template(parts) => self.template(parts, expr.span),
            ExprKind::List(items) => self.list(items, expr.span),
            ExprKind::Object(items) => self.object(items, expr.span),
            ExprKind::Variable(_) | ExprKind::Attribute(..) | ExprKind::Index(..) => {
                self.traversal(expr)
            }
            ExprKind::Splat(base, _, rest) => self.splat(base, rest, expr.span),
            ExprKind::Call {
                name, args, expand, ..
            } => self.call(name, args, *expand, expr.span),
            ExprKind::Conditional(condition, then, otherwise) => {
                self.conditional(condition, then, otherwise, expr.span)
            }
            ExprKind::Unary(op, operand) => self.unary(*op, operand, expr.span),
            ExprKind::Binary(left, op, right) => self.binary(left, *op, right, expr.span),
            ExprKind::For(parts) => self.for_expression(parts, expr.span),
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) => {
                Ok(self.scalar(expr))
            }
        }
    }

    #[inline(never)]
    fn list(&self, items: &[Expr], at: Span) -> Outcome {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            values.push(self.eval(item)?);
        }
        self.session
            .weigh(Value::list(values, self.session.literal(at)), at)
    }

    #[inline(never)]
    fn object(&self, items: &[ObjectItem], at: Span) -> Outcome {
        let mut entries = indexmap::IndexMap::with_capacity(items.len());
        let mut unknown_keys = Vec::new();
        for item in items {
            let key = self.eval(&item.key)?;
            let value = self.eval(&item.value)?;
            let typed =
                self.session
                    .hop(Some(item.span()), || OriginStep::Literal, &[value.origin]);
            match access::key_text(&key, item.key.span)? {
                Some(name) => {
                    entries.insert(name, value.with_origin(typed));
                }
                None => unknown_keys.push((key, value.with_origin(typed))),
            }
        }
        let rest = members::rest_of_entries(&unknown_keys);
        let object = access::object_value(entries, rest, self.session.literal(at));
        self.session.weigh(object, at)
    }

    /// A name with the steps after it.
    #[inline(never)]
    fn traversal(&self, expr: &Expr) -> Outcome {
        let mut chain = Vec::new();
        let mut base = expr;
        loop {
            match &base.kind {
                ExprKind::Attribute(inner, name, _) => {
                    chain.push((Step::Attribute(Arc::clone(name)), base.span));
                    base = inner;
                }
                ExprKind::Index(inner, index) => {
                    chain.push((Step::Index(self.eval(index)?), base.span));
                    base = inner;
                }
                _ => break,
            }
        }
        let spans: Vec<Span> = chain.iter().rev().map(|(_, span)| *span).collect();
        let steps: Vec<Step> = chain.into_iter().rev().map(|(step, _)| step).collect();
        let (mut value, consumed) = match &base.kind {
            ExprKind::Variable(name) => match self.frame.and_then(|frame| frame.get(name)) {
                Some(value) => (value.clone(), 0),
                None => {
                    let found = self.scope.traverse(name, &steps, expr.span, self.session)?;
                    (found.value, found.consumed)
                }
            },
            _ => (self.eval(base)?, 0),
        };
        for (step, span) in steps.iter().zip(spans).skip(consumed) {
            value = step_into(&value, step, span)?;
        }
        Ok(match &base.kind {
            ExprKind::Variable(name) if &**name != SPLAT_ELEMENT => {
                labels::taken_from(value, name, &steps)
            }
            _ => value,
        })
    }

    fn with<'b>(&'b self, frame: &'b Frame<'b>) -> Context<'b> {
        Context {
            scope: self.scope,
            session: self.session,
            frame: Some(frame),
        }
    }
}

/// An unknown that follows from others, of whatever `of` are.
pub(crate) fn derived(function: &str, of: &[Value], origin: OriginId) -> Value {
    Value::unknown(derived_unknown(function, of), origin)
}

#[cfg(test)]
mod tests;
