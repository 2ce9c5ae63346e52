//! Azure Firewall: classic rule collections, policies, rule collection groups, IP groups.

use super::{id, parent, parts, properties};
use crate::eval::Resource;
use crate::model::build::{Bond, Builder, GroupRules, Part};
use crate::model::field::Node;
use crate::model::firewall::{
    Firewall, FirewallPolicy, FirewallRule, FirewallRuleKind, FirewallRuleOwner, FirewallSettings,
    IpGroup,
};
use crate::model::firewall_rule::{Collection, Draft, OfGroup};
use crate::model::{
    Field, FirewallId, FirewallPolicyId, FirewallRuleId, IpGroupId, List, State, parse,
};

/// `Microsoft.Network/azureFirewalls`
pub(super) fn firewall<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let meta = builder.meta(resource);
    let body = builder.body(resource);
    let from = properties(&body);
    let configurations = from.get("ipConfigurations").items();
    let mut public_ips = List {
        items: Vec::new(),
        rest: configurations.rest.clone(),
    };
    let mut subnet = Field::absent(meta.origin);
    let mut private_address = from
        .path(&["hubIPAddresses", "privateIPAddress"])
        .field(parse::address);
    if let Some(unknown) = configurations.rest {
        subnet.state = State::Unknown(unknown, None);
    }
    for configuration in &configurations.items {
        let from = properties(configuration);
        let public = id(&from.get("publicIPAddress"));
        if !public.is_absent() {
            public_ips.items.push(public);
        }
        // Only the first configuration names the subnet.
        let named = id(&from.get("subnet"));
        if !named.is_absent() {
            subnet = named;
        }
        let address = from.get("privateIPAddress").field(parse::address);
        if !address.is_absent() {
            private_address = address;
        }
    }
    let collections = [
        ("networkRuleCollections", FirewallRuleKind::Network),
        ("applicationRuleCollections", FirewallRuleKind::Application),
        ("natRuleCollections", FirewallRuleKind::Nat),
    ]
    .map(|(name, kind)| (parts(&meta, &from.get(name), name), kind));
    let firewall: FirewallId = builder.add(Firewall {
        subnet,
        virtual_hub: id(&from.get("virtualHub")),
        private_address,
        public_ips,
        policy: id(&from.get("firewallPolicy")),
        rules: List::default(),
        tier: from.path(&["sku", "tier"]).text(),
        settings: classic_settings(&from),
        management: from.get("managementIpConfiguration").is_written(),
        zones: body.get("zones").list(Node::text),
        meta,
    });
    for (found, kind) in collections {
        let mut all = GroupRules {
            rest: found.rest,
            ..GroupRules::default()
        };
        let of_group = OfGroup::none(builder.network[firewall].meta.origin);
        for part in found.parts {
            collection(builder, &part, &of_group, Some(kind), &mut all);
        }
        let owner = Some(FirewallRuleOwner::Firewall(firewall));
        for rule in &all.rules {
            builder.network[*rule].owner = owner;
        }
        for collection in &all.collections {
            builder.network[*collection].owner = owner;
        }
        let rules = &mut builder.network[firewall].rules;
        rules.items.extend(all.rules);
        rules.rest = rules.rest.take().or(all.rest);
    }
}

/// `Microsoft.Network/firewallPolicies`
pub(super) fn policy<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let meta = builder.meta(resource);
    let from = properties(&builder.body(resource));
    let _: FirewallPolicyId = builder.add(FirewallPolicy {
        parent: id(&from.get("basePolicy")),
        rules: List::default(),
        tier: from.path(&["sku", "tier"]).text(),
        settings: FirewallSettings {
            dns_proxy: from.path(&["dnsSettings", "enableProxy"]).flag(),
            proxy_for_names: from
                .path(&["dnsSettings", "requireProxyForNetworkRules"])
                .flag(),
            dns_servers: from
                .path(&["dnsSettings", "servers"])
                .list_of(parse::address),
            threat_intelligence: from
                .get("threatIntelMode")
                .field(parse::threat_intelligence),
            private_ranges: from
                .path(&["snat", "privateRanges"])
                .list_of(parse::private_range),
            learns_private_ranges: from
                .path(&["snat", "autoLearnPrivateRanges"])
                .field(parse::switch),
            intrusion_detection: from.path(&["intrusionDetection", "mode"]).text(),
            tls_certificate: from
                .path(&["transportSecurity", "certificateAuthority", "name"])
                .or_else(|| {
                    from.path(&[
                        "transportSecurity",
                        "certificateAuthority",
                        "keyVaultSecretId",
                    ])
                })
                .text(),
        },
        sql_redirect: from.path(&["sql", "allowSqlRedirect"]).flag(),
        meta,
    });
}

/// Settings of a classic firewall: those that came later are texts among additional properties.
fn classic_settings(from: &Node<'_>) -> FirewallSettings {
    let more = |name: &str| from.path(&["additionalProperties", name]);
    FirewallSettings {
        dns_proxy: more("Network.DNS.EnableProxy").flag(),
        proxy_for_names: more("Network.DNS.RequireProxyForNetworkRules").flag(),
        dns_servers: more("Network.DNS.Servers").split(',', parse::address),
        threat_intelligence: from
            .get("threatIntelMode")
            .field(parse::threat_intelligence),
        private_ranges: more("Network.SNAT.PrivateRanges").split(',', parse::private_range),
        learns_private_ranges: Field::absent(from.origin()),
        intrusion_detection: Field::absent(from.origin()),
        tls_certificate: Field::absent(from.origin()),
    }
}

/// `Microsoft.Network/firewallPolicies/ruleCollectionGroups`, and `…/ruleGroups` as the first API
/// versions called and shaped it.
pub(super) fn group<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let meta = builder.meta(resource);
    let from = properties(&builder.body(resource));
    let priority = from.get("priority").field(parse::priority);
    let collections = parts(&meta, &from.get("ruleCollections"), "ruleCollections");
    let mut all = GroupRules {
        rest: collections.rest,
        ..GroupRules::default()
    };
    let of_group = OfGroup::add(builder, &meta, parent(resource), priority);
    for part in collections.parts {
        collection(builder, &part, &of_group, None, &mut all);
    }
    let old = parts(&meta, &from.get("rules"), "rules");
    all.rest = all.rest.or(old.rest);
    for part in old.parts {
        old_collection(builder, &part, &of_group, &mut all);
    }
    of_group.close(builder, &all);
    builder.notes.policy_rules.push(Bond {
        left: parent(resource),
        right: all,
        meta,
    });
}

/// `Microsoft.Network/ipGroups`
pub(super) fn ip_group<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let meta = builder.meta(resource);
    let from = properties(&builder.body(resource));
    let _: IpGroupId = builder.add(IpGroup {
        addresses: from.get("ipAddresses").list_of(parse::firewall_prefix),
        meta,
    });
}

/// A collection of a group, or a classic one: those tell the kind of all their rules.
fn collection(
    builder: &mut Builder<'_>,
    part: &Part<'_>,
    of_group: &OfGroup,
    kind: Option<FirewallRuleKind>,
    all: &mut GroupRules,
) {
    let from = properties(&part.node);
    let translates = || {
        of_type(
            &from,
            "ruleCollectionType",
            "FirewallPolicyNatRuleCollection",
        )
    };
    let told = kind.or_else(|| translates().then_some(FirewallRuleKind::Nat));
    let fields = [from.get("priority"), from.path(&["action", "type"])];
    let collection = Collection::add(builder, part, of_group, told, fields);
    let rules = parts(&part.meta, &from.get("rules"), "rules");
    let (first, mut rest) = (all.rules.len(), rules.rest);
    for (position, rule) in rules.parts.into_iter().enumerate() {
        let node = rule.node.clone();
        let Some(kind) = kind.or_else(|| rule_kind(&from, &node)) else {
            rest = rest.or_else(|| Some(unreadable(&rule)));
            continue;
        };
        all.rules
            .push(add(builder, kind, &collection, position, rule, &node));
    }
    all.rest = all.rest.take().or_else(|| rest.clone());
    collection.close(builder, all, first, rest);
}

/// A rule of the old shape, which holds conditions and is what a collection is today.
fn old_collection(
    builder: &mut Builder<'_>,
    part: &Part<'_>,
    of_group: &OfGroup,
    all: &mut GroupRules,
) {
    let from = &part.node;
    let fields = [from.get("priority"), from.path(&["action", "type"])];
    let collection = Collection::add(builder, part, of_group, None, fields);
    let conditions = parts(&part.meta, &from.get("ruleConditions"), "ruleConditions");
    let (first, mut rest) = (all.rules.len(), conditions.rest);
    for (position, condition) in conditions.parts.into_iter().enumerate() {
        let node = condition.node.clone();
        match condition_kind(&node) {
            Some(kind) => {
                let id = add(builder, kind, &collection, position, condition, &node);
                all.rules.push(id);
            }
            None => rest = rest.or_else(|| Some(unreadable(&condition))),
        }
    }
    let translated = from.get("ruleCondition");
    if !translated.is_absent() {
        let rule = Part {
            meta: part.meta.clone(),
            node: from.clone(),
        };
        let nat = FirewallRuleKind::Nat;
        let id = add(builder, nat, &collection, 0, rule, &translated);
        all.rules.push(id);
    }
    all.rest = all.rest.take().or_else(|| rest.clone());
    collection.close(builder, all, first, rest);
}

/// `matches` is where sources, destinations and ports are written, `rule.node` where the
/// translation is.
fn add(
    builder: &mut Builder<'_>,
    kind: FirewallRuleKind,
    collection: &Collection<'_>,
    position: usize,
    rule: Part<'_>,
    matches: &Node<'_>,
) -> FirewallRuleId {
    let application = kind == FirewallRuleKind::Application;
    let fqdns = if application {
        "targetFqdns"
    } else {
        "destinationFqdns"
    };
    let protocols = matches.any_of(&["ipProtocols", "protocols"]);
    let rule: FirewallRule = Draft {
        kind,
        position,
        protocols,
        protocol_entries: ["protocolType", "port"],
        source: matches.get("sourceAddresses"),
        source_ip_groups: matches.get("sourceIpGroups").links(),
        destination: vec![matches.get("destinationAddresses")],
        destination_ip_groups: matches.get("destinationIpGroups").links(),
        fqdns: matches.get(fqdns),
        urls: matches.get("targetUrls"),
        fqdn_tags: matches.get("fqdnTags"),
        web_categories: matches.get("webCategories"),
        terminate_tls: matches.get("terminateTLS"),
        ports: matches.get("destinationPorts"),
        translated_address: rule.node.get("translatedAddress"),
        translated_fqdn: rule.node.get("translatedFqdn"),
        description: rule.node.get("description"),
        translated_port: rule.node.get("translatedPort"),
        meta: rule.meta,
    }
    .assemble(collection);
    builder.add(rule)
}

fn rule_kind(collection: &Node<'_>, rule: &Node<'_>) -> Option<FirewallRuleKind> {
    let is = |name: &str| of_type(rule, "ruleType", name);
    if is("NetworkRule") {
        return Some(FirewallRuleKind::Network);
    }
    if is("ApplicationRule") {
        return Some(FirewallRuleKind::Application);
    }
    let translates = of_type(
        collection,
        "ruleCollectionType",
        "FirewallPolicyNatRuleCollection",
    );
    (is("NatRule") || translates).then_some(FirewallRuleKind::Nat)
}

fn of_type(node: &Node<'_>, field: &str, name: &str) -> bool {
    let kind = node.get(field).text();
    kind.value()
        .is_some_and(|kind| kind.eq_ignore_ascii_case(name))
}

fn condition_kind(condition: &Node<'_>) -> Option<FirewallRuleKind> {
    let kind = condition.get("ruleConditionType").text();
    let kind = kind.value()?;
    if kind.eq_ignore_ascii_case("NetworkRuleCondition") {
        Some(FirewallRuleKind::Network)
    } else if kind.eq_ignore_ascii_case("ApplicationRuleCondition") {
        Some(FirewallRuleKind::Application)
    } else {
        None
    }
}

/// Stands for a rule of which not even the pass is known.
fn unreadable(part: &Part<'_>) -> std::sync::Arc<crate::eval::value::Unknown> {
    crate::model::build::outside(&part.meta, "type")
}
