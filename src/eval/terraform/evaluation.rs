//! The evaluation of one deployment: walks the modules and gathers resources.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::defaults::{Consulted, Defaults};
use super::given::Given;
use super::instances::Expansion;
use super::module::{CalledBy, Declarations, Memo, Module, ModuleInstance, Slot, join, local_path};
use crate::diagnostic::Diagnostic;
use crate::eval::frontend::{Tree, Unit};
use crate::eval::hcl_expr::{Failure, Lookup, Outcome, Scope, Session, Step};
use crate::eval::value::{Reason, Unknown, Value};
use crate::eval::{Deployment, Dialect, Existence, Loader, Resource, ResourceKey};
use crate::origin::{OriginBuilder, OriginId, OriginStep};
use crate::source::{FileId, Span};
use crate::syntax::hcl::{Block, ExprKind};

/// How many steps one deployment may take; a step is one node of an expression.
const MAX_STEPS: u64 = 6_000_000;

/// How deep modules may call modules.
const MAX_MODULES_DEEP: usize = 24;

/// How many diagnostics one deployment tells.
const MAX_DIAGNOSTICS: usize = 200;

/// Evaluates a root module.
pub(super) fn evaluate(unit: &Unit, loader: &dyn Loader) -> Deployment {
    let origins = OriginBuilder::default();
    let (resources, outputs, provider, diagnostics, files) = {
        let evaluation = Evaluation::new(unit, loader, &origins);
        let root = evaluation.root(unit);
        let mut resources = Vec::new();
        evaluation.walk(&root, &mut resources);
        let outputs = evaluation.outputs(&root);
        evaluation.check_names();
        let provider = evaluation.provider_of_all();
        let files = evaluation.files(unit);
        let diagnostics = evaluation.diagnostics.into_inner();
        (resources, outputs, provider, diagnostics, files)
    };
    Deployment {
        name: Arc::clone(&unit.name),
        environment: unit.environment.clone(),
        directory: Arc::clone(&unit.directory),
        files,
        resources,
        outputs,
        origins: origins.finish(),
        diagnostics,
        complete: false,
        provider,
        generator: None,
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
    /// How many instances there are so far.
    pub(super) instances: Cell<usize>,
    pub(super) consulted: Consulted,
    /// Files read by functions.
    pub(super) read: RefCell<std::collections::BTreeSet<FileId>>,
}

impl<'a> Evaluation<'a> {
    fn new(unit: &Unit, loader: &'a dyn Loader, origins: &'a OriginBuilder) -> Self {
        let mut given = BTreeMap::new();
        for id in &unit.values {
            if let Some(Tree::Hcl(body)) = loader.tree(*id) {
                for attribute in &body.attributes {
                    given.insert(Arc::clone(&attribute.name), Given::File(attribute));
                }
            }
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
            instances: Cell::new(0),
            consulted: Consulted::default(),
            read: RefCell::default(),
        }
    }

    fn root(&self, unit: &Unit) -> Rc<Module<'a>> {
        let declarations = self.declare(&unit.directory, &unit.sources);
        self.add_module(Module {
            index: 0,
            prefix: "".into(),
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

    fn declare(&self, directory: &str, files: &[FileId]) -> Rc<Declarations<'a>> {
        if let Some(known) = self.declarations.borrow().get(directory) {
            return Rc::clone(known);
        }
        let read = Rc::new(Declarations::read(directory, files, self.loader));
        if let Some(block) = read.repeated.first() {
            let name: Vec<&str> = block.labels.iter().map(|(text, _)| &**text).collect();
            let others = match read.repeated.len() - 1 {
                0 => String::new(),
                others => format!(", and {others} more like it"),
            };
            self.say(Diagnostic::advice(
                "defined-twice",
                block.header,
                format!(
                    "`{}` is declared in this directory already{others}; the first one counts",
                    name.join(".")
                ),
            ));
        }
        for block in &read.overrides {
            self.say(Diagnostic::advice(
                "override-file",
                block.header,
                "override files are not applied; this block is left out",
            ));
        }
        self.declarations
            .borrow_mut()
            .insert(directory.into(), Rc::clone(&read));
        read
    }

    fn add_module(&self, mut module: Module<'a>) -> Rc<Module<'a>> {
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
            let Some(expansion) = self.resources(module, index) else {
                continue;
            };
            for (instance, resource) in &expansion.instances {
                let body = self.resource_body(module, instance, resource);
                let name = body.get("name").cloned().unwrap_or_else(|| {
                    Value::string(Arc::clone(resource.declared.name), resource.origin)
                });
                into.push(Resource {
                    address: Arc::clone(&resource.address),
                    key: ResourceKey(Arc::clone(&resource.address)),
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
                });
            }
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

    /// The instances of a module call.
    pub(super) fn children(
        &self,
        module: &Rc<Module<'a>>,
        name: &str,
        at: Option<Span>,
    ) -> Result<Rc<Expansion<ModuleInstance>>, Box<Failure>> {
        let Some(block) = module.declarations.call(name) else {
            let span = at.unwrap_or(Span::new(FileId(0), 0, 0));
            return Err(Failure::invalid(
                span,
                format!("this module declares no module call `{name}`"),
            ));
        };
        let busy = module.children.borrow().get(name).cloned();
        match busy {
            Some(Slot::Done(known, defaults)) => {
                self.rest_on(defaults);
                return Ok(known);
            }
            Some(Slot::Busy) => {
                return Err(self.cycle(at.unwrap_or(block.header), &format!("module.{name}")));
            }
            None => {}
        }
        module.children.borrow_mut().insert(name.into(), Slot::Busy);
        let (expansion, defaults) = self.tracked(|| Rc::new(self.call(module, name, block)));
        module
            .children
            .borrow_mut()
            .insert(name.into(), Slot::Done(Rc::clone(&expansion), defaults));
        Ok(expansion)
    }

    fn call(
        &self,
        module: &Rc<Module<'a>>,
        name: &str,
        block: &'a Block,
    ) -> Expansion<ModuleInstance> {
        let ((over, instances), defaults) = self.tracked(|| self.instances(module, &block.body));
        let target = self.target(module, block);
        let instances = instances
            .into_iter()
            .map(|instance| {
                let instance = Rc::new(instance);
                let child = match &target {
                    Ok(declarations) => {
                        let origin = self.session.hop(
                            Some(block.span),
                            || OriginStep::ModuleCall(name.into()),
                            &[instance.origin],
                        );
                        let mut chain = module.chain.clone();
                        chain.push(Arc::clone(&declarations.directory));
                        let suffix = &instance.suffix;
                        let child = self.add_module(Module {
                            index: 0,
                            prefix: format!("{}module.{name}{suffix}.", module.prefix).into(),
                            declarations: Rc::clone(declarations),
                            called_by: Some(CalledBy {
                                caller: module.index,
                                block,
                                instance: Rc::clone(&instance),
                            }),
                            chain,
                            origin,
                            existence: instance.existence.clone(),
                            template: instance.template,
                            defaults,
                            variables: Memo::default(),
                            locals: Memo::default(),
                            outputs: Memo::default(),
                            resources: RefCell::default(),
                            children: Memo::default(),
                        });
                        ModuleInstance {
                            module: Some(child.index),
                            missing: None,
                        }
                    }
                    Err(reason) => ModuleInstance {
                        module: None,
                        missing: Some(reason.clone()),
                    },
                };
                (instance, child)
            })
            .collect();
        Expansion { over, instances }
    }

    /// The declarations of the module a block calls, or why they are not here.
    fn target(
        &self,
        module: &Module<'a>,
        block: &'a Block,
    ) -> Result<Rc<Declarations<'a>>, Reason> {
        let Some(source) = block.body.attribute("source") else {
            self.say(Diagnostic::advice(
                "module-source",
                block.header,
                "the module call has no `source`",
            ));
            return Err(Reason::Invalid);
        };
        let ExprKind::String(text) = &source.value.kind else {
            return Err(Reason::Module("an expression".into()));
        };
        let outside = || Reason::Module(Arc::clone(text));
        let directory = local_path(&module.declarations.directory, text).ok_or_else(outside)?;
        if module.chain.iter().any(|known| **known == *directory) {
            self.say(Diagnostic::unreadable(
                "module-cycle",
                source.span(),
                "the module calls itself, directly or through others",
            ));
            return Err(Reason::Invalid);
        }
        if module.chain.len() >= MAX_MODULES_DEEP {
            self.say(Diagnostic::unreadable(
                "module-limit",
                source.span(),
                format!("modules call modules more than {MAX_MODULES_DEEP} deep"),
            ));
            return Err(Reason::Limit);
        }
        let files: Vec<FileId> = self
            .loader
            .directory(&directory)
            .into_iter()
            .filter(|id| self.loader.path(*id).ends_with(".tf"))
            .collect();
        if files.is_empty() {
            self.say(Diagnostic::advice(
                "module-not-found",
                source.span(),
                format!("no Terraform file was found in {directory}/"),
            ));
            return Err(outside());
        }
        Ok(self.declare(&directory, &files))
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
        self.say(make(failure.code, failure.span, failure.message.clone()));
        let reason = if caught || failure.code == CYCLE {
            Reason::Invalid
        } else {
            Reason::Limit
        };
        let label = self.place(failure.span);
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

    /// Adds a diagnostic, each once.
    pub(super) fn say(&self, diagnostic: Diagnostic) {
        let mut all = self.diagnostics.borrow_mut();
        if all.len() < MAX_DIAGNOSTICS && !all.contains(&diagnostic) {
            all.push(diagnostic);
        }
    }

    /// What a name means that no file read declares: a failure, unless there is a file that was not
    /// read.
    pub(super) fn undeclared(&self, module: &Module<'a>, what: &str, at: Span) -> Outcome {
        match &module.declarations.unread {
            None => Err(Failure::invalid(
                at,
                format!("this module declares no {what}"),
            )),
            Some(path) => {
                let label = format!("{}{what}", module.prefix);
                let unknown = Unknown::new("", label, Reason::File(Arc::clone(path)));
                let origin = self.session.literal(at);
                Ok(Value::unknown(unknown.declared_at(at), origin))
            }
        }
    }

    pub(super) fn cycle(&self, at: Span, what: &str) -> Box<Failure> {
        Failure::of(CYCLE, at, format!("{what} depends on itself"))
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

    /// A path given to a file function, relative to the root of the run.
    pub(super) fn path(&self, path: &str) -> Option<String> {
        if path.starts_with('/') {
            return None;
        }
        join(&self.root_directory, path)
    }
}

/// The code of cycles.
pub(super) const CYCLE: &str = "reference-cycle";

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
