//! Resources by themselves: attributes, blocks in every spelling, what an override file says.

use super::layout::{Repeated, Unit};
use super::print::{Line, Top};
use super::tree::{Piece, Tree};
use super::values::decoy;
use super::{File, Writer};

/// Blocks that may be written as a value.
pub(super) const AS_VALUES: [&str; 3] = ["security_rule", "route", "subnet"];

impl Writer<'_> {
    pub(super) fn unit(&mut self, unit: Unit) {
        match unit {
            Unit::Alone(piece, symbol, repeated) => self.alone(piece, &symbol, repeated),
            Unit::Loop(bunch, symbol, repeated) => self.together(&bunch, &symbol, repeated),
            Unit::Modules(bunch, child, symbol) => self.modules(&bunch, child, &symbol),
            Unit::Decoy => {
                let symbol = self.fresh("decoy");
                self.block(|writer| {
                    let count = match writer.condition() {
                        (text, true) => format!("({text} ? 0 : 1)"),
                        (text, false) => format!("({text} ? 1 : 0)"),
                    };
                    let body = vec![
                        Line::attribute("count", count),
                        Line::attribute("name", "\"decoy\""),
                        Line::attribute("resource_group_name", "\"main\""),
                        Line::attribute("location", "\"westeurope\""),
                    ];
                    Top::new("resource", &["azurerm_route_table", &symbol], body)
                });
            }
        }
    }

    fn alone(&mut self, piece: usize, symbol: &str, repeated: Repeated) {
        let Piece {
            kind, arguments, ..
        } = self.pieces[piece].clone();
        let mut overriding = Vec::new();
        self.block(|writer| {
            let mut body = Vec::new();
            match repeated {
                Repeated::No => {}
                Repeated::Count => {
                    let count = writer.once();
                    body.push(Line::attribute("count", count));
                }
                Repeated::Each => {
                    let keys = [
                        "toset([\"k0\"])",
                        "{ k0 = true }",
                        "{ for k in [\"k0\"] : k => k }",
                        "tomap({ k0 = 1 })",
                    ][writer.roll(4)];
                    body.push(Line::attribute("for_each", keys));
                }
            }
            for (name, value) in &arguments {
                let mut lines = Vec::new();
                writer.argument(kind, name, value, &mut lines);
                if writer.roll(12) == 11 {
                    overriding.append(&mut lines);
                    match value {
                        Tree::Blocks(_) => {}
                        other => body.push(Line::attribute(name, decoy(other))),
                    }
                } else {
                    body.append(&mut lines);
                }
            }
            Top::new("resource", &[kind, symbol], body)
        });
        if !overriding.is_empty() {
            let top = Top::new("resource", &[kind, symbol], overriding);
            self.nodes[self.here].blocks.push((File::Override, top));
        }
    }

    /// A count of one.
    fn once(&mut self) -> String {
        match self.roll(4) {
            0 => "1".to_owned(),
            1 => match self.condition() {
                (text, true) => format!("{text} ? 1 : 0"),
                (text, false) => format!("{text} ? 0 : 1"),
            },
            2 => self.behind(&Tree::Number(1)),
            _ => "length([\"x\"])".to_owned(),
        }
    }

    fn argument(&mut self, kind: &str, name: &'static str, value: &Tree, lines: &mut Vec<Line>) {
        match value {
            Tree::Blocks(blocks) => self.blocks(kind, name, blocks, lines),
            Tree::Object(_) if name == "body" && self.is_fixed(value) && self.roll(3) == 2 => {
                let own = self.expression(value);
                lines.push(Line::attribute(name, format!("jsonencode({own})")));
            }
            other => {
                let own = self.expression(other);
                lines.push(Line::attribute(name, own));
            }
        }
    }

    fn blocks(
        &mut self,
        kind: &str,
        name: &'static str,
        blocks: &[Vec<(&'static str, Tree)>],
        lines: &mut Vec<Line>,
    ) {
        let all = Tree::Blocks(blocks.to_vec());
        match self.roll(8) {
            4 if AS_VALUES.contains(&name) => {
                let own = self.expression(&all.data());
                lines.push(Line::attribute(name, own));
            }
            5 | 6 if !blocks.is_empty() => {
                let values: Vec<Tree> = vec![Tree::Object(vec![(name, all.data())])];
                let values: Vec<&Tree> = values.iter().collect();
                let table = self.held(&all.data());
                self.dynamic(name, &table, &values, lines);
            }
            7 if blocks.len() > 1 => {
                let at = 1 + self.roll(blocks.len() - 1);
                self.blocks(kind, name, &blocks[..at], &mut *lines);
                // What is a value cannot also be blocks.
                let is_value = matches!(lines.last(), Some(Line::Attribute(own, _)) if own == name);
                if is_value {
                    lines.pop();
                    self.blocks_alone(kind, name, &blocks[..at], lines);
                }
                let before = lines.len();
                self.blocks(kind, name, &blocks[at..], &mut *lines);
                let is_value = matches!(lines.last(), Some(Line::Attribute(own, _)) if own == name);
                if is_value {
                    lines.truncate(before);
                    self.blocks_alone(kind, name, &blocks[at..], lines);
                }
            }
            _ => self.blocks_alone(kind, name, blocks, lines),
        }
    }

    /// Each block by itself.
    fn blocks_alone(
        &mut self,
        kind: &str,
        name: &'static str,
        blocks: &[Vec<(&'static str, Tree)>],
        lines: &mut Vec<Line>,
    ) {
        for block in blocks {
            let mut body = Vec::new();
            for (key, value) in block {
                self.argument(kind, key, value, &mut body);
            }
            if self.roll(8) == 7 {
                let content = Line::Block("content".to_owned(), Vec::new(), body);
                let count = match self.condition() {
                    (text, true) => format!("({text}) ? [1] : []"),
                    (text, false) => format!("({text}) ? [] : [1]"),
                };
                let body = vec![Line::attribute("for_each", count), content];
                lines.push(Line::Block(
                    "dynamic".to_owned(),
                    vec![name.to_owned()],
                    body,
                ));
            } else {
                lines.push(Line::Block(name.to_owned(), Vec::new(), body));
            }
        }
    }
}
