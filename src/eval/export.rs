//! Recorded resources: what the command line tools and REST calls of Azure print.

use super::frontend::{Frontend, GroupOptions, Grouping, Input, Unit};
use super::{Deployment, Dialect, Loader};
use crate::origin::OriginGraph;

/// The front end of exported resources.
#[derive(Clone, Copy, Debug, Default)]
pub struct Export;

impl Frontend for Export {
    fn name(&self) -> &'static str {
        "export"
    }

    fn recognise(&self, _input: &Input<'_>) -> bool {
        false
    }

    fn group(&self, _inputs: &[Input<'_>], _options: &GroupOptions) -> Grouping {
        Grouping::default()
    }

    fn evaluate(&self, unit: &Unit, _loader: &dyn Loader) -> Deployment {
        Deployment {
            name: unit.name.clone(),
            directory: unit.directory.clone(),
            dialect: Dialect::Arm,
            files: unit.sources.clone(),
            resources: Vec::new(),
            origins: OriginGraph::default(),
            diagnostics: Vec::new(),
            complete: true,
        }
    }
}
