//! Writes a network as a template in which nothing stands where it is used.
//!
//! Every choice takes a number of a list; where the list ends the plainest way is taken, so that a
//! shorter list is a plainer template.

#[path = "disguise/values.rs"]
mod values;

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::plain::{Network, Plain, Resource, SPLIT, Wanted};

/// The pieces that texts were typed in, each time anew.
pub type Parts = BTreeMap<String, Vec<Vec<String>>>;

/// The files of a deployment.
#[derive(Debug)]
pub struct Disguised {
    pub files: Vec<(String, String)>,
    /// Of values that were typed in pieces, the pieces of each time.
    parts: Parts,
    /// Of values that nobody gives, the variables.
    pub missing: BTreeMap<String, String>,
}

impl Disguised {
    pub fn new(
        files: Vec<(String, String)>,
        parts: Parts,
        missing: BTreeMap<String, String>,
    ) -> Self {
        Self {
            files,
            parts,
            missing,
        }
    }

    /// The pieces that a value may have been typed in, beside its whole text: one way of several
    /// where the same text was typed more than once.
    pub fn parts(&self, value: &Wanted) -> &[Vec<String>] {
        self.parts.get(&value.text).map_or(&[], Vec::as_slice)
    }
}

/// Writes a network.
pub fn write(network: &Network, rolls: &[u32]) -> Disguised {
    let mut writer = Writer {
        network,
        rolls: rolls.iter(),
        templates: Vec::new(),
        parts: BTreeMap::new(),
        fresh: 0,
        depth: 0,
        pieces: 0,
        outer: 0,
    };
    let (template, given) = writer.template(network.resources.clone(), false);
    let mut files = vec![("main.json".to_owned(), pretty(&template))];
    if !given.is_empty() {
        let parameters = json!({
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
            "contentVersion": "1.0.0.0",
            "parameters": given,
        });
        files.push(("main.parameters.json".to_owned(), pretty(&parameters)));
    }
    Disguised::new(files, writer.parts, BTreeMap::new())
}

fn pretty(value: &Json) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

/// How deep values hide behind each other.
const DEEPEST: usize = 5;

/// How many templates are within each other.
const MOST_NESTED: usize = 4;

#[derive(Default)]
struct Template {
    parameters: Map<String, Json>,
    /// What is passed to the parameters.
    given: Map<String, Json>,
    variables: Map<String, Json>,
    has_functions: bool,
    symbolic: bool,
}

struct Writer<'a> {
    network: &'a Network,
    rolls: std::slice::Iter<'a, u32>,
    /// The template that is written and those around it whose parameters it does not see.
    templates: Vec<Template>,
    parts: Parts,
    fresh: usize,
    depth: usize,
    /// How many pieces are written that are not to be taken apart once more.
    pieces: usize,
    /// How many templates of outer scope are open, in which there are no loops.
    outer: usize,
}

/// Where a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Site {
    /// In a resource or variable: loops are allowed.
    Free,
    /// As an argument of a nested deployment.
    Argument,
}

impl Writer<'_> {
    fn roll(&mut self, ways: usize) -> usize {
        self.rolls.next().map_or(0, |roll| *roll as usize % ways)
    }

    fn fresh(&mut self, what: &str) -> String {
        self.fresh += 1;
        format!("{what}{}", self.fresh)
    }

    fn here(&self) -> usize {
        self.templates.len() - 1
    }

    /// A template and what is passed to it.
    fn template(&mut self, resources: Vec<Resource>, elsewhere: bool) -> (Json, Map<String, Json>) {
        let symbolic = self.roll(4) == 3;
        self.templates.push(Template {
            symbolic,
            ..Template::default()
        });
        let outer = std::mem::take(&mut self.outer);
        let written = self.resources(resources, elsewhere);
        self.outer = outer;
        let template = self.templates.pop().unwrap();
        let mut whole = skeleton(written, symbolic);
        let entries = whole.as_object_mut().unwrap();
        if !template.parameters.is_empty() {
            entries.insert("parameters".to_owned(), template.parameters.into());
        }
        if !template.variables.is_empty() {
            entries.insert("variables".to_owned(), template.variables.into());
        }
        if template.has_functions {
            entries.insert("functions".to_owned(), functions());
        }
        (whole, template.given)
    }

    fn resources(&mut self, mut left: Vec<Resource>, elsewhere: bool) -> Vec<Json> {
        let mut written = Vec::new();
        while let Some(first) = left.first() {
            if first.elsewhere != elsewhere {
                let count = left
                    .iter()
                    .take_while(|it| it.elsewhere != elsewhere)
                    .count();
                let bunch = left.drain(..count).collect();
                written.push(self.inner(bunch, true));
                continue;
            }
            let alike = left
                .iter()
                .take_while(|it| it.elsewhere == elsewhere)
                .count();
            let same = left.iter().take_while(|it| it.kind == left[0].kind).count();
            let count = 1 + self.roll(alike);
            let is_deep = self.templates.len() + self.outer > MOST_NESTED;
            match self.roll(8) {
                4 if !is_deep => {
                    let bunch = left.drain(..count).collect();
                    written.push(self.inner(bunch, elsewhere));
                }
                5 if !is_deep && !self.templates[self.here()].symbolic => {
                    let bunch = left.drain(..count).collect();
                    written.push(self.outer(bunch, elsewhere));
                }
                6 if self.outer == 0 => {
                    let bunch: Vec<Resource> = left.drain(..count.min(same)).collect();
                    written.push(self.together(&bunch));
                }
                7 => written.push(self.decoy()),
                _ => {
                    let resource = left.remove(0);
                    self.alone(resource, &mut written);
                }
            }
        }
        written
    }

    fn inner(&mut self, bunch: Vec<Resource>, elsewhere: bool) -> Json {
        let (template, given) = self.template(bunch, elsewhere);
        let mut resource = json!({
            "type": "Microsoft.Resources/deployments",
            "apiVersion": "2022-09-01",
            "name": self.fresh("nested"),
            "properties": {
                "mode": "Incremental",
                "expressionEvaluationOptions": { "scope": "Inner" },
                "parameters": given,
                "template": template,
            },
        });
        if elsewhere {
            resource["resourceGroup"] = json!("other");
        }
        resource
    }

    fn outer(&mut self, bunch: Vec<Resource>, elsewhere: bool) -> Json {
        self.outer += 1;
        let resources = self.resources(bunch, elsewhere);
        self.outer -= 1;
        let mut resource = json!({
            "type": "Microsoft.Resources/deployments",
            "apiVersion": "2022-09-01",
            "name": self.fresh("nested"),
            "properties": { "mode": "Incremental", "template": skeleton(resources, false) },
        });
        if elsewhere {
            resource["resourceGroup"] = json!("other");
        }
        if self.roll(2) == 1 {
            let scope = json!({ "scope": "outer" });
            resource["properties"]["expressionEvaluationOptions"] = scope;
        }
        resource
    }

    /// A loop over resources of one kind.
    fn together(&mut self, bunch: &[Resource]) -> Json {
        let items: Vec<Plain> = bunch
            .iter()
            .map(|resource| {
                Plain::Object(vec![
                    ("name", Plain::Text(resource.name.clone())),
                    ("properties", Plain::Object(resource.properties.clone())),
                ])
            })
            .collect();
        let items = Plain::List(items);
        let table = self.held(&items);
        let name = self.fresh("loop");
        let index = self.index(&name);
        let element = format!("{table}[{index}]");
        let properties: Vec<&Plain> = items
            .items()
            .iter()
            .filter_map(|it| it.get("properties"))
            .collect();
        let picked = self.picked(&format!("{element}.properties"), &properties);
        json!({
            "type": bunch[0].kind,
            "apiVersion": "2024-05-01",
            "name": format!("[{element}.name]"),
            "copy": { "name": name, "count": self.count(&table, items.items().len()) },
            "properties": picked,
        })
    }

    fn index(&mut self, name: &str) -> String {
        format!("copyIndex('{name}')")
    }

    fn count(&mut self, table: &str, count: usize) -> Json {
        match self.roll(2) {
            0 => json!(count),
            _ => json!(format!("[length({table})]")),
        }
    }

    /// What a loop makes of each of several values that `path` leads to.
    fn picked(&mut self, path: &str, values: &[&Plain]) -> Json {
        let keys = |value: &Plain| match value {
            Plain::Object(entries) => Some(entries.iter().map(|(key, _)| *key).collect()),
            _ => None,
        };
        let first: Option<Vec<&'static str>> = values.first().and_then(|it| keys(it));
        let same = values.iter().all(|value| keys(value) == first);
        match first {
            Some(first) if same && self.roll(2) == 1 => {
                let mut object = Map::new();
                for key in first {
                    let entries: Vec<&Plain> = values.iter().filter_map(|it| it.get(key)).collect();
                    let entry = self.picked(&format!("{path}.{key}"), &entries);
                    object.insert(key.to_owned(), entry);
                }
                object.into()
            }
            _ => json!(format!("[{path}]")),
        }
    }

    /// A resource that its condition leaves out.
    fn decoy(&mut self) -> Json {
        json!({
            "type": "Microsoft.Network/networkSecurityGroups",
            "apiVersion": "2024-05-01",
            "name": self.fresh("decoy"),
            "condition": self.json(&Plain::Truth(false), Site::Free),
            "properties": {},
        })
    }

    /// A resource by itself, some of its parts as resources of their own.
    fn alone(&mut self, mut resource: Resource, written: &mut Vec<Json>) {
        let mut within = Vec::new();
        let mut after = Vec::new();
        for (list, value) in &mut resource.properties {
            let (true, Plain::List(items)) = (SPLIT.contains(list), value) else {
                continue;
            };
            let mut kept = Vec::new();
            for item in std::mem::take(items) {
                let Some(Plain::Text(name)) = item.get("name").cloned() else {
                    continue;
                };
                let properties = item.get("properties").unwrap().clone();
                match self.roll(6) {
                    4 => within.push((*list, name, properties)),
                    5 => after.push((*list, name, properties)),
                    _ => kept.push(item),
                }
            }
            *items = kept;
        }
        let name = Plain::Text(resource.name.clone());
        let mut own = json!({
            "type": resource.kind,
            "apiVersion": "2024-05-01",
            "name": self.json(&name, Site::Free),
            "properties": self.json(&Plain::Object(resource.properties), Site::Free),
        });
        let mut children = Vec::new();
        for (list, name, properties) in within {
            children.push(json!({
                "type": list,
                "apiVersion": "2024-05-01",
                "name": self.json(&Plain::Text(name), Site::Free),
                "properties": self.json(&properties, Site::Free),
            }));
        }
        if !children.is_empty() {
            let symbolic = self.templates[self.here()].symbolic;
            own["resources"] = listed(children, symbolic);
        }
        self.conditional(&mut own);
        written.push(own);
        for (list, name, properties) in after {
            let name = self.expression(&Plain::Text(name));
            let owner = &resource.name;
            let name = match self.roll(2) {
                0 => format!("[concat('{owner}/', {name})]"),
                _ => format!("[format('{{0}}/{{1}}', '{owner}', {name})]"),
            };
            let mut child = json!({
                "type": format!("{}/{list}", resource.kind),
                "apiVersion": "2024-05-01",
                "name": name,
                "properties": self.json(&properties, Site::Free),
            });
            self.conditional(&mut child);
            written.push(child);
        }
    }

    fn conditional(&mut self, resource: &mut Json) {
        if self.roll(5) == 4 {
            resource["condition"] = self.json(&Plain::Truth(true), Site::Free);
        }
    }
}

fn skeleton(resources: Vec<Json>, symbolic: bool) -> Json {
    let mut template = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": listed(resources, symbolic),
    });
    if symbolic {
        template["languageVersion"] = json!("2.0");
    }
    template
}

fn listed(resources: Vec<Json>, symbolic: bool) -> Json {
    match symbolic {
        false => resources.into(),
        true => {
            let named = resources.into_iter().enumerate();
            let named = named.map(|(index, resource)| (format!("symbol{index}"), resource));
            Json::Object(named.collect())
        }
    }
}

/// Functions that give what they are given.
fn functions() -> Json {
    let mut members = Map::new();
    for kind in ["string", "int", "bool", "array", "object"] {
        members.insert(
            format!("{kind}Itself"),
            json!({
                "parameters": [{ "name": "value", "type": kind }],
                "output": { "type": kind, "value": "[parameters('value')]" },
            }),
        );
    }
    json!([{ "namespace": "own", "members": members }])
}
