//! Services that live in subnets.

use super::{add, is_here, place};
use crate::eval::Resource;
use crate::model::build::Builder;
use crate::model::field::Node;
use crate::model::service::{Service, ServiceKind, ServiceOption, and, any, is_second_generation};
use crate::model::{Field, Link, List, ServiceId, SubnetId, parse};

/// `azurerm_bastion_host`
pub(super) fn bastion<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    const PATH: &str = "microsoft.network/bastionhosts";
    put(builder, resource, PATH, |body, service| {
        service.subnets = configured(body, "ip_configuration");
        service.tier = body.get("sku").text();
    });
}

/// `azurerm_application_gateway`
pub(super) fn application_gateway<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    const PATH: &str = "microsoft.network/applicationgateways";
    put(builder, resource, PATH, |body, service| {
        service.kind = ServiceKind::ApplicationGateway;
        service.subnets = configured(body, "gateway_ip_configuration");
        let sku = body.block("sku");
        service.tier = sku.get("tier").or_else(|| sku.get("name")).text();
        let external = any(&body.get("frontend_ip_configuration"), |item| {
            let address = item.get("public_ip_address_id");
            match address.unknown() {
                // The id of a resource of these files is unknown until it is created, but it is there.
                Some(unknown) if unknown.refers_to.is_none() => Err(unknown.clone()),
                Some(_) => Ok(true),
                None => Ok(!address.is_absent()),
            }
        });
        let v2 = service.tier.clone().map(|tier| is_second_generation(&tier));
        service.options = vec![
            (
                ServiceOption::NetworkIsolation,
                and(&v2, &external.clone().map(|public| !public)),
            ),
            (ServiceOption::External, external),
            (ServiceOption::V2, v2),
        ];
        let port = |item: &Node<'_>| item.get("port").field(parse::ports);
        service.ports = body.get("frontend_port").list(port);
    });
}

/// Adds the service that `fill` makes of a resource.
fn put<'a>(
    builder: &mut Builder<'a>,
    resource: &'a Resource,
    path: &str,
    fill: impl FnOnce(&Node<'a>, &mut Service),
) {
    let here = place(builder, resource, path);
    if is_here::<ServiceId>(builder, resource, here.as_ref()) {
        return;
    }
    let body = builder.body(resource);
    let meta = builder.meta(resource);
    let mut service = Service {
        kind: ServiceKind::Bastion,
        subnets: List::default(),
        tier: Field::absent(meta.origin),
        location: body.get("location").text(),
        options: Vec::new(),
        ports: List::default(),
        inferred: false,
        meta,
    };
    fill(&body, &mut service);
    let _: ServiceId = add(builder, resource, path, service);
}

/// The subnets of blocks of one kind.
fn configured(body: &Node<'_>, block: &str) -> List<Field<Link<SubnetId>>> {
    body.get(block).list(|item| item.get("subnet_id").link())
}
