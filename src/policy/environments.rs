//! Several deployments of one template: in which of them a finding holds.
//!
//! What is absent: how they were found, and how they are written out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::finding::{FindingVerdict, Instance};
use crate::source::FileId;

/// The deployments of a run that have siblings: other deployments of the same template.
#[derive(Clone, Debug, Default)]
pub struct Environments {
    by_deployment: BTreeMap<Arc<str>, Member>,
    /// Deployments by template, in the order in which they were added.
    by_template: BTreeMap<Arc<str>, Vec<Arc<str>>>,
}

#[derive(Clone, Debug)]
struct Member {
    template: Arc<str>,
    environment: Arc<str>,
    /// Sorted.
    files: Vec<FileId>,
}

/// In which environments of one template a finding holds; each list is in the order of the
/// deployments' names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The path of the template.
    pub template: Arc<str>,
    /// Where it holds for certain.
    pub violated: Vec<Arc<str>>,
    /// Where inputs are missing.
    pub undetermined: Vec<Arc<str>>,
    /// Where the same file takes part and it does not hold. An environment that does not read the
    /// file of the finding (the parameter file of another one) is in no list.
    pub absent: Vec<Arc<str>>,
}

impl Environments {
    /// Adds a deployment by its unique name; `files` took part in it.
    pub fn add(
        &mut self,
        deployment: &Arc<str>,
        template: &Arc<str>,
        environment: &Arc<str>,
        files: &[FileId],
    ) {
        let mut files = files.to_vec();
        files.sort_unstable();
        let siblings = self.by_template.entry(Arc::clone(template)).or_default();
        siblings.push(Arc::clone(deployment));
        let member = Member {
            template: Arc::clone(template),
            environment: Arc::clone(environment),
            files,
        };
        self.by_deployment.insert(Arc::clone(deployment), member);
    }

    /// What a deployment has in common with its siblings: the template's path, else its own name.
    #[must_use]
    pub fn family<'a>(&'a self, deployment: &'a Arc<str>) -> &'a Arc<str> {
        let member = self.by_deployment.get(deployment);
        member.map_or(deployment, |member| &member.template)
    }

    /// The environment a deployment is.
    #[must_use]
    pub fn environment(&self, deployment: &str) -> Option<&Arc<str>> {
        let member = self.by_deployment.get(deployment);
        member.map(|member| &member.environment)
    }

    /// In which environments of each template there are instances of a finding whose primary place
    /// is in `file`. Templates with one environment are left out.
    #[must_use]
    pub fn extents(&self, instances: &[Instance], file: FileId) -> Vec<Extent> {
        let mut templates: Vec<&Arc<str>> = instances
            .iter()
            .filter_map(|instance| self.by_deployment.get(&instance.deployment))
            .map(|member| &member.template)
            .collect();
        templates.sort();
        templates.dedup();
        let several = templates.into_iter().filter_map(|template| {
            let siblings = self.by_template.get(template)?;
            (siblings.len() > 1).then(|| self.extent(template, siblings, instances, file))
        });
        several.collect()
    }

    fn extent(
        &self,
        template: &Arc<str>,
        siblings: &[Arc<str>],
        instances: &[Instance],
        file: FileId,
    ) -> Extent {
        let mut extent = Extent {
            template: Arc::clone(template),
            ..Extent::default()
        };
        for deployment in siblings {
            let Some(member) = self.by_deployment.get(deployment) else {
                continue;
            };
            let own = instances
                .iter()
                .filter(|instance| instance.deployment == *deployment);
            let list = match own.map(|instance| instance.verdict).max() {
                Some(FindingVerdict::Violated) => &mut extent.violated,
                Some(FindingVerdict::Undetermined) => &mut extent.undetermined,
                None if member.files.binary_search(&file).is_ok() => &mut extent.absent,
                None => continue,
            };
            list.push(Arc::clone(&member.environment));
        }
        extent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(deployment: &str, verdict: FindingVerdict) -> Instance {
        Instance {
            deployment: deployment.into(),
            environment: None,
            resource: "r".into(),
            source: None,
            verdict,
            witness: None,
        }
    }

    #[test]
    fn an_environment_that_does_not_read_the_file_is_not_called_free_of_it() {
        let mut environments = Environments::default();
        let template = Arc::from("x.json");
        let (shared, own) = (FileId(1), FileId(2));
        for (name, files) in [
            ("dev", &[shared][..]),
            ("prod", &[own, shared]),
            ("qa", &[shared]),
        ] {
            environments.add(&name.into(), &template, &name.into(), files);
        }
        let found = [
            instance("prod", FindingVerdict::Violated),
            instance("qa", FindingVerdict::Undetermined),
        ];
        let of = |file| {
            let extents = environments.extents(&found, file);
            assert_eq!(extents.len(), 1);
            let names = |list: &[Arc<str>]| list.join(" ");
            let extent = &extents[0];
            [
                names(&extent.violated),
                names(&extent.undetermined),
                names(&extent.absent),
            ]
        };
        assert_eq!(of(shared), ["prod", "qa", "dev"]);
        assert_eq!(of(own), ["prod", "qa", ""]);
    }

    #[test]
    fn a_template_with_one_environment_has_no_extent() {
        let mut environments = Environments::default();
        environments.add(&"d".into(), &"x.json".into(), &"prod".into(), &[]);
        let found = [instance("d", FindingVerdict::Violated)];
        assert_eq!(environments.extents(&found, FileId(0)), []);
        assert_eq!(
            environments.environment("d").map(|name| &**name),
            Some("prod")
        );
    }
}
