//! One instance of a module with what was evaluated so far.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::declarations::{Declarations, Declared};
use super::defaults::Defaults;
use super::instances::{Expansion, Instance};
use crate::eval::Existence;
use crate::eval::value::Value;
use crate::origin::OriginId;
use crate::syntax::hcl::Block;

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
    /// The names of the calls that lead here, with dots between them; empty for the root.
    pub(super) key: Arc<str>,
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
