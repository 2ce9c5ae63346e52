//! The JSON Schemas for editors agree with what the program itself reads.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads the files of the repository"
)]

use std::path::Path;

use aznet::engine::catalogue::{SchemaOf, catalogue};
use aznet::policy::pack::RULE_FILES;
use jsonschema::Validator;
use serde_json::{Value, json};

fn validator(of: SchemaOf) -> Validator {
    let schema = catalogue(&[]).unwrap().schema(of);
    jsonschema::draft202012::new(&schema).unwrap()
}

fn value(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn wrong(validator: &Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn every_rule_of_the_program_fits_the_schema_of_rules() {
    let validator = validator(SchemaOf::Rule);
    for (path, text) in RULE_FILES {
        assert_eq!(
            wrong(&validator, &value(text)),
            Vec::<String>::new(),
            "{path}"
        );
    }
}

/// A rule that fits, as a tree that tests can spoil.
fn rule() -> Value {
    value(
        "id: ssh-open\ntitle: T\ncategory: exposure\nsince: 1.0.0\nseverity: note\nwhy: W\nfix: F\nmessage: M\n\
         references: []\nsubject: network-security-group\n\
         forbid: {flows: {direction: Inbound, from: Internet, ports: 22}, verdict: allowed}\n",
    )
}

#[test]
fn what_the_loader_refuses_for_its_shape_the_schema_refuses_too() {
    let validator = validator(SchemaOf::Rule);
    assert_eq!(wrong(&validator, &rule()), Vec::<String>::new());
    type Spoil = fn(&mut Value);
    let spoilt: [(&str, Spoil); 14] = [
        ("an unknown key", |rule| rule["subjct"] = json!("subnet")),
        ("an unknown subject", |rule| {
            rule["subject"] = json!("subnett");
        }),
        ("an unknown category", |rule| {
            rule["category"] = json!("security");
        }),
        ("an unknown severity", |rule| {
            rule["severity"] = json!("high");
        }),
        ("no id", |rule| {
            rule.as_object_mut().unwrap().remove("id");
        }),
        ("an id in capitals", |rule| rule["id"] = json!("SSH")),
        ("an unknown verdict", |rule| {
            rule["forbid"]["verdict"] = json!("open");
        }),
        ("no verdict", |rule| {
            rule["forbid"].as_object_mut().unwrap().remove("verdict");
        }),
        ("an unknown next hop", |rule| {
            rule["forbid"]["verdict"] = json!({"routed-to": ["firewall"]});
        }),
        ("an unknown key of a flow", |rule| {
            rule["forbid"]["flows"]["port"] = json!(22);
        }),
        ("an unknown layer", |rule| {
            rule["forbid"]["by"] = json!("vm");
        }),
        ("no body", |rule| {
            rule.as_object_mut().unwrap().remove("forbid");
        }),
        ("an example in no language", |rule| {
            rule["examples"] = json!({"valid": [{"name": "n"}]});
        }),
        (
            "a last severity with a condition is left to the loader, a severity without a word is not",
            |rule| {
                rule["severity"] = json!([{"when": "true"}]);
            },
        ),
    ];
    for (what, spoil) in spoilt {
        let mut rule = rule();
        spoil(&mut rule);
        assert!(!validator.is_valid(&rule), "{what}");
    }
}

#[test]
fn packs_and_configurations_of_the_repository_fit_their_schemas() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pack = root.join("testdata/company-pack/pack.yaml");
    let pack = value(&std::fs::read_to_string(pack).unwrap());
    assert_eq!(
        wrong(&validator(SchemaOf::Pack), &pack),
        Vec::<String>::new()
    );

    let config = validator(SchemaOf::Config);
    for text in [
        "subscription: {offer: pay-as-you-go, created: 2017-01-31, port25: {exempt-since: 2020-02-03}}",
        "subscriptions: [{paths: [prod/**], offer: EnterpriseAgreement_2014-09-01}]\ncloud: us-government",
        "rules:\n  kms-unreachable: {severity: note}\n  'smtp-*': {off: true}\nenable: [hygiene]\nfail-on: never",
        "internet-exposed-management-port: 1",
        "deployments: [{template: main.json, parameters: [a.json, b.json], resource-group: net}]",
        "estates: [{name: all, deployments: [hub, {deployment: spoke, inputs: {hub_id: {of: hub, output: id}}}]}]",
        "packs: [rules/company, {path: other, parameters: {limit: 3}}]\noverrides: [{paths: [lab], rules: {exposure: {off: true}}}]",
    ] {
        let fits = wrong(&config, &value(text)).is_empty();
        assert_eq!(fits, !text.starts_with("internet-exposed"), "{text}");
    }
    for text in [
        "cloud: azure",
        "rules: {kms-unreachable: {severty: note}}",
        "rules: {internet-exposed-management-port: {parameters: {wider-then: 3}}}",
        "rules: {internet-exposed-management-port: {parameters: {wider-than: many}}}",
        "estates: [{deployments: [hub]}]",
        "subscription: {port25: open}",
        "fail-on: high",
    ] {
        assert!(!config.is_valid(&value(text)), "{text}");
    }
}
