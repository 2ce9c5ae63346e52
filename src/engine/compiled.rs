//! Findings of compiled templates, told in the words and places of their source.

use std::collections::HashMap;
use std::sync::Arc;

use super::files::Files;
use crate::eval::arm::bicep::{Declared, Sources};
use crate::eval::{Deployment, Resource};
use crate::policy::finding::{Judgement, RelatedPlace};
use crate::source::{self, FileId, SourceMap, Span};

/// Adds to each judgement what its resource is called in the source, and the places there of the
/// resource and of what the judgement points at.
pub(super) fn tell(judgements: &mut [Judgement], deployment: &Deployment, files: &Files) {
    let sources = Sources::new(files);
    let compiled = || deployment.files.iter().any(|id| sources.is_compiled(*id));
    if judgements.is_empty() || !compiled() {
        return;
    }
    let resources: HashMap<&str, &Resource> = deployment
        .resources
        .iter()
        .map(|resource| (&*resource.address, resource))
        .collect();
    let mut known: HashMap<Span, Option<Arc<Declared>>> = HashMap::new();
    let mut declared = |span: Span| {
        known
            .entry(span)
            .or_insert_with(|| sources.declared(span).map(Arc::new))
            .clone()
    };
    for judgement in judgements {
        let header = resource_of(&resources, &judgement.instance.resource)
            .and_then(|resource| deployment.origins.get(resource.origin).span);
        let own = header.and_then(&mut declared);
        let pointed = declared(judgement.primary.span);
        for place in [&pointed, &own]
            .into_iter()
            .flatten()
            .flat_map(|it| &it.places)
        {
            let known = |known: &RelatedPlace| known.span == place.span;
            if !judgement.related.iter().any(known) {
                judgement.related.push(RelatedPlace {
                    span: place.span,
                    text: place.text.clone(),
                });
            }
        }
        judgement.instance.source = own.map(|own| own.words.as_str().into());
    }
}

/// Ends the run: the sources, with what the parts of compiled templates are called where they were
/// written.
pub(super) fn into_sources(files: Files, templates: &[FileId]) -> SourceMap {
    let asked = Sources::new(&files);
    let declared = |(span, declared): (Span, Declared)| {
        let declared = source::Declared {
            words: declared.words.into(),
            place: declared.places.first().map(|label| label.span),
        };
        (span, declared)
    };
    let mut generated = Vec::new();
    for template in templates {
        let parts: Vec<_> = asked.parts(*template).into_iter().map(declared).collect();
        if !parts.is_empty() {
            generated.push((*template, parts));
        }
    }
    let mut sources = files.into_sources();
    for (template, parts) in generated {
        sources.generated(template, parts);
    }
    sources
}

/// The sources of a deployment's compiled templates, where a path that is asked about is one.
pub(super) fn sources(
    deployment: &Deployment,
    files: &Files,
    selected: &[Arc<str>],
) -> Vec<FileId> {
    let asked = selected.iter().any(|path| path.ends_with(".bicep"));
    if !asked {
        return Vec::new();
    }
    let sources = Sources::new(files);
    let of_all = deployment.files.iter().flat_map(|id| sources.files(*id));
    let mut found: Vec<FileId> = of_all.collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The resource that an address is of, or is of a part of.
fn resource_of<'a>(resources: &HashMap<&str, &'a Resource>, address: &str) -> Option<&'a Resource> {
    let mut address = address;
    loop {
        if let Some(resource) = resources.get(address) {
            return Some(resource);
        }
        address = address.rsplit_once('/')?.0;
    }
}
