//! Regions that the same rules decide, together: a change in as few words as the rules behind it.

use std::collections::BTreeMap;

use super::outcome::Change;
use super::{By, Found, Name, Region};
use crate::eval::value::Truth;
use crate::semantics::packet::atoms::Dimension;
use crate::semantics::packet::diagram::Diagrams;
use crate::semantics::packet::regions::{self, Named, Shape};
use crate::semantics::packet::space::Exceeded;

/// Regions of one pair of decisions.
#[derive(Clone, Debug)]
pub struct Brief {
    /// Which of the regions that opened, or that closed; the largest first.
    pub parts: Vec<usize>,
    /// Whether the conditions below mean no other packets than those of the parts.
    pub exact: bool,
    /// Protocols of the parts, as [`crate::semantics::packet::protocol_code`] numbers them.
    pub protocols: Shape<Name>,
    /// Where they come from.
    pub source: Shape<Name>,
    /// From which ports.
    pub source_ports: Shape<Name>,
    /// Where they go.
    pub destination: Shape<Name>,
    /// To which ports.
    pub destination_ports: Shape<Name>,
}

/// For each pair of decisions, in the order of its largest region.
pub(super) fn summaries(
    diagrams: &mut Diagrams,
    regions: &[regions::Region],
    found: &[(Change, Region)],
    [sources, destinations]: [&[Named<Name>]; 2],
) -> Result<Vec<Brief>, Exceeded> {
    type Pair<'r> = (Truth, Truth, bool, &'r [By], &'r [By]);
    let mut pairs: BTreeMap<Pair<'_>, Vec<usize>> = BTreeMap::new();
    for (index, (change, region)) in found.iter().enumerate() {
        let (old, new) = (region.old.by.as_slice(), region.new.by.as_slice());
        let pair = (change.opened, change.closed, region.certain, old, new);
        pairs.entry(pair).or_default().push(index);
    }
    let mut ordered: Vec<Vec<usize>> = pairs.into_values().collect();
    ordered.sort();
    let mut all = Vec::with_capacity(ordered.len());
    for parts in ordered {
        let own = parts.iter().filter_map(|part| regions.get(*part).copied());
        let Some(around) = diagrams.joined_region(&own.collect::<Vec<_>>())? else {
            continue;
        };
        let mut exact = parts.len() == 1;
        let none: &[Named<Name>] = &[];
        let mut shape = |dimension, names| {
            let (shape, exactly) = diagrams.describe_briefly(&around, dimension, names)?;
            exact &= exactly;
            Ok(shape)
        };
        let (protocols, source, source_ports, destination, destination_ports) = (
            shape(Dimension::Protocol, none)?,
            shape(Dimension::Source, sources)?,
            shape(Dimension::SourcePort, none)?,
            shape(Dimension::Destination, destinations)?,
            shape(Dimension::DestinationPort, none)?,
        );
        all.push(Brief {
            parts,
            exact,
            protocols,
            source,
            source_ports,
            destination,
            destination_ports,
        });
    }
    Ok(all)
}

impl Found {
    /// What opened, and what closed, numbered as those are listed.
    pub(super) fn briefly(&self) -> (Vec<Brief>, Vec<Brief>) {
        let of = |is: fn(&Change) -> bool| {
            let mut numbers = BTreeMap::new();
            let own = self.regions.iter().enumerate();
            for (index, _) in own.filter(|(_, (change, _))| is(change)) {
                numbers.insert(index, numbers.len());
            }
            let briefs = self.summaries.iter().map(|brief| Brief {
                parts: brief
                    .parts
                    .iter()
                    .filter_map(|part| numbers.get(part).copied())
                    .collect(),
                ..brief.clone()
            });
            briefs.filter(|brief| !brief.parts.is_empty()).collect()
        };
        let opened = of(|change| change.opened != Truth::False);
        (opened, of(|change| change.closed != Truth::False))
    }
}
