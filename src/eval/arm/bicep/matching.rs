//! Which declaration a resource of a compiled template was compiled from.
//!
//! Where `resources` is an object its member is called as the symbol is. Where it is an array the
//! symbol is lost, and only what cannot be otherwise is said: the compiler writes each declaration
//! that is not `existing` down once, so that the only resource of a type comes from the only
//! declaration of that type, and among several the name may tell.

use std::collections::BTreeMap;

use super::super::deployment::DEPLOYMENTS;
use super::super::expression::{self, Call, Node, NodeKind};
use super::scan::{self, Called, Declaration, Kind};
use crate::syntax::json::Json;

/// The declarations of one source, found by symbol and by type.
#[derive(Debug)]
pub(super) struct Declarations {
    /// In the order they are written.
    pub(super) all: Vec<Declaration>,
    by_symbol: BTreeMap<String, Vec<usize>>,
    /// Resources and modules by their type in lower case.
    by_kind: BTreeMap<String, Vec<usize>>,
}

impl Declarations {
    /// Those of a text.
    pub(super) fn of(text: &str) -> Self {
        let all = scan::declarations(text);
        let mut by_symbol: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut by_kind: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, declared) in all.iter().enumerate() {
            let symbol = declared.symbol.clone();
            by_symbol.entry(symbol).or_default().push(index);
            let kind = match &declared.kind {
                Kind::Resource { kind, .. } => kind.to_ascii_lowercase(),
                Kind::Module(_) => DEPLOYMENTS.to_ascii_lowercase(),
                Kind::Parameter | Kind::Variable => continue,
            };
            by_kind.entry(kind).or_default().push(index);
        }
        Self {
            all,
            by_symbol,
            by_kind,
        }
    }

    /// The first declaration of a symbol of which something holds.
    pub(super) fn called(
        &self,
        symbol: &str,
        holds: impl Fn(&Declaration) -> bool,
    ) -> Option<&Declaration> {
        let named = self.by_symbol.get(symbol)?.iter();
        named
            .filter_map(|index| self.all.get(*index))
            .find(|declared| holds(declared))
    }

    /// The declaration of a symbol, if what it declares is what was compiled.
    pub(super) fn by_symbol(&self, symbol: &str, resource: &Json) -> Option<&Declaration> {
        self.called(symbol, |declared| may_give(declared, resource, false))
    }

    /// The declaration of each resource of an array, where no other one can be meant: its place in
    /// [`Self::all`].
    pub(super) fn by_elimination(&self, resources: &[Json]) -> Vec<Option<usize>> {
        let mut found = vec![None; resources.len()];
        let mut alike: BTreeMap<Shape, Vec<usize>> = BTreeMap::new();
        for (position, resource) in resources.iter().enumerate() {
            let shape = Shape::of(resource);
            alike.entry(shape).or_default().push(position);
        }
        for (shape, positions) in &alike {
            for (position, declared) in self.of_shape(shape, positions, resources) {
                if let Some(found) = found.get_mut(position) {
                    *found = Some(declared);
                }
            }
        }
        for (found, resource) in found.iter_mut().zip(resources) {
            if let Some(symbol) = generated_name(resource) {
                let fits = |index: &&usize| {
                    let declared = self.all.get(**index);
                    declared.is_some_and(|declared| may_give(declared, resource, false))
                };
                let named = self.by_symbol.get(&symbol);
                *found = named.and_then(|named| named.iter().find(fits).copied());
            }
        }
        found
    }

    /// The same for those of one shape: positions and declarations.
    fn of_shape(
        &self,
        shape: &Shape,
        positions: &[usize],
        resources: &[Json],
    ) -> Vec<(usize, usize)> {
        let first = positions.first().and_then(|first| resources.get(*first));
        let (Some(first), Some(of_kind)) = (first, self.by_kind.get(&shape.kind)) else {
            return Vec::new();
        };
        let declaration = |index: &usize| Some((*index, self.all.get(*index)?));
        let candidates: Vec<(usize, &Declaration)> = of_kind
            .iter()
            .filter_map(declaration)
            .filter(|(_, declared)| may_give(declared, first, true))
            .collect();
        // Another number: the two are not of one edition, or something was not understood.
        if candidates.len() != positions.len() {
            return Vec::new();
        }
        if let ([only], [position]) = (candidates.as_slice(), positions) {
            return vec![(*position, only.0)];
        }
        let named = candidates
            .iter()
            .filter_map(|(index, declared)| Some((declared.called.clone()?, *index)));
        let named = once(named);
        let called = positions
            .iter()
            .filter_map(|position| Some((name_of(resources.get(*position)?)?, *position)));
        let called = once(called).into_iter();
        called
            .filter_map(|(name, position)| Some((position?, (*named.get(&name)?)?)))
            .collect()
    }
}

/// What has each name; `None` where several have it.
fn once(named: impl Iterator<Item = (Called, usize)>) -> BTreeMap<Called, Option<usize>> {
    let mut found = BTreeMap::new();
    for (name, index) in named {
        found
            .entry(name)
            .and_modify(|found| *found = None)
            .or_insert(Some(index));
    }
    found
}

/// What resources have in common that could come from the same declarations.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    /// The type in lower case.
    kind: String,
    /// The version in lower case; that of a module is the compiler's choice and tells nothing.
    version: Option<String>,
}

impl Shape {
    fn of(resource: &Json) -> Self {
        let version = || text(resource, "apiVersion").to_ascii_lowercase();
        Self {
            kind: text(resource, "type").to_ascii_lowercase(),
            version: (!is_deployment(resource)).then(version),
        }
    }
}

fn text<'j>(resource: &'j Json, member: &str) -> &'j str {
    let text = resource.get_ignore_case(member).and_then(Json::as_str);
    text.unwrap_or_default()
}

fn is_deployment(resource: &Json) -> bool {
    text(resource, "type").eq_ignore_ascii_case(DEPLOYMENTS)
}

/// Whether a declaration compiles to a resource like this one; `created` leaves out what is only
/// looked up.
fn may_give(declared: &Declaration, resource: &Json, created: bool) -> bool {
    match &declared.kind {
        Kind::Module(_) => is_deployment(resource),
        Kind::Resource {
            kind,
            version,
            existing,
        } => {
            let same = || match version {
                // A module is compiled with the version the compiler chooses.
                Some(version) if created && !is_deployment(resource) => {
                    version.eq_ignore_ascii_case(text(resource, "apiVersion"))
                }
                _ => true,
            };
            kind.eq_ignore_ascii_case(text(resource, "type")) && same() && !(created && *existing)
        }
        Kind::Parameter | Kind::Variable => false,
    }
}

/// The symbol in the name that the compiler gives a module without one:
/// `format('hub-{0}', uniqueString('hub', deployment().name))`, with the whole symbol as the first
/// argument of `uniqueString`. Source: Azure/bicep, pull request 12600.
fn generated_name(resource: &Json) -> Option<String> {
    let name = text(resource, "name");
    if !is_deployment(resource) || !expression::is_expression(name) {
        return None;
    }
    let parsed = expression::parse(name).ok()?;
    let arguments = call(&parsed, "format")?.arguments.as_slice();
    let [seed, scope] = call(arguments.last()?, "uniqueString")?
        .arguments
        .as_slice()
    else {
        return None;
    };
    let NodeKind::Access(scope, _) = &scope.kind else {
        return None;
    };
    call(scope, "deployment")?;
    literal(seed).map(str::to_owned)
}

/// The name of a resource as its source may have written it.
fn name_of(resource: &Json) -> Option<Called> {
    let name = text(resource, "name");
    if !expression::is_expression(name) {
        let literal = expression::unescaped(name).unwrap_or(name);
        return (!literal.is_empty()).then(|| Called::Literal(literal.to_owned()));
    }
    let parsed = expression::parse(name).ok()?;
    if let Some(call) = call(&parsed, "parameters").or_else(|| call(&parsed, "variables")) {
        return Some(Called::Symbol(call.literal_argument()?.to_string()));
    }
    let format = literal(call(&parsed, "format")?.arguments.first()?)?;
    let mut parts = vec![String::new()];
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        parts.last_mut()?.push_str(before);
        if from.starts_with("{{") || from.starts_with("}}") {
            parts.last_mut()?.push_str(from.get(..1)?);
            rest = from.get(2..)?;
        } else {
            rest = from.get(from.find('}')? + 1..)?;
            parts.push(String::new());
        }
    }
    parts.last_mut()?.push_str(rest);
    Some(Called::Interpolated(parts))
}

fn call<'n>(node: &'n Node, name: &str) -> Option<&'n Call> {
    match &node.kind {
        NodeKind::Call(call) if call.name.eq_ignore_ascii_case(name) => Some(call),
        _ => None,
    }
}

fn literal(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::String(text) => Some(text),
        _ => None,
    }
}
