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
