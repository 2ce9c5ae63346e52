//! The real binary on real directories: exit codes, what is read, what is said.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;

use crate::program::{Case, command};

const SCHEMA: &str =
    "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";

impl Case {
    /// `check` with the arguments, as JSON.
    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        self.answer(&[&["check"], arguments].concat())
    }
}

/// A template whose only rule opens SSH to the Internet.
fn template(name: &str) -> String {
    format!(
        r#"{{
  "$schema": "{SCHEMA}",
  "contentVersion": "1.0.0.0",
  "resources": [
    {{
      "type": "Microsoft.Network/networkSecurityGroups",
      "apiVersion": "2024-05-01",
      "name": "{name}",
      "properties": {{
        "securityRules": [
          {{
            "name": "ssh-{name}",
            "properties": {{
              "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
              "sourceAddressPrefix": "Internet", "sourcePortRange": "*",
              "destinationAddressPrefix": "*", "destinationPortRange": "22"
            }}
          }}
        ]
      }}
    }}
  ]
}}
"#
    )
}

fn paths(document: &Value, list: &str) -> Vec<String> {
    document[list]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["path"].as_str().unwrap_or("").to_owned())
        .collect()
}

fn deployments(document: &Value) -> u64 {
    document["summary"]["deployments"].as_u64().unwrap()
}

/// The line and column, from one, at which `needle` begins.
fn position(text: &str, needle: &str) -> (u64, u64) {
    let before = &text[..text.find(needle).unwrap()];
    let line = before.matches('\n').count() as u64 + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() as u64 + 1;
    (line, column)
}

#[test]
fn nothing_to_check_is_success_and_says_so() {
    let outcome = Case::new(&[("notes.json", "{\"a\": 1}")]).run(&["check"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);
    assert!(outcome.stdout.contains("no findings"));
    assert!(outcome.stdout.contains("checked 0 files"));
}

#[test]
fn a_finding_fails_the_run_at_its_threshold() {
    let case = Case::new(&[("azuredeploy.json", &template("a"))]);
    let (code, document) = case.json(&[]);
    assert_eq!(code, 1, "{document}");
    let finding = &document["findings"][0];
    assert_eq!(finding["rule"], "internet-exposed-management-port");
    assert_eq!(case.json(&["--fail-on", "never"]).0, 0);
    let ignored = case.json(&["--ignore", "internet-exposed-management-port"]);
    assert_eq!(ignored.0, 0);
    let configured = Case::new(&[
        ("azuredeploy.json", &template("a")),
        ("aznet.yaml", "fail-on: never\n"),
    ]);
    assert_eq!(configured.json(&[]).0, 0);
    assert_eq!(configured.json(&["--fail-on", "warning"]).0, 1);
}

#[test]
fn a_file_that_cannot_be_parsed_is_told_with_its_place_and_the_rest_is_checked() {
    let broken = format!("{{\n  \"$schema\": \"{SCHEMA}\",\n  \"resources\": [ oops ]\n}}\n");
    let case = Case::new(&[("a.json", &broken), ("b.json", &template("b"))]);
    let (code, document) = case.json(&[]);
    assert_eq!(code, 2);
    assert_eq!(paths(&document, "diagnostics"), ["a.json"]);
    let diagnostic = &document["diagnostics"][0];
    assert_eq!(diagnostic["line"], position(&broken, "oops").0);
    assert_eq!(document["summary"]["unreadable"][0], "a.json");
    assert_eq!(deployments(&document), 1);
    assert_eq!(paths(&document, "findings"), ["b.json"]);
}

#[test]
fn broken_json_that_is_none_of_ours_is_left_alone() {
    let case = Case::new(&[("package.json", "{ \"Microsoft.Network\": oops")]);
    let (code, document) = case.json(&[]);
    assert_eq!(code, 0, "{document}");
}

#[test]
fn text_that_is_not_utf8_is_told_with_the_byte_if_it_claims_to_be_ours() {
    let case = Case::new(&[("b.json", &template("b"))]);
    case.write("latin.tf", b"# caf\xe9\n");
    case.write("other.json", b"{\"caf\xe9\": 1}");
    let (code, document) = case.json(&[]);
    assert_eq!(code, 2);
    assert_eq!(paths(&document, "diagnostics"), ["latin.tf"]);
    let diagnostic = &document["diagnostics"][0];
    let message = diagnostic["message"].as_str().unwrap();
    assert!(message.contains("0xe9 at offset 5"), "{message}");
    assert_eq!(diagnostic["column"], 6);
    assert_eq!(deployments(&document), 1);
}

#[test]
fn byte_order_marks_line_ends_and_utf16_do_not_move_positions() {
    let text = template("a").replace('\n', "\r\n");
    let case = Case::new(&[]);
    case.write("bom.json", format!("\u{feff}{text}").as_bytes());
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    case.write("wide.json", &utf16);
    let mut swapped = vec![0xfe, 0xff];
    swapped.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    case.write("wider.json", &swapped);
    let (_, document) = case.json(&[]);
    assert_eq!(
        paths(&document, "findings"),
        ["bom.json", "wide.json", "wider.json"]
    );
    for finding in document["findings"].as_array().unwrap() {
        let from = (finding["line"].as_u64(), finding["column"].as_u64());
        let (line, column) = place_of_rule(&text);
        assert_eq!(from, (Some(line), Some(column)), "{finding}");
    }
}

/// Where the security rule's object begins: the brace before its name.
fn place_of_rule(text: &str) -> (u64, u64) {
    let name = text.find("\"name\": \"ssh-").unwrap();
    let brace = text[..name].rfind('{').unwrap();
    let (line, _) = position(text, &text[brace..]);
    let column = text[..brace].rsplit('\n').next().unwrap().chars().count();
    (line, column as u64 + 1)
}

#[test]
fn ignored_and_excluded_files_are_not_read() {
    let case = Case::new(&[
        (".gitignore", "build/\n"),
        ("aznet.yaml", "exclude: [fixtures]\n"),
        ("build/azuredeploy.json", &template("a")),
        ("fixtures/azuredeploy.json", &template("b")),
        ("node_modules/azuredeploy.json", &template("c")),
        (".terraform/azuredeploy.json", &template("d")),
        (".github/azuredeploy.json", &template("e")),
    ]);
    let (_, document) = case.json(&[]);
    assert_eq!(paths(&document, "findings"), [".github/azuredeploy.json"]);
    let (_, document) = case.json(&["--no-ignore"]);
    assert_eq!(
        paths(&document, "findings"),
        [".github/azuredeploy.json", "build/azuredeploy.json"]
    );
}

#[test]
fn paths_select_what_is_reported() {
    let case = Case::new(&[
        (".git/HEAD", ""),
        ("a/azuredeploy.json", &template("a")),
        ("b/azuredeploy.json", &template("b")),
        ("b/aznet.yaml", "clud: china\n"),
    ]);
    let (code, document) = case.json(&["a"]);
    assert_eq!(paths(&document, "findings"), ["a/azuredeploy.json"]);
    assert_eq!(deployments(&document), 1);
    // The configuration of the whole root is always checked.
    assert_eq!(code, 2);
    let (_, document) = case.json(&["b/azuredeploy.json"]);
    assert_eq!(paths(&document, "findings"), ["b/azuredeploy.json"]);
}

#[test]
fn a_parameter_file_selects_the_template_it_belongs_to() {
    let template = template("a")
        .replace(
            "\"contentVersion\"",
            "\"parameters\": {\"from\": {\"type\": \"string\"}},\n  \"contentVersion\"",
        )
        .replace("\"Internet\"", "\"[parameters('from')]\"");
    let parameters = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
  "contentVersion": "1.0.0.0",
  "parameters": { "from": { "value": "Internet" } }
}"#;
    let case = Case::new(&[
        ("azuredeploy.json", &template),
        ("azuredeploy.parameters.json", parameters),
    ]);
    let (_, document) = case.json(&["azuredeploy.parameters.json"]);
    assert_eq!(deployments(&document), 1);
    assert_eq!(
        document["findings"].as_array().unwrap().len(),
        1,
        "{document}"
    );
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_root_is_not_followed_and_one_within_is() {
    let outside = Case::new(&[("azuredeploy.json", &template("out"))]);
    let case = Case::new(&[("a/azuredeploy.json", &template("a"))]);
    let link = |target: PathBuf, name: &str| {
        std::os::unix::fs::symlink(target, case.path(name)).unwrap();
    };
    link(outside.path("azuredeploy.json"), "outside.json");
    link(outside.path(""), "folder");
    link(case.path("a/azuredeploy.json"), "inside.json");
    let (_, document) = case.json(&[]);
    assert_eq!(
        paths(&document, "findings"),
        ["a/azuredeploy.json", "inside.json"]
    );
}

#[test]
fn wrong_calls_fail_with_what_was_meant() {
    let case = Case::new(&[("azuredeploy.json", &template("a"))]);
    for (arguments, expected) in [
        (&["check", "--fial-on", "error"][..], "--fail-on"),
        (&["check", "nowhere"], "nowhere"),
        (&["check", "-o", "jsn"], "`json`"),
        (&["check", "--offer", "pay-as-you-gone"], "`pay-as-you-go`"),
        (
            &["check", "--select", "kms-unreachble"],
            "`kms-unreachable`",
        ),
        (
            &["check", "--ignore", "smtp-egress-blockd"],
            "`smtp-egress-blocked`",
        ),
        (&["check", "--var-file", "nowhere.tfvars"], "nowhere.tfvars"),
        (&["check", "-o", "json", "-o", "sarif"], "standard output"),
        (&["explain", "kms-unreachble"], "`kms-unreachable`"),
        (&["chek"], "check"),
    ] {
        let outcome = case.run(arguments);
        assert_eq!(outcome.code, 2, "{arguments:?}: {}", outcome.stderr);
        assert!(
            outcome.stderr.contains(expected),
            "{arguments:?}: {}",
            outcome.stderr
        );
        assert_eq!(outcome.stdout, "", "{arguments:?}");
    }
}

#[test]
fn a_wrong_word_in_the_configuration_is_pointed_at() {
    let config = "# é\nsmtp-policy: curent\nrules:\n  kms-unreachble: {off: true}\n";
    let case = Case::new(&[("aznet.yaml", config), ("azuredeploy.json", &template("a"))]);
    let (code, document) = case.json(&[]);
    assert_eq!(code, 2);
    let diagnostics = document["diagnostics"].as_array().unwrap();
    for (diagnostic, (wrong, meant)) in diagnostics.iter().zip([
        ("curent", "`current`"),
        ("kms-unreachble", "`kms-unreachable`"),
    ]) {
        let at = (
            diagnostic["line"].as_u64().unwrap(),
            diagnostic["column"].as_u64().unwrap(),
        );
        assert_eq!(at, position(config, wrong));
        assert!(diagnostic["help"].as_str().unwrap().contains(meant));
    }
    assert_eq!(diagnostics.len(), 2);
    assert_eq!(paths(&document, "findings"), ["azuredeploy.json"]);
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    let case = Case::new(&[("broken.tf", "resource {{{\n")]);
    for number in 0..40 {
        let name = format!("{number}/azuredeploy.json");
        case.write(&name, template(&format!("n{number}")).as_bytes());
    }
    for format in ["human", "json", "sarif"] {
        let one = case.run(&["check", "-o", format, "--threads", "1"]);
        let eight = case.run(&["check", "-o", format, "--threads", "8"]);
        assert_eq!(one.stdout, eight.stdout);
        assert_eq!(one.code, eight.code);
        assert!(one.stdout.contains("39/azuredeploy.json"), "{}", one.stdout);
    }
}

#[test]
fn several_formats_can_be_written_at_once() {
    let case = Case::new(&[("azuredeploy.json", &template("a"))]);
    let outcome = case.run(&[
        "check",
        "-o",
        "human",
        "-o",
        "json=out.json",
        "-o",
        "sarif=out.sarif",
    ]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("azuredeploy.json:"));
    let read = |path| -> Value {
        serde_json::from_str(&fs::read_to_string(case.path(path)).unwrap()).unwrap()
    };
    assert_eq!(read("out.json")["version"], "1.0");
    assert_eq!(read("out.sarif")["version"], "2.1.0");
}

#[test]
fn colours_come_only_when_asked_for() {
    let case = Case::new(&[("azuredeploy.json", &template("a"))]);
    assert!(!case.run(&["check"]).stdout.contains('\u{1b}'));
    let painted = case.run(&["check", "--color", "always"]);
    assert!(painted.stdout.contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let case = Case::new(&[]);
    for number in 0..200 {
        let name = format!("{number}/azuredeploy.json");
        case.write(&name, template(&format!("n{number}")).as_bytes());
    }
    let mut child = command(case.directory.path())
        .args(["check", "-o", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn every_rule_is_listed_and_explained() {
    let case = Case::new(&[]);
    let listed = case.run(&["rules"]);
    assert_eq!(listed.code, 0);
    let ids: Vec<&str> = listed
        .stdout
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(ids.contains(&"smtp-egress-blocked"), "{ids:?}");
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    assert_eq!(ids, sorted);
    for id in ids {
        let explained = case.run(&["explain", id]);
        assert_eq!(explained.code, 0, "{id}: {}", explained.stderr);
        assert!(explained.stdout.starts_with(id));
        assert!(explained.stdout.contains("How to mend it"));
    }
}

/// Whether an address is behind a tag without published addresses is not known; what is certain of
/// an address is so where it is not.
#[test]
fn a_tag_before_the_default_rules_does_not_hide_what_a_route_makes_of_them() {
    let schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";
    let template = format!(
        r#"{{ "$schema": "{schema}", "contentVersion": "1.0.0.0", "resources": [
        {{ "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01", "name": "app",
           "properties": {{ "securityRules": [ {{ "name": "management", "properties": {{
             "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "*",
             "sourceAddressPrefix": "AppServiceManagement", "sourcePortRange": "*",
             "destinationAddressPrefix": "*", "destinationPortRange": "*" }} }} ] }} }},
        {{ "type": "Microsoft.Network/routeTables", "apiVersion": "2024-05-01", "name": "app",
           "properties": {{ "routes": [ {{ "name": "out", "properties": {{ "addressPrefix": "0.0.0.0/0",
             "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.2.4" }} }} ] }} }},
        {{ "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "net",
           "properties": {{ "addressSpace": {{ "addressPrefixes": [ "10.0.0.0/16" ] }},
             "subnets": [ {{ "name": "app", "properties": {{ "addressPrefix": "10.0.1.0/24",
               "networkSecurityGroup": {{ "id": "[resourceId('Microsoft.Network/networkSecurityGroups', 'app')]" }},
               "routeTable": {{ "id": "[resourceId('Microsoft.Network/routeTables', 'app')]" }} }} }} ] }} }} ] }}"#
    );
    let case = Case::new(&[("main.json", &template)]);
    let (_, document) = case.answer(&["check"]);
    let findings = document["findings"].as_array().unwrap();
    let widened = findings
        .iter()
        .find(|finding| finding["rule"] == "virtual-network-tag-widened")
        .unwrap();
    let message = widened["message"].as_str().unwrap();
    assert!(message.contains("`AllowVnetInBound` lets"), "{message}");
    assert!(message.contains("`DenyAllInBound` stops"), "{message}");
}

#[test]
fn a_security_group_written_where_an_id_belongs_is_what_is_missing() {
    let schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";
    let template = format!(
        r#"{{ "$schema": "{schema}", "contentVersion": "1.0.0.0", "resources": [
        {{ "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01", "name": "own",
           "properties": {{ "securityRules": [ {{ "name": "rdp", "properties": {{
             "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
             "sourceAddressPrefix": "*", "sourcePortRange": "*",
             "destinationAddressPrefix": "*", "destinationPortRange": "3389" }} }} ] }} }},
        {{ "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "net",
           "properties": {{ "addressSpace": {{ "addressPrefixes": [ "10.0.0.0/16" ] }},
             "subnets": [ {{ "name": "app", "properties": {{ "addressPrefix": "10.0.1.0/24",
               "networkSecurityGroup": {{ "properties": {{ "securityRules": [] }} }} }} }} ] }} }},
        {{ "type": "Microsoft.Network/networkInterfaces", "apiVersion": "2024-05-01", "name": "nic",
           "properties": {{
             "networkSecurityGroup": {{ "id": "[resourceId('Microsoft.Network/networkSecurityGroups', 'own')]" }},
             "ipConfigurations": [ {{ "name": "one", "properties": {{
               "subnet": {{ "id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'app')]" }} }} }} ] }} }} ] }}"#
    );
    let case = Case::new(&[("main.json", &template)]);
    let (_, document) = case.answer(&["check"]);
    let findings = document["findings"].as_array().unwrap();
    let open = findings
        .iter()
        .find(|finding| finding["rule"] == "internet-exposed-management-port")
        .unwrap();
    let missing = &open["unknowns"][0];
    assert_eq!(missing["what"], "an object without an id", "{open}");
    assert_eq!(missing["settle"], "mend the value, which is refused");
    let (_, answer) = case.answer(&["trace", "--from", "10.0.1.9", "--to", "nic:3389"]);
    let missing = &answer["dependsOn"][0];
    assert_eq!(missing["what"], "an object without an id", "{answer}");
    assert_eq!(missing["settle"], "mend the value, which is refused");
}

#[test]
fn times_are_told_beside_the_report_and_change_nothing_in_it() {
    let case = Case::new(&[("main.json", &template("web"))]);
    let plain = case.run(&["check"]);
    let timed = case.run(&["check", "--timings"]);
    assert_eq!((plain.code, &plain.stdout), (timed.code, &timed.stdout));
    let lines: Vec<&str> = timed.stderr.lines().collect();
    assert!(
        lines.first().unwrap().starts_with("time by rule"),
        "{lines:?}"
    );
    assert!(
        lines.last().unwrap().ends_with(" ms  all rules"),
        "{lines:?}"
    );
    let own = lines
        .iter()
        .filter(|line| line.ends_with("  internet-exposed-management-port"));
    assert_eq!(own.count(), 1, "{lines:?}");
}
