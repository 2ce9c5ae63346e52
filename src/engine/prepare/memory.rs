//! Files held in memory instead of the disk, and what a call gives beside them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::{Job, kind_of_given, threads, variables};
use crate::engine::config;
use crate::engine::files::Slot;
use crate::engine::prepare::Prepared;
use crate::engine::revision::Other;
use crate::engine::walk::{self, Content, Kind};
use crate::engine::{Options, Request, UsageError};
use crate::eval::frontend::GivenVariable;
use crate::policy::pack::Pack;
use crate::source::{FileId, SourceFile};

/// Reads files held in memory and hands them to `work`, which runs on threads that all such calls
/// share.
pub(in crate::engine) fn in_memory<T: Send>(
    mut files: Vec<(String, String)>,
    options: &Options,
    given: Given,
    work: impl FnOnce(Prepared<'_>) -> T + Send,
) -> Result<T, UsageError> {
    let pool = threads()?;
    files.retain(|(path, _)| !given.kinds.contains_key(path));
    files.extend(given.texts);
    files.sort();
    files.dedup_by(|a, b| a.0 == b.0);
    let outline = files
        .iter()
        .find(|(path, _)| path == "aznet.yaml")
        .map(|(_, text)| config::outline(FileId(0), &SourceFile::new("aznet.yaml", text)))
        .unwrap_or_default();
    files.retain(|(path, _)| {
        given.kinds.contains_key(path) || !walk::is_excluded(&outline.exclude, path)
    });
    let packs = outline.packs;
    let tags = outline.service_tags;
    let tags = tags.filter(|tags| files.iter().any(|(path, _)| path == tags));
    let tags = given.service_tags.or_else(|| tags.map(Into::into));
    let mut slots: Vec<Slot> = files
        .into_iter()
        .map(|(path, text)| {
            let path: Arc<str> = path.into();
            let of_a_pack = packs.iter().any(|(pack, _)| walk::is_of_pack(&path, pack));
            let kind = match walk::kind(&path) {
                kind if given.kinds.contains_key(&*path) => {
                    given.kinds.get(&*path).copied().unwrap_or(kind)
                }
                Kind::Other if of_a_pack => Kind::Rule,
                _ if tags.as_deref() == Some(&*path) => Kind::ServiceTags,
                kind => kind,
            };
            Slot {
                text: OnceLock::from(Some(Arc::new(SourceFile::new(Arc::clone(&path), &text)))),
                path,
                kind,
                entry: None,
                bytes: None,
                tree: None,
            }
        })
        .collect();
    slots.extend(given.others.into_iter().map(|(path, bytes)| Slot {
        path: path.into(),
        kind: Kind::Other,
        entry: None,
        text: OnceLock::new(),
        bytes,
        tree: None,
    }));
    slots.sort_by(|a, b| a.path.cmp(&b.path));
    slots.dedup_by(|a, b| a.path == b.path);
    let job = Job {
        slots,
        disk: None,
        diagnostics: Vec::new(),
        selected: vec!["".into()],
        variables: given.variables,
        environment: given.environment,
        parameter_files: given.parameter_files,
        parameters: given.parameters,
        service_tags: tags,
        pack: given.pack,
        packs: packs.iter().map(|(path, _)| path.as_str().into()).collect(),
        options,
    };
    pool.install(|| job.prepare().map(work))
}

/// Files of a call that go with files held in memory.
#[derive(Default)]
pub(in crate::engine) struct Given {
    texts: Vec<(String, String)>,
    kinds: BTreeMap<String, Kind>,
    variables: Vec<GivenVariable<Arc<str>>>,
    environment: Vec<(Arc<str>, Arc<str>)>,
    parameter_files: Vec<Arc<str>>,
    parameters: Vec<(Arc<str>, Arc<str>)>,
    service_tags: Option<Arc<str>>,
    /// Rules in place of the program's.
    pack: Option<Pack>,
    /// Files that are no inputs.
    pub(in crate::engine) others: Vec<Other>,
}

impl Given {
    /// Other rules than the program's, and nothing else.
    pub(in crate::engine) fn of(pack: Pack) -> Self {
        Self {
            pack: Some(pack),
            ..Self::default()
        }
    }

    /// Reads the files that a request names beside its paths; those below the root are called as
    /// the files in memory are.
    ///
    /// # Errors
    ///
    /// When one cannot be read.
    pub(in crate::engine) fn read(
        request: &Request,
        root: &std::path::Path,
    ) -> Result<Self, UsageError> {
        let mut given = Self {
            environment: request.environment.clone(),
            parameters: request.parameters.clone(),
            ..Self::default()
        };
        let root = walk::real(root);
        let mut add = |file: &PathBuf, otherwise: Kind| -> Result<Arc<str>, UsageError> {
            let entry = walk::named_anywhere(&root, file)?;
            let kind = match otherwise {
                Kind::ServiceTags => otherwise,
                _ => kind_of_given(&entry.path, otherwise),
            };
            let wrong = |why: String| {
                UsageError::new(format!("`{}` cannot be read: {why}", file.display()))
            };
            let text = match walk::read(&entry, kind) {
                Content::Text(text) => text,
                Content::Broken(_, _, why) | Content::Unreadable(why) => return Err(wrong(why)),
                Content::Foreign => return Err(wrong("it is of another kind".to_owned())),
            };
            let path = entry.path.to_string();
            given.kinds.insert(path.clone(), kind);
            given.texts.push((path, text));
            Ok(entry.path)
        };
        given.variables = variables(&request.variables, |file| add(file, Kind::Hcl))?;
        let files = request.parameter_files.iter();
        let files: Result<Vec<_>, _> = files.map(|file| add(file, Kind::ParameterJson)).collect();
        given.parameter_files = files?;
        let tags = request.service_tags.as_ref();
        let tags = tags.map(|file| add(file, Kind::ServiceTags)).transpose();
        given.service_tags = tags?;
        Ok(given)
    }
}
