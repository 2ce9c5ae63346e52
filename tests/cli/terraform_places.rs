//! Where a finding on a Terraform configuration points at, by every way that a value comes to a
//! rule: the element a person wrote, and each place it was typed and passed on, read back out of
//! the files.

use crate::places::{File, check_with};

const ANYBODY: &str = "\"0.0.0.0/0\"";
/// The header of a block is what stands for it.
const BLOCK: &str = "security_rule";
const DECIDES: &str = "decides";

/// A group with one rule.
fn group(rule: &str) -> String {
    format!(
        "resource \"azurerm_network_security_group\" \"web\" {{\n  name                = \"web\"\n  \
         resource_group_name = \"rg\"\n  location            = \"westeurope\"\n  {rule}\n}}\n"
    )
}

/// The arguments of a rule that opens SSH to a source.
fn arguments(name: &str, source: &str, port: &str) -> String {
    format!(
        "name = {name}\n    priority = 100\n    direction = \"Inbound\"\n    access = \"Allow\"\n    \
         protocol = \"Tcp\"\n    source_port_range = \"*\"\n    source_address_prefix = {source}\n    \
         destination_address_prefix = \"10.9.0.0/24\"\n    destination_port_range = {port}"
    )
}

/// A block of a rule within a group.
fn rule(source: &str) -> String {
    let arguments = arguments("\"ssh\"", source, "\"22\"");
    format!("security_rule {{\n    {arguments}\n  }}")
}

/// Looks at the places, and that lines above them do not change what the finding is known by.
fn proven(
    given: &[&str],
    files: &[(&'static str, String)],
    primary: (&str, &str),
    related: &[(&str, &str, &str)],
) {
    let finding = check_with(given, files, primary, related);
    let moved: Vec<File> = files
        .iter()
        .map(|(path, text)| match path.rsplit_once('.') {
            Some((_, "csv" | "md")) => (*path, text.clone()),
            _ => (*path, format!("\n\n\n{text}")),
        })
        .collect();
    let after = check_with(given, &moved, primary, related);
    assert!(finding["fingerprint"].is_string(), "{finding:#}");
    assert_eq!(finding["fingerprint"], after["fingerprint"]);
    assert_ne!(finding["line"], after["line"]);
}

fn declared(more: &str) -> String {
    format!("variable \"from\" {{\n  type = string\n{more}}}\n")
}

fn from() -> String {
    format!("{}{}", declared(""), group(&rule("var.from")))
}

const VALUE: &str = "from = \"0.0.0.0/0\"\n";

#[test]
fn a_value_of_a_variables_file_is_pointed_at_there() {
    for file in ["terraform.tfvars", "net.auto.tfvars"] {
        proven(
            &[],
            &[("main.tf", from()), (file, VALUE.to_owned())],
            ("main.tf", BLOCK),
            &[(file, ANYBODY, DECIDES)],
        );
    }
    let values = "{ \"from\": \"0.0.0.0/0\" }\n".to_owned();
    proven(
        &[],
        &[("main.tf", from()), ("net.auto.tfvars.json", values)],
        ("main.tf", BLOCK),
        &[("net.auto.tfvars.json", ANYBODY, DECIDES)],
    );
}

#[test]
fn a_value_of_the_call_has_the_variable_for_its_place() {
    proven(
        &["--var", "from=0.0.0.0/0"],
        &[("main.tf", from())],
        ("main.tf", BLOCK),
        &[],
    );
    proven(
        &["--var-file", "given/prod.tfvars"],
        &[("main.tf", from()), ("given/prod.tfvars", VALUE.to_owned())],
        ("main.tf", BLOCK),
        &[("given/prod.tfvars", ANYBODY, DECIDES)],
    );
}

#[test]
fn a_default_is_pointed_at_in_its_declaration() {
    let text = format!(
        "{}{}",
        declared("  default = \"0.0.0.0/0\"\n"),
        group(&rule("var.from"))
    );
    proven(
        &[],
        &[("main.tf", text)],
        ("main.tf", BLOCK),
        &[("main.tf", ANYBODY, DECIDES)],
    );
}

#[test]
fn the_default_of_an_optional_attribute_is_pointed_at_in_the_type() {
    let text = format!(
        "variable \"rule\" {{\n  type = object({{\n    port = string\n    from = optional(string, \"0.0.0.0/0\")\n  }})\n}}\n{}",
        group(&rule("var.rule.from"))
    );
    proven(
        &[],
        &[
            ("main.tf", text),
            ("terraform.tfvars", "rule = { port = \"22\" }\n".to_owned()),
        ],
        ("main.tf", BLOCK),
        &[("main.tf", ANYBODY, DECIDES)],
    );
}

#[test]
fn an_element_of_a_map_is_followed_through_a_module_and_its_loop() {
    let element = "ssh = { port = \"22\", from = \"0.0.0.0/0\" }";
    let module = format!(
        "variable \"rules\" {{\n  type = map(object({{ port = string, from = string }}))\n}}\n\
         resource \"azurerm_network_security_rule\" \"each\" {{\n  for_each = var.rules\n  \
         resource_group_name = \"rg\"\n  network_security_group_name = \"web\"\n  {}\n}}\n",
        arguments("each.key", "each.value.from", "each.value.port")
    );
    let main = format!(
        "variable \"rules\" {{}}\n{}module \"rules\" {{\n  source = \"./rules\"\n  rules  = var.rules\n}}\n",
        group("")
    );
    let values = format!(
        "rules = {{\n  web = {{ port = \"443\", from = \"10.0.0.0/8\" }}\n  {element}\n}}\n"
    );
    proven(
        &[],
        &[
            ("main.tf", main),
            ("rules/main.tf", module),
            ("terraform.tfvars", values),
        ],
        ("terraform.tfvars", element),
        &[
            ("terraform.tfvars", ANYBODY, DECIDES),
            (
                "main.tf",
                "module \"rules\" {\n  source = \"./rules\"\n  rules  = var.rules\n}",
                "module `rules` called here",
            ),
        ],
    );
}

#[test]
fn an_argument_is_followed_through_three_nested_modules() {
    let call = |source: &str, value: &str| {
        format!("module \"next\" {{\n  source = \"{source}\"\n  from   = {value}\n}}\n")
    };
    let passed = format!("{}{}", declared(""), call("./next", "var.from"));
    proven(
        &[],
        &[
            ("main.tf", call("./a", ANYBODY)),
            ("a/main.tf", passed.clone()),
            ("a/next/main.tf", passed),
            ("a/next/next/main.tf", from()),
        ],
        ("a/next/next/main.tf", BLOCK),
        &[
            ("main.tf", ANYBODY, DECIDES),
            ("a/next/main.tf", "from   = var.from", "passed as `from`"),
            ("a/main.tf", "from   = var.from", "passed as `from`"),
            ("main.tf", "from   = \"0.0.0.0/0\"", "passed as `from`"),
        ],
    );
}

#[test]
fn the_call_of_an_installed_module_is_what_a_person_wrote() {
    let call = "module \"net\" {\n  source = \"acme/net/azurerm\"\n  from   = \"0.0.0.0/0\"\n}";
    let list = r#"{"Modules": [{"Key": "", "Source": "", "Dir": "."},
        {"Key": "net", "Source": "registry.terraform.io/acme/net/azurerm", "Version": "1.0.0", "Dir": ".terraform/modules/net"}]}"#;
    proven(
        &[],
        &[
            ("main.tf", format!("{call}\n")),
            (".terraform/modules/modules.json", list.to_owned()),
            (".terraform/modules/net/main.tf", from()),
        ],
        ("main.tf", call),
        &[("main.tf", ANYBODY, DECIDES)],
    );
}

#[test]
fn a_value_is_followed_through_locals_that_are_merged() {
    let locals = "locals {\n  base   = { from = \"10.0.0.0/8\", port = \"22\" }\n  \
                  opened = { from = \"0.0.0.0/0\" }\n  all    = merge(local.base, local.opened)\n  \
                  last   = local.all\n}\n";
    let text = format!("{locals}{}", group(&rule("local.last.from")));
    proven(
        &[],
        &[("main.tf", text)],
        ("main.tf", BLOCK),
        &[("main.tf", ANYBODY, DECIDES)],
    );
}

#[test]
fn the_branch_that_is_taken_is_pointed_at() {
    let text = format!(
        "variable \"open\" {{\n  type    = bool\n  default = true\n}}\n{}",
        group(&rule("var.open ? \"0.0.0.0/0\" : \"10.0.0.0/8\""))
    );
    proven(
        &["--var", "open=true"],
        &[("main.tf", text)],
        ("main.tf", BLOCK),
        &[("main.tf", ANYBODY, DECIDES)],
    );
}

#[test]
fn a_rule_of_a_dynamic_block_is_the_element_it_was_made_of() {
    let element = "{ name = \"ssh\", from = \"0.0.0.0/0\", port = \"22\" }";
    let content = arguments("rule.value.name", "rule.value.from", "rule.value.port");
    let text = format!(
        "locals {{\n  rules = [\n    {{ name = \"web\", from = \"10.0.0.0/8\", port = \"443\" }},\n    {element},\n  ]\n}}\n{}",
        group(&format!(
            "dynamic \"security_rule\" {{\n    for_each = local.rules\n    iterator = rule\n    content {{\n    {content}\n    }}\n  }}"
        ))
    );
    proven(
        &[],
        &[("main.tf", text)],
        ("main.tf", element),
        &[
            ("main.tf", "\"22\"", DECIDES),
            ("main.tf", ANYBODY, DECIDES),
        ],
    );
}

#[test]
fn an_element_by_the_index_of_a_count_is_pointed_at() {
    let text = format!(
        "locals {{\n  from = [\"10.0.0.0/8\", \"0.0.0.0/0\"]\n}}\n{}\
         resource \"azurerm_network_security_rule\" \"each\" {{\n  count = length(local.from)\n  \
         resource_group_name = \"rg\"\n  network_security_group_name = \"web\"\n  {}\n}}\n",
        group(""),
        arguments("\"r${count.index}\"", "local.from[count.index]", "\"22\"")
            .replace("100", "100 + count.index")
    );
    proven(
        &[],
        &[("main.tf", text)],
        ("main.tf", ANYBODY),
        &[(
            "main.tf",
            "count = length(local.from)",
            "`count` instance 1",
        )],
    );
}

#[test]
fn a_row_of_a_table_is_found_in_its_file() {
    let loop_over = |rules: &str| {
        format!(
            "{}resource \"azurerm_network_security_rule\" \"each\" {{\n  for_each = {{ for r in {rules} : r.name => r }}\n  \
             resource_group_name = \"rg\"\n  network_security_group_name = \"web\"\n  {}\n}}\n",
            group(""),
            arguments("each.key", "each.value.from", "each.value.port")
        )
    };
    let table = "name,from,port\nweb,10.0.0.0/8,443\nssh,0.0.0.0/0,22\n";
    let yaml = "- { name: web, from: 10.0.0.0/8, port: \"443\" }\n- { name: ssh, from: 0.0.0.0/0, port: \"22\" }\n";
    for (file, text, function) in [
        ("rules.csv", table, "csvdecode"),
        ("rules.yaml", yaml, "yamldecode"),
    ] {
        let main = loop_over(&format!("{function}(file(\"{file}\"))"));
        let (_, document) = {
            let case =
                crate::program::Case::new(&[(".git/HEAD", ""), ("main.tf", &main), (file, text)]);
            case.answer(&["check"])
        };
        let findings = document["findings"].as_array().unwrap().iter();
        let mut found =
            findings.filter(|finding| finding["rule"] == "internet-exposed-management-port");
        let finding = found.next().unwrap();
        assert!(found.next().is_none());
        assert_eq!(finding["path"], file);
        assert_eq!(finding["verdict"], "violated");
    }
}

#[test]
fn what_a_template_is_given_is_pointed_at() {
    let template = "{\"from\": \"${from}\"}\n";
    let source = "jsondecode(templatefile(\"rule.tftpl\", { from = \"0.0.0.0/0\" })).from";
    proven(
        &[],
        &[
            ("main.tf", group(&rule(source))),
            ("rule.tftpl", template.to_owned()),
        ],
        ("main.tf", BLOCK),
        &[("main.tf", ANYBODY, DECIDES)],
    );
}

#[test]
fn an_override_is_pointed_at_where_it_is_written() {
    let base = group(&rule("\"10.0.0.0/8\""));
    let over = format!(
        "resource \"azurerm_network_security_group\" \"web\" {{\n  {}\n}}\n",
        rule(ANYBODY)
    );
    proven(
        &[],
        &[("main.tf", base), ("override.tf", over)],
        ("override.tf", BLOCK),
        &[("override.tf", ANYBODY, DECIDES)],
    );
}

#[test]
fn a_rule_in_json_syntax_is_the_object_it_is_written_as() {
    let rule = "{ \"name\": \"ssh\", \"priority\": 100, \"direction\": \"Inbound\", \"access\": \"Allow\",\n\
        \"protocol\": \"Tcp\", \"source_port_range\": \"*\", \"source_address_prefix\": \"0.0.0.0/0\",\n\
        \"destination_address_prefix\": \"10.9.0.0/24\", \"destination_port_range\": \"22\" }";
    let text = format!(
        "{{ \"resource\": {{ \"azurerm_network_security_group\": {{ \"web\": {{\n\
         \"name\": \"web\", \"resource_group_name\": \"rg\", \"location\": \"westeurope\",\n\
         \"security_rule\": [ {rule} ] }} }} }} }}\n"
    );
    proven(
        &[],
        &[("main.tf.json", text)],
        ("main.tf.json", rule),
        &[("main.tf.json", ANYBODY, DECIDES)],
    );
}

#[test]
fn a_rule_in_the_body_of_a_request_is_the_object_it_is_written_as() {
    let rule = "{ name = \"ssh\", properties = {\n      priority = 100, direction = \"Inbound\", access = \"Allow\", \
                protocol = \"Tcp\",\n      sourcePortRange = \"*\", sourceAddressPrefix = \"0.0.0.0/0\",\n      \
                destinationAddressPrefix = \"10.9.0.0/24\", destinationPortRange = \"22\" } }";
    for (open, close) in [("jsonencode({", "})"), ("{", "}")] {
        let text = format!(
            "resource \"azapi_resource\" \"web\" {{\n  type = \"Microsoft.Network/networkSecurityGroups@2024-05-01\"\n  \
             name = \"web\"\n  parent_id = \"/subscriptions/s/resourceGroups/rg\"\n  location = \"westeurope\"\n  \
             body = {open}\n    properties = {{ securityRules = [\n      {rule}\n    ] }}\n  {close}\n}}\n"
        );
        proven(
            &[],
            &[("main.tf", text)],
            ("main.tf", rule),
            &[("main.tf", ANYBODY, DECIDES)],
        );
    }
}

#[test]
fn a_rule_of_a_template_that_is_deployed_is_found_in_its_file() {
    let rule = "{ \"name\": \"ssh\", \"properties\": { \"priority\": 100, \"direction\": \"Inbound\",\n\
        \"access\": \"Allow\", \"protocol\": \"Tcp\", \"sourcePortRange\": \"*\",\n\
        \"sourceAddressPrefix\": \"[parameters('from')]\",\n\
        \"destinationAddressPrefix\": \"10.9.0.0/24\", \"destinationPortRange\": \"22\" } }";
    let template = format!(
        "{{ \"$schema\": \"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#\",\n\
         \"contentVersion\": \"1.0.0.0\", \"parameters\": {{ \"from\": {{ \"type\": \"string\" }} }},\n\
         \"resources\": [ {{ \"type\": \"Microsoft.Network/networkSecurityGroups\", \"apiVersion\": \"2024-05-01\",\n\
         \"name\": \"web\", \"location\": \"westeurope\", \"properties\": {{ \"securityRules\": [ {rule} ] }} }} ] }}\n"
    );
    let main = "resource \"azurerm_resource_group_template_deployment\" \"net\" {\n  name = \"net\"\n  \
                resource_group_name = \"rg\"\n  deployment_mode = \"Incremental\"\n  \
                template_content = file(\"net.json\")\n  \
                parameters_content = jsonencode({ from = { value = \"0.0.0.0/0\" } })\n}\n";
    proven(
        &[],
        &[("main.tf", main.to_owned()), ("net.json", template)],
        ("net.json", rule),
        &[("main.tf", ANYBODY, DECIDES)],
    );
}

#[test]
fn what_a_data_source_looks_up_here_is_pointed_at_where_it_is_written() {
    let text = format!(
        "resource \"azurerm_public_ip\" \"out\" {{\n  name = \"out\"\n  resource_group_name = \"rg\"\n  \
         location = \"westeurope\"\n  allocation_method = \"Static\"\n  tags = {{ from = \"0.0.0.0/0\" }}\n}}\n\
         data \"azurerm_public_ip\" \"out\" {{\n  name = azurerm_public_ip.out.name\n  resource_group_name = \"rg\"\n}}\n{}",
        group(&rule("data.azurerm_public_ip.out.tags.from"))
    );
    proven(
        &[],
        &[("main.tf", text)],
        ("main.tf", BLOCK),
        &[("main.tf", ANYBODY, DECIDES)],
    );
}
