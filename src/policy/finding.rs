//! What a rule says about a network, and how it becomes one finding per authored mistake.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::environments::Environments;
pub use super::environments::Extent;
use crate::diagnostic::{Label, Severity};
use crate::semantics::packet::Flow;
use crate::source::{SourceMap, Span};

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
    /// What tells it from other deployments of the same template; [`merge`] fills it in.
    pub environment: Option<Arc<str>>,
    /// The resource's address.
    pub resource: Arc<str>,
    /// What the resource is called in the source that its file was compiled from, with the way
    /// there: `module hub (hub.bicep) › resource nsg`.
    pub source: Option<Arc<str>>,
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
    /// Which demand of the clause, if that says in words of its own what is wrong.
    pub demand: Option<u32>,
    /// The literals that the item of a list it is about was typed as; none: it is about no item.
    pub item: Vec<Span>,
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
    /// The kind of what was judged: `security-rule`, `subnet`.
    pub resource_kind: Arc<str>,
    /// The resource's address without index or key, for the fingerprint.
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
    /// Where a template has several environments: in which of them it holds.
    pub environments: Vec<Extent>,
    /// What would settle it.
    pub unknowns: Vec<MissingInput>,
}

/// Makes one finding of every authored mistake, sorted by place, rule and resource.
///
/// Violated judgements of one rule at one place about one security rule are one finding, with an
/// instance for each, unless they say different things in words of their own or are about items of a
/// list typed side by side; an undetermined one at such a place is an instance of it. The other
/// undetermined ones are put together by rule, template and the input they miss, since one answer
/// settles them all: the places of the others are related ones.
#[must_use]
pub fn merge(
    mut judgements: Vec<Judgement>,
    environments: &Environments,
    sources: &SourceMap,
) -> Vec<Finding> {
    judgements.sort_by_cached_key(order);
    let mut violated: BTreeMap<PlaceKey, Vec<Judgement>> = BTreeMap::new();
    let mut open: Vec<Judgement> = Vec::new();
    for judgement in judgements {
        match judgement.verdict {
            FindingVerdict::Violated => {
                let key = PlaceKey::of(&judgement);
                violated.entry(key).or_default().push(judgement);
            }
            FindingVerdict::Undetermined => open.push(judgement),
        }
    }
    let mut undetermined: BTreeMap<InputKey, Vec<Judgement>> = BTreeMap::new();
    for judgement in open {
        match violated.get_mut(&PlaceKey::of(&judgement)) {
            Some(group) => group.push(judgement),
            None => {
                let key = InputKey::of(&judgement, environments);
                undetermined.entry(key).or_default().push(judgement);
            }
        }
    }
    // Several questions about the same places are one, with several inputs missing.
    let mut questions: BTreeMap<(Arc<str>, BTreeSet<PlaceKey>), Vec<Judgement>> = BTreeMap::new();
    for (key, group) in undetermined {
        let places = group.iter().map(PlaceKey::of).collect();
        let question = questions.entry((key.family, places)).or_default();
        question.extend(group);
        question.sort_by_key(order);
    }
    let groups = violated.into_values().chain(questions.into_values());
    let mut findings: Vec<(Finding, String)> = groups
        .filter_map(|group| finding(group, environments, sources))
        .collect();
    findings.sort_by(|(a, _), (b, _)| {
        let key = |finding: &Finding| {
            (
                finding.primary.span,
                Arc::clone(&finding.rule),
                Arc::clone(&finding.resource),
            )
        };
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    findings
        .into_iter()
        .map(|(mut finding, identity)| {
            let ordinal = seen.entry(identity.clone()).or_default();
            finding.fingerprint = hash(&identity, *ordinal);
            *ordinal += 1;
            finding
        })
        .collect()
}

/// What makes violated judgements one mistake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PlaceKey {
    rule: Arc<str>,
    span: Span,
    security_rule: Option<Arc<str>>,
    /// Clause and demand, where a demand has words of its own: nothing else tells its trouble.
    demand: Option<(u32, u32)>,
    /// Items of a list are mistakes of their own, though one block around them is the place of all.
    item: Vec<Span>,
}

impl PlaceKey {
    fn of(judgement: &Judgement) -> Self {
        Self {
            rule: Arc::clone(&judgement.rule),
            span: judgement.primary.span,
            security_rule: judgement.security_rule.clone(),
            demand: judgement.demand.map(|demand| (judgement.clause, demand)),
            item: judgement.item.clone(),
        }
    }
}

/// What makes undetermined judgements one question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct InputKey {
    rule: Arc<str>,
    /// The deployment, or the template of several.
    family: Arc<str>,
    input: Option<(String, Option<Span>)>,
    /// Where nothing names the input, the place does.
    place: Option<PlaceKey>,
}

impl InputKey {
    fn of(judgement: &Judgement, environments: &Environments) -> Self {
        let family = environments.family(&judgement.instance.deployment);
        let input = judgement.unknowns.first();
        Self {
            rule: Arc::clone(&judgement.rule),
            family: Arc::clone(family),
            input: input.map(|input| (input.what.clone(), input.place)),
            place: input.is_none().then(|| PlaceKey::of(judgement)),
        }
    }
}

fn order(
    judgement: &Judgement,
) -> (
    std::cmp::Reverse<FindingVerdict>,
    std::cmp::Reverse<Severity>,
    Span,
    Arc<str>,
    Arc<str>,
    u32,
) {
    (
        std::cmp::Reverse(judgement.verdict),
        std::cmp::Reverse(judgement.severity),
        judgement.primary.span,
        Arc::clone(&judgement.instance.deployment),
        Arc::clone(&judgement.instance.resource),
        judgement.clause,
    )
}

/// One finding of judgements in [`order`], and what its fingerprint is made of.
fn finding(
    group: Vec<Judgement>,
    environments: &Environments,
    sources: &SourceMap,
) -> Option<(Finding, String)> {
    let mut instances: Vec<Instance> = group.iter().map(|one| one.instance.clone()).collect();
    instances.sort_by(|a, b| {
        (&a.deployment, &a.resource, &a.witness).cmp(&(&b.deployment, &b.resource, &b.witness))
    });
    instances.dedup_by(|a, b| a.deployment == b.deployment && a.resource == b.resource);
    for instance in &mut instances {
        instance.environment = environments.environment(&instance.deployment).cloned();
    }
    let mut unknowns: Vec<MissingInput> = Vec::new();
    let mut related: Vec<RelatedPlace> = Vec::new();
    let mut group = group.into_iter();
    let first = group.next()?;
    let mut add = |place: RelatedPlace| {
        let known = related.iter().any(|known| known.span == place.span);
        if !known && place.span != first.primary.span && related.len() < MAX_RELATED {
            related.push(place);
        }
    };
    for place in &first.related {
        add(place.clone());
    }
    unknowns.extend(first.unknowns.iter().cloned());
    let mut names_one_rule = true;
    let mut others: Vec<Arc<str>> = Vec::new();
    for other in group {
        names_one_rule &= other.security_rule == first.security_rule;
        if other.primary.span != first.primary.span {
            let name = other
                .security_rule
                .as_ref()
                .unwrap_or(&other.instance.resource);
            add(RelatedPlace {
                span: other.primary.span,
                text: format!("the same for `{name}`"),
            });
            if !others.contains(name) && first.security_rule.as_ref() != Some(name) {
                others.push(Arc::clone(name));
            }
        } else {
            for place in other.related {
                add(place);
            }
        }
        if first.verdict == FindingVerdict::Undetermined {
            for input in other.unknowns {
                if !unknowns.contains(&input) {
                    unknowns.push(input);
                }
            }
        }
    }
    let path = sources
        .get(first.primary.span.file)
        .map_or("", |file| file.path());
    let mut identity = String::new();
    for part in [
        &*first.rule,
        &first.clause.to_string(),
        &first.resource_kind,
        &first.resource_name,
        first.security_rule.as_deref().unwrap_or(""),
        path,
    ] {
        identity.push_str(part);
        identity.push('\0');
    }
    let mut message = first.message;
    if first.verdict == FindingVerdict::Undetermined && !others.is_empty() {
        let shown: Vec<String> = others
            .iter()
            .take(MAX_NAMED)
            .map(|name| format!("`{name}`"))
            .collect();
        let more = match others.len().saturating_sub(MAX_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let _ = write!(message, " The same goes for {}{more}.", shown.join(", "));
    }
    let environments = environments.extents(&instances, first.primary.span.file);
    let finding = Finding {
        rule: first.rule,
        verdict: first.verdict,
        severity: first.severity,
        message,
        fix: first.fix,
        primary: first.primary,
        related,
        resource: first.instance.resource,
        // A question about several rules is about none of them alone.
        security_rule: first.security_rule.filter(|_| names_one_rule),
        witness: first.instance.witness,
        fingerprint: String::new(),
        instances,
        environments,
        unknowns,
    };
    Some((finding, identity))
}

/// How many others the message of a question names.
const MAX_NAMED: usize = 12;

/// How many further places one finding lists.
const MAX_RELATED: usize = 60;

fn hash(identity: &str, ordinal: usize) -> String {
    let mut hasher = Sha256::new();
    hasher.update(identity.as_bytes());
    hasher.update(ordinal.to_string().as_bytes());
    let mut text = String::new();
    for byte in hasher.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, SourceFile};

    fn sources() -> SourceMap {
        SourceMap::new(vec![Arc::new(SourceFile::new("main.tf", &" ".repeat(500)))])
    }

    fn judgement(at: u32, resource: &str, verdict: FindingVerdict) -> Judgement {
        Judgement {
            rule: "r".into(),
            clause: 0,
            demand: None,
            item: Vec::new(),
            verdict,
            severity: Severity::Warning,
            message: format!("about {resource}"),
            fix: None,
            primary: Label {
                span: Span::new(FileId(0), at, at + 4),
                text: String::new(),
            },
            related: Vec::new(),
            instance: Instance {
                deployment: "d".into(),
                environment: None,
                resource: resource.into(),
                source: None,
                verdict,
                witness: None,
            },
            resource_kind: "security-rule".into(),
            resource_name: "nsg".into(),
            security_rule: Some("ssh".into()),
            unknowns: Vec::new(),
        }
    }

    fn missing(mut judgement: Judgement, what: &str, rule: &str) -> Judgement {
        judgement.security_rule = Some(rule.into());
        judgement.unknowns = vec![MissingInput {
            what: what.into(),
            place: None,
            settle: "declare it".into(),
        }];
        judgement
    }

    #[test]
    fn one_mistake_is_one_finding_with_sorted_instances() {
        let mut worse = judgement(10, "b", FindingVerdict::Violated);
        worse.severity = Severity::Error;
        let all = vec![
            worse,
            judgement(10, "a", FindingVerdict::Violated),
            judgement(10, "c", FindingVerdict::Undetermined),
            judgement(50, "a", FindingVerdict::Violated),
        ];
        let findings = merge(all, &Environments::default(), &sources());
        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0].verdict, FindingVerdict::Violated);
        assert_eq!(findings[0].severity, Severity::Error);
        let names: Vec<&str> = findings[0].instances.iter().map(|i| &*i.resource).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn questions_that_one_answer_settles_are_one_finding() {
        let open = FindingVerdict::Undetermined;
        let all = vec![
            missing(judgement(10, "a", open), "the offer", "smtp"),
            missing(judgement(50, "b", open), "the offer", "mail"),
            missing(judgement(90, "b", open), "var.prefix", "mail"),
        ];
        let findings = merge(all, &Environments::default(), &sources());
        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0].instances.len(), 2);
        assert_eq!(findings[0].related[0].text, "the same for `mail`");
        assert_eq!(findings[0].unknowns.len(), 1);
    }

    #[test]
    fn questions_about_one_place_are_one_finding_with_all_that_is_missing() {
        let open = FindingVerdict::Undetermined;
        let all = vec![
            missing(judgement(10, "a", open), "the group of `nic1`", "ssh"),
            missing(judgement(10, "a", open), "the group of `nic0`", "ssh"),
            missing(judgement(50, "a", open), "the group of `nic0`", "ssh"),
        ];
        let findings = merge(all[..2].to_vec(), &Environments::default(), &sources());
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].unknowns.len(), 2);
        // What also keeps another place open is a question of its own.
        let findings = merge(all, &Environments::default(), &sources());
        assert_eq!(findings.len(), 2);
    }

    #[test]
    fn fingerprints_survive_moved_lines_and_tell_equals_apart() {
        let at = |first, second| {
            let all = vec![
                judgement(first, "a", FindingVerdict::Violated),
                judgement(second, "a", FindingVerdict::Violated),
            ];
            merge(all, &Environments::default(), &sources())
                .into_iter()
                .map(|finding| finding.fingerprint)
                .collect::<Vec<_>>()
        };
        assert_eq!(at(10, 50), at(210, 350));
        assert_ne!(at(10, 50)[0], at(10, 50)[1]);
        assert_eq!(at(10, 50)[0].len(), 64);
    }
}
