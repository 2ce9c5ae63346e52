//! The evaluation of one deployment: walks the modules and gathers resources.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::cycles::{CYCLE, Visit};
use super::declarations::{Declarations, closest};
use super::defaults::{Consulted, Defaults};
use super::directories::is_installed;
use super::given::Given;
use super::installed::Installed;
use super::module::{Memo, Module, join};
use super::overrides::Kept;
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::eval::arm::embedded::Deployed;
use crate::eval::estate::{Handover, Supply};
use crate::eval::frontend::{Target, Tree, Unit};
use crate::eval::hcl_expr::{Failure, Lookup, Outcome, Scope, Session, Step};
use crate::eval::value::{Reason, Unknown, Value};
use crate::eval::{AbsentModule, Deployment, Dialect, Existence, Loader, Resource, ResourceKey};
use crate::origin::{OriginBuilder, OriginGraph, OriginId, OriginRange};
use crate::source::{FileId, Span};

/// How many steps one deployment may take; a step is one node of an expression.
const MAX_STEPS: u64 = 6_000_000;

/// How many diagnostics one deployment tells.
const MAX_DIAGNOSTICS: usize = 200;

/// Evaluates a root module.
pub(super) fn evaluate(unit: &Unit, loader: &dyn Loader, supply: &Supply) -> Deployment {
    let origins = OriginBuilder::from(OriginGraph::clone(&supply.origins));
    let kept = Kept::default();
    let (resources, outputs, provider, diagnostics, files, absent, handover) = {
        let evaluation = Evaluation::new(unit, loader, (&origins, &kept), supply);
        let root = evaluation.root(unit);
        let mut resources = Vec::new();
        evaluation.walk(&root, &mut resources);
        super::emit::tell_addresses_apart(&mut resources);
        super::azapi::apply_updates(&mut resources);
        let outputs = evaluation.outputs(&root);
        evaluation.check_names();
        evaluation.tell_not_installed();
        evaluation.judge_unread();
        let provider = evaluation.provider_of_all();
        let files = evaluation.files(unit);
        let handover = Handover {
            state: evaluation.own_state(&root),
            reads: evaluation.states_read(&resources),
            parts: super::data::inline_parts(&resources),
            takes: (root.declarations.variables.keys())
                .map(|name| Arc::from(&**name))
                .collect(),
        };
        let diagnostics = evaluation.diagnostics.into_inner();
        let absent = evaluation.absent.into_inner();
        (
            resources,
            outputs,
            provider,
            diagnostics,
            files,
            absent,
            handover,
        )
    };
    Deployment {
        name: Arc::clone(&unit.name),
        environment: unit.environment.clone(),
        directory: Arc::clone(&unit.directory),
        files,
        resources,
        outputs,
        origins: Arc::new(origins.finish()),
        own_origins: OriginRange::ALL,
        diagnostics,
        complete: false,
        provider,
        generator: None,
        absent,
        handover,
    }
}

/// Everything one evaluation shares.
pub(super) struct Evaluation<'a> {
    pub(super) loader: &'a dyn Loader,
    pub(super) session: Session<'a>,
    diagnostics: RefCell<Vec<Diagnostic>>,
    pub(super) declarations: RefCell<BTreeMap<Arc<str>, Rc<Declarations<'a>>>>,
    pub(super) modules: RefCell<Vec<Rc<Module<'a>>>>,
    /// What is said from outside, the last word each.
    pub(super) given: BTreeMap<Arc<str>, Given<'a>>,
    pub(super) root_directory: Arc<str>,
    /// The modules that are installed, once a call asks for one.
    pub(super) installed: OnceCell<Installed>,
    /// Calls of modules that are not.
    pub(super) not_installed: RefCell<Vec<Span>>,
    /// Calls of modules that are not here, for whatever reason.
    pub(super) absent: RefCell<Vec<AbsentModule>>,
    kept: &'a Kept,
    /// What templates deploy, by the address of the resource that deploys one.
    pub(super) deployed: RefCell<BTreeMap<Arc<str>, Option<Rc<Deployed>>>>,
    /// Where the configuration says that it goes.
    pub(super) target: Target,
    /// How many instances there are so far.
    pub(super) instances: Cell<usize>,
    pub(super) consulted: Consulted,
    /// The version of the provider that is locked, once something asks for it.
    pub(super) locked: OnceCell<Option<Arc<str>>>,
    /// What is being worked out, outermost first.
    pub(super) visits: RefCell<Vec<Visit>>,
    /// Whether what is evaluated now is asked for by nothing but the wish to know what is wrong.
    pub(super) unread: Cell<bool>,
    /// Files read by functions.
    pub(super) read: RefCell<std::collections::BTreeSet<FileId>>,
    /// What lies in the states that are read here, by the address of the data source.
    pub(super) states: &'a BTreeMap<Arc<str>, Value>,
    /// What data sources find in other deployments of the estate, by address.
    pub(super) lookups: &'a BTreeMap<Arc<str>, Value>,
}

impl<'a> Evaluation<'a> {
    fn new(
        unit: &Unit,
        loader: &'a dyn Loader,
        (origins, kept): (&'a OriginBuilder, &'a Kept),
        supply: &'a Supply,
    ) -> Self {
        let mut given = BTreeMap::new();
        for id in &unit.values {
            if let Some(Tree::Hcl(body)) = loader.tree(*id) {
                for attribute in &body.attributes {
                    given.insert(Arc::clone(&attribute.name), Given::File(attribute));
                }
            }
        }
        for (name, value) in &supply.inputs {
            given.insert(Arc::clone(name), Given::Value(value));
        }
        for (name, text) in &unit.given {
            given.insert(Arc::clone(name), Given::Text(Arc::clone(text)));
        }
        Self {
            loader,
            session: Session::new(Some(origins), MAX_STEPS),
            diagnostics: RefCell::default(),
            declarations: RefCell::default(),
            modules: RefCell::default(),
            given,
            root_directory: Arc::clone(&unit.directory),
            installed: OnceCell::new(),
            not_installed: RefCell::default(),
            absent: RefCell::default(),
            kept,
            deployed: RefCell::default(),
            target: unit.target.clone(),
            instances: Cell::new(0),
            consulted: Consulted::default(),
            locked: OnceCell::new(),
            visits: RefCell::default(),
            unread: Cell::new(false),
            read: RefCell::default(),
            states: &supply.states,
            lookups: &supply.lookups,
        }
    }

    fn root(&self, unit: &Unit) -> Rc<Module<'a>> {
        let declarations = self.declare(&unit.directory, &unit.sources);
        self.add_module(Module {
            index: 0,
            prefix: "".into(),
            key: "".into(),
            chain: vec![Arc::clone(&declarations.directory)],
            declarations,
            called_by: None,
            origin: OriginId::NONE,
            existence: Existence::CERTAIN,
            template: false,
            defaults: Defaults::default(),
            variables: Memo::default(),
            locals: Memo::default(),
            outputs: Memo::default(),
            resources: RefCell::default(),
            children: Memo::default(),
        })
    }

    pub(super) fn declare(&self, directory: &str, files: &[FileId]) -> Rc<Declarations<'a>> {
        if let Some(known) = self.declarations.borrow().get(directory) {
            return Rc::clone(known);
        }
        let read = Rc::new(Declarations::read(directory, files, self.loader, self.kept));
        for problem in &read.problems {
            self.say(problem.clone());
        }
        self.declarations
            .borrow_mut()
            .insert(directory.into(), Rc::clone(&read));
        read
    }

    pub(super) fn add_module(&self, mut module: Module<'a>) -> Rc<Module<'a>> {
        let mut modules = self.modules.borrow_mut();
        module.index = modules.len();
        let module = Rc::new(module);
        modules.push(Rc::clone(&module));
        module
    }

    pub(super) fn module(&self, index: usize) -> Option<Rc<Module<'a>>> {
        self.modules.borrow().get(index).cloned()
    }

    /// The resources of a module and of the modules it calls.
    fn walk(&self, module: &Rc<Module<'a>>, into: &mut Vec<Resource>) {
        for index in 0..module.declarations.resources.len() {
            self.session.sharing(|| self.one_block(module, index, into));
        }
        for (name, _) in &module.declarations.calls {
            let Ok(children) = self.children(module, name, None) else {
                continue;
            };
            for (_, child) in &children.instances {
                if let Some(child) = child.module.and_then(|index| self.module(index)) {
                    self.walk(&child, into);
                }
            }
        }
    }

    /// The resources of one block of a module.
    fn one_block(&self, module: &Rc<Module<'a>>, index: usize, into: &mut Vec<Resource>) {
        let Some(expansion) = self.resources(module, index) else {
            return;
        };
        for (instance, resource) in &expansion.instances {
            let body = self.resource_body(module, instance, resource);
            let name = body.get("name").cloned().unwrap_or_else(|| {
                Value::string(Arc::clone(resource.declared.name), resource.origin)
            });
            let written = Resource {
                address: Arc::clone(&resource.address),
                key: ResourceKey(Arc::clone(&resource.address)),
                id: None,
                kind: Arc::clone(resource.declared.kind),
                name,
                mode: resource.declared.mode,
                dialect: Dialect::Azurerm,
                body,
                parent: None,
                origin: resource.origin,
                existence: instance.existence.clone(),
                template: instance.template,
                symbol: None,
                subscription: self.subscription_text(module, resource),
            };
            self.emit(module, instance, resource, written, into);
        }
    }

    /// The value of an outcome; a failure is told and becomes an unknown.
    pub(super) fn settle(&self, scope: &str, outcome: Outcome, origin: OriginId) -> Value {
        match outcome {
            Ok(value) => value,
            Err(failure) => Value::new(
                crate::eval::value::Data::Unknown(self.report(scope, &failure)),
                origin,
            ),
        }
    }

    /// Tells of a failure and gives the unknown in its place.
    pub(super) fn report(&self, scope: &str, failure: &Failure) -> Arc<Unknown> {
        let caught = failure.can_be_caught();
        if caught && let Some(unknown) = self.better_value(failure.span, failure.about) {
            return Arc::new(unknown);
        }
        let make = if caught {
            Diagnostic::advice
        } else {
            Diagnostic::unreadable
        };
        let limit = !caught && failure.code != CYCLE;
        // What is unknown to nobody's harm is not told.
        let to_nobody = limit && self.unread.get();
        if !to_nobody && !self.told_cycle(failure, &self.diagnostics.borrow()) {
            self.say(make(failure.code, failure.span, failure.message.clone()));
        }
        let reason = match &failure.file {
            Some(path) => Reason::File(Arc::clone(path)),
            None if limit => Reason::Limit,
            None => Reason::Invalid,
        };
        let label = match &failure.file {
            Some(path) => format!("the file {path}"),
            None => self.place(failure.span),
        };
        let scope = &format!("{scope} {}", failure.span.start);
        Arc::new(Unknown::new(scope, label, reason).declared_at(failure.span))
    }

    /// An expression as a person finds it.
    fn place(&self, at: Span) -> String {
        let path = self.loader.path(at.file);
        match self.loader.text(&path) {
            Some((_, file)) => {
                let line = file.line_index(at.start) + 1;
                format!("the expression in {path}, line {line}")
            }
            None => format!("the expression in {path} at byte {}", at.start),
        }
    }

    /// Adds a diagnostic, each once. What is odd in a module that was installed is for those who
    /// wrote it.
    pub(super) fn say(&self, diagnostic: Diagnostic) {
        if diagnostic.kind == DiagnosticKind::Advice
            && let Some(place) = &diagnostic.primary
            && is_installed(&self.loader.path(place.span.file))
        {
            return;
        }
        let mut all = self.diagnostics.borrow_mut();
        if all.len() < MAX_DIAGNOSTICS && !all.contains(&diagnostic) {
            all.push(diagnostic);
        }
    }

    /// What a name means that nothing declares.
    pub(super) fn undeclared(&self, _module: &Module<'a>, what: &str, at: Span) -> Outcome {
        let message = format!("this module declares no {what}");
        Err(Failure::invalid(at, message))
    }

    /// The same, with the one of `names` that was probably meant.
    pub(super) fn undeclared_among<'n>(
        &self,
        what: &str,
        name: &str,
        names: impl IntoIterator<Item = &'n str>,
        at: Span,
    ) -> Outcome {
        let mut message = format!("this module declares no {what} `{name}`");
        if let Some(meant) = closest(name, names) {
            message.push_str(&format!("; did you mean `{meant}`?"));
        }
        Err(Failure::invalid(at, message))
    }

    fn files(&self, unit: &Unit) -> Vec<FileId> {
        let mut files: Vec<FileId> = unit.values.clone();
        for declarations in self.declarations.borrow().values() {
            files.extend(&declarations.files);
        }
        files.extend(self.read.borrow().iter());
        files.sort_unstable();
        files.dedup();
        files
    }

    /// A path given to a file function, relative to the root of the run. `None` where it cannot lie
    /// below it: `~` is somebody's home.
    pub(super) fn path(&self, path: &str) -> Option<String> {
        if path.starts_with(['/', '~']) {
            return None;
        }
        join(&self.root_directory, path)
    }
}

/// A module as a scope of names.
pub(super) struct Names<'e, 'a> {
    pub(super) evaluation: &'e Evaluation<'a>,
    pub(super) module: Rc<Module<'a>>,
}

/// A scope without names: defaults and variables files.
pub(super) struct Constants;

impl Scope for Constants {
    fn traverse(
        &self,
        root: &str,
        _path: &[Step],
        at: Span,
        _session: &Session<'_>,
    ) -> Result<Lookup, Box<Failure>> {
        Err(Failure::invalid(
            at,
            format!("`{root}` cannot be used here: only constant values can"),
        ))
    }
}
