//! What a deployment resource deploys: a template nested in it, one that an expression gives, or
//! one in another file that it links.
//!
//! Linked templates are those with a `relativePath`, and those whose address tells which file of
//! the run is meant ([`linked_file`]). What is absent: everything that
//! lies elsewhere, such as most template specs. It is unknown, and a note tells how to bring it here.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::deployment::{Around, header};
use super::evaluate::Evaluator;
use super::linked_file::{self, directory_of, joined};
use super::template::Frame;
use crate::diagnostic::{Diagnostic, Severity};
use crate::eval::frontend::Tree;
use crate::eval::value::{Data, ObjectValue, Reason, Unknown, Value};
use crate::eval::{Existence, Mode, ResourceKey};
use crate::source::{FileId, Span};
use crate::syntax::json::{Json, JsonKind, Member};

/// How many templates that the walk did not parse one deployment may have.
const MAX_LINKED: usize = 256;

/// The type of versions of template specs.
const SPEC_VERSIONS: &str = "Microsoft.Resources/templateSpecs/versions";

/// How deep a template that an expression gives may nest.
const MAX_DEPTH: usize = 64;

/// Keeps the parsed templates for as long as the evaluation lasts.
#[derive(Debug)]
pub(super) struct Linked {
    slots: Vec<OnceCell<Json>>,
    used: Cell<usize>,
    by_file: RefCell<HashMap<FileId, usize>>,
    /// By the place of the object in memory, which is kept so that the place stays its own.
    by_value: RefCell<HashMap<usize, (Arc<ObjectValue>, usize)>>,
}

impl Default for Linked {
    fn default() -> Self {
        Self {
            slots: (0..MAX_LINKED).map(|_| OnceCell::new()).collect(),
            used: Cell::new(0),
            by_file: RefCell::default(),
            by_value: RefCell::default(),
        }
    }
}

impl Linked {
    fn at(&self, slot: usize) -> Option<&Json> {
        self.slots.get(slot)?.get()
    }

    /// Keeps one more; `None` if there are too many.
    fn keep(&self, json: Json) -> Option<(usize, &Json)> {
        let slot = self.used.get();
        let cell = self.slots.get(slot)?;
        self.used.set(slot + 1);
        Some((slot, cell.get_or_init(|| json)))
    }
}

/// The deployments and linked files down to a template, innermost first.
#[derive(Debug)]
pub(super) struct Lineage {
    /// The file, if this step links one.
    file: Option<FileId>,
    /// Whether the step is made only under a condition, or as often as a loop says.
    conditional: bool,
    outer: Option<Rc<Self>>,
}

impl Lineage {
    /// That of the outermost template.
    pub(super) fn of(file: FileId) -> Rc<Self> {
        Rc::new(Self {
            file: Some(file),
            conditional: false,
            outer: None,
        })
    }

    fn within(outer: &Rc<Self>, json: &Json, file: Option<FileId>) -> Rc<Self> {
        Rc::new(Self {
            file,
            conditional: is_conditional(json),
            outer: Some(Rc::clone(outer)),
        })
    }

    fn steps(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |step| step.outer.as_deref())
    }

    fn outermost(&self) -> Option<FileId> {
        self.steps().last().and_then(|step| step.file)
    }
}

fn is_conditional(json: &Json) -> bool {
    json.get_ignore_case("condition").is_some() || json.get_ignore_case("copy").is_some()
}

/// What a deployment resource deploys.
pub(super) struct Deployed<'t> {
    /// The template; else what stands for it.
    pub(super) template: Result<&'t Json, Arc<Unknown>>,
    /// Where it came from.
    pub(super) from: From,
    /// What `deployment().properties.templateLink` is inside.
    pub(super) link: Option<(&'static str, Value)>,
    pub(super) lineage: Rc<Lineage>,
}

/// Where a template came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// Written inside the deployment.
    Nested,
    /// The value of an expression.
    Value,
    /// Another file.
    Link,
}

impl<'t> Evaluator<'t> {
    /// Finds the template of a deployment resource.
    pub(super) fn deployed(
        &self,
        frame: &Frame<'t>,
        json: &'t Json,
        around: &Around<'_, 't>,
        address: &Arc<str>,
        existence: &Existence,
    ) -> Deployed<'t> {
        let properties = json.get_ignore_case("properties");
        let property = |name| properties.and_then(|json: &'t Json| json.get_ignore_case(name));
        let lineage = Lineage::within(&around.stage.lineage, json, None);
        let deployed = |template, from| Deployed {
            template,
            from,
            link: None,
            lineage: Rc::clone(&lineage),
        };
        match property("template") {
            Some(nested) if !nested.members().is_empty() => deployed(Ok(nested), From::Nested),
            Some(written) if written.as_str().is_some() => {
                let value = self.value(frame, written);
                let template = self.template_of(&value).ok_or_else(|| {
                    if value.is_wholly_known() && value.as_object().is_none() {
                        let message = "this is no template: a nested template is an object";
                        self.told_malformed(written.span, message);
                    }
                    self.unknown_of(&value)
                });
                deployed(template, From::Value)
            }
            _ => match property("templateLink") {
                Some(link) => self.followed(frame, link, json, around, existence),
                None => {
                    self.check_nested(json);
                    let label = format!("the template of {address}");
                    let unknown = Unknown::new("template", label, Reason::LinkedTemplate)
                        .declared_at(header(json));
                    deployed(Err(Arc::new(unknown)), From::Link)
                }
            },
        }
    }

    /// The template that a link leads to.
    fn followed(
        &self,
        frame: &Frame<'t>,
        link: &'t Json,
        json: &'t Json,
        around: &Around<'_, 't>,
        existence: &Existence,
    ) -> Deployed<'t> {
        let lineage = &around.stage.lineage;
        let part = |name: &'static str| {
            let value = self.value(frame, link.get_ignore_case(name)?);
            (!value.is_null()).then_some((name, value))
        };
        let written = part("relativePath")
            .or_else(|| part("id"))
            .or_else(|| part("uri"));
        if let Some(template) = written.as_ref().and_then(|(name, id)| self.spec(name, id)) {
            return Deployed {
                template: Ok(template),
                from: From::Value,
                link: written,
                lineage: Lineage::within(lineage, json, None),
            };
        }
        let failed = |template| Deployed {
            template,
            from: From::Link,
            link: written.clone(),
            lineage: Rc::clone(lineage),
        };
        let Some((file, template)) = written
            .as_ref()
            .and_then(|(name, value)| self.linked_file(name, value, lineage, link.span.file))
            .filter(|(_, template)| template.get_ignore_case("resources").is_some())
        else {
            return failed(Err(self.elsewhere(link, written.as_ref())));
        };
        let mut conditional = is_conditional(json);
        for step in lineage.steps() {
            if step.file == Some(file) {
                if let Some(because) = &existence.because {
                    return failed(Err(Arc::clone(because)));
                }
                if !conditional {
                    let cycle = self.cycle(link.span, "template linked here");
                    return failed(Err(self.unknown_of(&cycle)));
                }
            }
            conditional |= step.conditional;
        }
        self.files.borrow_mut().insert(file);
        Deployed {
            template: Ok(template),
            from: From::Link,
            link: written.filter(|(name, _)| *name != "relativePath"),
            lineage: Lineage::within(lineage, json, Some(file)),
        }
    }

    /// The template of a version of a template spec that this deployment makes itself, above the
    /// link; wherever else it is made, it is not followed.
    fn spec(&self, property: &str, id: &Value) -> Option<&'t Json> {
        let key = ResourceKey::of_id(id).filter(|_| property == "id")?;
        let version = self.entry_of(&key)?;
        let certain = version.existence.because.is_none() && version.mode == Mode::Managed;
        if !certain || !version.kind.eq_ignore_ascii_case(SPEC_VERSIONS) {
            return None;
        }
        let body = self.body(&version);
        let properties = body.get_ignore_case("properties")?;
        self.template_of(properties.get_ignore_case("mainTemplate")?)
    }

    /// The entries of the parameter file that a link means, if it is here.
    pub(super) fn linked_values(&self, frame: &Frame<'t>, link: &'t Json) -> Option<&'t Json> {
        ["relativePath", "uri"].into_iter().find_map(|property| {
            let value = self.value(frame, link.get_ignore_case(property)?);
            let lineage = &frame.stage.lineage;
            let (file, json) = self.linked_file(property, &value, lineage, link.span.file)?;
            self.files.borrow_mut().insert(file);
            json.get_ignore_case("parameters")
        })
    }

    /// The file and content that one of the properties of a link means.
    pub(super) fn linked_file(
        &self,
        property: &str,
        value: &Value,
        lineage: &Lineage,
        from: FileId,
    ) -> Option<(FileId, &'t Json)> {
        let path = self.loader.path(from);
        let id = match property {
            "relativePath" => {
                let path = joined(directory_of(&path), value.as_str()?)?;
                self.loader.text(&path)?.0
            }
            "uri" => {
                let top = self.loader.path(lineage.outermost()?);
                let place = linked_file::Place {
                    file: from,
                    directory: directory_of(&path),
                    top: directory_of(&top),
                };
                linked_file::file_of(self.loader, &self.text_pieces(value), place)?
            }
            _ => return None,
        };
        Some((id, self.content(id)?))
    }

    fn content(&self, id: FileId) -> Option<&'t Json> {
        match self.loader.tree(id) {
            Some(Tree::Json(tree)) => return tree.as_ref(),
            Some(_) => return None,
            None => {}
        }
        if let Some(slot) = self.linked.by_file.borrow().get(&id) {
            return self.linked.at(*slot);
        }
        let (_, file) = self.loader.text(&self.loader.path(id))?;
        let tree = crate::syntax::json::parse(id, &file).tree?;
        let (slot, json) = self.linked.keep(tree)?;
        self.linked.by_file.borrow_mut().insert(id, slot);
        Some(json)
    }

    /// Stands for a template that is not here, and tells how to bring it.
    fn elsewhere(&self, link: &'t Json, written: Option<&(&'static str, Value)>) -> Arc<Unknown> {
        let place = format!("{}:{}", link.span.file.0, link.span.start);
        let (label, reason, help) = match written {
            Some(("id", id)) => (
                named("the template spec", id),
                Reason::LinkedTemplate,
                "export it beside this template (Export-AzTemplateSpec -OutputFolder …) and link it by relativePath",
            ),
            Some(("relativePath", path)) => (
                named("the linked template", path),
                path.as_str().map_or(Reason::LinkedTemplate, |path| {
                    Reason::File(Arc::clone(path))
                }),
                "the path counts from the directory of this template",
            ),
            Some((_, uri)) => (
                named("the linked template", uri),
                Reason::LinkedTemplate,
                "keep it below the directory of this template, in the folders that its address ends with, or link it by relativePath",
            ),
            None => (
                "the linked template".to_owned(),
                Reason::LinkedTemplate,
                "link it by relativePath",
            ),
        };
        let message = format!("{label} is not among these files: what it deploys is not judged");
        self.note(
            Diagnostic {
                severity: Severity::Note,
                ..Diagnostic::advice("template-elsewhere", link.span, message)
            }
            .with_help(help),
        );
        Arc::new(Unknown::new(&place, label, reason).declared_at(link.span))
    }

    /// The template that a value is, if it is one and wholly known.
    fn template_of(&self, value: &Value) -> Option<&'t Json> {
        let object = value.as_object()?;
        let place = Arc::as_ptr(object) as usize;
        if let Some((_, slot)) = self.linked.by_value.borrow().get(&place) {
            return self.linked.at(*slot);
        }
        let span = self.origins.typed_at(value.origin)?;
        let json = self.json_of(value, span, 0)?;
        let (slot, json) = self.linked.keep(json)?;
        let mut by_value = self.linked.by_value.borrow_mut();
        by_value.insert(place, (Arc::clone(object), slot));
        Some(json)
    }

    /// A value as JSON, each part where it was typed. What begins with a bracket is an expression
    /// when the template is deployed; it was escaped to get so far, and is again.
    fn json_of(&self, value: &Value, around: Span, depth: usize) -> Option<Json> {
        if depth > MAX_DEPTH {
            return None;
        }
        let span = self.origins.typed_at(value.origin).unwrap_or(around);
        let kind = match &value.data {
            Data::Null => JsonKind::Null,
            Data::Bool(value) => JsonKind::Bool(*value),
            Data::Number(number) => JsonKind::Number(number.clone()),
            Data::String(text) if text.starts_with('[') => {
                JsonKind::String(format!("[{text}").into())
            }
            Data::String(text) => JsonKind::String(Arc::clone(text)),
            Data::List(list) if list.rest.is_none() => {
                let items = list.items.iter();
                JsonKind::Array(
                    items
                        .map(|item| self.json_of(item, span, depth + 1))
                        .collect::<Option<_>>()?,
                )
            }
            Data::Object(object) if object.rest.is_none() => {
                let members = object.entries.iter().map(|(name, value)| {
                    let value = self.json_of(value, span, depth + 1)?;
                    Some(Member {
                        name: Arc::clone(name),
                        name_span: value.span,
                        value,
                    })
                });
                JsonKind::Object(members.collect::<Option<_>>()?)
            }
            _ => return None,
        };
        Some(Json { span, kind })
    }
}

/// Names what is linked, if its address is text.
fn named(what: &str, address: &Value) -> String {
    match &address.data {
        Data::String(text) if !text.is_empty() => format!("{what} '{text}'"),
        Data::Template(pieces) => format!("{what} '{}'", super::scope::readable(pieces)),
        _ => what.to_owned(),
    }
}
