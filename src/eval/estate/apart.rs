//! The names of one member, told apart from those of the others.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::eval::value::{
    Bounds, Data, ListValue, Member, Members, ObjectValue, Piece, Presence, Reason, Reference,
    Rest, Unknown, UnknownId, Value, hole, mark_of, marked,
};
use crate::eval::{Resource, ResourceKey};
use crate::origin::OriginShift;

/// How deep a value is followed. Documents nest less.
const MAX_DEPTH: usize = 256;

/// Renames what belongs to one member. The maps are only asked, never walked; they spare what is
/// shared from being copied once for each place it stands in.
pub(super) struct Apart<'s> {
    salt: u64,
    shift: OriginShift,
    /// The unknowns of the members before: what they handed over has its name already.
    issued: &'s HashSet<UnknownId>,
    /// Those of this one.
    own: HashSet<UnknownId>,
    unknowns: HashMap<*const Unknown, Arc<Unknown>>,
    lists: HashMap<*const ListValue, Arc<ListValue>>,
    objects: HashMap<*const ObjectValue, Arc<ObjectValue>>,
    depth: usize,
}

impl<'s> Apart<'s> {
    pub(super) fn new(
        member: (&str, u32),
        shift: OriginShift,
        issued: &'s HashSet<UnknownId>,
    ) -> Self {
        let mut hasher = DefaultHasher::new();
        member.hash(&mut hasher);
        Self {
            salt: hasher.finish(),
            shift,
            issued,
            own: HashSet::new(),
            unknowns: HashMap::new(),
            lists: HashMap::new(),
            objects: HashMap::new(),
            depth: 0,
        }
    }

    /// The unknowns it named.
    pub(super) fn into_issued(self) -> HashSet<UnknownId> {
        self.own
    }

    pub(super) fn resource(&mut self, resource: &mut Resource) {
        resource.key = self.key(&resource.key);
        resource.id = match &resource.id {
            Some(id) => Some(self.key(id)),
            // Who looks for it by name and group does not know in which language it is written.
            None => resource
                .key
                .0
                .starts_with('/')
                .then(|| resource.key.clone()),
        };
        if let Some(parent) = resource.parent.take() {
            resource.parent = Some(self.key(&parent));
        }
        if let Some(subscription) = resource.subscription.take() {
            let own = self.holes(&subscription);
            resource.subscription = Some(marked(self.salt, &own));
        }
        resource.name = self.value(&resource.name);
        resource.body = self.value(&resource.body);
        resource.origin = self.shift.of(resource.origin);
        let because = resource.existence.because.take();
        resource.existence.because = because.map(|because| self.unknown(&because));
    }

    pub(super) fn value(&mut self, value: &Value) -> Value {
        let origin = self.shift.of(value.origin);
        if self.depth >= MAX_DEPTH {
            let limit = Unknown::new("estate", "a value nested too deep", Reason::Limit);
            return Value::unknown(limit, origin);
        }
        self.depth += 1;
        let data = match &value.data {
            Data::Template(pieces) => Data::Template(self.pieces(pieces)),
            Data::List(list) => Data::List(self.list(list)),
            Data::Object(object) => Data::Object(self.object(object)),
            Data::Unknown(unknown) => Data::Unknown(self.unknown(unknown)),
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => value.data.clone(),
        };
        self.depth -= 1;
        Value::new(data, origin)
    }

    fn values(&mut self, values: &[Value]) -> Vec<Value> {
        values.iter().map(|value| self.value(value)).collect()
    }

    fn list(&mut self, list: &Arc<ListValue>) -> Arc<ListValue> {
        if let Some(known) = self.lists.get(&Arc::as_ptr(list)) {
            return Arc::clone(known);
        }
        let own = Arc::new(ListValue {
            kind: list.kind,
            items: self.values(&list.items),
            rest: list.rest.as_ref().map(|rest| self.rest(rest)),
        });
        self.lists.insert(Arc::as_ptr(list), Arc::clone(&own));
        own
    }

    fn object(&mut self, object: &Arc<ObjectValue>) -> Arc<ObjectValue> {
        if let Some(known) = self.objects.get(&Arc::as_ptr(object)) {
            return Arc::clone(known);
        }
        let entries = object.entries.iter();
        let own = Arc::new(ObjectValue {
            kind: object.kind,
            entries: entries
                .map(|(name, value)| (Arc::clone(name), self.value(value)))
                .collect(),
            rest: object.rest.as_ref().map(|rest| self.rest(rest)),
        });
        self.objects.insert(Arc::as_ptr(object), Arc::clone(&own));
        own
    }

    fn rest(&mut self, rest: &Rest) -> Rest {
        Rest {
            unknown: self.unknown(&rest.unknown),
            template: rest.template.as_ref().map(|template| self.value(template)),
        }
    }

    fn pieces(&mut self, pieces: &[Piece]) -> Arc<[Piece]> {
        let mut own = |piece: &Piece| match piece {
            Piece::Literal(text) => Piece::Literal(Arc::clone(text)),
            Piece::Hole(unknown) => Piece::Hole(self.unknown(unknown)),
        };
        pieces.iter().map(&mut own).collect()
    }

    fn unknown(&mut self, unknown: &Arc<Unknown>) -> Arc<Unknown> {
        if let Some(known) = self.unknowns.get(&Arc::as_ptr(unknown)) {
            return Arc::clone(known);
        }
        let deep = self.depth >= MAX_DEPTH;
        self.depth += 1;
        let own = Arc::new(Unknown {
            id: self.id(unknown.id),
            label: Arc::clone(&unknown.label),
            reason: unknown.reason.clone(),
            bounds: match deep {
                true => Bounds::Any,
                false => self.bounds(&unknown.bounds),
            },
            refers_to: unknown.refers_to.as_ref().map(|of| Reference {
                resource: self.key(&of.resource),
                path: Arc::clone(&of.path),
            }),
            causes: match deep {
                true => Vec::new(),
                false => unknown.causes.iter().map(|it| self.unknown(it)).collect(),
            },
            declared: unknown.declared,
            is_segment: unknown.is_segment,
        });
        self.depth -= 1;
        self.unknowns.insert(Arc::as_ptr(unknown), Arc::clone(&own));
        own
    }

    fn bounds(&mut self, bounds: &Bounds) -> Bounds {
        match bounds {
            Bounds::OneOf(values) => Bounds::OneOf(self.values(values)),
            Bounds::Ends(first, last) => Bounds::Ends(self.values(first), self.values(last)),
            Bounds::Members(members) => Bounds::Members(self.members(members)),
            Bounds::Text(pieces) => Bounds::Text(self.pieces(pieces)),
            Bounds::Any | Bounds::Range(..) | Bounds::Length(..) | Bounds::Typed(_) => {
                bounds.clone()
            }
        }
    }

    fn members(&mut self, members: &Members) -> Members {
        let mut own = |member: &Member| Member {
            key: member.key.as_ref().map(|key| self.value(key)),
            value: self.value(&member.value),
            presence: match &member.presence {
                Presence::Certain => Presence::Certain,
                Presence::Perhaps(why) => Presence::Perhaps(self.unknown(why)),
                Presence::Many(why) => Presence::Many(self.unknown(why)),
            },
        };
        let all = members.members.iter().map(&mut own).collect();
        Members {
            of: self.id(members.of),
            members: all,
        }
    }

    fn id(&mut self, id: UnknownId) -> UnknownId {
        if self.issued.contains(&id) {
            return id;
        }
        let mut hasher = DefaultHasher::new();
        (self.salt, id).hash(&mut hasher);
        let own = UnknownId(hasher.finish());
        self.own.insert(own);
        own
    }

    /// Full ids mean the same to all members; what is only an address is this member's.
    fn key(&mut self, key: &ResourceKey) -> ResourceKey {
        if mark_of(&key.0).0.is_some() {
            return key.clone();
        }
        let text = self.holes(&key.0);
        let is_id = text.starts_with(['/', OPEN]);
        ResourceKey(match is_id {
            true => text.into(),
            false => marked(self.salt, &text),
        })
    }

    /// A text with its [`hole`]s renamed.
    fn holes(&mut self, text: &str) -> String {
        let mut pieces = text.split(OPEN);
        let mut own = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (id, rest) = piece.split_once(CLOSE).unwrap_or((piece, ""));
            match u64::from_str_radix(id, 16) {
                Ok(id) => own.push_str(&hole(self.id(UnknownId(id)))),
                Err(_) => own.push_str(id),
            }
            own.push_str(rest);
        }
        own
    }
}

/// What a [`hole`] begins and ends with.
const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';
