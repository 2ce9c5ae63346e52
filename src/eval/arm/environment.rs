//! `environment()`: the addresses of the cloud a template is deployed to.
//!
//! The configuration says which cloud that is; without a word it is the public one, as everywhere
//! else. What documents give of each is in `rules/platform/environments.yaml`; the rest is unknown.

use std::sync::Arc;

use super::functions::text_value;
use crate::eval::value::{Data, ObjectKind, ObjectValue, Reason, Rest, Unknown, Value};
use crate::origin::OriginId;

/// The cloud of a deployment that nothing is said of.
const PUBLIC: &str = "public";

const TABLE: &str = include_str!(concat!(env!("OUT_DIR"), "/environments.json"));

/// The object for a cloud by its word in the configuration, all of it from one origin.
pub(super) fn environment(cloud: Option<&str>, origin: OriginId) -> Value {
    let cloud = cloud.unwrap_or(PUBLIC);
    let table = text_value(TABLE, origin).unwrap_or_else(|| Value::null(origin));
    let rows = table.get("environments").and_then(Value::as_list);
    let is_this = |row: &&Value| {
        let word = row.get("cloud").and_then(Value::as_str);
        word.is_some_and(|word| **word == *cloud)
    };
    let row = rows.and_then(|rows| rows.items.iter().find(is_this));
    let gives = row.and_then(|row| row.get("gives"));
    let none = || Value::object([], origin);
    open(&gives.cloned().unwrap_or_else(none), "environment()")
}

/// The same with what no document tells of its objects unknown.
fn open(value: &Value, label: &str) -> Value {
    let Data::Object(object) = &value.data else {
        return value.clone();
    };
    let entries = object.entries.iter().map(|(name, value)| {
        let value = open(value, &format!("{label}.{name}"));
        (Arc::clone(name), value)
    });
    let reason = Reason::RunTimeFunction("environment".into());
    let object = ObjectValue {
        kind: ObjectKind::Object,
        entries: entries.collect(),
        rest: Some(Rest {
            unknown: Arc::new(Unknown::new("", label, reason)),
            template: None,
        }),
    };
    Value::new(Data::Object(Arc::new(object)), value.origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cloud_has_a_row_with_a_source() {
        let table = text_value(TABLE, OriginId::NONE).unwrap();
        let rows = &table.get("environments").unwrap().as_list().unwrap().items;
        let text = |row: &Value, name: &str| row.get(name).unwrap().as_str().unwrap().to_string();
        let clouds: Vec<String> = rows.iter().map(|row| text(row, "cloud")).collect();
        assert_eq!(clouds, ["public", "us-government", "china"]);
        for row in rows {
            let source = row.get("source").unwrap();
            assert!(text(source, "url").starts_with("https://learn.microsoft.com/"));
            assert_eq!(text(source, "date").len(), "2024-01-01".len());
            assert!(row.get("gives").unwrap().get("name").is_some());
        }
    }
}
