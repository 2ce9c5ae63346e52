//! `count` and `for_each`: how many of a block there are, and which.

use std::rc::Rc;
use std::sync::Arc;

use super::evaluation::{Evaluation, Names};
use super::module::Module;
use crate::diagnostic::Diagnostic;
use crate::eval::Existence;
use crate::eval::hcl_expr::{
    Failure, Frame, either, element_candidates, entries_of, evaluate_with, item_span, key_of_rest,
    to_number, to_text, value_of_rest,
};
use crate::eval::value::{Bounds, Data, Rest, Truth, Unknown, Value};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::Number;
use crate::syntax::hcl::{Body, Expr, ExprKind};

/// How many instances one block may have before it is taken as one of many.
pub(super) const MAX_INSTANCES: usize = 2_000;

/// How many instances of everything a deployment may have.
pub(super) const MAX_ALL_INSTANCES: usize = 10_000;

/// One instance of a block.
pub(super) struct Instance {
    /// `[0]`, `["key"]`, or nothing.
    pub(super) suffix: Arc<str>,
    /// The key or index; null without a loop.
    pub(super) key: Value,
    /// `each` or `count`.
    pub(super) names: Vec<(Arc<str>, Value)>,
    /// The loop, or what is around the block.
    pub(super) origin: OriginId,
    pub(super) existence: Existence,
    /// What decides whether it is among the instances of this block; modules around it have their
    /// own say in `existence`.
    pub(super) because: Option<Arc<Unknown>>,
    /// It stands for all instances of this block that are not known.
    pub(super) stands_for_others: bool,
    /// One of an unknown number: itself, or a module around it.
    pub(super) template: bool,
}

/// What a loop is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loop {
    None,
    Count,
    ForEach,
}

/// All instances of a block, each with something of its own.
pub(super) struct Expansion<T> {
    pub(super) over: Loop,
    /// The known ones and, last, the one that stands for the others.
    pub(super) instances: Vec<(Rc<Instance>, T)>,
}

impl<T> Expansion<T> {
    /// The instance of a known key or index.
    pub(super) fn find(&self, key: &Value) -> Option<&(Rc<Instance>, T)> {
        let known = |(instance, _): &&(Rc<Instance>, T)| !instance.stands_for_others;
        if self.over == Loop::Count {
            let wanted = to_number(key).and_then(Number::as_i64)?;
            let place = usize::try_from(wanted).ok()?;
            return self.instances.get(place).filter(known);
        }
        let wanted = to_text(key)?;
        self.instances
            .iter()
            .filter(known)
            .find(|(instance, _)| instance.key.as_str().is_some_and(|key| **key == *wanted))
    }

    /// The one that stands for unknown instances.
    pub(super) fn template(&self) -> Option<&(Rc<Instance>, T)> {
        self.instances
            .last()
            .filter(|(instance, _)| instance.stands_for_others)
    }
}

/// The values a loop may be over: several if a condition that is not known chooses among them.
pub(super) struct Candidates {
    pub(super) values: Vec<Value>,
    /// What decides.
    pub(super) because: Option<Arc<Unknown>>,
}

/// One element of a loop.
pub(super) struct Element {
    pub(super) key: Value,
    pub(super) value: Value,
    /// Whether all candidates hold it.
    pub(super) certain: bool,
}

impl<'a> Evaluation<'a> {
    /// The instances of a resource or module call.
    pub(super) fn instances(
        &self,
        module: &Rc<Module<'a>>,
        body: &'a Body,
    ) -> (Loop, Vec<Instance>) {
        let result = if let Some(count) = body.attribute("count") {
            let found = self.count(module, &count.value, count.span());
            (Loop::Count, found, count.span())
        } else if let Some(each) = body.attribute("for_each") {
            let found = self.for_each(module, &each.value, each.span());
            (Loop::ForEach, found, each.span())
        } else {
            let single = Instance {
                suffix: "".into(),
                key: Value::null(OriginId::NONE),
                names: Vec::new(),
                origin: module.origin,
                existence: module.existence.clone(),
                because: None,
                stands_for_others: false,
                template: module.template,
            };
            return (Loop::None, vec![single]);
        };
        let (over, found, at) = result;
        let instances = match found {
            Ok(instances) => instances,
            Err(failure) => {
                let unknown = self.report(&module.prefix, &failure);
                vec![self.template_instance(module, over, &rest_alone(unknown), at)]
            }
        };
        let instances = self.within_limits(module, over, instances, at);
        (over, instances)
    }

    fn within_limits(
        &self,
        module: &Rc<Module<'a>>,
        over: Loop,
        instances: Vec<Instance>,
        at: Span,
    ) -> Vec<Instance> {
        let all = self.instances.get() + instances.len();
        if instances.len() <= MAX_INSTANCES && all <= MAX_ALL_INSTANCES {
            self.instances.set(all);
            return instances;
        }
        let limit = if instances.len() > MAX_INSTANCES {
            format!("more than {MAX_INSTANCES} instances of one block")
        } else {
            format!("more than {MAX_ALL_INSTANCES} instances in one deployment")
        };
        let unknown = self.limit(&module.prefix, at, limit);
        vec![self.template_instance(module, over, &rest_alone(unknown), at)]
    }

    fn count(
        &self,
        module: &Rc<Module<'a>>,
        count: &Expr,
        at: Span,
    ) -> Result<Vec<Instance>, Box<Failure>> {
        let candidates = self.candidates(module, None, count)?;
        let mut numbers = Vec::new();
        let mut open: Option<&Value> = None;
        for value in &candidates.values {
            if value.as_unknown().is_some() {
                open = Some(value);
                continue;
            }
            let number = to_number(value).and_then(Number::as_i64);
            numbers.push(
                number
                    .and_then(|number| usize::try_from(number).ok())
                    .ok_or_else(|| {
                        Failure::invalid(
                            count.span,
                            "`count` must be a whole number, not below zero",
                        )
                    })?,
            );
        }
        let origin = candidates
            .values
            .first()
            .map_or(OriginId::NONE, |value| value.origin);
        self.rest_on_no_more_than(origin);
        let certain = if open.is_some() {
            0
        } else {
            numbers.iter().copied().min().unwrap_or(0)
        };
        let most = numbers.iter().copied().max().unwrap_or(0);
        let shown = most.min(MAX_INSTANCES + 1);
        let mut instances: Vec<Instance> = (0..shown)
            .map(|index| {
                let number = i64::try_from(index).unwrap_or(i64::MAX);
                let hop = self.session.hop(
                    Some(at),
                    || OriginStep::Count(index),
                    &[module.origin, origin],
                );
                let key = Value::integer(number, hop);
                let because = candidates.because.as_ref().filter(|_| index >= certain);
                Instance {
                    suffix: format!("[{index}]").into(),
                    names: vec![(
                        "count".into(),
                        Value::object([("index".into(), key.clone())], hop),
                    )],
                    key,
                    origin: hop,
                    existence: exists(module, because),
                    because: because.cloned(),
                    stands_for_others: false,
                    template: module.template,
                }
            })
            .collect();
        if let Some(Data::Unknown(unknown)) = open.map(|value| &value.data) {
            let rest = rest_alone(Arc::clone(unknown));
            instances.push(self.template_instance(module, Loop::Count, &rest, at));
        }
        Ok(instances)
    }

    fn for_each(
        &self,
        module: &Rc<Module<'a>>,
        each: &Expr,
        at: Span,
    ) -> Result<Vec<Instance>, Box<Failure>> {
        let candidates = self.candidates(module, None, each)?;
        let (elements, rests) = self.elements(&candidates, true, each.span)?;
        let mut instances = Vec::with_capacity(elements.len());
        for element in elements {
            let name = to_text(&element.key).unwrap_or_else(|| "".into());
            let span = item_span(element.value.origin, &self.session).unwrap_or(at);
            let parents = [module.origin, element.value.origin];
            let hop = self.session.hop(
                Some(span),
                || OriginStep::ForEach(Arc::clone(&name)),
                &parents,
            );
            let because = candidates.because.as_ref().filter(|_| !element.certain);
            instances.push(Instance {
                suffix: format!("[\"{name}\"]").into(),
                names: vec![(
                    "each".into(),
                    key_and_value(element.key.clone(), element.value, hop),
                )],
                key: Value::string(name, hop),
                origin: hop,
                existence: exists(module, because),
                because: because.cloned(),
                stands_for_others: false,
                template: module.template,
            });
        }
        if let Some(rest) = join(rests) {
            instances.push(self.template_instance(module, Loop::ForEach, &rest, at));
        }
        Ok(instances)
    }

    /// The instance that stands for an unknown number of others.
    fn template_instance(
        &self,
        module: &Rc<Module<'a>>,
        over: Loop,
        rest: &Rest,
        at: Span,
    ) -> Instance {
        let (value, step) = (value_of_rest(rest), "each".into());
        let span = item_span(value.origin, &self.session).unwrap_or(at);
        let parents = [module.origin, value.origin];
        let hop = self
            .session
            .hop(Some(span), || OriginStep::ForEach(step), &parents);
        let (key, name, bound, suffix) = if over == Loop::Count {
            let of = [Value::new(Data::Unknown(Arc::clone(&rest.unknown)), hop)];
            let mut unknown =
                Unknown::derived("count.index", &of).with_bounds(Bounds::Range(Some(0), None));
            unknown.label = "count.index".into();
            let key = Value::unknown(unknown, hop);
            let bound = Value::object([("index".into(), key.clone())], hop);
            (key, "count", bound, "[count.index]")
        } else {
            let key = key_of_rest(rest).with_origin(hop);
            let bound = key_and_value(key.clone(), value, hop);
            (key, "each", bound, "[each.key]")
        };
        Instance {
            suffix: suffix.into(),
            key,
            names: vec![(name.into(), bound)],
            origin: hop,
            existence: exists(module, Some(&rest.unknown)),
            because: Some(Arc::clone(&rest.unknown)),
            stands_for_others: true,
            template: true,
        }
    }

    /// What a loop may be over. A condition that is not known is looked through, so that
    /// `c ? {…} : {}` shows its elements.
    pub(super) fn candidates(
        &self,
        module: &Rc<Module<'a>>,
        frame: Option<&Frame<'_>>,
        expr: &Expr,
    ) -> Result<Candidates, Box<Failure>> {
        let names = Names {
            evaluation: self,
            module: Rc::clone(module),
        };
        if let ExprKind::Conditional(condition, then, otherwise) = &expr.kind {
            let decides = evaluate_with(condition, &names, &self.session, frame)?;
            if let Data::Unknown(unknown) = &decides.data {
                let mut values = Vec::new();
                for branch in [then, otherwise] {
                    values.extend(self.candidates(module, frame, branch)?.values);
                }
                return Ok(Candidates {
                    values,
                    because: Some(Arc::clone(unknown)),
                });
            }
        }
        let value = evaluate_with(expr, &names, &self.session, frame)?;
        let because = value.as_unknown().cloned();
        Ok(Candidates {
            values: element_candidates(&value).unwrap_or_else(|| vec![value]),
            because,
        })
    }

    /// The elements of all candidates, and what is open in them. `set` tells that a list is a set,
    /// whose elements are their own keys.
    pub(super) fn elements(
        &self,
        candidates: &Candidates,
        set: bool,
        at: Span,
    ) -> Result<(Vec<Element>, Vec<Rest>), Box<Failure>> {
        let mut elements: Vec<(Element, usize)> = Vec::new();
        let mut index: std::collections::BTreeMap<Arc<str>, usize> =
            std::collections::BTreeMap::new();
        let mut rests: Vec<Rest> = Vec::new();
        let several = candidates.values.len() > 1;
        for value in &candidates.values {
            if value.is_null() && several {
                continue;
            }
            let Some(entries) = entries_of(value) else {
                return Err(Failure::invalid(at, "`for_each` needs a map or a set"));
            };
            rests.extend(entries.rest);
            for (key, item) in entries.known {
                self.session.charge(1, at)?;
                let key = if set && !entries.is_map {
                    item.clone()
                } else {
                    key
                };
                let Some(name) = to_text(&key) else {
                    if key.is_wholly_known() {
                        return Err(Failure::invalid(
                            at,
                            "the keys of `for_each` must be strings",
                        ));
                    }
                    rests.push(Rest {
                        unknown: Arc::new(Unknown::derived("for_each", &[key])),
                        template: Some(item),
                    });
                    continue;
                };
                match index.get(&name).and_then(|place| elements.get_mut(*place)) {
                    Some((known, seen)) => {
                        *seen += 1;
                        if known.value.equals(&item) != Truth::True
                            && let Some(because) = &candidates.because
                        {
                            let decides =
                                Value::new(Data::Unknown(Arc::clone(because)), OriginId::NONE);
                            known.value = either(&decides, &known.value, &item);
                        }
                    }
                    None => {
                        index.insert(name, elements.len());
                        let element = Element {
                            key,
                            value: item,
                            certain: true,
                        };
                        elements.push((element, 1));
                    }
                }
            }
        }
        let all = candidates.values.len();
        let elements = elements
            .into_iter()
            .map(|(element, seen)| Element {
                certain: seen >= all,
                ..element
            })
            .collect();
        Ok((elements, rests))
    }
}

/// `{ key, value }` as `each` and iterators have it.
pub(super) fn key_and_value(key: Value, value: Value, origin: OriginId) -> Value {
    Value::object([("key".into(), key), ("value".into(), value)], origin)
}

/// Several rests as one.
pub(super) fn join(mut rests: Vec<Rest>) -> Option<Rest> {
    if rests.len() <= 1 {
        return rests.pop();
    }
    let of: Vec<Value> = rests
        .iter()
        .map(|rest| Value::new(Data::Unknown(Arc::clone(&rest.unknown)), OriginId::NONE))
        .collect();
    Some(rest_alone(Arc::new(Unknown::derived("for_each", &of))))
}

pub(super) fn rest_alone(unknown: Arc<Unknown>) -> Rest {
    Rest {
        unknown,
        template: None,
    }
}

fn exists(module: &Module<'_>, because: Option<&Arc<Unknown>>) -> Existence {
    match because {
        Some(unknown) if module.existence.truth == Truth::True => {
            Existence::depends_on(Arc::clone(unknown))
        }
        _ => module.existence.clone(),
    }
}

impl Evaluation<'_> {
    /// Tells of a limit and gives the unknown that stands for what is beyond it.
    pub(super) fn limit(&self, scope: &str, at: Span, message: String) -> Arc<Unknown> {
        self.say(
            Diagnostic::unreadable("instance-limit", at, message)
                .with_help("they are checked as one instance of an unknown number"),
        );
        let label = format!("instances at {}:{}", at.file.0, at.start);
        Arc::new(Unknown::new(
            scope,
            label,
            crate::eval::value::Reason::Limit,
        ))
    }
}
