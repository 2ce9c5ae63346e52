//! The JSON Schema of `aznet.yaml`, for editors that check it while it is typed.

use serde_json::{Map, Value, json};

use super::Vocabulary;
use super::deployments;
use super::read::KEYS;
use crate::policy::metadata::RuleMetadata;
use crate::policy::schema::settings;

/// The schema, with the words that these rules and facts bring.
pub(crate) fn schema(vocabulary: &Vocabulary, rules: &[RuleMetadata]) -> Value {
    let mut properties = Map::new();
    for key in KEYS {
        properties.insert(key.to_owned(), of_key(key, vocabulary, rules));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "aznet.yaml",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": properties,
    })
}

fn of_key(key: &str, vocabulary: &Vocabulary, rules: &[RuleMetadata]) -> Value {
    match key {
        "subscription" => subscription(vocabulary, false),
        "subscriptions" => json!({
            "type": "array", "items": subscription(vocabulary, true),
            "description": "By paths; the first that matches counts."
        }),
        "deployments" => described_deployments(),
        "estates" => estates(),
        "smtp-policy" => {
            let editions: Vec<&str> = vocabulary.editions.iter().map(|id| &**id).collect();
            json!({"enum": editions, "description": "Edition of the documents on port 25."})
        }
        "cloud" => {
            json!({"enum": ["public", "us-government", "china"], "description": "Which Azure."})
        }
        "activation" => json!({
            "enum": ["azure", "own"],
            "description": "Who activates Windows: Azure's servers, or your own."
        }),
        "exclude" => texts("Globs of what is not read."),
        "select" => texts("Only the rules that these select."),
        "enable" => texts("Rules to judge that are off unless asked for."),
        "ignore" => texts("Not the rules that these select."),
        "fail-on" => json!({
            "enum": ["error", "warning", "note", "never"],
            "description": "From which badness on the run fails."
        }),
        "rules" => settings(rules),
        "overrides" => json!({
            "type": "array",
            "description": "How rules are set for findings in some paths; what comes later wins.",
            "items": {
                "type": "object", "required": ["paths", "rules"], "additionalProperties": false,
                "properties": {"paths": texts("Globs."), "rules": settings(rules)},
            },
        }),
        "packs" => json!({
            "type": "array", "description": "Further rules: directories or files, from the root.",
            "items": {"anyOf": [
                {"type": "string"},
                {
                    "type": "object", "required": ["path"], "additionalProperties": false,
                    "properties": {"path": {"type": "string"}, "parameters": {"type": "object"}},
                },
            ]},
        }),
        "service-tags" => {
            json!({"type": "string", "description": "The list of service tags with their addresses."})
        }
        _ => json!(true),
    }
}

fn subscription(vocabulary: &Vocabulary, with_paths: bool) -> Value {
    let date = json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"});
    let offers: Vec<&str> = vocabulary.offers.iter().map(|offer| &**offer).collect();
    let mut properties = json!({
        "offer": {
            "description": "The offer by name, or the quota id.",
            "anyOf": [{"enum": offers}, {"type": "string"}],
        },
        "created": date,
        "port25": {
            "description": "What is known of port 25.",
            "anyOf": [
                {"enum": ["blocked", "exempt"]},
                {"type": "object", "additionalProperties": false, "properties": {"exempt-since": date}},
            ],
        },
    });
    let mut required = Vec::new();
    if with_paths && let Some(properties) = properties.as_object_mut() {
        properties.insert("paths".to_owned(), texts("The deployments it holds."));
        required.push("paths");
    }
    json!({
        "type": ["object", "null"], "additionalProperties": false,
        "required": required, "properties": properties,
    })
}

fn described_deployments() -> Value {
    let properties: Map<String, Value> = deployments::KEYS
        .iter()
        .map(|key| {
            let value = match *key {
                "parameters" => one_or_many("Parameter files, those that win last."),
                "template" => json!({"type": "string", "description": "The file that is deployed, or a glob of several."}),
                _ => json!({"type": "string"}),
            };
            ((*key).to_owned(), value)
        })
        .collect();
    json!({
        "type": "array", "description": "Which parameter files go with which template, and where that goes.",
        "items": {
            "type": "object", "required": ["template"], "additionalProperties": false,
            "properties": properties,
        },
    })
}

fn estates() -> Value {
    let handed = json!({
        "type": "object", "required": ["of", "output"], "additionalProperties": false,
        "properties": {"of": {"type": "string"}, "output": {"type": "string"}},
    });
    json!({
        "type": "array", "description": "Deployments that make one network together.",
        "items": {
            "type": "object", "required": ["name", "deployments"], "additionalProperties": false,
            "properties": {
                "name": {"type": "string"},
                "deployments": {"type": "array", "items": {"anyOf": [
                    {"type": "string", "description": "A name, a path or a glob."},
                    {
                        "type": "object", "required": ["deployment"], "additionalProperties": false,
                        "properties": {
                            "deployment": {"type": "string"},
                            "inputs": {"type": "object", "additionalProperties": handed},
                        },
                    },
                ]}},
            },
        },
    })
}

fn texts(what: &str) -> Value {
    json!({"type": "array", "items": {"type": "string"}, "description": what})
}

fn one_or_many(what: &str) -> Value {
    json!({
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
        "description": what,
    })
}
