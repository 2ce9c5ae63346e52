//! Expected texts are what Terraform 1.11 makes of the same source.

use super::*;

/// A heredoc in a file of its own.
fn heredoc(text: &str) -> String {
    value(text)
}

#[test]
fn escapes_are_resolved_in_quotes_only() {
    assert_eq!(
        value(r#""a\n\u00e9 $${x} %%{y} $$ % \U0001F600 \"q\" \\""#),
        format!("{:?}", "a\né ${x} %{y} $$ % 😀 \"q\" \\")
    );
    assert_eq!(
        heredoc("<<EOT\na\\n$${x} %%{y} $$ \"q\" $x\nEOT"),
        format!("{:?}", "a\\n${x} %{y} $$ \"q\" $x\n")
    );
}

#[test]
fn a_dollar_before_an_escaped_marker_stays() {
    assert_eq!(value("\"$$${1}\""), "\"$${1}\"");
    assert_eq!(heredoc("<<E\n$$${1}\nE"), "\"$${1}\\n\"");
}

#[test]
fn templates_keep_their_parts() {
    assert_eq!(value("\"nsg-${var.n}-x\""), "<\"nsg-\" ${var.n} \"-x\">");
    assert_eq!(value("\"${var.n}\""), "<${var.n}>");
    assert_eq!(
        value("\"a ${c ? \"b ${\"x\"}\" : \"d\"}\""),
        "<\"a \" ${(if c <\"b \" ${\"x\"}> \"d\")}>"
    );
    assert_eq!(
        value("\"%{ if a }x%{ else }y%{ endif }%{ for i, v in l }${i}%{ endfor }\""),
        "<(if a <\"x\"> <\"y\">) (for i v l <${i}>)>"
    );
    assert_eq!(
        value("\"%{ for v in l }${v},%{ endfor }\""),
        "<(for - v l <${v} \",\">)>"
    );
    assert_eq!(value("\"${\n  a\n}\""), "<${a}>");
}

#[test]
fn strip_markers_take_the_white_space_beside_them() {
    assert_eq!(value("\"a   ${~ x ~}   b\""), "<\"a\" ${x} \"b\">");
    assert_eq!(
        value("\"  %{~ if t ~}  x  %{~ else ~} y %{~ endif ~}  z\""),
        "<\"\" (if t <\"x\"> <\"y\">) \"z\">"
    );
    assert_eq!(
        heredoc("<<EOT\n%{ if true ~}\n    x\n\n   z\n%{ endif ~}\n  y ${~ 1 ~}  \n\n   w\n  EOT"),
        "<(if true <\"    x\\n\\n   z\\n\"> <>) \"  y\" ${1} \"\\n   w\\n\">"
    );
}

#[test]
fn heredocs_end_at_their_marker_and_keep_the_last_newline() {
    assert_eq!(
        heredoc("<<EOT\na\n  EOT2\nx EOT\n  b\n  EOT"),
        "\"a\\n  EOT2\\nx EOT\\n  b\\n\""
    );
    assert_eq!(heredoc("<<EOT\nEOT"), "\"\"");
    assert_eq!(heredoc("<<EOT\nx\nEOT   "), "\"x\\n\"");
    assert_eq!(
        heredoc("<<EOT\r\na\r\n  b\r\nEOT\r"),
        "\"a\\r\\n  b\\r\\n\""
    );
    assert_eq!(heredoc("<<EOT\n    x\n    EOT"), "\"    x\\n\"");
}

#[test]
fn indented_heredocs_lose_the_indentation_of_all_lines() {
    assert_eq!(
        heredoc("<<-EOT\n      a\n\n        b ${1}\n      c\n  EOT"),
        "<\"a\\n\\n  b \" ${1} \"\\nc\\n\">"
    );
    assert_eq!(heredoc("<<-EOT\n\t  a\n\tb\n\tEOT"), "\"  a\\nb\\n\"");
    assert_eq!(
        heredoc("<<-EOT\n    ${1}\n      x\n    EOT"),
        "<\"\" ${1} \"\\n  x\\n\">"
    );
    assert_eq!(
        heredoc("<<-EOT\n    a\n  \n    b\n    EOT"),
        "\"a\\n  \\nb\\n\""
    );
    assert_eq!(
        heredoc("<<-EOT\n      ${1} a\n    b\n  EOT"),
        "<\"  \" ${1} \" a\\nb\\n\">"
    );
    assert_eq!(
        heredoc("<<-EOT\n      a ${\n  1 } b\n        c\n  EOT"),
        "<\"a \" ${1} \" b\\n  c\\n\">"
    );
    assert_eq!(heredoc("<<-EOT\n${1}\n  x\n  EOT"), "<${1} \"\\n  x\\n\">");
}

#[test]
fn a_stripped_newline_hides_the_indentation_of_the_next_line() {
    assert_eq!(
        heredoc("<<-EOT\n      %{ if true ~}\n        x\n      %{ endif ~}\n      y\n  EOT"),
        "<\"\" (if true <\"        x\\n\"> <>) \"      y\\n\">"
    );
    assert_eq!(
        heredoc(
            "<<-EOT\r\n    a\r\n\r\n      b ${1}\r\n    %{ if true ~}\r\n    x\r\n    %{ endif }\r\n    EOT"
        ),
        "<\"a\\r\\n\\r\\n  b \" ${1} \"\\r\\n\" (if true <\"    x\\r\\n\"> <>) \"\\r\\n\">"
    );
}

#[test]
fn a_template_file_has_neither_quotes_nor_backslashes() {
    let text = "a \"q\" \\n ${a ~}\n   b\n%{ if\n c ~}\n  c\n%{ endif ~}\n$${d}";
    let at = Span::new(FileId(2), 10, 10);
    let parts = parse_template(at, text).unwrap();
    assert_eq!(
        parts_shown(&parts),
        "\"a \\\"q\\\" \\\\n \" ${a} \"   b\\n\" (if c <\"  c\\n\"> <>) \"${d}\""
    );
    let TemplatePart::Interpolation(expr) = &parts[1] else {
        panic!("{parts:?}")
    };
    assert_eq!(
        &text[expr.span.start as usize - 10..expr.span.end as usize - 10],
        "a"
    );
    assert_eq!(parse_template(at, "").unwrap(), []);
    let diagnostic = parse_template(at, "x ${a +} y").unwrap_err();
    assert_eq!(diagnostic.primary.unwrap().span.start, 10 + 7);
}
