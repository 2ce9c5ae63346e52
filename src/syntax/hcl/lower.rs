//! The parser's tree to ours.
//!
//! Names and literals are read from the text by their spans, since the parser may have seen a
//! mended copy.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use hcl::Number as HclNumber;
use hcl::edit::expr::{
    BinaryOperator, Conditional, Expression, ForExpr as HclFor, FuncCall, Object, ObjectKey,
    Traversal, TraversalOperator, UnaryOperator,
};
use hcl::edit::structure::{Block as HclBlock, Body as HclBody, Structure};
use hcl::edit::{Decorated, Ident, Span as HasSpan};

use super::parse::{Place, repeated, too_deep};
use super::repair::Repairs;
use super::{
    Attribute, BinaryOp, Block, Body, Expr, ExprKind, ForExpr, ObjectItem, SPLAT_ELEMENT, UnaryOp,
};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::Number;

/// How deep our own tree may become: chains of operators and accessors count by their length.
/// Everything that walks the tree recurses this far at most.
pub(super) const DEEPEST: usize = 200;

pub(super) type Lowered<T> = Result<T, Box<Diagnostic>>;

/// Turns one parsed piece into our tree.
pub(super) struct Lowering<'a> {
    pub(super) place: Place<'a>,
    /// Offset in the place's text of what was parsed.
    pub(super) shift: usize,
    repairs: Repairs,
    /// Whether the attribute is `providers`, whose keys name configurations: `azurerm.hub`.
    provider_map: bool,
    /// What was wrong within bodies: the attribute in question cannot be told.
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(place: Place<'a>, shift: usize, repairs: Repairs) -> Self {
        Self {
            place,
            shift,
            repairs,
            provider_map: false,
            diagnostics: Vec::new(),
        }
    }

    pub(super) fn span(&self, node: &impl HasSpan) -> Span {
        self.range_span(&node.span().unwrap_or_default())
    }

    fn range_span(&self, range: &Range<usize>) -> Span {
        self.place
            .span(range.start + self.shift, range.end + self.shift)
    }

    /// What was typed at a node's place.
    pub(super) fn typed(&self, node: &impl HasSpan) -> &'a str {
        let range = node.span().unwrap_or_default();
        self.place
            .text
            .get(range.start + self.shift..range.end + self.shift)
            .unwrap_or_default()
    }

    pub(super) fn body(&mut self, body: &HclBody) -> Body {
        let mut lowered = Body::default();
        let mut names: HashMap<&str, Span> = HashMap::new();
        for structure in body.iter() {
            match structure {
                Structure::Block(block) => {
                    let block = self.block(block);
                    lowered.blocks.push(block);
                }
                Structure::Attribute(attribute) => {
                    let name = self.typed(&attribute.key);
                    let name_span = self.span(&attribute.key);
                    if let Some(first) = names.get(name) {
                        self.diagnostics.push(repeated(name, name_span, *first));
                        continue;
                    }
                    names.insert(name, name_span);
                    self.provider_map = name == "providers";
                    let value = self.expression(&attribute.value, 0);
                    let value = value.unwrap_or_else(|diagnostic| {
                        let span = diagnostic.primary.as_ref().map(|label| label.span);
                        self.diagnostics.push(*diagnostic);
                        Expr {
                            span: span.unwrap_or(name_span),
                            kind: ExprKind::Unreadable,
                        }
                    });
                    lowered
                        .attributes
                        .push(Attribute::native(Arc::from(name), name_span, value));
                }
            }
        }
        lowered
    }

    fn block(&mut self, block: &HclBlock) -> Block {
        let kind_span = self.span(&block.ident);
        let labels: Vec<(Arc<str>, Span)> = block
            .labels
            .iter()
            .map(|label| (Arc::from(label.as_str()), self.span(label)))
            .collect();
        Block {
            kind: Arc::from(self.typed(&block.ident)),
            header: labels
                .last()
                .map_or(kind_span, |(_, last)| kind_span.to(*last)),
            labels,
            span: self.span(block),
            body: self.body(&block.body),
        }
    }

    /// Lowers an expression that has `depth` nodes above it.
    pub(super) fn expression(&mut self, expression: &Expression, depth: usize) -> Lowered<Expr> {
        let mut expression = expression;
        while let Expression::Parenthesis(parenthesis) = expression {
            expression = parenthesis.inner();
        }
        let span = self.span(expression);
        if depth > DEEPEST {
            return Err(Box::new(too_deep(span)));
        }
        let below = depth + 1;
        let kind = match expression {
            Expression::Null(_) => ExprKind::Null,
            Expression::Bool(value) => ExprKind::Bool(*value.value()),
            Expression::Number(number) => ExprKind::Number(lower_number(number.value())),
            Expression::String(text) => ExprKind::String(Arc::from(text.as_str())),
            Expression::StringTemplate(template) => self.quoted_template(template, below)?,
            Expression::HeredocTemplate(heredoc) => self.heredoc(heredoc, below)?,
            Expression::Array(array) => {
                let items = array.iter().map(|item| self.expression(item, below));
                ExprKind::List(items.collect::<Lowered<_>>()?)
            }
            Expression::Object(object) => ExprKind::Object(self.object(object, below)?),
            Expression::Variable(name) => ExprKind::Variable(Arc::from(name.as_str())),
            Expression::Conditional(conditional) => self.conditional(conditional, below)?,
            Expression::FuncCall(call) => self.call(call, below)?,
            Expression::Traversal(traversal) => return self.traversal(traversal, depth),
            Expression::UnaryOp(operation) => {
                let operator = match operation.operator.value() {
                    UnaryOperator::Not => UnaryOp::Not,
                    UnaryOperator::Neg => UnaryOp::Negate,
                };
                ExprKind::Unary(operator, self.boxed(&operation.expr, below)?)
            }
            Expression::BinaryOp(operation) => ExprKind::Binary(
                self.boxed(&operation.lhs_expr, below)?,
                lower_operator(*operation.operator.value()),
                self.boxed(&operation.rhs_expr, below)?,
            ),
            Expression::ForExpr(each) => self.for_expression(each, below)?,
            // Unwrapped above.
            Expression::Parenthesis(_) => return Err(Box::new(too_deep(span))),
        };
        Ok(Expr { span, kind })
    }

    fn boxed(&mut self, expression: &Expression, depth: usize) -> Lowered<Box<Expr>> {
        self.expression(expression, depth).map(Box::new)
    }

    fn conditional(&mut self, conditional: &Conditional, depth: usize) -> Lowered<ExprKind> {
        Ok(ExprKind::Conditional(
            self.boxed(&conditional.cond_expr, depth)?,
            self.boxed(&conditional.true_expr, depth)?,
            self.boxed(&conditional.false_expr, depth)?,
        ))
    }

    fn call(&mut self, call: &FuncCall, depth: usize) -> Lowered<ExprKind> {
        let last = self.span(&call.name.name);
        let first = call.name.namespace.first();
        let mut name = String::new();
        for part in &call.name.namespace {
            name.push_str(part.as_str());
            name.push_str("::");
        }
        name.push_str(call.name.name.as_str());
        let args = call.args.iter().map(|arg| self.expression(arg, depth));
        let args = args.collect::<Lowered<_>>()?;
        Ok(ExprKind::Call {
            name: Arc::from(name),
            name_span: first.map_or(last, |first| self.span(first).to(last)),
            args,
            expand: call.args.expand_final(),
        })
    }

    fn for_expression(&mut self, each: &HclFor, depth: usize) -> Lowered<ExprKind> {
        let key = each.key_expr.as_ref();
        let condition = each.cond.as_ref();
        Ok(ExprKind::For(Box::new(ForExpr {
            key_name: each.intro.key_var.as_ref().map(name_of),
            value_name: name_of(&each.intro.value_var),
            collection: self.expression(&each.intro.collection_expr, depth)?,
            key: key.map(|key| self.expression(key, depth)).transpose()?,
            value: self.expression(&each.value_expr, depth)?,
            condition: condition
                .map(|condition| self.expression(&condition.expr, depth))
                .transpose()?,
            grouping: each.grouping,
        })))
    }

    fn object(&mut self, object: &Object, depth: usize) -> Lowered<Vec<ObjectItem>> {
        let open = object.span().unwrap_or_default().start;
        if let Some(groups) = self.repairs.emptied.remove(&open) {
            return self.crowded_object(&groups, depth);
        }
        let items = object.iter().map(|(key, value)| {
            Ok(ObjectItem {
                key: self.key(key, depth)?,
                value: self.expression(value.expr(), depth)?,
            })
        });
        items.collect()
    }

    /// Reads the items that were left out in groups, each as an object of its own.
    fn crowded_object(&self, groups: &[(usize, usize)], depth: usize) -> Lowered<Vec<ObjectItem>> {
        let mut items = Vec::new();
        for (start, end) in groups {
            let (start, end) = (start + self.shift, end + self.shift);
            let group = self.place.text.get(start..end).unwrap_or_default();
            let copy = format!("{{{group}}}");
            // The brace takes the place of the character before the first item.
            let read = self
                .place
                .expression(&copy, start.saturating_sub(1), depth)?;
            if let ExprKind::Object(group) = read.kind {
                items.extend(group);
            }
        }
        Ok(items)
    }

    fn key(&mut self, key: &ObjectKey, depth: usize) -> Lowered<Expr> {
        let start = key.span().unwrap_or_default().start;
        if let Some(end) = self.repairs.keys.get(&start) {
            let (start, end) = (start + self.shift, end + self.shift);
            let typed = self.place.text.get(start..end).unwrap_or_default();
            let key = self.place.expression(typed, start, depth)?;
            return Ok(if typed.starts_with('(') {
                key
            } else {
                bare_word(key, typed)
            });
        }
        match key {
            ObjectKey::Ident(_) => Ok(Expr {
                span: self.span(key),
                kind: ExprKind::String(Arc::from(self.typed(key))),
            }),
            ObjectKey::Expression(expression @ Expression::Parenthesis(_)) => {
                self.expression(expression, depth)
            }
            ObjectKey::Expression(expression @ Expression::Traversal(_)) if !self.provider_map => {
                Err(Box::new(Diagnostic::unreadable(
                    "hcl-syntax",
                    self.span(expression),
                    "a key that is a reference stands in parentheses",
                )))
            }
            ObjectKey::Expression(expression) => {
                let key = self.expression(expression, depth)?;
                Ok(bare_word(key, self.typed(expression)))
            }
        }
    }

    fn traversal(&mut self, traversal: &Traversal, depth: usize) -> Lowered<Expr> {
        let span = self.span(traversal);
        let operators = &traversal.operators;
        let below = depth + operators.len();
        if below > DEEPEST {
            return Err(Box::new(too_deep(span)));
        }
        if matches!(traversal.expr, Expression::Number(_)) {
            return Err(Box::new(
                Diagnostic::unreadable("hcl-syntax", span, "this is not a number")
                    .with_help("an address stands in quotes"),
            ));
        }
        let base = self.expression(&traversal.expr, below)?;
        self.accessors(base, operators, below)
    }

    fn accessors(
        &mut self,
        base: Expr,
        operators: &[Decorated<TraversalOperator>],
        depth: usize,
    ) -> Lowered<Expr> {
        let mut result = base;
        let mut operators = operators;
        while let Some((operator, rest)) = operators.split_first() {
            operators = rest;
            let at = self.span(operator);
            let mut span = result.span.to(at);
            let base = Box::new(result);
            let kind = match operator.value() {
                TraversalOperator::GetAttr(name) => {
                    ExprKind::Attribute(base, name_of(name), self.span(name))
                }
                TraversalOperator::Index(index) => {
                    ExprKind::Index(base, self.boxed(index, depth + 1)?)
                }
                TraversalOperator::LegacyIndex(index) => {
                    let number = HclNumber::from(*index.value());
                    let index = Expr {
                        span: self.span(index),
                        kind: ExprKind::Number(lower_number(&number)),
                    };
                    ExprKind::Index(base, Box::new(index))
                }
                TraversalOperator::FullSplat(_) => {
                    let rest = self.accessors(element(at), operators, depth)?;
                    operators = &[];
                    span = span.to(rest.span);
                    ExprKind::Splat(base, true, Box::new(rest))
                }
                TraversalOperator::AttrSplat(_) => {
                    let attributes = operators.iter().take_while(|operator| {
                        matches!(
                            operator.value(),
                            TraversalOperator::GetAttr(_) | TraversalOperator::LegacyIndex(_)
                        )
                    });
                    let (own, after) = operators.split_at(attributes.count());
                    let rest = self.accessors(element(at), own, depth)?;
                    operators = after;
                    span = span.to(rest.span);
                    ExprKind::Splat(base, false, Box::new(rest))
                }
            };
            result = Expr { span, kind };
        }
        Ok(result)
    }
}

/// A bare word is the key itself, whatever it means elsewhere.
fn bare_word(key: Expr, typed: &str) -> Expr {
    if !matches!(
        key.kind,
        ExprKind::Variable(_) | ExprKind::Bool(_) | ExprKind::Null
    ) {
        return key;
    }
    Expr {
        span: key.span,
        kind: ExprKind::String(Arc::from(typed.trim())),
    }
}

fn element(span: Span) -> Expr {
    Expr {
        span,
        kind: ExprKind::Variable(Arc::from(SPLAT_ELEMENT)),
    }
}

pub(super) fn name_of(name: &Decorated<Ident>) -> Arc<str> {
    Arc::from(name.as_str())
}

fn lower_number(number: &HclNumber) -> Number {
    number.as_i64().map_or_else(
        || Number::Float(number.as_f64().unwrap_or(f64::MAX)),
        Number::Integer,
    )
}

fn lower_operator(operator: BinaryOperator) -> BinaryOp {
    match operator {
        BinaryOperator::Eq => BinaryOp::Equal,
        BinaryOperator::NotEq => BinaryOp::NotEqual,
        BinaryOperator::LessEq => BinaryOp::LessEqual,
        BinaryOperator::GreaterEq => BinaryOp::GreaterEqual,
        BinaryOperator::Less => BinaryOp::Less,
        BinaryOperator::Greater => BinaryOp::Greater,
        BinaryOperator::Plus => BinaryOp::Add,
        BinaryOperator::Minus => BinaryOp::Subtract,
        BinaryOperator::Mul => BinaryOp::Multiply,
        BinaryOperator::Div => BinaryOp::Divide,
        BinaryOperator::Mod => BinaryOp::Modulo,
        BinaryOperator::And => BinaryOp::And,
        BinaryOperator::Or => BinaryOp::Or,
    }
}
