//! Address ranges.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::{Arguments, Outcome, Problem, Pure};
use crate::eval::value::Value;
use crate::origin::OriginId;

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
    let network: IpNet = text
        .parse()
        .map_err(|_| Problem::wrong(format!("'{text}' is no address range in CIDR notation")))?;
    Ok(network.trunc())
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn address_like(family: IpNet, bits: u128) -> Option<IpAddr> {
    match family {
        IpNet::V4(_) => Some(IpAddr::V4(u32::try_from(bits).ok()?.into())),
        IpNet::V6(_) => Some(IpAddr::V6(bits.into())),
    }
}

fn parse_cidr(call: &Arguments<'_>) -> Outcome {
    let network = network(call)?;
    // What the function calls usable in an IPv6 range is not documented.
    if matches!(network, IpNet::V6(_)) {
        return Err(Problem::Unsupported);
    }
    let origin = call.origin();
    let text = |value: String| Value::string(value, origin);
    let first = bits(network.network());
    let last = bits(network.broadcast());
    let usable = |bits| address_like(network, bits).map_or_else(String::new, |at| at.to_string());
    let narrow = network.max_prefix_len() - network.prefix_len() < 2;
    let mut entries: Vec<(Arc<str>, Value)> = vec![
        ("network".into(), text(network.network().to_string())),
        ("netmask".into(), text(network.netmask().to_string())),
    ];
    entries.push(("broadcast".into(), text(network.broadcast().to_string())));
    let (first, last) = if narrow {
        (first, last)
    } else {
        (first + 1, last - 1)
    };
    entries.push(("firstUsable".into(), text(usable(first))));
    entries.push(("lastUsable".into(), text(usable(last))));
    let length = i64::from(network.prefix_len());
    entries.push(("cidr".into(), Value::integer(length, OriginId::NONE)));
    Ok(Value::object(entries, origin))
}

fn cidr_subnet(call: &Arguments<'_>) -> Outcome {
    let network = network(call)?;
    let (length, index) = (call.integer(1)?, call.integer(2)?);
    let shorter = i64::from(network.prefix_len());
    let most = i64::from(network.max_prefix_len());
    if length < shorter || length > most {
        return Err(Problem::wrong(format!(
            "a subnet of {network} has a prefix length between {shorter} and {most}, not {length}"
        )));
    }
    let subnets = length - shorter;
    let index = u128::try_from(index).ok();
    let fits = |index: &u128| subnets >= 127 || *index < (1_u128 << subnets);
    let index = index
        .filter(fits)
        .ok_or_else(|| Problem::wrong(format!("{network} has no such subnet of /{length}")))?;
    let shift = u32::try_from(most - length).unwrap_or(0);
    let start = bits(network.network()) + index.checked_shl(shift).unwrap_or(0);
    let address = address_like(network, start).ok_or(Problem::Unknown)?;
    call.give_text(format!("{address}/{length}"))
}

fn cidr_host(call: &Arguments<'_>) -> Outcome {
    let network = network(call)?;
    let index = call.integer(1)?;
    if matches!(network, IpNet::V6(_)) {
        return Err(Problem::Unsupported);
    }
    // The first host is the one after the network's own address; tiny networks have none to skip.
    let narrow = network.max_prefix_len() - network.prefix_len() < 2;
    let skipped = u128::from(!narrow);
    let host = u128::try_from(index)
        .ok()
        .and_then(|index| bits(network.network()).checked_add(index + skipped))
        .filter(|host| *host <= bits(network.broadcast()))
        .and_then(|host| address_like(network, host))
        .ok_or_else(|| Problem::wrong(format!("{network} has no host number {index}")))?;
    call.give_text(host.to_string())
}
