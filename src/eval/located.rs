//! Where a full Azure id says that a resource lies, and whether two ids may mean one resource.
//!
//! A template rarely knows the subscription and resource group it is deployed to, and often names
//! either through a parameter of its own. Two ids whose place is unknown in one of them may then
//! be one resource though they are written differently.
//!
//! What is absent: finding candidates; who compares says which resources there are.

use super::ResourceKey;

/// The parts of the id of a resource that lies in a subscription. All in lower case, unknown
/// pieces as [`super::value::hole`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Located<'k> {
    /// The subscription; `None` where the place is unknown as a whole.
    subscription: Option<&'k str>,
    /// The resource group, unless the resource lies in the subscription itself.
    group: Option<&'k str>,
    /// Provider, types and names: `microsoft.network/virtualnetworks/hub/subnets/app`.
    pub(crate) path: &'k str,
}

impl ResourceKey {
    /// Whether it is a full Azure id of which everything is known.
    pub(crate) fn is_known_id(&self) -> bool {
        self.0.starts_with('/') && !self.0.contains(OPEN)
    }

    /// Whether two ids are of one resource as far as anyone can tell: names and resource group are
    /// known and the same, and nothing known tells the subscriptions apart.
    pub(crate) fn is_found_as(&self, other: &Self) -> bool {
        let (Some(one), Some(two)) = (self.located(), other.located()) else {
            return false;
        };
        let known = |text: &str| !text.contains(OPEN);
        known(one.path)
            && one.group.is_some_and(known)
            && one.group == two.group
            && one.may_be(&two)
    }

    /// Takes a full id apart; `None` for Terraform addresses, for what lies outside subscriptions,
    /// and for what extends another resource (its place is that resource).
    pub(crate) fn located(&self) -> Option<Located<'_>> {
        let (place, path) = self.0.split_once("/providers/")?;
        if path.contains("/providers/") {
            return None;
        }
        let Some(place) = place.strip_prefix("/subscriptions/") else {
            // `concat(parameters('group'), '/providers/…')`: the id of any place.
            let is_open = place.starts_with(OPEN) && place.ends_with(CLOSE);
            return is_open.then_some(Located {
                subscription: None,
                group: None,
                path,
            });
        };
        let (subscription, group) = match place.split_once('/') {
            None => (place, None),
            Some((subscription, rest)) => {
                let group = rest.strip_prefix("resourcegroups/")?;
                (subscription, Some(group))
            }
        };
        Some(Located {
            subscription: Some(subscription),
            group,
            path,
        })
    }
}

impl Located<'_> {
    /// Whether two ids may be one resource: the same path, in places that nothing known tells
    /// apart.
    pub(crate) fn may_be(&self, other: &Self) -> bool {
        let (Some(one), Some(two)) = (self.subscription, other.subscription) else {
            return self.path == other.path;
        };
        let groups = match (self.group, other.group) {
            (None, None) => true,
            (Some(one), Some(two)) => may_be_equal(one, two),
            _ => false,
        };
        self.path == other.path && groups && may_be_equal(one, two)
    }
}

/// Whether two texts with [`super::value::hole`]s in them may be equal. Known text at the ends has
/// to agree; what lies between unknown pieces is not compared.
pub(crate) fn may_be_equal(one: &str, two: &str) -> bool {
    if one == two {
        return true;
    }
    let is_open = |text: &str| text.contains(OPEN);
    match (is_open(one), is_open(two)) {
        (false, false) => false,
        (false, true) => fits(one, two),
        (true, false) => fits(two, one),
        (true, true) => {
            let agree = |one: &str, two: &str| one.starts_with(two) || two.starts_with(one);
            let (start, end) = ends(one);
            let (other_start, other_end) = ends(two);
            let ends_agree = end.ends_with(other_end) || other_end.ends_with(end);
            agree(start, other_start) && ends_agree
        }
    }
}

/// What [`super::value::hole`] begins and ends with.
const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

/// Whether a known text may be what a text with unknown pieces turns out to be.
fn fits(known: &str, open: &str) -> bool {
    let (start, end) = ends(open);
    known.len() >= start.len() + end.len() && known.starts_with(start) && known.ends_with(end)
}

/// The known text before the first and after the last unknown piece.
fn ends(open: &str) -> (&str, &str) {
    let start = open.split(OPEN).next().unwrap_or_default();
    let end = open.rsplit(CLOSE).next().unwrap_or_default();
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(place: &str, path: &str) -> ResourceKey {
        ResourceKey(format!("/subscriptions/{place}/providers/{path}").into())
    }

    fn may_be(one: &str, two: &str) -> bool {
        let (one, two) = (key(one, "a.b/c/x"), key(two, "a.b/c/x"));
        one.located().unwrap().may_be(&two.located().unwrap())
    }

    #[test]
    fn places_that_are_not_known_do_not_tell_ids_apart_and_known_ones_do() {
        assert!(may_be(
            "\u{1}5\u{2}/resourcegroups/hub",
            "s/resourcegroups/hub"
        ));
        assert!(may_be(
            "\u{1}5\u{2}/resourcegroups/hub",
            "s/resourcegroups/\u{1}6\u{2}"
        ));
        assert!(may_be(
            "s/resourcegroups/rg-\u{1}6\u{2}",
            "s/resourcegroups/rg-hub"
        ));
        assert!(!may_be(
            "s/resourcegroups/rg-\u{1}6\u{2}",
            "s/resourcegroups/hub"
        ));
        assert!(!may_be(
            "s/resourcegroups/\u{1}6\u{2}-a",
            "s/resourcegroups/\u{1}6\u{2}-b"
        ));
        assert!(!may_be("s/resourcegroups/hub", "t/resourcegroups/hub"));
        assert!(!may_be("s/resourcegroups/hub", "s"));
        assert!(!may_be("s/resourcegroups/hub", "\u{1}5\u{2}"));
        let anywhere = ResourceKey("\u{1}7\u{2}/providers/a.b/c/x".into());
        let hub = key("s/resourcegroups/hub", "a.b/c/x");
        assert!(anywhere.located().unwrap().may_be(&hub.located().unwrap()));
    }

    #[test]
    fn another_name_or_what_extends_a_resource_is_something_else() {
        let one = key("s", "a.b/c/x");
        let two = key("s", "a.b/c/y");
        assert!(!one.located().unwrap().may_be(&two.located().unwrap()));
        let lock = key("s", "a.b/c/x/providers/d.e/locks/l");
        assert_eq!(lock.located(), None);
        assert_eq!(ResourceKey("azurerm_subnet.a".into()).located(), None);
    }
}
