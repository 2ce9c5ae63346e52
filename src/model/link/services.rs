//! Services that only the name or the delegation of their subnet tells of.

use std::collections::BTreeSet;

use crate::model::index::Id;
use crate::model::service::Service;
use crate::model::{Field, Link, List, Network, ServiceId, SubnetId, arm};

/// Adds a service for every subnet that holds one of which nothing is written.
pub(super) fn infer(network: &mut Network) {
    let written: BTreeSet<SubnetId> = network
        .services
        .iter()
        .flat_map(|service| &service.subnets.items)
        .filter_map(|subnet| subnet.value().and_then(Link::here))
        .collect();
    for id in SubnetId::all(network) {
        let subnet = &network[id];
        if written.contains(&id) || subnet.meta.existing {
            continue;
        }
        let delegations: Vec<&str> = subnet
            .delegations
            .items
            .iter()
            .filter_map(|one| one.value().map(|name| &**name))
            .collect();
        let name = subnet.meta.name.value().map(|name| &**name);
        let Some(kind) = arm::service_of_subnet(name, &delegations) else {
            continue;
        };
        let meta = subnet.meta.clone();
        let service = Service {
            kind,
            subnets: List::closed(vec![Field::known(Link::Here(id), meta.origin)]),
            tier: Field::absent(meta.origin),
            location: Field::absent(meta.origin),
            options: Vec::new(),
            ports: List::default(),
            inferred: true,
            meta,
        };
        let _: ServiceId = Id::push(network, service);
    }
}
