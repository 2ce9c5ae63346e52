//! Attributes that a provider makes of others which are written: an address that is fixed in an IP
//! configuration is also an attribute of the whole interface.
//!
//! Source: what the provider's code reads back (network_interface_resource.go,
//! loadbalancer_resource.go, compute/network_interface.go of 4.0.0, subnet_resource.go of 2.99.0;
//! read 2026-11-22). What is absent: everything that Azure picks.

use std::rc::Rc;

use super::evaluation::Evaluation;
use super::instances::Instance;
use super::module::{Module, ResourceInstance};
use super::schema::schema;
use crate::eval::hcl_expr::unknown_reference;
use crate::eval::value::{Reason, Value};

const ADDRESS: &str = "private_ip_address";
const ADDRESSES: &str = "private_ip_addresses";
const INTERFACE: &str = "azurerm_network_interface";

/// The value of an attribute of a subnet, an interface or a load balancer that follows from what is
/// written for others.
pub(super) fn of_written(
    kind: &str,
    name: &str,
    written: &dyn Fn(&str) -> Option<Value>,
) -> Option<Value> {
    match (kind, name) {
        ("azurerm_subnet", "address_prefix") => {
            let prefixes = written("address_prefixes")?;
            match all(&prefixes)? {
                [only] => Some(only.clone()),
                _ => None,
            }
        }
        ("azurerm_subnet", "address_prefixes") => {
            let prefix = written("address_prefix").filter(|prefix| !prefix.is_null())?;
            let origin = prefix.origin;
            Some(Value::list(vec![prefix], origin))
        }
        (INTERFACE, ADDRESS | ADDRESSES) => {
            of_configurations(&written("ip_configuration")?, name, true)
        }
        ("azurerm_lb", ADDRESS | ADDRESSES) => {
            of_configurations(&written("frontend_ip_configuration")?, name, false)
        }
        _ => None,
    }
}

impl<'a> Evaluation<'a> {
    /// The value of an attribute that follows from what is written for others.
    pub(super) fn derived(
        &self,
        module: &Rc<Module<'a>>,
        instance: &Instance,
        resource: &ResourceInstance<'a>,
        name: &str,
    ) -> Option<Value> {
        let declared = resource.declared;
        let kind = &**declared.kind;
        if !is_derived(kind, name) || !self.is_filled_in(module, resource, name) {
            return None;
        }
        let schema = schema(declared.mode, kind)?;
        if schema.lacks(name, self.provider(module)) {
            return None;
        }
        let written = |name: &str| self.resource_attribute(module, instance, resource, name);
        match kind {
            "azurerm_subnet" | INTERFACE | "azurerm_lb" => of_written(kind, name, &written),
            _ => {
                let interfaces = written("network_interface_ids")?;
                self.of_first_interface(&interfaces, name)
            }
        }
    }

    /// The addresses of a machine are those of its interfaces, the first one's first.
    fn of_first_interface(&self, interfaces: &Value, name: &str) -> Option<Value> {
        let interfaces = all(interfaces)?;
        let first = interfaces.first()?;
        let reference = first.as_unknown()?.refers_to.as_ref()?;
        let is_only = interfaces.len() == 1;
        if &*reference.path != "id" || (name == ADDRESSES && !is_only) {
            return None;
        }
        let found =
            self.with_instance(&reference.resource.0, INTERFACE, |module, instance, nic| {
                self.derived(module, instance, nic, name)
            });
        found.or_else(|| {
            let is_interface = (reference.resource.0.split('.')).any(|part| part == INTERFACE);
            let unknown = unknown_reference(&reference.resource, name, Reason::RunTime);
            let unknown = match first.as_unknown()?.declared {
                Some(at) => unknown.declared_at(at),
                None => unknown,
            };
            is_interface.then(|| Value::unknown(unknown, first.origin))
        })
    }
}

fn is_derived(kind: &str, name: &str) -> bool {
    match kind {
        "azurerm_subnet" => matches!(name, "address_prefix" | "address_prefixes"),
        INTERFACE
        | "azurerm_lb"
        | "azurerm_linux_virtual_machine"
        | "azurerm_windows_virtual_machine" => matches!(name, ADDRESS | ADDRESSES),
        _ => false,
    }
}

/// The items of a list, if these are all.
fn all(list: &Value) -> Option<&[Value]> {
    let list = list.as_list().filter(|list| list.rest.is_none())?;
    Some(&list.items)
}

/// The fixed addresses of IP configurations, in their order: the first one, or all. Of a load
/// balancer's, those with a public address have no private one.
fn of_configurations(configurations: &Value, name: &str, each_has_one: bool) -> Option<Value> {
    let is_written = |configuration: &Value, name: &str| {
        configuration
            .get(name)
            .is_some_and(|value| !value.is_null())
    };
    let mut addresses = Vec::new();
    for configuration in all(configurations)? {
        let public = is_written(configuration, "public_ip_address_id")
            || is_written(configuration, "public_ip_prefix_id");
        if !each_has_one && public {
            continue;
        }
        // A dynamic one is Azure's choice, whatever else is written.
        let fixed = configuration
            .get("private_ip_address_allocation")
            .and_then(Value::as_str)
            .is_none_or(|how| how.eq_ignore_ascii_case("Static"));
        let address = configuration
            .get(ADDRESS)
            .filter(|address| fixed && address.as_str().is_some_and(|text| !text.is_empty()))?;
        if name == ADDRESS {
            return Some(address.clone());
        }
        addresses.push(address.clone());
    }
    (name == ADDRESSES).then(|| Value::list(addresses, configurations.origin))
}
