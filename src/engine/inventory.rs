//! What the files were understood as: every resource, the elements of the network it makes, and
//! what is known of their fields.
//!
//! It answers the question that comes before every finding: does this program see what I wrote? What
//! is not known is told with the input that would settle it.
//!
//! What is absent: judging.

mod fields;
mod outputs;
mod said;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::compiled;
use super::judge::Evaluated;
use super::prepare::{self, Prepared, sort_diagnostics};
use super::{Request, UsageError};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::eval::value::{Reason, Truth, Unknown};
use crate::eval::{Existence, Loader as _, Mode};
use crate::policy::authored::place_of;
use crate::policy::finding::MissingInput;
use crate::policy::judge::reasons::missing;
use crate::source::{FileId, SourceMap, Span};
pub use outputs::OutputTold;
use said::Labels;

/// Everything a request reads, as it was understood.
#[derive(Debug)]
pub struct Inventory {
    /// The files.
    pub sources: SourceMap,
    /// The deployments that were asked about: by language, then by name.
    pub deployments: Vec<Deployed>,
    /// What is wrong with the files, sorted by path and offset.
    pub diagnostics: Vec<Diagnostic>,
    /// Files read and recognised.
    pub files: usize,
    /// Recognised files that no deployment uses, sorted.
    pub unused: Vec<Arc<str>>,
    /// All deployments together.
    pub totals: Totals,
}

impl Inventory {
    /// Whether something could not be read: exit code 2.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.kind == DiagnosticKind::Unreadable)
    }
}

/// One deployment.
#[derive(Debug)]
pub struct Deployed {
    /// What a person calls it.
    pub name: Arc<str>,
    /// The files that took part, sorted by path.
    pub files: Vec<Arc<str>>,
    /// Its resources in the order they were met.
    pub resources: Vec<Listed>,
    /// What it gives to whoever runs it.
    pub outputs: Vec<OutputTold>,
    /// Its counts.
    pub totals: Totals,
}

/// One resource.
#[derive(Debug)]
pub struct Listed {
    /// What a person calls it, unique in the deployment.
    pub address: Arc<str>,
    /// Its type.
    pub kind: Arc<str>,
    /// How others refer to it: the id in lower case (ARM) or the address (Terraform), unknown pieces
    /// as `${label}`.
    pub id: String,
    /// Where it is written.
    pub place: Option<Span>,
    /// Whether it exists.
    pub existence: Presence,
    /// Only looked up: nothing but its name is known.
    pub looked_up: bool,
    /// The elements of the network it makes: itself first, then its parts in order.
    pub elements: Vec<Element>,
}

/// Whether something exists once the deployment is done.
#[derive(Debug)]
pub struct Presence {
    /// For certain.
    pub certain: bool,
    /// It stands for any number of things like it.
    pub any_number: bool,
    /// What decides.
    pub because: Vec<Missing>,
}

/// An element of the network: a security group, one of its rules, a subnet.
#[derive(Debug)]
pub struct Element {
    /// What it is, in words: `security rule`.
    pub kind: &'static str,
    /// The resource's address, for a part followed by the part.
    pub address: Arc<str>,
    /// Where it is written.
    pub place: Option<Span>,
    /// Whether it exists.
    pub existence: Presence,
    /// Its fields, in the order of the model; those that nothing is written in are left out.
    pub fields: Vec<FieldTold>,
}

/// What is known of a field.
#[derive(Debug)]
pub struct FieldTold {
    /// Its name, as rules call it: `destination_ports`, `ip_configurations[0].subnet`.
    pub name: String,
    /// What is known.
    pub state: Knowledge,
    /// What is known of its value, one text for each item of a list.
    pub values: Vec<String>,
    /// Where it is written, or where what it belongs to begins.
    pub place: Option<Span>,
    /// What would settle it.
    pub missing: Vec<Missing>,
    /// Why Azure refuses it.
    pub why: Option<Arc<str>>,
}

/// How much of a field is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Knowledge {
    /// All of it.
    Known,
    /// Some items of a list.
    Partly,
    /// Nothing.
    Unknown,
    /// It is written, and Azure will refuse it.
    Invalid,
}

impl Knowledge {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Partly => "partly",
            Self::Unknown => "unknown",
            Self::Invalid => "invalid",
        }
    }
}

/// An input that is missing, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    /// What and where, and what to do.
    pub input: MissingInput,
    /// Why it is not known: see [`reason_name`].
    pub reason: &'static str,
}

/// Counts, the same for one deployment and for all.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Resources that are created, instances counted.
    pub resources: usize,
    /// Those among them that may be left out.
    pub perhaps: usize,
    /// Resources that are only looked up.
    pub looked_up: usize,
    /// Elements of the network by kind.
    pub elements: BTreeMap<&'static str, FieldCounts>,
}

/// How many fields of elements of one kind are known.
#[derive(Clone, Debug, Default)]
pub struct FieldCounts {
    /// Elements.
    pub elements: usize,
    /// Fields with a value that is known.
    pub known: usize,
    /// Lists of which some items are known.
    pub partly: usize,
    /// Fields that are not known.
    pub unknown: usize,
    /// Fields that Azure refuses.
    pub invalid: usize,
    /// Those partly known or unknown, by reason; a field with several is counted under the first of
    /// [`reason_name`]'s list.
    pub reasons: BTreeMap<&'static str, usize>,
}

impl FieldCounts {
    /// All fields in which something is written.
    #[must_use]
    pub fn fields(&self) -> usize {
        self.known + self.partly + self.unknown + self.invalid
    }
}

impl Totals {
    fn add(&mut self, other: &Self) {
        self.resources += other.resources;
        self.perhaps += other.perhaps;
        self.looked_up += other.looked_up;
        for (kind, counts) in &other.elements {
            let own = self.elements.entry(kind).or_default();
            own.elements += counts.elements;
            own.known += counts.known;
            own.partly += counts.partly;
            own.unknown += counts.unknown;
            own.invalid += counts.invalid;
            for (reason, count) in &counts.reasons {
                *own.reasons.entry(reason).or_default() += count;
            }
        }
    }

    fn count(&mut self, resource: &Listed) {
        match resource.looked_up {
            true => self.looked_up += 1,
            false => self.resources += 1,
        }
        if !resource.looked_up && !resource.existence.certain {
            self.perhaps += 1;
        }
        for element in &resource.elements {
            let counts = self.elements.entry(element.kind).or_default();
            counts.elements += 1;
            for field in &element.fields {
                match field.state {
                    Knowledge::Known => counts.known += 1,
                    Knowledge::Partly => counts.partly += 1,
                    Knowledge::Unknown => counts.unknown += 1,
                    Knowledge::Invalid => counts.invalid += 1,
                }
                let order = |reason: &&'static str| REASONS.iter().position(|it| it == reason);
                let reasons = field.missing.iter().map(|missing| missing.reason);
                if let Some(reason) = reasons.min_by_key(order) {
                    *counts.reasons.entry(reason).or_default() += 1;
                }
            }
        }
    }
}

/// Every reason: first those that this program could do something about, then what lies in files
/// that are not here, then what only Azure or who deploys knows.
const REASONS: [&str; 16] = [
    "unsupported-function",
    "limit",
    "invalid",
    "derived",
    "file",
    "module",
    "linked-template",
    "outside",
    "run-time",
    "apply",
    "run-time-function",
    "target",
    "secret",
    "placeholder",
    "no-value",
    "provider-version",
];

/// The stable name of a reason.
#[must_use]
pub fn reason_name(reason: &Reason) -> &'static str {
    match reason {
        Reason::NoValue => "no-value",
        Reason::Placeholder => "placeholder",
        Reason::Secret => "secret",
        Reason::RunTime => "run-time",
        Reason::Apply => "apply",
        Reason::ProviderVersion => "provider-version",
        Reason::Outside => "outside",
        Reason::Module(_) => "module",
        Reason::LinkedTemplate => "linked-template",
        Reason::Target => "target",
        Reason::RunTimeFunction(_) => "run-time-function",
        Reason::UnsupportedFunction(_) => "unsupported-function",
        Reason::File(_) => "file",
        Reason::Invalid => "invalid",
        Reason::Limit => "limit",
        Reason::Derived => "derived",
    }
}

/// Lists what lies on the disk: every deployment that a path of the request takes part in.
///
/// # Errors
///
/// When the request cannot be met as given; what is wrong with a file is a diagnostic.
pub fn inventory(request: &Request) -> Result<Inventory, UsageError> {
    prepare::on_disk(request, listed)
}

/// What came of one deployment.
struct Told {
    deployed: Deployed,
    files: Vec<FileId>,
    diagnostics: Vec<Diagnostic>,
}

fn listed(mut prepared: Prepared<'_>) -> Inventory {
    let told =
        prepared
            .judge
            .with_each(&prepared.docket(), &prepared.vocabulary, |mut evaluated| {
                let deployed = deployed(&evaluated);
                Told {
                    deployed,
                    diagnostics: evaluated.diagnostics(),
                    files: evaluated.deployment.files,
                }
            });
    let mut deployments = Vec::new();
    let mut used: Vec<FileId> = Vec::new();
    let mut diagnostics = Vec::new();
    let mut totals = Totals::default();
    for told in told {
        match told {
            Ok(mut told) => {
                totals.add(&told.deployed.totals);
                let files = told.files.iter().map(|id| prepared.files.path(*id));
                told.deployed.files = files.collect();
                told.deployed.files.sort();
                deployments.push(told.deployed);
                diagnostics.extend(told.diagnostics);
                used.extend(told.files);
            }
            Err(broken) => {
                used.extend(broken.files);
                diagnostics.push(*broken.diagnostic);
            }
        }
    }
    used.sort_unstable();
    used.dedup();
    let files = prepared.recognised(&used);
    let unused = prepared.unused(&used);
    let mut diagnostics = prepared.diagnostics(&used, diagnostics);
    let sources = compiled::into_sources(prepared.files, &used);
    sort_diagnostics(&mut diagnostics, &sources);
    Inventory {
        sources,
        deployments,
        diagnostics,
        files,
        unused,
        totals,
    }
}

fn deployed(evaluated: &Evaluated) -> Deployed {
    let deployment = &evaluated.deployment;
    let labels = Labels::of(deployment);
    let mut resources: Vec<Listed> = deployment
        .resources
        .iter()
        .map(|resource| Listed {
            address: Arc::clone(&resource.address),
            kind: Arc::clone(&resource.kind),
            id: labels.read(&resource.key),
            place: place_of(deployment, resource.origin),
            existence: presence(&resource.existence, resource.template),
            looked_up: resource.mode == Mode::Existing,
            elements: Vec::new(),
        })
        .collect();
    let mut at: HashMap<Arc<str>, usize> = HashMap::with_capacity(resources.len());
    for (index, resource) in resources.iter().enumerate() {
        at.entry(Arc::clone(&resource.address)).or_insert(index);
    }
    for element in fields::elements(evaluated, &labels) {
        let owner = owner(&element.address, &at);
        if let Some(resource) = owner.and_then(|index| resources.get_mut(index)) {
            resource.elements.push(element);
        }
    }
    let mut totals = Totals::default();
    for resource in &resources {
        totals.count(resource);
    }
    Deployed {
        name: Arc::clone(&deployment.name),
        files: Vec::new(),
        resources,
        outputs: outputs::outputs(deployment),
        totals,
    }
}

/// The resource whose address an element's address begins with; the longest one.
fn owner(address: &str, resources: &HashMap<Arc<str>, usize>) -> Option<usize> {
    let ends = address.char_indices().rev();
    std::iter::once(address.len())
        .chain(
            ends.filter(|(_, c)| matches!(c, '/' | '.' | '['))
                .map(|(at, _)| at),
        )
        .find_map(|end| resources.get(address.get(..end)?).copied())
}

fn presence(existence: &Existence, template: bool) -> Presence {
    Presence {
        certain: existence.truth == Truth::True && !template,
        any_number: template,
        because: existence.because.iter().flat_map(told_missing).collect(),
    }
}

/// The inputs behind an unknown.
fn told_missing(unknown: &Arc<Unknown>) -> Vec<Missing> {
    let roots = unknown.roots();
    let inputs = roots.iter().filter_map(|root| {
        Some(Missing {
            input: missing(std::slice::from_ref(root)).into_iter().next()?,
            reason: reason_name(&root.reason),
        })
    });
    inputs.collect()
}
