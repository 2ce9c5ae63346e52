//! Flow logs, web application firewalls, plans of Defender for Cloud.

use super::properties;
use crate::eval::{Resource, ResourceKey};
use crate::model::build::Builder;
use crate::model::field::Node;
use crate::model::protection::{DefenderPlan, FlowLog, FlowLogTarget, WebApplicationFirewall};
use crate::model::{DefenderPlanId, Field, FlowLogId, State, WebApplicationFirewallId, parse};

/// `Microsoft.Network/networkWatchers/flowLogs`
pub(super) fn flow_log<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let target = from.get("targetResourceId");
    let retention = from.get("retentionPolicy");
    let analytics = [
        "flowAnalyticsConfiguration",
        "networkWatcherFlowAnalyticsConfiguration",
        "enabled",
    ];
    let _: FlowLogId = builder.add(FlowLog {
        records: records(&target),
        nsg: target.link(),
        virtual_network: target.link(),
        enabled: from.get("enabled").flag(),
        expires: retention.get("enabled").flag(),
        days: retention.get("days").field(parse::days),
        analytics: from.path(&analytics).flag(),
        meta: builder.meta(resource),
    });
}

/// `Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies`
pub(super) fn gateway_policy<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let settings = properties(&builder.body(resource)).get("policySettings");
    let enabled = settings.get("state").field(parse::switch);
    policy(
        builder,
        resource,
        "Application Gateway",
        enabled,
        &settings.get("mode"),
    );
}

/// `Microsoft.Network/frontDoorWebApplicationFirewallPolicies`
pub(super) fn front_door_policy<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let settings = properties(&builder.body(resource)).get("policySettings");
    let enabled = settings.get("enabledState").field(parse::switch);
    policy(
        builder,
        resource,
        "Front Door",
        enabled,
        &settings.get("mode"),
    );
}

/// The firewall that an Application Gateway has of its own.
pub(super) fn gateway<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let own = from.get("webApplicationFirewallConfiguration");
    if own.is_written() && from.get("firewallPolicy").is_absent() {
        let enabled = own.get("enabled").flag();
        policy(
            builder,
            resource,
            "Application Gateway",
            enabled,
            &own.get("firewallMode"),
        );
    }
}

/// `Microsoft.Security/pricings`
pub(super) fn plan<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let meta = builder.meta(resource);
    let _: DefenderPlanId = builder.add(DefenderPlan {
        resources: meta.name.clone(),
        tier: from.get("pricingTier").text(),
        meta,
    });
}

fn policy<'a>(
    builder: &mut Builder<'a>,
    resource: &'a Resource,
    service: &'static str,
    enabled: Field<bool>,
    mode: &Node<'_>,
) {
    let mut meta = builder.meta(resource);
    if service == "Application Gateway" && !resource.kind.to_ascii_lowercase().ends_with("policies")
    {
        // The gateway itself is an element too: two of one key would be told as defined twice.
        meta.key = ResourceKey(format!("{}/webapplicationfirewall", meta.key.0).into());
    }
    let _: WebApplicationFirewallId = builder.add(WebApplicationFirewall {
        service,
        enabled,
        mode: mode.text(),
        meta,
    });
}

fn records(target: &Node<'_>) -> Field<FlowLogTarget> {
    let state = match target.key() {
        Some(ResourceKey(key)) => match () {
            () if key.contains("/subnets/") => State::Known(FlowLogTarget::Subnet),
            () if key.contains("/networksecuritygroups/") => {
                State::Known(FlowLogTarget::NetworkSecurityGroup)
            }
            () if key.contains("/networkinterfaces/") => {
                State::Known(FlowLogTarget::NetworkInterface)
            }
            () if key.contains("/virtualnetworks/") => State::Known(FlowLogTarget::VirtualNetwork),
            () => State::Absent,
        },
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
