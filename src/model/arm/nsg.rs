//! Network security groups, their rules, application security groups.

use super::{back_reference, child, ids, parent, parts, properties};
use crate::eval::{Deployment, Resource};
use crate::model::build::{BackReferences, Bond, Builder, Part};
use crate::model::field::Node;
use crate::model::index::Id;
use crate::model::nsg::{ApplicationSecurityGroup, NetworkSecurityGroup, SecurityRule};
use crate::model::security_rule::{Draft, Pair, Side};
use crate::model::{AsgId, List, NsgId, SecurityRuleId};

/// `Microsoft.Network/networkSecurityGroups`
pub(super) fn group<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let meta = builder.meta(resource);
    let properties = properties(&builder.body(resource));
    let rules = parts(&meta, &properties.get("securityRules"), "securityRules");
    let nsg: NsgId = builder.add(NetworkSecurityGroup {
        meta,
        rules: List {
            items: Vec::new(),
            rest: rules.rest,
        },
        subnets: List::default(),
        network_interfaces: List::default(),
    });
    for part in rules.parts {
        // Met by itself before: what is said by itself counts.
        if let Some(before) = builder.certain::<SecurityRuleId>(&part.meta)
            && builder.network[before].nsg.is_none()
        {
            builder.network[before].nsg = Some(nsg);
            builder.network[nsg].rules.items.push(before);
            continue;
        }
        if let Some(mut rule) = rule(part, builder.deployment) {
            rule.nsg = Some(nsg);
            let rule = builder.add(rule);
            builder.network[nsg].rules.items.push(rule);
        }
    }
    if builder.deployment.complete {
        builder.notes.back_references.push(BackReferences {
            owner: nsg.wrap(),
            subnets: back_reference(&properties.get("subnets")),
            network_interfaces: back_reference(&properties.get("networkInterfaces")),
        });
    }
}

/// `Microsoft.Network/networkSecurityGroups/securityRules`
pub(super) fn child_rule<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = child(builder, resource);
    let meta = part.meta.clone();
    let Some(mut rule) = rule(part, builder.deployment) else {
        return;
    };
    // Written in its group and once more by itself: what is said by itself counts.
    if let Some(before) = builder.certain::<SecurityRuleId>(&meta) {
        rule.nsg = builder.network[before].nsg;
        builder.network[before] = rule;
        return;
    }
    let right = builder.add(rule);
    builder.notes.rule_of.push(Bond {
        left: parent(resource),
        right,
        meta,
    });
}

/// `Microsoft.Network/applicationSecurityGroups`
pub(super) fn application_group<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let meta = builder.meta(resource);
    let element = ApplicationSecurityGroup {
        meta: meta.clone(),
        members: List::default(),
    };
    let _: AsgId = builder.put(element, &meta);
}

/// The rule of a part; `None` for one of Azure's own.
fn rule(part: Part<'_>, deployment: &Deployment) -> Option<SecurityRule> {
    let from = properties(&part.node);
    let draft = Draft {
        meta: part.meta,
        priority: from.get("priority"),
        direction: from.get("direction"),
        access: from.get("access"),
        protocol: from.get("protocol"),
        description: from.get("description"),
        source: side(
            &from,
            ["sourceAddressPrefix", "sourceAddressPrefixes"],
            "sourceApplicationSecurityGroups",
            "source",
        ),
        destination: side(
            &from,
            ["destinationAddressPrefix", "destinationAddressPrefixes"],
            "destinationApplicationSecurityGroups",
            "destination",
        ),
        source_ports: Pair::of(
            &from,
            ["sourcePortRange", "sourcePortRanges"],
            "source port",
        ),
        destination_ports: Pair::of(
            &from,
            ["destinationPortRange", "destinationPortRanges"],
            "destination port",
        ),
        exported: deployment.complete,
        spelling: ["priority", "direction", "access", "protocol"],
        origins: &deployment.origins,
    };
    if draft.is_default() {
        return None;
    }
    Some(draft.assemble())
}

fn side<'a>(
    from: &Node<'a>,
    addresses: [&'static str; 2],
    groups: &'static str,
    what: &'static str,
) -> Side<'a> {
    let addresses = Pair::of(from, addresses, what);
    Side::new(addresses, ids::<AsgId>(&from.get(groups)), groups)
}
