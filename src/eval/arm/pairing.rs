//! Which parameter file goes with which template.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};
use crate::eval::frontend::{GroupOptions, Grouping, Input, Target, Tree, Unit};
use crate::source::{FileId, Span};
use crate::syntax::json::Json;

/// What a JSON document is to this front end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Template,
    Parameters,
}

/// What a file is: by its content, then by its name.
pub(super) fn role(input: &Input<'_>) -> Option<Role> {
    let Tree::Json(Some(json)) = input.tree else {
        return None;
    };
    let schema = json.get_ignore_case("$schema").and_then(Json::as_str);
    let schema = schema.unwrap_or_default().to_ascii_lowercase();
    if schema.contains("deploymentparameters") {
        return Some(Role::Parameters);
    }
    if schema.contains("deploymenttemplate") {
        return Some(Role::Template);
    }
    let has = |name| {
        json.get_ignore_case(name)
            .is_some_and(|json| !json.members().is_empty() || !json.items().is_empty())
    };
    if schema.is_empty() && has("resources") && json.get_ignore_case("contentVersion").is_some() {
        return Some(Role::Template);
    }
    let name = file_name(input.file.path()).to_ascii_lowercase();
    let named = name.ends_with(".json") && name.contains(".parameters") && schema.is_empty();
    let entries = json
        .get_ignore_case("parameters")
        .map_or(&[][..], Json::members);
    let is_entry = |json: &Json| {
        json.get_ignore_case("value").is_some() || json.get_ignore_case("reference").is_some()
    };
    let shaped = !entries.is_empty() && entries.iter().all(|entry| is_entry(&entry.value));
    (named && shaped).then_some(Role::Parameters)
}

/// Puts templates and parameter files together.
pub(super) fn pair(inputs: &[Input<'_>], options: &GroupOptions) -> Grouping {
    let mut directories: BTreeMap<&str, Directory<'_, '_>> = BTreeMap::new();
    for input in inputs {
        let directory = directories
            .entry(directory_of(input.file.path()))
            .or_default();
        if options.parameter_files.contains(&input.id) {
            continue;
        }
        match role(input) {
            Some(Role::Template) => directory.templates.push(input),
            Some(Role::Parameters) => directory.parameters.push(input),
            None => {}
        }
    }
    let mut grouping = Grouping::default();
    for (path, directory) in &mut directories {
        let declared = directory.declared(path, options, &mut grouping);
        directory
            .templates
            .retain(|input| !declared.contains(&input.id));
        if options.parameter_files.is_empty() {
            directory.pair(path, &mut grouping);
        } else {
            for template in &directory.templates {
                let values = options.parameter_files.clone();
                grouping.units.push(unit(path, template, None, values));
            }
            grouping
                .unused
                .extend(directory.parameters.iter().map(|input| input.id));
        }
    }
    grouping.units.sort_by(|a, b| a.name.cmp(&b.name));
    grouping.unused.sort_unstable();
    grouping
}

/// The files of one directory.
#[derive(Default)]
struct Directory<'i, 'f> {
    templates: Vec<&'i Input<'f>>,
    parameters: Vec<&'i Input<'f>>,
}

impl Directory<'_, '_> {
    /// The deployments of templates that somebody describes; tells which templates those are.
    fn declared(
        &mut self,
        path: &str,
        options: &GroupOptions,
        grouping: &mut Grouping,
    ) -> BTreeSet<FileId> {
        let mut found = BTreeSet::new();
        for template in &self.templates {
            for declared in &options.declared {
                let Some(values) = &declared.parameters else {
                    continue;
                };
                if !declared.templates.contains(&template.id) {
                    continue;
                }
                found.insert(template.id);
                let mut unit = unit(path, template, declared.name.as_deref(), values.clone());
                unit.environment = declared.name.clone();
                unit.target = declared.target.clone();
                grouping.units.push(unit);
            }
        }
        found
    }

    fn pair(&self, path: &str, grouping: &mut Grouping) {
        let mut values: BTreeMap<FileId, Vec<&Input<'_>>> = BTreeMap::new();
        let mut loose = Vec::new();
        for parameters in &self.parameters {
            let name = file_name(parameters.file.path());
            let named = self
                .templates
                .iter()
                .filter(|template| belongs(name, file_name(template.file.path())))
                .max_by_key(|template| template.file.path().len());
            match named {
                Some(template) => values.entry(template.id).or_default().push(parameters),
                None => loose.push(*parameters),
            }
        }
        if let [template] = self.templates.as_slice() {
            for parameters in loose {
                if fits(parameters, template) {
                    values.entry(template.id).or_default().push(parameters);
                } else {
                    grouping.unused.push(parameters.id);
                }
            }
        } else {
            grouping.unused.extend(loose.iter().map(|input| input.id));
            if let (false, Some(first)) = (self.templates.is_empty(), loose.first()) {
                grouping.diagnostics.push(ambiguous(first, loose.len()));
            }
        }
        for template in &self.templates {
            match values.get(&template.id).map(Vec::as_slice) {
                None => grouping.units.push(unit(path, template, None, Vec::new())),
                Some([only]) => {
                    grouping
                        .units
                        .push(unit(path, template, None, vec![only.id]));
                }
                Some(several) => {
                    for one in several {
                        let name = file_name(one.file.path());
                        grouping
                            .units
                            .push(unit(path, template, Some(name), vec![one.id]));
                    }
                }
            }
        }
    }
}

fn unit(path: &str, template: &Input<'_>, values_name: Option<&str>, values: Vec<FileId>) -> Unit {
    let name: Arc<str> = match values_name {
        Some(values_name) => format!("{} ({values_name})", template.file.path()).into(),
        None => Arc::clone(template.file.path()),
    };
    Unit {
        name,
        directory: path.into(),
        sources: vec![template.id],
        values,
        environment: None,
        target: Target::default(),
    }
}

fn ambiguous(first: &Input<'_>, count: usize) -> Diagnostic {
    let span = match first.tree {
        Tree::Json(Some(json)) => Span::new(first.id, json.span.start, json.span.start + 1),
        _ => Span::new(first.id, 0, 0),
    };
    let files = match count {
        1 => "this parameter file belongs".to_owned(),
        _ => format!("{count} parameter files of this directory, among them this one, belong"),
    };
    let message = format!(
        "nothing tells to which of the templates beside it {files}: all are judged by their defaults"
    );
    Diagnostic {
        severity: Severity::Note,
        ..Diagnostic::advice("unpaired-parameters", span, message)
    }
    .with_help("name it after its template, such as main.parameters.json for main.json")
}

/// Whether the name of a parameter file continues that of a template: `x.parameters.json`,
/// `x.parameters.prod.json`, `x.prod.parameters.json`, `x-parameters.json` go with `x.json`.
fn belongs(parameters: &str, template: &str) -> bool {
    let parameters = parameters.to_ascii_lowercase();
    let template = template.to_ascii_lowercase();
    let stem = template.strip_suffix(".json").unwrap_or(&template);
    let Some(rest) = parameters.strip_prefix(stem) else {
        return false;
    };
    rest.starts_with(['.', '-', '_']) && rest.contains("param")
}

/// Whether a template takes every parameter of a file, and the file gives every one it needs.
fn fits(parameters: &Input<'_>, template: &Input<'_>) -> bool {
    let (Some(given), Some(declared)) = (section(parameters), section(template)) else {
        return false;
    };
    let names: BTreeSet<String> = given
        .members()
        .iter()
        .map(|member| member.name.to_ascii_lowercase())
        .collect();
    let takes = names
        .iter()
        .all(|name| declared.get_ignore_case(name).is_some());
    let optional = |json: &Json| {
        json.get_ignore_case("defaultValue").is_some()
            || json.get_ignore_case("nullable").is_some()
            || json.get_ignore_case("$ref").is_some()
    };
    let complete = declared
        .members()
        .iter()
        .all(|member| names.contains(&member.name.to_ascii_lowercase()) || optional(&member.value));
    takes && complete && !names.is_empty()
}

fn section<'a>(input: &Input<'a>) -> Option<&'a Json> {
    match input.tree {
        Tree::Json(Some(json)) => json.get_ignore_case("parameters"),
        _ => None,
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}
