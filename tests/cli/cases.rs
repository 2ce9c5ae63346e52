//! Cases that tools of this kind are known to get wrong, asked as a stranger would: files in a
//! directory, a question on the command line, the answer as JSON.

#[path = "cases/firewalls.rs"]
mod firewalls;
#[path = "cases/groups.rs"]
mod groups;
#[path = "cases/mail.rs"]
mod mail;
#[path = "cases/platform.rs"]
mod platform;
#[path = "cases/routes.rs"]
mod routes;
#[path = "cases/tags.rs"]
mod tags;
#[path = "cases/ways_of_mail.rs"]
mod ways_of_mail;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::program::Case;
use crate::stated::Stated;

/// The files of a network as a template.
fn template(stated: &Stated) -> Case {
    resources(&stated.resources())
}

/// Resources of a template.
fn resources(all: &[Value]) -> Case {
    let text = serde_json::to_string_pretty(&crate::stated::template(all)).unwrap();
    Case::new(&[("azuredeploy.json", &text)])
}

/// The files of a network as a template, and as Terraform.
fn both(stated: &Stated) -> [Case; 2] {
    let terraform = Case::new(&[("main.tf", &stated.terraform())]);
    [template(stated), terraform]
}

/// What `aznet trace` says; `words` are its arguments.
fn trace(case: &Case, words: &str) -> Value {
    let words: Vec<&str> = words.split_whitespace().collect();
    let (code, answer) = case.answer(&[&["trace", "."], words.as_slice()].concat());
    assert_eq!(code, 0, "{answer}");
    answer
}

/// The verdict, and the name of what decided or stopped the packets.
fn verdict(answer: &Value) -> (&str, &str) {
    let by = answer["decidedBy"]["name"].as_str();
    (answer["verdict"].as_str().unwrap(), by.unwrap_or(""))
}

/// Asks and takes the verdict alone.
fn said(case: &Case, words: &str) -> (String, String) {
    let answer = trace(case, words);
    let (verdict, by) = verdict(&answer);
    (verdict.to_owned(), by.to_owned())
}

/// The kinds of the layers that stop packets for certain, in path order.
fn blockers(answer: &Value) -> Vec<&str> {
    let layers = answer["layers"].as_array().unwrap().iter();
    let denied = layers.filter(|layer| layer["verdict"] == "denied");
    denied
        .map(|layer| layer["layer"].as_str().unwrap())
        .collect()
}

/// The dead rules of the group `web`, Azure's default rules included, each with its cover.
fn dead(case: &Case) -> BTreeMap<String, Vec<String>> {
    let (code, answer) = case.answer(&["effective", ".", "--nsg", "web"]);
    assert_eq!(code, 0, "{answer}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut dead = BTreeMap::new();
    for direction in ["inbound", "outbound"] {
        for rule in answer["securityRules"][direction].as_array().unwrap() {
            if rule["dead"] == true {
                let cover = rule["cover"].as_array().unwrap().iter().map(text);
                dead.insert(text(&rule["name"]), cover.collect());
            }
        }
    }
    dead
}

/// The names of dead rules, sorted.
fn names(dead: &BTreeMap<String, Vec<String>>) -> Vec<&str> {
    dead.keys().map(String::as_str).collect()
}
