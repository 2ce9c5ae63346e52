//! `for` expressions and splats: the same expression for every element of a collection.

use std::sync::Arc;

use indexmap::IndexMap;

use super::access::{
    Entries, each_candidate, entries_of, join_rests, key_text, list_value, object_value,
};
use super::operators::boolean;
use super::{Context, Failure, Frame, Outcome, Session, conversion, derived, typed};
use crate::eval::value::{Data, Rest, Unknown, Value};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::hcl::{Expr, ForExpr, SPLAT_ELEMENT};

/// The key of an element that is not known: the same for every loop over the same collection, so
/// that resources with the same `for_each` find each other.
pub(crate) fn key_of_rest(rest: &Rest) -> Value {
    let of = [Value::new(
        Data::Unknown(Arc::clone(&rest.unknown)),
        OriginId::NONE,
    )];
    let label = format!("each key of {}", rest.unknown.label);
    labelled(Unknown::derived("each.key", &of), label)
}

/// The value of an element that is not known: what it looks like, or an unknown.
pub(crate) fn value_of_rest(rest: &Rest) -> Value {
    rest.template.clone().unwrap_or_else(|| {
        let of = [Value::new(
            Data::Unknown(Arc::clone(&rest.unknown)),
            OriginId::NONE,
        )];
        let label = format!("{}[*]", rest.unknown.label);
        let element = labelled(Unknown::derived("each.value", &of), label);
        typed::of_type(element, typed::type_of_elements(&rest.unknown))
    })
}

fn labelled(mut unknown: Unknown, label: String) -> Value {
    unknown.label = label.into();
    Value::unknown(unknown, OriginId::NONE)
}

/// Where a person typed an element of a collection, from its key to the end of its value, as far
/// as its origin tells.
#[must_use]
pub fn item_span(element: OriginId, session: &Session<'_>) -> Option<Span> {
    let mut id = element;
    // Chains of hops are short; the bound is against a graph gone wrong.
    for _ in 0..64 {
        let node = session.origin(id)?;
        match (node.step, node.parents.first()) {
            (OriginStep::ForEach(_) | OriginStep::Literal, _) if node.span.is_some() => {
                return node.span;
            }
            (_, Some(parent)) => id = *parent,
            (_, None) => return node.span,
        }
    }
    None
}

/// What becomes of one element.
enum Made {
    Dropped,
    Certain(Option<Value>, Value),
    /// The condition is not known.
    Perhaps(Value, Option<Value>, Value),
}

impl Context<'_> {
    #[inline(never)]
    pub(super) fn for_expression(&self, parts: &ForExpr, at: Span) -> Outcome {
        let collection = self.eval(&parts.collection)?;
        let Some(entries) = entries_of(&collection) else {
            return Err(Failure::invalid(
                parts.collection.span,
                format!(
                    "a for expression cannot walk {}",
                    conversion::kind_of(&collection)
                ),
            ));
        };
        let origin = self.session.hop(
            Some(at),
            || OriginStep::Function("for".into()),
            &[collection.origin],
        );
        let mut made = Vec::with_capacity(entries.known.len());
        for (key, value) in &entries.known {
            match self.for_element(parts, key, value)? {
                Made::Dropped => {}
                other => made.push((other, value.origin)),
            }
        }
        let rest = self.for_rest(parts, &entries)?;
        let value = if parts.key.is_some() {
            self.for_object(parts, made, rest, origin, at)?
        } else {
            self.for_list(made, rest, origin)
        };
        self.session.weigh(value, at)
    }

    fn for_element(
        &self,
        parts: &ForExpr,
        key: &Value,
        value: &Value,
    ) -> Result<Made, Box<Failure>> {
        let mut names = Vec::with_capacity(2);
        if let Some(name) = &parts.key_name {
            names.push((Arc::clone(name), key.clone()));
        }
        names.push((Arc::clone(&parts.value_name), value.clone()));
        let frame = Frame {
            names: &names,
            outer: self.frame,
        };
        let inner = self.with(&frame);
        let condition = match &parts.condition {
            None => None,
            Some(condition) => {
                let truth = inner.eval(condition)?;
                match boolean(&truth, condition.span)? {
                    Some(false) => return Ok(Made::Dropped),
                    Some(true) => None,
                    None => Some(truth),
                }
            }
        };
        let made_key = parts.key.as_ref().map(|key| inner.eval(key)).transpose()?;
        let result = inner.eval(&parts.value)?;
        let result = inner.of_element(result, value, made_key.as_ref().unwrap_or(key));
        Ok(match condition {
            None => Made::Certain(made_key, result),
            Some(condition) => Made::Perhaps(condition, made_key, result),
        })
    }

    /// Remembers for a list or object made of an element which one it was made of.
    fn of_element(&self, result: Value, element: &Value, key: &Value) -> Value {
        let made_anew = matches!(result.data, Data::Object(_) | Data::List(_))
            && result.origin != element.origin;
        if !made_anew {
            return result;
        }
        let Some(span) = item_span(element.origin, self.session) else {
            return result;
        };
        let name = conversion::to_text(key).unwrap_or_else(|| "".into());
        let parents = [result.origin, element.origin];
        let origin = self
            .session
            .hop(Some(span), || OriginStep::ForEach(name), &parents);
        result.with_origin(origin)
    }

    /// What becomes of the elements that are not known: the key, if it is still that of the
    /// collection, and what each result looks like.
    fn for_rest(&self, parts: &ForExpr, entries: &Entries) -> Result<Option<Rest>, Box<Failure>> {
        let Some(rest) = &entries.rest else {
            return Ok(None);
        };
        let key = key_of_rest(rest);
        let value = value_of_rest(rest);
        let whole = Value::new(Data::Unknown(Arc::clone(&rest.unknown)), OriginId::NONE);
        match self.for_element(parts, &key, &value) {
            Ok(Made::Dropped) => Ok(None),
            Ok(Made::Certain(made_key, result)) => {
                let same_key = match (&made_key, key.as_unknown()) {
                    (Some(made), Some(key)) => {
                        made.as_unknown().is_some_and(|made| made.id == key.id)
                    }
                    _ => false,
                };
                let unknown = if same_key {
                    Arc::clone(&rest.unknown)
                } else {
                    let of = [whole, made_key.unwrap_or_else(|| result.clone())];
                    Arc::new(Unknown::derived("for", &of))
                };
                Ok(Some(Rest {
                    unknown,
                    template: Some(result),
                }))
            }
            Ok(Made::Perhaps(condition, made_key, result)) => {
                let of = [whole, condition, made_key.unwrap_or_else(|| result.clone())];
                Ok(Some(Rest {
                    unknown: Arc::new(Unknown::derived("for", &of)),
                    template: Some(result),
                }))
            }
            Err(failure) if !failure.can_be_caught() => Err(failure),
            // What is wrong for an unknown element may be right for every real one.
            Err(_) => Ok(Some(Rest {
                unknown: Arc::new(Unknown::derived("for", &[whole])),
                template: None,
            })),
        }
    }

    fn for_list(&self, made: Vec<(Made, OriginId)>, rest: Option<Rest>, origin: OriginId) -> Value {
        let mut items = Vec::with_capacity(made.len());
        let mut rests: Vec<Rest> = rest.into_iter().collect();
        for (one, _) in made {
            match one {
                Made::Dropped => {}
                Made::Certain(_, value) => items.push(value),
                Made::Perhaps(condition, _, value) => rests.push(perhaps(&condition, value)),
            }
        }
        list_value(items, join_rests("for", rests), origin)
    }

    fn for_object(
        &self,
        parts: &ForExpr,
        made: Vec<(Made, OriginId)>,
        rest: Option<Rest>,
        origin: OriginId,
        at: Span,
    ) -> Outcome {
        let mut entries: IndexMap<Arc<str>, Value> = IndexMap::with_capacity(made.len());
        let mut groups: IndexMap<Arc<str>, Vec<Value>> = IndexMap::new();
        let mut rests: Vec<Rest> = rest.into_iter().collect();
        let key_span = parts.key.as_ref().map_or(at, |key| key.span);
        for (one, _) in made {
            let (key, value) = match one {
                Made::Dropped => continue,
                Made::Certain(key, value) => (key, value),
                Made::Perhaps(condition, _, value) => {
                    rests.push(perhaps(&condition, value));
                    continue;
                }
            };
            let Some(key) = key else { continue };
            match key_text(&key, key_span)? {
                None => rests.push(perhaps(&key, value)),
                Some(name) if parts.grouping => groups.entry(name).or_default().push(value),
                Some(name) => {
                    if entries.insert(Arc::clone(&name), value).is_some() {
                        return Err(Failure::invalid(
                            key_span,
                            format!("two elements give the key \"{name}\""),
                        ));
                    }
                }
            }
        }
        let open = !rests.is_empty();
        for (name, values) in groups {
            let origin = values.first().map_or(origin, |value| value.origin);
            // With unknown keys about, a group may have more members.
            let rest = if open {
                join_rests("for", rests.clone())
            } else {
                None
            };
            entries.insert(name, list_value(values, rest, origin));
        }
        Ok(object_value(entries, join_rests("for", rests), origin))
    }

    #[inline(never)]
    pub(super) fn splat(&self, base: &Expr, rest: &Expr, at: Span) -> Outcome {
        let value = self.eval(base)?;
        self.splat_over(&value, rest, at)
    }

    fn splat_over(&self, value: &Value, rest: &Expr, at: Span) -> Outcome {
        match &value.data {
            Data::Null => Ok(Value::list(Vec::new(), value.origin)),
            Data::Unknown(unknown) => {
                let mapped =
                    each_candidate(unknown, value.origin, |one| self.splat_over(one, rest, at));
                Ok(mapped.unwrap_or_else(|| {
                    let open = Rest {
                        unknown: Arc::new(Unknown::derived("[*]", std::slice::from_ref(value))),
                        template: None,
                    };
                    list_value(Vec::new(), Some(open), value.origin)
                }))
            }
            Data::List(list) => {
                let mut items = Vec::with_capacity(list.items.len());
                for item in &list.items {
                    items.push(self.splat_element(item, rest)?);
                }
                let open = match &list.rest {
                    None => None,
                    Some(open) => Some(Rest {
                        unknown: Arc::clone(&open.unknown),
                        template: match self.splat_element(&value_of_rest(open), rest) {
                            Ok(element) => Some(element),
                            Err(failure) if failure.can_be_caught() => None,
                            Err(failure) => return Err(failure),
                        },
                    }),
                };
                self.session
                    .weigh(list_value(items, open, value.origin), at)
            }
            _ => Ok(Value::list(
                vec![self.splat_element(value, rest)?],
                value.origin,
            )),
        }
    }

    fn splat_element(&self, element: &Value, rest: &Expr) -> Outcome {
        let names = [(Arc::from(SPLAT_ELEMENT), element.clone())];
        let frame = Frame {
            names: &names,
            outer: self.frame,
        };
        self.with(&frame).eval(rest)
    }
}

fn perhaps(condition: &Value, value: Value) -> Rest {
    Rest {
        unknown: Arc::new(Unknown::derived("for", &[condition.clone(), value.clone()])),
        template: Some(value),
    }
}

/// An unknown in place of what a loop makes of an unknown collection.
pub(super) fn unknown_loop(collection: &Value) -> Value {
    derived("for", std::slice::from_ref(collection), collection.origin)
}
