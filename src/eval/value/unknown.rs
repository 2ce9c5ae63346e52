//! Unknowns: values with a name, a reason and bounds instead of data.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::{Data, Members, Piece, Truth, Type, Value};
use crate::eval::ResourceKey;
use crate::origin::OriginId;
use crate::source::Span;

/// One variable of the world: equal ids always stand for equal values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnknownId(pub u64);

impl UnknownId {
    /// The unknown of a name that is unique in its deployment, for example
    /// `parameters('prefix')` with the nested deployment it belongs to.
    #[must_use]
    pub fn named(scope: &str, name: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        ("named", scope, name).hash(&mut hasher);
        Self(hasher.finish())
    }

    /// The unknown that a pure function makes of its arguments: equal calls, equal unknown.
    #[must_use]
    pub fn derived(function: &str, arguments: &[Value]) -> Self {
        let mut hasher = DefaultHasher::new();
        ("derived", function).hash(&mut hasher);
        for argument in arguments {
            argument.feed(&mut hasher);
        }
        Self(hasher.finish())
    }
}

/// Why a value is not known. The kinds are those of the summary and of the missing-input groups.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A parameter or variable that nobody gives a value.
    NoValue,
    /// A placeholder that a pipeline replaces (`<name>`, `{{ x }}`, `GEN-UNIQUE`).
    Placeholder,
    /// A secret that is fetched at deployment (Key Vault reference).
    Secret,
    /// Filled in by Azure or the provider when the resource is created.
    RunTime,
    /// A plan does not tell it: it shows when the plan is applied.
    Apply,
    /// Depends on the version of a provider, of which the configuration admits several.
    ProviderVersion,
    /// Belongs to a resource outside these files.
    Outside,
    /// A module whose files are not here; the source address.
    Module(Arc<str>),
    /// A template that is linked by address and not here.
    LinkedTemplate,
    /// Where a deployment goes: its subscription, resource group or location. The configuration may
    /// say it.
    Target,
    /// A function whose result differs from run to run or is only known to Azure.
    RunTimeFunction(Arc<str>),
    /// A function this version does not evaluate.
    UnsupportedFunction(Arc<str>),
    /// A file that could not be read below the root.
    File(Arc<str>),
    /// The expression is wrong; a diagnostic tells how.
    Invalid,
    /// Too large to evaluate; a diagnostic names the limit.
    Limit,
    /// Follows from other unknowns: see [`Unknown::causes`].
    Derived,
}

/// What is certain about an unknown all the same.
#[derive(Clone, Debug, Default)]
pub enum Bounds {
    /// Nothing.
    #[default]
    Any,
    /// It is one of these values (never empty, none of them unknown).
    OneOf(Vec<Value>),
    /// A whole number within these limits, both included.
    Range(Option<i64>, Option<i64>),
    /// A string of at least and at most so many characters.
    Length(usize, Option<usize>),
    /// An array that begins with the first items and ends with the second; whether there is
    /// anything between them, and how much, is not known.
    Ends(Vec<Value>, Vec<Value>),
    /// Null, or a value of this type: what is declared of a variable that nobody gives a value.
    Typed(Arc<Type>),
    /// One of the elements that a rest stands for: see [`Rest::members`](super::Rest::members).
    Members(Members),
    /// A string of these pieces: the id of a resource as far as its names are known.
    Text(Arc<[Piece]>),
}

/// The attribute of a resource that an unknown stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// Which resource; it need not be in the files.
    pub resource: ResourceKey,
    /// Attribute path in the resource's own dialect, with indices: `id`,
    /// `ip_configuration[0].private_ip_address`,
    /// `properties.ipConfigurations[0].properties.privateIPAddress`.
    pub path: Arc<str>,
}

/// A value that cannot be known from the files.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// Which variable of the world it is.
    pub id: UnknownId,
    /// What a person calls it: `var.prefix`, `parameters('prefix')`, `azurerm_subnet.a.id`.
    pub label: Arc<str>,
    /// Why it is not known.
    pub reason: Reason,
    /// What is certain about it.
    pub bounds: Bounds,
    /// The attribute it stands for.
    pub refers_to: Option<Reference>,
    /// The missing inputs it follows from, for [`Reason::Derived`]; at most [`MAX_CAUSES`], and
    /// none of them derived itself.
    pub causes: Vec<Arc<Self>>,
    /// Where the missing input is declared.
    pub declared: Option<Span>,
    /// Whether it has no slash where it stands here, because it is one segment of an id, or a part
    /// of one, and the id would else not be one. The same unknown elsewhere need not be.
    pub is_segment: bool,
}

/// What unknowns follow from in the end. One long chain of calls would else be a chain of causes,
/// and dropping it would need as much stack as the chain is long.
fn roots_of(unknowns: Vec<Arc<Unknown>>) -> Vec<Arc<Unknown>> {
    let mut roots: Vec<Arc<Unknown>> = Vec::new();
    for unknown in unknowns {
        let own = if unknown.causes.is_empty() {
            std::slice::from_ref(&unknown)
        } else {
            unknown.causes.as_slice()
        };
        for root in own {
            if roots.len() < MAX_CAUSES && roots.iter().all(|known| known.id != root.id) {
                roots.push(Arc::clone(root));
            }
        }
    }
    roots
}

/// How many candidates of an unknown are followed into what is made of it.
pub const MAX_CANDIDATES: usize = 16;

/// How many causes a derived unknown names.
pub const MAX_CAUSES: usize = 4;

impl Unknown {
    /// A missing input called `label`, unique within `scope`.
    #[must_use]
    pub fn new(scope: &str, label: impl Into<Arc<str>>, reason: Reason) -> Self {
        let label = label.into();
        Self {
            id: UnknownId::named(scope, &label),
            label,
            reason,
            bounds: Bounds::Any,
            refers_to: None,
            causes: Vec::new(),
            declared: None,
            is_segment: false,
        }
    }

    /// What `function` makes of `arguments`, at least one of which is not wholly known.
    #[must_use]
    pub fn derived(function: &str, arguments: &[Value]) -> Self {
        let mut causes: Vec<Arc<Self>> = Vec::new();
        for argument in arguments {
            argument.collect_unknowns(&mut causes);
        }
        let label = causes
            .first()
            .map_or_else(|| function.into(), |cause| Arc::clone(&cause.label));
        let causes = roots_of(causes);
        Self {
            id: UnknownId::derived(function, arguments),
            label,
            reason: Reason::Derived,
            bounds: Bounds::Any,
            refers_to: None,
            causes,
            declared: None,
            is_segment: false,
        }
    }

    /// The same with what is certain about it.
    #[must_use]
    pub fn with_bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// The same, known to be an attribute of a resource.
    #[must_use]
    pub fn with_reference(mut self, resource: ResourceKey, path: impl Into<Arc<str>>) -> Self {
        self.refers_to = Some(Reference {
            resource,
            path: path.into(),
        });
        self
    }

    /// The same, declared at a place.
    #[must_use]
    pub fn declared_at(mut self, span: Span) -> Self {
        self.declared = Some(span);
        self
    }

    /// The same where it is a segment of an id ([`Self::is_segment`]).
    #[must_use]
    pub fn as_segment(self: &Arc<Self>) -> Arc<Self> {
        if self.is_segment {
            return Arc::clone(self);
        }
        let mut segment = (**self).clone();
        segment.is_segment = true;
        Arc::new(segment)
    }

    /// The missing inputs behind this unknown: itself, or what it was derived from, each once.
    #[must_use]
    pub fn roots(self: &Arc<Self>) -> Vec<Arc<Self>> {
        let mut roots = Vec::new();
        let mut pending = vec![Arc::clone(self)];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(unknown) = pending.pop() {
            if !seen.insert(unknown.id) {
                continue;
            }
            if unknown.causes.is_empty() {
                roots.push(unknown);
            } else {
                pending.extend(unknown.causes.iter().rev().cloned());
            }
        }
        roots
    }
}

impl Unknown {
    pub(super) fn may_equal(&self, value: &Value) -> Truth {
        match &self.bounds {
            Bounds::Any | Bounds::Typed(_) => Truth::Unknown,
            Bounds::OneOf(values) => {
                let answers: Vec<Truth> = values.iter().map(|one| one.equals(value)).collect();
                if answers.iter().all(|answer| *answer == Truth::False) {
                    Truth::False
                } else if answers.iter().all(|answer| *answer == Truth::True) {
                    Truth::True
                } else {
                    Truth::Unknown
                }
            }
            Bounds::Members(members) => {
                let mut values = members.members.iter().map(|member| &member.value);
                if values.all(|one| one.equals(value) == Truth::False) {
                    Truth::False
                } else {
                    Truth::Unknown
                }
            }
            Bounds::Range(low, high) => match value.as_i64() {
                Some(number) if low.is_some_and(|low| number < low) => Truth::False,
                Some(number) if high.is_some_and(|high| number > high) => Truth::False,
                _ => Truth::Unknown,
            },
            Bounds::Length(least, most) => {
                let Some(text) = value.as_str() else {
                    return Truth::Unknown;
                };
                let length = text.chars().count();
                if length < *least || most.is_some_and(|most| length > most) {
                    Truth::False
                } else {
                    Truth::Unknown
                }
            }
            Bounds::Ends(first, last) => match value.as_list() {
                Some(list)
                    if list.rest.is_none() && list.items.len() < first.len() + last.len() =>
                {
                    Truth::False
                }
                _ => Truth::Unknown,
            },
            Bounds::Text(pieces) => {
                Value::new(Data::Template(Arc::clone(pieces)), OriginId::NONE).equals(value)
            }
        }
    }
}
