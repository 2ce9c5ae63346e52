//! `for` expressions and splats: the same expression for every element of a collection.

use std::sync::Arc;

use indexmap::IndexMap;

use super::access::{
    Entries, each_candidate, entries_of, key_text, list_value, object_value, rest_of,
};
use super::members::{key_of, members_of, perhaps, rest_of_members};
use super::operators::boolean;
use super::{
    Context, Failure, Frame, Outcome, Session, conversion, derived, derived_unknown, labels,
    opened, typed,
};
use crate::eval::value::{Data, ListKind, Member, Presence, Rest, Type, Unknown, Value};
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
    labelled(derived_unknown("each.key", &of), label)
}

/// The value of an element that is not known: what it looks like, or an unknown.
pub(crate) fn value_of_rest(rest: &Rest) -> Value {
    rest.template.clone().unwrap_or_else(|| {
        let of = [Value::new(
            Data::Unknown(Arc::clone(&rest.unknown)),
            OriginId::NONE,
        )];
        let label = labels::part(&rest.unknown, "[*]").to_string();
        let element = labelled(derived_unknown("each.value", &of), label);
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
struct Made {
    key: Option<Value>,
    value: Value,
    presence: Presence,
    /// Whether its place among the others is known.
    placed: bool,
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
        if entries.known.is_empty() && entries.rest.is_none() {
            self.judge_condition(parts, &collection)?;
        }
        let origin = self.session.hop(
            Some(at),
            || OriginStep::Function("for".into()),
            &[collection.origin],
        );
        let mut made = Vec::with_capacity(entries.known.len());
        for (key, value) in &entries.known {
            made.extend(self.for_element(parts, key, value)?);
        }
        self.for_rest(parts, &entries, &mut made)?;
        let value = if parts.key.is_some() {
            self.for_object(parts, made, origin, at)?
        } else {
            for_list(made, origin)
        };
        self.session.weigh(value, at)
    }

    /// Terraform refuses a condition that cannot be one even where there is no element to judge.
    fn judge_condition(&self, parts: &ForExpr, collection: &Value) -> Result<(), Box<Failure>> {
        let Some(condition) = &parts.condition else {
            return Ok(());
        };
        let whole = std::slice::from_ref(collection);
        let element = |what: &str| derived(what, whole, collection.origin);
        let mut names = vec![(Arc::clone(&parts.value_name), element("each.value"))];
        if let Some(name) = &parts.key_name {
            names.push((Arc::clone(name), element("each.key")));
        }
        let frame = Frame {
            names: &names,
            outer: self.frame,
        };
        let truth = self.with(&frame).eval(condition)?;
        boolean(&truth, condition.span).map(|_| ())
    }

    /// `None` where the condition leaves it out.
    fn for_element(
        &self,
        parts: &ForExpr,
        key: &Value,
        value: &Value,
    ) -> Result<Option<Made>, Box<Failure>> {
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
                    Some(false) => return Ok(None),
                    Some(true) => None,
                    None => Some(truth),
                }
            }
        };
        let made_key = parts.key.as_ref().map(|key| inner.eval(key)).transpose()?;
        let result = inner.eval(&parts.value)?;
        let result = inner.of_element(result, value, made_key.as_ref().unwrap_or(key));
        Ok(Some(Made {
            key: made_key,
            value: result,
            presence: condition.map_or(Presence::Certain, |truth| perhaps(&[truth])),
            placed: true,
        }))
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

    /// What becomes of the elements without a known key. One that stands for any number keeps the
    /// key of the collection, if the result has it too, so that loops over either find each other.
    fn for_rest(
        &self,
        parts: &ForExpr,
        entries: &Entries,
        made: &mut Vec<Made>,
    ) -> Result<(), Box<Failure>> {
        let Some(rest) = &entries.rest else {
            return Ok(());
        };
        let whole = Value::new(Data::Unknown(Arc::clone(&rest.unknown)), OriginId::NONE);
        for (place, member) in members_of(rest).iter().enumerate() {
            let key = key_of(member, rest, place);
            // In a set each element is its own key.
            let is_described = rest.template.is_some() || rest.members().is_some();
            let (key, value) = match (entries.is_set, is_described) {
                (true, true) => (member.value.clone(), member.value.clone()),
                (true, false) => (key.clone(), key),
                (false, _) => (key, member.value.clone()),
            };
            let mut one = match self.for_element(parts, &key, &value) {
                Ok(Some(one)) => one,
                Ok(None) => continue,
                Err(failure)
                    if !failure.can_be_caught() || matches!(member.presence, Presence::Certain) =>
                {
                    return Err(failure);
                }
                // What is wrong for an unknown element may be right for every real one.
                Err(_) => {
                    let rest = Rest {
                        unknown: Arc::new(derived_unknown("for", &[whole.clone(), key])),
                        template: None,
                    };
                    made.extend(members_of(&rest).into_iter().map(|member| Made {
                        key: member.key,
                        value: member.value,
                        presence: member.presence,
                        placed: false,
                    }));
                    continue;
                }
            };
            one.placed = false;
            one.presence = match (&member.presence, one.presence) {
                (whole @ (Presence::Certain | Presence::Perhaps(_)), own) => own.within(whole),
                (Presence::Many(unknown), own) => {
                    Presence::Many(filtered(unknown, &own, &one.key, &key, &one.value))
                }
            };
            made.push(one);
        }
        Ok(())
    }

    fn for_object(&self, parts: &ForExpr, made: Vec<Made>, origin: OriginId, at: Span) -> Outcome {
        let mut entries: IndexMap<Arc<str>, Value> = IndexMap::with_capacity(made.len());
        let mut groups: IndexMap<Arc<str>, Vec<Value>> = IndexMap::new();
        let mut members = Vec::new();
        let key_span = parts.key.as_ref().map_or(at, |key| key.span);
        for one in made {
            let Some(key) = one.key else { continue };
            let name = key_text(&key, key_span)?;
            match (name, one.presence) {
                (Some(name), Presence::Certain) if parts.grouping => {
                    groups.entry(name).or_default().push(one.value);
                }
                (Some(name), Presence::Certain) => {
                    if entries.insert(Arc::clone(&name), one.value).is_some() {
                        return Err(Failure::invalid(
                            key_span,
                            format!("two elements give the key \"{name}\""),
                        ));
                    }
                }
                (_, presence) => members.push(Member {
                    key: Some(key),
                    value: one.value,
                    presence,
                }),
            }
        }
        if !parts.grouping {
            let rest = rest_of_members("for", members);
            return Ok(object_value(entries, rest, origin));
        }
        // With unknown keys about, a group may have more members.
        let more = rest_of_members("for", members);
        for (name, values) in groups {
            let origin = values.first().map_or(origin, |value| value.origin);
            entries.insert(name, list_value(values, more.clone(), origin));
        }
        let rest = more.map(|rest| Rest {
            unknown: Arc::clone(&rest.unknown),
            template: Some(list_value(Vec::new(), Some(rest), origin)),
        });
        Ok(object_value(entries, rest, origin))
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
                match mapped {
                    Some(known) => Ok(known),
                    None => self.splat_over_unknown(value, rest, at),
                }
            }
            Data::List(list) => {
                let mut items = Vec::with_capacity(list.items.len());
                for item in &list.items {
                    items.push(self.splat_element(item, rest)?);
                }
                let open = match &list.rest {
                    None => None,
                    Some(open) => self.splat_rest(open, rest)?,
                };
                // What stands for each element of a list or set is a list.
                let kind = match list.kind {
                    ListKind::Tuple => ListKind::Tuple,
                    ListKind::List | ListKind::Set => ListKind::List,
                };
                self.session
                    .weigh(Value::list_of(kind, items, open, value.origin), at)
            }
            _ => Ok(Value::list(
                vec![self.splat_element(value, rest)?],
                value.origin,
            )),
        }
    }

    fn splat_rest(&self, open: &Rest, rest: &Expr) -> Result<Option<Rest>, Box<Failure>> {
        let Some(members) = open.members() else {
            return Ok(Some(Rest {
                unknown: Arc::clone(&open.unknown),
                template: match self.splat_element(&value_of_rest(open), rest) {
                    Ok(element) => Some(element),
                    Err(failure) if failure.can_be_caught() => None,
                    Err(failure) => return Err(failure),
                },
            }));
        };
        let mut made = Vec::with_capacity(members.len());
        for member in members {
            made.push(Member {
                value: match self.splat_element(&member.value, rest) {
                    Ok(value) => value,
                    Err(failure)
                        if failure.can_be_caught()
                            && !matches!(member.presence, Presence::Certain) =>
                    {
                        derived(
                            "[*]",
                            std::slice::from_ref(&member.value),
                            member.value.origin,
                        )
                    }
                    Err(failure) => return Err(failure),
                },
                ..member.clone()
            });
        }
        Ok(rest_of_members("[*]", made))
    }

    /// Whether it is a list, one value or null may not be known: what one element looks like is, as
    /// far as an expression can tell.
    fn splat_over_unknown(&self, value: &Value, rest: &Expr, at: Span) -> Outcome {
        let opened = opened(value);
        if opened.as_list().is_some() {
            return self.splat_over(&opened, rest, at);
        }
        let whole = Rest {
            unknown: Arc::new(derived_unknown("[*]", std::slice::from_ref(value))),
            template: None,
        };
        let element = match (Type::of(value), value.as_unknown()) {
            (Type::Any, Some(unknown)) => value_of_rest(&rest_of(unknown)),
            _ => opened,
        };
        let template = match self.splat_element(&element, rest) {
            Ok(element) => Some(element),
            Err(failure) if failure.can_be_caught() => None,
            Err(failure) => return Err(failure),
        };
        let open = Rest { template, ..whole };
        Ok(list_value(Vec::new(), Some(open), value.origin))
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

fn for_list(made: Vec<Made>, origin: OriginId) -> Value {
    let mut items = Vec::with_capacity(made.len());
    let mut members = Vec::new();
    let alone = made.len() == 1;
    for one in made {
        match one.presence {
            Presence::Certain if one.placed || alone => items.push(one.value),
            presence => members.push(Member {
                key: None,
                value: one.value,
                presence,
            }),
        }
    }
    list_value(items, rest_of_members("for", members), origin)
}

/// What decides about the results of any number of elements.
fn filtered(
    unknown: &Arc<Unknown>,
    condition: &Presence,
    made_key: &Option<Value>,
    key: &Value,
    result: &Value,
) -> Arc<Unknown> {
    let same_key = match (made_key, key.as_unknown()) {
        (Some(made), Some(key)) => made.as_unknown().is_some_and(|made| made.id == key.id),
        _ => false,
    };
    if same_key && condition.because().is_none() {
        return Arc::clone(unknown);
    }
    let value =
        |unknown: &Arc<Unknown>| Value::new(Data::Unknown(Arc::clone(unknown)), OriginId::NONE);
    let mut of = vec![value(unknown)];
    of.extend(condition.because().map(value));
    of.push(made_key.clone().unwrap_or_else(|| result.clone()));
    Arc::new(derived_unknown("for", &of))
}

/// An unknown in place of what a loop makes of an unknown collection.
pub(super) fn unknown_loop(collection: &Value) -> Value {
    derived("for", std::slice::from_ref(collection), collection.origin)
}
