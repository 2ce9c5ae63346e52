//! Terraform's configuration language written as JSON (`*.tf.json`, `*.tfvars.json`).
//!
//! JSON has no blocks, so the reader of a body decides whether a member is an attribute or stands
//! for blocks. What Terraform's own language fixes is decided here: the blocks of a file, and of
//! variables, resources, modules and the like. Whatever a provider decides is kept as an attribute
//! which [`Attribute::meant_blocks`] reads as blocks.
//!
//! Strings are templates, whose places are those of the characters in the file, escapes counted. A
//! few are not: where the language wants a name or a type instead of a value, the text is read as
//! that expression, and where it wants a literal, as itself.

use std::collections::HashMap;
use std::sync::Arc;

use super::parse::{DEEPEST, Place, repeated, too_deep};
use super::{Attribute, Block, Body, Expr, ExprKind, ObjectItem};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::json::{self, Json, JsonKind, Member};
use crate::syntax::{Comment, Parsed};

/// Parses a `.tf.json` file. Members named `//` are comments. What cannot be read is missing from
/// the tree and told in a diagnostic: `json-syntax` for the document, `hcl-syntax` for a template
/// in it, `json-shape` where an object is needed and something else stands.
///
/// ```
/// use aznet::source::{FileId, SourceFile};
/// use aznet::syntax::hcl;
/// let text = r#"{"resource": {"azurerm_subnet": {"web": {"name": "${var.prefix}-web"}}}}"#;
/// let parsed = hcl::parse_json(FileId(0), &SourceFile::new("a.tf.json", text));
/// let subnet = parsed.tree.blocks_of("resource").next().unwrap();
/// assert_eq!(&**subnet.label(1).unwrap(), "web");
/// ```
#[must_use]
pub fn parse_json(id: FileId, file: &SourceFile) -> Parsed<Body> {
    read(id, file, Kind::File)
}

/// Parses a `.tfvars.json` file: every member is an attribute, and strings mean themselves.
///
/// ```
/// use aznet::source::{FileId, SourceFile};
/// use aznet::syntax::hcl::{self, ExprKind};
/// let file = SourceFile::new("a.tfvars.json", r#"{"prefix": "${no}"}"#);
/// let parsed = hcl::parse_json_values(FileId(0), &file);
/// let prefix = &parsed.tree.attribute("prefix").unwrap().value;
/// assert_eq!(prefix.kind, ExprKind::String("${no}".into()));
/// ```
#[must_use]
pub fn parse_json_values(id: FileId, file: &SourceFile) -> Parsed<Body> {
    read(id, file, Kind::Values)
}

fn read(id: FileId, file: &SourceFile, kind: Kind) -> Parsed<Body> {
    let parsed = json::parse_standard(id, file);
    let mut reader = Reader {
        text: file.text(),
        diagnostics: parsed.diagnostics,
        comments: Vec::new(),
        depth: 0,
    };
    let mut tree = Body::default();
    if let Some(document) = &parsed.tree {
        let members = reader.members(document, "the blocks of a configuration");
        tree = reader.body(&members, kind);
    }
    Parsed {
        tree,
        comments: reader.comments,
        diagnostics: reader.diagnostics,
    }
}

/// Whose members are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    /// A variables file, or another body without blocks in which strings mean themselves.
    Values,
    /// A body without blocks.
    Plain,
    Variable,
    Output,
    Module,
    /// A resource or data source.
    Resource,
    /// What stands in a block of a provider's, or in `content`.
    Nested,
    Lifecycle,
    Dynamic,
    Check,
    Terraform,
    /// `moved`, `removed`, `import`
    Move,
}

impl Kind {
    /// How many labels the blocks of a name have here, and what stands in them; `None` for an
    /// attribute. Source: the schemas of Terraform's configuration loader
    /// (`internal/configs`, 1.11).
    fn block(self, name: &str) -> Option<(usize, Self)> {
        Some(match (self, name) {
            (Self::File, "resource" | "data" | "ephemeral") | (Self::Check, "data") => {
                (2, Self::Resource)
            }
            (Self::File, "variable") => (1, Self::Variable),
            (Self::File, "output") => (1, Self::Output),
            (Self::File, "module") => (1, Self::Module),
            (Self::File, "provider") => (1, Self::Nested),
            (Self::File, "check") => (1, Self::Check),
            (Self::File, "locals") => (0, Self::Plain),
            (Self::File, "terraform") => (0, Self::Terraform),
            (Self::File, "moved" | "removed" | "import") => (0, Self::Move),
            (Self::Variable, "validation")
            | (Self::Output | Self::Lifecycle, "precondition" | "postcondition")
            | (Self::Check, "assert")
            | (Self::Resource, "connection") => (0, Self::Plain),
            (Self::Resource | Self::Move, "lifecycle") => (0, Self::Lifecycle),
            (Self::Resource | Self::Move, "provisioner") => (1, Self::Plain),
            (Self::Resource | Self::Nested, "dynamic") => (1, Self::Dynamic),
            (Self::Dynamic, "content") => (0, Self::Nested),
            (Self::Terraform, "required_providers" | "cloud") => (0, Self::Values),
            (Self::Terraform, "backend" | "provider_meta") => (1, Self::Values),
            _ => return None,
        })
    }

    /// How the strings of an attribute are read here.
    fn strings(self, name: &str) -> Strings {
        match (self, name) {
            (Self::Variable, "type")
            | (Self::Dynamic, "iterator")
            | (
                Self::Resource | Self::Module | Self::Output | Self::Move,
                "provider" | "providers" | "depends_on",
            )
            | (Self::Lifecycle, "ignore_changes" | "replace_triggered_by")
            | (Self::Move, "from" | "to") => Strings::Expressions,
            (Self::Values | Self::Variable | Self::Terraform, _)
            | (Self::Module, "source" | "version") => Strings::Literals,
            _ => Strings::Templates,
        }
    }
}

/// What a string in JSON is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strings {
    Templates,
    /// A name, a reference or a type.
    Expressions,
    Literals,
}

struct Reader<'a> {
    text: &'a str,
    diagnostics: Vec<Diagnostic>,
    comments: Vec<Comment>,
    /// How many brackets are open around the value being read.
    depth: usize,
}

impl Reader<'_> {
    /// The members of an object, or of all objects of a list; comments are put aside.
    fn members<'j>(&mut self, json: &'j Json, what: &str) -> Vec<&'j Member> {
        let objects: &[Json] = match &json.kind {
            JsonKind::Object(_) => std::slice::from_ref(json),
            JsonKind::Array(items) => items,
            JsonKind::Null => &[],
            _ => {
                self.misshapen(json, &format!("an object with {what} is needed here"));
                &[]
            }
        };
        let mut members = Vec::new();
        for object in objects {
            if !matches!(object.kind, JsonKind::Object(_)) {
                self.misshapen(object, &format!("an object with {what} is needed here"));
                continue;
            }
            for member in object.members() {
                if &*member.name == "//" {
                    self.comments.push(Comment {
                        span: member.name_span.to(member.value.span),
                    });
                } else {
                    members.push(member);
                }
            }
        }
        members
    }

    fn misshapen(&mut self, json: &Json, message: &str) {
        self.diagnostics
            .push(Diagnostic::unreadable("json-shape", json.span, message));
    }

    fn body(&mut self, members: &[&Member], kind: Kind) -> Body {
        let mut body = Body::default();
        let mut names: HashMap<&str, Span> = HashMap::new();
        for member in members {
            if let Some((labels, within)) = kind.block(&member.name) {
                let found = Found {
                    kind: &member.name,
                    header: member.name_span,
                    labels: Vec::new(),
                    within,
                };
                self.blocks(&found, labels, &member.value, &mut body.blocks);
                continue;
            }
            if let Some(first) = names.get(&*member.name) {
                let second = member.name_span;
                let told = repeated(&member.name, second, *first);
                self.diagnostics.push(told);
                continue;
            }
            names.insert(&member.name, member.name_span);
            body.attributes.push(Attribute {
                name: Arc::clone(&member.name),
                name_span: member.name_span,
                value: self.expression(&member.value, kind.strings(&member.name)),
                meant: Some(super::MeantBlocks::default()),
            });
        }
        body
    }

    /// Blocks whose next labels are names of members.
    fn blocks(&mut self, found: &Found<'_>, labels: usize, value: &Json, into: &mut Vec<Block>) {
        let Some(left) = labels.checked_sub(1) else {
            self.bodies(found, value, into);
            return;
        };
        let what = format!("the labels of a `{}` block", found.kind);
        for member in self.members(value, &what) {
            let mut labels = found.labels.clone();
            labels.push((Arc::clone(&member.name), member.name_span));
            let found = Found { labels, ..*found };
            self.blocks(&found, left, &member.value, into);
        }
    }

    fn bodies(&mut self, found: &Found<'_>, value: &Json, into: &mut Vec<Block>) {
        let bodies: &[Json] = match &value.kind {
            JsonKind::Array(items) => items,
            JsonKind::Null => &[],
            _ => std::slice::from_ref(value),
        };
        for item in bodies {
            let members = self.members(item, &format!("what stands in a `{}` block", found.kind));
            let body = self.body(&members, found.within);
            let last = found.labels.last().map_or(found.header, |(_, last)| *last);
            // The name belongs to all of a list; each of them begins at its own brace.
            let alone = bodies.len() == 1;
            let header = match (alone, found.labels.is_empty()) {
                (true, _) | (false, false) => last,
                (false, true) => opening(item.span),
            };
            into.push(Block {
                kind: Arc::clone(found.kind),
                labels: found.labels.clone(),
                header,
                span: if alone { last.to(item.span) } else { item.span },
                body,
            });
        }
    }

    fn expression(&mut self, json: &Json, strings: Strings) -> Expr {
        if self.depth >= DEEPEST {
            self.diagnostics.push(too_deep(json.span));
            return Expr {
                span: json.span,
                kind: ExprKind::Unreadable,
            };
        }
        self.depth += 1;
        let read = self.expression_within(json, strings);
        self.depth -= 1;
        read
    }

    fn expression_within(&mut self, json: &Json, strings: Strings) -> Expr {
        let kind = match &json.kind {
            JsonKind::Null => ExprKind::Null,
            JsonKind::Bool(value) => ExprKind::Bool(*value),
            JsonKind::Number(number) => ExprKind::Number(number.clone()),
            JsonKind::String(text) => return self.string(text, json.span, strings),
            JsonKind::Array(items) => {
                let items = items.iter().map(|item| self.expression(item, strings));
                ExprKind::List(items.collect())
            }
            JsonKind::Object(members) => {
                let mut items: Vec<ObjectItem> = Vec::with_capacity(members.len());
                let mut names: HashMap<&str, Span> = HashMap::new();
                for member in members {
                    // Unlike in the native syntax no key may occur twice.
                    if let Some(first) = names.insert(&member.name, member.name_span) {
                        let told = repeated(&member.name, member.name_span, first);
                        self.diagnostics.push(told);
                        names.insert(&member.name, first);
                        continue;
                    }
                    items.push(ObjectItem {
                        key: self.string(&member.name, member.name_span, strings),
                        value: self.expression(&member.value, strings),
                    });
                }
                ExprKind::Object(items)
            }
        };
        Expr {
            span: json.span,
            kind,
        }
    }

    fn string(&mut self, text: &Arc<str>, span: Span, strings: Strings) -> Expr {
        let literal = Expr {
            span,
            kind: ExprKind::String(Arc::clone(text)),
        };
        let is_template = text.contains("${") || text.contains("%{");
        let plain = match strings {
            Strings::Literals => true,
            Strings::Templates => !is_template,
            Strings::Expressions => false,
        };
        if plain {
            return literal;
        }
        let start = span.start as usize + 1;
        let raw = self.text.get(start..(span.end as usize).saturating_sub(1));
        let escapes = raw
            .filter(|raw| *raw != &**text)
            .map_or_else(Vec::new, |raw| escapes(raw, start));
        let place = Place {
            file: span.file,
            origin: start,
            text,
            escapes: &escapes,
        };
        let read = match strings {
            Strings::Expressions => place.expression(self.depth).map(|read| read.kind),
            _ => place
                .template(self.depth)
                .map(|parts| match parts.as_slice() {
                    [super::TemplatePart::Literal(text)] => ExprKind::String(Arc::clone(text)),
                    _ => ExprKind::Template(parts),
                }),
        };
        match read {
            // A string with quotes is one expression, from the first quote to the last.
            Ok(kind) => Expr { span, kind },
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                Expr {
                    span,
                    kind: ExprKind::Unreadable,
                }
            }
        }
    }
}

/// Blocks of which the labels are being collected.
struct Found<'a> {
    kind: &'a Arc<str>,
    /// The name of the member.
    header: Span,
    labels: Vec<(Arc<str>, Span)>,
    within: Kind,
}

/// The blocks an attribute from JSON means.
pub(super) fn blocks_from(attribute: &Attribute) -> Box<[Block]> {
    let name = (&attribute.name, attribute.name_span);
    blocks_of_value(name, &attribute.value, true).into()
}

fn blocks_of_value(name: (&Arc<str>, Span), value: &Expr, nested: bool) -> Vec<Block> {
    let (kind, name_span) = name;
    let (bodies, alone): (&[Expr], bool) = match &value.kind {
        ExprKind::List(items) => (items, items.len() == 1),
        _ => (std::slice::from_ref(value), true),
    };
    let block = |body: &Expr| {
        let ExprKind::Object(items) = &body.kind else {
            return None;
        };
        Some(Block {
            kind: Arc::clone(kind),
            labels: Vec::new(),
            header: if alone { name_span } else { opening(body.span) },
            span: if alone {
                name_span.to(body.span)
            } else {
                body.span
            },
            body: body_of_items(items, nested),
        })
    };
    bodies.iter().filter_map(block).collect()
}

/// The body that an object stands for.
fn body_of_items(items: &[ObjectItem], nested: bool) -> Body {
    let mut body = Body::default();
    for item in items {
        let ExprKind::String(name) = &item.key.kind else {
            continue;
        };
        let named = (name, item.key.span);
        match &**name {
            "//" => {}
            "dynamic" if nested => body.blocks.extend(dynamic_blocks(named, &item.value)),
            _ => body.attributes.push(Attribute {
                name: Arc::clone(name),
                name_span: item.key.span,
                value: item.value.clone(),
                meant: Some(super::MeantBlocks::default()),
            }),
        }
    }
    body
}

/// `"dynamic": {"rule": {…}}`, each of the objects also as a list.
fn dynamic_blocks(name: (&Arc<str>, Span), value: &Expr) -> Vec<Block> {
    let mut made = Vec::new();
    for group in blocks_of_value(name, value, false) {
        for labelled in &group.body.attributes {
            let label = (&labelled.name, labelled.name_span);
            for mut block in blocks_of_value(label, &labelled.value, false) {
                block.labels = vec![(Arc::clone(&labelled.name), labelled.name_span)];
                block.kind = Arc::clone(name.0);
                for attribute in std::mem::take(&mut block.body.attributes) {
                    match &*attribute.name {
                        "content" => block.body.blocks.extend(blocks_from(&attribute)),
                        "iterator" => block.body.attributes.push(as_name(attribute)),
                        _ => block.body.attributes.push(attribute),
                    }
                }
                made.push(block);
            }
        }
    }
    made
}

/// An attribute whose text is a name.
fn as_name(mut attribute: Attribute) -> Attribute {
    if let ExprKind::String(name) = &attribute.value.kind {
        attribute.value.kind = ExprKind::Variable(Arc::clone(name));
    }
    attribute
}

fn opening(span: Span) -> Span {
    Span::new(span.file, span.start, span.start + 1)
}

/// Where the characters of a string with escapes stand: pairs of an offset in the text it means
/// and the offset in the file from which characters stand for themselves again.
fn escapes(raw: &str, start: usize) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut meant = 0;
    let mut at = 0;
    let bytes = raw.as_bytes();
    let unit = |at: usize| {
        let digits = raw.get(at + 2..at + 6)?;
        (bytes.get(at + 1) == Some(&b'u')).then(|| u32::from_str_radix(digits, 16).ok())?
    };
    while let Some(byte) = bytes.get(at) {
        if *byte != b'\\' {
            at += 1;
            meant += 1;
            continue;
        }
        let (length, width) = match unit(at) {
            None => (2, 1),
            // Two units of UTF-16 make one character of four bytes.
            Some(0xd800..0xdc00) if unit(at + 6).is_some() => (12, 4),
            Some(code) => (6, char::from_u32(code).map_or(3, char::len_utf8)),
        };
        at += length;
        meant += width;
        found.push((meant, start + at));
    }
    found
}
