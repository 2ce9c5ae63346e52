//! Text in memory to a deployment and its network, as the program itself goes.

use std::sync::Arc;

use aznet::eval::arm::Arm;
use aznet::eval::export::Export;
use aznet::eval::frontend::{Frontend, GroupOptions, Input, Tree};
use aznet::eval::terraform::Terraform;
use aznet::eval::{Deployment, Loader};
use aznet::model::Network;
use aznet::model::platform::Cloud;
use aznet::policy::platform;
use aznet::semantics::Semantics;
use aznet::source::{FileId, SourceFile};
use aznet::syntax::{hcl, json};
use serde_json::Value;

/// One file in memory.
struct OneFile {
    file: Arc<SourceFile>,
    tree: Tree,
}

impl Loader for OneFile {
    fn text(&self, path: &str) -> Option<(FileId, Arc<SourceFile>)> {
        (path == &**self.file.path()).then(|| (FileId(0), Arc::clone(&self.file)))
    }

    fn tree(&self, id: FileId) -> Option<&Tree> {
        (id == FileId(0)).then_some(&self.tree)
    }

    fn directory(&self, path: &str) -> Vec<FileId> {
        if path.is_empty() {
            vec![FileId(0)]
        } else {
            Vec::new()
        }
    }

    fn path(&self, _: FileId) -> Arc<str> {
        Arc::clone(self.file.path())
    }
}

/// A document to evaluate.
#[derive(Clone, Debug)]
pub(crate) enum Document {
    /// An ARM template.
    Template(Value),
    /// A list of exported resources: all there is.
    Export(Value),
    /// A Terraform file.
    Terraform(String),
}

impl From<&Value> for Document {
    /// A list is an export, anything else a template.
    fn from(document: &Value) -> Self {
        if document.is_array() {
            Self::Export(document.clone())
        } else {
            Self::Template(document.clone())
        }
    }
}

/// Evaluates a document.
pub(crate) fn deployment(document: &Document) -> Deployment {
    let (frontend, path, text): (&dyn Frontend, _, _) = match document {
        Document::Template(value) => (&Arm, "azuredeploy.json", value.to_string()),
        Document::Export(value) => (&Export, "export.json", value.to_string()),
        Document::Terraform(text) => (&Terraform, "main.tf", text.clone()),
    };
    evaluate(frontend, path, &text)
}

/// Evaluates the text of one file, which must be free of mistakes, as a deployment of its own.
pub(crate) fn evaluate(frontend: &dyn Frontend, path: &str, text: &str) -> Deployment {
    let file = Arc::new(SourceFile::new(path, text));
    let tree = if path.ends_with(".tf") {
        let parsed = hcl::parse(FileId(0), &file);
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        Tree::Hcl(parsed.tree)
    } else {
        let parsed = json::parse(FileId(0), &file);
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        Tree::Json(parsed.tree)
    };
    let files = OneFile { file, tree };
    let input = Input {
        id: FileId(0),
        file: &files.file,
        tree: &files.tree,
    };
    assert!(frontend.recognise(&input), "{path} is not recognised");
    let grouping = frontend.group(&[input], &GroupOptions::default());
    let deployment = frontend.evaluate(&grouping.units[0], &files);
    assert!(
        deployment.diagnostics.is_empty(),
        "{:?}",
        deployment.diagnostics
    );
    deployment
}

/// Asks questions about a document's network.
pub(crate) fn ask<T>(document: &Document, question: impl FnOnce(&Semantics<'_>) -> T) -> T {
    let deployment = deployment(document);
    let network = Network::build(&deployment);
    let facts = platform::facts().unwrap();
    question(&Semantics::new(&network, facts, Cloud::Public))
}
