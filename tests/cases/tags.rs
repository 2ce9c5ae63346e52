//! What tags hold.

use aznet::eval::value::Truth;
use aznet::model::NsgId;
use aznet::model::address::Protocol;
use aznet::model::nsg::Direction;
use aznet::semantics::packet::Family;
use serde_json::json;

use crate::asked::{
    ask, check, decider, exported, exported_network, findings, flow, group, hidden, network, rule,
    template,
};

/// N10. Sources: "Diagnose a virtual machine network traffic filter problem" (Network Watcher).
/// An export is all there is, so that neither peer nor gateway can add to `VirtualNetwork`.
#[test]
fn a_private_range_outside_the_network_is_in_neither_tag() {
    let export = json!([
        exported(
            "networkSecurityGroups",
            "web",
            json!({ "securityRules": [] })
        ),
        exported_network(&["10.0.0.0/16"], Some("web"), None),
    ]);
    let out = |destination| flow(Protocol::Tcp, "10.0.0.4", destination, 80);
    let decides = |flow| decider(&export, Direction::Outbound, &flow);
    assert_eq!(decides(out("172.31.0.100")), ["DenyAllOutBound"]);
    assert_eq!(decides(out("10.0.1.4")), ["AllowVnetOutBound"]);
    assert_eq!(decides(out("8.8.8.8")), ["AllowInternetOutBound"]);
}

/// N10 where the network is created by the template: a peer or gateway outside the files may bring
/// the range. Sources: as N10; service tags overview.
#[test]
fn what_a_peer_outside_the_files_may_bring_is_left_open() {
    let template = template(&[group("web", &[]), network("10.0.0.0/24", Some("web"))]);
    let out = flow(Protocol::Tcp, "10.0.0.4", "172.31.0.100", 80);
    assert_eq!(
        decider(&template, Direction::Outbound, &out),
        ["depends", "AllowVnetOutBound", "DenyAllOutBound"]
    );
}

/// N14. Sources: the answer may, not yes: what an opaque tag holds is not known.
#[test]
fn a_tag_without_addresses_leaves_the_question_open_only_where_it_matters() {
    let template = template(&[
        group(
            "web",
            &[
                rule("storage", "200 Outbound Allow Tcp * Storage.WestEurope 443"),
                rule("no", "300 Outbound Deny * * Internet *"),
            ],
        ),
        network("10.0.0.0/24", Some("web")),
    ]);
    let to = |port| flow(Protocol::Tcp, "10.0.0.4", "40.1.1.1", port);
    assert_eq!(
        decider(&template, Direction::Outbound, &to(443)),
        ["depends", "storage", "no"]
    );
    assert_eq!(decider(&template, Direction::Outbound, &to(80)), ["no"]);
}

/// N15. Sources: the same tag holds the same addresses in every rule.
#[test]
fn a_tag_holds_the_same_addresses_in_two_rules() {
    let template = template(&[
        group(
            "web",
            &[
                rule("allow", "100 Outbound Allow Tcp * Storage 443"),
                rule("other", "110 Outbound Deny Tcp * Sql 443"),
                rule("again", "120 Outbound Deny Tcp * Storage 443"),
                rule("wider", "130 Outbound Deny Tcp * Storage 440-443"),
            ],
        ),
        network("10.0.0.0/24", Some("web")),
    ]);
    let cover = vec!["allow".to_owned()];
    assert_eq!(hidden(&template), [("again".to_owned(), cover, true)]);
}

/// N16. Sources: service tags overview (regional tags hold a part of the tag).
#[test]
fn a_region_is_a_part_of_its_tag_and_not_the_other_way_round() {
    let two = |first: &str, second: &str| {
        let text = |priority, access, tag| format!("{priority} Outbound {access} Tcp * {tag} 443");
        template(&[
            group(
                "web",
                &[
                    rule("first", &text(100, "Deny", first)),
                    rule("second", &text(200, "Allow", second)),
                ],
            ),
            network("10.0.0.0/24", Some("web")),
        ])
    };
    let cover = vec!["first".to_owned()];
    let found = hidden(&two("Storage", "Storage.WestEurope"));
    assert_eq!(found, [("second".to_owned(), cover.clone(), true)]);
    assert!(hidden(&two("Storage.WestEurope", "Storage")).is_empty());
    assert!(hidden(&two("Storage.WestEurope", "Storage.NorthEurope")).is_empty());
    // Case does not count, in tags and in regions.
    let found = hidden(&two("STORAGE", "storage.westeurope"));
    assert_eq!(found, [("second".to_owned(), cover.clone(), true)]);
    // No document says that AzureCloud holds what Storage does.
    assert!(hidden(&two("AzureCloud", "Storage")).is_empty());
    let found = hidden(&two("AzureCloud", "AzureCloud.westeurope"));
    assert_eq!(found, [("second".to_owned(), cover, true)]);
}

/// N17. Sources: service tags overview.
#[test]
fn the_internet_includes_azures_public_addresses() {
    let template = template(&[
        group(
            "web",
            &[
                rule("internet", "100 Outbound Deny * * Internet *"),
                rule("azure", "200 Outbound Allow * * AzureCloud *"),
            ],
        ),
        network("10.0.0.0/24", Some("web")),
    ]);
    let cover = vec!["internet".to_owned()];
    assert_eq!(hidden(&template), [("azure".to_owned(), cover, true)]);
}

/// N18. Sources: service tags overview (`Internet` is what is outside the virtual network).
#[test]
fn public_addresses_of_ones_own_are_no_part_of_the_internet() {
    let mut net = network("20.5.0.0/24", Some("web"));
    net["properties"]["addressSpace"]["addressPrefixes"] = json!(["20.5.0.0/16"]);
    let template = template(&[
        group("web", &[rule("no", "100 Outbound Deny * * Internet *")]),
        net,
    ]);
    let to = |destination| flow(Protocol::Tcp, "20.5.0.4", destination, 80);
    let decides = |flow| decider(&template, Direction::Outbound, &flow);
    assert_eq!(decides(to("20.5.1.4")), ["AllowVnetOutBound"]);
    assert_eq!(decides(to("20.6.0.1")), ["no"]);
}

/// N11, the peer: its space is in `VirtualNetwork` only with access. Sources: service tags
/// overview; virtual network peering.
#[test]
fn a_peers_space_is_in_the_tag_if_the_peering_gives_access() {
    for (access, expected) in [(true, "AllowVnetOutBound"), (false, "DenyAllOutBound")] {
        let id = |name: &str| crate::asked::id("virtualNetworks", name);
        let peering = |own: &str, remote: &str, access: bool| {
            json!([{
                "id": format!("{}/virtualNetworkPeerings/there", id(own)),
                "name": "there",
                "properties": {
                    "remoteVirtualNetwork": { "id": id(remote) },
                    "allowVirtualNetworkAccess": access,
                },
            }])
        };
        let mut net = exported_network(&["10.0.0.0/16"], Some("web"), None);
        net["properties"]["virtualNetworkPeerings"] = peering("net", "other", access);
        let other = exported(
            "virtualNetworks",
            "other",
            json!({
                "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] },
                "subnets": [],
                "virtualNetworkPeerings": peering("other", "net", true),
            }),
        );
        let group = exported(
            "networkSecurityGroups",
            "web",
            json!({ "securityRules": [] }),
        );
        let export = json!([group, net, other]);
        let out = flow(Protocol::Tcp, "10.0.0.4", "10.1.0.4", 80);
        assert_eq!(decider(&export, Direction::Outbound, &out), [expected]);
    }
}

/// N19. Sources: service tags overview (classic spellings).
#[test]
fn words_and_tags_are_compared_without_case() {
    // One network, so that VirtualNetwork is the same for both.
    let mut both = network("10.0.0.0/24", Some("a"));
    let mut other = both["properties"]["subnets"][0].clone();
    other["name"] = json!("other");
    other["properties"]["addressPrefix"] = json!("10.0.1.0/24");
    other["properties"]["networkSecurityGroup"]["id"] =
        json!("[resourceId('Microsoft.Network/networkSecurityGroups', 'b')]");
    let subnets = both["properties"]["subnets"].as_array_mut().unwrap();
    subnets.push(other);
    let template = template(&[
        group("a", &[rule("x", "100 Inbound Allow Tcp Internet * 443")]),
        group("b", &[rule("x", "100 inbound allow TCP INTERNET * 443")]),
        both,
    ]);
    ask(&template, |semantics| {
        let allowed = |id| semantics.nsg_allowed(NsgId(id), Direction::Inbound, Family::V4);
        let (a, b) = (allowed(0), allowed(1));
        assert_eq!(a.minus(&b).is_hit().truth, Truth::False);
        assert_eq!(b.minus(&a).is_hit().truth, Truth::False);
    });
    assert!(findings(&check(&template), "invalid-security-rule").is_empty());
}
