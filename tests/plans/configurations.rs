//! Configurations whose plans are worked out.

/// A configuration: its files with their texts.
pub(crate) type Files = Vec<(String, String)>;

/// How a rule comes to its group.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rules {
    Inline,
    Dynamic,
    AsValue,
    Separate,
}

/// How the ids of what is made come to those who use them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Direct,
    /// Over a resource with `for_each`, at its key.
    Loop,
    /// Over a resource with `for_each`, `each.value.id`.
    EachValue,
    /// Over resources with `count`.
    Count,
    /// Through the arguments of a module.
    Argument,
    /// Through the outputs of a module.
    Output,
    /// Through the outputs of a module with `for_each`, at its key.
    OutputOfLoop,
    /// Through an output that is a map.
    MapOutput,
}

pub(crate) const RULES: [Rules; 4] = [
    Rules::Inline,
    Rules::Dynamic,
    Rules::AsValue,
    Rules::Separate,
];

pub(crate) const WAYS: [Way; 8] = [
    Way::Direct,
    Way::Loop,
    Way::EachValue,
    Way::Count,
    Way::Argument,
    Way::Output,
    Way::OutputOfLoop,
    Way::MapOutput,
];

const VARIABLES: &str = r#"
terraform {
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.0"
    }
  }
}

variable "rules" {
  type = map(object({ port = number, priority = number, from = optional(string, "Internet") }))
}
"#;

const VALUES: &str = r#"
rules = {
  ssh = {
    port     = 22
    priority = 120
  }
  web = {
    port     = 443
    priority = 110
  }
  db = {
    port     = 1433
    priority = 130
    from     = "10.0.0.0/8"
  }
}
"#;

const FIELDS: &str = r#"
    priority                   = RULE.value.priority
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = RULE.value.from
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = RULE.value.port
"#;

/// The group `KIND.web` with the key `loops`, and its rules.
fn group(rules: Rules, meta: &str, name: &str, own: &str) -> String {
    let inside = match rules {
        Rules::Inline => [("ssh", "web"), ("db", "ssh")]
            .map(|(rule, _)| {
                let fields = FIELDS.replace("RULE.value", &format!("var.rules[\"{rule}\"]"));
                format!("  security_rule {{\n    name = \"{rule}\"{fields}  }}\n")
            })
            .concat(),
        Rules::Dynamic => {
            let fields = FIELDS.replace("RULE", "security_rule");
            format!(
                "  dynamic \"security_rule\" {{\n    for_each = var.rules\n    content {{\n    name = \
                 security_rule.key{fields}  }}\n  }}\n"
            )
        }
        Rules::AsValue => {
            let fields = FIELDS.replace("RULE.value", "rule");
            let empty = [
                "description",
                "source_address_prefixes",
                "source_port_ranges",
                "destination_address_prefixes",
                "destination_port_ranges",
                "source_application_security_group_ids",
                "destination_application_security_group_ids",
            ];
            let empty = empty.map(|name| match name {
                "description" => "    description = \"\"\n".to_owned(),
                name => format!("    {name} = []\n"),
            });
            format!(
                "  security_rule = [for name, rule in var.rules : {{\n    name = name{fields}{}  }}]\n",
                empty.concat()
            )
        }
        Rules::Separate => String::new(),
    };
    let group = format!(
        "resource \"azurerm_network_security_group\" \"web\" {{\n{meta}  name = {name}\n  location = \
         \"westeurope\"\n  resource_group_name = \"rg\"\n{inside}}}\n"
    );
    if !matches!(rules, Rules::Separate) {
        return group;
    }
    let fields = FIELDS.replace("RULE", "each");
    group
        + &format!(
            "resource \"azurerm_network_security_rule\" \"web\" {{\n  for_each = var.rules\n  name = \
             each.key\n  resource_group_name = \"rg\"\n  network_security_group_name = \
             azurerm_network_security_group.web{own}.name{fields}}}\n"
        )
}

fn subnet(meta: &str, name: &str, prefix: &str) -> String {
    format!(
        "resource \"azurerm_virtual_network\" \"net\" {{\n  name = \"net\"\n  location = \
         \"westeurope\"\n  resource_group_name = \"rg\"\n  address_space = [\"10.0.0.0/16\"]\n}}\n\
         resource \"azurerm_subnet\" \"app\" {{\n{meta}  name = {name}\n  resource_group_name = \
         \"rg\"\n  virtual_network_name = azurerm_virtual_network.net.name\n  address_prefixes = \
         [{prefix}]\n}}\n"
    )
}

fn link(meta: &str, subnet: &str, group: &str) -> String {
    format!(
        "resource \"azurerm_subnet_network_security_group_association\" \"app\" {{\n{meta}  subnet_id = \
         {subnet}\n  network_security_group_id = {group}\n}}\nresource \"azurerm_public_ip\" \"out\" \
         {{\n{meta}  name = \"out\"\n  location = \"westeurope\"\n  resource_group_name = \"rg\"\n  \
         allocation_method = \"Static\"\n  sku = \"Standard\"\n}}\nresource \
         \"azurerm_network_interface\" \"card\" {{\n{meta}  name = \"card\"\n  location = \
         \"westeurope\"\n  resource_group_name = \"rg\"\n  ip_configuration {{\n    name = \"main\"\n    \
         subnet_id = {subnet}\n    private_ip_address_allocation = \"Dynamic\"\n    \
         public_ip_address_id = azurerm_public_ip.out{}.id\n  }}\n}}\n",
        match meta {
            meta if meta.contains("for_each") => "[each.key]",
            meta if meta.contains("count") => "[count.index]",
            _ => "",
        }
    )
}

/// A configuration with a network, a subnet or two, and a group with rules.
pub(crate) fn configuration(rules: Rules, way: Way) -> Files {
    let group_id = "azurerm_network_security_group.web.id";
    let each = "  for_each = toset([\"blue\", \"red\"])\n";
    let keyed = r#"cidrsubnet("10.0.0.0/16", 8, index(["blue", "red"], each.key))"#;
    let pass = |arguments: &str, meta: &str, name: &str| {
        format!("module \"{name}\" {{\n  source = \"./{name}\"\n{meta}{arguments}}}\n")
    };
    let file = |path: &str, text: String| (path.to_owned(), text);
    let plain = group(rules, "", "\"web\"", "");
    let one = subnet("", "\"app\"", "\"10.0.1.0/24\"");
    let mut files = vec![
        file("variables.tf", VARIABLES.to_owned()),
        file("terraform.tfvars", VALUES.to_owned()),
    ];
    match way {
        Way::Direct => {
            let text = plain + &one + &link("", "azurerm_subnet.app.id", group_id);
            files.push(file("main.tf", text));
        }
        Way::Loop => {
            let text = plain
                + &subnet(each, "each.key", keyed)
                + &link(each, "azurerm_subnet.app[each.key].id", group_id);
            files.push(file("main.tf", text));
        }
        Way::EachValue => {
            let over = "  for_each = azurerm_subnet.app\n";
            let text =
                plain + &subnet(each, "each.key", keyed) + &link(over, "each.value.id", group_id);
            files.push(file("main.tf", text));
        }
        Way::Count => {
            let meta = "  count = 2\n";
            let numbered = r#"cidrsubnet("10.0.0.0/16", 8, count.index)"#;
            let text = plain
                + &subnet(meta, r#""app-${count.index}""#, numbered)
                + &link(meta, "azurerm_subnet.app[count.index].id", group_id);
            files.push(file("main.tf", text));
        }
        Way::Argument => {
            let arguments = "  subnet = azurerm_subnet.app.id\n  groups = { web = \
                             azurerm_network_security_group.web.id }\n";
            files.push(file(
                "main.tf",
                plain + &one + &pass(arguments, "", "cards"),
            ));
            let inside =
                "variable \"subnet\" {\n  type = string\n}\nvariable \"groups\" {\n  type = \
                          map(string)\n}\n"
                    .to_owned()
                    + &link("", "var.subnet", "var.groups[\"web\"]");
            files.push(file("cards/main.tf", inside));
        }
        Way::Output => {
            let text =
                plain + &pass("", "", "network") + &link("", "module.network.subnet_id", group_id);
            files.push(file("main.tf", text));
            let output = "output \"subnet_id\" {\n  value = azurerm_subnet.app.id\n}\noutput \"name\" \
                          {\n  value = azurerm_virtual_network.net.name\n}\n";
            files.push(file("network/main.tf", one + output));
        }
        Way::OutputOfLoop => {
            let text = plain
                + &pass("  name = each.key\n", each, "network")
                + &link(each, "module.network[each.key].subnet_id", group_id);
            files.push(file("main.tf", text));
            let output = "variable \"name\" {\n  type = string\n}\noutput \"subnet_id\" {\n  value = \
                          azurerm_subnet.app.id\n}\noutput \"network_id\" {\n  value = \
                          azurerm_virtual_network.net.id\n}\n";
            let one = one.replace("\"net\"\n  location", "var.name\n  location");
            files.push(file("network/main.tf", one + output));
        }
        Way::MapOutput => {
            let text = plain
                + &pass("", "", "network")
                + &link(each, "module.network.subnet_ids[each.key]", group_id);
            files.push(file("main.tf", text));
            let output = "output \"subnet_ids\" {\n  value = { for key, subnet in azurerm_subnet.app : \
                          key => subnet.id }\n}\n";
            let inside = subnet(each, "each.key", keyed) + output;
            files.push(file("network/main.tf", inside));
        }
    }
    files
}
