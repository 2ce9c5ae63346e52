//! The flows of a contract: literals and expressions to descriptions of packets.

use std::sync::Arc;

use crate::model::address::{AddressPrefix, PortRange, Protocol};
use crate::model::nsg::Direction;
use crate::model::{Field, List};
use crate::origin::OriginId;
use crate::policy::datum::{Data, Datum};
use crate::policy::expr::{Compiled, Evaluation, Trace, address_list, port_list};
use crate::semantics::packet::Side;
use crate::semantics::rules::{AddressSpec, FlowSpec};

/// A flow with its literals read and its expressions checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct FlowNode {
    pub(crate) direction: Option<Direction>,
    /// `Inbound` or `Outbound`, where it is computed.
    pub(crate) direction_of: Option<Compiled>,
    pub(crate) protocols: Vec<Protocol>,
    /// Names of protocols, where they are computed.
    pub(crate) protocols_of: Vec<Compiled>,
    pub(crate) from: Vec<Addresses>,
    pub(crate) to: Vec<Addresses>,
    pub(crate) ports: Vec<Ports>,
    pub(crate) source_ports: Vec<Ports>,
    pub(crate) wider_than: Option<Width>,
    /// Only what several rules are wide by together, and none alone.
    pub(crate) together: bool,
}

/// Addresses of a flow.
#[derive(Clone, Debug)]
pub(crate) enum Addresses {
    Prefix(AddressPrefix),
    NamedSet(Arc<str>),
    Computed(Compiled),
}

/// Ports of a flow.
#[derive(Clone, Debug)]
pub(crate) enum Ports {
    Range(PortRange),
    Computed(Compiled),
}

/// How many addresses are too many.
#[derive(Clone, Debug)]
pub(crate) enum Width {
    Number(i64),
    Computed(Compiled),
}

/// A flow with everything filled in.
#[derive(Debug)]
pub(crate) struct Filled {
    /// Together they are the flow.
    pub(crate) specs: Vec<FlowSpec>,
    /// Sides where one address is meant, not known which, of those named.
    pub(crate) somewhere: Vec<Side>,
    /// Not all the ports that may be meant are.
    pub(crate) some_ports: bool,
    pub(crate) wider_than: Option<i64>,
    pub(crate) trace: Trace,
}

/// Fills in the values; `None` if one of them is certainly an empty list, so that no packet is
/// meant.
pub(crate) fn flow_spec(
    flow: &FlowNode,
    direction: Direction,
    evaluation: &mut Evaluation<'_, '_>,
) -> Option<Filled> {
    let mut filled = Filled {
        specs: Vec::new(),
        somewhere: Vec::new(),
        some_ports: false,
        wider_than: None,
        trace: Trace::default(),
    };
    filled.wider_than = match &flow.wider_than {
        Some(Width::Number(number)) => Some(*number),
        Some(Width::Computed(expression)) => match evaluation.compute(expression).0.data {
            Data::Number(number) => Some(number),
            _ => None,
        },
        None => None,
    };
    let from = addresses(&flow.from, Side::Source, evaluation, &mut filled)?;
    let to = addresses(&flow.to, Side::Destination, evaluation, &mut filled)?;
    let ports = ports(&flow.ports, evaluation, &mut filled)?;
    let source_ports = self::ports(&flow.source_ports, evaluation, &mut filled)?;
    let mut protocols = flow.protocols.clone();
    for one in &flow.protocols_of {
        let (value, trace) = evaluation.compute(one);
        filled.trace.reads.extend(trace.reads);
        protocols.extend(words(&value).iter().filter_map(|word| protocol(word)));
        if !value.is_known() {
            // Any protocol may be meant, none is certain.
            filled.some_ports = true;
            filled.trace.unknowns.extend(trace.unknowns);
        }
    }
    filled.specs.push(FlowSpec {
        direction,
        protocols,
        from,
        to,
        ports,
        source_ports,
    });
    Some(filled)
}

/// A protocol by its name; `None` for any.
pub(super) fn protocol(word: &str) -> Option<Protocol> {
    let known = PROTOCOLS.iter().find(|(known, _)| *known == word);
    known.and_then(|(_, protocol)| *protocol)
}

/// The names of protocols in a flow.
pub(super) const PROTOCOLS: [(&str, Option<Protocol>); 6] = [
    ("*", None),
    ("Tcp", Some(Protocol::Tcp)),
    ("Udp", Some(Protocol::Udp)),
    ("Icmp", Some(Protocol::Icmp)),
    ("Esp", Some(Protocol::Esp)),
    ("Ah", Some(Protocol::Ah)),
];

/// The texts in a value: itself, or those of a list.
pub(super) fn words(value: &Datum) -> Vec<Arc<str>> {
    match &value.data {
        Data::Text(text) => vec![Arc::clone(text)],
        Data::List(items) => {
            let items = items.items.iter();
            items.flat_map(|item| words(&item.datum)).collect()
        }
        _ => Vec::new(),
    }
}

fn addresses(
    of: &[Addresses],
    side: Side,
    evaluation: &mut Evaluation<'_, '_>,
    filled: &mut Filled,
) -> Option<Vec<AddressSpec>> {
    let mut specs = Vec::new();
    for one in of {
        match one {
            Addresses::Prefix(prefix) => specs.push(AddressSpec::Prefix(prefix.clone())),
            Addresses::NamedSet(name) => specs.push(AddressSpec::NamedSet(Arc::clone(name))),
            Addresses::Computed(expression) => {
                let (value, trace) = evaluation.compute(expression);
                if is_somewhere(&value) {
                    filled.somewhere.push(side);
                }
                filled.trace.reads.extend(trace.reads);
                let list = address_list(&value);
                specs.push(AddressSpec::Prefixes(closed(list, value.origin)));
            }
        }
    }
    let empty = !specs.is_empty()
        && specs
            .iter()
            .all(|spec| matches!(spec, AddressSpec::Prefixes(list) if list.is_empty()));
    (!empty).then_some(specs)
}

fn is_somewhere(value: &Datum) -> bool {
    match &value.data {
        Data::Within(_) => true,
        Data::List(items) => items
            .items
            .iter()
            .any(|item| matches!(item.datum.data, Data::Within(_))),
        _ => false,
    }
}

/// The items of a list; what is missing becomes one unknown item.
fn closed<T>(list: List<Field<T>>, origin: OriginId) -> Vec<Field<T>> {
    let mut items = list.items;
    if let Some(rest) = list.rest {
        items.push(Field {
            state: crate::model::State::Unknown(rest, None),
            origin,
        });
    }
    items
}

fn ports(
    of: &[Ports],
    evaluation: &mut Evaluation<'_, '_>,
    filled: &mut Filled,
) -> Option<Vec<PortRange>> {
    let mut ranges = Vec::new();
    for one in of {
        match one {
            Ports::Range(range) => ranges.push(*range),
            Ports::Computed(expression) => {
                let (value, trace) = evaluation.compute(expression);
                filled.trace.reads.extend(trace.reads);
                let list = port_list(&value);
                let mut open = list.rest;
                for item in &list.items {
                    match item.value() {
                        Some(range) => ranges.push(*range),
                        None => open = open.or_else(|| item.unknown().map(Arc::clone)),
                    }
                }
                if let Some(unknown) = open {
                    // Any port may be meant, none is certain.
                    filled.some_ports = true;
                    filled.trace.unknowns.push(unknown);
                    ranges.push(PortRange::ALL);
                }
            }
        }
    }
    (of.is_empty() || !ranges.is_empty()).then_some(ranges)
}
