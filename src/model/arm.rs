//! ARM resources to the model: one of the two places with ARM spellings.
//!
//! Templates, REST answers and exports write a resource alike: `name`, `type` and what Azure calls
//! its `properties`. Where a list was flattened by a tool the properties lie beside the name.

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

use super::build::{BackReference, Builder, Part, Parts, Style};
use super::field::Node;
use super::service::ServiceKind;
use super::{Field, Link, List, Meta, State};
use crate::eval::{Mode, Resource, ResourceKey};

/// Whether a key is a firewall's, also where the firewall is not in the files.
pub(super) fn is_firewall(key: &ResourceKey) -> bool {
    key.0.contains("/microsoft.network/azurefirewalls/")
}

/// Whether the text of a file may describe a subscription.
pub(super) fn hints_at_subscription(text: &str) -> bool {
    subscription::is_hinted_at(text)
}

/// The service that a subnet of this name or with one of these delegations holds.
pub(super) fn service_of_subnet(name: Option<&str>, delegations: &[&str]) -> Option<ServiceKind> {
    service::of_subnet(name, delegations)
}

/// Adds what a resource means to the network, if it means anything.
pub(super) fn lower<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    if resource.mode == Mode::Existing && builder.is_created_here(resource) {
        return;
    }
    let kind = resource.kind.to_ascii_lowercase();
    service::lower(builder, resource, &kind);
    let Some((provider, kind)) = kind.split_once('/') else {
        return;
    };
    match provider {
        "microsoft.network" => network(builder, resource, kind),
        "microsoft.compute" => match kind {
            "virtualmachines" => compute::virtual_machine(builder, resource),
            "virtualmachinescalesets" => compute::scale_set(builder, resource),
            "virtualmachines/extensions" | "virtualmachinescalesets/extensions" => {
                setting::extension(builder, resource);
            }
            "virtualmachines/runcommands" => setting::run_command(builder, resource),
            _ => {}
        },
        "microsoft.web" => match kind {
            "sites" | "sites/slots" => setting::site(builder, resource),
            "serverfarms" => setting::plan(builder, resource),
            "hostingenvironments" => setting::hosting_environment(builder, resource),
            "sites/config" | "sites/slots/config" => setting::site_config(builder, resource),
            "sites/networkconfig" | "sites/slots/networkconfig" => {
                setting::site_network(builder, resource);
            }
            _ => {}
        },
        "microsoft.app" => match kind {
            "containerapps" | "jobs" => setting::container_app(builder, resource),
            "managedenvironments" => setting::environment(builder, resource),
            _ => {}
        },
        "microsoft.containerinstance" if kind == "containergroups" => {
            setting::container_group(builder, resource);
        }
        "microsoft.resources" if kind == "deploymentscripts" => {
            setting::deployment_script(builder, resource);
        }
        "microsoft.security" if kind == "pricings" => protection::plan(builder, resource),
        "microsoft.subscription" if kind == "aliases" => subscription::alias(builder, resource),
        "microsoft.resources" if kind == "subscriptions" => {
            subscription::subscription(builder, resource);
        }
        _ => {}
    }
}

fn network<'a>(builder: &mut Builder<'a>, resource: &'a Resource, kind: &str) {
    match kind {
        "networksecuritygroups" => nsg::group(builder, resource),
        "networksecuritygroups/securityrules" => nsg::child_rule(builder, resource),
        "applicationsecuritygroups" => nsg::application_group(builder, resource),
        "virtualnetworks" => topology::virtual_network(builder, resource),
        "virtualnetworks/subnets" => topology::child_subnet(builder, resource),
        "virtualnetworks/virtualnetworkpeerings" => topology::child_peering(builder, resource),
        "publicipaddresses" => topology::public_ip(builder, resource),
        "natgateways" => topology::nat_gateway(builder, resource),
        "publicipprefixes" => topology::public_ip_prefix(builder, resource),
        "virtualnetworkgateways" => gateway::gateway(builder, resource),
        "localnetworkgateways" => gateway::site(builder, resource),
        "connections" => gateway::connection(builder, resource),
        "privateendpoints" => gateway::private_endpoint(builder, resource),
        "virtualhubs" => topology::hub(builder, resource),
        "virtualhubs/hubvirtualnetworkconnections" => topology::hub_connection(builder, resource),
        "virtualhubs/routingintent" => topology::routing_intent(builder, resource),
        "networkinterfaces" => network_interface::resource(builder, resource),
        "dnszones/txt" => dns::txt(builder, resource),
        "routetables" => routing::table(builder, resource),
        "routetables/routes" => routing::child_route(builder, resource),
        "loadbalancers" => load_balancer::balancer(builder, resource),
        "loadbalancers/backendaddresspools" => load_balancer::child_pool(builder, resource),
        "loadbalancers/inboundnatrules" => load_balancer::child_nat_rule(builder, resource),
        "azurefirewalls" => firewall::firewall(builder, resource),
        "firewallpolicies" => firewall::policy(builder, resource),
        "firewallpolicies/rulecollectiongroups" | "firewallpolicies/rulegroups" => {
            firewall::group(builder, resource);
        }
        "ipgroups" => firewall::ip_group(builder, resource),
        "networkwatchers/flowlogs" => protection::flow_log(builder, resource),
        "applicationgatewaywebapplicationfirewallpolicies" => {
            protection::gateway_policy(builder, resource);
        }
        "frontdoorwebapplicationfirewallpolicies" => {
            protection::front_door_policy(builder, resource);
        }
        "applicationgateways" => protection::gateway(builder, resource),
        _ => {
            if let Some(kind) = kind.strip_prefix("networkmanagers") {
                manager::lower(builder, resource, kind);
            }
        }
    }
}

/// Where the properties of a resource or part are written.
fn properties<'a>(node: &Node<'a>) -> Node<'a> {
    let properties = node.get("properties");
    if properties.is_absent() {
        node.clone()
    } else {
        properties
    }
}

/// The link in `{ "id": … }`. An object without an id, such as a whole resource written in the place
/// of one, is refused ("Value for reference id is missing").
///
/// Source: <https://github.com/Azure/azure-quickstart-templates/issues/3785> (2017-08).
fn id<I>(node: &Node<'_>) -> Field<Link<I>> {
    let link: Field<Link<I>> = node.get("id").link();
    let is_object = || {
        let object = node.value().and_then(|value| value.as_object());
        object.is_some_and(|object| !object.entries.is_empty())
    };
    if !link.is_absent() || !is_object() {
        return link;
    }
    Field {
        state: State::Invalid {
            raw: "an object without an id".into(),
            why: "a reference needs the id of a resource; one written here is not created".into(),
        },
        origin: node.origin(),
    }
}

/// The links in `[{ "id": … }]`.
fn ids<I>(node: &Node<'_>) -> List<Field<Link<I>>> {
    node.list(id)
}

/// The keys in `[{ "id": … }]`, without those that are not known.
fn keys(node: &Node<'_>) -> Vec<ResourceKey> {
    let found = node.items();
    found
        .items
        .iter()
        .filter_map(|item| item.get("id").key())
        .collect()
}

/// What an export lists as attached.
fn back_reference(node: &Node<'_>) -> BackReference {
    let items = node.items();
    BackReference {
        keys: keys(node),
        open: items.rest.is_some() || items.hidden.is_some(),
    }
}

/// The parts in a list of a resource's properties.
fn parts<'a>(owner: &Meta, list: &Node<'a>, segment: &str) -> Parts<'a> {
    Parts::read(owner, list, segment, Style::Path)
}

/// A whole resource as a part of its parent.
fn child<'a>(builder: &Builder<'a>, resource: &'a Resource) -> Part<'a> {
    Part {
        meta: builder.meta(resource),
        node: builder.body(resource),
    }
}

/// The parent of a child resource: the one the evaluation names, else the id without its last two
/// segments.
fn parent<I>(resource: &Resource) -> Field<Link<I>> {
    let key = resource.parent.clone().or_else(|| {
        let (owner, _name) = resource.key.0.rsplit_once('/')?;
        let (owner, _kind) = owner.rsplit_once('/')?;
        Some(ResourceKey(owner.into()))
    });
    match key {
        Some(key) => Field::known(Link::External(key), resource.origin),
        None => Field::absent(resource.origin),
    }
}
