//! One authored mistake that several rules find: the one that tells it best speaks.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::finding::{FindingVerdict, Judgement};
use super::pack::Pack;
use crate::diagnostic::Severity;
use crate::source::Span;

/// Where a judgement points and what it is about.
type Place = (Span, Arc<str>, Option<Arc<str>>);

/// What each rule says at each place: how certainly, and how bad.
type Told = BTreeMap<(Place, Arc<str>), Vec<(FindingVerdict, Severity)>>;

/// Takes away what a rule says where one that it yields to says as much: at the same place, about
/// the same resource, as certainly and as bad. A rule that is off says nothing.
pub(super) fn settle(pack: &Pack, judgements: &mut Vec<Judgement>) {
    let yielding = pack.rules().iter().filter_map(|rule| {
        let to = &rule.spec().yields_to;
        (!to.is_empty()).then(|| (Arc::clone(rule.id()), to))
    });
    let yielding: BTreeMap<_, _> = yielding.collect();
    let mut told = Told::new();
    for judgement in judgements.iter() {
        let key = (place(judgement), Arc::clone(&judgement.rule));
        let how = (judgement.verdict, judgement.severity);
        told.entry(key).or_default().push(how);
    }
    judgements.retain(|judgement| {
        let Some(others) = yielding.get(&judgement.rule) else {
            return true;
        };
        !others.iter().any(|other| {
            let key = (place(judgement), Arc::clone(&other.value));
            told.get(&key)
                .into_iter()
                .flatten()
                .any(|(verdict, severity)| {
                    *verdict >= judgement.verdict && *severity >= judgement.severity
                })
        })
    });
}

fn place(judgement: &Judgement) -> Place {
    (
        judgement.primary.span,
        Arc::clone(&judgement.instance.resource),
        judgement.security_rule.clone(),
    )
}
