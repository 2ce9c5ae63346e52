//! What stands behind a route's next hop, and where that lies.

use std::sync::Arc;

use super::route;
use crate::model::routing::Appliance;
use crate::model::{Field, Link, RouteId, State, SubnetId, VnetId};
use crate::policy::datum::{Data, Datum};
use crate::policy::vocabulary::read::{element, elements};
use crate::policy::vocabulary::{Kind, World, addressing, outside};

/// The subnets that the route's table is attached to.
pub(super) fn subnets(world: &World<'_>, id: u32) -> Datum {
    let Some(table) = route(world, id).route_table else {
        return Datum::list(Vec::new(), Some(outside("the subnets of its route table")));
    };
    let subnets = &world.network[table].subnets;
    let ids = subnets.items.iter().map(|id| id.0);
    elements(world, Kind::Subnet, ids, subnets.rest.clone())
}

/// The interface or load balancer behind the next hop; null where it is none.
pub(super) fn appliance(world: &World<'_>, id: u32, wanted: Kind) -> Datum {
    let route = route(world, id);
    let data = match (&route.appliance, wanted) {
        (Appliance::NetworkInterface(nic), Kind::NetworkInterface) => {
            return element(world, wanted, nic.0);
        }
        (Appliance::LoadBalancer(balancer), Kind::LoadBalancer) => {
            return element(world, wanted, balancer.0);
        }
        (Appliance::Unknown, _) => Data::Unknown(
            outside("what stands behind the route's next hop"),
            Arc::from([]),
        ),
        _ => Data::Absent,
    };
    Datum::new(data, route.next_hop_address.origin)
}

/// The subnets that hold the next hop's address, in the networks of the route's subnets and those
/// peered with them. Open where more may.
pub(super) fn homes(world: &World<'_>, id: u32) -> Datum {
    let (found, open) = found(world, RouteId(id));
    let ids = found.into_iter().map(|id| id.0);
    elements(world, Kind::Subnet, ids, open)
}

/// Whether the next hop's address is one that Azure keeps for itself.
pub(super) fn is_kept(world: &World<'_>, id: u32) -> Datum {
    let route = route(world, id);
    let Some(address) = route.next_hop_address.value().copied() else {
        return Datum::constant(Data::Bool(false));
    };
    let (found, _) = found(world, RouteId(id));
    let mut found = found.iter();
    let kept = found.any(|subnet| addressing::is_kept(&world.network[*subnet], address));
    Datum::new(Data::Bool(kept), route.next_hop_address.origin)
}

fn found(
    world: &World<'_>,
    id: RouteId,
) -> (Vec<SubnetId>, Option<Arc<crate::eval::value::Unknown>>) {
    let network = world.network;
    let route = &network[id];
    let (State::Known(address), Some(table)) = (&route.next_hop_address.state, route.route_table)
    else {
        return (Vec::new(), Some(outside("where the route's next hop lies")));
    };
    let attached = &network[table].subnets;
    let mut open = attached.rest.clone();
    let mut networks: Vec<VnetId> = Vec::new();
    for subnet in &attached.items {
        match network[*subnet].virtual_network.value() {
            Some(Link::Here(vnet)) => networks.push(*vnet),
            _ => {
                open = open.or_else(|| Some(outside("the network of a subnet of the route table")));
            }
        }
    }
    for vnet in networks.clone() {
        let peerings = &network[vnet].peerings;
        open = open.or_else(|| peerings.rest.clone());
        for peering in &peerings.items {
            match network[*peering].remote.value() {
                Some(Link::Here(remote)) => networks.push(*remote),
                Some(Link::External(key)) => {
                    open = open.or_else(|| Some(outside(Arc::clone(&key.0))));
                }
                None => open = open.or_else(|| network[*peering].remote.unknown().cloned()),
            }
        }
    }
    networks.sort_unstable();
    networks.dedup();
    let mut subnets = Vec::new();
    for vnet in networks {
        let all = &network[vnet].subnets;
        open = open.or_else(|| all.rest.clone());
        for subnet in &all.items {
            let prefixes = &network[*subnet].address_prefixes;
            if addressing::holding(&network[*subnet], *address).is_some() {
                subnets.push(*subnet);
            } else {
                let unknown = prefixes.items.iter().find_map(Field::unknown);
                open = open.or_else(|| prefixes.rest.clone().or_else(|| unknown.cloned()));
            }
        }
    }
    // Prefixes of one network do not overlap: what holds the address is all that does.
    let open = open.filter(|_| subnets.is_empty());
    (subnets, open)
}
