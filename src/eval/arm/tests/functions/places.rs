use super::super::{evaluated, show, unknown};
use crate::eval::value::Reason;

#[test]
fn ids_follow_the_scope_and_the_type() {
    let group =
        "/subscriptions/${subscription().subscriptionId}/resourceGroups/${resourceGroup().name}";
    let cases = [
        ("resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')", format!("{group}/providers/Microsoft.Network/virtualNetworks/v/subnets/s")),
        ("resourceId('rg', 'Microsoft.Network/virtualNetworks', 'v')", "/subscriptions/${subscription().subscriptionId}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v".to_owned()),
        ("resourceId('0-1', 'rg', 'Microsoft.Network/virtualNetworks/', 'v')", "/subscriptions/0-1/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v".to_owned()),
        ("subscriptionResourceId('Microsoft.Resources/resourceGroups', 'rg')", "/subscriptions/${subscription().subscriptionId}/resourceGroups/rg".to_owned()),
        ("tenantResourceId('Microsoft.Management/managementGroups', 'm')", "/providers/Microsoft.Management/managementGroups/m".to_owned()),
        ("extensionResourceId('/x/y', 'Microsoft.Authorization/locks', 'l')", "/x/y/providers/Microsoft.Authorization/locks/l".to_owned()),
        ("resourceGroup().id", group.to_owned()),
    ];
    for (expression, expected) in cases {
        let (value, messages) = evaluated("", expression);
        assert!(messages.is_empty(), "{expression}: {messages:?}");
        assert_eq!(show(&value), format!("{expected:?}"), "{expression}");
    }
}

#[test]
fn where_the_deployment_goes_is_a_reason_of_its_own() {
    for expression in ["resourceGroup().location", "subscription().subscriptionId"] {
        let (value, messages) = evaluated("", expression);
        assert!(messages.is_empty(), "{expression}: {messages:?}");
        assert_eq!(&*unknown(&value).label, expression);
        assert_eq!(unknown(&value).reason, Reason::Target);
    }
}

#[test]
fn what_only_azure_knows_is_unknown_under_its_name() {
    for (expression, label) in [
        ("subscription().displayName", "subscription().displayName"),
        ("utcNow()", "utcNow()"),
        (
            "listKeys('x', '2021-01-01').keys[0].value",
            "listKeys('x').keys[0].value",
        ),
        ("uniqueString('a')", "uniqueString('a')"),
        (
            "environment().suffixes.newer",
            "environment().suffixes.newer",
        ),
    ] {
        let (value, messages) = evaluated("", expression);
        assert!(messages.is_empty(), "{expression}: {messages:?}");
        assert_eq!(&*unknown(&value).label, label);
        assert!(
            matches!(unknown(&value).reason, Reason::RunTimeFunction(_)),
            "{expression}: {:?}",
            unknown(&value).reason
        );
    }
    let (value, _) = evaluated("", "somethingNew(1)");
    assert_eq!(
        unknown(&value).reason,
        Reason::UnsupportedFunction("somethingNew".into())
    );
}
