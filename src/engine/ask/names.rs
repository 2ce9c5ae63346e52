//! Elements of the network by what a person calls them: a name in Azure, `network/subnet`, an
//! address as Terraform or ARM write it, or a full id, in any case.
//!
//! A name that is written out in full beats one that only ends an address. What is left over is
//! never guessed: a name of nothing and a name of two things are wrong calls, told with the
//! candidates and their places.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::estate::{Asked, Estate};
use crate::engine::UsageError;
use crate::engine::config::did_you_mean;
use crate::eval::value::Truth;
use crate::model::without_keys;
use crate::model::{
    AsgId, FirewallId, Link, LoadBalancerId, MachineId, Meta, NicId, NsgId, PrivateEndpointId,
    PublicIpId, SubnetId, VnetId,
};
use crate::policy::authored::Authored;

/// How many names or candidates a message lists.
const MOST_LISTED: usize = 8;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Target {
    Nsg(NsgId),
    Subnet(SubnetId),
    Nic(NicId),
    Machine(MachineId),
    Firewall(FirewallId),
    LoadBalancer(LoadBalancerId),
    PublicIp(PublicIpId),
    Vnet(VnetId),
    Asg(AsgId),
    PrivateEndpoint(PrivateEndpointId),
}

impl Target {
    /// The word that is put before a name, with a colon, to say what kind of element is meant.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Nsg(_) => "nsg",
            Self::Subnet(_) => "subnet",
            Self::Nic(_) => "nic",
            Self::Machine(_) => "vm",
            Self::Firewall(_) => "firewall",
            Self::LoadBalancer(_) => "lb",
            Self::PublicIp(_) => "pip",
            Self::Vnet(_) => "vnet",
            Self::Asg(_) => "asg",
            Self::PrivateEndpoint(_) => "pe",
        }
    }
}

/// Whether a word says what kind of element is meant.
#[must_use]
pub fn is_kind(word: &str) -> bool {
    PREFIXES.iter().any(|own| own.eq_ignore_ascii_case(word))
}

/// Every word of [`Target::prefix`].
const PREFIXES: [&str; 10] = [
    "nsg", "subnet", "nic", "vm", "firewall", "lb", "pip", "vnet", "asg", "pe",
];

/// What a name may stand for, for people, and which elements those are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A security group.
    Nsg,
    /// A subnet.
    Subnet,
    /// A network interface, or a machine with one.
    Nic,
    /// Anything that sends or receives packets.
    End,
}

impl Wanted {
    fn noun(self) -> &'static str {
        match self {
            Self::Nsg => "network security group",
            Self::Subnet => "subnet",
            Self::Nic => "network interface or machine",
            Self::End => "machine, network interface, subnet or other end of a packet's way",
        }
    }
}

/// An element and its names.
pub struct Named<'a> {
    /// Which.
    pub target: Target,
    /// Its name, place, existence.
    pub meta: &'a Meta,
    /// What kind of element it is, for people.
    pub kind: &'static str,
    /// The names of the elements it is part of, the outermost first.
    owners: Vec<Arc<str>>,
}

impl Named<'_> {
    /// What people call it: `network/subnet`, else the name, else the address.
    #[must_use]
    pub fn display(&self) -> String {
        let Some(name) = self.meta.name.value() else {
            return self.meta.address.to_string();
        };
        let parts = self.owners.iter().chain(std::iter::once(name));
        parts.map(|part| &**part).collect::<Vec<_>>().join("/")
    }

    /// How well a text names it: 0 best, `None` not at all.
    fn rank(&self, text: &str) -> Option<u8> {
        let address = self.meta.address.to_ascii_lowercase();
        let key = self.meta.key.0.to_ascii_lowercase();
        if text == address || text == key || is_same_id(text, &key) {
            return Some(0);
        }
        let display = self.display().to_ascii_lowercase();
        let name = self.meta.name.value().map(|name| name.to_ascii_lowercase());
        if text == display || name.as_deref() == Some(text) {
            return Some(1);
        }
        if text.starts_with('/') && id_names(text).as_deref() == Some(&*display) {
            return Some(1);
        }
        let plain = without_keys(&address);
        let ends = |whole: &str| {
            whole
                .strip_suffix(text)
                .is_some_and(|before| before.ends_with(['/', '.']))
        };
        if ends(&address) || text == plain || ends(&plain) {
            return Some(2);
        }
        None
    }
}

/// Every element of a deployment that may be meant. Those that certainly do not exist are left out.
#[must_use]
pub fn all(asked: &Asked, wanted: Wanted) -> Vec<Named<'_>> {
    let network = &asked.network;
    let mut found: Vec<Named<'_>> = Vec::new();
    let mut add = |target, meta, kind, owners| {
        found.push(Named {
            target,
            meta,
            kind,
            owners,
        });
    };
    let is_end = wanted == Wanted::End;
    if wanted == Wanted::Nsg {
        for id in NsgId::all(network) {
            add(
                Target::Nsg(id),
                &network[id].meta,
                "network security group",
                Vec::new(),
            );
        }
    }
    if is_end || wanted == Wanted::Subnet {
        for id in SubnetId::all(network) {
            let vnet = network[id].virtual_network.value().and_then(Link::here);
            let owner = vnet.and_then(|vnet| network[vnet].meta.name.value().cloned());
            add(
                Target::Subnet(id),
                &network[id].meta,
                "subnet",
                owner.into_iter().collect(),
            );
        }
    }
    if is_end || wanted == Wanted::Nic {
        for id in NicId::all(network) {
            let meta = &network[id].meta;
            add(Target::Nic(id), meta, "network interface", Vec::new());
        }
        for id in MachineId::all(network) {
            let meta = &network[id].meta;
            add(Target::Machine(id), meta, "machine", Vec::new());
        }
    }
    if is_end {
        for id in FirewallId::all(network) {
            add(
                Target::Firewall(id),
                &network[id].meta,
                "firewall",
                Vec::new(),
            );
        }
        for id in LoadBalancerId::all(network) {
            let meta = &network[id].meta;
            add(Target::LoadBalancer(id), meta, "load balancer", Vec::new());
        }
        for id in PublicIpId::all(network) {
            let meta = &network[id].meta;
            add(Target::PublicIp(id), meta, "public address", Vec::new());
        }
        for id in VnetId::all(network) {
            let meta = &network[id].meta;
            add(Target::Vnet(id), meta, "virtual network", Vec::new());
        }
        for id in PrivateEndpointId::all(network) {
            let meta = &network[id].meta;
            let kind = "private endpoint";
            add(Target::PrivateEndpoint(id), meta, kind, Vec::new());
        }
        for id in AsgId::all(network) {
            let meta = &network[id].meta;
            let kind = "application security group";
            add(Target::Asg(id), meta, kind, Vec::new());
        }
    }
    found.retain(|named| named.meta.existence.truth != Truth::False);
    found
}

/// What people call an element: `subnet hub/app`.
#[must_use]
pub fn display(asked: &Asked, target: Target) -> String {
    let wanted = match target {
        Target::Nsg(_) => Wanted::Nsg,
        _ => Wanted::End,
    };
    let mut named = all(asked, wanted).into_iter();
    named
        .find(|named| named.target == target)
        .map_or_else(String::new, |named| {
            format!("{} {}", named.kind, named.display())
        })
}

/// What a text names in each deployment that has the name, by index; empty if none has it.
///
/// # Errors
///
/// When it names two things of one deployment.
pub fn find(
    estate: &Estate,
    among: &[usize],
    text: &str,
    wanted: Wanted,
) -> Result<BTreeMap<usize, Target>, UsageError> {
    let (kind, text) = of_kind(text, wanted);
    let lower = text.trim_end_matches('/').to_ascii_lowercase();
    let mut ranked: Vec<(u8, usize, Named<'_>)> = Vec::new();
    for index in among {
        let Some(asked) = estate.deployments.get(*index) else {
            continue;
        };
        for named in all(asked, wanted) {
            if kind.is_some_and(|kind| kind != named.target.prefix()) {
                continue;
            }
            if let Some(rank) = named.rank(&lower) {
                // What is only looked up gives way to what is created.
                let rank = 2 * rank + u8::from(named.meta.existing);
                ranked.push((rank, *index, named));
            }
        }
    }
    let best = ranked.iter().map(|(rank, ..)| *rank).min();
    ranked.retain(|(rank, ..)| Some(*rank) == best);
    let mut targets = BTreeMap::new();
    for index in among {
        let here: Vec<&Named<'_>> = ranked
            .iter()
            .filter(|(_, own, _)| own == index)
            .map(|(.., named)| named)
            .collect();
        let Some(asked) = estate.deployments.get(*index) else {
            continue;
        };
        match one_of(asked, &here) {
            Some(target) => {
                targets.insert(*index, target);
            }
            None if here.is_empty() => {}
            None => return Err(ambiguous(estate, asked, text, &here)),
        }
    }
    Ok(targets)
}

/// What to say of a text that names nothing.
#[must_use]
pub fn unknown(
    estate: &Estate,
    among: &[usize],
    text: &str,
    wanted: Wanted,
    further: &[Arc<str>],
) -> UsageError {
    let deployments = among
        .iter()
        .filter_map(|index| estate.deployments.get(*index));
    let mut names: Vec<String> = deployments
        .flat_map(|asked| all(asked, wanted))
        .map(|named| named.display())
        .collect();
    names.sort();
    names.dedup();
    let last = |name: &String| name.rsplit('/').next().map(str::to_owned);
    let words: Vec<String> = names
        .iter()
        .cloned()
        .chain(names.iter().filter_map(last))
        .chain(further.iter().map(|tag| tag.to_string()))
        .collect();
    let meant = did_you_mean(text, words.iter().map(String::as_str));
    let help = meant.unwrap_or_else(|| {
        if names.is_empty() {
            return format!("there is no {} in these files", wanted.noun());
        }
        let shown: Vec<String> = names
            .iter()
            .take(MOST_LISTED)
            .map(|it| quoted(it))
            .collect();
        let more = names.len() - shown.len();
        let rest = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("there are {}{rest}", shown.join(", "))
    });
    UsageError {
        message: format!("there is no {} `{text}`", wanted.noun()),
        help: Some(help),
    }
}

/// The path and line where an element is written.
#[must_use]
pub fn line_of(estate: &Estate, asked: &Asked, meta: &Meta) -> Option<String> {
    let authored = Authored::new(&asked.deployment, &asked.network, &asked.settings.foreign);
    let span = authored.element(meta.origin)?;
    let file = estate.sources.get(span.file)?;
    Some(format!(
        "{}:{}",
        file.path(),
        file.line_column(span.start).line
    ))
}

/// The only thing that some elements of one name are: a machine, its own interface and that one's
/// own public address are one, the machine. A virtual network gives way to everything.
fn one_of(asked: &Asked, named: &[&Named<'_>]) -> Option<Target> {
    let mut targets: Vec<Target> = named.iter().map(|it| it.target).collect();
    let network = &asked.network;
    let is_public_of = |public: PublicIpId, nic: NicId| {
        let mut configurations = network[nic].ip_configurations.items.iter();
        configurations.any(|one| one.public_ip.value() == Some(&Link::Here(public)))
    };
    let owned = |part: Target, whole: Target| match (part, whole) {
        (Target::Nic(nic), Target::Machine(machine)) => network[nic].machine == Some(machine),
        (Target::PublicIp(public), Target::Nic(nic)) => is_public_of(public, nic),
        (Target::PublicIp(public), Target::Machine(machine)) => NicId::all(network)
            .any(|nic| network[nic].machine == Some(machine) && is_public_of(public, nic)),
        (Target::PublicIp(public), Target::LoadBalancer(balancer)) => {
            let mut frontends = network[balancer].frontends.items.iter();
            frontends.any(|one| one.public_ip.value() == Some(&Link::Here(public)))
        }
        // A network is rarely meant where something in it has the name too.
        (Target::Vnet(_), Target::Vnet(_)) => false,
        (Target::Vnet(_), _) => true,
        _ => false,
    };
    let all = targets.clone();
    targets.retain(|part| !all.iter().any(|whole| owned(*part, *whole)));
    match targets.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

fn ambiguous(estate: &Estate, asked: &Asked, text: &str, named: &[&Named<'_>]) -> UsageError {
    let mut lines: Vec<String> = named
        .iter()
        .map(|named| {
            let at = line_of(estate, asked, named.meta);
            let at = at.map_or_else(String::new, |at| format!(" at {at}"));
            let prefix = named.target.prefix();
            format!(
                "{prefix}:{} for {} `{}`{at}",
                named.display(),
                named.kind,
                named.meta.address
            )
        })
        .collect();
    lines.sort();
    let more = lines.len().saturating_sub(MOST_LISTED);
    lines.truncate(MOST_LISTED);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    UsageError {
        message: format!("`{text}` names {} things in `{}`", named.len(), asked.name),
        help: Some(format!(
            "name one of them, with its kind or by its address:\n    {}",
            lines.join("\n    ")
        )),
    }
}

/// The kind that a name says it is of, and the rest of it.
fn of_kind(text: &str, wanted: Wanted) -> (Option<&'static str>, &str) {
    let Some((kind, name)) = text.split_once(':') else {
        return (None, text);
    };
    let is = |own: &&&str| own.eq_ignore_ascii_case(kind);
    match PREFIXES.iter().find(is) {
        Some(_) if wanted == Wanted::Nsg && !kind.eq_ignore_ascii_case("nsg") => (None, text),
        Some(prefix) => (Some(prefix), name),
        None => (None, text),
    }
}

fn quoted(name: &str) -> String {
    format!("`{name}`")
}

/// Whether a full id in lower case is that of a key whose subscription or resource group is not
/// known: the same provider, types and names, and no other resource group.
fn is_same_id(text: &str, key: &str) -> bool {
    let split = |id: &str| {
        let (scope, path) = id.rsplit_once("/providers/")?;
        let group = scope
            .split_once("/resourcegroups/")
            .map_or("", |(_, group)| group)
            .to_owned();
        Some((group, path.to_owned()))
    };
    let (Some((group, path)), Some((own_group, own))) = (split(text), split(key)) else {
        return false;
    };
    let open = |group: &str| group.is_empty() || group.contains('\u{1}');
    path == own && (group == own_group || open(&own_group) || open(&group))
}

/// The names in a full id: `hub/app` of `…/providers/A/virtualNetworks/hub/subnets/app`.
fn id_names(id: &str) -> Option<String> {
    let (_, path) = id.rsplit_once("/providers/")?;
    let names: Vec<&str> = path.split('/').skip(2).step_by(2).collect();
    (!names.is_empty()).then(|| names.join("/"))
}
