//! What was found in words, with places.

use super::words;
use super::{Both, BriefTold, DeadTold, DecisionTold, RegionTold};
use crate::engine::ask::tell::{Told, name_of};
use crate::eval::value::Unknown;
use crate::model::nsg::{Access, Direction};
use crate::model::{Link, NsgId, State};
use crate::policy::finding::MissingInput;
use crate::policy::judge::reasons;
use crate::semantics::Ruling;
use crate::semantics::compare::{Brief, By, Decision, NewlyDead, Region};
use crate::semantics::packet::Flow;
use std::sync::Arc;

impl Both<'_> {
    /// What a person calls the group on something.
    pub(super) fn guard(&self, index: usize, guard: &crate::model::Field<Link<NsgId>>) -> String {
        let network = &self.asked[index].network;
        match &guard.state {
            State::Absent => "no security group".to_owned(),
            State::Known(Link::Here(nsg)) => format!("`{}`", name_of(&network[*nsg].meta)),
            State::Known(Link::External(key)) => format!("`{}`", key.within_deployment()),
            State::Unknown(unknown, _) => unknown.label.to_string(),
            State::Invalid { raw, .. } => format!("`{raw}`"),
        }
    }

    pub(super) fn dead(&self, nsg: NsgId, dead: &NewlyDead) -> DeadTold {
        let [_, teller] = &self.tellers;
        let told = |rule| teller.ruling(nsg, &Ruling::Custom(rule), None);
        DeadTold {
            rule: told(dead.rule),
            cover: dead.cover.iter().map(|rule| told(*rule)).collect(),
            acts_otherwise: dead.acts_otherwise,
            added: dead.added,
        }
    }

    pub(super) fn region(&self, direction: Direction, region: &Region) -> RegionTold {
        let family = region.flows.family();
        let source = words::addresses(&region.source, family);
        let destination = words::addresses(&region.destination, family);
        RegionTold {
            direction: match direction {
                Direction::Inbound => "inbound",
                Direction::Outbound => "outbound",
            },
            certain: region.certain,
            protocols: words::protocols(&region.protocols),
            source: source.0,
            source_except: source.1,
            source_ports: words::ports(&region.source_ports),
            destination: destination.0,
            destination_except: destination.1,
            destination_ports: words::ports(&region.destination_ports),
            witness: region.witness,
            old: self.decision(0, &region.old, region.witness.as_ref()),
            new: self.decision(1, &region.new, region.witness.as_ref()),
            needs: needs(&region.unknowns),
        }
    }

    /// Some regions of one pair of decisions together.
    pub(super) fn brief(
        &self,
        direction: Direction,
        brief: &Brief,
        regions: &[Region],
    ) -> Option<BriefTold> {
        let mut parts = brief.parts.iter().filter_map(|part| regions.get(*part));
        let first = parts.next()?;
        let family = first.flows.family();
        let mut region = self.region(direction, first);
        for missing in parts.flat_map(|part| needs(&part.unknowns)) {
            if !region.needs.contains(&missing) {
                region.needs.push(missing);
            }
        }
        (region.source, region.source_except) = words::addresses(&brief.source, family);
        (region.destination, region.destination_except) =
            words::addresses(&brief.destination, family);
        let protocols = words::protocols_briefly(&brief.protocols);
        let source_ports = words::ports_briefly(&brief.source_ports);
        let destination_ports = words::ports_briefly(&brief.destination_ports);
        region.protocols = protocols.0;
        region.source_ports = source_ports.0;
        region.destination_ports = destination_ports.0;
        Some(BriefTold {
            region,
            parts: brief.parts.len(),
            exact: brief.exact,
            protocols_except: protocols.1,
            source_ports_except: source_ports.1,
            destination_ports_except: destination_ports.1,
        })
    }

    fn decision(&self, index: usize, decision: &Decision, witness: Option<&Flow>) -> DecisionTold {
        let plain = |kind, name: String| Told {
            kind,
            name,
            priority: None,
            access: None,
            resource: None,
            place: None,
            remark: None,
        };
        let by = decision.by.iter().map(|by| match by {
            By::Rule(nsg, rule) => self.tellers[index].ruling(*nsg, rule, witness),
            By::Bypass => plain("platform", "traffic with the platform itself".to_owned()),
            By::NoGroup => plain("no-group", "no security group".to_owned()),
            By::Outside(name) => plain("unknown", name.to_string()),
            By::NoRule => plain("no-rule", "no rule".to_owned()),
        });
        DecisionTold {
            access: decision.access.map(|access| match access {
                Access::Allow => "Allow",
                Access::Deny => "Deny",
            }),
            by: by.collect(),
        }
    }
}

/// What would have to be known, each once.
pub(super) fn needs(unknowns: &[Arc<Unknown>]) -> Vec<MissingInput> {
    let mut all: Vec<MissingInput> = Vec::new();
    for input in reasons::missing(unknowns) {
        // Which version's files it would be in is not told.
        let input = MissingInput {
            place: None,
            ..input
        };
        if !all.contains(&input) {
            all.push(input);
        }
    }
    all
}
