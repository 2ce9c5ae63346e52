//! Loops over tables: resources, modules and blocks.

use super::Writer;
use super::layout::{Repeated, key};
use super::print::{Line, Top};
use super::resources::AS_VALUES;
use super::tree::Tree;

impl Writer<'_> {
    /// The arguments of several resources.
    fn table(&self, bunch: &[usize]) -> Vec<Tree> {
        let arguments = bunch.iter().map(|piece| &self.pieces[*piece].arguments);
        arguments.map(|it| Tree::Object(it.clone())).collect()
    }

    fn data(items: &[Tree]) -> Tree {
        Tree::List(items.iter().map(Tree::data).collect())
    }

    /// Several resources of one kind as one.
    pub(super) fn together(&mut self, bunch: &[usize], symbol: &str, repeated: Repeated) {
        let kind = self.pieces[bunch[0]].kind;
        let items = self.table(bunch);
        self.block(|writer| {
            let mut body = Vec::new();
            let element = match repeated {
                Repeated::Count => {
                    let table = writer.held(&Self::data(&items));
                    let count = match writer.roll(2) {
                        0 => items.len().to_string(),
                        _ => format!("length({table})"),
                    };
                    body.push(Line::attribute("count", count));
                    match writer.roll(3) {
                        0 => format!("{table}[count.index]"),
                        1 => format!("element({table}, count.index)"),
                        _ => format!("{table}[tostring(count.index)]"),
                    }
                }
                _ => {
                    let (over, element) = writer.each(&items);
                    body.push(Line::attribute("for_each", over));
                    element
                }
            };
            let values: Vec<&Tree> = items.iter().collect();
            writer.all_picked(&element, &values, &mut body);
            Top::new("resource", &[kind, symbol], body)
        });
    }

    /// What `for_each` walks, and what an item is called there.
    fn each(&mut self, items: &[Tree]) -> (String, String) {
        let keys: Vec<String> = (0..items.len()).map(key).collect();
        let listed: Vec<String> = keys.iter().map(|key| format!("\"{key}\"")).collect();
        let listed = format!("[{}]", listed.join(", "));
        let way = self.roll(7);
        if way == 0 {
            let entries: Vec<String> = items
                .iter()
                .zip(&keys)
                .map(|(item, key)| format!("{key} = {}", self.expression(&item.data())))
                .collect();
            let over = format!("{{ {} }}", entries.join(", "));
            return (over, "each.value".to_owned());
        }
        let table = self.held(&Self::data(items));
        let value = "each.value".to_owned();
        match way {
            1 => (
                format!("{{ for i, it in {table} : \"k${{i}}\" => it }}"),
                value,
            ),
            2 => (format!("zipmap({listed}, {table})"), value),
            3 => (
                format!("toset({listed})"),
                format!("zipmap({listed}, {table})[each.key]"),
            ),
            4 => (
                format!("{{ for i, it in {table} : format(\"k%d\", i) => it... }}"),
                "each.value[0]".to_owned(),
            ),
            5 => (
                format!("merge([for i, it in {table} : {{ \"k${{i}}\" = it }}]...)"),
                value,
            ),
            _ => (
                format!("{{ for i in range(length({table})) : \"k${{i}}\" => i }}"),
                format!("{table}[each.value]"),
            ),
        }
    }

    /// A module that is called once for each of several resources.
    pub(super) fn modules(&mut self, bunch: &[usize], child: usize, symbol: &str) {
        let kind = self.pieces[bunch[0]].kind;
        let items = self.table(bunch);
        let values: Vec<&Tree> = items.iter().collect();
        let (over, element) = self.each(&items);
        self.nodes[child]
            .repeated
            .push(("for_each".to_owned(), over));
        let apart = self.roll(2) == 1;
        let mut names = vec!["item"];
        if apart {
            names = keys(&values);
            for name in &names {
                let own = self.entry(&element, name, &values);
                let own = ((*name).to_owned(), own);
                self.nodes[child].arguments.push(own);
            }
        } else {
            let own = ("item".to_owned(), element);
            self.nodes[child].arguments.push(own);
        }
        self.at(child, |writer| {
            for name in &names {
                writer.block(|_| Top::new("variable", &[name], Vec::new()));
            }
            writer.block(|writer| {
                let mut body = Vec::new();
                let element = if apart { "var" } else { "var.item" };
                writer.all_picked(element, &values, &mut body);
                Top::new("resource", &[kind, symbol], body)
            });
        });
    }

    /// Every argument of what a loop makes of each of several values.
    fn all_picked(&mut self, element: &str, values: &[&Tree], body: &mut Vec<Line>) {
        for name in keys(values) {
            let own: Vec<&Tree> = values.iter().filter_map(|it| it.get(name)).collect();
            let is_blocks = own.iter().any(|it| matches!(it, Tree::Blocks(_)));
            let over = match element {
                // Every variable is given, if only null.
                "var" => format!("var.{name}"),
                _ => self.entry(element, name, values),
            };
            if !is_blocks {
                body.push(Line::attribute(name, over));
                continue;
            }
            if AS_VALUES.contains(&name) && self.roll(4) == 3 {
                body.push(Line::attribute(name, over));
                continue;
            }
            self.dynamic(name, &over, values, body);
        }
    }

    /// An entry of an object that not all of several have.
    fn entry(&mut self, element: &str, name: &str, values: &[&Tree]) -> String {
        if values.iter().all(|it| it.get(name).is_some()) {
            return match self.roll(4) {
                3 => format!("{element}[\"{name}\"]"),
                _ => format!("{element}.{name}"),
            };
        }
        match self.roll(3) {
            0 => format!("try({element}.{name}, null)"),
            1 => format!("lookup({element}, \"{name}\", null)"),
            _ => format!("can({element}.{name}) ? {element}.{name} : null"),
        }
    }

    /// Blocks out of a table; `values` are what holds the tables.
    pub(super) fn dynamic(
        &mut self,
        name: &'static str,
        table: &str,
        values: &[&Tree],
        body: &mut Vec<Line>,
    ) {
        let lists: Vec<Tree> = values
            .iter()
            .filter_map(|it| it.get(name))
            .cloned()
            .collect();
        let mut rows = Vec::new();
        for list in &lists {
            match list {
                Tree::Blocks(blocks) => rows.extend(blocks.iter().cloned().map(Tree::Object)),
                Tree::List(items) => rows.extend(items.iter().cloned()),
                _ => {}
            }
        }
        let mut lines = Vec::new();
        let iterator = match self.roll(3) {
            2 => {
                let own = self.fresh("it");
                lines.push(Line::Word("iterator".to_owned(), own.clone()));
                own
            }
            _ => name.to_owned(),
        };
        let value = format!("{iterator}.value");
        let (over, element) = match self.roll(6) {
            0 | 1 => (table.to_owned(), value),
            2 => (
                format!("{{ for i, it in {table} : \"k${{i}}\" => it }}"),
                value,
            ),
            3 => (
                format!("range(length({table}))"),
                format!("{table}[{value}]"),
            ),
            4 => (
                format!("{{ for it in {table} : it.name => it... }}"),
                format!("{value}[0]"),
            ),
            _ => (
                format!("[for it in {table} : {{ own = it }}]"),
                format!("{value}.own"),
            ),
        };
        lines.insert(0, Line::attribute("for_each", over));
        let mut content = Vec::new();
        let rows: Vec<&Tree> = rows.iter().collect();
        for key in keys(&rows) {
            let own: Vec<&Tree> = rows.iter().filter_map(|it| it.get(key)).collect();
            let is_blocks = own.iter().any(|it| {
                matches!(it, Tree::Blocks(_))
                    || matches!(it, Tree::List(items) if matches!(items.first(), Some(Tree::Object(_))))
            }) || key == "rule";
            let over = self.entry(&element, key, &rows);
            if is_blocks {
                self.dynamic(key, &over, &rows, &mut content);
            } else {
                content.push(Line::attribute(key, over));
            }
        }
        lines.push(Line::Block("content".to_owned(), Vec::new(), content));
        body.push(Line::Block(
            "dynamic".to_owned(),
            vec![name.to_owned()],
            lines,
        ));
    }
}

/// The keys of objects, in the order they are met.
fn keys(values: &[&Tree]) -> Vec<&'static str> {
    let mut keys = Vec::new();
    for value in values {
        let Tree::Object(entries) = value else {
            continue;
        };
        for (key, _) in entries {
            if !keys.contains(key) {
                keys.push(*key);
            }
        }
    }
    keys
}
