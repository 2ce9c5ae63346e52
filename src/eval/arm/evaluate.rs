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

use super::expression::{self, Node, NodeKind, SyntaxError};
use super::functions::{Arguments, Function, Problem, Pure, pieces};
use super::linked::Linked;
use super::site::Site;
use super::template::{Entry, Frame};
use crate::diagnostic::Diagnostic;
use crate::eval::value::{Bounds, Data, ListValue, ObjectValue, Reason, Rest, Unknown, Value};
use crate::eval::{Loader, ResourceKey};
use crate::origin::{OriginBuilder, OriginId, OriginStep};
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::json::{Json, JsonKind, Member};

/// How deep evaluation goes: JSON, calls, variables and functions together.
const MAX_DEPTH: u32 = 320;

/// How many parts of templates are evaluated for one deployment.
const MAX_STEPS: u32 = 3_000_000;

/// How many values one value may hold.
pub(super) const MAX_SIZE: usize = 1_000_000;

/// How many diagnostics one deployment gives.
const MAX_DIAGNOSTICS: usize = 500;

/// How many candidates of an unknown are followed through a function.
const MAX_CANDIDATES: usize = 16;

/// Places in the list of resources by the label of a context and a whole name in it.
type ByName = HashMap<(Arc<str>, String), Vec<usize>>;

/// An expression, or what is wrong with its text.
type Parsed = Result<Node, SyntaxError>;

/// The state of one evaluation.
pub(super) struct Evaluator<'t> {
    pub(super) loader: &'t dyn Loader,
    pub(super) linked: &'t Linked,
    pub(super) origins: OriginBuilder,
    pub(super) entries: RefCell<Vec<Rc<Entry<'t>>>>,
    pub(super) by_key: RefCell<HashMap<ResourceKey, usize>>,
    pub(super) by_name: RefCell<ByName>,
    pub(super) addresses: RefCell<HashMap<Arc<str>, usize>>,
    /// The linked templates that were read.
    pub(super) files: RefCell<BTreeSet<FileId>>,
    pub(super) contexts: Cell<usize>,
    pub(super) diagnostics: RefCell<Vec<Diagnostic>>,
    told: RefCell<BTreeSet<(Span, &'static str)>>,
    expressions: RefCell<HashMap<Arc<str>, Rc<Parsed>>>,
    steps: Cell<u32>,
    depth: Cell<u32>,
    quiet: Cell<u32>,
    /// Problems that nobody was told of, because it is not certain that they happen.
    untold: Cell<u32>,
}

impl<'t> Evaluator<'t> {
    pub(super) fn new(loader: &'t dyn Loader, linked: &'t Linked) -> Self {
        Self {
            loader,
            linked,
            origins: OriginBuilder::default(),
            entries: RefCell::default(),
            by_key: RefCell::default(),
            by_name: RefCell::default(),
            addresses: RefCell::default(),
            files: RefCell::default(),
            contexts: Cell::new(0),
            diagnostics: RefCell::default(),
            told: RefCell::default(),
            expressions: RefCell::default(),
            steps: Cell::new(0),
            depth: Cell::new(0),
            quiet: Cell::new(0),
            untold: Cell::new(0),
        }
    }

    /// The value of a JSON node, expressions worked out.
    pub(super) fn value(&self, frame: &Frame<'t>, json: &'t Json) -> Value {
        match &json.kind {
            JsonKind::Null => Value::null(self.origins.literal(json.span)),
            JsonKind::Bool(value) => Value::bool(*value, self.origins.literal(json.span)),
            JsonKind::Number(number) => {
                Value::new(Data::Number(*number), self.origins.literal(json.span))
            }
            JsonKind::String(text) => self.string(frame, json, text),
            JsonKind::Array(items) => self.nested(json.span, || self.array(frame, json, items)),
            JsonKind::Object(members) => {
                self.nested(json.span, || self.object(frame, json, members))
            }
        }
    }

    fn string(&self, frame: &Frame<'t>, json: &'t Json, text: &'t Arc<str>) -> Value {
        if text.starts_with('[') {
            if expression::is_expression(text) {
                return self.expression(frame, json, text);
            }
            if let Some(text) = expression::unescaped(text) {
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
            let name = if expression::is_expression(&member.name) {
                match self.member_name(frame, member) {
                    Ok(name) => name,
                    Err(unknown) => {
                        let template = Some(self.value(frame, &member.value));
                        rest = Some(Rest { unknown, template });
                        continue;
                    }
                }
            } else {
                Arc::clone(&member.name)
            };
            entries.insert(name, self.value(frame, &member.value));
        }
        let object = ObjectValue { entries, rest };
        Value::new(Data::Object(Arc::new(object)), self.origins.literal(span))
    }

    fn member_name(&self, frame: &Frame<'t>, member: &'t Member) -> Result<Arc<str>, Arc<Unknown>> {
        let parsed = self.parsed(&member.name);
        let site = Site::whole(member.name_span);
        let name = match &*parsed {
            Ok(node) => self.node(frame, &site, node),
            Err(error) => self.wrong(member.name_span, error.message.clone()),
        };
        match &name.data {
            Data::String(name) => Ok(Arc::clone(name)),
            _ => Err(self.unknown_of(&name)),
        }
    }

    fn expression(&self, frame: &Frame<'t>, json: &'t Json, text: &'t Arc<str>) -> Value {
        let parsed = self.parsed(text);
        let site = Site::new(json, text);
        match &*parsed {
            Ok(node) => self.node(frame, &site, node),
            Err(error) => {
                let span = self.exact(&site, error.start, error.end);
                self.wrong(span, error.message.clone())
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
                let origin = self.origins.literal(site.part(node.start, node.end));
                Value::string(Arc::clone(text), origin)
            }
            NodeKind::Integer(number) => {
                let origin = self.origins.literal(site.part(node.start, node.end));
                Value::integer(*number, origin)
            }
            NodeKind::Access(base, path) => {
                self.nested(site.span(), || self.access(frame, site, node, base, path))
            }
            NodeKind::Call(call) => self.nested(site.span(), || match call.function {
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
                origins: &self.origins,
            })
        };
        match call(values) {
            Ok(value) => value,
            Err(Problem::Unknown) => {
                let candidates = candidates_of(values, &call);
                self.derived(site, node, name, values, candidates)
            }
            Err(Problem::Wrong(message)) => {
                self.wrong_about(self.exact(site, node.start, node.end), message, values)
            }
            Err(Problem::TooLarge) => self.limit(
                "arm-limit",
                self.exact(site, node.start, node.end),
                format!("the result of '{name}' is too large to be evaluated"),
            ),
            Err(Problem::Unsupported) => self.unsupported(site, node, name, values),
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
        let mut unknown = Unknown::derived(&name.to_ascii_lowercase(), values);
        if unknown.causes.is_empty() {
            unknown.reason = Reason::RunTimeFunction(Arc::clone(name));
            unknown.label = format!("{name}()").into();
        }
        if let Some(candidates) = candidates {
            unknown.bounds = Bounds::OneOf(candidates);
        }
        let call = Arguments {
            values,
            name,
            span: site.part(node.start, node.end),
            origins: &self.origins,
        };
        Value::unknown(unknown, call.origin())
    }

    fn unsupported(&self, site: &Site, node: &Node, name: &Arc<str>, values: &[Value]) -> Value {
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
        let mut unknown = Unknown::derived(&call.name.to_ascii_lowercase(), &values);
        unknown.reason = Reason::RunTimeFunction(Arc::clone(&call.name));
        unknown.label = format!("{}()", call.name).into();
        unknown.causes = Vec::new();
        Value::unknown(
            unknown,
            self.origins.literal(site.part(node.start, node.end)),
        )
    }

    fn user_function(
        &self,
        frame: &Frame<'t>,
        site: &Site,
        node: &Node,
        call: &expression::Call,
    ) -> Value {
        let values = self.arguments(frame, site, &call.arguments);
        let declared = frame
            .context
            .functions
            .get(&call.name.to_ascii_lowercase())
            .copied();
        let Some(declared) = declared else {
            return self.unsupported(site, node, &call.name, &values);
        };
        let names = declared
            .get_ignore_case("parameters")
            .map_or(&[][..], Json::items);
        let mut inner = Frame {
            locals: None,
            loops: None,
            in_function: true,
            ..frame.clone()
        };
        for (parameter, value) in names.iter().zip(values) {
            let name = parameter.get_ignore_case("name").and_then(Json::as_str);
            inner = inner.with_local(name.unwrap_or_default().into(), value);
        }
        let output = declared
            .get_ignore_case("output")
            .and_then(|output| output.get_ignore_case("value"));
        match output {
            Some(output) => {
                let value = self.value(&inner, output);
                self.hop(
                    site,
                    node,
                    OriginStep::Function(Arc::clone(&call.name)),
                    value,
                )
            }
            None => self.wrong(declared.span, "this function has no output"),
        }
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

    // Limits and problems.

    /// Runs one level of evaluation, within the limits.
    pub(super) fn nested(&self, span: Span, run: impl FnOnce() -> Value) -> Value {
        let (depth, steps) = (self.depth.get(), self.steps.get());
        if depth >= MAX_DEPTH {
            let message = format!("evaluating this goes more than {MAX_DEPTH} levels deep");
            return self.limit("arm-limit", span, message);
        }
        if steps >= MAX_STEPS {
            return self.exhausted(span);
        }
        self.steps.set(steps + 1);
        self.depth.set(depth + 1);
        let value = run();
        self.depth.set(depth);
        value
    }

    fn exhausted(&self, span: Span) -> Value {
        if self.steps.get() == MAX_STEPS {
            self.steps.set(MAX_STEPS + 1);
            let message = "this deployment is too large: evaluation ends here";
            return self.limit("arm-limit", span, message.into());
        }
        Value::unknown(
            Unknown::new("limit", "evaluation limit", Reason::Limit),
            self.origins.literal(span),
        )
    }

    /// Whether the steps of this deployment are used up.
    pub(super) fn is_exhausted(&self) -> bool {
        self.steps.get() >= MAX_STEPS
    }

    /// Counts work that is not evaluation itself.
    pub(super) fn charge(&self, steps: usize) {
        let steps = u32::try_from(steps).unwrap_or(MAX_STEPS);
        if self.steps.get() < MAX_STEPS {
            self.steps
                .set(self.steps.get().saturating_add(steps).min(MAX_STEPS));
        }
    }

    /// Evaluates what may never be evaluated in Azure: problems in it are not told.
    pub(super) fn quietly<T>(&self, run: impl FnOnce() -> T) -> T {
        self.quiet.set(self.quiet.get() + 1);
        let result = run();
        self.quiet.set(self.quiet.get() - 1);
        result
    }

    /// How many problems were found and not told; a value that came with one is not kept.
    pub(super) fn untold(&self) -> u32 {
        self.untold.get()
    }

    /// Something Azure would refuse: a diagnostic and an unknown.
    pub(super) fn wrong(&self, span: Span, message: impl Into<String>) -> Value {
        self.tell(Diagnostic::advice("arm-expression", span, message));
        self.nothing(span, Reason::Invalid)
    }

    /// The same for what is wrong only with these values. If one goes back to the default of a
    /// parameter, another deployment may give a better one, and nobody can say that it is wrong.
    pub(super) fn wrong_about(
        &self,
        span: Span,
        message: impl Into<String>,
        values: &[Value],
    ) -> Value {
        let default = values
            .iter()
            .find_map(|value| self.default_behind(value.origin));
        let Some(name) = default else {
            return self.wrong(span, message);
        };
        let place = format!("{}:{}", span.file.0, span.start);
        let label = format!("parameters('{name}')");
        let mut unknown = Unknown::new(&place, label, Reason::NoValue);
        unknown.declared = Some(span);
        Value::unknown(unknown, self.origins.literal(span))
    }

    /// The parameter whose default a value comes from.
    fn default_behind(&self, id: OriginId) -> Option<Arc<str>> {
        let mut pending = vec![id];
        let mut seen = BTreeSet::new();
        while let Some(id) = pending.pop() {
            if seen.len() > 1_000 || !seen.insert(id) {
                continue;
            }
            let node = self.origins.get(id)?;
            if let OriginStep::VariableDefault(name) = node.step {
                return Some(name);
            }
            pending.extend(node.parents);
        }
        None
    }

    /// Something too large to evaluate: a diagnostic and an unknown.
    pub(super) fn limit(&self, code: &'static str, span: Span, message: String) -> Value {
        self.tell_always(Diagnostic::unreadable(code, span, message));
        self.nothing(span, Reason::Limit)
    }

    /// Adds a diagnostic, once for each place and code.
    pub(super) fn tell(&self, diagnostic: Diagnostic) {
        if self.quiet.get() > 0 {
            self.untold.set(self.untold.get() + 1);
        } else {
            self.tell_always(diagnostic);
        }
    }

    fn tell_always(&self, diagnostic: Diagnostic) {
        let span = diagnostic.primary.as_ref().map(|label| label.span);
        let fresh = span.is_none_or(|span| self.told.borrow_mut().insert((span, diagnostic.code)));
        let mut diagnostics = self.diagnostics.borrow_mut();
        if fresh && diagnostics.len() < MAX_DIAGNOSTICS {
            diagnostics.push(diagnostic);
        }
    }

    fn nothing(&self, span: Span, reason: Reason) -> Value {
        let place = format!("{}:{}", span.file.0, span.start);
        let mut unknown = Unknown::new(&place, "this expression", reason);
        unknown.declared = Some(span);
        Value::unknown(unknown, self.origins.literal(span))
    }

    /// The unknown of a value; one derived from it if it is known in part.
    pub(super) fn unknown_of(&self, value: &Value) -> Arc<Unknown> {
        match &value.data {
            Data::Unknown(unknown) => Arc::clone(unknown),
            _ => Arc::new(Unknown::derived("value", std::slice::from_ref(value))),
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

    /// Refuses values that hold more than [`MAX_SIZE`] others.
    pub(super) fn bounded(&self, span: Span, value: Value) -> Value {
        let mut left = MAX_SIZE;
        let fits = weigh(&value, &mut left, 0);
        let weight = MAX_SIZE - left;
        if weight > 64 {
            self.charge(weight / 16);
        }
        if fits {
            return value;
        }
        self.limit(
            "arm-limit",
            span,
            "this value is too large to be evaluated".into(),
        )
    }

    /// The text of a value that has to be a string, known in part.
    pub(super) fn text_pieces(&self, value: &Value) -> Vec<crate::eval::value::Piece> {
        pieces(value)
            .unwrap_or_else(|| vec![crate::eval::value::Piece::Hole(self.unknown_of(value))])
    }
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

/// The results of a function for each candidate of its only unknown argument.
fn candidates_of(
    values: &[Value],
    call: &dyn Fn(&[Value]) -> Result<Value, Problem>,
) -> Option<Vec<Value>> {
    let mut open = values
        .iter()
        .enumerate()
        .filter(|(_, value)| !matches!(&value.data, Data::List(_) | Data::Object(_)))
        .filter(|(_, value)| value.as_unknown().is_some());
    let (index, unknown) = open.next()?;
    if open.next().is_some() {
        return None;
    }
    let Bounds::OneOf(candidates) = &unknown.as_unknown()?.bounds else {
        return None;
    };
    if candidates.len() > MAX_CANDIDATES {
        return None;
    }
    let mut results = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let mut arguments = values.to_vec();
        *arguments.get_mut(index)? = candidate.clone();
        let result = call(&arguments).ok()?;
        if result.as_unknown().is_some() {
            return None;
        }
        results.push(result);
    }
    Some(results)
}

/// Counts the values within a value; false when there are more than `left`.
fn weigh(value: &Value, left: &mut usize, depth: usize) -> bool {
    if *left == 0 || depth > 200 {
        return false;
    }
    *left -= 1;
    match &value.data {
        Data::List(list) => weigh_list(list, left, depth),
        Data::Object(object) => {
            object
                .entries
                .values()
                .all(|value| weigh(value, left, depth + 1))
                && weigh_rest(object.rest.as_ref(), left, depth)
        }
        _ => true,
    }
}

fn weigh_list(list: &ListValue, left: &mut usize, depth: usize) -> bool {
    list.items.iter().all(|value| weigh(value, left, depth + 1))
        && weigh_rest(list.rest.as_ref(), left, depth)
}

fn weigh_rest(rest: Option<&Rest>, left: &mut usize, depth: usize) -> bool {
    rest.and_then(|rest| rest.template.as_ref())
        .is_none_or(|template| weigh(template, left, depth + 1))
}
