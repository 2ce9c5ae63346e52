//! Services in subnets, and what they need of the rules around them.

use std::sync::Arc;

use super::read::{address, boolean, element, field, link, list, name, object, text};
use super::{Field, Item, Kind, KindSpec, Member, Ty, World, outside, presence};
use crate::eval::value::{Truth, Unknown};
use crate::model::address::{AddressPrefix, PortRange, Protocol, ServiceTag};
use crate::model::nsg::Direction;
use crate::model::service::{Enough, Need, RequiredFlow, Service, ServiceOption, Support};
use crate::model::{self, Link, List, ServiceId, State, SubnetId};
use crate::policy::datum::{
    self, Data, Datum, display_address, display_ports, parse_address, parse_ports,
};
use crate::semantics::packet::Family;
use crate::semantics::rules::{AddressSpec, FlowSpec, Scope};

const KINDS: &[&str] = &[
    "bastion",
    "application-gateway",
    "api-management",
    "app-service-environment",
    "entra-domain-services",
    "hd-insight",
    "sql-managed-instance",
    "databricks",
    "container-apps",
    "kubernetes",
    "batch",
    "machine-learning",
    "private-link-service",
];

const REQUIRED: &[Member] = &[
    (
        "subnet",
        Ty::One(Item::Element(Kind::Subnet)),
        "where it is needed",
    ),
    (
        "direction",
        Ty::One(Item::Word(&["Inbound", "Outbound"])),
        "`Inbound` or `Outbound`",
    ),
    (
        "protocols",
        Ty::List(Item::Word(&["Tcp", "Udp"])),
        "protocols; none: any",
    ),
    ("from", Ty::List(Item::Address), "from where"),
    ("to", Ty::List(Item::Address), "to where"),
    ("ports", Ty::List(Item::Ports), "destination ports"),
    (
        "need",
        Ty::One(Item::Word(&["hard", "soft"])),
        "`hard`: the service does not work without it; `soft`: a part of it does not",
    ),
    ("purpose", Ty::TEXT, "what it is for"),
    (
        "text",
        Ty::TEXT,
        "all of it in words: `inbound TCP 443 from GatewayManager`",
    ),
    (
        "allowed",
        Ty::BOOL,
        "whether the security rules of the subnet let enough of it through",
    ),
];

const SETTINGS: &[Member] = &[
    ("external", Ty::BOOL, "reached from the Internet"),
    ("v2", Ty::BOOL, "the second generation of the service"),
    (
        "network_isolation",
        Ty::BOOL,
        "managed without help of the Internet, or without public addresses",
    ),
    ("developer", Ty::BOOL, "a tier for development"),
    ("multi_region", Ty::BOOL, "runs in several regions"),
    ("kafka", Ty::BOOL, "runs Kafka"),
    (
        "outbound_managed",
        Ty::BOOL,
        "managed over connections it makes itself",
    ),
    ("workload_profiles", Ty::BOOL, "runs on profiles of its own"),
    (
        "v3",
        Ty::BOOL,
        "the third generation of an App Service Environment",
    ),
    (
        "private_cluster",
        Ty::BOOL,
        "its management interface has a private address only",
    ),
];

const SUBNET_NEEDS: &[Member] = &[
    ("subnet", Ty::One(Item::Element(Kind::Subnet)), "the subnet"),
    (
        "delegation",
        Ty::TEXT,
        "what it must be delegated to; null: nothing",
    ),
    (
        "security_group",
        Ty::BOOL,
        "whether it must have a network security group",
    ),
    (
        "route_table",
        Ty::BOOL,
        "whether it must have a route table",
    ),
    (
        "no_private_link_policies",
        Ty::BOOL,
        "whether network policies for Private Link services must be off in it",
    ),
];

pub(super) const SPECIAL: &[Member] = &[
    ("name", Ty::TEXT, "the name that makes it special"),
    ("holds", Ty::TEXT, "what lives in it, for people"),
    (
        "smallest",
        Ty::NUMBER,
        "the longest prefix that is accepted",
    ),
    (
        "advised",
        Ty::NUMBER,
        "the longest prefix that is right for every tier and edition",
    ),
    (
        "security_group",
        Ty::BOOL,
        "whether a network security group is supported on it",
    ),
    (
        "route_table",
        Ty::BOOL,
        "whether a route table is supported on it",
    ),
];

pub(super) static SERVICE: KindSpec = KindSpec {
    kind: Kind::Service,
    name: "service",
    is_subject: true,
    doc: "A service of Azure's that lives in subnets: Bastion, Application Gateway, API Management, …",
    fields: &[
        Field {
            name: "name",
            ty: Ty::TEXT,
            doc: "its name; that of its subnet, where only the subnet tells of it",
            get: |w, id| name(&service(w, id).meta),
        },
        Field {
            name: "resource",
            ty: Ty::TEXT,
            doc: "the address of its resource",
            get: |w, id| address(&service(w, id).meta),
        },
        Field {
            name: "kind",
            ty: Ty::One(Item::Word(KINDS)),
            doc: "which service it is",
            get: |w, id| Datum::text(service(w, id).kind.word()),
        },
        Field {
            name: "tier",
            ty: Ty::TEXT,
            doc: "its tier, as Azure calls it",
            get: |w, id| field(&service(w, id).tier, text),
        },
        Field {
            name: "inferred",
            ty: Ty::BOOL,
            doc: "whether only the name or the delegation of its subnet tells of it",
            get: |w, id| Datum::constant(Data::Bool(service(w, id).inferred)),
        },
        Field {
            name: "ports",
            ty: Ty::List(Item::Ports),
            doc: "the ports that its clients ask",
            get: |w, id| list(&service(w, id).ports, |ports| Data::Ports(*ports)),
        },
        Field {
            name: "subnets",
            ty: Ty::List(Item::Element(Kind::Subnet)),
            doc: "the subnets it lives in",
            get: subnets,
        },
        Field {
            name: "settings",
            ty: Ty::One(Item::Object(SETTINGS)),
            doc: "what it is set to, as far as its needs depend on it",
            get: settings,
        },
        Field {
            name: "subnet_needs",
            ty: Ty::List(Item::Object(SUBNET_NEEDS)),
            doc: "what it asks of each of its subnets that are in these files",
            get: subnet_needs,
        },
        Field {
            name: "required_flows",
            ty: Ty::List(Item::Object(REQUIRED)),
            doc: "what it needs in each of its subnets whose security rules are in these files",
            get: required_flows,
        },
    ],
};

fn service<'a>(world: &World<'a>, id: u32) -> &'a Service {
    &world.network[ServiceId(id)]
}

fn subnets(world: &World<'_>, id: u32) -> Datum {
    let subnets = &service(world, id).subnets;
    let items = subnets.items.iter().map(|subnet| {
        let datum = link(world, subnet, Kind::Subnet, |id| id.0);
        datum::Item::certain(datum)
    });
    Datum::list(items.collect(), subnets.rest.clone())
}

fn settings(world: &World<'_>, id: u32) -> Datum {
    let service = service(world, id);
    object(ServiceOption::ALL.map(|(option, word)| (word, boolean(&service.option(option)))))
}

/// What the name of a subnet makes of it; null for an ordinary one.
pub(super) fn special(world: &World<'_>, id: SubnetId) -> Datum {
    let name = &world.network[id].meta.name;
    let row = match &name.state {
        State::Known(name) => {
            let mut rows = world.facts.special_subnets.iter();
            rows.find(|row| row.name.eq_ignore_ascii_case(name))
        }
        _ => None,
    };
    let Some(row) = row else {
        return Datum::new(Data::Absent, name.origin);
    };
    let number = |number: u8| Datum::constant(Data::Number(i64::from(number)));
    let flag = |support| Datum::constant(Data::Bool(support == Support::Supported));
    object([
        ("name", Datum::text(Arc::clone(&row.name))),
        ("holds", Datum::text(Arc::clone(&row.holds))),
        ("smallest", number(row.smallest)),
        ("advised", number(row.advised)),
        ("security_group", flag(row.security_group)),
        ("route_table", flag(row.route_table)),
    ])
}

/// The length of a subnet's IPv4 prefix; of several the shortest.
pub(super) fn prefix_length(world: &World<'_>, id: SubnetId) -> Datum {
    let prefixes = &world.network[id].address_prefixes;
    let mut best: Option<Datum> = None;
    let mut shortest = u8::MAX;
    for field in &prefixes.items {
        match &field.state {
            State::Known(block) if block.addr().is_ipv4() && block.prefix_len() < shortest => {
                shortest = block.prefix_len();
                best = Some(Datum::new(Data::Number(i64::from(shortest)), field.origin));
            }
            State::Unknown(unknown, _) => return Datum::unknown(Arc::clone(unknown)),
            _ => {}
        }
    }
    match (&prefixes.rest, best) {
        (Some(rest), _) => Datum::unknown(Arc::clone(rest)),
        (None, Some(best)) => best,
        (None, None) => Datum::constant(Data::Absent),
    }
}

fn subnet_needs(world: &World<'_>, id: u32) -> Datum {
    let service = service(world, id);
    let (mut items, mut rest) = (Vec::new(), service.subnets.rest.clone());
    for field in &service.subnets.items {
        let subnet = match &field.state {
            State::Known(Link::Here(subnet)) if !world.network[*subnet].meta.existing => *subnet,
            State::Known(_) => {
                rest = rest.or_else(|| Some(outside("a subnet that is not in these files")));
                continue;
            }
            State::Unknown(unknown, _) => {
                rest = rest.or_else(|| Some(Arc::clone(unknown)));
                continue;
            }
            State::Absent | State::Invalid { .. } => continue,
        };
        let rows = world.facts.service_subnets.iter();
        for row in rows.filter(|row| row.service == service.kind) {
            let (present, because) = applies(service, &row.when, &row.unless);
            if present == Truth::False {
                continue;
            }
            let delegation = row.delegation.clone();
            let delegation = delegation.map_or(Datum::constant(Data::Absent), Datum::text);
            let datum = object([
                ("subnet", element(world, Kind::Subnet, subnet.0)),
                ("delegation", delegation),
                (
                    "security_group",
                    Datum::constant(Data::Bool(row.security_group)),
                ),
                ("route_table", Datum::constant(Data::Bool(row.route_table))),
                (
                    "no_private_link_policies",
                    Datum::constant(Data::Bool(row.no_private_link_policies)),
                ),
            ]);
            items.push(datum::Item {
                datum,
                present,
                because,
            });
        }
    }
    Datum::list(items, rest)
}

/// Whether a service is set as a row asks.
fn applies(
    service: &Service,
    when: &[ServiceOption],
    unless: &[ServiceOption],
) -> (Truth, Option<Arc<Unknown>>) {
    let (mut present, mut because) = presence(&service.meta);
    let wanted = when.iter().map(|option| (option, true));
    for (option, wanted) in wanted.chain(unless.iter().map(|option| (option, false))) {
        let truth = match &service.option(*option).state {
            State::Known(on) => (*on == wanted).into(),
            State::Absent => (!wanted).into(),
            State::Unknown(unknown, _) => {
                because = because.or_else(|| Some(Arc::clone(unknown)));
                Truth::Unknown
            }
            State::Invalid { .. } => Truth::False,
        };
        present = present.and(truth);
    }
    (present, because)
}

/// Of subnets with a group that is not in the files nothing can be told: their needs are the rest.
fn required_flows(world: &World<'_>, id: u32) -> Datum {
    let service = service(world, id);
    let (mut items, mut rest) = (Vec::new(), service.subnets.rest.clone());
    for field in &service.subnets.items {
        let subnet = match &field.state {
            State::Known(Link::Here(subnet)) => *subnet,
            State::Unknown(unknown, _) => {
                rest = rest.or_else(|| Some(Arc::clone(unknown)));
                continue;
            }
            State::Known(Link::External(_)) => {
                rest = rest.or_else(|| Some(outside("a subnet that is not in these files")));
                continue;
            }
            State::Absent | State::Invalid { .. } => continue,
        };
        match &world.network[subnet].nsg.state {
            State::Known(Link::Here(group)) if !world.network[*group].meta.existing => {
                let rows = world.facts.required_flows.iter();
                let rows = rows.filter(|row| row.service == service.kind);
                items.extend(rows.filter_map(|row| required(world, service, subnet, row)));
            }
            State::Known(_) => {
                rest = rest.or_else(|| {
                    Some(outside(
                        "a network security group that is not in these files",
                    ))
                });
            }
            State::Unknown(unknown, _) => rest = rest.or_else(|| Some(Arc::clone(unknown))),
            State::Absent | State::Invalid { .. } => {}
        }
    }
    Datum::list(items, rest)
}

/// One need, where its conditions may hold.
fn required(
    world: &World<'_>,
    service: &Service,
    subnet: SubnetId,
    row: &RequiredFlow,
) -> Option<datum::Item> {
    let (present, because) = applies(service, &row.when, &row.unless);
    if present == Truth::False {
        return None;
    }
    let flow = Flow::new(world, service, subnet, row);
    let (allowed, why) = flow.allowed(world, subnet);
    let words = flow.words(&row.peer);
    let (from, to) = match flow.direction {
        Direction::Inbound => (&flow.peer, &flow.near),
        Direction::Outbound => (&flow.near, &flow.peer),
    };
    let addresses =
        |all: &List<model::Field<AddressPrefix>>| list(all, |one| Data::Address(one.clone()));
    let protocols = flow
        .protocols
        .iter()
        .map(|one| datum::Item::certain(Datum::text(super::protocol_word(*one))));
    let ports = flow
        .ports
        .iter()
        .map(|one| datum::Item::certain(Datum::constant(Data::Ports(*one))));
    let direction = match flow.direction {
        Direction::Inbound => "Inbound",
        Direction::Outbound => "Outbound",
    };
    let datum = object([
        ("subnet", element(world, Kind::Subnet, subnet.0)),
        ("direction", Datum::text(direction)),
        ("protocols", Datum::list(protocols.collect(), None)),
        ("from", addresses(from)),
        ("to", addresses(to)),
        ("ports", Datum::list(ports.collect(), None)),
        (
            "need",
            Datum::text(match row.need {
                Need::Hard => "hard",
                Need::Soft => "soft",
            }),
        ),
        ("purpose", Datum::text(Arc::clone(&row.purpose))),
        ("text", Datum::text(words)),
        ("allowed", Datum::truth_value(allowed, why)),
    ]);
    Some(datum::Item {
        datum,
        present,
        because,
    })
}

/// A need with its values filled in.
struct Flow {
    direction: Direction,
    protocols: Vec<Protocol>,
    /// The addresses of the subnet, as far as they are known.
    near: List<model::Field<AddressPrefix>>,
    peer: List<model::Field<AddressPrefix>>,
    ports: Vec<PortRange>,
    /// Some packet is enough.
    some: bool,
}

impl Flow {
    fn new(world: &World<'_>, service: &Service, subnet: SubnetId, row: &RequiredFlow) -> Self {
        let subnet = &world.network[subnet];
        let origin = subnet.meta.origin;
        let prefixes = &subnet.address_prefixes;
        let (known, unknown): (Vec<_>, Vec<_>) =
            prefixes.items.iter().partition(|one| one.value().is_some());
        let missing = unknown.first().and_then(|one| one.unknown().cloned());
        let missing = missing.or_else(|| prefixes.rest.clone());
        let nothing = known.is_empty().then(|| outside("the subnet's addresses"));
        let missing = missing.or(nothing);
        let near: Vec<_> = known
            .into_iter()
            .map(|one| one.clone().map(AddressPrefix::Block))
            .collect();
        let near = List {
            items: near,
            rest: missing,
        };
        let mut some = row.enough == Enough::Some;
        let peer = match &*row.peer {
            "subnet" => near.clone(),
            word => {
                let region = service
                    .location
                    .value()
                    .map(|region| region_of(world, region));
                let word: Arc<str> = match (row.regional, region) {
                    (true, Some(region)) => format!("{word}.{region}").into(),
                    (true, None) => {
                        // The part for some region is enough.
                        some = true;
                        Arc::clone(&row.peer)
                    }
                    (false, _) => Arc::clone(&row.peer),
                };
                let prefix = parse_address(&word);
                let prefix = prefix.unwrap_or_else(|| AddressPrefix::Tag(ServiceTag::new(&word)));
                List::closed(vec![model::Field::known(prefix, origin)])
            }
        };
        let mut ports = Vec::new();
        for word in &row.ports {
            if &**word == "listeners" {
                ports.extend(
                    service
                        .ports
                        .items
                        .iter()
                        .filter_map(|one| one.value().copied()),
                );
            } else {
                ports.extend(parse_ports(word));
            }
        }
        // An empty list would mean that no port is meant.
        if ports.is_empty() {
            ports.push(PortRange::ALL);
        }
        Self {
            direction: match &*row.direction {
                "inbound" => Direction::Inbound,
                _ => Direction::Outbound,
            },
            protocols: row
                .protocols
                .iter()
                .filter_map(|word| match &**word {
                    "tcp" => Some(Protocol::Tcp),
                    "udp" => Some(Protocol::Udp),
                    _ => None,
                })
                .collect(),
            near,
            peer,
            ports,
            some,
        }
    }

    /// Whether enough of it gets through the subnet's rules. IPv4, which is what the services need.
    fn allowed(&self, world: &World<'_>, subnet: SubnetId) -> (Truth, Option<Arc<Unknown>>) {
        // Where addresses are missing, what holds for every address holds for them too.
        let side = |list: &List<model::Field<AddressPrefix>>| match &list.rest {
            Some(_) => Vec::new(),
            None => vec![AddressSpec::Prefixes(list.items.clone())],
        };
        let (from, to) = match self.direction {
            Direction::Inbound => (side(&self.peer), side(&self.near)),
            Direction::Outbound => (side(&self.near), side(&self.peer)),
        };
        let spec = FlowSpec {
            direction: self.direction,
            protocols: self.protocols.clone(),
            from,
            to,
            ports: self.ports.clone(),
            source_ports: Vec::new(),
        };
        let semantics = &world.semantics;
        let flows = semantics.flows(&spec, Scope::Subnet(subnet), Family::V4);
        let through = semantics.subnet_allowed_of(subnet, self.direction, &flows);
        let lets = flows.and(&through).is_hit();
        let stops = flows.minus(&through).is_hit();
        let (truth, unknowns) = match &self.near.rest {
            Some(missing) => match (lets.truth, stops.truth) {
                (Truth::False, _) => (Truth::False, lets.unknowns),
                (_, Truth::False) => (Truth::True, stops.unknowns),
                _ => (Truth::Unknown, vec![Arc::clone(missing)]),
            },
            None if self.some => (lets.truth, lets.unknowns),
            None => (!stops.truth, stops.unknowns),
        };
        (truth, unknowns.into_iter().next())
    }

    fn words(&self, peer: &str) -> String {
        let (direction, word) = match self.direction {
            Direction::Inbound => ("inbound", "from"),
            Direction::Outbound => ("outbound", "to"),
        };
        let protocols: Vec<String> = self
            .protocols
            .iter()
            .map(|one| super::protocol_word(*one).to_ascii_uppercase())
            .collect();
        let protocols = match protocols.is_empty() {
            true => "traffic of any protocol".to_owned(),
            false => protocols.join(" and "),
        };
        let ports: Vec<String> = self.ports.iter().map(|one| display_ports(*one)).collect();
        let ports = match &self.ports[..] {
            [PortRange::ALL] => String::new(),
            _ => format!(" {}", ports.join(", ")),
        };
        let peer = match (peer, self.peer.items.first().and_then(|one| one.value())) {
            ("subnet", _) => "its own subnet".to_owned(),
            ("*", _) => "anywhere".to_owned(),
            (_, Some(prefix)) => format!("`{}`", display_address(prefix)),
            (peer, None) => format!("`{peer}`"),
        };
        format!("{direction} {protocols}{ports} {word} {peer}")
    }
}

/// A region as service tags spell it.
fn region_of(world: &World<'_>, location: &str) -> String {
    let region: String = location.chars().filter(|c| !c.is_whitespace()).collect();
    let region = region.to_ascii_lowercase();
    let row = world
        .facts
        .tag_regions
        .iter()
        .find(|row| *row.region == *region);
    row.map_or(region, |row| row.tag.to_string())
}
