//! One module: its blocks by name, and one instance of it with what was evaluated so far.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::defaults::Defaults;
use super::directories::{is_override, split};
use super::instances::{Expansion, Instance};
use super::provider::Azurerm;
use crate::eval::frontend::Tree;
use crate::eval::value::Value;
use crate::eval::{Existence, Loader, Mode};
use crate::origin::OriginId;
use crate::source::FileId;
use crate::syntax::hcl::{Attribute, Block};

/// The path of a local module, relative to the root of the run; `None` for sources that are not
/// local and for paths that leave the root.
pub(super) fn local_path(directory: &str, source: &str) -> Option<String> {
    if !(source.starts_with("./") || source.starts_with("../") || matches!(source, "." | "..")) {
        return None;
    }
    join(directory, source)
}

/// A path below the root of the run, `None` if it leaves it.
pub(super) fn join(directory: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = directory
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

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
    /// A file of this directory that is not read: what seems not to be declared may be in it.
    pub(super) unread: Option<Arc<str>>,
    /// Resources and data sources declared once more, which are not applied.
    pub(super) repeated: Vec<&'a Block>,
    /// What it says of the provider.
    pub(super) azurerm: Azurerm<'a>,
    /// Blocks of override files, which are not applied.
    pub(super) overrides: Vec<&'a Block>,
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
    pub(super) fn read(directory: &str, files: &[FileId], loader: &'a dyn Loader) -> Self {
        let mut found = Self {
            directory: directory.into(),
            files: files.to_vec(),
            ..Self::default()
        };
        found.unread = loader
            .directory(directory)
            .into_iter()
            .map(|id| loader.path(id))
            .find(|path| path.ends_with(".tf.json"));
        for id in files {
            let Some(Tree::Hcl(body)) = loader.tree(*id) else {
                continue;
            };
            let path = loader.path(*id);
            let overrides = is_override(split(&path).1);
            for block in &body.blocks {
                if overrides {
                    found.overrides.push(block);
                } else {
                    found.declare(block);
                }
            }
        }
        found
    }

    fn declare(&mut self, block: &'a Block) {
        let (first, second) = (block.label(0), block.label(1));
        match (&*block.kind, first, second) {
            ("variable", Some(name), _) => {
                self.variables.entry(name).or_insert(block);
            }
            ("output", Some(name), _) => {
                self.outputs.entry(name).or_insert(block);
            }
            ("module", Some(name), _) => self.calls.push((name, block)),
            ("terraform" | "provider", _, _) => self.azurerm.read(block),
            ("locals", _, _) => {
                for attribute in &block.body.attributes {
                    self.locals.entry(&attribute.name).or_insert(attribute);
                }
            }
            ("resource" | "data", Some(kind), Some(name)) => {
                let managed = &*block.kind == "resource";
                let index = self.resources.len();
                let known = self.resource_index.entry((managed, kind, name));
                if let std::collections::btree_map::Entry::Occupied(_) = known {
                    self.repeated.push(block);
                } else if let std::collections::btree_map::Entry::Vacant(free) = known {
                    free.insert(index);
                    self.resources.push(Declared {
                        mode: if managed {
                            Mode::Managed
                        } else {
                            Mode::Existing
                        },
                        kind,
                        name,
                        block,
                    });
                }
            }
            _ => {}
        }
    }

    pub(super) fn call(&self, name: &str) -> Option<&'a Block> {
        self.calls
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, block)| *block)
    }
}

/// Something evaluated at most once.
#[derive(Clone)]
pub(super) enum Slot<T> {
    /// It is being evaluated: asking again is a cycle.
    Busy,
    /// It is known, and so are the defaults it rests on.
    Done(T, Defaults),
}

/// Values evaluated at most once, by name.
pub(super) type Memo<T> = RefCell<BTreeMap<Arc<str>, Slot<T>>>;

/// How a module was called.
pub(super) struct CalledBy<'a> {
    /// The index of the calling module.
    pub(super) caller: usize,
    pub(super) block: &'a Block,
    /// `each` or `count` of the call.
    pub(super) instance: Rc<Instance>,
}

/// One instance of a module.
pub(super) struct Module<'a> {
    /// Its place in the list of all instances.
    pub(super) index: usize,
    /// `module.hub["x"].`, empty for the root.
    pub(super) prefix: Arc<str>,
    pub(super) declarations: Rc<Declarations<'a>>,
    pub(super) called_by: Option<CalledBy<'a>>,
    /// Directories of this module and those around it, for cycles.
    pub(super) chain: Vec<Arc<str>>,
    /// The call this instance came through.
    pub(super) origin: OriginId,
    pub(super) existence: Existence,
    pub(super) template: bool,
    /// What the loop of the call rests on.
    pub(super) defaults: Defaults,
    pub(super) variables: Memo<Value>,
    pub(super) locals: Memo<Value>,
    pub(super) outputs: Memo<Value>,
    pub(super) resources: RefCell<BTreeMap<usize, Slot<Rc<Expansion<ResourceInstance<'a>>>>>>,
    pub(super) children: Memo<Rc<Expansion<ModuleInstance>>>,
}

/// One instance of a module call: the index of the module, `None` if its files are not here.
pub(super) struct ModuleInstance {
    pub(super) module: Option<usize>,
    /// Why there is none.
    pub(super) missing: Option<crate::eval::value::Reason>,
}

/// One instance of a resource.
pub(super) struct ResourceInstance<'a> {
    pub(super) declared: Declared<'a>,
    pub(super) address: Arc<str>,
    /// The block's header, with the loop and the call it came through behind it.
    pub(super) origin: OriginId,
    /// What its loop rests on.
    pub(super) defaults: Defaults,
    pub(super) attributes: Memo<Value>,
    /// The resource as a value, once something asked for it.
    pub(super) whole: std::cell::OnceCell<(Value, Defaults)>,
}
