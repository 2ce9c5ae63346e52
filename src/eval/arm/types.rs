//! Types of parameters, and whether a value is of one.
//!
//! A declaration is a type, or refers to one of the template's `definitions` (`$ref`). What Azure
//! checks is in templates/definitions and templates/data-types; that allowed strings compare without
//! case is from users (Azure/bicep#2489).

use std::sync::Arc;

use super::evaluate::Evaluator;
use super::template::Context;
use crate::diagnostic::Diagnostic;
use crate::eval::value::{Data, ListValue, ObjectValue, Truth, Value};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::Number;
use crate::syntax::json::{Json, JsonKind};

/// What is told of a value that is not of its type.
const CODE: &str = "parameter-value";

/// How many steps of `$ref` are followed.
const MAX_REFERENCES: usize = 16;

/// A declaration and the definitions it refers to.
#[derive(Clone, Debug)]
pub(super) struct Type<'t> {
    /// Nearest first.
    declarations: Vec<&'t Json>,
    definitions: Option<&'t Json>,
    /// Whether the template's language has definitions at all: before 2.0 what looks like one is
    /// not read.
    structured: bool,
}

impl<'t> Type<'t> {
    /// The type of a declaration in a template.
    pub(super) fn of(context: &Context<'t>, declaration: &'t Json) -> Self {
        let version = context.template.get_ignore_case("languageVersion");
        let version = version.and_then(Json::as_str).unwrap_or_default();
        let definitions = context.template.get_ignore_case("definitions");
        Self::resolved(declaration, definitions, version.starts_with('2'))
    }

    fn resolved(declaration: &'t Json, definitions: Option<&'t Json>, structured: bool) -> Self {
        let mut declarations = vec![declaration];
        let mut current = declaration;
        while declarations.len() < MAX_REFERENCES {
            let next = current
                .get("$ref")
                .and_then(Json::as_str)
                .and_then(|reference| reference.strip_prefix("#/definitions/"))
                .and_then(|name| definitions?.get_ignore_case(name));
            let Some(next) = next else { break };
            declarations.push(next);
            current = next;
        }
        Self {
            declarations,
            definitions,
            structured,
        }
    }

    fn inner(&self, declaration: &'t Json) -> Self {
        Self::resolved(declaration, self.definitions, self.structured)
    }

    /// What the nearest declaration that has it says of one thing: `defaultValue`, `minLength`.
    pub(super) fn constraint(&self, name: &str) -> Option<&'t Json> {
        let mut declarations = self.declarations.iter();
        declarations.find_map(|declaration| declaration.get_ignore_case(name))
    }

    /// A constraint that is a whole number.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        match &self.constraint(name)?.kind {
            JsonKind::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// The type's name in lower case; empty if it has none.
    pub(super) fn kind(&self) -> String {
        let kind = self.constraint("type").and_then(Json::as_str);
        kind.unwrap_or_default().to_ascii_lowercase()
    }

    /// Whether `null`, or nothing, is such a value.
    pub(super) fn is_nullable(&self) -> bool {
        self.declarations
            .iter()
            .filter_map(|declaration| declaration.get_ignore_case("nullable"))
            .any(|nullable| nullable.kind == JsonKind::Bool(true))
    }

    /// Whether an object may have no other properties than those declared.
    pub(super) fn is_sealed(&self) -> bool {
        self.structured
            && self
                .constraint("additionalProperties")
                .is_some_and(|others| others.kind == JsonKind::Bool(false))
    }

    /// The properties an object is declared to have.
    pub(super) fn properties(&self) -> Vec<(Arc<str>, Self)> {
        let declared = self.constraint("properties").filter(|_| self.structured);
        let members = declared.map_or(&[][..], Json::members).iter();
        members
            .map(|member| (Arc::clone(&member.name), self.inner(&member.value)))
            .collect()
    }

    /// The type that a tagged object has besides, by the value of its tag.
    fn variant(&self, object: &ObjectValue) -> Option<Tagged<'t>> {
        let union = self
            .constraint("discriminator")
            .filter(|_| self.structured)?;
        let name = union.get_ignore_case("propertyName")?.as_str()?;
        let mapping = union.get_ignore_case("mapping")?;
        let entry = object
            .entries
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        let Some((_, tag)) = entry else {
            return object.rest.is_none().then(|| Tagged::Missing(name));
        };
        let text = tag.as_str()?;
        Some(match mapping.get_ignore_case(text) {
            Some(declaration) => Tagged::Type(self.inner(declaration)),
            None => Tagged::Unknown(tag.clone(), mapping),
        })
    }
}

/// Where a value is written, and where it came from.
#[derive(Clone, Copy)]
struct Spot {
    span: Span,
    origin: OriginId,
}

enum Tagged<'t> {
    Missing(&'t str),
    Unknown(Value, &'t Json),
    Type(Type<'t>),
}

impl<'t> Evaluator<'t> {
    /// Tells where a value is not of a type; what is unknown in it is taken to fit. `place` is where
    /// it is written, unless it is a literal from elsewhere.
    pub(super) fn check(&self, declared: &Type<'t>, value: &Value, place: Span, path: &str) {
        let kind = declared.kind();
        let spot = self.typed_at(value, place);
        let wrong = |message: String| self.misfit(spot, message, None);
        let expected = |what: &str| {
            let found = found(value);
            wrong(format!("'{path}' must be {what}, this is {found}"));
        };
        match (&*kind, &value.data) {
            (_, Data::Unknown(_)) => return,
            (_, Data::Null) => {
                if !declared.is_nullable() && !kind.is_empty() {
                    wrong(format!("'{path}' must not be null"));
                }
                return;
            }
            ("string" | "securestring", Data::String(text)) => {
                let units = text.encode_utf16().count();
                self.check_length(declared, text.chars().count(), units, spot, path);
            }
            ("string" | "securestring", Data::Template(_)) => return,
            ("int", Data::Number(number)) => {
                let Some(number) = number.as_i64() else {
                    return expected("a whole number");
                };
                self.check_range(declared, number, spot, path);
            }
            ("bool", Data::Bool(_)) => {}
            ("array", Data::List(list)) => self.check_items(declared, list, spot, path),
            ("object" | "secureobject", Data::Object(object)) => {
                self.check_properties(declared, object, spot, path);
            }
            ("string" | "securestring", _) => return expected("a string"),
            ("int", _) => return expected("a whole number"),
            ("bool", _) => return expected("true or false"),
            ("array", _) => return expected("an array"),
            ("object" | "secureobject", _) => return expected("an object"),
            _ => return,
        }
        if let Some(allowed) = declared.constraint("allowedValues") {
            self.check_allowed(allowed, value, spot, path);
        }
    }

    fn check_range(&self, declared: &Type<'t>, number: i64, spot: Spot, path: &str) {
        if let Some(least) = declared.number("minValue").filter(|least| number < *least) {
            let message = format!("'{path}' must be at least {least}, this is {number}");
            self.misfit(spot, message, None);
        }
        if let Some(most) = declared.number("maxValue").filter(|most| number > *most) {
            let message = format!("'{path}' must be at most {most}, this is {number}");
            self.misfit(spot, message, None);
        }
    }

    /// The documentation counts characters and does not say which; what is too short or too long
    /// is so either way.
    fn check_length(&self, declared: &Type<'t>, one: usize, two: usize, spot: Spot, path: &str) {
        let limit = |name| declared.number(name).and_then(|n| usize::try_from(n).ok());
        if let Some(least) = limit("minLength").filter(|least| one.max(two) < *least) {
            let message = format!("'{path}' must be at least {least} long, this is {one} long");
            self.misfit(spot, message, None);
        }
        if let Some(most) = limit("maxLength").filter(|most| one.min(two) > *most) {
            let message = format!("'{path}' must be at most {most} long, this is {one} long");
            self.misfit(spot, message, None);
        }
    }

    fn check_items(&self, declared: &Type<'t>, list: &ListValue, spot: Spot, path: &str) {
        if list.rest.is_none() {
            let length = list.items.len();
            self.check_length(declared, length, length, spot, path);
        }
        if !declared.structured {
            return;
        }
        let tuple = declared.constraint("prefixItems");
        let tuple = tuple.map_or(&[][..], Json::items);
        let others = declared.constraint("items");
        // With a rest the positions of items are not known.
        let positions = list.rest.is_none();
        if !positions && !tuple.is_empty() {
            return;
        }
        for (index, item) in list.items.iter().enumerate() {
            let path = format!("{path}[{index}]");
            match (
                tuple.get(index),
                others.map(|others| (others, &others.kind)),
            ) {
                (Some(declaration), _) => {
                    self.check(&declared.inner(declaration), item, spot.span, &path);
                }
                (None, Some((others, JsonKind::Object(_)))) => {
                    self.check(&declared.inner(others), item, spot.span, &path);
                }
                (None, Some((_, JsonKind::Bool(false)))) => {
                    let message = format!("'{path}' is one item too many");
                    self.misfit(self.typed_at(item, spot.span), message, None);
                }
                (None, _) => {}
            }
        }
        if positions && list.items.len() < tuple.len() {
            let message = format!(
                "'{path}' must have {} items, this has {}",
                tuple.len(),
                list.items.len()
            );
            self.misfit(spot, message, None);
        }
    }

    fn check_properties(&self, declared: &Type<'t>, object: &ObjectValue, spot: Spot, path: &str) {
        if !declared.structured {
            return;
        }
        let mut properties = declared.properties();
        let mut others = declared.constraint("additionalProperties");
        match declared.variant(object) {
            Some(Tagged::Type(variant)) => {
                properties.extend(variant.properties());
                others = variant.constraint("additionalProperties").or(others);
                let union = declared.constraint("discriminator");
                let tag = union.and_then(|union| union.get_ignore_case("propertyName"));
                if let Some(tag) = tag.and_then(Json::as_str) {
                    properties.retain(|(name, _)| !name.eq_ignore_ascii_case(tag));
                    self.check_members(declared, &properties, others, object, spot, path, tag);
                    return;
                }
            }
            Some(Tagged::Missing(name)) => {
                let message = format!("'{path}' needs a property '{name}'");
                self.misfit(spot, message, None);
                return;
            }
            Some(Tagged::Unknown(tag, mapping)) => {
                let known: Vec<&str> = mapping.members().iter().map(|one| &*one.name).collect();
                let text = tag.as_str().map_or("", |text| &**text);
                let message = format!("'{path}' cannot be of the kind '{text}'");
                let help = format!("it is one of {}", listed(&known));
                self.misfit(self.typed_at(&tag, spot.span), message, Some(help));
                return;
            }
            None if declared.constraint("discriminator").is_some() => return,
            None => {}
        }
        self.check_members(declared, &properties, others, object, spot, path, "");
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one type, put together by its only caller"
    )]
    fn check_members(
        &self,
        declared: &Type<'t>,
        properties: &[(Arc<str>, Type<'t>)],
        others: Option<&'t Json>,
        object: &ObjectValue,
        spot: Spot,
        path: &str,
        tag: &str,
    ) {
        for (name, value) in &object.entries {
            let path = format!("{path}.{name}");
            let known = properties
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name));
            match (known, others.map(|others| (others, &others.kind))) {
                (Some((_, property)), _) => self.check(property, value, spot.span, &path),
                _ if name.eq_ignore_ascii_case(tag) => {}
                (None, Some((others, JsonKind::Object(_)))) => {
                    self.check(&declared.inner(others), value, spot.span, &path);
                }
                (None, Some((_, JsonKind::Bool(false)))) => {
                    let known: Vec<&str> = properties.iter().map(|(name, _)| &**name).collect();
                    let help = format!("it takes {}", listed(&known));
                    let message = format!("'{path}' is no property of its type");
                    self.misfit(self.typed_at(value, spot.span), message, Some(help));
                }
                (None, _) => {}
            }
        }
        if object.rest.is_some() {
            return;
        }
        for (name, property) in properties {
            let given = object
                .entries
                .keys()
                .any(|key| key.eq_ignore_ascii_case(name));
            if !given && !property.is_nullable() {
                let message = format!("'{path}' needs a property '{name}'");
                self.misfit(spot, message, None);
            }
        }
    }

    fn check_allowed(&self, allowed: &'t Json, value: &Value, spot: Spot, path: &str) {
        let allowed = allowed.items();
        let values: Vec<Value> = allowed
            .iter()
            .map(|json| super::parameter_file::plain(self, json))
            .collect();
        let is_allowed = |value: &Value| {
            values
                .iter()
                .any(|allowed| match (allowed.as_str(), value.as_str()) {
                    (Some(allowed), Some(text)) => allowed.eq_ignore_ascii_case(text),
                    _ => allowed.equals(value) != Truth::False,
                })
        };
        // Of an array, documents show allowed arrays and allowed items: either will do.
        let fits = is_allowed(value)
            || value
                .as_list()
                .is_some_and(|list| list.items.iter().all(is_allowed));
        if fits || values.is_empty() {
            return;
        }
        let shown = match value.canonical() {
            Some(text) if value.is_wholly_known() => format!("'{text}'"),
            _ => "this".to_owned(),
        };
        let texts: Vec<String> = values.iter().filter_map(Value::canonical).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let help = (!texts.is_empty()).then(|| format!("it is one of {}", listed(&texts)));
        self.misfit(spot, format!("'{path}' cannot be {shown}"), help);
    }

    /// Where a literal stands; what is computed is told at `otherwise`.
    fn typed_at(&self, value: &Value, otherwise: Span) -> Spot {
        let origin = self.origins.get(value.origin);
        let span = origin
            .filter(|origin| origin.step == OriginStep::Literal)
            .and_then(|origin| origin.span);
        Spot {
            span: span.unwrap_or(otherwise),
            origin: value.origin,
        }
    }

    fn misfit(&self, Spot { span, origin }: Spot, message: String, help: Option<String>) {
        // Another deployment may give a parameter something better than its default.
        if self.default_behind(origin).is_some() {
            return;
        }
        // What was told where it was typed is not told again wherever it is passed on.
        let typed = self.origins.typed_at(origin).filter(|typed| *typed != span);
        if typed.is_some_and(|typed| self.told.borrow().contains(&(typed, CODE))) {
            return;
        }
        let mut diagnostic = Diagnostic::advice(CODE, span, message);
        diagnostic.help = help;
        self.tell(diagnostic);
    }
}

fn found(value: &Value) -> &'static str {
    match &value.data {
        Data::Null => "null",
        Data::Bool(_) => "a boolean",
        Data::Number(Number::Integer(_)) => "a whole number",
        Data::Number(_) => "a number with a fraction",
        Data::String(_) | Data::Template(_) => "a string",
        Data::List(_) => "an array",
        Data::Object(_) => "an object",
        Data::Unknown(_) => "unknown",
    }
}

/// The first of some words.
fn listed(words: &[&str]) -> String {
    const MOST: usize = 8;
    let shown: Vec<String> = words
        .iter()
        .take(MOST)
        .map(|word| format!("'{word}'"))
        .collect();
    match words.len().saturating_sub(MOST) {
        0 if words.is_empty() => "none".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
