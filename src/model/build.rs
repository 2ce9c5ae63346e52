//! The network while it is being put together.
//!
//! The dialects add elements whose links are all [`Link::External`] and leave notes about what
//! belongs together; [`super::link`] turns keys into ids once every element is there.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::address::AddressPrefix;
use super::field::Node;
use super::index::{ElementId, Id, Index, Place};
use super::load_balancer::{LoadBalancingRule, OutboundRule};
use super::{
    AsgId, Field, FirewallId, FirewallPolicyId, FirewallRuleCollectionId, FirewallRuleId, HubId,
    IpGroupId, Link, List, LoadBalancerId, Meta, NatGatewayId, Network, NicId, NsgId, PoolId,
    PrivateEndpointId, PublicIpId, PublicIpPrefixId, RouteId, RouteTableId, SecurityRuleId, State,
    SubnetId, Twice, VnetId,
};
use crate::diagnostic::{Diagnostic, Label};
use crate::eval::value::{Data, Piece, Presence, Reason, Truth, Unknown, Value, hole};
use crate::eval::{Deployment, Existence, Mode, Resource, ResourceKey};
use crate::origin::{OriginId, OriginStep};

/// Something said in one place about an element defined in another.
#[derive(Debug)]
pub(super) struct Bond<L, R> {
    /// The element it is said about.
    pub(super) left: Field<Link<L>>,
    /// What is said.
    pub(super) right: R,
    /// The resource that says it.
    pub(super) meta: Meta,
}

/// The name of an IP configuration, and what is said about it.
pub(super) type OfConfiguration<T> = (Field<Arc<str>>, T);

/// The address of a pool's member, and the virtual network it is in.
pub(super) type PoolAddress = (Field<IpAddr>, Field<Link<VnetId>>);

/// Notes for the linker.
#[derive(Debug, Default)]
pub(super) struct Notes<'a> {
    pub(super) subnet_nsg: Vec<Bond<SubnetId, Field<Link<NsgId>>>>,
    pub(super) subnet_route_table: Vec<Bond<SubnetId, Field<Link<RouteTableId>>>>,
    pub(super) subnet_nat_gateway: Vec<Bond<SubnetId, Field<Link<NatGatewayId>>>>,
    pub(super) nic_nsg: Vec<Bond<NicId, Field<Link<NsgId>>>>,
    pub(super) endpoint_asg: Vec<Bond<PrivateEndpointId, Field<Link<AsgId>>>>,
    pub(super) nic_asg: Vec<Bond<NicId, Field<Link<AsgId>>>>,
    /// The name of the IP configuration, and the pool.
    pub(super) nic_pool: Vec<Bond<NicId, OfConfiguration<Field<Link<PoolId>>>>>,
    /// The name of the IP configuration a NAT rule of a load balancer leads to, and the rule.
    pub(super) nic_nat_rule: Vec<Bond<NicId, OfConfiguration<Option<ResourceKey>>>>,
    /// IP configurations with NAT rules of their own: position and the rules or pools.
    pub(super) inline_nat_rule: Vec<(NicId, usize, Option<ResourceKey>)>,
    /// NAT rules of load balancers: the rule's key, its load balancer, a pool it leads to.
    pub(super) nat_rules: Vec<NatRule>,
    pub(super) nat_gateway_address: Vec<Bond<NatGatewayId, Field<Link<PublicIpId>>>>,
    pub(super) nat_gateway_prefix: Vec<Bond<NatGatewayId, Field<Link<PublicIpPrefixId>>>>,
    pub(super) vnet_dns: Vec<Bond<VnetId, List<Field<IpAddr>>>>,
    pub(super) rule_of: Vec<Bond<NsgId, SecurityRuleId>>,
    pub(super) route_of: Vec<Bond<RouteTableId, RouteId>>,
    pub(super) probe_of: Vec<Bond<LoadBalancerId, super::ProbeId>>,
    pub(super) pool_of: Vec<Bond<LoadBalancerId, PoolId>>,
    pub(super) balancing_rule_of: Vec<Bond<LoadBalancerId, LoadBalancingRule>>,
    pub(super) outbound_of: Vec<Bond<LoadBalancerId, OutboundRule>>,
    pub(super) pool_address: Vec<Bond<PoolId, PoolAddress>>,
    pub(super) firewall_rules: Vec<Bond<FirewallId, GroupRules>>,
    pub(super) policy_rules: Vec<Bond<FirewallPolicyId, GroupRules>>,
    pub(super) ip_group_addresses: Vec<Bond<IpGroupId, List<Field<AddressPrefix>>>>,
    /// What a hub's routing intent names: Internet, private traffic.
    pub(super) intents: Vec<Bond<HubId, [Field<Link<FirewallId>>; 2]>>,
    /// The value of each route's next hop address; of several, its place among them.
    pub(super) next_hops: Vec<(RouteId, Option<usize>, Node<'a>)>,
    /// Applications by key, and a subnet they are integrated with.
    pub(super) app_subnet: Vec<(ResourceKey, Field<Link<SubnetId>>)>,
    /// Applications and the environment they run in, both by key.
    pub(super) app_environment: Vec<(ResourceKey, ResourceKey)>,
    /// App Service plans by key, and the environment they lie in: `None` if they lie in none.
    pub(super) plan_environment: Vec<(ResourceKey, Option<ResourceKey>)>,
    /// Sites and their plan, both by key; the plan is `None` where it cannot be told.
    pub(super) site_plan: Vec<(ResourceKey, Option<ResourceKey>)>,
    /// Environments of applications by key, and their subnet.
    pub(super) environment_subnet: Vec<(ResourceKey, Field<Link<SubnetId>>)>,
    /// Elements of exports that name what is attached to them, of which some is not in the files.
    pub(super) back_references: Vec<BackReferences>,
}

/// The rules of one rule collection group or classic collection.
#[derive(Debug, Default)]
pub(super) struct GroupRules {
    pub(super) collections: Vec<FirewallRuleCollectionId>,
    pub(super) rules: Vec<FirewallRuleId>,
    pub(super) rest: Option<Arc<Unknown>>,
}

/// A NAT rule or pool of a load balancer.
#[derive(Debug)]
pub(super) struct NatRule {
    pub(super) key: ResourceKey,
    pub(super) load_balancer: Option<ResourceKey>,
    pub(super) pool: Option<ResourceKey>,
    pub(super) rule: super::load_balancer::InboundNatRule,
}

/// What an export says is attached to an element.
#[derive(Debug)]
pub(super) struct BackReferences {
    pub(super) owner: ElementId,
    pub(super) subnets: BackReference,
    pub(super) network_interfaces: BackReference,
}

/// What an export lists under one name.
#[derive(Debug, Default)]
pub(super) struct BackReference {
    pub(super) keys: Vec<ResourceKey>,
    /// Whether the list, or a part of it, was not printed.
    pub(super) open: bool,
}

impl BackReference {
    /// Whether something is attached, or may be, that is not in the files.
    pub(super) fn lacks(&self, is_missing: impl Fn(&ResourceKey) -> bool) -> bool {
        self.open || self.keys.iter().any(is_missing)
    }
}

/// The network while it is being put together.
#[derive(Debug)]
pub(super) struct Builder<'a> {
    /// The deployment whose resources are lowered.
    pub(super) deployment: &'a Deployment,
    /// All of them; they share their origins.
    pub(super) deployments: Vec<&'a Deployment>,
    pub(super) network: Network,
    pub(super) index: Index,
    pub(super) notes: Notes<'a>,
    /// Every resource by its deployment's place in the list and its address.
    addresses: HashMap<(usize, &'a str), &'a Resource>,
}

impl<'a> Builder<'a> {
    /// For deployments of one estate, or one alone.
    pub(super) fn new(first: &'a Deployment, deployments: &[&'a Deployment]) -> Self {
        let resources = deployments.iter().enumerate().flat_map(|(at, deployment)| {
            let resources = deployment.resources.iter();
            resources.map(move |resource| ((at, &*resource.address), resource))
        });
        Self {
            deployment: first,
            deployments: deployments.to_vec(),
            network: Network::default(),
            index: Index::default(),
            notes: Notes::default(),
            addresses: resources.collect(),
        }
    }

    /// The deployment that a node belongs to, by its place in the list.
    pub(super) fn owner(&self, origin: OriginId) -> Option<usize> {
        let mut all = self.deployments.iter();
        all.position(|deployment| deployment.own_origins.contains(origin))
    }

    /// What another deployment of the estate defines as well, if a resource is certain to exist and
    /// so is the other one.
    pub(super) fn defined_before(&self, resource: &Resource) -> Option<Twice> {
        let certain = resource.existence.truth == Truth::True && !resource.template;
        let id = resource.id.as_ref().unwrap_or(&resource.key);
        // Of a place that is not known in full nothing can be said.
        if !certain || resource.mode == Mode::Existing || !id.is_known_id() {
            return None;
        }
        let own = self.owner(resource.origin)?;
        let by_key = self.index.every_exact(&resource.key);
        let by_place = Place::of(resource).map(|place| self.index.every_exactly_at(&place));
        by_key
            .chain(by_place.into_iter().flatten())
            .find_map(|other| {
                let meta = other.meta(&self.network);
                let owner = self.owner(meta.origin)?;
                let sure = meta.existence.truth == Truth::True && !meta.template && !meta.existing;
                (sure && owner != own).then(|| Twice {
                    key: id.clone(),
                    deployments: [owner, own],
                    places: [meta.origin, resource.origin]
                        .map(|origin| self.deployment.origins.get(origin).span),
                })
            })
    }

    /// The resource of a type from whose attribute a value was read, the nearest one.
    pub(super) fn read_from(&self, origin: OriginId, kind: &str) -> Option<ResourceKey> {
        let mut origin = origin;
        for _ in 0..MAX_HOPS {
            let node = self.deployment.origins.get(origin);
            if let OriginStep::Attribute(address) = &node.step {
                let found = self.addresses.get(&(self.owner(origin)?, &**address))?;
                return (*found.kind == *kind).then(|| found.key.clone());
            }
            // Values that were put together from several are nobody's attribute.
            let [parent] = node.parents[..] else {
                return None;
            };
            origin = parent;
        }
        None
    }

    /// The body of a resource of this deployment.
    pub(super) fn body(&self, resource: &'a Resource) -> Node<'a> {
        Node::body(resource)
    }

    /// What every element has, for a resource.
    pub(super) fn meta(&self, resource: &'a Resource) -> Meta {
        Meta {
            address: Arc::clone(&resource.address),
            key: resource.key.clone(),
            name: Node::name(resource).text(),
            origin: resource.origin,
            existence: resource.existence.clone(),
            template: resource.template,
            existing: resource.mode == Mode::Existing,
        }
    }

    /// Adds an element and registers its key.
    pub(super) fn add<I: Id>(&mut self, element: I::Element) -> I {
        let id = I::push(&mut self.network, element);
        let key = id.meta(&self.network).key.clone();
        self.index.insert(key, id.wrap());
        id
    }

    /// The element that has this key already, where both it and the one with this meta exist for
    /// certain: then the two are one.
    pub(super) fn certain<I: Id>(&self, meta: &Meta) -> Option<I> {
        let sure =
            |meta: &Meta| meta.existence.truth == Truth::True && !meta.template && !meta.existing;
        let [before] = self.index.exact::<I>(&meta.key)[..] else {
            return None;
        };
        (sure(meta) && sure(before.meta(&self.network))).then_some(before)
    }

    /// Whether what a resource looks up is an element that this deployment itself creates: for
    /// certain, or whenever the resource is looked up.
    pub(super) fn is_created_here(&self, resource: &Resource) -> bool {
        let condition = |existence: &Existence| existence.because.as_ref().map(|why| why.id);
        self.index.every_exact(&resource.key).any(|id| {
            let meta = id.meta(&self.network);
            let always = meta.existence.truth == Truth::True && !meta.template;
            let together = condition(&meta.existence) == condition(&resource.existence)
                && meta.template == resource.template;
            !meta.existing && (always || together)
        })
    }

    /// Adds an element, or puts it in the place of one with the same key where both exist for
    /// certain: nested deployments often write a resource once more to change it, and then what
    /// they write counts. For elements that hold no others.
    pub(super) fn put<I: Id>(&mut self, element: I::Element, meta: &Meta) -> I {
        match self.certain::<I>(meta) {
            Some(before) => {
                I::replace(&mut self.network, before, element);
                before
            }
            None => self.add(element),
        }
    }

    /// Whether a resource is only looked up and its id is that of one which this deployment creates:
    /// it then stands for that one.
    pub(super) fn stands_for_another(&mut self, resource: &Resource) -> bool {
        let looked_up = resource.mode == Mode::Existing;
        let Some(place) = Place::of(resource).filter(|_| looked_up) else {
            return false;
        };
        let Some(target) = self.index.only_at(&place) else {
            return false;
        };
        self.index.alias(resource.key.clone(), target);
        true
    }

    /// Registers where what a resource became lies, from its id.
    pub(super) fn place_by_id(&mut self, resource: &Resource) {
        let Some(place) = Place::of(resource) else {
            return;
        };
        let elements: Vec<ElementId> = self.index.every_exact(&resource.key).collect();
        for element in elements {
            self.index.place(&resource.key, place.clone(), element);
        }
    }

    /// Registers where an element lies, so that others can name it.
    pub(super) fn place<I: Id>(&mut self, id: I, place: Place) {
        let key = id.meta(&self.network).key.clone();
        self.index.place(&key, place, id.wrap());
    }

    /// A message about the network as a whole.
    pub(super) fn report(&mut self, code: &'static str, message: String, at: &[OriginId]) {
        let span = |origin: &OriginId| self.deployment.origins.get(*origin).span;
        let mut spans = at.iter().filter_map(span);
        let primary = spans.next().map(|span| Label {
            span,
            text: String::new(),
        });
        let related = spans
            .map(|span| Label {
                span,
                text: "and here".into(),
            })
            .collect();
        self.network.diagnostics.push(Diagnostic {
            code,
            kind: crate::diagnostic::DiagnosticKind::Advice,
            severity: crate::diagnostic::Severity::Warning,
            message,
            primary,
            related,
            help: None,
        });
    }
}

/// How far back a name is followed to the resource it was read from.
const MAX_HOPS: usize = 32;

/// One item of a list of parts.
pub(super) struct Part<'a> {
    /// Name, place, existence.
    pub(super) meta: Meta,
    /// Where its fields are written.
    pub(super) node: Node<'a>,
}

/// The parts that a list holds, and what stands for those that are not known. Where the shape of the
/// unknown ones is known, parts marked as templates stand for all of them.
pub(super) struct Parts<'a> {
    pub(super) parts: Vec<Part<'a>>,
    pub(super) rest: Option<Arc<Unknown>>,
}

impl<'a> Parts<'a> {
    /// Reads the parts of `owner` from a list. `segment` names the list in addresses and keys:
    /// a type (`securityRules`) in ARM, a block (`security_rule`) in azurerm.
    pub(super) fn read(owner: &Meta, list: &Node<'a>, segment: &str, style: Style) -> Self {
        let found = list.items();
        let mut parts = Vec::with_capacity(found.items.len());
        for (position, node) in found.items.into_iter().enumerate() {
            parts.push(Part::new(owner, node, segment, position, style));
        }
        let rest = found.hidden;
        for (node, presence) in found.others {
            let mut part = Part::new(owner, node, segment, parts.len(), style);
            part.meta.template |= matches!(presence, Presence::Many(_));
            part.meta.existence = Existence {
                truth: owner.existence.truth.and(Truth::Unknown),
                because: presence.because().cloned(),
            };
            parts.push(part);
        }
        Self { parts, rest }
    }
}

/// How parts are addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `owner/segment/name`
    Path,
    /// `owner.segment["name"]`, its key `owner.segment[0]`
    Block,
}

impl<'a> Part<'a> {
    fn new(owner: &Meta, node: Node<'a>, segment: &str, position: usize, style: Style) -> Self {
        let origin = node.origin();
        let node = node.with_header(origin);
        let name = node.get("name");
        let shown = match show(&name) {
            Some(name) => name,
            None => position.to_string(),
        };
        let (address, key) = match style {
            Style::Path => (
                format!("{}/{segment}/{shown}", owner.address),
                format!(
                    "{}/{}/{}",
                    owner.key.0,
                    segment.to_ascii_lowercase(),
                    canonical(&name).unwrap_or_else(|| position.to_string())
                ),
            ),
            Style::Block => (
                match show(&name) {
                    Some(name) => format!("{}.{segment}[\"{name}\"]", owner.address),
                    None => format!("{}.{segment}[{position}]", owner.address),
                },
                format!("{}.{segment}[{position}]", owner.key.0),
            ),
        };
        Self {
            meta: Meta {
                address: address.into(),
                key: ResourceKey(key.into()),
                name: name.text(),
                origin,
                existence: owner.existence.clone(),
                template: owner.template,
                existing: owner.existing,
            },
            node,
        }
    }
}

/// A scalar in lower case with its unknown pieces as holes; `None` where nothing is written.
pub(super) fn canonical(node: &Node<'_>) -> Option<String> {
    if let Some(unknown) = node.unknown() {
        return Some(hole(unknown.id));
    }
    if node.is_absent() {
        return None;
    }
    let value = node.value()?;
    match &value.data {
        Data::String(_) | Data::Template(_) => {
            ResourceKey::of_id(value).map(|key| key.0.to_string())
        }
        _ => value.canonical(),
    }
}

/// A scalar as a person reads it, unknown pieces as `${label}`; `None` where nothing is written.
pub(super) fn show(node: &Node<'_>) -> Option<String> {
    if let Some(unknown) = node.unknown() {
        return Some(format!("${{{}}}", unknown.label));
    }
    if node.is_absent() {
        return None;
    }
    let value: &Value = node.value()?;
    match &value.data {
        Data::Template(pieces) => Some(
            pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Literal(text) => text.to_string(),
                    Piece::Hole(unknown) => format!("${{{}}}", unknown.label),
                })
                .collect(),
        ),
        _ => value.canonical(),
    }
}

/// Stands for what may be attached to an element outside the files.
pub(super) fn outside(meta: &Meta, what: &str) -> Arc<Unknown> {
    let label = format!("{what} of {}", meta.address);
    Arc::new(Unknown::new(&meta.key.0, label, Reason::Outside))
}

/// A link to a key.
pub(super) fn link_to<I>(key: ResourceKey, origin: OriginId) -> Field<Link<I>> {
    Field::known(Link::External(key), origin)
}

/// The key of a link that is not linked yet.
pub(super) fn external<I>(field: &Field<Link<I>>) -> Option<&ResourceKey> {
    match &field.state {
        State::Known(Link::External(key)) => Some(key),
        _ => None,
    }
}
