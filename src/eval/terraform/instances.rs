//! `count` and `for_each`: how many of a block there are, and which.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::evaluation::{Evaluation, Names};
use super::labels;
use super::module::Module;
use crate::diagnostic::Diagnostic;
use crate::eval::Existence;
use crate::eval::hcl_expr::{
    Entries, Failure, Frame, either, element_candidates, entries_of, evaluate_with, item_span,
    key_of, key_of_rest, kind_of, members_of, to_number, to_text, value_of_rest,
};
use crate::eval::value::{Bounds, Data, ListKind, Presence, Rest, Truth, Unknown, Value};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;
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
    /// The known ones and, last, those that stand for others.
    pub(super) instances: Vec<(Rc<Instance>, T)>,
}

impl<T> Expansion<T> {
    /// The instance of a key or index, which need not be known as a whole: with the same unknown in
    /// it, it is the same instance.
    pub(super) fn find(&self, key: &Value) -> Option<&(Rc<Instance>, T)> {
        let known = |(instance, _): &&(Rc<Instance>, T)| !instance.stands_for_others;
        if !key.is_wholly_known() {
            let mut all = self.instances.iter();
            return all.find(|(instance, _)| instance.key.equals(key) == Truth::True);
        }
        if self.over == Loop::Count {
            let wanted = to_number(key).and_then(|number| number.as_i64())?;
            let place = usize::try_from(wanted).ok()?;
            return self.instances.get(place).filter(known);
        }
        let wanted = to_text(key)?;
        self.instances
            .iter()
            .filter(known)
            .find(|(instance, _)| instance.key.as_str().is_some_and(|key| **key == *wanted))
    }

    /// One whose key is not known and may be this one.
    pub(super) fn may_hold(&self, key: &Value) -> bool {
        let mut unnamed = self
            .instances
            .iter()
            .filter(|(instance, _)| !instance.key.is_wholly_known());
        unnamed.any(|(instance, _)| {
            let text = to_text(key).map(|text| Value::string(text, OriginId::NONE));
            instance.key.equals(text.as_ref().unwrap_or(key)) != Truth::False
        })
    }
}

/// The values a loop may be over: several if a condition that is not known chooses among them.
pub(super) struct Candidates {
    pub(super) values: Vec<Value>,
    /// What decides.
    pub(super) because: Option<Arc<Unknown>>,
}

/// One element of a loop; its key need not be known as a whole.
pub(super) struct Element {
    pub(super) key: Value,
    pub(super) value: Value,
    pub(super) presence: Presence,
}

/// What a loop makes of its elements, and so what it may be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Makes {
    /// Resources and modules, named by their keys: over maps and sets of strings.
    Instances,
    /// Blocks: over any collection.
    Blocks,
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
            if value.is_null() {
                return Err(Failure::invalid(count.span, "`count` is null").about(value.origin));
            }
            let number = to_number(value).and_then(|number| number.as_i64());
            numbers.push(
                number
                    .and_then(|number| usize::try_from(number).ok())
                    .ok_or_else(|| {
                        Failure::invalid(
                            count.span,
                            "`count` must be a whole number, not below zero",
                        )
                        .about(value.origin)
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
        let elements = self.elements(&candidates, Makes::Instances, each.span)?;
        let (unnumbered, elements): (Vec<Element>, Vec<Element>) = elements
            .into_iter()
            .partition(|element| matches!(element.presence, Presence::Many(_)));
        let mut instances = Vec::with_capacity(elements.len());
        let mut suffixes: BTreeSet<Arc<str>> = BTreeSet::new();
        for element in elements {
            let name = labels::text(&element.key);
            let span = item_span(element.value.origin, &self.session).unwrap_or(at);
            let parents = [module.origin, element.value.origin];
            let hop = self.session.hop(
                Some(span),
                || OriginStep::ForEach(Arc::clone(&name)),
                &parents,
            );
            let key = element.key.with_origin(hop);
            let because = element.presence.because();
            instances.push(Instance {
                suffix: unique(&format!("[\"{name}\"]"), &mut suffixes),
                names: vec![(
                    "each".into(),
                    key_and_value(key.clone(), element.value, hop),
                )],
                key,
                origin: hop,
                existence: exists(module, because),
                because: because.cloned(),
                stands_for_others: false,
                template: module.template,
            });
        }
        for element in unnumbered {
            let mut instance = self.unnumbered(module, &element, at);
            instance.suffix = unique(&instance.suffix, &mut suffixes);
            instances.push(instance);
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
        if over == Loop::ForEach {
            let member = Element {
                key: key_of_rest(rest),
                value: value_of_rest(rest),
                presence: Presence::Many(Arc::clone(&rest.unknown)),
            };
            return self.unnumbered(module, &member, at);
        }
        let hop = self.session.hop(
            Some(at),
            || OriginStep::ForEach("each".into()),
            &[module.origin],
        );
        let of = [Value::new(Data::Unknown(Arc::clone(&rest.unknown)), hop)];
        let mut unknown =
            Unknown::derived("count.index", &of).with_bounds(Bounds::Range(Some(0), None));
        unknown.label = "count.index".into();
        let key = Value::unknown(unknown, hop);
        let bound = Value::object([("index".into(), key.clone())], hop);
        Instance {
            suffix: "[count.index]".into(),
            key,
            names: vec![("count".into(), bound)],
            origin: hop,
            existence: exists(module, Some(&rest.unknown)),
            because: Some(Arc::clone(&rest.unknown)),
            stands_for_others: true,
            template: true,
        }
    }

    /// What an element that stands for any number of others makes.
    fn unnumbered(&self, module: &Rc<Module<'a>>, element: &Element, at: Span) -> Instance {
        let span = item_span(element.value.origin, &self.session).unwrap_or(at);
        let parents = [module.origin, element.value.origin];
        let step = || OriginStep::ForEach("each".into());
        let hop = self.session.hop(Some(span), step, &parents);
        let key = element.key.with_origin(hop);
        let bound = key_and_value(key.clone(), element.value.clone(), hop);
        Instance {
            suffix: "[each.key]".into(),
            key,
            names: vec![("each".into(), bound)],
            origin: hop,
            existence: exists(module, element.presence.because()),
            because: element.presence.because().cloned(),
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

    /// The elements of all candidates.
    pub(super) fn elements(
        &self,
        candidates: &Candidates,
        makes: Makes,
        at: Span,
    ) -> Result<Vec<Element>, Box<Failure>> {
        let mut found = Found::default();
        let all = candidates.values.len();
        for value in &candidates.values {
            let entries = match entries_for(value, makes, at) {
                Ok(entries) => entries,
                // The condition may see to it that this one is never taken.
                Err(_) if all > 1 && candidates.because.is_some() => continue,
                Err(failure) => return Err(failure.about(value.origin)),
            };
            let is_set = value
                .as_list()
                .is_some_and(|list| list.kind == ListKind::Set);
            for (key, item) in &entries.known {
                self.session.charge(1, at)?;
                let key = if is_set { item } else { key };
                let name = to_text(key);
                if makes == Makes::Instances && is_set && is_no_string(key) {
                    let kind = kind_of(key);
                    return Err(Failure::invalid(
                        at,
                        format!("the set in `for_each` must hold strings, not {kind}"),
                    )
                    .about(item.origin));
                }
                found.add(
                    key.clone(),
                    name,
                    item,
                    Presence::Certain,
                    &candidates.because,
                );
            }
            let Some(rest) = &entries.rest else { continue };
            for (place, member) in members_of(rest).into_iter().enumerate() {
                self.session.charge(1, at)?;
                let key = if is_set && !matches!(member.presence, Presence::Many(_)) {
                    member.value.clone()
                } else {
                    key_of(&member, rest, place)
                };
                let name = to_text(&key);
                found.add(
                    key,
                    name,
                    &member.value,
                    member.presence,
                    &candidates.because,
                );
            }
        }
        Ok(found.finish(all, candidates.because.as_ref()))
    }
}

/// Elements gathered from several candidates, each once.
#[derive(Default)]
struct Found {
    /// With the number of candidates that hold it.
    elements: Vec<(Element, usize)>,
    /// Places by known key.
    index: BTreeMap<Arc<str>, usize>,
}

impl Found {
    fn add(
        &mut self,
        key: Value,
        name: Option<Arc<str>>,
        value: &Value,
        presence: Presence,
        because: &Option<Arc<Unknown>>,
    ) {
        let known = match &name {
            Some(name) => self.index.get(name).copied(),
            None if because.is_some() => self
                .elements
                .iter()
                .position(|(element, _)| element.key.equals(&key) == Truth::True),
            None => None,
        };
        if let Some((element, seen)) = known.and_then(|place| self.elements.get_mut(place)) {
            *seen += 1;
            if !matches!(presence, Presence::Certain) {
                element.presence = presence;
            }
            if element.value.equals(value) != Truth::True
                && let Some(because) = because
            {
                let decides = Value::new(Data::Unknown(Arc::clone(because)), OriginId::NONE);
                element.value = either(&decides, &element.value, value);
            }
            return;
        }
        if let Some(name) = name {
            self.index.insert(name, self.elements.len());
        }
        let element = Element {
            key,
            value: value.clone(),
            presence,
        };
        self.elements.push((element, 1));
    }

    fn finish(self, candidates: usize, because: Option<&Arc<Unknown>>) -> Vec<Element> {
        let settled = |(mut element, seen): (Element, usize)| {
            if let (Presence::Certain, Some(because)) = (&element.presence, because)
                && seen < candidates
            {
                element.presence = Presence::Perhaps(Arc::clone(because));
            }
            element
        };
        self.elements.into_iter().map(settled).collect()
    }
}

/// The entries of what a loop is over.
fn entries_for(value: &Value, makes: Makes, at: Span) -> Result<Entries, Box<Failure>> {
    if makes == Makes::Instances
        && let Some(list) = value.as_list()
        && list.kind != ListKind::Set
    {
        return Err(Failure::invalid(
            at,
            "`for_each` needs a map or a set of strings, not a list; `toset(…)` makes a set of one",
        ));
    }
    entries_of(value).ok_or_else(|| {
        let needed = match makes {
            Makes::Instances => "a map or a set of strings",
            Makes::Blocks => "a list, a map or a set",
        };
        let kind = kind_of(value);
        Failure::invalid(at, format!("`for_each` needs {needed}, not {kind}"))
    })
}

fn is_no_string(key: &Value) -> bool {
    !matches!(
        key.data,
        Data::String(_) | Data::Template(_) | Data::Unknown(_)
    )
}

/// The same text, with a number where it is taken.
fn unique(suffix: &str, taken: &mut BTreeSet<Arc<str>>) -> Arc<str> {
    let mut own: Arc<str> = suffix.into();
    let mut number = 2;
    while !taken.insert(Arc::clone(&own)) {
        let inner = suffix.strip_suffix(']').unwrap_or(suffix);
        own = format!("{inner} #{number}]").into();
        number += 1;
    }
    own
}

/// `{ key, value }` as `each` and iterators have it.
pub(super) fn key_and_value(key: Value, value: Value, origin: OriginId) -> Value {
    Value::object([("key".into(), key), ("value".into(), value)], origin)
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
