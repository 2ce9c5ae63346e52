//! The platform facts, read from what `build.rs` makes of `rules/platform/`.
//!
//! The rows and what they mean are in [`crate::model::platform`]; here they are only read. What is
//! absent: a way to replace single rows. An edition of the documents is chosen in the settings.

use std::sync::LazyLock;

use crate::model::platform::PlatformFacts;

/// The facts compiled into the program, read once.
///
/// # Errors
///
/// What is wrong with the rows. They are read by a test, so a released program never sees one.
///
/// ```
/// let facts = aznet::policy::platform::facts().expect("the embedded files are well-formed");
/// assert_eq!(facts.default_rules.len(), 6);
/// ```
pub fn facts() -> Result<&'static PlatformFacts, &'static str> {
    static FACTS: LazyLock<Result<PlatformFacts, String>> = LazyLock::new(read);
    FACTS.as_ref().map_err(String::as_str)
}

/// The tables of every file of `rules/platform/`, as `build.rs` writes them.
const TABLES: &str = include_str!(concat!(env!("OUT_DIR"), "/facts.json"));

fn read() -> Result<PlatformFacts, String> {
    serde_json::from_str(TABLES).map_err(|error| format!("rules/platform: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::platform::{Cloud, FirewallSmtp, SmtpEdition, SmtpVerdict, Source};

    /// Who documents what is theirs.
    const PUBLISHERS: [&str; 5] = [
        "https://developers.google.com/",
        "https://registry.terraform.io/providers/hashicorp/azurerm/",
        "https://learn.microsoft.com/",
        "https://support.google.com/",
        "https://www.twilio.com/docs/",
    ];

    fn loaded() -> &'static PlatformFacts {
        match facts() {
            Ok(facts) => facts,
            Err(error) => panic!("{error}"),
        }
    }

    fn edition(id: &str) -> &'static SmtpEdition {
        let found = loaded().smtp_editions.iter().find(|row| &*row.id == id);
        found.unwrap_or_else(|| panic!("no edition {id}"))
    }

    #[test]
    fn every_row_has_an_address_and_a_date() {
        let facts = loaded();
        let sources: Vec<&Source> = facts
            .smtp_editions
            .iter()
            .map(|row| &row.source)
            .chain(facts.quotas.iter().map(|row| &row.source))
            .chain(facts.tags.iter().map(|row| &row.source))
            .chain(facts.services.iter().map(|row| &row.source))
            .chain(facts.kms.iter().map(|row| &row.source))
            .chain(facts.default_rules.iter().map(|row| &row.documented))
            .chain(facts.service_rules.iter().map(|row| &row.documented))
            .chain(facts.named_sets.iter().map(|row| &row.source))
            .chain(facts.limits.iter().map(|row| &row.source))
            .chain(facts.tag_regions.iter().map(|row| &row.source))
            .chain(facts.admin_exemptions.iter().map(|row| &row.source))
            .chain(facts.firewall_features.iter().map(|row| &row.source))
            .chain(facts.service_endpoints.iter().map(|row| &row.source))
            .chain(facts.fqdn_tags.iter().map(|row| &row.source))
            .chain(facts.mail_hosts.iter().map(|row| &row.source))
            .chain(facts.required_flows.iter().map(|row| &row.source))
            .chain(facts.special_subnets.iter().map(|row| &row.source))
            .chain(facts.service_subnets.iter().map(|row| &row.source))
            .collect();
        assert!(sources.len() > 100);
        for source in sources {
            assert!(
                PUBLISHERS
                    .iter()
                    .any(|publisher| source.url.starts_with(publisher)),
                "{source:?}"
            );
            let year: u32 = source.date[..4].parse().unwrap();
            assert!((2018..=2026).contains(&year), "{source:?}");
        }
    }

    #[test]
    fn sets_of_ports_say_where_they_are_written_and_hold_no_port_twice() {
        for set in &loaded().port_sets {
            assert!(set.source.url.starts_with("https://"), "{}", set.name);
            assert!(!set.source.date.is_empty(), "{}", set.name);
            let mut sorted = set.ports.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted, set.ports, "{}", set.name);
        }
    }

    #[test]
    fn the_default_rules_are_azures_six() {
        let rows: Vec<_> = loaded()
            .default_rules
            .iter()
            .map(|row| {
                let (from, to) = (&*row.source, &*row.destination);
                (
                    &*row.name,
                    &*row.direction,
                    row.priority,
                    from,
                    to,
                    &*row.access,
                )
            })
            .collect();
        let vnet = "VirtualNetwork";
        assert_eq!(
            rows,
            [
                ("AllowVnetInBound", "inbound", 65000, vnet, vnet, "allow"),
                (
                    "AllowAzureLoadBalancerInBound",
                    "inbound",
                    65001,
                    "AzureLoadBalancer",
                    "*",
                    "allow"
                ),
                ("DenyAllInBound", "inbound", 65500, "*", "*", "deny"),
                ("AllowVnetOutBound", "outbound", 65000, vnet, vnet, "allow"),
                (
                    "AllowInternetOutBound",
                    "outbound",
                    65001,
                    "*",
                    "Internet",
                    "allow"
                ),
                ("DenyAllOutBound", "outbound", 65500, "*", "*", "deny"),
            ]
        );
    }

    #[test]
    fn every_mail_host_has_a_port_an_address_to_read_and_a_date() {
        for row in &loaded().mail_hosts {
            assert!(!row.ports.is_empty(), "{}", row.host);
            assert!(row.source.url.starts_with("https://"), "{}", row.host);
            assert!(row.source.date.starts_with("20"), "{}", row.host);
            let lower = row.host.to_ascii_lowercase();
            assert_eq!(*lower, *row.host);
        }
    }

    #[test]
    fn every_edition_names_the_same_sixteen_offers() {
        let offers: Vec<_> = edition("current").verdicts.keys().collect();
        assert_eq!(offers.len(), 16);
        for row in &loaded().smtp_editions {
            assert_eq!(
                row.verdicts.keys().collect::<Vec<_>>(),
                offers,
                "{}",
                row.id
            );
            assert!(row.through_firewall.contains_key("default"), "{}", row.id);
            let grandfathered = row.grandfathered.iter().filter(|offer| &***offer != "*");
            for offer in grandfathered.chain(row.through_firewall.keys()) {
                assert!(
                    matches!(&**offer, "default" | "*") || offers.contains(&offer),
                    "{}: {offer}",
                    row.id
                );
            }
        }
        for row in &loaded().quotas {
            for offer in &row.offers {
                assert!(offers.contains(&offer), "{}: {offer}", row.quota);
            }
        }
    }

    #[test]
    fn the_editions_disagree_where_the_documents_do() {
        let payg = |id| edition(id).verdicts["pay-as-you-go"];
        assert_eq!(payg("current"), SmtpVerdict::Blocked);
        assert_eq!(payg("2020-12"), SmtpVerdict::Exemptible);
        let sponsorship = |id| edition(id).verdicts["sponsorship"];
        assert_eq!(sponsorship("2020-12"), SmtpVerdict::Exemptible);
        assert_eq!(sponsorship("2019-08"), SmtpVerdict::Blocked);
        assert_eq!(sponsorship("2018-11"), SmtpVerdict::NotStated);
        let firewall = |id| {
            let row = &edition(id).through_firewall;
            *row.get("enterprise-agreement").unwrap_or(&row["default"])
        };
        assert_eq!(firewall("current"), FirewallSmtp::Supported);
        assert_eq!(firewall("2020-12"), FirewallSmtp::Unsupported);
        assert_eq!(firewall("2019-08"), FirewallSmtp::Unsupported);
        assert_eq!(firewall("nsg-2020"), FirewallSmtp::Supported);
        assert_eq!(firewall("2018-11"), FirewallSmtp::NotStated);
    }

    #[test]
    fn the_public_cloud_has_two_current_activation_servers_and_one_stale() {
        let row = loaded()
            .kms
            .iter()
            .find(|row| row.cloud == Cloud::Public)
            .unwrap();
        let text = |list: &[std::net::IpAddr]| -> Vec<String> {
            list.iter().map(ToString::to_string).collect()
        };
        assert_eq!(text(&row.current), ["20.118.99.224", "40.83.235.53"]);
        assert_eq!(text(&row.stale), ["23.102.135.246"]);
        assert_eq!(row.port, 1688);
    }

    #[test]
    fn tags_are_spelt_as_the_table_spells_them() {
        let facts = loaded();
        let pairs = [
            ("azureplatformdns", "AzurePlatformDNS"),
            ("INTERNET", "Internet"),
            ("VIRTUAL_NETWORK", "VirtualNetwork"),
            ("storage.WestEurope", "Storage.WestEurope"),
            ("azurefrontdoor.backend", "AzureFrontDoor.Backend"),
            ("SomethingNew", "SomethingNew"),
        ];
        for (written, spelt) in pairs {
            assert_eq!(facts.spelling_of_tag(written), spelt);
        }
    }

    #[test]
    fn tags_lie_within_tags_of_the_table_and_share_addresses_with_known_sets() {
        let facts = loaded();
        for tag in &facts.tags {
            for outer in &tag.within {
                assert!(facts.tags.iter().any(|row| row.name == *outer), "{outer}");
            }
            if let Some(set) = &tag.same_as {
                assert_eq!(&**set, "kms");
            }
        }
        assert!(
            facts
                .tags
                .iter()
                .any(|row| &*row.name == "Storage" && row.regional)
        );
    }
}
