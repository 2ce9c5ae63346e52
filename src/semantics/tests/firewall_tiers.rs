//! What the tiers of Azure Firewall do not offer.

use super::firewall_passes::with;
use super::fixture::{Build, facts, known, one_of, prefixes, source, unknown};
use crate::eval::value::Truth;
use crate::model::firewall::{FirewallRuleKind, FirewallRuleOwner, ThreatIntelligence};
use crate::model::platform::{Cloud, FirewallFeature, FirewallFeatureRow, FirewallTier};
use crate::model::{Field, FirewallPolicyId, List};
use crate::semantics::Semantics;

/// What the policy or its rule uses, by how it is set up.
type Use = (
    FirewallFeature,
    fn(&mut Build, FirewallPolicyId),
    FirewallTier,
);

#[test]
fn features_that_a_tier_does_not_offer_are_told() {
    use FirewallFeature as F;
    let uses: [Use; 8] = [
        (
            F::NetworkRuleFqdn,
            |build, _| {
                let names = List::closed(vec![known("a.example.com".into())]);
                build.network.firewall_rules[0].destination_fqdns = names;
            },
            FirewallTier::Standard,
        ),
        (
            F::DnsProxy,
            |build, policy| build.network[policy].settings.dns_proxy = known(true),
            FirewallTier::Standard,
        ),
        (
            F::WebCategory,
            |build, _| {
                let names = List::closed(vec![known("Gambling".into())]);
                build.network.firewall_rules[0].web_categories = names;
            },
            FirewallTier::Standard,
        ),
        (
            F::ThreatIntelligenceDeny,
            |build, policy| {
                let mode = known(ThreatIntelligence::Deny);
                build.network[policy].settings.threat_intelligence = mode;
            },
            FirewallTier::Standard,
        ),
        (
            F::PrivateAddressTranslation,
            |build, _| {
                build.network.firewall_rules[0].kind = FirewallRuleKind::Nat;
                build.network.firewall_rules[0].destination = prefixes("10.0.1.4");
            },
            FirewallTier::Standard,
        ),
        (
            F::IntrusionDetection,
            |build, policy| {
                build.network[policy].settings.intrusion_detection = known("Alert".into());
            },
            FirewallTier::Premium,
        ),
        (
            F::TlsInspection,
            |build, _| build.network.firewall_rules[0].terminate_tls = known(true),
            FirewallTier::Premium,
        ),
        (
            F::Url,
            |build, _| {
                let names = List::closed(vec![known("a.example.com/b".into())]);
                build.network.firewall_rules[0].destination_urls = names;
            },
            FirewallTier::Premium,
        ),
    ];
    let mut facts = facts();
    facts.firewall_features = uses
        .iter()
        .map(|(feature, _, needs)| FirewallFeatureRow {
            feature: *feature,
            name: "it".into(),
            needs: *needs,
            source: source(),
        })
        .collect();
    for (feature, set_up, needs) in uses {
        let (mut build, policy) = with(&["net 100/100/0 Allow Tcp * -> 20.0.0.1:443"]);
        set_up(&mut build, policy);
        let mut gates = |tier: Field<std::sync::Arc<str>>| {
            build.network[policy].tier = tier;
            let semantics = Semantics::new(&build.network, &facts, Cloud::Public);
            let gates = semantics.sku_gates(FirewallRuleOwner::Policy(policy));
            let found = gates
                .into_iter()
                .map(|gate| (gate.feature, gate.truth, gate.needs));
            found.collect::<Vec<_>>()
        };
        let told = vec![(feature, Truth::True, needs)];
        assert_eq!(gates(known("Basic".into())), told);
        assert_eq!(gates(known("Premium".into())), []);
        let standard = gates(known("Standard".into()));
        assert_eq!(
            standard.is_empty(),
            needs == FirewallTier::Standard,
            "{feature:?}"
        );
        assert_eq!(gates(unknown("tier")), [(feature, Truth::Unknown, needs)]);
        let either = one_of("tier", vec!["Premium".into(), "Premium".into()]);
        assert_eq!(gates(either), []);
    }
}
