//! Which versions of the `azurerm` provider a configuration is for, and what its schemas say of
//! what is written.
//!
//! One provider serves the whole configuration, so the constraints of all its modules count
//! together, unless `terraform init` has locked one version. What is absent: a provider of that name from another source, of which nothing is known.

use super::declarations::Declarations;
use super::evaluation::Evaluation;
use super::installed;
use super::module::{Module, ResourceInstance};
use super::schema::{Omitted, VERSION, Versions, check, schema};
use crate::diagnostic::Diagnostic;
use crate::eval::Mode;
use crate::eval::value::{Bounds, Reason, Unknown, Value};
use crate::origin::OriginStep;
use crate::source::Span;
use crate::syntax::hcl::{Block, Body, Expr, ExprKind};

/// What a module says of the provider.
#[derive(Default)]
pub(super) struct Azurerm<'a> {
    /// Its constraints of the version.
    constraints: Vec<&'a str>,
    /// It takes a provider of that name from somewhere else.
    foreign: bool,
}

impl<'a> Azurerm<'a> {
    /// Takes a block of an override file, which says it instead of the others.
    pub(super) fn replace(&mut self, block: &'a Block) {
        let mut own = Self::default();
        own.read(block);
        if own.foreign || !own.constraints.is_empty() {
            *self = own;
        }
    }

    /// Takes in a `terraform` or `provider` block.
    pub(super) fn read(&mut self, block: &'a Block) {
        if &*block.kind == "provider" {
            if block.label(0).is_some_and(|name| &**name == "azurerm") {
                self.constraints.extend(text(&block.body, "version"));
            }
            return;
        }
        for required in block.body.blocks_of("required_providers") {
            let Some(azurerm) = required.body.attribute("azurerm") else {
                continue;
            };
            match &azurerm.value.kind {
                ExprKind::String(version) => self.constraints.push(version),
                ExprKind::Object(items) => {
                    for item in items {
                        match (name(&item.key), string(&item.value)) {
                            (Some("version"), Some(version)) => self.constraints.push(version),
                            (Some("source"), Some(source)) => {
                                let source = source.to_ascii_lowercase();
                                self.foreign |= !source.ends_with("hashicorp/azurerm");
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

fn text<'a>(body: &'a Body, name: &str) -> Option<&'a str> {
    string(&body.attribute(name)?.value)
}

fn string(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::String(text) => Some(text),
        _ => None,
    }
}

fn name(key: &Expr) -> Option<&str> {
    match &key.kind {
        ExprKind::String(name) | ExprKind::Variable(name) => Some(name),
        _ => None,
    }
}

impl<'a> Evaluation<'a> {
    /// The versions of the provider that a module and those around it admit.
    pub(super) fn provider(&self, module: &Module<'a>) -> Versions {
        let mut constraints = module.declarations.azurerm.constraints.clone();
        let mut caller = module.called_by.as_ref().map(|called| called.caller);
        while let Some(around) = caller.and_then(|index| self.module(index)) {
            constraints.extend(&around.declarations.azurerm.constraints);
            caller = around.called_by.as_ref().map(|called| called.caller);
        }
        self.within(constraints)
    }

    /// The versions that constraints leave, or the one that is locked.
    fn within<'c>(&self, constraints: impl IntoIterator<Item = &'c str>) -> Versions {
        let read = || installed::locked_azurerm(self.loader, &self.root_directory);
        match self.locked.get_or_init(read) {
            Some(locked) => Versions::within([&**locked]),
            None => Versions::within(constraints),
        }
    }

    /// Whether null, written for an attribute, leaves it to the provider, as no mention does.
    pub(super) fn is_filled_in(
        &self,
        module: &Module<'a>,
        resource: &ResourceInstance<'a>,
        name: &str,
    ) -> bool {
        let declared = &resource.declared;
        let known = schema(declared.mode, declared.kind)
            .is_some_and(|schema| schema.rows_of(name).next().is_some());
        known && declared.mode == Mode::Managed && !module.declarations.azurerm.foreign
    }

    /// What an expression gets that reads an attribute which nobody wrote: the provider's default,
    /// null, or no blocks. `None` where Azure fills it in, and where nothing is known of it.
    pub(super) fn omitted(
        &self,
        module: &Module<'a>,
        resource: &ResourceInstance<'a>,
        name: &str,
    ) -> Option<Value> {
        let declared = &resource.declared;
        if declared.mode != Mode::Managed || module.declarations.azurerm.foreign {
            return None;
        }
        let schema = schema(declared.mode, declared.kind)?;
        let versions = self.provider(module);
        let step = || OriginStep::PlatformDefault;
        let header = Some(declared.block.header);
        let origin = || self.session.hop(header, step, &[resource.origin]);
        match schema.omitted(name, versions) {
            Omitted::Undeclared | Omitted::Computed => None,
            Omitted::Null => {
                let row = schema.find(name, versions)?;
                Some(match row.body() {
                    Some(_) => Value::list(Vec::new(), origin()),
                    None => Value::null(origin()),
                })
            }
            Omitted::Default(default) => Some(default.value(origin())),
            Omitted::ByVersion { defaults, null } => {
                let origin = origin();
                let mut all: Vec<Value> = defaults.iter().map(|one| one.value(origin)).collect();
                if null {
                    all.push(Value::null(origin));
                }
                let unknown = Unknown::new("azurerm", VERSION, Reason::ProviderVersion)
                    .with_bounds(Bounds::OneOf(all));
                Some(Value::unknown(unknown, origin))
            }
        }
    }

    /// Tells of an attribute that an expression reads and no version of the resource's type has.
    pub(super) fn check_attribute(
        &self,
        module: &Module<'a>,
        resource: &ResourceInstance<'a>,
        name: &str,
        at: Span,
    ) {
        let declared = &resource.declared;
        let every_type_has = ["id", "timeouts"].contains(&name);
        if every_type_has || module.declarations.azurerm.foreign {
            return;
        }
        let Some(schema) = schema(declared.mode, declared.kind) else {
            return;
        };
        let versions = self.provider(module);
        if !schema.lacks(name, versions) {
            return;
        }
        let kind = declared.kind;
        let message = format!("`{kind}` has no attribute `{name}`");
        let mut diagnostic = Diagnostic::advice("unknown-attribute", at, message);
        if let Some(near) = schema.nearest(name, versions) {
            diagnostic = diagnostic.with_help(format!("is `{near}` meant?"));
        } else if schema.rows_of(name).next().is_some() {
            diagnostic = diagnostic.with_help(
                "other versions of the provider have it; the version constraints leave them out",
            );
        }
        self.say(diagnostic);
    }

    /// The versions that all modules met so far admit.
    pub(super) fn provider_of_all(&self) -> Versions {
        self.with_declarations(|all| {
            self.within(
                all.iter()
                    .flat_map(|module| module.azurerm.constraints.iter().copied()),
            )
        })
    }

    /// Tells of names in resources that their types do not have; not in installed modules, which
    /// are somebody else's.
    pub(super) fn check_names(&self) {
        let versions = self.provider_of_all();
        let told = self.with_declarations(|all| {
            let known = all
                .iter()
                .filter(|module| !module.azurerm.foreign && !is_installed(module));
            let resources = known.flat_map(|module| &module.resources);
            let names = resources.flat_map(|declared| {
                check::names(declared.mode, declared.kind, &declared.block.body, versions)
            });
            names.collect::<Vec<_>>()
        });
        told.into_iter().for_each(|diagnostic| self.say(diagnostic));
    }

    fn with_declarations<T>(&self, read: impl FnOnce(&[&Declarations<'a>]) -> T) -> T {
        let known = self.declarations.borrow();
        let all: Vec<&Declarations<'a>> = known.values().map(|module| &**module).collect();
        read(&all)
    }
}

fn is_installed(module: &Declarations<'_>) -> bool {
    let mut parts = module.directory.split('/');
    parts.any(|part| part == ".terraform")
}
