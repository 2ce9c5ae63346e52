//! Services that live in subnets.

use super::{id, properties};
use crate::eval::Resource;
use crate::model::build::Builder;
use crate::model::field::Node;
use crate::model::service::{Service, ServiceKind, ServiceOption, and, any, is_second_generation};
use crate::model::{Field, Link, List, ServiceId, SubnetId, parse};

/// Adds the service that a resource is, if it is one.
pub(super) fn lower<'a>(builder: &mut Builder<'a>, resource: &'a Resource, kind: &str) {
    let body = builder.body(resource);
    let from = properties(&body);
    let draft = Draft { body, from };
    let service = match kind {
        "microsoft.network/bastionhosts" => draft.bastion(),
        "microsoft.network/applicationgateways" => draft.application_gateway(),
        _ => return,
    };
    let meta = builder.meta(resource);
    let _: ServiceId = builder.put(
        Service {
            meta: meta.clone(),
            kind: service.kind,
            subnets: service.subnets,
            tier: service.tier,
            location: draft.body.get("location").text(),
            options: service.options,
            ports: service.ports,
            inferred: false,
        },
        &meta,
    );
}

/// The service that a subnet of this name or with one of these delegations holds, where nothing else
/// can live there.
pub(super) fn of_subnet(name: Option<&str>, delegations: &[&str]) -> Option<ServiceKind> {
    let delegated = |wanted: &str| {
        let mut all = delegations.iter();
        all.any(|one| one.eq_ignore_ascii_case(wanted))
    };
    if name.is_some_and(|name| name.eq_ignore_ascii_case("AzureBastionSubnet")) {
        return Some(ServiceKind::Bastion);
    }
    [
        (
            "Microsoft.Sql/managedInstances",
            ServiceKind::SqlManagedInstance,
        ),
        ("Microsoft.Databricks/workspaces", ServiceKind::Databricks),
        (
            "Microsoft.Network/applicationGateways",
            ServiceKind::ApplicationGateway,
        ),
    ]
    .into_iter()
    .find_map(|(wanted, kind)| delegated(wanted).then_some(kind))
}

/// What is particular to a kind of service.
struct Particular {
    kind: ServiceKind,
    subnets: List<Field<Link<SubnetId>>>,
    tier: Field<std::sync::Arc<str>>,
    options: Vec<(ServiceOption, Field<bool>)>,
    ports: List<Field<crate::model::address::PortRange>>,
}

/// A resource that is being read.
struct Draft<'a> {
    body: Node<'a>,
    from: Node<'a>,
}

impl Draft<'_> {
    fn of(&self, kind: ServiceKind, subnets: List<Field<Link<SubnetId>>>) -> Particular {
        Particular {
            kind,
            subnets,
            tier: self.sku("name").text(),
            options: Vec::new(),
            ports: List::default(),
        }
    }

    /// `sku` lies beside the properties, of an Application Gateway among them.
    fn sku(&self, name: &str) -> Node<'_> {
        let beside = self.body.path(&["sku", name]);
        beside.or_else(|| self.from.path(&["sku", name]))
    }

    /// The subnets of the configurations in a list.
    fn configured(&self, list: &str) -> List<Field<Link<SubnetId>>> {
        let subnet = |item: &Node<'_>| id(&properties(item).get("subnet"));
        self.from.get(list).list(subnet)
    }

    fn bastion(&self) -> Particular {
        self.of(ServiceKind::Bastion, self.configured("ipConfigurations"))
    }

    fn application_gateway(&self) -> Particular {
        let tier = self.sku("tier").or_else(|| self.sku("name")).text();
        let frontends = self.from.get("frontendIPConfigurations");
        let external = any(&frontends, |item| {
            let address = properties(item).get("publicIPAddress");
            match address.unknown() {
                Some(unknown) => Err(unknown.clone()),
                None => Ok(!address.is_absent()),
            }
        });
        let v2 = tier.clone().map(|tier| is_second_generation(&tier));
        let port = |item: &Node<'_>| properties(item).get("port").field(parse::ports);
        Particular {
            options: vec![
                (
                    ServiceOption::NetworkIsolation,
                    and(&v2, &external.clone().map(|public| !public)),
                ),
                (ServiceOption::External, external),
                (ServiceOption::V2, v2),
            ],
            ports: self.from.get("frontendPorts").list(port),
            tier,
            ..self.of(
                ServiceKind::ApplicationGateway,
                self.configured("gatewayIPConfigurations"),
            )
        }
    }
}
