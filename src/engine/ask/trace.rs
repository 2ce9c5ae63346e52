//! `trace`: what becomes of packets from one end to another, by one security group or by
//! everything on the way.

mod answer;
mod choice;

use std::sync::Arc;

use super::endpoint::{self, End, Written};
use super::estate::{Asked, CONNECTED, Estate};
use super::group;
use super::names::{self, Target, Wanted};
use super::tell::{Teller, layer_word, side_word, verdict_word};
use crate::engine::UsageError;
use crate::engine::config::did_you_mean;
use crate::eval::value::Truth;
use crate::model::NsgId;
use crate::model::address::{PortRange, Protocol, ProtocolMatch};
use crate::model::nsg::Direction;
use crate::model::parse;
use crate::policy::finding::MissingInput;
use crate::policy::judge::reasons;
use crate::semantics::Semantics;
use crate::semantics::packet::Family;
use crate::semantics::packet::witness::Taste;
pub use crate::semantics::reach::Verdict;
use crate::semantics::reach::{
    By, Element, Layer, LayerKind, Note, PathAnswer, PathQuestion, Setting,
};
use crate::source::Span;

pub use answer::{Trace, TraceLayer, TraceOpening, TracePart, TraceReturn, Understood};
pub(super) use choice::among;
use choice::chosen;

/// What is asked, as it was typed.
#[derive(Clone, Debug, Default)]
pub struct TraceQuestion {
    /// The sender.
    pub from: String,
    /// The receiver, with ports.
    pub to: String,
    /// `tcp`, `udp`, `icmp`, `esp`, `ah`, `any`; absent: `tcp` where a port is given, else any.
    pub protocol: Option<String>,
    /// One direction only.
    pub direction: Option<Direction>,
    /// This group alone.
    pub nsg: Option<String>,
    /// The deployment, where several have the names.
    pub deployment: Option<String>,
}

/// Answers a question in every deployment that has the names.
///
/// # Errors
///
/// When the question cannot be understood: a name of nothing or of two things, ports without a
/// protocol that has them, ends of different families.
pub fn trace(estate: &Estate, question: &TraceQuestion) -> Result<Vec<Trace>, UsageError> {
    let from = endpoint::read(&question.from)?;
    let to = endpoint::read(&question.to)?;
    let (protocols, protocol) = protocols(question.protocol.as_deref(), &from, &to)?;
    let among = among(estate, question.deployment.as_deref())?;
    let group = match &question.nsg {
        Some(name) => {
            let found = names::find(estate, &among, name, Wanted::Nsg)?;
            if found.is_empty() {
                return Err(names::unknown(estate, &among, name, Wanted::Nsg, &[]));
            }
            Some(found)
        }
        None => None,
    };
    let among: Vec<usize> = match &group {
        Some(found) => found.keys().copied().collect(),
        None => among,
    };
    let from_ends = endpoint::resolve(estate, &among, &from)?;
    let to_ends = endpoint::resolve(estate, &among, &to)?;
    let chosen = chosen(estate, &among, &from_ends, &to_ends, group.is_some())?;
    let mut answers = Vec::new();
    for index in chosen {
        let (Some(asked), Some(from_end), Some(to_end)) = (
            estate.deployments.get(index),
            from_ends.of(index),
            to_ends.of(index),
        ) else {
            continue;
        };
        let nsg = group.as_ref().and_then(|found| match found.get(&index) {
            Some(Target::Nsg(nsg)) => Some(*nsg),
            _ => None,
        });
        let semantics = estate.as_asked(asked);
        let from_end = &endpoint::as_sender(&asked.network, from_end)?;
        let one = One {
            asked,
            teller: Teller::new(asked, estate.facts),
            from: from_end,
            to: to_end,
            from_ports: &from.ports,
            to_ports: &to.ports,
            protocols: &protocols,
            protocol,
            direction: question.direction,
            family: endpoint::family(&asked.network, from_end, to_end)?,
            taste: semantics.example_addresses(),
        };
        let ask = |semantics: &Semantics<'_>| match nsg {
            Some(nsg) => one.by_group(semantics, nsg),
            None => one.by_path(semantics),
        };
        let mut answer = ask(&semantics);
        // A path asks for both readings itself.
        if nsg.is_some() && !asked.network.routes.is_empty() {
            let narrow = ask(&estate.semantics(asked)).verdict;
            if narrow != answer.verdict {
                let note = Note::WithoutWidenedTag(narrow);
                answer.notes.push(one.teller.note(&note));
            }
        }
        let tags = one.by_tags(&semantics, &answer, || {
            let blind = Semantics::new(&asked.network, estate.facts, asked.settings.cloud);
            let blind = blind.with_admin_rules_deployed().widened();
            ask(&blind).verdict
        });
        answer.notes.extend(tags);
        if asked.taken_as_connected {
            answer.notes.push(CONNECTED.to_owned());
        }
        let admin = layer_word(LayerKind::AdminRules);
        if answer.layers.iter().any(|it| it.layer == admin) {
            let assumed = semantics.admin_assumptions().into_iter();
            answer
                .notes
                .extend(assumed.map(|it| format!("taken for granted: {it}")));
        }
        answers.push(answer);
    }
    Ok(answers)
}

/// The protocols that are meant, and their word.
fn protocols(
    text: Option<&str>,
    from: &Written,
    to: &Written,
) -> Result<(Vec<Protocol>, &'static str), UsageError> {
    let with_ports = !from.ports.is_empty() || !to.ports.is_empty();
    let protocol = match text {
        None if with_ports => ProtocolMatch::Only(Protocol::Tcp),
        None => ProtocolMatch::Any,
        Some(text) => parse::protocol(text).map_err(|_| UsageError {
            message: format!("`{text}` is not a protocol"),
            help: did_you_mean(text, ["tcp", "udp", "icmp", "esp", "ah", "any"])
                .or_else(|| Some("there are tcp, udp, icmp, esp, ah and any".to_owned())),
        })?,
    };
    let (protocols, word) = match protocol {
        ProtocolMatch::Any => (Vec::new(), "any"),
        ProtocolMatch::Only(protocol) => (
            vec![protocol],
            match protocol {
                Protocol::Tcp => "tcp",
                Protocol::Udp => "udp",
                Protocol::Icmp => "icmp",
                Protocol::Esp => "esp",
                Protocol::Ah => "ah",
                Protocol::Other => "other",
            },
        ),
    };
    let portless = !protocols.is_empty()
        && !protocols
            .iter()
            .all(|it| matches!(it, Protocol::Tcp | Protocol::Udp));
    if with_ports && portless {
        return Err(UsageError {
            message: format!("{word} has no ports"),
            help: Some("leave the port away, or ask for tcp or udp".to_owned()),
        });
    }
    Ok((protocols, word))
}

/// A question in one deployment.
pub(super) struct One<'a> {
    pub(super) asked: &'a Asked,
    pub(super) teller: Teller<'a>,
    pub(super) from: &'a End,
    pub(super) to: &'a End,
    pub(super) from_ports: &'a [PortRange],
    pub(super) to_ports: &'a [PortRange],
    pub(super) protocols: &'a [Protocol],
    pub(super) protocol: &'static str,
    pub(super) direction: Option<Direction>,
    pub(super) family: Family,
    /// Addresses to show packets with.
    pub(super) taste: Taste,
}

impl One<'_> {
    /// What service tags' addresses have to do with an answer; `opaque` gives the verdict without
    /// them.
    fn by_tags(
        &self,
        semantics: &Semantics<'_>,
        answer: &Trace,
        opaque: impl FnOnce() -> Verdict,
    ) -> Option<String> {
        let list = self.asked.settings.service_tags.as_ref()?;
        if semantics.consulted_tags().listed.is_empty() {
            return None;
        }
        let list = list.describe();
        Some(if opaque() == answer.verdict {
            format!("service tags: {list}; without their addresses the verdict is the same")
        } else {
            let verdict = verdict_word(answer.verdict);
            format!("{verdict} today, by the addresses of service tags: {list}")
        })
    }

    fn by_group(&self, semantics: &Semantics<'_>, nsg: NsgId) -> Trace {
        let (direction, said) = match self.direction {
            Some(direction) => (direction, None),
            None => {
                let (direction, why) = group::direction(self, semantics, nsg);
                (direction, Some(why))
            }
        };
        let mut answer = group::ask(self, semantics, nsg, direction);
        answer.notes.extend(said);
        answer.notes.extend(self.end_notes());
        answer
    }

    fn by_path(&self, semantics: &Semantics<'_>) -> Trace {
        let answer = semantics.path(&PathQuestion {
            from: self.from.endpoint.clone(),
            to: self.to.endpoint.clone(),
            protocols: self.protocols.to_vec(),
            ports: self.to_ports.to_vec(),
            source_ports: self.from_ports.to_vec(),
            family: self.family,
            direction: self.direction,
            smtp: self.asked.settings.smtp_offer(),
        });
        self.told(&answer)
    }

    fn told(&self, answer: &PathAnswer) -> Trace {
        let teller = &self.teller;
        let blocker = answer.first_blocker.as_ref();
        let mut depends_on: Vec<MissingInput> = Vec::new();
        for dependency in &answer.depends_on {
            for input in teller.dependency(dependency) {
                if !depends_on.contains(&input) {
                    depends_on.push(input);
                }
            }
        }
        let mut notes: Vec<String> = answer.notes.iter().map(|it| teller.note(it)).collect();
        notes.extend(self.end_notes());
        Trace {
            verdict: answer.verdict,
            deployment: Arc::clone(&self.asked.name),
            question: self.understood(self.direction, None),
            decided_by: blocker
                .filter(|_| answer.verdict == Verdict::Denied)
                .map(|blocker| teller.by(&blocker.by, answer.witness.as_ref())),
            witness: answer.witness,
            stopped: answer.stopped,
            layers: answer
                .layers
                .iter()
                .map(|layer| self.layer(layer))
                .collect(),
            depends_on,
            conditions: answer
                .conditions
                .iter()
                .map(|condition| teller.condition(condition))
                .collect(),
            opened_by: answer
                .openings
                .iter()
                .map(|opening| TraceOpening {
                    settings: opening
                        .settings
                        .iter()
                        .map(|setting| self.setting(answer, setting))
                        .collect(),
                    verdict: opening.verdict,
                })
                .collect(),
            return_path: answer
                .return_path
                .iter()
                .map(|way| TraceReturn {
                    from: teller.element(&Element::Subnet(way.from)).0,
                    hops: way.hops.iter().map(|(by, _)| teller.by(by, None)).collect(),
                    symmetric: match way.symmetric {
                        Truth::True => Some(true),
                        Truth::False => Some(false),
                        Truth::Unknown => None,
                    },
                })
                .collect(),
            notes,
        }
    }

    /// A change, with the rule that a new one would have to come before.
    fn setting(&self, answer: &PathAnswer, setting: &Setting) -> (String, Option<Span>) {
        let blocker = answer
            .blockers
            .iter()
            .find(|blocker| blocker.setting.as_ref() == Some(setting));
        match (setting, blocker.map(|blocker| &blocker.by)) {
            (Setting::AllowInGroup { nsg, direction }, Some(by @ By::Rule(..))) => {
                let told = self.teller.by(by, answer.witness.as_ref());
                self.teller.rule_before(*nsg, *direction, &told)
            }
            _ => self.teller.setting(setting),
        }
    }

    fn layer(&self, layer: &Layer) -> TraceLayer {
        let (name, place) = self.teller.element(&layer.at);
        let parts: Vec<TracePart> = layer
            .parts
            .iter()
            .map(|part| {
                let hit = part.flows.is_hit_near(&self.taste);
                TracePart {
                    by: self.teller.by(&part.by, hit.witness.as_ref()),
                    verdict: part.verdict,
                    witness: hit.witness,
                    ports: hit.ports,
                    certain: hit.truth == Truth::True,
                }
            })
            .collect();
        let depends_on = match layer.verdict {
            Verdict::Depends => layer
                .parts
                .iter()
                .flat_map(|part| part.flows.is_hit().unknowns)
                .flat_map(|unknown| reasons::missing(std::slice::from_ref(&unknown)))
                .fold(Vec::new(), |mut all, input| {
                    if !all.contains(&input) {
                        all.push(input);
                    }
                    all
                }),
            _ => Vec::new(),
        };
        TraceLayer {
            layer: layer_word(layer.kind),
            side: side_word(layer.side),
            direction: layer.direction,
            name,
            place,
            after: layer.after,
            verdict: layer.verdict,
            decided_by: match parts.as_slice() {
                [one] => Some(one.by.clone()),
                _ => None,
            },
            depends_on,
            parts,
        }
    }

    pub(super) fn understood(
        &self,
        direction: Option<Direction>,
        nsg: Option<String>,
    ) -> Understood {
        Understood {
            from: self.from.display.clone(),
            to: self.to.display.clone(),
            protocol: self.protocol.to_owned(),
            ports: self.to_ports.to_vec(),
            source_ports: self.from_ports.to_vec(),
            direction,
            nsg,
        }
    }

    fn end_notes(&self) -> Vec<String> {
        let ends = [self.from, self.to];
        ends.into_iter()
            .filter_map(|end| end.note.clone())
            .collect()
    }
}
