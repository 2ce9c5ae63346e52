//! What resource types of the `azurerm` provider have: attributes and blocks, which of them must
//! be written, what the provider puts where nothing is, and in which of its versions.
//!
//! The facts are rows in `rules/platform/azurerm.schema`, whose head says where they come from and
//! how they are written. A type is read when it is first asked for. What is absent: types that say
//! nothing of the network, other providers, and what values an attribute may have.

pub(super) mod check;
mod read;
mod version;

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

pub use version::{Version, Versions};

use crate::eval::Mode;
use crate::eval::value::Value;
use crate::origin::OriginId;

/// What is missing where a default depends on the version.
pub const VERSION: &str = "the version of the azurerm provider (`version` in `required_providers`, or .terraform.lock.hcl)";

/// The rows, as they are written.
const ROWS: &str = include_str!("../../../rules/platform/azurerm.schema");

/// A resource type or data source whose rows are read when it is asked for.
struct Entry {
    rows: &'static str,
    schema: OnceLock<BlockSchema>,
}

/// Resource types and data sources by name.
#[derive(Default)]
struct Types {
    managed: BTreeMap<&'static str, Entry>,
    existing: BTreeMap<&'static str, Entry>,
}

static TYPES: LazyLock<Types> = LazyLock::new(|| {
    let mut types = Types::default();
    for (managed, kind, rows) in read::types(ROWS) {
        let of_mode = if managed {
            &mut types.managed
        } else {
            &mut types.existing
        };
        let schema = OnceLock::new();
        of_mode.insert(kind, Entry { rows, schema });
    }
    types
});

/// The first version that the rows say nothing of: it and later ones may have more.
static NEWER: LazyLock<Version> = LazyLock::new(|| read::below(ROWS).unwrap_or_default());

/// The schema of a resource type or data source, `None` if there are no rows about it.
pub fn schema(mode: Mode, kind: &str) -> Option<&'static BlockSchema> {
    if !kind.starts_with("azurerm_") {
        return None;
    }
    let of_mode = match mode {
        Mode::Managed => &TYPES.managed,
        Mode::Existing => &TYPES.existing,
    };
    let entry = of_mode.get(kind)?;
    Some(entry.schema.get_or_init(|| read::block(entry.rows)))
}

/// The attributes and blocks of a resource type, or of a block.
#[derive(Debug, Default)]
pub struct BlockSchema {
    rows: Vec<Row>,
}

/// What is known of one name in some versions.
#[derive(Debug)]
pub struct Row {
    /// The name of the attribute, or the kind of the block.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// It must be written.
    pub required: bool,
    /// It may be written.
    pub optional: bool,
    /// Where nothing is written, Azure or the provider fills it in.
    pub computed: bool,
    /// It is written but never read: always null for whoever reads it.
    pub write_only: bool,
    /// What the provider puts where nothing is written.
    pub default: Option<Scalar>,
    /// What the provider's upgrade guides name in its place: an attribute, a block, or another
    /// resource type.
    pub now: Option<&'static str>,
    /// The versions that have it so.
    pub versions: Versions,
}

/// What a name holds.
#[derive(Debug)]
pub enum Shape {
    /// A value, of the type as Terraform writes it: `list(string)`.
    Attribute(&'static str),
    /// Blocks.
    Block {
        /// How several of them are kept.
        nesting: Nesting,
        /// There is at most one.
        single: bool,
        /// They may also be written as a value: `x = [{ … }]`; no mention leaves them as they are
        /// and `[]` removes them.
        as_attribute: bool,
        /// What is in one.
        body: BlockSchema,
    },
}

/// How blocks of one kind are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// In the order written.
    List,
    /// Without order.
    Set,
}

/// A default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(&'static str),
}

impl Scalar {
    /// The default as a value.
    #[must_use]
    pub fn value(self, origin: OriginId) -> Value {
        match self {
            Self::Bool(flag) => Value::bool(flag, origin),
            Self::Integer(number) => Value::integer(number, origin),
            Self::Text(text) => Value::string(text, origin),
        }
    }
}

/// What reads an attribute that nobody wrote.
#[derive(Clone, Debug, PartialEq)]
pub enum Omitted {
    /// There is no such attribute.
    Undeclared,
    /// Null, in blocks no blocks.
    Null,
    /// The provider's default.
    Default(Scalar),
    /// It depends on the provider's version: these, and null where `null` is set.
    ByVersion {
        /// The defaults, each once, older versions first.
        defaults: Vec<Scalar>,
        /// Some versions have no default.
        null: bool,
    },
    /// Known once it is applied.
    Computed,
}

impl BlockSchema {
    /// All rows, in the order of their names.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter()
    }

    /// The rows of a name, oldest versions first; none if no version has it.
    pub fn rows_of(&self, name: &str) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.name == name)
    }

    /// The newest row of a name that some of these versions have.
    pub fn find(&self, name: &str, versions: Versions) -> Option<&Row> {
        self.rows_of(name)
            .filter(|row| row.versions.meet(&versions))
            .last()
    }

    /// Whether any version has blocks of this name: what JSON writes there is then meant as blocks.
    pub fn has_blocks(&self, name: &str) -> bool {
        self.rows_of(name).any(|row| row.body().is_some())
    }

    /// What an expression gets that reads an attribute nobody wrote.
    pub fn omitted(&self, name: &str, versions: Versions) -> Omitted {
        let mut defaults: Vec<Scalar> = Vec::new();
        let mut null = false;
        let mut any = false;
        for row in self
            .rows_of(name)
            .filter(|row| row.versions.meet(&versions))
        {
            any = true;
            if row.write_only {
                null = true;
            } else if let Some(default) = row.default {
                if !defaults.contains(&default) {
                    defaults.push(default);
                }
            } else if row.computed {
                return Omitted::Computed;
            } else {
                null = true;
            }
        }
        match (&*defaults, null) {
            _ if !any => Omitted::Undeclared,
            ([], _) => Omitted::Null,
            ([one], false) => Omitted::Default(*one),
            _ => Omitted::ByVersion { defaults, null },
        }
    }

    /// The first version that has a default for a name.
    pub fn default_since(&self, name: &str) -> Option<Version> {
        let mut rows = self.rows_of(name);
        rows.find(|row| row.default.is_some())
            .map(|row| row.versions.from)
    }

    /// Whether a name is certainly wrong in these versions. Where they admit versions newer than
    /// the rows, only a name that is nearly another one is.
    pub fn lacks(&self, name: &str, versions: Versions) -> bool {
        let all_known = versions.below.is_some_and(|below| below <= *NEWER);
        let of_other_versions = self.rows_of(name).next().is_some();
        self.find(name, versions).is_none()
            && (all_known || of_other_versions || self.nearest(name, versions).is_some())
    }

    /// The name of these versions that a wrong one is nearest to, if it is near.
    pub fn nearest(&self, wrong: &str, versions: Versions) -> Option<&'static str> {
        /// Below this, two names have nothing to do with each other.
        const NEAR: f64 = 0.85;
        self.rows()
            .filter(|row| row.versions.meet(&versions))
            .map(|row| (strsim::jaro_winkler(wrong, row.name), row.name))
            .filter(|(score, _)| *score >= NEAR)
            .max_by(|(one, _), (two, _)| one.total_cmp(two))
            .map(|(_, name)| name)
    }
}

impl Row {
    /// What is in blocks of this kind; `None` for attributes.
    pub fn body(&self) -> Option<&BlockSchema> {
        match &self.shape {
            Shape::Block { body, .. } => Some(body),
            Shape::Attribute(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
