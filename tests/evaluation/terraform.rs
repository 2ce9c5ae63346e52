//! Writes a network as a Terraform configuration in which nothing stands where it is used.
//!
//! Every choice takes a number of a list; where the list ends the plainest way is taken, so that a
//! shorter list is a plainer configuration.

#[path = "terraform/layout.rs"]
mod layout;
#[path = "terraform/links.rs"]
mod links;
#[path = "terraform/loops.rs"]
mod loops;
#[path = "terraform/named.rs"]
mod named;
#[path = "terraform/print.rs"]
mod print;
#[path = "terraform/resources.rs"]
mod resources;
#[path = "terraform/tree.rs"]
mod tree;
#[path = "terraform/values.rs"]
mod values;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use self::layout::Place;
use self::print::{Line, Top};
use self::tree::{Piece, Style};
use super::disguise::{Disguised, Parts};
use super::plain::{GROUPS, NETWORKS, Network, TABLES};

/// What the ids of resource groups begin with.
const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/";

/// How deep values hide behind each other.
const DEEPEST: usize = 5;

/// How many modules are within each other.
const MOST_NESTED: usize = 3;

/// A module and how it is called.
#[derive(Default)]
struct Node {
    parent: usize,
    depth: usize,
    /// The name of the call.
    call: String,
    /// What picks the instance: nothing, `[0]` or `["m"]`.
    index: String,
    /// `count` or `for_each` of the call.
    repeated: Vec<(String, String)>,
    directory: String,
    /// Where the caller finds it.
    source: String,
    /// What is passed to its variables.
    arguments: Vec<(String, String)>,
    blocks: Vec<(File, Top)>,
    texts: Vec<(String, String)>,
}

/// Where a block is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum File {
    Main,
    More,
    Json,
    Override,
}

struct Writer<'a> {
    rolls: std::slice::Iter<'a, u32>,
    /// Values that nobody gives.
    hidden: &'a BTreeSet<String>,
    pieces: Vec<Piece>,
    places: Vec<Place>,
    nodes: Vec<Node>,
    here: usize,
    /// Variables files of the root by their rank.
    given: BTreeMap<usize, Vec<(String, Json)>>,
    parts: Parts,
    /// The variables of hidden values.
    missing: BTreeMap<String, String>,
    /// Outputs and variables that there are already: module, expression, name.
    passed: BTreeMap<(usize, bool, String), String>,
    fresh: usize,
    depth: usize,
    /// How many pieces are written that are not to be taken apart once more.
    whole: usize,
    /// How much is written that must stay on a line.
    flat: usize,
}

/// Writes a network. The values of `hidden` are left to variables that nobody gives a value.
pub fn write(network: &Network, rolls: &[u32], hidden: &BTreeSet<String>) -> Disguised {
    let mut writer = Writer {
        rolls: rolls.iter(),
        hidden,
        pieces: Vec::new(),
        places: Vec::new(),
        nodes: vec![Node::default()],
        here: 0,
        given: BTreeMap::new(),
        parts: BTreeMap::new(),
        missing: BTreeMap::new(),
        passed: BTreeMap::new(),
        fresh: 0,
        depth: 0,
        whole: 0,
        flat: 0,
    };
    for (place, resource) in network.resources.iter().enumerate() {
        let style = match (resource.kind, writer.roll(4)) {
            (GROUPS | TABLES | NETWORKS, 1) => Style::Apart,
            (GROUPS | TABLES, 2) => Style::Azapi,
            _ => Style::Within,
        };
        writer.pieces.extend(tree::pieces(network, place, style));
    }
    let units = writer.layout();
    for (node, unit) in units {
        writer.here = node;
        writer.unit(unit);
    }
    let version = vec![Line::attribute("required_version", "\">= 1.5\"")];
    let terraform = Top::new("terraform", &[], version);
    writer.nodes[0].blocks.push((File::Main, terraform));
    let files = writer.files();
    Disguised::new(files, writer.parts, writer.missing)
}

impl Writer<'_> {
    fn roll(&mut self, ways: usize) -> usize {
        self.rolls.next().map_or(0, |roll| *roll as usize % ways)
    }

    fn fresh(&mut self, what: &str) -> String {
        self.fresh += 1;
        format!("{what}{}", self.fresh)
    }

    /// Writes something in another module.
    fn at<T>(&mut self, node: usize, write: impl FnOnce(&mut Self) -> T) -> T {
        let here = std::mem::replace(&mut self.here, node);
        let written = write(self);
        self.here = here;
        written
    }

    /// Chooses a file and writes a block there.
    fn block(&mut self, write: impl FnOnce(&mut Self) -> Top) {
        let file = match self.roll(6) {
            4 => File::More,
            5 => File::Json,
            _ => File::Main,
        };
        self.flat += usize::from(file == File::Json);
        let top = write(self);
        self.flat -= usize::from(file == File::Json);
        self.nodes[self.here].blocks.push((file, top));
    }

    /// Everything as files.
    fn files(&mut self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        for node in 1..self.nodes.len() {
            let own = &self.nodes[node];
            let mut body = vec![Line::Value("source".to_owned(), Json::from(&*own.source))];
            let lines = own.repeated.iter().chain(&own.arguments);
            body.extend(lines.map(|(name, value)| Line::Attribute(name.clone(), value.clone())));
            let top = Top::new("module", &[&own.call], body);
            let parent = own.parent;
            // Arguments may run over several lines.
            self.nodes[parent].blocks.push((File::Main, top));
        }
        for node in &self.nodes {
            let prefix = match &*node.directory {
                "" => String::new(),
                directory => format!("{directory}/"),
            };
            for (file, name) in [
                (File::Main, "main.tf"),
                (File::More, "more.tf"),
                (File::Override, "own_override.tf"),
                (File::Json, "data.tf.json"),
            ] {
                let blocks = node.blocks.iter().filter(|(in_file, _)| *in_file == file);
                let blocks: Vec<&Top> = blocks.map(|(_, top)| top).collect();
                let text = match file {
                    _ if blocks.is_empty() => continue,
                    File::Json => print::json(&blocks),
                    _ => print::native(&blocks),
                };
                files.push((format!("{prefix}{name}"), text));
            }
            for (name, text) in &node.texts {
                files.push((format!("{prefix}{name}"), text.clone()));
            }
        }
        for (rank, values) in &self.given {
            let name = named::VALUES[*rank];
            files.push((name.to_owned(), print::values(name, values)));
        }
        files
    }
}
