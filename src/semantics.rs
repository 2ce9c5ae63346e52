//! What Azure will do with a packet, exactly.
//!
//! Every answer is a pair of sets of packets: those that get the answer in every world, and those
//! that may get it in some ([`Bounds`]). A world gives every unknown a value within its bounds,
//! every opaque tag or group an address set that obeys the declared inclusions, and decides every
//! uncertain existence.
//!
//! **Soundness.** `must` is never too large and `may` never too small. They may differ where all
//! worlds agree: that costs an "undetermined", never a wrong answer.
//!
//! What is absent: ARM and Terraform, YAML, severities, text.

pub mod admin;
pub mod anomalies;
pub mod compare;
mod compile;
pub mod deciding;
pub mod firewall;
mod hidden;
pub mod lists;
mod lookup;
mod matching;
mod order;
pub mod packet;
mod place;
pub mod reach;
pub mod routes;
pub mod rules;
mod service_rules;
pub mod smtp;
pub mod tags;
pub mod unreachable;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

pub use compile::Ruling;

use compile::Groups;
use packet::Family;
use routes::Routes;
use tags::ServiceTags;

use crate::model::firewall::FirewallRuleOwner;
use crate::model::platform::{Cloud, PlatformFacts};
use crate::model::{Network, SubnetId};

/// A set known from below and from above: `must ⊆ truth ⊆ may` in every world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds<T> {
    /// Certain.
    pub must: T,
    /// Possible.
    pub may: T,
}

/// Answers questions about one network.
#[derive(Debug)]
pub struct Semantics<'a> {
    network: &'a Network,
    facts: &'a PlatformFacts,
    cloud: Cloud,
    /// The addresses of service tags, where they are given.
    service_tags: Option<Arc<ServiceTags>>,
    /// Whether security admin configurations are in force where nothing says so.
    admin_deployed: bool,
    /// The tags that list was asked for, in lower case.
    consulted: Mutex<BTreeSet<String>>,
    /// Whether a user-defined route widens `VirtualNetwork` on its subnet.
    widened: bool,
    /// Groups compiled so far: every rule of a group asks for it.
    groups: Mutex<Groups>,
    /// Passes of firewalls and policies compiled so far: every rule of one asks for them.
    firewalls: Mutex<BTreeMap<(FirewallRuleOwner, Family), Arc<firewall::Passes>>>,
    /// Routes of subnets put together so far: every group and contract there asks for them.
    routes: Mutex<BTreeMap<(SubnetId, Family), Routes>>,
}

impl<'a> Semantics<'a> {
    /// Takes the network of one deployment, what is known of the platform, and the cloud it runs
    /// in.
    #[must_use]
    pub fn new(network: &'a Network, facts: &'a PlatformFacts, cloud: Cloud) -> Self {
        Self {
            network,
            facts,
            cloud,
            service_tags: None,
            admin_deployed: false,
            consulted: Mutex::default(),
            widened: false,
            groups: Mutex::default(),
            firewalls: Mutex::default(),
            routes: Mutex::default(),
        }
    }

    /// The same with the addresses of service tags: tags of that list are no longer opaque. A list
    /// for another cloud is not used. To be called before the first question.
    #[must_use]
    pub fn with_service_tags(mut self, tags: Option<Arc<ServiceTags>>) -> Self {
        self.service_tags = tags.filter(|tags| tags.cloud() == self.cloud);
        self
    }

    /// The reading in which security admin configurations are deployed wherever these files do not
    /// tell: no template can say so. To be called before the first question.
    #[must_use]
    pub fn with_admin_rules_deployed(mut self) -> Self {
        self.admin_deployed = true;
        self
    }

    /// The addresses of service tags that answers use, where there are some.
    #[must_use]
    pub fn service_tags(&self) -> Option<&Arc<ServiceTags>> {
        self.service_tags.as_ref()
    }

    /// The reading in which the prefixes of user-defined routes are part of `VirtualNetwork` on
    /// the subnets of their table. The documentation says so in one clause, its effect was seen by
    /// users only: no policy rule rests on it.
    ///
    /// Source: <https://learn.microsoft.com/azure/virtual-network/service-tags-overview>
    /// (2023-01-26).
    #[must_use]
    pub fn widened(self) -> Self {
        Self {
            widened: true,
            groups: Mutex::default(),
            routes: Mutex::default(),
            ..self
        }
    }

    /// The same questions about another network, or in the other reading of routes that widen
    /// `VirtualNetwork`.
    pub(crate) fn reading<'b>(&self, network: &'b Network, widened: bool) -> Semantics<'b>
    where
        'a: 'b,
    {
        let mut other = Semantics::new(network, self.facts, self.cloud);
        other.service_tags.clone_from(&self.service_tags);
        other.admin_deployed = self.admin_deployed;
        other.widened = widened;
        other
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &'a Network {
        self.network
    }

    /// What is known of the platform.
    #[must_use]
    pub fn facts(&self) -> &'a PlatformFacts {
        self.facts
    }

    /// The cloud.
    #[must_use]
    pub fn cloud(&self) -> Cloud {
        self.cloud
    }
}

#[cfg(test)]
mod tests;
