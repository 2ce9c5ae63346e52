//! Our tree as nodes.

use std::ops::Range;

use aznet::source::{FileId, SourceFile, Span};
use aznet::syntax::hcl::{
    Block, Body, Expr, ExprKind, ForExpr, SPLAT_ELEMENT, TemplatePart, UnaryOp, parse,
};

use super::node::{Node, joined, number};

/// What we read, and the codes of what is told.
pub fn read(text: &str) -> (Node, Vec<String>) {
    let parsed = parse(FileId(0), &SourceFile::new("a.tf", text));
    let told = parsed.diagnostics.into_iter();
    let told = told.map(|told| format!("{}: {}", told.code, told.message));
    (body(&parsed.tree), told.collect())
}

fn at(span: Span) -> Option<Range<usize>> {
    Some(span.start as usize..span.end as usize)
}

/// Attributes and blocks keep their order among their own kind.
fn body(body: &Body) -> Node {
    let attributes = body.attributes.iter().map(|attribute| {
        let value = expression(&attribute.value);
        Node::new(
            format!("set {}", attribute.name),
            at(attribute.name_span),
            vec![value],
        )
    });
    let blocks = body.blocks.iter().map(block);
    Node::new("body", None, attributes.chain(blocks).collect())
}

fn block(block: &Block) -> Node {
    let labels = block.labels.iter();
    let labels = labels.map(|(label, span)| Node::new(format!("label {label}"), at(*span), vec![]));
    let below = labels.chain([body(&block.body)]).collect();
    Node::new(format!("block {}", block.kind), at(block.span), below)
}

fn expression(expr: &Expr) -> Node {
    let (what, below) = match &expr.kind {
        ExprKind::Null => ("null".to_owned(), vec![]),
        ExprKind::Bool(value) => (value.to_string(), vec![]),
        ExprKind::Number(value) => (number(value.as_f64()), vec![]),
        ExprKind::String(text) => (format!("string {text}"), vec![]),
        ExprKind::Template(parts) => ("template".to_owned(), template(parts)),
        ExprKind::List(items) => ("list".to_owned(), items.iter().map(expression).collect()),
        ExprKind::Object(items) => {
            let items = items.iter();
            let items = items.flat_map(|item| [expression(&item.key), expression(&item.value)]);
            ("object".to_owned(), items.collect())
        }
        ExprKind::Variable(name) if &**name == SPLAT_ELEMENT => {
            return Node::new("element", None, vec![]);
        }
        ExprKind::Variable(name) => (format!("variable {name}"), vec![]),
        ExprKind::Attribute(base, name, _) => (format!("member {name}"), vec![link(base)]),
        ExprKind::Index(base, index) => ("index".to_owned(), vec![link(base), expression(index)]),
        ExprKind::Splat(base, full, rest) => {
            let what = if *full { "[*]" } else { ".*" };
            (what.to_owned(), vec![link(base), link(rest)])
        }
        ExprKind::Call {
            name, args, expand, ..
        } => {
            let dots = if *expand { "..." } else { "" };
            (
                format!("call {name}{dots}"),
                args.iter().map(expression).collect(),
            )
        }
        ExprKind::Conditional(condition, then, otherwise) => {
            let parts = [condition, then, otherwise].map(|part| expression(part));
            ("conditional".to_owned(), parts.into())
        }
        ExprKind::Unary(operator, operand) => {
            let what = match operator {
                UnaryOp::Not => "not",
                UnaryOp::Negate => "negate",
            };
            (what.to_owned(), vec![expression(operand)])
        }
        ExprKind::Binary(left, operator, right) => (
            operator.sign().to_owned(),
            vec![expression(left), expression(right)],
        ),
        ExprKind::For(each) => (for_words(each), for_parts(each)),
        ExprKind::Unreadable => ("unreadable".to_owned(), vec![]),
    };
    Node::new(what, at(expr.span), below)
}

/// What a chain of accessors starts from or passes: only the whole chain has a place that both
/// readers know.
fn link(expr: &Expr) -> Node {
    let mut node = expression(expr);
    if let ExprKind::Attribute(..) | ExprKind::Index(..) | ExprKind::Splat(..) = expr.kind {
        node.at = None;
    }
    node
}

fn for_words(each: &ForExpr) -> String {
    let key = each.key_name.as_deref().unwrap_or("-");
    let grouping = if each.grouping { " ..." } else { "" };
    let keyed = if each.key.is_some() { " =>" } else { "" };
    let filtered = if each.condition.is_some() { " if" } else { "" };
    format!("for {key} {}{keyed}{grouping}{filtered}", each.value_name)
}

fn for_parts(each: &ForExpr) -> Vec<Node> {
    let parts = [Some(&each.collection), each.key.as_ref(), Some(&each.value)];
    let parts = parts.into_iter().chain([each.condition.as_ref()]).flatten();
    parts.map(expression).collect()
}

fn template(parts: &[TemplatePart]) -> Vec<Node> {
    let parts = parts.iter().map(|part| match part {
        TemplatePart::Literal(text) => Node::new(format!("text {text}"), None, vec![]),
        TemplatePart::Interpolation(expr) => Node::new("hole", None, vec![expression(expr)]),
        TemplatePart::If {
            condition,
            then,
            otherwise,
        } => {
            let branches = [then, otherwise].map(|part| Node::new("part", None, template(part)));
            let below = [expression(condition)].into_iter().chain(branches);
            Node::new("if", None, below.collect())
        }
        TemplatePart::For {
            key_name,
            value_name,
            collection,
            body,
        } => {
            let key = key_name.as_deref().unwrap_or("-");
            let body = Node::new("part", None, template(body));
            let below = vec![expression(collection), body];
            Node::new(format!("for {key} {value_name}"), None, below)
        }
    });
    joined(parts.collect())
}
