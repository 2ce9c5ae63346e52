//! References: through outputs and variables of modules, by id, by name.

use super::Writer;
use super::print::{Line, Top};
use super::tree::Target;

impl Writer<'_> {
    /// What another resource says of itself, as an expression of this module.
    pub(super) fn link(&mut self, target: &Target) -> String {
        let (piece, subnet) = self.found(target);
        let own = self.pieces[piece].clone();
        let is_azapi = own.kind == "azapi_resource";
        if let Some(subnet) = subnet {
            return match self.roll(3) {
                0 => {
                    let id = self.reach(piece, "id", None);
                    format!("\"${{{id}}}/subnets/{subnet}\"")
                }
                1 => {
                    let found = format!("[for s in ALL : s.id if s.name == \"{subnet}\"]");
                    // Other instances of its module have no such subnet.
                    let pick = match self.places[piece].instance {
                        Some(_) => format!("one({found})"),
                        None => format!("{found}[0]"),
                    };
                    self.reach(piece, "subnet", Some(&pick))
                }
                _ => {
                    let network = self.reach(piece, "name", None);
                    self.looked_up(
                        "azurerm_subnet",
                        vec![
                            Line::attribute("name", format!("\"{subnet}\"")),
                            Line::attribute("virtual_network_name", network),
                            Line::attribute("resource_group_name", "\"main\""),
                        ],
                    )
                }
            };
        }
        let name = own.name().unwrap().to_owned();
        if target.attribute == "name" {
            return match self.roll(3) {
                2 => format!("\"{name}\""),
                _ => self.reach(piece, "name", None),
            };
        }
        let group = own
            .arguments
            .iter()
            .find(|(key, _)| *key == "resource_group_name");
        let group = group.and_then(|(_, group)| group.scalar());
        let has_source = matches!(
            own.kind,
            "azurerm_network_security_group" | "azurerm_route_table" | "azurerm_virtual_network"
        );
        match (self.roll(6), group) {
            (4, Some(group)) if has_source => self.looked_up(
                own.kind,
                vec![
                    Line::attribute("name", format!("\"{name}\"")),
                    Line::attribute("resource_group_name", format!("\"{group}\"")),
                ],
            ),
            (5, Some(group)) if has_source => {
                let named = self.reach(piece, "name", None);
                self.looked_up(
                    own.kind,
                    vec![
                        Line::attribute("name", named),
                        Line::attribute("resource_group_name", format!("\"{group}\"")),
                    ],
                )
            }
            (4, _) if is_azapi => {
                let kind = "Microsoft.Network";
                let provider = match &own.arguments[0].1.scalar() {
                    Some(text) if text.contains("routeTables") => "routeTables",
                    _ => "networkSecurityGroups",
                };
                let group = own.arguments[2].1.scalar().unwrap();
                format!("\"{group}/providers/{kind}/{provider}/{name}\"")
            }
            _ => self.reach(piece, "id", None),
        }
    }

    fn looked_up(&mut self, kind: &'static str, body: Vec<Line>) -> String {
        let symbol = self.fresh("d");
        self.block(|_| Top::new("data", &[kind, &symbol], body));
        format!("data.{kind}.{symbol}.id")
    }

    /// An attribute of a resource, wherever that is. `pick` is an expression around `ALL`.
    fn reach(&mut self, piece: usize, attribute: &str, pick: Option<&str>) -> String {
        let place = self.places[piece].clone();
        let to = self.here;
        let mut expression = match &place.splat {
            Some((all, position)) if self.roll(3) == 2 => match all.starts_with("values(") {
                // In the order of the keys.
                true => format!("{all}[{position}].{attribute}"),
                false => format!("({all}[*].{attribute})[{position}]"),
            },
            _ => format!("{}.{attribute}", place.address),
        };
        if let Some(pick) = pick {
            expression = pick.replace("ALL", &expression);
        }
        let mut above = vec![to];
        while let Some(&last) = above.last()
            && last != 0
        {
            above.push(self.nodes[last].parent);
        }
        let mut at = place.node;
        while !above.contains(&at) {
            let output = self.output(at, &expression);
            let own = &self.nodes[at];
            let index = match &place.instance {
                Some(index) if at == place.node => index,
                _ => &own.index,
            };
            expression = format!("module.{}{index}.{output}", own.call);
            at = own.parent;
        }
        self.down(at, expression)
    }

    /// Passes what is known in a module around this one down to here.
    pub(super) fn down(&mut self, from: usize, mut expression: String) -> String {
        let mut way = Vec::new();
        let mut at = self.here;
        while at != from {
            way.push(at);
            at = self.nodes[at].parent;
        }
        for node in way.into_iter().rev() {
            let key = (node, false, expression.clone());
            let name = match self.passed.get(&key) {
                Some(name) => name.clone(),
                None => {
                    let name = self.fresh("p");
                    self.nodes[node]
                        .arguments
                        .push((name.clone(), expression.clone()));
                    self.at(node, |writer| {
                        writer.block(|_| Top::new("variable", &[&name], Vec::new()));
                    });
                    self.passed.insert(key, name.clone());
                    name
                }
            };
            expression = format!("var.{name}");
        }
        expression
    }

    pub(super) fn output(&mut self, node: usize, expression: &str) -> String {
        let key = (node, true, expression.to_owned());
        if let Some(name) = self.passed.get(&key) {
            return name.clone();
        }
        let name = self.fresh("o");
        let body = vec![Line::attribute("value", expression)];
        self.at(node, |writer| {
            writer.block(|_| Top::new("output", &[&name], body));
        });
        self.passed.insert(key, name.clone());
        name
    }

    /// The variable that nobody gives a value, as this module knows it.
    pub(super) fn missing(&mut self, text: &str, kind: &str) -> String {
        let name = match self.missing.get(text) {
            Some(name) => name.clone(),
            None => {
                let name = self.fresh("missing");
                let body = vec![Line::Word("type".to_owned(), kind.to_owned())];
                self.at(0, |writer| {
                    writer.block(|_| Top::new("variable", &[&name], body));
                });
                self.missing.insert(text.to_owned(), name.clone());
                name
            }
        };
        self.down(0, format!("var.{name}"))
    }
}
