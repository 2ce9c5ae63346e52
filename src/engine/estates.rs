//! The `estates` of `aznet.yaml` against the deployments there are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::config::{Config, EstateEntry, HandedEntry, MemberEntry, did_you_mean};
use super::files::Files;
use crate::diagnostic::Diagnostic;
use crate::eval::Loader as _;
use crate::eval::frontend::Unit;
use crate::source::Span;

/// Deployments that make one network together.
#[derive(Debug)]
pub(crate) struct Estate {
    /// What it is called.
    pub(crate) name: Arc<str>,
    /// Where that is said.
    pub(crate) at: Span,
    /// The indices of its units, sorted.
    pub(crate) members: Vec<usize>,
    /// What its members hand each other.
    pub(crate) inputs: Vec<Input>,
}

/// A value that one member takes from another.
#[derive(Debug)]
pub(crate) struct Input {
    /// The unit that takes it.
    pub(crate) to: usize,
    /// The unit that gives it.
    pub(crate) from: usize,
    /// The parameter or variable, and where it is named.
    pub(crate) name: (Arc<str>, Span),
    /// The output, and where it is named.
    pub(crate) output: (Arc<str>, Span),
}

/// The estates with the deployments they mean; what there is not is told where it is named.
pub(crate) fn resolve(
    configs: &[Config],
    units: &[(usize, Unit)],
    files: &Files,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Estate> {
    let mut reader = Reader {
        units,
        files,
        taken: BTreeMap::new(),
        diagnostics,
    };
    let entries = configs.iter().flat_map(|config| &config.estates);
    entries.map(|entry| reader.estate(entry)).collect()
}

struct Reader<'a> {
    units: &'a [(usize, Unit)],
    files: &'a Files,
    /// The estate that has a unit, and where that is said.
    taken: BTreeMap<usize, (Arc<str>, Span)>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn estate(&mut self, entry: &EstateEntry) -> Estate {
        let mut members = BTreeSet::new();
        let mut takers: Vec<(Vec<usize>, &MemberEntry)> = Vec::new();
        for member in &entry.members {
            let meant = self.meant(|unit| self.is_meant(unit, member));
            if meant.is_empty() {
                self.no_such(&member.name, member.at, None);
            }
            let own: Vec<usize> = meant
                .into_iter()
                .filter(|index| self.is_free(*index, entry, member))
                .collect();
            members.extend(&own);
            takers.push((own, member));
        }
        let members: Vec<usize> = members.into_iter().collect();
        let mut inputs = Vec::new();
        for (takers, member) in takers {
            for handed in &member.inputs {
                let Some(from) = self.giver(handed, &members) else {
                    continue;
                };
                inputs.extend(takers.iter().map(|to| Input {
                    to: *to,
                    from,
                    name: (Arc::clone(&handed.name), handed.name_at),
                    output: handed.output.clone(),
                }));
            }
        }
        Estate {
            name: Arc::clone(&entry.name),
            at: entry.at,
            members,
            inputs,
        }
    }

    fn meant(&self, is_meant: impl Fn(&Unit) -> bool) -> Vec<usize> {
        let units = self.units.iter().enumerate();
        let meant = units.filter(|(_, (_, unit))| is_meant(unit));
        meant.map(|(index, _)| index).collect()
    }

    fn is_meant(&self, unit: &Unit, member: &MemberEntry) -> bool {
        let paths = &member.paths;
        let mut sources = unit.sources.iter();
        *unit.name == *member.name
            || paths.is_match(&*unit.name)
            || paths.is_match(&*unit.directory)
            || sources.any(|source| paths.is_match(&*self.files.path(*source)))
    }

    /// Whether no other estate has the unit; it is taken for this one.
    fn is_free(&mut self, index: usize, estate: &EstateEntry, member: &MemberEntry) -> bool {
        match self.taken.get(&index) {
            None => {
                let own = (Arc::clone(&estate.name), member.at);
                self.taken.insert(index, own);
                true
            }
            Some((other, _)) if *other == estate.name => true,
            Some((other, at)) => {
                let name = self.units.get(index).map_or("", |(_, unit)| &unit.name);
                let message = format!("`{name}` is already a deployment of the estate `{other}`");
                self.diagnostics.push(
                    Diagnostic::unreadable("config", member.at, message)
                        .with_related(*at, "here")
                        .with_help("a deployment belongs to one estate; several may share one"),
                );
                false
            }
        }
    }

    /// The member that hands something over.
    fn giver(&mut self, handed: &HandedEntry, members: &[usize]) -> Option<usize> {
        let (name, at) = &handed.of;
        let given = |unit: &Unit| {
            let mut sources = unit.sources.iter();
            *unit.name == **name
                || *unit.directory == **name
                || sources.any(|source| *self.files.path(*source) == **name)
        };
        let meant = self.meant(given);
        let own: Vec<usize> = meant
            .iter()
            .copied()
            .filter(|index| members.contains(index))
            .collect();
        match own.as_slice() {
            [one] => return Some(*one),
            [] if meant.is_empty() => self.no_such(name, *at, Some(members)),
            [] => {
                let message = format!("`{name}` is no deployment of this estate");
                let wrong = Diagnostic::unreadable("config", *at, message);
                let help = "list it among the `deployments` of the estate";
                self.diagnostics.push(wrong.with_help(help));
            }
            several => {
                let names = several.iter().filter_map(|index| self.units.get(*index));
                let names: Vec<String> =
                    names.map(|(_, unit)| format!("`{}`", unit.name)).collect();
                let message = format!("`{name}` means several deployments");
                let wrong = Diagnostic::unreadable("config", *at, message);
                let help = format!("it is one of {}", names.join(", "));
                self.diagnostics.push(wrong.with_help(help));
            }
        }
        None
    }

    fn no_such(&mut self, name: &str, at: Span, among: Option<&[usize]>) {
        let units = self.units.iter().enumerate();
        let units = units.filter(|(index, _)| among.is_none_or(|among| among.contains(index)));
        let mut words: Vec<Arc<str>> = Vec::new();
        for (_, (_, unit)) in units {
            words.push(Arc::clone(&unit.name));
            words.push(Arc::clone(&unit.directory));
            words.extend(unit.sources.iter().map(|source| self.files.path(*source)));
        }
        words.retain(|word| !word.is_empty());
        let message = format!("no deployment is called `{name}`, and none lies there");
        let mut wrong = Diagnostic::unreadable("config", at, message);
        wrong.help = did_you_mean(name, words.iter().map(|word| &**word))
            .or_else(|| Some("`aznet resources` lists the deployments".to_owned()));
        self.diagnostics.push(wrong);
    }
}
