//! Network security groups, their rules, application security groups.

use super::{add, blocks, by_name, is_here, place, whole};
use crate::eval::Resource;
use crate::model::build::{Bond, Builder, Part};
use crate::model::field::Node;
use crate::model::nsg::{ApplicationSecurityGroup, NetworkSecurityGroup};
use crate::model::security_rule::{Draft, Pair, Side};
use crate::model::{AsgId, List, NsgId, SecurityRuleId};

const GROUPS: &str = "microsoft.network/networksecuritygroups";
const APPLICATION_GROUPS: &str = "microsoft.network/applicationsecuritygroups";

/// `azurerm_network_security_group`
pub(super) fn group<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let here = place(builder, resource, GROUPS);
    if is_here::<NsgId>(builder, resource, here.as_ref()) {
        return;
    }
    let meta = builder.meta(resource);
    let rules = blocks(&meta, &builder.body(resource), "security_rule");
    let element = NetworkSecurityGroup {
        meta,
        rules: List {
            items: Vec::new(),
            rest: rules.rest,
        },
        subnets: List::default(),
        network_interfaces: List::default(),
    };
    let nsg: NsgId = add(builder, resource, GROUPS, element);
    for part in rules.parts {
        if let Some(rule) = rule(builder, part) {
            builder.network[rule].nsg = Some(nsg);
            builder.network[nsg].rules.items.push(rule);
        }
    }
}

/// `azurerm_network_security_rule`
pub(super) fn separate_rule<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    let meta = part.meta.clone();
    let left = by_name(
        builder,
        resource,
        &part.node,
        "network_security_group_name",
        GROUPS,
    );
    if let Some(right) = rule(builder, part) {
        builder.network[right].apart = true;
        builder.notes.rule_of.push(Bond { left, right, meta });
    }
}

/// `azurerm_application_security_group`
pub(super) fn application_group<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let here = place(builder, resource, APPLICATION_GROUPS);
    if is_here::<AsgId>(builder, resource, here.as_ref()) {
        return;
    }
    let element = ApplicationSecurityGroup {
        meta: builder.meta(resource),
        members: List::default(),
    };
    let _: AsgId = add(builder, resource, APPLICATION_GROUPS, element);
}

/// The rule of a part; `None` for one of Azure's own.
fn rule(builder: &mut Builder<'_>, part: Part<'_>) -> Option<SecurityRuleId> {
    let from = &part.node;
    let origins = &builder.deployment.origins;
    let draft = Draft {
        priority: from.get("priority"),
        direction: from.get("direction"),
        access: from.get("access"),
        protocol: from.get("protocol"),
        description: from.get("description"),
        source: side(
            from,
            ["source_address_prefix", "source_address_prefixes"],
            "source_application_security_group_ids",
            "source",
        ),
        destination: side(
            from,
            ["destination_address_prefix", "destination_address_prefixes"],
            "destination_application_security_group_ids",
            "destination",
        ),
        source_ports: Pair::of(
            from,
            ["source_port_range", "source_port_ranges"],
            "source port",
        ),
        destination_ports: Pair::of(
            from,
            ["destination_port_range", "destination_port_ranges"],
            "destination port",
        ),
        exported: false,
        spelling: ["priority", "direction", "access", "protocol"],
        origins,
        meta: part.meta,
    };
    if draft.is_default() {
        return None;
    }
    Some(builder.add(draft.assemble()))
}

fn side<'a>(
    from: &Node<'a>,
    addresses: [&'static str; 2],
    groups: &'static str,
    what: &'static str,
) -> Side<'a> {
    let addresses = Pair::of(from, addresses, what);
    Side::new(addresses, from.get(groups).links::<AsgId>(), groups)
}
