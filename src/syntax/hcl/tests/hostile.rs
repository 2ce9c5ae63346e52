//! Tests run on threads with a stack of 2 MB, unoptimised: the worst case.

use super::*;

fn only(text: &str) -> Diagnostic {
    let (_, parsed) = read(text);
    assert_eq!(parsed.diagnostics.len(), 1, "{:?}", parsed.diagnostics);
    parsed.diagnostics[0].clone()
}

#[test]
fn bottomless_nesting_is_refused() {
    for depth in [10_000, 300_000] {
        for (open, close) in [
            ("[", "]"),
            ("(", ")"),
            ("{ a = ", "}"),
            ("f(", ")"),
            ("\"${", "}\""),
            ("a[", "]"),
            ("a ? b : ", ""),
            ("{ for k in ", ": k => k }"),
        ] {
            let text = format!("x = {}1{}\n", open.repeat(depth), close.repeat(depth));
            assert_eq!(only(&text).code, "nesting-depth", "{open}");
        }
        for open in ["!", "- "] {
            assert_eq!(
                only(&format!("x = {}a\n", open.repeat(depth))).code,
                "nesting-depth"
            );
        }
        let blocks = format!("{}{}\n", "a {\n".repeat(depth), "}\n".repeat(depth));
        assert_eq!(only(&blocks).code, "nesting-depth");
    }
}

#[test]
fn a_number_of_too_many_digits_is_told_and_not_guessed() {
    let told = only("x = [1e400, 1e999999999]\ny = 1\n");
    assert_eq!(told.message, "this number has too many digits to be read");
    let span = told.primary.unwrap().span;
    assert_eq!((span.start, span.end), (12, 23));
}

#[test]
fn endless_chains_are_refused() {
    for (link, count) in [
        (".b", 300_000),
        ("[0]", 300_000),
        ("[*]", 100_000),
        (" + a", 100_000),
    ] {
        let text = format!("x = a{}\ny = 1\n", link.repeat(count));
        assert_eq!(only(&text).code, "nesting-depth", "{link}");
        assert!(read(&text).1.tree.attribute("y").is_some(), "{link}");
    }
}

#[test]
fn the_deepest_accepted_trees_are_walked_and_dropped() {
    for text in [
        format!("x = a{}", ".b".repeat(190)),
        format!("x = 1{}", " + 1".repeat(120)),
        format!("x = {}1{}", "[".repeat(60), "]".repeat(60)),
        format!("x = {}a{}", "a[".repeat(60), "]".repeat(60)),
        format!("x = {}1{}", "\"${".repeat(30), "}\"".repeat(30)),
        format!("{}{}", "a {\n".repeat(60), "}\n".repeat(60)),
    ] {
        let (_, body) = good(&text);
        assert_eq!(body.clone(), body);
    }
}

#[test]
fn unclosed_brackets_end_quickly() {
    for open in [
        "[",
        "(",
        "{",
        "\"${",
        "a {\n",
        "x = <<E\n",
        "\"",
        "/*",
        "${",
        "x = [\n",
    ] {
        let (_, parsed) = read(&open.repeat(20_000));
        assert!(!parsed.diagnostics.is_empty());
        assert!(parsed.diagnostics.len() < 30_000);
    }
    for close in ["]", "}", ")", "EOT\n"] {
        assert!(!read(&close.repeat(20_000)).1.diagnostics.is_empty());
    }
}

#[test]
fn an_object_of_twenty_thousand_keys_is_read_in_groups() {
    let items: String = (0..20_000).map(|n| format!("k{n} = {n}\n")).collect();
    let (_, body) = good(&format!("x = {{\n{items}}}\n"));
    let ExprKind::Object(items) = &body.attributes[0].value.kind else {
        panic!("not an object")
    };
    assert_eq!(items.len(), 20_000);
    let repeated = "k = 1\n".repeat(5_000);
    let (_, body) = good(&format!("x = {{\n{repeated}}}\n"));
    let ExprKind::Object(items) = &body.attributes[0].value.kind else {
        panic!("not an object")
    };
    assert_eq!(items.len(), 5_000);
    assert!(items.iter().all(|item| show(&item.key) == "\"k\""));
}

#[test]
fn long_expressions_and_texts_are_read() {
    let items: String = (0..10_000).map(|n| format!("{n}, ")).collect();
    assert!(items.len() > 50_000);
    let (_, body) = good(&format!("x = [{items}]\n"));
    let ExprKind::List(items) = &body.attributes[0].value.kind else {
        panic!("not a list")
    };
    assert_eq!(items.len(), 10_000);
    let holes = "${a} ".repeat(10_000);
    let (_, body) = good(&format!("x = \"{holes}\"\n"));
    let ExprKind::Template(parts) = &body.attributes[0].value.kind else {
        panic!("not a template")
    };
    assert_eq!(parts.len(), 20_000);
    let line = "0123456789abcde\n";
    let text = line.repeat((1 << 20) / line.len());
    for dash in ["", "-"] {
        let (_, body) = good(&format!("x = <<{dash}EOT\n{text}EOT\n"));
        assert_eq!(
            body.attributes[0].value.kind,
            ExprKind::String(text.as_str().into())
        );
    }
    let words = "if(".repeat(99);
    let deep = format!("x = {words}1{}\n", ")".repeat(99));
    assert_eq!(good(&deep).1.attributes.len(), 1);
}

#[test]
fn the_deepest_nesting_that_is_read_fits_the_stack() {
    let open = "a || b && c == d < e + f * [{ k = ";
    let text = format!("x = {}1{}\n", open.repeat(24), "}]".repeat(24));
    let (_, parsed) = read(&text);
    let told: Vec<_> = parsed.diagnostics.iter().map(|told| told.code).collect();
    assert_eq!(told, [] as [&str; 0]);
    let text = format!("x = {}1{}\n", open.repeat(60), "}]".repeat(60));
    assert_eq!(only(&text).code, "nesting-depth");
}

const FIXTURE: &str = "# nsg\r\nresource \"azurerm_network_security_group\" \"é\" {\n  name = \"nsg-${var.env}\"\n  tags = { a = 1, \"b\" = [for k, v in m : v if k != \"\"], a = 2 }\n  dynamic \"security_rule\" {\n    for_each = { for r in var.rules : r.name => r\n      ... }\n    content { priority = 100 + a.b[*].c[0] }\n  }\n  text = <<-EOT\n    a %{ if x ~}\n      ${~ upper(\"y\") }\n    %{ endif }\n  EOT\n}\n/* c */ locals { x = y ? !z : -1 } // d\nvariable v {}\n";

#[test]
fn the_fixture_is_sound() {
    assert_eq!(good(FIXTURE).1.blocks.len(), 3);
}

fn check_spans(file: &SourceFile, parsed: &Parsed<Body>) -> Result<(), TestCaseError> {
    let labels = parsed
        .diagnostics
        .iter()
        .flat_map(|diagnostic| diagnostic.primary.iter().chain(&diagnostic.related));
    let spans = labels
        .map(|label| label.span)
        .chain(parsed.comments.iter().map(|comment| comment.span))
        .chain(parsed.tree.blocks.iter().map(|block| block.span));
    for span in spans {
        let read = file.text().get(span.start as usize..span.end as usize);
        prop_assert!(read.is_some());
    }
    Ok(())
}

proptest! {
    #[test]
    fn damaged_files_never_panic_and_spans_stay_within(
        cuts in proptest::collection::vec((0_usize..700, 0_usize..15), 0..5),
        end in 0_usize..1_000,
    ) {
        let mut chars: Vec<char> = FIXTURE.chars().take(end).collect();
        for (at, length) in cuts {
            let at = at.min(chars.len());
            let until = (at + length).min(chars.len());
            chars.drain(at..until);
        }
        let text: String = chars.into_iter().collect();
        let (file, parsed) = read(&text);
        check_spans(&file, &parsed)?;
    }

    #[test]
    fn arbitrary_text_never_panics(text in "([\\[\\]{}()\"$%~=:,.#/*<>\\\\!?&|+\\- \na0_é\u{85}]|for|in|if|EOT|<<E\n|\\$\\{|%\\{){0,40}") {
        let (file, parsed) = read(&text);
        check_spans(&file, &parsed)?;
        let (file, parsed) = read(&format!("x = {text}\ny = 1\n"));
        check_spans(&file, &parsed)?;
        let at = Span::new(FileId(0), 0, 0);
        let _ = parse_expression(at, &text);
        let _ = parse_template(at, &text);
    }
}
