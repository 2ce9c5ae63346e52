//! What is written in a resource and is not in the schema of its type.
//!
//! Only names are looked at, and only where no version of the provider that the configuration
//! admits has them: what is told here, Terraform refuses. Of versions that are newer than the rows
//! it is not known what else they have. What is absent: missing names, values,
//! and whatever a value holds that is written in place of blocks.

use super::{BlockSchema, Row, Shape, Versions, schema};
use crate::diagnostic::Diagnostic;
use crate::eval::Mode;
use crate::source::Span;
use crate::syntax::hcl::{Attribute, Block, Body, ExprKind};

/// What Terraform itself reads in a resource or data source, and the escape from it.
const META: &[&str] = &[
    "_",
    "connection",
    "count",
    "depends_on",
    "dynamic",
    "for_each",
    "lifecycle",
    "provider",
    "provisioner",
];

/// Tells of the names in the block of a resource or data source that its type does not have.
pub(in crate::eval::terraform) fn names(
    mode: Mode,
    kind: &str,
    body: &Body,
    versions: Versions,
) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    if let Some(schema) = schema(mode, kind) {
        let place = Place {
            called: format!("`{kind}`"),
            schemas: vec![schema],
            versions,
        };
        place.body(body, true, &mut told);
    }
    told
}

/// A body and what may be in it: the schemas of several versions.
struct Place {
    called: String,
    schemas: Vec<&'static BlockSchema>,
    versions: Versions,
}

impl Place {
    fn body(&self, body: &Body, outermost: bool, told: &mut Vec<Diagnostic>) {
        let is_meta = |name: &str| (outermost && META.contains(&name)) || name == "dynamic";
        for attribute in &body.attributes {
            if !is_meta(&attribute.name) {
                self.attribute(attribute, told);
            }
        }
        for block in &body.blocks {
            if let (true, Some((kind, at))) = (&*block.kind == "dynamic", block.labels.first()) {
                let inner = self.block(kind, *at, told);
                let contents = block.body.blocks_of("content");
                contents.for_each(|content| {
                    inner
                        .iter()
                        .for_each(|to| to.body(&content.body, false, told));
                });
            } else if !is_meta(&block.kind) {
                self.written_block(block, told);
            }
        }
    }

    fn written_block(&self, block: &Block, told: &mut Vec<Diagnostic>) {
        if let Some(inner) = self.block(&block.kind, block.header, told) {
            inner.body(&block.body, false, told);
        }
    }

    fn attribute(&self, attribute: &Attribute, told: &mut Vec<Diagnostic>) {
        let (name, at) = (&*attribute.name, attribute.name_span);
        if !self.may_be_given(attribute) {
            return;
        }
        let Some(rows) = self.rows(name, "attribute", at, told) else {
            return;
        };
        if attribute.may_be_blocks() {
            if let Some(inner) = self.inner(name, &rows) {
                let blocks = attribute.meant_blocks();
                blocks
                    .iter()
                    .for_each(|block| inner.body(&block.body, false, told));
            }
        } else if rows.iter().copied().all(is_block_alone) {
            told.push(
                Diagnostic::advice(
                    "block-as-attribute",
                    at,
                    format!("{} takes `{name}` as a block, not as a value", self.called),
                )
                .with_help(format!("write `{name} {{ … }}`")),
            );
        }
    }

    /// Whether an attribute counts as written: Terraform takes null for what Azure fills in, and
    /// only literals certainly are not null.
    fn may_be_given(&self, attribute: &Attribute) -> bool {
        let literal = matches!(
            attribute.value.kind,
            ExprKind::Bool(_)
                | ExprKind::Number(_)
                | ExprKind::String(_)
                | ExprKind::Template(_)
                | ExprKind::List(_)
                | ExprKind::Object(_)
        );
        let mut schemas = self.schemas.iter();
        literal
            || !schemas.any(|schema| {
                let known = schema.find(&attribute.name, self.versions);
                known.is_some_and(|row| !row.required && !row.optional)
            })
    }

    /// What is in a block of that kind, if it can be one.
    fn block(&self, kind: &str, at: Span, told: &mut Vec<Diagnostic>) -> Option<Self> {
        let rows = self.rows(kind, "block", at, told)?;
        let inner = self.inner(kind, &rows);
        if inner.is_none() {
            told.push(
                Diagnostic::advice(
                    "attribute-as-block",
                    at,
                    format!("{} takes `{kind}` as a value, not as a block", self.called),
                )
                .with_help(format!("write `{kind} = …`")),
            );
        }
        inner
    }

    fn inner(&self, kind: &str, rows: &[&'static Row]) -> Option<Self> {
        let schemas: Vec<&BlockSchema> = rows.iter().filter_map(|row| row.body()).collect();
        (!schemas.is_empty()).then(|| Self {
            called: format!("`{kind}` of {}", self.called),
            schemas,
            versions: self.versions,
        })
    }

    /// The rows of a name that may be written; `None` if there are none, which is told.
    fn rows(
        &self,
        name: &str,
        what: &str,
        at: Span,
        told: &mut Vec<Diagnostic>,
    ) -> Option<Vec<&'static Row>> {
        let all: Vec<&Row> = self
            .schemas
            .iter()
            .flat_map(|schema| schema.rows_of(name))
            .collect();
        let meant: Vec<&Row> = all
            .iter()
            .copied()
            .filter(|row| row.versions.meet(&self.versions))
            .collect();
        let written: Vec<&Row> = meant
            .iter()
            .copied()
            .filter(|row| row.required || row.optional)
            .collect();
        if !written.is_empty() {
            return Some(written);
        }
        let mut schemas = self.schemas.iter();
        if meant.is_empty() && !schemas.any(|schema| schema.lacks(name, self.versions)) {
            return None;
        }
        told.push(if !meant.is_empty() {
            let message = format!(
                "`{name}` of {} cannot be written: Azure fills it in",
                self.called
            );
            Diagnostic::advice("computed-attribute", at, message)
        } else if all.is_empty() {
            self.unknown(name, what, at)
        } else {
            self.of_other_version(name, &all, at)
        });
        None
    }

    fn unknown(&self, name: &str, what: &str, at: Span) -> Diagnostic {
        let code = if what == "block" {
            "unknown-block"
        } else {
            "unknown-attribute"
        };
        let message = format!("{} has no {what} `{name}`", self.called);
        let told = Diagnostic::advice(code, at, message);
        let mut schemas = self.schemas.iter();
        match schemas.find_map(|schema| schema.nearest(name, self.versions)) {
            Some(near) => told.with_help(format!("did you mean `{near}`?")),
            None => told,
        }
    }

    fn of_other_version(&self, name: &str, rows: &[&Row], at: Span) -> Diagnostic {
        let past = rows.iter().filter_map(|row| row.versions.below).max();
        let gone = past.filter(|below| *below <= self.versions.from);
        let when = match (gone, rows.iter().map(|row| row.versions.from).min()) {
            (Some(below), _) => format!("was removed in version {below}"),
            (None, Some(from)) => format!("came with version {from}"),
            (None, None) => "is of another version".to_owned(),
        };
        let instead = rows.iter().rev().find_map(|row| row.now);
        let instead = instead.filter(|_| gone.is_some());
        let help = match instead {
            Some(now) => format!(
                "the configuration is for {}: write `{now}` instead",
                self.versions
            ),
            None => format!("the configuration is for {}", self.versions),
        };
        Diagnostic::advice(
            "attribute-of-other-version",
            at,
            format!("`{name}` of {} {when} of the azurerm provider", self.called),
        )
        .with_help(help)
    }
}

/// Whether a row is a block that cannot be written as a value.
fn is_block_alone(row: &Row) -> bool {
    matches!(
        row.shape,
        Shape::Block {
            as_attribute: false,
            ..
        }
    )
}
