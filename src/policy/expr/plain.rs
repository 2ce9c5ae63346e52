//! Terraform's plain functions, through the evaluator of Terraform.

use std::sync::Arc;

use crate::eval::hcl_expr::{self, Failure, Lookup, Scope, Session, Step};
use crate::eval::value::{self, Reason, Unknown, UnknownId, Value};
use crate::origin::OriginId;
use crate::policy::datum::{self, Data, Datum};
use crate::source::{FileId, Span};
use crate::syntax::hcl::{Expr, ExprKind};

/// How much work one call may be.
const STEPS: u64 = 100_000;

/// The scope of the unknowns that stand for refused results.
const REFUSED: &str = "refused";

/// Calls one; `None` if an argument has no plain value, or a limit is met. What Terraform refuses
/// is an unknown that [`is_refused`].
pub(super) fn call(name: &str, args: &[Datum]) -> Option<Datum> {
    if let Some(refused) = args.iter().find(|arg| is_refused(arg)) {
        return Some(refused.clone());
    }
    let values: Option<Vec<Value>> = args.iter().map(to_value).collect();
    let at = Span::new(FileId(0), 0, 0);
    let node = |kind| Expr { span: at, kind };
    let call = node(ExprKind::Call {
        name: name.into(),
        name_span: at,
        args: (0..args.len())
            .map(|index| node(ExprKind::Variable(index.to_string().into())))
            .collect(),
        expand: false,
    });
    let session = Session::new(None, STEPS);
    match hcl_expr::evaluate(&call, &Arguments(values?), &session) {
        Ok(value) => Some(from_value(&value)),
        Err(failure) if failure.can_be_caught() => {
            let label = format!("the result of `{name}`: {}", failure.message);
            let unknown = Unknown::new(REFUSED, label, Reason::Invalid);
            Some(Datum::unknown(Arc::new(unknown)))
        }
        Err(_) => None,
    }
}

/// Whether this is the result of a call that Terraform would refuse, which `can` and `try` catch.
pub(super) fn is_refused(value: &Datum) -> bool {
    match &value.data {
        Data::Unknown(unknown, _) => unknown.id == UnknownId::named(REFUSED, &unknown.label),
        _ => false,
    }
}

struct Arguments(Vec<Value>);

impl Scope for Arguments {
    fn traverse(
        &self,
        root: &str,
        _path: &[Step],
        at: Span,
        _session: &Session<'_>,
    ) -> Result<Lookup, Box<Failure>> {
        let index: Option<usize> = root.parse().ok();
        match index.and_then(|index| self.0.get(index)) {
            Some(value) => Ok(Lookup {
                value: value.clone(),
                consumed: 0,
            }),
            None => Err(Failure::invalid(at, "no such argument")),
        }
    }
}

fn to_value(datum: &Datum) -> Option<Value> {
    let data = match &datum.data {
        Data::Absent => value::Data::Null,
        Data::Bool(value) => value::Data::Bool(*value),
        Data::Number(number) => value::Data::Number(crate::syntax::Number::Integer(*number)),
        Data::Text(text) | Data::External(text) => value::Data::String(Arc::clone(text)),
        Data::Address(_) | Data::Ports(_) => value::Data::String(datum.display()?.into()),
        Data::Unknown(unknown, _) => value::Data::Unknown(Arc::clone(unknown)),
        Data::List(items) => {
            let certain = items
                .items
                .iter()
                .all(|item| item.present == value::Truth::True);
            let values: Option<Vec<Value>> = items
                .items
                .iter()
                .map(|item| to_value(&item.datum))
                .collect();
            if !certain {
                return None;
            }
            value::Data::List(Arc::new(value::ListValue {
                kind: value::ListKind::Tuple,
                items: values?,
                rest: items.rest.clone().map(|unknown| value::Rest {
                    unknown,
                    template: None,
                }),
            }))
        }
        Data::Within(_) | Data::Element(_) | Data::Object(_) => return None,
    };
    Some(Value::new(data, datum.origin))
}

/// A plain value, as a configuration gives it to a parameter.
pub(crate) fn from_value(value: &Value) -> Datum {
    let data = match &value.data {
        value::Data::Null => Data::Absent,
        value::Data::Bool(value) => Data::Bool(*value),
        value::Data::Number(number) => match number.as_i64() {
            Some(number) => Data::Number(number),
            None => Data::Text(number.as_f64().to_string().into()),
        },
        value::Data::String(text) => Data::Text(Arc::clone(text)),
        value::Data::Unknown(unknown) => Data::Unknown(Arc::clone(unknown), Arc::from([])),
        value::Data::Template(_) => {
            let mut unknowns = Vec::new();
            value.collect_unknowns(&mut unknowns);
            let unknown = unknowns.into_iter().next().unwrap_or_else(datum::undecided);
            Data::Unknown(unknown, Arc::from([]))
        }
        value::Data::List(list) => {
            let items = list
                .items
                .iter()
                .map(|item| datum::Item::certain(from_value(item)))
                .collect();
            let rest = list.rest.as_ref().map(|rest| Arc::clone(&rest.unknown));
            Data::List(Arc::new(datum::Items { items, rest }))
        }
        value::Data::Object(object) => {
            let entries = object
                .entries
                .iter()
                .map(|(name, value)| (Arc::clone(name), from_value(value)))
                .collect();
            Data::Object(Arc::new(entries))
        }
    };
    let origin = match value.origin {
        OriginId(0) => OriginId::NONE,
        other => other,
    };
    Datum::new(data, origin)
}
