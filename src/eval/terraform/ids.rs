//! The Azure ids of Terraform's resources, as far as the files tell them.
//!
//! A resource's `id` is known once it is applied, but how it is put together is known before: from
//! the resource group, the names, and the subscription that the provider works in. How each type
//! does that is a row of `rules/platform/azurerm.ids`, whose head says where the rows come from.
//!
//! What is absent: ids of types without a row; what an id means is the model's to say.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::eval::ResourceKey;
use crate::eval::frontend::Target;
use crate::eval::hcl_expr::to_text;
use crate::eval::value::{Bounds, Data, Piece, Reason, Unknown, Value};
use crate::origin::OriginId;

/// The rows, as they are written.
const ROWS: &str = include_str!("../../../rules/platform/azurerm.ids");

/// What the subscription is called that a provider works in where nothing says it.
pub(in crate::eval) const SUBSCRIPTION: &str = "provider.azurerm.subscription_id";

/// A part of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Literal(&'static str),
    /// The value of the attribute of this name.
    Attribute(&'static str),
    /// The id of the subscription.
    Subscription,
}

static FORMS: LazyLock<BTreeMap<&'static str, Vec<Vec<Part>>>> = LazyLock::new(|| {
    let mut forms: BTreeMap<&str, Vec<Vec<Part>>> = BTreeMap::new();
    let rows = ROWS.lines().filter(|row| !row.starts_with('#'));
    for (kind, form) in rows.filter_map(|row| row.split_once(' ')) {
        forms.entry(kind).or_default().push(parts(form));
    }
    forms
});

/// The subscription that a provider works in: what is said of it, else the same unknown everywhere.
pub(in crate::eval) fn subscription(target: &Target) -> Piece {
    said(&target.subscription, SUBSCRIPTION)
}

/// What is said of where a provider works, else the unknown that is called `label`.
pub(super) fn said(said: &Option<Arc<str>>, label: &str) -> Piece {
    match said {
        Some(said) => Piece::Literal(Arc::clone(said)),
        None => {
            let unknown = Arc::new(Unknown::new("", label, Reason::Target));
            Piece::Hole(unknown.as_segment())
        }
    }
}

/// The id of a resource of the `azurerm` provider, `None` if nothing tells it. `attribute` gives what
/// is written, `subscription` the id of the subscription that the resource goes to.
pub(in crate::eval) fn azurerm_id(
    kind: &str,
    attribute: &dyn Fn(&str) -> Option<Value>,
    subscription: &dyn Fn() -> Vec<Piece>,
) -> Option<Vec<Piece>> {
    if !kind.starts_with("azurerm_") {
        return None;
    }
    FORMS
        .get(kind)?
        .iter()
        .find_map(|form| filled(form, attribute, subscription))
}

/// The type of an `azurerm` resource in the words of Azure Resource Manager, as its id spells it:
/// `Microsoft.Network/virtualNetworks/subnets`. `None` where no row tells it.
#[must_use]
pub(crate) fn arm_type(kind: &str) -> Option<Arc<str>> {
    let form = FORMS.get(kind)?.first()?;
    let above = match form.first()? {
        // The id of another resource, which the attribute names by its type.
        Part::Attribute(name) => Some(owner_type(name)?),
        _ => None,
    };
    let literals = form.iter().filter_map(|part| match part {
        Part::Literal(text) => Some(*text),
        _ => None,
    });
    let text: String = literals.collect();
    let types = match &above {
        Some(_) => &*text,
        None => text
            .rsplit_once("/providers/")
            .map_or("", |(_, types)| types),
    };
    let segments = above.iter().map(|above| &**above);
    let segments = segments.chain(types.split('/').filter(|segment| !segment.is_empty()));
    let words: Vec<&str> = segments.collect();
    match words.is_empty() {
        // `/subscriptions/*/resourceGroups/{name}`
        true => Some("Microsoft.Resources/resourceGroups".into()),
        false => Some(words.join("/").into()),
    }
}

/// The type of what an attribute such as `firewall_policy_id` names.
fn owner_type(attribute: &str) -> Option<Arc<str>> {
    let owner = attribute.strip_suffix("_id")?;
    let spellings = [
        format!("azurerm_{owner}"),
        format!("azurerm_network_manager_{owner}"),
        format!("azurerm_{}", owner.replace("loadbalancer", "lb")),
    ];
    spellings.iter().find_map(|kind| arm_type(kind))
}

/// The pieces of a text that names something: what is unknown as a whole is a hole, and the id of
/// a resource is spelled out. `None` for what is no text.
pub(in crate::eval) fn pieces_of(value: &Value) -> Option<Vec<Piece>> {
    match &value.data {
        Data::Unknown(unknown) => Some(match &unknown.bounds {
            Bounds::Text(pieces) => pieces.to_vec(),
            _ => vec![Piece::Hole(Arc::clone(unknown))],
        }),
        // What begins with an id that is known in part, such as `"${azurerm_lb.a.id}/probes/http"`.
        Data::Template(pieces) => {
            let mut spelled = Vec::with_capacity(pieces.len());
            for piece in pieces.iter() {
                match piece {
                    Piece::Hole(unknown) => match &unknown.bounds {
                        Bounds::Text(inner) => spelled.extend(inner.iter().cloned()),
                        _ => spelled.push(piece.clone()),
                    },
                    Piece::Literal(_) => spelled.push(piece.clone()),
                }
            }
            Some(spelled)
        }
        _ => to_text(value).map(|text| vec![Piece::Literal(text)]),
    }
}

/// The same where it stands between two slashes of an id: what is unknown of it has no slash.
pub(in crate::eval) fn segment_of(value: &Value) -> Option<Vec<Piece>> {
    let mut pieces = pieces_of(value)?;
    for piece in &mut pieces {
        if let Piece::Hole(unknown) = piece {
            *unknown = unknown.as_segment();
        }
    }
    Some(pieces)
}

/// The key that an id of these pieces is, `None` for an empty one.
pub(in crate::eval) fn key_of(pieces: &[Piece]) -> Option<ResourceKey> {
    let whole = Value::new(Data::Template(pieces.into()), OriginId::NONE);
    ResourceKey::of_id(&whole)
}

fn filled(
    form: &[Part],
    attribute: &dyn Fn(&str) -> Option<Value>,
    subscription: &dyn Fn() -> Vec<Piece>,
) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    for (place, part) in form.iter().enumerate() {
        match part {
            Part::Literal(text) => pieces.push(Piece::Literal((*text).into())),
            Part::Subscription => pieces.extend(subscription()),
            Part::Attribute(name) => {
                let value = attribute(name).filter(|value| !value.is_null())?;
                pieces.extend(if place == 0 {
                    pieces_of(&value)?
                } else {
                    segment_of(&value)?
                });
            }
        }
    }
    Some(pieces)
}

fn parts(form: &'static str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = form;
    while let Some(at) = rest.find(['{', '*']) {
        let (before, from) = rest.split_at(at);
        if !before.is_empty() {
            parts.push(Part::Literal(before));
        }
        rest = match from
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'))
        {
            Some((name, after)) => {
                parts.push(Part::Attribute(name));
                after
            }
            None => {
                parts.push(Part::Subscription);
                from.get(1..).unwrap_or_default()
            }
        };
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(kind: &str, attributes: &[(&str, &str)]) -> Option<String> {
        let attribute = |name: &str| {
            let (_, text) = attributes.iter().find(|(known, _)| *known == name)?;
            Some(Value::string(*text, OriginId::NONE))
        };
        let pieces = azurerm_id(kind, &attribute, &|| vec![Piece::Literal("s".into())])?;
        Value::from_pieces(pieces, OriginId::NONE).canonical()
    }

    #[test]
    fn an_id_is_put_together_from_group_parents_and_name() {
        let names = [
            ("resource_group_name", "net"),
            ("virtual_network_name", "hub"),
            ("name", "app"),
        ];
        assert_eq!(
            id("azurerm_subnet", &names).unwrap(),
            "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub/subnets/app"
        );
        let names = [
            ("loadbalancer_id", "/x/loadBalancers/front"),
            ("name", "http"),
        ];
        let probe = id("azurerm_lb_probe", &names).unwrap();
        assert_eq!(probe, "/x/loadBalancers/front/probes/http");
    }

    #[test]
    fn a_type_is_that_of_the_id() {
        for (kind, wanted) in [
            (
                "azurerm_subnet",
                "Microsoft.Network/virtualNetworks/subnets",
            ),
            (
                "azurerm_lb_rule",
                "Microsoft.Network/loadBalancers/loadBalancingRules",
            ),
            (
                "azurerm_resource_group",
                "Microsoft.Resources/resourceGroups",
            ),
            (
                "azurerm_network_manager_admin_rule",
                "Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections/rules",
            ),
        ] {
            assert_eq!(arm_type(kind).as_deref(), Some(wanted));
        }
        assert_eq!(arm_type("azurerm_frobnicator"), None);
        assert!(FORMS.keys().all(|kind| arm_type(kind).is_some()));
    }

    #[test]
    fn what_is_not_written_or_has_no_row_gives_no_id() {
        assert_eq!(id("azurerm_subnet", &[("name", "app")]), None);
        assert_eq!(id("azurerm_frobnicator", &[("name", "app")]), None);
    }

    #[test]
    fn every_row_names_a_type_and_begins_at_a_scope_or_with_an_id() {
        for (kind, forms) in FORMS.iter() {
            assert!(kind.starts_with("azurerm_"), "{kind}");
            for form in forms {
                let first = form.first().unwrap();
                let is_scope = |text: &&str| {
                    text.starts_with("/subscriptions/") || text.starts_with("/providers/")
                };
                let fine = match first {
                    Part::Literal(text) => is_scope(text),
                    Part::Attribute(name) => name.ends_with("_id"),
                    Part::Subscription => false,
                };
                assert!(fine && form.contains(&Part::Attribute("name")), "{kind}");
            }
        }
    }
}
