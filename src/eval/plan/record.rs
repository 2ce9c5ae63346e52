//! The resources of a document, each once, with what is only known after the apply.

use std::collections::HashMap;
use std::sync::Arc;

use super::document::{Document, DocumentKind};
use crate::eval::Mode;
use crate::source::Span;
use crate::syntax::json::{Json, JsonKind};

/// How deep modules may lie in one another.
const MAX_MODULES_DEEP: usize = 64;

/// One resource as it is recorded.
#[derive(Clone, Debug)]
pub(super) struct Record<'j> {
    pub(super) address: Arc<str>,
    /// The address of its module, empty for the root.
    pub(super) module: Arc<str>,
    pub(super) mode: Mode,
    pub(super) kind: Arc<str>,
    /// Where it begins.
    pub(super) header: Span,
    pub(super) values: Option<&'j Json>,
    /// What is only known after the apply.
    pub(super) unknown: Option<&'j Json>,
}

/// Every resource that is there after the apply and every data source that was read, each once.
pub(super) fn records<'j>(document: &Document<'j>) -> Vec<Record<'j>> {
    let json = document.json;
    let mut all = Records::default();
    match document.kind {
        DocumentKind::Plan => {
            if let Some(root) = json
                .get("planned_values")
                .and_then(|at| at.get("root_module"))
            {
                all.module(root, "", 0, false);
            }
            // Data sources that could be read are in the state that the plan starts from.
            let before = json.get("prior_state").and_then(|at| at.get("values"));
            if let Some(root) = before.and_then(|at| at.get("root_module")) {
                all.module(root, "", 0, true);
            }
            all.changes(json);
        }
        DocumentKind::State => {
            if let Some(root) = json.get("values").and_then(|at| at.get("root_module")) {
                all.module(root, "", 0, false);
            }
        }
        DocumentKind::StateFile => all.state_file(json),
        DocumentKind::Log => {}
    }
    all.records
}

#[derive(Default)]
struct Records<'j> {
    records: Vec<Record<'j>>,
    by_address: HashMap<Arc<str>, usize>,
}

impl<'j> Records<'j> {
    /// The resources of a module and of those in it.
    fn module(&mut self, json: &'j Json, address: &str, depth: usize, only_data: bool) {
        for resource in json.get("resources").map_or(&[][..], Json::items) {
            let text = |name: &str| resource.get(name).and_then(Json::as_str);
            let (Some(own), Some(kind)) = (text("address"), text("type")) else {
                continue;
            };
            let is_data = text("mode") == Some("data");
            // Objects that wait to be destroyed have the address of what replaces them.
            if (only_data && !is_data) || resource.get("deposed_key").is_some() {
                continue;
            }
            self.add(Record {
                address: absolute(address, own),
                module: address.into(),
                mode: if is_data {
                    Mode::Existing
                } else {
                    Mode::Managed
                },
                kind: kind.into(),
                header: header(resource),
                values: resource.get("values"),
                unknown: None,
            });
        }
        if depth < MAX_MODULES_DEEP {
            for child in json.get("child_modules").map_or(&[][..], Json::items) {
                let address = child.get("address").and_then(Json::as_str);
                self.module(child, address.unwrap_or_default(), depth + 1, only_data);
            }
        }
    }

    /// What the changes of a plan say is only known after the apply.
    fn changes(&mut self, json: &'j Json) {
        for change in json.get("resource_changes").map_or(&[][..], Json::items) {
            if change.get("deposed").is_some() {
                continue;
            }
            let Some(address) = change.get("address").and_then(Json::as_str) else {
                continue;
            };
            let module = change.get("module_address").and_then(Json::as_str);
            let address = absolute(module.unwrap_or_default(), address);
            let record = self.by_address.get(&address).copied();
            if let Some(record) = record.and_then(|at| self.records.get_mut(at)) {
                record.unknown = change.get("change").and_then(|at| at.get("after_unknown"));
            }
        }
    }

    /// The resources of a state file.
    fn state_file(&mut self, json: &'j Json) {
        for resource in json.get("resources").map_or(&[][..], Json::items) {
            let text = |name: &str| resource.get(name).and_then(Json::as_str);
            let (Some(kind), Some(name)) = (text("type"), text("name")) else {
                continue;
            };
            let module = text("module").unwrap_or_default();
            let is_data = text("mode") == Some("data");
            let data = if is_data { "data." } else { "" };
            for instance in resource.get("instances").map_or(&[][..], Json::items) {
                if instance.get("deposed").is_some() {
                    continue;
                }
                let key = match instance.get("index_key").map(|key| &key.kind) {
                    Some(JsonKind::String(key)) => {
                        let key = key.replace('\\', "\\\\").replace('"', "\\\"");
                        format!("[\"{key}\"]")
                    }
                    Some(JsonKind::Number(key)) => format!("[{}]", key.as_f64()),
                    _ => String::new(),
                };
                self.add(Record {
                    address: absolute(module, &format!("{data}{kind}.{name}{key}")),
                    module: module.into(),
                    mode: if is_data {
                        Mode::Existing
                    } else {
                        Mode::Managed
                    },
                    kind: kind.into(),
                    header: header(resource),
                    values: instance.get("attributes"),
                    unknown: None,
                });
            }
        }
    }

    fn add(&mut self, record: Record<'j>) {
        if !self.by_address.contains_key(&record.address) {
            self.by_address
                .insert(Arc::clone(&record.address), self.records.len());
            self.records.push(record);
        }
    }
}

/// Old versions give addresses from their module, newer ones from the root.
fn absolute(module: &str, address: &str) -> Arc<str> {
    let inside = address
        .strip_prefix(module)
        .is_some_and(|rest| rest.starts_with('.'));
    if module.is_empty() || inside {
        address.into()
    } else {
        format!("{module}.{address}").into()
    }
}

/// The line that says which resource it is.
fn header(json: &Json) -> Span {
    let mut members = json.members().iter();
    let found = members
        .clone()
        .find(|member| &*member.name == "address")
        .or_else(|| members.find(|member| &*member.name == "name"));
    found.map_or(json.span, |member| member.name_span.to(member.value.span))
}
