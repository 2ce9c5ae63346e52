//! Arithmetic on address prefixes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Reads `address/length`; bits of the address beyond the length are cut off, as both languages do.
///
/// # Errors
/// If it is no prefix.
pub fn prefix(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .map(|net| net.trunc())
        .map_err(|_| format!("\"{text}\" is no address prefix like 10.0.0.0/16"))
}

/// The subnet number `number` of those that are `new_bits` longer than `net`.
///
/// ```
/// use aznet::eval::functions::network::{prefix, subnet};
/// let net = prefix("10.0.0.0/16").unwrap();
/// assert_eq!(subnet(net, 8, 2).unwrap().to_string(), "10.0.2.0/24");
/// ```
///
/// # Errors
/// If there is not so much room.
pub fn subnet(net: IpNet, new_bits: i64, number: impl Into<i128>) -> Result<IpNet, String> {
    let length = u8::try_from(i64::from(net.prefix_len()).saturating_add(new_bits))
        .ok()
        .filter(|length| new_bits >= 0 && *length <= net.max_prefix_len())
        .ok_or_else(|| format!("{net} cannot be extended by {new_bits} bits"))?;
    let number =
        u128::try_from(number.into()).map_err(|_| "a subnet number below zero".to_owned())?;
    let room = u32::try_from(new_bits).unwrap_or(0);
    if room < 128 && number >> room != 0 {
        return Err(format!(
            "{net} extended by {new_bits} bits has no subnet number {number}"
        ));
    }
    let shift = u32::from(net.max_prefix_len() - length);
    let offset = number.checked_shl(shift).unwrap_or(0);
    let address = from_bits(&net, bits(net.network()) | offset);
    IpNet::new(address, length).map_err(|error| error.to_string())
}

/// The address number `number` of a prefix; negative numbers count from the end.
///
/// ```
/// use aznet::eval::functions::network::{host, prefix};
/// let net = prefix("10.0.0.0/24").unwrap();
/// assert_eq!(host(net, 4).unwrap().to_string(), "10.0.0.4");
/// assert_eq!(host(net, -2).unwrap().to_string(), "10.0.0.254");
/// ```
///
/// # Errors
/// If the prefix has no such address.
pub fn host(net: IpNet, number: impl Into<i128>) -> Result<IpAddr, String> {
    let number: i128 = number.into();
    let room = u32::from(net.max_prefix_len() - net.prefix_len());
    let magnitude = number.unsigned_abs();
    let fits = room >= 128 || {
        let size = 1_u128 << room;
        if number < 0 {
            magnitude <= size
        } else {
            magnitude < size
        }
    };
    if !fits {
        return Err(format!("{net} has no address number {number}"));
    }
    let offset = if number < 0 {
        // The end of the prefix, one past its last address, may not fit 128 bits: count back from
        // the last address.
        bits(net.broadcast()) - (magnitude - 1)
    } else {
        bits(net.network()) + magnitude
    };
    Ok(from_bits(&net, offset))
}

/// The net mask of an IPv4 prefix: `255.255.0.0`.
///
/// # Errors
/// For IPv6.
pub fn netmask(net: IpNet) -> Result<IpAddr, String> {
    match net {
        IpNet::V4(net) => Ok(IpAddr::V4(net.netmask())),
        IpNet::V6(_) => Err("only IPv4 prefixes have a net mask".to_owned()),
    }
}

/// Consecutive subnets, each as many bits longer than `net` as `new_bits` says.
///
/// # Errors
/// If they do not fit.
pub fn subnets(net: IpNet, new_bits: &[i64]) -> Result<Vec<IpNet>, String> {
    let mut next = Some(bits(net.network()));
    let last = bits(net.broadcast());
    let mut result = Vec::with_capacity(new_bits.len());
    for wanted in new_bits {
        if *wanted < 1 {
            return Err("each subnet must be at least one bit longer".to_owned());
        }
        let length = u8::try_from(i64::from(net.prefix_len()).saturating_add(*wanted))
            .ok()
            .filter(|length| *length <= net.max_prefix_len())
            .ok_or_else(|| format!("{net} cannot be extended by {wanted} bits"))?;
        let room = u32::from(net.max_prefix_len() - length);
        let size = 1_u128.checked_shl(room).unwrap_or(u128::MAX);
        let start = next
            .and_then(|next| next.checked_next_multiple_of(size))
            .filter(|start| start.checked_add(size - 1).is_some_and(|end| end <= last))
            .ok_or_else(|| format!("{net} has no room left for a /{length}"))?;
        let subnet =
            IpNet::new(from_bits(&net, start), length).map_err(|error| error.to_string())?;
        result.push(subnet);
        next = start.checked_add(size);
    }
    Ok(result)
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn from_bits(like: &IpNet, bits: u128) -> IpAddr {
    match like {
        IpNet::V4(_) => IpAddr::V4(Ipv4Addr::from(u32::try_from(bits).unwrap_or(u32::MAX))),
        IpNet::V6(_) => IpAddr::V6(Ipv6Addr::from(bits)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNet {
        prefix(text).unwrap()
    }

    #[test]
    fn subnets_are_numbered_from_the_start() {
        assert_eq!(
            subnet(net("10.0.0.0/16"), 8, 255).unwrap(),
            net("10.0.255.0/24")
        );
        assert_eq!(
            subnet(net("fd00::/48"), 16, 5).unwrap(),
            net("fd00:0:0:5::/64")
        );
        assert_eq!(
            subnet(net("10.0.0.0/30"), 2, 3).unwrap(),
            net("10.0.0.3/32")
        );
        assert_eq!(subnet(net("0.0.0.0/0"), 0, 0).unwrap(), net("0.0.0.0/0"));
        assert!(subnet(net("10.0.0.0/16"), 8, 256).is_err());
        assert!(subnet(net("10.0.0.0/30"), 3, 0).is_err());
        assert!(subnet(net("10.0.0.0/16"), -1, 0).is_err());
        assert!(subnet(net("::/0"), i64::MAX, i64::MAX).is_err());
    }

    #[test]
    fn addresses_count_from_both_ends() {
        assert_eq!(
            host(net("10.1.2.240/28"), -1).unwrap().to_string(),
            "10.1.2.255"
        );
        assert_eq!(
            host(net("::/0"), -1).unwrap().to_string(),
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        );
        assert_eq!(host(net("10.0.0.5/24"), 1).unwrap().to_string(), "10.0.0.1");
        assert!(host(net("10.0.0.0/28"), 16).is_err());
        assert!(host(net("10.0.0.0/28"), -17).is_err());
    }

    #[test]
    fn consecutive_subnets_leave_no_room_unless_they_must() {
        let made = subnets(net("10.1.0.0/16"), &[4, 4, 8, 4]).unwrap();
        let texts: Vec<String> = made.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "10.1.0.0/20",
                "10.1.16.0/20",
                "10.1.32.0/24",
                "10.1.48.0/20"
            ]
        );
        assert!(subnets(net("10.0.0.0/31"), &[1, 1, 1]).is_err());
        assert!(subnets(net("10.0.0.0/31"), &[0]).is_err());
        assert_eq!(
            netmask(net("172.16.0.0/12")).unwrap().to_string(),
            "255.240.0.0"
        );
    }
}
