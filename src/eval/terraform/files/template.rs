//! `templatefile` and `templatestring`: a text rendered with the values it is given alone
//! (github.com/hashicorp/terraform, `internal/lang/funcs/filesystem.go`).

use std::rc::Rc;

use super::{Evaluation, Module, Read};
use crate::eval::hcl_expr::{
    Failure, Lookup, Outcome, Scope, Session, Step, evaluate_template, step_into,
};
use crate::eval::value::{Data, Value};
use crate::origin::OriginStep;
use crate::source::Span;
use crate::syntax::hcl;

/// Templates longer than this are not evaluated.
const MAX_TEMPLATE: usize = 1 << 20;

impl<'a> Evaluation<'a> {
    pub(super) fn template_file(
        &self,
        module: &Rc<Module<'a>>,
        arguments: &[Value],
        at: Span,
    ) -> Outcome {
        let [path, names] = arguments else {
            return Err(Failure::invalid(
                at,
                "templatefile: a path and values are needed",
            ));
        };
        let (id, file) = match self.read("templatefile", path, arguments, at)? {
            Read::Text(id, file) => (id, file),
            Read::Unknown(value) => return Ok(value),
        };
        let end = u32::try_from(file.text().len()).unwrap_or(u32::MAX);
        let call = Call {
            module,
            name: "templatefile",
            names,
            arguments,
            at,
        };
        self.render(file.text(), Span::new(id, 0, end), &call)
    }

    pub(super) fn template_string(
        &self,
        module: &Rc<Module<'a>>,
        arguments: &[Value],
        at: Span,
    ) -> Outcome {
        let [text, names] = arguments else {
            return Err(Failure::invalid(
                at,
                "templatestring: a text and values are needed",
            ));
        };
        let call = Call {
            module,
            name: "templatestring",
            names,
            arguments,
            at,
        };
        match text.as_str() {
            Some(text) => self.render(text, at, &call),
            None => Ok(self.unknown_call("templatestring", arguments)),
        }
    }

    fn render(&self, text: &str, whole: Span, call: &Call<'_, 'a>) -> Outcome {
        let at = call.at;
        if text.len() > MAX_TEMPLATE {
            return Ok(self.unknown_call(call.name, call.arguments));
        }
        let steps = u64::try_from(text.len() / 8).unwrap_or(u64::MAX);
        self.session.charge(steps, at)?;
        let parts = hcl::parse_template(whole, text)
            .map_err(|diagnostic| Failure::invalid(at, diagnostic.message))?;
        check_names(call, &parts)?;
        let scope = TemplateNames {
            evaluation: self,
            call,
        };
        let value = evaluate_template(&parts, whole, &scope, &self.session)?;
        if value.is_null() {
            let message = format!("{}: the template gives null", call.name);
            return Err(Failure::invalid(at, message).about(value.origin));
        }
        let step = || OriginStep::Function(call.name.into());
        let origin = self.session.hop(Some(at), step, &[value.origin]);
        Ok(value.with_origin(origin))
    }
}

/// The values given to a template are its only names, and it must be given all it may ask for, also
/// where it does not come to that.
fn check_names(call: &Call<'_, '_>, parts: &[hcl::TemplatePart]) -> Result<(), Box<Failure>> {
    let refuse = |message: String| Failure::invalid(call.at, message);
    let given = match &call.names.data {
        Data::Object(given) => given,
        Data::Unknown(_) => return Ok(()),
        _ => {
            return Err(
                refuse(format!("{}: the values must be a map", call.name)).about(call.names.origin)
            );
        }
    };
    if let Some(name) = given.entries.keys().find(|name| !is_name(name)) {
        let message = format!("{}: `{name}` cannot be a name in a template", call.name);
        return Err(refuse(message));
    }
    if given.rest.is_some() {
        return Ok(());
    }
    let mut names = hcl::free_names(parts).into_iter();
    match names.find(|(name, _)| !given.entries.contains_key(name)) {
        Some((name, _)) => Err(refuse(format!("the template is given no `{name}`"))),
        None => Ok(()),
    }
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|c| unicode_ident(c, true))
        && letters.all(|c| unicode_ident(c, false))
}

fn unicode_ident(letter: char, first: bool) -> bool {
    letter.is_alphabetic() || (letter == '_') || (!first && (letter.is_numeric() || letter == '-'))
}

/// A call of a template.
struct Call<'c, 'a> {
    module: &'c Rc<Module<'a>>,
    name: &'static str,
    names: &'c Value,
    arguments: &'c [Value],
    at: Span,
}

struct TemplateNames<'c, 'a> {
    evaluation: &'c Evaluation<'a>,
    call: &'c Call<'c, 'a>,
}

impl Scope for TemplateNames<'_, '_> {
    fn traverse(
        &self,
        root: &str,
        _path: &[Step],
        at: Span,
        _session: &Session<'_>,
    ) -> Result<Lookup, Box<Failure>> {
        let value = step_into(self.call.names, &Step::Attribute(root.into()), at)
            .map_err(|_| Failure::invalid(at, format!("the template is given no `{root}`")))?;
        Ok(Lookup { value, consumed: 0 })
    }

    fn call(
        &self,
        name: &str,
        arguments: &[Value],
        at: Span,
        _session: &Session<'_>,
    ) -> Option<Outcome> {
        match name {
            "templatefile" | "templatestring" => Some(Err(Failure::invalid(
                at,
                format!("`{name}` cannot be called within a template that is rendered already"),
            ))),
            name => {
                let module = self.call.module;
                self.evaluation.file_function(module, name, arguments, at)
            }
        }
    }
}
