//! One walk along a path: stages recorded, packets handed on.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::sets;
use super::{
    Blocker, By, Element, Layer, LayerKind, Note, Part, PathQuestion, PathSide, ReturnPath,
    Setting, Verdict,
};
use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::nsg::Direction;
use crate::model::{FirewallId, NicId, SubnetId, VnetId};
use crate::semantics::packet::answer::add_unknown;
use crate::semantics::packet::{Answer, FlowSet};
use crate::semantics::{Bounds, Semantics};

/// More stages than this are not followed.
const MAX_LAYERS: usize = 400;

/// More appliances than this on one way are not followed.
pub(super) const MAX_APPLIANCES: usize = 8;

/// The name of both limits.
pub(super) const PATH_EXCEEDED: &str = "length of the path";

/// Where a machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Site {
    /// A network interface of these files, in one of its subnets.
    Nic(NicId, SubnetId),
    /// A subnet, on a machine that the files do not tell.
    Subnet(SubnetId),
}

impl Site {
    pub(super) fn subnet(self) -> SubnetId {
        match self {
            Self::Nic(_, subnet) | Self::Subnet(subnet) => subnet,
        }
    }
}

/// Where packets come from, for the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// A machine here.
    Here(Site),
    /// The Internet.
    Internet,
    /// Beyond a gateway, a peer or a hub outside the files.
    Elsewhere,
    /// Azure itself: probes.
    Platform,
}

/// Something that keeps the state of connections and must see the replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Device {
    Firewall(FirewallId),
    Nic(NicId),
    /// An appliance the files do not tell.
    Unknown,
}

/// Packets on their way.
#[derive(Clone, Debug)]
pub(super) struct Moving {
    /// As they are now. Certain: those that get here in every world.
    pub(super) flows: Answer,
    /// The last stage.
    pub(super) after: Option<usize>,
    /// A stage before stopped all of them: what follows is told, but nothing arrives.
    pub(super) stopped: bool,
    pub(super) sender: Sender,
    /// What they have been through and their replies must come back through, since their source was
    /// last translated.
    pub(super) devices: Vec<Device>,
    /// Every appliance they have been through.
    pub(super) visited: Vec<Device>,
    /// Whether a machine that did not send them handed them on.
    pub(super) forwarded: Truth,
    /// Whether a firewall put an address of its own in the place of the sender's.
    pub(super) source_translated: bool,
    /// Whether their destination was translated.
    pub(super) translated: bool,
    /// Whose side they are on.
    pub(super) side: PathSide,
}

/// A stage to be asked.
pub(super) struct Gate {
    pub(super) kind: LayerKind,
    pub(super) direction: Option<Direction>,
    pub(super) at: Element,
    /// The packets that may arrive, split: together they hold all of them.
    pub(super) parts: Vec<Part>,
    /// What would open it.
    pub(super) setting: Option<Setting>,
}

/// A walk.
#[derive(Clone)]
pub(super) struct Walk<'s, 'a> {
    pub(super) semantics: &'s Semantics<'a>,
    pub(super) question: &'s PathQuestion,
    /// Settings taken as changed.
    pub(super) opened: &'s BTreeSet<Setting>,
    pub(super) layers: Vec<Layer>,
    pub(super) blockers: Vec<Blocker>,
    pub(super) notes: Vec<Note>,
    pub(super) returns: Vec<ReturnPath>,
    /// The packets of the question, as they start.
    pub(super) asked: Vec<Answer>,
    /// Packets that get to the end, as they arrive.
    pub(super) arrived: Vec<Answer>,
    /// Packets that may be stopped, as they were there.
    pub(super) lost: Vec<Answer>,
    /// What stages hang on.
    pub(super) unknowns: Vec<Arc<Unknown>>,
    pub(super) undecided: Option<&'static str>,
    pub(super) target: Target,
    /// The network the target is in, where it is in one.
    pub(super) target_network: Option<VnetId>,
}

/// What packets are for, if that is more than an address.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Sites(Vec<Site>),
    ByAddress,
}

impl<'s, 'a> Walk<'s, 'a> {
    pub(super) fn new(
        semantics: &'s Semantics<'a>,
        question: &'s PathQuestion,
        opened: &'s BTreeSet<Setting>,
    ) -> Self {
        Self {
            semantics,
            question,
            opened,
            layers: Vec::new(),
            blockers: Vec::new(),
            notes: Vec::new(),
            returns: Vec::new(),
            asked: Vec::new(),
            arrived: Vec::new(),
            lost: Vec::new(),
            unknowns: Vec::new(),
            undecided: None,
            target: Target::ByAddress,
            target_network: None,
        }
    }

    /// The verdict of everything walked so far.
    pub(super) fn verdict(&self) -> Verdict {
        let arrives = self.arrived.iter().any(|one| !one.flows.may.is_empty());
        match (arrives, self.lost.is_empty() && self.undecided.is_none()) {
            (true, true) => Verdict::Allowed,
            (false, _) if self.undecided.is_none() => Verdict::Denied,
            _ => Verdict::Depends,
        }
    }

    pub(super) fn note(&mut self, note: Note) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The path is too long to follow.
    pub(super) fn give_up(&mut self) {
        self.undecided = Some(PATH_EXCEEDED);
    }

    /// Asks a stage: records it and hands on what passes. Where nothing passes, hands on everything
    /// as stopped, so that the rest of the way is told too.
    pub(super) fn gate(&mut self, moving: Moving, gate: Gate) -> Option<Moving> {
        if self.layers.len() >= MAX_LAYERS {
            self.give_up();
            return None;
        }
        let arriving = Answer::exactly(moving.flows.flows.may.clone());
        if arriving.flows.may.is_empty() {
            return None;
        }
        let open = gate
            .setting
            .as_ref()
            .is_some_and(|setting| self.opened.contains(setting));
        let passed = if open {
            arriving.clone()
        } else {
            passed_of(&arriving, &gate.parts)
        };
        let lost = arriving.minus(&Answer::exactly(passed.flows.must.clone()));
        let verdict = if lost.flows.may.is_empty() {
            Verdict::Allowed
        } else if passed.flows.may.is_empty() {
            Verdict::Denied
        } else {
            Verdict::Depends
        };
        let layer = self.layers.len();
        if verdict != Verdict::Allowed {
            self.blocked(&gate, layer, &lost, verdict);
            if !moving.stopped {
                self.lost.push(lost);
                self.undecided = self.undecided.or(passed.undecided);
            }
        }
        self.layers.push(Layer {
            kind: gate.kind,
            side: moving.side,
            direction: gate.direction,
            at: gate.at,
            after: moving.after,
            verdict,
            parts: gate.parts,
        });
        let mut next = moving;
        next.after = Some(layer);
        if verdict == Verdict::Denied {
            next.stopped = true;
        } else {
            next.flows = sets::passing(&next.flows, &passed);
        }
        Some(next)
    }

    /// The packets get to the end.
    pub(super) fn arrive(&mut self, moving: Moving) {
        if !moving.stopped {
            self.arrived.push(moving.flows);
        }
    }

    fn blocked(&mut self, gate: &Gate, layer: usize, lost: &Answer, verdict: Verdict) {
        let stops = |verdict| gate.parts.iter().filter(move |one| one.verdict == verdict);
        for part in gate
            .parts
            .iter()
            .filter(|one| one.verdict != Verdict::Allowed)
        {
            for unknown in &part.flows.unknowns {
                add_unknown(&mut self.unknowns, unknown);
            }
            if let By::Unknown(unknown) = &part.by {
                add_unknown(&mut self.unknowns, &unknown.0);
            }
        }
        // The one that stops most comes first: a deny before what is not known.
        let first = stops(Verdict::Denied)
            .next()
            .or(stops(Verdict::Depends).next());
        let Some(first) = first else { return };
        let mut certain = Truth::Unknown;
        for part in stops(Verdict::Denied) {
            certain = certain.or(part.flows.is_hit().truth);
        }
        if verdict == Verdict::Denied {
            certain = Truth::True;
        }
        self.blockers.push(Blocker {
            layer,
            by: first.by.clone(),
            flows: lost.clone(),
            certain,
            setting: gate.setting.clone(),
        });
    }
}

/// What passes, of packets that are split: certain are those that no part may stop.
fn passed_of(arriving: &Answer, parts: &[Part]) -> Answer {
    let family = arriving.family();
    let of = |keep: fn(Verdict) -> bool| {
        let parts = parts.iter().filter(|part| keep(part.verdict));
        let mut any = Answer::any_of(family, parts.map(|part| part.flows.clone()).collect());
        any.flows.must = FlowSet::empty(family);
        any
    };
    let perhaps = of(|verdict| verdict != Verdict::Allowed);
    let possible = of(|verdict| verdict != Verdict::Denied);
    let certain = arriving.minus(&perhaps);
    let mut unknowns = possible.unknowns.clone();
    for unknown in &perhaps.unknowns {
        add_unknown(&mut unknowns, unknown);
    }
    Answer {
        flows: Bounds {
            must: certain.flows.must,
            may: possible.flows.may,
        },
        unknowns,
        undecided: certain.undecided.or(possible.undecided),
    }
}

/// An unknown that stands for something outside the files.
pub(super) fn outside(label: String) -> Arc<Unknown> {
    Arc::new(Unknown::new("path", label, Reason::Outside))
}
