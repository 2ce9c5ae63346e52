//! Verdicts of any rule survive new knowledge: whatever values the unknown inputs of a network are
//! given, what was violated stays violated and what was fine stays fine. Rules and networks are both
//! made up, so that every way to say what is wrong meets every kind of unknown.

#![expect(clippy::unwrap_used, reason = "a test fails where something is amiss")]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use aznet::engine::{self, Options, Report};
use aznet::policy::finding::FindingVerdict;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Makes choices out of bytes, so that a failing case shrinks.
struct Choices<'c> {
    bytes: std::slice::Iter<'c, u8>,
}

impl Choices<'_> {
    fn below(&mut self, count: usize) -> usize {
        usize::from(*self.bytes.next().unwrap_or(&0)) % count
    }

    fn of<'t, T: ?Sized>(&mut self, all: &[&'t T]) -> &'t T {
        all[self.below(all.len())]
    }
}

const PREFIXES: &[&str] = &[
    "*",
    "10.0.0.0/8",
    "Internet",
    "VirtualNetwork",
    "203.0.113.0/24",
    "10.0.2.0/24",
    "Storage",
];
const PORTS: &[&str] = &["*", "22", "1433", "1000-2000", "53"];
const PROTOCOLS: &[&str] = &["*", "Tcp", "Udp"];

/// A template whose parameters have no values, and the values each may have.
struct Network {
    template: Value,
    parameters: Vec<(String, Vec<Value>)>,
}

impl Network {
    fn new(choices: &mut Choices<'_>) -> Self {
        let mut network = Self {
            template: Value::Null,
            parameters: Vec::new(),
        };
        let rules: Vec<Value> = (0..1 + choices.below(4))
            .map(|number| network.rule(number, choices))
            .collect();
        let text = |all: &[&str]| all.iter().map(|one| json!(one)).collect::<Vec<_>>();
        let prefix = network.field(
            "routePrefix",
            &text(&["0.0.0.0/0", "10.0.2.0/24", "Storage"]),
            choices,
        );
        let hop = network.field("hop", &text(&["None", "Internet", "VnetLocal"]), choices);
        let group = json!({"id": "[resourceId('Microsoft.Network/networkSecurityGroups', 'nsg')]"});
        let both = choices.below(2) == 0;
        let mut data = json!({"addressPrefix": "10.0.2.0/24"});
        if both {
            data["networkSecurityGroup"] = group.clone();
        }
        let subnet = |name: &str| {
            format!("[resourceId('Microsoft.Network/virtualNetworks/subnets', 'vnet', '{name}')]")
        };
        let nic = |name: &str, address: &str| {
            json!({
                "type": "Microsoft.Network/networkInterfaces", "apiVersion": "2024-05-01", "name": name,
                "properties": {"ipConfigurations": [{"name": "ip", "properties": {
                    "privateIPAllocationMethod": "Static", "privateIPAddress": address,
                    "subnet": {"id": subnet(name)}
                }}]}
            })
        };
        let mut declared = serde_json::Map::new();
        for (name, values) in &network.parameters {
            let kind = if values[0].is_number() {
                "int"
            } else {
                "string"
            };
            declared.insert(name.clone(), json!({"type": kind, "allowedValues": values}));
        }
        network.template = json!({
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "parameters": declared,
            "resources": [
                {"type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01", "name": "nsg",
                 "properties": {"securityRules": rules}},
                {"type": "Microsoft.Network/routeTables", "apiVersion": "2024-05-01", "name": "table",
                 "properties": {"routes": [
                    {"name": "route", "properties": {"addressPrefix": prefix, "nextHopType": hop}}]}},
                {"type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "vnet",
                 "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [
                    {"name": "web", "properties": {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": group,
                        "routeTable": {"id": "[resourceId('Microsoft.Network/routeTables', 'table')]"}}},
                    {"name": "data", "properties": data}]}},
                nic("web", "10.0.1.4"), nic("data", "10.0.2.4")
            ]
        });
        network
    }

    fn rule(&mut self, number: usize, choices: &mut Choices<'_>) -> Value {
        let text = |all: &[&str]| all.iter().map(|one| json!(one)).collect::<Vec<_>>();
        let mut one =
            |name: &str, all: &[Value]| self.field(&format!("{name}{number}"), all, choices);
        json!({"name": format!("rule{number}"), "properties": {
            "priority": one("priority", &[json!(200 + number), json!(100 + number), json!(300 - number)]),
            "direction": one("direction", &text(&["Inbound", "Outbound"])),
            "access": one("access", &text(&["Allow", "Deny"])),
            "protocol": one("protocol", &text(PROTOCOLS)),
            "sourcePortRange": "*",
            "sourceAddressPrefix": one("source", &text(PREFIXES)),
            "destinationAddressPrefix": one("destination", &text(PREFIXES)),
            "destinationPortRange": one("port", &text(PORTS)),
        }})
    }

    /// One of some values, or a parameter that may be any of them.
    fn field(&mut self, name: &str, values: &[Value], choices: &mut Choices<'_>) -> Value {
        if self.parameters.len() < 5 && choices.below(5) == 0 {
            self.parameters.push((name.to_owned(), values.to_vec()));
            return json!(format!("[parameters('{name}')]"));
        }
        values[choices.below(values.len())].clone()
    }

    fn report(&self, rules: &[String], values: &[(String, Value)]) -> Report {
        let given: serde_json::Map<String, Value> = values
            .iter()
            .map(|(name, value)| (name.clone(), json!({"value": value})))
            .collect();
        let parameters = json!({
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
            "contentVersion": "1.0.0.0",
            "parameters": given,
        });
        let mut files = vec![
            ("azuredeploy.json".to_owned(), self.template.to_string()),
            (
                "azuredeploy.parameters.json".to_owned(),
                parameters.to_string(),
            ),
            ("aznet.yaml".to_owned(), "packs: [pack]\n".to_owned()),
        ];
        let mut select = Vec::new();
        for (number, rule) in rules.iter().enumerate() {
            let id = format!("made-up-{number}");
            let head = "category: hygiene\nsince: 0.1.0\nseverity: warning\nwhy: W\nfix: F\nreferences: []\nmessage: M\n";
            files.push((
                format!("pack/{id}.yaml"),
                format!("id: {id}\ntitle: T\n{head}{rule}"),
            ));
            select.push(id);
        }
        let options = Options {
            select,
            ..Options::default()
        };
        engine::check_files(files, &options).unwrap()
    }

    /// Some of the ways to give all parameters a value.
    fn worlds(&self) -> Vec<Vec<(String, Value)>> {
        let mut all = vec![Vec::new()];
        for (name, values) in &self.parameters {
            let longer = all.iter().flat_map(|before: &Vec<(String, Value)>| {
                values.iter().map(move |value| {
                    let mut next = before.clone();
                    next.push((name.clone(), value.clone()));
                    next
                })
            });
            all = longer.collect();
            let step = all.len() / 16 + 1;
            all = all.into_iter().step_by(step).collect();
        }
        all
    }
}

/// Something that is true or false of a security rule.
fn of_rule(depth: usize, name: &str, choices: &mut Choices<'_>) -> String {
    if depth > 0 && choices.below(2) == 0 {
        let a = of_rule(depth - 1, name, choices);
        let b = of_rule(depth - 1, name, choices);
        return match choices.below(4) {
            0 => format!("({a} && {b})"),
            1 => format!("({a} || {b})"),
            2 => format!("!({a})"),
            _ => format!("({a} ? {b} : !({a}))"),
        };
    }
    let others = "subject.network_security_group.rules";
    match choices.below(9) {
        0 => format!("{name}.access == \"{}\"", choices.of(&["Allow", "Deny"])),
        1 => format!(
            "{name}.direction == \"{}\"",
            choices.of(&["Inbound", "Outbound"])
        ),
        2 => format!("{name}.priority < {}", 100 + 50 * choices.below(6)),
        3 => format!(
            "means_port({name}.destination_port_ranges, {})",
            choices.of(&["22", "1433", "53"])
        ),
        4 => format!(
            "ports_contain({name}.destination_port_ranges, {})",
            choices.of(&["22", "1500"])
        ),
        5 => format!(
            "covers({name}.destination_address_prefixes, \"{}\")",
            choices.of(PREFIXES)
        ),
        6 => format!(
            "overlaps({name}.source_address_prefixes, \"{}\")",
            choices.of(PREFIXES)
        ),
        7 if name == "subject" => {
            let inner = of_rule(0, "other", choices);
            let which = choices.of(&["anytrue", "alltrue"]);
            format!("{which}([for other in {others} : {inner}])")
        }
        _ => format!("{name}.protocol != \"{}\"", choices.of(PROTOCOLS)),
    }
}

/// Packets to or from somewhere.
fn flow(inbound: bool, choices: &mut Choices<'_>) -> String {
    let mut text = String::from("{");
    let far = choices.of(&[
        "Internet",
        "10.0.2.0/24",
        "public",
        "203.0.113.7",
        "10.0.0.0/8",
        "Storage",
    ]);
    let (direction, side) = if inbound {
        ("Inbound", "from")
    } else {
        ("Outbound", "to")
    };
    write!(text, "direction: {direction}, {side}: {far}").unwrap();
    if choices.below(2) == 0 {
        write!(text, ", protocol: {}", choices.of(&["Tcp", "Udp"])).unwrap();
    }
    if choices.below(2) == 0 {
        write!(
            text,
            ", ports: {}",
            choices.of(&["22", "[22, 1433]", "0-65535"])
        )
        .unwrap();
    }
    text
}

/// A clause of any kind.
fn clause(choices: &mut Choices<'_>) -> String {
    let must = choices.of(&["forbid", "require"]);
    let inbound = choices.below(2) == 0;
    match choices.below(7) {
        0 => {
            let (that, guard) = (
                of_rule(2, "subject", choices),
                of_rule(1, "subject", choices),
            );
            let key = choices.of(&["where", "unless"]);
            format!("subject: security-rule\n{key}: '{guard}'\nassert: '{that}'\n")
        }
        1 => {
            let (flow, guard) = (flow(inbound, choices), of_rule(1, "subject", choices));
            format!(
                "subject: security-rule\nwhere: '{guard}'\n{must}: {{flows: {flow}}}, verdict: decided}}\n"
            )
        }
        2 => {
            let verdict = choices.of(&["allowed", "denied"]);
            let subject = choices.of(&["network-security-group", "subnet", "network-interface"]);
            let flow = flow(inbound, choices);
            let wide = match choices.below(3) {
                0 => ", wider-than: 256",
                _ => "",
            };
            format!("subject: {subject}\n{must}: {{flows: {flow}{wide}}}, verdict: {verdict}}}\n")
        }
        3 => {
            let kinds = choices.of(&["[internet]", "[none, virtual-network]"]);
            let flow = flow(false, choices);
            format!(
                "subject: subnet\n{must}: {{flows: {flow}}}, verdict: {{routed-to: {kinds}}}}}\n"
            )
        }
        4 => {
            let flow = flow(false, choices);
            let given = choices.of(&["[internet]", "[none]"]);
            format!(
                "subject: subnet\n{must}: {{flows: {flow}}}, given: {{verdict: {{routed-to: {given}}}}}, verdict: denied}}\n"
            )
        }
        5 => {
            let ports = choices.of(&["22", "1433", "[22, 53]"]);
            let protocol = choices.of(&["Tcp", "Udp"]);
            format!(
                "subject: flow\nfrom: {{subject: network-interface}}\nto: {{subject: subnet}}\n\
                 {must}: {{flows: {{protocol: {protocol}, ports: {ports}}}, verdict: delivered}}\n"
            )
        }
        _ => {
            let to = choices.of(&["10.0.2.4", "10.0.1.4"]);
            format!(
                "subject: network-interface\n{must}: {{flows: {{to: {to}, protocol: Tcp, ports: 22}}, verdict: delivered}}\n"
            )
        }
    }
}

/// Rules and the resources they are about, by verdict.
fn subjects(report: &Report, verdict: FindingVerdict) -> BTreeSet<(String, String)> {
    let findings = report.findings.iter();
    let all = findings.flat_map(|finding| {
        let instances = finding.instances.iter();
        let of = instances.filter(|instance| instance.verdict == verdict);
        of.map(|instance| (finding.rule.to_string(), instance.resource.to_string()))
    });
    all.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_value_of_an_unknown_takes_back_a_verdict(bytes in prop::collection::vec(any::<u8>(), 160)) {
        let mut choices = Choices { bytes: bytes.iter() };
        let rules: Vec<String> = (0..4).map(|_| clause(&mut choices)).collect();
        let network = Network::new(&mut choices);
        prop_assume!(!network.parameters.is_empty());
        let before = network.report(&rules, &[]);
        let told: Vec<&str> = before.diagnostics.iter().map(|one| &*one.message).collect();
        prop_assert!(!told.iter().any(|one| one.contains("rule")), "{told:?} {rules:#?}");
        let violated = subjects(&before, FindingVerdict::Violated);
        let open = subjects(&before, FindingVerdict::Undetermined);
        for world in network.worlds() {
            let after = network.report(&rules, &world);
            let now = subjects(&after, FindingVerdict::Violated);
            let still = subjects(&after, FindingVerdict::Undetermined);
            // What is open once more is known is no mistake, only less than could be said.
            for subject in &violated {
                prop_assert!(
                    now.contains(subject) || still.contains(subject),
                    "{subject:?} went away with {world:?}\n{rules:#?}\n{}", network.template
                );
            }
            for subject in &now {
                prop_assert!(
                    violated.contains(subject) || open.contains(subject),
                    "{subject:?} was held to be fine, but is not with {world:?}\n{rules:#?}\n{}", network.template
                );
            }
        }
    }
}
