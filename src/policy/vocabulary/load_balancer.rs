//! Load balancers and their probes.

use super::attachment::{members_of_probe, subnets_of, subnets_of_addresses};
use super::nsg::protocol_word;
use super::read::{address, element, elements, field, host, name};
use super::targets::address_of;
use super::{Field, Item, Kind, KindSpec, Ty, World};
use crate::model::load_balancer::{LoadBalancer, Probe, ProbeRequest};
use crate::model::{LoadBalancerId, ProbeId};
use crate::policy::datum::{self, Data, Datum};
use std::sync::Arc;

const REQUESTS: &[&str] = &["Tcp", "Http", "Https"];

pub(super) static LOAD_BALANCER: KindSpec = KindSpec {
    kind: Kind::LoadBalancer,
    name: "load-balancer",
    is_subject: true,
    doc: "A load balancer.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&balancer(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&balancer(w, id).meta),
        },
        Field {
            name: "probes",
            ty: Ty::List(Item::Element(Kind::Probe)),
            doc: "its probes",
            get: |w, id| {
                let probes = &balancer(w, id).probes;
                elements(
                    w,
                    Kind::Probe,
                    probes.items.iter().map(|id| id.0),
                    probes.rest.clone(),
                )
            },
        },
    ],
};

pub(super) static PROBE: KindSpec = KindSpec {
    kind: Kind::Probe,
    name: "probe",
    is_subject: true,
    doc: "A health probe of a load balancer.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&probe(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&probe(w, id).meta),
        },
        Field {
            name: "port",
            ty: Ty::NUMBER,
            doc: "the port it asks",
            get: |w, id| field(&probe(w, id).port, |port| Data::Number(i64::from(*port))),
        },
        Field {
            name: "protocol",
            ty: Ty::TEXT,
            doc: "`Tcp` for every kind of probe",
            get: |w, id| {
                field(&probe(w, id).protocol, |protocol| {
                    Data::Text(protocol_word(*protocol).into())
                })
            },
        },
        Field {
            name: "request",
            ty: Ty::One(Item::Word(REQUESTS)),
            doc: "what it asks by: `Tcp`, `Http` or `Https`; null where that is not written",
            get: |w, id| {
                field(&probe(w, id).request, |request| {
                    Data::Text(match request {
                        ProbeRequest::Tcp => "Tcp".into(),
                        ProbeRequest::Http => "Http".into(),
                        ProbeRequest::Https => "Https".into(),
                    })
                })
            },
        },
        Field {
            name: "load_balancer",
            ty: Ty::One(Item::Element(Kind::LoadBalancer)),
            doc: "its load balancer",
            get: |w, id| match probe(w, id).load_balancer {
                Some(balancer) => element(w, Kind::LoadBalancer, balancer.0),
                None => Datum::constant(Data::Absent),
            },
        },
        Field {
            name: "used",
            ty: Ty::BOOL,
            doc: "whether a load-balancing rule uses it",
            get: |w, id| used(probe(w, id)),
        },
        Field {
            name: "members",
            ty: Ty::List(Item::Element(Kind::NetworkInterface)),
            doc: "the interfaces it asks",
            get: |w, id| {
                let members = members_of_probe(w.network, ProbeId(id));
                elements(
                    w,
                    Kind::NetworkInterface,
                    members.interfaces.iter().map(|id| id.0),
                    members.rest,
                )
            },
        },
        Field {
            name: "member_subnets",
            ty: Ty::List(Item::Element(Kind::Subnet)),
            doc: "the subnets of what it asks",
            get: |w, id| member_subnets(w, ProbeId(id)),
        },
        Field {
            name: "targets",
            ty: Ty::List(Item::Address),
            doc: "the addresses it asks; of some only the subnet may be known",
            get: |w, id| targets(w, ProbeId(id)),
        },
    ],
};

fn balancer<'a>(world: &World<'a>, id: u32) -> &'a LoadBalancer {
    &world.network[LoadBalancerId(id)]
}

fn probe<'a>(world: &World<'a>, id: u32) -> &'a Probe {
    &world.network[ProbeId(id)]
}

fn used(probe: &Probe) -> Datum {
    let data = match (&probe.pools.rest, probe.pools.items.is_empty()) {
        (_, false) => Data::Bool(true),
        (Some(rest), true) => Data::Unknown(Arc::clone(rest), Arc::from([])),
        (None, true) => Data::Bool(false),
    };
    Datum::new(data, probe.meta.origin)
}

fn member_subnets(world: &World<'_>, id: ProbeId) -> Datum {
    let members = members_of_probe(world.network, id);
    let mut subnets = subnets_of_addresses(world.network, id);
    for nic in &members.interfaces {
        subnets.extend(subnets_of(world.network, *nic));
    }
    subnets.sort_unstable();
    subnets.dedup();
    elements(
        world,
        Kind::Subnet,
        subnets.iter().map(|id| id.0),
        members.rest,
    )
}

fn targets(world: &World<'_>, id: ProbeId) -> Datum {
    let members = members_of_probe(world.network, id);
    let mut items: Vec<datum::Item> = members
        .interfaces
        .iter()
        .map(|nic| datum::Item::certain(address_of(world, *nic)))
        .collect();
    for pool in &world.network[id].pools.items {
        for address in &world.network[*pool].addresses.items {
            items.push(datum::Item::certain(field(address, host)));
        }
    }
    Datum::list(items, members.rest)
}
