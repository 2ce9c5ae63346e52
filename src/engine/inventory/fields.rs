//! The elements of a network and their fields, kind by kind.
//!
//! A relation that the files leave open ("others may be attached outside") is no field: nothing
//! that could be written here would close it.

use std::sync::Arc;

use super::said::{Context, Labels, Said};
use super::{Element, FieldTold, Knowledge, Missing, presence, told_missing};
use crate::engine::judge::Evaluated;
use crate::eval::Deployment;
use crate::eval::value::{Reason, Unknown};
use crate::model::firewall::{FirewallRuleKind, FirewallSettings};
use crate::model::routing::Appliance;
use crate::model::topology::IpConfiguration;
use crate::model::{Field, List, Meta, Network, State};
use crate::policy::authored::place_of;

/// Every element, by kind, those of each kind in the order of the model.
pub(super) fn elements(evaluated: &Evaluated, labels: &Labels) -> Vec<Element> {
    let network = &evaluated.network;
    let mut all = Elements {
        deployment: &evaluated.deployment,
        context: Context { network, labels },
        found: Vec::new(),
    };
    all.groups(network);
    all.networks(network);
    all.routing(network);
    all.interfaces(network);
    all.gateways(network);
    all.balancers(network);
    all.firewalls(network);
    all.admin(network);
    all.found
}

struct Elements<'a> {
    deployment: &'a Deployment,
    context: Context<'a>,
    found: Vec<Element>,
}

impl Elements<'_> {
    /// An element with what `fill` tells of it; of one that is only looked up there is nothing to
    /// tell.
    fn add(&mut self, kind: &'static str, meta: &Meta, fill: impl FnOnce(&mut Fields<'_, '_>)) {
        // The network may be that of an estate.
        if !self.deployment.own_origins.contains(meta.origin) {
            return;
        }
        let mut fields = Fields {
            deployment: self.deployment,
            context: &self.context,
            told: Vec::new(),
            prefix: String::new(),
        };
        if !meta.existing {
            fill(&mut fields);
        }
        let fields = fields.told;
        self.found.push(Element {
            kind,
            address: Arc::clone(&meta.address),
            place: place_of(self.deployment, meta.origin),
            existence: presence(&meta.existence, meta.template),
            fields,
        });
    }

    fn groups(&mut self, network: &Network) {
        for group in &network.network_security_groups {
            self.add("network security group", &group.meta, |told| {
                told.rest("rules", &group.rules, group.meta.origin);
            });
        }
        for rule in &network.security_rules {
            self.add("security rule", &rule.meta, |told| {
                told.field("priority", &rule.priority);
                told.field("direction", &rule.direction);
                told.field("access", &rule.access);
                told.field("protocol", &rule.protocol);
                told.list("source", &rule.source);
                told.list("source_ports", &rule.source_ports);
                told.list("destination", &rule.destination);
                told.list("destination_ports", &rule.destination_ports);
            });
        }
        for group in &network.application_security_groups {
            self.add("application security group", &group.meta, |_| {});
        }
    }

    fn networks(&mut self, network: &Network) {
        for vnet in &network.virtual_networks {
            self.add("virtual network", &vnet.meta, |told| {
                told.list("address_space", &vnet.address_space);
                told.list("dns_servers", &vnet.dns_servers);
                told.rest("subnets", &vnet.subnets, vnet.meta.origin);
            });
        }
        for subnet in &network.subnets {
            self.add("subnet", &subnet.meta, |told| {
                told.list("address_prefixes", &subnet.address_prefixes);
                told.field("nsg", &subnet.nsg);
                told.field("route_table", &subnet.route_table);
                told.field("nat_gateway", &subnet.nat_gateway);
                told.field("default_outbound_access", &subnet.default_outbound_access);
                told.list("delegations", &subnet.delegations);
                told.list("service_endpoints", &subnet.service_endpoints);
                let policies = &subnet.private_endpoint_policies;
                told.field("private_endpoint_policies", policies);
            });
        }
        for peering in &network.peerings {
            self.add("peering", &peering.meta, |told| {
                told.field("remote", &peering.remote);
                let access = &peering.allow_virtual_network_access;
                told.field("allow_virtual_network_access", access);
                told.field("allow_forwarded_traffic", &peering.allow_forwarded_traffic);
                told.field("allow_gateway_transit", &peering.allow_gateway_transit);
                told.field("use_remote_gateways", &peering.use_remote_gateways);
            });
        }
    }

    fn routing(&mut self, network: &Network) {
        for table in &network.route_tables {
            self.add("route table", &table.meta, |told| {
                told.field("bgp_propagation", &table.bgp_propagation);
                told.rest("routes", &table.routes, table.meta.origin);
            });
        }
        for route in &network.routes {
            self.add("route", &route.meta, |told| {
                told.field("prefix", &route.prefix);
                told.field("next_hop_type", &route.next_hop_type);
                let address = &route.next_hop_address;
                match appliance(&route.appliance, told.context) {
                    // Which element it is is known though its address is not.
                    Some(element) if address.unknown().is_some() => {
                        told.known("next_hop_address", element, address);
                    }
                    _ => told.field("next_hop_address", address),
                }
                for (index, hop) in route.spread.items.iter().enumerate() {
                    told.field(&format!("next_hop_addresses[{index}]"), &hop.address);
                }
                told.rest("next_hop_addresses", &route.spread, route.meta.origin);
            });
        }
    }

    fn interfaces(&mut self, network: &Network) {
        for nic in &network.network_interfaces {
            self.add("network interface", &nic.meta, |told| {
                told.field("nsg", &nic.nsg);
                told.list("dns_servers", &nic.dns_servers);
                told.field("ip_forwarding", &nic.ip_forwarding);
                for (index, configuration) in nic.ip_configurations.items.iter().enumerate() {
                    told.prefix = format!("ip_configurations[{index}].");
                    told.configuration(configuration);
                }
                told.prefix.clear();
                told.rest("ip_configurations", &nic.ip_configurations, nic.meta.origin);
            });
        }
        for machine in &network.machines {
            self.add("machine", &machine.meta, |told| {
                told.list("network_interfaces", &machine.network_interfaces);
                told.field("operating_system", &machine.operating_system);
            });
        }
        // A service that only its subnet tells of is written nowhere.
        for service in network.services.iter().filter(|one| !one.inferred) {
            self.add("service", &service.meta, |told| {
                told.list("subnets", &service.subnets);
                told.field("tier", &service.tier);
                told.field("location", &service.location);
                told.list("ports", &service.ports);
            });
        }
        for endpoint in &network.private_endpoints {
            self.add("private endpoint", &endpoint.meta, |told| {
                told.field("subnet", &endpoint.subnet);
                told.field("target", &endpoint.target);
                told.list("groups", &endpoint.groups);
            });
        }
        for address in &network.public_ips {
            self.add("public address", &address.meta, |told| {
                told.field("address", &address.address);
                told.field("sku", &address.sku);
                told.field("allocation", &address.allocation);
            });
        }
        for prefix in &network.public_ip_prefixes {
            self.add("public address prefix", &prefix.meta, |told| {
                told.field("prefix", &prefix.prefix);
            });
        }
    }

    fn gateways(&mut self, network: &Network) {
        for gateway in &network.nat_gateways {
            self.add("NAT gateway", &gateway.meta, |told| {
                told.field("sku", &gateway.sku);
                told.list("public_ips", &gateway.public_ips);
                told.list("public_ip_prefixes", &gateway.public_ip_prefixes);
            });
        }
        for gateway in &network.gateways {
            self.add("virtual network gateway", &gateway.meta, |told| {
                told.field("kind", &gateway.kind);
                told.field("subnet", &gateway.subnet);
                told.field("bgp", &gateway.bgp);
                told.field("default_site", &gateway.default_site);
                told.list("client_addresses", &gateway.client_addresses);
            });
        }
        for site in &network.local_network_gateways {
            self.add("local network gateway", &site.meta, |told| {
                told.list("address_space", &site.address_space);
                told.field("bgp", &site.bgp);
            });
        }
        for connection in &network.gateway_connections {
            self.add("gateway connection", &connection.meta, |told| {
                told.field("gateway", &connection.gateway);
                told.field("site", &connection.site);
                told.field("peer", &connection.peer);
                told.field("kind", &connection.kind);
                told.field("bgp", &connection.bgp);
            });
        }
        for hub in &network.virtual_hubs {
            self.add("virtual hub", &hub.meta, |told| {
                told.field("internet_next_hop", &hub.internet_next_hop);
                told.field("private_next_hop", &hub.private_next_hop);
            });
        }
        for connection in &network.hub_connections {
            self.add("hub connection", &connection.meta, |told| {
                told.field("hub", &connection.hub);
                told.field("virtual_network", &connection.virtual_network);
                told.field("internet_security", &connection.internet_security);
            });
        }
    }

    fn balancers(&mut self, network: &Network) {
        for balancer in &network.load_balancers {
            self.add("load balancer", &balancer.meta, |told| {
                told.field("sku", &balancer.sku);
                for (index, frontend) in balancer.frontends.items.iter().enumerate() {
                    told.prefix = format!("frontends[{index}].");
                    told.field("public_ip", &frontend.public_ip);
                    told.field("public_ip_prefix", &frontend.public_ip_prefix);
                    told.field("private_address", &frontend.private_address);
                    told.field("subnet", &frontend.subnet);
                }
                for (index, rule) in balancer.rules.items.iter().enumerate() {
                    told.prefix = format!("rules[{index}].");
                    told.field("protocol", &rule.protocol);
                    told.field("frontend_port", &rule.frontend_port);
                    told.field("backend_port", &rule.backend_port);
                    told.field("probe", &rule.probe);
                    told.list("pools", &rule.pools);
                }
                told.prefix.clear();
                told.rest("frontends", &balancer.frontends, balancer.meta.origin);
                told.rest("rules", &balancer.rules, balancer.meta.origin);
            });
        }
        for probe in &network.probes {
            self.add("probe", &probe.meta, |told| {
                told.field("protocol", &probe.protocol);
                told.field("port", &probe.port);
            });
        }
        for pool in &network.backend_pools {
            self.add("backend pool", &pool.meta, |told| {
                told.list("addresses", &pool.addresses);
            });
        }
    }

    fn firewalls(&mut self, network: &Network) {
        for firewall in &network.firewalls {
            self.add("firewall", &firewall.meta, |told| {
                told.field("subnet", &firewall.subnet);
                told.field("virtual_hub", &firewall.virtual_hub);
                told.field("private_address", &firewall.private_address);
                told.list("public_ips", &firewall.public_ips);
                told.field("policy", &firewall.policy);
                told.field("tier", &firewall.tier);
                told.settings(&firewall.settings);
                told.rest("rules", &firewall.rules, firewall.meta.origin);
            });
        }
        for policy in &network.firewall_policies {
            self.add("firewall policy", &policy.meta, |told| {
                told.field("parent", &policy.parent);
                told.field("tier", &policy.tier);
                told.settings(&policy.settings);
                told.rest("rules", &policy.rules, policy.meta.origin);
            });
        }
        for rule in &network.firewall_rules {
            self.add("firewall rule", &rule.meta, |told| {
                told.field("group_priority", &rule.group_priority);
                told.field("collection_priority", &rule.collection_priority);
                if rule.kind != FirewallRuleKind::Nat {
                    told.field("action", &rule.action);
                }
                told.list("protocols", &rule.protocols);
                told.list("source", &rule.source);
                told.list("source_ip_groups", &rule.source_ip_groups);
                told.list("destination", &rule.destination);
                told.list("destination_ip_groups", &rule.destination_ip_groups);
                told.list("destination_fqdns", &rule.destination_fqdns);
                told.list("destination_urls", &rule.destination_urls);
                told.list("fqdn_tags", &rule.fqdn_tags);
                told.list("web_categories", &rule.web_categories);
                told.list("destination_ports", &rule.destination_ports);
                told.field("terminate_tls", &rule.terminate_tls);
                told.field("translated_address", &rule.translated_address);
                told.field("translated_fqdn", &rule.translated_fqdn);
                told.field("translated_port", &rule.translated_port);
            });
        }
        for group in &network.ip_groups {
            self.add("IP group", &group.meta, |told| {
                told.list("addresses", &group.addresses);
            });
        }
    }

    fn admin(&mut self, network: &Network) {
        for group in &network.network_groups {
            self.add("network group", &group.meta, |_| {});
        }
        for collection in &network.admin_rule_collections {
            self.add("admin rule collection", &collection.meta, |told| {
                told.field("configuration", &collection.configuration);
                told.list("groups", &collection.groups);
            });
        }
        for rule in &network.admin_rules {
            self.add("security admin rule", &rule.meta, |told| {
                told.field("collection", &rule.collection);
                told.field("priority", &rule.priority);
                told.field("direction", &rule.direction);
                told.field("action", &rule.action);
                told.field("protocol", &rule.protocol);
                told.list("source", &rule.source);
                told.list("source_ports", &rule.source_ports);
                told.list("destination", &rule.destination);
                told.list("destination_ports", &rule.destination_ports);
            });
        }
        for member in &network.static_members {
            self.add("static member", &member.meta, |told| {
                told.field("group", &member.group);
                told.field("network", &member.network);
            });
        }
    }
}

/// The element a route's appliance is, where the files tell it.
fn appliance(appliance: &Appliance, context: &Context<'_>) -> Option<String> {
    let network = context.network;
    let meta = match appliance {
        Appliance::Firewall(id) => &network[*id].meta,
        Appliance::NetworkInterface(id) => &network[*id].meta,
        Appliance::LoadBalancer(id) => &network[*id].meta,
        Appliance::ExternalFirewall(link) => return Some(link.said(context)),
        Appliance::NotApplicable | Appliance::Unknown => return None,
    };
    Some(meta.address.to_string())
}

/// The fields of one element.
struct Fields<'a, 'n> {
    deployment: &'a Deployment,
    context: &'a Context<'n>,
    told: Vec<FieldTold>,
    /// What the names of the fields begin with.
    prefix: String,
}

impl Fields<'_, '_> {
    fn field<T: Said>(&mut self, name: &str, field: &Field<T>) {
        let mut told = FieldTold {
            name: format!("{}{name}", self.prefix),
            state: Knowledge::Known,
            values: Vec::new(),
            place: place_of(self.deployment, field.origin),
            missing: Vec::new(),
            why: None,
        };
        match &field.state {
            State::Absent => return,
            State::Known(value) => told.values.push(value.said(self.context)),
            State::Unknown(unknown, _) => {
                told.state = Knowledge::Unknown;
                told.missing = inputs(std::slice::from_ref(unknown));
            }
            State::Invalid { raw, why } => {
                told.state = Knowledge::Invalid;
                told.values.push(raw.to_string());
                told.why = Some(Arc::clone(why));
            }
        }
        self.told.push(told);
    }

    /// A field that is known by other means than its value.
    fn known<T>(&mut self, name: &str, value: String, field: &Field<T>) {
        self.told.push(FieldTold {
            name: format!("{}{name}", self.prefix),
            state: Knowledge::Known,
            values: vec![value],
            place: place_of(self.deployment, field.origin),
            missing: Vec::new(),
            why: None,
        });
    }

    fn list<T: Said>(&mut self, name: &str, list: &List<Field<T>>) {
        let mut values = Vec::new();
        let mut unknowns: Vec<Arc<Unknown>> = Vec::new();
        let mut why = None;
        let mut place = None;
        for item in &list.items {
            match &item.state {
                State::Absent => continue,
                State::Known(value) => values.push(value.said(self.context)),
                State::Unknown(unknown, _) => unknowns.push(Arc::clone(unknown)),
                State::Invalid { raw, why: reason } => {
                    values.push(raw.to_string());
                    why = Some(Arc::clone(reason));
                }
            }
            place = place.or_else(|| place_of(self.deployment, item.origin));
        }
        unknowns.extend(list.rest.iter().cloned());
        if values.is_empty() && unknowns.is_empty() {
            return;
        }
        let state = match (why.is_some(), unknowns.is_empty(), values.is_empty()) {
            (true, ..) => Knowledge::Invalid,
            (_, true, _) => Knowledge::Known,
            (_, _, true) => Knowledge::Unknown,
            _ => Knowledge::Partly,
        };
        self.told.push(FieldTold {
            name: format!("{}{name}", self.prefix),
            state,
            values,
            place,
            missing: inputs(&unknowns),
            why,
        });
    }

    /// That there are further parts which the files do not tell.
    fn rest<T>(&mut self, name: &str, list: &List<T>, header: crate::origin::OriginId) {
        let Some(unknown) = &list.rest else { return };
        if unknown
            .roots()
            .iter()
            .all(|it| it.reason == Reason::Outside)
        {
            return;
        }
        let state = match list.items.is_empty() {
            true => Knowledge::Unknown,
            false => Knowledge::Partly,
        };
        self.told.push(FieldTold {
            name: format!("{}{name}", self.prefix),
            state,
            values: Vec::new(),
            place: place_of(self.deployment, header),
            missing: inputs(std::slice::from_ref(unknown)),
            why: None,
        });
    }

    fn configuration(&mut self, configuration: &IpConfiguration) {
        self.field("subnet", &configuration.subnet);
        self.field("private_address", &configuration.private_address);
        self.field("public_ip", &configuration.public_ip);
        self.list("backend_pools", &configuration.backend_pools);
        let groups = &configuration.application_security_groups;
        self.list("application_security_groups", groups);
    }

    fn settings(&mut self, settings: &FirewallSettings) {
        self.field("dns_proxy", &settings.dns_proxy);
        self.list("dns_servers", &settings.dns_servers);
        self.field("threat_intelligence", &settings.threat_intelligence);
        self.list("private_ranges", &settings.private_ranges);
        self.field("intrusion_detection", &settings.intrusion_detection);
    }
}

/// The inputs behind some unknowns, each once, in the order met.
fn inputs(unknowns: &[Arc<Unknown>]) -> Vec<Missing> {
    let mut all: Vec<Missing> = Vec::new();
    for missing in unknowns.iter().flat_map(told_missing) {
        if !all.contains(&missing) {
            all.push(missing);
        }
    }
    all
}
