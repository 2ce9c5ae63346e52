//! The deployments of a request, evaluated and kept.
//!
//! What is absent: rules and findings.

use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::engine::compiled;
use crate::engine::judge::Evaluated;
use crate::engine::prepare::{self, Given, Prepared, sort_diagnostics};
use crate::engine::revision::Other;
use crate::engine::{Options, Request, UsageError};
use crate::eval::Deployment;
use crate::model::Network;
use crate::model::platform::PlatformFacts;
use crate::policy::settings::Settings;
use crate::semantics::Semantics;
use crate::source::{FileId, SourceMap};

/// Said of answers that rest on [`Asked::taken_as_connected`].
pub(super) const CONNECTED: &str = "the virtual networks are taken to have no peerings, gateways and hub \
                         connections but those in these files";

/// Everything a request reads, evaluated.
#[derive(Debug)]
pub struct Estate {
    /// The files.
    pub sources: SourceMap,
    /// The deployments that were asked about: by language, then by name.
    pub deployments: Vec<Asked>,
    /// What is wrong with the files, sorted by path and offset.
    pub diagnostics: Vec<Diagnostic>,
    /// What is known of the platform.
    pub facts: &'static PlatformFacts,
}

/// One deployment, or the deployments of one estate, which are one network.
#[derive(Debug)]
pub struct Asked {
    /// What a person calls it: see [`Deployment::name`].
    pub name: Arc<str>,
    /// The deployments of the estate that it is, or itself alone.
    pub members: Vec<Arc<str>>,
    /// What it creates, and where every value came from. Its diagnostics are in
    /// [`Estate::diagnostics`].
    pub deployment: Deployment,
    /// As a network.
    pub network: Network,
    /// What is declared about it.
    pub settings: Settings,
    /// Whether its virtual networks were taken to be connected to nothing outside the files: see
    /// [`Network::take_as_connected`].
    pub taken_as_connected: bool,
}

impl Estate {
    /// Whether something could not be read: exit code 2.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.kind == DiagnosticKind::Unreadable)
    }

    /// Whether a deployment is one of several of its template or module.
    #[must_use]
    pub fn has_environment(&self, name: &str) -> bool {
        let mut named = self.deployments.iter().filter(|asked| &*asked.name == name);
        named.any(|asked| asked.deployment.environment.is_some())
    }

    /// What is wrong with the files of some deployments, by name, and with those of all.
    #[must_use]
    pub fn diagnostics_of(&self, names: &[Arc<str>]) -> Vec<Diagnostic> {
        let all = self.deployments.iter();
        let (asked, others): (Vec<_>, Vec<_>) = all.partition(|it| names.contains(&it.name));
        let holds = |of: &[&Asked], file: FileId| {
            let mut files = of.iter().flat_map(|asked| &asked.deployment.files);
            files.any(|id| *id == file)
        };
        let concerns = |diagnostic: &&Diagnostic| match &diagnostic.primary {
            Some(label) => {
                let file = label.span.file;
                diagnostic.kind == DiagnosticKind::Unreadable
                    || holds(&asked, file)
                    || !holds(&others, file)
            }
            None => true,
        };
        self.diagnostics.iter().filter(concerns).cloned().collect()
    }

    /// The same in the reading that questions take: routes widen `VirtualNetwork`, and security
    /// admin configurations are deployed unless these files tell otherwise.
    #[must_use]
    pub fn as_asked<'a>(&'a self, asked: &'a Asked) -> Semantics<'a> {
        let semantics = self.semantics(asked).with_admin_rules_deployed();
        semantics.widened()
    }

    /// What Azure does with the packets of one of its deployments.
    #[must_use]
    pub fn semantics<'a>(&'a self, asked: &'a Asked) -> Semantics<'a> {
        asked.settings.semantics(&asked.network, self.facts)
    }
}

/// Evaluates what lies on the disk: every deployment that a path of the request takes part in.
///
/// # Errors
///
/// When the request cannot be met as given; what is wrong with a file is a diagnostic.
pub fn load(request: &Request) -> Result<Estate, UsageError> {
    prepare::on_disk(request, evaluated)
}

/// The same for files held in memory, given as path from the root (with `/`) and text.
///
/// # Errors
///
/// When an option names an offer that does not exist.
pub fn load_files(files: Vec<(String, String)>, options: &Options) -> Result<Estate, UsageError> {
    prepare::in_memory(files, options, Given::default(), evaluated)
}

/// The same with the files that a request names beside its paths, which lie on the disk; `root` is
/// the directory that the paths of the others begin at, `others` are those that are no inputs.
///
/// # Errors
///
/// When one of them cannot be read, or an option names an offer that does not exist.
pub(crate) fn load_files_with(
    files: Vec<(String, String)>,
    others: Vec<Other>,
    request: &Request,
    root: &Path,
) -> Result<Estate, UsageError> {
    let mut given = Given::read(request, root)?;
    given.others = others;
    prepare::in_memory(files, &request.options, given, evaluated)
}

fn evaluated(mut prepared: Prepared<'_>) -> Estate {
    let all = prepared
        .judge
        .evaluated(&prepared.docket(), &prepared.vocabulary);
    let mut groups: Vec<Vec<Evaluated>> = Vec::new();
    let mut used: Vec<FileId> = Vec::new();
    let mut diagnostics = Vec::new();
    for one in all {
        match one {
            Ok(mut evaluated) => {
                diagnostics.extend(evaluated.diagnostics());
                used.extend(&evaluated.deployment.files);
                let mut known = groups.iter_mut();
                let joined = known.find(|group| {
                    let first = group.first();
                    first.is_some_and(|first| Arc::ptr_eq(&first.network, &evaluated.network))
                });
                match joined {
                    Some(group) => group.push(evaluated),
                    None => groups.push(vec![evaluated]),
                }
            }
            Err(broken) => {
                used.extend(broken.files);
                diagnostics.push(*broken.diagnostic);
            }
        }
    }
    let deployments = groups.into_iter().filter_map(asked).collect();
    used.sort_unstable();
    used.dedup();
    let mut diagnostics = prepared.diagnostics(&used, diagnostics);
    let facts = prepared.judge.facts();
    let sources = compiled::into_sources(prepared.files, &used);
    sort_diagnostics(&mut diagnostics, &sources);
    Estate {
        sources,
        deployments,
        diagnostics,
        facts,
    }
}

/// What is asked as one: a deployment, or those that make a network together.
fn asked(group: Vec<Evaluated>) -> Option<Asked> {
    let estate = group.first()?.estate.clone();
    let is_joined = group.len() > 1;
    let mut deployments = Vec::new();
    let mut settings = Vec::new();
    let mut network = None;
    for evaluated in group {
        deployments.push(evaluated.deployment);
        settings.push(evaluated.settings);
        network = Some(evaluated.network);
    }
    let members = deployments.iter().map(|it| Arc::clone(&it.name)).collect();
    let deployment = match estate.filter(|_| is_joined) {
        Some(estate) => Deployment::of_estate(&estate, deployments),
        None => deployments.pop()?,
    };
    let mut network = Arc::unwrap_or_clone(network?);
    let taken_as_connected = network.take_as_connected();
    Some(Asked {
        name: Arc::clone(&deployment.name),
        members,
        deployment,
        network,
        settings: Settings::of_all(settings)?,
        taken_as_connected,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = r#"resource "azurerm_network_security_group" "web" {
  name = "web"
}"#;

    fn loaded(files: &[(&str, &str)]) -> Estate {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        load_files(files.iter().map(own).collect(), &Options::default()).unwrap()
    }

    #[test]
    fn every_deployment_is_kept_with_its_settings() {
        let estate = loaded(&[
            ("a/main.tf", GROUP),
            ("b/main.tf", GROUP),
            ("b/aznet.yaml", "cloud: china\n"),
        ]);
        let clouds: Vec<_> = estate
            .deployments
            .iter()
            .map(|asked| (&*asked.name, asked.settings.cloud))
            .collect();
        use crate::model::platform::Cloud;
        assert_eq!(clouds, [("a", Cloud::Public), ("b", Cloud::China)]);
        assert_eq!(
            estate.deployments[0].network.network_security_groups.len(),
            1
        );
        assert!(!estate.is_incomplete());
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_and_the_rest_is_kept() {
        let estate = loaded(&[("a/main.tf", GROUP), ("b/main.tf", "resource {{{")]);
        assert!(estate.is_incomplete());
        assert!(estate.deployments.iter().any(|asked| &*asked.name == "a"));
    }
}
