//! Subscriptions.

use std::sync::{Arc, LazyLock};

use regex::Regex;

use crate::eval::value::Reference;
use crate::eval::{Mode, Resource};
use crate::model::build::Builder;
use crate::model::field::Node;
use crate::model::subscription::Subscription;
use crate::model::{Field, SubscriptionId};

/// `azurerm_subscription`. A data source counts only where it was recorded with its quota id: what
/// is merely looked up says nothing about the offer.
pub(super) fn subscription<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let quota = body.get("quota_id");
    if resource.mode == Mode::Existing && quota.unknown().is_some() {
        return;
    }
    let meta = builder.meta(resource);
    let _: SubscriptionId = builder.add(Subscription {
        subscription_id: body.get("subscription_id").text(),
        quota_id: quota.text(),
        billing_scope: billing_scope(builder, &body.get("billing_scope_id")),
        workload: body.get("workload").text(),
        has_reseller: false,
        spending_limit: body.get("spending_limit").text(),
        meta,
    });
}

/// The billing scope as text. Where a data source looks it up, its type tells the shape of the scope
/// and the names it asks for are put in; `*` stands for what is not known.
fn billing_scope(builder: &Builder<'_>, node: &Node<'_>) -> Field<Arc<str>> {
    let looked_up = node
        .unknown()
        .and_then(|unknown| unknown.refers_to.as_ref())
        .and_then(|reference| scope_of(builder, reference));
    match looked_up {
        Some(scope) => Field::known(scope.into(), node.origin()),
        None => node.text(),
    }
}

fn scope_of(builder: &Builder<'_>, reference: &Reference) -> Option<String> {
    const ACCOUNT: (&str, &str) = ("billingAccounts", "billing_account_name");
    let key = &*reference.resource.0;
    let is = |kind: &str| key.split('.').any(|segment| segment == kind);
    let segments: &[(&str, &str)] = if is("azurerm_billing_enrollment_account_scope") {
        &[ACCOUNT, ("enrollmentAccounts", "enrollment_account_name")]
    } else if is("azurerm_billing_mca_account_scope") {
        &[
            ACCOUNT,
            ("billingProfiles", "billing_profile_name"),
            ("invoiceSections", "invoice_section_name"),
        ]
    } else if is("azurerm_billing_mpa_account_scope") {
        &[ACCOUNT, ("customers", "customer_name")]
    } else {
        return None;
    };
    let source = builder
        .deployment
        .resources
        .iter()
        .find(|resource| resource.key == reference.resource);
    let mut scope = String::from("/providers/Microsoft.Billing");
    for (segment, attribute) in segments {
        let name = source.and_then(|source| {
            let name = builder.body(source).get(attribute).text();
            name.value().cloned()
        });
        scope.push('/');
        scope.push_str(segment);
        scope.push('/');
        scope.push_str(name.as_deref().unwrap_or("*"));
    }
    Some(scope)
}

/// Whether the text of a file may describe a subscription in this dialect.
pub(in crate::model) fn is_hinted_at(text: &str) -> bool {
    static TYPE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new("\"azurerm_subscription\"").ok());
    let is_managed = |at: usize| {
        let before = text.get(..at).unwrap_or_default();
        before.trim_end().ends_with("resource")
    };
    TYPE.as_ref()
        .is_none_or(|kind| kind.find_iter(text).any(|found| is_managed(found.start())))
}
