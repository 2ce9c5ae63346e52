//! What the provider puts where nothing is written, by its version.

use super::site;
use crate::eval::terraform::schema::Versions;
use crate::model::topology::PrivateEndpointPolicies::{self, Disabled, Enabled};
use crate::model::{
    AsgId, Field, Link, LoadBalancerId, Network, PrivateEndpointId, PublicIpId, State, SubnetId,
};

fn network(constraint: &str) -> Network {
    let mut site = site();
    site.azurerm("azurerm_lb.a", r#"{"name": "a"}"#);
    site.azurerm("azurerm_public_ip.a", r#"{"name": "a"}"#);
    site.azurerm(
        "azurerm_subnet.a",
        r#"{"name": "a", "virtual_network_name": "n"}"#,
    );
    site.azurerm(
        "azurerm_virtual_network.n",
        r#"{"name": "n", "subnet": [{"name": "b"}]}"#,
    );
    site.deployment.provider = Versions::within([constraint]);
    site.network()
}

/// The value, or all it may be.
fn texts(field: &Field<std::sync::Arc<str>>) -> Vec<&str> {
    match &field.state {
        State::Known(text) => vec![text],
        State::Unknown(_, Some(all)) => all.iter().map(|text| &**text).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn skus_have_the_default_of_the_version() {
    for (constraint, expected) in [
        ("~> 3.0", vec!["Basic"]),
        ("~> 4.0", vec!["Standard"]),
        (">= 3.0", vec!["Basic", "Standard"]),
        ("", vec!["Basic", "Standard"]),
    ] {
        let network = network(constraint);
        assert_eq!(texts(&network[LoadBalancerId(0)].sku), expected);
        assert_eq!(texts(&network[PublicIpId(0)].sku), expected);
    }
}

#[test]
fn a_sku_that_is_written_is_what_it_is_in_every_version() {
    let mut site = site();
    site.azurerm("azurerm_public_ip.a", r#"{"name": "a", "sku": "Basic"}"#);
    assert_eq!(texts(&site.network()[PublicIpId(0)].sku), ["Basic"]);
}

#[test]
fn policies_for_private_endpoints_are_on_before_the_fourth_major_version() {
    let of = |constraint: &str, subnet: u32| -> Option<Vec<PrivateEndpointPolicies>> {
        match &network(constraint)[SubnetId(subnet)]
            .private_endpoint_policies
            .state
        {
            State::Known(policies) => Some(vec![*policies]),
            State::Unknown(_, all) => all.clone(),
            _ => None,
        }
    };
    let (own, inline) = (0, 1);
    assert_eq!(of("~> 2.99", own), Some(vec![Enabled]));
    assert_eq!(of("~> 3.117", own), Some(vec![Enabled]));
    assert_eq!(of("~> 4.0", own), Some(vec![Disabled]));
    assert_eq!(of(">= 3.0", own), Some(vec![Disabled, Enabled]));
    // In the block of a network nothing was sent before: what holds is Azure's own default.
    assert_eq!(of("~> 3.117", inline), None);
    assert_eq!(of("~> 5.0", inline), Some(vec![Disabled]));
}

#[test]
fn private_endpoints_join_application_groups_by_associations() {
    let mut site = site();
    site.azurerm(
        "azurerm_application_security_group.web",
        r#"{"name": "web"}"#,
    );
    site.azurerm("azurerm_private_endpoint.db", r#"{"name": "db"}"#);
    site.azurerm(
        "azurerm_private_endpoint_application_security_group_association.a",
        r#"{"private_endpoint_id": {"$of": "azurerm_private_endpoint.db"},
            "application_security_group_id": {"$of": "azurerm_application_security_group.web"}}"#,
    );
    let network = site.network();
    let groups = &network[PrivateEndpointId(0)].application_security_groups;
    let [group] = &groups.items[..] else {
        panic!("{groups:?}");
    };
    assert_eq!(group.value(), Some(&Link::Here(AsgId(0))));
}
