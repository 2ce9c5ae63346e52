//! Prints networks of the oracle as Terraform configurations, every value known.

use std::fmt::Write;

use super::arm;
use super::nsg::{Prefix, Rule, Value};

/// A group with its rules as blocks.
pub fn group(name: &str, rules: &[Rule]) -> String {
    let mut text = format!(
        "resource \"azurerm_network_security_group\" \"{name}\" {{\n  name = \"{name}\"\n  \
         resource_group_name = \"net\"\n  location = \"westeurope\"\n"
    );
    for rule in rules {
        writeln!(text, "  security_rule {{").unwrap();
        writeln!(text, "    name = \"{}\"", rule.name).unwrap();
        writeln!(text, "    priority = {}", only(&rule.priority)).unwrap();
        writeln!(
            text,
            "    direction = \"{}\"",
            arm::direction(only(&rule.inbound))
        )
        .unwrap();
        writeln!(text, "    access = \"{}\"", arm::access(only(&rule.allow))).unwrap();
        writeln!(text, "    protocol = \"{}\"", only(&rule.protocol)).unwrap();
        let shown = |ports: &(u16, u16)| arm::ports(ports).as_str().unwrap().to_owned();
        let sources: Vec<String> = rule.source_ports.iter().map(shown).collect();
        let destinations = rule
            .destination_ports
            .iter()
            .map(|ports| shown(&only(ports)));
        let destinations: Vec<String> = destinations.collect();
        for (singular, plural, values) in [
            ("source_port_range", "source_port_ranges", sources),
            (
                "destination_port_range",
                "destination_port_ranges",
                destinations,
            ),
            (
                "source_address_prefix",
                "source_address_prefixes",
                addresses(&rule.sources),
            ),
            (
                "destination_address_prefix",
                "destination_address_prefixes",
                addresses(&rule.destinations),
            ),
        ] {
            match values.as_slice() {
                [one] => writeln!(text, "    {singular} = \"{one}\"").unwrap(),
                many => writeln!(text, "    {plural} = {many:?}").unwrap(),
            }
        }
        text.push_str("  }\n");
    }
    text.push_str("}\n");
    text
}

/// A virtual network with one subnet, behind the group.
pub fn network(space: &[&str], subnet: &[&str], nsg: &str) -> String {
    format!(
        r#"
resource "azurerm_virtual_network" "net" {{
  name                = "net"
  resource_group_name = "net"
  location            = "westeurope"
  address_space       = {space:?}
}}

resource "azurerm_subnet" "all" {{
  name                 = "all"
  resource_group_name  = "net"
  virtual_network_name = azurerm_virtual_network.net.name
  address_prefixes     = {subnet:?}
}}

resource "azurerm_subnet_network_security_group_association" "all" {{
  subnet_id                 = azurerm_subnet.all.id
  network_security_group_id = azurerm_network_security_group.{nsg}.id
}}
"#
    )
}

fn addresses(list: &[Prefix]) -> Vec<String> {
    let show = |prefix: &Prefix| match prefix {
        Prefix::Any => "*".to_owned(),
        Prefix::Block(text, _) | Prefix::Tag(text) => (*text).to_owned(),
        Prefix::Parameter(name, _) => name.clone(),
    };
    list.iter().map(show).collect()
}

fn only<T: Clone>(value: &Value<T>) -> T {
    value.all().swap_remove(0)
}
