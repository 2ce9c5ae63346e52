//! Azure Firewall: classic rule collections, policies, rule collection groups, IP groups.

use super::{add, blocks, by_name, is_here, place, whole};
use crate::eval::Resource;
use crate::model::build::{Bond, Builder, GroupRules, Part};
use crate::model::field::Node;
use crate::model::firewall::{
    Firewall, FirewallPolicy, FirewallRuleKind, FirewallSettings, IpGroup,
};
use crate::model::firewall_rule::{Collection, Draft, OfGroup};
use crate::model::{
    Field, FirewallId, FirewallPolicyId, FirewallRuleId, IpGroupId, Link, List, State, parse,
};

const FIREWALLS: &str = "microsoft.network/azurefirewalls";
const POLICIES: &str = "microsoft.network/firewallpolicies";
const IP_GROUPS: &str = "microsoft.network/ipgroups";

/// Firewalls and everything that belongs to one; `kind` is the type without its provider.
pub(super) fn lower<'a>(builder: &mut Builder<'a>, resource: &'a Resource, kind: &str) {
    match kind {
        "firewall" => firewall(builder, resource),
        "firewall_policy" => policy(builder, resource),
        "firewall_policy_rule_collection_group" => group(builder, resource),
        "firewall_network_rule_collection" => {
            classic(builder, resource, FirewallRuleKind::Network);
        }
        "firewall_application_rule_collection" => {
            classic(builder, resource, FirewallRuleKind::Application);
        }
        "firewall_nat_rule_collection" => classic(builder, resource, FirewallRuleKind::Nat),
        _ => {}
    }
}

fn firewall<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let here = place(builder, resource, FIREWALLS);
    if is_here::<FirewallId>(builder, resource, here.as_ref()) {
        return;
    }
    let body = builder.body(resource);
    let configurations = body.get("ip_configuration");
    let mut public_ips: List<Field<Link<_>>> =
        configurations.list(|item| item.get("public_ip_address_id").link());
    public_ips.items.retain(|address| !address.is_absent());
    // Only one of several configurations names the subnet.
    let first = configurations
        .items()
        .items
        .into_iter()
        .find(|item| !item.get("subnet_id").is_absent())
        .unwrap_or_else(|| body.block("ip_configuration"));
    let hub = body.block("virtual_hub");
    let in_network = first.get("private_ip_address").field(parse::address);
    let element = Firewall {
        subnet: first.get("subnet_id").link(),
        virtual_hub: hub.get("virtual_hub_id").link(),
        private_address: if in_network.is_absent() {
            hub.get("private_ip_address").field(parse::address)
        } else {
            in_network
        },
        public_ips,
        policy: body.get("firewall_policy_id").link(),
        rules: List::default(),
        tier: body.get("sku_tier").text(),
        settings: FirewallSettings {
            dns_proxy: body.get("dns_proxy_enabled").flag(),
            dns_servers: body.get("dns_servers").list_of(parse::address),
            threat_intelligence: body
                .get("threat_intel_mode")
                .field(parse::threat_intelligence),
            ..settings(&body)
        },
        management: body.block("management_ip_configuration").is_written(),
        zones: body.get("zones").list(Node::text),
        meta: builder.meta(resource),
    };
    let _: FirewallId = add(builder, resource, FIREWALLS, element);
}

fn policy<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let here = place(builder, resource, POLICIES);
    if is_here::<FirewallPolicyId>(builder, resource, here.as_ref()) {
        return;
    }
    let body = builder.body(resource);
    let mut tier = body.get("sku").text();
    if tier.is_absent() {
        // The provider's own default.
        tier.state = State::Known("Standard".into());
    }
    let element = FirewallPolicy {
        parent: body.get("base_policy_id").link(),
        rules: List::default(),
        tier,
        settings: settings(&body),
        sql_redirect: body.get("sql_redirect_allowed").flag(),
        meta: builder.meta(resource),
    };
    let _: FirewallPolicyId = add(builder, resource, POLICIES, element);
}

/// What a policy writes, a part of which a firewall writes alike.
fn settings(body: &Node<'_>) -> FirewallSettings {
    let dns = body.block("dns");
    FirewallSettings {
        dns_proxy: dns.get("proxy_enabled").flag(),
        proxy_for_names: dns.get("network_rule_fqdn_enabled").flag(),
        dns_servers: dns.get("servers").list_of(parse::address),
        threat_intelligence: body
            .get("threat_intelligence_mode")
            .field(parse::threat_intelligence),
        private_ranges: body.get("private_ip_ranges").list_of(parse::private_range),
        learns_private_ranges: body.get("auto_learn_private_ranges_enabled").flag(),
        intrusion_detection: body.block("intrusion_detection").get("mode").text(),
        tls_certificate: body.block("tls_certificate").get("name").text(),
    }
}

fn group<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    let group_priority = part.node.get("priority").field(parse::priority);
    let policy = part.node.get("firewall_policy_id").link();
    let of_group = OfGroup::add(builder, &part.meta, policy.clone(), group_priority);
    let mut all = GroupRules::default();
    for (block, kind) in [
        ("nat_rule_collection", FirewallRuleKind::Nat),
        ("network_rule_collection", FirewallRuleKind::Network),
        ("application_rule_collection", FirewallRuleKind::Application),
    ] {
        let collections = blocks(&part.meta, &part.node, block);
        all.rest = all.rest.or(collections.rest);
        for collection in collections.parts {
            rules(builder, &collection, &of_group, kind, &mut all);
        }
    }
    of_group.close(builder, &all);
    builder.notes.policy_rules.push(Bond {
        left: policy,
        right: all,
        meta: part.meta,
    });
}

fn classic<'a>(builder: &mut Builder<'a>, resource: &'a Resource, kind: FirewallRuleKind) {
    let part = whole(builder, resource);
    let mut all = GroupRules::default();
    let of_group = OfGroup::none(part.meta.origin);
    rules(builder, &part, &of_group, kind, &mut all);
    let left = by_name(
        builder,
        resource,
        &part.node,
        "azure_firewall_name",
        FIREWALLS,
    );
    builder.notes.firewall_rules.push(Bond {
        left,
        right: all,
        meta: part.meta,
    });
}

/// The rules of a collection.
fn rules(
    builder: &mut Builder<'_>,
    part: &Part<'_>,
    of_group: &OfGroup,
    kind: FirewallRuleKind,
    all: &mut GroupRules,
) {
    let fields = [part.node.get("priority"), part.node.get("action")];
    let collection = Collection::add(builder, part, of_group, Some(kind), fields);
    let found = blocks(&part.meta, &part.node, "rule");
    all.rest = all.rest.take().or_else(|| found.rest.clone());
    let first = all.rules.len();
    for (position, rule) in found.parts.into_iter().enumerate() {
        let id = rule_of(builder, kind, &collection, position, rule);
        all.rules.push(id);
    }
    collection.close(builder, all, first, found.rest);
}

fn rule_of(
    builder: &mut Builder<'_>,
    kind: FirewallRuleKind,
    collection: &Collection<'_>,
    position: usize,
    part: Part<'_>,
) -> FirewallRuleId {
    let from: &Node<'_> = &part.node;
    let draft = Draft {
        kind,
        position,
        protocols: from.any_of(&["protocols", "protocol"]),
        protocol_entries: ["type", "port"],
        source: from.get("source_addresses"),
        source_ip_groups: from.get("source_ip_groups").links(),
        destination: vec![
            from.get("destination_addresses"),
            from.get("destination_address"),
        ],
        destination_ip_groups: from.get("destination_ip_groups").links(),
        fqdns: from.any_of(&["destination_fqdns", "target_fqdns"]),
        urls: from.get("destination_urls"),
        fqdn_tags: from.any_of(&["destination_fqdn_tags", "fqdn_tags"]),
        web_categories: from.get("web_categories"),
        terminate_tls: from.get("terminate_tls"),
        ports: from.get("destination_ports"),
        translated_address: from.get("translated_address"),
        translated_fqdn: from.get("translated_fqdn"),
        description: from.get("description"),
        translated_port: from.get("translated_port"),
        meta: part.meta,
    };
    builder.add(draft.assemble(collection))
}

/// `azurerm_ip_group`
pub(super) fn ip_group<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let here = place(builder, resource, IP_GROUPS);
    if is_here::<IpGroupId>(builder, resource, here.as_ref()) {
        return;
    }
    let element = IpGroup {
        addresses: builder
            .body(resource)
            .get("cidrs")
            .list_of(parse::firewall_prefix),
        meta: builder.meta(resource),
    };
    let _: IpGroupId = add(builder, resource, IP_GROUPS, element);
}

/// `azurerm_ip_group_cidr`
pub(super) fn ip_group_cidr<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let part = whole(builder, resource);
    builder.notes.ip_group_addresses.push(Bond {
        left: part.node.get("ip_group_id").link(),
        right: part.node.get("cidr").list_of(parse::firewall_prefix),
        meta: part.meta,
    });
}
