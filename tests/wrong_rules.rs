//! Rules with mistakes: what is told, and at which words of the file.

#![expect(clippy::unwrap_used, reason = "a test fails where something is amiss")]

use std::sync::Arc;

use aznet::policy::pack::Pack;
use aznet::source::{FileId, SourceFile};

/// The keys that every rule has.
const HEAD: &str = "id: mine\ntitle: T\ncategory: hygiene\nsince: 0.1.0\nseverity: warning\n\
                    why: W\nfix: F\nreferences: []\nmessage: M\n";

/// What is told of a rule file: each message with the text it points at and its help.
fn told(text: &str) -> Vec<(String, String, String)> {
    let file = Arc::new(SourceFile::new("mine.yaml", text));
    let (pack, diagnostics) = Pack::load(&[(FileId(0), Arc::clone(&file))]);
    assert_eq!(pack.rules().is_empty(), !diagnostics.is_empty(), "{text}");
    diagnostics
        .into_iter()
        .map(|diagnostic| {
            let at = file.slice(diagnostic.primary.unwrap().span).to_owned();
            (at, diagnostic.message, diagnostic.help.unwrap_or_default())
        })
        .collect()
}

/// A clause, the text that is pointed at, a part of the message, a part of the help.
type Row = (&'static str, &'static str, &'static str, &'static str);

const KEYS: &[Row] = &[
    (
        "subjct: subnet\nassert: 'true'",
        "subjct",
        "unknown key",
        "`subject`",
    ),
    (
        "subject: subnet\nasert: 'true'",
        "asert",
        "unknown key",
        "`assert`",
    ),
    (
        "subject: subnet\nassert: 'true'\nunles: 'true'",
        "unles",
        "unknown key",
        "`unless`",
    ),
    (
        "subject: subnet\nassert: 'true'\nneeds: {tht: 'true', otherwise: X}",
        "tht",
        "unknown key",
        "`that`",
    ),
    (
        "subject: subnet\nassert:\n  - {tht: 'true'}",
        "tht",
        "unknown key",
        "`that`",
    ),
    (
        "subject: subnet\nforbid: {verdikt: allowed}",
        "verdikt",
        "unknown key",
        "`verdict`",
    ),
    (
        "subject: subnet\nforbid: {flows: {form: Internet}, verdict: allowed}",
        "form",
        "unknown key of a flow",
        "`from`",
    ),
    (
        "subject: subnet\nforbid: {given: {verdct: allowed}, verdict: allowed}",
        "verdct",
        "unknown key",
        "`verdict`",
    ),
    (
        "subject: subnet\nforbid: {verdict: {routed: internet}}",
        "routed",
        "unknown key of a verdict",
        "`routed-to`",
    ),
    (
        "subject: subnet\nassert: 'true'\nrelated: [{at: subject, txt: X}]",
        "txt",
        "unknown key of a related place",
        "`text`",
    ),
    (
        "subject: subnet\nassert: 'true'\nnotes: [{wen: 'true', say: X}]",
        "wen",
        "unknown key",
        "`when`",
    ),
    (
        "any-of:\n  - {subject: subnet, assert: 'true', sugest: X}",
        "sugest",
        "unknown key of a clause",
        "`suggest`",
    ),
    ("any-of: []", "any-of", "names no clause", ""),
    (
        "any-of: [{subject: subnet, assert: 'true'}]\nwhere: 'true'",
        "where",
        "belongs into a clause",
        "",
    ),
    (
        "subject: subnet",
        "id",
        "`assert`, `forbid`, `require`, `analysis` is missing",
        "",
    ),
    ("assert: 'true'", "id", "`subject` is missing", ""),
    (
        "subject: subnet\nassert: 'true'\nrequire: {verdict: allowed}",
        "require",
        "in one clause",
        "any-of",
    ),
    (
        "subject: subnet\nassert: 'true'\nundetermined: never",
        "never",
        "unknown `undetermined`",
        "",
    ),
    (
        "subject: subnet\nassert: 'true'\neach: [x]",
        "[x]",
        "must be a map",
        "",
    ),
    (
        "subject: subnet\nassert: 'true'\nparameters: [x]",
        "[x]",
        "must be a map",
        "",
    ),
    (
        "subject: subnet\nassert: 'true'\nparameters: {x: {a: 1}}",
        "{a: 1}",
        "a scalar or a list",
        "",
    ),
];

const SUBJECTS: &[Row] = &[
    (
        "subject: subnets\nassert: 'true'",
        "subnets",
        "unknown subject",
        "`subnet`",
    ),
    (
        "subject: peerin\nassert: 'true'",
        "peerin",
        "unknown subject",
        "`peering`",
    ),
    (
        "subject: platform\nassert: 'true'",
        "platform",
        "unknown subject",
        "",
    ),
    (
        "subject: flw\nassert: 'true'",
        "flw",
        "unknown subject",
        "`flow`",
    ),
    (
        "subject: flow\nfrom: {subject: subnet}\nassert: 'true'",
        "flow",
        "`to` is missing",
        "",
    ),
    (
        "subject: flow\nfrom: {subject: subnet}\nto: {subject: subne}\nforbid: {verdict: delivered}",
        "subne",
        "unknown subject",
        "`subnet`",
    ),
    (
        "subject: flow\nfrom: {subject: subnet, wher: 'true'}\nto: {subject: subnet}\nforbid: {verdict: delivered}",
        "wher",
        "unknown key of `from`",
        "`where`",
    ),
    (
        "subject: flow\nfrom: {where: 'true'}\nto: {subject: subnet}\nforbid: {verdict: delivered}",
        "{where: 'true'}",
        "`subject` is missing",
        "",
    ),
    (
        "subject: flow\nfrom: {subject: subnet, where: subject.nam == \"a\"}\nto: {subject: subnet}\nforbid: {verdict: delivered}",
        "nam",
        "field of a subnet",
        "`name`",
    ),
    (
        "subject: flow\nfrom: {subject: route}\nto: {subject: subnet}\nforbid: {verdict: delivered}",
        "delivered",
        "nothing that sends packets",
        "",
    ),
    (
        "subject: subnet\nfrom: {subject: subnet}\nassert: 'true'",
        "from",
        "an end of `subject: flow`",
        "",
    ),
    (
        "subject: subnet\nanalysis: route-loops",
        "route-loops",
        "unknown analysis",
        "`route-loop`",
    ),
    (
        "subject: network-security-group\nanalysis: route-loop",
        "route-loop",
        "",
        "",
    ),
    (
        "subject: network-security-group\nanalysis: {mostly-shadowed-security-rule: {les-than-one-in: 3}}",
        "les-than-one-in",
        "unknown parameter of `mostly-shadowed-security-rule`",
        "`less-than-one-in`",
    ),
    (
        "subject: network-security-group\nanalysis: {mostly-shadowed-security-rule: {less-than-one-in: '\"3\"'}}",
        "less-than-one-in",
        "is a number",
        "",
    ),
    (
        "subject: network-security-group\nanalysis: {mostly-shadowed-security-rule: 3}",
        "3",
        "{NAME: {PARAMETER: value}}",
        "",
    ),
];

const NAMES: &[Row] = &[
    (
        "subject: subnet\nassert: subjct.name == \"a\"",
        "subjct",
        "unknown name",
        "`subject`",
    ),
    (
        "subject: subnet\nassert: name == \"a\"",
        "name",
        "unknown name",
        "`subject.name`",
    ),
    (
        "subject: subnet\nassert: subject.adress_prefixes != null",
        "adress_prefixes",
        "field of a subnet",
        "`address_prefixes`",
    ),
    (
        "subject: subnet\nassert: subject.virtual_network.subnts != null",
        "subnts",
        "field of a virtual-network",
        "`subnets`",
    ),
    (
        "subject: subnet\nassert: subject.egress.nat_gatway",
        "nat_gatway",
        "unknown field",
        "`nat_gateway`",
    ),
    (
        "subject: subnet\nassert: subject.name.first == \"a\"",
        "first",
        "text has no field",
        "plain value",
    ),
    (
        "subject: subnet\nassert: subject.routes.name == \"a\"",
        "name",
        "has no field `name`",
        "[for x in",
    ),
    (
        "subject: subnet\nassert: parameters.x == 1",
        "x",
        "unknown parameter",
        "",
    ),
    (
        "parameters: {limit: 3}\nsubject: subnet\nassert: parameters.limits == 1",
        "limits",
        "unknown parameter",
        "`limit`",
    ),
    (
        "parameters: {limit: 3}\nsubject: subnet\nassert: parameters == 1",
        "parameters",
        "name a parameter",
        "",
    ),
    (
        "subject: subnet\nassert: subscription.offr == \"a\"",
        "offr",
        "field of a subscription",
        "`offer`",
    ),
    (
        "subject: subnet\nassert: 'true'\neach: {subject: subject.routes}",
        "subject",
        "is taken",
        "",
    ),
    (
        "subject: subnet\nassert: 'true'\neach: {decider: subject.routes}",
        "decider",
        "is taken",
        "",
    ),
    (
        "subject: subnet\nassert: 'true'\nwhere: decider == null",
        "decider",
        "unknown name",
        "",
    ),
    (
        "subject: subnet\nassert: contians(subject.delegations, \"a\")",
        "contians",
        "unknown function",
        "`contains`",
    ),
    (
        "subject: subnet\nassert: startwith(subject.name, \"a\")",
        "startwith",
        "unknown function",
        "`startswith`",
    ),
];

const TYPES: &[Row] = &[
    (
        "subject: security-rule\nassert: subject.priority",
        "subject.priority",
        "true or false is expected here, not number",
        "",
    ),
    (
        "subject: security-rule\nassert: '!subject.name'",
        "subject.name",
        "true or false",
        "",
    ),
    (
        "subject: security-rule\nassert: subject.priority == \"Allow\"",
        "\"Allow\"",
        "never equals",
        "",
    ),
    (
        "subject: security-rule\nassert: subject.direction == \"Outbund\"",
        "\"Outbund\"",
        "unknown value",
        "`Outbound`",
    ),
    (
        "subject: security-rule\nassert: subject.name > 3",
        "subject.name",
        "a number is expected",
        "",
    ),
    (
        "subject: security-rule\nassert: -subject.name == 3",
        "subject.name",
        "a number is expected",
        "",
    ),
    (
        "subject: subnet\nassert: anytrue(subject.name)",
        "subject.name",
        "a list is expected",
        "",
    ),
    (
        "subject: subnet\nassert: anytrue(subject.delegations)",
        "subject.delegations",
        "true or false",
        "",
    ),
    (
        "subject: subnet\nassert: contains(subject.delegations, 3)",
        "3",
        "never equals",
        "",
    ),
    (
        "subject: subnet\nassert: 'true'\neach: {x: subject.name}",
        "subject.name",
        "`each` walks a list, not text",
        "",
    ),
    (
        "subject: subnet\nassert: length(subject.routes) == {}",
        "{}",
        "objects are not known",
        "",
    ),
    (
        "subject: subnet\nassert: 1.5 > 1",
        "1.5",
        "only whole numbers",
        "",
    ),
    (
        "subject: subnet\nassert: 'true'\nseverity: [{when: subject.name, is: note}, {is: error}]",
        "subject.name",
        "true or false",
        "",
    ),
];

const FUNCTIONS: &[Row] = &[
    (
        "subject: subnet\nassert: length(subject.routes, 1) == 1",
        "length",
        "takes 1 argument, not 2",
        "",
    ),
    (
        "subject: subnet\nassert: startswith(subject.name)",
        "startswith",
        "takes 2 arguments, not 1",
        "",
    ),
    (
        "subject: subnet\nassert: covers(subject.name)",
        "covers",
        "takes 2 arguments, not 1",
        "",
    ),
    (
        "subject: subnet\nassert: covers(subject.address_prefixes, \"10.0.0.0/33\")",
        "\"10.0.0.0/33\"",
        "no address",
        "",
    ),
    (
        "subject: subnet\nassert: covers([\"10.0.0.0/8\", \"Storag\"], subject.address_prefixes)",
        "\"Storag\"",
        "unknown address",
        "`Storage`",
    ),
    (
        "subject: subnet\nassert: covers(subject.routes, \"10.0.0.0/8\")",
        "subject.routes",
        "addresses are expected",
        "",
    ),
    (
        "subject: subnet\nassert: tag_includes(\"AzureClod\", \"Storage\")",
        "\"AzureClod\"",
        "unknown address",
        "`AzureCloud`",
    ),
    (
        "subject: subnet\nassert: leads(subject, \"firewall\", \"public\")",
        "\"firewall\"",
        "unknown next hop",
        "",
    ),
    (
        "subject: subnet\nassert: leads(subject.virtual_network, \"none\", \"public\")",
        "subject.virtual_network",
        "a subnet is expected",
        "",
    ),
    (
        "subject: subnet\nassert: allows(subject, \"Out\", \"Tcp\", \"public\", 25)",
        "\"Out\"",
        "unknown direction",
        "`Outbound`",
    ),
    (
        "subject: subnet\nassert: allows(subject, \"Outbound\", \"TCP\", \"public\", 25)",
        "\"TCP\"",
        "unknown protocol",
        "",
    ),
    (
        "subject: subnet\nassert: allows(subject, \"Outbound\", \"Tcp\", \"publik\", 25)",
        "\"publik\"",
        "unknown address",
        "`public`",
    ),
    (
        "subject: subnet\nassert: allows(subject, \"Outbound\", \"Tcp\", \"public\", [25, 65536])",
        "65536",
        "ports are 0 to 65535",
        "",
    ),
    (
        "subject: security-rule\nassert: means_port(subject.destination_port_ranges, 70000)",
        "70000",
        "ports are 0 to 65535",
        "",
    ),
    (
        "subject: security-rule\nassert: means_port(subject.name, 25)",
        "subject.name",
        "ports are expected",
        "",
    ),
    (
        "subject: subnet\nassert: route_to(subject, \"10.0.0.0/8\").kind == \"none\"",
        "\"10.0.0.0/8\"",
        "one address",
        "",
    ),
    (
        "subject: subnet\nassert: route_to(subject, \"10.0.0.4\").kind == \"firewall\"",
        "\"firewall\"",
        "unknown value",
        "",
    ),
    (
        "subject: subnet\nassert: tag(subject.name, \"owner\") == \"a\"",
        "subject.name",
        "an element of the files",
        "",
    ),
    (
        "subject: subnet\nassert: attribute(subject, 3) == \"a\"",
        "3",
        "a text is expected",
        "",
    ),
    (
        "subject: subnet\nassert: undetermined(subject.name)",
        "subject.name",
        "in quotes",
        "",
    ),
];

const CONTRACTS: &[Row] = &[
    (
        "subject: subnet\nforbid: {flows: {to: public}}",
        "{flows: {to: public}}",
        "`verdict` is missing",
        "",
    ),
    (
        "subject: subnet\nforbid: {verdict: alowed}",
        "alowed",
        "unknown verdict",
        "`allowed`",
    ),
    (
        "subject: subnet\nforbid: {verdict: decided}",
        "decided",
        "a subnet has no such verdict",
        "",
    ),
    (
        "subject: probe\nforbid: {verdict: allowed}",
        "allowed",
        "a probe has no such verdict",
        "",
    ),
    (
        "subject: subnet\nforbid: {verdict: {routed-to: [internett]}}",
        "internett",
        "unknown next hop",
        "`internet`",
    ),
    (
        "subject: subnet\nforbid: {verdict: {routed-to: []}}",
        "{routed-to: []}",
        "names no next hop",
        "",
    ),
    (
        "subject: subnet\nforbid: {verdict: allowed, by: subnett}",
        "subnett",
        "unknown layer",
        "`subnet`",
    ),
    (
        "subject: security-rule\nforbid: {verdict: decided, by: nsg}",
        "decided",
        "of `allowed` and `denied` only",
        "",
    ),
    (
        "subject: subnet\nforbid: {verdict: allowed, of: subject.name}",
        "allowed",
        "`of` names elements",
        "",
    ),
    (
        "subject: subnet\nforbid: {flows: {to: Interne}, verdict: allowed}",
        "Interne",
        "unknown address",
        "`Internet`",
    ),
    (
        "subject: subnet\nforbid: {flows: {to: 10.0.0.300}, verdict: allowed}",
        "10.0.0.300",
        "no address",
        "",
    ),
    (
        "subject: subnet\nforbid: {flows: {to: 10.0.0.9-10.0.0.1}, verdict: allowed}",
        "10.0.0.9-10.0.0.1",
        "no address",
        "",
    ),
    (
        "subject: subnet\nforbid: {flows: {protocol: TCP}, verdict: allowed}",
        "TCP",
        "unknown protocol",
        "",
    ),
    (
        "subject: subnet\nforbid: {flows: {direction: out}, verdict: allowed}",
        "out",
        "unknown direction",
        "`Outbound`",
    ),
    (
        "subject: subnet\nforbid: {flows: {ports: 70000}, verdict: allowed}",
        "70000",
        "no port",
        "",
    ),
    (
        "subject: subnet\nforbid: {flows: {ports: 30-20}, verdict: allowed}",
        "30-20",
        "no port",
        "",
    ),
    (
        "subject: subnet\nforbid: {flows: {ports: \"${subject.address_prefixes}\"}, verdict: allowed}",
        "\"${subject.address_prefixes}\"",
        "ports are expected",
        "",
    ),
    (
        "subject: subnet\nforbid: {flows: {to: \"${subject.routes}\"}, verdict: allowed}",
        "\"${subject.routes}\"",
        "addresses are expected",
        "",
    ),
    (
        "subject: subnet\nforbid: {flows: {wider-than: many}, verdict: allowed}",
        "many",
        "a number of addresses",
        "",
    ),
    (
        "subject: subnet\nforbid: {flows: {wider-than: \"${subject.name}\"}, verdict: allowed}",
        "\"${subject.name}\"",
        "a number of addresses",
        "",
    ),
    (
        "subject: subnet\nforbid: {verdict: allowed, reading: wide}",
        "wide",
        "unknown reading",
        "`widened`",
    ),
    (
        "subject: subnet\nforbid: {verdict: delivered}",
        "delivered",
        "name the other end",
        "",
    ),
    (
        "subject: subnet\nforbid: {flows: {to: public}, verdict: delivered, by: nsg}",
        "delivered",
        "have no meaning",
        "",
    ),
    (
        "subject: route\nforbid: {flows: {to: public}, verdict: delivered}",
        "delivered",
        "nothing that sends packets",
        "",
    ),
    (
        "subject: flow\nfrom: {subject: subnet}\nto: {subject: subnet}\nforbid: {flows: {to: public}, verdict: delivered}",
        "delivered",
        "names neither",
        "",
    ),
];

const TEXTS: &[Row] = &[
    (
        "subject: subnet\nassert: 'true'\nnotes: 'about {subject.nam}'",
        "nam",
        "field of a subnet",
        "`name`",
    ),
    (
        "subject: subnet\nassert: 'true'\nnotes: 'a {brace'",
        "'a {brace'",
        "without its counterpart",
        "{{",
    ),
    (
        "subject: subnet\nassert: 'true'\nnotes: 'a } brace'",
        "'a } brace'",
        "without its counterpart",
        "{{",
    ),
    (
        "subject: subnet\nassert: 'true'\nnotes: '{witness.prt}'",
        "prt",
        "unknown field",
        "`port`",
    ),
    (
        "subject: subnet\nassert: 'true'\nnotes: '{subject.egress}'",
        "subject.egress",
        "no words of its own",
        "",
    ),
    (
        "subject: subnet\nassert: 'true'\nsuggest: '{subject.name +}'",
        "",
        "not an expression",
        "",
    ),
    (
        "subject: subnet\nassert: 'true'\nnotes: [{when: subject.name, say: X}]",
        "subject.name",
        "true or false",
        "",
    ),
    (
        "subject: subnet\nassert: !subject.existing",
        "",
        "a tag",
        "quotes",
    ),
    (
        "subject: subnet\nassert: 'true'\nwhere: [subject.name]",
        "[subject.name]",
        "a list",
        "quotes",
    ),
    (
        "subject: subnet\nassert: subject.name ==",
        "",
        "not an expression",
        "",
    ),
];

/// What comes of other languages, and of YAML.
const HABITS: &[Row] = &[
    (
        "subject: subnet\nassert: subject.name = \"x\"",
        "=",
        "ends before this",
        "`==`",
    ),
    (
        "subject: subnet\nassert: subject.existing and subject.azure_dns",
        "and",
        "ends before this",
        "`&&`",
    ),
    (
        "subject: subnet\nassert: subject.name in [\"a\"]",
        "in",
        "ends before this",
        "`contains(list, x)`",
    ),
    (
        "subject: subnet\nassert: subject.name == 'x'",
        "'",
        "an expression is expected here",
        "double quotes",
    ),
    (
        "subject: security-rule\nforbid: {flows: {protocol: tcp}, verdict: decided}",
        "tcp",
        "unknown protocol",
        "`Tcp`",
    ),
    (
        "subject: security-rule\nforbid: {flows: {ports: https}, verdict: decided}",
        "https",
        "no port",
        "0 to 65535",
    ),
    (
        "subject: security-rule\nparameters: {ports: [1]}\nforbid: {flows: {ports: parameters.ports}, verdict: decided}",
        "parameters.ports",
        "no port",
        "\"${parameters.ports}\"",
    ),
    (
        "subject: public-ip\nassert: subject.tags.owner != null",
        "tags",
        "field of a public-ip",
        "tag(x, \"owner\")",
    ),
    (
        "subject: subnet\nassert: subject.network_security_group == \"web\"",
        "\"web\"",
        "never equals",
        "`name`",
    ),
    (
        "subject: subnet\nassert: subject.delegations == \"web\"",
        "\"web\"",
        "never equals",
        "`contains(list, x)`",
    ),
    (
        "subject: subnet\nassert: can(regex(\"[a-z\", subject.name))",
        "\"[a-z\"",
        "no regular expression",
        "",
    ),
    ("subject: subnet\n\tassert: 'true'", "\t", "a tab", "blanks"),
    (
        "subject: flow\nfrom: {subject: subnet, where: startswith(subject.name, \"web\")}",
        "",
        "not YAML",
        "within `{…}`",
    ),
];

#[test]
fn each_mistake_is_told_at_its_word_with_what_was_meant() {
    let tables = [
        KEYS, SUBJECTS, NAMES, TYPES, FUNCTIONS, CONTRACTS, TEXTS, HABITS,
    ];
    let mut wrong = Vec::new();
    for (clause, at, message, help) in tables.into_iter().flatten() {
        let head: String = HEAD
            .lines()
            .filter(|line| !clause.contains("severity:") || !line.starts_with("severity:"))
            .fold(String::new(), |all, line| all + line + "\n");
        let told = told(&format!("{head}{clause}\n"));
        let fits = |(place, said, meant): &(String, String, String)| {
            (at.is_empty() || place == at) && said.contains(message) && meant.contains(help)
        };
        if told.len() != 1 || !told.iter().all(fits) {
            wrong.push(format!(
                "{clause}\n    wanted {at} · {message} · {help}\n    told {told:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn all_mistakes_of_a_rule_are_told_at_once() {
    let text = "id: Mine\ntitle: T\ncategory: hygene\nsince: 0.1.0\nseverity: [{when: subject.a, is: note}, {is: bad}]\n\
                any-of:\n  - subject: subnets\n    each: {x: subject.rotes, y: x.b}\n    where: subject.c && lenght(subject.d) > covers(1)\n    \
                unless: subject.e\n    forbid:\n      flows: [{to: Interne, ports: 70000}, {protocol: X}]\n      verdict: alowed\n  \
                - {subject: route, assert: 'subject.f && subject.g == 1'}\nmessage: '{subject.h} {subject.i'\nwhy: W\nfix: F\n";
    let places: Vec<String> = told(text).into_iter().map(|(at, ..)| at).collect();
    for wanted in [
        "Mine", "hygene", "bad", "subnets", "rotes", "c", "lenght", "d", "e", "Interne", "70000",
        "X", "alowed", "f", "g",
    ] {
        assert!(places.iter().any(|at| at == wanted), "{wanted}: {places:?}");
    }
}
