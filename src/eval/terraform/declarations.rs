//! What the files of a module's directory declare, override files merged in.
//!
//! Of what is declared twice the first counts; Terraform refuses it, but directories that hold
//! several scripts beside each other are common.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::directories::{is_override, split};
use super::overrides::{Kept, Overrides};
use super::provider::Azurerm;
use super::subscription::Configuration;
use crate::diagnostic::Diagnostic;
use crate::eval::frontend::Tree;
use crate::eval::{Loader, Mode};
use crate::source::{FileId, Span};
use crate::syntax::hcl::{Attribute, Block, Body};

/// The blocks a file may have, with the number of their labels
/// (`internal/configs/parser_config.go`, `configFileSchema`).
const BLOCKS: [(&str, usize); 15] = [
    ("action", 2),
    ("check", 1),
    ("data", 2),
    ("ephemeral", 2),
    ("import", 0),
    ("locals", 0),
    ("module", 1),
    ("moved", 0),
    ("output", 1),
    ("provider", 1),
    ("removed", 0),
    ("required_providers", 0),
    ("resource", 2),
    ("terraform", 0),
    ("variable", 1),
];

/// What the files of a module's directory declare.
#[derive(Default)]
pub(super) struct Declarations<'a> {
    pub(super) directory: Arc<str>,
    pub(super) files: Vec<FileId>,
    pub(super) variables: BTreeMap<&'a str, &'a Block>,
    pub(super) locals: BTreeMap<&'a str, &'a Attribute>,
    pub(super) outputs: BTreeMap<&'a str, &'a Block>,
    /// Resources and data sources in the order typed.
    pub(super) resources: Vec<Declared<'a>>,
    pub(super) resource_index: BTreeMap<(bool, &'a str, &'a str), usize>,
    /// Module calls in the order typed.
    pub(super) calls: Vec<(&'a str, &'a Block)>,
    /// Its configurations of providers.
    pub(super) providers: Vec<Configuration<'a>>,
    /// Where its state is kept.
    pub(super) backend: Option<&'a Block>,
    /// What it says of the provider.
    pub(super) azurerm: Azurerm<'a>,
    /// What is wrong with them.
    pub(super) problems: Vec<Diagnostic>,
    /// What is declared once more, which does not count.
    repeated: Vec<(String, Span)>,
}

/// One `resource` or `data` block.
#[derive(Clone, Copy)]
pub(super) struct Declared<'a> {
    pub(super) mode: Mode,
    pub(super) kind: &'a Arc<str>,
    pub(super) name: &'a Arc<str>,
    pub(super) block: &'a Block,
}

impl<'a> Declarations<'a> {
    /// Reads files in the order given. `kept` holds the blocks that override files change.
    pub(super) fn read(
        directory: &str,
        files: &[FileId],
        loader: &'a dyn Loader,
        kept: &'a Kept,
    ) -> Self {
        let mut found = Self {
            directory: directory.into(),
            files: files.to_vec(),
            ..Self::default()
        };
        let mut overriding = Vec::new();
        for id in files {
            let Some(Tree::Hcl(body)) = loader.tree(*id) else {
                continue;
            };
            found.check(body);
            if is_override(split(&loader.path(*id)).1) {
                overriding.push(body);
                continue;
            }
            for block in &body.blocks {
                found.declare(block);
            }
        }
        found.tell_repeated();
        if !overriding.is_empty() {
            let mut overrides = Overrides::default();
            for block in overriding.iter().flat_map(|body| &body.blocks) {
                found.overridden(block, &mut overrides);
            }
            found.apply(overrides, kept);
        }
        found
    }

    pub(super) fn call(&self, name: &str) -> Option<&'a Block> {
        self.calls
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, block)| *block)
    }

    /// Blocks and arguments that no file may have.
    fn check(&mut self, body: &Body) {
        for attribute in &body.attributes {
            let message = format!("a module's file has no arguments: `{}`", attribute.name);
            let told = Diagnostic::advice("unknown-block", attribute.name_span, message);
            self.problems
                .push(told.with_help("values of variables belong into a .tfvars file"));
        }
        for block in &body.blocks {
            let labels = BLOCKS.iter().find(|(kind, _)| **kind == *block.kind);
            let Some((_, labels)) = labels else {
                let message = format!("there are no blocks of type `{}` here", block.kind);
                let told = Diagnostic::advice("unknown-block", block.header, message);
                let kinds = BLOCKS.iter().map(|(kind, _)| *kind);
                self.problems.push(match closest(&block.kind, kinds) {
                    Some(kind) => told.with_help(format!("did you mean `{kind}`?")),
                    None => told,
                });
                continue;
            };
            if block.labels.len() != *labels {
                let wanted = match labels {
                    0 => "no labels",
                    1 => "one label: its name",
                    _ => "two labels: its type and its name",
                };
                let message = format!("a `{}` block has {wanted}", block.kind);
                let told = Diagnostic::advice("unknown-block", block.header, message);
                self.problems.push(told);
            }
        }
    }

    fn declare(&mut self, block: &'a Block) {
        let repeated = match (&*block.kind, block.label(0), block.label(1)) {
            ("variable", Some(name), _) => insert(&mut self.variables, &**name, block),
            ("output", Some(name), _) => insert(&mut self.outputs, &**name, block),
            ("module", Some(name), _) => match self.call(name) {
                Some(_) => true,
                None => {
                    self.calls.push((name, block));
                    false
                }
            },
            ("locals", _, _) => {
                for attribute in &block.body.attributes {
                    if insert(&mut self.locals, &*attribute.name, attribute) {
                        let name = format!("local.{}", attribute.name);
                        self.repeated.push((name, attribute.name_span));
                    }
                }
                false
            }
            ("resource" | "data", Some(kind), Some(name)) => {
                let managed = &*block.kind == "resource";
                let index = self.resources.len();
                let declared = Declared {
                    mode: if managed {
                        Mode::Managed
                    } else {
                        Mode::Existing
                    },
                    kind,
                    name,
                    block,
                };
                let repeated = insert(&mut self.resource_index, (managed, &**kind, &**name), index);
                if !repeated {
                    self.resources.push(declared);
                }
                repeated
            }
            ("terraform" | "provider", _, _) => {
                self.azurerm.read(block);
                if &*block.kind == "provider" {
                    self.providers.extend(Configuration::read(block));
                }
                let mut inner = block.body.blocks.iter();
                self.backend = inner.find(|it| &*it.kind == "backend").or(self.backend);
                false
            }
            _ => false,
        };
        if repeated {
            let name: Vec<&str> = block.labels.iter().map(|(text, _)| &**text).collect();
            self.repeated.push((name.join("."), block.header));
        }
    }

    fn tell_repeated(&mut self) {
        let Some((name, at)) = self.repeated.first() else {
            return;
        };
        let others = match self.repeated.len() - 1 {
            0 => String::new(),
            others => format!(", and {others} more like it"),
        };
        self.problems.push(Diagnostic::advice(
            "defined-twice",
            *at,
            format!("`{name}` is declared in this directory already{others}; the first one counts"),
        ));
    }

    /// One block of an override file.
    fn overridden(&mut self, block: &'a Block, overrides: &mut Overrides<'a>) {
        let missing = |what: &str, at: Span| {
            let message = format!("there is no {what} in the other files that this could override");
            Diagnostic::advice("override-without-base", at, message)
        };
        let base = match (&*block.kind, block.label(0), block.label(1)) {
            ("variable", Some(name), _) => self.variables.get(&**name).copied(),
            ("output", Some(name), _) => self.outputs.get(&**name).copied(),
            ("module", Some(name), _) => self.call(name),
            ("resource" | "data", Some(kind), Some(name)) => {
                let key = (&*block.kind == "resource", &**kind, &**name);
                let index = self.resource_index.get(&key);
                let declared = index.and_then(|index| self.resources.get(*index));
                declared.map(|declared| declared.block)
            }
            ("locals", _, _) => {
                for attribute in &block.body.attributes {
                    match self.locals.get_mut(&*attribute.name) {
                        Some(base) => *base = attribute,
                        None => {
                            let what = format!("local `{}`", attribute.name);
                            self.problems.push(missing(&what, attribute.name_span));
                        }
                    }
                }
                return;
            }
            ("terraform" | "provider", _, _) => {
                self.azurerm.replace(block);
                return;
            }
            ("moved" | "import" | "removed", _, _) => {
                let message = format!("`{}` blocks have no effect in override files", block.kind);
                let told = Diagnostic::advice("override-without-base", block.header, message);
                self.problems.push(told);
                return;
            }
            _ => return,
        };
        match base {
            Some(base) => overrides.merge(base, block),
            None => {
                let labels: Vec<&str> = block.labels.iter().map(|(text, _)| &**text).collect();
                let what = format!("`{} {}`", block.kind, labels.join("."));
                self.problems.push(missing(&what, block.header));
            }
        }
    }

    /// Puts merged blocks in the place of what they override.
    fn apply(&mut self, overrides: Overrides<'a>, kept: &'a Kept) {
        let (bases, merged) = overrides.finish();
        let Some(merged) = kept.keep(merged) else {
            return;
        };
        for (base, block) in bases.into_iter().zip(merged) {
            let blocks = self.variables.values_mut().chain(self.outputs.values_mut());
            let calls = self.calls.iter_mut().map(|(_, block)| block);
            let resources = self
                .resources
                .iter_mut()
                .map(|resource| &mut resource.block);
            for known in blocks.chain(calls).chain(resources) {
                if std::ptr::eq(*known, base) {
                    *known = block;
                }
            }
        }
    }
}

/// Inserts what is not known yet; tells whether it was.
fn insert<K: Ord, V>(into: &mut BTreeMap<K, V>, key: K, value: V) -> bool {
    match into.entry(key) {
        Entry::Occupied(_) => true,
        Entry::Vacant(free) => {
            free.insert(value);
            false
        }
    }
}

/// The word that was probably meant.
pub(super) fn closest<'w>(
    wrong: &str,
    words: impl IntoIterator<Item = &'w str>,
) -> Option<&'w str> {
    let mut best: Option<(f64, &str)> = None;
    for word in words {
        let score = strsim::jaro_winkler(wrong, word);
        if score >= 0.85 && best.is_none_or(|(most, _)| score > most) {
            best = Some((score, word));
        }
    }
    best.map(|(_, word)| word)
}
