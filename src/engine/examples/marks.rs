//! What the files of a test expect.
//!
//! | where | what |
//! |---|---|
//! | `# expect: rule-id` or `// expect: rule-id, other-id` behind a line | findings whose primary place begins on that line |
//! | the same on a line of its own | the next line that is not such a line |
//! | `expect-undetermined:` instead | undetermined ones |
//! | `expect.yaml` beside files that take no comments | a list of `{rule, file, line or at, verdict}` |

use std::sync::{Arc, LazyLock};

use regex::Regex;

use crate::diagnostic::Diagnostic;
use crate::policy::finding::FindingVerdict;
use crate::policy::spec::Reader;
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::yaml::{self, Yaml};

/// The file that holds expectations for the files beside it.
pub(super) const EXPECTATIONS: &str = "expect.yaml";

/// One finding that a test expects.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// The rule's id.
    pub(super) rule: Arc<str>,
    /// The file, from the root of the test.
    pub(super) file: Arc<str>,
    /// Where in it.
    pub(super) place: Place,
    /// How certain.
    pub(super) verdict: FindingVerdict,
    /// Where that is said.
    pub(super) at: Span,
}

/// Where the primary place of a finding begins.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// On a line, from one.
    Line(u32),
    /// Where this text stands.
    Text(Arc<str>),
    /// Anywhere in the file.
    Anywhere,
}

/// The marks in a file.
pub(super) fn of_file(id: FileId, file: &SourceFile, path: &Arc<str>) -> Vec<Mark> {
    static MARK: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let ids = r"[a-z0-9-]+(?:[ \t]*,[ \t]*[a-z0-9-]+)*";
        let mark = r"(?:#|//|/\*)[ \t]*expect(-undetermined)?:[ \t]*";
        Regex::new(&format!(r"{mark}({ids})[ \t]*(?:\*/)?\s*$")).ok()
    });
    let mut marks: Vec<Mark> = Vec::new();
    // Marks on lines of their own, until the line they are about.
    let mut waiting: Vec<Mark> = Vec::new();
    let mut start = 0_usize;
    for (number, line) in (1_u32..).zip(file.text().split_inclusive('\n')) {
        let found = MARK.as_ref().and_then(|pattern| pattern.captures(line));
        let whole = found.as_ref().and_then(|found| found.get(0));
        let before = whole.and_then(|whole| line.get(..whole.start()));
        let alone = before.is_some_and(|before| before.trim().is_empty());
        if !alone {
            let here = Place::Line(number);
            marks.extend(waiting.drain(..).map(|mark| Mark {
                place: here.clone(),
                ..mark
            }));
        }
        if let Some(ids) = found.as_ref().and_then(|found| found.get(2)) {
            let open = found.as_ref().is_some_and(|found| found.get(1).is_some());
            let place = |at: usize| u32::try_from(start + at).unwrap_or(u32::MAX);
            let at = Span::new(id, place(ids.start()), place(ids.end()));
            let into = if alone { &mut waiting } else { &mut marks };
            into.extend(ids.as_str().split(',').map(|rule| Mark {
                rule: rule.trim().into(),
                file: Arc::clone(path),
                place: Place::Line(number),
                verdict: match open {
                    true => FindingVerdict::Undetermined,
                    false => FindingVerdict::Violated,
                },
                at,
            }));
        }
        start += line.len();
    }
    marks.extend(waiting);
    marks
}

/// What an `expect.yaml` expects in the files beside it.
pub(super) fn of_list(id: FileId, file: &SourceFile, path: &str) -> (Vec<Mark>, Vec<Diagnostic>) {
    let parsed = yaml::parse(id, file);
    let mut reader = Reader::new(file);
    reader.diagnostics.extend(parsed.diagnostics);
    let mut marks = Vec::new();
    let directory = path.rsplit_once('/').map(|(directory, _)| directory);
    if let Some(tree) = &parsed.tree {
        for item in reader.list(tree, "`expect.yaml`") {
            marks.extend(listed(item, directory, &mut reader));
        }
    }
    (marks, reader.diagnostics)
}

fn listed(item: &Yaml, directory: Option<&str>, reader: &mut Reader<'_>) -> Option<Mark> {
    let keys = ["rule", "file", "line", "at", "verdict"];
    let before = reader.diagnostics.len();
    reader.map(item, "an expectation", &keys);
    let mut text = |key: &str| {
        let node = item.get(key)?;
        reader.text(node, &format!("`{key}`"))
    };
    let (rule, file, at, line) = (text("rule"), text("file"), text("at"), text("line"));
    let verdicts = [
        ("violated", FindingVerdict::Violated),
        ("undetermined", FindingVerdict::Undetermined),
    ];
    let verdict = item.get("verdict");
    let verdict = verdict.and_then(|node| reader.word(node, "verdict", &verdicts));
    let place = match (at, line) {
        (Some(at), None) => Place::Text(at.value),
        (None, None) => Place::Anywhere,
        (None, Some(line)) => match line.value.parse() {
            Ok(number) => Place::Line(number),
            Err(_) => {
                reader.error(line.span, "`line` must be a number");
                return None;
            }
        },
        (Some(_), Some(line)) => {
            reader.error(line.span, "a place is told by `line` or by `at`");
            return None;
        }
    };
    let (Some(rule), Some(file)) = (rule, file) else {
        if reader.diagnostics.len() == before {
            reader.error(item.span, "an expectation has a `rule` and a `file`");
        }
        return None;
    };
    let file = match directory {
        Some(directory) => format!("{directory}/{}", file.value).into(),
        None => file.value,
    };
    Some(Mark {
        rule: rule.value,
        file,
        place,
        verdict: verdict.unwrap_or(FindingVerdict::Violated),
        at: rule.span,
    })
}
