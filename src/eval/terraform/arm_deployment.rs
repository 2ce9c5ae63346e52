//! Resources that deploy a template of Azure Resource Manager.
//!
//! The template is evaluated as Azure evaluates it, with the parameters that Terraform gives it, and
//! its resources count among those of the configuration. Where the template or its parameters are
//! known in part, so are its resources.
//!
//! Source: the pages of the resources in the documentation of `azurerm` (website/docs/r, 2026-08-21;
//! of `azurerm_template_deployment`, which 3.0 removed, that of 2.99). What is absent: versions of
//! template specs, whose templates are not in the files.

use std::rc::Rc;
use std::sync::Arc;

use super::document::Document;
use super::evaluation::Evaluation;
use super::ids::{pieces_of, segment_of};
use super::instances::Instance;
use super::module::{Module, ResourceInstance};
use crate::eval::arm::embedded::{Deployed, Embedded, Goal, deploy};
use crate::eval::frontend::Target;
use crate::eval::value::{Data, Piece, Reason, Unknown, Value};
use crate::eval::{Existence, Loader};
use crate::origin::{OriginBuilder, OriginId, OriginStep};
use crate::source::Span;

/// How a type of resource is written.
struct Form {
    template: &'static str,
    /// The document of parameters.
    parameters: &'static str,
    /// The attribute that holds parameters that are strings, each by its name.
    strings: Option<&'static str>,
    goal: To,
}

#[derive(Clone, Copy)]
enum To {
    ResourceGroup,
    Subscription,
    ManagementGroup,
    Tenant,
}

/// How a type deploys a template, if it does.
fn form(kind: &str) -> Option<Form> {
    let goal = match kind.strip_suffix("template_deployment")? {
        "azurerm_" => {
            return Some(Form {
                template: "template_body",
                parameters: "parameters_body",
                strings: Some("parameters"),
                goal: To::ResourceGroup,
            });
        }
        "azurerm_resource_group_" => To::ResourceGroup,
        "azurerm_subscription_" => To::Subscription,
        "azurerm_management_group_" => To::ManagementGroup,
        "azurerm_tenant_" => To::Tenant,
        _ => return None,
    };
    Some(Form {
        template: "template_content",
        parameters: "parameters_content",
        strings: None,
        goal,
    })
}

impl<'a> Evaluation<'a> {
    /// What an instance of a block deploys by a template, worked out once; `None` if it deploys none
    /// that is known.
    pub(super) fn deployed(
        &self,
        module: &Rc<Module<'a>>,
        instance: &Instance,
        resource: &ResourceInstance<'a>,
    ) -> Option<Rc<Deployed>> {
        let form = form(resource.declared.kind)?;
        if let Some(known) = self.deployed.borrow().get(&resource.address) {
            return known.clone();
        }
        // Whoever asks while it is worked out gets nothing.
        (self.deployed.borrow_mut()).insert(Arc::clone(&resource.address), None);
        let made = self.deployment(module, instance, resource, &form);
        let made = made.map(Rc::new);
        if let Some(made) = &made {
            self.read.borrow_mut().extend(&made.files);
            for diagnostic in &made.diagnostics {
                self.say(diagnostic.clone());
            }
        }
        (self.deployed.borrow_mut()).insert(Arc::clone(&resource.address), made.clone());
        made
    }

    /// What reading the outputs of a deployment gives: the JSON of all of them, once all are known.
    pub(super) fn output_content(
        &self,
        module: &Rc<Module<'a>>,
        instance: &Instance,
        resource: &ResourceInstance<'a>,
        name: &str,
    ) -> Option<Value> {
        let form = form(resource.declared.kind)?;
        let wanted = if form.strings.is_some() {
            "outputs"
        } else {
            "output_content"
        };
        if name != wanted {
            return None;
        }
        let made = self.deployed(module, instance, resource)?;
        if form.strings.is_some() {
            let outputs = made.outputs.iter();
            let entries = outputs.map(|output| (Arc::clone(&output.name), output.value.clone()));
            return Some(Value::object(entries, resource.origin));
        }
        let mut all = serde_json::Map::new();
        let mut origins = Vec::new();
        for output in &made.outputs {
            let mut one = serde_json::Map::new();
            one.insert("value".to_owned(), plain(&output.value)?);
            all.insert(output.name.to_string(), one.into());
            origins.push(output.value.origin);
        }
        let text = serde_json::Value::Object(all).to_string();
        let step = || OriginStep::Attribute(Arc::clone(&resource.address));
        let origin = self
            .session
            .hop(Some(resource.declared.block.header), step, &origins);
        Some(Value::string(text, origin))
    }

    fn deployment(
        &self,
        module: &Rc<Module<'a>>,
        instance: &Instance,
        resource: &ResourceInstance<'a>,
        form: &Form,
    ) -> Option<Deployed> {
        let attribute = |name: &str| {
            let value = self.resource_attribute(module, instance, resource, name)?;
            (!value.is_null()).then_some(value)
        };
        let template = self.document(module, instance, resource, form.template)?;
        let written = Written {
            kind: resource.declared.kind,
            address: &resource.address,
            header: resource.declared.block.header,
            origin: resource.origin,
            attribute: &attribute,
            template,
            parameters: self.decoded(module, instance, resource, form.parameters),
            subscription: self.subscription_of(module, resource),
            target: &self.target,
            existence: instance.existence.clone(),
            repeated: instance.template,
        };
        written.deployed(self.loader, self.session.origins()?)
    }
}

/// The attributes of a type that deploys a template which hold the template and its parameters.
pub(in crate::eval) fn documents(kind: &str) -> Option<[&'static str; 2]> {
    form(kind).map(|form| [form.template, form.parameters])
}

/// A resource that deploys a template, as it is written.
pub(in crate::eval) struct Written<'w> {
    /// Its type.
    pub(in crate::eval) kind: &'w str,
    pub(in crate::eval) address: &'w Arc<str>,
    /// Where it begins.
    pub(in crate::eval) header: Span,
    pub(in crate::eval) origin: OriginId,
    /// The value of an attribute that is not null.
    pub(in crate::eval) attribute: &'w dyn Fn(&str) -> Option<Value>,
    pub(in crate::eval) template: Document,
    /// What the document of its parameters says.
    pub(in crate::eval) parameters: Option<Value>,
    /// The subscription that the provider works in.
    pub(in crate::eval) subscription: Vec<Piece>,
    pub(in crate::eval) target: &'w Target,
    pub(in crate::eval) existence: Existence,
    /// It is one of an unknown number.
    pub(in crate::eval) repeated: bool,
}

impl Written<'_> {
    /// What it deploys; `None` where the type is another, or nothing says where it goes.
    pub(in crate::eval) fn deployed(
        self,
        loader: &dyn Loader,
        origins: &OriginBuilder,
    ) -> Option<Deployed> {
        let form = form(self.kind)?;
        let attribute = self.attribute;
        let Document { tree, values } = &self.template;
        let markers = |text: &str, origin: OriginId| values.read(text, origin);
        let given = Given {
            document: self.parameters.filter(|document| !document.is_null()),
            strings: form.strings.and_then(attribute),
        };
        let parameters = |name: &str| given.of(name);
        let group = |name: &str| attribute(name).as_ref().and_then(segment_of);
        let goal = match form.goal {
            To::ResourceGroup => Goal::ResourceGroup(group("resource_group_name")?),
            To::Subscription => Goal::Subscription,
            To::ManagementGroup => {
                let id = attribute("management_group_id");
                Goal::ManagementGroup(last_segment(id.as_ref().and_then(pieces_of)?))
            }
            To::Tenant => Goal::Tenant,
        };
        let call = OriginStep::ModuleCall(Arc::clone(self.address));
        let parents = Some(self.origin).filter(|origin| *origin != OriginId::NONE);
        let parents = parents.into_iter().collect();
        let embedded = Embedded {
            template: tree,
            markers: &markers,
            parameters: &parameters,
            label: Arc::clone(self.address),
            name: attribute("name").unwrap_or_else(|| Value::null(self.origin)),
            location: attribute("location"),
            subscription: self.subscription,
            goal,
            target: self.target,
            origin: origins.add(Some(self.header), call, parents),
            existence: self.existence,
            repeated: self.repeated,
        };
        Some(deploy(&embedded, loader, origins))
    }
}

/// The parameters that a template is given.
struct Given {
    document: Option<Value>,
    strings: Option<Value>,
}

impl Given {
    /// The value of a parameter, `None` if it is given none.
    fn of(&self, name: &str) -> Option<Value> {
        if let Some(strings) = &self.strings {
            if let Some(text) = strings.get_ignore_case(name) {
                return Some(text.clone());
            }
            if let Some(open) = part_of_open(strings, name) {
                return Some(open);
            }
        }
        let document = self.document.as_ref()?;
        // A whole parameter file is as good as its entries.
        let entries = document.get_ignore_case("parameters").unwrap_or(document);
        let Some(entry) = entries.get_ignore_case(name) else {
            return part_of_open(entries, name);
        };
        if let Some(value) = entry.get_ignore_case("value") {
            return Some(value.clone());
        }
        if entry.get_ignore_case("reference").is_some() {
            let unknown = Unknown::new("", format!("parameters('{name}')"), Reason::Secret);
            return Some(Value::unknown(unknown, entry.origin));
        }
        part_of_open(entry, name)
    }
}

/// What a value that is not known, or not known as a whole, may give a parameter.
fn part_of_open(value: &Value, name: &str) -> Option<Value> {
    let open = match &value.data {
        Data::Unknown(_) => true,
        Data::Object(object) => object.rest.is_some(),
        _ => false,
    };
    let name = Value::string(name, OriginId::NONE);
    let unknown = || Unknown::derived("argument", &[value.clone(), name]);
    open.then(|| Value::unknown(unknown(), value.origin))
}

/// What follows the last slash of an id.
fn last_segment(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut last = Vec::new();
    for piece in pieces {
        match &piece {
            Piece::Literal(text) => match text.rsplit_once('/') {
                Some((_, after)) => {
                    last.clear();
                    if !after.is_empty() {
                        last.push(Piece::Literal(after.into()));
                    }
                }
                None => last.push(piece),
            },
            Piece::Hole(_) => last.push(piece),
        }
    }
    last
}

/// A value as JSON, `None` if it is not known as a whole.
fn plain(value: &Value) -> Option<serde_json::Value> {
    use serde_json::Value as Json;
    Some(match &value.data {
        Data::Null => Json::Null,
        Data::Bool(flag) => Json::Bool(*flag),
        Data::Number(_) => match value.as_i64() {
            Some(whole) => Json::from(whole),
            None => serde_json::from_str(&value.canonical()?).ok()?,
        },
        Data::String(text) => Json::String(text.to_string()),
        Data::List(list) if list.rest.is_none() => {
            Json::Array(list.items.iter().map(plain).collect::<Option<_>>()?)
        }
        Data::Object(object) if object.rest.is_none() => {
            let entries = object.entries.iter();
            let entries = entries.map(|(name, value)| Some((name.to_string(), plain(value)?)));
            Json::Object(entries.collect::<Option<_>>()?)
        }
        Data::Template(_) | Data::Unknown(_) | Data::List(_) | Data::Object(_) => return None,
    })
}
