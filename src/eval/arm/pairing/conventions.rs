//! How people name parameter files, and what tells one environment from another.
//!
//! Microsoft documents `azuredeploy.parameters.json`, `azuredeploy.parameters-prod.json`
//! (templates/parameter-files), `template.json` beside `parameters.json` (what the portal exports)
//! and `main.prod.json` (what `az bicep build-params` makes of `main.prod.bicepparam`). Directories
//! called `parameters` or after an environment are what repositories have.

/// Directories that hold the parameter files of the templates above them.
const HOLDERS: [&str; 14] = [
    "config",
    "configs",
    "configuration",
    "env",
    "environment",
    "environments",
    "envs",
    "parameter",
    "parameter-files",
    "parameterfiles",
    "parameters",
    "param",
    "params",
    "vars",
];

/// Words for environments.
const ENVIRONMENTS: [&str; 37] = [
    "acc",
    "acceptance",
    "canary",
    "ci",
    "demo",
    "dev",
    "development",
    "dr",
    "hml",
    "int",
    "integration",
    "lab",
    "live",
    "nonprod",
    "nonproduction",
    "np",
    "poc",
    "ppe",
    "prd",
    "pre",
    "preprod",
    "preproduction",
    "prod",
    "production",
    "qa",
    "sandbox",
    "sbx",
    "sit",
    "stage",
    "staging",
    "stg",
    "systest",
    "test",
    "testing",
    "tst",
    "uat",
    "validation",
];

const PARAMETER_WORDS: [&str; 4] = ["parameters", "parameter", "params", "param"];

const SEPARATORS: [char; 3] = ['.', '-', '_'];

/// How much of the name of a parameter file is the name of a template, in bytes; `None` if it is
/// not named after it. `x.parameters.json`, `x.parameters-prod.json`, `x.prod.parameters.json`,
/// `x-parameters.json`, `x.prod.json` and `prod.x.parameters.json` go with `x.json`.
pub(super) fn named_after(parameters: &str, template: &str) -> Option<usize> {
    let parameters = stem(parameters).to_ascii_lowercase();
    let template = stem(template).to_ascii_lowercase();
    if template.is_empty() {
        return None;
    }
    let continues = |rest: &str| rest.starts_with(SEPARATORS);
    let found = parameters
        .strip_prefix(&*template)
        .is_some_and(|rest| continues(rest) && rest.len() > 1);
    // With something in front the word must follow at once: `test-main.json` is of no `main.json`.
    let behind = |separator: char| {
        let wanted = format!("{separator}{template}");
        let (_, rest) = parameters.split_once(&wanted)?;
        (continues(rest) && starts_with_word(&rest[1..])).then_some(())
    };
    (found || SEPARATORS.into_iter().any(|one| behind(one).is_some())).then_some(template.len())
}

/// Whether a directory holds parameter files: called so, or after an environment.
pub(super) fn is_holder(directory: &str) -> bool {
    let name = directory.to_ascii_lowercase();
    HOLDERS.contains(&&*name) || name.split(SEPARATORS).any(is_environment_word)
}

/// What a parameter file says of its environment: its name without the template's and without the
/// word for parameters, else the directory it lies in. `path` is from the template's directory.
pub(super) fn environment(path: &str, template: &str) -> Option<String> {
    let (directories, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = stem(name);
    let template = self::stem(template);
    let rest = match find_ignore_case(stem, template) {
        Some(at) if named_after(name, template).is_some() => {
            let (before, after) = stem.split_at(at);
            format!("{before}.{}", after.get(template.len()..).unwrap_or(""))
        }
        _ => stem.to_owned(),
    };
    let parts = rest.split('.').map(without_word);
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    if !parts.is_empty() {
        return Some(parts.join("."));
    }
    let mut directories = directories.rsplit('/').filter(|name| !name.is_empty());
    directories
        .find(|name| {
            !HOLDERS
                .iter()
                .any(|holder| name.eq_ignore_ascii_case(holder))
        })
        .map(str::to_owned)
}

fn without_word(part: &str) -> &str {
    let part = part.trim_matches(SEPARATORS);
    for word in PARAMETER_WORDS {
        let at = |range: std::ops::Range<usize>| part.get(range);
        let length = part.len();
        if at(0..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)) {
            let rest = part.get(word.len()..).unwrap_or("");
            if rest.is_empty() || rest.starts_with(SEPARATORS) {
                return rest.trim_matches(SEPARATORS);
            }
        }
        let start = length.saturating_sub(word.len());
        if at(start..length).is_some_and(|end| end.eq_ignore_ascii_case(word)) {
            let rest = part.get(..start).unwrap_or("");
            if rest.ends_with(SEPARATORS) {
                return rest.trim_matches(SEPARATORS);
            }
        }
    }
    part
}

fn starts_with_word(text: &str) -> bool {
    text.split(SEPARATORS).next().is_some_and(is_word)
}

fn is_word(text: &str) -> bool {
    PARAMETER_WORDS.contains(&text)
}

fn is_environment_word(text: &str) -> bool {
    let letters = text.trim_end_matches(|c: char| c.is_ascii_digit());
    ENVIRONMENTS.contains(&letters)
}

fn find_ignore_case(text: &str, wanted: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(&wanted.to_ascii_lowercase())
}

/// A file name without `.json`.
fn stem(name: &str) -> &str {
    let at = name.len().saturating_sub(".json".len());
    match (name.get(..at), name.get(at..)) {
        (Some(stem), Some(end)) if end.eq_ignore_ascii_case(".json") => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_goes_on_from_the_template_s_is_named_after_it() {
        for name in [
            "x.parameters.json",
            "x.parameters-prod.json",
            "x.prod.parameters.json",
            "X-Parameters.json",
            "x.prod.json",
            "prod.x.parameters.json",
            "eu-x.parameters.all.json",
        ] {
            assert_eq!(named_after(name, "x.json"), Some(1), "{name}");
        }
        for name in [
            "xy.parameters.json",
            "test-x.json",
            "parameters.json",
            "x.json",
        ] {
            assert_eq!(named_after(name, "x.json"), None, "{name}");
        }
    }

    #[test]
    fn what_is_left_of_a_name_is_the_environment() {
        let of = |path: &str| environment(path, "azuredeploy.json");
        for (path, expected) in [
            ("azuredeploy.parameters.json", None),
            ("azuredeploy.parameters-dev.json", Some("dev")),
            ("azuredeploy.parameters.prod-eu.json", Some("prod-eu")),
            ("azuredeploy.Test.parameters.json", Some("Test")),
            ("azuredeploy-parameters-qa.json", Some("qa")),
            ("uat.azuredeploy.parameters.json", Some("uat")),
            ("parameters/prod.json", Some("prod")),
            (
                "environments/stage/azuredeploy.parameters.json",
                Some("stage"),
            ),
            ("prod/parameters.json", Some("prod")),
            ("parameters/azuredeploy.parameters.json", None),
            ("parameters.json", None),
        ] {
            assert_eq!(of(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn directories_of_environments_hold_parameter_files() {
        for name in ["parameters", "Environments", "prod", "prod-weu", "test2"] {
            assert!(is_holder(name), "{name}");
        }
        assert!(!is_holder("scripts") && !is_holder("contest"));
    }
}
