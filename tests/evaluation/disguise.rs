//! Writes a network as a template in which nothing stands where it is used.
//!
//! Every choice takes a number of a list; where the list ends the plainest way is taken, so that a
//! shorter list is a plainer template.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::plain::{Network, Plain, Resource, SPLIT, Wanted};

/// The files of a deployment.
#[derive(Debug)]
pub struct Disguised {
    pub files: Vec<(String, String)>,
    /// Of values that were typed in pieces, the pieces.
    parts: BTreeMap<String, Vec<String>>,
}

impl Disguised {
    /// The pieces that a value may have been typed in, beside its whole text. Words of Azure's
    /// occur more than once.
    pub fn parts(&self, value: &Wanted) -> &[String] {
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
    Disguised {
        files,
        parts: writer.parts,
    }
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
    parts: BTreeMap<String, Vec<String>>,
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

    /// A value, written out or as an expression.
    fn json(&mut self, value: &Plain, site: Site) -> Json {
        if matches!(value, Plain::Link(..)) || self.roll(3) == 2 {
            return json!(format!("[{}]", self.expression(value)));
        }
        match value {
            Plain::Text(text) => json!(text),
            Plain::Number(number) => json!(number),
            Plain::Truth(truth) => json!(truth),
            Plain::List(items) => {
                let items = items.iter().map(|item| self.json(item, site));
                Json::Array(items.collect())
            }
            Plain::Object(entries) => {
                let mut object = Map::new();
                let mut loops = Vec::new();
                for (key, value) in entries {
                    let is_list = !value.items().is_empty();
                    let allowed = site == Site::Free && self.outer == 0 && is_list;
                    if allowed && self.roll(4) == 3 {
                        loops.push(self.copied(key, value));
                    } else {
                        object.insert((*key).to_owned(), self.json(value, site));
                    }
                }
                if !loops.is_empty() {
                    object.insert("copy".to_owned(), loops.into());
                }
                object.into()
            }
            Plain::Link(..) => unreachable!("written as an expression"),
        }
    }

    /// A list as a loop over what holds its items.
    fn copied(&mut self, name: &str, list: &Plain) -> Json {
        let table = self.held(list);
        let path = format!("{table}[copyIndex('{name}')]");
        let items: Vec<&Plain> = list.items().iter().collect();
        json!({
            "name": name,
            "count": self.count(&table, items.len()),
            "input": self.picked(&path, &items),
        })
    }

    /// A parameter or variable that holds a value, as an expression.
    fn held(&mut self, value: &Plain) -> String {
        match self.roll(2) {
            0 => self.variable(value),
            _ => self.parameter(value),
        }
    }

    fn variable(&mut self, value: &Plain) -> String {
        let name = self.fresh("v");
        let written = self.json(value, Site::Free);
        let here = self.here();
        self.templates[here].variables.insert(name.clone(), written);
        // Names are read in any case.
        match self.roll(2) {
            0 => format!("variables('{name}')"),
            _ => format!("Variables('{}')", name.to_uppercase()),
        }
    }

    fn parameter(&mut self, value: &Plain) -> String {
        let name = self.fresh("p");
        let mut declared = json!({ "type": kind(value) });
        let here = self.here();
        let given = match here {
            _ if self.roll(3) == 0 => None,
            0 if value.has_link() => None,
            0 => Some(self.fixed(value)),
            _ => {
                // What is passed is worked out in the template around this one.
                let own = self.templates.pop().unwrap();
                let passed = self.json(value, Site::Argument);
                self.templates.push(own);
                Some(passed)
            }
        };
        match given {
            Some(given) => {
                let given = json!({ "value": given });
                self.templates[here].given.insert(name.clone(), given);
                if self.roll(2) == 1 {
                    declared["defaultValue"] = decoy_json(value);
                }
            }
            None => declared["defaultValue"] = self.fixed(value),
        }
        self.templates[here]
            .parameters
            .insert(name.clone(), declared);
        format!("parameters('{name}')")
    }

    /// A value written out; only links are expressions.
    fn fixed(&mut self, value: &Plain) -> Json {
        match value {
            Plain::Text(text) => json!(text),
            Plain::Number(number) => json!(number),
            Plain::Truth(truth) => json!(truth),
            Plain::List(items) => items.iter().map(|item| self.fixed(item)).collect(),
            Plain::Object(entries) => {
                let entries = entries.iter();
                let entries = entries.map(|(key, value)| ((*key).to_owned(), self.fixed(value)));
                Json::Object(entries.collect())
            }
            Plain::Link(..) => json!(format!("[{}]", self.written(value))),
        }
    }

    /// A value as an expression.
    fn expression(&mut self, value: &Plain) -> String {
        if self.depth >= DEEPEST {
            return self.written(value);
        }
        self.depth += 1;
        let expression = match self.roll(20) {
            0..=4 => self.written(value),
            5 | 6 => self.variable(value),
            7 | 8 => self.parameter(value),
            9 => {
                let condition = self.condition();
                let (yes, no) = (self.expression(value), decoy(value));
                match condition {
                    (text, true) => format!("if({text}, {yes}, {no})"),
                    (text, false) => format!("if({text}, {no}, {yes})"),
                }
            }
            10 => format!(
                "createObject('b', {}, 'a', {}).a",
                decoy(value),
                self.expression(value)
            ),
            11 => format!(
                "createArray({}, {})[1]",
                decoy(value),
                self.expression(value)
            ),
            12 => format!("coalesce(null(), {})", self.expression(value)),
            13 => format!("first(createArray({}))", self.expression(value)),
            14 => format!(
                "last(skip(createArray({}, {}), 1))",
                decoy(value),
                self.expression(value)
            ),
            15 => {
                let here = self.here();
                self.templates[here].has_functions = true;
                let kind = kind(value);
                format!("own.{kind}Itself({})", self.expression(value))
            }
            16 => format!("tryGet(createObject('x', {}), 'x')", self.expression(value)),
            17 => format!(
                "union(createObject('u', {}), createObject('w', 1))['u']",
                self.expression(value)
            ),
            _ => self.of_its_kind(value),
        };
        self.depth -= 1;
        expression
    }

    /// Disguises that only values of a kind can wear.
    fn of_its_kind(&mut self, value: &Plain) -> String {
        match value {
            Plain::Text(text) if self.pieces == 0 => self.text(text),
            Plain::Number(number) if self.pieces == 0 => self.number(*number),
            Plain::List(items) if items.len() > 1 => {
                let at = 1 + self.roll(items.len() - 1);
                let (front, back) = items.split_at(at);
                let front = self.expression(&Plain::List(front.to_vec()));
                let back = self.expression(&Plain::List(back.to_vec()));
                match self.roll(3) {
                    0 => format!("concat({front}, {back})"),
                    1 => format!("flatten(createArray({front}, {back}))"),
                    _ => {
                        let whole = format!("concat({front}, {back})");
                        format!("map({whole}, lambda('it', lambdaVariables('it')))")
                    }
                }
            }
            Plain::List(_) => {
                let list = self.expression(value);
                match self.roll(2) {
                    0 => format!(
                        "filter({list}, lambda('it', not(equals(lambdaVariables('it'), 'x'))))"
                    ),
                    _ => format!("array({list})"),
                }
            }
            Plain::Object(entries) if entries.len() > 1 => {
                let at = 1 + self.roll(entries.len() - 1);
                let (front, back) = entries.split_at(at);
                let front = self.expression(&Plain::Object(front.to_vec()));
                let back = self.expression(&Plain::Object(back.to_vec()));
                match self.roll(2) {
                    0 => format!("union({front}, {back})"),
                    _ => format!("shallowMerge(createArray({front}, {back}))"),
                }
            }
            Plain::Truth(truth) => {
                let (text, is) = self.condition();
                match is == *truth {
                    true => text,
                    false => format!("not({text})"),
                }
            }
            Plain::Text(_) | Plain::Number(_) | Plain::Object(_) | Plain::Link(..) => {
                self.written(value)
            }
        }
    }

    fn text(&mut self, text: &str) -> String {
        let way = self.roll(8);
        if way < 4 && text.len() > 2 {
            let at = 1 + self.roll(text.len() - 2);
            let (front, back) = text.split_at(at);
            self.parts
                .insert(text.to_owned(), vec![front.to_owned(), back.to_owned()]);
            let front = Plain::Text(front.to_owned());
            let back = Plain::Text(back.to_owned());
            let (front, back) = (self.whole(&front), self.whole(&back));
            return match way {
                0 => format!("concat({front}, {back})"),
                1 => format!("format('{{0}}{{1}}', {front}, {back})"),
                2 => format!("join(createArray({front}, {back}), '')"),
                _ => format!("format('{{1}}{{0}}', {back}, {front})"),
            };
        }
        let own = self.whole(&Plain::Text(text.to_owned()));
        match way {
            4 => format!("trim(concat('  ', {own}, ' '))"),
            5 => format!("base64ToString(base64({own}))"),
            6 => format!("split(concat('no;', {own}), ';')[1]"),
            _ => format!("string({own})"),
        }
    }

    /// A value behind a name at most.
    fn whole(&mut self, value: &Plain) -> String {
        self.pieces += 1;
        let expression = match self.roll(3) {
            0 => self.written(value),
            _ => self.held(value),
        };
        self.pieces -= 1;
        expression
    }

    fn number(&mut self, number: i64) -> String {
        let way = self.roll(4);
        let other = i64::try_from(1 + self.roll(900)).unwrap();
        if way < 3 {
            let (a, b) = match way {
                0 => (number - other, other),
                1 => (number + other, other),
                _ => (2 * number, 2),
            };
            self.parts
                .insert(number.to_string(), vec![a.to_string(), b.to_string()]);
            let function = ["add", "sub", "div"][way];
            let (a, b) = (self.whole(&Plain::Number(a)), self.whole(&Plain::Number(b)));
            return format!("{function}({a}, {b})");
        }
        format!("int('{number}')")
    }

    /// A condition and what it comes to.
    fn condition(&mut self) -> (String, bool) {
        match self.roll(5) {
            0 => ("true()".to_owned(), true),
            1 => ("equals('a', 'b')".to_owned(), false),
            2 => (self.held(&Plain::Truth(true)), true),
            3 => (
                format!("and({}, less(1, 2))", self.held(&Plain::Truth(true))),
                true,
            ),
            _ => (
                format!("or({}, empty('no'))", self.held(&Plain::Truth(false))),
                false,
            ),
        }
    }

    /// An expression that holds the value itself.
    fn written(&mut self, value: &Plain) -> String {
        match value {
            Plain::Text(text) => format!("'{text}'"),
            Plain::Number(number) => number.to_string(),
            Plain::Truth(truth) => format!("{truth}()"),
            Plain::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.expression(item)).collect();
                format!("createArray({})", items.join(", "))
            }
            Plain::Object(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("'{key}', {}", self.expression(value)))
                    .collect();
                format!("createObject({})", entries.join(", "))
            }
            Plain::Link(resource, part) => {
                let resource = &self.network.resources[*resource];
                let group = match resource.elsewhere {
                    true => "'other', ",
                    false => "",
                };
                let (kind, name) = (resource.kind, &resource.name);
                match part {
                    None => format!("resourceId({group}'{kind}', '{name}')"),
                    Some(part) => {
                        format!("resourceId({group}'{kind}/subnets', '{name}', '{part}')")
                    }
                }
            }
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

fn kind(value: &Plain) -> &'static str {
    match value {
        Plain::Text(_) | Plain::Link(..) => "string",
        Plain::Number(_) => "int",
        Plain::Truth(_) => "bool",
        Plain::List(_) => "array",
        Plain::Object(_) => "object",
    }
}

/// Another value of the kind.
fn decoy(value: &Plain) -> &'static str {
    match value {
        Plain::Text(_) | Plain::Link(..) => "'no'",
        Plain::Number(_) => "1",
        Plain::Truth(_) => "false()",
        Plain::List(_) => "createArray('no')",
        Plain::Object(_) => "createObject('no', 1)",
    }
}

fn decoy_json(value: &Plain) -> Json {
    match value {
        Plain::Text(_) | Plain::Link(..) => json!("no"),
        Plain::Number(_) => json!(1),
        Plain::Truth(_) => json!(false),
        Plain::List(_) => json!(["no"]),
        Plain::Object(_) => json!({ "no": 1 }),
    }
}
