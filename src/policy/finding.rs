//! What a rule says about a network, and how it becomes one finding per authored mistake.

use std::sync::Arc;

use crate::diagnostic::{Label, Severity};
use crate::semantics::packet::Flow;
use crate::source::Span;

/// How certain a judgement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingVerdict {
    /// Some inputs are missing; the finding names them.
    Undetermined,
    /// Bad in every world.
    Violated,
}

/// One hop from what decides to where it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelatedPlace {
    /// Where.
    pub span: Span,
    /// What it is, for people: `passed as var.rules`, `route to 10.0.0.4`, `hidden by deny-all`.
    pub text: String,
}

/// An input that would settle an undetermined judgement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissingInput {
    /// What is missing: `var.prefix`, `the subscription's offer`.
    pub what: String,
    /// Where it is declared, or used when it is declared nowhere.
    pub place: Option<Span>,
    /// What to do: `give it a value in a tfvars file`.
    pub settle: String,
}

/// One instance of a finding: the same authored mistake in one deployment, for one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// The deployment's name.
    pub deployment: Arc<str>,
    /// The resource's address.
    pub resource: Arc<str>,
    /// How certain.
    pub verdict: FindingVerdict,
    /// A packet that proves it, where the rule is about packets.
    pub witness: Option<Flow>,
}

/// What a rule said about one subject of one deployment, with every place flattened to spans.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The rule's id.
    pub rule: Arc<str>,
    /// Which clause of the rule, from 0, and a word that tells apart kinds of trouble within it.
    pub clause: u32,
    /// How certain.
    pub verdict: FindingVerdict,
    /// How bad.
    pub severity: Severity,
    /// What is wrong, with values filled in.
    pub message: String,
    /// How to mend it here, with values filled in.
    pub fix: Option<String>,
    /// The line to look at; a judgement without one cannot be built.
    pub primary: Label,
    /// The deciding literals (when the primary is the element around them) and every hop.
    pub related: Vec<RelatedPlace>,
    /// The deployment and resource judged.
    pub instance: Instance,
    /// The resource's name without index or key, for the fingerprint.
    pub resource_name: Arc<str>,
    /// The name of the security rule that decides, where one does.
    pub security_rule: Option<Arc<str>>,
    /// What would settle it, for undetermined ones.
    pub unknowns: Vec<MissingInput>,
}

/// One authored mistake.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule's id.
    pub rule: Arc<str>,
    /// Violated beats undetermined.
    pub verdict: FindingVerdict,
    /// The highest of its instances.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// How to mend it here.
    pub fix: Option<String>,
    /// The line to look at.
    pub primary: Label,
    /// Further places, in reading order.
    pub related: Vec<RelatedPlace>,
    /// The address of the first instance.
    pub resource: Arc<str>,
    /// The name of the security rule that decides, where one does.
    pub security_rule: Option<Arc<str>>,
    /// The first instance's witness.
    pub witness: Option<Flow>,
    /// 64 hexadecimal digits; survives moved lines and other witnesses.
    pub fingerprint: String,
    /// Every instance, sorted.
    pub instances: Vec<Instance>,
    /// What would settle it.
    pub unknowns: Vec<MissingInput>,
}
