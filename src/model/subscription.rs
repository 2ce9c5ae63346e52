//! Subscriptions: which offer a deployment runs under.

use std::sync::Arc;

use super::{Field, Meta};

/// A subscription described in the files: an export with its quota id, an alias, an
/// `azurerm_subscription`.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Name, place, existence.
    pub meta: Meta,
    /// Its id, where the files tell it.
    pub subscription_id: Field<Arc<str>>,
    /// `subscriptionPolicies.quotaId`, for example `PayAsYouGo_2014-09-01`.
    pub quota_id: Field<Arc<str>>,
    /// The billing scope of an alias.
    pub billing_scope: Field<Arc<str>>,
    /// `Production` or `DevTest`.
    pub workload: Field<Arc<str>>,
    /// Sold through a reseller.
    pub has_reseller: bool,
    /// `On` means a credit offer.
    pub spending_limit: Field<Arc<str>>,
}

/// Whether the text of a file may describe a subscription: a cheap look before a deployment that
/// nobody asked about is evaluated for its subscription's sake.
#[must_use]
pub fn may_be_described(text: &str) -> bool {
    super::arm::hints_at_subscription(text) || super::azurerm::hints_at_subscription(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_describe_a_subscription_are_told_by_their_words() {
        assert!(may_be_described("\"quotaid\": \"MSDN_2014-09-01\""));
        assert!(may_be_described(
            "resource \"azurerm_subscription\" \"a\" {"
        ));
        assert!(!may_be_described(
            "data \"azurerm_subscription\" \"current\" {}"
        ));
        assert!(!may_be_described("\"subscriptionId\": \"x\""));
    }
}
