//! What would settle a question, and what else an answer says.

use super::{Teller, name_of, verdict_word};
use crate::policy::finding::MissingInput;
use crate::policy::judge::reasons;
use crate::semantics::packet::atoms::{Atom, Literal, Predicate};
use crate::semantics::reach::{Condition, Dependency, Element, Note};

impl Teller<'_> {
    /// What would settle a question.
    pub(in crate::engine::ask) fn dependency(&self, dependency: &Dependency) -> Vec<MissingInput> {
        match dependency {
            Dependency::Atom(literal) => vec![self.of_atom(&literal.atom)],
            Dependency::Unknown(unknown) => reasons::missing(std::slice::from_ref(unknown)),
            Dependency::Limit(name) => vec![MissingInput {
                what: format!("not decided: the {name} exceeds what is worked out"),
                place: None,
                settle: "ask for a smaller part: one address, one port".to_owned(),
            }],
            Dependency::Packets => vec![MissingInput {
                what: "which packet: those asked about fare differently".to_owned(),
                place: None,
                settle: "ask for one address and one port".to_owned(),
            }],
        }
    }

    /// What would settle an opaque predicate.
    pub(in crate::engine::ask) fn of_atom(&self, atom: &Atom) -> MissingInput {
        if let Some(unknown) = &atom.unknown
            && let Some(input) = reasons::missing(std::slice::from_ref(unknown)).pop()
        {
            return input;
        }
        let settle = match &atom.predicate {
            Predicate::Tag(_) => "give the published addresses with `--service-tags FILE`",
            Predicate::VirtualNetwork(_) => {
                "add the files of its peers and gateways, or attach the group to a subnet"
            }
            Predicate::Group(_) => "fix the addresses of its members, or add the files they are in",
            Predicate::AddressList(_) => "add the files it is in",
            Predicate::Name(_) => "ask for an address instead",
            Predicate::Request(_) => "packets do not tell: it shows when the request is made",
            Predicate::ServiceEndpoint(_) => {
                "look at the effective routes of a machine in the subnet: Azure keeps them up"
            }
            Predicate::Unknown(_) => "give it a value in a variables or parameter file",
        };
        let what = match &atom.predicate {
            Predicate::Tag(tag) => Predicate::Tag(self.tag(tag)).question(),
            predicate => predicate.question(),
        };
        MissingInput {
            what,
            place: None,
            settle: settle.to_owned(),
        }
    }

    /// "allowed if …".
    pub(in crate::engine::ask) fn condition(&self, condition: &Condition) -> String {
        let all: Vec<String> = condition.all.iter().map(literal_words).collect();
        format!(
            "{} if {}",
            verdict_word(condition.verdict),
            all.join(" and ")
        )
    }

    /// What else an answer says.
    pub(in crate::engine::ask) fn note(&self, note: &Note) -> String {
        let network = self.network;
        match note {
            Note::WithoutWidenedTag(verdict) => format!(
                "the routes of the subnet widen `VirtualNetwork`; without that it would be {}",
                verdict_word(*verdict)
            ),
            Note::AddressNotFixed(nic) => format!(
                "the address of `{}` is not fixed here: every address of its subnet was asked for",
                name_of(&network[*nic].meta)
            ),
            Note::MachineNotHere(subnet) => format!(
                "no machine in question is in the files: one in `{}` without a security group of \
                 its own was taken",
                self.element(&Element::Subnet(*subnet)).0
            ),
            Note::Translated { by, port } => {
                let told = self.by(by, None);
                match port {
                    Some(port) => format!("`{}` sends them on to port {port}", told.name),
                    None => format!("`{}` translates their destination", told.name),
                }
            }
            Note::SourceTranslated(firewall) => format!(
                "behind the firewall `{}` they come from an address of its subnet",
                name_of(&network[*firewall].meta)
            ),
            Note::ProbeBlocked(nic) => format!(
                "the probe of the load balancer in front of `{}` is stopped: it sends nothing there",
                name_of(&network[*nic].meta)
            ),
            Note::SamePriority(nsg) => format!(
                "rules of `{}` share a priority, which Azure refuses: both orders were taken",
                name_of(&network[*nsg].meta)
            ),
            Note::SeveralGroups(element) => format!(
                "`{}` is given several security groups: each was taken",
                self.element(element).0
            ),
            Note::NoSender => {
                "addresses of the virtual networks here that lie in no subnet of theirs \
                               send nothing"
                    .to_owned()
            }
            Note::NoPacket => "there is no such packet".to_owned(),
            Note::Asymmetric => "the replies leave another way than the packets came".to_owned(),
        }
    }

    /// A service tag as Azure spells it.
    fn tag(&self, lower: &str) -> String {
        let (base, region) = match lower.split_once('.') {
            Some((base, region)) => (base, Some(region)),
            None => (lower, None),
        };
        let row = |name: &str| {
            let mut rows = self.facts.tags.iter();
            rows.find(|row| row.name.eq_ignore_ascii_case(name))
                .map(|row| row.name.to_string())
        };
        row(lower).unwrap_or_else(|| {
            let base = row(base).unwrap_or_else(|| base.to_owned());
            region.map_or_else(|| base.clone(), |region| format!("{base}.{region}"))
        })
    }
}

fn literal_words(literal: &Literal) -> String {
    let side = match literal.atom.dimension {
        crate::semantics::packet::atoms::Dimension::Source => "the sender",
        crate::semantics::packet::atoms::Dimension::Destination => "the receiver",
        crate::semantics::packet::atoms::Dimension::Protocol => "the protocol",
        _ => "the port",
    };
    let is = if literal.holds { "is" } else { "is not" };
    let among = match &literal.atom.predicate {
        Predicate::Tag(tag) => format!("in `{tag}`"),
        Predicate::VirtualNetwork(_) => "in `VirtualNetwork`".to_owned(),
        Predicate::Group(group) => format!("in the group {group}"),
        Predicate::AddressList(list) => format!("in {list}"),
        Predicate::Name(name) => format!("what `{name}` resolves to"),
        Predicate::Request(words) => words.clone(),
        Predicate::ServiceEndpoint(name) => format!("an address of {name}"),
        Predicate::Unknown(_) => match &literal.atom.unknown {
            Some(unknown) => format!("in {}", unknown.label),
            None => "in a value that these files do not tell".to_owned(),
        },
    };
    match (&literal.atom.predicate, literal.holds) {
        (Predicate::Request(words), true) => format!("the request is {words}"),
        (Predicate::Request(words), false) => format!("the request is not {words}"),
        _ => format!("{side} {is} {among}"),
    }
}
