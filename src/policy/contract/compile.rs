//! Contracts as written to contracts that can be computed.

use super::flow::{Addresses, FlowNode, PROTOCOLS, Ports, Width};
use crate::model::address::AddressPrefix;
use crate::model::nsg::Direction;
use crate::model::platform::PlatformFacts;
use crate::policy::datum::{parse_address, parse_ports};
use crate::policy::expr::{Compiled, Compiler};
use crate::policy::spec::{
    AnswerSpec, ContractSpec, FlowSpecSource, FlowValue, Layer, Reader, VerdictSpec, nearest,
};
use crate::policy::vocabulary::{Item, Kind, Ty};
use crate::source::Span;

/// A contract, checked.
#[derive(Clone, Debug)]
pub(crate) struct CompiledContract {
    pub(crate) flows: Vec<FlowNode>,
    pub(crate) when: Option<Compiled>,
    pub(crate) given: Option<CompiledAnswer>,
    pub(crate) answer: CompiledAnswer,
    /// It is about two elements: the subject sends, the first bound element receives.
    pub(crate) of_pair: bool,
}

/// A verdict of a layer, checked.
#[derive(Clone, Debug)]
pub(crate) struct CompiledAnswer {
    pub(crate) verdict: VerdictSpec,
    pub(crate) by: Option<Layer>,
    pub(crate) of: Option<Compiled>,
    /// Read so that user-defined routes widen `VirtualNetwork`.
    pub(crate) widened: bool,
}

impl CompiledContract {
    /// `None` after telling what is wrong.
    pub(crate) fn new(
        spec: &ContractSpec,
        (kind, receiver): (Kind, Option<Kind>),
        facts: &PlatformFacts,
        compiler: &mut Compiler<'_, '_>,
    ) -> Option<Self> {
        let before = compiler.reader.diagnostics.len();
        let flows: Vec<FlowNode> = spec
            .flows
            .iter()
            .map(|flow| FlowNode::new(flow, facts, compiler))
            .collect();
        let of_allowed = matches!(
            spec.answer.verdict,
            VerdictSpec::Allowed | VerdictSpec::Unreadable
        );
        if flows.iter().any(|flow| flow.together) && !of_allowed {
            let message = "`wider-together-than` is of what is `allowed`";
            compiler.reader.error(spec.answer.span, message);
        }
        let when = spec.when.as_ref().and_then(|when| compiler.predicate(when));
        let given = spec
            .given
            .as_ref()
            .map(|given| CompiledAnswer::new(given, kind, compiler));
        let answer = CompiledAnswer::new(&spec.answer, kind, compiler);
        if spec.answer.verdict == VerdictSpec::Delivered {
            delivered(spec, (kind, receiver), compiler);
        }
        (compiler.reader.diagnostics.len() == before).then_some(Self {
            flows,
            when,
            given,
            answer,
            of_pair: receiver.is_some(),
        })
    }
}

/// What a whole path can be asked.
fn delivered(
    spec: &ContractSpec,
    (kind, receiver): (Kind, Option<Kind>),
    compiler: &mut Compiler<'_, '_>,
) {
    let mut wrong = |message: String| compiler.reader.error(spec.answer.span, message);
    let answer = &spec.answer;
    if answer.by.is_some() || answer.of.is_some() || answer.widened || spec.given.is_some() {
        wrong(
            "`delivered` is of the whole path: `by`, `of`, `given` and `reading` have no meaning"
                .into(),
        );
    }
    for (kind, sends) in [(Some(kind), true), (receiver, false)] {
        if let Some(kind) = kind
            && !super::is_end(kind, sends && receiver.is_some())
        {
            let what = if sends { "sends" } else { "receives" };
            wrong(format!(
                "a {} is nothing that {what} packets",
                kind.spec().name
            ));
        }
    }
    for flow in &spec.flows {
        if flow.wider_than.is_some() || flow.wider_together_than.is_some() {
            wrong("`delivered` is of single packets, not of how many addresses".into());
        }
        let (from, to) = (flow.from.is_empty(), flow.to.is_empty());
        match (receiver, from, to) {
            (Some(_), false, _) | (Some(_), _, false) => {
                wrong(
                    "the ends of a pair are its `from` and `to`; a flow of it names neither".into(),
                );
            }
            (None, true, true) => {
                wrong("name the other end: `from` or `to` of the flow".into());
            }
            (None, false, false) => {
                wrong("the subject is one end: name only the other, `from` or `to`".into());
            }
            _ => {}
        }
    }
}

impl CompiledAnswer {
    fn new(spec: &AnswerSpec, kind: Kind, compiler: &mut Compiler<'_, '_>) -> Self {
        let of = spec.of.as_ref().and_then(|of| compiler.expression(of));
        let asked = match of.as_ref().map(|of| of.ty) {
            Some(Ty::One(Item::Element(kind)) | Ty::List(Item::Element(kind))) => Some(kind),
            Some(Ty::One(Item::Any) | Ty::List(Item::Any)) => None,
            Some(other) => {
                let found = other.describe();
                let message = format!("`of` names elements of the network, not {found}");
                compiler.reader.error(spec.span, message);
                None
            }
            None => Some(kind),
        };
        if spec.by.is_some()
            && matches!(
                spec.verdict,
                VerdictSpec::Decided | VerdictSpec::RoutedTo(_)
            )
        {
            let message = "`by` names who lets packets through: of `allowed` and `denied` only";
            compiler.reader.error(spec.span, message);
        }
        if let Some(asked) = asked
            && spec.of.is_none() == of.is_none()
            && !answers(&spec.verdict, spec.by, asked)
        {
            let message = format!(
                "a {} has no such verdict; name with `of` who decides",
                asked.spec().name
            );
            compiler.reader.error(spec.span, message);
        }
        Self {
            verdict: spec.verdict.clone(),
            by: spec.by,
            of,
            widened: spec.widened,
        }
    }
}

/// Whether an element of a kind can give an answer.
fn answers(verdict: &VerdictSpec, by: Option<Layer>, kind: Kind) -> bool {
    match verdict {
        VerdictSpec::Decided => matches!(
            kind,
            Kind::SecurityRule
                | Kind::FirewallRule
                | Kind::FirewallNetworkRule
                | Kind::FirewallNatRule
                | Kind::FirewallApplicationRule
        ),
        VerdictSpec::RoutedTo(_) => matches!(kind, Kind::Subnet | Kind::NetworkInterface),
        // Told apart where the whole path is checked.
        VerdictSpec::Delivered | VerdictSpec::Unreadable => true,
        VerdictSpec::Allowed | VerdictSpec::Denied => match by.or_else(|| super::layer_of(kind)) {
            Some(Layer::Nsg) => matches!(kind, Kind::Nsg | Kind::SecurityRule),
            Some(Layer::Subnet) => matches!(kind, Kind::Subnet | Kind::NetworkInterface),
            Some(Layer::NetworkInterface) => kind == Kind::NetworkInterface,
            Some(Layer::Firewall) => kind == Kind::Firewall,
            None => false,
        },
    }
}

impl FlowNode {
    /// Checks a flow; what is wrong is told and left out.
    pub(crate) fn new(
        spec: &FlowSpecSource,
        facts: &PlatformFacts,
        compiler: &mut Compiler<'_, '_>,
    ) -> Self {
        let mut node = Self::default();
        match &spec.direction {
            Some(FlowValue::Literal(text)) => match &*text.value {
                "Inbound" => node.direction = Some(Direction::Inbound),
                "Outbound" => node.direction = Some(Direction::Outbound),
                other => {
                    let known = ["Inbound", "Outbound"];
                    compiler
                        .reader
                        .unknown_word(text.span, "direction", other, &known);
                }
            },
            Some(FlowValue::Expr(expr)) => {
                node.direction_of = compiler.expression(expr);
                let message = "a direction is `Inbound` or `Outbound`";
                of_words(node.direction_of.as_ref(), expr.span, message, compiler);
            }
            None => {}
        }
        for value in &spec.protocol {
            node.protocol(value, compiler);
        }
        node.from = addresses(&spec.from, facts, compiler);
        node.to = addresses(&spec.to, facts, compiler);
        node.ports = ports(&spec.ports, compiler);
        node.source_ports = ports(&spec.source_ports, compiler);
        node.together = spec.wider_together_than.is_some();
        let width = spec
            .wider_than
            .as_ref()
            .or(spec.wider_together_than.as_ref());
        node.wider_than = match width {
            Some(FlowValue::Literal(text)) => match text.value.parse() {
                Ok(number) if number >= 0 => Some(Width::Number(number)),
                _ => {
                    let message = "a number of addresses is expected";
                    compiler.reader.error(text.span, message);
                    None
                }
            },
            Some(FlowValue::Expr(expr)) => compiler.expression(expr).and_then(|computed| {
                let fits = matches!(computed.ty, Ty::One(Item::Number | Item::Any));
                if !fits {
                    let found = computed.ty.describe();
                    let message = format!("a number of addresses is expected, not {found}");
                    compiler.reader.error(expr.span, message);
                }
                fits.then_some(Width::Computed(computed))
            }),
            None => None,
        };
        node
    }

    fn protocol(&mut self, value: &FlowValue, compiler: &mut Compiler<'_, '_>) {
        match value {
            FlowValue::Literal(text) => {
                let found = PROTOCOLS.iter().find(|(word, _)| *word == &*text.value);
                match found {
                    Some((_, protocol)) => self.protocols.extend(*protocol),
                    None => {
                        let known: Vec<&str> = PROTOCOLS.iter().map(|(word, _)| *word).collect();
                        compiler
                            .reader
                            .unknown_word(text.span, "protocol", &text.value, &known);
                    }
                }
            }
            FlowValue::Expr(expr) => {
                let compiled = compiler.expression(expr);
                let message = "a protocol is `Tcp`, `Udp`, …";
                of_words(compiled.as_ref(), expr.span, message, compiler);
                self.protocols_of.extend(compiled);
            }
        }
    }
}

/// Tells where an expression is certainly no word.
fn of_words(
    compiled: Option<&Compiled>,
    span: Span,
    message: &str,
    compiler: &mut Compiler<'_, '_>,
) {
    let Some(Ty::One(item) | Ty::List(item)) = compiled.map(|compiled| compiled.ty) else {
        return;
    };
    if !matches!(item, Item::Word(_) | Item::Text | Item::Any) {
        compiler.reader.error(span, message);
    }
}

fn addresses(
    values: &[FlowValue],
    facts: &PlatformFacts,
    compiler: &mut Compiler<'_, '_>,
) -> Vec<Addresses> {
    let mut all = Vec::new();
    for value in values {
        match value {
            FlowValue::Expr(expr) => {
                let Some(compiled) = compiler.expression(expr) else {
                    continue;
                };
                let (Ty::One(item) | Ty::List(item)) = compiled.ty;
                if !matches!(item, Item::Address | Item::Text | Item::Any) {
                    let found = compiled.ty.describe();
                    let message = format!("addresses are expected, not {found}");
                    compiler.reader.error(expr.span, message);
                }
                all.push(Addresses::Computed(compiled));
            }
            FlowValue::Literal(text) => {
                let word = &*text.value;
                let named = word == "kms" || facts.named_sets.iter().any(|set| &*set.name == word);
                if named {
                    all.push(Addresses::NamedSet(word.into()));
                    continue;
                }
                match wrong_address(word, facts) {
                    Some(wrong) => wrong.tell(text.span, compiler.reader),
                    None => all.extend(parse_address(word).map(Addresses::Prefix)),
                }
            }
        }
    }
    all
}

fn ports(values: &[FlowValue], compiler: &mut Compiler<'_, '_>) -> Vec<Ports> {
    let mut all = Vec::new();
    for value in values {
        match value {
            FlowValue::Expr(expr) => {
                let Some(compiled) = compiler.expression(expr) else {
                    continue;
                };
                let (Ty::One(item) | Ty::List(item)) = compiled.ty;
                if !matches!(item, Item::Ports | Item::Number | Item::Text | Item::Any) {
                    let found = compiled.ty.describe();
                    let message = format!("ports are expected, not {found}");
                    compiler.reader.error(expr.span, message);
                }
                all.push(Ports::Computed(compiled));
            }
            FlowValue::Literal(text) => match parse_ports(&text.value) {
                Some(range) => all.push(Ports::Range(range)),
                None => {
                    let message = format!("`{}` is no port", text.value);
                    let help = match text.value.contains('.') {
                        true => format!("the value of an expression is `\"${{{}}}\"`", text.value),
                        false => "a number from 0 to 65535, or a range: `8080-8090`".to_owned(),
                    };
                    compiler.reader.error_with_help(text.span, message, help);
                }
            },
        }
    }
    all
}

/// Why a text is no address; `None`: it is one, a service tag, or a named set.
pub(crate) fn wrong_address<'t>(
    word: &'t str,
    facts: &'t PlatformFacts,
) -> Option<WrongAddress<'t>> {
    let is_set = word == "kms" || facts.named_sets.iter().any(|set| &*set.name == word);
    let known = || {
        let sets = facts.named_sets.iter().map(|set| &*set.name);
        let tags = facts.tags.iter().map(|row| &*row.name);
        sets.chain(tags).chain(["kms"]).collect()
    };
    match parse_address(word) {
        _ if is_set => None,
        Some(AddressPrefix::Tag(tag)) if !knows_tag(facts, tag.name()) => Some(WrongAddress {
            word,
            known: known(),
        }),
        Some(AddressPrefix::Range(first, last))
            if first.is_ipv4() != last.is_ipv4() || first > last =>
        {
            let known = Vec::new();
            Some(WrongAddress { word, known })
        }
        Some(_) => None,
        None => Some(WrongAddress {
            word,
            known: Vec::new(),
        }),
    }
}

/// A text where an address is expected.
#[derive(Debug)]
pub(crate) struct WrongAddress<'t> {
    word: &'t str,
    /// What it may have been meant to be.
    known: Vec<&'t str>,
}

impl WrongAddress<'_> {
    pub(crate) fn tell(&self, span: Span, reader: &mut Reader<'_>) {
        let word = self.word;
        match nearest(word, self.known.iter().copied()) {
            Some(near) => {
                let help = format!("did you mean `{near}`?");
                reader.error_with_help(span, format!("unknown address `{word}`"), help);
            }
            None => {
                let help =
                    "an address, a block, a range, a service tag, or a named set such as `public`";
                reader.error_with_help(span, format!("`{word}` is no address"), help);
            }
        }
    }
}

/// Whether the platform table has a tag, or the one a regional tag belongs to.
fn knows_tag(facts: &PlatformFacts, name: &str) -> bool {
    let base = name.split_once('.').map_or(name, |(base, _)| base);
    facts.tags.iter().any(|row| {
        row.name.eq_ignore_ascii_case(name)
            || row
                .formerly
                .iter()
                .any(|old| old.eq_ignore_ascii_case(name))
            || (row.regional && row.name.eq_ignore_ascii_case(base))
    })
}
