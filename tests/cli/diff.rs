//! `aznet diff` on files, directories and git revisions.

use std::process::Command;

use serde_json::Value;

use crate::program::Case;

/// A group with rules `(name, priority, access, source, port)`, on a subnet of a network.
fn terraform(rules: &[(&str, u32, &str, &str, &str)], attached: bool) -> String {
    let mut text = String::from(
        r#"resource "azurerm_virtual_network" "hub" {
  name          = "hub"
  address_space = ["10.0.0.0/16"]
}
resource "azurerm_subnet" "app" {
  name                 = "app"
  virtual_network_name = azurerm_virtual_network.hub.name
  address_prefixes     = ["10.0.1.0/24"]
}
resource "azurerm_network_security_group" "web" {
  name = "web"
"#,
    );
    for (name, priority, access, source, port) in rules {
        text += &format!(
            r#"  security_rule {{
    name                       = "{name}"
    priority                   = {priority}
    direction                  = "Inbound"
    access                     = "{access}"
    protocol                   = "Tcp"
    source_port_range          = "*"
    source_address_prefix      = "{source}"
    destination_address_prefix = "*"
    destination_port_range     = "{port}"
  }}
"#
        );
    }
    text += "}\n";
    if attached {
        text += r#"resource "azurerm_subnet_network_security_group_association" "app" {
  subnet_id                 = azurerm_subnet.app.id
  network_security_group_id = azurerm_network_security_group.web.id
}
"#;
    }
    text
}

const HTTPS: (&str, u32, &str, &str, &str) = ("https", 200, "Allow", "Internet", "443");
const SSH: (&str, u32, &str, &str, &str) = ("ssh", 100, "Allow", "203.0.113.0/24", "22");
const NO_SSH: (&str, u32, &str, &str, &str) = ("no-ssh", 110, "Deny", "203.0.113.7", "22");

impl Case {
    fn diff(&self, arguments: &[&str]) -> (i32, String, String) {
        let outcome = self.run(&[&["diff"], arguments].concat());
        (outcome.code, outcome.stdout, outcome.stderr)
    }

    fn compared(&self, arguments: &[&str]) -> (i32, Value) {
        self.answer(&[&["diff"], arguments].concat())
    }

    fn git(&self, arguments: &[&str]) {
        let output = Command::new("git")
            .current_dir(self.directory.path())
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "a"]);
    }
}

#[test]
fn a_flow_that_opened_is_told_with_the_rules_of_both_versions() {
    let (old, new) = (terraform(&[HTTPS], true), terraform(&[SSH, HTTPS], true));
    let case = Case::new(&[("old/main.tf", &old), ("new/main.tf", &new)]);
    let (code, found) = case.compared(&["old", "new", "--fail-on", "opened"]);
    assert_eq!(code, 1);
    assert_eq!(found["version"], 1);
    assert_eq!(found["equivalent"], false);
    for subject in [&found["securityGroups"][0], &found["subnets"][0]] {
        assert_eq!(subject["equivalent"], false);
        assert_eq!(subject["closed"].as_array().unwrap().len(), 0);
        let [region] = subject["opened"].as_array().unwrap().as_slice() else {
            panic!("{subject:#}")
        };
        assert_eq!(region["certain"], true);
        assert_eq!(region["direction"], "inbound");
        assert_eq!(region["protocols"], serde_json::json!(["tcp"]));
        assert_eq!(region["source"], serde_json::json!(["203.0.113.0/24"]));
        assert_eq!(region["destination"], serde_json::json!(["*"]));
        assert_eq!(region["destinationPorts"], serde_json::json!(["22"]));
        assert_eq!(region["witness"]["destination"], "10.0.1.4");
        assert_eq!(region["old"]["rule"], "DenyAllInBound");
        assert_eq!(region["old"]["access"], "Deny");
        assert_eq!(region["new"]["rule"], "ssh");
        assert_eq!(region["new"]["access"], "Allow");
        let line = region["new"]["line"].as_u64().unwrap();
        let path = region["new"]["path"].as_str().unwrap();
        assert!(path.ends_with("main.tf"), "{path}");
        let text = new.lines().skip(usize::try_from(line).unwrap() - 1);
        let block: Vec<&str> = text.take(2).collect();
        assert!(block.join("\n").contains("ssh"), "{block:?}");
    }
    let (code, found) = case.compared(&["new", "old", "--fail-on", "opened"]);
    assert_eq!(code, 0, "{found:#}");
    assert_eq!(case.compared(&["new", "old", "--fail-on", "closed"]).0, 1);
    assert_eq!(case.compared(&["old", "new", "--fail-on", "any"]).0, 1);
    assert_eq!(case.compared(&["old", "new"]).0, 0);
}

#[test]
fn the_same_in_other_words_is_equivalent() {
    let old = terraform(&[SSH, HTTPS], true);
    let halves = [
        ("low", 300, "Allow", "203.0.113.0/25", "22"),
        ("high", 310, "Allow", "203.0.113.128/25", "22"),
        HTTPS,
    ];
    let new = terraform(&halves, true);
    let case = Case::new(&[("a/main.tf", &old), ("b/main.tf", &new)]);
    let (code, found) = case.compared(&["a", "b", "--fail-on", "any", "--strict"]);
    assert_eq!((code, &found["equivalent"]), (0, &Value::Bool(true)));
    let (_, out, _) = case.diff(&["a", "b"]);
    assert!(out.contains("the same packets get through"), "{out}");
}

#[test]
fn a_rule_that_never_decides_any_more_is_told_with_its_cover() {
    let old = terraform(&[NO_SSH, HTTPS], true);
    let new = terraform(&[SSH, NO_SSH, HTTPS], true);
    let case = Case::new(&[("a/main.tf", &old), ("b/main.tf", &new)]);
    let (_, found) = case.compared(&["a", "b"]);
    let [dead] = found["securityGroups"][0]["unreachable"]
        .as_array()
        .unwrap()
        .as_slice()
    else {
        panic!("{found:#}")
    };
    assert_eq!(dead["rule"], "no-ssh");
    assert_eq!(dead["cover"], serde_json::json!(["ssh"]));
    assert_eq!(dead["actsOtherwise"], true);
    assert_eq!(dead["added"], false);
}

#[test]
fn a_subnet_that_lost_its_group_is_open_and_a_removed_one_is_not() {
    let (old, new) = (terraform(&[HTTPS], true), terraform(&[HTTPS], false));
    let case = Case::new(&[("a/main.tf", &old), ("b/main.tf", &new), ("c/main.tf", "")]);
    let (code, found) = case.compared(&["a", "b", "--fail-on", "opened"]);
    assert_eq!(code, 1);
    let subnet = &found["subnets"][0];
    assert_eq!(subnet["name"], "hub/app");
    assert_eq!(subnet["securityGroup"]["old"], "`web`");
    assert_eq!(subnet["securityGroup"]["new"], "no security group");
    assert_eq!(subnet["opened"][0]["new"]["kind"], "no-group");
    let (code, found) = case.compared(&["a", "c", "--fail-on", "opened"]);
    assert_eq!(code, 0);
    assert!(found["subnets"].as_array().unwrap().iter().all(|subnet| {
        subnet["presence"] == "removed" && subnet["opened"].as_array().unwrap().is_empty()
    }));
}

#[test]
fn two_files_are_compared_whatever_they_are_called() {
    let template = |port: u32| {
        serde_json::json!({
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "resources": [{
                "type": "Microsoft.Network/networkSecurityGroups",
                "apiVersion": "2023-09-01",
                "name": "web",
                "location": "westeurope",
                "properties": {"securityRules": [{"name": "in", "properties": {
                    "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
                    "sourceAddressPrefix": "Internet", "sourcePortRange": "*",
                    "destinationAddressPrefix": "*", "destinationPortRange": port.to_string(),
                }}]},
            }],
        })
        .to_string()
    };
    let case = Case::new(&[
        ("a/before.json", &template(22)),
        ("b/after.json", &template(443)),
    ]);
    let (_, found) = case.compared(&["a/before.json", "b/after.json"]);
    let group = &found["securityGroups"][0];
    assert_eq!(
        group["opened"][0]["source"],
        serde_json::json!(["Internet"])
    );
    assert_eq!(
        group["opened"][0]["destinationPorts"],
        serde_json::json!(["443"])
    );
    assert_eq!(
        group["closed"][0]["destinationPorts"],
        serde_json::json!(["22"])
    );
    assert_eq!(
        group["closed"][0]["old"]["path"]
            .as_str()
            .map(|path| path.ends_with("before.json")),
        Some(true)
    );
}

#[test]
fn revisions_are_read_without_being_checked_out() {
    let case = Case::new(&[
        ("net/main.tf", &terraform(&[HTTPS], true)),
        ("other/main.tf", ""),
    ]);
    case.git(&["init", "-q", "-b", "main"]);
    case.commit();
    case.git(&["checkout", "-q", "-b", "topic"]);
    case.write("net/main.tf", terraform(&[SSH, HTTPS], true));
    case.commit();
    let opened = |arguments: &[&str]| {
        let (code, found) = case.compared(&[arguments, &["--fail-on", "opened"]].concat());
        let group = &found["securityGroups"][0];
        (code, group["opened"].as_array().map(Vec::len), found)
    };
    for arguments in [
        &["main..HEAD"][..],
        &["main..topic"],
        &["main", "topic"],
        &["main.."],
        &["main..HEAD", "--path", "net"],
        &["main", "net"],
    ] {
        let (code, regions, found) = opened(arguments);
        assert_eq!((code, regions), (1, Some(1)), "{arguments:?} {found:#}");
        let path = &found["securityGroups"][0]["opened"][0]["new"]["path"];
        assert_eq!(path, "net/main.tf", "{arguments:?}");
    }
    assert_eq!(opened(&["topic..main"]).0, 0);
    // What is not committed counts only for the files on disk.
    case.write("net/main.tf", terraform(&[HTTPS], true));
    assert_eq!(opened(&["main.."]).0, 0);
    assert_eq!(opened(&["main..HEAD"]).0, 1);
    // Elsewhere nothing changed.
    let (code, found) = case.compared(&["main..HEAD", "--path", "other", "--fail-on", "any"]);
    assert_eq!((code, &found["equivalent"]), (0, &Value::Bool(true)));
}

#[test]
fn what_is_neither_a_path_nor_a_revision_is_a_wrong_call() {
    let case = Case::new(&[("a/main.tf", "")]);
    let (code, _, err) = case.diff(&["a", "nowhere"]);
    assert_eq!(code, 2);
    assert!(
        err.contains("`nowhere` is neither a path nor a revision"),
        "{err}"
    );
    let (code, _, err) = case.diff(&["a"]);
    assert_eq!(code, 2);
    assert!(err.contains("nothing to compare"), "{err}");
}

#[test]
fn what_cannot_be_read_on_either_side_fails_the_run() {
    let fine = terraform(&[HTTPS], true);
    let case = Case::new(&[("a/main.tf", &fine), ("b/main.tf", "resource {{{")]);
    for arguments in [["a", "b"], ["b", "a"]] {
        let (code, found) = case.compared(&arguments);
        assert_eq!(code, 2, "{found:#}");
        assert_ne!(found["equivalent"], true);
        let (_, _, err) = case.diff(&arguments);
        assert!(err.contains("main.tf"), "{err}");
    }
}

#[test]
fn a_group_that_is_called_otherwise_is_the_same_on_its_subnet() {
    let old = terraform(&[SSH, HTTPS], true);
    let renamed = old
        .replace("name = \"web\"", "name = \"front\"")
        .replace("security_group\" \"web\"", "security_group\" \"front\"")
        .replace("security_group.web", "security_group.front");
    let case = Case::new(&[("a/main.tf", &old), ("b/main.tf", &renamed)]);
    let (_, found) = case.compared(&["a", "b"]);
    assert_eq!(found["equivalent"], true, "{found:#}");
    let groups = found["securityGroups"].as_array().unwrap();
    assert_eq!(groups.len(), 1);
    assert_eq!(
        (&groups[0]["name"], &groups[0]["was"]),
        (&Value::from("front"), &Value::from("web"))
    );
    let (_, out, _) = case.diff(&["a", "b"]);
    assert!(
        out.contains("subnet hub/app: `web`, now `front`; the same packets get through"),
        "{out}"
    );
    // Another name does not hide what changed with it.
    let changed = renamed.replace("203.0.113.0/24", "*");
    case.write("b/main.tf", &changed);
    let (code, found) = case.compared(&["a", "b", "--fail-on", "opened"]);
    assert_eq!(code, 1, "{found:#}");
    assert_eq!(found["subnets"][0]["opened"][0]["new"]["rule"], "ssh");
}

#[test]
fn a_subnet_written_within_its_network_is_still_that_subnet() {
    let old = terraform(&[HTTPS], false);
    let start = old.find("resource \"azurerm_subnet\"").unwrap();
    let end = old
        .find("resource \"azurerm_network_security_group\"")
        .unwrap();
    let mut new = old.clone();
    new.replace_range(start..end, "");
    let new = new.replace(
        "[\"10.0.0.0/16\"]\n",
        "[\"10.0.0.0/16\"]\n  subnet {\n    name = \"app\"\n    address_prefixes = [\"10.0.1.0/24\"]\n  }\n",
    );
    let case = Case::new(&[("a/main.tf", &old), ("b/main.tf", &new)]);
    let (_, found) = case.compared(&["a", "b"]);
    let subnets = found["subnets"].as_array().unwrap();
    assert_eq!(subnets.len(), 1, "{found:#}");
    assert_eq!(subnets[0]["presence"], "both");
}

#[test]
fn people_read_one_entry_for_each_pair_of_rules() {
    let all = |name, access| (name, 400, access, "*", "*");
    let others = [
        ("no-ssh", 100, "Deny", "203.0.113.7", "22"),
        ("no-smtp", 110, "Deny", "198.51.100.0/24", "25"),
        ("no-rdp", 120, "Deny", "192.0.2.0/24", "3389"),
    ];
    let with = |last| terraform(&[&others[..], &[last]].concat(), false);
    let case = Case::new(&[
        ("a/main.tf", &with(all("rest", "Deny"))),
        ("b/main.tf", &with(all("rest", "Allow"))),
    ]);
    let (_, found) = case.compared(&["a", "b"]);
    assert!(
        found["securityGroups"][0]["opened"]
            .as_array()
            .unwrap()
            .len()
            > 2
    );
    let (_, out, _) = case.diff(&["a", "b"]);
    assert_eq!(
        out.matches("after   Allow   `rest` (400)").count(),
        1,
        "{out}"
    );
    assert!(out.contains("opened parts of inbound tcp"), "{out}");
    assert!(out.lines().count() < 12, "{out}");
}

#[test]
fn what_depends_on_inputs_is_told_in_short_with_their_names() {
    let group = |count: &str, port: &str| {
        format!(
            r#"variable "on" {{}}
variable "off" {{}}
resource "azurerm_network_security_group" "web" {{
  count = {count} ? 1 : 0
  name  = "web"
  security_rule {{
    name                       = "in"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    source_address_prefix      = "Internet"
    destination_address_prefix = "*"
    destination_port_range     = "{port}"
  }}
}}
"#
        )
    };
    let case = Case::new(&[
        ("a/main.tf", &group("var.on", "443")),
        ("b/main.tf", &group("var.off", "443")),
    ]);
    let (_, found) = case.compared(&["a", "b"]);
    let web = &found["securityGroups"][0];
    assert_eq!(web["equivalent"], Value::Null);
    assert_eq!(web["opened"].as_array().map(Vec::len), Some(0), "{found:#}");
    let needs: Vec<&str> = web["existenceDependsOn"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["what"].as_str().unwrap())
        .collect();
    assert_eq!(needs, ["var.on", "var.off"]);
    let (_, out, _) = case.diff(&["a", "b"]);
    assert!(out.contains("whether it is there"), "{out}");
    assert!(out.lines().count() < 10, "{out}");
    // Whether it is there is the same question in both: only the rule counts.
    let other = group("var.on", "8443");
    case.write("b/main.tf", &other);
    let (_, found) = case.compared(&["a", "b"]);
    assert_eq!(found["securityGroups"][0]["equivalent"], false, "{found:#}");
}

#[test]
fn values_and_tags_of_the_working_directory_go_with_revisions() {
    let with = |port: &str| {
        terraform(&[("in", 100, "Allow", "Storage", "PORT")], true)
            .replace("\"Storage\"", "var.from")
            .replace("PORT", port)
            + "variable \"from\" {}\n"
    };
    let case = Case::new(&[("net/main.tf", &with("443")), ("given.txt", "")]);
    case.git(&["init", "-q", "-b", "main"]);
    case.commit();
    let other = with("8443");
    case.write("net/main.tf", &other);
    case.git(&["commit", "-aqm", "b"]);
    // Files that no revision has.
    case.write("given.tfvars", "from = \"Storage\"\n");
    case.write(
        "tags.json",
        r#"{"changeNumber": 1, "cloud": "Public", "values": [{"name": "Storage", "id": "Storage",
            "properties": {"changeNumber": 1, "region": "", "platform": "Azure",
                "systemService": "AzureStorage", "addressPrefixes": ["20.60.0.0/24"]}}]}"#,
    );
    let (_, found) = case.compared(&["main~1..main"]);
    assert_eq!(found["equivalent"], Value::Null, "{found:#}");
    let flags = ["--var-file", "given.tfvars", "--service-tags", "tags.json"];
    let (code, found) = case.compared(&[&["main~1..main"], &flags[..2]].concat());
    assert_eq!(
        (code, &found["equivalent"]),
        (0, &Value::Bool(false)),
        "{found:#}"
    );
    let opened = &found["subnets"][0]["opened"][0];
    assert_eq!(opened["source"], serde_json::json!(["Storage"]));
    let (code, found) = case.compared(&[&["main~1..main"], &flags[..]].concat());
    assert_eq!(code, 0, "{found:#}");
    let witness = &found["subnets"][0]["opened"][0]["witness"]["source"];
    assert!(
        witness.as_str().unwrap().starts_with("20.60.0."),
        "{found:#}"
    );
    let (code, _, err) = case.diff(&["main~1..main", "--var-file", "nowhere.tfvars"]);
    assert_eq!(code, 2);
    assert!(err.contains("nowhere.tfvars"), "{err}");
}

#[test]
fn modules_that_are_installed_now_go_with_revisions() {
    let case = Case::new(&[
        (
            "main.tf",
            "module \"net\" { source = \"acme/net/azurerm\" }\n",
        ),
        (".gitignore", ".terraform\n"),
    ]);
    case.git(&["init", "-q", "-b", "main"]);
    case.commit();
    let list = r#"{"Modules": [{"Key": "net", "Source": "registry.terraform.io/acme/net/azurerm",
        "Dir": ".terraform/modules/net"}]}"#;
    case.write(".terraform/modules/modules.json", list);
    case.write(".terraform/modules/net/main.tf", terraform(&[HTTPS], true));
    let (code, found) = case.compared(&["main.."]);
    assert_eq!(code, 0, "{found:#}");
    // A module that is not installed is told.
    let told = &found["old"]["diagnostics"];
    assert_eq!(told, &serde_json::json!([]), "{found:#}");
    assert_eq!(found["equivalent"], Value::Bool(true), "{found:#}");
}

#[test]
fn values_that_git_ignores_go_with_revisions_and_files_are_those_of_the_revision() {
    let main = r#"
variable "port" { type = string }
locals {
  all = { for f in fileset(path.module, "rules/*.json") : f => jsondecode(file(f)) }
}
resource "azurerm_network_security_group" "g" {
  name                = "g"
  resource_group_name = "net"
  location            = "westeurope"
  dynamic "security_rule" {
    for_each = local.all
    content {
      name                       = security_rule.value.name
      priority                   = security_rule.value.priority
      direction                  = "Inbound"
      access                     = "Allow"
      protocol                   = "Tcp"
      source_address_prefix      = "10.0.0.0/8"
      source_port_range          = "*"
      destination_address_prefix = "*"
      destination_port_range     = var.port
    }
  }
}
"#;
    let case = Case::new(&[
        ("main.tf", main),
        (".gitignore", "*.tfvars\n"),
        ("rules/a.json", r#"{"name": "a", "priority": 100}"#),
    ]);
    case.git(&["init", "-q", "-b", "main"]);
    case.commit();
    case.write("terraform.tfvars", "port = \"443\"\n");
    let (code, found) = case.compared(&["main.."]);
    assert_eq!(code, 0, "{found:#}");
    assert_eq!(found["equivalent"], Value::Bool(true), "{found:#}");

    case.write("rules/b.json", r#"{"name": "b", "priority": 110}"#);
    let (_, found) = case.compared(&["main.."]);
    let text = found.to_string();
    assert!(text.contains("\"b\""), "{found:#}");
}

#[test]
fn rules_of_a_network_manager_are_named_as_not_compared() {
    let group = terraform(&[HTTPS], true);
    let manager = r#"
resource "azurerm_network_manager" "m" {
  name           = "m"
  scope_accesses = ["SecurityAdmin"]
}
resource "azurerm_network_manager_security_admin_configuration" "c" {
  name               = "c"
  network_manager_id = azurerm_network_manager.m.id
}
resource "azurerm_network_manager_network_group" "g" {
  name               = "g"
  network_manager_id = azurerm_network_manager.m.id
}
resource "azurerm_network_manager_admin_rule_collection" "r" {
  name                            = "r"
  security_admin_configuration_id = azurerm_network_manager_security_admin_configuration.c.id
  network_group_ids               = [azurerm_network_manager_network_group.g.id]
}
resource "azurerm_network_manager_admin_rule" "no" {
  name                     = "no"
  admin_rule_collection_id = azurerm_network_manager_admin_rule_collection.r.id
  action                   = "Deny"
  direction                = "Inbound"
  priority                 = 1
  protocol                 = "Tcp"
  destination_port_ranges  = ["3389"]
}
"#;
    let case = Case::new(&[
        ("a/main.tf", &group),
        ("b/main.tf", &(group.clone() + manager)),
    ]);
    let (_, found) = case.compared(&["a", "b"]);
    let note = found["notes"][0].as_str().unwrap();
    assert!(note.contains("security admin rules"), "{note}");
    let (_, out, _) = case.diff(&["a", "b"]);
    assert!(out.contains("note: security admin rules"), "{out}");
    let (_, found) = case.compared(&["a", "a"]);
    assert_eq!(found["notes"].as_array().map(Vec::len), Some(0));
}

#[test]
fn what_modules_that_are_not_here_create_is_told_apart_and_not_gone() {
    let main = |source: &str| {
        format!(
            "{}\nmodule \"more\" {{\n  source   = \"{source}\"\n  for_each = toset([\"a\", \"b\"])\n}}\n",
            terraform(&[HTTPS], false)
        )
    };
    let other = "resource \"azurerm_network_security_group\" \"more\" {\n  name = \"more\"\n}\n";
    let case = Case::new(&[
        ("old/main.tf", &main("./more")),
        ("old/more/main.tf", other),
        ("new/main.tf", &main("acme/more/azurerm")),
    ]);
    let (code, told, _) = case.diff(&["old", "new"]);
    assert_eq!(code, 0);
    assert!(!told.contains("is gone"), "{told}");
    let line = "not compared: what `module.more` (main.tf:";
    assert!(told.contains(line), "{told}");
    assert!(
        told.contains("the same packets get through what was compared"),
        "{told}"
    );
    let (_, json, _) = case.diff(&["old", "new", "-o", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["equivalent"], Value::Null);
    let absent = json["absentModules"].as_array().unwrap();
    assert_eq!(absent.len(), 1, "{json:#}");
    assert_eq!(absent[0]["address"], "module.more");
    assert_eq!(absent[0]["source"], "acme/more/azurerm");
    assert_eq!(absent[0]["new"]["path"], "main.tf");
    assert!(absent[0].get("old").is_none());
    let groups = json["securityGroups"].as_array().unwrap();
    let alone: Vec<_> = groups
        .iter()
        .filter(|group| group["name"] == "more")
        .collect();
    assert_eq!(alone.len(), 2, "{json:#}");
    for group in alone {
        assert_eq!(group["absentModule"], "module.more");
        assert_eq!(group["equivalent"], Value::Null);
    }
    let strict = ["old", "new", "--strict", "--fail-on", "opened"];
    assert_eq!(case.diff(&strict).0, 1);
    assert_eq!(case.diff(&["old", "new", "--fail-on", "opened"]).0, 0);
}
