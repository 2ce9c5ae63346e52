//! Functions that take a lambda: `map`, `filter`, `reduce`, `sort`, `toObject` and their like.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;

use super::evaluate::Evaluator;
use super::expression::{Call, Node, NodeKind};
use super::functions::{Function, Special, describe};
use super::labels;
use super::site::Site;
use super::template::Frame;
use crate::eval::value::{
    Data, ListKind, ListValue, ObjectKind, ObjectValue, Rest, Unknown, Value,
};
use crate::origin::{OriginId, OriginStep};

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
        let [first, others @ ..] = call.arguments.as_slice() else {
            return self.unsupported(site, node, &call.name, &[]);
        };
        let source = self.node(frame, site, first);
        let (initial, lambdas) = match (special, others) {
            (Special::Reduce, [initial, lambdas @ ..]) => {
                (Some(self.node(frame, site, initial)), lambdas)
            }
            _ => (None, others),
        };
        let mut parsed = Vec::with_capacity(lambdas.len());
        for lambda in lambdas {
            match self.lambda(site, call, special, lambda) {
                Ok(lambda) => parsed.push(lambda),
                Err(wrong) => return wrong,
            }
        }
        let Some((lambda, further)) = parsed.split_first() else {
            return self.unsupported(site, node, &call.name, &[source]);
        };
        let expected = match (special, &source.data) {
            (_, Data::Unknown(_)) => return self.derived_by_lambda(site, node, call, source),
            (Special::MapValues, Data::Object(_)) => None,
            (Special::MapValues, _) => Some("an object"),
            (_, Data::List(_)) => None,
            _ => Some("an array"),
        };
        if let Some(expected) = expected {
            let span = self.exact(site, first.start, first.end);
            let given = describe(&source.data);
            let message = format!("'{}' needs {expected}, not {given}", call.name);
            return self.wrong_about(span, message, &[source]);
        }
        let body = Body {
            evaluator: self,
            frame,
            site,
            name: &call.name,
            lambda,
        };
        let values = further.first().map(|lambda| Body { lambda, ..body });
        let result = match &source.data {
            Data::Object(object) => Some(body.map_values(object)),
            Data::List(list) => match special {
                Special::Map => Some(body.map(list)),
                Special::Filter => Some(body.filter(list)),
                Special::Reduce => match (initial, &list.rest) {
                    (Some(initial), None) => {
                        let result = body.reduce(list, initial);
                        let step = OriginStep::Function(Arc::clone(&call.name));
                        return self.hop(site, node, step, result);
                    }
                    _ => None,
                },
                Special::Sort => body.sorted(list),
                Special::GroupBy => body.group_by(list, values.as_ref()),
                _ => Some(body.keyed(list, values.as_ref())),
            },
            _ => None,
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

    /// The lambda an argument is, if it has as many parameters as the function hands to it.
    fn lambda<'n>(
        &self,
        site: &Site,
        call: &Call,
        special: Special,
        node: &'n Node,
    ) -> Result<Lambda<'n>, Value> {
        let span = || self.exact(site, node.start, node.end);
        let Some(lambda) = lambda_of(node) else {
            let message = format!("'{}' needs a lambda here", call.name);
            return Err(self.wrong(span(), message));
        };
        // The index was added to three of them in 2024 (Azure/bicep pull request 13658).
        let (least, most) = match special {
            Special::Reduce => (2, 3),
            Special::Map | Special::Filter => (1, 2),
            Special::Sort => (2, 2),
            _ => (1, 1),
        };
        let given = lambda.names.len();
        if (least..=most).contains(&given) {
            return Ok(lambda);
        }
        let needed = match (least, most) {
            (1, 1) => "one parameter".to_owned(),
            (least, most) if least == most => format!("{least} parameters"),
            (least, most) => format!("{least} or {most} parameters"),
        };
        let message = format!("'{}' needs a lambda of {needed}, not {given}", call.name);
        Err(self.wrong(span(), message))
    }

    /// The same lambda of the same unknown list is the same unknown: the text tells lambdas apart.
    fn derived_by_lambda(&self, site: &Site, node: &Node, call: &Call, source: Value) -> Value {
        let place = format!("{}:{}", site.span().file.0, site.span().start + node.start);
        let place = Value::string(place, OriginId::NONE);
        let label = labels::by_lambda(&call.name, &source);
        let mut value = self.derived(site, node, &call.name, &[source, place], None);
        if let Data::Unknown(unknown) = &mut value.data {
            Arc::make_mut(unknown).label = label;
        }
        value
    }
}

/// A lambda and where it is evaluated.
#[derive(Clone, Copy)]
struct Body<'a, 't> {
    evaluator: &'a Evaluator<'t>,
    frame: &'a Frame<'t>,
    site: &'a Site,
    /// The function it is an argument of.
    name: &'a Arc<str>,
    lambda: &'a Lambda<'a>,
}

impl Body<'_, '_> {
    fn run(&self, arguments: &[&Value]) -> Value {
        let mut inner = self.frame.clone();
        for (name, value) in self.lambda.names.iter().zip(arguments) {
            inner = inner.with_local(Arc::clone(name), (*value).clone());
        }
        let run = || self.evaluator.node(&inner, self.site, self.lambda.body);
        // A pass counts also where its body is a mere number.
        self.evaluator.nested(self.site.span(), run)
    }

    /// A result that is certainly not what the function can use, told at the body.
    fn refused(&self, result: &Value, expected: &str) -> Value {
        let body = self.lambda.body;
        let span = self.evaluator.exact(self.site, body.start, body.end);
        let given = describe(&result.data);
        let message = format!(
            "the lambda of '{}' has to give {expected}, not {given}",
            self.name
        );
        self.evaluator
            .wrong_about(span, message, std::slice::from_ref(result))
    }

    /// Whether it holds; what is not known if that is not known.
    fn holds(&self, arguments: &[&Value]) -> Result<bool, Value> {
        let answer = self.run(arguments);
        match &answer.data {
            Data::Bool(holds) => Ok(*holds),
            Data::Unknown(_) => Err(answer),
            _ => Err(self.refused(&answer, "a boolean")),
        }
    }

    /// The key of an item; what is not known if it is not known.
    fn key(&self, item: &Value) -> Result<Arc<str>, Value> {
        let key = self.run(&[item]);
        match &key.data {
            Data::String(name) => Ok(Arc::clone(name)),
            Data::Unknown(_) | Data::Template(_) => Err(key),
            _ => Err(self.refused(&key, "a string")),
        }
    }

    fn map(&self, list: &ListValue) -> Data {
        let items = (0..)
            .zip(&list.items)
            .map(|(index, item)| self.run(&[item, &Value::integer(index, item.origin)]))
            .collect();
        let rest = list.rest.as_ref().map(|rest| {
            let item = missing(rest);
            let index = Unknown::derived("index", std::slice::from_ref(&item));
            let index = Value::unknown(index, OriginId::NONE);
            let template = self.evaluator.quietly(|| self.run(&[&item, &index]));
            Rest {
                unknown: Arc::clone(&rest.unknown),
                template: Some(template),
            }
        });
        Data::List(Arc::new(ListValue {
            items,
            rest,
            kind: ListKind::Tuple,
        }))
    }

    fn map_values(&self, object: &ObjectValue) -> Data {
        let entries = object
            .entries
            .iter()
            .map(|(name, value)| (Arc::clone(name), self.run(&[value])))
            .collect();
        let rest = object.rest.as_ref().map(|rest| Rest {
            unknown: Arc::clone(&rest.unknown),
            template: Some(self.evaluator.quietly(|| self.run(&[&missing(rest)]))),
        });
        Data::Object(Arc::new(ObjectValue {
            entries,
            rest,
            kind: ObjectKind::Object,
        }))
    }

    fn filter(&self, list: &ListValue) -> Data {
        let mut kept = ListValue::default();
        let mut open: Vec<(Value, &Value)> = Vec::new();
        for (index, item) in (0..).zip(&list.items) {
            match self.holds(&[item, &Value::integer(index, item.origin)]) {
                Ok(true) => kept.items.push(item.clone()),
                Ok(false) => {}
                Err(unknown) => open.push((unknown, item)),
            }
        }
        kept.rest = match (&list.rest, open.as_slice()) {
            (Some(rest), _) => Some(rest.clone()),
            (None, []) => None,
            (None, [(unknown, item), others @ ..]) => Some(Rest {
                unknown: self.evaluator.unknown_of(unknown),
                template: others.is_empty().then(|| (*item).clone()),
            }),
        };
        Data::List(Arc::new(kept))
    }

    fn reduce(&self, list: &ListValue, initial: Value) -> Value {
        let mut result = initial;
        for (index, item) in (0..).zip(&list.items) {
            let index = Value::integer(index, item.origin);
            result = self.run(&[&result, item, &index]);
            if let Data::List(_) | Data::Object(_) = &result.data {
                result = self.evaluator.bounded(self.site.span(), result);
            }
        }
        result
    }

    /// Sorts by "is the first less than the second"; nothing if that is unknown for a pair.
    fn sorted(&self, list: &ListValue) -> Option<Data> {
        if list.rest.is_some() || list.items.len() > MAX_SORTED {
            return None;
        }
        let mut known = true;
        let mut less = |left: &Value, right: &Value| {
            let answer = self.holds(&[left, right]);
            known &= answer.is_ok();
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
        known.then(|| {
            Data::List(Arc::new(ListValue {
                items,
                rest: None,
                kind: ListKind::Tuple,
            }))
        })
    }

    /// The items by key, as they are or as the second lambda makes them. Keys that differ in case
    /// alone leave the result open: whether they are one is not documented.
    fn group_by(&self, list: &ListValue, values: Option<&Self>) -> Option<Data> {
        if list.rest.is_some() {
            return None;
        }
        let mut groups: IndexMap<Arc<str>, Vec<Value>> = IndexMap::new();
        let mut folded = HashSet::new();
        for item in &list.items {
            let key = self.key(item).ok()?;
            let entry = values.map_or_else(|| item.clone(), |values| values.run(&[item]));
            folded.insert(key.to_lowercase());
            groups.entry(key).or_default().push(entry);
        }
        if folded.len() < groups.len() {
            return None;
        }
        let groups = groups.into_iter().map(|(name, items)| {
            let origin = items.first().map_or(OriginId::NONE, |item| item.origin);
            (name, Value::list(items, origin))
        });
        Some(Value::object(groups, OriginId::NONE).data)
    }

    /// The items under their keys, as they are or as the second lambda makes them; of equal keys
    /// the last one counts.
    fn keyed(&self, list: &ListValue, values: Option<&Self>) -> Data {
        let mut object = ObjectValue::default();
        let mut open: Vec<Value> = Vec::new();
        for item in &list.items {
            let key = self.key(item);
            let entry = values.map_or_else(|| item.clone(), |values| values.run(&[item]));
            match key {
                Ok(name) => {
                    object.entries.insert(name, entry);
                }
                Err(unknown) => {
                    super::functions::drop_named(&mut object, &unknown);
                    open.push(unknown);
                }
            }
        }
        let unknown = match (&list.rest, open.as_slice()) {
            (Some(rest), _) => Some(Arc::clone(&rest.unknown)),
            (None, []) => None,
            (None, open) => Some(Arc::new(Unknown::derived("toobject", open))),
        };
        object.rest = unknown.map(|unknown| Rest {
            unknown,
            template: None,
        });
        Data::Object(Arc::new(object))
    }
}

/// What stands for each missing element.
fn missing(rest: &Rest) -> Value {
    rest.template
        .clone()
        .unwrap_or_else(|| Value::new(Data::Unknown(Arc::clone(&rest.unknown)), OriginId::NONE))
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
