//! The portal's "Export template": an ARM template with everything in it, defaults included.

use serde_json::{Value, json};

use super::{check, shape};

/// What the portal makes of a recorded resource: a name that is a parameter, ids as expressions,
/// children written inside their parent and once more by themselves.
fn exported() -> Value {
    let texts = shape("rest");
    let of = |name: &str| {
        let text = &texts.iter().find(|(file, _)| file == name).unwrap().1;
        let value: Value = serde_json::from_str(text).unwrap();
        value["value"][0].clone()
    };
    let mut group = of("nsg.json");
    let name = "[parameters('networkSecurityGroups_quay_name')]";
    let mut children = Vec::new();
    let lists = ["securityRules", "defaultSecurityRules"];
    for list in lists {
        for rule in group["properties"][list].as_array_mut().unwrap() {
            let own = rule["name"].as_str().unwrap().to_owned();
            rule["id"] = json!(format!(
                "[resourceId('Microsoft.Network/networkSecurityGroups/{list}', \
                 parameters('networkSecurityGroups_quay_name'), '{own}')]"
            ));
            let mut child = rule.clone();
            child["name"] = json!(format!(
                "[concat(parameters('networkSecurityGroups_quay_name'), '/{own}')]"
            ));
            child["apiVersion"] = json!("2024-05-01");
            child.as_object_mut().unwrap().remove("id");
            child["dependsOn"] = json!(["[resourceId('Microsoft.Network/networkSecurityGroups', \
                 parameters('networkSecurityGroups_quay_name'))]"]);
            if list == "securityRules" {
                children.push(child);
            }
        }
    }
    group["name"] = json!(name);
    group["apiVersion"] = json!("2024-05-01");
    group["properties"]
        .as_object_mut()
        .unwrap()
        .remove("subnets");
    group.as_object_mut().unwrap().remove("id");
    let mut resources = vec![group];
    resources.extend(children);
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            "networkSecurityGroups_quay_name": { "defaultValue": "quay", "type": "String" }
        },
        "variables": {},
        "resources": resources,
    })
}

#[test]
fn nothing_is_lost_or_counted_twice() {
    let text = serde_json::to_string_pretty(&exported()).unwrap();
    let report = check(&vec![("template.json".to_owned(), text)]);
    assert_eq!(report.diagnostics, []);
    assert_eq!(report.summary.security_rules, 3);
}
