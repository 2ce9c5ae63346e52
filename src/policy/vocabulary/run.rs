//! What a run declares: the subscription, the deployment, the platform's facts.

use std::sync::Arc;

use super::read::{elements, object};
use super::{Field, Item, Kind, KindSpec, Member, Ty, World};
use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::address::AddressPrefix;
use crate::model::platform::{Cloud, FirewallSmtp, KmsRow, SmtpEdition, SmtpVerdict};
use crate::policy::datum::{self, Data, Datum};
use crate::policy::settings::Activation;
use crate::semantics::smtp::{self, Date, SmtpAnswer};

const VERDICTS: &[&str] = &["allowed", "exemptible", "blocked", "not-stated"];
const THROUGH: &[&str] = &["supported", "not-guaranteed", "unsupported", "not-stated"];

const SMTP: &[Member] = &[
    (
        "open",
        Ty::BOOL,
        "whether TCP 25 is open: verdict, exemption and date of creation together",
    ),
    (
        "verdict",
        Ty::One(Item::Word(VERDICTS)),
        "what the edition says of the offer",
    ),
    (
        "exemptible",
        Ty::BOOL,
        "whether an exemption can be asked for",
    ),
    ("exempt", Ty::BOOL, "whether one is declared"),
    (
        "declared_blocked",
        Ty::BOOL,
        "whether the subscription is declared to be blocked",
    ),
    (
        "grandfathered",
        Ty::BOOL,
        "open only because the subscription is older than the block",
    ),
    (
        "through_firewall",
        Ty::One(Item::Word(THROUGH)),
        "what the edition says of the way through Azure Firewall",
    ),
    ("edition", Ty::TEXT, "the edition in force"),
    ("edition_date", Ty::TEXT, "its date"),
    (
        "never_unblocked",
        Ty::BOOL,
        "blocked, and requests to lift that are refused",
    ),
    (
        "firewall_supported",
        Ty::BOOL,
        "whether the edition supports the way through Azure Firewall; unknown if it is silent",
    ),
    (
        "exemption_covers",
        Ty::TEXT,
        "what may be sent once the block is lifted",
    ),
    (
        "exemption_needs",
        Ty::TEXT,
        "what has to be done for an exemption to count",
    ),
    (
        "exemption_asking",
        Ty::TEXT,
        "how an exemption is asked for, and who gets one",
    ),
    (
        "apps_by_offer",
        Ty::BOOL,
        "whether the edition says its verdicts also of applications that have a subnet",
    ),
    (
        "hosted_apps",
        Ty::One(Item::Word(THROUGH)),
        "what the edition says of applications that Azure hosts without a subnet",
    ),
    ("url", Ty::TEXT, "where it is written"),
];

const KMS: &[Member] = &[
    (
        "current",
        Ty::List(Item::Address),
        "the current addresses of the cloud; all must be reachable",
    ),
    (
        "stale",
        Ty::List(Item::Address),
        "addresses that were once used",
    ),
    ("fqdns", Ty::List(Item::Text), "their names"),
    ("port", Ty::NUMBER, "their port"),
];

pub(super) static SUBSCRIPTION: KindSpec = KindSpec {
    kind: Kind::Subscription,
    name: "subscription",
    is_subject: false,
    doc: "The subscription the deployment goes to, as far as it is declared or described in the files.",
    fields: &[
        Field {
            name: "offer",
            ty: Ty::TEXT,
            doc: "its offer, as named in aznet.yaml",
            get: |w, _| offer(w),
        },
        Field {
            name: "offers",
            ty: Ty::List(Item::Text),
            doc: "the offers it can be, as far as these files tell; none if they do not",
            get: |w, _| {
                let offer = &w.settings.offer;
                let all = match offer.known() {
                    Some(known) => vec![Arc::clone(known)],
                    None => offer.candidates.iter().map(Arc::clone).collect(),
                };
                let items = all
                    .into_iter()
                    .map(|one| datum::Item::certain(Datum::text(one)));
                Datum::list(items.collect(), None)
            },
        },
        Field {
            name: "offer_source",
            ty: Ty::TEXT,
            doc: "where the offer is said",
            get: |w, _| Datum::text(Arc::clone(&w.settings.offer.from)),
        },
        Field {
            name: "offer_known",
            ty: Ty::BOOL,
            doc: "whether the offer is known",
            get: |w, _| Datum::constant(Data::Bool(w.settings.offer.known().is_some())),
        },
        Field {
            name: "created",
            ty: Ty::TEXT,
            doc: "the day it was created; null if not declared",
            get: |w, _| match w.settings.created {
                Some(Date { year, month, day }) => {
                    Datum::text(format!("{year:04}-{month:02}-{day:02}"))
                }
                None => Datum::constant(Data::Absent),
            },
        },
        Field {
            name: "smtp",
            ty: Ty::One(Item::Object(SMTP)),
            doc: "what holds for TCP 25",
            get: |w, _| smtp_object(w),
        },
    ],
};

pub(super) static DEPLOYMENT: KindSpec = KindSpec {
    kind: Kind::Deployment,
    name: "deployment",
    is_subject: false,
    doc: "What is deployed at once.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, _| Datum::text(Arc::clone(&w.deployment.name)),
        },
        Field {
            name: "complete",
            ty: Ty::BOOL,
            doc: "whether nothing is attached that is not listed: exports, plans, states",
            get: |w, _| Datum::constant(Data::Bool(w.deployment.complete)),
        },
        Field {
            name: "txt_records",
            ty: Ty::List(Item::Element(Kind::TxtRecord)),
            doc: "the TXT records in its DNS zones",
            get: |w, _| {
                let count = u32::try_from(w.network.txt_records.len()).unwrap_or(u32::MAX);
                elements(w, Kind::TxtRecord, 0..count, None)
            },
        },
        Field {
            name: "activation",
            ty: Ty::One(Item::Word(&["azure", "own"])),
            doc: "who activates Windows, as declared",
            get: |w, _| {
                Datum::text(match w.settings.activation {
                    Activation::Azure => "azure",
                    Activation::Own => "own",
                })
            },
        },
        Field {
            name: "cloud",
            ty: Ty::One(Item::Word(&["public", "us-government", "china"])),
            doc: "which Azure, as declared",
            get: |w, _| {
                Datum::text(match w.settings.cloud {
                    Cloud::Public => "public",
                    Cloud::UsGovernment => "us-government",
                    Cloud::China => "china",
                })
            },
        },
    ],
};

pub(super) static PLATFORM: KindSpec = KindSpec {
    kind: Kind::Platform,
    name: "platform",
    is_subject: false,
    doc: "What is known of Azure.",
    fields: &[
        Field {
            name: "kms",
            ty: Ty::One(Item::Object(KMS)),
            doc: "the activation servers of the cloud",
            get: |w, _| kms(w),
        },
        Field {
            name: "limits",
            ty: Ty::ANY,
            doc: "what Azure refuses beyond, by name with `_`: `platform.limits.security_rules_per_nsg`",
            get: |w, _| limits(w),
        },
        Field {
            name: "ports",
            ty: Ty::ANY,
            doc: "ports that belong together, by name with `_`: `platform.ports.data_tcp`",
            get: |w, _| port_sets(w),
        },
        Field {
            name: "refused_in_networks",
            ty: Ty::List(Item::Address),
            doc: "what no virtual network may have in its address space",
            get: |w, _| super::addressing::named(w, "refused-in-networks"),
        },
        Field {
            name: "private_addresses",
            ty: Ty::List(Item::Address),
            doc: "the addresses that are nobody's on the Internet",
            get: |w, _| super::addressing::named(w, "private"),
        },
    ],
};

fn offer(world: &World<'_>) -> Datum {
    let offer = &world.settings.offer;
    match offer.known() {
        Some(known) => Datum::text(Arc::clone(known)),
        None => {
            let candidates = offer
                .candidates
                .iter()
                .map(|one| Datum::text(Arc::clone(one)));
            Datum::constant(Data::Unknown(missing_offer(world), candidates.collect()))
        }
    }
}

fn missing_offer(world: &World<'_>) -> Arc<Unknown> {
    let mut unknown = smtp::missing_offer();
    unknown.declared = world.settings.offer.place;
    Arc::new(unknown)
}

/// Whether an unknown is the missing offer.
pub(crate) fn is_missing_offer(unknown: &Unknown) -> bool {
    unknown.id == smtp::missing_offer().id
}

fn smtp_object(world: &World<'_>) -> Datum {
    let settings = world.settings;
    let edition = match &*settings.smtp_edition {
        "" => "current",
        edition => edition,
    };
    let asked = settings.smtp_offer();
    let exempt = asked.exempt;
    let answers = asked.answers(world.facts);
    let merged = |of: &dyn Fn(&SmtpAnswer) -> Datum| -> Datum {
        let values: Vec<Datum> = answers.iter().map(of).collect();
        let Some(first) = values.first() else {
            return Datum::unknown(missing_offer(world));
        };
        if values
            .iter()
            .all(|value| value.equals(first) == Truth::True)
        {
            return first.clone();
        }
        let known = values.iter().all(Datum::is_known);
        let candidates = if known { values } else { Vec::new() };
        Datum::constant(Data::Unknown(missing_offer(world), candidates.into()))
    };
    let fixed = smtp::smtp(world.facts, edition, None, settings.created, exempt);
    let silent = || {
        let label = format!("what the {edition} edition says of this offer");
        let mut unknown = Unknown::new("edition", label, Reason::Outside);
        unknown.declared = settings.offer.place;
        Arc::new(unknown)
    };
    let source = fixed.source.as_ref();
    let editions = &world.facts.smtp_editions;
    let row = editions.iter().find(|row| &*row.id == edition);
    let of_edition = |of: &dyn Fn(&SmtpEdition) -> &Arc<str>| match row {
        Some(row) => Datum::text(Arc::clone(of(row))),
        None => Datum::constant(Data::Absent),
    };
    let declared_blocked = asked.blocked;
    object([
        (
            "declared_blocked",
            Datum::constant(Data::Bool(declared_blocked)),
        ),
        (
            "open",
            match declared_blocked {
                true => Datum::constant(Data::Bool(false)),
                false => merged(&|a| Datum::truth_value(a.open, Some(silent()))),
            },
        ),
        ("verdict", merged(&|a| Datum::text(verdict(a.verdict)))),
        (
            "exemptible",
            merged(&|a| Datum::constant(Data::Bool(a.exemptible))),
        ),
        ("exempt", Datum::constant(Data::Bool(exempt))),
        (
            "grandfathered",
            merged(&|a| Datum::constant(Data::Bool(a.grandfathered))),
        ),
        (
            "through_firewall",
            merged(&|a| Datum::text(through(a.through_firewall))),
        ),
        ("edition", Datum::text(edition)),
        (
            "never_unblocked",
            merged(&|a| {
                Datum::constant(Data::Bool(
                    a.verdict == SmtpVerdict::Blocked && !a.grandfathered && !exempt,
                ))
            }),
        ),
        (
            "firewall_supported",
            merged(&|a| match a.through_firewall {
                FirewallSmtp::Supported => Datum::constant(Data::Bool(true)),
                FirewallSmtp::NotStated => Datum::unknown(silent()),
                _ => Datum::constant(Data::Bool(false)),
            }),
        ),
        ("exemption_covers", of_edition(&|row| &row.exemption.covers)),
        ("exemption_needs", of_edition(&|row| &row.exemption.needs)),
        (
            "exemption_asking",
            merged(&|a| Datum::text(Arc::clone(&a.asking))),
        ),
        (
            "apps_by_offer",
            Datum::constant(Data::Bool(row.is_some_and(|row| row.apps_by_offer))),
        ),
        (
            "hosted_apps",
            Datum::text(through(
                row.map_or(FirewallSmtp::NotStated, |row| row.hosted_apps),
            )),
        ),
        (
            "edition_date",
            source.map_or(Datum::constant(Data::Absent), |s| {
                Datum::text(Arc::clone(&s.date))
            }),
        ),
        (
            "url",
            source.map_or(Datum::constant(Data::Absent), |s| {
                Datum::text(Arc::clone(&s.url))
            }),
        ),
    ])
}

fn verdict(verdict: SmtpVerdict) -> &'static str {
    match verdict {
        SmtpVerdict::Allowed => "allowed",
        SmtpVerdict::Exemptible => "exemptible",
        SmtpVerdict::Blocked => "blocked",
        SmtpVerdict::NotStated => "not-stated",
    }
}

fn through(verdict: FirewallSmtp) -> &'static str {
    match verdict {
        FirewallSmtp::Supported => "supported",
        FirewallSmtp::NotGuaranteed => "not-guaranteed",
        FirewallSmtp::Unsupported => "unsupported",
        FirewallSmtp::NotStated => "not-stated",
    }
}

fn kms(world: &World<'_>) -> Datum {
    let row = world
        .facts
        .kms
        .iter()
        .find(|row| row.cloud == world.settings.cloud);
    let hosts = |of: fn(&KmsRow) -> &[std::net::IpAddr]| {
        let items = row.map(of).unwrap_or(&[]).iter().map(|address| {
            let prefix = AddressPrefix::Block((*address).into());
            datum::Item::certain(Datum::constant(Data::Address(prefix)))
        });
        Datum::list(items.collect(), None)
    };
    let names = row.map_or(&[][..], |row| &row.fqdns).iter();
    let names = names.map(|name| datum::Item::certain(Datum::text(Arc::clone(name))));
    object([
        ("current", hosts(|row| &row.current)),
        ("stale", hosts(|row| &row.stale)),
        ("fqdns", Datum::list(names.collect(), None)),
        (
            "port",
            Datum::constant(Data::Number(row.map_or(1688, |row| i64::from(row.port)))),
        ),
    ])
}

fn limits(world: &World<'_>) -> Datum {
    let entries = world.facts.limits.iter().map(|row| {
        let name: Arc<str> = row.name.replace('-', "_").into();
        (name, Datum::constant(Data::Number(i64::from(row.value))))
    });
    Datum::constant(Data::Object(Arc::new(entries.collect())))
}

fn port_sets(world: &World<'_>) -> Datum {
    let entries = world.facts.port_sets.iter().map(|row| {
        let name: Arc<str> = row.name.replace('-', "_").into();
        let ports = row.ports.iter().map(|port| {
            let range = crate::model::address::PortRange::single(*port);
            datum::Item::certain(Datum::constant(Data::Ports(range)))
        });
        (name, Datum::list(ports.collect(), None))
    });
    Datum::constant(Data::Object(Arc::new(entries.collect())))
}
