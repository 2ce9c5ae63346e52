//! What is no part of a template as it stands: a section that is no object, a resource without a
//! type, a loop without a count. Azure refuses the template; here it is told where it stands, and
//! the rest is evaluated.
//!
//! Only the outline is looked at: what the sections are, and what every declaration and resource
//! must have. Sources: azure-docs, `templates/syntax.md`, `templates/copy-resources.md`,
//! `templates/user-defined-functions.md`.

use super::deployment::header;
use super::evaluate::Evaluator;
use super::template::member;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::json::{Json, JsonKind};

impl Evaluator<'_> {
    /// Tells what is wrong with the outline of a template.
    pub(super) fn check_outline(&self, template: &Json) {
        for section in ["parameters", "variables", "outputs", "definitions"] {
            if let Some(json) = template.get_ignore_case(section)
                && !matches!(json.kind, JsonKind::Object(_) | JsonKind::Null)
            {
                let message = format!("`{section}` is an object, not {}", kind(json));
                self.told_malformed(json.span, message);
            }
        }
        for section in ["parameters", "outputs"] {
            let json = template.get_ignore_case(section);
            for declared in json.map_or(&[][..], Json::members) {
                if !matches!(declared.value.kind, JsonKind::Object(_)) {
                    let message = format!(
                        "each of `{section}` is an object, `{}` is {}",
                        declared.name,
                        kind(&declared.value)
                    );
                    self.told_malformed(declared.value.span, message);
                }
            }
        }
        if let Some(functions) = template.get_ignore_case("functions")
            && !matches!(functions.kind, JsonKind::Array(_) | JsonKind::Null)
        {
            let message = format!("`functions` is a list, not {}", kind(functions));
            self.told_malformed(functions.span, message);
        }
        if let Some(copy) = template
            .get_ignore_case("variables")
            .and_then(|variables| variables.get_ignore_case("copy"))
        {
            for element in copy.items() {
                self.check_loop(element, &["name", "count", "input"]);
            }
        }
        if let Some(resources) = template.get_ignore_case("resources") {
            self.check_resources(resources);
        }
    }

    fn check_resources(&self, resources: &Json) {
        match &resources.kind {
            JsonKind::Array(items) => items.iter().for_each(|item| self.check_resource(item)),
            JsonKind::Object(members) => members
                .iter()
                .for_each(|member| self.check_resource(&member.value)),
            JsonKind::Null => {}
            _ => {
                let message = format!(
                    "`resources` is a list or an object of resources, not {}",
                    kind(resources)
                );
                self.told_malformed(resources.span, message);
            }
        }
    }

    fn check_resource(&self, resource: &Json) {
        if !matches!(resource.kind, JsonKind::Object(_)) {
            let message = format!("a resource is an object, not {}", kind(resource));
            return self.told_malformed(resource.span, message);
        }
        // A resource of another provider than Azure's has a type and properties.
        let extended = ["extension", "import"]
            .iter()
            .any(|name| resource.get_ignore_case(name).is_some());
        for name in ["type", "name"] {
            let (span, message) = match member(resource, name) {
                Some(found) if found.value.as_str().is_some() => continue,
                Some(found) => {
                    let what = kind(&found.value);
                    let message = format!("the `{name}` of a resource is a string, not {what}");
                    (found.value.span, message)
                }
                None if name == "name" && extended => continue,
                None => (opening(resource), format!("this resource has no `{name}`")),
            };
            if name == "type" {
                self.told_malformed(span, message);
            } else {
                // What it is can be told without knowing what it is called.
                self.tell(Diagnostic::advice("arm-template", span, message));
            }
        }
        if let Some(copy) = resource.get_ignore_case("copy") {
            match copy.kind {
                JsonKind::Object(_) => self.check_loop(copy, &["count"]),
                JsonKind::Null => {}
                _ => {
                    let message =
                        format!("the `copy` of a resource is an object, not {}", kind(copy));
                    self.told_malformed(copy.span, message);
                }
            }
        }
        if let Some(children) = resource.get_ignore_case("resources") {
            for child in children.items() {
                self.check_resource(child);
            }
        }
    }

    fn check_loop(&self, copy: &Json, needed: &[&str]) {
        for name in needed {
            if copy.get_ignore_case(name).is_none() {
                let message = format!("this copy loop has no {name}");
                self.told_malformed(opening(copy), message);
            }
        }
    }

    /// Tells why a deployment resource that links no template deploys none.
    pub(super) fn check_nested(&self, resource: &Json) {
        let properties = resource.get_ignore_case("properties");
        match properties.and_then(|json| json.get_ignore_case("template")) {
            Some(written) if !matches!(written.kind, JsonKind::Object(_) | JsonKind::Null) => {
                let message = format!("a nested template is an object, not {}", kind(written));
                self.told_malformed(written.span, message);
            }
            // What an expression gives may have a template.
            _ if properties.is_some_and(|json| json.as_str().is_some()) => {}
            _ => {
                let message = "this deployment has neither a template nor a link to one";
                self.told_malformed(header(resource), message);
            }
        }
    }

    /// Adds a diagnostic about what is no part of a template.
    pub(super) fn told_malformed(&self, span: Span, message: impl Into<String>) {
        self.tell(Diagnostic::unreadable("arm-template", span, message));
    }
}

/// The opening bracket: the whole would fill the screen.
fn opening(json: &Json) -> Span {
    Span::new(json.span.file, json.span.start, json.span.start + 1)
}

/// What something is, for messages.
fn kind(json: &Json) -> &'static str {
    match json.kind {
        JsonKind::Null => "null",
        JsonKind::Bool(_) => "a boolean",
        JsonKind::Number(_) => "a number",
        JsonKind::String(_) => "a string",
        JsonKind::Array(_) => "a list",
        JsonKind::Object(_) => "an object",
    }
}
