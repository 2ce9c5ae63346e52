//! Whole paths: every stage, what stops packets first, what would open the way, the way back.

mod firewalls;
mod internet;
mod machines;
mod networks;
mod random;

use std::sync::Arc;

use super::fixture::{Build, absent, facts, known, meta, prefix};
use crate::model::address::{PortRange, Protocol};
use crate::model::nsg::Direction;
use crate::model::platform::{
    Cloud, FirewallSmtp, NamedSet, PlatformFacts, SmtpEdition, SmtpExemption, SmtpVerdict, Source,
};
use crate::model::{Link, Network, NicId, NsgId, SubnetId, VnetId};
use crate::semantics::Semantics;
use crate::semantics::packet::Family;
use crate::semantics::reach::{By, Endpoint, LayerKind, PathAnswer, PathQuestion, Verdict};
use crate::semantics::smtp::SmtpOffer;

/// The facts of the other tests with one edition on port 25.
fn all_facts() -> PlatformFacts {
    let source = || Source {
        url: "https://example.com".into(),
        date: "2025-07-15".into(),
    };
    let mut facts = facts();
    facts.named_sets.push(NamedSet {
        name: "platform-metadata".into(),
        include: vec!["169.254.169.254/32".parse().unwrap()],
        exclude: Vec::new(),
        source: source(),
    });
    let verdicts = [
        ("enterprise-agreement", SmtpVerdict::Allowed),
        ("pay-as-you-go", SmtpVerdict::Blocked),
    ];
    let firewall = [
        ("enterprise-agreement", FirewallSmtp::Supported),
        ("default", FirewallSmtp::NotGuaranteed),
    ];
    facts.smtp_editions.push(SmtpEdition {
        exemption: SmtpExemption::default(),
        hosted_apps: FirewallSmtp::NotStated,
        apps_by_offer: true,
        id: "current".into(),
        source: source(),
        verdicts: verdicts.iter().map(|(k, v)| ((*k).into(), *v)).collect(),
        grandfathered: vec!["pay-as-you-go".into()],
        through_firewall: firewall.iter().map(|(k, v)| ((*k).into(), *v)).collect(),
    });
    facts
}

fn question(from: Endpoint, to: Endpoint, port: u16) -> PathQuestion {
    PathQuestion {
        from,
        to,
        protocols: vec![Protocol::Tcp],
        ports: vec![PortRange::single(port)],
        source_ports: Vec::new(),
        family: Family::V4,
        direction: None,
        smtp: SmtpOffer {
            edition: "current".into(),
            offers: vec!["enterprise-agreement".into()],
            created: None,
            exempt: false,
            blocked: false,
        },
    }
}

fn at(text: &str) -> Endpoint {
    Endpoint::Addresses(text.split(',').map(prefix).collect())
}

fn answer(network: &Network, question: &PathQuestion) -> PathAnswer {
    let facts = all_facts();
    let semantics = Semantics::new(network, &facts, Cloud::Public);
    semantics.path(question)
}

fn ask(network: &Network, from: Endpoint, to: Endpoint, port: u16) -> PathAnswer {
    answer(network, &question(from, to, port))
}

fn verdict(network: &Network, from: Endpoint, to: Endpoint, port: u16) -> Verdict {
    ask(network, from, to, port).verdict
}

fn first(answer: &PathAnswer) -> (LayerKind, By) {
    let blocker = answer.first_blocker.as_ref().unwrap();
    (answer.layers[blocker.layer].kind, blocker.by.clone())
}

fn kinds(answer: &PathAnswer) -> Vec<LayerKind> {
    answer.layers.iter().map(|layer| layer.kind).collect()
}

/// A network 10.0.0.0/16 with two subnets and a machine in each: 10.0.0.4 and 10.0.1.4.
struct Two {
    build: Build,
    vnet: VnetId,
    left: SubnetId,
    right: SubnetId,
    a: NicId,
    b: NicId,
}

impl Two {
    /// From the one machine to the other.
    fn ask(&self, port: u16) -> PathAnswer {
        let (from, to) = (Endpoint::Nic(self.a), Endpoint::Nic(self.b));
        ask(&self.build.network, from, to, port)
    }
}

fn two() -> Two {
    let mut build = Build::default();
    let vnet = build.vnet("10.0.0.0/16");
    let left = build.subnet(vnet, "10.0.0.0/24");
    let right = build.subnet(vnet, "10.0.1.0/24");
    let a = build.nic(left, Some("10.0.0.4"));
    let b = build.nic(right, Some("10.0.1.4"));
    Two {
        build,
        vnet,
        left,
        right,
        a,
        b,
    }
}

fn on_nic(build: &mut Build, nsg: NsgId, nic: NicId) {
    build.network[nic].nsg = known(Link::Here(nsg));
    build.network[nsg].network_interfaces.items.push(nic);
}

fn outward(question: PathQuestion) -> PathQuestion {
    PathQuestion {
        direction: Some(Direction::Outbound),
        ..question
    }
}

fn name(text: &str) -> Arc<str> {
    text.into()
}
