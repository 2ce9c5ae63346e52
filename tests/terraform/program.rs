//! Expressions through the whole program: as outputs of a module on the disk.

use std::collections::BTreeMap;
use std::path::Path;

use aznet::engine::Request;
use aznet::engine::ask::estate;
use aznet::eval::value::{Reason, Value};

/// The value of each expression in a copy of `directory`, or why there is none.
pub(crate) fn outcomes(
    directory: &Path,
    expressions: impl Iterator<Item = String>,
) -> Vec<Result<Value, String>> {
    let root = tempfile::tempdir().unwrap();
    copy(directory, root.path());
    let mut text = String::new();
    let mut starts = Vec::new();
    for (index, expression) in expressions.enumerate() {
        starts.push(text.len());
        text.push_str(&format!(
            "output \"o{index}\" {{\n  value = {expression}\n}}\n"
        ));
    }
    std::fs::write(root.path().join("main.tf"), &text).unwrap();
    let request = Request {
        paths: vec![root.path().to_path_buf()],
        ..Request::default()
    };
    let estate = estate::load(&request).unwrap();
    let deployment = &estate.deployments[0].deployment;
    let outputs: BTreeMap<&str, &Value> = deployment
        .outputs
        .iter()
        .map(|output| (&*output.name, &output.value))
        .collect();
    let outcome = |(index, start): (usize, &usize)| {
        let end = starts.get(index + 1).copied().unwrap_or(text.len());
        let value = outputs[&*format!("o{index}")];
        let told = estate.diagnostics.iter().find(|diagnostic| {
            let place = diagnostic.primary.as_ref();
            place.is_some_and(|label| {
                let file = estate.sources.get(label.span.file);
                let here = file.is_some_and(|file| &**file.path() == "main.tf");
                here && (*start..end).contains(&(label.span.start as usize))
            })
        });
        match (told, value.as_unknown().map(|unknown| &unknown.reason)) {
            (Some(told), Some(Reason::Invalid | Reason::File(_))) => Err(told.message.clone()),
            // What is wrong with a template is told in its file.
            (None, Some(Reason::Invalid)) => Err("told elsewhere".to_owned()),
            _ => Ok(value.clone()),
        }
    };
    starts.iter().enumerate().map(outcome).collect()
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}
