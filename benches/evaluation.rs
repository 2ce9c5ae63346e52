//! Speed of evaluating ARM templates alone: they are parsed outside the timed part, and nothing is
//! judged.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a bench fails where something is amiss, and tells what it measures"
)]

use std::hint::black_box;
use std::sync::Arc;

use aznet::eval::arm::Arm;
use aznet::eval::frontend::{Frontend, GroupOptions, Input, Tree, Unit};
use aznet::eval::{Deployment, Loader};
use aznet::source::{FileId, SourceFile};
use aznet::syntax::json;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// What is in every template.
const HEAD: &str = r#""$schema":
    "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0""#;

/// How many rules each group of the generated templates has.
const RULES: usize = 20;

/// A loop of groups with a loop of rules in each, and the same again in a nested deployment of
/// inner scope, `depth` times: loops, functions, parameters passed on.
fn nested(depth: usize, groups: usize) -> String {
    let rules: Vec<String> = (0..RULES)
        .map(|number| {
            format!(r#"{{ "name": "r{number}", "from": "10.0.{number}.0/24", "port": {number} }}"#)
        })
        .collect();
    let inner = if depth == 0 {
        String::new()
    } else {
        format!(
            r#", {{ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01",
              "name": "[format('level-{{0}}', {depth})]",
              "properties": {{ "mode": "Incremental",
                "expressionEvaluationOptions": {{ "scope": "inner" }},
                "parameters": {{
                  "prefix": {{ "value": "[concat(parameters('prefix'), '-{depth}')]" }},
                  "rules": {{ "value": "[parameters('rules')]" }} }},
                "template": {template} }} }}"#,
            template = nested(depth - 1, groups)
        )
    };
    format!(
        r#"{{ {HEAD},
          "parameters": {{
            "prefix": {{ "type": "string", "defaultValue": "shop" }},
            "rules": {{ "type": "array", "defaultValue": [{rules}] }} }},
          "variables": {{ "location": "[toLower('WestEurope')]" }},
          "resources": [
            {{ "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01",
               "name": "[format('{{0}}-nsg-{{1}}', parameters('prefix'), copyIndex())]",
               "location": "[variables('location')]",
               "copy": {{ "name": "groups", "count": {groups} }},
               "properties": {{ "copy": [ {{
                 "name": "securityRules", "count": "[length(parameters('rules'))]",
                 "input": {{
                   "name": "[parameters('rules')[copyIndex('securityRules')].name]",
                   "properties": {{
                     "priority": "[add(100, copyIndex('securityRules'))]",
                     "direction": "Inbound",
                     "access": "[if(equals(mod(copyIndex('securityRules'), 2), 0), 'Allow', 'Deny')]",
                     "protocol": "Tcp",
                     "sourceAddressPrefix": "[parameters('rules')[copyIndex('securityRules')].from]",
                     "sourcePortRange": "*",
                     "destinationAddressPrefix": "*",
                     "destinationPortRange":
                       "[string(parameters('rules')[copyIndex('securityRules')].port)]" }} }} }} ] }} }}
            {inner} ] }}"#,
        rules = rules.join(",")
    )
}

/// Networks whose subnets name groups of the same template by id, each written out.
fn linked(networks: usize) -> String {
    let resources: Vec<String> = (0..networks)
        .map(|number| {
            format!(
                r#"{{ "type": "Microsoft.Network/networkSecurityGroups",
                   "apiVersion": "2024-05-01", "name": "nsg-{number}",
                   "properties": {{ "securityRules": [] }} }},
                 {{ "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01",
                   "name": "[concat(parameters('prefix'), '-{number}')]",
                   "dependsOn": [
                     "[resourceId('Microsoft.Network/networkSecurityGroups', 'nsg-{number}')]" ],
                   "properties": {{
                     "addressSpace": {{ "addressPrefixes": ["[cidrSubnet('10.0.0.0/8', 24, {number})]"] }},
                     "subnets": [ {{ "name": "app", "properties": {{
                       "addressPrefix": "[cidrSubnet('10.0.0.0/8', 25, {number})]",
                       "networkSecurityGroup": {{ "id":
                         "[resourceId('Microsoft.Network/networkSecurityGroups', 'nsg-{number}')]"
                       }} }} }} ] }} }}"#
            )
        })
        .collect();
    format!(
        r#"{{ {HEAD}, "parameters": {{ "prefix": {{ "type": "string" }} }},
          "resources": [{resources}] }}"#,
        resources = resources.join(",")
    )
}

/// One parsed template and the deployment it makes.
struct Template {
    file: Arc<SourceFile>,
    tree: Tree,
    unit: Unit,
}

impl Template {
    fn new(text: &str) -> Self {
        let file = Arc::new(SourceFile::new("main.json", text));
        let tree = Tree::Json(json::parse(FileId(0), &file).tree);
        let input = Input {
            id: FileId(0),
            file: &file,
            tree: &tree,
        };
        let grouping = Arm.group(&[input], &GroupOptions::default());
        let unit = grouping.units.into_iter().next().unwrap();
        Self { file, tree, unit }
    }

    fn evaluate(&self) -> Deployment {
        Arm.evaluate(&self.unit, self)
    }
}

impl Loader for Template {
    fn text(&self, path: &str) -> Option<(FileId, Arc<SourceFile>)> {
        (path == "main.json").then(|| (FileId(0), Arc::clone(&self.file)))
    }

    fn tree(&self, id: FileId) -> Option<&Tree> {
        (id == FileId(0)).then_some(&self.tree)
    }

    fn directory(&self, _path: &str) -> Vec<FileId> {
        vec![FileId(0)]
    }

    fn path(&self, _id: FileId) -> Arc<str> {
        "main.json".into()
    }
}

fn evaluate(criterion: &mut Criterion, name: &str, text: &str, resources: usize) {
    let template = Template::new(text);
    let deployment = template.evaluate();
    assert_eq!(deployment.resources.len(), resources);
    assert!(deployment.diagnostics.is_empty());
    eprintln!(
        "{name}: {resources} resources, {} origins",
        deployment.origins.iter().count()
    );
    let mut group = criterion.benchmark_group("evaluation");
    group
        .throughput(Throughput::Elements(resources as u64))
        .sample_size(20);
    group.bench_function(name, |bencher| {
        bencher.iter(|| black_box(template.evaluate()));
    });
    group.finish();
}

fn benches(criterion: &mut Criterion) {
    evaluate(criterion, "loops in one template", &nested(0, 160), 160);
    // Five templates of 160 groups each, and the four deployments between them.
    evaluate(criterion, "loops in nested templates", &nested(4, 160), 804);
    for networks in [200, 400, 800] {
        let name = format!("{networks} networks that name their groups");
        evaluate(criterion, &name, &linked(networks), 2 * networks);
    }
}

criterion_group!(all, benches);
criterion_main!(all);
