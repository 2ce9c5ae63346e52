//! Worlds: what everything stands for that the files do not tell.

use std::collections::BTreeMap;

use super::packet::{Packet, Range};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Source,
    Destination,
}

/// Where packets are looked at.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    /// What `VirtualNetwork` holds for certain, the platform's address apart.
    pub space: Vec<Range>,
    /// Whether peers or gateways outside the files may add private addresses to it.
    pub open: bool,
    /// Whether it may hold any address: it is looked at nowhere in particular.
    pub anywhere: bool,
    /// Whether a default route leads elsewhere.
    pub rerouted: bool,
}

const HOST: u128 = v4(168, 63, 129, 16);
const METADATA: u128 = v4(169, 254, 169, 254);

/// Servers for Windows activation that are in use: page "Set custom routes to enable KMS
/// activation" of 2024-07-17.
const ACTIVATION: [u128; 2] = [v4(20, 118, 99, 224), v4(40, 83, 235, 53)];

pub const fn v4(a: u8, b: u8, c: u8, d: u8) -> u128 {
    u32::from_be_bytes([a, b, c, d]) as u128
}

/// Tags whose addresses are nowhere in the files, each with the tags that hold all of it. Regions
/// are within their tag; the page "Service tags" of 2023-01-26 documents no other inclusion but
/// that `Internet` holds Azure's public addresses.
pub const OPAQUE: &[(&str, &[&str])] = &[
    ("Storage", &[]),
    ("Storage.WestEurope", &["Storage"]),
    ("Sql", &[]),
    ("AzureCloud", &[]),
    ("AzureCloud.westeurope", &["AzureCloud"]),
];

/// One world, for one packet: what its two addresses are in, and what the parameters are.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Opaque tags and the open part of `VirtualNetwork`, by side.
    tags: BTreeMap<(String, Side), bool>,
    choices: BTreeMap<String, usize>,
}

impl World {
    pub fn choice(&self, name: &str, of: usize) -> usize {
        self.choices.get(name).copied().unwrap_or_default() % of
    }

    pub fn with_choice(&self, name: &str, choice: usize) -> Self {
        let mut world = self.clone();
        world.choices.insert(name.to_owned(), choice);
        world
    }

    /// The same with the values that parameters have in another world.
    pub fn with_choices_of(mut self, other: &Self) -> Self {
        self.choices.clone_from(&other.choices);
        self
    }

    /// Whether a tag holds an address.
    pub fn holds(&self, tag: &str, side: Side, v6: bool, number: u128, ground: &Ground) -> bool {
        let is = |address: u128| !v6 && number == address;
        let opaque = |name: &str| {
            let known = self.tags.get(&(name.to_ascii_lowercase(), side));
            known.copied().unwrap_or_default()
        };
        let in_space = ground.space.iter().any(|range| range.contains(v6, number));
        match tag.to_ascii_lowercase().as_str() {
            "virtualnetwork" | "virtual_network" => {
                let open = ground.anywhere || (ground.open && !is_public(v6, number));
                in_space || is(HOST) || (open && opaque("virtualnetwork"))
            }
            "internet" => is_public(v6, number) && !in_space,
            // Where probes over IPv6 come from is documented by no address.
            "azureloadbalancer" if v6 => opaque("azureloadbalancer"),
            "azureloadbalancer" | "azureplatformdns" => is(HOST),
            "azureplatformimds" => is(METADATA),
            "azureplatformlkm" => ACTIVATION.into_iter().any(is),
            // Every other tag holds public addresses outside the virtual network.
            other => is_public(v6, number) && !in_space && opaque(other),
        }
    }
}

/// Public addresses, as the page "Virtual network traffic routing" of 2023-05-27 and the registries
/// of special addresses have them.
pub fn is_public(v6: bool, number: u128) -> bool {
    if v6 {
        return number >> 125 == 1;
    }
    const SPECIAL: [(u128, u128); 9] = [
        (v4(0, 0, 0, 0), v4(0, 255, 255, 255)),
        (v4(10, 0, 0, 0), v4(10, 255, 255, 255)),
        (v4(100, 64, 0, 0), v4(100, 127, 255, 255)),
        (v4(127, 0, 0, 0), v4(127, 255, 255, 255)),
        (HOST, HOST),
        (v4(169, 254, 0, 0), v4(169, 254, 255, 255)),
        (v4(172, 16, 0, 0), v4(172, 31, 255, 255)),
        (v4(192, 168, 0, 0), v4(192, 168, 255, 255)),
        (v4(224, 0, 0, 0), v4(255, 255, 255, 255)),
    ];
    let mut special = SPECIAL.iter();
    special.all(|(first, last)| number < *first || *last < number)
}

/// The ranges that tell addresses apart whatever rules there are.
pub fn ranges(ground: &Ground) -> Vec<Range> {
    let special = [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16",
        "169.254.0.0/16",
        "169.254.169.254",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
        "20.118.99.224",
        "40.83.235.53",
        "2000::/3",
        "fc00::/7",
    ];
    let mut all: Vec<Range> = special.iter().map(|text| Range::parse(text)).collect();
    all.extend(&ground.space);
    all
}

/// Every way the named opaque tags may hold a packet's two addresses, inclusions obeyed.
pub fn worlds(tags: &[&str], ground: &Ground, packet: &Packet) -> Vec<World> {
    let sources = one_side(tags, ground, packet.v6, Side::Source, packet.source);
    let destinations = one_side(
        tags,
        ground,
        packet.v6,
        Side::Destination,
        packet.destination,
    );
    let mut worlds = Vec::new();
    for source in &sources {
        for destination in &destinations {
            let mut world = source.clone();
            world.tags.extend(destination.tags.clone());
            worlds.push(world);
        }
    }
    worlds
}

/// The same for one address alone.
pub fn one_side(tags: &[&str], ground: &Ground, v6: bool, side: Side, number: u128) -> Vec<World> {
    let mut names: Vec<String> = tags
        .iter()
        .map(|tag| tag.to_ascii_lowercase())
        .filter(|tag| {
            OPAQUE
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case(tag))
        })
        .collect();
    if ground.open || ground.anywhere {
        names.push("virtualnetwork".to_owned());
    }
    if v6 {
        names.push("azureloadbalancer".to_owned());
    }
    names.sort();
    names.dedup();
    let public = is_public(v6, number);
    let inside = ground.space.iter().any(|range| range.contains(v6, number));
    let mut worlds = vec![World::default()];
    for name in &names {
        let may = match name.as_str() {
            "virtualnetwork" => !inside && (ground.anywhere || !public),
            "azureloadbalancer" => true,
            _ => public && !inside,
        };
        if !may {
            continue;
        }
        let with = |held: bool| {
            worlds.iter().cloned().map(move |mut world: World| {
                world.tags.insert((name.clone(), side), held);
                world
            })
        };
        worlds = with(false).chain(with(true)).collect();
    }
    worlds.retain(|world| {
        let held = |name: &str| {
            let key = (name.to_ascii_lowercase(), side);
            world.tags.get(&key).copied().unwrap_or_default()
        };
        OPAQUE.iter().all(|(name, within)| {
            let mentioned = |wide: &&&str| names.contains(&wide.to_ascii_lowercase());
            !held(name) || within.iter().filter(mentioned).all(|wide| held(wide))
        })
    });
    worlds
}
