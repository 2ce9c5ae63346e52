//! Values in disguise: variables, parameters, functions, conditions and loops around what a person
//! would have typed.

use serde_json::{Map, Value as Json, json};

use super::super::plain::Plain;
use super::{DEEPEST, Site, Writer};

impl Writer<'_> {
    /// A value, written out or as an expression.
    pub(super) fn json(&mut self, value: &Plain, site: Site) -> Json {
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
    pub(super) fn copied(&mut self, name: &str, list: &Plain) -> Json {
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
    pub(super) fn held(&mut self, value: &Plain) -> String {
        match self.roll(2) {
            0 => self.variable(value),
            _ => self.parameter(value),
        }
    }

    pub(super) fn variable(&mut self, value: &Plain) -> String {
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

    pub(super) fn parameter(&mut self, value: &Plain) -> String {
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
    pub(super) fn fixed(&mut self, value: &Plain) -> Json {
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
    pub(super) fn expression(&mut self, value: &Plain) -> String {
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
    pub(super) fn of_its_kind(&mut self, value: &Plain) -> String {
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

    pub(super) fn text(&mut self, text: &str) -> String {
        let way = self.roll(8);
        if way < 4 && text.len() > 2 {
            let at = 1 + self.roll(text.len() - 2);
            let (front, back) = text.split_at(at);
            self.parts
                .entry(text.to_owned())
                .or_default()
                .push(vec![front.to_owned(), back.to_owned()]);
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
    pub(super) fn whole(&mut self, value: &Plain) -> String {
        self.pieces += 1;
        let expression = match self.roll(3) {
            0 => self.written(value),
            _ => self.held(value),
        };
        self.pieces -= 1;
        expression
    }

    pub(super) fn number(&mut self, number: i64) -> String {
        let way = self.roll(4);
        let other = i64::try_from(1 + self.roll(900)).unwrap();
        if way < 3 {
            let (a, b) = match way {
                0 => (number - other, other),
                1 => (number + other, other),
                _ => (2 * number, 2),
            };
            self.parts
                .entry(number.to_string())
                .or_default()
                .push(vec![a.to_string(), b.to_string()]);
            let function = ["add", "sub", "div"][way];
            let (a, b) = (self.whole(&Plain::Number(a)), self.whole(&Plain::Number(b)));
            return format!("{function}({a}, {b})");
        }
        format!("int('{number}')")
    }

    /// A condition and what it comes to.
    pub(super) fn condition(&mut self) -> (String, bool) {
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
    pub(super) fn written(&mut self, value: &Plain) -> String {
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
