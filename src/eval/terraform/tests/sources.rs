//! Where the values of variables come from, and which of them wins.

use super::*;

const MAIN: &str = r#"
variable "a" { default = "default" }
variable "b" { default = "default" }
variable "c" { default = "default" }
variable "d" { default = "default" }
variable "e" { default = "default" }
variable "f" { default = "default" }
variable "g" { default = "default" }
resource "azurerm_x" "x" {
  all = "${var.a} ${var.b} ${var.c} ${var.d} ${var.e} ${var.f} ${var.g}"
}
"#;

fn text(name: &str, value: &str) -> (Arc<str>, Arc<str>) {
    (name.into(), value.into())
}

fn value(name: &str, text: &str) -> GivenVariable<FileId> {
    GivenVariable::Value(name.into(), text.into())
}

fn sets(names: &str, value: &str) -> String {
    let sets = names.chars().map(|name| format!("{name} = \"{value}\"\n"));
    sets.collect()
}

fn only(files: &Files, options: &GroupOptions) -> Deployment {
    let grouping = files.group(options);
    let [unit] = grouping.units.as_slice() else {
        panic!("{:?}", grouping.units);
    };
    let mut deployment = Terraform.evaluate(unit, files);
    deployment.diagnostics.extend(grouping.diagnostics);
    deployment
}

#[test]
fn each_source_wins_over_those_before_it() {
    let json = r#"{"c": "json", "d": "json", "e": "json", "f": "json", "g": "json"}"#;
    let (own, first, second) = (
        sets("bcdefg", "tfvars"),
        sets("defg", "a"),
        sets("efg", "b"),
    );
    let (given, last) = (sets("fg", "given"), sets("g", "last"));
    let files = Files::new(&[
        ("main.tf", MAIN),
        ("terraform.tfvars", &own),
        ("terraform.tfvars.json", json),
        ("a.auto.tfvars", &first),
        ("b.auto.tfvars", &second),
        ("given.tfvars", &given),
        ("last.tfvars", &last),
    ]);
    let all = ["a", "b", "c", "d", "e", "f", "g"];
    let options = GroupOptions {
        environment: all.map(|name| text(name, "env")).to_vec(),
        variables: vec![
            GivenVariable::File(files.id("given.tfvars")),
            value("g", "var"),
            GivenVariable::File(files.id("last.tfvars")),
        ],
        ..GroupOptions::default()
    };
    let deployment = only(&files, &options);
    assert_eq!(deployment.diagnostics, []);
    let got = attribute(&deployment, "azurerm_x.x", "all");
    assert_eq!(got, "env tfvars json a b given last");
}

#[test]
fn the_last_value_of_the_call_wins_over_files_before_it() {
    let given = sets("a", "file");
    let files = Files::new(&[("main.tf", MAIN), ("x.tfvars", &given)]);
    let options = GroupOptions {
        variables: vec![
            value("a", "one"),
            GivenVariable::File(files.id("x.tfvars")),
            value("a", "two"),
        ],
        ..GroupOptions::default()
    };
    let got = attribute(&only(&files, &options), "azurerm_x.x", "all");
    assert!(got.starts_with("two "), "{got}");
}

#[test]
fn text_is_read_by_the_type_of_its_variable() {
    let files = Files::new(&[(
        "main.tf",
        r#"
        variable "s" { type = string }
        variable "n" { type = number }
        variable "u" {}
        variable "l" { type = list(string) }
        variable "o" { type = object({ a = number }) }
        variable "any" { type = any }
        resource "azurerm_x" "x" {
          s   = var.s
          n   = var.n + 1
          u   = var.u
          l   = var.l[1]
          o   = var.o.a
          any = var.any.k
        }
        "#,
    )]);
    let given = [
        ("s", "[\"a\"]"),
        ("n", "41"),
        ("u", "true && false"),
        ("l", "[\"a\", \"b\"]"),
        ("o", "{a = \"7\"}"),
        ("any", "{\"k\": [1]}"),
    ];
    let options = GroupOptions {
        variables: given.map(|(name, text)| value(name, text)).to_vec(),
        ..GroupOptions::default()
    };
    let deployment = only(&files, &options);
    assert_eq!(deployment.diagnostics, []);
    let got = |name| attribute(&deployment, "azurerm_x.x", name);
    let expected = [
        ("s", "[\"a\"]"),
        ("n", "42"),
        ("u", "true && false"),
        ("l", "b"),
        ("o", "7"),
        ("any", "[1]"),
    ];
    for (name, expected) in expected {
        assert_eq!(got(name), expected, "{name}");
    }
    let value = resource(&deployment, "azurerm_x.x").body.get("l").unwrap();
    let steps: Vec<_> = deployment
        .origins
        .ancestry(value.origin)
        .into_iter()
        .map(|id| deployment.origins.get(id).step.clone())
        .collect();
    assert!(
        steps.contains(&crate::origin::OriginStep::CommandLine),
        "{steps:?}"
    );
}

#[test]
fn text_that_is_no_expression_is_told_at_the_variable() {
    let files = Files::new(&[(
        "main.tf",
        "variable \"l\" { type = list(string) }\nresource \"azurerm_x\" \"x\" { l = var.l }\n",
    )]);
    for wrong in ["[", "a b", "var.x", ""] {
        let options = GroupOptions {
            variables: vec![value("l", wrong)],
            ..GroupOptions::default()
        };
        let deployment = only(&files, &options);
        let [told] = deployment.diagnostics.as_slice() else {
            panic!("{wrong}: {:?}", deployment.diagnostics);
        };
        let at = told.primary.as_ref().unwrap().span;
        assert_eq!(files.slice(at), "variable \"l\"", "{wrong}");
    }
}

#[test]
fn names_that_no_root_declares_are_told_except_those_of_the_environment() {
    let files = Files::new(&[
        ("main.tf", MAIN),
        ("x.tfvars", "nobody = 1\n"),
        ("terraform.tfvars", "mistaken = 1\n"),
    ]);
    let options = GroupOptions {
        environment: vec![text("elsewhere", "1")],
        variables: vec![
            GivenVariable::File(files.id("x.tfvars")),
            value("missing", "1"),
        ],
        ..GroupOptions::default()
    };
    let deployment = only(&files, &options);
    let told: Vec<(bool, &str)> = deployment
        .diagnostics
        .iter()
        .map(|told| {
            let fails = told.kind == crate::diagnostic::DiagnosticKind::Unreadable;
            let place = told.primary.as_ref();
            (fails, place.map_or("", |label| files.slice(label.span)))
        })
        .collect();
    assert_eq!(told, [(false, "mistaken"), (false, "nobody"), (true, "")]);
}

#[test]
fn a_variables_file_declares_nothing() {
    let files = Files::new(&[
        ("main.tf", MAIN),
        ("terraform.tfvars", "variable \"a\" {}\nb = \"set\"\n"),
    ]);
    let deployment = files.deployment();
    let [told] = deployment.diagnostics.as_slice() else {
        panic!("{:?}", deployment.diagnostics);
    };
    assert_eq!(told.code, "unknown-block");
    assert_eq!(
        files.slice(told.primary.as_ref().unwrap().span),
        "variable \"a\""
    );
    let got = attribute(&deployment, "azurerm_x.x", "all");
    assert_eq!(got, "default set default default default default default");
}

#[test]
fn files_that_are_alternatives_are_environments() {
    let root = "variable \"a\" {}\nvariable \"b\" { default = 1 }\nresource \"azurerm_x\" \"x\" { a = var.a }\n";
    let files = Files::new(&[
        ("net/main.tf", root),
        ("net/terraform.tfvars", "b = 2\n"),
        ("net/prod.tfvars", "a = \"p\"\n"),
        ("net/env/dev.tfvars.json", "{\"a\": \"d\"}"),
        ("net/test/vars.tfvars", "a = \"t\"\n"),
        ("net/example.tfvars", "a = \"e\"\n"),
        ("net/backend.tfvars", "storage_account_name = \"s\"\n"),
        ("net/inner/main.tf", "variable \"a\" {}\n"),
        ("net/inner/x.tfvars", "a = 3\n"),
    ]);
    let grouping = files.group(&GroupOptions::default());
    assert_eq!(grouping.diagnostics, []);
    let units: Vec<(&str, Option<&str>)> = grouping
        .units
        .iter()
        .map(|unit| (&*unit.name, unit.environment.as_deref()))
        .collect();
    assert_eq!(
        units,
        [
            ("net (dev)", Some("dev")),
            ("net (prod)", Some("prod")),
            ("net (test)", Some("test")),
            ("net/inner", None),
        ]
    );
    let unused = ["net/backend.tfvars", "net/example.tfvars"];
    assert_eq!(grouping.unused, unused.map(|path| files.id(path)));
    let prod = Terraform.evaluate(&grouping.units[1], &files);
    assert_eq!(attribute(&prod, "azurerm_x.x", "a"), "p");
    assert_eq!(grouping.units[1].values.len(), 2);
}

#[test]
fn a_single_file_is_taken_and_parts_of_one_environment_are_not_guessed() {
    let root = "variable \"a\" {}\nvariable \"b\" {}\n";
    let files = Files::new(&[("main.tf", root), ("prod.tfvars", "a = 1\nb = 1\n")]);
    let grouping = files.group(&GroupOptions::default());
    assert_eq!(&*grouping.units[0].name, ".");
    assert_eq!(grouping.units[0].values, [files.id("prod.tfvars")]);

    let files = Files::new(&[
        ("main.tf", root),
        ("common.tfvars", "a = 1\n"),
        ("prod.tfvars", "b = 1\n"),
    ]);
    let grouping = files.group(&GroupOptions::default());
    assert_eq!(grouping.units.len(), 1);
    assert!(grouping.units[0].values.is_empty());
    let [told] = grouping.diagnostics.as_slice() else {
        panic!("{:?}", grouping.diagnostics);
    };
    assert_eq!(told.code, "variables-files");
}

#[test]
fn an_example_is_taken_where_a_variable_has_no_value_otherwise() {
    let required = "variable \"a\" {}\nresource \"azurerm_x\" \"x\" { a = var.a }\n";
    let files = Files::new(&[("net/main.tf", required), ("net/example.tfvars", "a = 1\n")]);
    let grouping = files.group(&GroupOptions::default());
    assert_eq!(&*grouping.units[0].name, "net (example)");
    let example = Terraform.evaluate(&grouping.units[0], &files);
    assert_eq!(attribute(&example, "azurerm_x.x", "a"), "1");

    // Where the defaults do, it stays an example.
    let defaulted = "variable \"a\" { default = 2 }\n";
    let files = Files::new(&[
        ("net/main.tf", defaulted),
        ("net/example.tfvars", "a = 1\n"),
    ]);
    let grouping = files.group(&GroupOptions::default());
    assert_eq!(&*grouping.units[0].name, "net");
    assert_eq!(grouping.unused, [files.id("net/example.tfvars")]);
    assert_eq!(grouping.diagnostics, []);
}

#[test]
fn the_only_file_of_values_is_read_even_if_it_leaves_something_open() {
    let main = "variable \"a\" {}\nvariable \"b\" {}\nresource \"azurerm_x\" \"x\" {\n  a = var.a\n  b = var.b\n}\n";
    for (file, name) in [
        ("net/example.tfvars", "net (example)"),
        ("net/dev.tfvars", "net"),
    ] {
        let files = Files::new(&[("net/main.tf", main), (file, "a = 1\n")]);
        let grouping = files.group(&GroupOptions::default());
        assert_eq!(&*grouping.units[0].name, name);
        assert_eq!(grouping.diagnostics, []);
        let found = Terraform.evaluate(&grouping.units[0], &files);
        assert_eq!(attribute(&found, "azurerm_x.x", "a"), "1");
        assert_eq!(attribute(&found, "azurerm_x.x", "b"), "?var.b");
    }
}

#[test]
fn what_no_file_sets_does_not_keep_files_from_being_environments() {
    let root = "variable \"a\" {}\nvariable \"password\" { sensitive = true }\n";
    let files = Files::new(&[
        ("main.tf", root),
        ("env/dev.tfvars", "a = 1\n"),
        ("env/prod.tfvars", "a = 2\n"),
    ]);
    let grouping = files.group(&GroupOptions::default());
    assert_eq!(grouping.diagnostics, []);
    let named = |unit: &Unit| unit.environment.clone();
    let named: Vec<_> = grouping.units.iter().filter_map(named).collect();
    assert_eq!(named, ["dev".into(), "prod".into()]);

    let files = Files::new(&[("main.tf", root), ("env/dev.tfvars", "a = 1\n")]);
    let grouping = files.group(&GroupOptions::default());
    assert_eq!(grouping.diagnostics, []);
    assert_eq!(grouping.units[0].values, [files.id("env/dev.tfvars")]);
}
