//! What a deployment gives to whoever runs it, as far as it is known.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{Knowledge, Missing, told_missing};
use crate::eval::value::{Data, Piece, Rest, Unknown, Value};
use crate::eval::{Deployment, Output};
use crate::policy::authored::place_of;
use crate::source::Span;
use crate::syntax::Number;

/// An output.
#[derive(Debug)]
pub struct OutputTold {
    /// Its name.
    pub name: Arc<str>,
    /// How much of it is known.
    pub state: Knowledge,
    /// Its value, with `${label}` where it is not known and `...` for what more a list or an object
    /// may hold; `None` if its author wants it to be shown nowhere.
    pub value: Option<Json>,
    /// What would settle the rest.
    pub missing: Vec<Missing>,
    /// Where it is written.
    pub place: Option<Span>,
}

/// The outputs of a deployment, in its order.
pub(super) fn outputs(deployment: &Deployment) -> Vec<OutputTold> {
    let told = deployment.outputs.iter();
    told.map(|output| told_output(deployment, output)).collect()
}

fn told_output(deployment: &Deployment, output: &Output) -> OutputTold {
    let mut missing = Vec::new();
    let value = shown(&output.value, &mut missing);
    let state = match &output.value.data {
        Data::Unknown(_) => Knowledge::Unknown,
        _ if output.value.is_wholly_known() => Knowledge::Known,
        _ => Knowledge::Partly,
    };
    OutputTold {
        name: Arc::clone(&output.name),
        state,
        value: (!output.sensitive).then_some(value),
        missing,
        place: place_of(deployment, output.value.origin),
    }
}

/// A value as JSON; the inputs it lacks go into `missing`, each once.
fn shown(value: &Value, missing: &mut Vec<Missing>) -> Json {
    match &value.data {
        Data::Null => Json::Null,
        Data::Bool(value) => Json::Bool(*value),
        Data::Number(Number::Integer(integer)) => Json::from(*integer),
        Data::Number(number) => Json::from(number.as_f64()),
        Data::String(text) => Json::from(&**text),
        Data::Template(pieces) => {
            let piece = |piece: &Piece| match piece {
                Piece::Literal(text) => text.to_string(),
                Piece::Hole(unknown) => open(unknown, missing),
            };
            Json::from(pieces.iter().map(piece).collect::<String>())
        }
        Data::List(list) => {
            let items = list.items.iter();
            let mut known: Vec<Json> = items.map(|item| shown(item, missing)).collect();
            if let Some(rest) = &list.rest {
                lack(rest, missing);
                known.push(Json::from("..."));
            }
            Json::Array(known)
        }
        Data::Object(object) => {
            let entries = object.entries.iter();
            let mut known: serde_json::Map<String, Json> = entries
                .map(|(name, value)| (name.to_string(), shown(value, missing)))
                .collect();
            if let Some(rest) = &object.rest {
                lack(rest, missing);
                known.insert("...".to_owned(), Json::Null);
            }
            Json::Object(known)
        }
        Data::Unknown(unknown) => Json::from(open(unknown, missing)),
    }
}

fn lack(rest: &Rest, missing: &mut Vec<Missing>) {
    open(&rest.unknown, missing);
}

fn open(unknown: &Arc<Unknown>, missing: &mut Vec<Missing>) -> String {
    for input in told_missing(unknown) {
        if !missing.contains(&input) {
            missing.push(input);
        }
    }
    format!("${{{}}}", unknown.label)
}
