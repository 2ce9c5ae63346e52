//! Answers that are lists, pages, results of Azure's own, or no resources at all.

use aznet::diagnostic::Severity;

use super::{check, findings, shape, told};

const GROUP: &str =
    "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/pier";

fn report(files: &[(&str, &str)]) -> aznet::engine::Report {
    let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
    check(&files.iter().map(owned).collect())
}

/// A flattened rule of the group, as `az network nsg rule list` prints it.
fn rule(kind: &str, name: &str, priority: u32) -> String {
    format!(
        r#"{{ "access": "Allow", "destinationAddressPrefix": "*", "destinationPortRange": "3389",
             "direction": "Inbound", "etag": "W/\"1\"", "id": "{GROUP}/{kind}/{name}", "name": "{name}",
             "priority": {priority}, "protocol": "Tcp", "provisioningState": "Succeeded",
             "resourceGroup": "rg", "sourceAddressPrefix": "*", "sourcePortRange": "*",
             "type": "Microsoft.Network/networkSecurityGroups/{kind}" }}"#
    )
}

#[test]
fn rules_listed_by_themselves_are_the_groups_and_defaults_among_them_do_not_count() {
    let group = format!(
        r#"{{ "id": "{GROUP}", "name": "pier", "location": "northeurope", "resourceGroup": "rg",
             "type": "Microsoft.Network/networkSecurityGroups", "securityRules": [{}],
             "defaultSecurityRules": [{}] }}"#,
        rule("securityRules", "desk", 300),
        rule("defaultSecurityRules", "AllowVnetInBound", 65000),
    );
    let rules = format!(
        "[{}, {}]",
        rule("securityRules", "desk", 300),
        rule("defaultSecurityRules", "AllowVnetInBound", 65000)
    );
    let report = report(&[("group.json", &group), ("rules.json", &rules)]);
    assert_eq!(told(&report), []);
    assert_eq!(report.summary.deployments, 1);
    assert_eq!(report.summary.security_rules, 1);
}

#[test]
fn subnets_and_routes_listed_by_themselves_belong_to_the_network_and_table_beside_them() {
    // By itself a part has an address of its own, the rest is the same.
    let said = |files: &_| -> Vec<(String, String)> {
        let report = check(files);
        assert_eq!(told(&report), []);
        assert_eq!(report.summary.security_rules, 3);
        let findings = report.findings.into_iter();
        findings
            .map(|found| (found.rule.to_string(), found.message))
            .collect()
    };
    let mut files = shape("cli");
    let expected = said(&files);
    let take = |text: &str, list: &str| {
        let whole: serde_json::Value = serde_json::from_str(text).unwrap();
        whole[0][list].to_string()
    };
    let mut more = Vec::new();
    for (name, list) in [
        ("vnet", "subnets"),
        ("route-table", "routes"),
        ("nsg", "securityRules"),
    ] {
        let whole = files
            .iter()
            .find(|(file, _)| *file == format!("{name}.json"));
        more.push((format!("{name}-{list}.json"), take(&whole.unwrap().1, list)));
    }
    files.extend(more);
    assert_eq!(said(&files), expected);
}

#[test]
fn parts_printed_by_themselves_are_told_where_their_owner_is_missing() {
    let files = shape("cli");
    let balancer = files.iter().find(|(name, _)| name == "lb.json").unwrap();
    let whole: serde_json::Value = serde_json::from_str(&balancer.1).unwrap();
    let parts = ["loadBalancingRules", "probes"].map(|list| {
        let text = serde_json::to_string_pretty(&whole[0][list]).unwrap();
        (format!("{list}.json"), text)
    });
    let alone = check(&parts.to_vec());
    assert_eq!(
        told(&alone),
        [(
            "export-part",
            Severity::Warning,
            r#""name": "https""#.to_owned()
        )]
    );
    assert!(
        alone.diagnostics[0]
            .message
            .contains("load balancer `ferry`")
    );
    let mut beside = files.clone();
    beside.extend(parts);
    let beside = check(&beside);
    assert_eq!(told(&beside), []);
    assert_eq!(findings(&beside), findings(&check(&files)));
}

#[test]
fn what_azure_worked_out_is_told_and_adds_nothing() {
    let effective = r#"{ "nextLink": null, "value": [{
        "association": { "networkInterface": { "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/n" } },
        "effectiveSecurityRules": [{ "access": "Allow", "direction": "Inbound", "name": "securityRules/desk",
            "priority": 300, "protocol": "Tcp", "sourceAddressPrefix": "0.0.0.0/0" }],
        "networkSecurityGroup": { "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/pier" } }] }"#;
    let routes = r#"{ "value": [{ "addressPrefix": ["10.0.0.0/16"], "disableBgpRoutePropagation": false,
        "name": null, "nextHopIpAddress": [], "nextHopType": "VnetLocal", "source": "Default", "state": "Active" }] }"#;
    let view = r#"{ "networkInterfaces": [{ "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/n",
        "securityRuleAssociations": { "effectiveSecurityRules": [] } }] }"#;
    let hop = r#"{ "nextHopIpAddress": "10.0.0.4", "nextHopType": "VirtualAppliance",
        "routeTableId": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/routeTables/r" }"#;
    let topology = r#"{ "createdDateTime": "2026-01-01T00:00:00Z", "id": "8d6a", "lastModified": "2026-01-01T00:00:00Z",
        "resources": [{ "associations": [], "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v", "name": "v" }] }"#;
    for (name, text) in [
        ("rules", effective),
        ("routes", routes),
        ("view", view),
        ("hop", hop),
        ("topology", topology),
    ] {
        let report = report(&[("answer.json", text)]);
        let told = told(&report);
        assert_eq!(told.len(), 1, "{name}: {told:?}");
        assert_eq!(told[0].0, "export-worked-out", "{name}");
        assert_eq!(told[0].1, Severity::Note, "{name}");
        assert_eq!(report.summary.deployments, 0, "{name}");
        assert_eq!(report.summary.security_rules, 0, "{name}");
    }
}

#[test]
fn what_is_only_listed_is_known_by_id_and_a_whole_record_wins_over_it() {
    let listed = format!(
        r#"[{{ "changedTime": "2026-01-01T00:00:00Z", "extendedLocation": null, "id": "{GROUP}",
             "identity": null, "kind": null, "location": "northeurope", "name": "pier",
             "properties": null, "provisioningState": "Succeeded", "resourceGroup": "rg", "sku": null,
             "tags": null, "type": "Microsoft.Network/networkSecurityGroups" }}]"#
    );
    let alone = report(&[("list.json", &listed)]);
    assert_eq!(
        told(&alone),
        [(
            "export-listed",
            Severity::Warning,
            r#""name": "pier""#.to_owned()
        )]
    );
    // Nothing is known of its rules, so nothing is found wrong with it.
    assert_eq!(findings(&alone), Vec::<String>::new());

    let whole = format!(
        r#"[{{ "id": "{GROUP}", "name": "pier", "location": "northeurope", "resourceGroup": "rg",
             "type": "Microsoft.Network/networkSecurityGroups", "securityRules": [{}] }}]"#,
        rule("securityRules", "desk", 300)
    );
    for order in [["a.json", "b.json"], ["b.json", "a.json"]] {
        let both = report(&[(order[0], &listed), (order[1], &whole)]);
        assert_eq!(both.summary.resources, 1);
        assert_eq!(both.summary.security_rules, 1);
        assert!(
            both.diagnostics
                .iter()
                .all(|told| told.code == "export-listed"),
            "{:?}",
            both.diagnostics
        );
    }
}

#[test]
fn one_page_of_several_is_told_and_leaves_relations_open() {
    for (page, at) in [
        (
            r#""nextLink": "https://management.azure.com/x?$skiptoken=2""#,
            "nextLink",
        ),
        (r#""resultTruncated": "true""#, "resultTruncated"),
        (r#""skip_token": "ew0K""#, "skip_token"),
    ] {
        let list = if at == "nextLink" { "value" } else { "data" };
        let text = format!(
            r#"{{ "{list}": [{{ "id": "{GROUP}", "name": "pier", "properties": {{ "securityRules": [] }},
                 "type": "Microsoft.Network/networkSecurityGroups" }}], {page} }}"#
        );
        let report = report(&[("page.json", &text)]);
        let told = told(&report);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].0, "export-one-page");
        assert_eq!(told[0].2, page);
        let deployment = super::deployment(&vec![("page.json".to_owned(), text)]);
        assert!(!deployment.complete);
    }
    for page in [
        r#""nextLink": null"#,
        r#""nextLink": """#,
        r#""resultTruncated": "false""#,
    ] {
        let text = format!(
            r#"{{ "value": [{{ "id": "{GROUP}", "name": "pier", "properties": {{ "securityRules": [] }},
                 "type": "Microsoft.Network/networkSecurityGroups" }}], {page} }}"#
        );
        assert_eq!(told(&report(&[("page.json", &text)])), []);
    }
}

#[test]
fn a_created_resource_stands_under_a_name_of_its_own() {
    let text = format!(
        r#"{{ "NewNSG": {{ "id": "{GROUP}", "name": "pier", "location": "northeurope",
             "resourceGroup": "rg", "securityRules": [{}],
             "type": "Microsoft.Network/networkSecurityGroups" }} }}"#,
        rule("securityRules", "desk", 300)
    );
    let report = report(&[("created.json", &text)]);
    assert_eq!(report.summary.security_rules, 1);
}

#[test]
fn a_resource_without_an_id_is_known_by_what_else_is_printed() {
    let text = format!(
        r#"[{{ "name": "pier", "location": "northeurope", "resourceGroup": "rg", "securityRules": [{}],
             "type": "Microsoft.Network/networkSecurityGroups" }}]"#,
        rule("securityRules", "desk", 300)
    );
    let report = report(&[("groups.json", &text)]);
    assert_eq!(told(&report), []);
    assert_eq!(report.summary.security_rules, 1);
}

#[test]
fn the_ids_of_parts_tell_the_id_of_what_they_are_part_of() {
    let mut files = shape("cli");
    let expected = findings(&check(&files));
    for (name, text) in &mut files {
        if ["nsg.json", "vnet.json", "route-table.json"].contains(&name.as_str()) {
            let mut whole: serde_json::Value = serde_json::from_str(text).unwrap();
            whole[0].as_object_mut().unwrap().remove("id").unwrap();
            *text = whole.to_string();
        }
    }
    let report = check(&files);
    assert_eq!(told(&report), []);
    assert_eq!(findings(&report), expected);
}

#[test]
fn rules_without_ids_are_told_and_not_read() {
    let rules = r#"[{ "name": "desk", "priority": 300, "direction": "Inbound", "access": "Allow",
        "protocol": "Tcp", "provisioningState": "Succeeded", "note": "/subscriptions/" },
        { "name": "gate", "priority": 310, "direction": "Inbound", "access": "Allow",
        "protocol": "Tcp", "provisioningState": "Succeeded" }]"#;
    let report = report(&[("rules.json", rules)]);
    assert_eq!(
        told(&report),
        [(
            "export-without-id",
            Severity::Warning,
            r#""name": "desk""#.to_owned()
        )]
    );
    assert!(report.diagnostics[0].message.contains("1 further"));
    assert_eq!(report.summary.unused.len(), 1);
}

#[test]
fn what_powershell_cut_off_is_unknown_and_told() {
    let text = format!(
        r#"{{ "Name": "pier", "Id": "{GROUP}", "Location": "northeurope", "ResourceGroupName": "rg",
             "Type": "Microsoft.Network/networkSecurityGroups", "SubnetsText": "[]",
             "SecurityRules": ["Microsoft.Azure.Commands.Network.Models.PSSecurityRule"],
             "Subnets": "Microsoft.Azure.Commands.Network.Models.PSSubnet" }}"#
    );
    let report = report(&[("group.json", &text)]);
    assert_eq!(
        told(&report),
        [(
            "export-cut-off",
            Severity::Warning,
            r#""Microsoft.Azure.Commands.Network.Models.PSSecurityRule""#.to_owned()
        )]
    );
    assert!(
        report.diagnostics[0]
            .help
            .as_ref()
            .unwrap()
            .contains("-Depth")
    );
    assert_eq!(findings(&report), Vec::<String>::new());
}

#[test]
fn of_many_subscriptions_the_one_that_resources_are_in_counts() {
    const OTHER: &str = r#"{ "id": "/subscriptions/0b1f3c77-9c55-4d7e-8a0e-3d6a1be0c9f2", "displayName": "Other",
        "state": "Enabled", "subscriptionId": "0b1f3c77-9c55-4d7e-8a0e-3d6a1be0c9f2",
        "subscriptionPolicies": { "quotaId": "FreeTrial_2014-09-01", "spendingLimit": "On" } }"#;
    let own = shape("cli");
    let expected = findings(&check(&own));
    let mut more = own.clone();
    more.push(("other.json".into(), OTHER.into()));
    // As `az account list` prints accounts: no policies, so nothing of the offer.
    let account = r#"[{ "cloudName": "AzureCloud", "homeTenantId": "2a7c1b9e-8d2f-4b6a-9c11-7e5d3f0a1b22",
        "id": "3f0c9a11-52de-4c7b-9b64-0d6a7be21c55", "isDefault": true, "managedByTenants": [], "name": "Harbour",
        "state": "Enabled", "tenantId": "2a7c1b9e-8d2f-4b6a-9c11-7e5d3f0a1b22", "user": { "name": "me", "type": "user" } }]"#;
    more.push(("zz-accounts.json".into(), account.into()));
    let report = check(&more);
    assert_eq!(told(&report), []);
    assert_eq!(report.summary.resources, check(&own).summary.resources + 1);
    assert_eq!(findings(&report), expected);
}

#[test]
fn documents_that_only_look_like_exports_are_left_alone() {
    let others = [
        // A list of rules that a module loads.
        r#"[{ "name": "web", "properties": { "priority": 100, "direction": "Inbound", "access": "Allow",
              "protocol": "Tcp", "destinationAddressPrefix": "Microsoft.Storage" } }]"#,
        // Somebody else's table that names groups.
        r#"[{ "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/pier",
              "owner": "harbour master" }]"#,
        // What watches a group.
        r#"{ "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/pier/providers/Microsoft.Insights/diagnosticSettings/all",
             "name": "all", "logs": [] }"#,
        // A policy definition in the shape of a template's resource.
        r#"{ "apiVersion": "2021-06-01", "name": "Deny-Rule", "type": "Microsoft.Authorization/policyDefinitions",
             "properties": { "policyRule": { "if": { "field": "Microsoft.Network/networkSecurityGroups/securityRules/access" } } } }"#,
        // Recorded traffic.
        r#"{ "version": 1, "interactions": [{ "request": { "uri": "https://management.azure.com/subscriptions/s" },
             "response": { "body": { "data": { "value": [] } } } }] }"#,
        // A table of no columns.
        r#"{ "data": { "columns": 3, "rows": { "id": "/subscriptions/s" } } }"#,
        r#"{ "value": [[[[[[{ "id": "/subscriptions/s" }]]]]]] }"#,
    ];
    for other in others {
        let report = report(&[("other.json", other)]);
        assert_eq!(report.summary.deployments, 0, "{other}");
        assert_eq!(report.diagnostics, [], "{other}");
        assert!(report.summary.unused.is_empty(), "{other}");
    }
}

#[test]
fn of_appended_documents_a_broken_one_is_told_and_the_others_are_read() {
    let good = format!("[{}]", rule("securityRules", "desk", 300));
    let text = format!("{good}\n{{ \"id\": \"/subscriptions/\", }} \n{{ \"a\" 1 }}\n{good}");
    let report = report(&[("all.json", &text)]);
    assert_eq!(report.summary.security_rules, 1);
    let [told] = report.diagnostics.as_slice() else {
        panic!("{:?}", report.diagnostics);
    };
    assert_eq!(told.code, "json-syntax");
    let span = told.primary.as_ref().unwrap().span;
    let line = text[..span.start as usize].lines().count();
    assert_eq!(text.lines().nth(line - 1), Some("{ \"a\" 1 }"));
}
