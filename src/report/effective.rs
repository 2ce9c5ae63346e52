//! Answers of `effective`: for the terminal and as JSON.

mod json;

use std::fmt::Write as _;
use std::io;

use super::Style;
use super::human::text::{Paint, short_place, wrap};
use super::table::{Row, Table};
use crate::engine::ask::effective::{Effective, EffectiveRouteRow, EffectiveRule};
use crate::engine::ask::estate::Estate;
use crate::engine::ask::words::Direction;
use crate::source::{SourceMap, Span};

/// How many items of a list are shown in a column.
const MOST_SHOWN: usize = 3;

/// Writes the answers for the terminal.
///
/// # Errors
///
/// Those of the writer.
pub fn human(
    estate: &Estate,
    answers: &[Effective],
    style: Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    for (position, answer) in answers.iter().enumerate() {
        let mut page = Page {
            sources: &estate.sources,
            paint: Paint { on: style.colour },
            width: style.width,
            text: String::new(),
        };
        if position > 0 {
            page.text.push('\n');
        }
        let one_of_several =
            estate.deployments.len() > 1 || estate.has_environment(&answer.deployment);
        page.write(answer, one_of_several);
        out.write_all(page.text.as_bytes())?;
    }
    Ok(())
}

/// Writes the answers as one JSON object.
///
/// # Errors
///
/// Those of the writer.
pub fn json(estate: &Estate, answers: &[Effective], out: &mut dyn io::Write) -> io::Result<()> {
    json::write(estate, answers, out)
}

struct Page<'a> {
    sources: &'a SourceMap,
    paint: Paint,
    width: usize,
    text: String,
}

impl Page<'_> {
    fn write(&mut self, answer: &Effective, name_it: bool) {
        let mut head = self.paint.strong(&answer.name, None);
        if let Some(span) = answer.place {
            let place = self.place(span);
            head = format!("{head}  {}", self.paint.dim(&place));
        }
        let _ = writeln!(self.text, "{head}");
        if name_it {
            let line = format!("in {}", answer.deployment);
            let _ = writeln!(self.text, "{}", self.paint.dim(&line));
        }
        for direction in [Direction::Inbound, Direction::Outbound] {
            self.admin(answer, direction);
            self.rules(answer, direction);
        }
        self.routes(answer);
        self.groups(answer);
        for note in &answer.notes {
            let mut head = "note: ";
            self.text.push('\n');
            for line in wrap(note, self.width.saturating_sub(head.len())) {
                let _ = writeln!(self.text, "{head}{line}");
                head = "      ";
            }
        }
    }

    fn heading(&mut self, text: &str) {
        let _ = writeln!(self.text, "\n{}", self.paint.strong(text, None));
    }

    fn admin(&mut self, answer: &Effective, direction: Direction) {
        let rows: Vec<Row> = answer
            .admin_rules
            .iter()
            .filter(|rule| rule.direction == direction)
            .map(|rule| Row {
                mark: self.access(rule.told.access),
                depth: 0,
                cells: vec![
                    rule.told
                        .priority
                        .map_or_else(String::new, |it| it.to_string()),
                    rule.told.name.clone(),
                    rule.told.access.unwrap_or("?").to_owned(),
                ],
                place: rule.told.place.map(|span| self.place(span)),
                below: Vec::new(),
                dim: false,
            })
            .collect();
        if !rows.is_empty() {
            self.heading(&format!("{}: security admin rules", way(direction)));
            self.table(&["PRIO", "NAME", "ACTION"], &[1], &rows);
        }
    }

    fn rules(&mut self, answer: &Effective, direction: Direction) {
        let mut rest: &[EffectiveRule] = &answer.rules;
        while let Some(first) = rest.first() {
            let same = |rule: &&EffectiveRule| {
                (rule.direction, &rule.nsg, rule.layer)
                    == (first.direction, &first.nsg, first.layer)
            };
            let count = rest.iter().take_while(same).count();
            let (group, others) = rest.split_at(count);
            rest = others;
            if first.direction != direction {
                continue;
            }
            let on = match first.layer {
                "subnet-nsg" => " on the subnet",
                "nic-nsg" => " on the network interface",
                _ => "",
            };
            self.heading(&format!("{}: {}{on}", way(direction), first.nsg));
            let rows: Vec<Row> = group.iter().map(|rule| self.rule(rule)).collect();
            let header = [
                "PRIO",
                "NAME",
                "PROTO",
                "SOURCE",
                "FROM PORT",
                "DESTINATION",
                "PORT",
            ];
            self.table(&header, &[1, 3, 5, 6], &rows);
        }
    }

    fn rule(&self, rule: &EffectiveRule) -> Row {
        let source_ports = match rule.source_ports.as_slice() {
            [any] if any == "*" => String::new(),
            ports => shown(ports),
        };
        let mut below = Vec::new();
        let cover: Vec<String> = rule
            .cover
            .iter()
            .map(|told| match told.priority {
                Some(priority) => format!("{} ({priority})", told.name),
                None => told.name.clone(),
            })
            .collect();
        let cover = shown(&cover);
        let fix = rule
            .fix
            .as_ref()
            .map_or_else(String::new, |fix| format!("; {fix}"));
        let (dead, perhaps) = match rule.only_widened {
            true => (
                "dead if the routes widen `VirtualNetwork`",
                "if the routes widen `VirtualNetwork`, ",
            ),
            false => ("dead", ""),
        };
        match rule.standing {
            "live" => {}
            "empty" => below.push(format!("{perhaps}matches no packet{fix}")),
            "shadowed" => below.push(format!(
                "{dead}: hidden by {cover}, which acts otherwise{fix}"
            )),
            "redundant-before" => below.push(format!("{dead}: {cover} does the same before{fix}")),
            "redundant-after" if rule.told.kind == "security-rule" => {
                below.push(format!("{perhaps}without it {cover} does the same{fix}"));
            }
            "default-equal" if rule.told.kind == "security-rule" => {
                below.push(format!("{perhaps}the same as Azure's default{fix}"));
            }
            "exception-eaten" => below.push(match rule.live_share {
                Some(share) => format!(
                    "earlier rules leave it {:.2} % of its packets",
                    share * 100.0
                ),
                None => "earlier rules leave it few of its packets".to_owned(),
            }),
            "undetermined" => {
                let inputs: Vec<&str> = rule.depends_on.iter().map(|it| it.what.as_str()).collect();
                below.push(match inputs.as_slice() {
                    [] => "perhaps dead".to_owned(),
                    inputs => format!("perhaps dead, depends on {}", inputs.join(", ")),
                });
            }
            _ => {}
        }
        Row {
            mark: match rule.dead {
                true => self.paint.dim("·"),
                false => self.access(rule.told.access),
            },
            depth: 0,
            cells: vec![
                rule.told
                    .priority
                    .map_or_else(|| "?".to_owned(), |it| it.to_string()),
                rule.told.name.clone(),
                rule.protocol.clone(),
                shown(&rule.source),
                source_ports,
                shown(&rule.destination),
                shown(&rule.destination_ports),
            ],
            place: match rule.told.kind {
                "security-rule" => rule.told.place.map(|span| self.place(span)),
                _ => None,
            },
            below,
            dim: rule.dead,
        }
    }

    fn routes(&mut self, answer: &Effective) {
        let mut rest: &[EffectiveRouteRow] = &answer.routes;
        while let Some(first) = rest.first() {
            let count = rest
                .iter()
                .take_while(|route| route.subnet == first.subnet)
                .count();
            let (group, others) = rest.split_at(count);
            rest = others;
            self.heading(&format!("Routes of {}", first.subnet));
            if !group.iter().all(is_active) {
                let legend = "→ taken  ? perhaps  · overridden";
                let _ = writeln!(self.text, "    {}", self.paint.dim(legend));
            }
            let rows: Vec<Row> = told_together(group)
                .iter()
                .map(|(route, prefix, name)| Row {
                    mark: match (route.state, route.certain) {
                        ("active", true) => self.paint.with("1;32", "→"),
                        ("overridden", _) => self.paint.dim("·"),
                        _ => self.paint.with("1;33", "?"),
                    },
                    depth: 0,
                    cells: vec![
                        prefix.clone(),
                        route.next_hop_types.join(" or "),
                        route.next_hop_addresses.join(", "),
                        match route.source {
                            "private-endpoint" => "endpoint".to_owned(),
                            source => source.to_owned(),
                        },
                        name.clone().unwrap_or_default(),
                    ],
                    place: name
                        .as_ref()
                        .and_then(|_| route.place.map(|span| self.place(span))),
                    below: Vec::new(),
                    dim: route.state == "overridden",
                })
                .collect();
            let header = ["PREFIX", "NEXT HOP", "ADDRESS", "SOURCE", "NAME"];
            self.table(&header, &[0, 2, 4], &rows);
        }
    }

    fn groups(&mut self, answer: &Effective) {
        if answer.groups.is_empty() {
            return;
        }
        self.heading("Application security groups");
        for group in &answer.groups {
            let mut members: Vec<String> = group
                .members
                .iter()
                .map(|(name, addresses)| match addresses.as_slice() {
                    [] => format!("{name} (address not fixed)"),
                    addresses => format!("{name} ({})", addresses.join(", ")),
                })
                .collect();
            if !group.complete {
                members.push("perhaps others outside these files".to_owned());
            }
            if members.is_empty() {
                members.push("nobody".to_owned());
            }
            let line = format!("{}: {}", group.name, members.join(", "));
            for line in wrap(&line, self.width.saturating_sub(4)) {
                let _ = writeln!(self.text, "    {line}");
            }
        }
    }

    fn table(&mut self, header: &[&str], shrinkable: &[usize], rows: &[Row]) {
        let table = Table {
            paint: self.paint,
            width: self.width,
            header,
            shrinkable,
        };
        table.write(&mut self.text, rows);
    }

    fn access(&self, access: Option<&str>) -> String {
        match access {
            Some("Allow" | "AlwaysAllow") => self.paint.with("1;32", "✓"),
            Some(_) => self.paint.with("1;31", "✗"),
            None => self.paint.with("1;33", "?"),
        }
    }

    fn place(&self, span: Span) -> String {
        short_place(self.sources, span)
    }
}

fn is_active(route: &EffectiveRouteRow) -> bool {
    route.state == "active" && route.certain
}

/// Routes with what is written as prefix and name. Private endpoints whose addresses only Azure
/// knows are one line if there are many.
fn told_together(
    routes: &[EffectiveRouteRow],
) -> Vec<(&EffectiveRouteRow, String, Option<String>)> {
    const MANY: usize = 3;
    let mut rows = Vec::new();
    let mut rest = routes;
    while let Some(first) = rest.first() {
        let alike = |route: &&EffectiveRouteRow| {
            route.source == "private-endpoint"
                && route.prefix.starts_with('(')
                && (route.state, route.certain, &route.next_hop_types)
                    == (first.state, first.certain, &first.next_hop_types)
        };
        let count = rest.iter().take_while(alike).count();
        let (own, others) = rest.split_at(count.max(1));
        if own.len() > MANY {
            let prefix = format!("(addresses of {} private endpoints)", own.len());
            rows.push((first, prefix, None));
        } else {
            let own = own.iter();
            rows.extend(own.map(|route| (route, route.prefix.clone(), route.name.clone())));
        }
        rest = others;
    }
    rows
}

fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "Inbound",
        Direction::Outbound => "Outbound",
    }
}

fn shown(items: &[String]) -> String {
    let list = items
        .iter()
        .take(MOST_SHOWN)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match items.len().saturating_sub(MOST_SHOWN) {
        0 => list,
        more => format!("{list}, +{more}"),
    }
}
