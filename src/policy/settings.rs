//! What a run declares beside the files: the subscription, the editions, the rules' settings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::service_tags::TagList;
use crate::diagnostic::Severity;
use crate::eval::value::Value;
use crate::model::Network;
use crate::model::platform::{Cloud, PlatformFacts};
use crate::semantics::Semantics;
use crate::semantics::smtp::{Date, SmtpOffer};
use crate::source::{FileId, Span};

/// What one deployment is judged with.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The subscription's offer, as far as it is known.
    pub offer: Offer,
    /// The day the subscription was created.
    pub created: Option<Date>,
    /// What is declared about port 25.
    pub port25: Option<Port25>,
    /// The edition of the documents on port 25, for example `current`; empty: `current`.
    pub smtp_edition: Arc<str>,
    /// Which Azure.
    pub cloud: Cloud,
    /// Who activates Windows.
    pub activation: Activation,
    /// The addresses of service tags, where they are given for this cloud.
    pub service_tags: Option<Arc<TagList>>,
    /// Values of rules' parameters, by rule and name.
    pub parameters: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Value>>,
    /// Severities by rule, instead of their own.
    pub severities: BTreeMap<Arc<str>, Severity>,
    /// Rules that are off.
    pub off: BTreeSet<Arc<str>>,
    /// Files nobody here wrote (installed modules): never the primary place of a finding.
    pub foreign: BTreeSet<FileId>,
    /// Tells the time where it is to be measured how long each rule takes.
    pub clock: Option<Clock>,
}

/// The time since some moment. Only commands may look at a clock; they lend it for measuring.
pub type Clock = fn() -> Duration;

impl Settings {
    /// What holds for all of several deployments: what they do not agree on is not known. `None` of
    /// none.
    #[must_use]
    pub fn of_all(all: Vec<Self>) -> Option<Self> {
        let mut all = all.into_iter();
        let mut whole = all.next()?;
        for other in all {
            if whole.offer.candidates != other.offer.candidates {
                let anyone = [&whole, &other]
                    .iter()
                    .any(|it| it.offer.candidates.is_empty());
                let mut candidates = whole.offer.candidates;
                candidates.extend(other.offer.candidates);
                candidates.sort();
                candidates.dedup();
                whole.offer = Offer {
                    candidates: if anyone { Vec::new() } else { candidates },
                    ..Offer::default()
                };
            }
            whole.created = whole.created.filter(|it| other.created == Some(*it));
            whole.port25 = whole.port25.filter(|it| other.port25 == Some(*it));
        }
        Some(whole)
    }

    /// What is known that bears on port 25.
    #[must_use]
    pub fn smtp_offer(&self) -> SmtpOffer {
        SmtpOffer {
            edition: Arc::clone(&self.smtp_edition),
            offers: self.offer.candidates.clone(),
            created: self.created,
            exempt: matches!(self.port25, Some(Port25::Exempt | Port25::ExemptSince(_))),
            blocked: self.port25 == Some(Port25::Blocked),
        }
    }

    /// What Azure does with the packets of a network under these settings.
    #[must_use]
    pub fn semantics<'a>(&self, network: &'a Network, facts: &'a PlatformFacts) -> Semantics<'a> {
        let list = self.service_tags.as_ref();
        let tags = list.map(|list| Arc::clone(&list.tags));
        Semantics::new(network, facts, self.cloud).with_service_tags(tags)
    }
}

/// The offer of the subscription.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    /// The offers it may be, as named in the configuration; empty: any.
    pub candidates: Vec<Arc<str>>,
    /// Where that is said, for people: `aznet.yaml`, `--offer`, `the subscription in sub.json`.
    pub from: Arc<str>,
    /// The place.
    pub place: Option<Span>,
}

impl Offer {
    /// The offer, if there is but one candidate.
    #[must_use]
    pub fn known(&self) -> Option<&Arc<str>> {
        match self.candidates.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// What is declared about port 25 of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port25 {
    /// It is known to be closed, whatever the documents say of the offer.
    Blocked,
    /// An exemption was granted.
    Exempt,
    /// An exemption was granted on that day.
    ExemptSince(Date),
}

/// Who activates Windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// Azure's servers.
    #[default]
    Azure,
    /// The user's own servers, Active Directory or keys.
    Own,
}
