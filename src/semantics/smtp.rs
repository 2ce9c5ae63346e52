//! Whether an offer may send to port 25.

use std::sync::Arc;

use crate::eval::value::Truth;
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

/// What an edition says of an offer.
#[derive(Clone, Debug)]
pub struct SmtpAnswer {
    /// The edition's own verdict; `NotStated` also for an offer or edition it does not know.
    pub verdict: SmtpVerdict,
    /// Whether port 25 is open: the verdict, the exemption and the date of creation together.
    pub open: Truth,
    /// Whether an exemption can be asked for.
    pub exemptible: bool,
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
    SmtpAnswer {
        verdict,
        open,
        exemptible: verdict == SmtpVerdict::Exemptible,
        grandfathered,
        through_firewall,
        edition: row.map(|row| Arc::clone(&row.id)),
        source: row.map(|row| row.source.clone()),
    }
}
