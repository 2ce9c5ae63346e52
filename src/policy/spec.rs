//! The shape of a rule file: what is written, checked against the grammar, not yet against the
//! vocabulary.
//!
//! [`RuleSpec::read`] turns a YAML tree into a [`RuleSpec`]; [`super::pack`] compiles that into a
//! rule. Expressions are parsed here, with the places of their parts in the rule file.

mod examples;
mod expression;
mod reader;

use std::sync::Arc;

pub use examples::{Example, Examples, Expectation, Language};
pub use expression::ExprSource;
pub use reader::{Reader, Text, nearest};

use crate::diagnostic::Severity;
use crate::source::Span;
use crate::syntax::yaml::{Entry, Yaml, YamlKind};
use reader::find;

/// A rule as written.
#[derive(Clone, Debug)]
pub struct RuleSpec {
    /// The id, kebab case.
    pub id: Text,
    /// One line.
    pub title: Text,
    /// By consequence: one of [`CATEGORIES`].
    pub category: Text,
    /// The version that brought it.
    pub since: Text,
    /// How bad, by case; the first whose `when` is true.
    pub severity: Vec<SeverityCase>,
    /// What is wrong; at least one.
    pub clauses: Vec<ClauseSpec>,
    /// What is said, for clauses without a message of their own.
    pub message: Vec<Saying>,
    /// Sentences that follow the message.
    pub notes: Vec<Saying>,
    /// Further places.
    pub related: Vec<RelatedSpec>,
    /// Parameters and their defaults.
    pub parameters: Vec<ParameterSpec>,
    /// What becomes of undetermined judgements.
    pub undetermined: Undetermined,
    /// Earlier ids.
    pub formerly: Vec<Text>,
    /// Why it matters, Markdown.
    pub why: Text,
    /// How to mend it in general, Markdown.
    pub fix: Text,
    /// How to mend it here, with values filled in.
    pub suggest: Vec<Saying>,
    /// Sources.
    pub references: Vec<ReferenceSpec>,
    /// Controls of standards the rule serves.
    pub compliance: Vec<Text>,
    /// What must and must not be found.
    pub examples: Examples,
}

/// The categories of rules: by consequence.
pub const CATEGORIES: [&str; 9] = [
    "exposure",
    "reachability",
    "platform",
    "delivery",
    "licensing",
    "routing",
    "firewall",
    "correctness",
    "hygiene",
];

/// `{when: P, is: S}`
#[derive(Clone, Debug)]
pub struct SeverityCase {
    /// Absent: always.
    pub when: Option<ExprSource>,
    /// How bad.
    pub is: Severity,
}

/// A text with `{path}`s, said when its condition is true.
#[derive(Clone, Debug)]
pub struct Saying {
    /// Absent: always.
    pub when: Option<ExprSource>,
    /// The text.
    pub say: Text,
}

/// `{at: E, text: M}`
#[derive(Clone, Debug)]
pub struct RelatedSpec {
    /// An element, a field, or a list of them.
    pub at: ExprSource,
    /// What it is to the finding.
    pub text: Text,
    /// Absent: always.
    pub when: Option<ExprSource>,
}

/// A parameter that a configuration may set.
#[derive(Clone, Debug)]
pub struct ParameterSpec {
    /// Its name.
    pub name: Text,
    /// Its value when nobody sets it; it also tells the type.
    pub default: Yaml,
}

/// What becomes of undetermined judgements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undetermined {
    /// Findings of their own kind.
    Report,
    /// Only counted in the summary.
    Count,
}

/// A source of a rule.
#[derive(Clone, Debug)]
pub struct ReferenceSpec {
    /// What it is called.
    pub title: Text,
    /// Where it is.
    pub url: Text,
    /// Its date, `YYYY-MM-DD` or a part of it.
    pub date: Option<Text>,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct ClauseSpec {
    /// Its place.
    pub span: Span,
    /// The kind of element it is about.
    pub subject: Text,
    /// `NAME: E`: one judgement per element.
    pub each: Vec<(Text, ExprSource)>,
    /// Only subjects for which this is true.
    pub condition: Option<ExprSource>,
    /// Excused.
    pub unless: Option<ExprSource>,
    /// Not judged, and counted so, unless these hold.
    pub needs: Vec<NeedSpec>,
    /// What is wrong.
    pub body: BodySpec,
    /// What is said, instead of the rule's message.
    pub message: Vec<Saying>,
}

/// `{that: P, otherwise: TEXT}`
#[derive(Clone, Debug)]
pub struct NeedSpec {
    /// What must be true to judge at all.
    pub that: ExprSource,
    /// The reason given in the summary where it is not.
    pub otherwise: Text,
}

/// The four ways to say what is wrong.
#[derive(Clone, Debug)]
pub enum BodySpec {
    /// Predicates that must be true.
    Assert(Vec<AssertSpec>),
    /// No packet may do this.
    Forbid(Vec<ContractSpec>),
    /// Every packet must do this.
    Require(Vec<ContractSpec>),
    /// A named analysis.
    Analysis(Text),
}

/// `{that: P, message: M}`
#[derive(Clone, Debug)]
pub struct AssertSpec {
    /// False violates.
    pub that: ExprSource,
    /// What is said then.
    pub message: Option<Text>,
    /// What the finding points at, instead of what the predicate read: an element or field.
    pub at: Option<ExprSource>,
}

/// Flows and what happens to them.
#[derive(Clone, Debug)]
pub struct ContractSpec {
    /// Its place.
    pub span: Span,
    /// Which packets; at least one.
    pub flows: Vec<FlowSpecSource>,
    /// False: not this contract.
    pub when: Option<ExprSource>,
    /// Only packets of which this is true as well.
    pub given: Option<AnswerSpec>,
    /// What must not, or must, happen to them.
    pub answer: AnswerSpec,
}

/// `verdict by of`
#[derive(Clone, Debug)]
pub struct AnswerSpec {
    /// What happens.
    pub verdict: VerdictSpec,
    /// Where; absent: the subject's layer.
    pub by: Option<Layer>,
    /// To whom; absent: the subject.
    pub of: Option<ExprSource>,
    /// The place of the verdict.
    pub span: Span,
}

/// What happens to a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerdictSpec {
    /// The subject is what decides it.
    Decided,
    /// It passes.
    Allowed,
    /// It does not.
    Denied,
    /// Its next hop is of one of these kinds.
    RoutedTo(Vec<HopKind>),
}

/// A layer that decides on packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// One network security group.
    Nsg,
    /// All groups a subnet is behind.
    Subnet,
    /// All groups a network interface is behind: its own and its subnet's.
    NetworkInterface,
    /// An Azure Firewall.
    Firewall,
}

/// Kinds of next hops as rules name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum HopKind {
    Internet,
    VirtualNetwork,
    Peering,
    Gateway,
    AzureFirewall,
    Appliance,
    None,
    ServiceEndpoint,
}

/// The words for next hops.
pub const HOP_KINDS: [(&str, HopKind); 8] = [
    ("internet", HopKind::Internet),
    ("virtual-network", HopKind::VirtualNetwork),
    ("peering", HopKind::Peering),
    ("gateway", HopKind::Gateway),
    ("azure-firewall", HopKind::AzureFirewall),
    ("appliance", HopKind::Appliance),
    ("none", HopKind::None),
    ("service-endpoint", HopKind::ServiceEndpoint),
];

const LAYERS: [(&str, Layer); 4] = [
    ("nsg", Layer::Nsg),
    ("subnet", Layer::Subnet),
    ("network-interface", Layer::NetworkInterface),
    ("firewall", Layer::Firewall),
];

/// One value of a flow: as written, or computed.
#[derive(Clone, Debug)]
pub enum FlowValue {
    /// A literal.
    Literal(Text),
    /// `${E}`
    Expr(ExprSource),
}

/// A flow as written; what is empty is any.
#[derive(Clone, Debug, Default)]
pub struct FlowSpecSource {
    /// `Inbound`, `Outbound`; absent: the subject's.
    pub direction: Option<FlowValue>,
    /// Protocols.
    pub protocol: Vec<FlowValue>,
    /// Senders.
    pub from: Vec<FlowValue>,
    /// Receivers.
    pub to: Vec<FlowValue>,
    /// Receivers' ports.
    pub ports: Vec<FlowValue>,
    /// Senders' ports.
    pub source_ports: Vec<FlowValue>,
    /// More far addresses than this.
    pub wider_than: Option<FlowValue>,
}

const RULE_KEYS: [&str; 27] = [
    "id",
    "title",
    "category",
    "since",
    "severity",
    "any-of",
    "message",
    "notes",
    "related",
    "parameters",
    "undetermined",
    "formerly",
    "why",
    "fix",
    "suggest",
    "references",
    "compliance",
    "examples",
    "subject",
    "each",
    "where",
    "unless",
    "needs",
    "assert",
    "forbid",
    "require",
    "analysis",
];
const CLAUSE_KEYS: [&str; 10] = [
    "subject", "each", "where", "unless", "needs", "assert", "forbid", "require", "analysis",
    "message",
];

impl RuleSpec {
    /// Reads a rule; `None` where something that it cannot do without is missing, which
    /// `reader.diagnostics` tells.
    pub fn read(root: &Yaml, reader: &mut Reader<'_>) -> Option<Self> {
        let before = reader.diagnostics.len();
        let entries = reader.map(root, "a rule", &RULE_KEYS);
        let required = |reader: &mut Reader<'_>, key: &str| match find(entries, key) {
            Some(node) => reader.text(node, &format!("`{key}`")),
            None => {
                reader.error(top(root), format!("`{key}` is missing"));
                None
            }
        };
        let id = required(reader, "id");
        let title = required(reader, "title");
        let category = required(reader, "category");
        let since = required(reader, "since");
        let why = required(reader, "why");
        let fix = required(reader, "fix");
        if let Some(id) = &id {
            check_id(reader, id);
        }
        if let Some(category) = &category
            && !CATEGORIES.contains(&&*category.value)
        {
            reader.unknown_word(category.span, "category", &category.value, &CATEGORIES);
        }
        let severity = read_severity(root, entries, reader);
        let clauses = read_clauses(root, entries, reader);
        let analysis = clauses
            .iter()
            .all(|clause| matches!(clause.body, BodySpec::Analysis(_)));
        let undetermined = find(entries, "undetermined")
            .and_then(|node| {
                let words = [
                    ("report", Undetermined::Report),
                    ("count", Undetermined::Count),
                ];
                reader.word(node, "`undetermined`", &words)
            })
            .unwrap_or(if analysis && !clauses.is_empty() {
                Undetermined::Count
            } else {
                Undetermined::Report
            });
        let message = sayings(entries, "message", reader);
        let asserts_speak = clauses.iter().all(|clause| {
            !clause.message.is_empty()
                || matches!(&clause.body, BodySpec::Assert(all)
                    if all.iter().all(|one| one.message.is_some()))
        });
        if message.is_empty() && !asserts_speak {
            reader.error(top(root), "`message` is missing");
        }
        let references = read_references(root, entries, reader);
        let spec = Self {
            id: id?,
            title: title?,
            category: category?,
            since: since?,
            severity,
            clauses,
            message,
            notes: sayings(entries, "notes", reader),
            related: read_related(entries, reader),
            parameters: read_parameters(entries, reader),
            undetermined,
            formerly: texts(entries, "formerly", reader),
            why: why?,
            fix: fix?,
            suggest: sayings(entries, "suggest", reader),
            references,
            compliance: texts(entries, "compliance", reader),
            examples: Examples::read(find(entries, "examples"), reader),
        };
        (reader.diagnostics.len() == before).then_some(spec)
    }
}

/// Where a rule as a whole is complained about: its first key.
fn top(root: &Yaml) -> Span {
    root.entries()
        .and_then(|entries| entries.first())
        .map_or(root.span, |entry| entry.key_span)
}

fn check_id(reader: &mut Reader<'_>, id: &Text) {
    let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !id.value.chars().all(kebab) || !id.value.starts_with(|c: char| c.is_ascii_lowercase()) {
        let message = "an id is lower-case words joined by `-`";
        reader.error(id.span, message);
    }
}

const SEVERITIES: [(&str, Severity); 3] = [
    ("error", Severity::Error),
    ("warning", Severity::Warning),
    ("note", Severity::Note),
];

fn read_severity(root: &Yaml, entries: &[Entry], reader: &mut Reader<'_>) -> Vec<SeverityCase> {
    let Some(node) = find(entries, "severity") else {
        reader.error(top(root), "`severity` is missing");
        return Vec::new();
    };
    if !matches!(node.kind, YamlKind::List(_)) {
        let is = reader.word(node, "severity", &SEVERITIES);
        return is
            .map(|is| SeverityCase { when: None, is })
            .into_iter()
            .collect();
    }
    let mut cases = Vec::new();
    for item in reader.list(node, "`severity`") {
        let entries = reader.map(item, "a severity", &["when", "is"]);
        let when = find(entries, "when").and_then(|node| ExprSource::read(node, reader));
        match find(entries, "is") {
            Some(node) => {
                if let Some(is) = reader.word(node, "severity", &SEVERITIES) {
                    cases.push(SeverityCase { when, is });
                }
            }
            None => reader.error(item.span, "`is` is missing"),
        }
    }
    match cases.last() {
        Some(last) if last.when.is_some() => {
            reader.error(node.span, "the last severity must have no `when`");
        }
        _ => {}
    }
    cases
}

fn read_clauses(root: &Yaml, entries: &[Entry], reader: &mut Reader<'_>) -> Vec<ClauseSpec> {
    let Some(any_of) = entries.iter().find(|entry| &*entry.key == "any-of") else {
        return ClauseSpec::read(root, entries, true, reader)
            .into_iter()
            .collect();
    };
    for entry in entries {
        if &*entry.key != "message" && CLAUSE_KEYS.contains(&&*entry.key) {
            let message = format!("`{}` belongs into a clause of `any-of`", entry.key);
            reader.error(entry.key_span, message);
        }
    }
    let items = reader.list(&any_of.value, "`any-of`");
    if items.is_empty() {
        reader.error(any_of.key_span, "`any-of` names no clause");
    }
    items
        .iter()
        .filter_map(|item| {
            let entries = reader.map(item, "a clause", &CLAUSE_KEYS);
            ClauseSpec::read(item, entries, false, reader)
        })
        .collect()
}

impl ClauseSpec {
    fn read(node: &Yaml, entries: &[Entry], inline: bool, reader: &mut Reader<'_>) -> Option<Self> {
        let span = if inline { top(node) } else { node.span };
        let subject = match find(entries, "subject") {
            Some(node) => reader.text(node, "`subject`"),
            None => {
                reader.error(span, "`subject` is missing");
                None
            }
        };
        let mut each = Vec::new();
        if let Some(node) = find(entries, "each") {
            match node.entries() {
                Some(bindings) => {
                    for binding in bindings {
                        let name = Text {
                            value: Arc::clone(&binding.key),
                            span: binding.key_span,
                        };
                        if let Some(relation) = ExprSource::read(&binding.value, reader) {
                            each.push((name, relation));
                        }
                    }
                }
                None => reader.error(node.span, "`each` must be a map `NAME: relation`"),
            }
        }
        let mut needs = Vec::new();
        if let Some(node) = find(entries, "needs") {
            for item in one_or_many(node) {
                let entries = reader.map(item, "a need", &["that", "otherwise"]);
                let that = find(entries, "that").and_then(|node| ExprSource::read(node, reader));
                let otherwise =
                    find(entries, "otherwise").and_then(|node| reader.text(node, "`otherwise`"));
                match (that, otherwise) {
                    (Some(that), Some(otherwise)) => needs.push(NeedSpec { that, otherwise }),
                    _ => reader.error(item.span, "a need is `{that: P, otherwise: TEXT}`"),
                }
            }
        }
        let condition = find(entries, "where").and_then(|node| ExprSource::read(node, reader));
        let unless = find(entries, "unless").and_then(|node| ExprSource::read(node, reader));
        let body = read_body(span, entries, reader);
        let message = if inline {
            Vec::new()
        } else {
            sayings(entries, "message", reader)
        };
        Some(Self {
            span,
            subject: subject?,
            each,
            condition,
            unless,
            needs,
            body: body?,
            message,
        })
    }
}

fn read_body(span: Span, entries: &[Entry], reader: &mut Reader<'_>) -> Option<BodySpec> {
    const BODIES: [&str; 4] = ["assert", "forbid", "require", "analysis"];
    let mut found = entries.iter().filter(|entry| BODIES.contains(&&*entry.key));
    let Some(entry) = found.next() else {
        reader.error(
            span,
            "one of `assert`, `forbid`, `require`, `analysis` is missing",
        );
        return None;
    };
    if let Some(second) = found.next() {
        let message = format!("`{}` and `{}` in one clause", entry.key, second.key);
        reader.error_with_help(second.key_span, message, "use `any-of` with two clauses");
    }
    let node = &entry.value;
    Some(match &*entry.key {
        "assert" => BodySpec::Assert(read_asserts(node, reader)),
        "forbid" => BodySpec::Forbid(read_contracts(node, reader)),
        "require" => BodySpec::Require(read_contracts(node, reader)),
        _ => BodySpec::Analysis(reader.text(node, "`analysis`")?),
    })
}

fn read_asserts(node: &Yaml, reader: &mut Reader<'_>) -> Vec<AssertSpec> {
    if !matches!(node.kind, YamlKind::List(_) | YamlKind::Map(_))
        || node.style == crate::syntax::yaml::Style::Flow
    {
        let that = ExprSource::read(node, reader);
        return that
            .map(|that| AssertSpec {
                that,
                message: None,
                at: None,
            })
            .into_iter()
            .collect();
    }
    let mut asserts = Vec::new();
    for item in one_or_many(node) {
        if item.entries().is_none() {
            asserts.extend(ExprSource::read(item, reader).map(|that| AssertSpec {
                that,
                message: None,
                at: None,
            }));
            continue;
        }
        let entries = reader.map(item, "an assertion", &["that", "message", "at"]);
        let that = find(entries, "that").and_then(|node| ExprSource::read(node, reader));
        let message = find(entries, "message").and_then(|node| reader.text(node, "`message`"));
        let at = find(entries, "at").and_then(|node| ExprSource::read(node, reader));
        match that {
            Some(that) => asserts.push(AssertSpec { that, message, at }),
            None => reader.error(item.span, "`that` is missing"),
        }
    }
    asserts
}

fn read_contracts(node: &Yaml, reader: &mut Reader<'_>) -> Vec<ContractSpec> {
    let mut contracts = Vec::new();
    for item in one_or_many(node) {
        const KEYS: [&str; 6] = ["flows", "when", "given", "verdict", "by", "of"];
        let entries = reader.map(item, "a contract", &KEYS);
        let flows = match find(entries, "flows") {
            Some(node) => one_or_many(node)
                .iter()
                .map(|item| FlowSpecSource::read(item, reader))
                .collect(),
            None => vec![FlowSpecSource::default()],
        };
        let when = find(entries, "when").and_then(|node| ExprSource::read(node, reader));
        let given = find(entries, "given").and_then(|node| {
            let entries = reader.map(node, "`given`", &["verdict", "by", "of"]);
            AnswerSpec::read(node.span, entries, reader)
        });
        if let Some(answer) = AnswerSpec::read(item.span, entries, reader) {
            contracts.push(ContractSpec {
                span: item.span,
                flows,
                when,
                given,
                answer,
            });
        }
    }
    contracts
}

impl AnswerSpec {
    fn read(span: Span, entries: &[Entry], reader: &mut Reader<'_>) -> Option<Self> {
        let Some(node) = find(entries, "verdict") else {
            reader.error(span, "`verdict` is missing");
            return None;
        };
        let verdict = if node.entries().is_some() {
            let entries = reader.map(node, "a verdict", &["routed-to"]);
            let kinds = find(entries, "routed-to").map(one_or_many).unwrap_or(&[]);
            let kinds = kinds
                .iter()
                .filter_map(|kind| reader.word(kind, "next hop", &HOP_KINDS))
                .collect();
            VerdictSpec::RoutedTo(kinds)
        } else {
            const WORDS: [(&str, u8); 3] = [("decided", 0), ("allowed", 1), ("denied", 2)];
            match reader.word(node, "verdict", &WORDS)? {
                0 => VerdictSpec::Decided,
                1 => VerdictSpec::Allowed,
                _ => VerdictSpec::Denied,
            }
        };
        Some(Self {
            verdict,
            by: find(entries, "by").and_then(|node| reader.word(node, "layer", &LAYERS)),
            of: find(entries, "of").and_then(|node| ExprSource::read(node, reader)),
            span: node.span,
        })
    }
}

impl FlowSpecSource {
    /// The keys of a flow.
    pub const KEYS: [&'static str; 7] = [
        "direction",
        "protocol",
        "from",
        "to",
        "ports",
        "source-ports",
        "wider-than",
    ];

    fn read(node: &Yaml, reader: &mut Reader<'_>) -> Self {
        let mut flow = Self::default();
        for entry in reader.map(node, "a flow", &Self::KEYS) {
            let values = one_or_many(&entry.value)
                .iter()
                .filter_map(|node| FlowValue::read(node, &entry.key, reader))
                .collect();
            flow.set(&entry.key, values);
        }
        flow
    }

    /// Sets one key; `false` if there is no such key.
    pub fn set(&mut self, key: &str, values: Vec<FlowValue>) -> bool {
        match key {
            "direction" => self.direction = values.into_iter().next(),
            "protocol" => self.protocol = values,
            "from" => self.from = values,
            "to" => self.to = values,
            "ports" => self.ports = values,
            "source-ports" => self.source_ports = values,
            "wider-than" => self.wider_than = values.into_iter().next(),
            _ => return false,
        }
        true
    }
}

impl FlowValue {
    fn read(node: &Yaml, key: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, &format!("`{key}`"))?;
        let inner = text
            .value
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'));
        match inner {
            Some(_) => ExprSource::read_interpolation(node, reader).map(Self::Expr),
            None => Some(Self::Literal(text)),
        }
    }
}

fn one_or_many(node: &Yaml) -> &[Yaml] {
    match &node.kind {
        YamlKind::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}

fn texts(entries: &[Entry], key: &str, reader: &mut Reader<'_>) -> Vec<Text> {
    find(entries, key)
        .map(one_or_many)
        .unwrap_or(&[])
        .iter()
        .filter_map(|node| reader.text(node, &format!("`{key}`")))
        .collect()
}

fn sayings(entries: &[Entry], key: &str, reader: &mut Reader<'_>) -> Vec<Saying> {
    let mut sayings = Vec::new();
    for node in find(entries, key).map(one_or_many).unwrap_or(&[]) {
        if node.entries().is_none() {
            let say = reader.text(node, &format!("`{key}`"));
            sayings.extend(say.map(|say| Saying { when: None, say }));
            continue;
        }
        let entries = reader.map(node, &format!("`{key}`"), &["when", "say"]);
        let when = find(entries, "when").and_then(|node| ExprSource::read(node, reader));
        match find(entries, "say").and_then(|node| reader.text(node, "`say`")) {
            Some(say) => sayings.push(Saying { when, say }),
            None => reader.error(node.span, "`say` is missing"),
        }
    }
    sayings
}

fn read_related(entries: &[Entry], reader: &mut Reader<'_>) -> Vec<RelatedSpec> {
    let mut all = Vec::new();
    for node in find(entries, "related").map(one_or_many).unwrap_or(&[]) {
        let entries = reader.map(node, "a related place", &["at", "text", "when"]);
        let at = find(entries, "at").and_then(|node| ExprSource::read(node, reader));
        let text = find(entries, "text").and_then(|node| reader.text(node, "`text`"));
        let when = find(entries, "when").and_then(|node| ExprSource::read(node, reader));
        match (at, text) {
            (Some(at), Some(text)) => all.push(RelatedSpec { at, text, when }),
            _ => reader.error(node.span, "a related place is `{at: E, text: M}`"),
        }
    }
    all
}

fn read_parameters(entries: &[Entry], reader: &mut Reader<'_>) -> Vec<ParameterSpec> {
    let Some(node) = find(entries, "parameters") else {
        return Vec::new();
    };
    let Some(parameters) = node.entries() else {
        reader.error(
            node.span,
            "`parameters` must be a map of names and defaults",
        );
        return Vec::new();
    };
    parameters
        .iter()
        .map(|entry| ParameterSpec {
            name: Text {
                value: Arc::clone(&entry.key),
                span: entry.key_span,
            },
            default: entry.value.clone(),
        })
        .collect()
}

fn read_references(root: &Yaml, entries: &[Entry], reader: &mut Reader<'_>) -> Vec<ReferenceSpec> {
    let Some(node) = find(entries, "references") else {
        reader.error(top(root), "`references` is missing");
        return Vec::new();
    };
    let mut all = Vec::new();
    for item in reader.list(node, "`references`") {
        let entries = reader.map(item, "a reference", &["title", "url", "date"]);
        let title = find(entries, "title").and_then(|node| reader.text(node, "`title`"));
        let url = find(entries, "url").and_then(|node| reader.text(node, "`url`"));
        let date = find(entries, "date").and_then(|node| reader.text(node, "`date`"));
        match (title, url) {
            (Some(title), Some(url)) => all.push(ReferenceSpec { title, url, date }),
            _ => reader.error(item.span, "a reference has a `title` and a `url`"),
        }
    }
    all
}
