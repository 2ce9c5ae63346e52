//! Module calls: which module each leads to, its instances, and whether its arguments fit.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::cycles::Visit;
use super::declarations::{Declarations, closest};
use super::directories::{is_configuration, split};
use super::evaluation::Evaluation;
use super::installed::Found;
use super::instances::Expansion;
use super::module::{CalledBy, Memo, Module, ModuleInstance, Slot, join, local_path};
use crate::diagnostic::{Diagnostic, Severity};
use crate::eval::AbsentModule;
use crate::eval::hcl_expr::Failure;
use crate::eval::value::Reason;
use crate::origin::OriginStep;
use crate::source::{FileId, Span};
use crate::syntax::hcl::{Attribute, Block, ExprKind};

/// How deep modules may call modules.
const MAX_MODULES_DEEP: usize = 24;

/// How many modules there may be in one deployment, each counted as often as it is called.
const MAX_MODULES: usize = 5_000;

/// The arguments of a call that are not the module's variables (`internal/configs/module_call.go`,
/// `moduleBlockSchema`).
const META_ARGUMENTS: [&str; 7] = [
    "count",
    "depends_on",
    "for_each",
    "ignore_nested_deprecations",
    "providers",
    "source",
    "version",
];

impl<'a> Evaluation<'a> {
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
        let visit = Visit::new(&module.prefix, "module.", name);
        let busy = module.children.borrow().get(name).cloned();
        match busy {
            Some(Slot::Done(known, defaults)) => {
                self.rest_on(defaults);
                return Ok(known);
            }
            Some(Slot::Busy) => {
                return Err(self.cycle(at.unwrap_or(block.header), &visit));
            }
            None => {}
        }
        module.children.borrow_mut().insert(name.into(), Slot::Busy);
        let (expansion, defaults) = self.visiting(visit, || {
            self.tracked(|| Rc::new(self.call(module, name, block)))
        });
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
        let key = match &*module.key {
            "" => name.to_owned(),
            outer => format!("{outer}.{name}"),
        };
        let target = self.target(module, &key, block);
        match &target {
            Ok(declarations) => self.check_arguments(declarations, block),
            Err(Reason::Module(source)) => self.note_absent(&key, source, block),
            Err(_) => {}
        }
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
                            key: key.as_str().into(),
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
        key: &str,
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
            self.say(Diagnostic::advice(
                "module-source",
                source.value.span,
                "the source of a module must be a plain string",
            ));
            return Err(Reason::Module("an expression".into()));
        };
        let directory = self.directory_of_module(module, key, source, text)?;
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
        if self.modules.borrow().len() >= MAX_MODULES {
            self.say(Diagnostic::unreadable(
                "module-limit",
                source.span(),
                format!("more than {MAX_MODULES} modules in one deployment"),
            ));
            return Err(Reason::Limit);
        }
        let files: Vec<FileId> = self
            .loader
            .directory(&directory)
            .into_iter()
            .filter(|id| is_configuration(split(&self.loader.path(*id)).1))
            .collect();
        if files.is_empty() {
            self.say(Diagnostic::advice(
                "module-not-found",
                source.span(),
                format!("no Terraform file was found in {directory}/"),
            ));
            return Err(Reason::Module(Arc::clone(text)));
        }
        Ok(self.declare(&directory, &files))
    }

    /// Where the module of a source lies.
    fn directory_of_module(
        &self,
        module: &Module<'a>,
        key: &str,
        source: &Attribute,
        text: &Arc<str>,
    ) -> Result<String, Reason> {
        let caller = &module.declarations.directory;
        if let Some(directory) = local_path(caller, text) {
            return Ok(directory);
        }
        let note = |message: String, help: &str| {
            self.say(Diagnostic {
                severity: Severity::Note,
                ..Diagnostic::advice("module-not-read", source.span(), message).with_help(help)
            });
            Err(Reason::Module(Arc::clone(text)))
        };
        if text.starts_with('.') && join(caller, text).is_none() {
            let message = "this module lies outside the directory that is read".to_owned();
            return note(message, "name a directory above both with --root");
        }
        let installed = self
            .installed
            .get_or_init(|| super::installed::Installed::read(self.loader, &self.root_directory));
        match installed.find(key, text) {
            Found::At(directory) if !self.loader.directory(directory).is_empty() => {
                Ok(directory.to_owned())
            }
            Found::Elsewhere(other) => note(
                format!("this module is not installed: what is here came from {other}"),
                "install it again: terraform init",
            ),
            Found::At(_) | Found::Nowhere => {
                let mut calls = self.not_installed.borrow_mut();
                if !calls.contains(&source.span()) {
                    calls.push(source.span());
                }
                Err(Reason::Module(Arc::clone(text)))
            }
        }
    }

    fn note_absent(&self, key: &str, source: &Arc<str>, block: &Block) {
        let address = format!("module.{}", key.replace('.', ".module."));
        let absent = AbsentModule {
            address: address.into(),
            source: Arc::clone(source),
            call: block.header,
        };
        let mut known = self.absent.borrow_mut();
        if !known.contains(&absent) {
            known.push(absent);
        }
    }

    /// Says once that modules are not installed.
    pub(super) fn tell_not_installed(&self) {
        let calls = self.not_installed.borrow();
        let Some(first) = calls.first() else {
            return;
        };
        let message = match calls.len() - 1 {
            0 => "this module is not installed: what it creates is not checked".to_owned(),
            more => format!(
                "this module and {more} more are not installed: what they create is not checked"
            ),
        };
        let help = "install them where this is deployed from: terraform init";
        self.say(Diagnostic {
            severity: Severity::Note,
            ..Diagnostic::advice("module-not-read", *first, message).with_help(help)
        });
    }

    /// Arguments that are missing, and those that the module has no variable for.
    fn check_arguments(&self, declarations: &Declarations<'a>, block: &Block) {
        for (name, variable) in &declarations.variables {
            let given = block.body.attribute(name).is_some();
            if !given && variable.body.attribute("default").is_none() {
                let message = format!("the module needs the argument `{name}`");
                let told = Diagnostic::advice("missing-argument", block.header, message);
                self.say(told.with_related(variable.header, "declared here without a default"));
            }
        }
        for attribute in &block.body.attributes {
            let name = &*attribute.name;
            if META_ARGUMENTS.contains(&name) || declarations.variables.contains_key(name) {
                continue;
            }
            let message = format!("the module has no variable `{name}`");
            let told = Diagnostic::advice("unknown-argument", attribute.name_span, message);
            let variables = declarations.variables.keys().copied();
            self.say(match closest(name, variables.chain(META_ARGUMENTS)) {
                Some(meant) => told.with_help(format!("did you mean `{meant}`?")),
                None => told,
            });
        }
    }
}
