//! Virtual machines and scale sets.

use super::network_interface::network_interface;
use super::{ids, parts, properties};
use crate::eval::Resource;
use crate::model::build::{Builder, link_to};
use crate::model::compute::Machine;
use crate::model::field::Node;
use crate::model::machine::{Evidence, has_identity};
use crate::model::{Field, Link, List, MachineId, Meta, NicId, parse};

/// `Microsoft.Compute/virtualMachines`
pub(super) fn virtual_machine<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let single = Field::known(false, resource.origin);
    machine(builder, resource, &from, single);
}

/// `Microsoft.Compute/virtualMachineScaleSets`
pub(super) fn scale_set<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let set = properties(&builder.body(resource));
    let flexible = set.get("orchestrationMode").field(parse::flexible);
    machine(
        builder,
        resource,
        &set.get("virtualMachineProfile"),
        flexible,
    );
}

/// `profile` is where the profiles for the system, storage and network are written.
fn machine<'a>(
    builder: &mut Builder<'a>,
    resource: &'a Resource,
    profile: &Node<'a>,
    flexible: Field<bool>,
) {
    let meta = builder.meta(resource);
    let network = profile.get("networkProfile");
    let mut nics = ids(&network.get("networkInterfaces"));
    let inline = inline_interfaces(builder, &meta, &network);
    nics.items.extend(inline.items);
    nics.rest = nics.rest.or(inline.rest);
    let system = profile.get("osProfile");
    let storage = profile.get("storageProfile");
    let image = storage.get("imageReference");
    let evidence = Evidence {
        windows: system.get("windowsConfiguration"),
        linux: system.get("linuxConfiguration"),
        disk: storage.path(&["osDisk", "osType"]),
        publisher: image.get("publisher"),
        offer: image.get("offer"),
    };
    let identity = builder.body(resource).path(&["identity", "type"]);
    let machine = Machine {
        network_interfaces: nics,
        operating_system: evidence.operating_system(&meta),
        flexible,
        has_identity: has_identity(&identity, &meta),
        meta: meta.clone(),
    };
    let _: MachineId = builder.put(machine, &meta);
    super::setting::of_machine(builder, &meta, profile);
}

fn inline_interfaces<'a>(
    builder: &mut Builder<'a>,
    meta: &Meta,
    network: &Node<'a>,
) -> List<Field<Link<NicId>>> {
    const SEGMENT: &str = "networkInterfaceConfigurations";
    let inline = parts(meta, &network.get(SEGMENT), SEGMENT);
    let mut links = Vec::new();
    for part in inline.parts {
        links.push(link_to(part.meta.key.clone(), part.meta.origin));
        network_interface(builder, part);
    }
    List {
        items: links,
        rest: inline.rest,
    }
}
