//! Services that live in subnets.

use super::{add, is_here, place};
use crate::eval::Resource;
use crate::model::build::Builder;
use crate::model::field::Node;
use crate::model::service::{
    Service, ServiceKind, ServiceOption, and, any, is, is_second_generation, one,
};
use crate::model::{Field, Link, List, ServiceId, SubnetId, parse};

/// The services, and the type in their ids.
const SERVICES: &[(&str, &str, Fill)] = &[
    ("bastion_host", "microsoft.network/bastionhosts", bastion),
    (
        "application_gateway",
        "microsoft.network/applicationgateways",
        application_gateway,
    ),
    (
        "api_management",
        "microsoft.apimanagement/service",
        api_management,
    ),
    (
        "app_service_environment_v3",
        "microsoft.web/hostingenvironments",
        app_service_environment,
    ),
    (
        "active_directory_domain_service",
        "microsoft.aad/domainservices",
        domain_services,
    ),
    (
        "active_directory_domain_service_replica_set",
        "microsoft.aad/domainservices/replicasets",
        domain_services,
    ),
    (
        "mssql_managed_instance",
        "microsoft.sql/managedinstances",
        managed_instance,
    ),
    (
        "databricks_workspace",
        "microsoft.databricks/workspaces",
        databricks,
    ),
    (
        "container_app_environment",
        "microsoft.app/managedenvironments",
        container_apps,
    ),
    (
        "kubernetes_cluster",
        "microsoft.containerservice/managedclusters",
        kubernetes,
    ),
    (
        "kubernetes_cluster_node_pool",
        "microsoft.containerservice/managedclusters/agentpools",
        kubernetes,
    ),
    ("batch_pool", "microsoft.batch/batchaccounts/pools", batch),
    (
        "machine_learning_compute_cluster",
        "microsoft.machinelearningservices/workspaces/computes",
        machine_learning,
    ),
    (
        "machine_learning_compute_instance",
        "microsoft.machinelearningservices/workspaces/computes",
        machine_learning,
    ),
    (
        "private_link_service",
        "microsoft.network/privatelinkservices",
        private_link_service,
    ),
    ("hdinsight_hadoop_cluster", HD_INSIGHT, hd_insight),
    ("hdinsight_hbase_cluster", HD_INSIGHT, hd_insight),
    (
        "hdinsight_interactive_query_cluster",
        HD_INSIGHT,
        hd_insight,
    ),
    ("hdinsight_spark_cluster", HD_INSIGHT, hd_insight),
    ("hdinsight_kafka_cluster", HD_INSIGHT, kafka),
];

const HD_INSIGHT: &str = "microsoft.hdinsight/clusters";

/// Fills in what is particular to a service.
type Fill = fn(&Node<'_>, &mut Service);

/// Adds the service that a resource is, if it is one; `kind` is its type without the provider's name.
pub(super) fn lower<'a>(builder: &mut Builder<'a>, resource: &'a Resource, kind: &str) {
    if let Some((_, path, fill)) = SERVICES.iter().find(|(one, ..)| *one == kind) {
        put(builder, resource, path, *fill);
    }
}

fn bastion(body: &Node<'_>, service: &mut Service) {
    service.subnets = configured(body, "ip_configuration");
    service.tier = body.get("sku").text();
}

fn application_gateway(body: &Node<'_>, service: &mut Service) {
    service.kind = ServiceKind::ApplicationGateway;
    service.subnets = configured(body, "gateway_ip_configuration");
    let sku = body.block("sku");
    service.tier = sku.get("tier").or_else(|| sku.get("name")).text();
    let external = any(&body.get("frontend_ip_configuration"), |item| {
        let address = item.get("public_ip_address_id");
        match address.unknown() {
            // The id of a resource is unknown until it is created, but the resource is there.
            Some(unknown) if unknown.refers_to.is_none() => Err(unknown.clone()),
            Some(_) => Ok(true),
            None => Ok(!address.is_absent()),
        }
    });
    let v2 = service.tier.clone().map(|tier| is_second_generation(&tier));
    service.options = vec![
        (
            ServiceOption::NetworkIsolation,
            and(&v2, &external.clone().map(|public| !public)),
        ),
        (ServiceOption::External, external),
        (ServiceOption::V2, v2),
    ];
    let port = |item: &Node<'_>| item.get("port").field(parse::ports);
    service.ports = body.get("frontend_port").list(port);
}

fn api_management(body: &Node<'_>, service: &mut Service) {
    service.kind = ServiceKind::ApiManagement;
    service.tier = body.get("sku_name").text();
    let first = one(&body.block("virtual_network_configuration").get("subnet_id"));
    let others = body.get("additional_location");
    let subnet = |item: &Node<'_>| {
        item.block("virtual_network_configuration")
            .get("subnet_id")
            .link()
    };
    let more = others.list(subnet);
    service.subnets = List {
        items: first.items.into_iter().chain(more.items).collect(),
        rest: first.rest.or(more.rest),
    };
    service.subnets.items.retain(|subnet| !subnet.is_absent());
    let tier = &service.tier;
    service.options = vec![
        (
            ServiceOption::External,
            is(&body.get("virtual_network_type"), "External"),
        ),
        (ServiceOption::MultiRegion, any(&others, |_| Ok(true))),
        (
            ServiceOption::Developer,
            tier.clone().map(|tier| tier.starts_with("Developer")),
        ),
        (
            ServiceOption::V2,
            tier.clone().map(|tier| tier.contains("V2_")),
        ),
    ];
}

fn app_service_environment(body: &Node<'_>, service: &mut Service) {
    service.kind = ServiceKind::AppServiceEnvironment;
    service.subnets = one(&body.get("subnet_id"));
    let third = Field::known(true, service.meta.origin);
    service.options = vec![(ServiceOption::V3, third)];
}

fn domain_services(body: &Node<'_>, service: &mut Service) {
    service.kind = ServiceKind::EntraDomainServices;
    let initial = body.block("initial_replica_set").get("subnet_id");
    service.subnets = one(&initial.or_else(|| body.get("subnet_id")));
}

fn private_link_service(body: &Node<'_>, service: &mut Service) {
    service.kind = ServiceKind::PrivateLinkService;
    service.subnets = body
        .get("nat_ip_configuration")
        .list(|one| one.get("subnet_id").link());
}

fn managed_instance(body: &Node<'_>, service: &mut Service) {
    service.kind = ServiceKind::SqlManagedInstance;
    service.subnets = one(&body.get("subnet_id"));
}

/// The id of an association of a subnet and a group is that of the subnet.
fn databricks(body: &Node<'_>, service: &mut Service) {
    service.kind = ServiceKind::Databricks;
    let parameters = body.block("custom_parameters");
    for name in [
        "public_subnet_network_security_group_association_id",
        "private_subnet_network_security_group_association_id",
    ] {
        service
            .subnets
            .items
            .extend(one(&parameters.get(name)).items);
    }
}

fn container_apps(body: &Node<'_>, service: &mut Service) {
    service.kind = ServiceKind::ContainerApps;
    service.subnets = one(&body.get("infrastructure_subnet_id"));
    let internal = is(&body.get("internal_load_balancer_enabled"), "true");
    service.options = vec![
        (ServiceOption::External, internal.map(|internal| !internal)),
        (
            ServiceOption::WorkloadProfiles,
            any(&body.get("workload_profile"), |_| Ok(true)),
        ),
    ];
}

fn kubernetes(body: &Node<'_>, service: &mut Service) {
    service.kind = ServiceKind::Kubernetes;
    let own = body.get("vnet_subnet_id");
    service.subnets = one(&own.or_else(|| body.block("default_node_pool").get("vnet_subnet_id")));
    let private = is(&body.get("private_cluster_enabled"), "true");
    service.options = vec![(ServiceOption::PrivateCluster, private)];
}

fn batch(body: &Node<'_>, service: &mut Service) {
    service.kind = ServiceKind::Batch;
    service.subnets = one(&body.block("network_configuration").get("subnet_id"));
}

fn machine_learning(body: &Node<'_>, service: &mut Service) {
    service.kind = ServiceKind::MachineLearning;
    service.subnets = one(&body.get("subnet_resource_id"));
    let public = body.get("node_public_ip_enabled");
    service.options = vec![(ServiceOption::NetworkIsolation, is(&public, "false"))];
}

fn hd_insight(body: &Node<'_>, service: &mut Service) {
    service.kind = ServiceKind::HdInsight;
    service.subnets = one(&body.block("roles").block("head_node").get("subnet_id"));
    let connection = body.block("network").get("connection_direction");
    service.options = vec![(ServiceOption::OutboundManaged, is(&connection, "Outbound"))];
}

fn kafka(body: &Node<'_>, service: &mut Service) {
    hd_insight(body, service);
    let kafka = Field::known(true, service.meta.origin);
    service.options.push((ServiceOption::Kafka, kafka));
}

/// Adds the service that `fill` makes of a resource.
fn put<'a>(builder: &mut Builder<'a>, resource: &'a Resource, path: &str, fill: Fill) {
    let here = place(builder, resource, path);
    if is_here::<ServiceId>(builder, resource, here.as_ref()) {
        return;
    }
    let body = builder.body(resource);
    let meta = builder.meta(resource);
    let mut service = Service {
        kind: ServiceKind::Bastion,
        subnets: List::default(),
        tier: Field::absent(meta.origin),
        location: body.get("location").text(),
        options: Vec::new(),
        ports: List::default(),
        inferred: false,
        meta,
    };
    fill(&body, &mut service);
    let _: ServiceId = add(builder, resource, path, service);
}

/// The subnets of blocks of one kind.
fn configured(body: &Node<'_>, block: &str) -> List<Field<Link<SubnetId>>> {
    body.get(block).list(|item| item.get("subnet_id").link())
}
