//! Where a finding on a template points at: the element a person wrote, and the places that what
//! decided was typed and passed on, read back out of the files.

use serde_json::Value;

use crate::program::Case;

const SCHEMA: &str =
    "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";

/// A file of a case: its path and text.
pub(crate) type File = (&'static str, String);

fn template(members: &str) -> String {
    format!("{{ \"$schema\": \"{SCHEMA}\", \"contentVersion\": \"1.0.0.0\",\n{members} }}\n")
}

/// A rule that opens SSH if its source is anybody, and which values stand for its parts.
fn rule(source: &str) -> String {
    rule_of("\"ssh\"", source, "\"22\"")
}

fn rule_of(name: &str, source: &str, port: &str) -> String {
    format!(
        "{{ \"name\": {name}, \"properties\": {{ \"priority\": 100, \"direction\": \"Inbound\",\n\
         \"access\": \"Allow\", \"protocol\": \"Tcp\", \"sourcePortRange\": \"*\",\n\
         \"sourceAddressPrefix\": {source},\n\
         \"destinationAddressPrefix\": \"10.9.0.0/24\", \"destinationPortRange\": {port} }} }}"
    )
}

fn group(rules: &str) -> String {
    format!(
        "{{ \"type\": \"Microsoft.Network/networkSecurityGroups\", \"apiVersion\": \"2024-05-01\",\n\
         \"name\": \"web\", \"location\": \"westeurope\", \"properties\": {{ \"securityRules\": {rules} }} }}"
    )
}

fn resources(all: &[String]) -> String {
    format!("\"resources\": [\n{} ]", all.join(",\n"))
}

/// A group with the one rule, after other members of the template.
fn with_rule(members: &str, rule: &str) -> String {
    let resources = resources(&[group(&format!("[ {rule} ]"))]);
    template(&format!("{members}{resources}"))
}

fn nested(name: &str, arguments: &str, template: &str) -> String {
    format!(
        "{{ \"type\": \"Microsoft.Resources/deployments\", \"apiVersion\": \"2022-09-01\", \"name\": \"{name}\",\n\
         \"properties\": {{ \"mode\": \"Incremental\", \"expressionEvaluationOptions\": {{ \"scope\": \"inner\" }},\n\
         \"parameters\": {{ {arguments} }}, \"template\": {template} }} }}"
    )
}

const FROM: &str = "\"parameters\": { \"from\": { \"type\": \"string\" } },\n";
const BY_PARAMETER: &str = "\"[parameters('from')]\"";

fn parameter_file() -> String {
    let schema = SCHEMA.replace("deploymentTemplate", "deploymentParameters");
    format!(
        "{{ \"$schema\": \"{schema}\", \"contentVersion\": \"1.0.0.0\",\n\
         \"parameters\": {{ \"from\": {{ \"value\": \"0.0.0.0/0\" }} }} }}\n"
    )
}

/// The path and the text of a place, by lines and columns that count characters from one.
fn read(case: &Case, place: &Value) -> (String, String) {
    let number = |name: &str| usize::try_from(place[name].as_u64().unwrap()).unwrap();
    let path = place["path"].as_str().unwrap();
    let text = std::fs::read_to_string(case.path(path)).unwrap();
    let offset = |line: usize, column: usize| {
        let before: usize = text
            .split_inclusive('\n')
            .take(line - 1)
            .map(str::len)
            .sum();
        let own = &text[before..];
        before
            + own
                .char_indices()
                .nth(column - 1)
                .map_or(own.len(), |(at, _)| at)
    };
    let start = offset(number("line"), number("column"));
    let end = offset(number("endLine"), number("endColumn"));
    (path.to_owned(), text[start..end].to_owned())
}

/// Demands that the only finding on management ports points at the text of a file, and names the
/// places with these texts, in this order among its related ones; in SARIF too.
fn check(files: &[File], primary: (&str, &str), related: &[(&str, &str, &str)]) {
    check_with(&[], files, primary, related);
}

/// The same with further arguments of the command. Gives the finding.
pub(crate) fn check_with(
    arguments: &[&str],
    files: &[File],
    primary: (&str, &str),
    related: &[(&str, &str, &str)],
) -> Value {
    let arguments = [&["check"], arguments].concat();
    let case = Case::new(&[(".git/HEAD", "")]);
    for (path, text) in files {
        case.write(path, text);
    }
    let (_, document) = case.answer(&arguments);
    assert_eq!(
        document["diagnostics"].as_array().unwrap().len(),
        0,
        "{document}"
    );
    let findings = document["findings"].as_array().unwrap();
    let mut found = findings
        .iter()
        .filter(|finding| finding["rule"] == "internet-exposed-management-port");
    let (Some(finding), None) = (found.next(), found.next()) else {
        panic!("{document}");
    };
    assert_eq!(finding["verdict"], "violated");
    let (path, text) = read(&case, finding);
    assert_eq!((&*path, &*text), primary, "{finding}");
    let places: Vec<(String, String, &str)> = finding["related"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| {
            let (path, text) = read(&case, place);
            (path, text, place["message"].as_str().unwrap())
        })
        .collect();
    let mut rest = places.iter();
    for expected in related {
        assert!(
            rest.any(|(path, text, message)| (&**path, &**text, *message) == *expected),
            "{expected:?} in {places:#?}"
        );
    }
    let sarif: Value = serde_json::from_str(
        &case
            .run(&[&arguments, &["-o", "sarif"][..]].concat())
            .stdout,
    )
    .unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let result = results
        .iter()
        .find(|result| result["ruleId"] == "internet-exposed-management-port")
        .unwrap();
    let lines = |location: &Value| {
        let place = &location["physicalLocation"];
        let path = place["artifactLocation"]["uri"].as_str().unwrap();
        (
            path.to_owned(),
            place["region"]["startLine"].as_u64().unwrap(),
        )
    };
    let line = |place: &Value| {
        let path = place["path"].as_str().unwrap();
        (path.to_owned(), place["line"].as_u64().unwrap())
    };
    assert_eq!(lines(&result["locations"][0]), line(finding));
    let told: Vec<_> = result["relatedLocations"]
        .as_array()
        .unwrap()
        .iter()
        .map(lines)
        .collect();
    for place in finding["related"].as_array().unwrap() {
        assert!(told.contains(&line(place)), "{place} in {told:?}");
    }
    for format in ["human", "json", "sarif"] {
        let run = |threads| {
            let how = ["-o", format, "--threads", threads];
            case.run(&[&arguments, &how[..]].concat())
        };
        assert_eq!(run("1"), run("8"));
    }
    finding.clone()
}

const ANYBODY: &str = "\"0.0.0.0/0\"";
const DECIDES: &str = "decides";

#[test]
fn a_value_of_a_parameter_file_is_pointed_at_there() {
    let text = with_rule(FROM, &rule(BY_PARAMETER));
    let files = [
        ("main.json", text),
        ("main.parameters.json", parameter_file()),
    ];
    check(
        &files,
        ("main.json", &rule(BY_PARAMETER)),
        &[
            ("main.parameters.json", ANYBODY, DECIDES),
            (
                "main.json",
                "parameters('from')",
                "set for parameter `from`",
            ),
        ],
    );
}

#[test]
fn a_parameter_file_of_the_configuration_is_one_too() {
    let config = "deployments:\n  - template: infra/main.json\n    name: prod\n    \
                  parameters: [values/prod.json]\n";
    let files = [
        ("aznet.yaml", config.to_owned()),
        ("infra/main.json", with_rule(FROM, &rule(BY_PARAMETER))),
        ("values/prod.json", parameter_file()),
    ];
    check(
        &files,
        ("infra/main.json", &rule(BY_PARAMETER)),
        &[("values/prod.json", ANYBODY, DECIDES)],
    );
}

#[test]
fn a_default_is_pointed_at_in_its_declaration() {
    let declared = "\"parameters\": { \"from\": { \"type\": \"string\", \"defaultValue\": \"0.0.0.0/0\" } },\n";
    let text = with_rule(declared, &rule(BY_PARAMETER));
    check(
        &[("main.json", text)],
        ("main.json", &rule(BY_PARAMETER)),
        &[
            ("main.json", ANYBODY, DECIDES),
            ("main.json", "parameters('from')", "default of `from`"),
        ],
    );
}

#[test]
fn a_variable_holds_a_value_or_the_whole_rule() {
    let source = "\"[variables('anyone')]\"";
    let text = with_rule(
        "\"variables\": { \"anyone\": \"0.0.0.0/0\" },\n",
        &rule(source),
    );
    check(
        &[("main.json", text)],
        ("main.json", &rule(source)),
        &[
            ("main.json", ANYBODY, DECIDES),
            ("main.json", "variables('anyone')", "through `anyone`"),
        ],
    );
    let written = rule("\"*\"");
    let rules = group("\"[variables('rules')]\"");
    let text = template(&format!(
        "\"variables\": {{ \"rules\": [ {written} ] }},\n{}",
        resources(&[rules])
    ));
    check(
        &[("main.json", text)],
        ("main.json", &written),
        &[("main.json", "\"*\"", DECIDES)],
    );
}

#[test]
fn a_rule_of_a_loop_is_the_element_it_was_made_of() {
    let element = "{ \"name\": \"ssh\", \"port\": \"22\" }";
    let input = rule_of(
        "\"[variables('open')[copyIndex('securityRules')].name]\"",
        "\"*\"",
        "\"[variables('open')[copyIndex('securityRules')].port]\"",
    );
    let input = input.replace("100", "\"[add(100, copyIndex('securityRules'))]\"");
    let rules = group("0").replace(
        "\"securityRules\": 0",
        &format!(
            "\"copy\": [ {{ \"name\": \"securityRules\", \"count\": \"[length(variables('open'))]\", \"input\": {input} }} ]"
        ),
    );
    let text = template(&format!(
        "\"variables\": {{ \"open\": [ {{ \"name\": \"web\", \"port\": \"443\" }}, {element} ] }},\n{}",
        resources(&[rules])
    ));
    check(
        &[("main.json", text)],
        ("main.json", element),
        &[
            ("main.json", "\"22\"", DECIDES),
            (
                "main.json",
                "variables('open')[copyIndex('securityRules')].port",
                "through `open`",
            ),
        ],
    );
}

#[test]
fn an_argument_is_followed_through_six_nested_templates() {
    let passed = "\"from\": { \"value\": \"[parameters('from')]\" }";
    let mut inner = with_rule(FROM, &rule(BY_PARAMETER));
    for depth in 0..5 {
        let deployment = nested(&format!("d{depth}"), passed, &inner);
        inner = template(&format!("{FROM}{}", resources(&[deployment])));
    }
    let top = nested("top", "\"from\": { \"value\": \"0.0.0.0/0\" }", &inner);
    let hop = ("main.json", "parameters('from')", "passed as `from`");
    check(
        &[("main.json", template(&resources(&[top])))],
        ("main.json", &rule(BY_PARAMETER)),
        &[
            ("main.json", ANYBODY, DECIDES),
            hop,
            hop,
            hop,
            hop,
            hop,
            hop,
        ],
    );
}

#[test]
fn an_argument_of_a_linked_template_is_pointed_at_where_it_is_passed() {
    let link = "{ \"type\": \"Microsoft.Resources/deployments\", \"apiVersion\": \"2022-09-01\", \"name\": \"net\",\n\
                \"properties\": { \"mode\": \"Incremental\", \"templateLink\": { \"relativePath\": \"parts/net.json\" },\n\
                \"parameters\": { \"from\": { \"value\": \"0.0.0.0/0\" } } } }";
    let files = [
        ("main.json", template(&resources(&[link.to_owned()]))),
        ("parts/net.json", with_rule(FROM, &rule(BY_PARAMETER))),
    ];
    check(
        &files,
        ("parts/net.json", &rule(BY_PARAMETER)),
        &[
            ("main.json", ANYBODY, DECIDES),
            ("parts/net.json", "parameters('from')", "passed as `from`"),
        ],
    );
}

#[test]
fn an_output_of_a_module_is_pointed_at_in_the_module_and_the_call_decides_nothing() {
    let facts = template(
        "\"resources\": [], \"outputs\": { \"anyone\": { \"type\": \"string\", \"value\": \"0.0.0.0/0\" } }",
    );
    let source = "\"[reference('facts').outputs.anyone.value]\"";
    let all = [
        nested("facts", "", &facts),
        group(&format!("[ {} ]", rule(source))),
    ];
    let files = [("main.json", template(&resources(&all)))];
    check(
        &files,
        ("main.json", &rule(source)),
        &[
            ("main.json", ANYBODY, DECIDES),
            ("main.json", "reference('facts')", "output `anyone`"),
        ],
    );
    let case = Case::new(&[("main.json", &files[0].1)]);
    let (_, document) = case.answer(&["check"]);
    let related = document["findings"][0]["related"].as_array().unwrap();
    let mut calls = related
        .iter()
        .filter(|place| read(&case, place).1.contains("\"facts\""))
        .map(|place| place["message"].as_str().unwrap());
    assert_eq!(calls.next(), Some("module `facts` called here"));
    assert_eq!(calls.next(), None);
}

#[test]
fn a_function_of_the_template_is_pointed_at_in_its_body_and_its_argument() {
    let functions = "\"functions\": [ { \"namespace\": \"own\", \"members\": { \"block\": {\n\
        \"parameters\": [ { \"name\": \"bits\", \"type\": \"int\" } ],\n\
        \"output\": { \"type\": \"string\", \"value\": \"[format('0.0.0.0/{0}', parameters('bits'))]\" } } } } ],\n";
    let source = "\"[own.block(0)]\"";
    check(
        &[("main.json", with_rule(functions, &rule(source)))],
        ("main.json", &rule(source)),
        &[
            ("main.json", "'0.0.0.0/{0}'", DECIDES),
            ("main.json", "0", DECIDES),
        ],
    );
}

#[test]
fn what_a_lambda_makes_of_an_item_is_that_item() {
    let made = "createObject('name', concat('p', lambdaVariables('port')), 'properties', createObject(\
        'priority', add(100, length(lambdaVariables('port'))), 'direction', 'Inbound', 'access', 'Allow',\
        'protocol', 'Tcp', 'sourceAddressPrefix', '*', 'sourcePortRange', '*',\
        'destinationAddressPrefix', '10.9.0.0/24', 'destinationPortRange', lambdaVariables('port')))";
    let rules = format!("\"[map(variables('ports'), lambda('port', {made}))]\"");
    let text = template(&format!(
        "\"variables\": {{ \"ports\": [ \"443\", \"22\" ] }},\n{}",
        resources(&[group(&rules)])
    ));
    check(
        &[("main.json", text)],
        ("main.json", "\"22\""),
        &[
            ("main.json", "'*'", DECIDES),
            ("main.json", "'Allow'", DECIDES),
        ],
    );
}

#[test]
fn members_of_merged_objects_are_pointed_at_in_the_object_they_come_from() {
    let base = "\"base\": { \"priority\": 100, \"direction\": \"Inbound\", \"access\": \"Deny\", \"protocol\": \"Tcp\",\n\
        \"sourcePortRange\": \"*\", \"destinationAddressPrefix\": \"10.9.0.0/24\", \"destinationPortRange\": \"22\",\n\
        \"sourceAddressPrefix\": \"0.0.0.0/0\" }";
    let variables =
        format!("\"variables\": {{ {base},\n\"opened\": {{ \"access\": \"Allow\" }} }},\n");
    for merged in [
        "union(variables('base'), variables('opened'))",
        "shallowMerge(createArray(variables('base'), variables('opened')))",
    ] {
        let written = format!("{{ \"name\": \"ssh\", \"properties\": \"[{merged}]\" }}");
        check(
            &[("main.json", with_rule(&variables, &written))],
            ("main.json", &written),
            &[
                ("main.json", "\"22\"", DECIDES),
                ("main.json", ANYBODY, DECIDES),
                ("main.json", "\"Allow\"", DECIDES),
            ],
        );
    }
}

#[test]
fn what_a_text_in_json_says_is_pointed_at_as_the_text() {
    let loaded = "\"{\\\"rules\\\": [{\\\"from\\\": \\\"*\\\"}]}\"";
    let variables = format!(
        "\"variables\": {{ \"$fxv#0\": {loaded}, \"rules\": \"[json(variables('$fxv#0')).rules]\" }},\n"
    );
    let source = "\"[variables('rules')[0].from]\"";
    check(
        &[("main.json", with_rule(&variables, &rule(source)))],
        ("main.json", &rule(source)),
        &[
            ("main.json", loaded, DECIDES),
            ("main.json", "variables('rules')[0].from", "through `rules`"),
            ("main.json", "variables('$fxv#0')", "through `$fxv#0`"),
        ],
    );
}

#[test]
fn of_a_condition_the_branch_that_was_taken_is_pointed_at() {
    let declared =
        "\"parameters\": { \"open\": { \"type\": \"bool\", \"defaultValue\": true } },\n";
    let choice = "if(parameters('open'), '0.0.0.0/0', '10.0.0.0/8')";
    let source = format!("\"[{choice}]\"");
    check(
        &[("main.json", with_rule(declared, &rule(&source)))],
        ("main.json", &rule(&source)),
        &[
            ("main.json", "'0.0.0.0/0'", DECIDES),
            ("main.json", choice, "chosen here"),
        ],
    );
}
