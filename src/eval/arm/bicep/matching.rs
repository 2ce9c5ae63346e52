//! Which declaration a resource of a compiled template was compiled from.
//!
//! Where `resources` is an object its member is called as the symbol is. Where it is an array the
//! symbol is lost, and only what cannot be otherwise is said: the compiler writes each declaration
//! that is not `existing` down once, so that the only resource of a type comes from the only
//! declaration of that type, and among several the name may tell.

use super::super::deployment::DEPLOYMENTS;
use super::super::expression::{self, Call, Node, NodeKind};
use super::scan::{Called, Declaration, Kind};
use crate::syntax::json::Json;

/// The declaration of a symbol, if what it declares is what was compiled.
pub(super) fn by_symbol<'d>(
    declarations: &'d [Declaration],
    symbol: &str,
    resource: &Json,
) -> Option<&'d Declaration> {
    declarations
        .iter()
        .find(|declared| declared.symbol == symbol && may_give(declared, resource, false))
}

/// The declaration of the resource at a position of an array, where no other one can be meant.
pub(super) fn by_elimination<'d>(
    declarations: &'d [Declaration],
    resources: &[Json],
    position: usize,
) -> Option<&'d Declaration> {
    let resource = resources.get(position)?;
    if let Some(symbol) = generated_name(resource) {
        return by_symbol(declarations, &symbol, resource);
    }
    let candidates: Vec<&Declaration> = declarations
        .iter()
        .filter(|declared| may_give(declared, resource, true))
        .collect();
    let alike: Vec<&Json> = resources
        .iter()
        .filter(|other| is_alike(other, resource))
        .collect();
    // Another number: the two are not of one edition, or something was not understood.
    if candidates.len() != alike.len() {
        return None;
    }
    if let [only] = candidates.as_slice() {
        return Some(only);
    }
    let name = name_of(resource)?;
    let mut named = candidates
        .into_iter()
        .filter(|declared| declared.called.as_ref().is_some_and(|it| *it == name));
    let found = named.next()?;
    let twins = alike
        .into_iter()
        .filter(|other| name_of(other).is_some_and(|other| other == name));
    (named.next().is_none() && twins.count() == 1).then_some(found)
}

fn text<'j>(resource: &'j Json, member: &str) -> &'j str {
    let text = resource.get_ignore_case(member).and_then(Json::as_str);
    text.unwrap_or_default()
}

fn is_deployment(resource: &Json) -> bool {
    text(resource, "type").eq_ignore_ascii_case(DEPLOYMENTS)
}

/// Whether two resources could come from the same declarations.
fn is_alike(other: &Json, resource: &Json) -> bool {
    let version = || {
        is_deployment(resource)
            || text(other, "apiVersion").eq_ignore_ascii_case(text(resource, "apiVersion"))
    };
    text(other, "type").eq_ignore_ascii_case(text(resource, "type")) && version()
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
