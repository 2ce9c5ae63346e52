//! Functions that take a lambda: `map`, `filter`, `reduce`, `sort`, `toObject` and their like.

use std::cmp::Ordering;
use std::sync::Arc;

use indexmap::IndexMap;

use super::evaluate::Evaluator;
use super::expression::{Call, Node, NodeKind};
use super::functions::{Function, Special};
use super::site::Site;
use super::template::Frame;
use crate::eval::value::{Data, ListValue, Rest, Unknown, Value};
use crate::origin::OriginStep;

/// The longest list that is sorted by a lambda: sorting asks it for every pair of neighbours.
const MAX_SORTED: usize = 2_000;

/// A lambda: the names of its parameters and its body.
struct Lambda<'a> {
    names: Vec<Arc<str>>,
    body: &'a Node,
}

impl<'t> Evaluator<'t> {
    /// `lambdaVariables('x')`.
    pub(super) fn lambda_variable(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &Call,
    ) -> Value {
        let found = call.literal_argument().and_then(|name| frame.local(name));
        match found {
            Some(value) => value.clone(),
            None => {
                let span = self.exact(site, node.start, node.end);
                self.wrong(span, "there is no lambda variable of this name here")
            }
        }
    }

    /// Any of the functions that take a lambda.
    pub(super) fn with_lambda(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &Call,
        special: Special,
    ) -> Value {
        let wrong = |message: &str| self.wrong(self.exact(site, node.start, node.end), message);
        let Some((source, others)) = call.arguments.split_first() else {
            return wrong("this function needs a value and a lambda");
        };
        let source = self.node(frame, site, source);
        if special == Special::MapValues {
            return self.map_values(frame, site, node, call, &source);
        }
        let Some(list) = source.as_list() else {
            if source.as_unknown().is_some() {
                return self.derived_by_lambda(site, node, call, source);
            }
            let span = self.exact(site, node.start, node.end);
            return self.wrong_about(span, "this function needs an array", &[source]);
        };
        let (initial, lambda) = match (special, others) {
            (Special::Reduce, [initial, lambda, ..]) => {
                (Some(self.node(frame, site, initial)), lambda)
            }
            (Special::Reduce, _) | (_, []) => return wrong("this function needs a lambda"),
            (_, [lambda, ..]) => (None, lambda),
        };
        let Some(lambda) = lambda_of(lambda) else {
            return wrong("this function needs a lambda");
        };
        let run = |arguments: &[&Value]| self.run(frame, site, &lambda, arguments);
        let result = match special {
            Special::Map => self.map(list, &run),
            Special::Filter => self.filter(list, &run),
            Special::Reduce => match (initial, &list.rest) {
                (Some(initial), None) => self.reduce(list, initial, &run),
                _ => None,
            },
            Special::Sort => sorted(list, &run),
            Special::GroupBy => group_by(list, &run),
            _ => {
                let value = others.get(1).and_then(lambda_of);
                let value =
                    value.map(|lambda| move |item: &Value| self.run(frame, site, &lambda, &[item]));
                to_object(
                    list,
                    &run,
                    value.as_ref().map(|run| run as &dyn Fn(&Value) -> Value),
                )
            }
        };
        match result {
            Some(data) => {
                let step = OriginStep::Function(Arc::clone(&call.name));
                let value = self.hop(site, node, step, Value::new(data, source.origin));
                self.bounded(site.span(), value)
            }
            None => self.derived_by_lambda(site, node, call, source),
        }
    }

    /// The same lambda of the same unknown list is the same unknown: the text tells lambdas apart.
    fn derived_by_lambda(&self, site: &Site, node: &Node, call: &Call, source: Value) -> Value {
        let place = format!("{}:{}", site.span().file.0, site.span().start + node.start);
        let place = Value::string(place, crate::origin::OriginId::NONE);
        self.derived(site, node, &call.name, &[source, place], None)
    }

    fn run(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        lambda: &Lambda<'_>,
        arguments: &[&Value],
    ) -> Value {
        let mut inner = frame.clone();
        for (name, value) in lambda.names.iter().zip(arguments) {
            inner = inner.with_local(Arc::clone(name), (*value).clone());
        }
        self.node(&inner, site, lambda.body)
    }

    fn map(&self, list: &ListValue, run: &dyn Fn(&[&Value]) -> Value) -> Option<Data> {
        let items = (0..)
            .zip(&list.items)
            .map(|(index, item)| run(&[item, &Value::integer(index, item.origin)]))
            .collect();
        let rest = list.rest.as_ref().map(|rest| {
            let item = rest.template.clone().unwrap_or_else(|| {
                Value::new(
                    Data::Unknown(Arc::clone(&rest.unknown)),
                    crate::origin::OriginId::NONE,
                )
            });
            Rest {
                unknown: Arc::clone(&rest.unknown),
                template: Some(self.quietly(|| run(&[&item]))),
            }
        });
        Some(Data::List(Arc::new(ListValue { items, rest })))
    }

    fn filter(&self, list: &ListValue, run: &dyn Fn(&[&Value]) -> Value) -> Option<Data> {
        let mut kept = ListValue::default();
        let mut open: Vec<Value> = Vec::new();
        for (index, item) in (0..).zip(&list.items) {
            let holds = run(&[item, &Value::integer(index, item.origin)]);
            match holds.as_bool() {
                Some(true) => kept.items.push(item.clone()),
                Some(false) => {}
                None => open.push(holds),
            }
        }
        if let Some(rest) = &list.rest {
            kept.rest = Some(rest.clone());
        } else if let Some(first) = open.first() {
            kept.rest = Some(Rest {
                unknown: self.unknown_of(first),
                template: None,
            });
        }
        Some(Data::List(Arc::new(kept)))
    }

    fn reduce(
        &self,
        list: &ListValue,
        initial: Value,
        run: &dyn Fn(&[&Value]) -> Value,
    ) -> Option<Data> {
        let mut result = initial;
        for (index, item) in (0..).zip(&list.items) {
            let index = Value::integer(index, item.origin);
            result = run(&[&result, item, &index]);
            if let Data::List(_) | Data::Object(_) = &result.data {
                let span = self.origins.typed_at(item.origin)?;
                result = self.bounded(span, result);
            }
        }
        Some(result.data)
    }

    fn map_values(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &Call,
        source: &Value,
    ) -> Value {
        let lambda = call.arguments.get(1).and_then(lambda_of);
        match (source.as_object(), lambda) {
            (Some(object), Some(lambda)) if object.rest.is_none() => {
                let entries = object.entries.iter().map(|(name, value)| {
                    (Arc::clone(name), self.run(frame, site, &lambda, &[value]))
                });
                let value = Value::object(entries, source.origin);
                let step = OriginStep::Function(Arc::clone(&call.name));
                self.hop(site, node, step, value)
            }
            _ => self.derived_by_lambda(site, node, call, source.clone()),
        }
    }
}

fn lambda_of(node: &Node) -> Option<Lambda<'_>> {
    let NodeKind::Call(call) = &node.kind else {
        return None;
    };
    if !matches!(call.function, Function::Special(Special::Lambda)) {
        return None;
    }
    let (body, names) = call.arguments.split_last()?;
    let names = names
        .iter()
        .map(|name| match &name.kind {
            NodeKind::String(name) => Some(Arc::clone(name)),
            _ => None,
        })
        .collect::<Option<_>>()?;
    Some(Lambda { names, body })
}

/// Sorts by "is the first less than the second"; nothing if that is unknown for a pair.
fn sorted(list: &ListValue, run: &dyn Fn(&[&Value]) -> Value) -> Option<Data> {
    if list.rest.is_some() || list.items.len() > MAX_SORTED {
        return None;
    }
    let mut known = true;
    let mut less = |left: &Value, right: &Value| {
        let answer = run(&[left, right]).as_bool();
        known &= answer.is_some();
        answer.unwrap_or(false)
    };
    // A merge sort of our own: the order a template gives need not be a total one, and the
    // standard library may panic on such.
    let mut runs: Vec<Vec<Value>> = list.items.iter().map(|item| vec![item.clone()]).collect();
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut pairs = runs.into_iter();
        while let Some(left) = pairs.next() {
            merged.push(match pairs.next() {
                Some(right) => merge(left, right, &mut less),
                None => left,
            });
        }
        runs = merged;
    }
    let items = runs.pop().unwrap_or_default();
    known.then(|| Data::List(Arc::new(ListValue { items, rest: None })))
}

fn merge(
    left: Vec<Value>,
    right: Vec<Value>,
    less: &mut dyn FnMut(&Value, &Value) -> bool,
) -> Vec<Value> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let mut left = left.into_iter().peekable();
    let mut right = right.into_iter().peekable();
    loop {
        let order = match (left.peek(), right.peek()) {
            (Some(first), Some(second)) if less(second, first) => Ordering::Greater,
            (Some(_), _) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return merged,
        };
        merged.extend(if order.is_gt() {
            right.next()
        } else {
            left.next()
        });
    }
}

fn group_by(list: &ListValue, run: &dyn Fn(&[&Value]) -> Value) -> Option<Data> {
    if list.rest.is_some() {
        return None;
    }
    let mut groups: IndexMap<Arc<str>, Vec<Value>> = IndexMap::new();
    for item in &list.items {
        let key = run(&[item]);
        groups
            .entry(Arc::clone(key.as_str()?))
            .or_default()
            .push(item.clone());
    }
    let groups = groups
        .into_iter()
        .map(|(name, items)| (name, Value::list(items, crate::origin::OriginId::NONE)));
    Some(Value::object(groups, crate::origin::OriginId::NONE).data)
}

fn to_object(
    list: &ListValue,
    key: &dyn Fn(&[&Value]) -> Value,
    value: Option<&dyn Fn(&Value) -> Value>,
) -> Option<Data> {
    let mut object = crate::eval::value::ObjectValue::default();
    let mut missing: Vec<Value> = Vec::new();
    for item in &list.items {
        let name = key(&[item]);
        let entry = value.map_or_else(|| item.clone(), |value| value(item));
        match name.as_str() {
            Some(name) => {
                object.entries.insert(Arc::clone(name), entry);
            }
            None => missing.push(name),
        }
    }
    if let Some(rest) = &list.rest {
        object.rest = Some(rest.clone());
    } else if !missing.is_empty() {
        object.rest = Some(Rest {
            unknown: Arc::new(Unknown::derived("toobject", &missing)),
            template: None,
        });
    }
    Some(Data::Object(Arc::new(object)))
}
