//! The evaluator: JSON and expressions to values.
//!
//! Parameters, variables, outputs and resource bodies are worked out when they are first asked
//! for, and once. Everything is bounded: the depth of evaluation, the number of steps, the size
//! of values.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use super::cycles::Work;
use super::embedded::Markers;
use super::expression::{self, Node, NodeKind, SyntaxError};
use super::functions::{Arguments, Function, Problem, Pure, pieces};
use super::labels;
use super::linked::Linked;
use super::site::Site;
use super::template::{Entry, Frame};
use crate::diagnostic::Diagnostic;
use crate::eval::value::{Bounds, Data, ObjectKind, ObjectValue, Reason, Rest, Unknown, Value};
use crate::eval::{Loader, ResourceKey};
use crate::origin::{OriginBuilder, OriginStep};
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::json::{Json, JsonKind, Member};

/// Places in the list of resources by the path in their id.
type ByPath = HashMap<Arc<str>, Vec<usize>>;

/// Places in the list of resources by the label of a context and a whole name in it.
type ByName = HashMap<(Arc<str>, String), Vec<usize>>;

/// An expression, or what is wrong with its text.
type Parsed = Result<Node, SyntaxError>;

/// The state of one evaluation.
pub(super) struct Evaluator<'t> {
    pub(super) loader: &'t dyn Loader,
    pub(super) linked: &'t Linked,
    pub(super) origins: &'t OriginBuilder,
    /// What reads the texts of a template that another language holds.
    pub(super) markers: Option<Markers<'t>>,
    pub(super) entries: RefCell<Vec<Rc<Entry<'t>>>>,
    pub(super) by_key: RefCell<HashMap<ResourceKey, usize>>,
    pub(super) by_path: RefCell<ByPath>,
    pub(super) by_name: RefCell<ByName>,
    pub(super) addresses: RefCell<HashMap<Arc<str>, usize>>,
    /// The linked templates that were read.
    pub(super) files: RefCell<BTreeSet<FileId>>,
    pub(super) contexts: Cell<usize>,
    pub(super) diagnostics: RefCell<Vec<Diagnostic>>,
    pub(super) told: RefCell<BTreeSet<(Span, &'static str)>>,
    expressions: RefCell<HashMap<Arc<str>, Rc<Parsed>>>,
    pub(super) steps: Cell<u32>,
    /// How many steps may be taken by what is being evaluated.
    pub(super) ceiling: Cell<u32>,
    /// Whether it was told that they were used up.
    pub(super) over: Cell<bool>,
    pub(super) depth: Cell<u32>,
    /// Whether it was told that there are too many resources.
    pub(super) full: Cell<bool>,
    pub(super) quiet: Cell<u32>,
    /// What is being worked out, the innermost last.
    pub(super) works: RefCell<Vec<Work<'t>>>,
    /// Problems that nobody was told of, because it is not certain that they happen.
    pub(super) untold: Cell<u32>,
}

impl<'t> Evaluator<'t> {
    pub(super) fn new(
        loader: &'t dyn Loader,
        linked: &'t Linked,
        origins: &'t OriginBuilder,
    ) -> Self {
        Self {
            loader,
            linked,
            origins,
            markers: None,
            entries: RefCell::default(),
            by_key: RefCell::default(),
            by_path: RefCell::default(),
            by_name: RefCell::default(),
            addresses: RefCell::default(),
            files: RefCell::default(),
            contexts: Cell::new(0),
            diagnostics: RefCell::default(),
            told: RefCell::default(),
            expressions: RefCell::default(),
            steps: Cell::new(0),
            ceiling: Cell::new(super::limits::MAX_STEPS),
            over: Cell::new(false),
            depth: Cell::new(0),
            full: Cell::new(false),
            quiet: Cell::new(0),
            works: RefCell::default(),
            untold: Cell::new(0),
        }
    }

    /// The value of a JSON node, expressions worked out.
    pub(super) fn value(&self, frame: &Frame<'t>, json: &'t Json) -> Value {
        match &json.kind {
            JsonKind::Null => Value::null(self.origins.literal(json.span)),
            JsonKind::Bool(value) => Value::bool(*value, self.origins.literal(json.span)),
            JsonKind::Number(number) => Value::new(
                Data::Number(number.clone()),
                self.origins.literal(json.span),
            ),
            JsonKind::String(text) => self.string(frame, json, text),
            JsonKind::Array(items) => self.nested(json.span, || self.array(frame, json, items)),
            JsonKind::Object(members) => {
                self.nested(json.span, || self.object(frame, json, members))
            }
        }
    }

    /// The value of a text that holds what is not known, if it is one.
    fn marked(&self, text: &str, span: Span) -> Option<Value> {
        self.markers?(text, self.origins.literal(span))
    }

    fn string(&self, frame: &Frame<'t>, json: &'t Json, text: &'t Arc<str>) -> Value {
        if !text.starts_with('[')
            && let Some(value) = self.marked(text, json.span)
        {
            return value;
        }
        if text.starts_with('[') {
            if expression::is_expression(text) {
                return self.expression(frame, json, text);
            }
            if let Some(text) = expression::unescaped(text) {
                // Evaluated as part of the template around it, and once more when it is deployed.
                if frame.evaluated_before > 0 && expression::is_expression(text) {
                    return self.expression(frame, json, &text.into());
                }
                return Value::string(text, self.origins.literal(json.span));
            }
        }
        Value::string(Arc::clone(text), self.origins.literal(json.span))
    }

    fn array(&self, frame: &Frame<'t>, json: &'t Json, items: &'t [Json]) -> Value {
        let items = items.iter().map(|item| self.value(frame, item)).collect();
        Value::list(items, self.origins.literal(json.span))
    }

    fn object(&self, frame: &Frame<'t>, json: &'t Json, members: &'t [Member]) -> Value {
        self.members(frame, json.span, members.iter())
    }

    /// The object of some members, loops among them worked out.
    pub(super) fn members(
        &self,
        frame: &Frame<'t>,
        span: Span,
        members: impl ExactSizeIterator<Item = &'t Member>,
    ) -> Value {
        let mut entries = IndexMap::with_capacity(members.len());
        let mut rest = None;
        for member in members {
            if let Some(loops) = property_loops(member) {
                for element in loops {
                    let Some(name) = element.get_ignore_case("name") else {
                        self.wrong(element.span, "this copy loop has no name");
                        continue;
                    };
                    let name = self.value(frame, name);
                    let name: Arc<str> = name.as_str().map_or_else(|| "".into(), Arc::clone);
                    let list = self.copied(frame, &name, element);
                    entries.insert(name, list);
                }
                continue;
            }
            let name = match self.member_name(frame, member) {
                Ok(name) => name,
                Err(unknown) => {
                    let value = self.value(frame, &member.value);
                    rest = Some(with_one_more(rest, unknown, value));
                    continue;
                }
            };
            entries.insert(name, self.value(frame, &member.value));
        }
        let object = ObjectValue {
            entries,
            rest,
            kind: ObjectKind::Object,
        };
        Value::new(Data::Object(Arc::new(object)), self.origins.literal(span))
    }

    /// The name of a member, which may be an expression or an escaped text as any string may.
    fn member_name(&self, frame: &Frame<'t>, member: &'t Member) -> Result<Arc<str>, Arc<Unknown>> {
        if !member.name.starts_with('[') {
            return Ok(Arc::clone(&member.name));
        }
        let literal = expression::unescaped(&member.name);
        let again = frame.evaluated_before > 0;
        let text = match literal {
            Some(text) if again && expression::is_expression(text) => text,
            Some(text) => return Ok(text.into()),
            None if expression::is_expression(&member.name) => &*member.name,
            None => return Ok(Arc::clone(&member.name)),
        };
        let parsed = self.parsed(text);
        let site = Site::whole(member.name_span);
        let name = match &*parsed {
            Ok(node) => self.node(frame, &site, node),
            Err(error) => self.unreadable(member.name_span, error.message.clone()),
        };
        match &name.data {
            Data::String(name) => Ok(Arc::clone(name)),
            _ => Err(self.unknown_of(&name)),
        }
    }

    fn expression(&self, frame: &Frame<'t>, json: &'t Json, text: &Arc<str>) -> Value {
        let parsed = self.parsed(text);
        let site = Site::new(json, text);
        match &*parsed {
            Ok(node) => self.node(frame, &site, node),
            Err(error) => {
                let span = self.exact(&site, error.start, error.end);
                self.unreadable(span, error.message.clone())
            }
        }
    }

    /// The parsed form of an expression; each distinct one is parsed once.
    pub(super) fn parsed(&self, text: &str) -> Rc<Parsed> {
        if let Some(parsed) = self.expressions.borrow().get(text) {
            return Rc::clone(parsed);
        }
        let parsed = Rc::new(expression::parse(text));
        self.expressions
            .borrow_mut()
            .insert(text.into(), Rc::clone(&parsed));
        parsed
    }

    /// The value of a part of an expression.
    pub(super) fn node(&self, frame: &Frame<'t>, site: &Site, node: &Node) -> Value {
        match &node.kind {
            NodeKind::String(text) => {
                let span = site.part(node.start, node.end);
                self.marked(text, span)
                    .unwrap_or_else(|| Value::string(Arc::clone(text), self.origins.literal(span)))
            }
            NodeKind::Integer(number) => {
                let origin = self.origins.literal(site.part(node.start, node.end));
                Value::integer(*number, origin)
            }
            NodeKind::Access(base, path) => {
                self.nested(site.span(), || self.access(frame, site, node, base, path))
            }
            NodeKind::Call(call) => self.nested(site.span(), || match call.function {
                _ if call
                    .entry
                    .is_some_and(|entry| !entry.takes(call.arguments.len())) =>
                {
                    self.wrong_count(site, node, call)
                }
                _ if frame.in_function && asks_azure(call) => {
                    let message = format!("a function of a template cannot use '{}'", call.name);
                    self.wrong(self.exact(site, node.start, node.end), message)
                }
                Function::Special(special) => self.special(frame, site, node, call, special),
                Function::Pure(pure) => self.pure(frame, site, node, call, pure),
                Function::RunTime => self.run_time(frame, site, node, call),
                Function::Other => self.user_function(frame, site, node, call),
            }),
        }
    }

    /// The arguments of a call, in order.
    pub(super) fn arguments(&self, frame: &Frame<'t>, site: &Site, nodes: &[Node]) -> Vec<Value> {
        nodes
            .iter()
            .map(|argument| self.node(frame, site, argument))
            .collect()
    }

    /// A call with too few or too many arguments: the extra ones are what is wrong, else the call.
    fn wrong_count(&self, site: &Site, node: &Node, call: &expression::Call) -> Value {
        let Some(entry) = call.entry else {
            return self.unsupported(site, node, &call.name, &[]);
        };
        let extra = call.arguments.get(entry.most..).unwrap_or_default();
        let (start, end) = match extra {
            [first, .., last] => (first.start, last.end),
            [only] => (only.start, only.end),
            [] => (node.start, node.end),
        };
        let given = call.arguments.len();
        let message = format!("'{}' needs {}, not {given}", call.name, entry.arguments());
        self.wrong(self.exact(site, start, end), message)
    }

    fn pure(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &expression::Call,
        function: Pure,
    ) -> Value {
        let values = self.arguments(frame, site, &call.arguments);
        self.apply(site, node, &call.name, function, &values)
    }

    /// Applies a pure function: if an argument is one of some candidates, so is the result.
    pub(super) fn apply(
        &self,
        site: &Site,
        node: &Node,
        name: &Arc<str>,
        function: Pure,
        values: &[Value],
    ) -> Value {
        let span = site.part(node.start, node.end);
        let call = |values: &[Value]| {
            function(&Arguments {
                values,
                name,
                span,
                origins: self.origins,
            })
        };
        self.charge_for(values);
        match call(values) {
            Ok(value) => {
                self.charge_for(std::slice::from_ref(&value));
                value
            }
            Err(Problem::Unknown) => {
                let candidates = candidates_of(values, &call);
                self.derived(site, node, name, values, candidates)
            }
            Err(Problem::Wrong(message)) => {
                self.wrong_about(self.exact(site, node.start, node.end), message, values)
            }
            Err(Problem::Argument(index, message)) => {
                let (start, end) = part_of_call(node, index);
                let value = values.get(index..=index).unwrap_or(values);
                self.wrong_about(self.exact(site, start, end), message, value)
            }
            Err(Problem::TooLarge) => self.limit(
                "arm-limit",
                self.exact(site, node.start, node.end),
                format!("the result of '{name}' is too large to be evaluated"),
            ),
        }
    }

    /// What a function gives of arguments that are not wholly known.
    pub(super) fn derived(
        &self,
        site: &Site,
        node: &Node,
        name: &Arc<str>,
        values: &[Value],
        candidates: Option<Vec<Value>>,
    ) -> Value {
        let mut unknown = labels::derived(name, values);
        if unknown.causes.is_empty() {
            unknown.reason = Reason::RunTimeFunction(Arc::clone(name));
        }
        if let Some(candidates) = candidates {
            unknown.bounds = Bounds::OneOf(candidates);
        }
        let call = Arguments {
            values,
            name,
            span: site.part(node.start, node.end),
            origins: self.origins,
        };
        Value::unknown(unknown, call.origin())
    }

    /// A function that is known and not evaluated.
    pub(super) fn unsupported(
        &self,
        site: &Site,
        node: &Node,
        name: &Arc<str>,
        values: &[Value],
    ) -> Value {
        let mut unknown = Unknown::derived(&name.to_ascii_lowercase(), values);
        unknown.reason = Reason::UnsupportedFunction(Arc::clone(name));
        unknown.label = format!("{name}()").into();
        unknown.causes = Vec::new();
        let origin = self.origins.literal(site.part(node.start, node.end));
        Value::unknown(unknown, origin)
    }

    /// A function that only Azure can answer, when it runs the deployment.
    fn run_time(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &expression::Call,
    ) -> Value {
        let values = self.arguments(frame, site, &call.arguments);
        let origin = self.origins.literal(site.part(node.start, node.end));
        self.answered_later(frame, call, &values, origin)
    }

    /// A value with one more hop, at the place that asks for it.
    pub(super) fn hop(&self, site: &Site, node: &Node, step: OriginStep, value: Value) -> Value {
        let span = site.part(node.start, node.end);
        let origin = self.origins.add(Some(span), step, vec![value.origin]);
        Value {
            data: value.data,
            origin,
        }
    }

    /// The unknown of a value; one derived from it if it is known in part.
    pub(super) fn unknown_of(&self, value: &Value) -> Arc<Unknown> {
        match &value.data {
            Data::Unknown(unknown) => Arc::clone(unknown),
            _ => {
                let mut unknown = Unknown::derived("value", std::slice::from_ref(value));
                unknown.label = labels::shown(value).into();
                Arc::new(unknown)
            }
        }
    }

    /// The exact span of a part of an expression, for diagnostics.
    pub(super) fn exact(&self, site: &Site, start: u32, end: u32) -> Span {
        match self.file(site.span()) {
            Some(file) => site.exact_part(&file, start, end),
            None => site.part(start, end),
        }
    }

    fn file(&self, span: Span) -> Option<Arc<SourceFile>> {
        let path = self.loader.path(span.file);
        self.loader.text(&path).map(|(_, file)| file)
    }

    /// The text of a value that has to be a string, known in part.
    pub(super) fn text_pieces(&self, value: &Value) -> Vec<crate::eval::value::Piece> {
        pieces(value)
            .unwrap_or_else(|| vec![crate::eval::value::Piece::Hole(self.unknown_of(value))])
    }
}

/// Whether a call is one of those that the template's own functions may not make: `reference` and
/// the lists (`user-defined-functions.md`, "Limitations").
fn asks_azure(call: &expression::Call) -> bool {
    matches!(call.entry, Some(entry) if matches!(entry.name, "reference" | "references" | "list*"))
}

/// The rest of an object with one more entry under a name that is not known: two do not look like
/// one another.
fn with_one_more(rest: Option<Rest>, name: Arc<Unknown>, value: Value) -> Rest {
    let Some(earlier) = rest else {
        return Rest {
            unknown: name,
            template: Some(value),
        };
    };
    let names =
        [earlier.unknown, name].map(|unknown| Value::new(Data::Unknown(unknown), value.origin));
    Rest {
        unknown: Arc::new(Unknown::derived("names", &names)),
        template: None,
    }
}

/// Where an argument of a call stands; the call itself if it is none of its own.
fn part_of_call(node: &Node, index: usize) -> (u32, u32) {
    let argument = match &node.kind {
        NodeKind::Call(call) => call.arguments.get(index),
        _ => None,
    };
    argument.map_or((node.start, node.end), |part| (part.start, part.end))
}

/// The elements of a `copy` member of an object, if it is a loop over properties.
fn property_loops(member: &Member) -> Option<&[Json]> {
    if !member.name.eq_ignore_ascii_case("copy") {
        return None;
    }
    let JsonKind::Array(elements) = &member.value.kind else {
        return None;
    };
    let is_loop = |element: &Json| {
        element.get_ignore_case("count").is_some() && element.get_ignore_case("input").is_some()
    };
    (!elements.is_empty() && elements.iter().all(is_loop)).then_some(elements)
}

/// The results of a function for each candidate of the only unknown in its arguments.
fn candidates_of(
    values: &[Value],
    call: &dyn Fn(&[Value]) -> Result<Value, Problem>,
) -> Option<Vec<Value>> {
    let mut open = values.iter().filter_map(Value::as_unknown);
    let unknown = match open.next() {
        Some(unknown) => unknown,
        None => values.iter().find_map(Value::decided_by)?,
    };
    if open.any(|other| other.id != unknown.id) {
        return None;
    }
    let is_it = |value: &Value| {
        let own = value.decided_by();
        own.is_some_and(|own| own.id == unknown.id)
    };
    if !values.iter().any(is_it) {
        return None;
    }
    let Bounds::OneOf(candidates) = &unknown.bounds else {
        return None;
    };
    let mut results = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let decided = values.iter().map(|value| {
            if is_it(value) {
                value.decided(candidate)
            } else {
                Some(value.clone())
            }
        });
        let arguments: Vec<Value> = decided.collect::<Option<_>>()?;
        let result = call(&arguments).ok()?;
        if result.as_unknown().is_some() {
            return None;
        }
        results.push(result);
    }
    Some(results)
}
