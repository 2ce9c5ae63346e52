//! Templates that the Bicep compiler wrote, and the way back to their source.
//!
//! A compiled template says so of itself, and so does every module compiled into it. Where the
//! source lies beside the template, a place in the template leads to the declaration it was
//! compiled from ([`Sources::declared`]): the modules around it and the resource, parameter or
//! variable, each with its file and place. A symbol that the source does not declare, or declares
//! as something else, has no place there: the two are then not of one edition.
//!
//! What is absent: the Bicep language. Sources are read by a light scan, and only when somebody
//! asks for a place.

mod matching;
mod scan;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use super::deployment::DEPLOYMENTS;
use crate::diagnostic::Label;
use crate::eval::frontend::Tree;
use crate::eval::{Generator, Loader};
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::json::{Json, JsonKind, Member};
use matching::Declarations;
use scan::{Declaration, Kind};

/// The name by which the compiler calls itself.
const COMPILER: &str = "bicep";

/// How many modules around a place are followed, and how many files one template may come from.
const MAX_MODULES: usize = 64;

/// The program that a template says it was written by: `metadata._generator`.
pub(super) fn generator(template: &Json) -> Option<Generator> {
    let generator = template
        .get_ignore_case("metadata")?
        .get_ignore_case("_generator")?;
    let text = |name| generator.get_ignore_case(name).and_then(Json::as_str);
    Some(Generator {
        name: text("name")?.into(),
        version: text("version").map(Into::into),
    })
}

fn is_compiled(template: &Json) -> bool {
    generator(template).is_some_and(|generator| generator.name.eq_ignore_ascii_case(COMPILER))
}

/// What a place of a compiled template is called in its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The way there: `module hub (modules/hub.bicep) › resource nsg`.
    pub words: String,
    /// The declarations that were found in the source, the innermost first.
    pub places: Vec<Label>,
}

/// The sources of the templates of a run, each scanned once.
pub struct Sources<'a> {
    loader: &'a dyn Loader,
    scanned: RefCell<HashMap<FileId, Rc<Declarations>>>,
    /// The declarations of the resources of an array, by its place.
    matched: RefCell<HashMap<Span, Rc<Vec<Option<usize>>>>>,
}

/// One source.
#[derive(Clone)]
struct Source {
    id: FileId,
    path: Arc<str>,
    declarations: Rc<Declarations>,
}

/// One step of the way to a place.
struct Step {
    word: &'static str,
    symbol: String,
    /// Where a module comes from, or the file of what has none around it.
    from: Option<String>,
    /// The path or address of a module, as written.
    reference: Option<String>,
    place: Option<Span>,
}

impl<'a> Sources<'a> {
    /// Asks the loader for texts; reads nothing yet.
    #[must_use]
    pub fn new(loader: &'a dyn Loader) -> Self {
        Self {
            loader,
            scanned: RefCell::default(),
            matched: RefCell::default(),
        }
    }

    /// What stands at a place, as its source calls it; `None` where the file was not compiled from
    /// Bicep, or where that cannot be told for certain.
    #[must_use]
    pub fn declared(&self, place: Span) -> Option<Declared> {
        let Some(Tree::Json(Some(root))) = self.loader.tree(place.file) else {
            return None;
        };
        if !is_compiled(root) {
            return None;
        }
        let mut steps = Vec::new();
        let mut source = self.beside(&self.loader.path(place.file));
        let mut template = root;
        while steps.len() < MAX_MODULES {
            let outermost = steps.is_empty();
            let Some((mut step, nested)) = self.step(template, source.as_ref(), place, outermost)
            else {
                break;
            };
            let inner = source
                .as_ref()
                .and_then(|source| self.module(source, step.reference.as_deref()?));
            if let Some(inner) = &inner {
                step.from = Some(inner.path.to_string());
            }
            source = inner;
            steps.push(step);
            match nested {
                Some(nested) => template = nested,
                None => break,
            }
        }
        let words: Vec<String> = steps.iter().map(Step::words).collect();
        let places = steps.iter().rev().filter_map(Step::label).collect();
        (!words.is_empty()).then(|| Declared {
            words: words.join(" › "),
            places,
        })
    }

    /// The parts of a compiled template that have a declaration of their own or may hold such
    /// parts, each with what it is called in its source.
    #[must_use]
    pub fn parts(&self, template: FileId) -> Vec<(Span, Declared)> {
        let mut spans = Vec::new();
        if let Some(Tree::Json(Some(root))) = self.loader.tree(template)
            && is_compiled(root)
        {
            parts_into(root, 0, &mut spans);
        }
        let declared = |span: Span| Some((span, self.declared(span)?));
        spans.into_iter().filter_map(declared).collect()
    }

    /// Whether a file says that it was compiled from Bicep.
    #[must_use]
    pub fn is_compiled(&self, file: FileId) -> bool {
        match self.loader.tree(file) {
            Some(Tree::Json(Some(root))) => is_compiled(root),
            _ => false,
        }
    }

    /// The Bicep files that a template was compiled from, as far as they lie below the root,
    /// sorted.
    #[must_use]
    pub fn files(&self, template: FileId) -> Vec<FileId> {
        let mut found = BTreeSet::new();
        let mut pending = Vec::new();
        if self.is_compiled(template) {
            pending.extend(self.beside(&self.loader.path(template)));
        }
        while let Some(source) = pending.pop() {
            if found.len() >= MAX_MODULES || !found.insert(source.id) {
                continue;
            }
            for declared in source.declarations.all.iter() {
                if let Kind::Module(path) = &declared.kind {
                    pending.extend(self.module(&source, path));
                }
            }
        }
        found.into_iter().collect()
    }

    /// The source of a compiled file: `hub.bicep` of `hub.json`, and `main.bicep` of
    /// `azuredeploy.json`, which is what the quickstart templates call the two
    /// (Azure/azure-quickstart-templates, pull request 11559).
    fn beside(&self, path: &str) -> Option<Source> {
        let stem = path.strip_suffix(".json")?;
        self.source(&format!("{stem}.bicep")).or_else(|| {
            let directory = stem.strip_suffix("azuredeploy")?;
            let own = directory.is_empty() || directory.ends_with('/');
            own.then(|| self.source(&format!("{directory}main.bicep")))?
        })
    }

    /// The file of a module, if its path leads to one and not to a registry or a template.
    fn module(&self, from: &Source, reference: &str) -> Option<Source> {
        if reference.contains(':') || !reference.ends_with(".bicep") {
            return None;
        }
        let directory = from.path.rsplit_once('/').map_or("", |(it, _)| it);
        self.source(&super::linked_file::joined(directory, reference)?)
    }

    fn source(&self, path: &str) -> Option<Source> {
        let (id, file) = self.loader.text(path)?;
        Some(Source {
            id,
            path: Arc::clone(file.path()),
            declarations: self.scanned(id, &file),
        })
    }

    fn scanned(&self, id: FileId, file: &SourceFile) -> Rc<Declarations> {
        let mut scanned = self.scanned.borrow_mut();
        let found = scanned
            .entry(id)
            .or_insert_with(|| Rc::new(Declarations::of(file.text())));
        Rc::clone(found)
    }

    /// The outermost declaration in a template that holds a place, and the template of a module if the
    /// place is within that.
    fn step<'j>(
        &self,
        template: &'j Json,
        source: Option<&Source>,
        place: Span,
        outermost: bool,
    ) -> Option<(Step, Option<&'j Json>)> {
        let section = |name| {
            template
                .get_ignore_case(name)
                .filter(|json| json.span.contains(place))
        };
        for (name, word, kind) in [
            ("parameters", "param", Kind::Parameter),
            ("variables", "var", Kind::Variable),
        ] {
            if let Some(member) = section(name).and_then(|json| holding(json.members(), place)) {
                // What the compiler made up has no declaration.
                let source = source?;
                let declared = source
                    .declarations
                    .called(&member.name, |declared| declared.kind == kind)?;
                return Some((located(word, declared, source, outermost), None));
            }
        }
        let resources = section("resources")?;
        let (resource, symbol, declared) = match &resources.kind {
            JsonKind::Object(members) => {
                let member = holding(members, place)?;
                let declared = source
                    .and_then(|source| source.declarations.by_symbol(&member.name, &member.value));
                (&member.value, Some(member.name.to_string()), declared)
            }
            JsonKind::Array(items) => {
                let position = items.iter().position(|item| item.span.contains(place))?;
                let declared = source.and_then(|source| {
                    let matched = self.matched(source, resources);
                    source.declarations.all.get((*matched.get(position)?)?)
                });
                (items.get(position)?, None, declared)
            }
            _ => return None,
        };
        let nested = resource
            .get_ignore_case("properties")
            .and_then(|properties| properties.get_ignore_case("template"));
        let is_deployment = resource
            .get_ignore_case("type")
            .and_then(Json::as_str)
            .is_some_and(|kind| kind.eq_ignore_ascii_case(DEPLOYMENTS));
        // A template that somebody wrote out in Bicep does not say that it was compiled.
        let module = nested.filter(|nested| is_deployment && is_compiled(nested));
        let Some(declared) = declared else {
            let word = if module.is_some() {
                "module"
            } else {
                "resource"
            };
            let step = Step {
                word,
                symbol: symbol?,
                from: None,
                reference: None,
                place: None,
            };
            return Some((step, module.filter(|nested| nested.span.contains(place))));
        };
        let source = source?;
        let Kind::Module(reference) = &declared.kind else {
            return Some((located("resource", declared, source, outermost), None));
        };
        let step = Step {
            from: Some(reference.clone()),
            reference: Some(reference.clone()),
            ..located("module", declared, source, false)
        };
        Some((step, module.filter(|nested| nested.span.contains(place))))
    }

    /// The declarations of the resources of an array, by their positions.
    fn matched(&self, source: &Source, resources: &Json) -> Rc<Vec<Option<usize>>> {
        let mut matched = self.matched.borrow_mut();
        let found = matched
            .entry(resources.span)
            .or_insert_with(|| Rc::new(source.declarations.by_elimination(resources.items())));
        Rc::clone(found)
    }
}

/// The places of the parameters, variables and resources of a template and of the modules in it.
fn parts_into(template: &Json, depth: usize, spans: &mut Vec<Span>) {
    let sections = ["parameters", "variables", "resources"];
    for section in sections
        .iter()
        .filter_map(|it| template.get_ignore_case(it))
    {
        let own: Vec<(Span, &Json)> = match &section.kind {
            JsonKind::Object(members) => members
                .iter()
                .map(|member| (member.name_span.to(member.value.span), &member.value))
                .collect(),
            JsonKind::Array(items) => items.iter().map(|item| (item.span, item)).collect(),
            _ => Vec::new(),
        };
        for (span, part) in own {
            spans.push(span);
            let nested = part
                .get_ignore_case("properties")
                .and_then(|properties| properties.get_ignore_case("template"));
            if let Some(nested) = nested.filter(|_| depth < MAX_MODULES) {
                parts_into(nested, depth + 1, spans);
            }
        }
    }
}

fn holding(members: &[Member], place: Span) -> Option<&Member> {
    members
        .iter()
        .find(|member| member.name_span.to(member.value.span).contains(place))
}

fn located(word: &'static str, declared: &Declaration, source: &Source, with_file: bool) -> Step {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let place = Span::new(
        source.id,
        offset(declared.name.start),
        offset(declared.name.end),
    );
    Step {
        word,
        symbol: declared.symbol.clone(),
        from: with_file.then(|| source.path.to_string()),
        reference: None,
        place: Some(place),
    }
}

impl Step {
    fn words(&self) -> String {
        match &self.from {
            Some(from) => format!("{} {} ({from})", self.word, self.symbol),
            None => format!("{} {}", self.word, self.symbol),
        }
    }

    fn label(&self) -> Option<Label> {
        Some(Label {
            span: self.place?,
            text: format!("{} `{}` in Bicep", self.word, self.symbol),
        })
    }
}
