//! Documents in memory to deployments.

use super::*;
use crate::eval::value::Value;
use crate::origin::OriginStep;
use crate::source::{FileId, SourceFile, SourceMap};
use crate::syntax::json;

struct Files(SourceMap, Vec<Tree>);

impl Loader for Files {
    fn text(&self, _path: &str) -> Option<(FileId, Arc<SourceFile>)> {
        None
    }

    fn tree(&self, id: FileId) -> Option<&Tree> {
        self.1.get(id.0 as usize)
    }

    fn directory(&self, _path: &str) -> Vec<FileId> {
        Vec::new()
    }

    fn path(&self, _id: FileId) -> Arc<str> {
        "".into()
    }
}

fn read(files: &[(&str, &str)]) -> (Files, Vec<Deployment>) {
    let mut all = Files(SourceMap::default(), Vec::new());
    for (path, text) in files {
        let file = Arc::new(SourceFile::new(*path, text));
        let id = all.0.push(Arc::clone(&file));
        all.1.push(Tree::Json(json::parse(id, &file).tree));
    }
    let inputs: Vec<Input<'_>> = all
        .0
        .iter()
        .zip(&all.1)
        .map(|((id, file), tree)| Input { id, file, tree })
        .filter(|input| Export.recognise(input))
        .collect();
    let grouping = Export.group(&inputs, &GroupOptions::default());
    let deployments = grouping
        .units
        .iter()
        .map(|unit| Export.evaluate(unit, &all));
    let deployments = deployments.collect();
    (all, deployments)
}

const GROUP: &str = r#"{ "value": [{ "name": "web",
    "id": "/subscriptions/S/resourceGroups/RG/providers/Microsoft.Network/networkSecurityGroups/web",
    "type": "microsoft.network/NetworkSecurityGroups", "properties": { "securityRules": [] } }] }"#;
const RULE: &str = r#"[{ "name": "ssh",
    "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/web/securityRules/ssh",
    "type": "Microsoft.Network/networkSecurityGroups/securityRules", "properties": { "access": "Allow" } }]"#;
const SUBSCRIPTION: &str = r#"{ "id": "/subscriptions/S", "displayName": "Test",
    "subscriptionPolicies": { "quotaId": "FreeTrial_2014-09-01" } }"#;

#[test]
fn the_files_of_a_directory_are_one_complete_deployment() {
    let (files, deployments) = read(&[
        ("e/g.json", GROUP),
        ("e/r.json", RULE),
        ("e/s.json", SUBSCRIPTION),
    ]);
    let [deployment] = deployments.as_slice() else {
        panic!("{} deployments", deployments.len());
    };
    assert_eq!(&*deployment.name, "e");
    assert!(deployment.complete);
    let [group, rule, subscription] = deployment.resources.as_slice() else {
        panic!("{} resources", deployment.resources.len());
    };
    assert_eq!(&*group.kind, "Microsoft.Network/networkSecurityGroups");
    assert_eq!(rule.parent.as_ref(), Some(&group.key));
    assert_eq!(group.parent, None);
    assert_eq!(
        &*rule.address,
        "Microsoft.Network/networkSecurityGroups/securityRules/web/ssh"
    );
    assert_eq!(rule.name.as_str().map(|name| &**name), Some("ssh"));
    let access = rule
        .body
        .get("properties")
        .and_then(|json| json.get("access"))
        .unwrap();
    let typed: Vec<&str> = deployment
        .origins
        .literals(access.origin)
        .into_iter()
        .map(|span| files.0.slice(span))
        .collect();
    assert_eq!(typed, [r#""Allow""#]);
    assert_eq!(
        deployment.origins.get(access.origin).step,
        OriginStep::Recorded
    );
    assert_eq!(&*subscription.kind, "Microsoft.Resources/subscriptions");
    assert_eq!(&*subscription.key.0, "/subscriptions/s");
}

#[test]
fn a_resource_recorded_again_is_one_and_other_content_is_told() {
    let changed = RULE.replace("Allow", "Deny");
    let (files, deployments) = read(&[
        ("e/1.json", RULE),
        ("e/2.json", RULE),
        ("e/3.json", &changed),
    ]);
    let [rule] = deployments[0].resources.as_slice() else {
        panic!("{} resources", deployments[0].resources.len());
    };
    assert_eq!(
        &*rule.address,
        "Microsoft.Network/networkSecurityGroups/securityRules/web/ssh"
    );
    let access = rule
        .body
        .get("properties")
        .and_then(|json| json.get("access"));
    assert_eq!(
        access.and_then(Value::as_str).map(|text| &**text),
        Some("Deny")
    );
    let [told] = deployments[0].diagnostics.as_slice() else {
        panic!("{:?}", deployments[0].diagnostics);
    };
    assert_eq!(told.code, "recorded-twice");
    let span = told.primary.as_ref().unwrap().span;
    assert_eq!(files.0.slice(span), r#""name": "ssh""#);
    assert_eq!(span.file, FileId(2));
}

#[test]
fn what_only_looks_like_a_resource_is_left_alone() {
    let others = [
        r#"{ "$schema": "https://x/deploymentTemplate.json#", "id": "/subscriptions/s", "type": "A.B/c", "properties": {} }"#,
        r#"{ "format_version": "1.2", "planned_values": {} }"#,
        r#"{ "id": "/providers/Microsoft.Authorization/policyDefinitions/p", "type": "Microsoft.Authorization/policyDefinitions", "properties": {} }"#,
        r#"{ "id": "https://example.org", "type": "object", "properties": {} }"#,
        r#"[1, "x", null]"#,
    ];
    for other in others {
        let (_, deployments) = read(&[("x.json", other)]);
        assert!(deployments.is_empty(), "{other}");
    }
}

/// The text at a path of a body.
fn at(value: &Value, path: &str) -> Option<String> {
    let step = |value: &Value, step: &str| match step.parse::<usize>() {
        Ok(position) => value.as_list()?.items.get(position).cloned(),
        Err(_) => value.get(step).cloned(),
    };
    let found = path
        .split('.')
        .try_fold(value.clone(), |value, name| step(&value, name))?;
    found.canonical()
}

#[test]
fn lifted_properties_go_back_where_rest_has_them_at_any_depth() {
    let set = r#"{ "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/fleet",
        "name": "fleet", "location": "westeurope", "resourceGroup": "rg", "sku": { "name": "Standard_B2s", "capacity": 2 },
        "orchestrationMode": "Flexible", "type": "Microsoft.Compute/virtualMachineScaleSets",
        "virtualMachineProfile": { "networkProfile": { "networkInterfaceConfigurations": [{ "name": "deck",
            "primary": true, "enableIpForwarding": false,
            "ipConfigurations": [{ "name": "main", "subnet": { "id": "/S/j", "resourceGroup": "rg" },
                "publicIpAddressConfiguration": { "name": "out", "idleTimeoutInMinutes": 9 } }] }] } } }"#;
    let firewall = r#"{ "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/azureFirewalls/lock",
        "name": "lock", "resourceGroup": "rg", "sku": { "tier": "Basic" }, "threatIntelMode": "Off",
        "networkRuleCollections": [{ "name": "out", "priority": 100, "action": { "type": "Allow" },
            "rules": [{ "name": "time", "protocols": ["UDP"] }] }] }"#;
    let (_, deployments) = read(&[("a/set.json", set), ("b/firewall.json", firewall)]);
    let [set, firewall] = [0, 1].map(|place: usize| &deployments[place].resources[0]);
    let card = "properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations.0";
    let main = format!("{card}.properties.ipConfigurations.0");
    for (path, text) in [
        ("sku.name".to_owned(), "Standard_B2s"),
        ("properties.orchestrationMode".to_owned(), "Flexible"),
        (format!("{card}.name"), "deck"),
        (format!("{card}.properties.enableIpForwarding"), "false"),
        (format!("{main}.properties.subnet.id"), "/S/j"),
        (
            format!(
                "{main}.properties.publicIpAddressConfiguration.properties.idleTimeoutInMinutes"
            ),
            "9",
        ),
    ] {
        assert_eq!(at(&set.body, &path).as_deref(), Some(text), "{path}");
    }
    assert_eq!(&*firewall.kind, "Microsoft.Network/azureFirewalls");
    for (path, text) in [
        ("properties.sku.tier", "Basic"),
        (
            "properties.networkRuleCollections.0.properties.action.type",
            "Allow",
        ),
        // Rules have no id and no properties in REST either.
        (
            "properties.networkRuleCollections.0.properties.rules.0.protocols.0",
            "UDP",
        ),
    ] {
        assert_eq!(at(&firewall.body, path).as_deref(), Some(text), "{path}");
    }
}

#[test]
fn ids_without_their_subscription_still_fit_together() {
    let group = r#"{ "id": "resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/web",
        "name": "web", "type": "Microsoft.Network/networkSecurityGroups", "properties": {
        "subnets": [{ "id": "resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/s" }] } }"#;
    let (_, deployments) = read(&[("web.json", group)]);
    let [group] = deployments[0].resources.as_slice() else {
        panic!("{} resources", deployments[0].resources.len());
    };
    assert_eq!(
        &*group.key.0,
        "/resourcegroups/rg/providers/microsoft.network/networksecuritygroups/web"
    );
    assert_eq!(
        at(&group.body, "properties.subnets.0.id").as_deref(),
        Some("/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/s")
    );
}

#[test]
fn lists_in_lists_end_where_nobody_prints_them() {
    let deep = format!("{}{RULE}{}", "[".repeat(150), "]".repeat(150));
    let (_, deployments) = read(&[("deep.json", &deep)]);
    assert!(deployments.is_empty());
}
