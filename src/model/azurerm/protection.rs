//! Flow logs, web application firewalls, plans of Defender for Cloud.

use std::sync::Arc;

use crate::eval::{Resource, ResourceKey};
use crate::model::build::Builder;
use crate::model::field::Node;
use crate::model::protection::{DefenderPlan, FlowLog, FlowLogTarget, WebApplicationFirewall};
use crate::model::{DefenderPlanId, Field, FlowLogId, State, WebApplicationFirewallId, parse};

/// `azurerm_network_watcher_flow_log`
pub(super) fn flow_log<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let group = body.get("network_security_group_id");
    let target = body.get("target_resource_id").or_else(|| group.clone());
    let retention = body.block("retention_policy");
    let records = match group.is_written() {
        true => Field::known(FlowLogTarget::NetworkSecurityGroup, group.origin()),
        false => records(&target),
    };
    let _: FlowLogId = builder.add(FlowLog {
        records,
        nsg: target.link(),
        virtual_network: target.link(),
        enabled: body.get("enabled").flag(),
        expires: retention.get("enabled").flag(),
        days: retention.get("days").field(parse::days),
        analytics: body.block("traffic_analytics").get("enabled").flag(),
        meta: builder.meta(resource),
    });
}

/// `azurerm_web_application_firewall_policy`
pub(super) fn gateway_policy<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let settings = builder.body(resource).block("policy_settings");
    let mode = or_default(settings.get("mode").text(), "Prevention");
    add(
        builder,
        resource,
        "Application Gateway",
        settings.get("enabled").flag(),
        mode,
    );
}

/// `azurerm_frontdoor_firewall_policy`, `azurerm_cdn_frontdoor_firewall_policy`
pub(super) fn front_door_policy<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let mode = or_default(body.get("mode").text(), "Prevention");
    add(
        builder,
        resource,
        "Front Door",
        body.get("enabled").flag(),
        mode,
    );
}

/// The firewall that an Application Gateway has of its own.
pub(super) fn gateway<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let own = body.block("waf_configuration");
    if own.is_written() && body.get("firewall_policy_id").is_absent() {
        let enabled = own.get("enabled").flag();
        let mode = own.get("firewall_mode").text();
        add(builder, resource, "Application Gateway", enabled, mode);
    }
}

/// `azurerm_security_center_subscription_pricing`
pub(super) fn plan<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let element = DefenderPlan {
        resources: or_default(body.get("resource_type").text(), "VirtualMachines"),
        tier: body.get("tier").text(),
        meta: builder.meta(resource),
    };
    let _: DefenderPlanId = builder.add(element);
}

fn add<'a>(
    builder: &mut Builder<'a>,
    resource: &'a Resource,
    service: &'static str,
    enabled: Field<bool>,
    mode: Field<Arc<str>>,
) {
    let mut meta = builder.meta(resource);
    if &*resource.kind == "azurerm_application_gateway" {
        // The gateway itself is an element too: two of one key would be told as defined twice.
        meta.key = ResourceKey(format!("{}.waf_configuration", meta.key.0).into());
    }
    let _: WebApplicationFirewallId = builder.add(WebApplicationFirewall {
        service,
        enabled,
        mode,
        meta,
    });
}

/// A field with the provider's default.
///
/// Source: the pages of these resources at
/// <https://registry.terraform.io/providers/hashicorp/azurerm/5.2.0/docs>.
fn or_default(field: Field<Arc<str>>, default: &str) -> Field<Arc<str>> {
    match field.state {
        State::Absent => Field::known(default.into(), field.origin),
        _ => field,
    }
}

fn records(target: &Node<'_>) -> Field<FlowLogTarget> {
    const KINDS: [(&str, &str, FlowLogTarget); 4] = [
        ("/subnets/", "azurerm_subnet", FlowLogTarget::Subnet),
        (
            "/networksecuritygroups/",
            "azurerm_network_security_group",
            FlowLogTarget::NetworkSecurityGroup,
        ),
        (
            "/networkinterfaces/",
            "azurerm_network_interface",
            FlowLogTarget::NetworkInterface,
        ),
        (
            "/virtualnetworks/",
            "azurerm_virtual_network",
            FlowLogTarget::VirtualNetwork,
        ),
    ];
    let state = match target.key() {
        Some(ResourceKey(key)) => {
            let is = |(path, kind, _): &&(&str, &str, FlowLogTarget)| {
                key.contains(path) || key.split('.').any(|segment| segment == *kind)
            };
            KINDS
                .iter()
                .find(is)
                .map_or(State::Absent, |(.., target)| State::Known(*target))
        }
        None => match target.unknown() {
            Some(unknown) => State::Unknown(unknown.clone(), None),
            None => State::Absent,
        },
    };
    Field {
        state,
        origin: target.origin(),
    }
}
