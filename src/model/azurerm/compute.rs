//! Virtual machines and scale sets.

use super::network_interface::of_scale_set;
use super::{blocks, whole};
use crate::eval::{Mode, Resource};
use crate::model::build::{Builder, Part, link_to};
use crate::model::compute::{Machine, OperatingSystem};
use crate::model::field::Node;
use crate::model::machine::{Evidence, has_identity};
use crate::model::{Field, Link, List, MachineId, NicId};

/// Machines of all kinds; `kind` is the type without its provider.
pub(super) fn lower<'a>(builder: &mut Builder<'a>, resource: &'a Resource, kind: &str) {
    let part = whole(builder, resource);
    let system = match kind {
        "windows_virtual_machine" | "windows_virtual_machine_scale_set" => {
            Field::known(OperatingSystem::Windows, part.meta.origin)
        }
        "linux_virtual_machine" | "linux_virtual_machine_scale_set" => {
            Field::known(OperatingSystem::Linux, part.meta.origin)
        }
        "virtual_machine" | "virtual_machine_scale_set" => classic(&part),
        "orchestrated_virtual_machine_scale_set" => orchestrated(&part),
        _ => return,
    };
    // A data source for a machine tells neither its system nor what it is attached to.
    if resource.mode == Mode::Existing {
        return;
    }
    let identity = part.node.block("identity").get("type");
    let mut network_interfaces = part.node.get("network_interface_ids").links();
    for block in ["network_interface", "network_profile"] {
        let inline = inline_interfaces(builder, &part, block);
        network_interfaces.items.extend(inline.items);
        network_interfaces.rest = network_interfaces.rest.or(inline.rest);
    }
    super::setting::of_machine(builder, &part.meta, &part.node);
    let _: MachineId = builder.add(Machine {
        network_interfaces,
        operating_system: system,
        flexible: Field::known(
            kind == "orchestrated_virtual_machine_scale_set",
            part.meta.origin,
        ),
        has_identity: has_identity(&identity, &part.meta),
        meta: part.meta,
    });
}

fn inline_interfaces(
    builder: &mut Builder<'_>,
    owner: &Part<'_>,
    block: &str,
) -> List<Field<Link<NicId>>> {
    let inline = blocks(&owner.meta, &owner.node, block);
    let mut links = Vec::new();
    for part in inline.parts {
        links.push(link_to(part.meta.key.clone(), part.meta.origin));
        of_scale_set(builder, part);
    }
    List {
        items: links,
        rest: inline.rest,
    }
}

fn classic(part: &Part<'_>) -> Field<OperatingSystem> {
    let from = &part.node;
    let image = from
        .block("storage_image_reference")
        .or_else(|| from.block("storage_profile_image_reference"));
    let disk = from
        .block("storage_os_disk")
        .or_else(|| from.block("storage_profile_os_disk"));
    evidence(
        from.block("os_profile_windows_config"),
        from.block("os_profile_linux_config"),
        disk.get("os_type"),
        &image,
    )
    .operating_system(&part.meta)
}

fn orchestrated(part: &Part<'_>) -> Field<OperatingSystem> {
    let from = &part.node;
    let profile = from.block("os_profile");
    evidence(
        profile.block("windows_configuration"),
        profile.block("linux_configuration"),
        from.block("os_disk").get("os_type"),
        &from.block("source_image_reference"),
    )
    .operating_system(&part.meta)
}

fn evidence<'a>(
    windows: Node<'a>,
    linux: Node<'a>,
    disk: Node<'a>,
    image: &Node<'a>,
) -> Evidence<'a> {
    Evidence {
        windows,
        linux,
        disk,
        publisher: image.get("publisher"),
        offer: image.get("offer"),
    }
}
