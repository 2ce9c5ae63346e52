//! The elements a [`Rest`] stands for, where they are known but for their keys or their number.
//!
//! `{ "${var.prefix}-a" = 1, "${var.prefix}-b" = 2 }` has two elements, each there once, and no name
//! for either. The list of them is the bounds of the rest's template, so that whatever is done to
//! the template alone forgets it; and it names the rest it belongs to, so that whatever changes how
//! many elements there are forgets it too.

use std::sync::Arc;

use super::{Bounds, Data, Rest, Unknown, UnknownId, Value};
use crate::origin::OriginId;

/// Whether an element is there.
#[derive(Clone, Debug)]
pub enum Presence {
    /// Once.
    Certain,
    /// Once or not at all: what decides.
    Perhaps(Arc<Unknown>),
    /// Any number of times: what decides.
    Many(Arc<Unknown>),
}

impl Presence {
    /// What decides whether it is there; `None` if it is.
    #[must_use]
    pub fn because(&self) -> Option<&Arc<Unknown>> {
        match self {
            Self::Certain => None,
            Self::Perhaps(unknown) | Self::Many(unknown) => Some(unknown),
        }
    }

    /// Whether a part of an element is there, given whether the element is.
    #[must_use]
    pub fn within(&self, whole: &Self) -> Self {
        let of =
            |unknown: &Arc<Unknown>| Value::new(Data::Unknown(Arc::clone(unknown)), OriginId::NONE);
        let both = |a, b| Arc::new(Unknown::derived("within", &[of(a), of(b)]));
        match (self, whole) {
            (own, Self::Certain) => own.clone(),
            (Self::Certain, whole) => whole.clone(),
            (Self::Perhaps(a), Self::Perhaps(b)) => Self::Perhaps(both(a, b)),
            (Self::Perhaps(a) | Self::Many(a), Self::Perhaps(b) | Self::Many(b)) => {
                Self::Many(both(a, b))
            }
        }
    }
}

/// One element of a rest.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its key in a map, not known as a whole; `None` in a list.
    pub key: Option<Value>,
    /// What it is.
    pub value: Value,
    /// Whether it is there.
    pub presence: Presence,
}

/// All elements of a rest.
#[derive(Clone, Debug)]
pub struct Members {
    /// The unknown of the rest they belong to.
    pub of: UnknownId,
    /// The elements, in the order typed.
    pub members: Vec<Member>,
}

impl Rest {
    /// A rest that stands for these elements. `unknown` follows from all that decides about them.
    #[must_use]
    pub fn of_members(unknown: Arc<Unknown>, members: Vec<Member>) -> Self {
        let whole = Value::new(Data::Unknown(Arc::clone(&unknown)), OriginId::NONE);
        let mut template = Unknown::derived("each.value", &[whole]);
        template.label = format!("{}[*]", unknown.label).into();
        let origin = members
            .first()
            .map_or(OriginId::NONE, |member| member.value.origin);
        template.bounds = Bounds::Members(Members {
            of: unknown.id,
            members,
        });
        Self {
            unknown,
            template: Some(Value::unknown(template, origin)),
        }
    }

    /// All elements it stands for, where that is known.
    #[must_use]
    pub fn members(&self) -> Option<&[Member]> {
        match &self.template.as_ref()?.as_unknown()?.bounds {
            Bounds::Members(known) if known.of == self.unknown.id => Some(&known.members),
            _ => None,
        }
    }

    /// What each element looks like, where they all look the same.
    #[must_use]
    pub fn shape(&self) -> Option<&Value> {
        match self.members() {
            Some([alone]) => Some(&alone.value),
            Some(_) => None,
            None => self.template.as_ref(),
        }
    }

    /// How many elements it stands for, at least and at most.
    #[must_use]
    pub fn count(&self) -> (usize, Option<usize>) {
        let Some(members) = self.members() else {
            return (0, None);
        };
        let certain = |member: &&Member| matches!(member.presence, Presence::Certain);
        let many = |member: &Member| matches!(member.presence, Presence::Many(_));
        let most = (!members.iter().any(many)).then_some(members.len());
        (members.iter().filter(certain).count(), most)
    }
}
