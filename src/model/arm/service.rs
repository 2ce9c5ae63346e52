//! Services that live in subnets.

use super::{id, properties};
use crate::eval::Resource;
use crate::eval::ResourceKey;
use crate::model::build::{Builder, canonical, link_to};
use crate::model::field::Node;
use crate::model::service::{
    Service, ServiceKind, ServiceOption, and, any, is, is_second_generation, one,
};
use crate::model::{Field, Link, List, ServiceId, SubnetId, parse};

/// Adds the service that a resource is, if it is one.
pub(super) fn lower<'a>(builder: &mut Builder<'a>, resource: &'a Resource, kind: &str) {
    let body = builder.body(resource);
    let from = properties(&body);
    let draft = Draft { body, from };
    let service = match kind {
        "microsoft.network/bastionhosts" => draft.bastion(),
        "microsoft.network/applicationgateways" => draft.application_gateway(),
        "microsoft.apimanagement/service" => draft.api_management(),
        "microsoft.web/hostingenvironments" => draft.app_service_environment(),
        "microsoft.aad/domainservices" => draft.domain_services(),
        "microsoft.hdinsight/clusters" => draft.hd_insight(),
        "microsoft.sql/managedinstances" => draft.managed_instance(),
        "microsoft.databricks/workspaces" => draft.databricks(),
        "microsoft.app/managedenvironments" => draft.container_apps(),
        "microsoft.containerservice/managedclusters"
        | "microsoft.containerservice/managedclusters/agentpools" => draft.kubernetes(),
        "microsoft.batch/batchaccounts/pools" => draft.batch(),
        "microsoft.machinelearningservices/workspaces/computes" => draft.machine_learning(),
        "microsoft.network/privatelinkservices" => draft.private_link_service(),
        _ => return,
    };
    let meta = builder.meta(resource);
    let _: ServiceId = builder.put(
        Service {
            meta: meta.clone(),
            kind: service.kind,
            subnets: service.subnets,
            tier: service.tier,
            location: draft.body.get("location").text(),
            options: service.options,
            ports: service.ports,
            inferred: false,
        },
        &meta,
    );
}

/// The service that a subnet of this name or with one of these delegations holds, where nothing else
/// can live there.
pub(super) fn of_subnet(name: Option<&str>, delegations: &[&str]) -> Option<ServiceKind> {
    let delegated = |wanted: &str| {
        let mut all = delegations.iter();
        all.any(|one| one.eq_ignore_ascii_case(wanted))
    };
    if name.is_some_and(|name| name.eq_ignore_ascii_case("AzureBastionSubnet")) {
        return Some(ServiceKind::Bastion);
    }
    [
        (
            "Microsoft.Sql/managedInstances",
            ServiceKind::SqlManagedInstance,
        ),
        ("Microsoft.Databricks/workspaces", ServiceKind::Databricks),
        (
            "Microsoft.Network/applicationGateways",
            ServiceKind::ApplicationGateway,
        ),
    ]
    .into_iter()
    .find_map(|(wanted, kind)| delegated(wanted).then_some(kind))
}

/// What is particular to a kind of service.
struct Particular {
    kind: ServiceKind,
    subnets: List<Field<Link<SubnetId>>>,
    tier: Field<std::sync::Arc<str>>,
    options: Vec<(ServiceOption, Field<bool>)>,
    ports: List<Field<crate::model::address::PortRange>>,
}

/// A resource that is being read.
struct Draft<'a> {
    body: Node<'a>,
    from: Node<'a>,
}

impl Draft<'_> {
    fn of(&self, kind: ServiceKind, subnets: List<Field<Link<SubnetId>>>) -> Particular {
        Particular {
            kind,
            subnets,
            tier: self.sku("name").text(),
            options: Vec::new(),
            ports: List::default(),
        }
    }

    /// `sku` lies beside the properties, of an Application Gateway among them.
    fn sku(&self, name: &str) -> Node<'_> {
        let beside = self.body.path(&["sku", name]);
        beside.or_else(|| self.from.path(&["sku", name]))
    }

    /// The subnet whose id is written at a place.
    fn subnet(&self, path: &[&str]) -> List<Field<Link<SubnetId>>> {
        one(&self.from.path(path))
    }

    /// The subnets whose ids the items of a list give.
    fn subnets(&self, items: &Node<'_>, path: &[&str]) -> List<Field<Link<SubnetId>>> {
        let mut list = items.list(|item| item.path(path).link());
        list.items.retain(|subnet| !subnet.is_absent());
        let mut met = Vec::new();
        list.items.retain(|subnet| match subnet.value() {
            Some(link) if met.contains(link) => false,
            Some(link) => {
                met.push(link.clone());
                true
            }
            None => true,
        });
        list
    }

    fn api_management(&self) -> Particular {
        let from = &self.from;
        let tier = self.sku("name").text();
        let first = self.subnet(&["virtualNetworkConfiguration", "subnetResourceId"]);
        let others = from.get("additionalLocations");
        let path = ["virtualNetworkConfiguration", "subnetResourceId"];
        let more = self.subnets(&others, &path);
        let subnets = List {
            items: first.items.into_iter().chain(more.items).collect(),
            rest: first.rest.or(more.rest),
        };
        Particular {
            options: vec![
                (
                    ServiceOption::External,
                    is(&from.get("virtualNetworkType"), "External"),
                ),
                (ServiceOption::MultiRegion, any(&others, |_| Ok(true))),
                (
                    ServiceOption::Developer,
                    tier.clone()
                        .map(|tier| tier.eq_ignore_ascii_case("Developer")),
                ),
                (
                    ServiceOption::V2,
                    tier.clone()
                        .map(|tier| tier.to_ascii_lowercase().ends_with("v2")),
                ),
            ],
            tier,
            ..self.of(ServiceKind::ApiManagement, subnets)
        }
    }

    fn app_service_environment(&self) -> Particular {
        let subnets = self.subnet(&["virtualNetwork", "id"]);
        let third = is(&self.body.get("kind"), "ASEV3");
        Particular {
            options: vec![(ServiceOption::V3, third)],
            ..self.of(ServiceKind::AppServiceEnvironment, subnets)
        }
    }

    fn domain_services(&self) -> Particular {
        let sets = self.subnets(&self.from.get("replicaSets"), &["subnetId"]);
        let subnets = match sets.is_certainly_empty() {
            true => self.subnet(&["subnetId"]),
            false => sets,
        };
        self.of(ServiceKind::EntraDomainServices, subnets)
    }

    fn hd_insight(&self) -> Particular {
        let from = &self.from;
        let roles = from.path(&["computeProfile", "roles"]);
        let subnets = self.subnets(&roles, &["virtualNetworkProfile", "subnet"]);
        let connection = from.path(&["networkProperties", "resourceProviderConnection"]);
        Particular {
            options: vec![
                (ServiceOption::OutboundManaged, is(&connection, "Outbound")),
                (
                    ServiceOption::Kafka,
                    is(&from.path(&["clusterDefinition", "kind"]), "KAFKA"),
                ),
            ],
            ..self.of(ServiceKind::HdInsight, subnets)
        }
    }

    fn private_link_service(&self) -> Particular {
        let configurations = self.from.get("ipConfigurations");
        let subnets = self.subnets(&configurations, &["properties", "subnet", "id"]);
        self.of(ServiceKind::PrivateLinkService, subnets)
    }

    fn managed_instance(&self) -> Particular {
        self.of(ServiceKind::SqlManagedInstance, self.subnet(&["subnetId"]))
    }

    fn databricks(&self) -> Particular {
        let parameters = self.from.get("parameters");
        let network = parameters.path(&["customVirtualNetworkId", "value"]);
        let mut subnets = List::default();
        for name in ["customPublicSubnetName", "customPrivateSubnetName"] {
            let name = parameters.path(&[name, "value"]);
            if let (Some(network), Some(own)) = (network.key(), canonical(&name)) {
                let key = ResourceKey(format!("{}/subnets/{own}", network.0).into());
                subnets.items.push(link_to(key, name.origin()));
            }
        }
        self.of(ServiceKind::Databricks, subnets)
    }

    fn container_apps(&self) -> Particular {
        let network = self.from.get("vnetConfiguration");
        let profiles = self.from.get("workloadProfiles");
        Particular {
            options: vec![
                (
                    ServiceOption::External,
                    is(&network.get("internal"), "true").map(|internal| !internal),
                ),
                (
                    ServiceOption::WorkloadProfiles,
                    any(&profiles, |_| Ok(true)),
                ),
            ],
            ..self.of(
                ServiceKind::ContainerApps,
                one(&network.get("infrastructureSubnetId")),
            )
        }
    }

    fn kubernetes(&self) -> Particular {
        let pools = self.from.get("agentPoolProfiles");
        let subnets = match pools.is_absent() {
            true => self.subnet(&["vnetSubnetID"]),
            false => self.subnets(&pools, &["vnetSubnetID"]),
        };
        let private = self
            .from
            .path(&["apiServerAccessProfile", "enablePrivateCluster"]);
        Particular {
            options: vec![(ServiceOption::PrivateCluster, is(&private, "true"))],
            ..self.of(ServiceKind::Kubernetes, subnets)
        }
    }

    fn batch(&self) -> Particular {
        let subnets = self.subnet(&["networkConfiguration", "subnetId"]);
        self.of(ServiceKind::Batch, subnets)
    }

    fn machine_learning(&self) -> Particular {
        let own = self.from.get("properties");
        let public = own.get("enableNodePublicIp");
        Particular {
            options: vec![(ServiceOption::NetworkIsolation, is(&public, "false"))],
            ..self.of(
                ServiceKind::MachineLearning,
                one(&own.path(&["subnet", "id"])),
            )
        }
    }

    /// The subnets of the configurations in a list.
    fn configured(&self, list: &str) -> List<Field<Link<SubnetId>>> {
        let subnet = |item: &Node<'_>| id(&properties(item).get("subnet"));
        self.from.get(list).list(subnet)
    }

    fn bastion(&self) -> Particular {
        self.of(ServiceKind::Bastion, self.configured("ipConfigurations"))
    }

    fn application_gateway(&self) -> Particular {
        let tier = self.sku("tier").or_else(|| self.sku("name")).text();
        let frontends = self.from.get("frontendIPConfigurations");
        let external = any(&frontends, |item| {
            let address = properties(item).get("publicIPAddress");
            match address.unknown() {
                Some(unknown) => Err(unknown.clone()),
                None => Ok(!address.is_absent()),
            }
        });
        let v2 = tier.clone().map(|tier| is_second_generation(&tier));
        let port = |item: &Node<'_>| properties(item).get("port").field(parse::ports);
        Particular {
            options: vec![
                (
                    ServiceOption::NetworkIsolation,
                    and(&v2, &external.clone().map(|public| !public)),
                ),
                (ServiceOption::External, external),
                (ServiceOption::V2, v2),
            ],
            ports: self.from.get("frontendPorts").list(port),
            tier,
            ..self.of(
                ServiceKind::ApplicationGateway,
                self.configured("gatewayIPConfigurations"),
            )
        }
    }
}
