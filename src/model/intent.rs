//! Reads the policies of a virtual hub's routing intent.

use super::field::Node;
use super::{Field, FirewallId, Link, Meta, State};

/// The next hops for the Internet and for private traffic among the policies of a routing intent.
pub(super) fn intent(
    policies: &Node<'_>,
    next_hop: &str,
    meta: &Meta,
) -> [Field<Link<FirewallId>>; 2] {
    let found = policies.items();
    ["Internet", "PrivateTraffic"].map(|wanted| {
        let mut unknown = found.rest.clone();
        for policy in &found.items {
            let destinations = policy
                .get("destinations")
                .list_of(|text| Ok(text.to_owned()));
            let named = |field: &Field<String>| {
                field
                    .value()
                    .is_some_and(|name| name.eq_ignore_ascii_case(wanted))
            };
            if destinations.items.iter().any(named) {
                return policy.get(next_hop).link();
            }
            let open = destinations.items.iter().find_map(Field::unknown);
            unknown = unknown.or(destinations.rest).or(open.cloned());
        }
        match unknown {
            Some(unknown) => Field {
                state: State::Unknown(unknown, None),
                origin: meta.origin,
            },
            None => Field::absent(meta.origin),
        }
    })
}
