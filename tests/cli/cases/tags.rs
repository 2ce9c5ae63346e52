//! What tags hold.

use super::{both, dead, names, said, template, trace, verdict};
use crate::stated::{Stated, behind};

/// N10. Source: "Diagnose a virtual machine network traffic filter problem" (Network Watcher).
#[test]
fn a_private_range_outside_the_network_is_in_neither_tag() {
    for case in both(&Stated::default()) {
        let ask = |to: &str| said(&case, &format!("--from 10.0.0.4 --to {to}:80 --nsg web"));
        assert_eq!(
            ask("172.31.0.100"),
            ("denied".into(), "DenyAllOutBound".into())
        );
        assert_eq!(
            ask("8.8.8.8"),
            ("allowed".into(), "AllowInternetOutBound".into())
        );
    }
}

/// N11: a peer's space is in the tag. Source: service tags overview.
#[test]
fn a_peers_space_is_in_the_tag() {
    let peered = Stated {
        peer: Some("10.1.0.0/16"),
        ..Stated::default()
    };
    let case = template(&peered);
    let ask = |to: &str| said(&case, &format!("--from 10.0.0.4 --to {to}:80 --nsg web"));
    assert_eq!(
        ask("10.1.0.4"),
        ("allowed".into(), "AllowVnetOutBound".into())
    );
    assert_eq!(ask("10.2.0.4"), ("denied".into(), "DenyAllOutBound".into()));
}

const ALL_AWAY: (&str, &str, &str, Option<&str>) =
    ("all", "0.0.0.0/0", "VirtualAppliance", Some("10.0.9.4"));

fn routed(
    route: (
        &'static str,
        &'static str,
        &'static str,
        Option<&'static str>,
    ),
) -> Stated {
    Stated {
        subnets: vec!["all 10.0.0.0/24 nsg:web table:away"],
        tables: vec![("away", vec![route])],
        ..Stated::default()
    }
}

/// N12, X27. Sources: service tags overview; torivar 2019; journeyofthegeek 2022. The reading is
/// told, and what the other would say.
#[test]
fn a_default_route_makes_the_virtual_network_everything() {
    for case in both(&routed(ALL_AWAY)) {
        let answer = trace(&case, "--from 8.8.8.8 --to 10.0.0.4:22 --nsg web");
        assert_eq!(verdict(&answer), ("allowed", "AllowVnetInBound"));
        let notes = answer["notes"].to_string();
        assert!(notes.contains("widen `VirtualNetwork`"), "{notes}");
        assert!(notes.contains("would be denied"), "{notes}");
    }
}

/// N13: a route's prefix is in the tag, and nothing else is. Sources: as N12.
#[test]
fn a_routes_prefix_widens_the_tag_by_itself_alone() {
    let case = template(&routed((
        "site",
        "172.31.0.0/24",
        "VirtualAppliance",
        Some("10.0.9.4"),
    )));
    let ask = |from: &str| {
        let words = format!("--from {from} --to 10.0.0.4:22 --nsg web --direction inbound");
        said(&case, &words)
    };
    assert_eq!(
        ask("172.31.0.9"),
        ("allowed".into(), "AllowVnetInBound".into())
    );
    assert_eq!(
        ask("172.31.1.9"),
        ("denied".into(), "DenyAllInBound".into())
    );
}

/// N14. Source: what an opaque tag holds is not known: may, not yes.
#[test]
fn a_tag_without_addresses_leaves_open_what_it_decides() {
    for case in both(&behind(&[
        ("st", "200 Outbound Allow Tcp * Storage.WestEurope 443"),
        ("no", "300 Outbound Deny * * Internet *"),
    ])) {
        let answer = trace(&case, "--from 10.0.0.4 --to 40.1.1.1:443 --nsg web");
        assert_eq!(answer["verdict"], "depends", "{answer}");
        let parts = answer["layers"][0]["parts"].as_array().unwrap();
        let by: Vec<&str> = parts
            .iter()
            .map(|part| part["decidedBy"]["name"].as_str().unwrap())
            .collect();
        assert_eq!(by, ["st", "no"]);
        let what = answer["dependsOn"].to_string();
        assert!(what.contains("`Storage."), "{what}");
        let closed = "--from 10.0.0.4 --to 40.1.1.1:80 --nsg web";
        assert_eq!(said(&case, closed), ("denied".into(), "no".into()));
    }
}

/// N14 with the list of service tags: what it settles, either way.
#[test]
fn the_list_of_service_tags_settles_the_question() {
    let stated = behind(&[
        ("st", "200 Outbound Allow Tcp * Storage.WestEurope 443"),
        ("no", "300 Outbound Deny * * Internet *"),
    ]);
    let case = template(&stated);
    case.write(
        "tags.json",
        r#"{ "changeNumber": 7, "cloud": "Public", "values": [
  { "name": "Storage.WestEurope", "id": "Storage.WestEurope", "properties": {
    "changeNumber": 1, "region": "westeurope", "regionId": 18, "platform": "Azure",
    "systemService": "AzureStorage", "addressPrefixes": ["40.1.0.0/16"],
    "networkFeatures": ["NSG"] } } ] }"#,
    );
    let ask = |to: &str| {
        let words = format!("--from 10.0.0.4 --to {to}:443 --nsg web --service-tags tags.json");
        said(&case, &words)
    };
    assert_eq!(ask("40.1.1.1"), ("allowed".into(), "st".into()));
    assert_eq!(ask("40.2.1.1"), ("denied".into(), "no".into()));
}

/// N17. Source: service tags overview (`Internet` includes Azure's public address space).
#[test]
fn the_internet_includes_azures_public_addresses() {
    for case in both(&behind(&[
        ("a", "100 Outbound Deny * * Internet *"),
        ("b", "200 Outbound Allow * * AzureCloud *"),
    ])) {
        let dead = dead(&case);
        assert_eq!(names(&dead), ["AllowInternetOutBound", "b"]);
        assert_eq!(dead["b"], ["a"]);
    }
}

/// N18. Source: service tags overview (`Internet` is what is outside the virtual network).
#[test]
fn public_addresses_of_ones_own_are_no_part_of_the_internet() {
    let stated = Stated {
        space: "20.5.0.0/16",
        subnets: vec!["all 20.5.0.0/24 nsg:web"],
        ..behind(&[("no", "100 Outbound Deny * * Internet *")])
    };
    for case in both(&stated) {
        let ask = |to: &str| {
            said(
                &case,
                &format!("--from 20.5.0.4 --to {to}:80 --nsg web --direction outbound"),
            )
        };
        assert_eq!(
            ask("20.5.1.4"),
            ("allowed".into(), "AllowVnetOutBound".into())
        );
        assert_eq!(ask("20.6.0.1"), ("denied".into(), "no".into()));
    }
}
