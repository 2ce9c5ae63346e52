use super::*;

/// All nodes of an expression, outermost first, as they were typed.
fn texts(file: &SourceFile, expr: &Expr, out: &mut Vec<String>) {
    out.push(slice(file, expr.span));
    match &expr.kind {
        ExprKind::List(items) => items.iter().for_each(|item| texts(file, item, out)),
        ExprKind::Object(items) => {
            for item in items {
                texts(file, &item.key, out);
                texts(file, &item.value, out);
            }
        }
        ExprKind::Attribute(base, name, name_span) => {
            assert_eq!(file.slice(*name_span), &**name);
            texts(file, base, out);
        }
        ExprKind::Index(base, other) | ExprKind::Splat(base, _, other) => {
            texts(file, base, out);
            texts(file, other, out);
        }
        ExprKind::Call {
            name,
            name_span,
            args,
            ..
        } => {
            assert_eq!(file.slice(*name_span), &**name);
            args.iter().for_each(|arg| texts(file, arg, out));
        }
        ExprKind::Conditional(condition, then, otherwise) => {
            for part in [condition, then, otherwise] {
                texts(file, part, out);
            }
        }
        ExprKind::Unary(_, operand) => texts(file, operand, out),
        ExprKind::Binary(left, _, right) => {
            texts(file, left, out);
            texts(file, right, out);
        }
        ExprKind::For(each) => {
            let parts = [Some(&each.collection), each.key.as_ref(), Some(&each.value)];
            for part in parts.into_iter().chain([each.condition.as_ref()]).flatten() {
                texts(file, part, out);
            }
        }
        ExprKind::Template(parts) => template(file, parts, out),
        _ => {}
    }
}

fn template(file: &SourceFile, parts: &[TemplatePart], out: &mut Vec<String>) {
    for part in parts {
        match part {
            TemplatePart::Literal(_) => {}
            TemplatePart::Interpolation(expr) => texts(file, expr, out),
            TemplatePart::If {
                condition,
                then,
                otherwise,
            } => {
                texts(file, condition, out);
                template(file, then, out);
                template(file, otherwise, out);
            }
            TemplatePart::For {
                collection, body, ..
            } => {
                texts(file, collection, out);
                template(file, body, out);
            }
        }
    }
}

/// The nodes of the only attribute of a block that is not the first in its file.
fn nodes(expression: &str) -> Vec<String> {
    let text = format!(
        "# é\r\nlocals {{ first = 1 }}\r\nblock \"a\" {{\r\n  x =  {expression} # end\r\n}}\r\n"
    );
    let (file, body) = good(&text);
    let attribute = &body.blocks[1].body.attributes[0];
    assert_eq!(file.slice(attribute.name_span), "x");
    let mut out = Vec::new();
    texts(&file, &attribute.value, &mut out);
    out
}

#[test]
fn every_node_reads_back_its_own_text() {
    assert_eq!(nodes("1 + 2 * 3"), ["1 + 2 * 3", "1", "2 * 3", "2", "3"]);
    assert_eq!(nodes("[ 1, \"č\" ]"), ["[ 1, \"č\" ]", "1", "\"č\""]);
    assert_eq!(
        nodes("{ a = 1, \"b\" : c }"),
        ["{ a = 1, \"b\" : c }", "a", "1", "\"b\"", "c"]
    );
    assert_eq!(nodes("a . b [ 0 ]"), ["a . b [ 0 ]", "a . b", "a", "0"]);
    assert_eq!(nodes("a.0"), ["a.0", "a", "0"]);
    assert_eq!(nodes("f( x , y... )"), ["f( x , y... )", "x", "y"]);
    assert_eq!(nodes("p::q(x)"), ["p::q(x)", "x"]);
    assert_eq!(nodes("a ? b : c"), ["a ? b : c", "a", "b", "c"]);
    assert_eq!(nodes("! a"), ["! a", "a"]);
    assert_eq!(
        nodes("[for k, v in m : v if k]"),
        ["[for k, v in m : v if k]", "m", "v", "k"]
    );
    assert_eq!(
        nodes("{for k, v in m : k => v... if k}"),
        ["{for k, v in m : k => v... if k}", "m", "k", "v", "k"]
    );
    assert_eq!(nodes("\"é${ a }${b}\""), ["\"é${ a }${b}\"", "a", "b"]);
    assert_eq!(
        nodes("\"%{ if a }${b}%{ else }${c}%{ endif }%{ for i in d }${e}%{ endfor }\"")[1..],
        ["a", "b", "c", "d", "e"]
    );
    assert_eq!(nodes("- 5"), ["- 5"]);
    assert_eq!(nodes("null"), ["null"]);
}

#[test]
fn heredocs_and_what_is_in_them_read_back() {
    assert_eq!(
        nodes("<<-EOT\n    é ${a}\n    ${ b }\n  EOT\n"),
        ["<<-EOT\n    é ${a}\n    ${ b }\n  EOT", "a", "b"]
    );
}

#[test]
fn parentheses_are_no_nodes() {
    assert_eq!(nodes("((a))"), ["a"]);
    assert_eq!(
        nodes("(a + b) * c"),
        ["(a + b) * c", "a + b", "a", "b", "c"]
    );
}

#[test]
fn the_rest_of_a_splat_begins_at_its_star() {
    assert_eq!(nodes("a[*].b"), ["a[*].b", "a", "[*].b", "[*]"]);
    assert_eq!(
        nodes("a.*.b[0]"),
        ["a.*.b[0]", "a.*.b", "a", ".*.b", ".*", "0"]
    );
}

#[test]
fn mended_text_keeps_its_places() {
    assert_eq!(
        nodes("{ for k, v in m : k => v # c\n + { a = 1, a = 22 } }"),
        [
            "{ for k, v in m : k => v # c\n + { a = 1, a = 22 } }",
            "m",
            "k",
            "v # c\n + { a = 1, a = 22 }",
            "v",
            "{ a = 1, a = 22 }",
            "a",
            "1",
            "a",
            "22"
        ]
    );
    assert_eq!(
        nodes("{ (a.b) = 1, (a.b) = 2, \"x y\" = 3, \"x y\" = 4 }")[1..],
        [
            "a.b", "a", "1", "a.b", "a", "2", "\"x y\"", "3", "\"x y\"", "4"
        ]
    );
}

#[test]
fn objects_with_very_many_items_read_back() {
    let items: String = (0..1_000)
        .map(|n| format!("  key{n} = {{ value = \"v{n}\" }} # {n}\n"))
        .collect();
    let (file, body) = good(&format!("x = {{\n{items}}}\n"));
    let value = &body.attributes[0].value;
    let ExprKind::Object(items) = &value.kind else {
        panic!("not an object")
    };
    assert_eq!(items.len(), 1_000);
    for (n, item) in items.iter().enumerate() {
        assert_eq!(file.slice(item.key.span), format!("key{n}"));
        assert_eq!(
            file.slice(item.value.span),
            format!("{{ value = \"v{n}\" }}")
        );
        assert_eq!(item.key.kind, ExprKind::String(format!("key{n}").into()));
    }
    assert!(file.slice(value.span).ends_with("# 999\n}"));
}
