//! Terraform's configuration language.
//!
//! A file is cut into its top-level items, and each is read on its own, so that one broken block
//! loses only itself. The grammar is that of the specification of HCL's native syntax, and of
//! Terraform where the two differ; JSON files give the same tree.
//!
//! The grammar is read here and by no published parser: a broken block must not take its file with
//! it, a number has more digits than a double, and reading is most of the time of a run. Tests hold
//! the tree against that of `hcl-rs`, node by node.

mod collection;
mod cursor;
mod expression;
mod json;
mod lexer;
mod names;
mod parse;
mod split;
mod structure;
mod template;

use std::sync::{Arc, OnceLock};

pub use self::json::{parse_json, parse_json_values};
pub use self::names::free_names;
pub use self::parse::{parse, parse_expression, parse_template};
use super::Number;
use crate::source::Span;

/// Attributes and blocks, of a file or of a block, in the order typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    /// `name = expression`
    pub attributes: Vec<Attribute>,
    /// `kind "label" { … }`
    pub blocks: Vec<Block>,
}

impl Body {
    /// The expression of an attribute, by name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|attribute| &*attribute.name == name)
    }

    /// The blocks of a kind in the order typed. In JSON an object, or a list of objects, under that
    /// name is meant too: there only the reader knows whether it asks for blocks or for a value.
    pub fn blocks_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> + 'a {
        let written = self.blocks.iter().filter(move |block| &*block.kind == kind);
        let meant = self.attribute(kind).map(Attribute::meant_blocks);
        written.chain(meant.unwrap_or_default())
    }

    /// Whether what stands in JSON under the name of this attribute can only be meant as blocks,
    /// whatever a provider says: `dynamic` makes more of them, or stands within one.
    #[must_use]
    pub fn can_only_be_blocks(&self, attribute: &Attribute) -> bool {
        let makes_more = |block: &Block| {
            &*block.kind == "dynamic" && block.label(0).is_some_and(|kind| *kind == attribute.name)
        };
        attribute.may_be_blocks()
            && (self.blocks.iter().any(makes_more)
                || attribute.meant_blocks().iter().any(Block::holds_dynamic))
    }
}

/// `name = expression`
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// The name; in JSON without its quotes.
    pub name: Arc<str>,
    /// The name's place; in JSON with its quotes.
    pub name_span: Span,
    /// The right-hand side.
    pub value: Expr,
    /// The other reading of what stands in JSON.
    meant: Option<MeantBlocks>,
}

/// The blocks that an object in JSON stands for, worked out when they are first asked for.
#[derive(Clone, Debug, Default)]
struct MeantBlocks(OnceLock<Box<[Block]>>);

impl PartialEq for MeantBlocks {
    /// They follow from the value beside them.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Attribute {
    /// An attribute of the native syntax, which is never a block.
    fn native(name: Arc<str>, name_span: Span, value: Expr) -> Self {
        Self {
            name,
            name_span,
            value,
            meant: None,
        }
    }

    /// Whether it stands in a JSON file, where it may be meant as one or several blocks.
    #[must_use]
    pub fn may_be_blocks(&self) -> bool {
        self.meant.is_some()
    }

    /// The blocks this means, if it stands in JSON and its reader expects blocks of that name: one
    /// for an object, one for each object of a list, none for `null` and for anything else. Each
    /// has the name as its kind, no labels, and the span of its object; its header is the name for
    /// a single one, else the opening brace.
    #[must_use]
    pub fn meant_blocks(&self) -> &[Block] {
        match &self.meant {
            Some(meant) => meant.0.get_or_init(|| json::blocks_from(self)),
            None => &[],
        }
    }

    /// From the name to the end of the expression.
    #[must_use]
    pub fn span(&self) -> Span {
        self.name_span.to(self.value.span)
    }
}

/// `kind "label" … { body }`
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The first word.
    pub kind: Arc<str>,
    /// The labels, quotes removed, with their places (quotes included).
    pub labels: Vec<(Arc<str>, Span)>,
    /// From the first word to the last label (or the word itself).
    pub header: Span,
    /// From the first word to the closing brace.
    pub span: Span,
    /// What stands between the braces.
    pub body: Body,
}

impl Block {
    /// The label at an index.
    #[must_use]
    pub fn label(&self, index: usize) -> Option<&Arc<str>> {
        self.labels.get(index).map(|(text, _)| text)
    }

    /// Whether a `dynamic` block stands in it, at any depth.
    fn holds_dynamic(&self) -> bool {
        let within = &self.body;
        let is_dynamic = |block: &Self| {
            &*block.kind == "dynamic" && block.body.blocks_of("content").next().is_some()
        };
        let below = |attribute: &Attribute| {
            let mut meant = attribute.meant_blocks().iter();
            meant.any(Self::holds_dynamic)
        };
        within.blocks.iter().any(is_dynamic) || within.attributes.iter().any(below)
    }
}

/// An expression and its place. Parentheses are not nodes; the span of what they enclose is that
/// of the inner expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// From its first to its last character.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// The kinds of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A quoted string or heredoc without interpolation, escapes and indentation resolved.
    String(Arc<str>),
    /// A quoted string or heredoc with interpolations or directives.
    Template(Vec<TemplatePart>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ a = b }` in the order typed; of equal keys the last wins.
    Object(Vec<ObjectItem>),
    /// A root name: `var`, `local`, `each`, a resource type, an iterator.
    Variable(Arc<str>),
    /// `base.name`
    Attribute(Box<Expr>, Arc<str>, Span),
    /// `base[index]`, also the old `base.0`
    Index(Box<Expr>, Box<Expr>),
    /// `base[*].rest` (true) or `base.*.rest` (false: attributes only follow). `rest` is the chain
    /// after the star written over the variable [`SPLAT_ELEMENT`].
    Splat(Box<Expr>, bool, Box<Expr>),
    /// `name(args)`, `name(args...)` when `expand`; provider functions keep their `::`.
    Call {
        /// The function.
        name: Arc<str>,
        /// Its place.
        name_span: Span,
        /// The arguments.
        args: Vec<Expr>,
        /// Whether the last argument ends in `...`.
        expand: bool,
    },
    /// `c ? a : b`
    Conditional(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `!x`, `-x`
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`
    Binary(Box<Expr>, BinaryOp, Box<Expr>),
    /// `[for …]`, `{for …}`
    For(Box<ForExpr>),
    /// Something was written that cannot be read; a diagnostic says so.
    Unreadable,
}

/// The name that stands for the element in the rest of a splat; no identifier can be spelt so.
pub const SPLAT_ELEMENT: &str = "*";

/// `[for k, v in collection : value if condition]` or `{for k, v in collection : key => value...}`
#[derive(Clone, Debug, PartialEq)]
pub struct ForExpr {
    /// The name of the key or index, if one is given.
    pub key_name: Option<Arc<str>>,
    /// The name of the value.
    pub value_name: Arc<str>,
    /// What is walked.
    pub collection: Expr,
    /// The key of the result, for objects.
    pub key: Option<Expr>,
    /// The value of the result.
    pub value: Expr,
    /// Keep only elements for which this is true.
    pub condition: Option<Expr>,
    /// `...` after the value: values of equal keys are gathered in lists.
    pub grouping: bool,
}

/// `key = value` of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectItem {
    /// The key; a bare word is a [`ExprKind::String`], `(expr)` the expression.
    pub key: Expr,
    /// The value.
    pub value: Expr,
}

impl ObjectItem {
    /// From the key to the end of the value.
    #[must_use]
    pub fn span(&self) -> Span {
        self.key.span.to(self.value.span)
    }
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum TemplatePart {
    /// Text as it will stand.
    Literal(Arc<str>),
    /// `${expr}`
    Interpolation(Expr),
    /// `%{if c}…%{else}…%{endif}`
    If {
        /// The condition.
        condition: Expr,
        /// When true.
        then: Vec<Self>,
        /// When false; empty without `else`.
        otherwise: Vec<Self>,
    },
    /// `%{for k, v in c}…%{endfor}`
    For {
        /// The name of the key or index.
        key_name: Option<Arc<str>>,
        /// The name of the value.
        value_name: Arc<str>,
        /// What is walked.
        collection: Expr,
        /// What is repeated.
        body: Vec<Self>,
    },
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl BinaryOp {
    /// How it is written.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }
}

#[cfg(test)]
mod tests;
