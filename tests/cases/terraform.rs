//! The same cases in Terraform.

use aznet::model::NsgId;
use aznet::model::address::Protocol;
use aznet::model::nsg::Direction;
use aznet::semantics::rules::Decider;

use crate::asked::flow;
use crate::pipeline::{Document, ask};

/// N08, N21 and N25 together, with rules from a map. Sources: as there.
#[test]
fn rules_from_a_map_decide_as_written_out() {
    let text = r#"
variable "rules" {
  default = {
    web    = { priority = 100, ports = ["80", "443"], source = "Internet", from = "*" }
    reply  = { priority = 110, ports = ["*"], source = "Internet", from = "443" }
    inside = { priority = 120, ports = ["3389"], source = "10.0.0.0/24", from = "*" }
  }
}

resource "azurerm_network_security_group" "web" {
  name                = "web"
  resource_group_name = "net"
  location            = "westeurope"

  dynamic "security_rule" {
    for_each = var.rules
    content {
      name                       = security_rule.key
      priority                   = security_rule.value.priority
      direction                  = "Inbound"
      access                     = "Allow"
      protocol                   = "Tcp"
      source_address_prefix      = security_rule.value.source
      source_port_range          = security_rule.value.from
      destination_address_prefix = "*"
      destination_port_ranges    = security_rule.value.ports
    }
  }
}
"#;
    ask(&Document::Terraform(text.to_owned()), |semantics| {
        let decides = |source: &str, from, to| {
            let mut flow = flow(Protocol::Tcp, source, "10.0.0.4", to);
            flow.source_port = from;
            match semantics.decider(NsgId(0), Direction::Inbound, &flow) {
                Decider::Rule(rule) => {
                    let name = &semantics.network()[rule].meta.name;
                    name.value().unwrap().to_string()
                }
                Decider::Default(name) => name.to_string(),
                other => format!("{other:?}"),
            }
        };
        assert_eq!(decides("8.8.8.8", 40_000, 443), "web");
        assert_eq!(decides("8.8.8.8", 443, 22), "reply");
        assert_eq!(decides("8.8.8.8", 40_000, 3389), "DenyAllInBound");
        assert_eq!(decides("10.0.0.9", 40_000, 3389), "inside");
    });
}
