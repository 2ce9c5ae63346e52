//! Subscriptions: aliases and exports.

use std::sync::LazyLock;

use regex::bytes::{Match, Regex};

use super::properties;
use crate::eval::Resource;
use crate::model::build::Builder;
use crate::model::field::Node;
use crate::model::subscription::Subscription;
use crate::model::{Field, SubscriptionId};

/// `Microsoft.Subscription/aliases`
pub(super) fn alias<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let more = from.get("additionalProperties");
    let either = |name: &str| {
        let node = from.get(name);
        if node.is_absent() {
            more.get(name)
        } else {
            node
        }
    };
    let meta = builder.meta(resource);
    let _: SubscriptionId = builder.add(Subscription {
        subscription_id: from.get("subscriptionId").text(),
        quota_id: Field::absent(meta.origin),
        billing_scope: from.get("billingScope").text(),
        workload: from.get("workload").text(),
        has_reseller: !either("resellerId").is_absent(),
        spending_limit: Field::absent(meta.origin),
        meta,
    });
}

/// A subscription as Azure lists it, with `subscriptionPolicies`.
pub(super) fn subscription<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let from = properties(&body);
    let policies = from.get("subscriptionPolicies");
    let meta = builder.meta(resource);
    // Resource Graph says it beside the properties, `az account list` only in the id.
    let said = body.get("subscriptionId");
    let number = if said.is_written() {
        said
    } else {
        Node::name(resource)
    };
    let _: SubscriptionId = builder.add(Subscription {
        subscription_id: number.text(),
        quota_id: policies.get("quotaId").text(),
        billing_scope: Field::absent(meta.origin),
        workload: Field::absent(meta.origin),
        has_reseller: false,
        spending_limit: policies.get("spendingLimit").text(),
        meta,
    });
}

/// Whether the text of a file may describe a subscription in this dialect.
pub(in crate::model) fn is_hinted_at(text: &str) -> bool {
    /// Rare words: every file of a run is searched.
    static WORDS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new("(?i-u)quotaId|/aliases").ok());
    let bytes = text.as_bytes();
    let is_hint = |found: Match<'_>| {
        let provider = b"Microsoft.Subscription";
        let before = found.start().checked_sub(provider.len());
        let before = before.and_then(|start| bytes.get(start..found.start()));
        !found.as_bytes().starts_with(b"/")
            || before.is_some_and(|before| before.eq_ignore_ascii_case(provider))
    };
    WORDS
        .as_ref()
        .is_none_or(|words| words.find_iter(bytes).any(is_hint))
}
