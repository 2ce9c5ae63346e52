//! What a template consists of while it is evaluated: its inputs, its place, its resources.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::copy::Loop;
use super::linked::Lineage;
use super::scope::Scope;
use crate::eval::value::{Piece, Unknown, Value};
use crate::eval::{Existence, Mode, ResourceKey};
use crate::origin::OriginId;
use crate::source::Span;
use crate::syntax::json::{Json, Member};

/// A value that is worked out once, when it is first asked for.
#[derive(Clone, Debug, Default)]
pub(super) enum Memo {
    #[default]
    Fresh,
    /// Being worked out: whoever asks now depends on itself.
    Busy,
    Done(Value),
}

/// What gives a parameter its value.
#[derive(Clone, Debug)]
pub(super) enum Argument<'t> {
    /// Nothing: the default holds.
    None,
    /// An entry of a parameter file.
    File(&'t Json),
    /// An entry of a nested deployment's `parameters`, to be read where it was written.
    Passed(&'t Json, Frame<'t>),
    /// A value worked out already.
    Value(Value),
    /// Text of the command line: JSON, unless a string is wanted.
    Given(Arc<str>),
}

/// One parameter.
#[derive(Debug)]
pub(super) struct Parameter<'t> {
    pub(super) name: Arc<str>,
    pub(super) name_span: Span,
    pub(super) declaration: &'t Json,
    pub(super) argument: Argument<'t>,
    pub(super) value: RefCell<Memo>,
}

/// One variable.
#[derive(Debug)]
pub(super) struct Variable<'t> {
    pub(super) name: Arc<str>,
    pub(super) source: VariableSource<'t>,
    pub(super) value: RefCell<Memo>,
}

/// Where the value of a variable is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum VariableSource<'t> {
    Value(&'t Json),
    /// An element of the `copy` of a `variables` object.
    Loop(&'t Json),
}

/// What expressions can name: the parameters, variables and functions of one template.
#[derive(Debug)]
pub(super) struct Context<'t> {
    /// Tells the parameters of one template from those of another; empty for the outermost.
    pub(super) label: Arc<str>,
    pub(super) template: &'t Json,
    pub(super) parameters: HashMap<String, Parameter<'t>>,
    pub(super) variables: HashMap<String, Variable<'t>>,
    /// User-defined functions by `namespace.name` in lower case.
    pub(super) functions: HashMap<String, &'t Json>,
    /// What `resourceGroup()` and its like give.
    pub(super) scope: Scope,
    /// What `deployment().name` gives.
    pub(super) name: Value,
    /// What `deployment().location` gives, except in a deployment to a resource group.
    pub(super) location: Option<Value>,
    /// What `deployment().properties.templateLink` gives, for a template that is linked: the name
    /// and value of its `uri` or `id`.
    pub(super) link: Option<(&'static str, Value)>,
    /// [`Stage::evaluated_before`] of what is written in this template itself.
    pub(super) evaluated_before: usize,
}

/// A deployment of a template: the outermost one or a nested one.
#[derive(Debug)]
pub(super) struct Stage<'t> {
    /// What is deployed; `None` if the template lies elsewhere.
    pub(super) template: Option<&'t Json>,
    /// Stands for what a template that lies elsewhere does.
    pub(super) elsewhere: Option<Arc<Unknown>>,
    /// What its expressions can name: for outer scope that of the template around it.
    pub(super) context: Rc<Context<'t>>,
    /// The loops around it, as far as its expressions see them.
    pub(super) loops: Option<Rc<Loop>>,
    /// Where its resources go.
    pub(super) scope: Scope,
    /// The hop of the call; none for the outermost.
    pub(super) origin: OriginId,
    /// Whether it exists, and whether it is one of an unknown number.
    pub(super) existence: Existence,
    pub(super) repeated: bool,
    /// How often the templates around it are evaluated as part of another one: each time an escaped
    /// bracket (`[[`) becomes a bracket.
    pub(super) evaluated_before: usize,
    /// How many templates are around it.
    pub(super) depth: usize,
    pub(super) lineage: Rc<Lineage>,
    pub(super) expanded: Cell<bool>,
    pub(super) resources: RefCell<Vec<usize>>,
    /// Resources by symbolic name in lower case, one per instance.
    pub(super) symbols: RefCell<HashMap<String, Vec<usize>>>,
    pub(super) outputs: RefCell<HashMap<String, Memo>>,
}

/// Where an expression is evaluated.
#[derive(Clone, Debug)]
pub(super) struct Frame<'t> {
    pub(super) context: Rc<Context<'t>>,
    pub(super) stage: Rc<Stage<'t>>,
    pub(super) loops: Option<Rc<Loop>>,
    /// Lambda variables, or the parameters of a function.
    pub(super) locals: Option<Rc<Local>>,
    /// Whether this is the body of a user-defined function, which sees no parameters but its own.
    pub(super) in_function: bool,
    /// How often what is written here is evaluated before it is deployed: of what a template
    /// declares as often as the template, not as what is nested in it.
    pub(super) evaluated_before: usize,
}

/// A lambda variable or function parameter; a list that ends at the function.
#[derive(Debug)]
pub(super) struct Local {
    pub(super) name: Arc<str>,
    pub(super) value: Value,
    pub(super) outer: Option<Rc<Self>>,
}

impl<'t> Frame<'t> {
    /// The frame of a deployment's own expressions.
    pub(super) fn of(stage: &Rc<Stage<'t>>) -> Self {
        Self {
            context: Rc::clone(&stage.context),
            stage: Rc::clone(stage),
            loops: stage.loops.clone(),
            locals: None,
            in_function: false,
            evaluated_before: stage.evaluated_before,
        }
    }

    /// The same within one more loop.
    pub(super) fn within(&self, step: Loop) -> Self {
        Self {
            loops: Some(Rc::new(step)),
            ..self.clone()
        }
    }

    /// The same with one more name.
    pub(super) fn with_local(&self, name: Arc<str>, value: Value) -> Self {
        let local = Local {
            name,
            value,
            outer: self.locals.clone(),
        };
        Self {
            locals: Some(Rc::new(local)),
            ..self.clone()
        }
    }

    /// The value of a lambda variable or function parameter.
    pub(super) fn local(&self, name: &str) -> Option<&Value> {
        let mut local = self.locals.as_ref();
        while let Some(current) = local {
            if current.name.eq_ignore_ascii_case(name) {
                return Some(&current.value);
            }
            local = current.outer.as_ref();
        }
        None
    }
}

/// One resource, met and named but not yet evaluated.
#[derive(Debug)]
pub(super) struct Entry<'t> {
    pub(super) json: &'t Json,
    pub(super) frame: Frame<'t>,
    pub(super) kind: Arc<str>,
    pub(super) name: Value,
    /// The whole name in lower case, unknown parts as holes.
    pub(super) full_name: String,
    pub(super) id: Vec<Piece>,
    pub(super) key: ResourceKey,
    pub(super) parent: Option<ResourceKey>,
    pub(super) address: Arc<str>,
    pub(super) mode: Mode,
    pub(super) existence: Existence,
    pub(super) repeated: bool,
    pub(super) origin: OriginId,
    /// The name of its member, where `resources` is an object.
    pub(super) symbol: Option<Arc<str>>,
    pub(super) body: RefCell<Memo>,
    /// What a deployment resource deploys.
    pub(super) nested: Option<Rc<Stage<'t>>>,
}

/// The member of an object by its name in any case.
pub(super) fn member<'t>(json: &'t Json, name: &str) -> Option<&'t Member> {
    json.members()
        .iter()
        .find(|member| member.name.eq_ignore_ascii_case(name))
}

/// The names of a template: what [`Context`] holds besides its place.
pub(super) struct Names<'t> {
    pub(super) parameters: HashMap<String, Parameter<'t>>,
    pub(super) variables: HashMap<String, Variable<'t>>,
    pub(super) functions: HashMap<String, &'t Json>,
}

/// Reads the names a template declares; `argument` gives what is passed for each parameter.
pub(super) fn names<'t>(
    template: &'t Json,
    argument: impl Fn(&Member) -> Argument<'t>,
) -> Names<'t> {
    let section = |name| {
        template
            .get_ignore_case(name)
            .map_or(&[][..], Json::members)
    };
    let parameters = section("parameters")
        .iter()
        .map(|declared| {
            let parameter = Parameter {
                name: Arc::clone(&declared.name),
                name_span: declared.name_span,
                declaration: &declared.value,
                argument: argument(declared),
                value: RefCell::default(),
            };
            (declared.name.to_ascii_lowercase(), parameter)
        })
        .collect();
    let mut variables = HashMap::new();
    let mut declare = |name: &Arc<str>, source| {
        let variable = Variable {
            name: Arc::clone(name),
            source,
            value: RefCell::default(),
        };
        variables.insert(name.to_ascii_lowercase(), variable);
    };
    for declared in section("variables") {
        if declared.name.eq_ignore_ascii_case("copy") {
            for element in declared.value.items() {
                if let Some(name) = element.get_ignore_case("name").and_then(Json::as_str) {
                    declare(&name.into(), VariableSource::Loop(element));
                }
            }
        } else {
            declare(&declared.name, VariableSource::Value(&declared.value));
        }
    }
    let mut functions = HashMap::new();
    for group in template
        .get_ignore_case("functions")
        .map_or(&[][..], Json::items)
    {
        let namespace = group.get_ignore_case("namespace").and_then(Json::as_str);
        for declared in group
            .get_ignore_case("members")
            .map_or(&[][..], Json::members)
        {
            let name = format!("{}.{}", namespace.unwrap_or_default(), declared.name);
            functions.insert(name.to_ascii_lowercase(), &declared.value);
        }
    }
    Names {
        parameters,
        variables,
        functions,
    }
}
