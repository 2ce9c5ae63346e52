//! What the tool says about a file it could not use as it stands: plain data, no rendering.

use crate::source::Span;

/// How bad something is. The order is that of badness: `Note < Warning < Error`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Likely wrong, or wrong only where something outside the files says so.
    Warning,
    /// Wrong.
    Error,
}

impl Severity {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What, in a few words; may be empty for a primary label.
    pub text: String,
}

/// What kind of trouble a [`Diagnostic`] tells of; it decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiagnosticKind {
    /// The file, or a part of it, could not be read or evaluated: the run fails (exit code 2).
    Unreadable,
    /// Something odd that did not stop the analysis.
    Advice,
}

/// A message about an input, as opposed to a finding about a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable kebab-case name, for example `json-syntax`.
    pub code: &'static str,
    /// Whether it fails the run.
    pub kind: DiagnosticKind,
    /// How bad.
    pub severity: Severity,
    /// One sentence, no full stop.
    pub message: String,
    /// The place, if there is one; a file that could not be opened has none, and `message` names it.
    pub primary: Option<Label>,
    /// Further places.
    pub related: Vec<Label>,
    /// How to mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error that makes the run fail.
    #[must_use]
    pub fn unreadable(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            kind: DiagnosticKind::Unreadable,
            severity: Severity::Error,
            message: message.into(),
            primary: Some(Label {
                span,
                text: String::new(),
            }),
            related: Vec::new(),
            help: None,
        }
    }

    /// A warning that does not stop anything.
    #[must_use]
    pub fn advice(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            kind: DiagnosticKind::Advice,
            severity: Severity::Warning,
            ..Self::unreadable(code, span, message)
        }
    }

    /// The same with a hint how to mend it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with one more place.
    #[must_use]
    pub fn with_related(mut self, span: Span, text: impl Into<String>) -> Self {
        self.related.push(Label {
            span,
            text: text.into(),
        });
        self
    }
}
