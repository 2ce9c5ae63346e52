//! Whether what a template is given fits what it declares: parameters that need a value and get
//! none, values for parameters that it does not declare.
//!
//! Azure refuses both, of the outermost template and of those it deploys
//! (azure-docs, `templates/parameters.md`, `templates/parameter-files.md`). Whether a value is of
//! its type is told where the parameter is evaluated ([`types`](super::types)); here every parameter
//! is, also one that nothing uses.

use std::rc::Rc;

use super::deployment::header;
use super::evaluate::Evaluator;
use super::template::{Argument, Context, Entry, Frame, Parameter, member};
use super::types::Type;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::json::{Json, JsonKind};

/// How many parameters a message names.
const MAX_NAMED: usize = 6;

impl<'t> Evaluator<'t> {
    /// Tells what is wrong with the parameter files of the outermost template. `files` are their
    /// trees; if they are `shared` with other templates, these may declare what this one does not.
    pub(super) fn check_files(&self, frame: &Frame<'t>, files: &[&'t Json], shared: bool) {
        let context = &frame.context;
        let declared = context.template.get_ignore_case("parameters");
        let mut missing = self.without_argument(context);
        // Secrets are kept out of files and given when it is deployed.
        let is_secret = |parameter: &&Parameter<'t>| {
            let kind = Type::of(context, parameter.declaration).kind();
            kind.starts_with("secure")
        };
        missing.retain(|parameter| !is_secret(parameter));
        for parameter in parameters(context) {
            if matches!(parameter.argument, Argument::File(_) | Argument::Given(_))
                && !missing.iter().any(|one| std::ptr::eq(*one, parameter))
            {
                self.parameter_value(context, parameter, frame);
            }
        }
        let template = self.loader.path(context.template.span.file);
        let template = template.rsplit('/').next().unwrap_or_default();
        for file in files.iter().filter(|_| !shared) {
            for entry in file.get_ignore_case("parameters").unwrap_or(file).members() {
                self.check_declared(template, declared, &entry.name, entry.name_span);
            }
        }
        if let Some(last) = files.last() {
            let place = member(last, "parameters").map_or(last.span, |member| member.name_span);
            self.tell_missing(template, &missing, place);
        }
    }

    /// Evaluates every parameter of a template, so that defaults and arguments that do not fit are
    /// told also where nothing uses them. To be called when all resources are known.
    pub(super) fn check_values(&self, frame: &Frame<'t>) {
        for parameter in parameters(&frame.context) {
            self.parameter_value(&frame.context, parameter, frame);
        }
    }

    /// Tells what is wrong with the arguments of a nested or linked deployment. A template of outer
    /// scope has no names of its own here, and nothing is told of it.
    pub(super) fn check_arguments(&self, entry: &Entry<'t>) {
        let Some(stage) = &entry.nested else { return };
        let context = &stage.context;
        let own = !Rc::ptr_eq(context, &entry.frame.context);
        let Some(template) = stage.template.filter(|_| own) else {
            return;
        };
        let check = || {
            let properties = entry.json.get_ignore_case("properties");
            let given = properties.and_then(|json| member(json, "parameters"));
            let what = format!(
                "the template of '{}'",
                super::labels::last_name(&entry.address)
            );
            let declared = template.get_ignore_case("parameters");
            for argument in given.map_or(&[][..], |given| given.value.members()) {
                self.check_declared(&what, declared, &argument.name, argument.name_span);
            }
            let missing = self.without_argument(context);
            let place = given.map_or_else(|| header(entry.json), |given| given.name_span);
            self.tell_missing(&what, &missing, place);
            self.check_values(&Frame::of(stage));
        };
        if stage.existence.because.is_some() {
            self.quietly(check);
        } else {
            check();
        }
    }

    /// The parameters that need a value and certainly get none, in the order declared.
    fn without_argument<'c>(&self, context: &'c Context<'t>) -> Vec<&'c Parameter<'t>> {
        let certainly_none = |parameter: &&Parameter<'t>| {
            let kind = Type::of(context, parameter.declaration);
            let optional = kind.constraint("defaultValue").is_some() || kind.is_nullable();
            let none = match &parameter.argument {
                Argument::None => true,
                Argument::File(entry) => is_null(entry),
                Argument::Passed(entry, _) => {
                    is_null(entry) || entry.members().is_empty() && entry.as_str().is_none()
                }
                Argument::Value(_) | Argument::Given(_) => false,
            };
            none && !optional
        };
        parameters(context).filter(certainly_none).collect()
    }

    /// Tells of a value for a parameter that a template does not declare.
    fn check_declared(&self, template: &str, declared: Option<&Json>, name: &str, place: Span) {
        if declared.is_some_and(|declared| member(declared, name).is_some()) {
            return;
        }
        let message = format!("{template} declares no parameter '{name}'");
        let known = declared.map_or(&[][..], Json::members).iter();
        let closest = known
            .map(|declared| (strsim::jaro_winkler(&declared.name, name), &declared.name))
            .filter(|(score, _)| *score > 0.85)
            .max_by(|(a, _), (b, _)| a.total_cmp(b));
        let diagnostic = Diagnostic::advice("undeclared-parameter", place, message);
        self.tell(match closest {
            Some((_, known)) => diagnostic.with_help(format!("did you mean '{known}'?")),
            None => diagnostic.with_help("Azure refuses values for it"),
        });
    }

    /// Tells of parameters that need a value and get none.
    fn tell_missing(&self, template: &str, missing: &[&Parameter<'t>], place: Span) {
        let Some((first, others)) = missing.split_first() else {
            return;
        };
        let names: Vec<String> = missing
            .iter()
            .take(MAX_NAMED)
            .map(|parameter| format!("'{}'", parameter.name))
            .collect();
        let more = match missing.len().saturating_sub(names.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!("{template} needs a value for {}{more}", names.join(", "));
        let mut diagnostic = Diagnostic::advice("missing-parameter", place, message)
            .with_related(first.name_span, "declared without a default");
        for other in others.iter().take(MAX_NAMED - 1) {
            diagnostic = diagnostic.with_related(other.name_span, "so is this one");
        }
        self.tell(diagnostic.with_help("what follows from it is unknown"));
    }
}

/// The parameters of a template in the order declared.
fn parameters<'c, 't>(context: &'c Context<'t>) -> impl Iterator<Item = &'c Parameter<'t>> {
    let declared = context.template.get_ignore_case("parameters");
    let members = declared.map_or(&[][..], Json::members).iter();
    members.filter_map(|declared| context.parameters.get(&declared.name.to_ascii_lowercase()))
}

fn is_null(entry: &Json) -> bool {
    let value = entry.get_ignore_case("value");
    value.is_some_and(|value| value.kind == JsonKind::Null)
}
