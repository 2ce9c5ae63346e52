//! `reference()` and its relatives: which resource they mean.
//!
//! What a resource's own template says of it is known (`attribute.rs`); the rest is unknown under
//! the name of the resource and the path. Nothing here asks Azure.

use std::rc::Rc;
use std::sync::Arc;

use super::attribute::{attribute_of, attribute_of_part};
use super::evaluate::Evaluator;
use super::expression::{Call, Node};
use super::functions::Special;
use super::labels::{last_name, shown};
use super::scope;
use super::site::Site;
use super::template::{Entry, Frame, Stage};
use crate::eval::ResourceKey;
use crate::eval::value::{Bounds, Data, ListKind, ListValue, Piece, Reason, Rest, Unknown, Value};
use crate::origin::OriginId;

/// How many names of resources a message lists.
const MAX_NAMED: usize = 3;

/// What an id or name means.
enum Target<'t> {
    /// A resource of this deployment.
    Here(Rc<Entry<'t>>),
    /// Several resources of this template are called so.
    Several(Vec<Rc<Entry<'t>>>),
    /// An id of something that has no entry of its own: a part of a resource, or outside.
    Id(ResourceKey),
    /// Nothing that is known.
    Nothing,
}

/// The resources of one symbolic name.
enum Collection<'t> {
    /// These, in the order of the loop.
    Known(Vec<Rc<Entry<'t>>>),
    /// These and perhaps others, and what decides.
    Open(Vec<Rc<Entry<'t>>>, Arc<Unknown>),
}

impl<'t> Evaluator<'t> {
    /// `reference()`, `references()` and `resourceInfo()`.
    pub(super) fn reference(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &Call,
        special: Special,
    ) -> Value {
        let values = self.arguments(frame, site, &call.arguments);
        let Some(target) = values.first() else {
            let span = self.exact(site, node.start, node.end);
            return self.wrong(span, format!("'{}' needs a resource", call.name));
        };
        let origin = self.origins.literal(site.part(node.start, node.end));
        let full = special == Special::ResourceInfo
            || values.iter().skip(1).any(|value| {
                value
                    .as_str()
                    .is_some_and(|text| text.eq_ignore_ascii_case("full"))
            });
        let path = if full { "" } else { "properties" };
        if special == Special::References {
            let state = |entry: &Rc<Entry<'t>>| attribute_of(&entry.key, Some(entry), path, origin);
            return match self.collection(frame, target) {
                Some(Collection::Known(found)) => {
                    Value::list(found.iter().map(state).collect(), origin)
                }
                Some(Collection::Open(found, because)) => {
                    let template = found.iter().find(|entry| entry.repeated).map(state);
                    let certain = |entry: &&Rc<Entry<'t>>| own_condition(entry).is_none();
                    let list = ListValue {
                        kind: ListKind::Tuple,
                        items: found.iter().filter(certain).map(state).collect(),
                        rest: Some(Rest {
                            unknown: because,
                            template,
                        }),
                    };
                    Value::new(Data::List(Arc::new(list)), origin)
                }
                None => self.derived(site, node, &call.name, &values, None),
            };
        }
        let by_name = scope::lower(target).is_some_and(|name| !name.starts_with('/'));
        match self.target(frame, target) {
            Target::Here(entry) if by_name => {
                self.asks_by_name(&entry);
                attribute_of(&entry.key, Some(&entry), path, origin)
            }
            Target::Here(entry) => attribute_of(&entry.key, Some(&entry), path, origin),
            Target::Id(key) if self.part(&key).is_some() => attribute_of_part(&key, path, origin),
            Target::Id(key) => attribute_of(&key, None, path, origin),
            Target::Several(found) => {
                let span = self.exact(site, node.start, node.end);
                let mut named: Vec<&str> = found.iter().map(|entry| &*entry.address).collect();
                named.truncate(MAX_NAMED);
                let message = format!(
                    "several resources here have this name: {}; '{}' needs the id of one",
                    named.join(", "),
                    call.name
                );
                self.wrong_about(span, message, &values)
            }
            Target::Nothing => {
                let mut unknown = Unknown::derived("reference", &values);
                unknown.label = format!("reference({})", shown(target)).into();
                if unknown.causes.is_empty() {
                    unknown.reason = Reason::Outside;
                }
                Value::unknown(unknown, origin)
            }
        }
    }

    /// What a run-time function (`listKeys`, `pickZones`, `providers`, …) gives: unknown under a
    /// name that tells whom it asks, with what its documentation says of the result.
    pub(super) fn answered_later(
        &self,
        frame: &Frame<'t>,
        call: &Call,
        values: &[Value],
        origin: OriginId,
    ) -> Value {
        let name = call.name.to_ascii_lowercase();
        let mut unknown = Unknown::derived(&name, values);
        unknown.reason = Reason::RunTimeFunction(Arc::clone(&call.name));
        unknown.causes = Vec::new();
        let whom = match values.first() {
            Some(target) if name.starts_with("list") => match self.target(frame, target) {
                Target::Here(entry) => format!("'{}'", last_name(&entry.address)),
                Target::Id(key) => format!("'{}'", name_of_key(&key)),
                Target::Several(_) | Target::Nothing => shown(target),
            },
            Some(_) if name == "providers" || name == "pickzones" => {
                let shown: Vec<String> = values.iter().take(2).map(shown).collect();
                shown.join(", ")
            }
            _ => String::new(),
        };
        unknown.label = format!("{}({whom})", call.name).into();
        if name == "pickzones"
            && let Some(zones) = zones(values, origin)
        {
            unknown.bounds = Bounds::OneOf(zones);
        }
        Value::unknown(unknown, origin)
    }

    /// The resource of this deployment with this id; an id whose subscription or resource group is
    /// not known means the only resource here that it can mean.
    pub(super) fn entry_of(&self, key: &ResourceKey) -> Option<Rc<Entry<'t>>> {
        let entries = self.entries.borrow();
        if let Some(index) = self.by_key.borrow().get(key) {
            return entries.get(*index).map(Rc::clone);
        }
        let wanted = key.located()?;
        let by_path = self.by_path.borrow();
        let mut found = by_path
            .get(wanted.path)?
            .iter()
            .filter_map(|index| entries.get(*index))
            .filter(|entry| entry.key.located().is_some_and(|key| key.may_be(&wanted)));
        let first = found.next()?;
        found
            .all(|other| other.key == first.key)
            .then(|| Rc::clone(first))
    }

    /// What an id, a name or a symbolic name means.
    fn target(&self, frame: &Frame<'t>, target: &Value) -> Target<'t> {
        let Some(name) = scope::lower(target) else {
            return Target::Nothing;
        };
        if name.starts_with('/') {
            return match ResourceKey::of_id(target) {
                Some(key) => match self.entry_of(&key) {
                    Some(entry) => Target::Here(self.nearest_deployment(frame, entry)),
                    None => Target::Id(key),
                },
                None => Target::Nothing,
            };
        }
        if let Some(entry) = self.symbol(&frame.stage, target, &name) {
            return Target::Here(entry);
        }
        match self.called(frame, &name) {
            Target::Nothing => {}
            found => return found,
        }
        // Without its place an id begins with the provider: `Microsoft.Network/natGateways/out`.
        if name
            .split_once('/')
            .is_some_and(|(provider, _)| provider.contains('.'))
        {
            let mut id = frame.stage.scope.prefix();
            id.push(scope::literal("/providers/"));
            id.extend(self.text_pieces(target));
            let key = scope::key(&id);
            return self.entry_of(&key).map_or(Target::Id(key), Target::Here);
        }
        match ResourceKey::of_id(target) {
            Some(key) if target.as_str().is_none() => Target::Id(key),
            _ => Target::Nothing,
        }
    }

    /// The resources of this template with this name, those of the same nested template first.
    fn called(&self, frame: &Frame<'t>, name: &str) -> Target<'t> {
        let entries = self.entries.borrow();
        let by_name = self.by_name.borrow();
        let label = Arc::clone(&frame.context.label);
        let Some(found) = by_name.get(&(label, name.to_owned())) else {
            return Target::Nothing;
        };
        let found: Vec<&Rc<Entry<'t>>> = found
            .iter()
            .filter_map(|index| entries.get(*index))
            .collect();
        let own: Vec<&Rc<Entry<'t>>> = found
            .iter()
            .copied()
            .filter(|entry| Rc::ptr_eq(&entry.frame.stage, &frame.stage))
            .collect();
        let found = if own.is_empty() { found } else { own };
        match found.split_first() {
            None => Target::Nothing,
            Some((first, others)) if others.iter().all(|other| other.key == first.key) => {
                Target::Here(Rc::clone(first))
            }
            Some(_) => Target::Several(found.into_iter().map(Rc::clone).collect()),
        }
    }

    /// The resource of a symbolic name, for one of a loop with its index (`hub[2]`).
    fn symbol(&self, stage: &Stage<'t>, written: &Value, name: &str) -> Option<Rc<Entry<'t>>> {
        let symbols = stage.symbols.borrow();
        let entries = self.entries.borrow();
        let at = |found: &Vec<usize>| match found.as_slice() {
            [only] => entries.get(*only).map(Rc::clone),
            _ => None,
        };
        if let Some(found) = symbols.get(name) {
            return at(found);
        }
        // One of a loop by an unknown index: if how often the loop runs is not known either, all
        // its resources are alike and stand for each.
        let Data::Template(pieces) = &written.data else {
            return None;
        };
        let [Piece::Literal(start), Piece::Hole(_), Piece::Literal(end)] = &**pieces else {
            return None;
        };
        let collection = start.strip_suffix('[').filter(|_| &**end == "]")?;
        let found = at(symbols.get(&collection.to_ascii_lowercase())?)?;
        found.repeated.then_some(found)
    }

    /// The resources of a symbolic name. Those whose condition does not hold are left out.
    fn collection(&self, frame: &Frame<'t>, target: &Value) -> Option<Collection<'t>> {
        let name = scope::lower(target)?;
        let symbols = frame.stage.symbols.borrow();
        let entries = self.entries.borrow();
        let found: Vec<_> = symbols
            .get(&name)?
            .iter()
            .filter_map(|index| entries.get(*index).map(Rc::clone))
            .collect();
        let open = found.iter().find_map(|entry| own_condition(entry));
        Some(match open {
            Some(because) => Collection::Open(found, because),
            None => Collection::Known(found),
        })
    }
}

/// What decides whether a resource exists, besides what decides it for its whole template.
pub(super) fn own_condition(entry: &Entry<'_>) -> Option<Arc<Unknown>> {
    let whole = entry.frame.stage.existence.because.as_ref();
    let own = entry.existence.because.as_ref()?;
    let other = whole.is_none_or(|whole| whole.id != own.id);
    other.then(|| Arc::clone(own))
}

/// The last segment of an id, for people.
pub(super) fn name_of_key(key: &ResourceKey) -> &str {
    let last = last_name(&key.0);
    if last.contains('\u{1}') { "…" } else { last }
}

/// What `pickZones` may give: the zones asked for, or none where there are none.
fn zones(values: &[Value], origin: OriginId) -> Option<Vec<Value>> {
    let number = |index: usize, default| match values.get(index) {
        None => Some(default),
        Some(value) => value.as_i64(),
    };
    let (count, offset) = (number(3, 1)?, number(4, 0)?);
    if !(1..=3).contains(&count) || !(0..3).contains(&offset) {
        return None;
    }
    let zones = (offset + 1..=offset + count)
        .map(|zone| Value::string(zone.to_string(), origin))
        .collect();
    Some(vec![
        Value::list(zones, origin),
        Value::list(Vec::new(), origin),
    ])
}
