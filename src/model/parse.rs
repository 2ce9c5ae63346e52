//! Text to addresses, ports, protocols and the other small words of rules.
//!
//! Every function takes the text of one field without knowing the field's name, and says in one
//! clause why it refuses it. Empty text never comes here: it counts as absent.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::address::{AddressPrefix, PortRange, Protocol, ProtocolMatch, ServiceTag};
use super::compute::OperatingSystem;
use super::firewall::{FirewallProtocol, PrivateRange, ThreatIntelligence};
use super::load_balancer::ProbeRequest;
use super::manager::{AdminAction, IntentPolicyServices};
use super::nsg::{Access, Direction};
use super::routing::{NextHopType, RoutePrefix};
use super::topology::PrivateEndpointPolicies;

/// What a parser answers.
pub(crate) type Parsed<T> = Result<T, String>;

/// A block of addresses with its host bits cleared; one address is a block of one.
pub(crate) fn block(text: &str) -> Parsed<IpNet> {
    let text = text.trim();
    if let Ok(net) = text.parse::<IpNet>() {
        return Ok(net.trunc());
    }
    address(text).map(IpNet::from)
}

/// The block that is meant where an address within it is written: `10.0.1.0/24` for `10.0.1.4/24`.
pub(super) fn block_meant(text: &str) -> Option<IpNet> {
    let net: IpNet = text.trim().parse().ok()?;
    (net != net.trunc()).then(|| net.trunc())
}

/// One address.
pub(super) fn address(text: &str) -> Parsed<IpAddr> {
    let text = text.trim();
    text.parse()
        .map_err(|_| format!("`{text}` is not an IP address or a block of addresses"))
}

/// An address of a `/32` or `/128` block, or one alone: what exports write for single addresses.
pub(super) fn host(text: &str) -> Parsed<IpAddr> {
    let net = block(text)?;
    if net.prefix_len() == net.max_prefix_len() {
        Ok(net.addr())
    } else {
        Err(format!("`{text}` is a block, one address belongs here"))
    }
}

/// A DNS server; `AzureProvidedDNS` is how an interface names the one every machine has.
pub(super) fn dns_server(text: &str) -> Parsed<IpAddr> {
    if text.trim().eq_ignore_ascii_case("AzureProvidedDNS") {
        return Ok(IpAddr::from([168, 63, 129, 16]));
    }
    host(text)
}

/// Source or destination of a security rule.
pub(super) fn security_prefix(text: &str) -> Parsed<AddressPrefix> {
    let text = text.trim();
    if text == "*" || text.eq_ignore_ascii_case("any") {
        return Ok(AddressPrefix::Any);
    }
    if is_tag(text) {
        return Ok(AddressPrefix::Tag(ServiceTag::new(text)));
    }
    // Azure takes an IPv4 address written as one number, too.
    if let Ok(number) = text.parse::<u32>() {
        let address = IpAddr::V4(Ipv4Addr::from_bits(number));
        return Ok(AddressPrefix::Block(address.into()));
    }
    match block(text) {
        Ok(net) => Ok(AddressPrefix::Block(net)),
        Err(_) if text.contains(',') => Err(format!(
            "`{text}` is a list, one address, block or service tag belongs here"
        )),
        Err(_) => Err(format!(
            "`{text}` is not an IP address, a block of addresses or a service tag"
        )),
    }
}

/// Source or destination of a firewall rule, or an item of an IP group: ranges are allowed.
pub(crate) fn firewall_prefix(text: &str) -> Parsed<AddressPrefix> {
    let text = text.trim();
    if let Some((first, last)) = text.split_once('-')
        && let (Ok(first), Ok(last)) = (address(first), address(last))
    {
        return if first.is_ipv4() != last.is_ipv4() {
            Err(format!("`{text}` mixes IPv4 and IPv6"))
        } else if first > last {
            Err(format!("`{text}` ends before it begins"))
        } else {
            Ok(AddressPrefix::Range(first, last))
        };
    }
    security_prefix(text)
}

/// What a route is for.
pub(super) fn route_prefix(text: &str) -> Parsed<RoutePrefix> {
    match security_prefix(text)? {
        AddressPrefix::Block(net) => Ok(RoutePrefix::Block(net)),
        AddressPrefix::Tag(tag) => Ok(RoutePrefix::Tag(tag)),
        _ => Err(format!(
            "`{text}` is not a block of addresses or a service tag"
        )),
    }
}

/// Tags begin with a letter and hold letters, digits, dots, dashes and underscores. An IPv6 address
/// always holds a colon, an IPv4 address begins with a digit.
fn is_tag(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

/// One port.
pub(super) fn port(text: &str) -> Parsed<u16> {
    let text = text.trim();
    match text.parse::<i64>() {
        Ok(number) => {
            u16::try_from(number).map_err(|_| format!("port {text} is not within 0 to 65535"))
        }
        Err(_) => Err(format!("`{text}` is not a port")),
    }
}

/// `*`, a port, or a range of ports.
pub(crate) fn ports(text: &str) -> Parsed<PortRange> {
    let text = text.trim();
    if text == "*" {
        return Ok(PortRange::ALL);
    }
    if text.contains(',') {
        return Err(format!(
            "`{text}` is a list, one port or range belongs here"
        ));
    }
    let Some((first, last)) = text.split_once('-') else {
        return port(text).map(PortRange::single);
    };
    let (first, last) = (port(first)?, port(last)?);
    if first > last {
        return Err(format!("the port range `{text}` ends before it begins"));
    }
    Ok(PortRange { first, last })
}

/// Protocol of a security rule.
pub(crate) fn protocol(text: &str) -> Parsed<ProtocolMatch> {
    word(
        text,
        &[
            ("*", ProtocolMatch::Any),
            ("Any", ProtocolMatch::Any),
            ("Tcp", ProtocolMatch::Only(Protocol::Tcp)),
            ("Udp", ProtocolMatch::Only(Protocol::Udp)),
            ("Icmp", ProtocolMatch::Only(Protocol::Icmp)),
            ("Esp", ProtocolMatch::Only(Protocol::Esp)),
            ("Ah", ProtocolMatch::Only(Protocol::Ah)),
        ],
        "Tcp, Udp, Icmp, Esp, Ah or *",
    )
}

/// Protocol of a network or NAT rule of a firewall.
pub(super) fn firewall_protocol(text: &str) -> Parsed<FirewallProtocol> {
    word(
        text,
        &[
            ("Any", FirewallProtocol::Any),
            ("*", FirewallProtocol::Any),
            ("TCP", FirewallProtocol::Only(Protocol::Tcp)),
            ("UDP", FirewallProtocol::Only(Protocol::Udp)),
            ("ICMP", FirewallProtocol::Only(Protocol::Icmp)),
        ],
        "TCP, UDP, ICMP or Any",
    )
}

/// Protocol of an application rule of a firewall.
pub(super) fn application_protocol(text: &str) -> Parsed<FirewallProtocol> {
    word(
        text,
        &[
            ("Http", FirewallProtocol::Http),
            ("Https", FirewallProtocol::Https),
            ("Mssql", FirewallProtocol::Mssql),
        ],
        "Http, Https or Mssql",
    )
}

/// What a firewall does with packets its threat intelligence knows.
pub(super) fn threat_intelligence(text: &str) -> Parsed<ThreatIntelligence> {
    word(
        text,
        &[
            ("Alert", ThreatIntelligence::Alert),
            ("Deny", ThreatIntelligence::Deny),
            ("Off", ThreatIntelligence::Off),
        ],
        "Alert, Deny or Off",
    )
}

/// A destination to which a firewall leaves the source of packets as it is.
pub(super) fn private_range(text: &str) -> Parsed<PrivateRange> {
    if text.trim().eq_ignore_ascii_case("IANAPrivateRanges") {
        return Ok(PrivateRange::Iana);
    }
    block(text).map(PrivateRange::Block)
}

/// Direction of a security rule.
pub(super) fn direction(text: &str) -> Parsed<Direction> {
    word(
        text,
        &[
            ("Inbound", Direction::Inbound),
            ("Outbound", Direction::Outbound),
        ],
        "Inbound or Outbound",
    )
}

/// Access of a security rule, action of a firewall's collection.
pub(super) fn access(text: &str) -> Parsed<Access> {
    word(
        text,
        &[("Allow", Access::Allow), ("Deny", Access::Deny)],
        "Allow or Deny",
    )
}

/// What a security admin rule does.
pub(super) fn admin_action(text: &str) -> Parsed<AdminAction> {
    word(
        text,
        &[
            ("Allow", AdminAction::Allow),
            ("AlwaysAllow", AdminAction::AlwaysAllow),
            ("Deny", AdminAction::Deny),
        ],
        "Allow, AlwaysAllow or Deny",
    )
}

/// Whether admin rules apply where services have a network intent policy.
pub(super) fn intent_policy_services(text: &str) -> Parsed<IntentPolicyServices> {
    word(
        text,
        &[
            ("None", IntentPolicyServices::None),
            ("AllowRulesOnly", IntentPolicyServices::AllowRulesOnly),
            ("All", IntentPolicyServices::All),
        ],
        "None, AllowRulesOnly or All",
    )
}

/// Source or destination of an admin rule that says it is an address.
pub(super) fn ip_prefix(text: &str) -> Parsed<AddressPrefix> {
    match security_prefix(text)? {
        AddressPrefix::Tag(tag) => Err(format!(
            "`{}` is not an IP address or a block of addresses",
            tag.name()
        )),
        prefix => Ok(prefix),
    }
}

/// Source or destination of an admin rule that says it is a service tag.
pub(super) fn service_tag(text: &str) -> Parsed<AddressPrefix> {
    match security_prefix(text) {
        Ok(prefix @ AddressPrefix::Tag(_)) => Ok(prefix),
        _ => Err(format!("`{}` is not a service tag", text.trim())),
    }
}

/// Type of a route's next hop.
pub(super) fn next_hop_type(text: &str) -> Parsed<NextHopType> {
    word(
        text,
        &[
            ("VirtualAppliance", NextHopType::VirtualAppliance),
            ("VirtualApplianceEcmp", NextHopType::VirtualApplianceEcmp),
            ("VirtualNetworkGateway", NextHopType::VirtualNetworkGateway),
            ("VnetLocal", NextHopType::VnetLocal),
            ("Internet", NextHopType::Internet),
            ("None", NextHopType::None),
        ],
        "VirtualNetworkGateway, VnetLocal, Internet, VirtualAppliance or None",
    )
}

/// Protocol of a load balancer's rule.
pub(super) fn balanced_protocol(text: &str) -> Parsed<ProtocolMatch> {
    word(
        text,
        &[
            ("Tcp", ProtocolMatch::Only(Protocol::Tcp)),
            ("Udp", ProtocolMatch::Only(Protocol::Udp)),
            // It runs over UDP.
            ("Quic", ProtocolMatch::Only(Protocol::Udp)),
            ("All", ProtocolMatch::Any),
        ],
        "Tcp, Udp or All",
    )
}

/// How a probe asks.
pub(super) fn probe_request(text: &str) -> Parsed<ProbeRequest> {
    word(
        text,
        &[
            ("Tcp", ProbeRequest::Tcp),
            ("Http", ProbeRequest::Http),
            ("Https", ProbeRequest::Https),
        ],
        "Tcp, Http or Https",
    )
}

/// Whether a scale set is one of single machines.
pub(super) fn flexible(text: &str) -> Parsed<bool> {
    word(
        text,
        &[("Flexible", true), ("Uniform", false)],
        "Flexible or Uniform",
    )
}

/// What is switched on or off in words.
pub(super) fn enabled(text: &str) -> Parsed<bool> {
    let words = [("Enabled", true), ("Disabled", false)];
    word(text, &words, "Enabled or Disabled")
}

/// Which network policies apply to private endpoints.
pub(super) fn private_endpoint_policies(text: &str) -> Parsed<PrivateEndpointPolicies> {
    use PrivateEndpointPolicies::{
        Disabled, Enabled, NetworkSecurityGroupEnabled, RouteTableEnabled,
    };
    word(
        text,
        &[
            ("Disabled", Disabled),
            ("Enabled", Enabled),
            ("NetworkSecurityGroupEnabled", NetworkSecurityGroupEnabled),
            ("RouteTableEnabled", RouteTableEnabled),
        ],
        "Disabled, Enabled, NetworkSecurityGroupEnabled or RouteTableEnabled",
    )
}

/// Operating system as disks name it.
pub(super) fn operating_system(text: &str) -> Parsed<OperatingSystem> {
    word(
        text,
        &[
            ("Windows", OperatingSystem::Windows),
            ("Linux", OperatingSystem::Linux),
        ],
        "Windows or Linux",
    )
}

/// Priority of a firewall's rule collection or group of them.
pub(super) fn priority(text: &str) -> Parsed<u32> {
    number_within(text, 100, 65_000)
}

/// A number of days.
pub(super) fn days(text: &str) -> Parsed<i64> {
    let days = text.parse().ok().filter(|days| *days >= 0);
    days.ok_or_else(|| "a number of days belongs here".to_owned())
}

/// A truth value, written as one or as text.
pub(super) fn flag(text: &str) -> Parsed<bool> {
    word(text, &[("true", true), ("false", false)], "true or false")
}

/// A truth value, written as one, as text, or as the state of a switch.
pub(super) fn switch(text: &str) -> Parsed<bool> {
    word(
        text,
        &[
            ("Enabled", true),
            ("Disabled", false),
            ("true", true),
            ("false", false),
        ],
        "Enabled or Disabled",
    )
}

/// A whole number within limits, both included.
pub(super) fn number_within(text: &str, first: u32, last: u32) -> Parsed<u32> {
    let text = text.trim();
    match text.parse::<i64>() {
        Ok(number) => u32::try_from(number)
            .ok()
            .filter(|number| (first..=last).contains(number))
            .ok_or_else(|| format!("{text} is not within {first} to {last}")),
        Err(_) => Err(format!("`{text}` is not a whole number")),
    }
}

fn word<T: Copy>(text: &str, words: &[(&str, T)], allowed: &str) -> Parsed<T> {
    let text = text.trim();
    words
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text))
        .map(|(_, meaning)| *meaning)
        .ok_or_else(|| format!("`{text}` is not {allowed}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_single_ranges_or_all_and_nothing_else() {
        assert_eq!(ports("*"), Ok(PortRange::ALL));
        assert_eq!(ports("25"), Ok(PortRange::single(25)));
        assert_eq!(
            ports(" 80-90 "),
            Ok(PortRange {
                first: 80,
                last: 90
            })
        );
        assert!(ports("65536").is_err_and(|why| why.contains("65535")));
        assert!(ports("90-80").is_err_and(|why| why.contains("ends before")));
        assert!(ports("80,443").is_err_and(|why| why.contains("list")));
        assert!(ports("http").is_err());
        assert!(ports("-1").is_err());
    }

    #[test]
    fn prefixes_are_any_blocks_or_tags() {
        assert_eq!(security_prefix("*"), Ok(AddressPrefix::Any));
        assert_eq!(security_prefix("ANY"), Ok(AddressPrefix::Any));
        let block = |text: &str| AddressPrefix::Block(text.parse().unwrap());
        assert_eq!(security_prefix("10.0.0.5/24"), Ok(block("10.0.0.0/24")));
        assert_eq!(security_prefix("10.0.0.5"), Ok(block("10.0.0.5/32")));
        assert_eq!(security_prefix("0.0.0.0/0"), Ok(block("0.0.0.0/0")));
        assert_eq!(security_prefix("fd00::/8"), Ok(block("fd00::/8")));
        assert_eq!(security_prefix("1234"), Ok(block("0.0.4.210/32")));
        let tag = |text| AddressPrefix::Tag(ServiceTag::new(text));
        assert_eq!(
            security_prefix("storage.westeurope"),
            Ok(tag("Storage.WestEurope"))
        );
        assert_eq!(
            security_prefix("VIRTUAL_NETWORK"),
            Ok(tag("virtualnetwork"))
        );
        for wrong in [
            "10.0.0.0/33",
            "10.0.0",
            "300.1.1.1",
            "10.0.0.1-10.0.0.9",
            "/subs/x",
        ] {
            assert!(security_prefix(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn firewalls_also_take_ranges() {
        let range = AddressPrefix::Range("10.0.0.1".parse().unwrap(), "10.0.0.9".parse().unwrap());
        assert_eq!(firewall_prefix("10.0.0.1-10.0.0.9"), Ok(range));
        assert!(firewall_prefix("10.0.0.9-10.0.0.1").is_err());
        assert!(firewall_prefix("10.0.0.1-fd00::1").is_err());
    }

    #[test]
    fn words_compare_without_case() {
        assert_eq!(protocol("TCP"), Ok(ProtocolMatch::Only(Protocol::Tcp)));
        assert_eq!(direction("inbound"), Ok(Direction::Inbound));
        assert_eq!(next_hop_type("VNetLocal"), Ok(NextHopType::VnetLocal));
        assert!(access("Permit").is_err_and(|why| why.contains("Allow or Deny")));
        assert_eq!(number_within("4096", 100, 4096), Ok(4096));
        assert!(number_within("99", 100, 4096).is_err());
    }
}
