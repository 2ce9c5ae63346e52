//! Operators and conditionals.

use super::access::{each_candidate, join_rests, object_value, one_of};
use super::conversion::{Conversion, kind_of, to_boolean, to_number};
use super::{Context, Failure, Outcome, derived, derived_unknown, labels};
use crate::eval::value::{
    Bounds, Data, ListKind, ListValue, ObjectKind, ObjectValue, Rest, Truth, Type, Unknown, Value,
};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::Number;
use crate::syntax::hcl::{BinaryOp, Expr, ExprKind, UnaryOp};
use std::sync::Arc;

impl Context<'_> {
    #[inline(never)]
    pub(super) fn unary(&self, op: UnaryOp, operand: &Expr, at: Span) -> Outcome {
        let value = self.eval(operand)?;
        let origin = self.computed(at, op_name_unary(op), &[value.origin]);
        unary(op, &value, operand.span, origin)
    }

    #[inline(never)]
    pub(super) fn binary(&self, left: &Expr, op: BinaryOp, right: &Expr, at: Span) -> Outcome {
        let a = self.eval(left)?;
        if matches!(op, BinaryOp::And | BinaryOp::Or) {
            return self.logical(&a, left.span, op, right, at);
        }
        let b = self.eval(right)?;
        let origin = self.computed(at, op.sign(), &[a.origin, b.origin]);
        binary(&a, left.span, op, &b, right.span, at, origin)
    }

    fn logical(&self, a: &Value, left: Span, op: BinaryOp, right: &Expr, at: Span) -> Outcome {
        let decisive = op == BinaryOp::Or;
        let known = boolean(a, left)?;
        if known == Some(decisive) {
            let origin = self.computed(at, op.sign(), &[a.origin]);
            return Ok(Value::bool(decisive, origin));
        }
        let b = match (self.eval(right), known) {
            (Ok(b), _) => b,
            // The left side is what guards the right side: not known, so not wrong either.
            (Err(failure), None) if failure.can_be_caught() => {
                return Ok(derived(op.sign(), std::slice::from_ref(a), a.origin));
            }
            (Err(failure), _) => return Err(failure),
        };
        let origin = self.computed(at, op.sign(), &[a.origin, b.origin]);
        Ok(match (known, boolean(&b, right.span)?) {
            (_, Some(b)) if b == decisive => Value::bool(decisive, origin),
            (Some(_), Some(b)) => Value::bool(b, origin),
            (Some(_), None) => b,
            (None, Some(_)) => a.clone(),
            (None, None) => derived(op.sign(), &[a.clone(), b], origin),
        })
    }

    #[inline(never)]
    pub(super) fn conditional(
        &self,
        condition: &Expr,
        then: &Expr,
        otherwise: &Expr,
        at: Span,
    ) -> Outcome {
        let decides = self.eval(condition)?;
        if decides.is_null() {
            return Err(
                Failure::invalid(condition.span, "the condition is null").about(decides.origin)
            );
        }
        if let Some(choice) = boolean(&decides, condition.span)? {
            let (taken, other) = if choice {
                (then, otherwise)
            } else {
                (otherwise, then)
            };
            let chosen = self.eval(taken)?;
            let chosen = self.in_common_type(chosen, other, at)?;
            let parents = [chosen.origin, decides.origin];
            let origin = self
                .session
                .hop(Some(at), || OriginStep::Conditional, &parents);
            return Ok(chosen.with_origin(origin));
        }
        match (self.eval(then), self.eval(otherwise)) {
            (Ok(a), Ok(b)) => {
                let parents = [a.origin, b.origin, decides.origin];
                let origin = self
                    .session
                    .hop(Some(at), || OriginStep::Conditional, &parents);
                let (a, b) = match common_type(&Type::of(&a), &Type::of(&b), at)? {
                    Some(common) => (
                        self.perhaps_converted(a, &common, at),
                        self.perhaps_converted(b, &common, at),
                    ),
                    None => (a, b),
                };
                Ok(either(&decides, &a, &b, origin))
            }
            (Err(failure), Err(_)) => Err(failure),
            (Ok(_), Err(failure)) | (Err(failure), Ok(_)) if !failure.can_be_caught() => {
                Err(failure)
            }
            (Ok(known), Err(_)) | (Err(_), Ok(known)) => {
                Ok(derived("?:", &[decides, known.clone()], known.origin))
            }
        }
    }

    /// The branch that is taken, in the type that both branches convert to. What is wrong in the
    /// other branch does not count.
    fn in_common_type(&self, chosen: Value, other: &Expr, at: Span) -> Outcome {
        let is_text = matches!(chosen.data, Data::String(_) | Data::Template(_));
        if matches!(chosen.data, Data::Null | Data::Unknown(_))
            || matches!(other.kind, ExprKind::Null)
            || is_text && is_scalar(other)
        {
            return Ok(chosen);
        }
        let mut other_type = Type::Any;
        self.scope.aside(&mut || {
            if let Ok(value) = self.eval(other) {
                other_type = Type::of(&value);
            }
        });
        let own = Type::of(&chosen);
        match common_type(&own, &other_type, at)? {
            Some(common) if common != own => Conversion {
                session: self.session,
                subject: "condition ? … : …",
                at,
            }
            .convert(&chosen, &common),
            _ => Ok(chosen),
        }
    }

    /// A branch of which nobody knows whether it is taken: if it cannot be converted, it is not.
    fn perhaps_converted(&self, value: Value, kind: &Type, at: Span) -> Value {
        let conversion = Conversion {
            session: self.session,
            subject: "condition ? … : …",
            at,
        };
        conversion.convert(&value, kind).unwrap_or(value)
    }

    /// The origin of something computed from operands. One operand alone keeps its own: nothing
    /// was added to it that a person could look at.
    pub(super) fn computed(&self, at: Span, name: &str, parents: &[OriginId]) -> OriginId {
        self.session
            .hop(Some(at), || OriginStep::Function(name.into()), parents)
    }
}

/// Whether an expression says by how it is written that it gives a string, number or boolean. A
/// string is what all of these convert to.
fn is_scalar(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Template(_)
            | ExprKind::Unary(..)
            | ExprKind::Binary(..)
    )
}

/// One of two values, it is not known which; the first one's origin stands for both.
pub(crate) fn either_of(condition: &Value, a: &Value, b: &Value) -> Value {
    either(condition, a, b, a.origin)
}

/// One of two values, it is not known which.
pub(super) fn either(condition: &Value, a: &Value, b: &Value, origin: OriginId) -> Value {
    if a.equals(b) == Truth::True {
        return a.with_origin(origin);
    }
    let candidates = |value: &Value| match &value.data {
        Data::Unknown(unknown) => match &unknown.bounds {
            Bounds::OneOf(values) => values.clone(),
            _ => vec![value.clone()],
        },
        _ => vec![value.clone()],
    };
    let mut all = candidates(a);
    all.extend(candidates(b));
    let of = [condition.clone(), a.clone(), b.clone()];
    if let Some(known) = one_of("?:", &of, all, origin) {
        return known.with_origin(origin);
    }
    match (&a.data, &b.data) {
        (Data::Object(left), Data::Object(right))
            if left.rest.is_none() && right.rest.is_none() =>
        {
            let mut entries = indexmap::IndexMap::new();
            let mut only_one: Vec<&Value> = Vec::new();
            for (name, value) in &left.entries {
                match right.entries.get(name) {
                    Some(other) => {
                        let origin = value.origin;
                        entries.insert(Arc::clone(name), either(condition, value, other, origin));
                    }
                    None => only_one.push(value),
                }
            }
            only_one.extend(
                right
                    .entries
                    .iter()
                    .filter(|(name, _)| !left.entries.contains_key(*name))
                    .map(|(_, value)| value),
            );
            let rest = open_rest(&of, &only_one);
            if left.kind == ObjectKind::Map && right.kind == ObjectKind::Map {
                entries.sort_unstable_keys();
                return Value::object_of(ObjectKind::Map, entries, rest, origin);
            }
            object_value(entries, rest, origin)
        }
        (Data::List(left), Data::List(right)) if left.rest.is_none() && right.rest.is_none() => {
            let only_one: Vec<&Value> = left.items.iter().chain(&right.items).collect();
            let rest = open_rest(&of, &only_one);
            let kind = if left.kind == right.kind {
                left.kind
            } else {
                ListKind::Tuple
            };
            let rest = join_rests("?:", rest.into_iter().collect());
            Value::list_of(kind, Vec::new(), rest, origin)
        }
        _ => derived("?:", &of, origin),
    }
}

fn open_rest(of: &[Value], elements: &[&Value]) -> Option<Rest> {
    let first = elements.first()?;
    Some(Rest {
        unknown: Arc::new(derived_unknown("?:", of)),
        template: (elements.len() == 1).then(|| (*first).clone()),
    })
}

/// A boolean operand: `None` if unknown.
pub(super) fn boolean(value: &Value, at: Span) -> Result<Option<bool>, Box<Failure>> {
    match &value.data {
        Data::Unknown(_) | Data::Template(_) => Ok(None),
        _ => to_boolean(value)
            .map(Some)
            .ok_or_else(|| Failure::invalid(at, format!("{} is no boolean", kind_of(value)))),
    }
}

fn number(value: &Value, at: Span) -> Result<Option<Number>, Box<Failure>> {
    match &value.data {
        Data::Unknown(_) | Data::Template(_) => Ok(None),
        _ => to_number(value)
            .map(Some)
            .ok_or_else(|| Failure::invalid(at, format!("{} is no number", kind_of(value)))),
    }
}

fn unary(op: UnaryOp, value: &Value, at: Span, origin: OriginId) -> Outcome {
    let known = match op {
        UnaryOp::Not => boolean(value, at)?.map(|value| Value::bool(!value, origin)),
        UnaryOp::Negate => number(value, at)?
            .and_then(|number| number.negate())
            .map(|number| Value::new(Data::Number(number), origin)),
    };
    Ok(known.unwrap_or_else(|| {
        let mapped = value
            .as_unknown()
            .and_then(|unknown| each_candidate(unknown, origin, |one| unary(op, one, at, origin)));
        let own = || derived(op_name_unary(op), std::slice::from_ref(value), origin);
        mapped.map_or_else(own, |mapped| {
            labels::as_expression(mapped, op_name_unary(op), std::slice::from_ref(value))
        })
    }))
}

fn binary(
    a: &Value,
    left: Span,
    op: BinaryOp,
    b: &Value,
    right: Span,
    at: Span,
    origin: OriginId,
) -> Outcome {
    if matches!(op, BinaryOp::Equal | BinaryOp::NotEqual) {
        let equal = equal(a, b);
        let answer = if op == BinaryOp::Equal { equal } else { !equal };
        return Ok(match answer {
            Truth::True => Value::bool(true, origin),
            Truth::False => Value::bool(false, origin),
            Truth::Unknown => derived(op.sign(), &[a.clone(), b.clone()], origin),
        });
    }
    if let (Some(x), Some(y)) = (number(a, left)?, number(b, right)?) {
        return calculate(&x, op, &y, at).map(|data| Value::new(data, origin));
    }
    if let Some(known) = compare_ranges(a, op, b) {
        return Ok(Value::bool(known, origin));
    }
    let mapped = match (a.as_unknown(), b.as_unknown()) {
        (Some(unknown), None) => each_candidate(unknown, origin, |one| {
            binary(one, left, op, b, right, at, origin)
        }),
        (None, Some(unknown)) => each_candidate(unknown, origin, |one| {
            binary(a, left, op, one, right, at, origin)
        }),
        _ => None,
    };
    let of = [a.clone(), b.clone()];
    Ok(match mapped {
        Some(mapped) => labels::as_expression(mapped, op.sign(), &of),
        None => derived(op.sign(), &of, origin),
    })
}

/// Equality as Terraform has it: values of different types differ. The id of a resource is never
/// null.
pub(super) fn equal(a: &Value, b: &Value) -> Truth {
    match (&a.data, &b.data) {
        (Data::List(a), Data::List(b)) => equal_lists(a, b),
        (Data::Object(a), Data::Object(b)) => equal_objects(a, b),
        (Data::Null, _) if is_never_null(b) => Truth::False,
        (_, Data::Null) if is_never_null(a) => Truth::False,
        (Data::Unknown(unknown), _) if !unknown_has_type_of(unknown, b) => Truth::False,
        (_, Data::Unknown(unknown)) if !unknown_has_type_of(unknown, a) => Truth::False,
        _ => a.equals(b),
    }
}

fn is_never_null(value: &Value) -> bool {
    matches!(value.data, Data::Template(_))
        || value.as_unknown().is_some_and(|unknown| {
            unknown
                .refers_to
                .as_ref()
                .is_some_and(|reference| &*reference.path == "id")
        })
}

/// Whether an unknown may be of the type of a value. Null is of any type.
fn unknown_has_type_of(unknown: &Unknown, value: &Value) -> bool {
    let Bounds::Typed(declared) = &unknown.bounds else {
        return true;
    };
    let kind = |kind: &Type| std::mem::discriminant(kind);
    match Type::of(value) {
        Type::Any => true,
        actual => **declared == Type::Any || kind(declared) == kind(&actual),
    }
}

fn equal_lists(a: &ListValue, b: &ListValue) -> Truth {
    if a.kind != b.kind {
        return Truth::False;
    }
    if a.rest.is_some() || b.rest.is_some() {
        return Truth::Unknown;
    }
    if a.items.is_empty() && b.items.is_empty() && a.kind != ListKind::Tuple {
        // The types of their elements may differ, and then they do.
        return Truth::Unknown;
    }
    if a.items.len() != b.items.len() {
        return Truth::False;
    }
    let all = |truths: &mut dyn Iterator<Item = Truth>| truths.fold(Truth::True, Truth::and);
    if a.kind == ListKind::Set {
        let within = |items: &[Value], others: &[Value]| {
            all(&mut items.iter().map(|item| {
                others
                    .iter()
                    .fold(Truth::False, |found, other| found.or(equal(item, other)))
            }))
        };
        return within(&a.items, &b.items).and(within(&b.items, &a.items));
    }
    all(&mut a.items.iter().zip(&b.items).map(|(a, b)| equal(a, b)))
}

fn equal_objects(a: &ObjectValue, b: &ObjectValue) -> Truth {
    if a.kind != b.kind {
        return Truth::False;
    }
    if a.rest.is_some() || b.rest.is_some() {
        return Truth::Unknown;
    }
    if a.entries.len() != b.entries.len() {
        return Truth::False;
    }
    if a.entries.is_empty() && a.kind == ObjectKind::Map {
        return Truth::Unknown;
    }
    a.entries.iter().fold(Truth::True, |truth, (name, value)| {
        let other = b.entries.get(name);
        truth.and(other.map_or(Truth::False, |other| equal(value, other)))
    })
}

/// The type that both branches of a conditional convert to; `None` where a type is not known well
/// enough to say.
///
/// # Errors
/// If there is none.
fn common_type(a: &Type, b: &Type, at: Span) -> Result<Option<Type>, Box<Failure>> {
    if let Some(common) = Type::unify(&[a.clone(), b.clone()]) {
        return Ok(Some(common));
    }
    if !a.is_settled() || !b.is_settled() {
        return Ok(None);
    }
    Err(Failure::invalid(
        at,
        format!(
            "the branches of a conditional must have one type: {} and {} convert to none",
            a.with_article(),
            b.with_article()
        ),
    ))
}

fn calculate(x: &Number, op: BinaryOp, y: &Number, at: Span) -> Result<Data, Box<Failure>> {
    let order = |wanted: fn(std::cmp::Ordering) -> bool| Data::Bool(wanted(x.compare(y)));
    let result = match op {
        BinaryOp::Greater => return Ok(order(std::cmp::Ordering::is_gt)),
        BinaryOp::GreaterEqual => return Ok(order(std::cmp::Ordering::is_ge)),
        BinaryOp::Less => return Ok(order(std::cmp::Ordering::is_lt)),
        BinaryOp::LessEqual => return Ok(order(std::cmp::Ordering::is_le)),
        BinaryOp::Add => x.add(y),
        BinaryOp::Subtract => x.subtract(y),
        BinaryOp::Multiply => x.multiply(y),
        BinaryOp::Divide if y.as_f64() == 0.0 => {
            return Err(Failure::invalid(at, "division by zero"));
        }
        BinaryOp::Divide => x.divide(y),
        _ => x.remainder(y),
    };
    result
        .map(Data::Number)
        .ok_or_else(|| Failure::invalid(at, "the result has too many digits"))
}

/// Whether a comparison comes out the same for all numbers the operands may be.
fn compare_ranges(a: &Value, op: BinaryOp, b: &Value) -> Option<bool> {
    let range = |value: &Value| -> Option<(Option<f64>, Option<f64>)> {
        match &value.data {
            Data::Unknown(unknown) => match &unknown.bounds {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "limits of lengths and priorities, far below 2^53"
                )]
                Bounds::Range(low, high) => {
                    Some((low.map(|low| low as f64), high.map(|high| high as f64)))
                }
                _ => None,
            },
            _ => to_number(value).map(|number| (Some(number.as_f64()), Some(number.as_f64()))),
        }
    };
    let ((a_low, a_high), (b_low, b_high)) = (range(a)?, range(b)?);
    let below =
        |high: Option<f64>, low: Option<f64>| matches!((high, low), (Some(h), Some(l)) if h < l);
    let at_most =
        |high: Option<f64>, low: Option<f64>| matches!((high, low), (Some(h), Some(l)) if h <= l);
    let (yes, no) = match op {
        BinaryOp::Greater => (below(b_high, a_low), at_most(a_high, b_low)),
        BinaryOp::GreaterEqual => (at_most(b_high, a_low), below(a_high, b_low)),
        BinaryOp::Less => (below(a_high, b_low), at_most(b_high, a_low)),
        BinaryOp::LessEqual => (at_most(a_high, b_low), below(b_high, a_low)),
        _ => return None,
    };
    if yes {
        Some(true)
    } else if no {
        Some(false)
    } else {
        None
    }
}

fn op_name_unary(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Not => "!",
        UnaryOp::Negate => "unary -",
    }
}
