//! JSON Schemas of what authors of rules write, for editors that check YAML while it is typed.
//!
//! A schema knows the shape of a file: keys, kinds of values, the words there are. What is absent:
//! the types of expressions and the names in them, which only the loader checks.

use serde_json::{Map, Value, json};

use super::analysis::{ANALYSES, PARAMETERS};
use super::metadata::RuleMetadata;
use super::spec::{
    ANSWER_KEYS, BODY_KEYS, CATEGORIES, CLAUSE_KEYS, CONTRACT_KEYS, FlowSpecSource, HOP_KINDS,
    LAYERS, PAIR, RULE_KEYS, VERDICTS,
};
use super::vocabulary::Kind;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of a rule file.
#[must_use]
pub fn rule() -> Value {
    let mut properties = Map::new();
    for key in RULE_KEYS {
        properties.insert(key.to_owned(), of_rule(key));
    }
    let bodies: Vec<Value> = BODY_KEYS
        .iter()
        .map(|body| json!({"required": ["subject", body]}))
        .collect();
    json!({
        "$schema": DIALECT,
        "title": "A rule of aznet",
        "type": "object",
        "required": ["id", "title", "category", "since", "severity", "why", "fix", "references"],
        "additionalProperties": false,
        "properties": properties,
        "oneOf": [
            {"required": ["any-of"]},
            {"anyOf": bodies},
        ],
        "$defs": definitions(),
    })
}

/// The schema of `pack.yaml`.
#[must_use]
pub fn pack(rules: &[RuleMetadata]) -> Value {
    json!({
        "$schema": DIALECT,
        "title": "A pack of rules for aznet",
        "type": "object",
        "required": ["name"],
        "additionalProperties": false,
        "properties": {
            "name": {
                "type": "string", "pattern": "^[a-z0-9-]+$",
                "description": "What selectors call the pack: `pack:NAME`."
            },
            "version": {"type": ["string", "number"], "description": "As its authors count."},
            "description": {"type": "string", "description": "What it is for."},
            "parameters": parameters("Parameters that all rules of the pack have, with their defaults."),
            "rules": settings(rules),
        },
    })
}

/// The schema of what is set for rules, by selector: `rules` of `pack.yaml` and of `aznet.yaml`.
#[must_use]
pub fn settings(rules: &[RuleMetadata]) -> Value {
    let mut known = Map::new();
    for rule in rules {
        let parameters: Map<String, Value> = rule
            .parameters
            .iter()
            .map(|parameter| {
                let kind = kind_of(parameter.kind);
                let described = json!({
                    "type": kind,
                    "description": format!("{}; {} if nothing is set", parameter.kind, parameter.default),
                });
                (parameter.name.to_string(), described)
            })
            .collect();
        known.insert(
            rule.id.to_string(),
            setting(
                rule.title.trim(),
                &json!({
                    "type": "object", "additionalProperties": false, "properties": parameters,
                }),
            ),
        );
    }
    json!({
        "type": "object",
        "description": "How rules are set, by id or another selector (`smtp-*`, `category:exposure`, `severity:note`, `pack:NAME`, `compliance:…`).",
        "properties": known,
        "additionalProperties": setting("The rules that this selects.", &json!({"type": "object"})),
    })
}

fn setting(what: &str, parameters: &Value) -> Value {
    json!({
        "type": ["object", "null"],
        "description": what,
        "additionalProperties": false,
        "properties": {
            "severity": {"enum": ["error", "warning", "note"]},
            "off": {"type": "boolean"},
            "parameters": parameters,
        },
    })
}

/// A kind of YAML value, in the words of JSON Schema.
fn kind_of(kind: &str) -> &'static str {
    match kind.rsplit(' ').next() {
        Some("number") => "integer",
        Some("list") => "array",
        Some("string") => "string",
        Some("map") => "object",
        _ => "boolean",
    }
}

fn of_rule(key: &str) -> Value {
    let text = |what: &str| json!({"type": "string", "description": what});
    match key {
        "id" => json!({
            "type": "string", "pattern": "^[a-z][a-z0-9-]*$",
            "description": "Lower-case words joined by `-`; it names the bad thing."
        }),
        "title" => text("One line."),
        "category" => json!({"enum": CATEGORIES, "description": "By consequence."}),
        "since" => scalar("The version that brought it."),
        "severity" => reference("severity"),
        "default" => json!({
            "enum": ["on", "off", true, false],
            "description": "`off`: judged only where it is enabled or selected."
        }),
        "any-of" => json!({
            "type": "array", "minItems": 1, "items": reference("clause"),
            "description": "Several things that are wrong, each with its own subject."
        }),
        "related" => one_or_many(&json!({
            "type": "object", "required": ["at", "text"], "additionalProperties": false,
            "properties": {"at": reference("expression"), "text": reference("text"), "when": reference("expression")},
        })),
        "parameters" => parameters("What a configuration may set, with defaults."),
        "undetermined" => json!({
            "enum": ["report", "count"],
            "description": "What becomes of what cannot be decided: findings of their own kind, or only a number in the summary."
        }),
        "formerly" => texts("Earlier ids, which keep working."),
        "yields-to" => texts(
            "Rules that tell a mistake better: where one of them speaks of the same place, this one is silent.",
        ),
        "why" => text("Why it matters, Markdown."),
        "fix" => text("How to mend it in general, Markdown."),
        "references" => json!({
            "type": "array",
            "description": "Sources.",
            "items": {
                "type": "object", "required": ["title", "url"], "additionalProperties": false,
                "properties": {"title": scalar("What it is called."), "url": text("Where it is."), "date": scalar("`YYYY-MM-DD` or a part of it.")},
            },
        }),
        "compliance" => texts("Controls of standards the rule serves."),
        "languages" => one_or_many(&json!({
            "enum": ["arm", "terraform", "export"],
            "description": "The languages it claims to work on; each needs an invalid example."
        })),
        "examples" => json!({
            "type": "object", "additionalProperties": false,
            "description": "What must and must not be found; `aznet test` runs them.",
            "properties": {
                "valid": {"type": "array", "items": example(false)},
                "invalid": {"type": "array", "items": example(true)},
            },
        }),
        clause => of_clause(clause),
    }
}

fn of_clause(key: &str) -> Value {
    match key {
        "subject" => {
            let mut subjects = Kind::subjects();
            subjects.push(PAIR);
            json!({"enum": subjects, "description": "The kind of element it is about."})
        }
        "from" => end("Who sends, where the subject is a pair."),
        "to" => end("Who receives, where the subject is a pair."),
        "each" => json!({
            "type": "object", "additionalProperties": reference("expression"),
            "description": "`NAME: list`: judged once per item, bound to NAME."
        }),
        "severity" => reference("severity"),
        "where" => described("expression", "Only subjects for which this is true."),
        "unless" => described("expression", "Subjects that are excused."),
        "needs" => one_or_many(&json!({
            "type": "object", "required": ["that", "otherwise"], "additionalProperties": false,
            "properties": {"that": reference("expression"), "otherwise": reference("text")},
        })),
        "assert" => json!({
            "description": "What must be true.",
            "anyOf": [reference("expression"), {"type": "array", "items": {"anyOf": [
                reference("expression"),
                reference("assertion"),
            ]}}, reference("assertion")],
        }),
        "forbid" => contracts("No packet may do this."),
        "require" => contracts("Every packet must do this."),
        "analysis" => analysis(),
        "message" => sayings("What is said; the first whose `when` is true."),
        "suggest" => sayings("How to mend it here; the first whose `when` is true."),
        "notes" => sayings("Sentences that follow the message, all whose `when` is true."),
        _ => json!(true),
    }
}

fn definitions() -> Value {
    let clause: Map<String, Value> = CLAUSE_KEYS
        .iter()
        .map(|key| ((*key).to_owned(), of_clause(key)))
        .collect();
    let bodies: Vec<Value> = BODY_KEYS
        .iter()
        .map(|body| json!({"required": [body]}))
        .collect();
    json!({
        "expression": {
            "type": ["string", "boolean", "number"],
            "description": "An expression in Terraform's syntax.",
        },
        "text": {
            "type": ["string", "number", "boolean"],
            "description": "A text; `{expression}` stands for its value.",
        },
        "severity": {
            "anyOf": [
                {"enum": ["error", "warning", "note"]},
                {"type": "array", "minItems": 1, "items": {
                    "type": "object", "required": ["is"], "additionalProperties": false,
                    "properties": {"when": reference("expression"), "is": {"enum": ["error", "warning", "note"]}},
                }},
            ],
            "description": "How bad; of a list the first whose `when` is true.",
        },
        "assertion": {
            "type": "object", "required": ["that"], "additionalProperties": false,
            "properties": {
                "that": reference("expression"), "message": reference("text"), "at": reference("expression"),
            },
        },
        "clause": {
            "type": "object", "required": ["subject"], "additionalProperties": false,
            "properties": clause, "oneOf": bodies,
        },
        "answer": answer(),
        "contract": contract(),
        "flow": flow(),
    })
}

fn contract() -> Value {
    let properties: Map<String, Value> = CONTRACT_KEYS
        .iter()
        .map(|key| {
            let value = match *key {
                "flows" => one_or_many(&reference("flow")),
                "when" => described("expression", "False: not this contract."),
                "given" => described("answer", "Only packets of which this is true as well."),
                answer => of_answer(answer),
            };
            ((*key).to_owned(), value)
        })
        .collect();
    json!({
        "type": "object", "required": ["verdict"], "additionalProperties": false,
        "properties": properties,
    })
}

fn answer() -> Value {
    let properties: Map<String, Value> = ANSWER_KEYS
        .iter()
        .map(|key| ((*key).to_owned(), of_answer(key)))
        .collect();
    json!({
        "type": "object", "required": ["verdict"], "additionalProperties": false,
        "properties": properties,
    })
}

fn of_answer(key: &str) -> Value {
    match key {
        "verdict" => {
            let hops: Vec<&str> = HOP_KINDS.iter().map(|(word, _)| *word).collect();
            let verdicts: Vec<&str> = VERDICTS.iter().map(|(word, _)| *word).collect();
            json!({
                "description": "What must not, or must, happen to the packets.",
                "anyOf": [
                    {"enum": verdicts},
                    {
                        "type": "object", "required": ["routed-to"], "additionalProperties": false,
                        "properties": {"routed-to": one_or_many(&json!({"enum": hops}))},
                    },
                ],
            })
        }
        "by" => {
            let layers: Vec<&str> = LAYERS.iter().map(|(word, _)| *word).collect();
            json!({"enum": layers, "description": "Where; else the subject's layer."})
        }
        "of" => described("expression", "Whom it is asked of instead of the subject."),
        "reading" => {
            json!({"enum": ["plain", "widened"], "description": "`widened`: routes are part of `VirtualNetwork`."})
        }
        _ => json!(true),
    }
}

fn flow() -> Value {
    let value = json!({"type": ["string", "number"]});
    let properties: Map<String, Value> = FlowSpecSource::KEYS
        .iter()
        .map(|key| ((*key).to_owned(), one_or_many(&value)))
        .collect();
    json!({
        "type": "object", "additionalProperties": false, "properties": properties,
        "description": "Which packets; what is absent is any. A value may be `${expression}`.",
    })
}

fn end(what: &str) -> Value {
    json!({
        "type": "object", "required": ["subject"], "additionalProperties": false, "description": what,
        "properties": {
            "subject": {"enum": Kind::subjects()},
            "where": reference("expression"),
        },
    })
}

fn analysis() -> Value {
    let names: Vec<&str> = ANALYSES.iter().map(|(name, ..)| *name).collect();
    let given: Map<String, Value> = PARAMETERS
        .iter()
        .map(|(name, parameters)| {
            let parameters: Map<String, Value> = parameters
                .iter()
                .map(|parameter| ((*parameter).to_owned(), reference("expression")))
                .collect();
            let parameters = json!({
                "type": "object", "additionalProperties": false, "properties": parameters,
            });
            ((*name).to_owned(), parameters)
        })
        .collect();
    json!({
        "description": "A named analysis of the whole network, with what it is given.",
        "anyOf": [
            {"enum": names},
            {"type": "object", "additionalProperties": false, "maxProperties": 1, "properties": given},
        ],
    })
}

fn example(expects: bool) -> Value {
    let text = json!({"type": "string"});
    let mut example = json!({
        "type": "object", "required": ["name"], "additionalProperties": false,
        "properties": {
            "name": scalar("What it shows."),
            "arm": text, "terraform": text,
            "files": {"type": "object", "additionalProperties": {"type": "string"}},
            "config": {"type": "string", "description": "An `aznet.yaml`."},
        },
        "oneOf": [{"required": ["arm"]}, {"required": ["terraform"]}, {"required": ["files"]}],
    });
    if expects && let Some(example) = example.as_object_mut() {
        example.insert("required".into(), json!(["name", "expect"]));
        if let Some(Value::Object(properties)) = example.get_mut("properties") {
            properties.insert(
                "expect".into(),
                one_or_many(&json!({
                    "type": "object", "additionalProperties": false,
                    "properties": {
                        "at": scalar("What the text under the primary label begins with."),
                        "verdict": {"enum": ["violated", "undetermined"]},
                        "severity": {"enum": ["error", "warning", "note"]},
                        "security-rule": scalar("The security rule it is about."),
                        "message-contains": one_or_many(&scalar("Words of the message.")),
                    },
                })),
            );
        }
    }
    example
}

fn contracts(what: &str) -> Value {
    let mut contracts = one_or_many(&reference("contract"));
    if let Some(contracts) = contracts.as_object_mut() {
        contracts.insert("description".into(), json!(what));
    }
    contracts
}

fn sayings(what: &str) -> Value {
    let saying = json!({"anyOf": [
        reference("text"),
        {
            "type": "object", "required": ["say"], "additionalProperties": false,
            "properties": {"when": reference("expression"), "say": reference("text")},
        },
    ]});
    let mut sayings = one_or_many(&saying);
    if let Some(sayings) = sayings.as_object_mut() {
        sayings.insert("description".into(), json!(what));
    }
    sayings
}

fn parameters(what: &str) -> Value {
    let scalar = json!({"type": ["string", "number", "boolean"]});
    json!({
        "type": "object", "description": what,
        "additionalProperties": one_or_many(&scalar),
    })
}

fn scalar(what: &str) -> Value {
    json!({"type": ["string", "number", "boolean"], "description": what})
}

fn texts(what: &str) -> Value {
    let mut texts = one_or_many(&json!({"type": "string"}));
    if let Some(texts) = texts.as_object_mut() {
        texts.insert("description".into(), json!(what));
    }
    texts
}

fn one_or_many(one: &Value) -> Value {
    json!({"anyOf": [one, {"type": "array", "items": one}]})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

fn described(name: &str, what: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}"), "description": what})
}
