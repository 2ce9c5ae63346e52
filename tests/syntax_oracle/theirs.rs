//! The tree of the published reader as nodes.

use hcl::edit::Span as _;
use hcl::edit::expr::{
    Expression, ForExpr, FuncCall, ObjectKey, Traversal, TraversalOperator, UnaryOperator,
};
use hcl::edit::parser::parse_body;
use hcl::edit::structure::{Block, Body, Structure};
use hcl::edit::template::{Directive, Element, Template};

use super::node::{Node, joined, number};

/// What `hcl-rs` reads, if it reads it.
pub fn read(text: &str) -> Option<Node> {
    parse_body(text).ok().map(|read| body(&read))
}

fn body(body: &Body) -> Node {
    let attributes = body.iter().filter_map(Structure::as_attribute);
    let attributes = attributes.map(|attribute| {
        let value = expression(&attribute.value);
        let what = format!("set {}", attribute.key.as_str());
        Node::new(what, attribute.key.span(), vec![value])
    });
    let blocks = body.iter().filter_map(Structure::as_block).map(block);
    Node::new("body", None, attributes.chain(blocks).collect())
}

fn block(block: &Block) -> Node {
    let labels = block.labels.iter();
    let labels =
        labels.map(|label| Node::new(format!("label {}", label.as_str()), label.span(), vec![]));
    let below = labels.chain([body(&block.body)]).collect();
    Node::new(
        format!("block {}", block.ident.as_str()),
        block.span(),
        below,
    )
}

fn expression(expr: &Expression) -> Node {
    let (what, below) = match expr {
        Expression::Parenthesis(inner) => return expression(inner.inner()),
        Expression::Traversal(traversal) => return chain(traversal),
        Expression::Null(_) => ("null".to_owned(), vec![]),
        Expression::Bool(value) => (value.value().to_string(), vec![]),
        Expression::Number(value) => (number(value.value().as_f64().unwrap_or(f64::NAN)), vec![]),
        Expression::String(text) => (format!("string {}", text.value()), vec![]),
        Expression::StringTemplate(parts) => ("template".to_owned(), elements(parts.iter())),
        Expression::HeredocTemplate(heredoc) => match literal(&heredoc.template) {
            Some(text) => (format!("string {text}"), vec![]),
            None => ("template".to_owned(), template(&heredoc.template)),
        },
        Expression::Array(items) => ("list".to_owned(), items.iter().map(expression).collect()),
        Expression::Object(items) => {
            let items = items.iter();
            let items = items.flat_map(|(name, value)| [key(name), expression(value.expr())]);
            ("object".to_owned(), items.collect())
        }
        Expression::Variable(name) => (format!("variable {}", name.as_str()), vec![]),
        Expression::Conditional(parts) => {
            let parts = [&parts.cond_expr, &parts.true_expr, &parts.false_expr];
            ("conditional".to_owned(), parts.map(expression).into())
        }
        Expression::FuncCall(call) => call_of(call),
        Expression::UnaryOp(operation) => {
            let what = match operation.operator.value() {
                UnaryOperator::Not => "not",
                UnaryOperator::Neg => "negate",
            };
            (what.to_owned(), vec![expression(&operation.expr)])
        }
        Expression::BinaryOp(operation) => {
            let below = [&operation.lhs_expr, &operation.rhs_expr].map(expression);
            (operation.operator.value().to_string(), below.into())
        }
        Expression::ForExpr(each) => for_of(each),
    };
    Node::new(what, expr.span(), below)
}

fn call_of(call: &FuncCall) -> (String, Vec<Node>) {
    let words = call.name.namespace.iter().chain([&call.name.name]);
    let name: Vec<&str> = words.map(|word| word.as_str()).collect();
    let dots = if call.args.expand_final() { "..." } else { "" };
    let what = format!("call {}{dots}", name.join("::"));
    (what, call.args.iter().map(expression).collect())
}

fn for_of(each: &ForExpr) -> (String, Vec<Node>) {
    let key = each
        .intro
        .key_var
        .as_ref()
        .map_or("-", |name| name.as_str());
    let value = each.intro.value_var.as_str();
    let grouping = if each.grouping { " ..." } else { "" };
    let keyed = if each.key_expr.is_some() { " =>" } else { "" };
    let filtered = if each.cond.is_some() { " if" } else { "" };
    let parts = [Some(&each.intro.collection_expr), each.key_expr.as_ref()];
    let rest = [
        Some(&each.value_expr),
        each.cond.as_ref().map(|only| &only.expr),
    ];
    let parts = parts.into_iter().chain(rest).flatten().map(expression);
    (
        format!("for {key} {value}{keyed}{grouping}{filtered}"),
        parts.collect(),
    )
}

/// A literal key is the name it spells.
fn key(key: &ObjectKey) -> Node {
    match key {
        ObjectKey::Ident(name) => {
            Node::new(format!("string {}", name.as_str()), name.span(), vec![])
        }
        ObjectKey::Expression(expr) => expression(expr),
    }
}

/// One node for each accessor; a star takes those that it reaches.
fn chain(traversal: &Traversal) -> Node {
    let mut base = expression(&traversal.expr);
    let mut inner = &traversal.expr;
    while let Expression::Parenthesis(parenthesis) = inner {
        inner = parenthesis.inner();
    }
    if let Expression::Traversal(_) = inner {
        base.at = None;
    }
    let operators: Vec<_> = traversal.operators.iter().map(|it| it.value()).collect();
    // A minus before a digit is taken into the number; it binds less than an accessor.
    let sign = matches!(traversal.expr, Expression::Number(_))
        .then(|| {
            base.what
                .strip_prefix("number -")
                .map(|rest| format!("number {rest}"))
        })
        .flatten();
    if let Some(number) = sign {
        let below = links(Node::new(number, None, vec![]), &operators);
        return Node::new("negate", traversal.span(), vec![below]);
    }
    let mut whole = links(base, &operators);
    whole.at = traversal.span();
    whole
}

fn links(base: Node, operators: &[&TraversalOperator]) -> Node {
    let Some((first, rest)) = operators.split_first() else {
        return base;
    };
    let element = || Node::new("element", None, vec![]);
    let (what, below, rest) = match first {
        TraversalOperator::GetAttr(name) => (format!("member {}", name.as_str()), vec![base], rest),
        TraversalOperator::Index(index) => {
            ("index".to_owned(), vec![base, expression(index)], rest)
        }
        TraversalOperator::LegacyIndex(index) => {
            #[expect(clippy::cast_precision_loss, reason = "an index is small")]
            let index = Node::new(number(*index.value() as f64), index.span(), vec![]);
            ("index".to_owned(), vec![base, index], rest)
        }
        TraversalOperator::FullSplat(_) => (
            "[*]".to_owned(),
            vec![base, links(element(), rest)],
            &[][..],
        ),
        TraversalOperator::AttrSplat(_) => {
            let reach = rest.iter().take_while(|it| {
                matches!(
                    it,
                    TraversalOperator::GetAttr(_) | TraversalOperator::LegacyIndex(_)
                )
            });
            let (reached, rest) = rest.split_at(reach.count());
            (".*".to_owned(), vec![base, links(element(), reached)], rest)
        }
    };
    links(Node::new(what, None, below), rest)
}

fn template(template: &Template) -> Vec<Node> {
    elements(template.iter())
}

fn literal(template: &Template) -> Option<String> {
    let parts = template
        .iter()
        .map(|part| part.as_literal().map(|text| text.as_str()));
    parts.collect()
}

fn elements<'a>(elements: impl Iterator<Item = &'a Element>) -> Vec<Node> {
    let part = |held: &Template| Node::new("part", None, template(held));
    let parts = elements.map(|element| match element {
        Element::Literal(text) => Node::new(format!("text {}", text.as_str()), None, vec![]),
        Element::Interpolation(hole) => Node::new("hole", None, vec![expression(&hole.expr)]),
        Element::Directive(directive) => match &**directive {
            Directive::If(it) => {
                let otherwise = it.else_expr.as_ref();
                let otherwise = otherwise.map_or(Node::new("part", None, vec![]), |otherwise| {
                    part(&otherwise.template)
                });
                let condition = expression(&it.if_expr.cond_expr);
                Node::new(
                    "if",
                    None,
                    vec![condition, part(&it.if_expr.template), otherwise],
                )
            }
            Directive::For(it) => {
                let it = &it.for_expr;
                let key = it.key_var.as_ref().map_or("-", |name| name.as_str());
                let below = vec![expression(&it.collection_expr), part(&it.template)];
                Node::new(format!("for {key} {}", it.value_var.as_str()), None, below)
            }
        },
    });
    joined(parts.collect())
}
