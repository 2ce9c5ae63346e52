//! Configurations written as JSON.

use super::*;
use crate::syntax::hcl::{parse_json, parse_json_values};

fn read_json(text: &str) -> (SourceFile, Parsed<Body>) {
    let file = SourceFile::new("a.tf.json", text);
    let parsed = parse_json(FileId(0), &file);
    (file, parsed)
}

fn good_json(text: &str) -> (SourceFile, Body) {
    let (file, parsed) = read_json(text);
    assert_eq!(parsed.diagnostics, [], "{text}");
    (file, parsed.tree)
}

/// A local, as it is understood.
fn local(value: &str) -> String {
    let (_, body) = good_json(&format!(r#"{{"locals": {{"x": {value}}}}}"#));
    show(&body.blocks[0].body.attribute("x").unwrap().value)
}

fn labels(block: &Block) -> Vec<&str> {
    block.labels.iter().map(|(label, _)| &**label).collect()
}

#[test]
fn blocks_are_objects_with_their_labels_as_members() {
    let (file, body) = good_json(
        r#"{
  "resource": {
    "azurerm_subnet": {
      "a": {"name": "one"},
      "b": {"name": "two"}
    },
    "azurerm_route_table": {"c": {}}
  },
  "module": {"net": {"source": "./net"}},
  "locals": {"n": 1},
  "terraform": {"required_providers": {"azurerm": {"version": "~> 4.0"}}}
}"#,
    );
    let resources: Vec<&Block> = body.blocks_of("resource").collect();
    let named: Vec<_> = resources.iter().map(|block| labels(block)).collect();
    assert_eq!(
        named,
        [
            ["azurerm_subnet", "a"],
            ["azurerm_subnet", "b"],
            ["azurerm_route_table", "c"]
        ]
    );
    assert_eq!(slice(&file, resources[1].header), "\"b\"");
    assert_eq!(
        slice(&file, resources[1].span),
        "\"b\": {\"name\": \"two\"}"
    );
    let name = resources[1].body.attribute("name").unwrap();
    assert_eq!(slice(&file, name.name_span), "\"name\"");
    assert_eq!(slice(&file, name.value.span), "\"two\"");
    assert_eq!(slice(&file, name.span()), "\"name\": \"two\"");
    let terraform = body.blocks_of("terraform").next().unwrap();
    let providers = terraform.body.blocks_of("required_providers").next();
    assert!(providers.unwrap().body.attribute("azurerm").is_some());
    assert_eq!(body.blocks_of("locals").count(), 1);
    assert!(body.attributes.is_empty());
}

#[test]
fn lists_of_objects_and_repeated_names_are_read_in_order() {
    let (_, body) = good_json(
        r#"[
  {"resource": [{"t": {"a": {"x": 1}}}, {"t": [{"b": {"x": 2}}]}]},
  {"resource": {"t": {"c": [{"x": 3}]}}, "resource": {"t": {"d": {"x": 4}}}},
  {"resource": null}
]"#,
    );
    let names: Vec<_> = body.blocks.iter().map(|block| labels(block)[1]).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
}

#[test]
fn strings_are_templates() {
    assert_eq!(local("\"plain\""), "\"plain\"");
    assert_eq!(local("\"${var.a}\""), "<${var.a}>");
    assert_eq!(local("\"a-${var.b}\""), "<\"a-\" ${var.b}>");
    assert_eq!(local("\"$${no} %%{no}\""), "\"${no} %{no}\"");
    assert_eq!(local("\"${f(\\\"q\\\")}\""), "<${f(\"q\")}>");
    assert_eq!(local(r#"["${a}", 1, null, true]"#), "[<${a}> 1 null true]");
    assert_eq!(
        local(r#"{"k-${a}": {"//": "kept"}}"#),
        "{<\"k-\" ${a}>={\"//\"=\"kept\"}}"
    );
    assert_eq!(
        local("\"%{ if a }x%{ else }y%{ endif }\""),
        "<(if a <\"x\"> <\"y\">)>"
    );
}

#[test]
fn places_in_strings_with_escapes_are_those_in_the_file() {
    let text = r#"{"locals": {"x": "\u00e9\"\ud83d\ude00 ${f(\"k\", var.name)}\n${var.b}"}}"#;
    let (file, body) = good_json(text);
    let ExprKind::Template(parts) = &body.blocks[0].body.attributes[0].value.kind else {
        panic!()
    };
    let [
        TemplatePart::Literal(first),
        TemplatePart::Interpolation(call),
        TemplatePart::Literal(_),
        TemplatePart::Interpolation(last),
    ] = parts.as_slice()
    else {
        panic!("{parts:?}")
    };
    assert_eq!(&**first, "é\"😀 ");
    let ExprKind::Call {
        args, name_span, ..
    } = &call.kind
    else {
        panic!()
    };
    assert_eq!(slice(&file, *name_span), "f");
    assert_eq!(slice(&file, call.span), r#"f(\"k\", var.name)"#);
    assert_eq!(slice(&file, args[0].span), r#"\"k\""#);
    assert_eq!(slice(&file, args[1].span), "var.name");
    assert_eq!(slice(&file, last.span), "var.b");
}

#[test]
fn names_and_types_are_expressions_and_defaults_are_literal() {
    let (file, body) = good_json(
        r#"{
  "variable": {"v": {"type": "map(object({a = string}))", "default": "${x}",
    "validation": {"condition": "${var.v != null}", "error_message": "no"}}},
  "resource": {"t": {"r": {"depends_on": ["t.q"], "provider": "azurerm.hub",
    "lifecycle": {"ignore_changes": ["tags"]}}}},
  "module": {"m": {"source": "./m", "providers": {"azurerm": "azurerm.hub"}}},
  "moved": [{"from": "t.a", "to": "t.b"}]
}"#,
    );
    let of = |block: &Block, name: &str| show(&block.body.attribute(name).unwrap().value);
    let variable = &body.blocks[0];
    assert_eq!(of(variable, "type"), "map(object({\"a\"=string}))");
    let kind = &variable.body.attribute("type").unwrap().value;
    let ExprKind::Call { args, .. } = &kind.kind else {
        panic!()
    };
    assert_eq!(slice(&file, args[0].span), "object({a = string})");
    assert_eq!(of(variable, "default"), "\"${x}\"");
    let validation = variable.body.blocks_of("validation").next().unwrap();
    assert_eq!(of(validation, "condition"), "<${(NotEqual var.v null)}>");
    let resource = &body.blocks[1];
    assert_eq!(of(resource, "depends_on"), "[t.q]");
    assert_eq!(of(resource, "provider"), "azurerm.hub");
    let lifecycle = resource.body.blocks_of("lifecycle").next().unwrap();
    assert_eq!(of(lifecycle, "ignore_changes"), "[tags]");
    assert_eq!(of(&body.blocks[2], "providers"), "{azurerm=azurerm.hub}");
    assert_eq!(of(&body.blocks[3], "to"), "t.b");
}

#[test]
fn what_a_provider_decides_is_an_attribute_that_may_be_read_as_blocks() {
    let (file, body) = good_json(
        r#"{"resource": {"t": {"r": {
  "tags": {"a": "b"},
  "security_rule": [
    {"name": "one", "//": "why"},
    {"name": "two", "deep": {"n": "${var.n}"}}
  ],
  "identity": {"type": "SystemAssigned"},
  "empty": null,
  "number": 1
}}}}"#,
    );
    let resource = &body.blocks[0].body;
    assert_eq!(
        show(&resource.attribute("tags").unwrap().value),
        "{\"a\"=\"b\"}"
    );
    let rules: Vec<&Block> = resource.blocks_of("security_rule").collect();
    assert_eq!(rules.len(), 2);
    assert_eq!(&*rules[0].kind, "security_rule");
    assert_eq!(rules[0].body.attributes.len(), 1);
    assert_eq!(
        slice(&file, rules[0].span),
        "{\"name\": \"one\", \"//\": \"why\"}"
    );
    assert_eq!(slice(&file, rules[0].header), "{");
    let deep = rules[1].body.blocks_of("deep").next().unwrap();
    assert_eq!(show(&deep.body.attribute("n").unwrap().value), "<${var.n}>");
    let identity = resource.blocks_of("identity").next().unwrap();
    assert_eq!(slice(&file, identity.header), "\"identity\"");
    assert_eq!(resource.blocks_of("empty").count(), 0);
    assert_eq!(resource.blocks_of("number").count(), 0);
    assert!(resource.attributes.iter().all(Attribute::may_be_blocks));
    let (_, native) = good("x = { a = 1 }\n");
    assert!(!native.attributes[0].may_be_blocks());
    assert_eq!(native.blocks_of("x").count(), 0);
}

#[test]
fn dynamic_blocks_have_their_label_as_a_member() {
    let (_, body) = good_json(
        r#"{"resource": {"t": {"r": {
  "dynamic": {"rule": [
    {"for_each": "${var.rules}", "iterator": "each_rule", "content": {
      "name": "${each_rule.value}",
      "dynamic": {"port": {"for_each": [1], "content": {"n": "${port.value}"}}}
    }}
  ]},
  "block": {"dynamic": [{"inner": {"for_each": [], "iterator": "i", "content": [{"a": 1}]}}]}
}}}}"#,
    );
    let resource = &body.blocks[0].body;
    let rule = resource.blocks_of("dynamic").next().unwrap();
    assert_eq!(labels(rule), ["rule"]);
    assert_eq!(
        show(&rule.body.attribute("iterator").unwrap().value),
        "each_rule"
    );
    let content = rule.body.blocks_of("content").next().unwrap();
    assert_eq!(
        show(&content.body.attribute("name").unwrap().value),
        "<${each_rule.value}>"
    );
    let port = content.body.blocks_of("dynamic").next().unwrap();
    assert_eq!(labels(port), ["port"]);
    assert_eq!(port.body.blocks_of("content").count(), 1);
    let block = resource.blocks_of("block").next().unwrap();
    let inner = block.body.blocks_of("dynamic").next().unwrap();
    assert_eq!(labels(inner), ["inner"]);
    assert_eq!(show(&inner.body.attribute("iterator").unwrap().value), "i");
    let content = inner.body.blocks_of("content").next().unwrap();
    assert!(content.body.attribute("a").is_some());
}

#[test]
fn a_variables_file_holds_literals() {
    let file = SourceFile::new(
        "a.tfvars.json",
        r#"{"a": "${b}", "resource": {"x": ["y"]}, "//": "why"}"#,
    );
    let parsed = parse_json_values(FileId(0), &file);
    assert_eq!(parsed.diagnostics, []);
    let of = |name: &str| show(&parsed.tree.attribute(name).unwrap().value);
    assert_eq!(of("a"), "\"${b}\"");
    assert_eq!(of("resource"), "{\"x\"=[\"y\"]}");
    assert!(parsed.tree.attribute("//").is_none());
    assert_eq!(slice(&file, parsed.comments[0].span), "\"//\": \"why\"");
}

#[test]
fn mistakes_lose_only_what_they_are_in() {
    let (file, parsed) = read_json(
        r#"{"locals": {"a": "${b +}", "c": 1, "c": 2, "d": {"k": 1, "k": 2}},
  "resource": {"t": 5, "u": {"v": {"w": 1}}}, "variable": ["x"]}"#,
    );
    let told: Vec<(&str, String)> = parsed
        .diagnostics
        .iter()
        .map(|told| (told.code, slice(&file, told.primary.as_ref().unwrap().span)))
        .collect();
    let expected = [
        ("hcl-syntax", "}"),
        ("hcl-syntax", "\"c\""),
        ("hcl-syntax", "\"k\""),
        ("json-shape", "5"),
        ("json-shape", "\"x\""),
    ];
    let expected = expected.map(|(code, text)| (code, text.to_owned()));
    let mut sorted = told.clone();
    sorted.sort_by_key(|(code, _)| *code);
    assert_eq!(sorted, expected, "{:?}", parsed.diagnostics);
    let locals = &parsed.tree.blocks[0].body;
    assert_eq!(show(&locals.attribute("c").unwrap().value), "1");
    assert_eq!(
        locals.attribute("a").unwrap().value.kind,
        ExprKind::Unreadable
    );
    assert_eq!(parsed.tree.blocks_of("resource").count(), 1);
}

#[test]
fn json_here_is_strict() {
    for text in ["{\"a\": 1,}", "// no\n{}", "{} {}", "{'a': 1}", "", "{"] {
        let (_, parsed) = read_json(text);
        assert!(text.is_empty() || !parsed.diagnostics.is_empty(), "{text}");
        assert_eq!(parsed.tree, Body::default(), "{text}");
    }
}

#[test]
fn deep_json_is_told_and_does_not_overflow() {
    for depth in [150, 300, 100_000] {
        let value = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let (_, parsed) = read_json(&format!(r#"{{"locals": {{"x": {value}}}}}"#));
        let told: Vec<_> = parsed.diagnostics.iter().map(|told| told.code).collect();
        let expected: &[&str] = if depth < 200 { &[] } else { &["nesting-depth"] };
        assert_eq!(told, expected, "{depth}");
    }
}
