//! Which element a key or a name stands for.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{
    AdminConfigurationId, AdminDeploymentId, AdminRuleCollectionId, AdminRuleId, AppId, AsgId,
    DefenderPlanId, FirewallId, FirewallPolicyId, FirewallRuleCollectionId, FirewallRuleGroupId,
    FirewallRuleId, FlowLogId, GatewayConnectionId, GatewayId, HubConnectionId, HubId, IpGroupId,
    LoadBalancerId, LocalNetworkGatewayId, MachineId, MailTargetId, Meta, NatGatewayId, Network,
    NetworkGroupId, NetworkManagerId, NicId, NsgId, PeeringId, PoolId, PrivateEndpointId, ProbeId,
    PublicIpId, PublicIpPrefixId, RouteId, RouteTableId, SecurityRuleId, ServiceId, SettingId,
    StaticMemberId, SubnetId, SubscriptionId, TxtRecordId, VnetId, WebApplicationFirewallId,
};
use crate::eval::Resource;
use crate::eval::ResourceKey;

use crate::eval::located::may_be_equal;
use crate::eval::value::{Unknown, mark_of, unmarked};

/// An element of any kind; the variants are called like the ids they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    clippy::enum_variant_names,
    reason = "one name for the id and its variant"
)]
pub(super) enum ElementId {
    NsgId(NsgId),
    SecurityRuleId(SecurityRuleId),
    AsgId(AsgId),
    VnetId(VnetId),
    SubnetId(SubnetId),
    NicId(NicId),
    PeeringId(PeeringId),
    PublicIpId(PublicIpId),
    PublicIpPrefixId(PublicIpPrefixId),
    PrivateEndpointId(PrivateEndpointId),
    NatGatewayId(NatGatewayId),
    GatewayId(GatewayId),
    LocalNetworkGatewayId(LocalNetworkGatewayId),
    GatewayConnectionId(GatewayConnectionId),
    HubId(HubId),
    HubConnectionId(HubConnectionId),
    RouteTableId(RouteTableId),
    RouteId(RouteId),
    LoadBalancerId(LoadBalancerId),
    ProbeId(ProbeId),
    PoolId(PoolId),
    FirewallId(FirewallId),
    FirewallPolicyId(FirewallPolicyId),
    FirewallRuleGroupId(FirewallRuleGroupId),
    FirewallRuleCollectionId(FirewallRuleCollectionId),
    FirewallRuleId(FirewallRuleId),
    IpGroupId(IpGroupId),
    MachineId(MachineId),
    AppId(AppId),
    SettingId(SettingId),
    MailTargetId(MailTargetId),
    TxtRecordId(TxtRecordId),
    ServiceId(ServiceId),
    FlowLogId(FlowLogId),
    WebApplicationFirewallId(WebApplicationFirewallId),
    DefenderPlanId(DefenderPlanId),
    SubscriptionId(SubscriptionId),
    NetworkManagerId(NetworkManagerId),
    NetworkGroupId(NetworkGroupId),
    StaticMemberId(StaticMemberId),
    AdminConfigurationId(AdminConfigurationId),
    AdminRuleCollectionId(AdminRuleCollectionId),
    AdminRuleId(AdminRuleId),
    AdminDeploymentId(AdminDeploymentId),
}

impl ElementId {
    /// Name, place and existence of the element.
    pub(super) fn meta(self, network: &Network) -> &Meta {
        match self {
            Self::NsgId(id) => id.meta(network),
            Self::SecurityRuleId(id) => id.meta(network),
            Self::AsgId(id) => id.meta(network),
            Self::VnetId(id) => id.meta(network),
            Self::SubnetId(id) => id.meta(network),
            Self::NicId(id) => id.meta(network),
            Self::PeeringId(id) => id.meta(network),
            Self::PublicIpId(id) => id.meta(network),
            Self::PublicIpPrefixId(id) => id.meta(network),
            Self::PrivateEndpointId(id) => id.meta(network),
            Self::NatGatewayId(id) => id.meta(network),
            Self::GatewayId(id) => id.meta(network),
            Self::LocalNetworkGatewayId(id) => id.meta(network),
            Self::GatewayConnectionId(id) => id.meta(network),
            Self::HubId(id) => id.meta(network),
            Self::HubConnectionId(id) => id.meta(network),
            Self::RouteTableId(id) => id.meta(network),
            Self::RouteId(id) => id.meta(network),
            Self::LoadBalancerId(id) => id.meta(network),
            Self::ProbeId(id) => id.meta(network),
            Self::PoolId(id) => id.meta(network),
            Self::FirewallId(id) => id.meta(network),
            Self::FirewallPolicyId(id) => id.meta(network),
            Self::FirewallRuleGroupId(id) => id.meta(network),
            Self::FirewallRuleCollectionId(id) => id.meta(network),
            Self::FirewallRuleId(id) => id.meta(network),
            Self::IpGroupId(id) => id.meta(network),
            Self::MachineId(id) => id.meta(network),
            Self::AppId(id) => id.meta(network),
            Self::SettingId(id) => id.meta(network),
            Self::MailTargetId(id) => id.meta(network),
            Self::TxtRecordId(id) => id.meta(network),
            Self::ServiceId(id) => id.meta(network),
            Self::FlowLogId(id) => id.meta(network),
            Self::WebApplicationFirewallId(id) => id.meta(network),
            Self::DefenderPlanId(id) => id.meta(network),
            Self::SubscriptionId(id) => id.meta(network),
            Self::NetworkManagerId(id) => id.meta(network),
            Self::NetworkGroupId(id) => id.meta(network),
            Self::StaticMemberId(id) => id.meta(network),
            Self::AdminConfigurationId(id) => id.meta(network),
            Self::AdminRuleCollectionId(id) => id.meta(network),
            Self::AdminRuleId(id) => id.meta(network),
            Self::AdminDeploymentId(id) => id.meta(network),
        }
    }
}

/// An index into one arena of a network.
pub(super) trait Id: Copy + Ord {
    /// What the arena holds.
    type Element;

    /// Puts an element at the end of its arena.
    fn push(network: &mut Network, element: Self::Element) -> Self;

    /// Puts an element in the place of another.
    fn replace(network: &mut Network, id: Self, element: Self::Element);

    /// The ids of all elements of this kind, in order.
    fn every(network: &Network) -> Vec<Self>;

    /// Name, place and existence of the element.
    fn meta(self, network: &Network) -> &Meta;

    /// The id without its kind.
    fn wrap(self) -> ElementId;

    /// The id, if it is of this kind.
    fn unwrap(id: ElementId) -> Option<Self>;
}

/// A resource group and, within it, provider, types and names:
/// `microsoft.network/virtualnetworks/hub/subnets/app`. Both in lower case, unknown pieces as holes;
/// group and subscription are `None` where nothing tells them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) subscription: Option<Arc<str>>,
    /// The subscription is that of a provider. Two providers that are configured apart work in
    /// different ones, also where neither is known.
    of_provider: bool,
    pub(super) group: Option<Arc<str>>,
    pub(super) path: Arc<str>,
}

impl Place {
    /// A place in whatever subscription is meant.
    pub(super) fn new(group: Option<Arc<str>>, path: impl Into<Arc<str>>) -> Self {
        Self {
            subscription: None,
            of_provider: false,
            group,
            path: path.into(),
        }
    }

    /// The same in the subscription that a provider works in, if there is one.
    pub(super) fn of_provider(self, subscription: Option<Arc<str>>) -> Self {
        Self {
            of_provider: subscription.is_some(),
            subscription,
            ..self
        }
    }

    /// The place that the id of a resource names.
    pub(super) fn of(resource: &Resource) -> Option<Self> {
        let place = Self::of_id(&resource.id.as_ref()?.0)?;
        let provider = resource.subscription.as_ref();
        let own = provider.filter(|own| place.subscription.as_deref() == Some(unmarked(own)));
        Some(match own {
            Some(own) => place.of_provider(Some(Arc::clone(own))),
            None => place,
        })
    }

    /// The place that a full id names; `None` for what is not one.
    pub(super) fn of_id(id: &str) -> Option<Self> {
        let (scope, path) = id.rsplit_once("/providers/")?;
        let (scope, group) = match scope.split_once("/resourcegroups/") {
            Some((scope, group)) => (scope, Some(group.into())),
            None => (scope, None),
        };
        let of_provider = scope.strip_prefix(OF_PROVIDER);
        let subscription = of_provider.or_else(|| scope.strip_prefix("/subscriptions/"));
        Some(Self {
            subscription: subscription.map(Into::into),
            of_provider: of_provider.is_some(),
            group,
            path: path.into(),
        })
    }

    /// The id as far as it is known. It is none that Azure has: subscriptions are those of
    /// providers, or not told.
    pub(super) fn key(&self) -> ResourceKey {
        let group = self.group.as_deref().unwrap_or("");
        let path = &self.path;
        let scope = match &self.subscription {
            Some(subscription) if self.of_provider => format!("{OF_PROVIDER}{subscription}"),
            _ => String::new(),
        };
        ResourceKey(format!("{scope}/resourcegroups/{group}/providers/{path}").into())
    }

    /// The place of a part: `tail` begins with a slash.
    pub(super) fn part(&self, tail: &str) -> Self {
        Self {
            path: format!("{}{tail}", self.path).into(),
            ..self.clone()
        }
    }

    /// Whether nothing known tells the subscriptions apart.
    fn may_be_in_subscription_of(&self, other: &Self) -> bool {
        match (&self.subscription, &other.subscription) {
            (Some(one), Some(two)) => {
                let ((member, one), (other_member, two)) = (mark_of(one), mark_of(two));
                match self.of_provider && other.of_provider && member == other_member {
                    true => one == two,
                    false => may_be_equal(one, two),
                }
            }
            _ => true,
        }
    }
}

/// What the key of a place in the subscription of a provider begins with.
const OF_PROVIDER: &str = "/provider/";

/// An element and where it lies.
#[derive(Clone, Debug)]
struct Placed {
    place: Place,
    key: ResourceKey,
    id: ElementId,
}

/// Finds elements by key and by place. The maps are only asked, never walked.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_key: HashMap<ResourceKey, ElementId>,
    /// The keys in the order met.
    keys: Vec<ResourceKey>,
    /// Full ids by what they say besides the place; made when the first id finds nothing.
    by_tail: OnceCell<HashMap<Arc<str>, Vec<ResourceKey>>>,
    /// Further elements that were given an occupied key.
    others: BTreeMap<ResourceKey, Vec<ElementId>>,
    by_path: HashMap<Arc<str>, Vec<Placed>>,
    places: HashMap<ResourceKey, Place>,
    aliases: HashMap<ResourceKey, ResourceKey>,
    named_by: HashMap<ResourceKey, Arc<Unknown>>,
}

impl Index {
    /// Registers an element.
    pub(super) fn insert(&mut self, key: ResourceKey, id: ElementId) {
        match self.by_key.entry(key) {
            std::collections::hash_map::Entry::Vacant(free) => {
                self.keys.push(free.key().clone());
                self.by_tail.take();
                free.insert(id);
            }
            std::collections::hash_map::Entry::Occupied(taken) => {
                if *taken.get() != id {
                    let key = taken.key().clone();
                    self.others.entry(key).or_default().push(id);
                }
            }
        }
    }

    /// Registers where an element lies, for references by name.
    pub(super) fn place(&mut self, key: &ResourceKey, place: Place, id: ElementId) {
        let there = self.by_path.entry(Arc::clone(&place.path)).or_default();
        let same = |placed: &&mut Placed| placed.id == id && placed.place.group == place.group;
        match there.iter_mut().find(same) {
            Some(known) => known.place.clone_from(&place),
            None => there.push(Placed {
                place: place.clone(),
                key: key.clone(),
                id,
            }),
        }
        self.places.insert(key.clone(), place);
    }

    /// Makes `key` stand for whatever `target` stands for.
    pub(super) fn alias(&mut self, key: ResourceKey, target: ResourceKey) {
        self.aliases.insert(key, target);
    }

    /// The keys that several elements were given, with those elements in the order met.
    pub(super) fn repeated(&self) -> Vec<(ResourceKey, Vec<ElementId>)> {
        self.others
            .iter()
            .filter_map(|(key, others)| {
                let mut ids = vec![*self.by_key.get(key)?];
                ids.extend(others);
                Some((key.clone(), ids))
            })
            .collect()
    }

    /// Lets one of several elements stand for their key alone.
    pub(super) fn choose(&mut self, key: &ResourceKey, id: ElementId) {
        self.others.remove(key);
        self.by_key.insert(key.clone(), id);
    }

    /// The elements of a kind that a key may stand for: none, one, or several definitions of one
    /// resource.
    pub(super) fn find<I: Id>(&self, key: &ResourceKey) -> Vec<I> {
        let mut key = key;
        for _ in 0..MAX_ALIASES {
            let found = self.exact(key);
            if !found.is_empty() {
                return found;
            }
            let Some(target) = self.aliases.get(key) else {
                break;
            };
            key = target;
        }
        let named = self.by_name(key);
        if named.is_empty() {
            self.elsewhere(key)
        } else {
            named
        }
    }

    /// The elements of a kind that a full id means if its subscription or resource group, or
    /// theirs, is not known: `resourceId(parameters('group'), …)` of a resource that is here means
    /// that resource, unless it could as well mean another one here.
    fn elsewhere<I: Id>(&self, key: &ResourceKey) -> Vec<I> {
        let Some(wanted) = key.located() else {
            return Vec::new();
        };
        let by_tail = self.by_tail.get_or_init(|| {
            let mut by_tail: HashMap<Arc<str>, Vec<ResourceKey>> = HashMap::new();
            for key in &self.keys {
                if let Some(located) = key.located() {
                    let same = by_tail.entry(located.path.into()).or_default();
                    same.push(key.clone());
                }
            }
            by_tail
        });
        let mut candidates = by_tail
            .get(wanted.path)
            .into_iter()
            .flatten()
            .filter(|key| key.located().is_some_and(|key| key.may_be(&wanted)))
            .map(|key| self.exact::<I>(key))
            .filter(|found| !found.is_empty());
        match (candidates.next(), candidates.next()) {
            (Some(only), None) => only,
            _ => Vec::new(),
        }
    }

    /// Remembers the unknown name that a key was made of.
    pub(super) fn named_by(&mut self, key: ResourceKey, unknown: &Arc<Unknown>) {
        self.named_by.insert(key, Arc::clone(unknown));
    }

    /// The unknown name that a key was made of.
    pub(super) fn unknown_name(&self, key: &ResourceKey) -> Option<&Arc<Unknown>> {
        self.named_by.get(key)
    }

    /// The elements of a kind at a place, in the same resource group.
    pub(super) fn exactly_at<I: Id>(&self, place: &Place) -> Vec<I> {
        self.placed_exactly_at(place)
            .filter_map(|placed| I::unwrap(placed.id))
            .collect()
    }

    fn placed_exactly_at<'i>(&'i self, place: &'i Place) -> impl Iterator<Item = &'i Placed> {
        let there = self.by_path.get(&place.path).into_iter().flatten();
        there.filter(|placed| {
            let same = placed.place.group.is_some() && placed.place.group == place.group;
            same && placed.place.may_be_in_subscription_of(place)
        })
    }

    /// The elements of any kind at a place, in the same resource group and subscription.
    pub(super) fn every_exactly_at<'i>(
        &'i self,
        place: &Place,
    ) -> impl Iterator<Item = ElementId> + use<'i> {
        let there = self.by_path.get(&place.path).into_iter().flatten();
        let subscription = |place: &Place| {
            place
                .subscription
                .as_deref()
                .map(unmarked)
                .map(Arc::<str>::from)
        };
        let wanted = (place.group.clone(), subscription(place));
        there
            .filter(move |placed| {
                (placed.place.group.clone(), subscription(&placed.place)) == wanted
            })
            .map(|placed| placed.id)
    }

    /// The key of the only element at a place, in the same resource group.
    pub(super) fn only_at(&self, place: &Place) -> Option<ResourceKey> {
        let mut there = self.placed_exactly_at(place);
        let only = there.next()?;
        there.next().is_none().then(|| only.key.clone())
    }

    /// The elements of a kind at a place. Groups of which one is unknown do not tell apart.
    pub(super) fn at<I: Id>(&self, place: &Place) -> Vec<I> {
        let Some(there) = self.by_path.get(&place.path) else {
            return self.part_at(place);
        };
        let same = self.exactly_at(place);
        if !same.is_empty() {
            return same;
        }
        let mut near: Vec<I> = there
            .iter()
            .filter(|placed| placed.may_be_at(place))
            .filter_map(|placed| I::unwrap(placed.id))
            .collect();
        near.truncate(2);
        if near.len() == 1 { near } else { Vec::new() }
    }

    /// The part of a resource at a place: a subnet that is written in its network has no place of
    /// its own.
    fn part_at<I: Id>(&self, place: &Place) -> Vec<I> {
        let Some((above, name)) = place.path.rsplit_once('/') else {
            return Vec::new();
        };
        let Some((owner, kind)) = above.rsplit_once('/') else {
            return Vec::new();
        };
        let near = self.by_path.get(owner).into_iter().flatten();
        let mut near = near.filter(|placed| placed.may_be_at(place));
        match (near.next(), near.next()) {
            (Some(only), None) => {
                self.exact(&ResourceKey(format!("{}/{kind}/{name}", only.key.0).into()))
            }
            _ => Vec::new(),
        }
    }

    /// The elements of any kind that were given exactly this key.
    pub(super) fn every_exact(&self, key: &ResourceKey) -> impl Iterator<Item = ElementId> {
        let first = self.by_key.get(key).copied();
        let others = self.others.get(key).into_iter().flatten().copied();
        first.into_iter().chain(others)
    }

    /// The elements of a kind that were given exactly this key.
    pub(super) fn exact<I: Id>(&self, key: &ResourceKey) -> Vec<I> {
        self.every_exact(key).filter_map(I::unwrap).collect()
    }

    fn by_name<I: Id>(&self, key: &ResourceKey) -> Vec<I> {
        let text = &*key.0;
        let scopes = ["/resourcegroups/", "/subscriptions/", OF_PROVIDER];
        if scopes.iter().any(|scope| text.starts_with(scope)) {
            return Place::of_id(text).map_or_else(Vec::new, |place| self.at(&place));
        }
        // The id of a resource here, written on: `azurerm_lb.a/probes/http`.
        let Some(at) = text.find('/').filter(|at| *at > 0) else {
            return Vec::new();
        };
        let (owner, tail) = text.split_at(at);
        let owner = ResourceKey(owner.into());
        match self.places.get(&owner) {
            Some(place) => self.at(&place.part(tail)),
            // A resource group or subscription, written on to a full id.
            None => Place::of_id(tail).map_or_else(Vec::new, |place| self.at(&place)),
        }
    }
}

impl Placed {
    /// Whether nothing known of subscription and group tells this from what lies at a place.
    fn may_be_at(&self, place: &Place) -> bool {
        let groups = match (&self.place.group, &place.group) {
            (Some(one), Some(two)) => may_be_equal(one, two),
            _ => true,
        };
        groups && self.place.may_be_in_subscription_of(place)
    }
}

const MAX_ALIASES: usize = 8;
