//! Contracts as written: flows and what happens to them.

use super::expression::ExprSource;
use super::one_or_many;
use super::reader::{Reader, Text, find};
use crate::source::Span;
use crate::syntax::yaml::{Entry, Yaml};

/// Flows and what happens to them.
#[derive(Clone, Debug)]
pub struct ContractSpec {
    /// Its place.
    pub span: Span,
    /// Which packets; at least one.
    pub flows: Vec<FlowSpecSource>,
    /// False: not this contract.
    pub when: Option<ExprSource>,
    /// Only packets of which this is true as well.
    pub given: Option<AnswerSpec>,
    /// What must not, or must, happen to them.
    pub answer: AnswerSpec,
}

/// `verdict by of`
#[derive(Clone, Debug)]
pub struct AnswerSpec {
    /// What happens.
    pub verdict: VerdictSpec,
    /// Where; absent: the subject's layer.
    pub by: Option<Layer>,
    /// To whom; absent: the subject.
    pub of: Option<ExprSource>,
    /// Read so that user-defined routes widen `VirtualNetwork` on their subnets.
    pub widened: bool,
    /// The place of the verdict.
    pub span: Span,
}

/// What happens to a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerdictSpec {
    /// The subject is what decides it.
    Decided,
    /// It passes.
    Allowed,
    /// It does not.
    Denied,
    /// It gets there, through every layer on the way, and the replies come back.
    Delivered,
    /// Its next hop is of one of these kinds.
    RoutedTo(Vec<HopKind>),
    /// Not told, or no such verdict: an error that keeps its rule from loading.
    Unreadable,
}

/// A layer that decides on packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// One network security group.
    Nsg,
    /// All groups a subnet is behind.
    Subnet,
    /// All groups a network interface is behind: its own and its subnet's.
    NetworkInterface,
    /// An Azure Firewall.
    Firewall,
}

/// Kinds of next hops as rules name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum HopKind {
    Internet,
    VirtualNetwork,
    Peering,
    Gateway,
    AzureFirewall,
    Appliance,
    None,
    ServiceEndpoint,
    PrivateEndpoint,
}

/// The words for next hops.
pub const HOP_KINDS: [(&str, HopKind); 9] = [
    ("internet", HopKind::Internet),
    ("virtual-network", HopKind::VirtualNetwork),
    ("peering", HopKind::Peering),
    ("gateway", HopKind::Gateway),
    ("azure-firewall", HopKind::AzureFirewall),
    ("appliance", HopKind::Appliance),
    ("none", HopKind::None),
    ("service-endpoint", HopKind::ServiceEndpoint),
    ("private-endpoint", HopKind::PrivateEndpoint),
];

/// The words for layers.
pub(crate) const LAYERS: [(&str, Layer); 4] = [
    ("nsg", Layer::Nsg),
    ("subnet", Layer::Subnet),
    ("network-interface", Layer::NetworkInterface),
    ("firewall", Layer::Firewall),
];

/// The words for readings: whether `VirtualNetwork` is widened.
const READINGS: [(&str, bool); 2] = [("plain", false), ("widened", true)];

/// One value of a flow: as written, or computed.
#[derive(Clone, Debug)]
pub enum FlowValue {
    /// A literal.
    Literal(Text),
    /// `${E}`
    Expr(ExprSource),
}

/// A flow as written; what is empty is any.
#[derive(Clone, Debug, Default)]
pub struct FlowSpecSource {
    /// `Inbound`, `Outbound`; absent: the subject's.
    pub direction: Option<FlowValue>,
    /// Protocols.
    pub protocol: Vec<FlowValue>,
    /// Senders.
    pub from: Vec<FlowValue>,
    /// Receivers.
    pub to: Vec<FlowValue>,
    /// Receivers' ports.
    pub ports: Vec<FlowValue>,
    /// Senders' ports.
    pub source_ports: Vec<FlowValue>,
    /// More far addresses than this.
    pub wider_than: Option<FlowValue>,
    /// The same by several rules together, none of which has so many alone.
    pub wider_together_than: Option<FlowValue>,
}

/// The keys of a contract.
pub(crate) const CONTRACT_KEYS: [&str; 7] =
    ["flows", "when", "given", "verdict", "by", "of", "reading"];

/// The keys of an answer, which are the last of those.
pub(crate) const ANSWER_KEYS: [&str; 4] = ["verdict", "by", "of", "reading"];

/// The words for verdicts, but for `routed-to`.
pub(crate) const VERDICTS: [(&str, Verdict); 4] = [
    ("decided", Verdict::Decided),
    ("allowed", Verdict::Allowed),
    ("denied", Verdict::Denied),
    ("delivered", Verdict::Delivered),
];

/// A verdict that is one word.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verdict {
    Decided,
    Allowed,
    Denied,
    Delivered,
}

pub(super) fn read_contracts(node: &Yaml, reader: &mut Reader<'_>) -> Vec<ContractSpec> {
    let mut contracts = Vec::new();
    for item in one_or_many(node) {
        let entries = reader.map(item, "a contract", &CONTRACT_KEYS);
        let flows = match find(entries, "flows") {
            Some(node) => one_or_many(node)
                .iter()
                .map(|item| FlowSpecSource::read(item, reader))
                .collect(),
            None => vec![FlowSpecSource::default()],
        };
        let when = find(entries, "when").and_then(|node| ExprSource::read(node, reader));
        let given = find(entries, "given").map(|node| {
            let entries = reader.map(node, "`given`", &ANSWER_KEYS);
            AnswerSpec::read(node.span, entries, reader)
        });
        contracts.push(ContractSpec {
            span: item.span,
            flows,
            when,
            given,
            answer: AnswerSpec::read(item.span, entries, reader),
        });
    }
    contracts
}

impl AnswerSpec {
    fn read(span: Span, entries: &[Entry], reader: &mut Reader<'_>) -> Self {
        let node = find(entries, "verdict");
        if node.is_none() {
            reader.missing(span, &["verdict"], span, "`verdict` is missing");
        }
        let verdict = node.and_then(|node| VerdictSpec::read(node, reader));
        Self {
            verdict: verdict.unwrap_or(VerdictSpec::Unreadable),
            by: find(entries, "by").and_then(|node| reader.word(node, "layer", &LAYERS)),
            of: find(entries, "of").and_then(|node| ExprSource::read(node, reader)),
            widened: find(entries, "reading")
                .and_then(|node| reader.word(node, "reading", &READINGS))
                .unwrap_or(false),
            span: node.map_or(span, |node| node.span),
        }
    }
}

impl VerdictSpec {
    fn read(node: &Yaml, reader: &mut Reader<'_>) -> Option<Self> {
        if node.entries().is_some() {
            let entries = reader.map(node, "a verdict", &["routed-to"]);
            let kinds = find(entries, "routed-to").map(one_or_many).unwrap_or(&[]);
            if kinds.is_empty() {
                let message = "`routed-to` names no next hop";
                reader.missing(node.span, &["routed-to"], node.span, message);
            }
            let kinds = kinds
                .iter()
                .filter_map(|kind| reader.word(kind, "next hop", &HOP_KINDS))
                .collect();
            return Some(Self::RoutedTo(kinds));
        }
        Some(match reader.word(node, "verdict", &VERDICTS)? {
            Verdict::Decided => Self::Decided,
            Verdict::Allowed => Self::Allowed,
            Verdict::Denied => Self::Denied,
            Verdict::Delivered => Self::Delivered,
        })
    }
}

impl FlowSpecSource {
    /// The keys of a flow.
    pub const KEYS: [&'static str; 8] = [
        "direction",
        "protocol",
        "from",
        "to",
        "ports",
        "source-ports",
        "wider-than",
        "wider-together-than",
    ];

    fn read(node: &Yaml, reader: &mut Reader<'_>) -> Self {
        let mut flow = Self::default();
        for entry in reader.map(node, "a flow", &Self::KEYS) {
            let values = one_or_many(&entry.value)
                .iter()
                .filter_map(|node| FlowValue::read(node, &entry.key, reader))
                .collect();
            flow.set(&entry.key, values);
        }
        flow
    }

    /// Sets one key; `false` if there is no such key.
    pub fn set(&mut self, key: &str, values: Vec<FlowValue>) -> bool {
        match key {
            "direction" => self.direction = values.into_iter().next(),
            "protocol" => self.protocol = values,
            "from" => self.from = values,
            "to" => self.to = values,
            "ports" => self.ports = values,
            "source-ports" => self.source_ports = values,
            "wider-than" => self.wider_than = values.into_iter().next(),
            "wider-together-than" => self.wider_together_than = values.into_iter().next(),
            _ => return false,
        }
        true
    }
}

impl FlowValue {
    fn read(node: &Yaml, key: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, &format!("`{key}`"))?;
        let inner = text
            .value
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'));
        match inner {
            Some(_) => ExprSource::read_interpolation(node, reader).map(Self::Expr),
            None => Some(Self::Literal(text)),
        }
    }
}
