//! The configuration that a plan or state was made of, where it lies in the files beside it.
//!
//! A plan tells values, the configuration where they were typed. Evaluated with the plan's
//! variables it gives each resource its place, each value the literal it came from, and what the
//! plan does not carry: what goes through locals, and what `dynamic` blocks refer to.
//!
//! What is absent: choosing between several configurations; whoever knows all of them does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::address::{Segment, segments};
use super::document::{Document, DocumentKind};
use crate::eval::frontend::{Frontend as _, Target, Tree, Unit};
use crate::eval::terraform::Terraform;
use crate::eval::{Deployment, Loader};
use crate::source::FileId;
use crate::syntax::hcl::{Attribute, Block, Body, ExprKind};
use crate::syntax::json::{Json, JsonKind};

/// How well a configuration goes with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// It declares other things.
    None,
    /// It declares much of what the document holds: another edition of the same, or the
    /// configuration of a state.
    Similar,
    /// It declares exactly what the document says was declared, and its variables have other
    /// values.
    OtherValues,
    /// It declares the same, with the same values.
    Same,
}

/// How well the root module of a unit goes with a document.
pub(super) fn fit(document: &Document<'_>, unit: &Unit, loader: &dyn Loader) -> Fit {
    let declared = declared_in(unit, loader);
    let (wanted, exact) = match root_of(document.json) {
        Some(root) => (declared_by(root), true),
        None => (recorded(document), false),
    };
    let shared = wanted.intersection(&declared).count();
    if exact && !wanted.is_empty() && wanted == declared {
        return if has_other_values(document.json, unit, loader) {
            Fit::OtherValues
        } else {
            Fit::Same
        };
    }
    if shared > 0 && shared * 2 >= wanted.len() {
        Fit::Similar
    } else {
        Fit::None
    }
}

/// Evaluates the configuration that was laid beside a document, with the values of the document.
pub(super) fn evaluate(
    document: &Document<'_>,
    unit: &Unit,
    loader: &dyn Loader,
) -> Option<Deployment> {
    let is_values = |id: &&FileId| {
        let path = loader.path(**id);
        path.ends_with(".tfvars") || path.ends_with(".tfvars.json")
    };
    let (values, sources): (Vec<&FileId>, Vec<&FileId>) = unit.values.iter().partition(is_values);
    let path = loader.path(**sources.first()?);
    let mut configuration = Unit {
        name: Arc::clone(&unit.name),
        directory: path
            .rsplit_once('/')
            .map_or("", |(directory, _)| directory)
            .into(),
        sources: sources.into_iter().copied().collect(),
        values: values.into_iter().copied().collect(),
        shared_values: false,
        given: Vec::new(),
        environment: None,
        callable: false,
        target: Target::default(),
    };
    configuration.given = given(document.json, &configuration, loader);
    Some(Terraform.evaluate(&configuration, loader))
}

/// What is declared: resources and data sources by address, and module calls.
type Declared = BTreeSet<String>;

fn declared_in(unit: &Unit, loader: &dyn Loader) -> Declared {
    let blocks = bodies(&unit.sources, loader).flat_map(|body| &body.blocks);
    blocks
        .filter_map(|block| {
            let label = |index: usize| block.label(index).map(|label| &**label);
            Some(match (&*block.kind, label(0)?, label(1)) {
                ("resource", kind, Some(name)) => format!("{kind}.{name}"),
                ("data", kind, Some(name)) => format!("data.{kind}.{name}"),
                ("module", name, None) => format!("module.{name}"),
                _ => return None,
            })
        })
        .collect()
}

fn declared_by(root: &Json) -> Declared {
    let resources = root.get("resources").map_or(&[][..], Json::items);
    let addresses = resources
        .iter()
        .filter_map(|resource| resource.get("address")?.as_str().map(str::to_owned));
    let calls = root.get("module_calls").map_or(&[][..], Json::members);
    let calls = calls.iter().map(|call| format!("module.{}", call.name));
    addresses.chain(calls).collect()
}

/// The resources and modules that a state records in its root.
fn recorded(document: &Document<'_>) -> Declared {
    let json = document.json;
    let mut found = Declared::new();
    let mut add = |address: &str| {
        found.extend(match segments(address).as_slice() {
            [Segment::Name("module"), Segment::Name(name), ..] => Some(format!("module.{name}")),
            [
                Segment::Name("data"),
                Segment::Name(kind),
                Segment::Name(name),
                ..,
            ] => Some(format!("data.{kind}.{name}")),
            [Segment::Name(kind), Segment::Name(name), ..] => Some(format!("{kind}.{name}")),
            _ => None,
        });
    };
    match document.kind {
        DocumentKind::StateFile => {
            for resource in json.get("resources").map_or(&[][..], Json::items) {
                let text = |name: &str| resource.get(name).and_then(Json::as_str).unwrap_or("");
                match text("module") {
                    "" if text("mode") == "data" => {
                        add(&format!("data.{}.{}", text("type"), text("name")));
                    }
                    "" => add(&format!("{}.{}", text("type"), text("name"))),
                    module => add(module),
                }
            }
        }
        _ => {
            let values = json.get("planned_values").or_else(|| json.get("values"));
            let root = values.and_then(|values| values.get("root_module"));
            for list in ["resources", "child_modules"] {
                let items = root.and_then(|root| root.get(list));
                for item in items.map_or(&[][..], Json::items) {
                    add(item.get("address").and_then(Json::as_str).unwrap_or(""));
                }
            }
        }
    }
    found
}

fn root_of(json: &Json) -> Option<&Json> {
    json.get("configuration")?.get("root_module")
}

fn bodies<'a>(files: &'a [FileId], loader: &'a dyn Loader) -> impl Iterator<Item = &'a Body> {
    files.iter().filter_map(|id| match loader.tree(*id) {
        Some(Tree::Hcl(body)) => Some(body),
        _ => None,
    })
}

/// The value of a variable in a plan.
fn variable<'j>(json: &'j Json, name: &str) -> Option<&'j Json> {
    json.get("variables")?.get(name)?.get("value")
}

/// Whether a variables file says something else than the plan was made with.
fn has_other_values(json: &Json, unit: &Unit, loader: &dyn Loader) -> bool {
    bodies(&unit.values, loader)
        .flat_map(|body| &body.attributes)
        .any(|attribute| {
            variable(json, &attribute.name).is_some_and(|planned| differs(attribute, planned))
        })
}

/// Whether a literal is certainly not what was planned.
fn differs(attribute: &Attribute, planned: &Json) -> bool {
    let typed = match &attribute.value.kind {
        ExprKind::String(text) => text.to_string(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Number(number) => number.as_f64().to_string(),
        ExprKind::List(items) => {
            let is_list = matches!(planned.kind, JsonKind::Array(_));
            return is_list && items.len() < planned.items().len();
        }
        _ => return false,
    };
    scalar(planned).is_some_and(|planned| planned != typed)
}

fn scalar(json: &Json) -> Option<String> {
    match &json.kind {
        JsonKind::String(text) => Some(text.to_string()),
        JsonKind::Bool(value) => Some(value.to_string()),
        JsonKind::Number(number) => Some(number.as_f64().to_string()),
        JsonKind::Null | JsonKind::Array(_) | JsonKind::Object(_) => None,
    }
}

/// The values of variables that no file and no default gives, as the command line takes them.
fn given(json: &Json, unit: &Unit, loader: &dyn Loader) -> Vec<(Arc<str>, Arc<str>)> {
    let in_files: BTreeSet<&str> = bodies(&unit.values, loader)
        .flat_map(|body| &body.attributes)
        .map(|attribute| &*attribute.name)
        .collect();
    let declared: BTreeMap<&str, &Block> = bodies(&unit.sources, loader)
        .flat_map(|body| body.blocks_of("variable"))
        .filter_map(|block| Some((&**block.label(0)?, block)))
        .collect();
    let defaults = root_of(json).and_then(|root| root.get("variables"));
    let values = json.get("variables").map_or(&[][..], Json::members);
    values
        .iter()
        .filter_map(|member| {
            let block = declared.get(&*member.name)?;
            let value = member.value.get("value")?;
            let default = defaults
                .and_then(|all| all.get(&member.name))
                .and_then(|variable| variable.get("default"));
            let is_default = default.is_some_and(|default| same(default, value));
            if is_default || in_files.contains(&*member.name) {
                return None;
            }
            let text = as_argument(value, block)?;
            Some((Arc::clone(&member.name), text))
        })
        .collect()
}

/// Whether two values are equal, wherever they stand.
pub(super) fn same(one: &Json, two: &Json) -> bool {
    match (&one.kind, &two.kind) {
        (JsonKind::Array(one), JsonKind::Array(two)) => {
            one.len() == two.len() && one.iter().zip(two).all(|(one, two)| same(one, two))
        }
        (JsonKind::Object(one), JsonKind::Object(_)) => {
            one.len() == two.members().len()
                && one.iter().all(|member| {
                    two.get(&member.name)
                        .is_some_and(|other| same(&member.value, other))
                })
        }
        (one, two) => one == two,
    }
}

/// A value as `-var` takes it for a variable: text as it is where the type is primitive or not
/// written, else an expression. What cannot be given so is left out.
fn as_argument(value: &Json, block: &Block) -> Option<Arc<str>> {
    let kind = block.body.attribute("type").map(|kind| &kind.value.kind);
    let primitive = match kind {
        None => true,
        Some(ExprKind::Variable(name)) => matches!(&**name, "string" | "number" | "bool"),
        Some(_) => false,
    };
    if primitive {
        return match &value.kind {
            JsonKind::Number(number) => Some(match number.as_i64() {
                Some(whole) => whole.to_string().into(),
                None => number.as_f64().to_string().into(),
            }),
            _ => scalar(value).map(Into::into),
        };
    }
    let mut text = String::new();
    expression(value, &mut text);
    Some(text.into())
}

/// Writes a value as an expression.
fn expression(json: &Json, into: &mut String) {
    match &json.kind {
        JsonKind::Null => into.push_str("null"),
        JsonKind::Bool(value) => into.push_str(if *value { "true" } else { "false" }),
        JsonKind::Number(number) => match number.as_i64() {
            Some(whole) => into.push_str(&whole.to_string()),
            None => into.push_str(&number.as_f64().to_string()),
        },
        JsonKind::String(text) => quoted(text, into),
        JsonKind::Array(items) => {
            into.push('[');
            for item in items {
                expression(item, into);
                into.push(',');
            }
            into.push(']');
        }
        JsonKind::Object(members) => {
            into.push('{');
            for member in members {
                quoted(&member.name, into);
                into.push('=');
                expression(&member.value, into);
                into.push(',');
            }
            into.push('}');
        }
    }
}

fn quoted(text: &str, into: &mut String) {
    into.push('"');
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => into.push_str("\\\""),
            '\\' => into.push_str("\\\\"),
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            '\t' => into.push_str("\\t"),
            '$' | '%' if characters.peek() == Some(&'{') => {
                into.push(character);
                into.push(character);
            }
            _ => into.push(character),
        }
    }
    into.push('"');
}
