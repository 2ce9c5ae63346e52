//! The `configuration` of a plan: what Terraform writes there of each expression.
//!
//! An expression is a constant or the list of what it refers to: each reference with everything
//! after it that is constant, then shorter by a step until the object itself is left (Terraform's
//! internal/command/jsonconfig/expression.go). What follows an index that is no constant is not in
//! it, nor are locals and `dynamic` blocks.

use aznet::eval::Mode;
use aznet::eval::terraform::schema::{BlockSchema, Shape, Versions, schema};
use aznet::syntax::hcl::{Block, Body, Expr, ExprKind, TemplatePart};
use serde_json::{Map, Value, json};

/// The directories of a configuration with the blocks in them.
pub(crate) type Bodies<'b> = dyn Fn(&str) -> Vec<&'b Body> + 'b;

/// A module with the modules it calls.
pub(crate) fn module(directory: &str, bodies: &Bodies<'_>) -> Value {
    let all = bodies(directory);
    let blocks: Vec<&Block> = all.iter().flat_map(|body| &body.blocks).collect();
    let label = |block: &Block, index: usize| block.label(index).unwrap().to_string();
    let mut resources = Vec::new();
    let mut calls = Map::new();
    let mut outputs = Map::new();
    let mut variables = Map::new();
    for block in blocks {
        let expression_of = |name: &str| Some(expression(&block.body.attribute(name)?.value));
        match &*block.kind {
            "resource" | "data" => {
                let (kind, name) = (label(block, 0), label(block, 1));
                let (mode, prefix) = match &*block.kind {
                    "data" => (Mode::Existing, "data."),
                    _ => (Mode::Managed, ""),
                };
                let mut written = json!({
                    "address": format!("{prefix}{kind}.{name}"), "type": kind, "name": name,
                    "mode": if mode == Mode::Existing { "data" } else { "managed" },
                    "provider_config_key": "azurerm", "schema_version": 0,
                    "expressions": expressions(&block.body, schema(mode, &kind)),
                });
                insert_loop(&mut written, &block.body);
                resources.push(written);
            }
            "module" => {
                let source = match &block.body.attribute("source").unwrap().value.kind {
                    ExprKind::String(source) => source.to_string(),
                    other => panic!("{other:?}"),
                };
                let inner = source.trim_start_matches("./");
                let inner = match directory {
                    "" => inner.to_owned(),
                    directory => format!("{directory}/{inner}"),
                };
                let arguments: Map<String, Value> = (block.body.attributes.iter())
                    .filter(|it| !matches!(&*it.name, "source" | "count" | "for_each"))
                    .map(|it| (it.name.to_string(), expression(&it.value)))
                    .collect();
                let mut call = json!({
                    "source": source, "expressions": arguments, "module": module(&inner, bodies),
                });
                insert_loop(&mut call, &block.body);
                calls.insert(label(block, 0), call);
            }
            "output" => {
                let written = json!({ "expression": expression_of("value").unwrap() });
                outputs.insert(label(block, 0), written);
            }
            "variable" => {
                let default =
                    expression_of("default").and_then(|it| it.get("constant_value").cloned());
                let written = default.map_or_else(|| json!({}), |it| json!({ "default": it }));
                variables.insert(label(block, 0), written);
            }
            _ => {}
        }
    }
    resources.sort_by_key(|it| it["address"].as_str().unwrap().to_owned());
    json!({ "resources": resources, "module_calls": calls, "outputs": outputs,
        "variables": variables })
}

fn insert_loop(into: &mut Value, body: &Body) {
    for (meta, name) in [
        ("count", "count_expression"),
        ("for_each", "for_each_expression"),
    ] {
        if let Some(attribute) = body.attribute(meta) {
            into[name] = expression(&attribute.value);
        }
    }
}

fn expressions(body: &Body, schema: Option<&BlockSchema>) -> Value {
    let mut found = Map::new();
    for attribute in &body.attributes {
        let is_known = schema.is_none_or(|schema| schema.rows_of(&attribute.name).count() > 0);
        if is_known && !matches!(&*attribute.name, "count" | "for_each" | "depends_on") {
            found.insert(attribute.name.to_string(), expression(&attribute.value));
        }
    }
    for block in &body.blocks {
        let is_dynamic = &*block.kind == "dynamic";
        let name = if is_dynamic {
            block.label(0).unwrap()
        } else {
            &block.kind
        };
        let Some(row) = schema.and_then(|schema| schema.find(name, Versions::ALL)) else {
            continue;
        };
        let Shape::Block {
            as_attribute, body, ..
        } = &row.shape
        else {
            panic!("{name} is no block");
        };
        // What may also be written as a value is one expression, `dynamic` or not.
        if *as_attribute {
            let mut all = Vec::new();
            references_of_body(&block.body, &mut Vec::new(), &mut all);
            let known = found.entry(name.to_string()).or_insert_with(|| json!({}));
            let before = known.get("references").and_then(Value::as_array).cloned();
            let mut names: Vec<Value> = before.unwrap_or_default();
            names.extend(all.into_iter().map(Value::from));
            if !names.is_empty() {
                known["references"] = names.into();
            }
        } else if !is_dynamic {
            let list = found.entry(name.to_string()).or_insert_with(|| json!([]));
            list.as_array_mut()
                .unwrap()
                .push(expressions(&block.body, Some(body)));
        }
    }
    found.into()
}

fn references_of_body(body: &Body, hidden: &mut Vec<String>, into: &mut Vec<String>) {
    for attribute in &body.attributes {
        references(&attribute.value, hidden, into);
    }
    for block in &body.blocks {
        let own = block.label(0).filter(|_| &*block.kind == "dynamic");
        hidden.extend(own.map(|name| name.to_string()));
        references_of_body(&block.body, hidden, into);
        if own.is_some() {
            hidden.pop();
        }
    }
}

/// An expression as the format has it.
fn expression(written: &Expr) -> Value {
    if let Some(constant) = constant(written) {
        return json!({ "constant_value": constant });
    }
    let mut found = Vec::new();
    references(written, &mut Vec::new(), &mut found);
    json!({ "references": found })
}

fn constant(written: &Expr) -> Option<Value> {
    Some(match &written.kind {
        ExprKind::Null => Value::Null,
        ExprKind::Bool(value) => json!(value),
        ExprKind::Number(number) => serde_json::from_str(&number.text()).unwrap(),
        ExprKind::String(text) => json!(&**text),
        ExprKind::List(items) => items
            .iter()
            .map(constant)
            .collect::<Option<Vec<_>>>()?
            .into(),
        ExprKind::Object(items) => {
            let items = items.iter().map(|item| {
                let key = constant(&item.key)?;
                let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                Some((key, constant(&item.value)?))
            });
            items.collect::<Option<Map<_, _>>>()?.into()
        }
        _ => return None,
    })
}

/// What an expression refers to; `hidden` are the names that loops within it give.
fn references(written: &Expr, hidden: &mut Vec<String>, into: &mut Vec<String>) {
    if let Some(steps) = traversal(written) {
        if !hidden.contains(&steps[0]) {
            refer(&steps, into);
        }
        return;
    }
    let mut all = |these: &[&Expr], into: &mut Vec<String>| {
        for one in these {
            references(one, hidden, into);
        }
    };
    match &written.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Unreadable
        | ExprKind::Variable(_) => {}
        ExprKind::Template(parts) => references_of_parts(parts, hidden, into),
        ExprKind::List(items) => all(&items.iter().collect::<Vec<_>>(), into),
        ExprKind::Object(items) => {
            for item in items {
                all(&[&item.key, &item.value], into);
            }
        }
        ExprKind::Attribute(base, ..) => all(&[base], into),
        ExprKind::Index(base, index) => all(&[base, index], into),
        ExprKind::Splat(base, _, rest) => all(&[base, rest], into),
        ExprKind::Call { args, .. } => all(&args.iter().collect::<Vec<_>>(), into),
        ExprKind::Conditional(condition, then, otherwise) => {
            all(&[condition, then, otherwise], into);
        }
        ExprKind::Unary(_, operand) => all(&[operand], into),
        ExprKind::Binary(left, _, right) => all(&[left, right], into),
        ExprKind::For(each) => {
            references(&each.collection, hidden, into);
            let before = hidden.len();
            hidden.extend(each.key_name.iter().map(ToString::to_string));
            hidden.push(each.value_name.to_string());
            let inner = [
                each.key.as_ref(),
                Some(&each.value),
                each.condition.as_ref(),
            ];
            for inner in inner.into_iter().flatten() {
                references(inner, hidden, into);
            }
            hidden.truncate(before);
        }
    }
}

fn references_of_parts(parts: &[TemplatePart], hidden: &mut Vec<String>, into: &mut Vec<String>) {
    for part in parts {
        match part {
            TemplatePart::Literal(_) => {}
            TemplatePart::Interpolation(written) => references(written, hidden, into),
            TemplatePart::If {
                condition,
                then,
                otherwise,
            } => {
                references(condition, hidden, into);
                references_of_parts(then, hidden, into);
                references_of_parts(otherwise, hidden, into);
            }
            TemplatePart::For {
                key_name,
                value_name,
                collection,
                body,
            } => {
                references(collection, hidden, into);
                let before = hidden.len();
                hidden.extend(key_name.iter().map(ToString::to_string));
                hidden.push(value_name.to_string());
                references_of_parts(body, hidden, into);
                hidden.truncate(before);
            }
        }
    }
}

/// The steps of names and constant indices; those after the first as they are written.
fn traversal(written: &Expr) -> Option<Vec<String>> {
    match &written.kind {
        ExprKind::Variable(name) => Some(vec![name.to_string()]),
        ExprKind::Attribute(base, name, _) => {
            let mut steps = traversal(base)?;
            steps.push(format!(".{name}"));
            Some(steps)
        }
        ExprKind::Index(base, index) => {
            let index = match &index.kind {
                ExprKind::String(text) => format!("[{:?}]", &**text),
                ExprKind::Number(number) => format!("[{}]", number.text()),
                _ => return None,
            };
            let mut steps = traversal(base)?;
            steps.push(index);
            Some(steps)
        }
        _ => None,
    }
}

/// A reference, then shorter by a step until the object is left.
fn refer(steps: &[String], into: &mut Vec<String>) {
    let is_index = |at: usize| steps.get(at).is_some_and(|step| step.starts_with('['));
    let (object, without_key) = match &*steps[0] {
        "var" | "local" | "each" | "count" | "path" | "terraform" | "self" => (2, None),
        "module" if is_index(2) && steps.len() > 3 => (4, Some(3)),
        "module" if is_index(2) => (3, Some(2)),
        "module" if steps.len() > 2 => (3, Some(2)),
        "module" => (2, None),
        "data" if is_index(3) => (4, Some(3)),
        "data" => (3, None),
        _ if is_index(2) => (3, Some(2)),
        _ => (2, None),
    };
    let object = object.min(steps.len());
    let lengths = (object..=steps.len()).rev().chain(without_key);
    into.extend(lengths.map(|length| steps[..length].concat()));
}
