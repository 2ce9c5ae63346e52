//! Every function of Terraform 1.11, once: what it takes, what it gives, and how far it can be
//! answered before Terraform runs.
//!
//! What a name means, the check and conversion of arguments and the page of functions for readers
//! come from this table. The functions themselves are absent: those that compute from their
//! arguments live with their family, those on files with the modules.
//!
//! Source: `terraform metadata functions -json` of 1.11.4, and the pages "Functions" of Terraform's
//! documentation for the families.

use std::fmt::Write as _;

use crate::eval::value::Type;

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Anything but null.
    Any,
    /// Anything.
    Nullable,
    Text,
    Number,
    Texts,
    Truths,
    List,
    Set,
    TextLists,
}

impl Takes {
    /// The type that arguments are converted to.
    pub(super) fn kind(self) -> Type {
        let list = |of| Type::List(Box::new(of));
        match self {
            Self::Any | Self::Nullable => Type::Any,
            Self::Text => Type::String,
            Self::Number => Type::Number,
            Self::Texts => list(Type::String),
            Self::Truths => list(Type::Bool),
            Self::List => list(Type::Any),
            Self::Set => Type::Set(Box::new(Type::Any)),
            Self::TextLists => Type::Map(Box::new(list(Type::String))),
        }
    }
}

/// What a result is beside what the function makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    /// As the function says.
    Own,
    List,
    Set,
}

/// How far a function is answered from files alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Of known arguments the result is known.
    Complete,
    /// It reads files: below the root, so that a file elsewhere leaves an unknown.
    Files,
    /// Only a run of Terraform knows.
    RunTime,
    /// Terraform knows it, this program does not tell.
    NotTold,
    /// Terraform has no such function any more.
    Removed,
}

/// One function.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) family: &'static str,
    pub(super) takes: &'static [Takes],
    /// What any further arguments are.
    pub(super) more: Option<Takes>,
    pub(super) gives: Gives,
    pub(super) answer: Answer,
}

impl Entry {
    /// What the argument at an index is.
    pub(super) fn parameter(&self, index: usize) -> Option<Takes> {
        self.takes.get(index).copied().or(self.more)
    }

    /// How many arguments it takes, for messages and the page.
    pub(super) fn arguments(&self) -> String {
        let least = self.takes.len();
        match (self.more, least) {
            (None, 1) => "1 argument".to_owned(),
            (None, _) => format!("{least} arguments"),
            (Some(_), 0) => "any number of arguments".to_owned(),
            (Some(_), 1) => "1 argument or more".to_owned(),
            (Some(_), _) => format!("{least} arguments or more"),
        }
    }

    const fn more(mut self, more: Takes) -> Self {
        self.more = Some(more);
        self
    }

    const fn gives(mut self, gives: Gives) -> Self {
        self.gives = gives;
        self
    }

    const fn answered(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }
}

const fn of(family: &'static str, name: &'static str, takes: &'static [Takes]) -> Entry {
    Entry {
        name,
        family,
        takes,
        more: None,
        gives: Gives::Own,
        answer: Answer::Complete,
    }
}

const A: Takes = Takes::Any;
const N: Takes = Takes::Number;
const Q: Takes = Takes::Nullable;
const T: Takes = Takes::Text;

const COLLECTION: &str = "Collections";
const CONVERSION: &str = "Conversions";
const CRYPTO: &str = "Hashes and cryptography";
const DATE: &str = "Dates and times";
const ENCODING: &str = "Encodings";
const FILES: &str = "Files";
const NETWORK: &str = "Networks";
const NUMERIC: &str = "Numbers";
const STRING: &str = "Strings";

/// All functions by name.
pub(super) const CATALOGUE: &[Entry] = &[
    of(NUMERIC, "abs", &[N]),
    of(FILES, "abspath", &[T]).answered(Answer::Files),
    of(COLLECTION, "alltrue", &[Takes::Truths]),
    of(COLLECTION, "anytrue", &[Takes::Truths]),
    of(ENCODING, "base64decode", &[T]),
    of(ENCODING, "base64encode", &[T]),
    of(ENCODING, "base64gzip", &[T]).answered(Answer::NotTold),
    of(CRYPTO, "base64sha256", &[T]),
    of(CRYPTO, "base64sha512", &[T]),
    of(FILES, "basename", &[T]),
    of(CRYPTO, "bcrypt", &[T]).more(N).answered(Answer::RunTime),
    of(CONVERSION, "can", &[A]),
    of(NUMERIC, "ceil", &[N]),
    of(STRING, "chomp", &[T]),
    of(COLLECTION, "chunklist", &[Takes::List, N]).gives(Gives::List),
    of(NETWORK, "cidrhost", &[T, N]),
    of(NETWORK, "cidrnetmask", &[T]),
    of(NETWORK, "cidrsubnet", &[T, N, N]),
    of(NETWORK, "cidrsubnets", &[T]).more(N).gives(Gives::List),
    of(COLLECTION, "coalesce", &[]).more(Q),
    of(COLLECTION, "coalescelist", &[]).more(Q),
    of(COLLECTION, "compact", &[Takes::Texts]).gives(Gives::List),
    of(COLLECTION, "concat", &[]).more(A),
    of(COLLECTION, "contains", &[A, A]),
    of(ENCODING, "csvdecode", &[T]).gives(Gives::List),
    of(FILES, "dirname", &[T]),
    of(COLLECTION, "distinct", &[Takes::List]).gives(Gives::List),
    of(COLLECTION, "element", &[A, N]),
    of(STRING, "endswith", &[T, T]),
    of(CONVERSION, "ephemeralasnull", &[Q]),
    of(FILES, "file", &[T]).answered(Answer::Files),
    of(FILES, "filebase64", &[T]).answered(Answer::Files),
    of(FILES, "filebase64sha256", &[T]).answered(Answer::Files),
    of(FILES, "filebase64sha512", &[T]).answered(Answer::Files),
    of(FILES, "fileexists", &[T]).answered(Answer::Files),
    of(FILES, "filemd5", &[T]).answered(Answer::Files),
    of(FILES, "fileset", &[T, T]).answered(Answer::Files),
    of(FILES, "filesha1", &[T]).answered(Answer::Files),
    of(FILES, "filesha256", &[T]).answered(Answer::Files),
    of(FILES, "filesha512", &[T]).answered(Answer::Files),
    of(COLLECTION, "flatten", &[A]),
    of(NUMERIC, "floor", &[N]),
    of(STRING, "format", &[T]).more(Q),
    of(DATE, "formatdate", &[T, T]),
    of(STRING, "formatlist", &[T]).more(Q).gives(Gives::List),
    of(STRING, "indent", &[N, T]),
    of(COLLECTION, "index", &[A, A]),
    of(CONVERSION, "issensitive", &[Q]).answered(Answer::NotTold),
    of(STRING, "join", &[T]).more(Takes::Texts),
    of(ENCODING, "jsondecode", &[T]),
    of(ENCODING, "jsonencode", &[Q]),
    of(COLLECTION, "keys", &[A]),
    of(COLLECTION, "length", &[A]),
    of(COLLECTION, "list", &[])
        .more(Q)
        .answered(Answer::Removed),
    of(NUMERIC, "log", &[N, N]),
    of(COLLECTION, "lookup", &[A, T]).more(Q),
    of(STRING, "lower", &[T]),
    of(COLLECTION, "map", &[]).more(Q).answered(Answer::Removed),
    of(
        COLLECTION,
        "matchkeys",
        &[Takes::List, Takes::List, Takes::List],
    )
    .gives(Gives::List),
    of(NUMERIC, "max", &[]).more(N),
    of(CRYPTO, "md5", &[T]),
    of(COLLECTION, "merge", &[]).more(Q),
    of(NUMERIC, "min", &[]).more(N),
    of(CONVERSION, "nonsensitive", &[Q]),
    of(COLLECTION, "one", &[A]),
    of(NUMERIC, "parseint", &[A, N]),
    of(FILES, "pathexpand", &[T]),
    of(DATE, "plantimestamp", &[]).answered(Answer::RunTime),
    of(NUMERIC, "pow", &[N, N]),
    of(COLLECTION, "range", &[]).more(N).gives(Gives::List),
    of(STRING, "regex", &[T, T]),
    of(STRING, "regexall", &[T, T]).gives(Gives::List),
    of(STRING, "replace", &[T, T, T]),
    of(COLLECTION, "reverse", &[A]),
    of(CRYPTO, "rsadecrypt", &[T, T]).answered(Answer::RunTime),
    of(CONVERSION, "sensitive", &[Q]),
    of(COLLECTION, "setintersection", &[Takes::Set])
        .more(Takes::Set)
        .gives(Gives::Set),
    of(COLLECTION, "setproduct", &[]).more(A),
    of(COLLECTION, "setsubtract", &[Takes::Set, Takes::Set]).gives(Gives::Set),
    of(COLLECTION, "setunion", &[Takes::Set])
        .more(Takes::Set)
        .gives(Gives::Set),
    of(CRYPTO, "sha1", &[T]),
    of(CRYPTO, "sha256", &[T]),
    of(CRYPTO, "sha512", &[T]),
    of(NUMERIC, "signum", &[N]),
    of(COLLECTION, "slice", &[A, N, N]),
    of(COLLECTION, "sort", &[Takes::Texts]).gives(Gives::List),
    of(STRING, "split", &[T, T]).gives(Gives::List),
    of(STRING, "startswith", &[T, T]),
    of(STRING, "strcontains", &[T, T]),
    of(STRING, "strrev", &[T]),
    of(STRING, "substr", &[T, N, N]),
    of(COLLECTION, "sum", &[A]),
    of(FILES, "templatefile", &[T, A]).answered(Answer::Files),
    of(STRING, "templatestring", &[T, A]).answered(Answer::Files),
    of(ENCODING, "textdecodebase64", &[T, T]),
    of(ENCODING, "textencodebase64", &[T, T]),
    of(DATE, "timeadd", &[T, T]),
    of(DATE, "timecmp", &[T, T]),
    of(DATE, "timestamp", &[]).answered(Answer::RunTime),
    of(STRING, "title", &[T]),
    of(CONVERSION, "tobool", &[Q]),
    of(CONVERSION, "tolist", &[Q]),
    of(CONVERSION, "tomap", &[Q]),
    of(CONVERSION, "tonumber", &[Q]),
    of(CONVERSION, "toset", &[Q]),
    of(CONVERSION, "tostring", &[Q]),
    of(COLLECTION, "transpose", &[Takes::TextLists]),
    of(STRING, "trim", &[T, T]),
    of(STRING, "trimprefix", &[T, T]),
    of(STRING, "trimspace", &[T]),
    of(STRING, "trimsuffix", &[T, T]),
    of(CONVERSION, "try", &[]).more(A),
    of(STRING, "upper", &[T]),
    of(ENCODING, "urlencode", &[T]),
    of(CRYPTO, "uuid", &[]).answered(Answer::RunTime),
    of(CRYPTO, "uuidv5", &[T, T]),
    of(COLLECTION, "values", &[A]),
    of(ENCODING, "yamldecode", &[T]),
    of(ENCODING, "yamlencode", &[Q]),
    of(COLLECTION, "zipmap", &[Takes::Texts, A]),
];

/// The function of a name; `core::` before it changes nothing.
pub(super) fn entry(name: &str) -> Option<&'static Entry> {
    let name = name.strip_prefix("core::").unwrap_or(name);
    let place = CATALOGUE
        .binary_search_by(|entry| entry.name.cmp(name))
        .ok()?;
    CATALOGUE.get(place)
}

/// The page of functions for readers, in Markdown.
#[must_use]
pub fn functions_page() -> String {
    let mut page = String::from(
        "# Functions of Terraform\n\n\
         This page is generated from the table in `src/eval/hcl_expr/library/catalogue.rs`; a test\n\
         compares the two (`UPDATE_DOCS=1 cargo test --test documentation` writes it anew).\n\n\
         - **complete**: of known arguments the result is known, and is Terraform's.\n\
         - **files**: what lies below the root is read; of other files the result is unknown.\n\
         - **at run time**: only a run of Terraform knows; the value is unknown under the name of the\n  \
         function.\n\
         - **not told**: the value is unknown under the name of the function.\n\n\
         Of arguments known in part the result is known as far as they decide it. `core::` may stand\n\
         before every name; functions of providers (`provider::…`) are unknown by name.\n",
    );
    let mut families: Vec<&str> = CATALOGUE.iter().map(|entry| entry.family).collect();
    families.sort_unstable();
    families.dedup();
    for family in families {
        let _ = write!(
            page,
            "\n## {family}\n\n| function | takes | answered |\n|---|---|---|\n"
        );
        for entry in CATALOGUE.iter().filter(|entry| entry.family == family) {
            let answer = match entry.answer {
                Answer::Complete => "complete",
                Answer::Files => "files",
                Answer::RunTime => "at run time",
                Answer::NotTold => "not told",
                Answer::Removed => continue,
            };
            let _ = writeln!(
                page,
                "| `{}` | {} | {answer} |",
                entry.name,
                entry.arguments()
            );
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::hcl_expr::library::FUNCTIONS;

    #[test]
    fn the_catalogue_is_sorted_and_each_complete_function_has_an_implementation() {
        assert!(CATALOGUE.is_sorted_by(|a, b| a.name < b.name));
        let removed = |entry: &&Entry| entry.answer != Answer::Removed;
        assert_eq!(CATALOGUE.iter().filter(removed).count(), 118);
        for entry in CATALOGUE {
            let own = matches!(entry.name, "try" | "can");
            let has = own || FUNCTIONS.contains_key(entry.name);
            assert_eq!(has, entry.answer == Answer::Complete, "{}", entry.name);
        }
        for name in FUNCTIONS.keys() {
            assert!(entry(name).is_some(), "{name}");
        }
    }
}
