//! Services of Azure's that live in subnets of the customer's.
//!
//! What they need of the rules around them is data (`rules/platform/required-ports.yaml`); here is
//! what the rows' conditions ask about them.

use std::sync::Arc;

use serde::Deserialize;

use super::address::PortRange;
use super::field::Node;
use super::platform::Source;
use super::{Field, Link, List, Meta, State, SubnetId};
use crate::eval::value::{Reason, Unknown};

/// Which service it is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are Azure's")]
pub enum ServiceKind {
    Bastion,
    ApplicationGateway,
    ApiManagement,
    AppServiceEnvironment,
    EntraDomainServices,
    HdInsight,
    SqlManagedInstance,
    Databricks,
    ContainerApps,
    Kubernetes,
    Batch,
    MachineLearning,
    PrivateLinkService,
}

impl ServiceOption {
    /// Every option with the word for it in rules.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::External, "external"),
        (Self::V2, "v2"),
        (Self::NetworkIsolation, "network_isolation"),
        (Self::Developer, "developer"),
        (Self::MultiRegion, "multi_region"),
        (Self::Kafka, "kafka"),
        (Self::OutboundManaged, "outbound_managed"),
        (Self::WorkloadProfiles, "workload_profiles"),
        (Self::V3, "v3"),
        (Self::PrivateCluster, "private_cluster"),
    ];
}

impl ServiceKind {
    /// The word for it in rules.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Bastion => "bastion",
            Self::ApplicationGateway => "application-gateway",
            Self::ApiManagement => "api-management",
            Self::AppServiceEnvironment => "app-service-environment",
            Self::EntraDomainServices => "entra-domain-services",
            Self::HdInsight => "hd-insight",
            Self::SqlManagedInstance => "sql-managed-instance",
            Self::Databricks => "databricks",
            Self::ContainerApps => "container-apps",
            Self::Kubernetes => "kubernetes",
            Self::Batch => "batch",
            Self::MachineLearning => "machine-learning",
            Self::PrivateLinkService => "private-link-service",
        }
    }
}

/// What a service is set to, as far as its needs depend on it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceOption {
    /// Reached from the Internet.
    External,
    /// The second generation of the service.
    V2,
    /// Managed without help of the Internet (Application Gateway), or without public addresses.
    NetworkIsolation,
    /// A tier without guarantees, for development.
    Developer,
    /// Runs in several regions.
    MultiRegion,
    /// Runs Kafka.
    Kafka,
    /// Asks nothing of the network inbound: it is managed over connections it makes itself.
    OutboundManaged,
    /// Runs on profiles of its own rather than on the shared plan.
    WorkloadProfiles,
    /// The third generation of an App Service Environment.
    V3,
    /// Its management interface has a private address only.
    PrivateCluster,
}

/// How much of what a service needs must get through.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum Enough {
    /// Every packet.
    #[default]
    All,
    /// Some packet: who is let in is up to the owner.
    Some,
}

/// How much a service needs something.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Without it the service does not work, or its deployment fails.
    Hard,
    /// Without it a part of the service does not work.
    Soft,
}

/// Packets that a service in a subnet needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RequiredFlow {
    /// Whose need it is.
    pub service: ServiceKind,
    /// `inbound`, `outbound`
    pub direction: Arc<str>,
    /// `tcp`, `udp`; none: any.
    #[serde(default)]
    pub protocols: Vec<Arc<str>>,
    /// The far side: a tag, an address, `*`, or `subnet` for the service's own.
    pub peer: Arc<str>,
    /// Destination ports; `listeners` are the service's own; none: any.
    #[serde(default)]
    pub ports: Vec<Arc<str>>,
    /// A tag of which the part for the service's region is enough.
    #[serde(default)]
    pub regional: bool,
    /// How much of it must get through.
    #[serde(default)]
    pub enough: Enough,
    /// How much it is needed.
    pub need: Need,
    /// Only where all of these are on.
    #[serde(default)]
    pub when: Vec<ServiceOption>,
    /// Not where one of these is on.
    #[serde(default)]
    pub unless: Vec<ServiceOption>,
    /// What it is for, in the middle of a sentence.
    pub purpose: Arc<str>,
    /// Where it is written.
    pub source: Source,
}

/// Whether something may be on a subnet.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Support {
    Supported,
    Unsupported,
}

/// A subnet whose name makes it special.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SpecialSubnet {
    /// The name.
    pub name: Arc<str>,
    /// What lives in it, for people.
    pub holds: Arc<str>,
    /// The longest prefix that is accepted.
    pub smallest: u8,
    /// The longest prefix that is right for every tier and edition.
    pub advised: u8,
    /// A network security group on it.
    pub security_group: Support,
    /// A route table on it.
    pub route_table: Support,
    /// Where it is written.
    pub source: Source,
}

/// What a service asks of the subnets it is put in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceSubnet {
    /// The service.
    pub service: ServiceKind,
    /// It must be delegated to this.
    #[serde(default)]
    pub delegation: Option<Arc<str>>,
    /// It must have a network security group.
    #[serde(default)]
    pub security_group: bool,
    /// It must have a route table.
    #[serde(default)]
    pub route_table: bool,
    /// Network policies for Private Link services must be off in it.
    #[serde(default)]
    pub no_private_link_policies: bool,
    /// Only where all of these are on.
    #[serde(default)]
    pub when: Vec<ServiceOption>,
    /// Not where one of these is on.
    #[serde(default)]
    pub unless: Vec<ServiceOption>,
    /// Where it is written.
    pub source: Source,
}

/// A service in one or several subnets.
#[derive(Clone, Debug)]
pub struct Service {
    /// Name, place, existence: of its subnet, where only that tells of it.
    pub meta: Meta,
    /// Which one.
    pub kind: ServiceKind,
    /// The subnets it lives in.
    pub subnets: List<Field<Link<SubnetId>>>,
    /// Its tier, as Azure calls it.
    pub tier: Field<Arc<str>>,
    /// The region it is in, as written.
    pub location: Field<Arc<str>>,
    /// What it is set to; what is not here is off.
    pub options: Vec<(ServiceOption, Field<bool>)>,
    /// The ports that its clients ask.
    pub ports: List<Field<PortRange>>,
    /// Only the subnet's name or delegation tells that it is there: nothing is known of its options.
    pub inferred: bool,
}

impl Service {
    /// Whether an option is on.
    #[must_use]
    pub fn option(&self, option: ServiceOption) -> Field<bool> {
        let known = self.options.iter().find(|(one, _)| *one == option);
        match known {
            Some((_, field)) => field.clone(),
            None if self.inferred => {
                let label = format!("the settings of the service in {}", self.meta.address);
                let unknown = Unknown::new(&self.meta.key.0, label, Reason::Outside);
                Field {
                    state: State::Unknown(Arc::new(unknown), None),
                    origin: self.meta.origin,
                }
            }
            None => Field::known(false, self.meta.origin),
        }
    }
}

/// Whether a tier of Application Gateway is of the second generation; `Basic` is.
///
/// Source: <https://learn.microsoft.com/azure/application-gateway/overview-v2> (2025).
pub(super) fn is_second_generation(tier: &str) -> bool {
    let tier = tier.to_ascii_lowercase();
    tier.ends_with("_v2") || tier == "basic"
}

/// Both, as far as is known.
pub(super) fn and(a: &Field<bool>, b: &Field<bool>) -> Field<bool> {
    for one in [a, b] {
        if matches!(one.state, State::Known(false) | State::Absent) {
            return Field::known(false, one.origin);
        }
    }
    let open = [a, b].into_iter().find(|one| one.value().is_none());
    open.unwrap_or(a).clone()
}

/// Whether any item of a list is as asked.
pub(super) fn any<'a>(
    list: &Node<'a>,
    is: impl Fn(&Node<'a>) -> Result<bool, Arc<Unknown>>,
) -> Field<bool> {
    let found = list.items();
    let mut open = found.rest.clone();
    for item in &found.items {
        match is(item) {
            Ok(true) => return Field::known(true, item.origin()),
            Ok(false) => {}
            Err(unknown) => open = open.or(Some(unknown)),
        }
    }
    match open {
        Some(unknown) => Field {
            state: State::Unknown(unknown, None),
            origin: list.origin(),
        },
        None => Field::known(false, list.origin()),
    }
}

/// Whether a text is a word, in any case; what is not written is not.
pub(super) fn is(node: &Node<'_>, word: &str) -> Field<bool> {
    let text = node.text();
    match text.is_absent() {
        true => Field::known(false, text.origin),
        false => text.map(|text| text.eq_ignore_ascii_case(word)),
    }
}

/// A list of the one link at a place, if one is written.
pub(super) fn one(node: &Node<'_>) -> List<Field<Link<SubnetId>>> {
    let link = node.link();
    match link.is_absent() {
        true => List::default(),
        false => List::closed(vec![link]),
    }
}
