//! Tests of the model on hand-built resources.

mod arm;
mod azurerm;
mod both;
mod firewall;
mod manager;
mod mixed;

use std::sync::Arc;

use super::Network;
use crate::eval::value::{Data, ListKind, ListValue, Reason, Rest, Truth, Unknown, Value};
use crate::eval::{Deployment, Dialect, Existence, Mode, Resource, ResourceKey};
use crate::origin::{OriginId, OriginRange};

const GROUP: &str = "/subscriptions/s/resourcegroups/rg/providers/microsoft.network";

/// Builds a deployment resource by resource.
struct Site {
    deployment: Deployment,
}

impl Site {
    fn new() -> Self {
        Self {
            deployment: Deployment {
                name: "test".into(),
                environment: None,
                directory: "".into(),
                files: Vec::new(),
                resources: Vec::new(),
                outputs: Vec::new(),
                origins: Arc::default(),
                own_origins: OriginRange::ALL,
                diagnostics: Vec::new(),
                complete: false,
                provider: crate::eval::terraform::schema::Versions::ALL,
                generator: None,
                absent: Vec::new(),
                handover: Default::default(),
            },
        }
    }

    /// An ARM resource in one resource group: `path` is `networkSecurityGroups/web`.
    fn arm(&mut self, path: &str, properties: &str) -> &mut Resource {
        let segments: Vec<&str> = path.split('/').collect();
        let (kinds, names): (Vec<_>, Vec<_>) = segments
            .chunks(2)
            .map(|pair| (pair[0], *pair.get(1).unwrap_or(&"")))
            .unzip();
        let provider = if kinds[0].starts_with("virtualMachine") {
            "Microsoft.Compute"
        } else {
            "Microsoft.Network"
        };
        let scope = GROUP.replace("microsoft.network", &provider.to_lowercase());
        let name = *names.last().unwrap();
        let body = format!(r#"{{"name": "{name}", "properties": {properties}}}"#);
        self.push(
            &format!("{provider}/{path}"),
            &format!("{scope}/{}", path.to_lowercase()),
            &format!("{provider}/{}", kinds.join("/")),
            name,
            &body,
            Dialect::Arm,
        )
    }

    /// An azurerm resource: `address` is `azurerm_subnet.app` or `data.azurerm_subnet.app`.
    fn azurerm(&mut self, address: &str, body: &str) -> &mut Resource {
        let bare = address.strip_prefix("data.").unwrap_or(address);
        let (kind, label) = bare.split_once('.').unwrap();
        let name = value(body)
            .get("name")
            .and_then(|name| name.as_str().cloned())
            .unwrap_or_else(|| label.into());
        let resource = self.push(address, address, kind, &name, body, Dialect::Azurerm);
        if bare != address {
            resource.mode = Mode::Existing;
        }
        resource
    }

    fn push(
        &mut self,
        address: &str,
        key: &str,
        kind: &str,
        name: &str,
        body: &str,
        dialect: Dialect,
    ) -> &mut Resource {
        self.deployment.resources.push(Resource {
            address: address.into(),
            key: ResourceKey(key.into()),
            id: None,
            kind: kind.into(),
            name: Value::string(name, OriginId::NONE),
            mode: Mode::Managed,
            dialect,
            body: value(body),
            parent: None,
            origin: OriginId::NONE,
            existence: Existence::CERTAIN,
            template: false,
            symbol: None,
            subscription: None,
        });
        self.deployment.resources.last_mut().unwrap()
    }

    fn network(&self) -> Network {
        Network::build(&self.deployment)
    }
}

fn unknown(label: &str) -> Arc<Unknown> {
    Arc::new(Unknown::new("", label, Reason::NoValue))
}

fn perhaps(label: &str) -> Existence {
    Existence {
        truth: Truth::Unknown,
        because: Some(unknown(label)),
    }
}

/// A value written as JSON. `{"$": "x"}` is the unknown `x`, `{"$of": "key", "path": "id"}` an
/// unknown attribute of a resource, `{"$rest": "x", "items": […], "template": …}` a list of which
/// only a part is known.
fn value(text: &str) -> Value {
    convert(&serde_json::from_str(text).unwrap())
}

fn convert(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    let none = OriginId::NONE;
    match json {
        Json::Null => Value::null(none),
        Json::Bool(flag) => Value::bool(*flag, none),
        Json::Number(number) => Value::integer(number.as_i64().unwrap(), none),
        Json::String(text) => Value::string(text.as_str(), none),
        Json::Array(items) => Value::list(items.iter().map(convert).collect(), none),
        Json::Object(entries) => {
            let text = |name: &str| entries.get(name).and_then(Json::as_str);
            if let Some(label) = text("$") {
                return Value::new(Data::Unknown(unknown(label)), none);
            }
            if let Some(key) = text("$of") {
                let path = text("path").unwrap_or("id");
                let of = Unknown::new("", format!("{key}.{path}"), Reason::RunTime)
                    .with_reference(ResourceKey(key.into()), path);
                return Value::unknown(of, none);
            }
            if let Some(label) = text("$rest") {
                let list = ListValue {
                    kind: ListKind::Tuple,
                    items: entries["items"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(convert)
                        .collect(),
                    rest: Some(Rest {
                        unknown: unknown(label),
                        template: entries.get("template").map(convert),
                    }),
                };
                return Value::new(Data::List(Arc::new(list)), none);
            }
            let entries = entries
                .iter()
                .map(|(name, entry)| (name.as_str().into(), convert(entry)));
            Value::object(entries, none)
        }
    }
}

fn known<T: Clone + std::fmt::Debug>(list: &super::List<super::Field<T>>) -> Vec<T> {
    assert!(list.rest.is_none(), "a rest: {list:?}");
    list.items
        .iter()
        .map(|field| {
            field
                .value()
                .cloned()
                .unwrap_or_else(|| panic!("{field:?}"))
        })
        .collect()
}
