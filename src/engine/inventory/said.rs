//! Values of the model as text.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::engine::ask::words;
use crate::eval::arm::PLACE_LABELS;
use crate::eval::value::{Data, Piece, Rest, Unknown, UnknownId, Value, hole};
use crate::eval::{Deployment, ResourceKey};
use crate::model::address::{AddressPrefix, PortRange, Protocol, ProtocolMatch};
use crate::model::compute::OperatingSystem;
use crate::model::firewall::{FirewallProtocol, PrivateRange, ThreatIntelligence};
use crate::model::manager::{AdminAction, AdminAddress};
use crate::model::nsg::{Access, Direction};
use crate::model::routing::{NextHopType, RoutePrefix};
use crate::model::topology::{PrivateEndpointPolicies, Service};
use crate::model::{Link, Meta, Network};

/// What the unknown pieces of keys are called.
pub(super) struct Labels {
    by_hole: HashMap<String, Arc<str>>,
}

impl Labels {
    /// Those of all values of a deployment.
    pub(super) fn of(deployment: &Deployment) -> Self {
        let mut labels = Self {
            by_hole: HashMap::new(),
        };
        for label in PLACE_LABELS {
            let id = UnknownId::named("", label);
            labels.by_hole.insert(hole(id), label.into());
        }
        let mut pending: Vec<&Value> = Vec::new();
        for resource in &deployment.resources {
            pending.extend([&resource.name, &resource.body]);
        }
        while let Some(value) = pending.pop() {
            let rest = |rest: &Option<Rest>, labels: &mut Self| {
                if let Some(rest) = rest {
                    labels.learn(&rest.unknown);
                }
            };
            match &value.data {
                Data::Unknown(unknown) => labels.learn(unknown),
                Data::Template(pieces) => {
                    for piece in pieces.iter() {
                        if let Piece::Hole(unknown) = piece {
                            labels.learn(unknown);
                        }
                    }
                }
                Data::List(list) => {
                    rest(&list.rest, &mut labels);
                    pending.extend(&list.items);
                }
                Data::Object(object) => {
                    rest(&object.rest, &mut labels);
                    pending.extend(object.entries.values());
                }
                Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => {}
            }
        }
        labels
    }

    fn learn(&mut self, unknown: &Arc<Unknown>) {
        let hole = hole(unknown.id);
        self.by_hole
            .entry(hole)
            .or_insert_with(|| Arc::clone(&unknown.label));
    }

    /// A key for people: unknown pieces as `${label}`.
    pub(super) fn read(&self, key: &ResourceKey) -> String {
        let mut text = String::new();
        for part in key.within_deployment().split_inclusive('\u{2}') {
            let Some((before, id)) = part.split_once('\u{1}') else {
                text.push_str(part);
                continue;
            };
            let label = self.by_hole.get(&format!("\u{1}{id}"));
            let label = label.map_or("?", |label| label);
            text.push_str(&format!("{before}${{{label}}}"));
        }
        text
    }
}

/// What values are said with.
pub(super) struct Context<'a> {
    pub(super) network: &'a Network,
    pub(super) labels: &'a Labels,
}

/// Something a field can hold.
pub(super) trait Said {
    /// The value as text, in the spelling of Azure's documentation.
    fn said(&self, context: &Context<'_>) -> String;
}

impl<I: Copy> Said for Link<I>
where
    Network: HasMeta<I>,
{
    fn said(&self, context: &Context<'_>) -> String {
        match self {
            Self::Here(id) => context.network.meta_of(*id).address.to_string(),
            Self::External(key) => context.labels.read(key),
        }
    }
}

impl HasMeta<Service> for Network {
    fn meta_of(&self, id: Service) -> &Meta {
        match id {}
    }
}

/// Finds the meta of an element by its id.
pub(super) trait HasMeta<I> {
    fn meta_of(&self, id: I) -> &Meta;
}

macro_rules! has_meta {
    ($($id:ident)*) => {
        $(impl HasMeta<crate::model::$id> for Network {
            fn meta_of(&self, id: crate::model::$id) -> &Meta {
                &self[id].meta
            }
        })*
    };
}

has_meta! {
    NsgId AsgId VnetId SubnetId NicId PublicIpId PublicIpPrefixId NatGatewayId GatewayId
    LocalNetworkGatewayId HubId RouteTableId ProbeId PoolId FirewallId FirewallPolicyId IpGroupId
    NetworkManagerId NetworkGroupId AdminConfigurationId AdminRuleCollectionId LoadBalancerId
}

/// Types that print as they should be read.
macro_rules! plain {
    ($($kind:ty)*) => {
        $(impl Said for $kind {
            fn said(&self, _: &Context<'_>) -> String {
                self.to_string()
            }
        })*
    };
}

plain! { u16 u32 bool Arc<str> IpAddr IpNet }

/// Types whose variants are called as Azure calls them.
macro_rules! called {
    ($($kind:ty)*) => {
        $(impl Said for $kind {
            fn said(&self, _: &Context<'_>) -> String {
                format!("{self:?}")
            }
        })*
    };
}

called! {
    Direction Access Protocol NextHopType OperatingSystem ThreatIntelligence AdminAction
    PrivateEndpointPolicies
}

impl Said for ProtocolMatch {
    fn said(&self, context: &Context<'_>) -> String {
        match self {
            Self::Any => "*".to_owned(),
            Self::Only(protocol) => protocol.said(context),
        }
    }
}

impl Said for FirewallProtocol {
    fn said(&self, context: &Context<'_>) -> String {
        match self {
            Self::Only(protocol) => protocol.said(context),
            Self::Any | Self::Http | Self::Https | Self::Mssql => format!("{self:?}"),
        }
    }
}

impl Said for PortRange {
    fn said(&self, _: &Context<'_>) -> String {
        words::ports(&[*self])
    }
}

impl Said for AddressPrefix {
    fn said(&self, context: &Context<'_>) -> String {
        match self {
            Self::Any => "*".to_owned(),
            Self::Block(block) => block.to_string(),
            Self::Range(first, last) => format!("{first}-{last}"),
            Self::Tag(tag) => tag.name().to_owned(),
            Self::Asg(link) => link.said(context),
        }
    }
}

impl Said for AdminAddress {
    fn said(&self, context: &Context<'_>) -> String {
        match self {
            Self::Prefix(prefix) => prefix.said(context),
            Self::NetworkGroup(link) => link.said(context),
        }
    }
}

impl Said for RoutePrefix {
    fn said(&self, _: &Context<'_>) -> String {
        match self {
            Self::Block(block) => block.to_string(),
            Self::Tag(tag) => tag.name().to_owned(),
        }
    }
}

impl Said for PrivateRange {
    fn said(&self, _: &Context<'_>) -> String {
        match self {
            Self::Block(block) => block.to_string(),
            Self::Iana => "IANAPrivateRanges".to_owned(),
        }
    }
}
