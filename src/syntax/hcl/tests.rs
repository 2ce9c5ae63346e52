use super::*;
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::Parsed;
use proptest::prelude::*;

mod hostile;
mod json;
mod recovery;
mod spans;
mod templates;

fn read(text: &str) -> (SourceFile, Parsed<Body>) {
    let file = SourceFile::new("a.tf", text);
    let parsed = parse(FileId(0), &file);
    (file, parsed)
}

fn good(text: &str) -> (SourceFile, Body) {
    let (file, parsed) = read(text);
    assert_eq!(parsed.diagnostics, [], "{text}");
    (file, parsed.tree)
}

/// The only attribute of a text, and the way it is understood.
fn value(text: &str) -> String {
    let (_, body) = good(&format!("x = {text}\n"));
    show(&body.attribute("x").unwrap().value)
}

fn slice(file: &SourceFile, span: Span) -> String {
    file.slice(span).to_owned()
}

/// An expression with every bracket written out.
fn show(expr: &Expr) -> String {
    let list = |items: &[Expr]| items.iter().map(show).collect::<Vec<_>>().join(" ");
    match &expr.kind {
        ExprKind::Unreadable => "unreadable".into(),
        ExprKind::Null => "null".into(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Number(Number::Integer(value)) => value.to_string(),
        ExprKind::Number(Number::Float(value)) => format!("{value:?}"),
        ExprKind::Number(Number::Long(text)) => text.to_string(),
        ExprKind::String(text) => format!("{text:?}"),
        ExprKind::Template(parts) => format!("<{}>", parts_shown(parts)),
        ExprKind::List(items) => format!("[{}]", list(items)),
        ExprKind::Object(items) => {
            let items = items
                .iter()
                .map(|item| format!("{}={}", show(&item.key), show(&item.value)));
            format!("{{{}}}", items.collect::<Vec<_>>().join(" "))
        }
        ExprKind::Variable(name) => name.to_string(),
        ExprKind::Attribute(base, name, _) => format!("{}.{name}", show(base)),
        ExprKind::Index(base, index) => format!("{}[{}]", show(base), show(index)),
        ExprKind::Splat(base, full, rest) => {
            let star = if *full { "[*]" } else { ".*" };
            format!("({}{star} {})", show(base), show(rest))
        }
        ExprKind::Call {
            name, args, expand, ..
        } => {
            let dots = if *expand { "..." } else { "" };
            format!("{name}({}{dots})", list(args))
        }
        ExprKind::Conditional(condition, then, otherwise) => {
            format!(
                "(if {} {} {})",
                show(condition),
                show(then),
                show(otherwise)
            )
        }
        ExprKind::Unary(operator, operand) => format!("({operator:?} {})", show(operand)),
        ExprKind::Binary(left, operator, right) => {
            format!("({operator:?} {} {})", show(left), show(right))
        }
        ExprKind::For(each) => {
            let key_name = each.key_name.as_deref().unwrap_or("-");
            let key = each.key.as_ref().map_or("-".into(), show);
            let condition = each.condition.as_ref().map_or("-".into(), show);
            format!(
                "(for {key_name} {} {} {key} {} {condition} {})",
                each.value_name,
                show(&each.collection),
                show(&each.value),
                each.grouping
            )
        }
    }
}

fn parts_shown(parts: &[TemplatePart]) -> String {
    let parts = parts.iter().map(|part| match part {
        TemplatePart::Literal(text) => format!("{text:?}"),
        TemplatePart::Interpolation(expr) => format!("${{{}}}", show(expr)),
        TemplatePart::If {
            condition,
            then,
            otherwise,
        } => format!(
            "(if {} <{}> <{}>)",
            show(condition),
            parts_shown(then),
            parts_shown(otherwise)
        ),
        TemplatePart::For {
            key_name,
            value_name,
            collection,
            body,
        } => format!(
            "(for {} {value_name} {} <{}>)",
            key_name.as_deref().unwrap_or("-"),
            show(collection),
            parts_shown(body)
        ),
    });
    parts.collect::<Vec<_>>().join(" ")
}

#[test]
fn literals_are_read_exactly() {
    assert_eq!(value("null"), "null");
    assert_eq!(value("true"), "true");
    assert_eq!(value("65000"), "65000");
    assert_eq!(value("-5"), "-5");
    assert_eq!(value("- 5"), "-5");
    assert_eq!(value("1.25e1"), "12.5");
    assert_eq!(
        value("123456789012345678901234567890"),
        "123456789012345678901234567890"
    );
    assert_eq!(value("9223372036854775808"), "9223372036854775808");
    assert_eq!(value("[]"), "[]");
    assert_eq!(value("[1, \"a\", ]"), "[1 \"a\"]");
    assert_eq!(value("{}"), "{}");
}

#[test]
fn operators_bind_as_terraform_does() {
    assert_eq!(
        value("1 + 2 * 3 - 4"),
        "(Subtract (Add 1 (Multiply 2 3)) 4)"
    );
    assert_eq!(value("(1 + 2) * 3"), "(Multiply (Add 1 2) 3)");
    assert_eq!(value("!a == b"), "(Equal (Not a) b)");
    assert_eq!(value("!!a"), "(Not (Not a))");
    assert_eq!(value("-a.b"), "(Negate a.b)");
    assert_eq!(value("a || b && c != d"), "(Or a (And b (NotEqual c d)))");
    assert_eq!(value("a / b % c"), "(Modulo (Divide a b) c)");
    assert_eq!(
        value("a < 1 == (b >= 2)"),
        "(Equal (Less a 1) (GreaterEqual b 2))"
    );
    assert_eq!(
        value("a > 1 && b <= 2"),
        "(And (Greater a 1) (LessEqual b 2))"
    );
    assert_eq!(value("a ? b : c ? d : e"), "(if a b (if c d e))");
}

#[test]
fn references_and_indices_chain_from_the_left() {
    assert_eq!(value("var.a.b[0][\"k\"]"), "var.a.b[0][\"k\"]");
    assert_eq!(value("a.0"), "a[0]");
    assert_eq!(value("a.0.b"), "a[0].b");
    assert_eq!(value("(5).0"), "5[0]");
    assert_eq!(value("f(x).y"), "f(x).y");
    assert_eq!(value("[1, 2][0]"), "[1 2][0]");
    assert_eq!(value("a[b[c]].d"), "a[b[c]].d");
}

#[test]
fn a_splat_holds_the_chain_after_the_star() {
    assert_eq!(value("a[*].b[0].c"), "(a[*] *.b[0].c)");
    assert_eq!(value("a[*]"), "(a[*] *)");
    assert_eq!(value("a[*].b[*].c"), "(a[*] (*.b[*] *.c))");
    assert_eq!(value("a.*.b.c"), "(a.* *.b.c)");
    assert_eq!(value("a.*.b[0]"), "(a.* *.b)[0]");
    assert_eq!(value("a.*.b.0"), "(a.* *.b[0])");
    assert_eq!(value("one(a.b[*].id)"), "one((a.b[*] *.id))");
}

#[test]
fn calls_keep_names_and_expansion() {
    assert_eq!(
        value("cidrsubnet(\"10.0.0.0/8\", 8, 1)"),
        "cidrsubnet(\"10.0.0.0/8\" 8 1)"
    );
    assert_eq!(value("f()"), "f()");
    assert_eq!(value("max(a...)"), "max(a...)");
    assert_eq!(
        value("provider::azurerm::parse(x)"),
        "provider::azurerm::parse(x)"
    );
    assert_eq!(value("f(\n  [1,\n  2],\n)"), "f([1 2])");
}

#[test]
fn keys_of_objects_are_words_strings_or_expressions() {
    assert_eq!(
        value("{ a = 1, \"b c\" : 2, (var.d) = 3, \"e-${f}\" = 4\n g = 5 }"),
        "{\"a\"=1 \"b c\"=2 var.d=3 <\"e-\" ${f}>=4 \"g\"=5}"
    );
    assert_eq!(
        value("{ true = 1, null = 2, 3 = 4, (true) = 5, (a) = 6, a-b = 7 }"),
        "{\"true\"=1 \"null\"=2 3=4 true=5 a=6 \"a-b\"=7}"
    );
}

#[test]
fn for_expressions_keep_all_their_parts() {
    assert_eq!(
        value("[for s in var.x : upper(s) if s != \"\"]"),
        "(for - s var.x - upper(s) (NotEqual s \"\") false)"
    );
    assert_eq!(
        value("{ for k, v in x : v.g => k... if v.on }"),
        "(for k v x v.g k v.on true)"
    );
}

#[test]
fn newlines_within_brackets_mean_nothing() {
    let expected = "(for k v x k (Add v 1) - false)";
    for text in [
        "{ for k, v in x : k => v + 1 }",
        "{\n  for k, v in x : k => v\n    + 1\n}",
        "{ # why\n  for k, v in x : # because\n  k => v + // so\n 1 /* end */\n}",
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
    assert_eq!(
        value(
            "{ for k, v in x : k => v.a == null\n ? {\n a = 1\n b = 2\n }\n : merge(v, {\n c = 3 # three\n d = 4\n })\n}"
        ),
        "(for k v x k (if (Equal v.a null) {\"a\"=1 \"b\"=2} merge(v {\"c\"=3 \"d\"=4})) - false)"
    );
    assert_eq!(value("(1 +\n  2)"), "(Add 1 2)");
    assert_eq!(value("[a\n  ? 1 : 2]"), "[(if a 1 2)]");
    assert_eq!(value("[<<EOT\nx\nEOT\n  , 2]"), "[\"x\\n\" 2]");
}

#[test]
fn of_equal_keys_both_are_kept_in_order() {
    assert_eq!(
        value("{ a = 1, b = 2, a = 3 }"),
        "{\"a\"=1 \"b\"=2 \"a\"=3}"
    );
    assert_eq!(
        value("{ \"a b\" = 1\n \"a b\" = 2\n (v.x) = 3\n (v.x) = 4\n true = 5\n true = 6 }"),
        "{\"a b\"=1 \"a b\"=2 v.x=3 v.x=4 \"true\"=5 \"true\"=6}"
    );
    assert_eq!(
        value("{ z = { z = 1, z = 2 }, z = [{ y = 1, y = 2 }] }"),
        "{\"z\"={\"z\"=1 \"z\"=2} \"z\"=[{\"y\"=1 \"y\"=2}]}"
    );
}

#[test]
fn blocks_nest_and_keep_labels() {
    let (file, body) = good(
        "resource \"azurerm_subnet\" web {\n  name = \"a\"\n  dynamic \"rule\" {\n    for_each = x\n    content { n = 1 }\n  }\n  empty {}\n}\nlocals {\n}\n",
    );
    let subnet = &body.blocks[0];
    assert_eq!(&*subnet.kind, "resource");
    assert_eq!(
        subnet.label(0).map(|label| &**label),
        Some("azurerm_subnet")
    );
    assert_eq!(subnet.label(1).map(|label| &**label), Some("web"));
    assert_eq!(
        slice(&file, subnet.header),
        "resource \"azurerm_subnet\" web"
    );
    let rule = subnet.body.blocks_of("dynamic").next().unwrap();
    let content = rule.body.blocks_of("content").next().unwrap();
    assert_eq!(show(&content.body.attribute("n").unwrap().value), "1");
    assert_eq!(slice(&file, content.span), "content { n = 1 }");
    assert_eq!(slice(&file, content.header), "content");
    assert!(slice(&file, subnet.span).ends_with("empty {}\n}"));
    assert_eq!(body.blocks.len(), 2);
}

#[test]
fn comments_are_listed_with_their_marks_and_strings_hide_none() {
    let (file, parsed) = read(
        "# a\r\nx = \"# no\" // b\r\ny = <<EOT\n# no\nEOT\n/* c\n d */ z = [ # e\n1, /* f */\n]\n// last",
    );
    assert_eq!(parsed.diagnostics, []);
    let texts: Vec<&str> = parsed
        .comments
        .iter()
        .map(|comment| file.slice(comment.span))
        .collect();
    assert_eq!(
        texts,
        ["# a", "// b", "/* c\n d */", "# e", "/* f */", "// last"]
    );
    assert_eq!(parsed.tree.attributes.len(), 3);
}

#[test]
fn a_blank_file_is_an_empty_body() {
    for text in ["", "\n\n", "# only\n", "\u{feff}", " \r\n"] {
        assert_eq!(good(text).1, Body::default());
    }
}

#[test]
fn an_expression_alone_counts_from_its_place_in_the_file() {
    let text = "\n  a.b == 1 # first\n  && contains([\n    \"é\",\n  ], c)\n";
    let at = Span::new(FileId(7), 100, 100 + u32::try_from(text.len()).unwrap());
    let expr = parse_expression(at, text).unwrap();
    assert_eq!(show(&expr), "(And (Equal a.b 1) contains([\"é\"] c))");
    let ExprKind::Binary(left, BinaryOp::And, right) = &expr.kind else {
        panic!("{expr:?}")
    };
    let typed = |span: Span| &text[span.start as usize - 100..span.end as usize - 100];
    assert_eq!(typed(left.span), "a.b == 1");
    assert!(typed(right.span).starts_with("contains(["));
    assert!(typed(right.span).ends_with("], c)"));
    assert_eq!(expr.span.file, FileId(7));
    assert_eq!(
        show(&parse_expression(at, "{ a = 1\n a = 2 }").unwrap()),
        "{\"a\"=1 \"a\"=2}"
    );
}

#[test]
fn a_wrong_expression_points_into_the_file() {
    let text = "a == == b";
    let at = Span::new(FileId(7), 100, 109);
    let diagnostic = parse_expression(at, text).unwrap_err();
    assert_eq!(diagnostic.code, "hcl-syntax");
    assert_eq!(diagnostic.primary.unwrap().span.start, 105);
    let diagnostic = parse_expression(Span::new(FileId(0), 3, 3), " ").unwrap_err();
    assert_eq!(diagnostic.message, "an expression is missing here");
    assert!(parse_expression(at, "a b").is_err());
}

#[test]
fn an_address_without_quotes_is_no_number() {
    let (file, parsed) = read("x = 10.0.0.0/8\ny = 1\n");
    assert_eq!(parsed.diagnostics.len(), 1);
    let diagnostic = &parsed.diagnostics[0];
    assert_eq!(
        diagnostic.help.as_deref(),
        Some("an address stands in quotes")
    );
    assert_eq!(
        slice(&file, diagnostic.primary.as_ref().unwrap().span),
        "10.0.0.0"
    );
    let x = &parsed.tree.attribute("x").unwrap().value;
    assert_eq!(x.kind, ExprKind::Unreadable);
    assert!(parsed.tree.attribute("y").is_some());
}
