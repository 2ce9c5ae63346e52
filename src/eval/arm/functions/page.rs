//! The page of functions for readers, written from the catalogue.

use std::fmt::Write as _;

use super::catalogue::{Answer, Entry, FUNCTIONS, Family};

/// The catalogue as a page of Markdown, one table for each family.
pub(in super::super) fn page() -> String {
    let mut page = String::from(HEAD);
    let mut families: Vec<Family> = FUNCTIONS.iter().map(|entry| entry.family).collect();
    families.dedup();
    for family in families {
        let title = family.title();
        let _ = write!(
            page,
            "\n## {title}\n\n| function | arguments | answered |\n|---|---|---|\n"
        );
        for entry in FUNCTIONS.iter().filter(|entry| entry.family == family) {
            let _ = writeln!(page, "{}", row(entry));
        }
    }
    page
}

const HEAD: &str = "\
# Functions of ARM templates

This page is generated from the table in `src/eval/arm/functions/catalogue.rs`; a test compares the
two (`UPDATE_DOCS=1 cargo test --test documentation` writes it anew).

- **complete**: of known arguments the result is known, as Azure's documentation gives it.
- **in part**: what the template, its parameter file or the configuration says is known, of hashes
  and dates the length; the rest is unknown under the name of the function.
- **at run time**: only Azure can answer; the value is unknown under the name of the function.
- **by the compiler**: Bicep's compiler replaces it; a template that calls it is wrong.

Of arguments known in part the result is known as far as they decide it. A function stands under the
first of the families that document it.
";

fn row(entry: &Entry) -> String {
    let arguments = match (entry.least, entry.most) {
        (least, most) if least == most => least.to_string(),
        (least, usize::MAX) => format!("{least} or more"),
        (least, most) => format!("{least} to {most}"),
    };
    let answered = match entry.answer {
        Answer::Complete => "complete",
        Answer::InPart => "in part",
        Answer::RunTime => "at run time",
        Answer::Compiler => "by the compiler",
    };
    format!("| `{}` | {arguments} | {answered} |", entry.name)
}

impl Family {
    fn title(self) -> &'static str {
        match self {
            Self::Array => "Arrays",
            Self::Cidr => "Address ranges",
            Self::Comparison => "Comparison",
            Self::Date => "Dates",
            Self::Deployment => "Deployment values",
            Self::Lambda => "Lambdas",
            Self::Logical => "Logic",
            Self::Numeric => "Numbers",
            Self::Object => "Objects",
            Self::Resource => "Resources",
            Self::Scope => "Scopes",
            Self::String => "Strings",
            Self::File => "Bicep only",
        }
    }
}
