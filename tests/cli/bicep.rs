//! Compiled Bicep: findings are told with the source beside the template.

use serde_json::Value;

use crate::program::Case;

/// A template compiled from `main.bicep` with a module whose group opens SSH to the Internet.
fn compiled() -> String {
    let generator = r#""metadata": { "_generator": { "name": "bicep", "version": "0.30.23.60470", "templateHash": "1" } }"#;
    format!(
        r#"{{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "languageVersion": "2.0",
  "contentVersion": "1.0.0.0",
  {generator},
  "resources": {{
    "hub": {{
      "type": "Microsoft.Resources/deployments",
      "apiVersion": "2022-09-01",
      "name": "hub-module",
      "properties": {{
        "expressionEvaluationOptions": {{ "scope": "inner" }},
        "mode": "Incremental",
        "template": {{
          "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
          "languageVersion": "2.0",
          "contentVersion": "1.0.0.0",
          {generator},
          "resources": {{
            "nsg": {{
              "type": "Microsoft.Network/networkSecurityGroups",
              "apiVersion": "2024-05-01",
              "name": "hub-nsg",
              "properties": {{
                "securityRules": [
                  {{
                    "name": "ssh",
                    "properties": {{
                      "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
                      "sourceAddressPrefix": "Internet", "sourcePortRange": "*",
                      "destinationAddressPrefix": "*", "destinationPortRange": "22"
                    }}
                  }}
                ]
              }}
            }}
          }}
        }}
      }}
    }}
  }}
}}
"#
    )
}

const MAIN: &str = "targetScope = 'resourceGroup'\n\nmodule hub 'modules/hub.bicep' = {\n  name: 'hub-module'\n}\n";
const HUB: &str =
    "resource nsg 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {\n  name: 'hub-nsg'\n}\n";

fn case() -> Case {
    Case::new(&[
        (".git/HEAD", ""),
        ("main.json", &compiled()),
        ("main.bicep", MAIN),
        ("modules/hub.bicep", HUB),
    ])
}

/// Path, line and column of the places in Bicep files.
fn bicep_places(finding: &Value) -> Vec<(&str, u64, u64, &str)> {
    let related = finding["related"].as_array().unwrap().iter();
    related
        .filter(|place| place["path"].as_str().unwrap().ends_with(".bicep"))
        .map(|place| {
            (
                place["path"].as_str().unwrap(),
                place["line"].as_u64().unwrap(),
                place["column"].as_u64().unwrap(),
                place["message"].as_str().unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_finding_names_the_module_and_the_symbol_and_points_at_both() {
    let (code, document) = case().answer(&["check"]);
    assert_eq!(code, 1, "{document}");
    let finding = &document["findings"][0];
    assert_eq!(finding["path"], "main.json");
    assert_eq!(
        finding["instances"][0]["source"],
        "module hub (modules/hub.bicep) › resource nsg"
    );
    assert_eq!(
        bicep_places(finding),
        [
            ("modules/hub.bicep", 1, 10, "resource `nsg` in Bicep"),
            ("main.bicep", 3, 8, "module `hub` in Bicep"),
        ]
    );
}

#[test]
fn the_terminal_and_sarif_say_the_same() {
    let case = case();
    let human = case.run(&["check"]).stdout;
    assert!(
        human.contains("source  module hub (modules/hub.bicep) › resource nsg"),
        "{human}"
    );
    assert!(human.contains("modules/hub.bicep:1:10"), "{human}");
    let sarif: Value = serde_json::from_str(&case.run(&["check", "-o", "sarif"]).stdout).unwrap();
    let related = sarif["runs"][0]["results"][0]["relatedLocations"]
        .as_array()
        .unwrap();
    let at = |place: &Value| {
        let place = &place["physicalLocation"];
        (
            place["artifactLocation"]["uri"]
                .as_str()
                .unwrap()
                .to_owned(),
            place["region"]["startLine"].as_u64().unwrap(),
        )
    };
    let places: Vec<(String, u64)> = related.iter().map(at).collect();
    for expected in [("modules/hub.bicep", 1), ("main.bicep", 3)] {
        let expected = (expected.0.to_owned(), expected.1);
        assert!(places.contains(&expected), "{places:?}");
    }
}

#[test]
fn without_the_source_the_symbols_of_the_template_are_told() {
    let case = Case::new(&[("main.json", &compiled())]);
    let (_, document) = case.answer(&["check"]);
    let finding = &document["findings"][0];
    assert_eq!(
        finding["instances"][0]["source"],
        "module hub › resource nsg"
    );
    assert!(bicep_places(finding).is_empty());
}

#[test]
fn a_source_on_the_command_line_selects_what_was_compiled_from_it() {
    let case = case();
    case.write("other/main.json", compiled());
    for path in ["main.bicep", "modules/hub.bicep"] {
        let (code, document) = case.answer(&["check", path]);
        assert_eq!(code, 1, "{path}: {document}");
        let findings = document["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 1, "{path}");
        assert_eq!(findings[0]["path"], "main.json");
        assert_eq!(document["summary"]["deployments"], 1);
    }
}

#[test]
fn sources_that_nothing_is_compiled_from_are_told_where_nothing_else_is_checked() {
    let source =
        "resource nsg 'Microsoft.Network/networkSecurityGroups@2024-05-01' = { name: 'n' }\n";
    let case = Case::new(&[
        (".git/HEAD", ""),
        ("infra/deep/part.bicep", source),
        ("infra/main.bicep", source),
    ]);
    let (code, document) = case.answer(&["check"]);
    let told = &document["diagnostics"][0];
    assert_eq!(
        (code, told["code"].as_str(), told["path"].as_str()),
        (0, Some("bicep-source"), Some("infra/main.bicep"))
    );
    let help = "compile what is deployed: az bicep build --file infra/main.bicep";
    assert_eq!(told["help"], help);
    let (_, document) = case.answer(&["check", "infra/deep/part.bicep"]);
    assert_eq!(document["diagnostics"][0]["path"], "infra/deep/part.bicep");
    // Beside what is compiled, sources need no word.
    case.write("infra/main.json", compiled());
    let (_, document) = case.answer(&["check"]);
    let told = document["diagnostics"].as_array().unwrap().iter();
    assert!(
        told.clone().all(|one| one["code"] != "bicep-source"),
        "{document:#}"
    );
}

/// What the JSON of an answer says of the place of what decides.
fn declared(place: &Value) -> (&str, &str, u64, u64) {
    let declared = &place["declared"];
    (
        declared["name"].as_str().unwrap_or_default(),
        declared["path"].as_str().unwrap_or_default(),
        declared["line"].as_u64().unwrap_or_default(),
        declared["column"].as_u64().unwrap_or_default(),
    )
}

const GROUP: (&str, &str, u64, u64) = (
    "module hub (modules/hub.bicep) › resource nsg",
    "modules/hub.bicep",
    1,
    10,
);

#[test]
fn a_trace_says_where_in_the_source_what_decides_was_declared() {
    let asked = [
        "trace",
        "--nsg",
        "hub-nsg",
        "--from",
        "Internet",
        "--to",
        "10.0.0.4:22",
        "--direction",
        "inbound",
    ];
    let case = case();
    let (code, document) = case.answer(&asked);
    assert_eq!(code, 0, "{document}");
    assert_eq!(document["decidedBy"]["path"], "main.json");
    assert_eq!(declared(&document["decidedBy"]), GROUP);
    let human = case.run(&asked).stdout;
    assert!(human.contains("(modules/hub.bicep:1:10)"), "{human}");
    let alone = Case::new(&[("main.json", &compiled())]);
    let (_, document) = alone.answer(&asked);
    let (name, path, ..) = declared(&document["decidedBy"]);
    assert_eq!((name, path), ("module hub › resource nsg", ""));
}

#[test]
fn effective_rules_say_where_in_the_source_they_were_declared() {
    let (code, document) = case().answer(&["effective", "--nsg", "hub-nsg"]);
    assert_eq!(code, 0, "{document}");
    let rules = document["securityRules"]["inbound"].as_array().unwrap();
    assert_eq!(declared(&rules[0]), GROUP);
    let human = case().run(&["effective", "--nsg", "hub-nsg"]).stdout;
    assert!(human.contains("(modules/hub.bicep:1:10)"), "{human}");
}

#[test]
fn a_difference_says_where_in_the_source_it_was_declared() {
    let case = case();
    for version in ["old", "new"] {
        let text = compiled();
        let text = match version {
            "old" => text.replace("\"Allow\"", "\"Deny\""),
            _ => text,
        };
        case.write(&format!("{version}/main.json"), text);
        case.write(&format!("{version}/main.bicep"), MAIN);
        case.write(&format!("{version}/modules/hub.bicep"), HUB);
    }
    let (_, document) = case.answer(&["diff", "old", "new"]);
    let group = &document["securityGroups"][0];
    let opened = &group["opened"][0];
    for (place, file) in [
        (group, "new/modules/hub.bicep"),
        (&opened["old"], "old/modules/hub.bicep"),
        (&opened["new"], "new/modules/hub.bicep"),
    ] {
        let words = format!("module hub ({file}) › resource nsg");
        assert_eq!(declared(place), (&*words, file, 1, 10), "{document}");
    }
    let human = case.run(&["diff", "old", "new"]).stdout;
    assert!(human.contains("(new/modules/hub.bicep:1:10)"), "{human}");
}
