//! Whether a peering carries packets: only if both networks have their side of it.

use std::sync::Arc;

use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::topology::Peering;
use crate::model::{Link, PeeringId, State, VnetId};
use crate::semantics::Semantics;
use crate::semantics::compile::outside;

/// What is known of a peering.
#[derive(Clone, Debug)]
pub struct Peered {
    /// Whether it carries packets: it exists, and so does the other network's side.
    pub connected: Truth,
    /// Whether `VirtualNetwork` here holds the other network's addresses.
    pub access: Truth,
    /// Whether packets that the other network only passes on are taken here.
    pub forwarded: Truth,
    /// The other network, if it is in the files.
    pub remote: Option<VnetId>,
    /// Whether all subnets of both networks are peered.
    pub complete: Truth,
    /// The other side, if it is in the files.
    pub back: Option<PeeringId>,
    /// Why it is not certain that it carries packets.
    pub unknowns: Vec<Arc<Unknown>>,
}

impl Semantics<'_> {
    /// What is known of a peering, seen from the network it is written on.
    ///
    /// A peering without its other side in these files is connected for certain only where an
    /// export says so; it is certainly not where the files are complete and lack that side.
    #[must_use]
    pub fn peered(&self, id: PeeringId) -> Peered {
        let peering: &Peering = &self.network[id];
        let mut peered = Peered {
            connected: peering.meta.existence.truth,
            access: flag(&peering.allow_virtual_network_access, true),
            forwarded: flag(&peering.allow_forwarded_traffic, false),
            remote: peering.remote.value().and_then(Link::here),
            complete: flag(&peering.complete, true),
            back: None,
            unknowns: peering.meta.existence.because.iter().cloned().collect(),
        };
        let other = self.other_side(peering, &mut peered);
        peered.connected = peered.connected.and(other);
        peered
    }

    fn other_side(&self, peering: &Peering, peered: &mut Peered) -> Truth {
        let own = peering.virtual_network.value().and_then(Link::here);
        if let (Some(own), Some(remote)) = (own, peered.remote) {
            let sides = &self.network[remote].peerings;
            let mut truth = Truth::False;
            for side in &sides.items {
                let there = &self.network[*side];
                let leads = match &there.remote.state {
                    State::Known(link) => Truth::from(link.here() == Some(own)),
                    State::Unknown(..) => Truth::Unknown,
                    State::Absent | State::Invalid { .. } => Truth::False,
                };
                if leads == Truth::True {
                    peered.back = Some(*side);
                }
                truth = truth.or(leads.and(there.meta.existence.truth));
            }
            if truth != Truth::False {
                return truth;
            }
        }
        match &peering.state.state {
            State::Known(state) => return state.eq_ignore_ascii_case("Connected").into(),
            State::Unknown(unknown, _) => {
                peered.unknowns.push(Arc::clone(unknown));
                return Truth::Unknown;
            }
            State::Absent | State::Invalid { .. } => {}
        }
        match (&peering.remote.state, peered.remote) {
            (_, Some(remote)) => match &self.network[remote].peerings.rest {
                Some(_) => {
                    let label = format!(
                        "the other side of the peering {}, which is not in these files",
                        peering.meta.address
                    );
                    let scope = &peering.meta.key.0;
                    let unknown = Unknown::new(scope, label, Reason::Outside);
                    peered.unknowns.push(Arc::new(unknown));
                    Truth::Unknown
                }
                None => Truth::False,
            },
            (State::Known(Link::External(key)), _) => {
                peered.unknowns.push(outside(key));
                Truth::Unknown
            }
            (State::Unknown(unknown, _), _) => {
                peered.unknowns.push(Arc::clone(unknown));
                Truth::Unknown
            }
            _ => Truth::Unknown,
        }
    }
}

/// A setting with its default.
pub(super) fn flag(field: &crate::model::Field<bool>, default: bool) -> Truth {
    match &field.state {
        State::Known(on) => Truth::from(*on),
        State::Absent => Truth::from(default),
        State::Unknown(..) | State::Invalid { .. } => Truth::Unknown,
    }
}
