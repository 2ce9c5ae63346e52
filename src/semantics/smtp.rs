//! Whether an offer may send to port 25.

use std::sync::Arc;

use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::platform::{FirewallSmtp, PlatformFacts, SmtpVerdict, Source};

/// A day: year, month, day; compares in that order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
pub struct Date {
    pub year: u16,
    pub month: u8,
    pub day: u8,
}

impl Date {
    /// The day from which on new subscriptions are blocked.
    pub const BLOCK_BEGINS: Self = Self {
        year: 2017,
        month: 11,
        day: 15,
    };

    /// Reads `YYYY-MM-DD`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let year = parts.next()?.parse().ok()?;
        let month = parts.next()?.parse().ok()?;
        let day = parts.next()?.parse().ok()?;
        let valid = parts.next().is_none() && (1..=12).contains(&month) && (1..=31).contains(&day);
        valid.then_some(Self { year, month, day })
    }
}

/// What is known about a subscription that bears on port 25.
#[derive(Clone, Debug, Default)]
pub struct SmtpOffer {
    /// The edition of the documents: `current`, …; empty: `current`.
    pub edition: Arc<str>,
    /// The offers the subscription may have; empty: any.
    pub offers: Vec<Arc<str>>,
    /// When it was created, if known.
    pub created: Option<Date>,
    /// Whether it is known to be exempt.
    pub exempt: bool,
    /// Whether port 25 is known to be closed, whatever the documents say.
    pub blocked: bool,
}

impl SmtpOffer {
    /// What the edition says of each offer the subscription may have.
    #[must_use]
    pub fn answers(&self, facts: &PlatformFacts) -> Vec<SmtpAnswer> {
        let edition = match &*self.edition {
            "" => "current",
            edition => edition,
        };
        let ask = |offer: &str| smtp(facts, edition, Some(offer), self.created, self.exempt);
        if !self.offers.is_empty() {
            return self.offers.iter().map(|offer| ask(offer)).collect();
        }
        let editions = facts.smtp_editions.iter().filter(|row| &*row.id == edition);
        editions
            .flat_map(|row| row.verdicts.keys())
            .map(|offer| ask(offer))
            .collect()
    }

    /// Whether the subscription may send to port 25 of the Internet: what all its offers agree on.
    #[must_use]
    pub fn open(&self, facts: &PlatformFacts) -> Truth {
        if self.blocked {
            return Truth::False;
        }
        if self.exempt {
            return Truth::True;
        }
        let mut answers = self.answers(facts).into_iter().map(|answer| answer.open);
        let Some(first) = answers.next() else {
            return Truth::Unknown;
        };
        answers.fold(
            first,
            |all, one| if all == one { all } else { Truth::Unknown },
        )
    }
}

/// The unknown that stands for a subscription's offer: equal wherever it is asked for.
#[must_use]
pub fn missing_offer() -> Unknown {
    Unknown::new("subscription", "the subscription's offer", Reason::Outside)
}

/// What an edition says of an offer.
#[derive(Clone, Debug)]
pub struct SmtpAnswer {
    /// The edition's own verdict; `NotStated` also for an offer or edition it does not know.
    pub verdict: SmtpVerdict,
    /// Whether port 25 is open: the verdict, the exemption and the date of creation together.
    pub open: Truth,
    /// Whether an exemption can be asked for.
    pub exemptible: bool,
    /// How it is asked for, in the middle of a sentence; empty where the edition does not say.
    pub asking: Arc<str>,
    /// Whether it is open only because the subscription is older than the block.
    pub grandfathered: bool,
    /// What the edition says of the way through Azure Firewall.
    pub through_firewall: FirewallSmtp,
    /// The edition; `None` if there is none of that id.
    pub edition: Option<Arc<str>>,
    /// Where it is written.
    pub source: Option<Source>,
}

/// Looks an offer up. `exempt` tells whether the subscription is known to be exempt.
#[must_use]
pub fn smtp(
    facts: &PlatformFacts,
    edition: &str,
    offer: Option<&str>,
    created: Option<Date>,
    exempt: bool,
) -> SmtpAnswer {
    let row = facts.smtp_editions.iter().find(|row| &*row.id == edition);
    let verdict = row
        .zip(offer)
        .and_then(|(row, offer)| row.verdicts.get(offer).copied())
        .unwrap_or(SmtpVerdict::NotStated);
    let before = created.is_some_and(|created| created < Date::BLOCK_BEGINS);
    let listed = row.zip(offer).is_some_and(|(row, offer)| {
        row.grandfathered
            .iter()
            .any(|name| &**name == offer || &**name == "*")
    });
    let grandfathered = before && listed && verdict != SmtpVerdict::Allowed;
    let open = if exempt || grandfathered {
        Truth::True
    } else {
        match verdict {
            SmtpVerdict::Allowed => Truth::True,
            SmtpVerdict::Exemptible | SmtpVerdict::Blocked => Truth::False,
            SmtpVerdict::NotStated => Truth::Unknown,
        }
    };
    let through_firewall = row
        .and_then(|row| {
            offer
                .and_then(|offer| row.through_firewall.get(offer))
                .or_else(|| row.through_firewall.get("default"))
                .copied()
        })
        .unwrap_or(FirewallSmtp::NotStated);
    let asking = row.and_then(|row| {
        let asking = &row.exemption.asking;
        let own = offer.and_then(|offer| asking.get(offer));
        own.or_else(|| asking.get("default"))
    });
    SmtpAnswer {
        verdict,
        asking: asking.map_or_else(|| "".into(), Arc::clone),
        open,
        exemptible: verdict == SmtpVerdict::Exemptible,
        grandfathered,
        through_firewall,
        edition: row.map(|row| Arc::clone(&row.id)),
        source: row.map(|row| row.source.clone()),
    }
}
