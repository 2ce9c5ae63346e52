//! The JSON of `resources`. The structs are the format.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;

use super::Detail;
use crate::engine::inventory as told;
use crate::report::json::{At, Diagnostic, at, diagnostics};
use crate::source::SourceMap;

/// Version of the format; it changes when a reader may break.
const VERSION: u32 = 1;

pub(super) fn write(
    inventory: &told::Inventory,
    detail: Detail,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let sources = &inventory.sources;
    let deployments = inventory.deployments.iter();
    let document = Document {
        version: VERSION,
        deployments: deployments
            .map(|deployed| deployment(sources, deployed, detail))
            .collect(),
        diagnostics: diagnostics(sources, &inventory.diagnostics),
        summary: Summary {
            files: inventory.files,
            deployments: inventory.deployments.len(),
            unused_files: inventory.unused.iter().map(|path| &**path).collect(),
            totals: totals(&inventory.totals),
        },
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    deployments: Vec<Deployment<'a>>,
    diagnostics: Vec<Diagnostic<'a>>,
    summary: Summary<'a>,
}

#[derive(Serialize)]
struct Deployment<'a> {
    name: &'a str,
    files: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<Vec<Resource<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outputs: Option<Vec<Output<'a>>>,
    #[serde(flatten)]
    totals: Totals<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource<'a> {
    address: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    /// The full id in lower case or, of Terraform, the address; unknown pieces as `${label}`.
    id: &'a str,
    looked_up: bool,
    #[serde(flatten)]
    existence: Existence<'a>,
    #[serde(flatten)]
    at: Option<At>,
    elements: Vec<Element<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Existence<'a> {
    certain: bool,
    /// Whether it stands for any number of things like it.
    any_number: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<Missing<'a>>,
}

#[derive(Serialize)]
struct Element<'a> {
    kind: &'static str,
    address: &'a str,
    #[serde(flatten)]
    existence: Existence<'a>,
    #[serde(flatten)]
    at: Option<At>,
    fields: Vec<Field<'a>>,
}

#[derive(Serialize)]
struct Field<'a> {
    name: &'a str,
    /// `known`, `partly`, `unknown` or `invalid`.
    state: &'static str,
    /// What is known of the value: one text, of a list one for each item.
    values: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<Missing<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(flatten)]
    at: Option<At>,
}

#[derive(Serialize)]
struct Output<'a> {
    name: &'a str,
    /// `known`, `partly` or `unknown`.
    state: &'static str,
    /// What is known of it, unknown pieces as `${label}`; absent if it is sensitive.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a serde_json::Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<Missing<'a>>,
    #[serde(flatten)]
    at: Option<At>,
}

#[derive(Serialize)]
struct Missing<'a> {
    what: &'a str,
    reason: &'static str,
    settle: &'a str,
    #[serde(flatten)]
    at: Option<At>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Totals<'a> {
    resource_count: usize,
    perhaps: usize,
    looked_up: usize,
    /// By kind of element.
    elements: BTreeMap<&'a str, Counts<'a>>,
}

#[derive(Serialize)]
struct Counts<'a> {
    elements: usize,
    known: usize,
    partly: usize,
    unknown: usize,
    invalid: usize,
    reasons: &'a BTreeMap<&'static str, usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    files: usize,
    deployments: usize,
    unused_files: Vec<&'a str>,
    #[serde(flatten)]
    totals: Totals<'a>,
}

fn deployment<'a>(
    sources: &SourceMap,
    deployed: &'a told::Deployed,
    detail: Detail,
) -> Deployment<'a> {
    let resources = deployed.resources.iter();
    let outputs = deployed.outputs.iter();
    Deployment {
        name: &deployed.name,
        files: deployed.files.iter().map(|path| &**path).collect(),
        resources: (detail > Detail::Summary)
            .then(|| resources.map(|one| resource(sources, one)).collect()),
        outputs: (detail > Detail::Summary)
            .then(|| outputs.map(|one| output(sources, one)).collect()),
        totals: totals(&deployed.totals),
    }
}

fn output<'a>(sources: &SourceMap, output: &'a told::OutputTold) -> Output<'a> {
    Output {
        name: &output.name,
        state: output.state.as_str(),
        value: output.value.as_ref(),
        missing: missing(sources, &output.missing),
        at: output.place.map(|span| at(sources, span)),
    }
}

fn resource<'a>(sources: &SourceMap, resource: &'a told::Listed) -> Resource<'a> {
    let elements = resource.elements.iter();
    Resource {
        address: &resource.address,
        kind: &resource.kind,
        id: &resource.id,
        looked_up: resource.looked_up,
        existence: existence(sources, &resource.existence),
        at: resource.place.map(|span| at(sources, span)),
        elements: elements.map(|one| element(sources, one)).collect(),
    }
}

fn element<'a>(sources: &SourceMap, element: &'a told::Element) -> Element<'a> {
    let fields = element.fields.iter();
    Element {
        kind: element.kind,
        address: &element.address,
        existence: existence(sources, &element.existence),
        at: element.place.map(|span| at(sources, span)),
        fields: fields
            .map(|field| Field {
                name: &field.name,
                state: field.state.as_str(),
                values: &field.values,
                missing: missing(sources, &field.missing),
                why: field.why.as_deref(),
                at: field.place.map(|span| at(sources, span)),
            })
            .collect(),
    }
}

fn existence<'a>(sources: &SourceMap, presence: &'a told::Presence) -> Existence<'a> {
    Existence {
        certain: presence.certain,
        any_number: presence.any_number,
        depends_on: missing(sources, &presence.because),
    }
}

fn missing<'a>(sources: &SourceMap, all: &'a [told::Missing]) -> Vec<Missing<'a>> {
    all.iter()
        .map(|missing| Missing {
            what: &missing.input.what,
            reason: missing.reason,
            settle: &missing.input.settle,
            at: missing.input.place.map(|span| at(sources, span)),
        })
        .collect()
}

fn totals(totals: &told::Totals) -> Totals<'_> {
    let elements = totals.elements.iter();
    Totals {
        resource_count: totals.resources,
        perhaps: totals.perhaps,
        looked_up: totals.looked_up,
        elements: elements
            .map(|(kind, counts)| {
                let counts = Counts {
                    elements: counts.elements,
                    known: counts.known,
                    partly: counts.partly,
                    unknown: counts.unknown,
                    invalid: counts.invalid,
                    reasons: &counts.reasons,
                };
                (*kind, counts)
            })
            .collect(),
    }
}
