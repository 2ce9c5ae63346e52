//! What would settle an undetermined judgement.

use std::sync::Arc;

use crate::eval::value::{Reason, Unknown, without_marks};
use crate::policy::finding::MissingInput;
use crate::policy::vocabulary::is_missing_offer;

/// How many missing inputs one judgement names.
const MAX_INPUTS: usize = 4;

/// The missing inputs behind some unknowns, each once, in the order met.
pub(crate) fn missing(unknowns: &[Arc<Unknown>]) -> Vec<MissingInput> {
    let mut inputs: Vec<MissingInput> = Vec::new();
    for unknown in unknowns {
        for root in unknown.roots() {
            let input = MissingInput {
                what: without_marks(&root.label),
                place: root.declared,
                settle: settle(&root),
            };
            let known = inputs
                .iter()
                .any(|one| one.what == input.what && one.place == input.place);
            if !known && inputs.len() < MAX_INPUTS {
                inputs.push(input);
            }
        }
    }
    inputs
}

/// The kind of thing whose absence keeps a subject from being judged; the summary counts by it, so
/// it names no single resource.
pub(super) fn kind_of(unknown: &Arc<Unknown>) -> String {
    let roots = unknown.roots();
    let Some(root) = roots.first() else {
        return unknown.label.to_string();
    };
    match &root.reason {
        Reason::NoValue => "a parameter or variable without a value".into(),
        Reason::Placeholder => "a value that a pipeline fills in".into(),
        Reason::Secret => "a secret fetched at deployment".into(),
        Reason::RunTime | Reason::RunTimeFunction(_) => "a value that only Azure knows".into(),
        Reason::Apply => "a value that the plan does not tell".into(),
        Reason::ProviderVersion => "the version of a provider".into(),
        Reason::Target => "where the deployment goes".into(),
        Reason::Outside => match root.label.split_once(" of ") {
            Some((what, _)) => {
                let what = what.replace('_', " ");
                let article = if what.starts_with("further ") {
                    ""
                } else {
                    "the "
                };
                let verb = if what.ends_with('s') { "are" } else { "is" };
                format!("{article}{what} {verb} not in these files")
            }
            None => "a resource outside these files".into(),
        },
        Reason::Module(_) => "a module that is not installed".into(),
        Reason::LinkedTemplate => "a linked template that is not here".into(),
        Reason::UnsupportedFunction(_) => "a function that is not evaluated".into(),
        Reason::File(_) => "a file that is not here".into(),
        Reason::Invalid => "a value that Azure refuses".into(),
        Reason::Limit | Reason::Derived => root.label.to_string(),
    }
}

fn settle(unknown: &Unknown) -> String {
    if is_missing_offer(unknown) {
        return "declare it in aznet.yaml (`subscription: {offer: …}`) or with `--offer`".into();
    }
    match &unknown.reason {
        Reason::NoValue => "give it a value in a variables or parameter file".into(),
        Reason::Placeholder => "a pipeline fills it in: check what comes out of that".into(),
        Reason::Secret => {
            "it is a secret fetched at deployment: give it a value for checking".into()
        }
        Reason::RunTime | Reason::RunTimeFunction(_) => {
            "only Azure knows it: check a plan or an export".into()
        }
        Reason::Apply => {
            "the plan does not tell: put it into the directory of its configuration, or check the \
             state after the apply"
                .into()
        }
        Reason::ProviderVersion => {
            "say in `required_providers` which versions of it are meant".into()
        }
        Reason::Target => {
            "say where the deployment goes in aznet.yaml (`deployments:`), or check a plan or \
                           an export"
                .into()
        }
        Reason::Outside => "add the files it is in, or check an export".into(),
        Reason::Module(source) => format!("install the module `{source}` (`terraform init`)"),
        Reason::LinkedTemplate => "add the linked template's file".into(),
        Reason::UnsupportedFunction(name) => format!("`{name}` is not evaluated; check a plan"),
        Reason::File(path) => format!("add the file `{path}`"),
        Reason::Invalid => "mend the value, which is refused".into(),
        Reason::Limit => "too large to work out".into(),
        Reason::Derived => "follows from other inputs".into(),
    }
}
