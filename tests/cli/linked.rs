//! Templates that others link, and questions about one of several deployments.

use serde_json::{Value, json};

use crate::program::Case;

const SCHEMAS: &str = "https://schema.management.azure.com/schemas/2019-04-01";

fn template(parameters: Value, resources: Value) -> String {
    json!({
        "$schema": format!("{SCHEMAS}/deploymentTemplate.json#"),
        "contentVersion": "1.0.0.0",
        "parameters": parameters,
        "resources": resources,
    })
    .to_string()
}

fn link(file: &str, condition: bool, values: Value) -> Value {
    json!({
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": file,
        "condition": condition,
        "properties": {
            "mode": "Incremental",
            "templateLink": { "relativePath": file },
            "parameters": values,
        },
    })
}

/// A group whose only rule opens SSH to what a parameter says.
fn gate() -> String {
    let rule = json!({
        "name": "ssh",
        "properties": {
            "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
            "sourceAddressPrefix": "[parameters('from')]", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "destinationPortRange": "22",
        },
    });
    template(
        json!({ "from": { "type": "string" } }),
        json!([{
            "type": "Microsoft.Network/networkSecurityGroups",
            "apiVersion": "2024-05-01",
            "name": "gate",
            "properties": { "securityRules": [rule] },
        }]),
    )
}

fn parameters(values: Value) -> String {
    json!({
        "$schema": format!("{SCHEMAS}/deploymentParameters.json#"),
        "contentVersion": "1.0.0.0",
        "parameters": values,
    })
    .to_string()
}

fn deployments(case: &Case) -> Vec<String> {
    let (_, document) = case.answer(&["resources"]);
    let deployments = document["deployments"].as_array().unwrap().iter();
    let names = deployments.map(|one| one["name"].as_str().unwrap().to_owned());
    names.collect()
}

#[test]
fn a_template_that_another_one_links_is_no_deployment_of_its_own() {
    let main = |condition| {
        let values = json!({ "from": { "value": "Internet" } });
        template(
            json!({}),
            json!([link("parts/gate.json", condition, values)]),
        )
    };
    let case = Case::new(&[("main.json", &main(true)), ("parts/gate.json", &gate())]);
    assert_eq!(deployments(&case), ["main.json"]);
    let (_, document) = case.answer(&["check"]);
    assert_eq!(document["summary"]["deployments"], 1);
    assert_eq!(document["summary"]["securityRules"], 1);
    // What is linked selects what links it.
    let (_, document) = case.answer(&["check", "parts/gate.json"]);
    assert_eq!(document["summary"]["deployments"], 1);
    assert_eq!(document["findings"].as_array().unwrap().len(), 1);

    // One that is not linked after all, or has a parameter file of its own, is one.
    case.write("main.json", main(false));
    assert_eq!(deployments(&case), ["main.json", "parts/gate.json"]);
    case.write("main.json", main(true));
    let values = json!({ "from": { "value": "10.0.0.0/8" } });
    case.write("parts/gate.parameters.json", parameters(values));
    assert_eq!(deployments(&case), ["main.json", "parts/gate.json"]);
}

#[test]
fn of_templates_that_link_each_other_one_is_kept() {
    let one = |other: &str| template(json!({}), json!([link(other, true, json!({}))]));
    let case = Case::new(&[("a.json", &one("b.json")), ("b.json", &one("a.json"))]);
    assert_eq!(deployments(&case), ["a.json"]);
}

#[test]
fn a_wrong_value_is_told_where_it_is_typed_and_not_where_it_is_passed_on() {
    let values = json!({ "from": { "value": "[parameters('source')]" } });
    let declared = json!({ "source": { "type": "string" } });
    let main = template(declared, json!([link("gate.json", true, values)]));
    let case = Case::new(&[
        ("main.json", &main),
        (
            "main.parameters.json",
            &parameters(json!({ "source": { "value": 7 } })),
        ),
        ("gate.json", &gate()),
    ]);
    let (code, document) = case.answer(&["check"]);
    let told = document["diagnostics"].as_array().unwrap();
    let places: Vec<_> = told
        .iter()
        .map(|one| (&one["code"], &one["path"]))
        .collect();
    let wanted = json!(["parameter-value", "main.parameters.json"]);
    assert_eq!(places, [(&wanted[0], &wanted[1])], "{document:#}");
    assert_eq!(code, 0);
    let human = case.run(&["check"]).stdout;
    assert!(
        human.contains("no findings, 1 warning about the files"),
        "{human}"
    );
}

fn environments() -> Case {
    let file = |from: &str| parameters(json!({ "from": { "value": from } }));
    let configuration = "deployments:
  - {template: gate.json, name: live, parameters: one.json}
  - {template: gate.json, name: trial, parameters: two.json}
";
    Case::new(&[
        ("aznet.yaml", configuration),
        ("gate.json", &gate()),
        ("one.json", &file("10.0.0.0/8")),
        (
            "two.json",
            &parameters(json!({ "form": { "value": "Internet" } })),
        ),
    ])
}

#[test]
fn a_deployment_is_chosen_by_its_environment() {
    let case = environments();
    let ask = ["effective", "--nsg", "gate"];
    let (code, answer) = case.answer(&[&ask[..], &["--deployment", "Live"]].concat());
    assert_eq!(
        (code, &answer["deployment"]),
        (0, &json!("gate.json (live)")),
        "{answer:#}"
    );
    let refused = case.run(&[&ask[..], &["--deployment", "lief"]].concat());
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("did you mean `live`?"),
        "{}",
        refused.stderr
    );
}

#[test]
fn an_answer_tells_what_is_wrong_with_the_files_it_rests_on() {
    let case = environments();
    let ask = ["effective", "--nsg", "gate", "--deployment"];
    let live = case.run(&[&ask[..], &["live"]].concat());
    assert_eq!(live.stderr, "");
    let trial = case.run(&[&ask[..], &["trial"]].concat());
    assert!(trial.stderr.contains("'form'"), "{}", trial.stderr);
    // A path may choose as well; then the answer still says of which environment it is.
    let chosen = case.run(&["effective", "--nsg", "gate", "one.json"]);
    assert!(
        chosen.stdout.contains("in gate.json (live)"),
        "{}",
        chosen.stdout
    );
}

#[test]
fn findings_of_a_selected_deployment_that_lie_elsewhere_are_counted() {
    let other = template(json!({}), json!([]));
    let values = json!({ "from": { "value": "Internet" } });
    let parts = json!([
        link("gate.json", true, values),
        link("other.json", true, json!({}))
    ]);
    let case = Case::new(&[
        ("main.json", &template(json!({}), parts)),
        ("gate.json", &gate()),
        ("other.json", &other),
    ]);
    let (code, document) = case.answer(&["check", "other.json"]);
    assert_eq!(
        (code, &document["findings"]),
        (0, &json!([])),
        "{document:#}"
    );
    assert_eq!(document["summary"]["elsewhere"], 1);
    let human = case.run(&["check", "other.json"]).stdout;
    let line = "not shown: 1 finding elsewhere in the same deployments\n";
    assert!(human.contains(line), "{human}");
    let all = case.run(&["check"]).stdout;
    assert!(!all.contains("not shown"), "{all}");
}

#[test]
fn what_is_wrong_in_both_versions_of_the_files_is_told_once() {
    let values = parameters(json!({ "form": { "value": "Internet" } }));
    let case = Case::new(&[
        ("old/gate.json", &gate()),
        ("old/gate.parameters.json", &values),
        ("new/gate.json", &gate()),
        ("new/gate.parameters.json", &values),
    ]);
    let told = case.run(&["diff", "old", "new"]).stderr;
    assert_eq!(told.matches("undeclared-parameter").count(), 1, "{told}");
    assert!(told.contains("gate.parameters.json"), "{told}");
    let (_, document) = case.answer(&["diff", "old", "new"]);
    for version in ["old", "new"] {
        let told = document[version]["diagnostics"].as_array().unwrap();
        assert!(!told.is_empty(), "{document:#}");
    }
}

#[test]
fn the_parts_of_a_resource_stand_beside_its_name_within_the_width() {
    let long = "a-network-with-a-name-that-leaves-little-room-for-more-text";
    let network = |name: &str| {
        json!({
            "type": "Microsoft.Network/virtualNetworks",
            "apiVersion": "2024-05-01",
            "name": name,
            "properties": { "subnets": [{ "name": "one" }] },
        })
    };
    let main = template(json!({}), json!([network("short"), network(long)]));
    let case = Case::new(&[("main.json", &main)]);
    let text = case.run(&["resources"]).stdout;
    assert!(text.contains("virtualNetworks/short  1 subnet"), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
}
