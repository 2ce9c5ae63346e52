//! The program's own answers to questions on paths.

use std::process::Command;

use serde_json::Value;

/// Asks `aznet trace` about a template; `words` are the arguments after the file.
pub fn trace(template: &Value, words: &str) -> Value {
    trace_with(template, "", words)
}

/// The same with an `aznet.yaml`.
pub fn trace_with(template: &Value, configuration: &str, words: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = match template {
        Value::Array(_) => "export.json",
        _ => "azuredeploy.json",
    };
    let path = folder.path().join(file);
    std::fs::write(&path, serde_json::to_string_pretty(template).unwrap()).unwrap();
    if !configuration.is_empty() {
        std::fs::write(folder.path().join("aznet.yaml"), configuration).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_aznet"))
        .current_dir(folder.path())
        .arg("trace")
        .arg(file)
        .args(words.split_whitespace())
        .args(["-o", "json"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The verdict, and the name of what decided, if one thing did.
pub fn verdict(answer: &Value) -> (&str, Option<&str>) {
    let verdict = answer["verdict"].as_str().unwrap();
    (verdict, answer["decidedBy"]["name"].as_str())
}
