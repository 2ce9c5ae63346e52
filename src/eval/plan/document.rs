//! Which kind of document a JSON text is, and whether it is one that can be read.

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::json::{Json, JsonKind};

/// The newest major version of `format_version` whose shape is known. The format promises that
/// others differ.
const FORMAT: u64 = 1;

/// The version of state files that is read.
const STATE_FILE: i64 = 4;

/// A document of Terraform's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Document<'j> {
    /// The whole.
    pub(super) json: &'j Json,
    pub(super) kind: DocumentKind,
}

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DocumentKind {
    /// `terraform show -json` of a plan.
    Plan,
    /// `terraform show -json` of a state.
    State,
    /// `terraform.tfstate`
    StateFile,
    /// The lines of `terraform plan -json` and its like.
    Log,
}

impl<'j> Document<'j> {
    /// Tells what a document is; `None` for what is not Terraform's.
    pub(super) fn of(json: &'j Json) -> Option<Self> {
        let has = |name: &str| json.get(name).is_some();
        let text = |name: &str| json.get(name).and_then(Json::as_str).is_some();
        let kind = match &json.kind {
            // Lines of JSON are a list of documents.
            JsonKind::Array(lines) => {
                let line = lines.first()?;
                let is_line = ["@level", "@message"]
                    .iter()
                    .all(|name| line.get(name).is_some());
                if is_line {
                    DocumentKind::Log
                } else {
                    return None;
                }
            }
            JsonKind::Object(_) => {
                let versioned = text("format_version") || text("terraform_version");
                if text("format_version") && (has("planned_values") || has("resource_changes")) {
                    DocumentKind::Plan
                } else if versioned && json.get("values").is_some_and(is_values) {
                    DocumentKind::State
                } else if has("version")
                    && text("terraform_version")
                    && (has("lineage") || has("serial"))
                {
                    DocumentKind::StateFile
                } else if text("format_version")
                    && (json.members().len() == 1
                        || text("terraform_version") && json.members().len() <= 3)
                {
                    // The state of a configuration that was never applied.
                    DocumentKind::State
                } else {
                    return None;
                }
            }
            _ => return None,
        };
        Some(Self { json, kind })
    }

    /// Why it cannot be read, if it cannot.
    pub(super) fn refused(&self) -> Option<Diagnostic> {
        let at = |name: &str| self.place(name);
        match self.kind {
            DocumentKind::Log => {
                let message = "this is the log of a run of Terraform, not its plan: it says that \
                               resources change, not what they are";
                let help = "write the plan with `terraform plan -out FILE` and print it with \
                            `terraform show -json FILE`";
                let first = self
                    .json
                    .items()
                    .first()
                    .map_or(self.json.span, |line| line.span);
                Some(Diagnostic::advice("plan-log", first, message).with_help(help))
            }
            DocumentKind::StateFile => {
                let version = self.json.get("version")?;
                let read = matches!(&version.kind, JsonKind::Number(number)
                    if number.as_i64() == Some(STATE_FILE));
                let message =
                    format!("state files of version {STATE_FILE} are read, this is another");
                let help = "print the state with `terraform show -json`";
                (!read).then(|| {
                    Diagnostic::unreadable("state-version", at("version"), message).with_help(help)
                })
            }
            DocumentKind::Plan | DocumentKind::State => {
                let version = self.json.get("format_version").and_then(Json::as_str)?;
                let major = version.split('.').next().unwrap_or_default();
                let known = major.parse::<u64>().is_ok_and(|major| major <= FORMAT);
                let message = format!(
                    "this has version {version} of Terraform's JSON format, of which versions up to \
                     {FORMAT} are read"
                );
                (!known)
                    .then(|| Diagnostic::unreadable("plan-version", at("format_version"), message))
            }
        }
    }

    /// Whether what it does not list does not exist: a plan of some resources only, or one whose
    /// making failed, says nothing of the others.
    pub(super) fn is_complete(&self) -> bool {
        self.partial().is_none()
    }

    /// Where a plan says that it is not the whole plan, and how.
    pub(super) fn partial(&self) -> Option<(Span, &'static str)> {
        if self.kind != DocumentKind::Plan {
            return None;
        }
        let is = |name: &str, wanted: bool| matches!(self.json.get(name).map(|json| &json.kind), Some(JsonKind::Bool(value)) if *value == wanted);
        if is("errored", true) {
            return Some((
                self.place("errored"),
                "making this plan failed: what it does not list may exist all the same",
            ));
        }
        let deferred = self.json.get("deferred_changes");
        if deferred.is_some_and(|changes| !changes.items().is_empty()) {
            return Some((
                self.place("deferred_changes"),
                "this plan leaves some resources to a later one: what they will be is not known",
            ));
        }
        if is("complete", false) {
            return Some((
                self.place("complete"),
                "this plan is not complete: what it does not list may exist all the same",
            ));
        }
        None
    }

    fn place(&self, name: &str) -> Span {
        let mut members = self.json.members().iter();
        members
            .find(|member| &*member.name == name)
            .map_or(self.json.span, |member| {
                member.name_span.to(member.value.span)
            })
    }
}

/// Whether this is how the format represents values.
fn is_values(json: &Json) -> bool {
    ["root_module", "outputs"]
        .iter()
        .any(|name| json.get(name).is_some())
        || json.members().is_empty()
}
