//! Type constraints of variables: how they are written.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::eval::hcl_expr::{Conversion, Failure, Session, evaluate};
use crate::eval::value::{AttributeType, Type, Value};
use crate::origin::OriginStep;
use crate::syntax::hcl::{Expr, ExprKind};

use super::evaluation::Constants;

/// How deep type constraints may nest.
const MAX_DEPTH: usize = 64;

/// Reads type constraints of one variable.
pub(super) struct Reader<'a> {
    pub(super) session: &'a Session<'a>,
    /// The variable's name.
    pub(super) variable: &'a str,
    /// What is wrong in the constraint.
    pub(super) problems: Vec<Failure>,
}

impl Reader<'_> {
    /// Reads a constraint; what is none is told and taken as `any`.
    pub(super) fn read(&mut self, expr: &Expr) -> Type {
        self.constraint(expr, 0)
    }

    fn constraint(&mut self, expr: &Expr, depth: usize) -> Type {
        if depth > MAX_DEPTH {
            return self.wrong(
                expr,
                format!("type constraints nest more than {MAX_DEPTH} deep"),
            );
        }
        match &expr.kind {
            // `"string"` is how Terraform 0.11 wrote it.
            ExprKind::Variable(name) | ExprKind::String(name) => match &**name {
                "any" => Type::Any,
                "string" => Type::String,
                "number" => Type::Number,
                "bool" => Type::Bool,
                "list" => Type::List(Box::default()),
                "map" => Type::Map(Box::default()),
                "set" => Type::Set(Box::default()),
                _ => self.wrong(expr, format!("`{name}` is no type")),
            },
            ExprKind::Call { name, args, .. } => match (&**name, args.as_slice()) {
                ("list", [element]) => Type::List(Box::new(self.constraint(element, depth + 1))),
                ("set", [element]) => Type::Set(Box::new(self.constraint(element, depth + 1))),
                ("map", [element]) => Type::Map(Box::new(self.constraint(element, depth + 1))),
                ("tuple", [elements]) => match &elements.kind {
                    ExprKind::List(elements) => Type::Tuple(
                        elements
                            .iter()
                            .map(|element| self.constraint(element, depth + 1))
                            .collect(),
                    ),
                    _ => self.wrong(elements, "`tuple` needs a list of types"),
                },
                ("object", [members]) => match &members.kind {
                    ExprKind::Object(items) => {
                        let mut members = BTreeMap::new();
                        for item in items {
                            if let Some(name) = attribute_name(&item.key) {
                                members.insert(name, self.member(&item.value, depth + 1));
                            } else {
                                self.wrong(&item.key, "an attribute needs a name");
                            }
                        }
                        Type::Object(members)
                    }
                    _ => self.wrong(members, "`object` needs attributes and their types"),
                },
                ("optional", _) => self.wrong(expr, "only attributes of an object are `optional`"),
                ("list" | "set" | "map" | "tuple" | "object", _) => {
                    self.wrong(expr, format!("`{name}` needs one argument"))
                }
                _ => self.wrong(expr, format!("`{name}` is no type")),
            },
            _ => self.wrong(expr, "a type is needed here"),
        }
    }

    fn member(&mut self, expr: &Expr, depth: usize) -> AttributeType {
        let (kind, default) = match &expr.kind {
            ExprKind::Call { name, args, .. } if &**name == "optional" => match args.as_slice() {
                [kind] => (kind, None),
                [kind, default] => (kind, Some(default)),
                _ => {
                    let kind = self.wrong(expr, "`optional` needs a type, and perhaps a default");
                    return AttributeType {
                        kind,
                        optional: true,
                        default: None,
                    };
                }
            },
            _ => return AttributeType::required(self.constraint(expr, depth)),
        };
        let kind = self.constraint(kind, depth);
        let default = default.and_then(|default| self.default(default, &kind));
        AttributeType {
            kind,
            optional: true,
            default,
        }
    }

    /// The default of an attribute, in the attribute's type.
    fn default(&mut self, expr: &Expr, kind: &Type) -> Option<Value> {
        let conversion = Conversion {
            session: self.session,
            subject: "this default",
            at: expr.span,
        };
        let value = evaluate(expr, &Constants, self.session)
            .and_then(|value| conversion.convert(&value, kind));
        match value {
            Ok(value) => {
                let origin = self.session.hop(
                    Some(expr.span),
                    || OriginStep::VariableDefault(self.variable.into()),
                    &[value.origin],
                );
                Some(value.with_origin(origin))
            }
            Err(failure) => {
                self.problems.push(*failure);
                None
            }
        }
    }

    fn wrong(&mut self, at: &Expr, message: impl Into<String>) -> Type {
        self.problems.push(*Failure::invalid(at.span, message));
        Type::Any
    }
}

fn attribute_name(key: &Expr) -> Option<Arc<str>> {
    match &key.kind {
        ExprKind::String(name) | ExprKind::Variable(name) => Some(Arc::clone(name)),
        _ => None,
    }
}
