//! What the command line tools do to the resources of each type.
//!
//! The tools lift `properties` into the resource and into the parts that have an id of their own.
//! The tables here tell how to put them back: which parts were lifted, and which types keep a
//! `sku` among their properties. Facts: the generated commands of azure-cli 2.91 (flattening keeps
//! the spelling of REST) and the attribute maps of azure-mgmt-network 20.0 for the versions before
//! (`privateIPAddress` became `privateIpAddress`; names compare without case all the same).

/// What is known of one type.
#[derive(Debug)]
pub(super) struct Shape {
    /// The type in lower case.
    kind: &'static str,
    /// Properties of which Azure always tells at least one. Where none is written, the resource was
    /// only listed. Empty where no property matters.
    marks: &'static [&'static str],
    /// Whether its `sku` is one of its properties.
    sku_inside: bool,
}

impl Shape {
    /// The shape of a type that is of interest; any case.
    pub(super) fn of(kind: &str) -> Option<&'static Self> {
        SHAPES
            .iter()
            .find(|shape| shape.kind.eq_ignore_ascii_case(kind))
    }

    /// Whether one of these names shows that properties are written.
    pub(super) fn shows<'n>(&self, mut names: impl Iterator<Item = &'n str>) -> bool {
        self.marks.is_empty()
            || names.any(|name| {
                self.marks
                    .iter()
                    .any(|mark| mark.eq_ignore_ascii_case(name))
            })
    }

    /// Whether a member of the flattened resource stays beside `properties`.
    pub(super) fn keeps(&self, name: &str) -> bool {
        let is_sku = name.eq_ignore_ascii_case("sku");
        if is_sku {
            !self.sku_inside
        } else {
            contains(ENVELOPE, name)
        }
    }
}

/// Whether a type is a part that is read only within what it is part of.
pub(super) fn is_only_a_part(kind: &str) -> bool {
    contains(ONLY_PARTS, kind)
}

/// Whether the items of a member have an id and properties of their own.
pub(super) fn is_part(name: &str) -> bool {
    contains(PARTS, name)
}

/// Whether a member of a flattened part stays beside its `properties`.
pub(super) fn stays_in_part(name: &str) -> bool {
    contains(PART_ENVELOPE, name)
}

/// The name of several values where `name` is that of one.
pub(super) fn plural(name: &str) -> Option<&'static str> {
    PLURALS
        .iter()
        .find(|(one, _)| one.eq_ignore_ascii_case(name))
        .map(|(_, several)| *several)
}

/// The documented name of a member that a tool calls otherwise, beyond the case of its letters.
pub(super) fn documented(name: &str) -> Option<&'static str> {
    RENAMED
        .iter()
        .find(|(tool, _)| tool.eq_ignore_ascii_case(name))
        .map(|(_, rest)| *rest)
}

/// Whether a member tells nothing of what a resource is.
pub(super) fn is_incidental(name: &str) -> bool {
    contains(INCIDENTAL, name)
}

fn contains(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

const fn shape(kind: &'static str, marks: &'static [&'static str]) -> Shape {
    Shape {
        kind,
        marks,
        sku_inside: false,
    }
}

const fn with_sku(kind: &'static str, marks: &'static [&'static str]) -> Shape {
    Shape {
        kind,
        marks,
        sku_inside: true,
    }
}

const CHILD: &[&str] = &["priority", "ruleCollections"];

const SHAPES: &[Shape] = &[
    shape(
        "microsoft.network/networksecuritygroups",
        &["securityRules", "defaultSecurityRules"],
    ),
    shape(
        "microsoft.network/networksecuritygroups/securityrules",
        &["access", "direction", "priority"],
    ),
    shape(
        "microsoft.network/networksecuritygroups/defaultsecurityrules",
        &["access", "direction", "priority"],
    ),
    shape("microsoft.network/applicationsecuritygroups", &[]),
    shape(
        "microsoft.network/routetables",
        &["routes", "disableBgpRoutePropagation"],
    ),
    shape(
        "microsoft.network/routetables/routes",
        &["addressPrefix", "nextHopType"],
    ),
    shape(
        "microsoft.network/virtualnetworks",
        &["addressSpace", "subnets"],
    ),
    shape(
        "microsoft.network/virtualnetworks/subnets",
        &[
            "addressPrefix",
            "addressPrefixes",
            "privateEndpointNetworkPolicies",
            "delegations",
        ],
    ),
    shape(
        "microsoft.network/virtualnetworks/virtualnetworkpeerings",
        &["remoteVirtualNetwork", "peeringState"],
    ),
    shape(
        "microsoft.network/publicipaddresses",
        &["publicIPAllocationMethod", "ipAddress"],
    ),
    shape(
        "microsoft.network/publicipprefixes",
        &["prefixLength", "ipPrefix"],
    ),
    shape(
        "microsoft.network/natgateways",
        &[
            "idleTimeoutInMinutes",
            "publicIpAddresses",
            "publicIpPrefixes",
            "subnets",
        ],
    ),
    shape("microsoft.network/networkinterfaces", &["ipConfigurations"]),
    shape(
        "microsoft.network/loadbalancers",
        &[
            "frontendIPConfigurations",
            "backendAddressPools",
            "loadBalancingRules",
        ],
    ),
    shape("microsoft.network/loadbalancers/backendaddresspools", &[]),
    shape(
        "microsoft.network/loadbalancers/inboundnatrules",
        &["frontendIPConfiguration", "backendPort"],
    ),
    with_sku(
        "microsoft.network/azurefirewalls",
        &[
            "ipConfigurations",
            "threatIntelMode",
            "firewallPolicy",
            "virtualHub",
        ],
    ),
    with_sku(
        "microsoft.network/firewallpolicies",
        &[
            "threatIntelMode",
            "ruleCollectionGroups",
            "childPolicies",
            "firewalls",
        ],
    ),
    shape(
        "microsoft.network/firewallpolicies/rulecollectiongroups",
        CHILD,
    ),
    shape("microsoft.network/firewallpolicies/rulegroups", CHILD),
    shape("microsoft.network/ipgroups", &["ipAddresses"]),
    with_sku(
        "microsoft.network/virtualnetworkgateways",
        &["ipConfigurations", "gatewayType"],
    ),
    shape(
        "microsoft.network/localnetworkgateways",
        &["localNetworkAddressSpace", "gatewayIpAddress", "fqdn"],
    ),
    shape("microsoft.network/connections", &["connectionType"]),
    shape(
        "microsoft.network/privateendpoints",
        &[
            "subnet",
            "privateLinkServiceConnections",
            "manualPrivateLinkServiceConnections",
        ],
    ),
    with_sku(
        "microsoft.network/virtualhubs",
        &["addressPrefix", "virtualWan", "routingState"],
    ),
    shape(
        "microsoft.network/virtualhubs/hubvirtualnetworkconnections",
        &["remoteVirtualNetwork"],
    ),
    shape(
        "microsoft.network/virtualhubs/routingintent",
        &["routingPolicies"],
    ),
    with_sku(
        "microsoft.network/applicationgateways",
        &[
            "gatewayIPConfigurations",
            "frontendIPConfigurations",
            "operationalState",
        ],
    ),
    shape(
        "microsoft.network/bastionhosts",
        &["ipConfigurations", "dnsName", "virtualNetwork"],
    ),
    shape(
        "microsoft.network/networkmanagers",
        &["networkManagerScopes"],
    ),
    shape("microsoft.network/networkmanagers/networkgroups", &[]),
    shape(
        "microsoft.network/networkmanagers/networkgroups/staticmembers",
        &["resourceId"],
    ),
    shape(
        "microsoft.network/networkmanagers/securityadminconfigurations",
        &[],
    ),
    shape(
        "microsoft.network/networkmanagers/securityadminconfigurations/rulecollections",
        &["appliesToGroups"],
    ),
    shape(
        "microsoft.network/networkmanagers/securityadminconfigurations/rulecollections/rules",
        &["access", "direction", "priority"],
    ),
    shape(
        "microsoft.compute/virtualmachines",
        &["networkProfile", "hardwareProfile", "storageProfile"],
    ),
    shape(
        "microsoft.compute/virtualmachinescalesets",
        &[
            "virtualMachineProfile",
            "orchestrationMode",
            "upgradePolicy",
        ],
    ),
];

/// Types that `az network lb rule list` and the like print by themselves. Azure has no other answer
/// that tells as much of them as the one of their owner.
const ONLY_PARTS: &[&str] = &[
    "Microsoft.Network/azureFirewalls/applicationRuleCollections",
    "Microsoft.Network/azureFirewalls/azureFirewallIpConfigurations",
    "Microsoft.Network/azureFirewalls/natRuleCollections",
    "Microsoft.Network/azureFirewalls/networkRuleCollections",
    "Microsoft.Network/loadBalancers/frontendIPConfigurations",
    "Microsoft.Network/loadBalancers/inboundNatPools",
    "Microsoft.Network/loadBalancers/loadBalancingRules",
    "Microsoft.Network/loadBalancers/outboundRules",
    "Microsoft.Network/loadBalancers/probes",
    "Microsoft.Network/networkInterfaces/ipConfigurations",
];

/// What stands beside `properties` in an answer of Azure or of a tool.
const ENVELOPE: &[&str] = &[
    "id",
    "name",
    "type",
    "location",
    "tags",
    "tag",
    "etag",
    "kind",
    "zones",
    "identity",
    "plan",
    "managedBy",
    "extendedLocation",
    "systemData",
    "resourceGroup",
    "resourceGroupName",
    "subscriptionId",
    "tenantId",
    "apiVersion",
    "createdTime",
    "changedTime",
    "resourceId",
    "resourceName",
    "resourceType",
    "resources",
];

const PART_ENVELOPE: &[&str] = &[
    "id",
    "name",
    "type",
    "etag",
    "zones",
    "location",
    "tags",
    "sku",
    "resourceGroup",
];

/// What a tool adds, and what changes while the resource stays the same.
const INCIDENTAL: &[&str] = &[
    "etag",
    "provisioningState",
    "resourceGroup",
    "resourceGroupName",
    "resourceGuid",
    "subscriptionId",
    "systemData",
    "tenantId",
];

/// Of what the model reads, PowerShell renames this one and azure-cli nothing.
const RENAMED: &[(&str, &str)] = &[("ruleCollection", "ruleCollections")];

const PLURALS: &[(&str, &str)] = &[
    ("sourceAddressPrefix", "sourceAddressPrefixes"),
    ("destinationAddressPrefix", "destinationAddressPrefixes"),
    ("sourcePortRange", "sourcePortRanges"),
    ("destinationPortRange", "destinationPortRanges"),
    ("addressPrefix", "addressPrefixes"),
];

/// Members whose items are resources or parts with properties of their own.
const PARTS: &[&str] = &[
    "applicationGatewayBackendAddressPools",
    "applicationRuleCollections",
    "applicationSecurityGroups",
    "backendAddressPools",
    "backendIPConfiguration",
    "backendIPConfigurations",
    "defaultSecurityRules",
    "delegations",
    "destinationApplicationSecurityGroups",
    "flowLogs",
    "frontendIPConfigurations",
    "frontendPorts",
    "gatewayIPConfigurations",
    "httpListeners",
    "inboundNatPools",
    "inboundNatRules",
    "ipConfiguration",
    "ipConfigurationProfiles",
    "ipConfigurations",
    "loadBalancerBackendAddressPools",
    "loadBalancerBackendAddresses",
    "loadBalancerInboundNatRules",
    "loadBalancingRules",
    "localNetworkGateway2",
    "managementIpConfiguration",
    "manualPrivateLinkServiceConnections",
    "natRuleCollections",
    "networkInterfaceConfigurations",
    "networkInterfaces",
    "networkRuleCollections",
    "networkSecurityGroup",
    "outboundRules",
    "privateEndpoints",
    "privateLinkServiceConnections",
    "probes",
    "publicIPAddress",
    "publicIPAddressConfiguration",
    "resourceNavigationLinks",
    "routeTable",
    "routes",
    "securityRules",
    "serviceAssociationLinks",
    "sourceApplicationSecurityGroups",
    "subnet",
    "subnets",
    "tapConfigurations",
    "virtualNetworkGateway1",
    "virtualNetworkGateway2",
    "virtualNetworkPeerings",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_there_once_and_in_lower_case() {
        for (at, shape) in SHAPES.iter().enumerate() {
            assert_eq!(shape.kind, shape.kind.to_ascii_lowercase());
            assert!(
                SHAPES[..at].iter().all(|other| other.kind != shape.kind),
                "{}",
                shape.kind
            );
        }
    }

    #[test]
    fn a_sku_goes_where_rest_has_it() {
        let kept = |kind: &str| Shape::of(kind).unwrap().keeps("sku");
        assert!(kept("Microsoft.Network/loadBalancers"));
        assert!(!kept("Microsoft.Network/azureFirewalls"));
        assert!(!kept("Microsoft.Network/firewallPolicies"));
    }
}
