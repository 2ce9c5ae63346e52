//! Which element of the one version is which of the other.

use std::collections::BTreeMap;

use crate::model::Meta;

/// An element of each version, or of one alone.
pub(super) type Pair<'n, I> = (Option<(I, &'n Meta)>, Option<(I, &'n Meta)>);

/// What an element of one version is called: version (0 or 1), element.
pub(super) type Naming<'f, I> = dyn Fn(usize, I, &Meta) -> Option<String> + 'f;

/// Pairs elements by key; what is left, by the first name that occurs once on each side: a resource
/// moved into a module is still that resource. In the order of the new version, removed ones last.
pub(super) fn pairs<'n, I: Copy>(
    old: Vec<(I, &'n Meta)>,
    new: Vec<(I, &'n Meta)>,
    names: &[&Naming<'_, I>],
) -> Vec<Pair<'n, I>> {
    let mut by_key: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, (_, meta)) in old.iter().enumerate() {
        by_key.entry(&meta.key.0).or_default().push(index);
    }
    let mut of_new: Vec<Option<usize>> = Vec::with_capacity(new.len());
    let mut taken = vec![false; old.len()];
    for (_, meta) in &new {
        // Several definitions of one resource are paired in order.
        let candidates = by_key.get_mut(&*meta.key.0);
        let first = candidates.and_then(|all| (!all.is_empty()).then(|| all.remove(0)));
        if let Some(taken) = first.and_then(|first| taken.get_mut(first)) {
            *taken = true;
        }
        of_new.push(first);
    }
    for name in names {
        let mut named: BTreeMap<String, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for (index, (id, meta)) in old.iter().enumerate() {
            if taken.get(index) == Some(&false)
                && let Some(name) = name(0, *id, meta)
            {
                named.entry(name).or_default().0.push(index);
            }
        }
        for (index, (id, meta)) in new.iter().enumerate() {
            if of_new.get(index) == Some(&None)
                && let Some(name) = name(1, *id, meta)
            {
                named.entry(name).or_default().1.push(index);
            }
        }
        for (before, after) in named.into_values() {
            if let ([before], [after]) = (before.as_slice(), after.as_slice()) {
                if let Some(own) = of_new.get_mut(*after) {
                    *own = Some(*before);
                }
                if let Some(taken) = taken.get_mut(*before) {
                    *taken = true;
                }
            }
        }
    }
    let mut all: Vec<Pair<'n, I>> = Vec::new();
    for (element, before) in new.into_iter().zip(of_new) {
        let before = before.and_then(|before| old.get(before).copied());
        all.push((before, Some(element)));
    }
    for (element, taken) in old.into_iter().zip(taken) {
        if !taken {
            all.push((Some(element), None));
        }
    }
    all
}
