//! What plans and states have that configurations have not.

use serde_json::{Value, json};

use super::{EXPOSED, check, codes, finding, group, place, plan, ssh};

fn rule(name: &str, port: &str, priority: u32) -> Value {
    json!({
        "name": name, "priority": priority, "direction": "Inbound", "access": "Allow",
        "protocol": "Tcp", "source_address_prefix": "*", "source_port_range": "*",
        "destination_address_prefix": "*", "destination_port_range": port, "description": "",
        "source_address_prefixes": [], "destination_address_prefixes": [],
    })
}

/// The state of a group with a rule of its own, which Azure gives back inside the group too.
fn applied() -> Value {
    let mut own = rule("ssh", "22", 100);
    own["resource_group_name"] = json!("rg");
    own["network_security_group_name"] = json!("web");
    let group = json!({ "name": "web", "resource_group_name": "rg",
        "security_rule": [rule("ssh", "22", 100), rule("https", "443", 110)] });
    let resource = |kind: &str, name: &str, values: Value| {
        json!({ "address": format!("azurerm_{kind}.{name}"), "mode": "managed",
            "type": format!("azurerm_{kind}"), "name": name,
            "provider_name": "registry.opentofu.org/hashicorp/azurerm", "values": values })
    };
    json!([
        resource("network_security_group", "web", group),
        resource("network_security_rule", "ssh", own),
    ])
}

/// What a plan says is written of them.
fn written(inline: bool) -> Value {
    let mut group = json!({ "name": { "constant_value": "web" } });
    if inline {
        group["security_rule"] = json!({ "references": ["var.rules"] });
    }
    let own = json!({ "network_security_group_name": { "references":
        ["azurerm_network_security_group.web.name", "azurerm_network_security_group.web"] } });
    json!({ "root_module": { "resources": [
        { "address": "azurerm_network_security_group.web", "expressions": group },
        { "address": "azurerm_network_security_rule.ssh", "expressions": own },
    ] } })
}

#[test]
fn a_rule_that_is_read_back_into_its_group_counts_once() {
    let values = json!({ "root_module": { "resources": applied() } });
    // OpenTofu writes the same format with its own version.
    let state = json!({ "format_version": "1.0", "terraform_version": "1.9.1", "values": values });
    let plan = json!({ "format_version": "1.2", "terraform_version": "1.9.1",
        "planned_values": values, "configuration": written(false) });
    for text in [state.to_string(), plan.to_string()] {
        let report = check(&[("p.json", text)]);
        assert_eq!(report.summary.security_rules, 2);
        let exposed = finding(&report, EXPOSED);
        assert_eq!(&*exposed.resource, "azurerm_network_security_rule.ssh");
        let refused: Vec<_> = (report.findings.iter())
            .filter(|it| &*it.rule == "invalid-security-rule")
            .collect();
        assert!(refused.is_empty(), "{refused:?}");
    }
}

#[test]
fn a_rule_that_is_written_in_both_places_is_still_two() {
    let values = json!({ "root_module": { "resources": applied() } });
    let plan = json!({ "format_version": "1.2", "planned_values": values,
        "configuration": written(true) });
    let report = check(&[("p.json", plan.to_string())]);
    assert_eq!(report.summary.security_rules, 3);
    finding(&report, "duplicate-security-rule-name");
}

#[test]
fn what_a_template_in_a_plan_deploys_is_planned_too() {
    let template = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": { "port": { "type": "string" } },
        "resources": [ {
            "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01",
            "name": "inner", "location": "westeurope",
            "properties": { "securityRules": [ { "name": "in", "properties": {
                "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
                "sourceAddressPrefix": "*", "sourcePortRange": "*",
                "destinationAddressPrefix": "*",
                "destinationPortRange": "[parameters('port')]" } } ] } } ],
    });
    let planned = |parameters: Value, unknown: Value| {
        let mut values = json!({ "name": "inner", "resource_group_name": "rg",
            "deployment_mode": "Incremental", "template_content": template.to_string() });
        if !parameters.is_null() {
            values["parameters_content"] = json!(parameters.to_string());
        }
        plan(&[(
            "azurerm_resource_group_template_deployment.d",
            values,
            unknown,
            json!({ "parameters_content": { "references": ["local.port"] } }),
        )])
    };
    let known = planned(json!({ "port": { "value": "22" } }), json!({ "id": true }));
    let report = check(&[("plan.json", known)]);
    let exposed = finding(&report, EXPOSED);
    assert_eq!(exposed.security_rule.as_deref(), Some("in"));
    assert_eq!(place(&report, exposed).0, "plan.json");
    assert!(exposed.unknowns.is_empty(), "{:?}", exposed.unknowns);
    assert_eq!(codes(&report), Vec::<&str>::new());

    let open = planned(
        Value::Null,
        json!({ "id": true, "parameters_content": true }),
    );
    let report = check(&[("plan.json", open)]);
    let exposed = finding(&report, EXPOSED);
    let [missing] = exposed.unknowns.as_slice() else {
        panic!("{:?}", exposed.unknowns);
    };
    assert_eq!(missing.what, "local.port");
}

#[test]
fn nobody_is_sent_from_a_plan_to_a_plan() {
    let unknown = json!({ "id": true, "source_address_prefix": true });
    let (address, mut values, unknown, mut written) = ssh(&Value::Null, &unknown);
    values
        .as_object_mut()
        .unwrap()
        .remove("source_address_prefix");
    written["source_address_prefix"] =
        json!({ "references": ["data.http.me.body", "data.http.me"] });
    let report = check(&[(
        "plan.json",
        plan(&[
            group(&json!({ "id": true })),
            (address, values, unknown, written),
        ]),
    )]);
    let settle: Vec<&str> = (report.findings.iter())
        .flat_map(|it| &it.unknowns)
        .map(|it| it.settle.as_str())
        .collect();
    assert!(!settle.is_empty());
    assert!(
        settle.iter().all(|it| it.contains("after the apply")),
        "{settle:?}"
    );
}

#[test]
fn what_a_plan_destroys_is_no_part_of_it_and_an_empty_state_is_one() {
    let before = json!({ "format_version": "1.0",
        "values": { "root_module": { "resources": applied() } } });
    let changes = json!([ { "address": "azurerm_network_security_group.web",
        "type": "azurerm_network_security_group", "action_reason": "delete_because_no_resource_config",
        "change": { "actions": ["delete"], "before": {}, "after": null, "after_unknown": {} } } ]);
    let destroyed = json!({ "format_version": "1.2", "terraform_version": "1.11.4",
        "planned_values": { "root_module": {} }, "prior_state": before,
        "resource_changes": changes, "configuration": { "root_module": {} } });
    for text in [
        destroyed.to_string(),
        json!({ "format_version": "1.0" }).to_string(),
    ] {
        let report = check(&[("p.json", text)]);
        assert_eq!(report.summary.files, 1);
        assert_eq!(report.summary.security_rules, 0);
        assert!(report.findings.is_empty());
        assert_eq!(codes(&report), Vec::<&str>::new());
    }
}

#[test]
fn a_group_that_is_only_written_to_is_not_known() {
    let nsg = |written: Value| {
        let text = plan(&[(
            "azurerm_subnet.app",
            json!({ "name": "app", "resource_group_name": "rg", "virtual_network_name": "net",
                "address_prefixes": ["10.0.1.0/24"], "network_security_group_id_wo": null }),
            json!({ "id": true }),
            written,
        )]);
        let fields = super::same::fields(&super::same::understood(&[("plan.json", text)]));
        fields.get("subnet azurerm_subnet.app nsg").cloned()
    };
    let attached = json!({ "network_security_group_id_wo": { "references": ["var.group"] } });
    assert_eq!(nsg(attached), Some(vec!["unknown".to_owned()]));
    assert_eq!(nsg(json!({})), None);
}
