//! Names and types, checked when a pack loads.

mod functions;

use std::sync::Arc;

use super::{Compiled, ForNode, Node};
use crate::policy::datum::{Data, Datum, Element};
use crate::policy::spec::{ExprSource, Reader};
use crate::policy::vocabulary::{Item, Kind, Ty};
use crate::source::Span;
use crate::syntax::hcl::{BinaryOp, Expr, ExprKind, SPLAT_ELEMENT, TemplatePart, UnaryOp};

/// The names an expression may use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// By slot.
    slots: Vec<(Arc<str>, Ty)>,
    parameters: Vec<(Arc<str>, Ty)>,
    /// Further names of slots.
    aliases: Vec<(&'static str, usize)>,
}

impl Names {
    pub(crate) fn new(parameters: Vec<(Arc<str>, Ty)>) -> Self {
        Self {
            slots: Vec::new(),
            parameters,
            aliases: Vec::new(),
        }
    }

    /// Gives a slot a further name.
    pub(crate) fn call(&mut self, name: &'static str, slot: usize) {
        self.aliases.push((name, slot));
    }

    pub(crate) fn bind(&mut self, name: impl Into<Arc<str>>, ty: Ty) {
        self.slots.push((name.into(), ty));
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.slot(name).is_some()
    }

    fn slot(&self, name: &str) -> Option<usize> {
        let bound = self.slots.iter().rposition(|(bound, _)| &**bound == name);
        let alias = || self.aliases.iter().find(|(alias, _)| *alias == name);
        bound.or_else(|| alias().map(|(_, slot)| *slot))
    }
}

const SINGLETONS: [(&str, Kind); 3] = [
    ("subscription", Kind::Subscription),
    ("deployment", Kind::Deployment),
    ("platform", Kind::Platform),
];

type Checked = Result<(Node, Ty), ()>;

/// Checks expressions of one rule file.
#[derive(Debug)]
pub(crate) struct Compiler<'r, 'f> {
    pub(crate) reader: &'r mut Reader<'f>,
    pub(crate) names: Names,
}

impl Compiler<'_, '_> {
    /// Any expression; `None` after telling what is wrong.
    pub(crate) fn expression(&mut self, source: &ExprSource) -> Option<Compiled> {
        let tree = source.tree(self.reader)?;
        let (node, ty) = self.check(tree).ok()?;
        Some(Compiled {
            node,
            ty,
            span: source.span,
        })
    }

    /// An expression that is true or false.
    pub(crate) fn predicate(&mut self, source: &ExprSource) -> Option<Compiled> {
        let compiled = self.expression(source)?;
        let at = source.tree(self.reader)?.span;
        self.want_bool(compiled.ty, at).ok()?;
        Some(compiled)
    }

    fn fail<T>(&mut self, span: Span, message: impl Into<String>) -> Result<T, ()> {
        self.reader.error(span, message);
        Err(())
    }

    fn want_bool(&mut self, ty: Ty, span: Span) -> Result<(), ()> {
        match ty {
            Ty::One(Item::Bool | Item::Any | Item::Null) => Ok(()),
            other => {
                let found = other.describe();
                self.fail(span, format!("true or false is expected here, not {found}"))
            }
        }
    }

    fn check(&mut self, expr: &Expr) -> Checked {
        let constant = |data: Data, ty: Ty| Ok((Node::Constant(Datum::constant(data)), ty));
        match &expr.kind {
            ExprKind::Unreadable => self.fail(expr.span, "this cannot be read"),
            ExprKind::Null => constant(Data::Absent, Ty::One(Item::Null)),
            ExprKind::Bool(value) => constant(Data::Bool(*value), Ty::BOOL),
            ExprKind::Number(number) => match number.as_i64() {
                Some(number) => constant(Data::Number(number), Ty::NUMBER),
                None => self.fail(expr.span, "only whole numbers are known here"),
            },
            ExprKind::String(text) => constant(Data::Text(Arc::clone(text)), Ty::TEXT),
            ExprKind::Template(parts) => self.template(expr.span, parts),
            ExprKind::List(items) => self.list(items),
            ExprKind::Variable(name) => self.variable(name, expr.span),
            ExprKind::Attribute(base, name, span) => self.attribute(base, name, *span),
            ExprKind::Index(base, index) => {
                let (base_checked, index_checked) = (self.check(base), self.check(index));
                let ((base_node, base_ty), (index_node, _)) = (base_checked?, index_checked?);
                let ty = match base_ty {
                    Ty::List(item) => Ty::One(item),
                    Ty::One(Item::Any | Item::Object(_)) => Ty::ANY,
                    other => {
                        let found = other.describe();
                        return self.fail(base.span, format!("{found} has no elements"));
                    }
                };
                Ok((Node::Index(Box::new(base_node), Box::new(index_node)), ty))
            }
            ExprKind::Splat(base, _, rest) => self.splat(base, rest),
            ExprKind::Call {
                name,
                name_span,
                args,
                expand,
            } => {
                if *expand {
                    return self.fail(expr.span, "`...` is not known here");
                }
                self.call(name, *name_span, args)
            }
            ExprKind::Conditional(condition, yes, no) => {
                let asked = self.check(condition);
                let (yes, no) = (self.check(yes), self.check(no));
                let (condition_node, ty) = asked?;
                self.want_bool(ty, condition.span)?;
                let ((yes, yes_ty), (no, no_ty)) = (yes?, no?);
                let node = Node::Choose(Box::new(condition_node), Box::new(yes), Box::new(no));
                Ok((node, join(yes_ty, no_ty)))
            }
            ExprKind::Unary(UnaryOp::Not, inner) => {
                let (node, ty) = self.check(inner)?;
                self.want_bool(ty, inner.span)?;
                Ok((Node::Not(Box::new(node)), Ty::BOOL))
            }
            ExprKind::Unary(UnaryOp::Negate, inner) => {
                let (node, ty) = self.check(inner)?;
                if !matches!(ty, Ty::One(Item::Number | Item::Any)) {
                    let found = ty.describe();
                    return self.fail(inner.span, format!("a number is expected, not {found}"));
                }
                Ok((Node::Negate(Box::new(node)), Ty::NUMBER))
            }
            ExprKind::Binary(left, op, right) => self.binary(left, *op, right),
            ExprKind::For(parts) => self.for_list(expr.span, parts),
            ExprKind::Object(_) => self.fail(expr.span, "objects are not known here"),
        }
    }

    fn template(&mut self, span: Span, parts: &[TemplatePart]) -> Checked {
        let mut nodes = Vec::new();
        for part in parts {
            match part {
                TemplatePart::Literal(text) => {
                    nodes.push(Ok(Node::Constant(Datum::text(Arc::clone(text)))));
                }
                TemplatePart::Interpolation(expr) => {
                    nodes.push(self.check(expr).map(|(node, _)| node));
                }
                _ => return self.fail(span, "template directives are not known here"),
            }
        }
        let nodes: Result<Vec<Node>, ()> = nodes.into_iter().collect();
        Ok((Node::Text(nodes?), Ty::TEXT))
    }

    fn list(&mut self, items: &[Expr]) -> Checked {
        let mut nodes = Vec::new();
        let mut element: Option<Ty> = None;
        let checked: Vec<Checked> = items.iter().map(|item| self.check(item)).collect();
        for one in checked {
            let (node, ty) = one?;
            nodes.push(node);
            element = Some(element.map_or(ty, |before| join(before, ty)));
        }
        let item = match element {
            Some(Ty::One(item)) => item,
            _ => Item::Any,
        };
        Ok((Node::List(nodes), Ty::List(item)))
    }

    fn variable(&mut self, name: &str, span: Span) -> Checked {
        if let Some(slot) = self.names.slot(name) {
            let ty = self.names.slots.get(slot).map_or(Ty::ANY, |(_, ty)| *ty);
            return Ok((Node::Slot(slot), ty));
        }
        if let Some((_, kind)) = SINGLETONS.iter().find(|(word, _)| *word == name) {
            let element = Element { kind: *kind, id: 0 };
            let node = Node::Constant(Datum::constant(Data::Element(element)));
            return Ok((node, Ty::One(Item::Element(*kind))));
        }
        if name == "parameters" {
            return self.fail(span, "name a parameter: `parameters.NAME`");
        }
        let mut known: Vec<String> = self
            .names
            .slots
            .iter()
            .map(|(n, _)| n.to_string())
            .collect();
        known.extend(SINGLETONS.iter().map(|(word, _)| (*word).to_owned()));
        known.push("parameters".to_owned());
        let is_field = matches!(
            self.names.slots.first(),
            Some((_, Ty::One(Item::Element(kind)))) if kind.field(name).is_some()
        );
        let message = format!("unknown name `{name}`");
        if is_field {
            let help = format!("did you mean `subject.{name}`?");
            self.reader.error_with_help(span, message, help);
        } else {
            let words: Vec<&str> = known.iter().map(String::as_str).collect();
            self.reader.unknown_word(span, "name", name, &words);
        }
        Err(())
    }

    fn attribute(&mut self, base: &Expr, name: &str, span: Span) -> Checked {
        if matches!(&base.kind, ExprKind::Variable(root) if &**root == "parameters") {
            let parameter = self
                .names
                .parameters
                .iter()
                .find(|(known, _)| &**known == name);
            if let Some((known, ty)) = parameter {
                return Ok((Node::Parameter(Arc::clone(known)), *ty));
            }
            let known: Vec<Arc<str>> = self
                .names
                .parameters
                .iter()
                .map(|(known, _)| Arc::clone(known))
                .collect();
            let known: Vec<&str> = known.iter().map(|known| &**known).collect();
            self.reader.unknown_word(span, "parameter", name, &known);
            return Err(());
        }
        let (node, ty) = self.check(base)?;
        match ty {
            Ty::One(Item::Element(kind)) => match kind.field(name) {
                Some(field) => Ok((Node::Field(Box::new(node), field), field.ty)),
                None => {
                    let known: Vec<&str> = kind.fields().map(|field| field.name).collect();
                    let what = format!("field of a {}", kind.spec().name);
                    if ["tags", "tag"].contains(&name) {
                        let help = "`tag(x, \"owner\")` reads a tag";
                        let message = format!("unknown {what} `{name}`");
                        self.reader.error_with_help(span, message, help);
                    } else {
                        self.reader.unknown_word(span, &what, name, &known);
                    }
                    Err(())
                }
            },
            Ty::One(Item::Object(members)) => {
                match members.iter().find(|(member, ..)| *member == name) {
                    Some((member, ty, _)) => {
                        Ok((Node::Entry(Box::new(node), (*member).into()), *ty))
                    }
                    None => {
                        let known: Vec<&str> = members.iter().map(|(name, ..)| *name).collect();
                        self.reader.unknown_word(span, "field", name, &known);
                        Err(())
                    }
                }
            }
            Ty::One(Item::Any) => Ok((Node::Entry(Box::new(node), name.into()), Ty::ANY)),
            other => {
                let found = other.describe();
                let hint = match other {
                    Ty::List(_) => format!("use `[for x in … : x.{name}]`"),
                    Ty::One(_) => "it is a plain value".to_owned(),
                };
                let message = format!("{found} has no field `{name}`");
                self.reader.error_with_help(span, message, hint);
                Err(())
            }
        }
    }

    fn splat(&mut self, base: &Expr, rest: &Expr) -> Checked {
        let (collection, ty) = self.check(base)?;
        let item = self.elements_of(ty, base.span)?;
        let slot = self.names.slots.len();
        self.names.bind(SPLAT_ELEMENT, Ty::One(item));
        let value = self.check(rest);
        self.names.slots.truncate(slot);
        let (value, ty) = value?;
        let item = match ty {
            Ty::One(item) => item,
            Ty::List(_) => Item::Any,
        };
        let node = ForNode {
            collection,
            slot,
            has_key: false,
            condition: None,
            value,
        };
        Ok((Node::For(Box::new(node)), Ty::List(item)))
    }

    fn elements_of(&mut self, ty: Ty, span: Span) -> Result<Item, ()> {
        match ty {
            Ty::List(item) => Ok(item),
            Ty::One(Item::Any) => Ok(Item::Any),
            other => {
                let found = other.describe();
                self.fail(span, format!("a list is expected here, not {found}"))
            }
        }
    }

    fn for_list(&mut self, span: Span, parts: &crate::syntax::hcl::ForExpr) -> Checked {
        if parts.key.is_some() || parts.grouping {
            return self.fail(span, "objects are not known here; use `[for …]`");
        }
        let (collection, ty) = self.check(&parts.collection)?;
        let item = self.elements_of(ty, parts.collection.span)?;
        let slot = self.names.slots.len();
        self.names
            .bind(Arc::clone(&parts.value_name), Ty::One(item));
        if let Some(key) = &parts.key_name {
            self.names.bind(Arc::clone(key), Ty::NUMBER);
        }
        let inner = self.for_body(parts);
        self.names.slots.truncate(slot);
        let (condition, value, ty) = inner?;
        let item = match ty {
            Ty::One(item) => item,
            Ty::List(_) => Item::Any,
        };
        let node = ForNode {
            collection,
            slot,
            has_key: parts.key_name.is_some(),
            condition,
            value,
        };
        Ok((Node::For(Box::new(node)), Ty::List(item)))
    }

    fn for_body(
        &mut self,
        parts: &crate::syntax::hcl::ForExpr,
    ) -> Result<(Option<Node>, Node, Ty), ()> {
        let value = self.check(&parts.value);
        let condition = match &parts.condition {
            Some(condition) => {
                let (node, ty) = self.check(condition)?;
                self.want_bool(ty, condition.span)?;
                Some(node)
            }
            None => None,
        };
        let (value, ty) = value?;
        Ok((condition, value, ty))
    }

    fn binary(&mut self, left: &Expr, op: BinaryOp, right: &Expr) -> Checked {
        // Of both, so that all mistakes are told at once.
        let (a, b) = (self.check(left), self.check(right));
        let ((a, a_ty), (b, b_ty)) = (a?, b?);
        let (a, b) = (Box::new(a), Box::new(b));
        match op {
            BinaryOp::And | BinaryOp::Or => {
                self.want_bool(a_ty, left.span)?;
                self.want_bool(b_ty, right.span)?;
                let node = match op {
                    BinaryOp::And => Node::And(a, b),
                    _ => Node::Or(a, b),
                };
                Ok((node, Ty::BOOL))
            }
            BinaryOp::Equal | BinaryOp::NotEqual => {
                self.comparable(a_ty, right, b_ty)?;
                self.comparable(b_ty, left, a_ty)?;
                let equal = Node::Equal(a, b);
                let node = match op {
                    BinaryOp::Equal => equal,
                    _ => Node::Not(Box::new(equal)),
                };
                Ok((node, Ty::BOOL))
            }
            _ => {
                for (ty, expr) in [(a_ty, left), (b_ty, right)] {
                    if !matches!(ty, Ty::One(Item::Number | Item::Any)) {
                        let found = ty.describe();
                        return self.fail(expr.span, format!("a number is expected, not {found}"));
                    }
                }
                Ok(match op {
                    BinaryOp::Add
                    | BinaryOp::Subtract
                    | BinaryOp::Multiply
                    | BinaryOp::Divide
                    | BinaryOp::Modulo => (Node::Arithmetic(op, a, b), Ty::NUMBER),
                    _ => (Node::Order(op, a, b), Ty::BOOL),
                })
            }
        }
    }

    /// Whether `other` can ever equal something of type `ty`.
    fn comparable(&mut self, ty: Ty, other: &Expr, other_ty: Ty) -> Result<(), ()> {
        let fits = match (ty, other_ty) {
            (Ty::One(a), Ty::One(b)) => items_meet(a, b),
            (Ty::List(_), Ty::List(_)) => true,
            (Ty::List(_), Ty::One(b)) | (Ty::One(b), Ty::List(_)) => {
                matches!(b, Item::Any)
            }
        };
        if !fits {
            let (a, b) = (ty.describe(), other_ty.describe());
            let message = format!("{b} never equals {a}");
            match ty {
                Ty::One(Item::Element(_)) => {
                    let help = "compare a field of it, such as its `name`";
                    self.reader.error_with_help(other.span, message, help);
                }
                Ty::List(_) => {
                    let help = "`contains(list, x)` tells whether a list has it";
                    self.reader.error_with_help(other.span, message, help);
                }
                Ty::One(_) => self.reader.error(other.span, message),
            }
            return Err(());
        }
        if let (Ty::One(Item::Word(words)), ExprKind::String(text)) = (ty, &other.kind)
            && !words.contains(&&**text)
        {
            self.reader.unknown_word(other.span, "value", text, words);
            return Err(());
        }
        Ok(())
    }
}

fn items_meet(a: Item, b: Item) -> bool {
    use Item::*;
    match (a, b) {
        (Any | Null, _) | (_, Any | Null) => true,
        (Bool, Bool) | (Number, Number) => true,
        (Text | Word(_), Text | Word(_)) => true,
        (Address, Address | Text) | (Text, Address) => true,
        (Ports, Ports | Text | Number) | (Text | Number, Ports) => true,
        (Element(a), Element(b)) => a == b,
        (Object(_), Object(_)) => true,
        _ => false,
    }
}

fn join(a: Ty, b: Ty) -> Ty {
    match (a, b) {
        (Ty::One(Item::Null), other) | (other, Ty::One(Item::Null)) => other,
        (a, b) if a == b => a,
        (Ty::One(Item::Text | Item::Word(_)), Ty::One(Item::Text | Item::Word(_))) => Ty::TEXT,
        (Ty::List(_), Ty::List(_)) => Ty::List(Item::Any),
        _ => Ty::ANY,
    }
}
