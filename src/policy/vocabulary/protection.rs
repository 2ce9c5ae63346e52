//! Flow logs, web application firewalls, plans of Defender for Cloud.

use super::read::{boolean, field, link, text};
use super::{Field, Item, Kind, KindSpec, Ty, World};
use crate::model::protection::{DefenderPlan, FlowLog, FlowLogTarget, WebApplicationFirewall};
use crate::model::{DefenderPlanId, FlowLogId, WebApplicationFirewallId};
use crate::policy::datum::{Data, Datum};

/// What a flow log can record.
const TARGETS: &[&str] = &[
    "network-security-group",
    "virtual-network",
    "subnet",
    "network-interface",
];

pub(super) static FLOW_LOG: KindSpec = KindSpec {
    kind: Kind::FlowLog,
    name: "flow-log",
    is_subject: true,
    doc: "A flow log of Network Watcher.",
    fields: &[
        Field::new(
            "records",
            Ty::One(Item::Word(TARGETS)),
            "what kind of resource it records",
            |w, id| {
                field(&log(w, id).records, |target| {
                    Data::Text(target_word(*target).into())
                })
            },
        ),
        Field::new(
            "network_security_group",
            Ty::One(Item::Element(Kind::Nsg)),
            "the group it records, if it is one",
            |w, id| link(w, &log(w, id).nsg, Kind::Nsg, |id| id.0),
        ),
        Field::new(
            "virtual_network",
            Ty::One(Item::Element(Kind::VirtualNetwork)),
            "the virtual network it records, if it is one",
            |w, id| {
                link(w, &log(w, id).virtual_network, Kind::VirtualNetwork, |id| {
                    id.0
                })
            },
        ),
        Field::new(
            "enabled",
            Ty::BOOL,
            "whether it records at all; null: it does",
            |w, id| boolean(&log(w, id).enabled),
        ),
        Field::new(
            "expires",
            Ty::BOOL,
            "whether old records are deleted; null: no",
            |w, id| boolean(&log(w, id).expires),
        ),
        Field::new(
            "days",
            Ty::NUMBER,
            "after how many days records are deleted; 0: never",
            |w, id| field(&log(w, id).days, |days| Data::Number(*days)),
        ),
        Field::new(
            "analytics",
            Ty::BOOL,
            "whether Traffic Analytics reads it; null: no",
            |w, id| boolean(&log(w, id).analytics),
        ),
    ],
};

pub(super) static WEB_APPLICATION_FIREWALL: KindSpec = KindSpec {
    kind: Kind::WebApplicationFirewall,
    name: "web-application-firewall",
    is_subject: true,
    doc: "A web application firewall: a policy, or the setting of an Application Gateway.",
    fields: &[
        Field::new(
            "service",
            Ty::One(Item::Word(&["Application Gateway", "Front Door"])),
            "where it stands",
            |w, id| {
                let firewall = firewall(w, id);
                Datum::new(Data::Text(firewall.service.into()), firewall.meta.origin)
            },
        ),
        Field::new(
            "enabled",
            Ty::BOOL,
            "whether it looks at requests; null: it does",
            |w, id| boolean(&firewall(w, id).enabled),
        ),
        Field::new(
            "mode",
            Ty::TEXT,
            "what it does with those it finds: `Detection` or `Prevention`",
            |w, id| field(&firewall(w, id).mode, text),
        ),
    ],
};

pub(super) static DEFENDER_PLAN: KindSpec = KindSpec {
    kind: Kind::DefenderPlan,
    name: "defender-plan",
    is_subject: true,
    doc: "A plan of Microsoft Defender for Cloud on the subscription.",
    fields: &[
        Field::new(
            "resources",
            Ty::TEXT,
            "what it protects, for example `VirtualMachines`",
            |w, id| field(&plan(w, id).resources, text),
        ),
        Field::new("tier", Ty::TEXT, "`Free` or `Standard`", |w, id| {
            field(&plan(w, id).tier, text)
        }),
    ],
};

fn log<'a>(world: &World<'a>, id: u32) -> &'a FlowLog {
    &world.network[FlowLogId(id)]
}

fn firewall<'a>(world: &World<'a>, id: u32) -> &'a WebApplicationFirewall {
    &world.network[WebApplicationFirewallId(id)]
}

fn plan<'a>(world: &World<'a>, id: u32) -> &'a DefenderPlan {
    &world.network[DefenderPlanId(id)]
}

fn target_word(target: FlowLogTarget) -> &'static str {
    match target {
        FlowLogTarget::NetworkSecurityGroup => "network-security-group",
        FlowLogTarget::VirtualNetwork => "virtual-network",
        FlowLogTarget::Subnet => "subnet",
        FlowLogTarget::NetworkInterface => "network-interface",
    }
}
