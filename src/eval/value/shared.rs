//! What several lists share, where one of them is meant and nobody knows which.

use std::sync::Arc;

use super::{Bounds, Data, ListKind, ListValue, ObjectValue, Rest, Truth, Unknown, Value};

/// How many lists, and how many items of each, are compared.
const MAX_SHARED: usize = 256;

/// How deep a value is looked through. Documents nest less.
const MAX_DEPTH: usize = 128;

impl Unknown {
    /// What is in the list whichever candidate it is: of `c ? [a, b] : [a]` the `a`. Nothing where
    /// it may be anything else than one of some lists; a list that may be null may be empty.
    #[must_use]
    pub fn shared_items(&self) -> Vec<Value> {
        let Bounds::OneOf(candidates) = &self.bounds else {
            return Vec::new();
        };
        let lists: Option<Vec<&[Value]>> = candidates
            .iter()
            .map(|candidate| Some(candidate.as_list()?.items.as_slice()))
            .collect();
        let Some((first, others)) = lists.as_deref().and_then(<[_]>::split_first) else {
            return Vec::new();
        };
        if candidates.len() > MAX_SHARED || first.len() > MAX_SHARED {
            return Vec::new();
        }
        let mut shared = first.to_vec();
        for other in others {
            let mut left: Vec<&Value> = other.iter().take(MAX_SHARED).collect();
            shared.retain(|item| {
                let same = left
                    .iter()
                    .position(|other| other.equals(item) == Truth::True);
                same.map(|at| left.swap_remove(at)).is_some()
            });
        }
        shared
    }
}

impl Value {
    /// The same with every list that is one of several written as what these share and a rest, for
    /// who asks what is certainly in it; `None` where there is none of these.
    #[must_use]
    pub fn with_shared_items(&self) -> Option<Self> {
        self.opened(0)
    }

    fn opened(&self, depth: usize) -> Option<Self> {
        if depth > MAX_DEPTH {
            return None;
        }
        let data = match &self.data {
            Data::Unknown(unknown) => {
                let items = unknown.shared_items();
                if items.is_empty() {
                    return None;
                }
                Data::List(Arc::new(ListValue {
                    kind: ListKind::Tuple,
                    items,
                    rest: Some(Rest {
                        unknown: Arc::clone(unknown),
                        template: None,
                    }),
                }))
            }
            Data::List(list) => {
                let items = replaced(&list.items, depth)?;
                Data::List(Arc::new(ListValue {
                    kind: list.kind,
                    items,
                    rest: list.rest.clone(),
                }))
            }
            Data::Object(object) => {
                let found = object
                    .entries
                    .values()
                    .map(|value| value.opened(depth + 1))
                    .collect::<Vec<_>>();
                if found.iter().all(Option::is_none) {
                    return None;
                }
                let entries = object.entries.iter().zip(found);
                let entries = entries
                    .map(|((name, value), new)| {
                        (Arc::clone(name), new.unwrap_or_else(|| value.clone()))
                    })
                    .collect();
                Data::Object(Arc::new(ObjectValue {
                    kind: object.kind,
                    entries,
                    rest: object.rest.clone(),
                }))
            }
            _ => return None,
        };
        Some(Self::new(data, self.origin))
    }
}

fn replaced(values: &[Value], depth: usize) -> Option<Vec<Value>> {
    let found: Vec<Option<Value>> = values.iter().map(|value| value.opened(depth + 1)).collect();
    if found.iter().all(Option::is_none) {
        return None;
    }
    let both = values.iter().zip(found);
    Some(
        both.map(|(value, new)| new.unwrap_or_else(|| value.clone()))
            .collect(),
    )
}
