//! What the validations of a variable leave of a value that nobody gives.
//!
//! Only what follows for certain: a condition this does not read bounds nothing. A value for which
//! a condition fails, or cannot be evaluated, is none that Terraform would go on with.

use super::evaluation::Constants;
use crate::eval::hcl_expr::{Session, evaluate};
use crate::eval::value::{Bounds, Truth, Value};
use crate::syntax::hcl::{BinaryOp, Block, Expr, ExprKind};

/// How deep conditions are read.
const MAX_DEPTH: usize = 32;

/// How many values are kept apart; with more it may be anything.
const MAX_VALUES: usize = 64;

/// What the validations of a variable leave.
pub(super) fn bounds(name: &str, block: &Block, is_string: bool, session: &Session<'_>) -> Bounds {
    let reader = Reader {
        name,
        is_string,
        session,
    };
    block
        .body
        .blocks_of("validation")
        .filter_map(|validation| validation.body.attribute("condition"))
        .filter_map(|condition| reader.condition(&condition.value, 0))
        .reduce(both)
        .map_or(Bounds::Any, Left::into_bounds)
}

/// What a condition leaves.
#[derive(Clone, Debug)]
enum Left {
    Values(Vec<Value>),
    /// Numbers within these limits.
    Range(Option<i64>, Option<i64>),
    /// Strings of so many characters.
    Length(usize, Option<usize>),
}

impl Left {
    fn into_bounds(self) -> Bounds {
        match self {
            Self::Values(values) if values.is_empty() || values.len() > MAX_VALUES => Bounds::Any,
            Self::Values(values) => Bounds::OneOf(values),
            Self::Range(low, high) => Bounds::Range(low, high),
            Self::Length(least, most) => Bounds::Length(least, most),
        }
    }

    /// Whether a value is certainly none of those left.
    fn excludes(&self, value: &Value) -> bool {
        match self {
            Self::Values(values) => values
                .iter()
                .all(|other| other.equals(value) == Truth::False),
            Self::Range(low, high) => value.as_i64().is_some_and(|number| {
                low.is_some_and(|low| number < low) || high.is_some_and(|high| number > high)
            }),
            Self::Length(least, most) => value.as_str().is_some_and(|text| {
                let length = text.chars().count();
                length < *least || most.is_some_and(|most| length > most)
            }),
        }
    }
}

fn both(a: Left, b: Left) -> Left {
    match (a, b) {
        (Left::Values(values), other) | (other, Left::Values(values)) => {
            let kept: Vec<Value> = values
                .iter()
                .filter(|value| !other.excludes(value))
                .cloned()
                .collect();
            // Conditions that leave nothing: nobody can give the variable a value.
            Left::Values(if kept.is_empty() { values } else { kept })
        }
        (Left::Range(low, high), Left::Range(other_low, other_high)) => {
            Left::Range(low.max(other_low), least(high, other_high))
        }
        (Left::Length(few, many), Left::Length(other_few, other_many)) => {
            Left::Length(few.max(other_few), least(many, other_many))
        }
        // No value is a number and has a length as well.
        (a, _) => a,
    }
}

fn either(a: Left, b: Left) -> Option<Left> {
    Some(match (a, b) {
        (Left::Values(mut values), Left::Values(others)) => {
            values.extend(others);
            Left::Values(values)
        }
        (Left::Range(low, high), Left::Range(other_low, other_high)) => Left::Range(
            low.zip(other_low).map(|(a, b)| a.min(b)),
            high.zip(other_high).map(|(a, b)| a.max(b)),
        ),
        (Left::Length(few, many), Left::Length(other_few, other_many)) => Left::Length(
            few.min(other_few),
            many.zip(other_many).map(|(a, b)| a.max(b)),
        ),
        _ => return None,
    })
}

/// The smaller of two upper limits.
fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

struct Reader<'a> {
    name: &'a str,
    /// Whether the variable is declared a string, so that its length is that of a text.
    is_string: bool,
    session: &'a Session<'a>,
}

impl Reader<'_> {
    fn condition(&self, condition: &Expr, depth: usize) -> Option<Left> {
        if depth > MAX_DEPTH {
            return None;
        }
        let inner = |expr: &Expr| self.condition(expr, depth + 1);
        match &condition.kind {
            ExprKind::Binary(left, BinaryOp::And, right) => match (inner(left), inner(right)) {
                (Some(a), Some(b)) => Some(both(a, b)),
                (a, b) => a.or(b),
            },
            ExprKind::Binary(left, BinaryOp::Or, right) => either(inner(left)?, inner(right)?),
            ExprKind::Binary(left, op, right) => self.comparison(left, *op, right),
            // `c ? true : d` is `c || d`, `c ? d : false` is `c && d`.
            ExprKind::Conditional(decides, then, otherwise) => {
                match (&then.kind, &otherwise.kind) {
                    (ExprKind::Bool(true), _) => either(inner(decides)?, inner(otherwise)?),
                    (_, ExprKind::Bool(false)) => match (inner(decides), inner(then)) {
                        (Some(a), Some(b)) => Some(both(a, b)),
                        (a, b) => a.or(b),
                    },
                    _ => None,
                }
            }
            ExprKind::Call { name, args, .. } => match (&**name, args.as_slice()) {
                ("contains", [list, value]) if self.is_it(value) => {
                    let list = self.constant(list)?;
                    let items = &list.as_list()?.items;
                    (!items.is_empty()).then(|| Left::Values(items.clone()))
                }
                ("can", [argument]) => self.can(argument),
                ("alltrue", [list]) => match &list.kind {
                    ExprKind::List(items) => items.iter().filter_map(inner).reduce(both),
                    _ => None,
                },
                ("anytrue", [list]) => match &list.kind {
                    ExprKind::List(items) => {
                        let mut left = items.iter().map(inner);
                        let first = left.next()??;
                        left.try_fold(first, |a, b| either(a, b?))
                    }
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    fn comparison(&self, left: &Expr, op: BinaryOp, right: &Expr) -> Option<Left> {
        let (subject, op, other) = if self.is_about(left) {
            (left, op, self.constant(right)?)
        } else {
            (right, turned(op), self.constant(left)?)
        };
        if self.is_it(subject) {
            if op == BinaryOp::Equal {
                return Some(Left::Values(vec![other]));
            }
            // The value may have a fraction: what is above 0 may be less than 1.
            return match op {
                BinaryOp::Greater | BinaryOp::GreaterEqual => {
                    Some(Left::Range(Some(other.as_i64()?), None))
                }
                BinaryOp::Less | BinaryOp::LessEqual => {
                    Some(Left::Range(None, Some(other.as_i64()?)))
                }
                _ => None,
            };
        }
        if !self.is_string || !self.is_length(subject) {
            return None;
        }
        let limit = usize::try_from(other.as_i64()?).ok()?;
        match op {
            BinaryOp::Equal => Some(Left::Length(limit, Some(limit))),
            BinaryOp::GreaterEqual => Some(Left::Length(limit, None)),
            BinaryOp::Greater => Some(Left::Length(limit.checked_add(1)?, None)),
            BinaryOp::LessEqual => Some(Left::Length(0, Some(limit))),
            BinaryOp::Less => Some(Left::Length(0, Some(limit.checked_sub(1)?))),
            _ => None,
        }
    }

    /// `can(regex("^(a|b)$", var.x))`
    fn can(&self, argument: &Expr) -> Option<Left> {
        let ExprKind::Call { name, args, .. } = &argument.kind else {
            return None;
        };
        let (true, [pattern, value]) = (&**name == "regex", args.as_slice()) else {
            return None;
        };
        if !self.is_it(value) {
            return None;
        }
        let pattern = self.constant(pattern)?;
        let texts = alternatives(pattern.as_str()?)?;
        let values = texts
            .into_iter()
            .map(|text| Value::string(text, pattern.origin));
        Some(Left::Values(values.collect()))
    }

    fn constant(&self, expr: &Expr) -> Option<Value> {
        evaluate(expr, &Constants, self.session)
            .ok()
            .filter(Value::is_wholly_known)
    }

    /// `var.x`
    fn is_it(&self, expr: &Expr) -> bool {
        let ExprKind::Attribute(base, attribute, _) = &expr.kind else {
            return false;
        };
        matches!(&base.kind, ExprKind::Variable(root) if &**root == "var")
            && **attribute == *self.name
    }

    /// `length(var.x)`
    fn is_length(&self, expr: &Expr) -> bool {
        let ExprKind::Call { name, args, .. } = &expr.kind else {
            return false;
        };
        &**name == "length" && matches!(args.as_slice(), [value] if self.is_it(value))
    }

    fn is_about(&self, expr: &Expr) -> bool {
        self.is_it(expr) || self.is_length(expr)
    }
}

/// The operator with its sides exchanged.
fn turned(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterEqual => BinaryOp::LessEqual,
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessEqual => BinaryOp::GreaterEqual,
        other => other,
    }
}

/// The texts a pattern matches, if it is nothing but some texts: `^(a|b)$`, `^a$`.
fn alternatives(pattern: &str) -> Option<Vec<&str>> {
    let whole = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let grouped = whole
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'));
    // Without a group, the ends belong to the first and the last alternative alone.
    let texts: Vec<&str> = match grouped {
        Some(inner) => inner
            .strip_prefix("?:")
            .unwrap_or(inner)
            .split('|')
            .collect(),
        None => vec![whole],
    };
    let plain = |text: &&str| {
        text.chars()
            .all(|c| c.is_alphanumeric() || "-_/ :,".contains(c))
    };
    texts.iter().all(plain).then_some(texts)
}
