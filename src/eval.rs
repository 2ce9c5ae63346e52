//! Trees to resources: what a deployment would send to Azure.
//!
//! A [`Deployment`] is what Azure or Terraform would receive at once: an ARM template with its
//! parameter file, a Terraform root module with its variables files, a directory of exports. A
//! [`frontend::Frontend`] finds the deployments among the files and evaluates each into
//! [`Resource`]s whose bodies are [`value::Value`]s.
//!
//! What is absent: networking and rules (nothing here knows what a port is), and the disk (files
//! come from a [`Loader`]). Nothing is guessed: unknown in, unknown out.

pub mod arm;
pub mod estate;
pub mod export;
pub mod frontend;
pub mod functions;
pub mod hcl_expr;
mod labels;
pub mod listing;
pub(crate) mod located;
pub mod plan;
pub mod terraform;
pub mod value;

use std::sync::Arc;

use self::estate::Handover;
use crate::diagnostic::Diagnostic;
use crate::origin::{OriginGraph, OriginId, OriginRange};
use crate::source::{FileId, SourceFile, Span};
use listing::Listing;
use value::{Data, Piece, Truth, Unknown, Value, hole};

/// The way back to the files, for what a language reads while it is evaluated (`file()`,
/// modules, linked templates). Paths are relative to the root with `/`; nothing outside the root
/// is ever given.
pub trait Loader: Sync {
    /// The text of a file, `None` if there is none below the root. Reading is lazy: a file that
    /// was not part of the walk is read now and gets an id of its own.
    fn text(&self, path: &str) -> Option<(FileId, Arc<SourceFile>)>;

    /// What a file holds, text or not, `None` if there is none below the root.
    fn bytes(&self, path: &str) -> Option<(FileId, Arc<[u8]>)> {
        let (id, file) = self.text(path)?;
        Some((id, file.text().as_bytes().into()))
    }

    /// What lies in a directory below the root, whether or not it is part of the walk. `""` is the
    /// root. A loader that was given single files sees nothing else.
    fn listing(&self, _directory: &str) -> Listing {
        Listing::Unseen
    }

    /// The parsed tree of a file of the walk.
    fn tree(&self, id: FileId) -> Option<&frontend::Tree>;

    /// The files of the walk in one directory, sorted by path. `""` is the root.
    fn directory(&self, path: &str) -> Vec<FileId>;

    /// The files of the walk of one name, without directories, in a directory and all below it,
    /// sorted by path. `""` is the root. A loader that was given single files knows of none.
    fn below(&self, _path: &str, _name: &str) -> Vec<FileId> {
        Vec::new()
    }

    /// The path of a file, relative to the root.
    fn path(&self, id: FileId) -> Arc<str>;
}

/// Which way of writing a resource's body it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// `{ type, name, properties }` as in templates, REST answers and exports.
    Arm,
    /// The attributes and blocks of the `azurerm` provider.
    Azurerm,
}

/// One deployment, evaluated.
#[derive(Debug)]
pub struct Deployment {
    /// What a person calls it: the path of the template or module directory, with the parameter
    /// or variables file in parentheses where several give several deployments.
    pub name: Arc<str>,
    /// What tells it from the other deployments of the same template, where there are several or
    /// the configuration names it: `prod`.
    pub environment: Option<Arc<str>>,
    /// The directory it lies in, relative to the root; `aznet.yaml` is looked up from here.
    pub directory: Arc<str>,
    /// Every file that took part, sorted: template, parameter files, modules.
    pub files: Vec<FileId>,
    /// The resources in the order they were met.
    pub resources: Vec<Resource>,
    /// What it gives to whoever runs it: in the order written, of Terraform sorted by name.
    pub outputs: Vec<Output>,
    /// Where every value came from.
    pub origins: Arc<OriginGraph>,
    /// Those of its own among them: deployments of one estate share a graph.
    pub own_origins: OriginRange,
    /// What could not be evaluated as it stands.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether nothing can be attached to these resources that is not listed: true for exports,
    /// plans and states, false for source files (ARCHITECTURE, open relations).
    pub complete: bool,
    /// The versions of the `azurerm` provider it admits; all of them where nothing is said.
    pub provider: terraform::schema::Versions,
    /// The compiler that wrote the template, where it says so of itself.
    pub generator: Option<Generator>,
    /// The modules it calls that are not here, each once: what they create is not among the
    /// resources.
    pub absent: Vec<AbsentModule>,
    /// How other deployments of its estate take its results, and it theirs.
    pub handover: Handover,
}

/// A call of a module whose files are not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbsentModule {
    /// The address of the call without keys of instances: `module.hub.module.gate`.
    pub address: Arc<str>,
    /// Where the module comes from, as it is written.
    pub source: Arc<str>,
    /// The header of the call.
    pub call: Span,
}

/// What a deployment declares as its result: for another deployment, a pipeline or a person.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub value: Value,
    /// Whether its author wants it to be shown nowhere.
    pub sensitive: bool,
}

/// What a generated template says of the program that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generator {
    /// Its name: `bicep`.
    pub name: Arc<str>,
    /// Its version as it writes it: `0.30.23.60470`.
    pub version: Option<Arc<str>>,
}

/// What identifies a resource within a deployment, and across deployments where it is a full
/// Azure id: for Terraform the address, for ARM the resource id in lower case with unknown parts
/// written as [`value::hole`]s.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceKey(pub Arc<str>);

impl ResourceKey {
    /// The key of the resource that a full Azure id names: literal text in lower case, unknown
    /// pieces as [`value::hole`]s, without a slash at the end. `None` for what is not text, is
    /// empty, or is unknown as a whole.
    ///
    /// ```
    /// use aznet::{eval::{ResourceKey, value::Value}, origin::OriginId};
    /// let id = Value::string("/subscriptions/S/resourceGroups/Web/", OriginId::NONE);
    /// assert_eq!(&*ResourceKey::of_id(&id).unwrap().0, "/subscriptions/s/resourcegroups/web");
    /// ```
    #[must_use]
    pub fn of_id(id: &Value) -> Option<Self> {
        let text = match &id.data {
            Data::String(text) => text.to_ascii_lowercase(),
            Data::Template(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Literal(text) => text.to_ascii_lowercase(),
                    Piece::Hole(unknown) => hole(unknown.id),
                })
                .collect(),
            _ => return None,
        };
        let text = text.trim_end_matches('/');
        (!text.is_empty()).then(|| Self(text.into()))
    }

    /// For people: what comes after the provider, unknown parts as `…`.
    ///
    /// ```
    /// use aznet::eval::ResourceKey;
    /// let key = ResourceKey("/subscriptions/s/providers/microsoft.network/virtualnetworks/hub".into());
    /// assert_eq!(key.readable(), "virtualnetworks/hub");
    /// ```
    #[must_use]
    pub fn readable(&self) -> String {
        let own = self.within_deployment();
        let provider = own.rsplit_once("/providers/");
        let part = provider.and_then(|(_, part)| part.split_once('/'));
        let part = part.map_or(own, |(_, part)| part);
        let mut words = String::new();
        let mut pieces = part.split('\u{1}');
        words.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            words.push('…');
            words.push_str(piece.split_once('\u{2}').map_or("", |(_, text)| text));
        }
        words
    }
}

/// Whether something exists in Azure after the deployment.
#[derive(Clone, Debug)]
pub struct Existence {
    /// True unless a `condition`, `count` or `for_each` leaves it open.
    pub truth: Truth,
    /// The unknown that decides, where `truth` is unknown.
    pub because: Option<Arc<Unknown>>,
}

impl Existence {
    /// It exists for certain.
    pub const CERTAIN: Self = Self {
        truth: Truth::True,
        because: None,
    };

    /// Whether it exists hangs on `unknown`.
    #[must_use]
    pub fn depends_on(unknown: Arc<Unknown>) -> Self {
        Self {
            truth: Truth::Unknown,
            because: Some(unknown),
        }
    }
}

/// Whether a deployment creates a resource or only names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Created or updated by this deployment (or recorded by an export).
    Managed,
    /// Only looked up: a Terraform data source, an `existing` resource. What the files do not say
    /// about it is unknown.
    Existing,
}

/// One evaluated resource.
#[derive(Clone, Debug)]
pub struct Resource {
    /// What a person calls it, unique in the deployment: `module.hub.azurerm_subnet.a["x"]`,
    /// `Microsoft.Network/networkSecurityGroups/web`.
    pub address: Arc<str>,
    /// How other resources refer to it.
    pub key: ResourceKey,
    /// Its full Azure id as far as it is known, where `key` is something else.
    pub id: Option<ResourceKey>,
    /// The type as its language names it, in its canonical case where that is known:
    /// `Microsoft.Network/networkSecurityGroups`, `azurerm_subnet`. ARM types compare without case.
    pub kind: Arc<str>,
    /// The name in Azure. For ARM child resources the last segment.
    pub name: Value,
    /// Created or looked up.
    pub mode: Mode,
    /// How the body is written.
    pub dialect: Dialect,
    /// Attributes and blocks (azurerm), or the whole resource object (ARM: `name`, `type`,
    /// `location`, `sku`, `properties`, …). Repeated azurerm blocks are lists of objects, also
    /// where the provider allows only one.
    pub body: Value,
    /// The key of the resource this one is a child of: ARM child resources, whether nested or
    /// top-level.
    pub parent: Option<ResourceKey>,
    /// The resource's header. Its ancestry leads through loops and module calls outwards.
    pub origin: OriginId,
    /// Whether it exists.
    pub existence: Existence,
    /// One of an unknown number of resources like this: keys and counters are unknown in it.
    pub template: bool,
    /// The name other expressions of its template call it by, where resources have such names: the
    /// member of an ARM template's `resources` object, which in compiled Bicep is the symbol.
    pub symbol: Option<Arc<str>>,
    /// The subscription that its provider works in, in lower case and unknown pieces as
    /// [`value::hole`]s: in a Terraform configuration two providers that are configured apart work
    /// in different ones. `None` where ids alone say where a resource lies.
    pub subscription: Option<Arc<str>>,
}
