//! Network managers, network groups, security admin configurations and their rules.

use super::{child, parent, properties};
use crate::eval::Resource;
use crate::model::admin_rule::Draft;
use crate::model::build::Builder;
use crate::model::index::Id;
use crate::model::manager::{
    AdminConfiguration, AdminRuleCollection, NetworkGroup, NetworkManager, StaticMember,
};
use crate::model::{
    AdminConfigurationId, AdminRuleCollectionId, AdminRuleId, Meta, NetworkGroupId,
    NetworkManagerId, StaticMemberId, parse,
};

/// A manager and everything below one; `kind` is the type without what all of them begin with.
pub(super) fn lower<'a>(builder: &mut Builder<'a>, resource: &'a Resource, kind: &str) {
    match kind {
        "" => manager(builder, resource),
        "/networkgroups" => group(builder, resource),
        "/networkgroups/staticmembers" => member(builder, resource),
        "/securityadminconfigurations" => configuration(builder, resource),
        "/securityadminconfigurations/rulecollections" => collection(builder, resource),
        "/securityadminconfigurations/rulecollections/rules" => rule(builder, resource),
        _ => {}
    }
}

fn manager<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let meta = builder.meta(resource);
    add::<NetworkManagerId>(builder, NetworkManager { meta: meta.clone() }, &meta);
}

fn group<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = child(builder, resource);
    let element = NetworkGroup {
        manager: parent(resource),
        member_type: properties(&part.node).get("memberType").text(),
        meta: part.meta.clone(),
    };
    add::<NetworkGroupId>(builder, element, &part.meta);
}

fn member<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = child(builder, resource);
    let element = StaticMember {
        group: parent(resource),
        network: properties(&part.node).get("resourceId").link(),
        meta: part.meta.clone(),
    };
    add::<StaticMemberId>(builder, element, &part.meta);
}

fn configuration<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = child(builder, resource);
    let services = properties(&part.node).get("applyOnNetworkIntentPolicyBasedServices");
    let element = AdminConfiguration {
        manager: parent(resource),
        intent_policy_services: services.first().field(parse::intent_policy_services),
        meta: part.meta.clone(),
    };
    add::<AdminConfigurationId>(builder, element, &part.meta);
}

fn collection<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = child(builder, resource);
    let groups = properties(&part.node).get("appliesToGroups");
    let element = AdminRuleCollection {
        configuration: parent(resource),
        groups: groups.list(|group| group.get("networkGroupId").link()),
        meta: part.meta.clone(),
    };
    add::<AdminRuleCollectionId>(builder, element, &part.meta);
}

fn rule<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = child(builder, resource);
    let from = properties(&part.node);
    let draft = Draft {
        collection: parent(resource),
        priority: from.get("priority"),
        direction: from.get("direction"),
        action: from.get("access"),
        protocol: from.get("protocol"),
        source: from.get("sources"),
        destination: from.get("destinations"),
        source_ports: from.get("sourcePortRanges"),
        destination_ports: from.get("destinationPortRanges"),
        spelling: ["addressPrefix", "addressPrefixType"],
        meta: part.meta.clone(),
    };
    add::<AdminRuleId>(builder, draft.assemble(), &part.meta);
}

/// Adds an element, unless it is only looked up and defined here: children name their parents that
/// way.
fn add<I: Id>(builder: &mut Builder<'_>, element: I::Element, meta: &Meta) {
    if !meta.existing || builder.index.exact::<I>(&meta.key).is_empty() {
        let _: I = builder.put(element, meta);
    }
}
