//! What the expressions of a plan's `configuration` refer to.
//!
//! The configuration of a plan names the references of every expression, not the expression: what
//! an attribute that is only known after the apply stands for is told where one reference is left
//! once variables of modules, outputs and the keys of loops are followed. Locals are not part of a
//! plan; what goes through one is named, not followed. After an index that is no constant a
//! reference ends: of a module with a loop every output may be meant.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::address::{Segment, join, module_calls, outer_module, segments, split, without_key};
use super::record::Record;
use super::values::Step;
use crate::eval::Mode;
use crate::eval::terraform::schema::schema;
use crate::syntax::json::{Json, JsonKind};

/// How many hops through modules are followed, and how deep modules lie in one another.
const MAX_HOPS: usize = 32;

/// The configuration of a plan, with the instances that the plan holds.
pub(super) struct Configuration<'j> {
    root: Option<&'j Json>,
    addresses: BTreeSet<Arc<str>>,
    /// The instances of each resource, by its address without key.
    instances: BTreeMap<&'j str, Vec<&'j str>>,
    /// The instances of each module, by its address without its own key.
    modules: BTreeMap<&'j str, BTreeSet<&'j str>>,
    /// The block of each resource, by its address without any key.
    blocks: HashMap<String, &'j Json>,
}

/// What an expression refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// An attribute of one resource: its address, and the path, empty for the resource itself.
    Attribute(String, String),
    /// Several resources, or something that the configuration names only; as a person reads it.
    Named(String),
}

/// What the configuration says of a place in a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// Nothing: the provider fills it in.
    Nowhere,
    /// It cannot be told: `dynamic` blocks are not part of the configuration.
    Untold,
    /// An expression, and what it refers to.
    Refers(Vec<Target>),
}

/// Where an expression stands.
#[derive(Clone, Copy, Debug)]
struct Around<'a> {
    /// The address of its module.
    module: &'a str,
    /// The key of its own resource or module call.
    key: Option<&'a str>,
    /// The block around it, for what its loop is over.
    block: Option<&'a Json>,
}

impl<'j> Configuration<'j> {
    /// Reads the `configuration` of a document with these resources.
    pub(super) fn new(document: &'j Json, records: &'j [Record<'_>]) -> Self {
        let mut instances: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut all = BTreeSet::new();
        let mut modules: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut last = "";
        for record in records {
            let (base, _) = without_key(&record.address);
            instances.entry(base).or_default().push(&record.address);
            all.insert(Arc::clone(&record.address));
            let mut module = &*record.module;
            if module == last {
                continue;
            }
            last = module;
            while !module.is_empty() {
                let (base, _) = without_key(module);
                if !modules.entry(base).or_default().insert(module) {
                    break;
                }
                module = outer_module(base).0;
            }
        }
        let configuration = document.get("configuration");
        let root = configuration.and_then(|configuration| configuration.get("root_module"));
        let mut blocks = HashMap::new();
        if let Some(root) = root {
            add_blocks(root, "", 0, &mut blocks);
        }
        Self {
            root,
            blocks,
            addresses: all,
            instances,
            modules,
        }
    }

    /// The block of a resource, by the address of its module and its own without key.
    pub(super) fn block(&self, module: &str, address: &str) -> Option<&'j Json> {
        let (base, _) = without_key(address);
        let local = base.strip_prefix(module).unwrap_or(base);
        let local = local.strip_prefix('.').unwrap_or(local);
        let mut path = String::new();
        for (call, _) in module_calls(module) {
            path = inside(&path, call);
        }
        path.push_str(local);
        self.blocks.get(&path).copied()
    }

    /// What is written at a place of a resource; `values` are the planned ones of the resource.
    pub(super) fn written(
        &self,
        module: &str,
        address: &str,
        block: Option<&Json>,
        path: &[Step],
        values: Option<&Json>,
    ) -> Written {
        let Some(block) = block else {
            return Written::Untold;
        };
        let mut at = block.get("expressions");
        let mut value = values;
        let mut steps = path.iter().peekable();
        // A block in which nothing is written looks like an expression without references.
        let mut is_block = true;
        while let Some(step) = steps.next() {
            let Some(json) = at else {
                return Written::Untold;
            };
            if !is_block && is_expression(json) {
                break;
            }
            is_block = matches!(step, Step::Position(_));
            match step {
                Step::Name(name) => {
                    let Some(inner) = json.get(name) else {
                        let is_block = value.is_some_and(|value| {
                            value
                                .get(name)
                                .is_some_and(|value| !value.items().is_empty())
                        });
                        return if is_block || steps.peek().is_some() {
                            Written::Untold
                        } else {
                            Written::Nowhere
                        };
                    };
                    at = Some(inner);
                    value = value.and_then(|value| value.get(name));
                }
                Step::Position(position) => {
                    let planned = value.map_or(&[][..], Json::items);
                    at = same_block(json, planned, *position);
                    value = planned.get(*position);
                }
            }
        }
        let Some(json) = at.filter(|json| is_expression(json)) else {
            return Written::Untold;
        };
        let (_, key) = without_key(address);
        let around = Around {
            module,
            key,
            block: Some(block),
        };
        Written::Refers(self.targets(json, around, 0))
    }

    /// The addresses that the attributes of a resource refer to, those in blocks left out.
    pub(super) fn referred_by(&self, module: &str, address: &str) -> BTreeSet<String> {
        let block = self.block(module, address);
        let expressions = block.and_then(|block| block.get("expressions"));
        let (_, key) = without_key(address);
        let around = Around { module, key, block };
        let attributes = expressions.map_or(&[][..], Json::members).iter();
        attributes
            .filter(|member| is_expression(&member.value))
            .flat_map(|member| self.targets(&member.value, around, 0))
            .map(|target| match target {
                Target::Attribute(address, _) => address,
                Target::Named(name) => name,
            })
            .collect()
    }

    /// What an expression refers to, each once.
    fn targets(&self, expression: &Json, around: Around<'_>, hops: usize) -> Vec<Target> {
        let mut found: Vec<Target> = Vec::new();
        if hops > MAX_HOPS {
            return found;
        }
        let references = leaves(expression);
        let keyed = references.iter().any(|reference| {
            matches!(&**reference, "each.key" | "count.index") && around.key.is_some()
        });
        for reference in references {
            let targets = self.follow(&segments(reference), around, keyed, hops);
            for target in targets {
                let target = match (target, around.key) {
                    // Of several the one with the same key is meant: `module.m.ids[each.key]`.
                    (Target::Named(base), key @ Some(_)) if keyed => self.resource(&base, &[], key),
                    (target, _) => target,
                };
                if !found.contains(&target) {
                    found.push(target);
                }
            }
        }
        found
    }

    /// What one reference leads to.
    fn follow(
        &self,
        reference: &[Segment<'_>],
        around: Around<'_>,
        keyed: bool,
        hops: usize,
    ) -> Vec<Target> {
        let named = || vec![Target::Named(join(around.module, reference))];
        match reference {
            [Segment::Name("var"), Segment::Name(name), rest @ ..] => {
                let (outer, key) = outer_module(around.module);
                let Some(call) = self.call(around.module) else {
                    // What whoever makes the plan gives is known.
                    return Vec::new();
                };
                let argument = call.get("expressions").and_then(|all| all.get(name));
                let Some(argument) = argument else {
                    return Vec::new();
                };
                let around = Around {
                    module: outer,
                    key,
                    block: Some(call),
                };
                self.further(self.targets(argument, around, hops + 1), rest)
            }
            [Segment::Name("each"), Segment::Name("value"), rest @ ..] => {
                let over = around
                    .block
                    .and_then(|block| block.get("for_each_expression"));
                let Some((over, key)) = over.zip(around.key) else {
                    return named();
                };
                let outside = Around {
                    key: None,
                    ..around
                };
                let element = [&[Segment::Index(key)], rest].concat();
                if let [only] = leaves(over).as_slice() {
                    let only = segments(only);
                    let is_module = matches!(only.as_slice(), [Segment::Name("module"), _]);
                    if is_module {
                        return self.follow(&[only, element].concat(), outside, false, hops + 1);
                    }
                }
                let each = self.targets(over, outside, hops + 1);
                match each.as_slice() {
                    [Target::Named(base)] if self.instances.contains_key(&**base) => {
                        self.further(each, &element)
                    }
                    _ => named(),
                }
            }
            [
                Segment::Name("each" | "count" | "path" | "terraform" | "self"),
                ..,
            ] => Vec::new(),
            [Segment::Name("module"), Segment::Name(name), rest @ ..] => {
                let called = [Segment::Name("module"), Segment::Name(name)];
                let base = join(around.module, &called);
                let (inner, rest) = match rest {
                    [Segment::Index(key), rest @ ..] => (Some(format!("{base}{key}")), rest),
                    _ => {
                        let key = around.key.filter(|_| keyed);
                        (self.module_instance(&base, key), rest)
                    }
                };
                let Some(inner) = inner else {
                    return named();
                };
                self.outputs(&inner, rest, hops).unwrap_or_else(named)
            }
            [Segment::Name("local"), ..] => named(),
            [Segment::Name("data"), kind, name, rest @ ..] => {
                let base = join(around.module, &[Segment::Name("data"), *kind, *name]);
                vec![self.resource(&base, rest, around.key.filter(|_| keyed))]
            }
            [kind, name, rest @ ..] => {
                let base = join(around.module, &[*kind, *name]);
                vec![self.resource(&base, rest, around.key.filter(|_| keyed))]
            }
            _ => named(),
        }
    }

    /// What an output of a module leads to, or all of them where none is named; `None` if that is not
    /// part of the plan.
    fn outputs(&self, module: &str, rest: &[Segment<'_>], hops: usize) -> Option<Vec<Target>> {
        let outputs = self.module(module)?.get("outputs")?;
        let inside = Around {
            module,
            key: None,
            block: None,
        };
        let leads = |output: &Json| {
            let expression = output.get("expression")?;
            Some(self.targets(expression, inside, hops + 1))
        };
        let [Segment::Name(output), rest @ ..] = rest else {
            let all = outputs.members().iter();
            return Some(all.filter_map(|it| leads(&it.value)).flatten().collect());
        };
        Some(self.further(leads(outputs.get(output)?)?, rest))
    }

    /// The instance of a module that is meant where none is named; `key` is the one that the loop
    /// around is at.
    fn module_instance(&self, base: &str, key: Option<&str>) -> Option<String> {
        let instances = self.modules.get(base)?;
        let own = key.map(|key| format!("{base}{key}"));
        if let Some(own) = own.filter(|own| instances.contains(&**own)) {
            return Some(own);
        }
        let mut instances = instances.iter();
        let only = instances.next().filter(|_| instances.next().is_none());
        only.map(|only| (*only).to_owned())
    }

    /// A resource and what stands after it; `key` is the one that the loop around is at.
    fn resource(&self, base: &str, rest: &[Segment<'_>], key: Option<&str>) -> Target {
        let attribute = |address: &str, rest: &[Segment<'_>]| {
            Target::Attribute(address.to_owned(), join("", rest))
        };
        if self.addresses.contains(base) {
            return attribute(base, rest);
        }
        if let [Segment::Index(index), rest @ ..] = rest {
            return attribute(&format!("{base}{index}"), rest);
        }
        let instances = self.instances.get(base).map_or(&[][..], Vec::as_slice);
        let own = key.map(|key| format!("{base}{key}"));
        if let Some(own) = own.filter(|own| instances.contains(&&**own)) {
            return attribute(&own, rest);
        }
        match instances {
            [only] => attribute(only, rest),
            _ => Target::Named(join(base, rest)),
        }
    }

    /// The same with further steps after what it leads to.
    fn further(&self, targets: Vec<Target>, rest: &[Segment<'_>]) -> Vec<Target> {
        if rest.is_empty() {
            return targets;
        }
        let longer = |target: Target| match target {
            Target::Attribute(address, path) => {
                let path = longer_path(&address, path, rest);
                Target::Attribute(address, path)
            }
            Target::Named(name) if self.instances.contains_key(&*name) => {
                self.resource(&name, rest, None)
            }
            Target::Named(name) => Target::Named(join(&name, rest)),
        };
        targets.into_iter().map(longer).collect()
    }

    /// The configuration of a module.
    fn module(&self, address: &str) -> Option<&'j Json> {
        let calls = module_calls(address);
        calls.iter().try_fold(self.root?, |module, (name, _)| {
            module.get("module_calls")?.get(name)?.get("module")
        })
    }

    /// The call of a module; `None` for the root.
    fn call(&self, address: &str) -> Option<&'j Json> {
        let (outer, _) = outer_module(address);
        let (name, _) = *module_calls(address).last()?;
        self.module(outer)?.get("module_calls")?.get(name)
    }
}

/// A path with further steps. What lies between, collections that an expression put the resource or
/// its id in, has no part in it.
fn longer_path(address: &str, path: String, rest: &[Segment<'_>]) -> String {
    if path == "id" || path.ends_with(".id") {
        return path;
    }
    if !path.is_empty() {
        return join(&path, rest);
    }
    let (mode, kind) = kind_of(address);
    let rows = schema(mode, kind);
    let is_between = |step: &&Segment<'_>| match step {
        Segment::Index(_) => true,
        Segment::Name("id") => false,
        Segment::Name(name) => rows.is_some_and(|rows| rows.rows_of(name).next().is_none()),
    };
    let between = rest.iter().take_while(is_between).count();
    join("", rest.get(between..).unwrap_or_default())
}

/// What the addresses of the resources in a called module begin with, keys left out.
fn inside(outer: &str, call: &str) -> String {
    format!("{outer}module.{call}.")
}

/// Adds the blocks of a module and of those it calls.
fn add_blocks<'j>(
    module: &'j Json,
    path: &str,
    depth: usize,
    into: &mut HashMap<String, &'j Json>,
) {
    for block in module.get("resources").map_or(&[][..], Json::items) {
        if let Some(address) = block.get("address").and_then(Json::as_str) {
            into.entry(format!("{path}{address}")).or_insert(block);
        }
    }
    if depth < MAX_HOPS {
        for call in module.get("module_calls").map_or(&[][..], Json::members) {
            if let Some(called) = call.value.get("module") {
                add_blocks(called, &inside(path, &call.name), depth + 1, into);
            }
        }
    }
}

/// The mode and type of the resource with an address.
pub(super) fn kind_of(address: &str) -> (Mode, &str) {
    let (_, own) = split(address);
    let (mode, own) = match own.strip_prefix("data.") {
        Some(own) => (Mode::Existing, own),
        None => (Mode::Managed, own),
    };
    (mode, own.split('.').next().unwrap_or_default())
}

/// Whether this is an expression and not the expressions of a block.
fn is_expression(json: &Json) -> bool {
    let members = json.members();
    matches!(json.kind, JsonKind::Object(_))
        && members
            .iter()
            .all(|member| matches!(&*member.name, "constant_value" | "references"))
        && (members.is_empty() || json.get("references").is_some() || members.len() == 1)
}

/// The references of an expression without those that are only a part of another.
fn leaves(expression: &Json) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    let references = expression.get("references").map_or(&[][..], Json::items);
    for reference in references.iter().filter_map(Json::as_str) {
        let within = |longer: &&str| {
            longer
                .strip_prefix(reference)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        if !found.iter().any(within) {
            found.push(reference);
        }
    }
    found
}

/// The expressions of the block that became the planned one at a position. Sets are planned in an
/// order of their own, so blocks are told apart by what is constant in them.
fn same_block<'j>(blocks: &'j Json, planned: &[Json], position: usize) -> Option<&'j Json> {
    let JsonKind::Array(blocks) = &blocks.kind else {
        // A single block is no list.
        return Some(blocks);
    };
    if blocks.len() != planned.len() {
        return None;
    }
    if let [only] = blocks.as_slice() {
        return Some(only);
    }
    let planned = planned.get(position)?;
    let fits = |block: &&Json| {
        block.members().iter().all(|member| {
            let constant = member.value.get("constant_value");
            let planned = planned.get(&member.name);
            match (constant, planned) {
                (Some(constant), Some(planned)) => same(constant, planned),
                _ => true,
            }
        })
    };
    let mut fitting = blocks.iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// Whether two scalars are equal, as the provider converts them; lists and objects may always be.
fn same(one: &Json, two: &Json) -> bool {
    let text = |json: &Json| match &json.kind {
        JsonKind::String(text) => Some(text.to_string()),
        JsonKind::Bool(value) => Some(value.to_string()),
        JsonKind::Number(number) => Some(number.as_f64().to_string()),
        JsonKind::Null | JsonKind::Array(_) | JsonKind::Object(_) => None,
    };
    match (text(one), text(two)) {
        (Some(one), Some(two)) => one == two,
        _ => true,
    }
}
