//! What a JSON document is: a template, a parameter file, or none of ours.
//!
//! The content decides, then the name. A document whose schema says one thing and whose content is
//! another is taken for what its content is, and told: Azure goes by the schema and refuses it.

use super::file_name;
use crate::diagnostic::Diagnostic;
use crate::eval::frontend::{Input, Tree};
use crate::syntax::json::{Json, JsonKind, Member};

/// What a JSON document is to this front end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::eval::arm) enum Role {
    Template,
    Parameters,
}

/// What a file is: by its content, then by its name.
pub(in crate::eval::arm) fn role(input: &Input<'_>) -> Option<Role> {
    let json = tree(input)?;
    if let Some(said) = said(json) {
        return Some(said.of(json));
    }
    let has = |name| {
        json.get_ignore_case(name)
            .is_some_and(|json| !json.members().is_empty() || !json.items().is_empty())
    };
    let version = json.get_ignore_case("contentVersion").is_some();
    let silent = schema(json)
        .and_then(Json::as_str)
        .is_none_or(str::is_empty);
    if (silent && version && has("resources")) || is_template(json) {
        return Some(Role::Template);
    }
    let name = file_name(input.file.path()).to_ascii_lowercase();
    let named = name.ends_with(".json") && name.contains(".parameters") && silent;
    (named && gives_values(json)).then_some(Role::Parameters)
}

/// What is wrong with a document whose `$schema` is not that of what it is.
pub(super) fn contradiction(input: &Input<'_>) -> Option<Diagnostic> {
    let json = tree(input)?;
    let role = role(input)?;
    let schema = schema(json)?;
    let message = match (role, said(json)) {
        (Role::Template, Some(said)) if said != Role::Template => {
            "this template has the `$schema` of a parameter file"
        }
        (Role::Parameters, Some(said)) if said != Role::Parameters => {
            "this parameter file has the `$schema` of a template"
        }
        (_, Some(_)) => return None,
        (Role::Template, None) => "this `$schema` is not that of a template",
        (Role::Parameters, None) => "this `$schema` is not that of a parameter file",
    };
    let word = match role {
        Role::Template => "deploymentTemplate",
        Role::Parameters => "deploymentParameters",
    };
    let help = format!(
        "Azure refuses it; write https://schema.management.azure.com/schemas/2019-04-01/{word}.json#"
    );
    Some(Diagnostic::unreadable("arm-schema", schema.span, message).with_help(help))
}

impl Role {
    /// What a document is whose schema says this.
    fn of(self, json: &Json) -> Self {
        match self {
            Self::Parameters if is_template(json) => Self::Template,
            Self::Template if gives_values(json) && !has_more(json) => Self::Parameters,
            said => said,
        }
    }
}

fn tree<'a>(input: &Input<'a>) -> Option<&'a Json> {
    match input.tree {
        Tree::Json(json) => json.as_ref(),
        Tree::Hcl(_) => None,
    }
}

fn schema(json: &Json) -> Option<&Json> {
    json.get_ignore_case("$schema")
}

/// What the schema says.
fn said(json: &Json) -> Option<Role> {
    let schema = schema(json)?.as_str()?.to_ascii_lowercase();
    if schema.contains("deploymentparameters") {
        Some(Role::Parameters)
    } else if schema.contains("deploymenttemplate") {
        Some(Role::Template)
    } else {
        None
    }
}

/// Whether it is a template whatever its schema says: versioned, with resources of Azure's.
fn is_template(json: &Json) -> bool {
    let is_resource = |json: &Json| {
        let kind = json.get_ignore_case("type").and_then(Json::as_str);
        kind.is_some_and(|kind| kind.contains('/') && kind.contains('.'))
    };
    let Some(resources) = json.get_ignore_case("resources") else {
        return false;
    };
    let count = resources.items().len() + resources.members().len();
    count > 0
        && json.get_ignore_case("contentVersion").is_some()
        && resources.items().iter().all(is_resource)
        && resources
            .members()
            .iter()
            .all(|member| is_resource(&member.value))
}

/// Whether each of its parameters is given a value: none is declared.
fn gives_values(json: &Json) -> bool {
    let entries = json
        .get_ignore_case("parameters")
        .map_or(&[][..], Json::members);
    let is_entry = |entry: &Member| {
        let has = |name| entry.value.get_ignore_case(name).is_some();
        (has("value") || has("reference")) && !has("type")
    };
    !entries.is_empty() && entries.iter().all(is_entry)
}

/// Whether it has what only templates have.
fn has_more(json: &Json) -> bool {
    ["resources", "variables", "outputs", "functions"]
        .iter()
        .filter_map(|name| json.get_ignore_case(name))
        .any(|section| section.kind != JsonKind::Null)
}
