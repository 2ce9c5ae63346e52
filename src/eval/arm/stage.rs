//! Templates within templates: nested ones, linked ones, and the outermost.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::deployment::{Around, STACKS, header};
use super::evaluate::Evaluator;
use super::identity::Identity;
use super::linked::{From, Lineage};
use super::scope::Scope;
use super::template::{Argument, Context, Frame, Stage, member, names};
use crate::eval::Existence;
use crate::eval::estate::Supply;
use crate::eval::frontend::Target;
use crate::eval::value::{Reason, Unknown, Value};
use crate::origin::OriginId;
use crate::syntax::json::{Json, Member};

/// How deep templates may nest in templates.
const MAX_TEMPLATES: usize = 16;

impl<'t> Evaluator<'t> {
    /// What a deployment resource deploys.
    #[expect(
        clippy::too_many_arguments,
        reason = "one caller, and a struct would only rename them"
    )]
    pub(super) fn stage(
        &self,
        frame: &Frame<'t>,
        json: &'t Json,
        around: &Around<'_, 't>,
        identity: &Identity,
        address: &Arc<str>,
        origin: OriginId,
        existence: &Existence,
    ) -> Rc<Stage<'t>> {
        let properties = json.get_ignore_case("properties");
        let property = |name| properties.and_then(|json: &'t Json| json.get_ignore_case(name));
        let deployed = self.deployed(frame, json, around, address, existence);
        let (template, elsewhere) = match &deployed.template {
            Ok(template) => (Some(*template), None),
            Err(elsewhere) => (None, Some(Arc::clone(elsewhere))),
        };
        let depth = around.stage.depth + 1;
        let (template, elsewhere) = if depth > MAX_TEMPLATES && template.is_some() {
            let message = format!("templates nest more than {MAX_TEMPLATES} levels deep here");
            let limit = self.limit("arm-limit", header(json), message);
            (None, Some(self.unknown_of(&limit)))
        } else {
            (template, elsewhere)
        };
        let stack = identity.kind.eq_ignore_ascii_case(STACKS);
        let scope = if stack {
            self.stack_scope(frame, json, &identity.target)
        } else {
            identity.target.clone()
        };
        let inner = stack
            || deployed.from != From::Nested
            || property("expressionEvaluationOptions")
                .and_then(|options| options.get_ignore_case("scope"))
                .and_then(Json::as_str)
                .is_some_and(|scope| scope.eq_ignore_ascii_case("inner"));
        let evaluated_before = match deployed.from {
            From::Link => 0,
            From::Value => 1,
            From::Nested if inner => around.stage.evaluated_before,
            From::Nested => around.stage.evaluated_before + 1,
        };
        let (context, loops) = match template {
            Some(template) if inner => {
                let number = self.contexts.get() + 1;
                self.contexts.set(number);
                let label = format!("{address}|{number}");
                let mut context = self.inner_context(frame, template, json, identity, label);
                context.evaluated_before = evaluated_before;
                context.link.clone_from(&deployed.link);
                context.scope = scope.clone();
                if stack {
                    let label = format!("deployment().name of {address}");
                    let reason = Reason::RunTimeFunction("deployment".into());
                    let unknown = Unknown::new(&context.label, label, reason);
                    context.name = Value::unknown(unknown, OriginId::NONE);
                }
                (Rc::new(context), None)
            }
            _ => (Rc::clone(&frame.context), frame.loops.clone()),
        };
        Rc::new(Stage {
            template,
            elsewhere,
            context,
            loops,
            evaluated_before,
            scope,
            origin,
            existence: existence.clone(),
            repeated: around.repeated,
            depth,
            lineage: deployed.lineage,
            expanded: Cell::new(false),
            resources: RefCell::default(),
            symbols: RefCell::default(),
            outputs: RefCell::default(),
        })
    }

    /// Where a stack deploys to: what it says, else where it stands itself. The deployment that it
    /// makes there has a name that only Azure knows.
    /// <https://learn.microsoft.com/rest/api/resources/deployment-stacks/create-or-update-at-subscription>
    fn stack_scope(&self, frame: &Frame<'t>, json: &'t Json, own: &Scope) -> Scope {
        let properties = json.get_ignore_case("properties");
        let said = properties.and_then(|properties| properties.get_ignore_case("deploymentScope"));
        let said = said.map(|said| self.value(frame, said));
        match said.filter(|said| !said.is_null()) {
            Some(said) => own.named(&self.text_pieces(&said)),
            None => own.clone(),
        }
    }

    fn inner_context(
        &self,
        frame: &Frame<'t>,
        template: &'t Json,
        json: &'t Json,
        identity: &Identity,
        label: String,
    ) -> Context<'t> {
        let properties = json.get_ignore_case("properties");
        let property = |name| properties.and_then(|json: &'t Json| json.get_ignore_case(name));
        let parameters = property("parameters");
        let computed = parameters
            .filter(|parameters| parameters.as_str().is_some())
            .map(|parameters| self.value(frame, parameters));
        let filed = property("parametersLink").and_then(|link| self.linked_values(frame, link));
        let elsewhere = property("parametersLink").map(|link| {
            let label = "the linked parameter file";
            let unknown = Unknown::new(&identity.name_text(), label, Reason::LinkedTemplate);
            Value::unknown(
                unknown.declared_at(link.span),
                self.origins.literal(link.span),
            )
        });
        let names = names(template, |declared: &Member| {
            if let Some(whole) = &computed {
                let entry = whole.get_ignore_case(&declared.name);
                let value = entry.and_then(|entry| entry.get_ignore_case("value"));
                return match value {
                    Some(value) => Argument::Value(value.clone()),
                    None if whole.is_wholly_known() => Argument::None,
                    None => {
                        let pair = [
                            whole.clone(),
                            Value::string(&*declared.name, OriginId::NONE),
                        ];
                        Argument::Value(Value::unknown(
                            Unknown::derived("argument", &pair),
                            whole.origin,
                        ))
                    }
                };
            }
            if let Some(passed) = parameters.and_then(|json| member(json, &declared.name)) {
                return Argument::Passed(&passed.value, frame.clone());
            }
            if let Some(filed) = filed {
                return match member(filed, &declared.name) {
                    Some(entry) => Argument::File(&entry.value),
                    None => Argument::None,
                };
            }
            match &elsewhere {
                Some(value) => Argument::Value(value.clone()),
                None => Argument::None,
            }
        });
        let last = identity.names.last().cloned().unwrap_or_default();
        Context {
            label: label.into(),
            template,
            parameters: names.parameters,
            variables: names.variables,
            functions: names.functions,
            scope: identity.target.clone(),
            name: Value::from_pieces(last, identity.name.origin),
            location: json
                .get_ignore_case("location")
                .map(|location| self.value(frame, location)),
            link: None,
            evaluated_before: 0,
        }
    }
}

/// How a template is deployed that nothing of this language is around.
pub(super) struct Outermost {
    pub(super) scope: Scope,
    /// Tells its unknowns from those of other templates; empty for the only one.
    pub(super) label: Arc<str>,
    pub(super) name: Value,
    pub(super) location: Option<Value>,
    pub(super) origin: OriginId,
    pub(super) existence: Existence,
    pub(super) repeated: bool,
}

/// The outermost stage of a template.
pub(super) fn outermost<'t>(
    template: &'t Json,
    values: &HashMap<String, &'t Json>,
    given: &[(Arc<str>, Arc<str>)],
    supply: &Supply,
    target: &Target,
) -> Rc<Stage<'t>> {
    let schema = template.get_ignore_case("$schema").and_then(Json::as_str);
    let scope = Scope::of_schema(schema.unwrap_or_default(), target);
    let reason = Reason::RunTimeFunction("deployment".into());
    let name = Unknown::new("", "deployment().name", reason);
    let location = scope.location.as_ref();
    let deployment = Outermost {
        label: "".into(),
        name: Value::unknown(name, OriginId::NONE),
        location: location.map(|location| Value::string(Arc::clone(location), OriginId::NONE)),
        origin: OriginId::NONE,
        existence: Existence::CERTAIN,
        repeated: false,
        scope,
    };
    whole(template, deployment, |declared| {
        let mut typed = given.iter().rev();
        if let Some((_, text)) = typed.find(|(name, _)| name.eq_ignore_ascii_case(&declared.name)) {
            return Argument::Given(Arc::clone(text));
        }
        if let Some(value) = supply.inputs.get(&declared.name) {
            return Argument::Value(value.clone());
        }
        match values.get(&declared.name.to_ascii_lowercase()) {
            Some(entry) => Argument::File(entry),
            None => Argument::None,
        }
    })
}

/// The stage of a template that nothing of this language is around; `argument` gives what is passed
/// for each parameter.
pub(super) fn whole<'t>(
    template: &'t Json,
    deployment: Outermost,
    argument: impl Fn(&Member) -> Argument<'t>,
) -> Rc<Stage<'t>> {
    let names = names(template, argument);
    let context = Context {
        label: deployment.label,
        template,
        parameters: names.parameters,
        variables: names.variables,
        functions: names.functions,
        scope: deployment.scope.clone(),
        name: deployment.name,
        location: deployment.location,
        link: None,
        evaluated_before: 0,
    };
    Rc::new(Stage {
        template: Some(template),
        elsewhere: None,
        context: Rc::new(context),
        loops: None,
        scope: deployment.scope,
        origin: deployment.origin,
        existence: deployment.existence,
        repeated: deployment.repeated,
        evaluated_before: 0,
        depth: 0,
        lineage: Lineage::of(template.span.file),
        expanded: Cell::new(false),
        resources: RefCell::default(),
        symbols: RefCell::default(),
        outputs: RefCell::default(),
    })
}
