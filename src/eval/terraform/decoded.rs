//! Where the values in a file that is decoded were typed.
//!
//! `jsondecode(file(…))` and `yamldecode(file(…))` give what Terraform makes of the text; each part
//! of it then leads to its own place in the file. What is absent: text that is put together, whose
//! parts stay as far as all of it leads.

use super::document::Origins;
use super::evaluation::Evaluation;
use crate::eval::value::{Data, ListValue, ObjectValue, Value};
use crate::origin::OriginStep;
use crate::source::Span;
use crate::syntax::json::{self, Json, JsonKind};
use crate::syntax::yaml::{self, Yaml};

/// How deep places are looked for.
const MAX_DEPTH: usize = 100;

/// A document of which parts have places.
trait Placed {
    fn span(&self) -> Span;
    fn item(&self, index: usize) -> Option<&Self>;
    fn entry(&self, name: &str) -> Option<&Self>;
}

impl Placed for Json {
    fn span(&self) -> Span {
        self.span
    }

    fn item(&self, index: usize) -> Option<&Self> {
        match &self.kind {
            JsonKind::Array(items) => items.get(index),
            _ => None,
        }
    }

    fn entry(&self, name: &str) -> Option<&Self> {
        match &self.kind {
            // Of equal names the last counts.
            JsonKind::Object(members) => {
                let mut members = members.iter().rev();
                let found = members.find(|member| &*member.name == name);
                found.map(|member| &member.value)
            }
            _ => None,
        }
    }
}

impl Placed for Yaml {
    fn span(&self) -> Span {
        self.span
    }

    fn item(&self, index: usize) -> Option<&Self> {
        self.items()?.get(index)
    }

    fn entry(&self, name: &str) -> Option<&Self> {
        self.get(name)
    }
}

impl Evaluation<'_> {
    /// What a function made of a text, with the places of its parts if the text is a whole file.
    pub(super) fn in_its_file(
        &self,
        function: &str,
        text: Option<&Value>,
        made: Value,
        at: Span,
    ) -> Value {
        let origins = Origins {
            builder: self.session.origins(),
        };
        let Some((id, file)) = text.and_then(|value| {
            let text = value.as_str()?;
            origins.whole_file(value.origin, text, self.loader)
        }) else {
            return made;
        };
        match function {
            "jsondecode" => match json::parse(id, &file).tree {
                Some(tree) => self.placed(&made, &tree, function, at, 0),
                None => made,
            },
            "yamldecode" => match yaml::parse(id, &file).tree {
                Some(tree) => self.placed(&made, &tree, function, at, 0),
                None => made,
            },
            _ => made,
        }
    }

    fn placed(
        &self,
        value: &Value,
        place: &impl Placed,
        function: &str,
        at: Span,
        depth: usize,
    ) -> Value {
        if depth > MAX_DEPTH {
            return value.clone();
        }
        let inner = |part: &Value, place: Option<_>| match place {
            Some(place) => self.placed(part, place, function, at, depth + 1),
            None => part.clone(),
        };
        let data = match &value.data {
            Data::List(list) => {
                let items = list.items.iter().enumerate();
                let items = items.map(|(index, item)| inner(item, place.item(index)));
                Data::List(
                    ListValue {
                        items: items.collect(),
                        ..ListValue::clone(list)
                    }
                    .into(),
                )
            }
            Data::Object(object) => {
                let entries = object.entries.iter().map(|(name, part)| {
                    (std::sync::Arc::clone(name), inner(part, place.entry(name)))
                });
                Data::Object(
                    ObjectValue {
                        entries: entries.collect(),
                        ..ObjectValue::clone(object)
                    }
                    .into(),
                )
            }
            other => other.clone(),
        };
        let typed = self.session.literal(place.span());
        let step = || OriginStep::Function(function.into());
        Value::new(data, self.session.hop(Some(at), step, &[typed]))
    }
}
