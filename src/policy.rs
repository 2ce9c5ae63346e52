//! Rules as data, judged on the model.
//!
//! [`pack`] loads rule files into compiled rules, [`judge`] applies them to one deployment's
//! network, and what comes out are [`finding::Judgement`]s; [`finding::merge`] makes one
//! [`finding::Finding`] of every authored mistake.
//!
//! What is absent: paths, threads, output formats, and which language a resource was written in.
//!
//! # Writing a rule
//!
//! The keys of a rule are those of [`spec::RuleSpec`]. What predicates and texts can name is listed,
//! with types, by [`vocabulary::reference`].
//!
//! ```yaml
//! id: ssh-from-anywhere
//! title: SSH is open to the Internet
//! category: exposure
//! since: 0.1.0
//! severity:
//!   - when: anytrue([for nic in known(subject.network_interfaces) : nic.public])
//!     is: error
//!   - is: warning
//! parameters: {addresses: 256}
//! subject: network-security-group
//! where: '!endswith(subject.name, "-lab")'
//! forbid:
//!   flows: {direction: Inbound, from: Internet, protocol: Tcp, ports: 22, wider-than: "${parameters.addresses}"}
//!   verdict: allowed
//! message: "`{decider.name}` lets {witness} in"
//! suggest: "Narrow the source of `{decider.name}`"
//! why: …
//! fix: …
//! references: [{title: …, url: …}]
//! ```
//!
//! `default: off` leaves a rule to those who ask for it, by `enable` or `select`.
//!
//! `yields-to: [ID…]` names rules that tell the same mistake better: where one of them finds
//! something at the same place of the same resource, as certainly and as bad, this rule is silent.
//! Where they are off, it speaks.
//!
//! A clause has `subject`, `each`, `where`, `unless`, `needs` and one of `assert`, `forbid`,
//! `require`, `analysis`; with several clauses under `any-of` each may have its own `severity`,
//! `message` and `suggest`.
//!
//! - `subject: KIND` is any kind of element of the network, or `resource`: any resource of the files,
//!   known by its `type` in Azure's words, whatever language it is written in. A field leads from one
//!   element to others, and back: `subject.network_security_group.subnets`.
//! - `subject: flow` is every pair of two elements, `from: {subject: KIND, where: P}` and `to` alike,
//!   in whose `where` the element is `subject`; only elements for which it is not false are paired,
//!   and none with itself. In the clause they are `from` and `to`, and `subject` is `from`:
//!
//!   ```yaml
//!   subject: flow
//!   from: {subject: subnet, where: startswith(subject.name, "web")}
//!   to: {subject: subnet, where: tag(subject.virtual_network, "tier") == "data"}
//!   forbid:
//!     - {flows: {protocol: Tcp, ports: [0-1432, 1434-65535]}, verdict: delivered}
//!     - {flows: {protocol: Udp}, verdict: delivered}
//!   message: "`{from.name}` reaches `{to.name}` with {witness}"
//!   ```
//!
//! - `each: {NAME: list}` judges once per item, bound to NAME; a second name may use the first. An
//!   open list without a known item is *not judged*.
//! - `needs: [{that: P, otherwise: TEXT}]`: where P is not true the subject is not judged, and
//!   counted under TEXT.
//! - `assert: P`, or a list of P and `{that: P, message: M, at: E}`; `at` names what the finding
//!   points at instead of the fields that P read.
//! - `forbid`, `require`: `{flows, when, given, verdict, by, of}`. `verdict` is `decided` (of a
//!   security or firewall rule), `allowed` or `denied` (of a group, a subnet, an interface, a
//!   firewall) or `{routed-to: [KIND…]}` (of a subnet or interface); `of: E` asks other elements
//!   than the subject: of several, any; of none, no packet. A hit is split by the rule that decides
//!   it. Where an address is known only by its subnet (`probe_targets`), the contract is broken for
//!   certain only if it is for every address of the subnet.
//! - `verdict: delivered` is of the whole path: security groups, admin rules, routes, peerings,
//!   firewalls and appliances, translations, the block of port 25, and the way of the replies. It is
//!   asked of a pair, or of an element and the addresses that the flow names as the other end (`to`,
//!   or `from`). Subnets, interfaces, machines, networks and application security groups send and
//!   receive; private endpoints, public addresses and load balancers receive. Of several ends behind
//!   one element, a packet of any counts. The finding points at what lets the packets through last,
//!   or stops them first.
//! - `wider-than: n` keeps packets with more than n far addresses, all other fields fixed.
//!   `wider-together-than: n`, of what is `allowed`, keeps those that come to so many only by several
//!   rules of a group together: what one rule is wide by, or may be, is left to a clause that asks
//!   for it. The finding points at the first of the fewest such rules, `cover` holds the others.
//! - `reading: widened` beside a `verdict` asks it in the reading in which the prefixes of
//!   user-defined routes are part of `VirtualNetwork` on the subnets of their table, as the
//!   documents of the tag say and nobody has tested: `given: {verdict: allowed, reading: widened}`
//!   with `verdict: denied` finds what passes in that reading alone. The finding points at the route.
//!   Without it, and with `reading: plain`, routes widen nothing.
//! - `analysis: NAME` finds by itself: `unreachable-security-rule` (of a network-security-group),
//!   `unreachable-firewall-rule` (of a firewall or firewall-policy), `route-loop` (of a subnet: what
//!   its routes lead back to the appliance in it that sent it).
//! - Texts (`message`, `notes`, `suggest`, `related`) take `{expression}`; `{{` and `}}` are braces.
//!   `message` and `suggest` say the first that applies, `notes` all: `TEXT` or
//!   `{when: P, say: TEXT}`. They, and `severity`, know besides: `verdict` (`"violated"`, `"undetermined"`),
//!   `decider`, `route`, `witness` (`.source`, `.destination`, `.protocol`, `.port`), `hit`
//!   (`.ports`, `.protocols`, `.destinations`), `cover`, `revive` (`.before`, `.priority`),
//!   `found` (what an analysis found), `reading` (`.widened`, `.plain`: the rules that decide the
//!   witness in the two readings; `.opens`), `unknown` (the missing inputs).
//!
//! Expressions are Terraform's, without object values. Lists from relations may be open: `known(x)`
//! is the part in the files. `anytrue`, `alltrue`, `length`, `contains`, `concat`, `distinct`,
//! `flatten` and `coalesce` know open lists; `covers(set, x)`, `overlaps(a, b)`,
//! `ports_contain(ports, n)` and `means_port(ports, n)` know addresses and ports;
//! `allows(element, "Outbound", "Tcp", "public", [587])` tells whether the groups of a group, subnet
//! or interface let some such packet pass; `leads(subnet, "azure-firewall", "kms")` whether packets
//! from a subnet to somewhere certainly have a next hop of a kind (what is not certain is false);
//! `route_to(subnet, "1.2.3.4")` is where packets to one address go next (`.kind`, `.route`,
//! `.firewall`, `.next_hop`, … as of `subnet.default_route`); `tag_includes(tag, x)` whether a service
//! tag holds an address or another tag, which is not known of tags whose addresses are not;
//! `tag(element, "owner")` and `attribute(element, "properties.a.b")` read what is written in the
//! resource of an element: names of tags in any case, paths as the language of the resource spells
//! them (`element.definition.language`), with places of lists from 0, and `*` for each;
//! `undetermined("what is missing")` is never known. Terraform's plain functions (`lower`, `split`,
//! `startswith`, …) take plain values.
//!
//! Everything is checked when a rule loads: keys, kinds, fields, functions and how many arguments
//! they take, types, tags, ports, protocols, addresses, verdicts, and each `{expression}` of a text.
//! All mistakes of all rules are told at once, each at its word.
//!
//! What is not written is `null`; as a condition it counts as false. An element of the files never
//! equals `null`, nor does one outside them, whose fields are unknown.

mod analysis;
pub mod authored;
mod clause;
mod contract;
mod datum;
pub mod environments;
mod expr;
pub mod finding;
pub mod judge;
mod message;
pub mod metadata;
mod overlap;
pub mod pack;
pub mod platform;
mod primary;
pub mod service_tags;
pub mod settings;
pub mod spec;
pub mod vocabulary;
