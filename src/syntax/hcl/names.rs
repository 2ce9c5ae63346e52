//! Which names an expression takes from around it.

use std::rc::Rc;
use std::sync::Arc;

use super::{Expr, ExprKind, SPLAT_ELEMENT, TemplatePart};
use crate::source::Span;

/// The root names in a template that nothing within it binds, in the order typed, with the place of
/// each.
///
/// ```
/// use aznet::{source::{FileId, Span}, syntax::hcl::{free_names, parse_template}};
/// let text = "%{ for x in all }${x}${y}%{ endfor }";
/// let parts = parse_template(Span::new(FileId(0), 0, text.len() as u32), text).unwrap();
/// let names: Vec<_> = free_names(&parts).into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["all".into(), "y".into()]);
/// ```
#[must_use]
pub fn free_names(parts: &[TemplatePart]) -> Vec<(Arc<str>, Span)> {
    let mut left: Vec<Task<'_>> = Vec::new();
    push_parts(&mut left, parts, &None);
    let mut found = Vec::new();
    while let Some((node, bound)) = left.pop() {
        match node {
            Node::Part(part) => of_part(part, &bound, &mut left),
            Node::Expr(expr) => match &expr.kind {
                ExprKind::Variable(name) => {
                    if &**name != SPLAT_ELEMENT && !is_bound(&bound, name) {
                        found.push((Arc::clone(name), expr.span));
                    }
                }
                _ => of_expr(expr, &bound, &mut left),
            },
        }
    }
    found
}

enum Node<'e> {
    Expr(&'e Expr),
    Part(&'e TemplatePart),
}

/// Names bound around a place, the innermost first.
type Bound<'e> = Option<Rc<Scope<'e>>>;

struct Scope<'e> {
    names: [Option<&'e Arc<str>>; 2],
    outer: Bound<'e>,
}

type Task<'e> = (Node<'e>, Bound<'e>);

fn is_bound(bound: &Bound<'_>, name: &str) -> bool {
    let mut scope = bound.as_ref();
    while let Some(current) = scope {
        if current
            .names
            .iter()
            .flatten()
            .any(|known| ***known == *name)
        {
            return true;
        }
        scope = current.outer.as_ref();
    }
    false
}

fn inner<'e>(bound: &Bound<'e>, key: Option<&'e Arc<str>>, value: &'e Arc<str>) -> Bound<'e> {
    Some(Rc::new(Scope {
        names: [key, Some(value)],
        outer: bound.clone(),
    }))
}

/// What is pushed last is looked at first.
fn push_parts<'e>(left: &mut Vec<Task<'e>>, parts: &'e [TemplatePart], bound: &Bound<'e>) {
    let parts = parts.iter().rev();
    left.extend(parts.map(|part| (Node::Part(part), bound.clone())));
}

fn push<'e>(
    left: &mut Vec<Task<'e>>,
    bound: &Bound<'e>,
    exprs: impl DoubleEndedIterator<Item = &'e Expr>,
) {
    left.extend(exprs.rev().map(|expr| (Node::Expr(expr), bound.clone())));
}

fn of_part<'e>(part: &'e TemplatePart, bound: &Bound<'e>, left: &mut Vec<Task<'e>>) {
    match part {
        TemplatePart::Literal(_) => {}
        TemplatePart::Interpolation(expr) => push(left, bound, [expr].into_iter()),
        TemplatePart::If {
            condition,
            then,
            otherwise,
        } => {
            push_parts(left, otherwise, bound);
            push_parts(left, then, bound);
            push(left, bound, [condition].into_iter());
        }
        TemplatePart::For {
            key_name,
            value_name,
            collection,
            body,
        } => {
            push_parts(left, body, &inner(bound, key_name.as_ref(), value_name));
            push(left, bound, [collection].into_iter());
        }
    }
}

fn of_expr<'e>(expr: &'e Expr, bound: &Bound<'e>, left: &mut Vec<Task<'e>>) {
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Variable(_)
        | ExprKind::Unreadable => {}
        ExprKind::Template(parts) => push_parts(left, parts, bound),
        ExprKind::List(items) => push(left, bound, items.iter()),
        ExprKind::Object(items) => {
            let exprs = items.iter().flat_map(|item| [&item.key, &item.value]);
            push(left, bound, exprs);
        }
        ExprKind::Attribute(base, ..) => push(left, bound, [&**base].into_iter()),
        ExprKind::Unary(_, base) => push(left, bound, [&**base].into_iter()),
        ExprKind::Index(a, b) | ExprKind::Splat(a, _, b) | ExprKind::Binary(a, _, b) => {
            push(left, bound, [&**a, &**b].into_iter());
        }
        ExprKind::Call { args, .. } => push(left, bound, args.iter()),
        ExprKind::Conditional(a, b, c) => push(left, bound, [&**a, &**b, &**c].into_iter()),
        ExprKind::For(it) => {
            let within = inner(bound, it.key_name.as_ref(), &it.value_name);
            let exprs = it.key.iter().chain([&it.value]).chain(&it.condition);
            push(left, &within, exprs);
            push(left, bound, [&it.collection].into_iter());
        }
    }
}
