//! Which templates are parts of other deployments and no deployments of their own.
//!
//! A template that another one links is evaluated there, with the values it is given. Alone it would
//! be judged with hardly any: the same network once more, with names that are not known. What is
//! absent: which file links which; evaluation tells it by the files that took part.

use std::collections::{BTreeMap, BTreeSet};

use crate::eval::frontend::Unit;
use crate::source::FileId;

/// The indices of the units that others call. `evaluated` are units by index with the files that
/// took part in each. Of units that call each other the first stands for all.
pub(super) fn by_others(
    units: &[(usize, Unit)],
    evaluated: &[(usize, &[FileId])],
) -> BTreeSet<usize> {
    let callable: BTreeMap<FileId, usize> = evaluated
        .iter()
        .filter_map(|(index, _)| {
            let (_, unit) = units.get(*index).filter(|(_, unit)| unit.callable)?;
            Some((*unit.sources.first()?, *index))
        })
        .collect();
    let calls = |(index, files): &(usize, &[FileId])| -> Vec<usize> {
        let called = files.iter().filter_map(|file| callable.get(file).copied());
        called.filter(|called| called != index).collect()
    };
    let has_caller: BTreeSet<usize> = evaluated.iter().flat_map(calls).collect();
    let mut order: Vec<&(usize, &[FileId])> = evaluated.iter().collect();
    order.sort_by_key(|(index, _)| (has_caller.contains(index), *index));
    let (mut kept, mut called) = (BTreeSet::new(), BTreeSet::new());
    for unit in order {
        if called.contains(&unit.0) {
            continue;
        }
        kept.insert(unit.0);
        called.extend(calls(unit).into_iter().filter(|one| !kept.contains(one)));
    }
    called
}
