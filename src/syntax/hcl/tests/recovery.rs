use super::*;

/// Labels of all blocks that were read, and of every diagnostic the text it points at.
fn survivors(text: &str) -> (Vec<String>, Vec<String>) {
    let (file, parsed) = read(text);
    let blocks = parsed.tree.blocks.iter();
    let names = blocks.map(|block| block.label(0).map_or(String::new(), ToString::to_string));
    let places = parsed.diagnostics.iter().map(|diagnostic| {
        assert_eq!(diagnostic.kind, DiagnosticKind::Unreadable);
        slice(&file, diagnostic.primary.as_ref().unwrap().span)
    });
    (names.collect(), places.collect())
}

fn around(bad: &str) -> (Vec<String>, Vec<String>) {
    survivors(&format!(
        "b \"one\" {{\n  x = 1\n}}\n\n{bad}\n\nb \"two\" {{\n  y = [\n    2\n  ]\n}}\nb \"three\" {{}}\n"
    ))
}

#[test]
fn one_bad_block_loses_only_itself() {
    for (bad, place) in [
        ("b \"bad\" {\n  x = = 1\n}", "="),
        ("b \"bad\" {\n  x = [1, 2\n}", "["),
        ("b \"bad\" {\n  x = \"open\n}", "\""),
        ("b \"bad\" {\n  x = (1\n", "{"),
        ("b \"bad\" {\n  rule {\n    x = 1\n}", "{"),
        ("b \"bad\" {\n  x = <<EOT\n  no end\n}", "{"),
        ("b \"bad\" {\n  x = 1 y = 2\n}", "y"),
        ("}", "}"),
        ("b \"bad\" {\n}}", "}"),
        ("b bad = 3", "="),
        ("\"x\" {}", "\""),
        ("x = ?", "?"),
        ("b \"bad\" {\n  x = \"${a\"\n}", "\""),
    ] {
        let (names, places) = around(bad);
        assert_eq!(names, ["one", "two", "three"], "{bad}");
        assert_eq!(places, [place], "{bad}");
    }
}

#[test]
fn a_mistake_within_a_block_names_the_block_that_is_lost() {
    let (file, parsed) = read("\n resource \"a\" \"b\" {\n  x = = 1\n}\n");
    let related = &parsed.diagnostics[0].related[0];
    assert_eq!(slice(&file, related.span), "resource \"a\" \"b\" {");
    assert_eq!(related.text, "all of this is left out");
}

#[test]
fn dropping_any_block_leaves_the_others() {
    let blocks = [
        "b \"a\" {\n x = <<E\n}\nE\n}\n",
        "b \"b\" { y = \"}\" }\n",
        "b \"c\" {\n # }\n z = [1]\n}\n",
    ];
    for dropped in 0..blocks.len() {
        let kept = blocks.iter().enumerate().filter(|(n, _)| *n != dropped);
        let text: String = kept.map(|(_, block)| *block).collect();
        assert_eq!(good(&text).1.blocks.len(), 2);
    }
}

#[test]
fn the_second_attribute_of_a_name_is_refused_and_the_first_stays() {
    for text in [
        "b {\n  priority = 100\n  other = 1\n  priority = 200\n}\n",
        "priority = 100\nother = 1\npriority = 200\n",
    ] {
        let (file, parsed) = read(text);
        let body = parsed.tree.blocks.first().map_or(&parsed.tree, |b| &b.body);
        assert_eq!(show(&body.attribute("priority").unwrap().value), "100");
        assert_eq!(body.attributes.len(), 2);
        assert_eq!(parsed.diagnostics.len(), 1);
        let diagnostic = &parsed.diagnostics[0];
        assert_eq!(
            (diagnostic.code, diagnostic.kind),
            ("hcl-syntax", DiagnosticKind::Unreadable)
        );
        let second = diagnostic.primary.as_ref().unwrap().span;
        let first = diagnostic.related[0].span;
        assert_eq!(
            (slice(&file, first), slice(&file, second)),
            ("priority".into(), "priority".into())
        );
        assert!(text[second.end as usize..].starts_with(" = 200"));
        assert!(text[first.end as usize..].starts_with(" = 100"));
    }
}

#[test]
fn a_reference_as_key_is_refused_where_it_stands() {
    let (file, parsed) = read("b {\n x = { a.b = 1 }\n y = 2\n}\n");
    assert_eq!(
        slice(&file, parsed.diagnostics[0].primary.as_ref().unwrap().span),
        "a.b"
    );
    let body = &parsed.tree.blocks[0].body;
    assert!(body.attribute("y").is_some());
    // It is written, whatever it is: nobody may take it for missing.
    let x = &body.attribute("x").unwrap().value;
    assert_eq!(show(x), "{unreadable=1}");
}

#[test]
fn the_providers_of_a_module_are_named_with_a_dot() {
    let (_, parsed) =
        read("module \"m\" {\n providers = { azurerm.hub = azurerm.main }\n y = 2\n}\n");
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    assert!(parsed.tree.blocks[0].body.attribute("providers").is_some());
}

#[test]
fn an_open_bracket_in_a_variables_file_loses_one_variable() {
    let (file, parsed) = read("a = 1\nb = [\n  2,\nc = 3\nd = 4\n");
    let names: Vec<&str> = parsed.tree.attributes.iter().map(|a| &*a.name).collect();
    assert_eq!(names, ["a", "c", "d"]);
    assert_eq!(
        slice(&file, parsed.diagnostics[0].primary.as_ref().unwrap().span),
        "["
    );
}

/// The first message about a text, and what it points at.
fn refused(text: &str) -> (String, String) {
    let (file, parsed) = read(text);
    let told = &parsed.diagnostics[0];
    let shown = slice(&file, told.primary.as_ref().unwrap().span);
    (told.message.clone(), shown)
}

#[test]
fn a_mistake_is_told_where_it_is_in_words_that_help() {
    for (text, message, shown) in [
        ("x = [1 2]", "`,` or `]` is expected after an item", "2"),
        (
            "x = f(1 2)",
            "`,` or `)` is expected after an argument",
            "2",
        ),
        (
            "x = f(a... , b)",
            "`...` ends the last argument, so `)` is expected here",
            ",",
        ),
        ("x = { a }", "`=` and a value are expected after a key", "}"),
        (
            "x = { a = 1 b = 2 }",
            "`,`, a new line or `}` is expected after a value",
            "b",
        ),
        ("x =\ny = 1", "an expression is missing after this", "="),
        ("x = a +\n", "an expression is missing after this", "+"),
        (
            "x = a ? b",
            "`:` and what holds otherwise are expected here",
            "b",
        ),
        (
            "x = a.",
            "the name of an attribute is expected after a dot",
            ".",
        ),
        ("x = a[1 2]", "`]` is expected after an index", "2"),
        (
            "x = a.0.1",
            "indices in a row stand in brackets: `[0][1]`",
            "0.1",
        ),
        (
            "x = a.*.b.*",
            "a `.*` cannot follow another; write `[*]`",
            "*",
        ),
        (
            "x = [for a : b]",
            "`in` is expected after the names of a `for`",
            ":",
        ),
        (
            "x = [for a in b c]",
            "`:` is expected after what a `for` walks",
            "c",
        ),
        (
            "x = {for a in b : c}",
            "a `for` in `{` and `}` gives a key, `=>` and a value",
            "}",
        ),
        (
            "x = [for a in b : c => d]",
            "a `for` in `[` and `]` gives values without keys",
            "=>",
        ),
        ("x = \"a\\qb\"", "`\\q` is no escape sequence", "\\q"),
        ("x = \"\\u12\"", "`\\u` needs 4 hexadecimal digits", "\\u"),
        ("x = \"${a b}\"", "`}` is expected here", "b"),
        (
            "x = \"%{ endif }\"",
            "there is no directive that this ends",
            "%{ endif }",
        ),
        (
            "x = \"%{ if a }\"",
            "the `%{ endif }` of this directive is missing",
            "%{ if a }",
        ),
        (
            "x = \"%{ if a }%{ endfor }\"",
            "there is no directive that this ends",
            "%{ endfor }",
        ),
        (
            "x = \"%{ while }\"",
            "`if`, `else`, `endif`, `for` or `endfor` is expected here",
            "while",
        ),
        (
            "b {\n x {\n }\n y = 1 z = 2\n}",
            "a new line is expected before this",
            "z",
        ),
        (
            "b { x = 1, y = 2 }",
            "a block on one line ends after one attribute",
            ",",
        ),
        (
            "b { x {} }",
            "a block within a block begins on a line of its own",
            "{",
        ),
        ("b \"a${c}\" {}", "a label is a plain string", "${"),
        ("x", "after a name `=` or a block is expected here", "x"),
        ("x = 'a'", "an expression is expected here", "'"),
    ] {
        let expected = (message.to_owned(), shown.to_owned());
        assert_eq!(refused(text), expected, "{text}");
    }
    let (_, parsed) = read("x = 'a'");
    let help = parsed.diagnostics[0].help.as_deref();
    assert_eq!(help, Some("strings stand in double quotes"));
}

#[test]
fn names_may_hold_letters_of_any_script() {
    assert_eq!(value("größe.länge"), "größe.länge");
    assert_eq!(
        value("{ имя = 1, naïve-x = 2 }"),
        "{\"имя\"=1 \"naïve-x\"=2}"
    );
    assert_eq!(refused("x = a\u{a0}+ b").1, "\u{a0}");
}
