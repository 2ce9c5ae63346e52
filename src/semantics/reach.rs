//! Whether packets get from one end to another and their replies back: every layer on the way, in
//! the order in which Azure asks them.
//!
//! Sets of packets are pushed through stages; a stage lets some pass, or rewrites a field to one
//! value. Each stage is asked on the condition that a packet arrives at it, so that "allowed" is
//! said only where no stage can stop any packet in any world, and "denied" only where none gets to
//! the end in any.
//!
//! Plain data with ids: the sentences are made elsewhere.

mod appliance;
mod balanced;
mod delivery;
mod ends;
mod entrance;
mod examples;
mod frontend;
mod groups;
mod replies;
mod sets;
mod verdict;
mod walk;
mod ways;

use std::cmp::Ordering;
use std::sync::Arc;

use super::compile::Ruling;
use super::packet::atoms::Literal;
use super::packet::{Answer, Family, Flow};
use super::routes::NextHopKind;
pub use super::smtp::SmtpOffer;
use crate::eval::value::{Truth, Unknown};
use crate::model::address::{AddressPrefix, PortRange, Protocol};
use crate::model::nsg::Direction;
use crate::model::{
    AdminRuleId, Field, FirewallId, FirewallRuleId, HubConnectionId, LoadBalancerId, NatGatewayId,
    NicId, NsgId, PeeringId, PrivateEndpointId, PublicIpId, RouteId, SubnetId, VnetId,
};
pub use delivery::Delivery;

/// What is asked. Lists that are empty mean "any".
#[derive(Clone, Debug)]
pub struct PathQuestion {
    /// Who sends the first packet.
    pub from: Endpoint,
    /// Who it is for.
    pub to: Endpoint,
    /// Protocols.
    pub protocols: Vec<Protocol>,
    /// Destination ports, as the sender names them: those of a frontend where one is on the way.
    pub ports: Vec<PortRange>,
    /// Source ports.
    pub source_ports: Vec<PortRange>,
    /// The address family.
    pub family: Family,
    /// Outbound: only what happens up to leaving the sender's side. Inbound: only what happens on
    /// the receiver's. `None`: the whole path and the way back.
    pub direction: Option<Direction>,
    /// What is known about port 25 for the sender's subscription.
    pub smtp: SmtpOffer,
}

/// One end of a path.
#[derive(Clone, Debug)]
pub enum Endpoint {
    /// A network interface.
    Nic(NicId),
    /// The machines of a subnet, those outside the files included.
    Subnet(SubnetId),
    /// A private endpoint; as a sender, nothing.
    PrivateEndpoint(PrivateEndpointId),
    /// Addresses, blocks, ranges or service tags (`Internet`, `VirtualNetwork`, …), as far as they
    /// are known. Known addresses of machines and subnets here stand for those.
    Addresses(Vec<Field<AddressPrefix>>),
    /// A host name, taken to be some address of the Internet.
    HostName(Arc<str>),
    /// A public address, whatever uses it; as a sender, nothing.
    PublicIp(PublicIpId),
    /// The frontends of a load balancer; as a sender, nothing.
    LoadBalancer(LoadBalancerId),
}

/// What becomes of the packets of a question or of a part of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Every one gets through, in every world.
    Allowed,
    /// None does, in any world.
    Denied,
    /// It is not known, or different packets fare differently.
    Depends,
}

/// The answer to a question on a path.
#[derive(Clone, Debug)]
pub struct PathAnswer {
    /// What becomes of the packets, their replies included.
    pub verdict: Verdict,
    /// A packet that shows it: one that gets through, or for `Denied` one that is stopped.
    pub witness: Option<Flow>,
    /// With `Depends`: a packet that is or may be stopped.
    pub stopped: Option<Flow>,
    /// The stages in path order. Where ways part, the rest of one way is followed to its end before
    /// the next begins; [`Layer::after`] tells which stage each one follows.
    pub layers: Vec<Layer>,
    /// The stage that stops packets first, in path order.
    pub first_blocker: Option<Blocker>,
    /// Every stage that stops packets, those included that come after another.
    pub blockers: Vec<Blocker>,
    /// The fewest settings that let every packet through, each set found checked by asking again
    /// with them changed. Empty if nothing is stopped for certain or no such set was found.
    pub openings: Vec<Opening>,
    /// The way of the replies, where the whole path was asked for.
    pub return_path: Vec<ReturnPath>,
    /// What the verdict hangs on, if it is `Depends`.
    pub depends_on: Vec<Dependency>,
    /// The smallest sets of conditions under which the verdict is settled.
    pub conditions: Vec<Condition>,
    /// What else there is to say.
    pub notes: Vec<Note>,
}

/// A stage of a path.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What kind of stage.
    pub kind: LayerKind,
    /// Whose side it is on.
    pub side: PathSide,
    /// The way packets cross it, where there is one.
    pub direction: Option<Direction>,
    /// What it belongs to.
    pub at: Element,
    /// The place in [`PathAnswer::layers`] of the stage before it.
    pub after: Option<usize>,
    /// What it does to the packets that may arrive.
    pub verdict: Verdict,
    /// The packets that may arrive at it, split by what decides them. One part where one decides.
    pub parts: Vec<Part>,
}

/// Kinds of stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LayerKind {
    /// Traffic with the platform itself, which groups do not touch.
    Platform,
    /// Security admin rules of a network manager.
    AdminRules,
    /// The group on a network interface.
    NicNsg,
    /// The group on a subnet.
    SubnetNsg,
    /// The route of a subnet.
    Route,
    /// The peering between two networks.
    Peering,
    /// An Azure Firewall.
    Firewall,
    /// Another appliance.
    Appliance,
    /// The public address packets leave from.
    Egress,
    /// The platform's block of port 25.
    Smtp,
    /// A VPN or ExpressRoute gateway and what lies behind it.
    Gateway,
    /// The public address, load balancer or translation that leads in from the Internet.
    Entrance,
    /// A private endpoint.
    PrivateEndpoint,
    /// The way the replies take.
    ReturnPath,
}

/// Whose side a stage is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathSide {
    /// The sender's.
    Source,
    /// Between the two.
    Between,
    /// The receiver's.
    Destination,
}

/// What a stage or decision belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Element {
    Nsg(NsgId),
    Nic(NicId),
    Subnet(SubnetId),
    Vnet(VnetId),
    Peering(PeeringId),
    Firewall(FirewallId),
    LoadBalancer(LoadBalancerId),
    PublicIp(PublicIpId),
    NatGateway(NatGatewayId),
    PrivateEndpoint(PrivateEndpointId),
    /// Something the files name but do not hold, or do not tell.
    Outside(Option<Untold>),
    /// Azure itself.
    Platform,
}

/// Packets of a stage that one thing decides.
#[derive(Clone, Debug)]
pub struct Part {
    /// What decides them.
    pub by: By,
    /// What it does.
    pub verdict: Verdict,
    /// The packets, as they arrive.
    pub flows: Answer,
}

/// What decides packets at a stage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// A rule of a security group: an author's, a default one, or one the files do not tell.
    Rule(NsgId, Ruling),
    /// A security admin rule.
    AdminRule(AdminRuleId),
    /// No security admin rule, or one the files do not tell.
    NoAdminRule,
    /// There is no group: everything passes.
    NoGroup,
    /// Platform traffic: nothing decides it.
    Platform,
    /// A user-defined route; where it leads.
    Route(RouteId, Option<NextHopKind>),
    /// A route Azure adds; where it leads.
    SystemRoute(Option<NextHopKind>),
    /// A route that a hub brings.
    HubRoute(HubConnectionId, Option<NextHopKind>),
    /// A peering and what of it decides.
    Peering(PeeringId, PeeringSetting),
    /// There is no peering from the first network to the second.
    NoPeering(VnetId, VnetId),
    /// A rule of a firewall.
    FirewallRule(FirewallId, FirewallRuleId),
    /// A firewall without a rule for them, or as a whole.
    Firewall(FirewallId),
    /// Whether a network interface forwards packets of others.
    IpForwarding(NicId),
    /// The packets come back to an appliance they have been through.
    Loop,
    /// A public address of the machine's own.
    PublicIp(NicId),
    /// A NAT gateway on the subnet.
    NatGateway(NatGatewayId),
    /// A load balancer.
    LoadBalancer(LoadBalancerId),
    /// A load-balancing rule, by its place among those of its load balancer.
    BalancingRule(LoadBalancerId, usize),
    /// An inbound NAT rule or pool, by its place among those of its load balancer.
    InboundNatRule(LoadBalancerId, usize),
    /// A load balancer without a public rule for them.
    NoBalancingRule(LoadBalancerId),
    /// Azure's default outbound access.
    DefaultOutbound,
    /// No public address at all.
    NoPublicAddress,
    /// A public frontend of the standard kind lets nothing in without a security group.
    ClosedFrontend,
    /// The subscription's offer.
    Offer,
    /// What lies behind a gateway.
    Gateway,
    /// The replies take another way than the packets.
    Asymmetric,
    /// No machine, subnet or network here has the address.
    Nobody,
    /// Something that is not known.
    Unknown(Untold),
}

/// An unknown among things that are compared: by its id.
#[derive(Clone, Debug)]
pub struct Untold(pub Arc<Unknown>);

impl PartialEq for Untold {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Untold {}

impl PartialOrd for Untold {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Untold {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.id.cmp(&other.0.id)
    }
}

/// What of a peering decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the settings'")]
pub enum PeeringSetting {
    Exists,
    VirtualNetworkAccess,
    ForwardedTraffic,
}

/// A stage that stops packets.
#[derive(Clone, Debug)]
pub struct Blocker {
    /// Its place in [`PathAnswer::layers`].
    pub layer: usize,
    /// What decides.
    pub by: By,
    /// The packets it stops, as they arrive there.
    pub flows: Answer,
    /// True: it stops some in every world.
    pub certain: Truth,
    /// What would open it, if one setting can.
    pub setting: Option<Setting>,
}

/// A setting that can be changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    /// Let the packets through in a group, before the rule that stops them.
    AllowInGroup {
        /// The group.
        nsg: NsgId,
        /// The direction of the rule to add.
        direction: Direction,
    },
    /// Let the packets through in the security admin rules that hold for a subnet.
    AllowInAdminRules(SubnetId, Direction),
    /// Attach a group that lets the packets through.
    AttachGroup(NicId),
    /// Take a route away.
    RemoveRoute(RouteId),
    /// Peer two networks, both ways.
    Peer(VnetId, VnetId),
    /// Switch something of a peering on.
    Peering(PeeringId, PeeringSetting),
    /// Let the packets through a firewall.
    AllowInFirewall(FirewallId),
    /// Let an appliance forward.
    IpForwarding(NicId),
    /// Give the machines of a subnet a public address to leave from.
    Egress(SubnetId),
    /// Give a machine a public address.
    PublicAddress(NicId),
    /// Get the subscription out of the block of port 25.
    Smtp,
}

/// Settings that together open a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// All of them are needed.
    pub settings: Vec<Setting>,
    /// What becomes of the packets then: `Allowed`, or `Depends` where something unknown remains.
    pub verdict: Verdict,
}

/// The way back from a receiver.
#[derive(Clone, Debug)]
pub struct ReturnPath {
    /// The subnet replies leave from.
    pub from: SubnetId,
    /// The layer that holds the decision.
    pub layer: usize,
    /// The next hops of replies, each with the route that leads there.
    pub hops: Vec<(By, Truth)>,
    /// Whether they come back through every device that keeps the connection.
    pub symmetric: Truth,
}

/// Something a verdict hangs on.
#[derive(Clone, Debug)]
pub enum Dependency {
    /// A predicate that is not known: a tag's addresses, a group's members, a value.
    Atom(Literal),
    /// An input that the files do not tell.
    Unknown(Arc<Unknown>),
    /// A limit was exceeded.
    Limit(&'static str),
    /// Nothing: different packets of the question fare differently.
    Packets,
}

/// "If all of these hold, then …".
#[derive(Clone, Debug)]
pub struct Condition {
    /// What must hold, or not.
    pub all: Vec<Literal>,
    /// The verdict then: `Allowed` or `Denied`.
    pub verdict: Verdict,
}

/// What an answer says beside the verdict.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// Without the routes that widen `VirtualNetwork` the verdict would be another.
    WithoutWidenedTag(Verdict),
    /// The address of a machine is not fixed in the files: every address of its subnet is asked.
    AddressNotFixed(NicId),
    /// No machine sends from addresses of a virtual network here that are in none of its subnets.
    NoSender,
    /// No machine with the address is in the files: a machine without a group of its own is taken.
    MachineNotHere(SubnetId),
    /// A frontend sends packets on with another address or port.
    Translated {
        /// What translates.
        by: By,
        /// To which port, if to one.
        port: Option<u16>,
    },
    /// A firewall puts its own address in the place of the sender's.
    SourceTranslated(FirewallId),
    /// A NIC in front of a load balancer is reached through it only while its probe is answered;
    /// the group stops the probe.
    ProbeBlocked(NicId),
    /// Rules of a group share a priority: both orders were taken.
    SamePriority(NsgId),
    /// Several groups are given for one subnet or network interface: each was taken.
    SeveralGroups(Element),
    /// The question holds no packet: the two ends share no address family.
    NoPacket,
    /// The replies leave another way than the packets came.
    Asymmetric,
}
