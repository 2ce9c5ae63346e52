//! Parts that a plan has twice: once applied, what has resources of its own is read back into the
//! resource it belongs to, whose attribute is then computed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::eval::value::{Data, Value};
use crate::eval::{Mode, Resource};

/// What may be written inline or as a resource of its own.
struct Part {
    /// The type that holds it.
    owner: &'static str,
    /// The attribute that it lies in there.
    inline: &'static str,
    /// The type of its own.
    own: &'static str,
    /// The attribute of that which names the owner.
    names: &'static str,
}

/// Source: the notes on inline parts at the head of the owners' pages (website/docs/r of
/// `azurerm`).
const PARTS: [Part; 3] = [
    Part {
        owner: "azurerm_network_security_group",
        inline: "security_rule",
        own: "azurerm_network_security_rule",
        names: "network_security_group_name",
    },
    Part {
        owner: "azurerm_route_table",
        inline: "route",
        own: "azurerm_route",
        names: "route_table_name",
    },
    Part {
        owner: "azurerm_virtual_network",
        inline: "subnet",
        own: "azurerm_subnet",
        names: "virtual_network_name",
    },
];

/// The names of parts by their owner: its type, resource group and name.
type Named = BTreeMap<[String; 3], BTreeSet<String>>;

/// Leaves out of each resource what the document has as a resource of its own, unless it is written
/// in both places: `is_written` tells whether the configuration writes an attribute.
pub(super) fn count(resources: &mut [Resource], is_written: &dyn Fn(&Resource, &str) -> bool) {
    let mut named = Named::new();
    for resource in resources.iter().filter(|it| it.mode == Mode::Managed) {
        let Some(part) = PARTS.iter().find(|part| part.own == &*resource.kind) else {
            continue;
        };
        if let (Some(owner), Some(name)) = (
            owner(part, &resource.body, part.names),
            text(&resource.body, "name"),
        ) {
            named.entry(owner).or_default().insert(name);
        }
    }
    if named.is_empty() {
        return;
    }
    for resource in resources {
        let Some(part) = PARTS.iter().find(|part| part.owner == &*resource.kind) else {
            continue;
        };
        let names = owner(part, &resource.body, "name").and_then(|owner| named.get(&owner));
        if let Some(names) = names.filter(|_| !is_written(resource, part.inline)) {
            leave_out(&mut resource.body, part.inline, names);
        }
    }
}

/// What tells an owner from others.
fn owner(part: &Part, body: &Value, name: &str) -> Option<[String; 3]> {
    let group = text(body, "resource_group_name")?;
    Some([part.owner.to_owned(), group, text(body, name)?])
}

/// A text that is known, as Azure compares names.
fn text(body: &Value, name: &str) -> Option<String> {
    let text = body.get(name)?.as_str()?;
    Some(text.to_ascii_lowercase())
}

fn leave_out(body: &mut Value, inline: &str, names: &BTreeSet<String>) {
    let Data::Object(object) = &mut body.data else {
        return;
    };
    let Some(list) = Arc::make_mut(object).entries.get_mut(inline) else {
        return;
    };
    if let Data::List(list) = &mut list.data {
        let is_own = |item: &Value| text(item, "name").is_some_and(|name| names.contains(&name));
        Arc::make_mut(list).items.retain(|item| !is_own(item));
    }
}
