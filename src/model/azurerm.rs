//! azurerm resources to the model: the only place with azurerm spellings.
//!
//! Attribute names of the provider's second to fifth major version are read alike. Separate
//! resources name what they belong to by id or by name and resource group; both become keys that
//! the linker looks up.

mod compute;
mod dns;
mod firewall;
mod gateway;
mod load_balancer;
mod manager;
mod network_interface;
mod nsg;
mod protection;
mod routing;
mod service;
mod setting;
mod subscription;
mod topology;

use super::build::{Builder, Part, Parts, Style, canonical};
use super::field::Node;
use super::index::{Id, Place};
use super::routing::Appliance;
use super::{Field, Link, LoadBalancerId, Meta, NicId, State};
use crate::eval::terraform::schema::{Omitted, Scalar, VERSION, schema};
use crate::eval::value::{Reason, Unknown};
use crate::eval::{Mode, Resource, ResourceKey};

/// Whether a key is a firewall's, also where the firewall is not in the files.
pub(super) fn is_firewall(key: &ResourceKey) -> bool {
    key.0
        .split('.')
        .any(|segment| segment == "azurerm_firewall")
}

/// What a known next hop was read from: an interface or a load balancer with a fixed address.
pub(super) fn read_from(builder: &Builder<'_>, hop: &Node<'_>) -> Option<Appliance> {
    let owner = |kind: &str| builder.read_from(hop.origin(), kind);
    if let Some(key) = owner("azurerm_network_interface") {
        return match builder.index.find::<NicId>(&key)[..] {
            [id] => Some(Appliance::NetworkInterface(id)),
            _ => None,
        };
    }
    match builder.index.find::<LoadBalancerId>(&owner("azurerm_lb")?)[..] {
        [id] => Some(Appliance::LoadBalancer(id)),
        _ => None,
    }
}

/// Whether the text of a file may describe a subscription.
pub(super) fn hints_at_subscription(text: &str) -> bool {
    subscription::is_hinted_at(text)
}

/// Adds what a resource means to the network, if it means anything.
pub(super) fn lower<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let Some(kind) = resource.kind.strip_prefix("azurerm_") else {
        tell_of_azapi(builder, resource);
        return;
    };
    service::lower(builder, resource, kind);
    match kind {
        "network_security_group" => nsg::group(builder, resource),
        "network_security_rule" => nsg::separate_rule(builder, resource),
        "application_security_group" => nsg::application_group(builder, resource),
        "virtual_network" => topology::virtual_network(builder, resource),
        "virtual_network_dns_servers" => topology::dns_servers(builder, resource),
        "subnet" => topology::separate_subnet(builder, resource),
        "subnet_network_security_group_association" => topology::subnet_nsg(builder, resource),
        "subnet_route_table_association" => topology::subnet_route_table(builder, resource),
        "subnet_nat_gateway_association" => topology::subnet_nat_gateway(builder, resource),
        "virtual_network_peering" => topology::peering(builder, resource),
        "public_ip" => topology::public_ip(builder, resource),
        "nat_gateway" => topology::nat_gateway(builder, resource),
        "public_ip_prefix" => topology::public_ip_prefix(builder, resource),
        "nat_gateway_public_ip_association" => topology::nat_gateway_address(builder, resource),
        "nat_gateway_public_ip_prefix_association" => {
            topology::nat_gateway_prefix(builder, resource);
        }
        "virtual_network_gateway" => gateway::gateway(builder, resource),
        "local_network_gateway" => gateway::site(builder, resource),
        "virtual_network_gateway_connection" => gateway::connection(builder, resource),
        "private_endpoint" => gateway::private_endpoint(builder, resource),
        "private_endpoint_application_security_group_association" => {
            gateway::endpoint_group(builder, resource);
        }
        "virtual_hub" => topology::hub(builder, resource),
        "virtual_hub_connection" => topology::hub_connection(builder, resource),
        "virtual_hub_routing_intent" => topology::routing_intent(builder, resource),
        "network_interface" => network_interface::resource(builder, resource),
        "network_interface_security_group_association"
        | "network_interface_application_security_group_association"
        | "network_interface_backend_address_pool_association"
        | "network_interface_nat_rule_association" => {
            network_interface::association(builder, resource, kind);
        }
        "route_table" => routing::table(builder, resource),
        "route" => routing::separate_route(builder, resource),
        "subscription" => subscription::subscription(builder, resource),
        "dns_txt_record" => dns::txt(builder, resource),
        "network_watcher_flow_log" => protection::flow_log(builder, resource),
        "web_application_firewall_policy" => protection::gateway_policy(builder, resource),
        "frontdoor_firewall_policy" | "cdn_frontdoor_firewall_policy" => {
            protection::front_door_policy(builder, resource);
        }
        "application_gateway" => protection::gateway(builder, resource),
        "security_center_subscription_pricing" => protection::plan(builder, resource),
        "ip_group" => firewall::ip_group(builder, resource),
        "ip_group_cidr" => firewall::ip_group_cidr(builder, resource),
        _ if setting::is_setting(kind) => setting::lower(builder, resource, kind),
        _ if kind.starts_with("lb") => load_balancer::lower(builder, resource, kind),
        _ if kind.starts_with("network_manager") => manager::lower(builder, resource, kind),
        _ if kind.starts_with("firewall") => firewall::lower(builder, resource, kind),
        _ if kind.contains("virtual_machine") => compute::lower(builder, resource, kind),
        _ => {}
    }
}

/// Tells once of resources of the `azapi` provider whose meaning is not known: of a type that is not
/// known, or changes to what is not written for `azapi` itself.
fn tell_of_azapi(builder: &mut Builder<'_>, resource: &Resource) {
    const CODE: &str = "azapi-resource";
    let written = matches!(&*resource.kind, "azapi_resource" | "azapi_update_resource");
    let kind = resource
        .body
        .get("type")
        .and_then(|kind| kind.as_str().cloned());
    // A type that is not known may be one of the network's.
    let of_network = kind.is_none_or(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind.starts_with("microsoft.network/") || kind.starts_with("microsoft.compute/")
    });
    let told = builder
        .network
        .diagnostics
        .iter()
        .any(|told| told.code == CODE);
    if written && of_network && resource.mode == Mode::Managed && !told {
        let message = format!(
            "what `{}` changes is not known well enough: what it and others like it here say of the \
             network is not judged",
            resource.address
        );
        builder.report(CODE, message, &[resource.origin]);
    }
}

/// A text attribute of a resource, with the provider's default where nothing is written: one of
/// several where that depends on a version which the files leave open.
fn defaulted(
    builder: &Builder<'_>,
    resource: &Resource,
    body: &Node<'_>,
    name: &str,
) -> Field<std::sync::Arc<str>> {
    let node = body.get(name);
    if !node.is_absent() {
        return node.text();
    }
    let default = schema(resource.mode, &resource.kind)
        .map(|schema| schema.omitted(name, builder.deployment.provider));
    let state = match default {
        Some(Omitted::Default(Scalar::Text(text))) => State::Known(text.into()),
        Some(Omitted::ByVersion { defaults, null }) => {
            let texts = defaults.iter().map(|default| match default {
                Scalar::Text(text) => Some((*text).into()),
                Scalar::Bool(_) | Scalar::Integer(_) => None,
            });
            let candidates = texts.collect::<Option<Vec<_>>>().filter(|_| !null);
            State::Unknown(by_version(), candidates)
        }
        _ => State::Absent,
    };
    Field {
        state,
        origin: node.origin(),
    }
}

/// The unknown where something depends on a version which the files leave open.
fn by_version() -> std::sync::Arc<Unknown> {
    std::sync::Arc::new(Unknown::new("azurerm", VERSION, Reason::ProviderVersion))
}

/// Where a resource lies: `path` is the provider and type of a full id.
fn place(builder: &Builder<'_>, resource: &Resource, path: &str) -> Option<Place> {
    let body = builder.body(resource);
    let name = canonical(&Node::name(resource))?;
    let place = Place::new(group(&body), format!("{path}/{name}"));
    Some(place.of_provider(resource.subscription.clone()))
}

/// The resource group that a body names.
fn group(body: &Node<'_>) -> Option<std::sync::Arc<str>> {
    canonical(&body.get("resource_group_name")).map(Into::into)
}

/// Adds an element that others may name, unless it is a data source for one that is here already.
fn add<'a, I: Id>(
    builder: &mut Builder<'a>,
    resource: &'a Resource,
    path: &str,
    element: I::Element,
) -> I {
    let place = place(builder, resource, path);
    let id: I = builder.add(element);
    if let Some(place) = place {
        builder.place(id, place);
    }
    id
}

/// Whether a data source looks up something that this deployment creates; it then stands for that.
fn is_here<I: Id>(builder: &mut Builder<'_>, resource: &Resource, place: Option<&Place>) -> bool {
    if resource.mode != Mode::Existing {
        return false;
    }
    let Some(place) = place.filter(|place| place.group.is_some()) else {
        return false;
    };
    let [id] = builder.index.exactly_at::<I>(place)[..] else {
        return false;
    };
    let target = id.meta(&builder.network).key.clone();
    builder.index.alias(resource.key.clone(), target);
    true
}

/// A link by name, in the resource group that the body names and the subscription of the resource.
fn by_name<I>(
    builder: &mut Builder<'_>,
    resource: &Resource,
    body: &Node<'_>,
    attribute: &str,
    path: &str,
) -> Field<Link<I>> {
    let node = body.get(attribute);
    let Some(name) = canonical(&node) else {
        return node.link();
    };
    // A name that was read from a resource of the right type names that very resource.
    if let Some(resource) = builder.read_from(node.origin(), kind_of(path)) {
        return Field::known(Link::External(resource), node.origin());
    }
    let place = Place::new(group(body), format!("{path}/{name}"));
    let key = place.of_provider(resource.subscription.clone()).key();
    if let Some(unknown) = node.unknown() {
        builder.index.named_by(key.clone(), unknown);
    }
    Field::known(Link::External(key), node.origin())
}

/// The azurerm type of what has this provider and type in its id.
fn kind_of(path: &str) -> &'static str {
    match path.rsplit_once('/').map_or(path, |(_, kind)| kind) {
        "networksecuritygroups" => "azurerm_network_security_group",
        "routetables" => "azurerm_route_table",
        "virtualnetworks" => "azurerm_virtual_network",
        "azurefirewalls" => "azurerm_firewall",
        _ => "",
    }
}

/// The blocks of one kind.
fn blocks<'a>(owner: &Meta, body: &Node<'a>, kind: &str) -> Parts<'a> {
    Parts::read(owner, &body.get(kind), kind, Style::Block)
}

/// A whole resource as a part.
fn whole<'a>(builder: &Builder<'a>, resource: &'a Resource) -> Part<'a> {
    Part {
        meta: builder.meta(resource),
        node: builder.body(resource),
    }
}
