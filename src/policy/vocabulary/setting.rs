//! Settings, applications that Azure hosts, mail servers and TXT records.

use std::sync::Arc;

use ipnet::IpNet;

use super::attachment::subnets_of;
use super::read::{address, boolean, element, elements, field, list, name, object, text};
use super::{Field, Item, Kind, KindSpec, Member, Ty, World, outside};
use crate::eval::value::Unknown;
use crate::model::address::AddressPrefix;
use crate::model::mail::{MailTarget, SpfTerm, TxtRecord, terms};
use crate::model::platform::MailHostRow;
use crate::model::setting::{App, Setting, SettingKind, SettingOwner, Text};
use crate::model::{
    AppId, Link, MailTargetId, NicId, PublicIpId, SettingId, SubnetId, TxtRecordId,
};
use crate::origin::OriginId;
use crate::policy::datum::{self, Data, Datum};

const APPS: &[&str] = &[
    "app-service",
    "container-app",
    "container-group",
    "deployment-script",
];
const OWNERS: &[&str] = &[
    "machine",
    "app-service",
    "container-app",
    "container-group",
    "deployment-script",
];
const ROLES: &[&str] = &[
    "submission",
    "legacy-submission",
    "mail-exchanger",
    "relay",
    "other",
];

const SPF: &[Member] = &[
    (
        "addresses",
        Ty::List(Item::Address),
        "the addresses that may send, where the record names them",
    ),
    (
        "public_ips",
        Ty::List(Item::Element(Kind::PublicIp)),
        "the public addresses of these files that it names",
    ),
    (
        "elsewhere",
        Ty::List(Item::Text),
        "domains that say more: `include:`, `redirect=`, `a`, `mx`",
    ),
    (
        "everyone",
        Ty::BOOL,
        "whether any address may send (`+all`)",
    ),
];

pub(super) static APP: KindSpec = KindSpec {
    kind: Kind::App,
    name: "app",
    is_subject: true,
    doc: "An application that Azure hosts: App Service, Functions, Container Apps, container instances, deployment scripts.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name",
            get: |w, id| name(&app(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&app(w, id).meta),
        },
        Field {
            name: "kind",
            ty: Ty::One(Item::Word(APPS)),
            doc: "what hosts it",
            get: |w, id| Datum::text(app(w, id).kind.word()),
        },
        Field {
            name: "subnets",
            ty: Ty::List(Item::Element(Kind::Subnet)),
            doc: "the subnets it is integrated with; certainly empty: it leaves by addresses of the platform",
            get: |w, id| app_subnets(app(w, id)),
        },
        Field {
            name: "settings",
            ty: Ty::List(Item::Element(Kind::Setting)),
            doc: "what it runs with",
            get: |w, id| {
                let own = SettingId::all(w.network)
                    .filter(|setting| app_of(&w.network[*setting]) == Some(AppId(id)));
                elements(w, Kind::Setting, own.map(|id| id.0), None)
            },
        },
    ],
};

pub(super) static SETTING: KindSpec = KindSpec {
    kind: Kind::Setting,
    name: "setting",
    is_subject: true,
    doc: "A text that a machine or an application runs with: an app setting, an environment variable, a script of an extension, custom data (decoded).",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "the name of the variable, or what the script is: `commandToExecute`, `custom_data`",
            get: |w, id| name(&setting(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource, and its name",
            get: |w, id| address(&setting(w, id).meta),
        },
        Field {
            name: "kind",
            ty: Ty::One(Item::Word(&["variable", "script"])),
            doc: "how it is to be read",
            get: |w, id| {
                Datum::text(match setting(w, id).kind {
                    SettingKind::Variable => "variable",
                    SettingKind::Script => "script",
                })
            },
        },
        Field {
            name: "text",
            ty: Ty::TEXT,
            doc: "what it is",
            get: |w, id| whole_text(&setting(w, id).text),
        },
        Field {
            name: "owner",
            ty: Ty::TEXT,
            doc: "the name of the machine or application",
            get: |w, id| owner(w, setting(w, id)),
        },
        Field {
            name: "owner_kind",
            ty: Ty::One(Item::Word(OWNERS)),
            doc: "what runs with it",
            get: |w, id| owner_kind(w, setting(w, id)),
        },
        Field {
            name: "machine",
            ty: Ty::One(Item::Element(Kind::Machine)),
            doc: "the machine; null if it is none",
            get: |w, id| machine(w, setting(w, id)),
        },
        Field {
            name: "app",
            ty: Ty::One(Item::Element(Kind::App)),
            doc: "the application; null if it is none",
            get: |w, id| hosted(w, setting(w, id)),
        },
        Field {
            name: "subnets",
            ty: Ty::List(Item::Element(Kind::Subnet)),
            doc: "the subnets that what runs with it sends from",
            get: |w, id| subnets(w, setting(w, id)),
        },
    ],
};

pub(super) static MAIL_TARGET: KindSpec = KindSpec {
    kind: Kind::MailTarget,
    name: "mail-target",
    is_subject: true,
    doc: "A mail server that a setting tells something to use.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its host",
            get: |w, id| host(w, id),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of the setting that names it",
            get: |w, id| address(&target(w, id).meta),
        },
        Field {
            name: "host",
            ty: Ty::TEXT,
            doc: "its host, in lower case",
            get: |w, id| host(w, id),
        },
        Field {
            name: "address",
            ty: Ty::One(Item::Address),
            doc: "its address, where one is written instead of a name; null: a name is",
            get: |w, id| host_address(target(w, id)),
        },
        Field {
            name: "port",
            ty: Ty::NUMBER,
            doc: "its port; null: none is told",
            get: |w, id| field(&target(w, id).port, |port| Data::Number(i64::from(*port))),
        },
        Field {
            name: "tls",
            ty: Ty::BOOL,
            doc: "whether the connection is encrypted; null: nothing is said",
            get: |w, id| boolean(&target(w, id).tls),
        },
        Field {
            name: "service",
            ty: Ty::TEXT,
            doc: "whose server it is, for those that many use: `Microsoft 365`; null for others",
            get: |w, id| match row(w, target(w, id)) {
                Some(row) => Datum::text(Arc::clone(&row.service)),
                None => Datum::constant(Data::Absent),
            },
        },
        Field {
            name: "role",
            ty: Ty::One(Item::Word(ROLES)),
            doc: "what the server is for; `other` for one that the table of mail hosts does not have",
            get: |w, id| match target(w, id).host.unknown() {
                Some(unknown) => Datum::unknown(Arc::clone(unknown)),
                None => Datum::text(row(w, target(w, id)).map_or("other", |row| row.role.word())),
            },
        },
        Field {
            name: "service_ports",
            ty: Ty::List(Item::Number),
            doc: "the ports that the service answers on, the recommended one first; none for others",
            get: |w, id| {
                let ports = row(w, target(w, id)).map_or(&[][..], |row| &row.ports);
                let items = ports.iter().map(|port| {
                    datum::Item::certain(Datum::constant(Data::Number(i64::from(*port))))
                });
                Datum::list(items.collect(), None)
            },
        },
        Field {
            name: "tls_required",
            ty: Ty::BOOL,
            doc: "whether the service takes mail over encrypted connections only",
            get: |w, id| {
                let required = row(w, target(w, id)).is_some_and(|row| row.tls_required);
                Datum::constant(Data::Bool(required))
            },
        },
        Field {
            name: "public",
            ty: Ty::BOOL,
            doc: "whether it is reached over the Internet: a known service, or a public address. Of other names nothing is known",
            get: |w, id| is_public(w, target(w, id)),
        },
        Field {
            name: "setting",
            ty: Ty::One(Item::Element(Kind::Setting)),
            doc: "the setting that names it",
            get: |w, id| element(w, Kind::Setting, target(w, id).setting.0),
        },
        Field {
            name: "owner",
            ty: Ty::TEXT,
            doc: "the name of the machine or application that uses it",
            get: |w, id| owner(w, of_target(w, id)),
        },
        Field {
            name: "owner_kind",
            ty: Ty::One(Item::Word(OWNERS)),
            doc: "what uses it",
            get: |w, id| owner_kind(w, of_target(w, id)),
        },
        Field {
            name: "machine",
            ty: Ty::One(Item::Element(Kind::Machine)),
            doc: "the machine that uses it; null if it is none",
            get: |w, id| machine(w, of_target(w, id)),
        },
        Field {
            name: "app",
            ty: Ty::One(Item::Element(Kind::App)),
            doc: "the application that uses it; null if it is none",
            get: |w, id| hosted(w, of_target(w, id)),
        },
        Field {
            name: "subnets",
            ty: Ty::List(Item::Element(Kind::Subnet)),
            doc: "the subnets that what uses it sends from",
            get: |w, id| subnets(w, of_target(w, id)),
        },
    ],
};

pub(super) static TXT_RECORD: KindSpec = KindSpec {
    kind: Kind::TxtRecord,
    name: "txt-record",
    is_subject: true,
    doc: "The TXT records of one name in a DNS zone.",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name in the zone; `@` is the zone itself",
            get: |w, id| name(&record(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&record(w, id).meta),
        },
        Field {
            name: "zone",
            ty: Ty::TEXT,
            doc: "the zone",
            get: |w, id| field(&record(w, id).zone, text),
        },
        Field {
            name: "texts",
            ty: Ty::List(Item::Text),
            doc: "its texts",
            get: |w, id| {
                let texts = &record(w, id).texts;
                let items = texts.items.iter();
                let items = items.map(|text| datum::Item::certain(whole_text(text)));
                Datum::list(items.collect(), texts.rest.clone())
            },
        },
        Field {
            name: "spf",
            ty: Ty::One(Item::Object(SPF)),
            doc: "what its SPF record lets pass; null: it has none",
            get: |w, id| spf(w, record(w, id)),
        },
    ],
};

fn app<'a>(world: &World<'a>, id: u32) -> &'a App {
    &world.network[AppId(id)]
}

fn setting<'a>(world: &World<'a>, id: u32) -> &'a Setting {
    &world.network[SettingId(id)]
}

fn target<'a>(world: &World<'a>, id: u32) -> &'a MailTarget {
    &world.network[MailTargetId(id)]
}

fn of_target<'a>(world: &World<'a>, id: u32) -> &'a Setting {
    &world.network[target(world, id).setting]
}

fn record<'a>(world: &World<'a>, id: u32) -> &'a TxtRecord {
    &world.network[TxtRecordId(id)]
}

fn row<'a>(world: &World<'a>, target: &MailTarget) -> Option<&'a MailHostRow> {
    world.facts.mail_hosts.get(target.service? as usize)
}

fn app_of(setting: &Setting) -> Option<AppId> {
    match &setting.owner {
        SettingOwner::App(link) => link.value().and_then(Link::here),
        SettingOwner::Machine(_) => None,
    }
}

fn whole_text(of: &Text) -> Datum {
    let data = match (of.known(), of.unknown()) {
        (Some(known), _) => Data::Text(known),
        (None, Some(unknown)) => Data::Unknown(Arc::clone(unknown), Arc::from([])),
        (None, None) => Data::Absent,
    };
    Datum::new(data, of.origin)
}

fn host(world: &World<'_>, id: u32) -> Datum {
    field(&target(world, id).host, text)
}

fn host_address(target: &MailTarget) -> Datum {
    let data = match (target.address, target.host.unknown()) {
        (Some(address), _) => Data::Address(AddressPrefix::Block(IpNet::from(address))),
        (None, Some(unknown)) => Data::Unknown(Arc::clone(unknown), Arc::from([])),
        (None, None) => Data::Absent,
    };
    Datum::new(data, target.host.origin)
}

fn is_public(world: &World<'_>, target: &MailTarget) -> Datum {
    let origin = target.host.origin;
    let of_set = |address: std::net::IpAddr| {
        let sets = &world.facts.named_sets;
        let public = sets.iter().find(|set| &*set.name == "public");
        public.is_some_and(|set| {
            let holds = |blocks: &[IpNet]| blocks.iter().any(|block| block.contains(&address));
            holds(&set.include) && !holds(&set.exclude)
        })
    };
    let data = match (target.address, row(world, target)) {
        (Some(address), _) => Data::Bool(of_set(address)),
        (None, Some(_)) => Data::Bool(true),
        (None, None) => {
            let unknown = target.host.unknown().map_or_else(
                || {
                    let host = target.host.value().map_or("a host", |host| &**host);
                    outside(format!("where {host} is"))
                },
                Arc::clone,
            );
            Data::Unknown(unknown, Arc::from([]))
        }
    };
    Datum::new(data, origin)
}

/// The name of whoever runs with a setting.
fn owner(world: &World<'_>, setting: &Setting) -> Datum {
    let meta = match &setting.owner {
        SettingOwner::Machine(link) => {
            let here = link.value().and_then(Link::here);
            here.map(|id| &world.network[id].meta)
        }
        SettingOwner::App(link) => {
            let here = link.value().and_then(Link::here);
            here.map(|id| &world.network[id].meta)
        }
    };
    match meta {
        Some(meta) => name(meta),
        // The resource that holds the setting stands for an owner that is not in the files.
        None => {
            let resource = setting.meta.address.rsplit_once('/');
            let resource = resource.map_or(&*setting.meta.address, |(resource, _)| resource);
            Datum::new(Data::Text(resource.into()), setting.meta.origin)
        }
    }
}

fn owner_kind(world: &World<'_>, setting: &Setting) -> Datum {
    match &setting.owner {
        SettingOwner::Machine(_) => Datum::text("machine"),
        SettingOwner::App(_) => match app_of(setting) {
            Some(app) => Datum::text(world.network[app].kind.word()),
            None => Datum::unknown(outside("the application")),
        },
    }
}

fn machine(world: &World<'_>, setting: &Setting) -> Datum {
    match &setting.owner {
        SettingOwner::Machine(link) => super::read::link(world, link, Kind::Machine, |id| id.0),
        SettingOwner::App(_) => Datum::constant(Data::Absent),
    }
}

fn hosted(world: &World<'_>, setting: &Setting) -> Datum {
    match &setting.owner {
        SettingOwner::App(link) => super::read::link(world, link, Kind::App, |id| id.0),
        SettingOwner::Machine(_) => Datum::constant(Data::Absent),
    }
}

fn subnets(world: &World<'_>, setting: &Setting) -> Datum {
    match &setting.owner {
        SettingOwner::App(_) => match app_of(setting) {
            Some(id) => app_subnets(&world.network[id]),
            None => Datum::list(Vec::new(), Some(outside("the subnet of the application"))),
        },
        SettingOwner::Machine(link) => {
            let Some(machine) = link.value().and_then(Link::here) else {
                return Datum::list(Vec::new(), Some(outside("the subnet of the machine")));
            };
            let nics = &world.network[machine].network_interfaces;
            let here: Vec<NicId> = nics
                .items
                .iter()
                .filter_map(|nic| nic.value().and_then(Link::here))
                .collect();
            let mut found: Vec<SubnetId> = here
                .iter()
                .flat_map(|nic| subnets_of(world.network, *nic))
                .collect();
            found.sort_unstable();
            found.dedup();
            let complete = here.len() == nics.items.len();
            let rest = nics.rest.clone();
            let rest = rest.or_else(|| (!complete).then(|| outside("the subnet of the machine")));
            elements(world, Kind::Subnet, found.iter().map(|id| id.0), rest)
        }
    }
}

fn app_subnets(app: &App) -> Datum {
    list(&app.subnets, |link| match link {
        Link::Here(subnet) => Data::Element(datum::Element {
            kind: Kind::Subnet,
            id: subnet.0,
        }),
        Link::External(key) => Data::External(Arc::clone(&key.0)),
    })
}

/// What the SPF record among some texts lets pass.
fn spf(world: &World<'_>, record: &TxtRecord) -> Datum {
    let mut found = record
        .texts
        .items
        .iter()
        .filter_map(|text| Some((text, terms(text)?)));
    let Some((text, terms)) = found.next() else {
        return match &record.texts.rest {
            Some(rest) => Datum::unknown(Arc::clone(rest)),
            None => Datum::constant(Data::Absent),
        };
    };
    let (mut addresses, mut here, mut elsewhere) = (Vec::new(), Vec::new(), Vec::new());
    let mut everyone = false;
    let mut missing: Option<Arc<Unknown>> = None;
    for term in terms {
        match term {
            SpfTerm::Block(block) => addresses.push(Datum::new(
                Data::Address(AddressPrefix::Block(block)),
                text.origin,
            )),
            SpfTerm::Of(unknown) => match public_ip_of(world, &unknown) {
                Some(id) => here.push(id.0),
                None => missing = missing.or(Some(unknown)),
            },
            SpfTerm::Elsewhere(domain) => elsewhere.push(Datum::text(domain)),
            SpfTerm::Everything => everyone = true,
        }
    }
    let certain = |all: Vec<Datum>| all.into_iter().map(datum::Item::certain).collect();
    let mut datum = object([
        (
            "addresses",
            Datum::list(certain(addresses), missing.clone()),
        ),
        ("public_ips", elements(world, Kind::PublicIp, here, missing)),
        ("elsewhere", Datum::list(certain(elsewhere), None)),
        ("everyone", Datum::constant(Data::Bool(everyone))),
    ]);
    datum.origin = if text.origin == OriginId::NONE {
        record.meta.origin
    } else {
        text.origin
    };
    datum
}

/// The public address of these files whose address an unknown is.
pub(super) fn public_ip_of(world: &World<'_>, unknown: &Unknown) -> Option<PublicIpId> {
    let reference = unknown.refers_to.as_ref()?;
    if !reference
        .path
        .to_ascii_lowercase()
        .replace('_', "")
        .ends_with("ipaddress")
    {
        return None;
    }
    PublicIpId::all(world.network).find(|id| world.network[*id].meta.key == reference.resource)
}
