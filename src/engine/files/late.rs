//! Files that the walk passed over and a function asks for.
//!
//! Which thread asks first must not show: the id of such a file comes from its path, not from the
//! order in which files are met.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Slot;
use crate::source::FileId;

/// The ids from here on are those of late files.
const FIRST: u32 = 1 << 31;

/// Slots that differ in this many of the lowest bits of their ids lie in chains of their own.
const CHAINS: u32 = 256;

/// How many late files there may be.
const MAX_FILES: usize = 20_000;

/// Slots that are only ever added.
#[derive(Debug)]
pub(super) struct Late {
    chains: Vec<Chain>,
    count: AtomicUsize,
}

type Chain = OnceLock<Box<Link>>;

#[derive(Debug)]
struct Link {
    id: FileId,
    slot: Slot,
    next: Chain,
}

impl Default for Late {
    fn default() -> Self {
        Self {
            chains: (0..CHAINS).map(|_| Chain::new()).collect(),
            count: AtomicUsize::new(0),
        }
    }
}

/// The id of a path.
fn id_of(path: &str) -> FileId {
    let hash = path.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    FileId(hash | FIRST)
}

impl Late {
    /// The slot of an id.
    pub(super) fn get(&self, id: FileId) -> Option<&Slot> {
        if id.0 < FIRST {
            return None;
        }
        let mut chain = self.chain(id)?;
        loop {
            let link = chain.get()?;
            if link.id == id {
                return Some(&link.slot);
            }
            chain = &link.next;
        }
    }

    /// The slot of a path, made by `make` if it is new; `None` if there can be none.
    pub(super) fn slot(
        &self,
        path: &str,
        make: impl FnOnce() -> Option<Slot>,
    ) -> Option<(FileId, &Slot)> {
        let id = id_of(path);
        if let Some(known) = self.get(id) {
            // Two paths of one id: the second cannot be told from the first.
            return (&*known.path == path).then_some((id, known));
        }
        if self.count.fetch_add(1, Ordering::Relaxed) >= MAX_FILES {
            return None;
        }
        let mut new = Some(make()?);
        let mut chain = self.chain(id)?;
        loop {
            let link = match (chain.get(), new.take()) {
                (Some(link), slot) => {
                    new = slot;
                    link
                }
                (None, Some(slot)) => {
                    let made = Box::new(Link {
                        id,
                        slot,
                        next: Chain::new(),
                    });
                    match chain.set(made) {
                        Ok(()) => chain.get()?,
                        Err(made) => {
                            new = Some(made.slot);
                            chain.get()?
                        }
                    }
                }
                (None, None) => return None,
            };
            if link.id == id {
                return (&*link.slot.path == path).then_some((id, &link.slot));
            }
            chain = &link.next;
        }
    }

    /// All of them.
    pub(super) fn into_slots(self) -> Vec<(FileId, Slot)> {
        let mut slots = Vec::new();
        for chain in self.chains {
            let mut next = chain.into_inner();
            while let Some(link) = next {
                slots.push((link.id, link.slot));
                next = link.next.into_inner();
            }
        }
        slots
    }

    fn chain(&self, id: FileId) -> Option<&Chain> {
        self.chains.get((id.0 % CHAINS) as usize)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::walk::Kind;

    fn slot(path: &str) -> Slot {
        Slot {
            path: Arc::from(path),
            kind: Kind::Other,
            entry: None,
            text: OnceLock::new(),
            bytes: None,
            tree: None,
        }
    }

    #[test]
    fn a_late_file_keeps_its_id_whatever_was_met_before_it() {
        let (one, other) = (Late::default(), Late::default());
        for number in 0..1000 {
            let path = format!("{number}.txt");
            one.slot(&path, || Some(slot(&path))).unwrap();
        }
        let (id, _) = other.slot("7.txt", || Some(slot("7.txt"))).unwrap();
        let (again, found) = one.slot("7.txt", || None).unwrap();
        assert_eq!(again, id);
        assert_eq!(&*found.path, "7.txt");
        assert_eq!(one.get(id).map(|slot| &*slot.path), Some("7.txt"));
        assert_eq!(one.into_slots().len(), 1000);
    }
}
