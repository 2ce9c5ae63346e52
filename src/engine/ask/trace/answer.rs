//! What a trace says, as plain data.

use std::sync::Arc;

use super::super::tell::{Told, verdict_word};
use crate::model::address::PortRange;
use crate::model::nsg::Direction;
use crate::policy::finding::MissingInput;
use crate::semantics::packet::Flow;
use crate::semantics::reach::Verdict;
use crate::source::Span;

/// The answer in one deployment.
#[derive(Clone, Debug)]
pub struct Trace {
    /// What becomes of the packets.
    pub verdict: Verdict,
    /// The deployment's name.
    pub deployment: Arc<str>,
    /// What was asked, as it was understood.
    pub question: Understood,
    /// What stops them first; of one group, what decides.
    pub decided_by: Option<Told>,
    /// A packet that shows the verdict.
    pub witness: Option<Flow>,
    /// With `Depends`: a packet that is, or may be, stopped.
    pub stopped: Option<Flow>,
    /// The stages in path order.
    pub layers: Vec<TraceLayer>,
    /// What would settle the verdict.
    pub depends_on: Vec<MissingInput>,
    /// "allowed if …"
    pub conditions: Vec<String>,
    /// The fewest changes that would open the path: each is enough.
    pub opened_by: Vec<TraceOpening>,
    /// The ways of the replies, where the whole path was asked for.
    pub return_path: Vec<TraceReturn>,
    /// What else there is to say.
    pub notes: Vec<String>,
}

/// A question as it was understood.
#[derive(Clone, Debug)]
pub struct Understood {
    /// The sender, for people.
    pub from: String,
    /// The receiver, for people.
    pub to: String,
    /// `tcp`, …, `any`
    pub protocol: String,
    /// Destination ports; empty: any.
    pub ports: Vec<PortRange>,
    /// Source ports; empty: any.
    pub source_ports: Vec<PortRange>,
    /// One direction only.
    pub direction: Option<Direction>,
    /// The group that was asked alone.
    pub nsg: Option<String>,
}

/// One stage.
#[derive(Clone, Debug)]
pub struct TraceLayer {
    /// `nic-nsg`, `subnet-nsg`, `route`, …
    pub layer: &'static str,
    /// `source`, `between`, `destination`
    pub side: &'static str,
    /// The way packets cross it.
    pub direction: Option<Direction>,
    /// What it belongs to.
    pub name: String,
    /// Where that is written.
    pub place: Option<Span>,
    /// The stage before it, by position.
    pub after: Option<usize>,
    /// What it does to the packets that arrive.
    pub verdict: Verdict,
    /// What decides, if one thing does.
    pub decided_by: Option<Told>,
    /// What would settle it.
    pub depends_on: Vec<MissingInput>,
    /// The packets split by what decides them.
    pub parts: Vec<TracePart>,
}

/// Packets that one thing decides.
#[derive(Clone, Debug)]
pub struct TracePart {
    /// What decides them.
    pub by: Told,
    /// What it does.
    pub verdict: Verdict,
    /// One of them.
    pub witness: Option<Flow>,
    /// Their destination ports.
    pub ports: Vec<PortRange>,
    /// Whether there are such packets in every world.
    pub certain: bool,
}

/// Changes that together open a path.
#[derive(Clone, Debug)]
pub struct TraceOpening {
    /// What to change, and where.
    pub settings: Vec<(String, Option<Span>)>,
    /// What becomes of the packets then.
    pub verdict: Verdict,
}

/// The way of replies from one subnet.
#[derive(Clone, Debug)]
pub struct TraceReturn {
    /// The subnet.
    pub from: String,
    /// Where they go.
    pub hops: Vec<Told>,
    /// `true`: through every device that keeps the connection; `None`: not known.
    pub symmetric: Option<bool>,
}

impl Trace {
    /// The verdict as a word.
    #[must_use]
    pub fn verdict_word(&self) -> &'static str {
        verdict_word(self.verdict)
    }
}
