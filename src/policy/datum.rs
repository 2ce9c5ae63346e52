//! The values predicates compute with.
//!
//! A [`Datum`] is a fact of the model with its origin: a scalar, an address or port range, an
//! element of the network, or a list of them. Elements are handles, so that following a relation
//! costs nothing until a predicate asks for a field. Unknown is a value; lists may be open, and
//! their items may be uncertain to be there.

use std::net::IpAddr;
use std::sync::Arc;

use indexmap::IndexMap;
use ipnet::IpNet;

use super::vocabulary::Kind;
use crate::eval::value::{Truth, Unknown, without_marks};
use crate::model::address::{AddressPrefix, PortRange};
use crate::origin::OriginId;

/// A value and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Datum {
    pub(crate) data: Data,
    pub(crate) origin: OriginId,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    /// Not written; `null` in predicates.
    Absent,
    Bool(bool),
    Number(i64),
    Text(Arc<str>),
    Address(AddressPrefix),
    /// One address, not known which, of these.
    Within(Arc<[AddressPrefix]>),
    Ports(PortRange),
    Element(Element),
    /// An element that is not in the files, by what is known of its name.
    External(Arc<str>),
    List(Arc<Items>),
    Object(Arc<IndexMap<Arc<str>, Datum>>),
    /// Not known; the candidates, if those are.
    Unknown(Arc<Unknown>, Arc<[Datum]>),
}

/// One element of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Element {
    pub(crate) kind: Kind,
    pub(crate) id: u32,
}

/// The items of a list, and what may be missing from it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Items {
    pub(crate) items: Vec<Item>,
    pub(crate) rest: Option<Arc<Unknown>>,
}

/// One item; `present` is not True where its existence hangs on something.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) datum: Datum,
    pub(crate) present: Truth,
    pub(crate) because: Option<Arc<Unknown>>,
}

impl Item {
    pub(crate) fn certain(datum: Datum) -> Self {
        Self {
            datum,
            present: Truth::True,
            because: None,
        }
    }
}

impl Datum {
    pub(crate) fn new(data: Data, origin: OriginId) -> Self {
        Self { data, origin }
    }

    /// A value that comes from nowhere in the files.
    pub(crate) fn constant(data: Data) -> Self {
        Self::new(data, OriginId::NONE)
    }

    pub(crate) fn text(text: impl Into<Arc<str>>) -> Self {
        Self::constant(Data::Text(text.into()))
    }

    pub(crate) fn list(items: Vec<Item>, rest: Option<Arc<Unknown>>) -> Self {
        Self::constant(Data::List(Arc::new(Items { items, rest })))
    }

    pub(crate) fn unknown(unknown: Arc<Unknown>) -> Self {
        Self::constant(Data::Unknown(unknown, Arc::from([])))
    }

    pub(crate) fn truth_value(truth: Truth, because: Option<Arc<Unknown>>) -> Self {
        match (truth, because) {
            (Truth::True, _) => Self::constant(Data::Bool(true)),
            (Truth::False, _) => Self::constant(Data::Bool(false)),
            (Truth::Unknown, Some(because)) => Self::unknown(because),
            (Truth::Unknown, None) => Self::unknown(undecided()),
        }
    }

    /// As a condition; what is not written counts as false.
    pub(crate) fn truth(&self) -> Truth {
        match &self.data {
            Data::Bool(value) => (*value).into(),
            Data::Absent => Truth::False,
            Data::Unknown(_, candidates) => {
                let mut truths = candidates.iter().map(Self::truth);
                match truths.next() {
                    Some(first) if truths.all(|other| other == first) => first,
                    _ => Truth::Unknown,
                }
            }
            _ => Truth::Unknown,
        }
    }

    /// Whether nothing in it is unknown.
    pub(crate) fn is_known(&self) -> bool {
        match &self.data {
            Data::Unknown(..) | Data::Within(_) => false,
            Data::List(items) => {
                items.rest.is_none()
                    && items
                        .items
                        .iter()
                        .all(|item| item.present == Truth::True && item.datum.is_known())
            }
            Data::Object(entries) => entries.values().all(Self::is_known),
            _ => true,
        }
    }

    /// Whether two values are equal, as far as can be known. Addresses and ports compare with
    /// texts and numbers by what these mean.
    pub(crate) fn equals(&self, other: &Self) -> Truth {
        use Data::*;
        match (&self.data, &other.data) {
            (Unknown(a, _), Unknown(b, _)) if a.id == b.id => Truth::True,
            (Unknown(_, candidates), _) => any_candidate(candidates, other),
            (_, Unknown(_, candidates)) => any_candidate(candidates, self),
            (Absent, Absent) => Truth::True,
            (Within(_), Absent) | (Absent, Within(_)) => Truth::False,
            (Within(_), _) | (_, Within(_)) => Truth::Unknown,
            (Bool(a), Bool(b)) => (a == b).into(),
            (Number(a), Number(b)) => (a == b).into(),
            (Text(a), Text(b)) => (a == b).into(),
            (Text(text), Number(number)) | (Number(number), Text(text)) => {
                (text.parse() == Ok(*number)).into()
            }
            (Address(a), Address(b)) => (a == b).into(),
            (Address(address), Text(text)) | (Text(text), Address(address)) => {
                parse_address(text).map_or(Truth::False, |b| (*address == b).into())
            }
            (Ports(a), Ports(b)) => (a == b).into(),
            (Ports(ports), Text(text)) | (Text(text), Ports(ports)) => {
                (parse_ports(text) == Some(*ports)).into()
            }
            (Ports(ports), Number(number)) | (Number(number), Ports(ports)) => {
                let single = i64::from(ports.first) == *number && ports.first == ports.last;
                single.into()
            }
            (Element(a), Element(b)) => (a == b).into(),
            (External(a), External(b)) if a == b => Truth::True,
            (External(_), External(_)) => Truth::Unknown,
            (List(a), List(b)) => lists_equal(a, b),
            _ => Truth::False,
        }
    }

    /// As text for messages; `None` for lists and objects.
    pub(crate) fn display(&self) -> Option<String> {
        Some(match &self.data {
            Data::Absent => "nothing".into(),
            Data::Bool(value) => value.to_string(),
            Data::Number(number) => number.to_string(),
            Data::Text(text) => text.to_string(),
            Data::External(key) => without_marks(key),
            Data::Address(address) => display_address(address),
            Data::Within(blocks) => {
                let blocks: Vec<String> = blocks.iter().map(display_address).collect();
                format!("an address in {}", blocks.join(", "))
            }
            Data::Ports(ports) => display_ports(*ports),
            Data::Unknown(unknown, candidates) if candidates.is_empty() => {
                unknown.label.to_string()
            }
            Data::Unknown(_, candidates) => {
                let all: Vec<String> = candidates.iter().filter_map(Self::display).collect();
                all.join(" or ")
            }
            Data::Element(_) | Data::List(_) | Data::Object(_) => return None,
        })
    }
}

/// Stands for a question that was given up for its size.
pub(crate) fn undecided() -> Arc<Unknown> {
    use crate::eval::value::Reason;
    Arc::new(Unknown::new(
        "policy",
        "what these files do not tell",
        Reason::Derived,
    ))
}

fn any_candidate(candidates: &[Datum], other: &Datum) -> Truth {
    if candidates.is_empty() {
        return Truth::Unknown;
    }
    let mut answers = candidates.iter().map(|one| one.equals(other));
    let first = answers.next().unwrap_or(Truth::Unknown);
    if answers.all(|answer| answer == first) {
        first
    } else {
        Truth::Unknown
    }
}

fn lists_equal(a: &Items, b: &Items) -> Truth {
    let certain = |list: &Items| {
        list.rest.is_none() && list.items.iter().all(|item| item.present == Truth::True)
    };
    if !certain(a) || !certain(b) {
        return Truth::Unknown;
    }
    if a.items.len() != b.items.len() {
        return Truth::False;
    }
    a.items
        .iter()
        .zip(&b.items)
        .map(|(a, b)| a.datum.equals(&b.datum))
        .fold(Truth::True, Truth::and)
}

/// Reads what a rule file calls an address: `*`, an address, a block, `a-b`, or else a service
/// tag.
pub(crate) fn parse_address(text: &str) -> Option<AddressPrefix> {
    let text = text.trim();
    if text == "*" {
        return Some(AddressPrefix::Any);
    }
    if let Ok(block) = text.parse::<IpNet>() {
        return Some(AddressPrefix::Block(block.trunc()));
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(AddressPrefix::Block(IpNet::from(address)));
    }
    if let Some((first, last)) = text.split_once('-')
        && let (Ok(first), Ok(last)) = (first.parse::<IpAddr>(), last.parse::<IpAddr>())
    {
        return Some(AddressPrefix::Range(first, last));
    }
    let tag = |c: char| c.is_ascii_alphanumeric() || c == '.';
    (text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(tag))
        .then(|| AddressPrefix::Tag(crate::model::address::ServiceTag::new(text)))
}

/// Reads ports: `*`, `25`, `1-1024`.
pub(crate) fn parse_ports(text: &str) -> Option<PortRange> {
    let text = text.trim();
    if text == "*" {
        return Some(PortRange::ALL);
    }
    if let Ok(port) = text.parse() {
        return Some(PortRange::single(port));
    }
    let (first, last) = text.split_once('-')?;
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then_some(PortRange { first, last })
}

/// As Azure writes it.
pub(crate) fn display_address(address: &AddressPrefix) -> String {
    match address {
        AddressPrefix::Any => "*".into(),
        AddressPrefix::Block(block) if block.prefix_len() == block.max_prefix_len() => {
            block.addr().to_string()
        }
        AddressPrefix::Block(block) => block.to_string(),
        AddressPrefix::Range(first, last) => format!("{first}-{last}"),
        AddressPrefix::Tag(tag) => tag.name().to_string(),
        AddressPrefix::Asg(_) => "an application security group".into(),
    }
}

/// As Azure writes it.
pub(crate) fn display_ports(ports: PortRange) -> String {
    if ports == PortRange::ALL {
        "*".into()
    } else if ports.first == ports.last {
        ports.first.to_string()
    } else {
        format!("{}-{}", ports.first, ports.last)
    }
}
