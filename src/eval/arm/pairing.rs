//! Which parameter file goes with which template.
//!
//! What `aznet.yaml` describes wins; else names and directories decide ([`conventions`]). A guess
//! is never made: where names do not tell, the file stays unused and a note says how to pair it.

mod conventions;
mod notes;
mod role;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) use role::role;
use role::{Role, contradiction};

use crate::eval::frontend::{Declared, GroupOptions, Grouping, Input, Target, Tree, Unit};
use crate::source::FileId;
use crate::syntax::json::Json;

/// Puts templates and parameter files together.
pub(super) fn pair(inputs: &[Input<'_>], options: &GroupOptions) -> Grouping {
    let described: BTreeSet<FileId> = options
        .declared
        .iter()
        .flat_map(|declared| declared.parameters.iter().flatten().copied())
        .collect();
    let mut files = Files::default();
    let mut loose = Vec::new();
    let mut told = Vec::new();
    for input in inputs {
        if options.parameter_files.contains(&input.id) || described.contains(&input.id) {
            continue;
        }
        told.extend(contradiction(input));
        match role(input) {
            Some(Role::Template) => {
                let directory = directory_of(input.file.path());
                files.templates.entry(directory).or_default().push(input);
            }
            Some(Role::Parameters) => loose.push(input),
            None => {}
        }
    }
    let mut grouping = Grouping::default();
    let mut values: BTreeMap<FileId, Vec<&Input<'_>>> = BTreeMap::new();
    let mut unpaired = Vec::new();
    if options.parameter_files.is_empty() {
        for parameters in loose {
            match files.template_of(parameters) {
                Some(template) => values.entry(template.id).or_default().push(parameters),
                None => unpaired.push(parameters),
            }
        }
        grouping.diagnostics = notes::unpaired(&files, &unpaired);
        grouping.unused = unpaired.iter().map(|input| input.id).collect();
    } else {
        grouping.unused = loose.iter().map(|input| input.id).collect();
    }
    // Files of the command line are for every template.
    let shared =
        !options.parameter_files.is_empty() && files.templates.values().flatten().count() > 1;
    if shared {
        let given = inputs
            .iter()
            .filter(|input| options.parameter_files.contains(&input.id));
        let unknown = notes::declared_by_none(given, &files);
        grouping.diagnostics.extend(unknown);
    }
    for template in files.templates.values().flatten() {
        let found = values.remove(&template.id).unwrap_or_default();
        let replaced = deployments(template, &found, options, shared, &mut grouping);
        if replaced {
            grouping.unused.extend(found.iter().map(|input| input.id));
        }
    }
    let unknown = notes::declared_nowhere(&options.parameters, &files);
    grouping.diagnostics.extend(unknown);
    grouping.diagnostics.append(&mut told);
    grouping.units.sort_by(|a, b| a.name.cmp(&b.name));
    grouping.unused.sort_unstable();
    grouping
}

/// The deployments of one template; tells whether those described replace those found.
fn deployments(
    template: &Input<'_>,
    found: &[&Input<'_>],
    options: &GroupOptions,
    shared: bool,
    grouping: &mut Grouping,
) -> bool {
    let by_convention = if options.parameter_files.is_empty() {
        variants(template, found)
    } else {
        vec![Variant {
            values: options.parameter_files.clone(),
            ..Variant::default()
        }]
    };
    let described: Vec<&Declared> = options
        .declared
        .iter()
        .filter(|declared| declared.templates.contains(&template.id))
        .collect();
    let mut made: Vec<(Variant, Target)> = Vec::new();
    let mut replaced = !described.is_empty();
    for declared in &described {
        let given = declared.parameters.as_ref();
        let given = given.filter(|_| options.parameter_files.is_empty());
        if let Some(values) = given {
            let variant = Variant {
                environment: declared.name.clone(),
                label: declared.name.clone(),
                values: values.clone(),
            };
            made.push((variant, declared.target.clone()));
            continue;
        }
        replaced = false;
        for variant in &by_convention {
            let mut variant = variant.clone();
            if let Some(name) = &declared.name {
                let name = match &variant.environment {
                    Some(environment) => format!("{name}, {environment}").into(),
                    None => Arc::clone(name),
                };
                variant.environment = Some(Arc::clone(&name));
                variant.label = Some(name);
            }
            made.push((variant, declared.target.clone()));
        }
    }
    if described.is_empty() {
        let plain = by_convention.into_iter();
        made.extend(plain.map(|variant| (variant, Target::default())));
    }
    tell_apart(&mut made, &described, grouping);
    let path = template.file.path();
    for (variant, target) in made {
        grouping.units.push(Unit {
            name: match &variant.label {
                Some(label) => format!("{path} ({label})").into(),
                None => Arc::clone(path),
            },
            directory: directory_of(path).into(),
            sources: vec![template.id],
            values: variant.values,
            shared_values: shared,
            given: options.parameters.clone(),
            callable: described.is_empty() && found.is_empty(),
            environment: variant.environment,
            target,
        });
    }
    replaced
}

/// One of several deployments of a template.
#[derive(Clone, Default)]
struct Variant {
    environment: Option<Arc<str>>,
    /// What stands in parentheses behind the template's path.
    label: Option<Arc<str>>,
    values: Vec<FileId>,
}

/// One deployment for each parameter file found, or one without.
fn variants(template: &Input<'_>, found: &[&Input<'_>]) -> Vec<Variant> {
    let path = template.file.path();
    let from_here = |parameters: &Input<'_>| {
        let path = parameters.file.path();
        let directory = directory_of(template.file.path());
        let rest = path.strip_prefix(directory).unwrap_or(path);
        rest.trim_start_matches('/').to_owned()
    };
    match found {
        [] => vec![Variant::default()],
        [only] => vec![Variant {
            values: vec![only.id],
            ..Variant::default()
        }],
        several => {
            let environments: Vec<String> = several
                .iter()
                .map(|one| {
                    let from_here = from_here(one);
                    let named = conventions::environment(&from_here, file_name(path));
                    named.unwrap_or(from_here)
                })
                .collect();
            let unique = |environment: &String| {
                let same = environments.iter().filter(|other| *other == environment);
                same.count() == 1
            };
            let named = several.iter().zip(&environments);
            named
                .map(|(one, environment)| {
                    let from_here = from_here(one);
                    let environment = match unique(environment) {
                        true => environment.as_str(),
                        false => &from_here,
                    };
                    Variant {
                        environment: Some(environment.into()),
                        label: Some(from_here.as_str().into()),
                        values: vec![one.id],
                    }
                })
                .collect()
        }
    }
}

/// Gives every deployment of a template a name of its own.
fn tell_apart(made: &mut [(Variant, Target)], described: &[&Declared], grouping: &mut Grouping) {
    if made.len() < 2 {
        return;
    }
    let mut seen: BTreeMap<Option<Arc<str>>, usize> = BTreeMap::new();
    for (variant, _) in made {
        let count = seen.entry(variant.label.clone()).or_default();
        *count += 1;
        if *count == 1 {
            continue;
        }
        if let Some(label) = &variant.label {
            let mut of_name = described
                .iter()
                .filter(|declared| declared.name.as_ref() == Some(label));
            if let Some(again) = of_name.nth(*count - 1) {
                grouping.diagnostics.push(notes::same_name(again, label));
            }
        }
        let numbered: Arc<str> = match &variant.label {
            Some(label) => format!("{label} {count}").into(),
            None => count.to_string().into(),
        };
        variant.environment = Some(Arc::clone(&numbered));
        variant.label = Some(numbered);
    }
}

/// The templates by directory, each directory's sorted by path.
#[derive(Default)]
struct Files<'i, 'f> {
    templates: BTreeMap<&'i str, Vec<&'i Input<'f>>>,
}

impl<'i, 'f> Files<'i, 'f> {
    fn templates_in(&self, directory: &str) -> &[&'i Input<'f>] {
        self.templates.get(directory).map_or(&[], Vec::as_slice)
    }

    /// The template a parameter file belongs to, if names leave no doubt.
    fn template_of(&self, parameters: &Input<'_>) -> Option<&'i Input<'f>> {
        let path = parameters.file.path();
        let directory = directory_of(path);
        let here = self.templates_in(directory);
        if let Some(named) = named(parameters, here) {
            return Some(named);
        }
        if file_name(path).eq_ignore_ascii_case("parameters.json") {
            let mut exported = here.iter().filter(|template| {
                file_name(template.file.path()).eq_ignore_ascii_case("template.json")
            });
            if let Some(exported) = exported.next() {
                return Some(exported);
            }
        }
        if !here.is_empty() {
            return only_fitting(parameters, here);
        }
        self.template_above(parameters, directory)
    }

    /// The template above a directory that holds parameter files, or beside it.
    fn template_above(&self, parameters: &Input<'_>, directory: &str) -> Option<&'i Input<'f>> {
        let mut below = directory;
        for _ in 0..MAX_HOLDERS {
            if below.is_empty() || !conventions::is_holder(file_name(below)) {
                return None;
            }
            let above = directory_of(below);
            let templates = self.templates_in(above);
            if templates.is_empty() {
                let beside = self.beside(below);
                let fitting = beside.into_iter().filter(|one| fits(parameters, one));
                let fitting: Vec<_> = fitting.collect();
                if let Some(named) = named(parameters, &fitting) {
                    let same = |one: &&&Input<'_>| {
                        file_name(one.file.path()) == file_name(named.file.path())
                    };
                    // Two templates of one name in two directories: names do not tell.
                    return (fitting.iter().filter(same).count() == 1).then_some(named);
                }
                below = above;
                continue;
            }
            let fitting = templates.iter().filter(|one| fits(parameters, one));
            let fitting: Vec<_> = fitting.copied().collect();
            return named(parameters, &fitting).or_else(|| only_fitting(parameters, templates));
        }
        None
    }

    /// The templates in the directories beside one.
    fn beside(&self, directory: &str) -> Vec<&'i Input<'f>> {
        let above = directory_of(directory);
        let beside = self
            .templates
            .range(above..)
            .take_while(|(path, _)| path.starts_with(above))
            .filter(|(path, _)| directory_of(path) == above && **path != directory);
        let templates = beside.flat_map(|(_, templates)| templates.iter().copied());
        templates.collect()
    }
}

/// How many directories deep parameter files may lie below their template.
const MAX_HOLDERS: usize = 3;

/// The template a parameter file is named after; of several the one with the longest name.
fn named<'i, 'f>(parameters: &Input<'_>, templates: &[&'i Input<'f>]) -> Option<&'i Input<'f>> {
    let name = file_name(parameters.file.path());
    let named = templates.iter().filter_map(|template| {
        let length = conventions::named_after(name, file_name(template.file.path()))?;
        Some((length, *template))
    });
    named
        .max_by_key(|(length, _)| *length)
        .map(|(_, template)| template)
}

/// The only template of a directory, if the file fits it.
fn only_fitting<'i, 'f>(
    parameters: &Input<'_>,
    templates: &[&'i Input<'f>],
) -> Option<&'i Input<'f>> {
    match templates {
        [template] if fits(parameters, template) => Some(template),
        _ => None,
    }
}

/// Whether a template takes every parameter of a file, and the file gives every one it needs.
fn fits(parameters: &Input<'_>, template: &Input<'_>) -> bool {
    let given = given(parameters);
    let Some(declared) = section(template) else {
        return false;
    };
    let optional = |json: &Json| {
        json.get_ignore_case("defaultValue").is_some()
            || json.get_ignore_case("nullable").is_some()
            || json.get_ignore_case("$ref").is_some()
    };
    let complete = declared
        .members()
        .iter()
        .all(|member| given.contains(&member.name.to_ascii_lowercase()) || optional(&member.value));
    complete && !given.is_empty() && undeclared(parameters, template).is_empty()
}

/// The parameters of a file that a template does not declare, as written.
fn undeclared(parameters: &Input<'_>, template: &Input<'_>) -> Vec<Arc<str>> {
    let declared = section(template);
    let given = section(parameters).map_or(&[][..], Json::members).iter();
    given
        .filter(|member| {
            declared.is_none_or(|declared| declared.get_ignore_case(&member.name).is_none())
        })
        .map(|member| Arc::clone(&member.name))
        .collect()
}

/// The names a parameter file gives, in lower case.
fn given(parameters: &Input<'_>) -> BTreeSet<String> {
    let members = section(parameters).map_or(&[][..], Json::members).iter();
    members
        .map(|member| member.name.to_ascii_lowercase())
        .collect()
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
