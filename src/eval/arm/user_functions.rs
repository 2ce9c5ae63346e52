//! Calls of functions that a template declares itself, and of those nobody knows.

use std::sync::Arc;

use super::cycles::Work;
use super::evaluate::Evaluator;
use super::expression::{Call, Node};
use super::functions::catalogue::{self, Answer};
use super::functions::describe;
use super::site::Site;
use super::template::Frame;
use crate::diagnostic::Diagnostic;
use crate::eval::value::{Data, Value};
use crate::origin::OriginStep;
use crate::source::Span;
use crate::syntax::Number;
use crate::syntax::json::Json;

/// How alike two names are at least for one to be suggested for the other.
const ALIKE: f64 = 0.86;

impl<'t> Evaluator<'t> {
    /// A function of the template.
    pub(super) fn user_function(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &Call,
    ) -> Value {
        let values = self.arguments(frame, site, &call.arguments);
        let declared = frame
            .context
            .functions
            .get(&call.name.to_ascii_lowercase())
            .copied();
        let Some(declared) = declared else {
            return self.no_such_function(frame, site, node, call, &values);
        };
        let parameters = declared
            .get_ignore_case("parameters")
            .map_or(&[][..], Json::items);
        if parameters.len() != values.len() {
            let plural = if parameters.len() == 1 { "" } else { "s" };
            let message = format!(
                "'{}' needs {} argument{plural}, not {}",
                call.name,
                parameters.len(),
                values.len()
            );
            return self.wrong(self.exact(site, node.start, node.end), message);
        }
        // Only the parameters of the function are in sight: no loops, no lambdas, no parameters of
        // the template (`user-defined-functions.md`, "Limitations"). Its variables are: the page
        // says they are not, but Azure reads what Bicep's compiler writes so (Azure/bicep#14531).
        let mut inner = Frame {
            locals: None,
            loops: None,
            in_function: true,
            evaluated_before: frame.context.evaluated_before,
            ..frame.clone()
        };
        for ((parameter, value), argument) in parameters.iter().zip(values).zip(&call.arguments) {
            let name = parameter
                .get_ignore_case("name")
                .and_then(Json::as_str)
                .unwrap_or_default();
            let value = match mismatch(parameter, &value) {
                Some(expected) => {
                    let span = self.exact(site, argument.start, argument.end);
                    let given = describe(&value.data);
                    let message =
                        format!("'{}' needs {expected} for '{name}', not {given}", call.name);
                    self.wrong_about(span, message, &[value])
                }
                None => value,
            };
            inner = inner.with_local(name.into(), value);
        }
        let output = declared
            .get_ignore_case("output")
            .and_then(|output| output.get_ignore_case("value"));
        match output {
            Some(_) if self.is_under_way(declared.span) => {
                self.cycle(declared.span, &format!("function '{}'", call.name))
            }
            Some(output) => {
                let work = Work::named(declared.span, format!("function '{}'", call.name));
                let value = self.working(work, || self.value(&inner, output));
                let step = OriginStep::Function(Arc::clone(&call.name));
                self.hop(site, node, step, value)
            }
            None => self.wrong(declared.span, "this function has no output"),
        }
    }

    fn no_such_function(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &Call,
        values: &[Value],
    ) -> Value {
        let name = &call.name;
        let length = u32::try_from(name.len()).unwrap_or(0);
        let span = self.exact(site, node.start, node.start + length);
        match call.entry {
            Some(entry) if entry.answer == Answer::Compiler => {
                let message =
                    format!("'{name}' is a function of Bicep's compiler, not of templates");
                return self.wrong(span, message);
            }
            Some(_) => {}
            None => self.tell(unknown_function(frame, span, name)),
        }
        self.unsupported(site, node, name, values)
    }
}

fn unknown_function(frame: &Frame<'_>, span: Span, name: &str) -> Diagnostic {
    let own = frame.context.functions.keys().map(String::as_str);
    let mut candidates: Vec<&str> = own.collect();
    for entry in catalogue::FUNCTIONS {
        if entry.answer != Answer::Compiler && entry.name != "list*" {
            candidates.push(entry.name);
        }
    }
    candidates.sort_unstable();
    let mut best: Option<(f64, &str)> = None;
    for candidate in candidates {
        let score =
            strsim::jaro_winkler(&name.to_ascii_lowercase(), &candidate.to_ascii_lowercase());
        // Of equally good ones the first by name: the declared ones come in no order.
        let better =
            best.is_none_or(|(most, known)| score > most || (score >= most && candidate < known));
        if score >= ALIKE && better {
            best = Some((score, candidate));
        }
    }
    let message = if name.contains('.') {
        format!("this template declares no function '{name}'")
    } else {
        format!("there is no template function '{name}'")
    };
    let diagnostic = Diagnostic::advice("arm-function", span, message);
    match best {
        Some((_, near)) => diagnostic.with_help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

/// What a parameter of a function needs, if the value is certainly something else. A type defined
/// elsewhere in the template is not checked.
fn mismatch(parameter: &Json, value: &Value) -> Option<&'static str> {
    let declared = parameter.get_ignore_case("type").and_then(Json::as_str)?;
    let nullable = parameter
        .get_ignore_case("nullable")
        .is_some_and(|nullable| nullable.kind == crate::syntax::json::JsonKind::Bool(true));
    let (expected, fits) = match &*declared.to_ascii_lowercase() {
        "string" | "securestring" => (
            "a string",
            matches!(value.data, Data::String(_) | Data::Template(_)),
        ),
        "int" => (
            "a whole number",
            matches!(value.data, Data::Number(Number::Integer(_))),
        ),
        "bool" => ("a boolean", matches!(value.data, Data::Bool(_))),
        "array" => ("an array", matches!(value.data, Data::List(_))),
        "object" | "secureobject" => ("an object", matches!(value.data, Data::Object(_))),
        _ => return None,
    };
    let open = value.as_unknown().is_some() || (nullable && value.is_null());
    (!fits && !open).then_some(expected)
}
