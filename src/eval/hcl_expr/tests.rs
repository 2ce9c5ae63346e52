//! Tests of expressions: Terraform's own answers, and what comes of unknown operands.

mod language;
mod table;

use std::sync::Arc;

use super::*;
use crate::eval::value::{
    Bounds, ListKind, ListValue, Member, ObjectKind, ObjectValue, Piece, Presence, Reason,
};
use crate::source::FileId;
use crate::syntax::hcl::parse_expression;

/// `var.x` is unknown, `var.flag` too; `var.either` is "a" or "b"; `var.open` is a list that begins
/// with "a" and goes on, `var.map` an object of which `{a = 1}` is known.
struct Names;

fn unknown(name: &str) -> Arc<Unknown> {
    Arc::new(Unknown::new("", name, Reason::NoValue))
}

impl Scope for Names {
    fn traverse(
        &self,
        root: &str,
        path: &[Step],
        at: Span,
        _session: &Session<'_>,
    ) -> Result<Lookup, Box<Failure>> {
        let (true, Some(Step::Attribute(name))) = (root == "var", path.first()) else {
            return Err(Failure::invalid(at, format!("there is no `{root}`")));
        };
        let text = |text: &str| Value::string(text, OriginId::NONE);
        let rest = |name: &str| {
            Some(Rest {
                unknown: unknown(name),
                template: None,
            })
        };
        let data = match &**name {
            "either" => {
                let unknown = Unknown::new("", "var.either", Reason::NoValue)
                    .with_bounds(Bounds::OneOf(vec![text("a"), text("b")]));
                Data::Unknown(Arc::new(unknown))
            }
            "open" => Data::List(Arc::new(ListValue {
                kind: ListKind::Tuple,
                items: vec![text("a")],
                rest: rest("var.open"),
            })),
            "set" => Data::List(Arc::new(ListValue {
                kind: ListKind::Set,
                items: vec![text("a"), text("b")],
                rest: None,
            })),
            "open_set" => Data::List(Arc::new(ListValue {
                kind: ListKind::Set,
                items: vec![text("a")],
                rest: rest("var.open_set"),
            })),
            "map" => Data::Object(Arc::new(ObjectValue {
                kind: ObjectKind::Object,
                entries: [("a".into(), Value::integer(1, OriginId::NONE))].into(),
                rest: rest("var.map"),
            })),
            _ => Data::Unknown(unknown(&format!("var.{name}"))),
        };
        Ok(Lookup {
            value: Value::new(data, OriginId::NONE),
            consumed: 1,
        })
    }
}

fn outcome(text: &str) -> Outcome {
    let end = u32::try_from(text.len()).unwrap();
    let expr = parse_expression(Span::new(FileId(0), 0, end), text)
        .unwrap_or_else(|diagnostic| panic!("{text}: {}", diagnostic.message));
    evaluate(&expr, &Names, &Session::new(None, 1_000_000))
}

fn value(text: &str) -> Value {
    outcome(text).unwrap_or_else(|failure| panic!("{text}: {}", failure.message))
}

/// A value as text: JSON, with `?label` for unknowns, `…` for what is open, `~` for
/// what has no known key.
fn show(value: &Value) -> String {
    match &value.data {
        Data::Unknown(unknown) => match &unknown.bounds {
            Bounds::Any => format!("?{}", unknown.label),
            Bounds::OneOf(values) => {
                let all: Vec<String> = values.iter().map(show).collect();
                format!("({})", all.join("|"))
            }
            Bounds::Range(low, high) => {
                let end = |end: &Option<i64>| end.map_or(String::new(), |end| end.to_string());
                format!("({}..{})", end(low), end(high))
            }
            Bounds::Length(..)
            | Bounds::Ends(..)
            | Bounds::Typed(_)
            | Bounds::Members(_)
            | Bounds::Text(_) => {
                format!("?{}", unknown.label)
            }
        },
        Data::Template(pieces) => pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => text.to_string(),
                Piece::Hole(unknown) => format!("${{{}}}", unknown.label),
            })
            .collect(),
        Data::List(list) => {
            let mut all: Vec<String> = list.items.iter().map(show).collect();
            all.extend(list.rest.as_ref().map(shown_rest));
            format!("[{}]", all.join(","))
        }
        Data::Object(object) => {
            let mut all: Vec<String> = object
                .entries
                .iter()
                .map(|(name, value)| format!("{name}={}", show(value)))
                .collect();
            all.extend(object.rest.as_ref().map(shown_rest));
            format!("{{{}}}", all.join(","))
        }
        Data::Null => "null".to_owned(),
        Data::String(text) => format!("'{text}'"),
        _ => to_text(value).unwrap().to_string(),
    }
}

fn shown_rest(rest: &Rest) -> String {
    if let Some(members) = rest.members() {
        let shown = |member: &Member| match (&member.presence, &member.key) {
            (Presence::Certain, Some(key)) => format!("~{}={}", show(key), show(&member.value)),
            (Presence::Certain, None) => format!("~{}", show(&member.value)),
            _ => format!("…{}", show(&member.value)),
        };
        return members.iter().map(shown).collect::<Vec<_>>().join(",");
    }
    match &rest.template {
        Some(template) => format!("…{}", show(template)),
        None => "…".to_owned(),
    }
}

#[test]
fn expressions_and_functions_give_what_terraform_gives() {
    let mut wrong = Vec::new();
    for (text, expected) in table::TABLE {
        let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
        let encoded = format!("jsonencode({text})");
        let found = match outcome(&encoded) {
            Ok(value) => value
                .as_str()
                .map(ToString::to_string)
                .unwrap_or_else(|| show(&value)),
            Err(failure) => format!("failure: {}", failure.message),
        };
        let as_json: Option<serde_json::Value> = serde_json::from_str(&found).ok();
        if as_json.as_ref() != Some(&expected) {
            wrong.push(format!("{text}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn unknown_operands_leave_unknown_only_what_hangs_on_them() {
    let cases = [
        ("false && var.x", "false"),
        ("var.x && false", "false"),
        ("true || var.x", "true"),
        ("true && var.x", "?var.x"),
        ("var.x || true", "true"),
        ("!var.x", "?!var.x"),
        ("var.x == var.x", "true"),
        ("var.x == 1", "?var.x == 1"),
        ("var.either == \"c\"", "false"),
        ("var.either != \"c\"", "true"),
        ("upper(var.either)", "('A'|'B')"),
        ("var.flag ? 1 : 1", "1"),
        ("var.flag ? 1 : 2", "(1|2)"),
        ("var.flag ? 1 : var.x", "?var.flag ? 1 : var.x"),
        ("var.flag ? [1] : []", "([1]|[])"),
        ("(var.flag ? {a = 1} : {a = 2}).a", "(1|2)"),
        (
            "var.flag ? {a = 1, b = var.x} : {a = 2, b = var.x}",
            "{a=(1|2),b=?var.x}",
        ),
        ("\"${var.x}-nsg\"", "${var.x}-nsg"),
        ("format(\"%s-%d\", var.x, 2)", "${var.x}-2"),
        ("join(\"-\", [\"a\", var.x, \"b\"])", "a-${var.x}-b"),
        ("lower(\"A-${var.x}\")", "a-${lower(var.x)}"),
        ("startswith(\"web-${var.x}\", \"we\")", "true"),
        ("startswith(\"web-${var.x}\", \"db\")", "false"),
        (
            "startswith(\"web-${var.x}\", \"web-1\")",
            "?startswith(\"web-${var.x}\", \"web-1\")",
        ),
        ("var.x.a[0].b", "?var.x.a[0].b"),
        ("[1, var.x][0]", "1"),
        ("[1, 2][var.x]", "(1|2)"),
        ("{a = 1, b = 2}[var.x]", "(1|2)"),
        ("length(var.open)", "(1..)"),
        ("length(var.open) > 0", "true"),
        ("length(var.x) >= 0", "true"),
        (
            "concat(var.open, [\"b\"], var.x)",
            "['a','b',…?var.open[*],…?var.x[*]]",
        ),
        ("contains(var.open, \"a\")", "true"),
        (
            "contains(var.open, \"b\")",
            "?contains([\"a\", …var.open], \"b\")",
        ),
        ("contains([\"c\"], var.either)", "false"),
        ("merge(var.map, {b = 2})", "{a=1,b=2,…}"),
        ("merge({a = 1}, var.x)", "{a=?var.x[\"a\"],…}"),
        ("lookup(var.map, \"a\", 0)", "1"),
        ("lookup(var.map, \"z\", 0)", "?lookup({…}, \"z\", 0)"),
        ("lookup({a = 1}, var.x, 0)", "(1|0)"),
        ("keys({a = var.x})", "['a']"),
        ("values(var.map)", "[1,…?var.map[*]]"),
        ("flatten([[1], var.x, [2]])", "[1,2,…]"),
        ("coalesce(null, var.x, 1)", "?coalesce(var.x, 1)"),
        ("coalesce(\"a\", var.x)", "'a'"),
        ("compact([\"a\", var.x])", "['a',…?var.x]"),
        ("alltrue([var.x, false])", "false"),
        ("anytrue([var.x, true])", "true"),
        ("alltrue([var.x, true])", "?alltrue([var.x, true])"),
        ("try(var.x.nope, 1)", "?var.x.nope"),
        ("can({a = 1}.b)", "false"),
        ("can(var.x.a)", "?can(var.x.a)"),
        ("can({a = var.x}.a)", "true"),
        ("can({a = var.x}[\"a\"])", "true"),
        ("can([var.x][0])", "true"),
        ("can([1, 2][var.x])", "?can([1, 2][var.x])"),
        (
            "[for x in var.open : upper(x)]",
            "['A',…?upper(var.open[*])]",
        ),
        ("[for x in [1, 2] : x if var.flag]", "[…1,…2]"),
        ("[for x in [1] : x if var.flag]", "[…1]"),
        (
            "{for k, v in var.map : k => {v = v}}",
            "{a={v=1},…{v=?var.map[*]}}",
        ),
        ("{for x in [1, 2] : var.x => x}", "{~?var.x=1,~?var.x=2}"),
        ("var.open[*]", "['a',…?var.open[*]]"),
        ("tostring(var.x)", "?var.x"),
        ("timestamp()", "?timestamp()"),
        (
            "provider::azurerm::parse_resource_id(\"x\")",
            "?provider::azurerm::parse_resource_id(\"x\")",
        ),
        ("cidrsubnet(var.x, 8, 1)", "?cidrsubnet(var.x, 8, 1)"),
        ("toset([\"b\", \"a\", var.x])", "['a','b',…?var.x]"),
        ("\"%{if var.flag}a%{else}b%{endif}\"", "(a|b)"),
        ("reverse([1, var.x])", "[?var.x,1]"),
        ("element([1, 2], var.x)", "(1|2)"),
        ("slice([1, var.x, 3], 0, 1)", "[1]"),
        ("one([var.x])", "?var.x"),
        ("zipmap([\"a\", \"b\"], [var.x, 2])", "{a=?var.x,b=2}"),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let found = match outcome(text) {
            Ok(value) => show(&value),
            Err(failure) => format!("failure: {}", failure.message),
        };
        if found != expected && found.replace('\'', "") != expected {
            wrong.push(format!("{text}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_language_gives_what_terraform_gives() {
    let mut wrong = Vec::new();
    for (text, expected) in language::LANGUAGE {
        let call = format!("jsonencode({text})");
        let end = u32::try_from(call.len()).unwrap();
        let found = parse_expression(Span::new(FileId(0), 0, end), &call)
            .ok()
            .and_then(|expr| evaluate(&expr, &Names, &Session::new(None, 1_000_000)).ok())
            .map(|value| {
                value
                    .as_str()
                    .map_or_else(|| show(&value), ToString::to_string)
            });
        if found.as_deref() != *expected {
            wrong.push(format!(
                "{text}\n  expected {expected:?}\n  found    {found:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_elements_of_a_set_are_their_own_keys_and_have_no_index() {
    for (text, expected) in [
        ("[for k, v in var.set : \"${k}${v}\"]", "['aa','bb']"),
        ("{for k, v in var.set : k => v}", "{a='a',b='b'}"),
        ("\"%{ for k, v in var.set }${k}${v}%{ endfor }\"", "'aabb'"),
        (
            "{for k, v in var.open_set : k => v}",
            "{a='a',…?each key of var.open_set}",
        ),
        ("var.set[*]", "['a','b']"),
    ] {
        assert_eq!(
            show(&value(text)).replace('\'', ""),
            expected.replace('\'', ""),
            "{text}"
        );
    }
    for text in ["var.set[0]", "var.set[\"a\"]", "var.set.0"] {
        let failure = outcome(text).expect_err(text);
        assert!(
            failure.message.contains("have no index"),
            "{}",
            failure.message
        );
    }
    let Data::List(list) = value("var.set[*]").data else {
        panic!("no list")
    };
    assert_eq!(list.kind, ListKind::List);
}

#[test]
fn a_splat_over_something_unknown_tells_what_an_element_looks_like() {
    for (text, expected) in [
        ("var.x[*].id", "[…?var.x[*].id]"),
        ("var.x[*]", "[…?var.x[*]]"),
        (
            "[for id in var.x[*].id : upper(id)]",
            "[…?upper(var.x[*].id)]",
        ),
    ] {
        assert_eq!(show(&value(text)), expected, "{text}");
    }
}

#[test]
fn a_wrong_name_is_told_with_the_right_one() {
    for (text, end) in [
        ("{priority = 1}.prioriy", "; did you mean `priority`?"),
        ("{priority = 1}[\"prioriy\"]", "; did you mean `priority`?"),
        ("{priority = 1}.name", "in this object"),
        ("[{a = 1}].a", "; `[*].a` gives those of its elements"),
    ] {
        let failure = outcome(text).expect_err(text);
        assert!(failure.message.ends_with(end), "{}", failure.message);
    }
}

#[test]
fn what_terraform_refuses_is_a_failure_at_its_place() {
    let cases = [
        ("{a = 1}.b", "{a = 1}.b"),
        ("null.a", "null.a"),
        ("[1][2]", "[1][2]"),
        ("1 + \"x\"", "\"x\""),
        ("\"a\" && true", "\"a\""),
        ("1 / 0", "1 / 0"),
        ("\"x-${[1]}\"", "[1]"),
        ("\"x-${null}\"", "null"),
        ("nope.x", "nope.x"),
        (
            "cidrhost(\"10.0.0.0/24\", 300)",
            "cidrhost(\"10.0.0.0/24\", 300)",
        ),
        ("{for x in [1, 2] : \"a\" => x}", "\"a\""),
        ("[for x in 5 : x]", "5"),
        ("regex(\"b\", \"a\")", "regex(\"b\", \"a\")"),
        ("range(2000)", "range(2000)"),
        ("tonumber(\"x\")", "tonumber(\"x\")"),
    ];
    for (text, place) in cases {
        let failure = outcome(text).expect_err(text);
        let found = &text[failure.span.start as usize..failure.span.end as usize];
        assert_eq!(found, place, "{text}: {}", failure.message);
        assert!(failure.can_be_caught(), "{text}");
    }
}

#[test]
fn two_parts_of_one_unknown_are_not_the_same_unknown() {
    let text = "(var.flag ? [\"a\", \"b\"] : [\"b\", \"a\"])[0] == (var.flag ? [\"a\", \"b\"] : [\"b\", \"a\"])[1]";
    assert!(value(text).as_bool().is_none());
    assert_eq!(value("upper(var.x) == upper(var.x)").as_bool(), Some(true));
    assert_eq!(
        value("\"${var.x}-a\" == \"${var.x}-b\"").as_bool(),
        Some(false)
    );
}

#[test]
fn loops_and_growing_values_end_at_a_limit() {
    let ten = "[1,2,3,4,5,6,7,8,9,0]";
    let mut nested = ten.to_owned();
    for _ in 0..9 {
        nested = format!("[for x in {ten} : {nested}]");
    }
    assert!(!outcome(&nested).expect_err("too large").can_be_caught());
    let mut products = ten.to_owned();
    for _ in 0..9 {
        products = format!("{products}, {ten}");
    }
    assert!(
        !outcome(&format!("setproduct({products})"))
            .expect_err("too large")
            .can_be_caught()
    );
    let text =
        "join(\"\", [for x in range(1000) : join(\"\", [for y in range(1000) : \"0123456789\"])])";
    assert!(!outcome(text).expect_err("too long").can_be_caught());
}
