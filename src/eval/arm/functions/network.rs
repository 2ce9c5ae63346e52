//! Address ranges (<https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-cidr>).

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::{Arguments, Outcome, Problem, Pure};
use crate::eval::functions::network::{host, prefix, subnet};
use crate::eval::value::{Bounds, Unknown, Value};

/// How many subnets of an unknown number are told one by one.
const MAX_SUBNETS: i64 = 16;

pub(super) fn find(name: &str) -> Option<Pure> {
    Some(match name {
        "parsecidr" => parse_cidr,
        "cidrsubnet" => cidr_subnet,
        "cidrhost" => cidr_host,
        _ => return None,
    })
}

fn network(call: &Arguments<'_>) -> Result<IpNet, Problem> {
    let text = call.text(0)?;
    prefix(text.trim())
        .map_err(|_| Problem::at(0, format!("'{text}' is no address range in CIDR notation")))
}

fn parse_cidr(call: &Arguments<'_>) -> Outcome {
    let network = network(call)?;
    let origin = call.origin();
    let text = |address: IpAddr| Value::string(address.to_string(), origin);
    let (first, last) = (network.network(), network.broadcast());
    let mut entries: Vec<(Arc<str>, Value)> = vec![
        ("network".into(), text(first)),
        ("netmask".into(), text(network.netmask())),
    ];
    let usable = match network {
        // All addresses of a range of IPv6 are usable, the first included, and none is a broadcast.
        IpNet::V6(_) => (text(first), text(last)),
        IpNet::V4(net) => {
            entries.push(("broadcast".into(), text(last)));
            match net.prefix_len() {
                32 => (text(first), text(last)),
                // Which of its two addresses a range of two has for hosts is not documented.
                31 => {
                    let either = |what: &str| {
                        let bounds = Bounds::OneOf(vec![text(first), text(last)]);
                        let mut unknown = call.unknown(bounds);
                        unknown.id = Unknown::derived(what, call.values).id;
                        Value::unknown(unknown, origin)
                    };
                    (
                        either("parsecidr.firstusable"),
                        either("parsecidr.lastusable"),
                    )
                }
                _ => {
                    let at = |number| host(network, number).map_or(first, |host| host);
                    (text(at(1)), text(at(-2)))
                }
            }
        }
    };
    entries.push(("firstUsable".into(), usable.0));
    entries.push(("lastUsable".into(), usable.1));
    let length = i64::from(network.prefix_len());
    entries.push(("cidr".into(), Value::integer(length, origin)));
    Ok(Value::object(entries, origin))
}

fn cidr_subnet(call: &Arguments<'_>) -> Outcome {
    let network = network(call)?;
    let length = call.integer(1)?;
    let shorter = i64::from(network.prefix_len());
    let most = i64::from(network.max_prefix_len());
    if length < shorter || length > most {
        return Err(Problem::at(
            1,
            format!(
                "a subnet of {network} has a prefix length between {shorter} and {most}, not {length}"
            ),
        ));
    }
    let index = match call.integer(2) {
        Err(Problem::Unknown) => return any_subnet(call, network, length - shorter),
        index => index?,
    };
    let subnet = subnet(network, length - shorter, index).map_err(|_| {
        Problem::at(
            2,
            format!("{network} has no subnet /{length} of number {index}"),
        )
    })?;
    call.give_text(subnet.to_string())
}

/// One of the subnets, where there are few.
fn any_subnet(call: &Arguments<'_>, network: IpNet, bits: i64) -> Outcome {
    let count = u32::try_from(bits)
        .ok()
        .and_then(|bits| 1_i64.checked_shl(bits));
    let count = count.filter(|count| (1..=MAX_SUBNETS).contains(count));
    let count = count.ok_or(Problem::Unknown)?;
    let origin = call.origin();
    let subnets = (0..count).filter_map(|index| subnet(network, bits, index).ok());
    let values = subnets.map(|subnet| Value::string(subnet.to_string(), origin));
    call.give_bounded(Bounds::OneOf(values.collect()))
}

/// The address of a host: number 0 is the one after the network's own, in both families.
fn cidr_host(call: &Arguments<'_>) -> Outcome {
    let network = network(call)?;
    let index = call.integer(1)?;
    let wrong = || Problem::at(1, format!("{network} has no host number {index}"));
    let place = index
        .checked_add(1)
        .filter(|place| *place > 0)
        .ok_or_else(wrong)?;
    let narrow = network.max_prefix_len() - network.prefix_len() < 2;
    if narrow {
        // A single address has no other host; which host is which of two is not documented.
        if index == 0 && network.prefix_len() == network.max_prefix_len() {
            return call.give_text(network.network().to_string());
        }
        return if (0..2).contains(&index) {
            Err(Problem::Unknown)
        } else {
            Err(wrong())
        };
    }
    let host = host(network, place).map_err(|_| wrong())?;
    if matches!(network, IpNet::V4(_)) && host == network.broadcast() {
        return Err(wrong());
    }
    call.give_text(host.to_string())
}
