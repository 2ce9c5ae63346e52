//! The ends of a question: what a person types after `--from` and `--to`.
//!
//! An address, a block, a range, a service tag, `any`, a host name, or the name of something that
//! sends or receives packets; with `:PORT` behind it where ports matter.

mod addresses;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use addresses::{addresses_of, family, subnets_of, subnets_of_nic};
use addresses::{told, untold};

use super::estate::{Asked, Estate};
use super::names::{self, Target, Wanted};
use crate::engine::UsageError;
use crate::model::address::{AddressPrefix, PortRange, ServiceTag};
use crate::model::platform::PlatformFacts;
use crate::model::{Field, Link, Network, NicId, parse};
use crate::origin::OriginId;
use crate::semantics::reach::Endpoint;

/// Tags that no resource is taken for, whatever its name.
const ALWAYS_TAGS: [&str; 3] = ["Internet", "VirtualNetwork", "AzureLoadBalancer"];

/// One end as it was typed.
#[derive(Clone, Debug)]
pub struct Written {
    /// Without its ports.
    pub text: String,
    /// Its ports; empty: any.
    pub ports: Vec<PortRange>,
}

/// One end in one deployment.
#[derive(Clone, Debug)]
pub struct End {
    /// What it is to semantics.
    pub endpoint: Endpoint,
    /// For people: `subnet hub/app`, `10.0.0.4`.
    pub display: String,
    /// Which element it is, if it is one.
    pub target: Option<Target>,
    /// What was made of the text, where that is not plain.
    pub note: Option<String>,
}

/// One end in every deployment that has it.
#[derive(Clone, Debug)]
pub enum Resolved {
    /// It means the same everywhere.
    Everywhere(End),
    /// By deployment.
    Named(BTreeMap<usize, End>),
}

impl Resolved {
    /// What it is in a deployment.
    #[must_use]
    pub fn of(&self, deployment: usize) -> Option<&End> {
        match self {
            Self::Everywhere(end) => Some(end),
            Self::Named(ends) => ends.get(&deployment),
        }
    }
}

/// Takes an end apart.
///
/// # Errors
///
/// When what follows the last colon is neither part of an address nor ports.
pub fn read(text: &str) -> Result<Written, UsageError> {
    let text = text.trim();
    let plain = |text: &str| Written {
        text: text.to_owned(),
        ports: Vec::new(),
    };
    if text.is_empty() {
        return Err(UsageError::new("an end of the path is empty"));
    }
    let (name, ports) = if let Some((inner, rest)) =
        text.strip_prefix('[').and_then(|rest| rest.split_once(']'))
    {
        match rest.strip_prefix(':') {
            Some(ports) => (inner, ports),
            None if rest.is_empty() => return Ok(plain(inner)),
            None => return Err(misread(text)),
        }
    } else if parse::block(text).is_ok() {
        return Ok(plain(text));
    } else {
        match text.rsplit_once(':') {
            Some((kind, rest))
                if names::is_kind(kind) && rest.split(',').any(|it| parse::ports(it).is_err()) =>
            {
                return Ok(plain(text));
            }
            Some((name, ports)) => (name, ports),
            None => return Ok(plain(text)),
        }
    };
    let ports: Result<Vec<PortRange>, String> = ports.split(',').map(parse::ports).collect();
    match ports {
        Ok(ports) if !name.is_empty() => Ok(Written {
            text: name.to_owned(),
            ports,
        }),
        Ok(_) => Err(misread(text)),
        Err(why) => Err(UsageError {
            message: format!("`{text}`: {why}"),
            help: Some("write NAME:PORT, 10.0.0.4:443 or [2001:db8::4]:443".to_owned()),
        }),
    }
}

/// Finds what an end is in the deployments that have it.
///
/// # Errors
///
/// When it is the name of nothing, or of two things.
pub fn resolve(
    estate: &Estate,
    among: &[usize],
    written: &Written,
) -> Result<Resolved, UsageError> {
    let text = written.text.as_str();
    let everywhere = |prefix: AddressPrefix, note| {
        Ok(Resolved::Everywhere(End {
            display: text.to_owned(),
            endpoint: Endpoint::Addresses(vec![Field::known(prefix, OriginId::NONE)]),
            target: None,
            note,
        }))
    };
    if text == "*" || text.eq_ignore_ascii_case("any") {
        return everywhere(AddressPrefix::Any, None);
    }
    if let Some(prefix) = addresses(text) {
        return everywhere(prefix?, None);
    }
    let always = ALWAYS_TAGS.iter().find(|tag| ServiceTag::new(text).is(tag));
    if always.is_some() {
        return everywhere(AddressPrefix::Tag(ServiceTag::new(text)), None);
    }
    let found = names::find(estate, among, text, Wanted::End)?;
    if found.is_empty() {
        if is_tag(text, estate.facts) {
            return everywhere(AddressPrefix::Tag(ServiceTag::new(text)), None);
        }
        if is_host_name(text) {
            return Ok(Resolved::Everywhere(host(text)));
        }
        let tags: Vec<Arc<str>> = estate
            .facts
            .tags
            .iter()
            .map(|row| Arc::clone(&row.name))
            .collect();
        return Err(names::unknown(estate, among, text, Wanted::End, &tags));
    }
    let mut ends = BTreeMap::new();
    for (index, target) in found {
        if let Some(asked) = estate.deployments.get(index) {
            ends.insert(index, end_of(asked, text, target)?);
        }
    }
    Ok(Resolved::Named(ends))
}

/// The same as a sender: of a public address the machine that has it.
///
/// # Errors
///
/// When it is a load balancer: those send nothing themselves.
pub fn as_sender(network: &Network, end: &End) -> Result<End, UsageError> {
    let mut end = end.clone();
    match end.endpoint {
        Endpoint::LoadBalancer(_) => {
            return Err(UsageError {
                message: format!("{} sends nothing itself", end.display),
                help: Some("name a machine behind it".to_owned()),
            });
        }
        Endpoint::PublicIp(id) => {
            let holder = NicId::all(network).find(|nic| {
                let mut configurations = network[*nic].ip_configurations.items.iter();
                configurations.any(|one| one.public_ip.value() == Some(&Link::Here(id)))
            });
            end.endpoint = match holder {
                Some(nic) => {
                    let name = network[nic].meta.address.clone();
                    end.note = Some(format!("{} is that of `{name}`, which sends", end.display));
                    Endpoint::Nic(nic)
                }
                None => Endpoint::Addresses(addresses_of(network, &end.endpoint)),
            };
        }
        _ => {}
    }
    Ok(end)
}

fn misread(text: &str) -> UsageError {
    UsageError {
        message: format!("`{text}` is neither a name nor an address"),
        help: Some("write NAME:PORT, 10.0.0.4:443 or [2001:db8::4]:443".to_owned()),
    }
}

/// A block or range; `None` for what does not begin like one.
fn addresses(text: &str) -> Option<Result<AddressPrefix, UsageError>> {
    if let Ok(block) = parse::block(text) {
        return Some(Ok(AddressPrefix::Block(block)));
    }
    let looks = text
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':' | b'/' | b'-'))
        && (text.contains('/') || text.contains('-') || text.matches('.').count() == 3)
        && text.starts_with(|first: char| first.is_ascii_digit())
        && (text.contains('.') || text.contains(':'));
    if !looks {
        return None;
    }
    Some(match parse::firewall_prefix(text) {
        Ok(prefix @ AddressPrefix::Range(..)) => Ok(prefix),
        Ok(_) => Err(misread(text)),
        Err(why) => Err(UsageError::new(why)),
    })
}

fn is_tag(text: &str, facts: &PlatformFacts) -> bool {
    let tag = ServiceTag::new(text);
    let known = |name: &str| {
        facts.tags.iter().find(|row| {
            row.name.eq_ignore_ascii_case(name)
                || row
                    .formerly
                    .iter()
                    .any(|old| old.eq_ignore_ascii_case(name))
        })
    };
    known(tag.name()).is_some()
        || tag
            .name()
            .rsplit_once('.')
            .and_then(|(base, _)| known(base))
            .is_some_and(|row| row.regional)
}

/// Dots between labels of letters, digits and dashes, and letters at the end. Addresses of
/// resources in Terraform hold underscores or begin with `module` or `data`.
fn is_host_name(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    labels.len() > 1
        && labels.iter().all(is_label)
        && labels
            .last()
            .is_some_and(|last| last.len() > 1 && last.bytes().all(|b| b.is_ascii_alphabetic()))
        && !matches!(labels.first(), Some(&"module" | &"data"))
}

fn host(text: &str) -> End {
    End {
        display: text.to_owned(),
        endpoint: Endpoint::HostName(text.into()),
        target: None,
        note: Some(format!(
            "`{text}` is taken for a host name, and that for some address of the Internet"
        )),
    }
}

fn end_of(asked: &Asked, text: &str, target: Target) -> Result<End, UsageError> {
    let network = &asked.network;
    let display = names::display(asked, target);
    let addresses = |fields: Vec<Field<AddressPrefix>>| Endpoint::Addresses(fields);
    let endpoint = match target {
        Target::Nic(nic) => Endpoint::Nic(nic),
        Target::Subnet(subnet) => Endpoint::Subnet(subnet),
        Target::Machine(machine) => Endpoint::Nic(only_nic(asked, machine)?),
        Target::Firewall(firewall) => {
            let firewall = &network[firewall];
            addresses(vec![told(&firewall.private_address, &firewall.meta)])
        }
        Target::LoadBalancer(balancer) => Endpoint::LoadBalancer(balancer),
        Target::PublicIp(public) => Endpoint::PublicIp(public),
        Target::Vnet(vnet) => {
            let vnet = &network[vnet];
            let items = vnet.address_space.items.iter().cloned();
            let mut all: Vec<_> = items.map(|block| block.map(AddressPrefix::Block)).collect();
            if all.is_empty() || vnet.address_space.rest.is_some() {
                all.push(untold(&vnet.meta, "the address space of"));
            }
            addresses(all)
        }
        Target::Asg(group) => addresses(vec![Field::known(
            AddressPrefix::Asg(Link::Here(group)),
            network[group].meta.origin,
        )]),
        Target::PrivateEndpoint(endpoint) => {
            let endpoint = &network[endpoint];
            let items = endpoint.addresses.items.iter();
            let mut all: Vec<_> = items.map(|it| told(it, &endpoint.meta)).collect();
            if all.is_empty() {
                all.push(untold(&endpoint.meta, "the address of"));
            }
            addresses(all)
        }
        Target::Nsg(_) => return Err(misread(text)),
    };
    Ok(End {
        endpoint,
        display,
        target: Some(target),
        note: None,
    })
}

/// The network interface of a machine that has one.
///
/// # Errors
///
/// When it has several, or none in these files.
pub fn only_nic(asked: &Asked, machine: crate::model::MachineId) -> Result<NicId, UsageError> {
    let network = &asked.network;
    let machine = &network[machine];
    let here: Vec<NicId> = machine
        .network_interfaces
        .items
        .iter()
        .filter_map(|nic| nic.value()?.here())
        .collect();
    match here.as_slice() {
        [one] => Ok(*one),
        [] => Err(UsageError {
            message: format!(
                "the network interface of machine `{}` is not in these files",
                machine.meta.address
            ),
            help: Some("name its subnet or its address instead".to_owned()),
        }),
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|nic| format!("`{}`", network[*nic].meta.address))
                .collect();
            Err(UsageError {
                message: format!(
                    "machine `{}` has {} network interfaces",
                    machine.meta.address,
                    several.len()
                ),
                help: Some(format!("name one of them: {}", names.join(", "))),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_follow_the_last_colon_and_addresses_keep_theirs() {
        let read = |text| {
            let written = read(text).unwrap();
            let ports: Vec<_> = written.ports.iter().map(|it| (it.first, it.last)).collect();
            (written.text, ports)
        };
        assert_eq!(read("10.0.0.4:443"), ("10.0.0.4".into(), vec![(443, 443)]));
        assert_eq!(read("hub/app:80-90,443").1, [(80, 90), (443, 443)]);
        assert_eq!(read("2001:db8::4"), ("2001:db8::4".into(), vec![]));
        assert_eq!(
            read("[2001:db8::4]:22"),
            ("2001:db8::4".into(), vec![(22, 22)])
        );
        assert_eq!(read("[::1]"), ("::1".into(), vec![]));
        assert_eq!(
            read("module.net.azurerm_subnet.app[\"x\"]:53").0,
            "module.net.azurerm_subnet.app[\"x\"]"
        );
    }

    #[test]
    fn a_kind_before_a_name_is_no_name_with_a_port() {
        let read = |text| {
            let written = read(text).unwrap();
            (written.text, written.ports.len())
        };
        assert_eq!(read("subnet:app"), ("subnet:app".into(), 0));
        assert_eq!(read("subnet:hub/app:443"), ("subnet:hub/app".into(), 1));
        assert_eq!(read("VM:web"), ("VM:web".into(), 0));
        // A machine that is called so.
        assert_eq!(read("vm:443"), ("vm".into(), 1));
    }

    #[test]
    fn what_is_no_port_is_told() {
        for text in ["web:https", "10.0.0.4:70000", ":80", "", "[::1]x"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_host_name_is_told_from_an_address_of_a_resource() {
        assert!(is_host_name("mx.example.com"));
        for text in ["example", "module.net.app", "a_b.app", "10.0.0.4", "a..b"] {
            assert!(!is_host_name(text), "{text}");
        }
    }

    #[test]
    fn a_broken_address_is_a_broken_address() {
        assert!(addresses("10.0.0.0/33").unwrap().is_err());
        assert!(addresses("10.0.0.256").unwrap().is_err());
        assert!(addresses("10.0.0.4-10.0.0.9").unwrap().is_ok());
        assert!(addresses("web-1").is_none());
        assert!(addresses("1-web.x").is_none());
    }
}
