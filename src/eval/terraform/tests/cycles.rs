//! Circles, and names that lead nowhere.

use super::*;

fn told(text: &str) -> Vec<(&'static str, String, String)> {
    let files = Files::new(&[("main.tf", text)]);
    let deployment = files.deployment();
    let told = deployment.diagnostics.iter().map(|diagnostic| {
        let at = diagnostic.primary.as_ref().unwrap().span;
        let place = files.slice(at).to_owned();
        (diagnostic.code, place, diagnostic.message.clone())
    });
    told.collect()
}

#[test]
fn a_circle_of_locals_is_told_once_with_all_its_members() {
    let text = r#"
        locals {
          b = local.c
          c = local.a
          a = local.b
          own = local.own
        }
        resource "azurerm_x" "x" {
          one = local.b
          two = local.a
          three = local.c
          own   = local.own
          fine  = 1
        }
        "#;
    assert_eq!(
        told(text),
        [
            (
                "reference-cycle",
                "local.b".to_owned(),
                "these depend on each other: local.a → local.b → local.c → local.a".to_owned()
            ),
            (
                "reference-cycle",
                "local.own".to_owned(),
                "local.own depends on itself".to_owned()
            ),
        ]
    );
    let deployment = Files::new(&[("main.tf", text)]).deployment();
    assert_eq!(attribute(&deployment, "azurerm_x.x", "fine"), "1");
}

#[test]
fn circles_of_resources_and_of_their_loops_are_told() {
    let told = told(
        r#"
        resource "azurerm_a" "a" {
          name = azurerm_b.b.name
        }
        resource "azurerm_b" "b" {
          name = azurerm_a.a.name
        }
        resource "azurerm_c" "c" {
          count = length(azurerm_d.d)
        }
        resource "azurerm_d" "d" {
          count = length(azurerm_c.c)
        }
        "#,
    );
    let messages: Vec<&str> = told
        .iter()
        .map(|(_, _, message)| message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "these depend on each other: azurerm_a.a.name → azurerm_b.b.name → azurerm_a.a.name",
            "these depend on each other: azurerm_c.c → azurerm_d.d → azurerm_c.c",
        ]
    );
}

#[test]
fn a_circle_through_a_module_names_its_output_and_its_argument() {
    let files = Files::new(&[
        (
            "main.tf",
            "module \"m\" {\n  source = \"./m\"\n  v      = module.m.o\n}\n\
             resource \"azurerm_x\" \"x\" {\n  v = module.m.o\n}\n",
        ),
        (
            "m/main.tf",
            "variable \"v\" {}\noutput \"o\" {\n  value = var.v\n}\n",
        ),
    ]);
    let deployment = files.deployment();
    let [diagnostic] = deployment.diagnostics.as_slice() else {
        panic!("{:?}", deployment.diagnostics);
    };
    assert_eq!(
        diagnostic.message,
        "these depend on each other: module.m.output.o → module.m.var.v → module.m.output.o"
    );
}

#[test]
fn an_attribute_that_no_version_has_is_told_with_the_name_that_is_meant() {
    let text = r#"
        resource "azurerm_subnet" "a" {
          name                 = "a"
          resource_group_name  = "r"
          virtual_network_name = "v"
          address_prefixes     = ["10.0.0.0/24"]
        }
        resource "azurerm_x" "x" {
          wrong = azurerm_subnet.a.adress_prefixes
          id    = azurerm_subnet.a.id
          fine  = azurerm_subnet.a.address_prefixes
        }
        "#;
    let files = Files::new(&[("main.tf", text)]);
    let deployment = files.deployment();
    let [diagnostic] = deployment.diagnostics.as_slice() else {
        panic!("{:?}", deployment.diagnostics);
    };
    assert_eq!(diagnostic.code, "unknown-attribute");
    assert_eq!(
        diagnostic.help.as_deref(),
        Some("is `address_prefixes` meant?")
    );
    let at = diagnostic.primary.as_ref().unwrap().span;
    assert_eq!(files.slice(at), "azurerm_subnet.a.adress_prefixes");
}

#[test]
fn an_attribute_that_nobody_wrote_is_what_the_provider_puts_there() {
    let deployment = evaluate(
        r#"
        resource "azurerm_network_security_group" "a" {
          name                = "a"
          location            = "l"
          resource_group_name = "r"
        }
        resource "azurerm_x" "x" {
          tags = azurerm_network_security_group.a.tags
          id   = azurerm_network_security_group.a.id
        }
        "#,
    );
    assert_eq!(attribute(&deployment, "azurerm_x.x", "tags"), "null");
    assert_eq!(
        attribute(&deployment, "azurerm_x.x", "id"),
        "?azurerm_network_security_group.a.id"
    );
}

#[test]
fn whole_resources_and_modules_are_values() {
    let files = Files::new(&[
        (
            "main.tf",
            r#"
            resource "azurerm_a" "a" {
              for_each = { x = 1, y = 2 }
              number   = each.value
            }
            module "m" {
              source   = "./m"
              for_each = azurerm_a.a
              number   = each.value.number
            }
            module "one" {
              source = "./m"
              count  = 1
              number = 7
            }
            resource "azurerm_x" "x" {
              keys    = keys(azurerm_a.a)
              values  = values(azurerm_a.a)[*].number
              index   = azurerm_a.a["y"].number
              outputs = { for key, m in module.m : key => m.double }
              splat   = module.one[*].double
              one     = one(module.one[*].double)
              object  = module.one[0]
              missing = try(azurerm_a.a["z"].number, "none")
              known   = can(azurerm_a.a["x"].number)
            }
            "#,
        ),
        (
            "m/main.tf",
            "variable \"number\" {}\noutput \"double\" {\n  value = var.number * 2\n}\n",
        ),
    ]);
    let deployment = files.deployment();
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    let got = |name| attribute(&deployment, "azurerm_x.x", name);
    assert_eq!(got("keys"), "[x,y]");
    assert_eq!(got("values"), "[1,2]");
    assert_eq!(got("index"), "2");
    assert_eq!(got("outputs"), "{x=2,y=4}");
    assert_eq!(got("splat"), "[14]");
    assert_eq!(got("one"), "14");
    assert_eq!(got("object"), "{double=14}");
    assert_eq!(got("missing"), "none");
    assert_eq!(got("known"), "true");
}

#[test]
fn an_index_that_must_or_must_not_stand_there_is_told() {
    for (expression, message) in [
        ("azurerm_a.counted.name", "index must stand before"),
        ("azurerm_a.single[0].name", "neither `count` nor `for_each`"),
        ("azurerm_a.counted[2].name", "no instance [2]"),
        ("azurerm_a.each[\"z\"].name", "no instance [\"z\"]"),
        ("azurerm_a.nowhere.name", "declares no resource"),
        ("module.nowhere.name", "declares no module call"),
        ("local.nowhere", "declares no local"),
        ("each.key", "`each`"),
        ("count.index", "`count`"),
        ("self.name", "`self`"),
    ] {
        let text = format!(
            "resource \"azurerm_a\" \"counted\" {{\n  count = 2\n  name = \"c\"\n}}\n\
             resource \"azurerm_a\" \"single\" {{\n  name = \"s\"\n}}\n\
             resource \"azurerm_a\" \"each\" {{\n  for_each = {{ x = 1 }}\n  name = \"e\"\n}}\n\
             resource \"azurerm_x\" \"x\" {{\n  a = {expression}\n  fine = 1\n}}\n"
        );
        let told = told(&text);
        assert_eq!(told.len(), 1, "{expression}: {told:?}");
        let (_, place, said) = &told[0];
        assert!(said.contains(message), "{expression}: {said}");
        assert!(
            expression.starts_with(place.as_str()),
            "{expression}: {place}"
        );
    }
}
