//! Modules that `terraform init` installed: `.terraform/modules/modules.json` says which call leads
//! to which directory (`internal/modsdir/manifest.go`).
//!
//! What is absent: downloading them, and versions: a version that no longer fits is Terraform's to
//! tell.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::module::join;
use crate::eval::Loader;
use crate::source::{FileId, SourceFile};
use crate::syntax::hcl::ExprKind;
use crate::syntax::{hcl, json};

/// Where the list lies, from the directory of the root module.
pub(crate) const LIST: &str = ".terraform/modules/modules.json";

/// Where the versions lie that `terraform init` chose, from the directory of the root module
/// (website/docs/language/files/dependency-lock.mdx).
pub(crate) const LOCK: &str = ".terraform.lock.hcl";

/// The registry that sources without a host mean.
const REGISTRY: &str = "registry.terraform.io/";

/// One call of the list.
pub(crate) struct Record {
    /// The names of the calls from the root, with dots between them.
    pub(crate) key: Arc<str>,
    /// The source it was installed from, as Terraform writes it.
    pub(crate) source: Arc<str>,
    /// The directory from the root of the run.
    pub(crate) directory: String,
}

/// What a list says. Directories outside the root of the run are left out. `module` is the
/// directory of the root module.
pub(crate) fn records(file: &SourceFile, module: &str) -> Vec<Record> {
    let parsed = json::parse(FileId(0), file);
    let modules = parsed.tree.as_ref().and_then(|tree| tree.get("Modules"));
    let modules = modules.map_or(&[][..], |modules| modules.items());
    let records = modules.iter().filter_map(|record| {
        let text = |name| record.get(name)?.as_str();
        let directory = text("Dir")?.replace('\\', "/");
        Some(Record {
            key: text("Key")?.into(),
            source: text("Source").unwrap_or_default().into(),
            directory: join(module, &directory).filter(|_| !directory.starts_with('/'))?,
        })
    });
    records.collect()
}

/// The calls of one configuration that are installed.
#[derive(Default)]
pub(super) struct Installed {
    records: BTreeMap<Arc<str>, Record>,
}

/// The version of `azurerm` that is locked for a root module.
pub(super) fn locked_azurerm(loader: &dyn Loader, root: &str) -> Option<Arc<str>> {
    let (_, file) = join(root, LOCK).and_then(|path| loader.text(&path))?;
    let parsed = hcl::parse(FileId(0), &file);
    let mut providers = parsed.tree.blocks_of("provider");
    let azurerm = providers.find(|block| {
        let source = block.label(0).map(|source| source.to_ascii_lowercase());
        source.as_deref() == Some("registry.terraform.io/hashicorp/azurerm")
    })?;
    match &azurerm.body.attribute("version")?.value.kind {
        ExprKind::String(version) => Some(Arc::clone(version)),
        _ => None,
    }
}

/// What the list says of a call.
pub(super) enum Found<'i> {
    /// The directory of the module.
    At(&'i str),
    /// It was installed from this source, which is not that of the call any more.
    Elsewhere(&'i str),
    /// Nothing.
    Nowhere,
}

impl Installed {
    pub(super) fn read(loader: &dyn Loader, root: &str) -> Self {
        let list = join(root, LIST).and_then(|path| loader.text(&path));
        let records = list.map(|(_, file)| records(&file, root));
        let records = records.into_iter().flatten();
        Self {
            records: records.map(|one| (Arc::clone(&one.key), one)).collect(),
        }
    }

    /// The module of a call with this source.
    pub(super) fn find(&self, key: &str, source: &str) -> Found<'_> {
        match self.records.get(key) {
            Some(record) if is_same(&record.source, source) => Found::At(&record.directory),
            Some(record) => Found::Elsewhere(&record.source),
            None => Found::Nowhere,
        }
    }
}

/// Whether a source that was written down by Terraform is that of a call. It writes the host of the
/// registry and the long form of everything else; of that only what certainly differs is told.
fn is_same(installed: &str, called: &str) -> bool {
    let bare = |source: &str| {
        source
            .strip_prefix(REGISTRY)
            .unwrap_or(source)
            .to_ascii_lowercase()
    };
    let (installed, called) = (bare(installed), bare(called));
    installed == called || !(is_registry(&installed) && is_registry(&called))
}

/// `namespace/name/provider`, with a host before it or a directory behind.
fn is_registry(source: &str) -> bool {
    let package = source
        .split_once("//")
        .map_or(source, |(package, _)| package);
    let parts: Vec<&str> = package.split('/').collect();
    let word = |part: &&str| {
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !part.is_empty() && part.chars().all(letter)
    };
    match parts.as_slice() {
        [_, _, _] => parts.iter().all(&word),
        [host, rest @ ..] if rest.len() == 3 => {
            let known = ["github.com", "bitbucket.org", "gitlab.com"];
            host.contains('.') && !known.contains(host) && rest.iter().all(word)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_known_by_its_short_and_its_long_name() {
        let same = |installed, called| assert!(is_same(installed, called), "{called}");
        same(
            "registry.terraform.io/Azure/vnet/azurerm",
            "Azure/vnet/azurerm",
        );
        same(
            "Azure/vnet/azurerm//modules/a",
            "azure/vnet/azurerm//modules/a",
        );
        same(
            "git::https://github.com/a/b.git?ref=v1",
            "github.com/a/b?ref=v1",
        );
        let other = |installed, called| assert!(!is_same(installed, called), "{called}");
        other(
            "registry.terraform.io/Azure/vnet/azurerm",
            "Azure/subnets/azurerm",
        );
        other("app.terraform.io/org/vnet/azurerm", "Azure/vnet/azurerm");
    }

    #[test]
    fn directories_of_the_list_begin_at_the_module_and_stay_below_the_root() {
        let text = r#"{"Modules": [
            {"Key": "", "Source": "", "Dir": "."},
            {"Key": "a.b", "Source": "x/y/z", "Dir": ".terraform\\modules\\a.b"},
            {"Key": "c", "Source": "../c", "Dir": "../c"},
            {"Key": "out", "Source": "../../../d", "Dir": "../../d"},
            {"Key": "abs", "Source": "x/y/z", "Dir": "/etc"}
        ]}"#;
        let found = records(&SourceFile::new("live/m.json", text), "live");
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|record| (&*record.key, &*record.directory))
            .collect();
        assert_eq!(
            found,
            [
                ("", "live"),
                ("a.b", "live/.terraform/modules/a.b"),
                ("c", "c")
            ]
        );
    }
}
