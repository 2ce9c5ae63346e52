//! The same for configurations with modules, for plans and for states.

use aznet::engine::{self, Options, Report};
use aznet::report::{Format, Style};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::{damages, places_are_in_their_files};

/// Every construct of the language at least once, installed modules, JSON, overrides, values, an
/// ARM template and a text that are read.
const FILES: &[(&str, &str)] = &[
    ("main.tf", include_str!("terraform/main.tf")),
    (
        "main_override.tf",
        include_str!("terraform/main_override.tf"),
    ),
    ("extra.tf.json", include_str!("terraform/extra.tf.json")),
    (
        "terraform.tfvars",
        include_str!("terraform/terraform.tfvars"),
    ),
    (
        "modules/net/main.tf",
        include_str!("terraform/modules/net/main.tf"),
    ),
    (
        ".terraform/modules/modules.json",
        include_str!("terraform/modules.json"),
    ),
    (
        ".terraform/modules/far/main.tf",
        include_str!("terraform/far.tf"),
    ),
    ("nested/arm.json", include_str!("terraform/nested/arm.json")),
    (
        "nested/hello.tftpl",
        include_str!("terraform/nested/hello.tftpl"),
    ),
];

const PLAN: &str = include_str!("../../testdata/plans/web/plan.json");

/// What somebody may put anywhere by mistake.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "${",
    "%{",
    "%{ if ",
    "<<E\n",
    "\n",
    " = ",
    ".",
    ",",
    "...",
    "[*]",
    ".*",
    "\\",
    "#",
    "/*",
    "null",
    "-1",
    "1e99999999",
    "9999999999",
    "\u{feff}",
    "\0",
    "\r\n",
    "\u{1F600}\u{301}",
    "each.key",
    "each.value",
    "count.index",
    "self.id",
    "var.rules",
    "var.unset",
    "local.nets",
    "module.nets",
    "module.nets[0].id",
    "module.far",
    "azurerm_network_security_group.web",
    "azurerm_network_security_group.web[*].security_rule",
    "data.azurerm_subnet.found",
    "range(1000000)",
    "[for a in var.rules : a]",
    "{ for k, v in local.nets : k => v... }",
    "file(\"main.tf\")",
    "file(\"../x\")",
    "templatefile(\"nested/hello.tftpl\", var.rules)",
    "\"${var.unset}\"",
    "tomap({})",
    "../..",
    "for_each = var.unset\n",
    "count = var.unset\n",
    "source = \"./\"\n",
    "source = \"../\"\n",
    "dynamic \"security_rule\" {\n",
    "content {\n",
    "variable \"rules\" {}\n",
    "locals {\n",
];

/// One mistake in the text of one file.
#[derive(Clone, Debug)]
enum Slip {
    Cut(Index, usize),
    Repeat(Index, usize, Index),
    Exchange(Index, Index, usize),
    Put(Index, Index),
    /// A word becomes another word of the same file.
    Word(Index, Index),
    /// A part stands in brackets, many times over.
    Nest(Index, usize, usize, usize),
}

fn slips() -> impl Strategy<Value = Vec<Slip>> {
    let at = any::<Index>;
    let one = prop_oneof![
        1 => (at(), 1_usize..200).prop_map(|(at, length)| Slip::Cut(at, length)),
        1 => (at(), 1_usize..200, at()).prop_map(|(at, length, to)| Slip::Repeat(at, length, to)),
        1 => (at(), at(), 1_usize..40).prop_map(|(one, two, length)| Slip::Exchange(one, two, length)),
        3 => (at(), at()).prop_map(|(at, what)| Slip::Put(at, what)),
        4 => (at(), at()).prop_map(|(at, what)| Slip::Word(at, what)),
        1 => (at(), 0_usize..20, 1_usize..400, 0_usize..4)
            .prop_map(|(at, length, times, what)| Slip::Nest(at, length, times, what)),
    ];
    prop::collection::vec(one, 1..4)
}

/// The words of a text with their places.
fn words(text: &str) -> Vec<(usize, &str)> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut all = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match start {
            None if is_word(letter) => start = Some(at),
            Some(from) if !is_word(letter) => {
                all.push((from, &text[from..at]));
                start = None;
            }
            _ => {}
        }
    }
    all
}

impl Slip {
    fn apply(&self, text: &str) -> String {
        let letters: Vec<char> = text.chars().collect();
        let place = |at: &Index| at.index(letters.len() + 1);
        let part = |from: usize, length: usize| {
            let from = from.min(letters.len());
            &letters[from..(from + length).min(letters.len())]
        };
        let joined = |parts: &[&[char]]| parts.concat().into_iter().collect::<String>();
        let all = usize::MAX / 2;
        match self {
            Self::Cut(at, length) => {
                let at = place(at);
                joined(&[part(0, at), part(at + length, all)])
            }
            Self::Repeat(at, length, to) => {
                let to = place(to);
                joined(&[part(0, to), part(place(at), *length), part(to, all)])
            }
            Self::Exchange(one, two, length) => {
                let (one, two) = (place(one).min(place(two)), place(one).max(place(two)));
                let length = (*length).min(two - one);
                joined(&[
                    part(0, one),
                    part(two, length),
                    part(one + length, two - one - length),
                    part(one, length),
                    part(two + length, all),
                ])
            }
            Self::Put(at, what) => {
                let piece: Vec<char> = PIECES[what.index(PIECES.len())].chars().collect();
                let at = place(at);
                joined(&[part(0, at), &piece, part(at, all)])
            }
            Self::Word(at, what) => {
                let words = words(text);
                if words.is_empty() {
                    return text.to_owned();
                }
                let (from, word) = words[at.index(words.len())];
                let (_, other) = words[what.index(words.len())];
                format!("{}{other}{}", &text[..from], &text[from + word.len()..])
            }
            Self::Nest(at, length, times, what) => {
                let (open, close) = [("[", "]"), ("(", ")"), ("{a=", "}"), ("\"${", "}\"")][*what];
                let at = place(at);
                let open: Vec<char> = open.repeat(*times).chars().collect();
                let close: Vec<char> = close.repeat(*times).chars().collect();
                let (held, rest) = (part(at, *length), part(at + length, all));
                joined(&[part(0, at), &open, held, &close, rest])
            }
        }
    }
}

fn run(files: &[(String, String)], threads: usize) -> (Report, Vec<u8>) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let check = || engine::check_files(files.to_vec(), &Options::default());
    let report = pool.build().unwrap().install(check).unwrap();
    let mut bytes = Vec::new();
    let emitter = Format::Json.emitter();
    emitter.emit(&report, Style::default(), &mut bytes).unwrap();
    (report, bytes)
}

/// What must hold of all files.
fn assert_sound(files: &[(String, String)]) -> Result<(), TestCaseError> {
    let (report, bytes) = run(files, 1);
    places_are_in_their_files(&report)?;
    prop_assert!(bytes == run(files, 8).1, "not the same at 8 threads");
    Ok(())
}

fn configuration() -> Vec<(String, String)> {
    let files = FILES.iter();
    files
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

fn state() -> Value {
    let plan: Value = serde_json::from_str(PLAN).unwrap();
    json!({
        "format_version": "1.0",
        "terraform_version": "1.11.4",
        "values": plan["planned_values"],
    })
}

#[test]
fn the_configuration_itself_is_whole() {
    let (report, _) = run(&configuration(), 1);
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
    assert_eq!(report.summary.resources, 17);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn damaged_configurations_are_told_in_their_files_and_end(
        which in any::<Index>(), slips in slips(), main in slips()
    ) {
        let mut files = configuration();
        let which = which.index(files.len());
        for slip in &slips {
            files[which].1 = slip.apply(&files[which].1);
        }
        if which % 3 == 0 {
            files[0].1 = main[0].apply(&files[0].1);
        }
        assert_sound(&files)?;
    }

    #[test]
    fn damaged_plans_and_states_are_told_in_their_files_and_end(
        damages in damages(), is_state in any::<bool>()
    ) {
        let mut document = if is_state { state() } else { serde_json::from_str(PLAN).unwrap() };
        for damage in &damages {
            let _ = damage.apply(&mut document);
        }
        let main = include_str!("../../testdata/plans/web/main.tf");
        let files = [("main.tf", main), ("plan.json", &document.to_string())];
        assert_sound(&files.map(|(path, text)| (path.to_owned(), text.to_owned())))?;
    }

    #[test]
    fn plans_with_damaged_text_are_told_in_their_files_and_end(slips in slips()) {
        let text = slips.iter().fold(PLAN.to_owned(), |text, slip| slip.apply(&text));
        assert_sound(&[("plan.json".to_owned(), text)])?;
    }
}
