//! What Azure does, as rows of data with their sources.
//!
//! The rows are filled from `rules/platform/*.yaml`; semantics reads them, nothing else in the
//! program knows an address or an offer by heart.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use serde::Deserialize;

use super::service::{RequiredFlow, ServiceKind, ServiceSubnet, SpecialSubnet};

/// Where a row comes from.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The page.
    pub url: Arc<str>,
    /// The page's own date, or the day it was read, `YYYY-MM-DD` or a part of it.
    pub date: Arc<str>,
}

/// Which Azure cloud a deployment goes to.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// Azure.
    #[default]
    Public,
    /// Azure Government.
    UsGovernment,
    /// Azure operated by 21Vianet.
    China,
}

impl Cloud {
    /// The word for it in settings and messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::UsGovernment => "us-government",
            Self::China => "china",
        }
    }
}

/// Whether an offer may send to port 25.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum SmtpVerdict {
    /// Open.
    Allowed,
    /// Blocked; an exemption can be asked for.
    Exemptible,
    /// Blocked; requests are refused.
    Blocked,
    /// The edition says nothing about this offer.
    NotStated,
}

/// An edition of the documents on port 25.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SmtpEdition {
    /// As selected with `smtp-policy`: `current`, `2020-12`, `nsg-2020`, `2019-08`, `2018-11`.
    pub id: Arc<str>,
    /// Where it is written.
    pub source: Source,
    /// Verdict by offer, for subscriptions created on or after 2017-11-15.
    pub verdicts: indexmap::IndexMap<Arc<str>, SmtpVerdict>,
    /// Offers that are open when the subscription was created before 2017-11-15.
    pub grandfathered: Vec<Arc<str>>,
    /// What the edition says of port 25 through Azure Firewall, by offer; `default` is the rest.
    pub through_firewall: indexmap::IndexMap<Arc<str>, FirewallSmtp>,
    /// What an exemption does.
    pub exemption: SmtpExemption,
    /// What the edition says of port 25 from applications that Azure hosts without a subnet.
    pub hosted_apps: FirewallSmtp,
    /// Whether it says its verdicts also of applications that have a subnet.
    pub apps_by_offer: bool,
}

/// What an edition says of exemptions from the block of port 25.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SmtpExemption {
    /// What may be sent then, in the middle of a sentence.
    pub covers: Arc<str>,
    /// What has to be done for that, in the middle of a sentence.
    pub needs: Arc<str>,
    /// Who asks for it and who gets it, by offer; `default` is every other one.
    pub asking: indexmap::IndexMap<Arc<str>, Arc<str>>,
}

/// What an edition says of port 25 on some way.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum FirewallSmtp {
    /// Works.
    Supported,
    /// May work, no guarantee, the offer's limits apply.
    NotGuaranteed,
    /// Not supported.
    Unsupported,
    /// The edition is silent.
    NotStated,
}

/// How a `quotaId` tells the offer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct QuotaRow {
    /// The part of the quota id before `_`.
    pub quota: Arc<str>,
    /// The offers it may stand for, as named in `aznet.yaml`; empty: none can be told.
    pub offers: Vec<Arc<str>>,
    /// Where it is written.
    pub source: Source,
}

/// A service tag.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TagRow {
    /// Canonical spelling.
    pub name: Arc<str>,
    /// Whether it takes a region suffix (`Storage.WestEurope`).
    #[serde(default)]
    pub regional: bool,
    /// Tags whose addresses include all of this one's.
    #[serde(default)]
    pub within: Vec<Arc<str>>,
    /// Its addresses, where they are documented and fixed.
    #[serde(default)]
    pub addresses: Vec<IpNet>,
    /// The named set whose addresses are its own, where those depend on the cloud (`kms`).
    #[serde(default)]
    pub same_as: Option<Arc<str>>,
    /// Older spellings.
    #[serde(default)]
    pub formerly: Vec<Arc<str>>,
    /// Azure refuses it as the prefix of a route.
    #[serde(default)]
    pub not_in_routes: bool,
    /// Azure Firewall does not take it as a destination.
    #[serde(default)]
    pub not_in_firewalls: bool,
    /// The only direction of rules that the documents call it suitable for.
    #[serde(default)]
    pub only: Option<TagDirection>,
    /// Where it is written.
    pub source: Source,
}

/// A direction of security rules.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum TagDirection {
    Inbound,
    Outbound,
}

/// A platform service that network security groups do not touch unless a rule names its tag.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PlatformService {
    /// The tag that claims it; `None`: nothing does.
    pub tag: Option<Arc<str>>,
    /// Its addresses.
    pub addresses: Vec<IpNet>,
    /// `tcp`, `udp`.
    pub protocols: Vec<Arc<str>>,
    /// Ports.
    pub ports: Vec<u16>,
    /// Where it is written.
    pub source: Source,
}

/// The activation servers of a cloud.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct KmsRow {
    /// Which cloud.
    pub cloud: Cloud,
    /// All of these must be reachable.
    pub current: Vec<IpAddr>,
    /// These were once used.
    #[serde(default)]
    pub stale: Vec<IpAddr>,
    /// Their names; firewall rules may name them.
    pub fqdns: Vec<Arc<str>>,
    /// TCP port.
    pub port: u16,
    /// Where it is written.
    pub source: Source,
}

/// A rule that Azure adds to network security groups: to every one, or to those of a service's subnets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DefaultRule {
    /// As the API spells it.
    pub name: Arc<str>,
    /// `inbound`, `outbound`
    pub direction: Arc<str>,
    /// 65000 to 65500; the place among a service's rules.
    pub priority: u32,
    /// `*`, a tag, or `subnet`, the service's.
    pub source: Arc<str>,
    /// `*`, a tag, or `subnet`, the service's.
    pub destination: Arc<str>,
    /// Destination ports; none: all. Of TCP, where some are given.
    #[serde(default)]
    pub ports: Vec<Arc<str>>,
    /// The service that writes it.
    #[serde(default)]
    pub service: Option<ServiceKind>,
    /// `false`: the service can be asked to leave it out.
    #[serde(default)]
    pub certain: Option<bool>,
    /// `allow`, `deny`
    pub access: Arc<str>,
    /// Where it is written; [`DefaultRule::source`] is an address.
    pub documented: Source,
}

/// A number that Azure refuses to go beyond.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LimitRow {
    /// What is counted: `security-rules-per-nsg`.
    pub name: Arc<str>,
    /// The highest number that is accepted, or the lowest where the name says so.
    pub value: u32,
    /// Where it is written.
    pub source: Source,
}

/// Ports that belong together, for rules.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PortSet {
    /// The name: `data-tcp`.
    pub name: Arc<str>,
    /// The ports.
    pub ports: Vec<u16>,
    /// Where it is written.
    pub source: Source,
}

/// A named set of addresses for rules: `public`, `platform-host`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NamedSet {
    /// The name.
    pub name: Arc<str>,
    /// What it holds.
    pub include: Vec<IpNet>,
    /// What it does not hold.
    #[serde(default)]
    pub exclude: Vec<IpNet>,
    /// Where it is written.
    pub source: Source,
}

/// The service tag that holds the addresses of a service with service endpoints.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceEndpointRow {
    /// As subnets name it: `Microsoft.Storage`.
    pub service: Arc<str>,
    /// The tag.
    pub tag: Arc<str>,
    /// Where it is written.
    pub source: Source,
}

/// A region whose name in service tags differs from its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TagRegion {
    /// The region's own name.
    pub region: Arc<str>,
    /// Its name in service tags.
    pub tag: Arc<str>,
    /// Where it is written.
    pub source: Source,
}

/// Where security admin rules are not applied.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AdminExemption {
    /// A subnet with this delegation exempts its whole virtual network, unless the configuration
    /// says otherwise.
    #[serde(default)]
    pub delegation: Option<Arc<str>>,
    /// A subnet of this name is exempt itself.
    #[serde(default)]
    pub subnet: Option<Arc<str>>,
    /// Where it is written.
    pub source: Source,
}

/// A tier of Azure Firewall; a higher one offers all that a lower one does.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum FirewallTier {
    Basic,
    Standard,
    Premium,
}

/// Something that not every tier of Azure Firewall offers.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum FirewallFeature {
    /// FQDNs in network rules.
    NetworkRuleFqdn,
    /// DNS proxy, or DNS servers of one's own.
    DnsProxy,
    /// Web categories in application rules.
    WebCategory,
    /// Sending the firewall's own traffic through a tunnel.
    ForcedTunnelling,
    /// Threat intelligence that denies.
    ThreatIntelligenceDeny,
    /// Intrusion detection and prevention.
    IntrusionDetection,
    /// TLS inspection.
    TlsInspection,
    /// URLs in application rules.
    Url,
    /// Translation rules on the firewall's private address.
    PrivateAddressTranslation,
}

/// The lowest tier of Azure Firewall that offers a feature.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FirewallFeatureRow {
    /// The feature.
    pub feature: FirewallFeature,
    /// Its name in the middle of a sentence.
    pub name: Arc<str>,
    /// The tier.
    pub needs: FirewallTier,
    /// Where it is written.
    pub source: Source,
}

/// What a mail server that many use is for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum MailRole {
    /// Takes mail from whoever logs in to a mailbox.
    Submission,
    /// The same for clients with obsolete encryption.
    LegacySubmission,
    /// Takes mail for the mailboxes of one organisation: what its MX record names.
    MailExchanger,
    /// Sends mail on for its customers.
    Relay,
}

impl MailRole {
    /// Its name in predicates.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Submission => "submission",
            Self::LegacySubmission => "legacy-submission",
            Self::MailExchanger => "mail-exchanger",
            Self::Relay => "relay",
        }
    }
}

/// A mail server that many use.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MailHostRow {
    /// Its name; `*.` stands for one name or more.
    pub host: Arc<str>,
    /// Whose it is, for people.
    pub service: Arc<str>,
    /// What it is for.
    pub role: MailRole,
    /// The TCP ports it answers on, the recommended one first.
    pub ports: Vec<u16>,
    /// Whether it takes mail only over an encrypted connection.
    pub tls_required: bool,
    /// Its addresses, where they are published.
    #[serde(default)]
    pub addresses: Vec<IpNet>,
    /// Where it is written.
    pub source: Source,
}

impl MailHostRow {
    /// Whether a host, in lower case, is this one; it begins with a dot where the name before is not
    /// known.
    #[must_use]
    pub fn is(&self, host: &str) -> bool {
        match self.host.strip_prefix('*') {
            Some(suffix) => host.ends_with(suffix),
            None => *self.host == *host,
        }
    }
}

/// An FQDN tag of Azure Firewall; `*` at the end stands for any ending.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FqdnTagRow {
    /// The tag.
    pub name: Arc<str>,
    /// Where it is written.
    pub source: Source,
}

/// All platform facts of a run.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the row types document themselves")]
pub struct PlatformFacts {
    #[serde(rename = "editions")]
    pub smtp_editions: Vec<SmtpEdition>,
    pub quotas: Vec<QuotaRow>,
    pub tags: Vec<TagRow>,
    pub services: Vec<PlatformService>,
    pub kms: Vec<KmsRow>,
    pub default_rules: Vec<DefaultRule>,
    #[serde(default)]
    pub service_rules: Vec<DefaultRule>,
    pub named_sets: Vec<NamedSet>,
    pub limits: Vec<LimitRow>,
    pub admin_exemptions: Vec<AdminExemption>,
    pub firewall_features: Vec<FirewallFeatureRow>,
    pub service_endpoints: Vec<ServiceEndpointRow>,
    pub fqdn_tags: Vec<FqdnTagRow>,
    pub tag_regions: Vec<TagRegion>,
    #[serde(default)]
    pub port_sets: Vec<PortSet>,
    pub mail_hosts: Vec<MailHostRow>,
    pub required_flows: Vec<RequiredFlow>,
    pub special_subnets: Vec<SpecialSubnet>,
    pub service_subnets: Vec<ServiceSubnet>,
}

impl PlatformFacts {
    /// A rule that Azure adds to groups, by its name.
    #[must_use]
    pub fn added_rule(&self, name: &str) -> Option<&DefaultRule> {
        let mut rules = self.default_rules.iter().chain(&self.service_rules);
        rules.find(|row| &*row.name == name)
    }

    /// The row of a service tag; of a regional one (`Storage.WestEurope`) that of the whole service.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<&TagRow> {
        let row = |name: &str| {
            self.tags.iter().find(|row| {
                let mut spellings = std::iter::once(&row.name).chain(&row.formerly);
                spellings.any(|spelling| spelling.eq_ignore_ascii_case(name))
            })
        };
        row(name).or_else(|| row(name.rsplit_once('.')?.0))
    }

    /// A service tag as the table spells it; as given, if the table does not know it.
    #[must_use]
    pub fn spelling_of_tag(&self, name: &str) -> String {
        let known = |name: &str| {
            let row = self.tags.iter().find(|row| {
                let mut spellings = std::iter::once(&row.name).chain(&row.formerly);
                spellings.any(|spelling| spelling.eq_ignore_ascii_case(name))
            });
            row.map(|row| row.name.to_string())
        };
        let region = || {
            let (tag, region) = name.rsplit_once('.')?;
            Some(format!("{}.{region}", known(tag)?))
        };
        known(name)
            .or_else(region)
            .unwrap_or_else(|| name.to_owned())
    }
}
