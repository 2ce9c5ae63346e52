//! `trace` for the terminal: the verdict, the stages in their order, and what would change it.

use std::fmt::Write as _;
use std::io;

use super::{Style, ports};
use crate::engine::ask::estate::Estate;
use crate::engine::ask::tell::{Told, verdict_word};
use crate::engine::ask::trace::{Trace, TraceLayer, Verdict};
use crate::engine::ask::words::{self, Direction};
use crate::report::human::text::{Paint, packet, short_place, wrap};
use crate::report::table::{Row, Table};
use crate::semantics::packet::Flow;
use crate::source::{SourceMap, Span};

pub(super) fn write(
    estate: &Estate,
    answers: &[Trace],
    style: Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let several = answers.len() > 1;
    for (position, trace) in answers.iter().enumerate() {
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
            estate.deployments.len() > 1 || estate.has_environment(trace.deployment.as_ref());
        page.head(trace, several || one_of_several);
        page.layers(&trace.layers, trace.verdict == Verdict::Denied);
        page.tail(trace);
        out.write_all(page.text.as_bytes())?;
    }
    Ok(())
}

/// More parts of one stage than this are only counted.
const MOST_PARTS: usize = 6;

struct Page<'a> {
    sources: &'a SourceMap,
    paint: Paint,
    width: usize,
    text: String,
}

impl Page<'_> {
    fn head(&mut self, trace: &Trace, name_it: bool) {
        let question = &trace.question;
        let mut asked = format!("{} {}", question.protocol, question.from);
        if !question.source_ports.is_empty() {
            let _ = write!(asked, " port {}", ports(&question.source_ports));
        }
        let _ = write!(asked, " → {}", question.to);
        if !question.ports.is_empty() {
            let _ = write!(asked, " port {}", ports(&question.ports));
        }
        if let Some(nsg) = &question.nsg {
            let way = question.direction.map_or("", words::direction);
            let _ = write!(asked, ", {way} through {nsg} alone");
        } else if let Some(direction) = question.direction {
            let _ = write!(asked, ", {} only", words::direction(direction));
        }
        let verdict = self
            .paint
            .verdict(trace.verdict, verdict_word(trace.verdict));
        let _ = writeln!(self.text, "{} {verdict}  {asked}", self.mark(trace.verdict));
        if name_it {
            let line = format!("in {}", trace.deployment);
            let _ = writeln!(self.text, "  {}", self.paint.dim(&line));
        }
        self.text.push('\n');
    }

    fn layers(&mut self, layers: &[TraceLayer], denied: bool) {
        let mut rows = Vec::new();
        for layer in layers {
            // Replies to what never arrives are no one's concern.
            if denied && layer.layer == "return-path" && layer.verdict != Verdict::Denied {
                continue;
            }
            let way = match layer.direction {
                Some(Direction::Inbound) => "in",
                Some(Direction::Outbound) => "out",
                None => "",
            };
            let name = match layer.name.as_str() {
                name if layer
                    .decided_by
                    .as_ref()
                    .is_some_and(|by| is_itself(by, name)) =>
                {
                    ""
                }
                name => name,
            };
            let head = vec![layer.layer.to_owned(), way.to_owned(), name.to_owned()];
            match &layer.decided_by {
                Some(by) => rows.push(self.row(layer.verdict, 0, head, by)),
                None => {
                    rows.push(Row {
                        mark: self.mark(layer.verdict),
                        depth: 0,
                        cells: head,
                        place: None,
                        below: Vec::new(),
                        dim: false,
                    });
                    rows.extend(self.parts(layer));
                }
            }
        }
        let table = Table {
            paint: self.paint,
            width: self.width,
            header: &[],
            shrinkable: &[],
        };
        table.write(&mut self.text, &rows);
    }

    /// What decides, one line each, with a packet where they tell the parts apart.
    fn parts(&self, layer: &TraceLayer) -> Vec<Row> {
        let mut seen = Vec::new();
        let mut left = 0_usize;
        let first = layer.parts.first().and_then(|part| part.witness);
        let apart = layer.parts.iter().any(|part| part.witness != first);
        let mut rows = Vec::new();
        for part in &layer.parts {
            let known = (part.verdict, &part.by);
            if seen.contains(&known) {
                continue;
            }
            seen.push(known);
            if seen.len() > MOST_PARTS {
                left += 1;
                continue;
            }
            let example = part.witness.as_ref().filter(|_| apart);
            let example = example.map_or_else(String::new, short_packet);
            let what = match (part.certain, example.as_str()) {
                (true, example) => example.to_owned(),
                (false, "") => "perhaps".to_owned(),
                (false, example) => format!("perhaps {example}"),
            };
            let head = vec![String::new(); 3];
            let mut row = self.row(part.verdict, 1, head, &part.by);
            if let (Some(decider), false) = (row.cells.last_mut(), what.is_empty()) {
                let _ = write!(decider, ": {what}");
            }
            rows.push(row);
        }
        if left > 0 {
            let mut cells = vec![String::new(); 3];
            cells.push(format!("and {left} more"));
            rows.push(Row {
                mark: " ".to_owned(),
                depth: 1,
                cells,
                place: None,
                below: Vec::new(),
                dim: true,
            });
        }
        rows
    }

    fn row(&self, verdict: Verdict, depth: usize, mut cells: Vec<String>, by: &Told) -> Row {
        let mut decider = by.name.clone();
        if let Some(priority) = by.priority {
            let _ = write!(decider, " {priority}");
        }
        if let Some(access) = by.access {
            let _ = write!(decider, " {access}");
        }
        if let Some(remark) = &by.remark {
            let _ = write!(decider, ", {remark}");
        }
        cells.push(decider);
        Row {
            mark: self.mark(verdict),
            depth,
            cells,
            place: by.place.map(|span| self.place(span)),
            below: Vec::new(),
            dim: false,
        }
    }

    fn tail(&mut self, trace: &Trace) {
        let mut fields: Vec<(&str, String)> = Vec::new();
        if let Some(flow) = &trace.witness {
            fields.push(("packet", packet(flow)));
        }
        if let Some(flow) = &trace.stopped {
            fields.push(("stopped", packet(flow)));
        }
        for condition in &trace.conditions {
            fields.push(("", condition.clone()));
        }
        for input in &trace.depends_on {
            let at = input.place.map(|span| format!(" ({})", self.place(span)));
            let text = format!("{}{}: {}", input.what, at.unwrap_or_default(), input.settle);
            fields.push(("depends on", text));
        }
        for opening in &trace.opened_by {
            let all: Vec<String> = opening
                .settings
                .iter()
                .map(|(what, place)| match place {
                    Some(span) => format!("{what} ({})", self.place(*span)),
                    None => what.clone(),
                })
                .collect();
            let then = match opening.verdict {
                Verdict::Allowed => "",
                _ => "; then it depends on what is not known",
            };
            fields.push(("opened by", format!("{}{then}", all.join(", and "))));
        }
        let replies = trace.return_path.iter();
        for way in replies.filter(|_| trace.verdict != Verdict::Denied) {
            let hops: Vec<String> = way
                .hops
                .iter()
                .map(|hop| match &hop.remark {
                    Some(remark) => format!("{} {remark}", hop.name),
                    None => hop.name.clone(),
                })
                .collect();
            let how = match way.symmetric {
                Some(true) => "the same way",
                Some(false) => "another way",
                None => "perhaps another way",
            };
            let text = format!("{how}, from {}: {}", way.from, hops.join(", "));
            if !fields
                .iter()
                .any(|(name, own)| *name == "replies" && *own == text)
            {
                fields.push(("replies", text));
            }
        }
        for note in &trace.notes {
            fields.push(("note", note.clone()));
        }
        if !fields.is_empty() && !trace.layers.is_empty() {
            self.text.push('\n');
        }
        let indent = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let mut last = "";
        for (name, text) in fields {
            let shown = if name == last { "" } else { name };
            last = name;
            let room = self.width.saturating_sub(indent + 4).max(20);
            for (position, line) in wrap(&text, room).into_iter().enumerate() {
                let head = if position == 0 { shown } else { "" };
                let pad = indent - head.len();
                let head = self.paint.strong(head, None);
                let _ = writeln!(self.text, "  {head}{:pad$}  {line}", "");
            }
        }
    }

    fn mark(&self, verdict: Verdict) -> String {
        let mark = match verdict {
            Verdict::Allowed => "✓",
            Verdict::Denied => "✗",
            Verdict::Depends => "?",
        };
        self.paint.verdict(verdict, mark)
    }

    fn place(&self, span: Span) -> String {
        short_place(self.sources, span)
    }
}

/// Whether what decides at a stage is what the stage belongs to, and no rule of the same name.
fn is_itself(by: &Told, name: &str) -> bool {
    let is_rule = by.access.is_some() || by.kind.ends_with("route") || by.kind.ends_with("rule");
    by.name == name && !is_rule
}

/// Sender, receiver and port.
fn short_packet(flow: &Flow) -> String {
    let port = match flow.destination_port {
        0 => String::new(),
        port => format!(" port {port}"),
    };
    format!("{} → {}{port}", flow.source, flow.destination)
}

impl Paint {
    fn verdict(self, verdict: Verdict, text: &str) -> String {
        let code = match verdict {
            Verdict::Allowed => "1;32",
            Verdict::Denied => "1;31",
            Verdict::Depends => "1;33",
        };
        self.with(code, text)
    }
}
