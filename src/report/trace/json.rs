//! The JSON of `trace`. The structs are the format.

use std::io;

use serde::Serialize;

use super::{ports, together};
use crate::engine::ask::estate::Estate;
use crate::engine::ask::tell::{Told, verdict_word};
use crate::engine::ask::trace::{Trace, TraceLayer, TracePart};
use crate::engine::ask::words::direction;
use crate::report::json::{At, Diagnostic, Missing, Packet, at, diagnostics, missing, packet};
use crate::source::SourceMap;

/// Version of the format; it changes when a reader may break.
const VERSION: u32 = 1;

pub(super) fn write(estate: &Estate, answers: &[Trace], out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(estate, answers))?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    version: u32,
    /// Of several deployments what all agree on, else `depends`.
    verdict: &'static str,
    /// The answer, where one deployment was asked.
    #[serde(flatten)]
    only: Option<Answer<'a>>,
    /// All answers, where several deployments were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    answers: Vec<One<'a>>,
    diagnostics: Vec<Diagnostic<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    verdict: &'static str,
    #[serde(flatten)]
    answer: Answer<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    deployment: &'a str,
    question: Question<'a>,
    decided_by: Option<Decider<'a>>,
    witness: Option<Packet>,
    /// With `depends`: a packet that is or may be stopped.
    stopped: Option<Packet>,
    layers: Vec<Layer<'a>>,
    depends_on: Vec<Missing<'a>>,
    conditions: &'a [String],
    opened_by: Vec<Opening<'a>>,
    return_path: Option<ReturnPath<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Question<'a> {
    from: &'a str,
    to: &'a str,
    protocol: &'a str,
    /// One port, or several as text; null: any.
    port: Option<Port>,
    source_port: Option<Port>,
    direction: Option<&'static str>,
    nsg: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Port {
    One(u16),
    Many(String),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Layer<'a> {
    layer: &'static str,
    side: &'static str,
    direction: Option<&'static str>,
    name: &'a str,
    /// Where the element is written that the stage belongs to.
    #[serde(flatten)]
    at: Option<At>,
    /// The stage before it, by position from 0.
    after: Option<usize>,
    verdict: &'static str,
    decided_by: Option<Decider<'a>>,
    depends_on: Vec<Missing<'a>>,
    /// The packets by what decides them, where several things do.
    parts: Vec<Part<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Decider<'a> {
    kind: &'static str,
    name: &'a str,
    priority: Option<u32>,
    access: Option<&'static str>,
    resource: Option<&'a str>,
    remark: Option<&'a str>,
    #[serde(flatten)]
    at: Option<At>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    verdict: &'static str,
    decided_by: Decider<'a>,
    witness: Option<Packet>,
    /// Whether there are such packets whatever is not known.
    certain: bool,
    ports: Option<Port>,
}

#[derive(Serialize)]
struct Opening<'a> {
    verdict: &'static str,
    settings: Vec<Setting<'a>>,
}

#[derive(Serialize)]
struct Setting<'a> {
    what: &'a str,
    #[serde(flatten)]
    at: Option<At>,
}

#[derive(Serialize)]
struct ReturnPath<'a> {
    /// Null: not known.
    symmetric: Option<bool>,
    ways: Vec<Way<'a>>,
}

#[derive(Serialize)]
struct Way<'a> {
    from: &'a str,
    symmetric: Option<bool>,
    hops: Vec<Decider<'a>>,
}

fn document<'a>(estate: &'a Estate, answers: &'a [Trace]) -> Document<'a> {
    let sources = &estate.sources;
    let several = answers.len() > 1;
    Document {
        version: VERSION,
        verdict: verdict_word(together(answers)),
        only: answers
            .first()
            .filter(|_| !several)
            .map(|trace| answer(sources, trace)),
        answers: answers
            .iter()
            .filter(|_| several)
            .map(|trace| One {
                verdict: verdict_word(trace.verdict),
                answer: answer(sources, trace),
            })
            .collect(),
        diagnostics: diagnostics(sources, &estate.diagnostics),
    }
}

fn answer<'a>(sources: &SourceMap, trace: &'a Trace) -> Answer<'a> {
    let question = &trace.question;
    Answer {
        deployment: &trace.deployment,
        question: Question {
            from: &question.from,
            to: &question.to,
            protocol: &question.protocol,
            port: port(&question.ports),
            source_port: port(&question.source_ports),
            direction: question.direction.map(direction),
            nsg: question.nsg.as_deref(),
        },
        decided_by: trace.decided_by.as_ref().map(|told| decider(sources, told)),
        witness: trace.witness.as_ref().map(packet),
        stopped: trace.stopped.as_ref().map(packet),
        layers: trace.layers.iter().map(|own| layer(sources, own)).collect(),
        depends_on: missing(sources, &trace.depends_on),
        conditions: &trace.conditions,
        opened_by: trace
            .opened_by
            .iter()
            .map(|opening| Opening {
                verdict: verdict_word(opening.verdict),
                settings: opening
                    .settings
                    .iter()
                    .map(|(what, place)| Setting {
                        what,
                        at: place.map(|span| at(sources, span)),
                    })
                    .collect(),
            })
            .collect(),
        return_path: return_path(sources, trace),
        notes: &trace.notes,
    }
}

fn layer<'a>(sources: &SourceMap, layer: &'a TraceLayer) -> Layer<'a> {
    let several = layer.parts.len() > 1;
    Layer {
        layer: layer.layer,
        side: layer.side,
        direction: layer.direction.map(direction),
        name: &layer.name,
        at: layer.place.map(|span| at(sources, span)),
        after: layer.after,
        verdict: verdict_word(layer.verdict),
        decided_by: layer.decided_by.as_ref().map(|told| decider(sources, told)),
        depends_on: missing(sources, &layer.depends_on),
        parts: layer
            .parts
            .iter()
            .filter(|_| several)
            .map(|own| part(sources, own))
            .collect(),
    }
}

fn part<'a>(sources: &SourceMap, part: &'a TracePart) -> Part<'a> {
    Part {
        verdict: verdict_word(part.verdict),
        decided_by: decider(sources, &part.by),
        witness: part.witness.as_ref().map(packet),
        certain: part.certain,
        ports: port(&part.ports),
    }
}

fn decider<'a>(sources: &SourceMap, told: &'a Told) -> Decider<'a> {
    Decider {
        kind: told.kind,
        name: &told.name,
        priority: told.priority,
        access: told.access,
        resource: told.resource.as_deref(),
        remark: told.remark.as_deref(),
        at: told.place.map(|span| at(sources, span)),
    }
}

fn return_path<'a>(sources: &SourceMap, trace: &'a Trace) -> Option<ReturnPath<'a>> {
    let all: Vec<Option<bool>> = trace.return_path.iter().map(|way| way.symmetric).collect();
    let symmetric = if all.contains(&Some(false)) {
        Some(false)
    } else if all.iter().all(|one| *one == Some(true)) {
        Some(true)
    } else {
        None
    };
    (!all.is_empty()).then(|| ReturnPath {
        symmetric,
        ways: trace
            .return_path
            .iter()
            .map(|way| Way {
                from: &way.from,
                symmetric: way.symmetric,
                hops: way.hops.iter().map(|told| decider(sources, told)).collect(),
            })
            .collect(),
    })
}

fn port(ranges: &[crate::engine::ask::words::PortRange]) -> Option<Port> {
    match ranges {
        [] => None,
        [one] if one.first == one.last => Some(Port::One(one.first)),
        [one] if one.first == 0 && one.last == u16::MAX => None,
        several => Some(Port::Many(ports(several))),
    }
}
