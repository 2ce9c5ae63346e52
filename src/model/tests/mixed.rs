//! Resources of both dialects in one deployment, and ids that say where something lies.

use super::*;
use crate::model::Link;

const SUBSCRIPTION: &str =
    "/subscriptions/\u{1}5\u{2}/resourcegroups/rg/providers/microsoft.network";

/// A resource of `azapi`: an ARM resource under an address of Terraform.
fn request<'s>(site: &'s mut Site, label: &str, path: &str, properties: &str) -> &'s mut Resource {
    let resource = site.arm(path, properties);
    let address: Arc<str> = format!("azapi_resource.{label}").into();
    resource.key = ResourceKey(Arc::clone(&address));
    resource.address = address;
    let id = format!("{SUBSCRIPTION}/{}", path.to_lowercase());
    resource.id = Some(ResourceKey(id.into()));
    resource
}

fn nsg_of(network: &Network, subnet: usize) -> Option<&str> {
    let id = network.subnets[subnet].nsg.value().and_then(Link::here)?;
    Some(&network[id].meta.address)
}

#[test]
fn a_subnet_of_azurerm_is_attached_to_a_group_of_azapi_by_reference_and_by_id() {
    let by_reference = r#"{"$of": "azapi_resource.web", "path": "id"}"#;
    let by_id = r#""/subscriptions/s/resourceGroups/RG/providers/Microsoft.Network/networkSecurityGroups/web""#;
    for id in [by_reference, by_id] {
        let mut site = Site::new();
        request(&mut site, "web", "networkSecurityGroups/web", "{}");
        site.azurerm(
            "azurerm_subnet.app",
            r#"{"name": "app", "resource_group_name": "rg", "virtual_network_name": "hub"}"#,
        );
        let body = format!(
            r#"{{"subnet_id": {{"$of": "azurerm_subnet.app", "path": "id"}}, "network_security_group_id": {id}}}"#
        );
        site.azurerm(
            "azurerm_subnet_network_security_group_association.app",
            &body,
        );
        let network = site.network();
        assert_eq!(nsg_of(&network, 0), Some("azapi_resource.web"), "{id}");
    }
}

#[test]
fn a_subnet_of_azapi_belongs_to_a_network_of_azurerm() {
    let mut site = Site::new();
    site.azurerm(
        "azurerm_virtual_network.hub",
        r#"{"name": "hub", "resource_group_name": "rg"}"#,
    );
    let subnet = request(&mut site, "app", "virtualNetworks/hub/subnets/app", "{}");
    subnet.parent = Some(ResourceKey("azurerm_virtual_network.hub".into()));
    let network = site.network();
    let owner = network.subnets[0].virtual_network.value().unwrap();
    assert!(matches!(owner, Link::Here(_)), "{owner:?}");
}

#[test]
fn a_subnet_written_in_its_network_is_found_by_its_id() {
    let mut site = Site::new();
    let subnets = r#"{"subnets": [{"name": "app", "properties": {}}]}"#;
    request(&mut site, "hub", "virtualNetworks/hub", subnets);
    site.azurerm(
        "azurerm_network_security_group.web",
        r#"{"name": "web", "resource_group_name": "rg"}"#,
    );
    site.azurerm(
        "azurerm_subnet_network_security_group_association.app",
        r#"{"subnet_id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub/subnets/app",
            "network_security_group_id": {"$of": "azurerm_network_security_group.web", "path": "id"}}"#,
    );
    let network = site.network();
    assert_eq!(
        nsg_of(&network, 0),
        Some("azurerm_network_security_group.web")
    );
}

#[test]
fn what_lies_in_another_subscription_or_group_is_another_resource() {
    for id in [
        "/subscriptions/other/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/web",
        "/subscriptions/s/resourceGroups/elsewhere/providers/Microsoft.Network/networkSecurityGroups/web",
    ] {
        let mut site = Site::new();
        let web = request(&mut site, "web", "networkSecurityGroups/web", "{}");
        let own = "/subscriptions/s/resourcegroups/rg/providers/microsoft.network/networksecuritygroups/web";
        web.id = Some(ResourceKey(own.into()));
        let subnets = format!(
            r#"{{"subnets": [{{"name": "app", "properties": {{"networkSecurityGroup": {{"id": "{id}"}}}}}}]}}"#
        );
        request(&mut site, "hub", "virtualNetworks/hub", &subnets);
        let network = site.network();
        assert_eq!(nsg_of(&network, 0), None, "{id}");
    }
}

#[test]
fn what_is_looked_up_and_created_here_is_one_element() {
    let mut site = Site::new();
    request(&mut site, "web", "networkSecurityGroups/web", "{}");
    let looked_up = request(&mut site, "again", "networkSecurityGroups/web", "{}");
    looked_up.mode = Mode::Existing;
    let network = site.network();
    assert_eq!(network.network_security_groups.len(), 1);
    assert!(!network.network_security_groups[0].meta.existing);
}
