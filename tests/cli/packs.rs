//! Packs of rules: where they come from, what they set, which of their rules are judged, and how
//! they are tested.

use serde_json::Value;

use crate::program::{Case, Outcome};

/// A group.
const WEB: &str = r#"
resource "azurerm_network_security_group" "web" {
  name                = "web"
  resource_group_name = "net"
  location            = "westeurope"
}
"#;

fn found<'a>(document: &'a Value, id: &str) -> Vec<(&'a str, &'a str)> {
    let findings = document["findings"].as_array().unwrap().iter();
    let of_rule = findings.filter(|finding| finding["rule"] == id);
    of_rule
        .map(|finding| {
            let (path, severity) = (&finding["path"], &finding["severity"]);
            (path.as_str().unwrap(), severity.as_str().unwrap())
        })
        .collect()
}

fn told(document: &Value) -> Vec<&str> {
    let told = document["diagnostics"].as_array().unwrap().iter();
    told.map(|told| told["message"].as_str().unwrap()).collect()
}

/// A rule that lets groups have certain names; `web` is none of them.
fn named(id: &str, head: &str) -> String {
    format!(
        "id: {id}\ntitle: A name that is none\ncategory: hygiene\nsince: 1.0.0\nseverity: note\n{head}\
         subject: network-security-group\nassert: contains(parameters.names, subject.name)\n\
         message: \"`{{subject.name}}` is no name\"\nwhy: W\nfix: F\nreferences: []\n"
    )
}

const NAMES: &str = "name: contoso\nparameters: {names: [network-security]}\n";

#[test]
fn a_pack_is_named_in_the_configuration_or_by_the_call_and_may_lie_outside_the_root() {
    let odd = named("odd-name", "");
    let case = Case::new(&[
        ("repo/main.tf", WEB),
        ("company/pack.yaml", NAMES),
        ("company/odd-name.yaml", &odd),
    ]);
    let (code, document) = case.answer(&["check", "repo"]);
    assert_eq!((code, found(&document, "odd-name")), (0, vec![]));
    let (code, document) = case.answer(&["check", "repo", "--pack", "company"]);
    assert_eq!(told(&document), [""; 0]);
    assert_eq!(found(&document, "odd-name"), [("main.tf", "note")]);
    assert_eq!(code, 0);
    case.write(
        "repo/rules/odd-name.yaml",
        odd.replace("severity: note", "severity: error\nparameters: {names: []}"),
    );
    case.write("repo/aznet.yaml", "packs: [rules/odd-name.yaml]\n");
    let (code, document) = case.answer(&["check", "repo"]);
    assert_eq!(found(&document, "odd-name"), [("main.tf", "error")]);
    assert_eq!(code, 1);
    let outcome = case.run(&["check", "repo", "--pack", "nowhere"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
}

#[test]
fn a_pack_shares_parameters_and_whoever_uses_it_sets_them_once() {
    let case = Case::new(&[
        ("main.tf", WEB),
        ("company/pack.yaml", NAMES),
        ("company/odd-name.yaml", &named("odd-name", "")),
        ("company/odd-label.yaml", &named("odd-label", "")),
        (
            "aznet.yaml",
            "packs: [{path: company, parameters: {names: [web]}}]\n",
        ),
    ]);
    let (_, document) = case.answer(&["check"]);
    assert_eq!(told(&document), [""; 0]);
    assert_eq!(
        found(&document, "odd-name").len() + found(&document, "odd-label").len(),
        0
    );
    case.write(
        "aznet.yaml",
        "packs: [{path: company, parameters: {names: [web]}}]\n\
         rules: {odd-label: {parameters: {names: [db]}}}\n",
    );
    let (_, document) = case.answer(&["check"]);
    assert_eq!(found(&document, "odd-name"), []);
    assert_eq!(found(&document, "odd-label").len(), 1);
    case.write(
        "aznet.yaml",
        "packs: [{path: company, parameters: {name: [web]}}]\n",
    );
    let (code, document) = case.answer(&["check"]);
    assert_eq!(
        (code, told(&document)),
        (2, vec!["contoso has no key `name`"])
    );
}

#[test]
fn a_pack_with_a_mistake_gives_no_rule_and_tells_all_of_them_at_once() {
    let case = Case::new(&[
        ("main.tf", WEB),
        ("company/pack.yaml", NAMES),
        ("company/odd-name.yaml", &named("odd-name", "")),
        (
            "company/odd-label.yaml",
            &named("odd-label", "").replace("subject.name)", "subject.nam)"),
        ),
        (
            "company/odd-word.yaml",
            &named("odd-word", "wher: 'true'\n"),
        ),
        (
            "aznet.yaml",
            "packs: [company]\nenable: [odd-word]\nrules: {odd-name: {parameters: {names: []}}}\n",
        ),
    ]);
    let (code, document) = case.answer(&["check"]);
    let told = told(&document);
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(
        told[0].contains("`nam`") && told[1].contains("`wher`"),
        "{told:#?}"
    );
    assert_eq!(found(&document, "odd-name"), []);
    assert_eq!(code, 2);
}

#[test]
fn two_rules_of_one_id_are_an_error_that_names_both_places() {
    let odd = named("odd-name", "parameters: {names: []}\n");
    let case = Case::new(&[
        ("main.tf", WEB),
        ("a/odd-name.yaml", &odd),
        ("b/again.yaml", &odd),
        ("aznet.yaml", "packs: [a, b]\n"),
    ]);
    let outcome = case.run(&["check"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.is_empty(), "{}", outcome.stderr);
    for text in [
        "there is another rule `odd-name`",
        "b/again.yaml:1:5",
        "a/odd-name.yaml",
    ] {
        assert!(outcome.stdout.contains(text), "{text}: {}", outcome.stdout);
    }
    let (_, document) = case.answer(&["check"]);
    // The first pack is as good as it was.
    assert_eq!(found(&document, "odd-name").len(), 1);
    case.write(
        "b/again.yaml",
        named("platform-dns-denied", "parameters: {names: []}\n"),
    );
    let (code, document) = case.answer(&["check"]);
    assert_eq!(code, 2);
    assert_eq!(
        told(&document),
        ["the program has a rule `platform-dns-denied`"]
    );
}

#[test]
fn rules_are_chosen_by_what_they_have_in_common() {
    let case = Case::new(&[
        ("main.tf", WEB),
        ("company/pack.yaml", NAMES),
        (
            "company/odd-name.yaml",
            &named("odd-name", "compliance: [Contoso-1/4.2]\n"),
        ),
        (
            "company/odd-label.yaml",
            &named("odd-label", "default: off\n"),
        ),
        ("aznet.yaml", "packs: [company]\n"),
    ]);
    let run = |arguments: &[&str]| {
        let (_, document) = case.answer(&[&["check"], arguments].concat());
        assert_eq!(told(&document), [""; 0], "{arguments:?}");
        let (name, label) = (found(&document, "odd-name"), found(&document, "odd-label"));
        (name.len(), label.len())
    };
    assert_eq!(run(&[]), (1, 0));
    assert_eq!(run(&["--enable", "odd-label"]), (1, 1));
    assert_eq!(run(&["--select", "odd-label"]), (0, 1));
    assert_eq!(run(&["--select", "odd-*"]), (1, 1));
    assert_eq!(
        run(&["--select", "pack:contoso", "--ignore", "*-label"]),
        (1, 0)
    );
    assert_eq!(run(&["--select", "category:hygiene"]), (1, 1));
    assert_eq!(run(&["--select", "compliance:Contoso-1/*"]), (1, 0));
    assert_eq!(run(&["--select", "pack:aznet"]), (0, 0));
    assert_eq!(run(&["--ignore", "severity:note"]), (0, 0));
    case.write(
        "aznet.yaml",
        "packs: [company]\nrules: {odd-label: {off: false}, odd-name: {off: true}}\n",
    );
    assert_eq!(run(&[]), (0, 1));
    case.write(
        "aznet.yaml",
        "packs: [company]\nrules: {hygiene: {off: true}}\n",
    );
    assert_eq!(run(&[]), (0, 0));
    let wrong = |selector: &str| {
        let Outcome { code, stderr, .. } = case.run(&["check", "--select", selector]);
        assert_eq!(code, 2);
        stderr
    };
    assert!(wrong("pack:contosso").contains("did you mean `contoso`?"));
    assert!(wrong("compliance:Contoso-2/*").contains("fits no rule"));
    assert!(wrong("odd-nam").contains("did you mean `odd-name`?"));
}

#[test]
fn overrides_hold_for_findings_whose_primary_place_lies_at_their_paths() {
    let module = WEB.replace("\"web\"", "\"lab\"");
    let main = format!("{WEB}\nmodule \"lab\" {{\n  source = \"./lab\"\n}}\n");
    let overrides = |rules: &str| {
        format!("packs: [company]\noverrides:\n  - paths: [lab]\n    rules: {rules}\n")
    };
    let case = Case::new(&[
        ("main.tf", &main),
        ("lab/main.tf", &module),
        ("company/pack.yaml", NAMES),
        ("company/odd-name.yaml", &named("odd-name", "")),
        ("aznet.yaml", &overrides("{odd-name: {severity: error}}")),
    ]);
    let (_, document) = case.answer(&["check"]);
    let both = [("lab/main.tf", "error"), ("main.tf", "note")];
    assert_eq!(found(&document, "odd-name"), both, "{document:#}");
    case.write(
        "aznet.yaml",
        overrides("{odd-name: {parameters: {names: [lab]}}}"),
    );
    let (_, document) = case.answer(&["check"]);
    assert_eq!(found(&document, "odd-name"), both[1..]);
    case.write(
        "aznet.yaml",
        overrides("{odd-name: {parameters: {names: [web]}}}"),
    );
    let (_, document) = case.answer(&["check"]);
    assert_eq!(found(&document, "odd-name").len(), 2);
    case.write("aznet.yaml", overrides("{hygiene: {off: true}}"));
    let (_, document) = case.answer(&["check"]);
    assert_eq!(found(&document, "odd-name"), both[1..]);
    case.write(
        "aznet.yaml",
        "packs: [company]\noverrides: [{rules: {odd-nam: {off: true}}}]\n",
    );
    let (code, document) = case.answer(&["check"]);
    assert_eq!(code, 2);
    assert_eq!(
        told(&document),
        [
            "an override has `paths` and `rules`",
            "there is no rule `odd-nam`"
        ]
    );
}

#[test]
fn a_pack_sets_rules_of_the_program_and_the_configuration_has_the_last_word() {
    let open = WEB.replace(
        "westeurope\"\n",
        "westeurope\"\n  security_rule {\n    name = \"ssh\"\n    priority = 100\n    direction = \"Inbound\"\n\
         \x20   access = \"Allow\"\n    protocol = \"Tcp\"\n    source_address_prefix = \"Internet\"\n\
         \x20   source_port_range = \"*\"\n    destination_address_prefix = \"*\"\n    destination_port_range = \"22\"\n  }\n",
    );
    let ssh = "internet-exposed-management-port";
    let manifest = format!("name: contoso\nrules: {{{ssh}: {{severity: note}}}}\n");
    let case = Case::new(&[
        ("main.tf", &open),
        ("company/pack.yaml", &manifest),
        ("aznet.yaml", "packs: [company]\n"),
    ]);
    let severity = || {
        let (_, document) = case.answer(&["check"]);
        found(&document, ssh)
            .first()
            .map(|(_, severity)| (*severity).to_owned())
    };
    assert_eq!(severity().as_deref(), Some("note"));
    case.write(
        "aznet.yaml",
        format!("packs: [company]\nrules: {{{ssh}: {{severity: error}}}}\n"),
    );
    assert_eq!(severity().as_deref(), Some("error"));
    case.write(
        "company/pack.yaml",
        "name: contoso\nrules: {no-such-rule: {off: true}}\n",
    );
    let (code, document) = case.answer(&["check"]);
    assert_eq!(
        (code, told(&document)),
        (2, vec!["there is no rule `no-such-rule`"])
    );
}

#[test]
fn the_tests_of_a_pack_are_not_checked_with_the_rest() {
    let case = Case::new(&[
        ("main.tf", WEB),
        ("company/pack.yaml", NAMES),
        ("company/odd-name.yaml", &named("odd-name", "")),
        ("company/tests/one/main.tf", WEB),
        ("company/tests/one/aznet.yaml", "cloud: china\n"),
        ("aznet.yaml", "packs: [company]\n"),
    ]);
    let (code, document) = case.answer(&["check"]);
    assert_eq!((code, found(&document, "odd-name").len()), (0, 1));
    assert_eq!(document["summary"]["deployments"], 1);
}

fn lines(outcome: &Outcome) -> Vec<&str> {
    outcome
        .stdout
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn what_a_test_expects_and_what_is_found_are_compared_line_by_line() {
    let groups = "# expect: odd-name\nresource \"azurerm_network_security_group\" \"a\" {\n  name = \"a\"\n}\n\
                  resource \"azurerm_network_security_group\" \"b\" { # expect: odd-label\n  name = \"b\"\n}\n\
                  resource \"azurerm_network_security_group\" \"c\" {\n  name = \"network-security\" # expect: odd-name, no-such\n}\n";
    let case = Case::new(&[
        ("company/pack.yaml", NAMES),
        ("company/odd-name.yaml", &named("odd-name", "")),
        (
            "company/odd-label.yaml",
            &named("odd-label", "default: off\nwhere: subject.name == \"a\"\n"),
        ),
        ("company/tests/one/main.tf", groups),
        ("company/tests/two/main.tf", WEB),
        (
            "company/tests/two/expect.yaml",
            "- {rule: odd-name, file: main.tf, at: 'resource \"azurerm_network_security_group\" \"web\"'}\n",
        ),
    ]);
    let outcome = case.run(&["test", "company"]);
    let told = lines(&outcome);
    let begins = [
        "company/tests/one",
        "unreadable (company/tests/one/main.tf:9): there is no rule `no-such`",
        "misplaced (company/tests/one/main.tf:5): `odd-label` is expected violated here, this is a violated note at main.tf:2:1",
        "misplaced (company/tests/one/main.tf:9): `odd-name` is expected violated here, this is a violated note at main.tf:5:1",
        "2 rules without an example: odd-label, odd-name",
        "2 rules, 0 examples, 2 tests: 1 not as they say",
    ];
    assert_eq!(told.len(), begins.len(), "{told:#?}");
    for (line, begin) in told.iter().zip(begins) {
        assert!(line.starts_with(begin), "{begin}: {told:#?}");
    }
    assert_eq!(outcome.code, 1);
    let right = "resource \"azurerm_network_security_group\" \"a\" { # expect: odd-name, odd-label\n  name = \"a\"\n}\n\
                 variable \"name\" {}\n// expect-undetermined: odd-name\n// expect-undetermined: odd-label\n\
                 resource \"azurerm_network_security_group\" \"b\" {\n  name = var.name\n}\n";
    case.write("company/tests/one/main.tf", right);
    let outcome = case.run(&["test", "company"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);
    case.write("company/tests/two/expect.yaml", "[]\n");
    let outcome = case.run(&["test", "company"]);
    assert!(lines(&outcome)[1].starts_with("unexpected (company/tests/two/main.tf:2): `odd-name`"));
    case.write("company/tests/two/main.tf", "");
    case.write(
        "company/tests/two/expect.yaml",
        "- {rule: odd-name, file: main.tf, line: 3}\n",
    );
    let outcome = case.run(&["test", "company"]);
    let missing = "missing (company/tests/two/expect.yaml:1): `odd-name` found nothing here";
    assert_eq!(lines(&outcome)[1], missing);
}

#[test]
fn a_test_of_a_pack_with_mistakes_ends_with_2_and_tells_them() {
    let case = Case::new(&[
        (
            "company/pack.yaml",
            "name: Contoso\nrule: {}\nparameters: {a: {b: 1}}\n",
        ),
        ("company/odd-name.yaml", &named("odd-name", "")),
    ]);
    let outcome = case.run(&["test", "company"]);
    assert_eq!(outcome.code, 2);
    for text in [
        "a pack's name is lower-case words",
        "did you mean `rules`?",
        "a scalar or a list of scalars",
        "names",
    ] {
        assert!(outcome.stderr.contains(text), "{text}: {}", outcome.stderr);
    }
    case.write("company/pack.yaml", "");
    let outcome = case.run(&["test", "company"]);
    assert_eq!(outcome.code, 2);
    assert!(
        outcome.stderr.contains("`name` is missing"),
        "{}",
        outcome.stderr
    );
    let outcome = case.run(&["test", "nowhere"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("nowhere"), "{}", outcome.stderr);
}

#[test]
fn a_pack_with_a_file_that_is_no_text_gives_no_rule_and_its_other_mistakes_are_told() {
    let odd = named("odd-name", "");
    let case = Case::new(&[
        ("repo/main.tf", WEB),
        (
            "company/pack.yaml",
            "name: contoso\nparameters: {names: []}\nrules: {no-such-rule: {severity: note}}\n",
        ),
        ("company/odd-name.yaml", &odd),
    ]);
    case.write("company/broken.yaml", b"id: broken\ntitle: \xff\xfe\xfd\n");
    let (code, document) = case.answer(&["check", "repo", "--pack", "company"]);
    let told = told(&document);
    assert!(told.iter().any(|told| told.contains("UTF-8")), "{told:?}");
    assert!(
        told.iter().any(|told| told.contains("no-such-rule")),
        "{told:?}"
    );
    assert_eq!((code, found(&document, "odd-name")), (2, vec![]));
}

#[test]
fn the_sample_pack_and_the_rules_of_the_program_are_as_they_say() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/company-pack");
    let case = Case::new(&[]);
    let outcome = case.run(&["test", sample]);
    assert_eq!(
        lines(&outcome),
        ["11 rules, 25 examples, 2 tests: all as they say"]
    );
    assert_eq!(outcome.code, 0);
    let outcome = case.run(&["test"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);
}
