//! Speed of the main job: one small file, and a repository of generated ones, all rules on.

use std::hint::black_box;

use aznet::engine::{self, Options};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn template(rules: usize) -> String {
    let rules: Vec<String> = (0..rules)
        .map(|number| {
            format!(
                r#"{{ "name": "rule{number}", "properties": {{
                    "priority": {priority}, "direction": "Inbound", "access": "{access}",
                    "protocol": "Tcp", "sourceAddressPrefix": "10.{high}.{low}.0/24",
                    "sourcePortRange": "*", "destinationAddressPrefix": "[variables('space')]",
                    "destinationPortRange": "{port}" }} }}"#,
                priority = 100 + number,
                access = if number % 3 == 0 { "Deny" } else { "Allow" },
                high = number / 256,
                low = number % 256,
                port = 1000 + number % 50,
            )
        })
        .collect();
    format!(
        r#"{{
          "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
          "contentVersion": "1.0.0.0",
          "parameters": {{ "prefix": {{ "type": "string", "defaultValue": "shop" }} }},
          "variables": {{ "space": "10.0.0.0/8" }},
          "resources": [
            {{ "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01",
               "name": "[concat(parameters('prefix'), '-nsg')]",
               "properties": {{ "securityRules": [{rules}] }} }}
          ]
        }}"#,
        rules = rules.join(",\n")
    )
}

fn configuration(groups: usize) -> String {
    (0..groups)
        .map(|number| {
            format!(
                r#"
resource "azurerm_network_security_group" "g{number}" {{
  name                = "${{var.prefix}}-{number}"
  resource_group_name = "shop"
  location            = "westeurope"

  dynamic "security_rule" {{
    for_each = {{ ssh = 22, https = 443, mail = 25 }}
    content {{
      name                       = security_rule.key
      priority                   = 100 + security_rule.value
      direction                  = "Inbound"
      access                     = "Allow"
      protocol                   = "Tcp"
      source_address_prefix      = "10.0.0.0/8"
      source_port_range          = "*"
      destination_address_prefix = "*"
      destination_port_range     = security_rule.value
    }}
  }}
}}
"#
            )
        })
        .collect::<String>()
        + "variable \"prefix\" {\n  default = \"shop\"\n}\n"
}

fn check(criterion: &mut Criterion, name: &str, files: &[(String, String)]) {
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    let mut group = criterion.benchmark_group("check");
    group
        .throughput(Throughput::Bytes(bytes as u64))
        .sample_size(20);
    group.bench_function(name, |bencher| {
        bencher.iter(|| black_box(engine::check_files(files.to_vec(), &Options::default())));
    });
    group.finish();
}

fn benches(criterion: &mut Criterion) {
    check(
        criterion,
        "one small template",
        &[("azuredeploy.json".into(), template(10))],
    );
    check(
        criterion,
        "a group of 1,000 rules",
        &[("azuredeploy.json".into(), template(1000))],
    );
    let repository: Vec<(String, String)> = (0..200)
        .flat_map(|number| {
            [
                (format!("arm/{number}/azuredeploy.json"), template(20)),
                (format!("terraform/{number}/main.tf"), configuration(10)),
            ]
        })
        .collect();
    check(criterion, "a repository of 400 files", &repository);
}

criterion_group!(all, benches);
criterion_main!(all);
