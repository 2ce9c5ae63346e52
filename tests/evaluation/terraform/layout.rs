//! Which resource goes where: into which module, alone or into a loop with others.

use super::tree::{Target, Tree, What};
use super::{MOST_NESTED, Node, Writer};

/// Where a resource is.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub node: usize,
    /// The instance of the module, if each resource has one of its own.
    pub instance: Option<String>,
    /// The address of the resource in its module, with its key.
    pub address: String,
    /// All instances, and how one of them is picked of the list of a splat.
    pub splat: Option<(String, usize)>,
}

/// How often something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeated {
    No,
    Count,
    Each,
}

/// Something to be written in a module.
#[derive(Clone, Debug)]
pub(super) enum Unit {
    Alone(usize, String, Repeated),
    Loop(Vec<usize>, String, Repeated),
    /// A module that is called once for each of several resources.
    Modules(Vec<usize>, usize, String),
    Decoy,
}

/// The key of one of several.
pub(super) fn key(position: usize) -> String {
    format!("k{position}")
}

impl Writer<'_> {
    pub(super) fn layout(&mut self) -> Vec<(usize, Unit)> {
        self.places = vec![Place::default(); self.pieces.len()];
        let mut units = Vec::new();
        let all = (0..self.pieces.len()).collect();
        self.spread(0, all, &mut units);
        units
    }

    fn spread(&mut self, node: usize, mut left: Vec<usize>, units: &mut Vec<(usize, Unit)>) {
        while let Some(&first) = left.first() {
            let alike = left.iter().take_while(|it| self.is_like(first, **it));
            let alike = alike.count();
            let count = 1 + self.roll(left.len());
            match self.roll(8) {
                4 if self.nodes[node].depth < MOST_NESTED => {
                    let bunch = left.drain(..count).collect();
                    let repeated = self.repeated();
                    let child = self.called(node, repeated);
                    self.spread(child, bunch, units);
                }
                5 if self.nodes[node].depth < MOST_NESTED => {
                    let bunch: Vec<usize> = left.drain(..count.min(alike).min(9)).collect();
                    let child = self.called(node, Repeated::No);
                    let symbol = self.fresh("r");
                    for (position, piece) in bunch.iter().enumerate() {
                        self.places[*piece] = Place {
                            node: child,
                            instance: Some(format!("[\"{}\"]", key(position))),
                            address: format!("{}.{symbol}", self.pieces[*piece].kind),
                            splat: None,
                        };
                    }
                    units.push((node, Unit::Modules(bunch, child, symbol)));
                }
                6 => {
                    let bunch: Vec<usize> = left.drain(..count.min(alike).min(9)).collect();
                    let symbol = self.fresh("r");
                    let repeated = match self.roll(2) {
                        0 => Repeated::Each,
                        _ => Repeated::Count,
                    };
                    for (position, piece) in bunch.iter().enumerate() {
                        let base = format!("{}.{symbol}", self.pieces[*piece].kind);
                        let index = match repeated {
                            Repeated::Count => format!("[{position}]"),
                            _ => format!("[\"{}\"]", key(position)),
                        };
                        let splat = match repeated {
                            Repeated::Count => base.clone(),
                            _ => format!("values({base})"),
                        };
                        self.places[*piece] = Place {
                            node,
                            instance: None,
                            address: base + &index,
                            splat: Some((splat, position)),
                        };
                    }
                    units.push((node, Unit::Loop(bunch, symbol, repeated)));
                }
                7 => units.push((node, Unit::Decoy)),
                _ => {
                    left.remove(0);
                    let repeated = self.repeated();
                    let symbol = self.fresh("r");
                    let base = format!("{}.{symbol}", self.pieces[first].kind);
                    let (index, splat) = match repeated {
                        Repeated::No => ("", None),
                        Repeated::Count => ("[0]", Some((base.clone(), 0))),
                        Repeated::Each => ("[\"k0\"]", Some((format!("values({base})"), 0))),
                    };
                    self.places[first] = Place {
                        node,
                        instance: None,
                        address: format!("{base}{index}"),
                        splat,
                    };
                    units.push((node, Unit::Alone(first, symbol, repeated)));
                }
            }
        }
    }

    fn repeated(&mut self) -> Repeated {
        match self.roll(4) {
            2 => Repeated::Count,
            3 => Repeated::Each,
            _ => Repeated::No,
        }
    }

    /// Whether one loop can make both.
    fn is_like(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.pieces[a], &self.pieces[b]);
        let blocks = |arguments: &[(&'static str, Tree)]| -> Vec<&'static str> {
            let blocks = arguments
                .iter()
                .filter(|(_, value)| matches!(value, Tree::Blocks(_)));
            blocks.map(|(name, _)| *name).collect()
        };
        let kind = |arguments: &[(&'static str, Tree)]| {
            let kind = arguments.iter().find(|(name, _)| *name == "type");
            kind.map(|(_, value)| value.clone())
        };
        a.kind == b.kind
            && blocks(&a.arguments) == blocks(&b.arguments)
            && kind(&a.arguments) == kind(&b.arguments)
    }

    /// A module that this one calls.
    pub(super) fn called(&mut self, parent: usize, repeated: Repeated) -> usize {
        let call = self.fresh("m");
        let source = match self.roll(2) {
            0 => format!("./{call}"),
            _ => format!("./modules/{call}"),
        };
        let within = &self.nodes[parent].directory;
        let path = source.trim_start_matches("./");
        let directory = match within.is_empty() {
            true => path.to_owned(),
            false => format!("{within}/{path}"),
        };
        let (index, times) = match repeated {
            Repeated::No => ("", None),
            Repeated::Count => ("[0]", Some(("count", "1"))),
            Repeated::Each => ("[\"k0\"]", Some(("for_each", "toset([\"k0\"])"))),
        };
        self.nodes.push(Node {
            parent,
            depth: self.nodes[parent].depth + 1,
            call,
            index: index.to_owned(),
            repeated: times
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into_iter()
                .collect(),
            directory,
            source,
            ..Node::default()
        });
        self.nodes.len() - 1
    }

    /// Where a target is: its resource and, of a subnet in its network, its name.
    pub(super) fn found(&self, target: &Target) -> (usize, Option<String>) {
        let place = |what: &What| self.pieces.iter().position(|it| it.what == *what);
        if let Some(own) = place(&target.what) {
            return (own, None);
        }
        let What::Subnet(network, name) = &target.what else {
            unreachable!("{target:?}");
        };
        (place(&What::Whole(*network)).unwrap(), Some(name.clone()))
    }
}
