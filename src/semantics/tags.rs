//! Which addresses service tags hold, where someone gives the list that Microsoft publishes.
//!
//! Without it a tag is opaque: answers hold whatever its addresses are. With it they hold for the
//! addresses of one week, which is why an answer says where it used them. What is absent: the
//! format of the list, which is read in `policy::service_tags`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ipnet::IpNet;

use super::Semantics;
use super::packet::Family;
use super::packet::interval::IntervalSet;
use crate::model::platform::Cloud;

/// The addresses of the service tags of one cloud.
#[derive(Debug)]
pub struct ServiceTags {
    cloud: Cloud,
    change_number: u64,
    /// By name in lower case.
    tags: BTreeMap<String, Tag>,
}

#[derive(Debug)]
struct Tag {
    /// As the list spells it.
    name: String,
    prefixes: Vec<IpNet>,
    /// Both families, each when first asked for: a list holds thousands of tags.
    sets: [OnceLock<IntervalSet>; 2],
}

impl ServiceTags {
    /// The tags of a list, each with its prefixes of both families. Of a name given twice the last
    /// counts.
    ///
    /// ```
    /// use aznet::model::platform::Cloud;
    /// use aznet::semantics::packet::Family;
    /// use aznet::semantics::tags::ServiceTags;
    /// let storage = ("Storage".to_owned(), vec!["20.38.0.0/24".parse().unwrap()]);
    /// let tags = ServiceTags::new(Cloud::Public, 42, [storage]);
    /// assert_eq!(tags.addresses("STORAGE", Family::V4).unwrap().count(), 256);
    /// assert!(tags.addresses("Sql", Family::V4).is_none());
    /// ```
    #[must_use]
    pub fn new(
        cloud: Cloud,
        change_number: u64,
        tags: impl IntoIterator<Item = (String, Vec<IpNet>)>,
    ) -> Self {
        let entry = |(name, prefixes): (String, Vec<IpNet>)| {
            let tag = Tag {
                name,
                prefixes,
                sets: Default::default(),
            };
            (tag.name.to_ascii_lowercase(), tag)
        };
        Self {
            cloud,
            change_number,
            tags: tags.into_iter().map(entry).collect(),
        }
    }

    /// The cloud whose addresses these are.
    #[must_use]
    pub fn cloud(&self) -> Cloud {
        self.cloud
    }

    /// Which edition of the list it is.
    #[must_use]
    pub fn change_number(&self) -> u64 {
        self.change_number
    }

    /// The addresses of a tag, in any case; `None`: it is not in the list. A tag without addresses
    /// of a family holds none of it.
    #[must_use]
    pub fn addresses(&self, tag: &str, family: Family) -> Option<IntervalSet> {
        let tag = self.tags.get(&tag.to_ascii_lowercase())?;
        Some(tag.set(family))
    }

    /// The names of the list that begin with a tag and a dot: those of its regions.
    fn regions<'a>(&'a self, tag: &str) -> impl Iterator<Item = &'a Tag> {
        let begin = format!("{}.", tag.to_ascii_lowercase());
        self.tags
            .range(begin.clone()..)
            .take_while(move |(name, _)| name.starts_with(&begin))
            .map(|(_, tag)| tag)
    }
}

impl Tag {
    fn set(&self, family: Family) -> IntervalSet {
        let slot = match family {
            Family::V4 => &self.sets[0],
            Family::V6 => &self.sets[1],
        };
        let of_family = || {
            let blocks = self.prefixes.iter().filter_map(|net| family.block(*net));
            let intervals = blocks.flat_map(|set| set.intervals().to_vec());
            IntervalSet::from_intervals(intervals.collect())
        };
        slot.get_or_init(of_family).clone()
    }
}

/// Which tags a list was asked for: each as the list, or else the platform's table, spells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsultedTags {
    /// Those that the list holds, sorted.
    pub listed: Vec<String>,
    /// Those that it does not hold: they stay opaque. Sorted.
    pub unlisted: Vec<String>,
}

impl Semantics<'_> {
    /// The tags whose addresses answers so far were asked of the list of
    /// [`Semantics::with_service_tags`]; none without one.
    #[must_use]
    pub fn consulted_tags(&self) -> ConsultedTags {
        let mut consulted = ConsultedTags::default();
        let Some(list) = &self.service_tags else {
            return consulted;
        };
        let names = self.consulted.lock().map(|names| names.clone());
        for name in names.unwrap_or_default() {
            match list.tags.get(&name) {
                Some(tag) => consulted.listed.push(tag.name.clone()),
                None => consulted.unlisted.push(self.facts.spelling_of_tag(&name)),
            }
        }
        consulted
    }

    /// Counts the tags that another reading of the same question asked for.
    pub(crate) fn consult_as(&self, other: &Semantics<'_>) {
        let names = other.consulted.lock().map(|names| names.clone());
        if let Ok(mut consulted) = self.consulted.lock() {
            consulted.extend(names.unwrap_or_default());
        }
    }

    /// The addresses of a tag by the list, if there is one that holds it.
    pub(crate) fn listed_addresses(&self, name: &str, family: Family) -> Option<IntervalSet> {
        let list = self.service_tags.as_ref()?;
        let name = self.name_in_list(name);
        if let Ok(mut consulted) = self.consulted.lock() {
            consulted.insert(name.clone());
        }
        list.addresses(&name, family)
    }

    /// Addresses that a tag which is not in the list holds for certain, and those it may hold at
    /// most, by the tags of the list that lie in it or that it lies in.
    pub(crate) fn bounds_by_list(
        &self,
        name: &str,
        family: Family,
        outer: &IntervalSet,
    ) -> (IntervalSet, IntervalSet) {
        let mut inner = IntervalSet::empty();
        let mut outer = outer.clone();
        if let Some(list) = &self.service_tags {
            for wider in self.wider_tags(name) {
                if let Some(set) = list.addresses(&wider, family) {
                    outer = outer.intersect(&set);
                }
            }
            for region in list.regions(name) {
                if self
                    .wider_tags(&region.name.to_ascii_lowercase())
                    .iter()
                    .any(|it| it == name)
                {
                    inner = inner.union(&region.set(family));
                }
            }
            outer = outer.union(&inner);
        }
        (inner, outer)
    }

    /// The name under which the list may know a tag: regions have an irregular spelling there.
    fn name_in_list(&self, name: &str) -> String {
        let lower = name.to_ascii_lowercase();
        let known = |name: &str| {
            let list = self.service_tags.as_ref();
            list.is_some_and(|list| list.tags.contains_key(name))
        };
        if known(&lower) {
            return lower;
        }
        let Some((tag, region)) = lower.rsplit_once('.') else {
            return lower;
        };
        let mut spellings = self.facts.tag_regions.iter().filter_map(|row| {
            let is = |name: &str| name.eq_ignore_ascii_case(region);
            match (is(&row.region), is(&row.tag)) {
                (true, _) => Some(format!("{tag}.{}", row.tag.to_ascii_lowercase())),
                (_, true) => Some(format!("{tag}.{}", row.region.to_ascii_lowercase())),
                _ => None,
            }
        });
        spellings.find(|name| known(name)).unwrap_or(lower)
    }
}
