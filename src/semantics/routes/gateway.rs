//! What lies behind the gateways of a virtual network, as far as the files tell.

use std::sync::Arc;

use ipnet::IpNet;

use super::peering::flag;
use crate::eval::value::{Truth, Unknown};
use crate::model::topology::{GatewayConnection, Subnet, VirtualNetworkGateway};
use crate::model::{Field, GatewayId, Link, List, State, VnetId};
use crate::semantics::Semantics;
use crate::semantics::compile::outside;

/// What lies behind gateways.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beyond {
    /// Known blocks, and whether they are there for certain.
    pub(crate) blocks: Vec<(IpNet, Truth, GatewayId)>,
    /// Gateways behind which more may lie; `None` for one that is not in the files.
    pub(crate) open: Vec<(Option<GatewayId>, Option<Arc<Unknown>>)>,
    /// Gateways that take packets for everything else.
    pub(crate) default: Vec<(GatewayId, Truth)>,
}

impl Semantics<'_> {
    /// What lies behind the gateways of a network and those of peers that it uses.
    pub(crate) fn beyond_gateways(&self, vnet: VnetId) -> Beyond {
        let mut beyond = Beyond::default();
        let network = &self.network[vnet];
        for gateway in &network.gateways.items {
            self.beyond(*gateway, Truth::True, &mut beyond);
        }
        if let Some(rest) = &network.gateways.rest {
            beyond.open.push((None, Some(Arc::clone(rest))));
        }
        for id in &network.peerings.items {
            let peering = &self.network[*id];
            let uses = flag(&peering.use_remote_gateways, false);
            if uses == Truth::False {
                continue;
            }
            let peered = self.peered(*id);
            let offered = match peered.back {
                Some(back) => flag(&self.network[back].allow_gateway_transit, false),
                None => Truth::Unknown,
            };
            let truth = uses.and(peered.connected).and(offered);
            if truth == Truth::False {
                continue;
            }
            match peered.remote {
                Some(remote) => {
                    let remote = &self.network[remote];
                    for gateway in &remote.gateways.items {
                        self.beyond(*gateway, truth, &mut beyond);
                    }
                    if let Some(rest) = &remote.gateways.rest {
                        beyond.open.push((None, Some(Arc::clone(rest))));
                    }
                }
                None => beyond.open.push((None, peered.unknowns.first().cloned())),
            }
        }
        beyond
    }

    fn beyond(&self, id: GatewayId, used: Truth, beyond: &mut Beyond) {
        let gateway: &VirtualNetworkGateway = &self.network[id];
        let there = used.and(gateway.meta.existence.truth);
        if there == Truth::False {
            return;
        }
        let mut open = |unknown: Option<&Arc<Unknown>>| {
            beyond.open.push((Some(id), unknown.cloned()));
        };
        let vpn = match &gateway.kind.state {
            State::Known(kind) => kind.eq_ignore_ascii_case("Vpn"),
            _ => false,
        };
        if !vpn {
            // ExpressRoute always exchanges routes.
            open(gateway.kind.unknown());
        }
        if gateway.meta.existing {
            open(Some(&outside(&gateway.meta.key)));
        }
        if let Some(rest) = &gateway.connections.rest {
            open(Some(rest));
        }
        match &gateway.default_site.state {
            State::Absent => {}
            State::Known(_) => beyond.default.push((id, there)),
            _ => beyond.default.push((id, there.and(Truth::Unknown))),
        }
        spaces(beyond, id, &gateway.client_addresses, there);
        for connection in &gateway.connections.items {
            let connection = &self.network[*connection];
            let there = there.and(connection.meta.existence.truth);
            if there != Truth::False {
                self.connection(id, connection, there, beyond);
            }
        }
    }

    fn connection(
        &self,
        id: GatewayId,
        connection: &GatewayConnection,
        there: Truth,
        beyond: &mut Beyond,
    ) {
        let mut open: Vec<Option<Arc<Unknown>>> = Vec::new();
        if flag(&connection.bgp, false) != Truth::False {
            open.push(connection.bgp.unknown().cloned());
        }
        match &connection.site.state {
            State::Known(Link::Here(site)) => {
                let site = &self.network[*site];
                let there = there.and(site.meta.existence.truth);
                if site.meta.existing {
                    open.push(Some(outside(&site.meta.key)));
                }
                spaces(beyond, id, &site.address_space, there);
            }
            other => open.extend(untold(other)),
        }
        match &connection.peer.state {
            State::Known(Link::Here(peer)) => match self.network_of_gateway(*peer) {
                Some(vnet) => spaces(beyond, id, &self.network[vnet].address_space, there),
                None => open.push(None),
            },
            other => open.extend(untold(other)),
        }
        let open = open.into_iter().map(|unknown| (Some(id), unknown));
        beyond.open.extend(open);
    }

    fn network_of_gateway(&self, id: GatewayId) -> Option<VnetId> {
        let subnet = self.network[id].subnet.value()?.here()?;
        self.network[subnet].virtual_network.value()?.here()
    }

    /// Whether a subnet takes routes from gateways.
    pub(super) fn takes_learnt_routes(&self, subnet: &Subnet) -> Truth {
        let table = match &subnet.route_table.state {
            State::Absent => return Truth::True,
            State::Known(Link::Here(table)) => &self.network[*table],
            _ => return Truth::Unknown,
        };
        let propagates = flag(&table.bgp_propagation, true);
        let name = subnet.meta.name.value();
        if name.is_some_and(|name| name.eq_ignore_ascii_case("GatewaySubnet")) {
            // Azure forbids switching it off there.
            return propagates.or(Truth::Unknown);
        }
        if table.meta.existence.truth == Truth::True {
            propagates
        } else {
            propagates.or(Truth::Unknown)
        }
    }
}

/// Why the far end of a connection is not known, if there may be one.
fn untold<I>(state: &State<Link<I>>) -> Option<Option<Arc<Unknown>>> {
    match state {
        State::Known(Link::External(key)) => Some(Some(outside(key))),
        State::Unknown(unknown, _) => Some(Some(Arc::clone(unknown))),
        State::Known(Link::Here(_)) | State::Invalid { .. } => Some(None),
        State::Absent => None,
    }
}

fn spaces(beyond: &mut Beyond, id: GatewayId, list: &List<Field<IpNet>>, there: Truth) {
    for item in &list.items {
        match item.value() {
            Some(block) => beyond.blocks.push((*block, there, id)),
            None => beyond.open.push((Some(id), item.unknown().cloned())),
        }
    }
    if let Some(rest) = &list.rest {
        beyond.open.push((Some(id), Some(Arc::clone(rest))));
    }
}
