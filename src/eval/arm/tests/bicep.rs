use super::super::bicep::Sources;
use super::{Files, resource};

const SCHEMA: &str =
    "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";

/// A template that says it was compiled.
fn compiled(members: &str) -> String {
    format!(
        r#"{{ "$schema": "{SCHEMA}", "metadata": {{ "_generator": {{
        "name": "bicep", "version": "0.99.1.2", "templateHash": "1" }} }}, {members} }}"#
    )
}

/// What the place of a text is called, and the declarations that are pointed at.
fn told<'f>(files: &'f Files, text: &str) -> (String, Vec<(&'f str, &'f str)>) {
    let place = files.place("net/main.json", text);
    let Some(declared) = Sources::new(files).declared(place) else {
        return (String::new(), Vec::new());
    };
    let places = declared.places.iter().map(|it| files.read(it.span));
    (declared.words, places.collect())
}

#[test]
fn the_compiler_and_the_symbols_of_resources_are_kept() {
    let template = compiled(
        r#""languageVersion": "2.0", "resources": {
        "group": { "type": "A.B/c", "name": "x" },
        "many": { "type": "A.B/d", "name": "[format('{0}', copyIndex())]",
                  "copy": { "name": "many", "count": 2 } } }"#,
    );
    let deployment = Files::new(&[("main.json", &template)]).deploy("main.json");
    let generator = deployment.generator.as_ref().unwrap();
    assert_eq!(&*generator.name, "bicep");
    assert_eq!(generator.version.as_deref(), Some("0.99.1.2"));
    for (address, symbol) in [
        ("A.B/c/x", "group"),
        ("A.B/d/0", "many"),
        ("A.B/d/1", "many"),
    ] {
        let found = resource(&deployment, address).symbol.as_deref();
        assert_eq!(found, Some(symbol));
    }
}

#[test]
fn a_place_leads_through_modules_to_its_declarations() {
    let inner = compiled(
        r#""languageVersion": "2.0",
        "parameters": { "rules": { "type": "array", "defaultValue": ["open"] } },
        "resources": {
            "group": { "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01", "name": "inner" },
            "net::app": { "type": "Microsoft.Network/virtualNetworks/subnets", "apiVersion": "2024-05-01", "name": "net/app" },
            "ghost": { "type": "Microsoft.Network/routeTables", "apiVersion": "2024-05-01", "name": "stale" },
            "swapped": { "type": "Microsoft.Network/routeTables", "apiVersion": "2024-05-01", "name": "another" } }"#,
    );
    let registry = compiled(
        r#""languageVersion": "2.0", "resources": {
            "table": { "type": "Microsoft.Network/routeTables", "name": "far" } }"#,
    );
    let main = compiled(&format!(
        r#""languageVersion": "2.0",
        "variables": {{ "$fxv#0": "made up", "port": "22" }},
        "resources": {{
            "hub": {{ "type": "Microsoft.Resources/deployments", "name": "hub-module", "properties": {{
                "parameters": {{ "rules": {{ "value": ["passed"] }} }}, "template": {inner} }} }},
            "known": {{ "type": "Microsoft.Resources/deployments", "name": "known-module", "properties": {{
                "template": {registry} }} }},
            "written": {{ "type": "Microsoft.Resources/deployments", "apiVersion": "2024-03-01", "name": "written-out", "properties": {{
                "template": {{ "resources": [ {{ "type": "A.B/c", "name": "within" }} ] }} }} }} }}"#
    ));
    let files = Files::new(&[
        ("net/main.json", &main),
        (
            "net/main.bicep",
            "
var port = '22'
module hub 'modules/hub.bicep' = {
  name: 'hub-module'
}
module known 'br/public:avm/res/network/route-table:0.4.0' = {
  name: 'known-module'
}
resource written 'Microsoft.Resources/deployments@2024-03-01' = {
  name: 'written-out'
}
",
        ),
        (
            "net/modules/hub.bicep",
            "
param rules array = ['open']
resource group 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'inner'
}
resource net 'Microsoft.Network/virtualNetworks@2024-05-01' existing = {
  name: 'net'
  resource app 'subnets' = {
    name: 'app'
  }
}
resource swapped 'Microsoft.Network/publicIPAddresses@2024-05-01' = {
  name: 'another'
}
",
        ),
    ]);
    let hub = "module hub (net/modules/hub.bicep)";
    let (main, module) = ("net/main.bicep", "net/modules/hub.bicep");
    assert_eq!(
        told(&files, "\"inner\""),
        (
            format!("{hub} › resource group"),
            vec![(module, "group"), (main, "hub")]
        )
    );
    assert_eq!(
        told(&files, "\"net/app\""),
        (
            format!("{hub} › resource net::app"),
            vec![(module, "app"), (main, "hub")]
        )
    );
    assert_eq!(
        told(&files, "\"open\""),
        (
            format!("{hub} › param rules"),
            vec![(module, "rules"), (main, "hub")]
        )
    );
    assert_eq!(
        told(&files, "\"passed\""),
        (hub.into(), vec![(main, "hub")])
    );
    assert_eq!(
        told(&files, "\"far\"").0,
        "module known (br/public:avm/res/network/route-table:0.4.0) › resource table"
    );
    assert_eq!(
        told(&files, "\"within\""),
        (
            "resource written (net/main.bicep)".into(),
            vec![(main, "written")]
        )
    );
    assert_eq!(
        told(&files, "\"22\""),
        ("var port (net/main.bicep)".into(), vec![(main, "port")])
    );
    // The compiler's own variables have no declaration; a symbol that the source lacks, or that is
    // another thing there, has no place.
    assert_eq!(told(&files, "\"made up\""), (String::new(), Vec::new()));
    for (name, symbol) in [("\"stale\"", "ghost"), ("\"another\"", "swapped")] {
        let words = format!("{hub} › resource {symbol}");
        assert_eq!(told(&files, name), (words, vec![(main, "hub")]));
    }
}

#[test]
fn without_symbols_only_what_cannot_be_otherwise_is_told() {
    let group = |name: &str, version: &str| {
        format!(
            r#"{{ "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "{version}", "name": "{name}" }}"#
        )
    };
    let module = |name: &str| {
        let inner = compiled(&format!(
            r#""resources": [ {{ "type": "A.B/c", "apiVersion": "1", "name": "in {name}" }} ]"#
        ));
        format!(
            r#"{{ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "{name}",
            "properties": {{ "template": {inner} }} }}"#
        )
    };
    let named = module("named-module").replace("in named-module", "in named");
    let unnamed = module("[format('spoke-{0}', uniqueString('spoke', deployment().name))]")
        .replace(
            "in [format('spoke-{0}', uniqueString('spoke', deployment().name))]",
            "in spoke",
        );
    let main = compiled(&format!(
        r#""resources": [ {}, {}, {}, {}, {}, {}, {named}, {unnamed} ]"#,
        group("[format('{0}-web', parameters('prefix'))]", "2024-05-01"),
        group("[parameters('groupName')]", "2024-05-01"),
        group("literal", "2024-05-01"),
        group("[format('{0}-{1}', 'x', 'y')]", "2024-05-01"),
        group("alone", "2020-01-01"),
        r#"{ "type": "A.B/c", "apiVersion": "1", "name": "never declared" }"#,
    ));
    let source = "
param prefix string
param groupName string
resource web 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: '${prefix}-web'
}
resource other 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: groupName
}
resource third 'Microsoft.Network/networkSecurityGroups@2024-05-01' = if (true) {
  name: 'literal'
}
resource computed 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: toLower(groupName)
}
resource looked 'Microsoft.Network/networkSecurityGroups@2020-01-01' existing = {
  name: 'alone'
}
resource only 'Microsoft.Network/networkSecurityGroups@2020-01-01' = {
  name: toUpper('alone')
}
module first 'first.bicep' = {
  name: 'named-module'
}
module spoke 'spoke.bicep' = {
  params: {}
}
";
    let files = Files::new(&[("net/main.json", &main), ("net/main.bicep", source)]);
    let words = |text: &str| told(&files, text).0;
    assert_eq!(words("{0}-web"), "resource web (net/main.bicep)");
    assert_eq!(
        words("parameters('groupName')"),
        "resource other (net/main.bicep)"
    );
    assert_eq!(words("\"literal\""), "resource third (net/main.bicep)");
    assert_eq!(words("{0}-{1}"), "");
    assert_eq!(words("\"alone\""), "resource only (net/main.bicep)");
    assert_eq!(words("\"never declared\""), "");
    assert_eq!(words("\"in named\""), "module first (first.bicep)");
    assert_eq!(words("\"in spoke\""), "module spoke (spoke.bicep)");
    // One more of a type than the source declares: it is of another edition.
    let changed = source.replace("resource third", "resource third 'A.B/x@1' = {}\nresource");
    let files = Files::new(&[("net/main.json", &main), ("net/main.bicep", &changed)]);
    assert_eq!(told(&files, "\"literal\"").0, "");
}

#[test]
fn what_was_not_compiled_has_no_source() {
    let template =
        compiled(r#""resources": [ { "type": "A.B/c", "apiVersion": "1", "name": "x" } ]"#);
    let source = "resource it 'A.B/c@1' = {\n  name: 'x'\n}\n";
    let other = template.replace("\"bicep\"", "\"another\"");
    for (text, expected) in [(&template, "resource it (net/main.bicep)"), (&other, "")] {
        let files = Files::new(&[("net/main.json", text), ("net/main.bicep", source)]);
        assert_eq!(told(&files, "\"x\"").0, expected);
    }
    let alone = Files::new(&[("net/main.json", &template)]);
    assert_eq!(told(&alone, "\"x\"").0, "");
}

#[test]
fn sources_are_followed_through_modules_and_no_further_than_once() {
    let template = compiled(r#""resources": []"#);
    let files = Files::new(&[
        ("net/main.json", &template),
        (
            "net/main.bicep",
            "module a '../lib/a.bicep' = {}\nmodule r 'br:x.azurecr.io/y:1' = {}\nmodule j 'j.json' = {}\n",
        ),
        (
            "lib/a.bicep",
            "module back '../net/main.bicep' = {}\nmodule out '../../etc/passwd' = {}\n",
        ),
        ("net/j.json", "{}"),
    ]);
    let sources = Sources::new(&files).files(files.place("net/main.json", "\"1\"").file);
    let paths: Vec<&str> = sources
        .iter()
        .map(|id| files.read(crate::source::Span::new(*id, 0, 0)).0)
        .collect();
    assert_eq!(paths, ["net/main.bicep", "lib/a.bicep"]);
}

#[test]
fn thousands_of_resources_of_one_type_are_told_apart_in_linear_time() {
    let count = 3_000;
    let resources: Vec<String> = (0..count)
        .map(|number| {
            format!(
                r#"{{ "type": "A.B/c", "apiVersion": "1", "name": "[format('r{number}-{{0}}', parameters('p'))]" }}"#
            )
        })
        .collect();
    let template = compiled(&format!(r#""resources": [{}]"#, resources.join(",\n")));
    let source: String = (0..count)
        .map(|number| {
            format!("resource s{number} 'A.B/c@1' = {{\n  name: 'r{number}-${{p}}'\n}}\n")
        })
        .collect();
    let files = Files::new(&[("net/main.bicep", &source), ("net/main.json", &template)]);
    let sources = Sources::new(&files);
    for number in 0..count {
        let place = files.place("net/main.json", &format!("r{number}-{{0}}"));
        let declared = sources.declared(place).unwrap();
        assert_eq!(
            declared.words,
            format!("resource s{number} (net/main.bicep)")
        );
    }
}
