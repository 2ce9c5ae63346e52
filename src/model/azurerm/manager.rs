//! Network managers, network groups, security admin configurations, their rules and deployments.

use super::{add, is_here, place, whole};
use crate::eval::Resource;
use crate::model::admin_rule::Draft;
use crate::model::build::Builder;
use crate::model::field::Node;
use crate::model::manager::{
    AdminConfiguration, AdminDeployment, AdminRuleCollection, NetworkGroup, NetworkManager,
    StaticMember,
};
use crate::model::{
    AdminConfigurationId, AdminDeploymentId, AdminRuleCollectionId, AdminRuleId, List,
    NetworkGroupId, NetworkManagerId, State, StaticMemberId, parse,
};

const MANAGERS: &str = "microsoft.network/networkmanagers";

/// A manager and everything that belongs to one; `kind` is the type without its provider.
pub(super) fn lower<'a>(builder: &mut Builder<'a>, resource: &'a Resource, kind: &str) {
    match kind {
        "network_manager" => manager(builder, resource),
        "network_manager_network_group" => group(builder, resource),
        "network_manager_static_member" => member(builder, resource),
        "network_manager_security_admin_configuration" => configuration(builder, resource),
        "network_manager_admin_rule_collection" => collection(builder, resource),
        "network_manager_admin_rule" => rule(builder, resource),
        "network_manager_deployment" => deployment(builder, resource),
        _ => {}
    }
}

fn manager<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let here = place(builder, resource, MANAGERS);
    if is_here::<NetworkManagerId>(builder, resource, here.as_ref()) {
        return;
    }
    let meta = builder.meta(resource);
    let _: NetworkManagerId = add(builder, resource, MANAGERS, NetworkManager { meta });
}

fn group<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    let _: NetworkGroupId = builder.add(NetworkGroup {
        manager: part.node.get("network_manager_id").link(),
        member_type: part.node.get("member_type").text(),
        meta: part.meta,
    });
}

fn member<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    let _: StaticMemberId = builder.add(StaticMember {
        group: part.node.get("network_group_id").link(),
        network: part.node.get("target_virtual_network_id").link(),
        meta: part.meta,
    });
}

fn configuration<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    let services = part
        .node
        .get("apply_on_network_intent_policy_based_services");
    let _: AdminConfigurationId = builder.add(AdminConfiguration {
        manager: part.node.get("network_manager_id").link(),
        intent_policy_services: services.first().field(parse::intent_policy_services),
        meta: part.meta,
    });
}

fn collection<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    let _: AdminRuleCollectionId = builder.add(AdminRuleCollection {
        configuration: part.node.get("security_admin_configuration_id").link(),
        groups: part.node.get("network_group_ids").list(Node::link),
        meta: part.meta,
    });
}

fn rule<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    let from = &part.node;
    let draft = Draft {
        collection: from.get("admin_rule_collection_id").link(),
        priority: from.get("priority"),
        direction: from.get("direction"),
        action: from.get("action"),
        protocol: from.get("protocol"),
        source: from.get("source"),
        destination: from.get("destination"),
        source_ports: from.get("source_port_ranges"),
        destination_ports: from.get("destination_port_ranges"),
        spelling: ["address_prefix", "address_prefix_type"],
        meta: part.meta,
    };
    let _: AdminRuleId = builder.add(draft.assemble());
}

fn deployment<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    let scope = part.node.get("scope_access").text();
    let of_security = scope
        .value()
        .map(|scope| scope.eq_ignore_ascii_case("SecurityAdmin"));
    if of_security == Some(false) {
        return;
    }
    let mut configurations = part.node.get("configuration_ids").list(Node::link);
    if let State::Unknown(unknown, _) = scope.state {
        // It may be about something else altogether.
        configurations = List {
            items: Vec::new(),
            rest: Some(unknown),
        };
    }
    let _: AdminDeploymentId = builder.add(AdminDeployment {
        manager: part.node.get("network_manager_id").link(),
        location: part.node.get("location").text(),
        configurations,
        meta: part.meta,
    });
}
