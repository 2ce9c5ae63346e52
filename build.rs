//! Turns the YAML below `rules/` into JSON that the program reads at every start: reading YAML with
//! its places would take longer than checking a small deployment.
//!
//! `facts.json` holds every table of `rules/platform/`, except what `environment()` gives in
//! templates, which is in `environments.json`; `rules.json` holds every rule without its
//! examples, by path. Both are the same values as in the YAML, aliases replaced by what they stand
//! for. `rule_files.rs` is the list of the rule files as written, for the commands that show or run
//! their examples, and `rule_tests.rs` a test for each. What is absent: any check of what is
//! written; the program's own loader does that in tests.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script reads files and the environment it is given"
)]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// What evaluation asks for itself: it knows nothing of the other tables.
const ENVIRONMENTS: &str = "rules/platform/environments.yaml";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=rules");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let (mut facts, mut rules) = (Map::new(), Map::new());
    let mut ids = Vec::new();
    let mut written = String::from("&[\n");
    for path in yaml_files(Path::new("rules"))? {
        let text = fs::read_to_string(&path)?;
        let name = path.to_string_lossy().replace('\\', "/");
        if name == ENVIRONMENTS {
            let environments = value(&name, &text)?.to_string();
            fs::write(out.join("environments.json"), environments)?;
        } else if name.starts_with("rules/platform/") {
            let Value::Object(tables) = value(&name, &text)? else {
                return Err(format!("{name}: a map of tables is expected").into());
            };
            for (table, rows) in tables {
                if facts.insert(table.clone(), rows).is_some() {
                    return Err(format!("{name}: another file has `{table}` too").into());
                }
            }
        } else {
            // Nine tenths of the text are examples, which only tests ask for.
            let rule = text
                .split_once("\nexamples:")
                .map_or(&*text, |(rule, _)| rule);
            rules.insert(name.clone(), value(&name, rule)?);
            let full = fs::canonicalize(&path)?;
            written.push_str(&format!("    ({name:?}, include_str!({full:?})),\n"));
            ids.push(name);
        }
    }
    fs::write(out.join("facts.json"), serde_json::to_string(&facts)?)?;
    fs::write(out.join("rules.json"), serde_json::to_string(&rules)?)?;
    written.push_str("]\n");
    fs::write(out.join("rule_files.rs"), written)?;
    fs::write(out.join("rule_tests.rs"), tests(&ids))?;
    Ok(())
}

/// A test for each rule file, so that a failure names the rule: `tests/rules.rs` includes it.
fn tests(names: &[String]) -> String {
    let names = names.iter();
    let ids = names.filter_map(|name| name.rsplit('/').next()?.strip_suffix(".yaml"));
    let lines = ids.map(|id| format!("    examples_of_{}: \"{id}\";\n", id.replace('-', "_")));
    format!("rules! {{\n{}}}\n", lines.collect::<String>())
}

/// Every YAML file below a directory, sorted.
fn yaml_files(directory: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(yaml_files(&path)?);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn value(name: &str, text: &str) -> Result<Value, String> {
    // As the rules' own reader does: `off` is a word, not a truth value.
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| format!("{name}: {error}"))
}
