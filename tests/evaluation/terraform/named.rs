//! Values behind names: locals, variables and the files that give them values, modules that hand
//! on what they are given, files that are read.

use serde_json::{Map, Value as Json, json};

use super::layout::Repeated;
use super::print::{self, Line, Top};
use super::tree::Tree;
use super::{File, Writer};

/// Files of values, each before those that it gives way to.
pub(super) const VALUES: [&str; 5] = [
    "terraform.tfvars",
    "terraform.tfvars.json",
    "a.auto.tfvars",
    "b.auto.tfvars.json",
    "c.auto.tfvars",
];

impl Writer<'_> {
    /// A local or variable that holds a value, as an expression.
    pub(super) fn held(&mut self, value: &Tree) -> String {
        match self.roll(2) {
            0 => self.local(value),
            _ => self.variable(value),
        }
    }

    pub(super) fn local(&mut self, value: &Tree) -> String {
        let name = self.fresh("v");
        let data = value.data();
        self.block(|writer| {
            let own = writer.expression(&data);
            Top::new("locals", &[], vec![Line::attribute(&name, own)])
        });
        if self.roll(6) == 5 {
            self.overridden(&name, super::values::decoy(&data));
        }
        format!("local.{name}")
    }

    /// Moves what the last block of locals says into an override file.
    fn overridden(&mut self, name: &str, decoy: &str) {
        let blocks = &mut self.nodes[self.here].blocks;
        let Some((file, top)) = blocks.last_mut() else {
            return;
        };
        let decoy = Top::new("locals", &[], vec![Line::attribute(name, decoy)]);
        let own = std::mem::replace(top, decoy);
        let is_native = *file != File::Json;
        blocks.push((
            if is_native {
                File::Override
            } else {
                File::More
            },
            own,
        ));
        if !is_native {
            // Only native files are overridden here: two locals of one name are a mistake.
            let at = blocks.len() - 2;
            blocks.remove(at);
        }
    }

    pub(super) fn variable(&mut self, value: &Tree) -> String {
        let value = value.data();
        let fixed = self.is_fixed(&value);
        let here = self.here;
        if here == 0 && !fixed {
            return self.local(&value);
        }
        let name = self.fresh("p");
        let (kind, value) = self.declared(&value);
        let mut body = Vec::new();
        let way = self.roll(4);
        if fixed && way == 0 {
            body.push(Line::Value("default".to_owned(), plain(&value)));
            if kind.is_some() && self.roll(3) == 2 {
                body.push(Line::attribute("nullable", "false"));
            }
        } else {
            if self.roll(2) == 1 {
                body.push(Line::Value("default".to_owned(), Json::Null));
            }
            if here == 0 {
                let rank = self.roll(VALUES.len());
                for lower in 0..rank {
                    if self.roll(3) == 2 {
                        let decoy = (name.clone(), json!("no"));
                        self.given.entry(lower).or_default().push(decoy);
                    }
                }
                let given = (name.clone(), plain(&value));
                self.given.entry(rank).or_default().push(given);
            } else {
                let parent = self.nodes[here].parent;
                let flat = std::mem::replace(&mut self.flat, 0);
                let passed = self.at(parent, |writer| writer.expression(&value));
                self.flat = flat;
                self.nodes[here].arguments.push((name.clone(), passed));
            }
        }
        if let Some(kind) = kind {
            body.push(Line::Word("type".to_owned(), kind));
        }
        self.block(|_| Top::new("variable", &[&name], body));
        format!("var.{name}")
    }

    /// A type for a value, and what of the value is not its default.
    fn declared(&mut self, value: &Tree) -> (Option<String>, Tree) {
        if self.roll(2) == 0 {
            return (None, value.clone());
        }
        let single = match value {
            Tree::List(items) if items.len() == 1 => Some(&items[0]),
            _ => None,
        };
        if let Tree::Object(entries) = single.unwrap_or(value)
            && self.roll(2) == 1
            && let Some((key, left_out)) = entries
                .iter()
                .find(|(_, it)| it.scalar().is_some() && self.is_fixed(it))
        {
            let rest: Vec<_> = entries
                .iter()
                .filter(|(name, _)| name != key)
                .cloned()
                .collect();
            let mut kinds: Vec<String> = rest
                .iter()
                .map(|(name, value)| format!("{name} = {}", kind(value)))
                .collect();
            let default = print::literal(&plain(left_out));
            kinds.push(format!("{key} = optional({}, {default})", kind(left_out)));
            let object = format!("object({{ {} }})", kinds.join(", "));
            let rest = Tree::Object(rest);
            if object.contains("any") {
                return (None, value.clone());
            }
            return match single {
                Some(_) => (Some(format!("list({object})")), Tree::List(vec![rest])),
                None => (Some(object), rest),
            };
        }
        let kind = match value {
            Tree::Number(_) if self.roll(4) == 3 => "string".to_owned(),
            // All elements of a list have the same type in place of `any`.
            other if kind(other).contains("any") => "any".to_owned(),
            other => kind(other),
        };
        (Some(kind), value.clone())
    }

    /// A module that hands on what it is given.
    pub(super) fn echo(&mut self, value: &Tree) -> String {
        if self.nodes[self.here].depth > super::MOST_NESTED {
            return self.expression(value);
        }
        let repeated = match self.roll(3) {
            0 => Repeated::No,
            1 => Repeated::Count,
            _ => Repeated::Each,
        };
        let child = self.called(self.here, repeated);
        let own = self.at(child, |writer| writer.variable_or_local(value));
        let output = self.output(child, &own);
        let node = &self.nodes[child];
        format!("module.{}{}.{output}", node.call, node.index)
    }

    fn variable_or_local(&mut self, value: &Tree) -> String {
        match self.roll(3) {
            2 => self.local(value),
            _ => self.variable(value),
        }
    }

    /// A value that is read from a file.
    pub(super) fn in_file(&mut self, value: &Tree) -> String {
        let name = self.fresh("file");
        let whole = plain(&value.data());
        let mut put = |name: String, text: String| {
            self.nodes[self.here].texts.push((name.clone(), text));
            format!("\"${{path.module}}/{name}\"")
        };
        match (self.rolls.next().map_or(0, |roll| roll % 5), value) {
            (1, Tree::Text(text)) => {
                let path = put(format!("{name}.txt"), format!("{text}\n"));
                format!("trimspace(file({path}))")
            }
            (2, Tree::Text(text)) => {
                let path = put(
                    format!("{name}.tftpl"),
                    format!("%{{ if on }}{text}%{{ endif }}"),
                );
                format!("templatefile({path}, {{ on = true }})")
            }
            (3, Tree::Text(_)) => {
                let path = put(format!("{name}.tftpl"), "${given}".to_owned());
                let given = self.behind(value);
                format!("templatefile({path}, {{ given = {given} }})")
            }
            (0 | 1, _) => {
                let text = serde_json::to_string_pretty(&whole).unwrap();
                let path = put(format!("{name}.json"), text);
                format!("jsondecode(file({path}))")
            }
            // A table has at least one column.
            (2, Tree::Object(entries))
                if !entries.is_empty() && entries.iter().all(|(_, it)| it.scalar().is_some()) =>
            {
                let keys: Vec<&str> = entries.iter().map(|(key, _)| *key).collect();
                let cells: Vec<String> = entries.iter().filter_map(|(_, it)| it.scalar()).collect();
                let text = format!("{}\n{}\n", keys.join(","), cells.join(","));
                let path = put(format!("{name}.csv"), text);
                format!("csvdecode(file({path}))[0]")
            }
            _ => {
                let mut text = String::new();
                yaml(&whole, 0, &mut text);
                let path = put(format!("{name}.yaml"), text);
                format!("yamldecode(file({path}))")
            }
        }
    }
}

fn yaml(value: &Json, indent: usize, text: &mut String) {
    let pad = " ".repeat(indent);
    match value {
        Json::Array(items) if !items.is_empty() => {
            for item in items {
                text.push_str(&format!("{pad}-\n"));
                yaml(item, indent + 2, text);
            }
        }
        Json::Object(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                text.push_str(&format!("{pad}{key}:\n"));
                yaml(value, indent + 2, text);
            }
        }
        other => text.push_str(&format!("{pad}{other}\n")),
    }
}

/// The value in JSON.
pub(super) fn plain(value: &Tree) -> Json {
    match value {
        Tree::Text(text) => json!(text),
        Tree::Number(number) => json!(number),
        Tree::Truth(truth) => json!(truth),
        Tree::List(items) => items.iter().map(plain).collect(),
        Tree::Object(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, value)| ((*key).to_owned(), plain(value)));
            Json::Object(entries.collect::<Map<_, _>>())
        }
        Tree::Blocks(_) => plain(&value.data()),
        Tree::Link(_) => unreachable!("links are not written in files of values"),
    }
}

/// The type of a value.
fn kind(value: &Tree) -> String {
    match value {
        Tree::Text(_) | Tree::Link(_) => "string".to_owned(),
        Tree::Number(_) => "number".to_owned(),
        Tree::Truth(_) => "bool".to_owned(),
        Tree::List(items) => match items.first().map(kind) {
            Some(first) if items.iter().all(|it| kind(it) == first) => format!("list({first})"),
            Some(_) => objects(items).map_or_else(|| "any".to_owned(), |it| format!("list({it})")),
            None => "list(any)".to_owned(),
        },
        Tree::Object(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{key} = {}", kind(value)))
                .collect();
            format!("object({{ {} }})", entries.join(", "))
        }
        Tree::Blocks(_) => kind(&value.data()),
    }
}

/// The type of objects some of which lack what others have.
fn objects(items: &[Tree]) -> Option<String> {
    let mut kinds: Vec<(&str, String)> = Vec::new();
    for item in items {
        let Tree::Object(entries) = item else {
            return None;
        };
        for (key, value) in entries {
            match kinds.iter().find(|(known, _)| known == key) {
                Some((_, known)) if *known != kind(value) => return None,
                Some(_) => {}
                None => kinds.push((key, kind(value))),
            }
        }
    }
    let kinds: Vec<String> = kinds
        .iter()
        .map(
            |(key, kind)| match items.iter().all(|it| it.get(key).is_some()) {
                true => format!("{key} = {kind}"),
                false => format!("{key} = optional({kind})"),
            },
        )
        .collect();
    Some(format!("object({{ {} }})", kinds.join(", ")))
}
