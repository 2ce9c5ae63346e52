use super::*;
use crate::diagnostic::DiagnosticKind;
use crate::source::{FileId, SourceFile};
use crate::syntax::Parsed;
use proptest::prelude::*;

fn read(text: &str) -> (SourceFile, Parsed<Option<Json>>) {
    let file = SourceFile::new("a.json", text);
    let parsed = parse(FileId(0), &file);
    (file, parsed)
}

fn tree(text: &str) -> (SourceFile, Json) {
    let (file, parsed) = read(text);
    assert_eq!(parsed.diagnostics, []);
    (file, parsed.tree.unwrap())
}

/// Where the only diagnostic points, and what it says.
fn refusal(text: &str) -> (String, String, &'static str) {
    let (file, parsed) = read(text);
    assert_eq!(parsed.tree, None);
    assert_eq!(parsed.diagnostics.len(), 1, "{:?}", parsed.diagnostics);
    let diagnostic = &parsed.diagnostics[0];
    assert_eq!(diagnostic.kind, DiagnosticKind::Unreadable);
    let at = file.slice(diagnostic.primary.as_ref().unwrap().span);
    (at.to_owned(), diagnostic.message.clone(), diagnostic.code)
}

const TEMPLATE: &str = "{\r\n  // the group\r\n  \"name\": \"we\\u0062\",\r\n  \"priority\": 4096,\r\n  \
     \"ratio\": -1.5e1,\r\n  \"on\": true, \"off\": false, \"none\": null,\r\n  \
     \"ports\": [\"80\", \"č\", ], /* both */\r\n  \"why\": \"two\r\nlines\",\r\n  \"empty\": {}\r\n}\r\n";

#[test]
fn every_node_reads_back_its_own_text() {
    let (file, tree) = tree(TEMPLATE);
    assert_eq!(file.slice(tree.span), TEMPLATE.trim_end());
    let texts: Vec<(&str, &str)> = tree
        .members()
        .iter()
        .map(|member| (file.slice(member.name_span), file.slice(member.value.span)))
        .collect();
    assert_eq!(
        texts,
        [
            ("\"name\"", "\"we\\u0062\""),
            ("\"priority\"", "4096"),
            ("\"ratio\"", "-1.5e1"),
            ("\"on\"", "true"),
            ("\"off\"", "false"),
            ("\"none\"", "null"),
            ("\"ports\"", "[\"80\", \"č\", ]"),
            ("\"why\"", "\"two\r\nlines\""),
            ("\"empty\"", "{}"),
        ]
    );
    let ports = tree.get("ports").unwrap().items();
    assert_eq!(file.slice(ports[1].span), "\"č\"");
}

#[test]
fn values_are_what_was_typed() {
    let (_, tree) = tree(TEMPLATE);
    let kind = |name: &str| tree.get(name).unwrap().kind.clone();
    assert_eq!(kind("name"), JsonKind::String("web".into()));
    assert_eq!(kind("priority"), JsonKind::Number(Number::Integer(4096)));
    assert_eq!(kind("ratio"), JsonKind::Number(Number::Float(-15.0)));
    assert_eq!(kind("on"), JsonKind::Bool(true));
    assert_eq!(kind("off"), JsonKind::Bool(false));
    assert_eq!(kind("none"), JsonKind::Null);
    assert_eq!(kind("why"), JsonKind::String("two\r\nlines".into()));
    assert_eq!(kind("empty"), JsonKind::Object(vec![]));
    assert_eq!(tree.get("ports").unwrap().items().len(), 2);
    assert_eq!(tree.get("PORTS"), None);
    assert!(tree.get_ignore_case("PORTS").is_some());
}

#[test]
fn comments_are_listed_once_in_order_with_their_marks() {
    let (file, parsed) = read(TEMPLATE);
    let texts: Vec<&str> = parsed
        .comments
        .iter()
        .map(|comment| file.slice(comment.span))
        .collect();
    assert_eq!(texts, ["// the group", "/* both */"]);
    let (file, parsed) = read("// a\n/* b */ // c\n[ // d\n1 /* \"e\" */, \"// no\" ] // f");
    let texts: Vec<&str> = parsed
        .comments
        .iter()
        .map(|comment| file.slice(comment.span))
        .collect();
    assert_eq!(
        texts,
        ["// a", "/* b */", "// c", "// d", "/* \"e\" */", "// f"]
    );
}

#[test]
fn a_byte_order_mark_does_not_shift_spans() {
    let (file, parsed) = read("\u{feff}{\"a\": 1}");
    let tree = parsed.tree.unwrap();
    assert_eq!(file.slice(tree.get("a").unwrap().span), "1");
}

#[test]
fn a_blank_document_has_neither_tree_nor_diagnostic() {
    for text in ["", " \r\n\t", "// nothing here\n"] {
        let (_, parsed) = read(text);
        assert_eq!(
            (parsed.tree, parsed.diagnostics),
            (None, vec![]),
            "{text:?}"
        );
    }
}

#[test]
fn of_equal_names_the_last_stays_at_its_place_and_both_are_shown() {
    for padding in [
        "",
        &(0..40)
            .map(|n| format!("\"p{n}\": 0, "))
            .collect::<String>(),
    ] {
        let text = format!("{{{padding}\"a\": 1, \"b\": 2, \"a\": 3, \"A\": 4, \"a\": 5}}");
        let (file, parsed) = read(&text);
        let tree = parsed.tree.unwrap();
        let names: Vec<&str> = tree.members().iter().map(|m| &*m.name).collect();
        assert_eq!(&names[names.len() - 3..], ["b", "A", "a"]);
        assert_eq!(file.slice(tree.get("a").unwrap().span), "5");
        assert_eq!(parsed.diagnostics.len(), 2);
        let places: Vec<(usize, usize)> = parsed
            .diagnostics
            .iter()
            .map(|diagnostic| {
                assert_eq!(diagnostic.code, "duplicate-key");
                assert_eq!(diagnostic.kind, DiagnosticKind::Advice);
                let new = diagnostic.primary.as_ref().unwrap().span;
                let old = diagnostic.related[0].span;
                assert_eq!((file.slice(new), file.slice(old)), ("\"a\"", "\"a\""));
                (old.start as usize, new.start as usize)
            })
            .collect();
        let found: Vec<usize> = text.match_indices("\"a\"").map(|(at, _)| at).collect();
        assert_eq!(places, [(found[0], found[1]), (found[1], found[2])]);
    }
}

#[test]
fn a_mistake_is_shown_where_it_is() {
    let at = |text: &str| {
        let (at, message, code) = refusal(text);
        assert_eq!(code, "json-syntax", "{message}");
        at
    };
    assert_eq!(at("{\"a\": [1, 2}"), "}");
    assert_eq!(at("{\"a\": 1 \"b\": 2}"), "1");
    assert_eq!(at("{\"a\": nul}"), "nul");
    assert_eq!(at("{\"a\": {\"b\": 1}"), "{");
    assert_eq!(at("{\"a\": 1} x"), "x");
    assert_eq!(at("{a: 1}"), "a");
    assert_eq!(at("[1] /* open"), "/*");
    assert_eq!(at("[1e999]"), "1e999");
    assert!(at("{'a': 1}").starts_with('\''));
    assert!(at("{\"a\": \"\\q\"}").starts_with("\\q"));
    assert!(at("[0x1F]").starts_with('0'));
    assert!(at("[\"open").starts_with('"'));
}

#[test]
fn a_missing_comma_is_shown_on_the_value_before_it() {
    let (at, message, _) = refusal("{\n  \"a\": \"é\"\n  \"b\": 2\n}");
    assert_eq!(at, "\"");
    assert_eq!(message, "a comma is missing after this");
}

#[test]
fn bottomless_brackets_are_refused_on_a_small_stack() {
    for depth in [10_000, 1_000_000] {
        for open in ["[", "{\"a\":", "[{\"a\":"] {
            let (at, _, code) = refusal(&open.repeat(depth));
            assert_eq!((at.len(), code), (1, "nesting-depth"));
        }
        let (_, parsed) = read(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        assert_eq!(parsed.diagnostics[0].code, "nesting-depth");
    }
}

#[test]
fn two_hundred_levels_are_read() {
    let text = format!("{}1{}", "{\"a\":[".repeat(100), "]}".repeat(100));
    let (file, tree) = tree(&text);
    let mut node = &tree;
    for _ in 0..100 {
        node = &node.get("a").unwrap().items()[0];
    }
    assert_eq!(file.slice(node.span), "1");
}

#[test]
fn objects_with_many_equal_and_different_names_are_read_in_linear_time() {
    let many: String = (0..200_000)
        .map(|n| format!("\"k{}\":{n},", n % 150_000))
        .collect();
    let (_, parsed) = read(&format!("{{{many}}}"));
    assert_eq!(parsed.tree.unwrap().members().len(), 150_000);
    assert_eq!(parsed.diagnostics.len(), 50_000);
}

proptest! {
    #[test]
    fn damaged_documents_never_panic_and_spans_stay_within(
        cuts in proptest::collection::vec((0_usize..400, 0_usize..12), 0..6),
        end in 0_usize..400,
    ) {
        let mut chars: Vec<char> = TEMPLATE.chars().take(end).collect();
        for (at, length) in cuts {
            let at = at.min(chars.len());
            let until = (at + length).min(chars.len());
            chars.drain(at..until);
        }
        let text: String = chars.into_iter().collect();
        let (file, parsed) = read(&text);
        for diagnostic in &parsed.diagnostics {
            let span = diagnostic.primary.as_ref().unwrap().span;
            prop_assert!(file.text().get(span.start as usize..span.end as usize).is_some());
        }
        prop_assert!(parsed.tree.is_some() || !parsed.diagnostics.is_empty() || text.trim().is_empty()
            || !parsed.comments.is_empty());
    }

    #[test]
    fn arbitrary_text_never_panics(text in "[\\[\\]{}\",:/*\\\\a0e.\\-+'é\u{85}\n\r u]{0,60}") {
        let (file, parsed) = read(&text);
        for diagnostic in &parsed.diagnostics {
            let span = diagnostic.primary.as_ref().unwrap().span;
            prop_assert!(file.text().get(span.start as usize..span.end as usize).is_some());
        }
    }
}
