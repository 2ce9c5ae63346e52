//! The offer of a deployment's subscription: from the command line, from `aznet.yaml`, from a
//! subscription described in the same deployment, or from the only one described below the root.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::eval::{Deployment, Loader as _};
use crate::model::platform::PlatformFacts;
use crate::model::subscription::Subscription;
use crate::model::{Field, Network};
use crate::origin::OriginId;
use crate::policy::settings::Offer;
use crate::source::Span;

use super::files::Files;

/// A subscription described in the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Described {
    /// Tells it from others: its id, or the place of its header.
    identity: String,
    /// The offers it may have; empty: any.
    candidates: Vec<Arc<str>>,
    /// Where that is said.
    from: Arc<str>,
    /// The place.
    place: Option<Span>,
}

/// The subscriptions a deployment describes. Of several, those that its resources are in, if there
/// are any: accounts are listed whole.
pub(crate) fn described(
    network: &Network,
    deployment: &Deployment,
    facts: &PlatformFacts,
    files: &Files,
) -> Vec<Described> {
    let mut described: Vec<Described> = network
        .subscriptions
        .iter()
        // In an estate each deployment has its own.
        .filter(|one| deployment.own_origins.contains(one.meta.origin))
        .filter_map(|subscription| describe(subscription, deployment, facts, files))
        .collect();
    if described.len() > 1 {
        let used: BTreeSet<&str> = deployment
            .resources
            .iter()
            .filter_map(|resource| {
                let (subscription, _) = resource
                    .key
                    .0
                    .strip_prefix("/subscriptions/")?
                    .split_once('/')?;
                Some(subscription)
            })
            .collect();
        if described.iter().any(|one| used.contains(&*one.identity)) {
            described.retain(|one| used.contains(&*one.identity));
        }
    }
    described
}

/// The offer of a deployment that describes `own` subscriptions, below a root with `all`.
pub(crate) fn resolve(own: &[Described], all: &[Described]) -> Offer {
    let chosen = if own.is_empty() {
        let mut distinct: BTreeMap<&str, &Described> = BTreeMap::new();
        for described in all {
            distinct.insert(&described.identity, described);
        }
        match distinct.len() {
            1 => distinct.into_values().collect(),
            _ => Vec::new(),
        }
    } else {
        own.iter().collect::<Vec<_>>()
    };
    let Some(first) = chosen.first() else {
        return Offer::default();
    };
    if chosen
        .iter()
        .any(|described| described.candidates.is_empty())
    {
        return Offer::default();
    }
    let mut candidates: Vec<Arc<str>> = chosen
        .iter()
        .flat_map(|described| described.candidates.iter().cloned())
        .collect();
    candidates.sort();
    candidates.dedup();
    Offer {
        candidates,
        from: Arc::clone(&first.from),
        place: first.place,
    }
}

fn describe(
    subscription: &Subscription,
    deployment: &Deployment,
    facts: &PlatformFacts,
    files: &Files,
) -> Option<Described> {
    let (candidates, origin) = candidates(subscription, facts);
    if candidates.is_empty() && subscription.meta.existing {
        return None;
    }
    let place = place(deployment, origin).or_else(|| place(deployment, subscription.meta.origin));
    let path = place.map(|span| files.path(span.file));
    let identity = subscription.subscription_id.value().map_or_else(
        || format!("{} {:?}", subscription.meta.address, place),
        |id| id.to_ascii_lowercase(),
    );
    Some(Described {
        identity,
        candidates,
        from: match path {
            Some(path) => format!("the subscription described in `{path}`").into(),
            None => "a subscription described in the files".into(),
        },
        place,
    })
}

fn candidates(subscription: &Subscription, facts: &PlatformFacts) -> (Vec<Arc<str>>, OriginId) {
    if let Some(quota) = subscription.quota_id.value() {
        let prefix = quota.split('_').next().unwrap_or(quota);
        let row = facts
            .quotas
            .iter()
            .find(|row| row.quota.eq_ignore_ascii_case(prefix));
        let offers = row.map(|row| row.offers.clone()).unwrap_or_default();
        return (offers, subscription.quota_id.origin);
    }
    let origin = subscription.billing_scope.origin;
    let offers: &[&str] = match subscription.billing_scope.value() {
        _ if subscription.has_reseller => &["csp"],
        Some(scope) => of_billing_scope(scope, &subscription.workload),
        None => &[],
    };
    (
        offers.iter().map(|offer| Arc::from(*offer)).collect(),
        origin,
    )
}

/// The kind of billing account tells the agreement.
fn of_billing_scope(scope: &str, workload: &Field<Arc<str>>) -> &'static [&'static str] {
    let scope = scope.to_ascii_lowercase();
    if scope.contains("/enrollmentaccounts/") {
        match workload.value() {
            Some(workload) if workload.eq_ignore_ascii_case("DevTest") => &["enterprise-dev-test"],
            None if workload.unknown().is_some() => {
                &["enterprise-agreement", "enterprise-dev-test"]
            }
            _ => &["enterprise-agreement"],
        }
    } else if scope.contains("/customers/") {
        &["csp"]
    } else if scope.contains("/billingprofiles/") {
        &["mca-enterprise", "mca-online"]
    } else {
        &[]
    }
}

fn place(deployment: &Deployment, origin: OriginId) -> Option<Span> {
    deployment
        .origins
        .literals(origin)
        .first()
        .copied()
        .or_else(|| deployment.origins.get(origin).span)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(identity: &str, offers: &[&str]) -> Described {
        Described {
            identity: identity.to_owned(),
            candidates: offers.iter().map(|offer| Arc::from(*offer)).collect(),
            from: identity.into(),
            place: None,
        }
    }

    #[test]
    fn the_own_subscription_counts_and_a_foreign_one_only_when_it_is_the_only_one() {
        let (a, b) = (described("a", &["csp"]), described("b", &["students"]));
        let all = [a.clone(), b.clone()];
        assert_eq!(&*resolve(&[b], &all).from, "b");
        assert!(resolve(&[], &all).candidates.is_empty());
        let twice = [a.clone(), a];
        assert_eq!(
            resolve(&[], &twice).known().map(|offer| &**offer),
            Some("csp")
        );
    }

    #[test]
    fn an_undecided_subscription_leaves_the_offer_open() {
        let own = [described("a", &["csp"]), described("b", &[])];
        assert!(resolve(&own, &own).candidates.is_empty());
        let both = [described("a", &["csp"]), described("b", &["students"])];
        assert_eq!(resolve(&both, &both).candidates.len(), 2);
    }
}
