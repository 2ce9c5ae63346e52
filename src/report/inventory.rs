//! What `resources` lists: for the terminal and as JSON.

mod json;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use super::Style;
use super::human::text::{Paint, plural, short_place, shortened, wrap};
use super::table::{Row, Table};
use crate::engine::inventory::{
    Deployed, Element, FieldTold, Inventory, Knowledge, Listed, Missing, Totals,
};
use crate::source::SourceMap;

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Only the counts.
    Summary,
    /// Resources, and the fields that are not known.
    Resources,
    /// All fields.
    Fields,
}

/// Writes the list for the terminal.
///
/// # Errors
///
/// Those of the writer.
pub fn human(
    inventory: &Inventory,
    detail: Detail,
    style: Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut page = Page {
        sources: &inventory.sources,
        paint: Paint { on: style.colour },
        width: style.width,
        text: String::new(),
    };
    for deployed in &inventory.deployments {
        page.deployment(deployed, detail);
        out.write_all(page.text.as_bytes())?;
        page.text.clear();
    }
    page.summary(inventory);
    out.write_all(page.text.as_bytes())
}

/// Writes the list as one JSON object; with [`Detail::Summary`] its deployments name no resources.
///
/// # Errors
///
/// Those of the writer.
pub fn json(inventory: &Inventory, detail: Detail, out: &mut dyn io::Write) -> io::Result<()> {
    json::write(inventory, detail, out)
}

struct Page<'a> {
    sources: &'a SourceMap,
    paint: Paint,
    width: usize,
    text: String,
}

/// What one missing input leaves open.
#[derive(Default)]
struct Open<'a> {
    /// Names of fields and the elements they are fields of, in order.
    fields: Vec<(&'a str, Vec<&'a str>)>,
    /// Resources and elements that may be left out.
    presence: Vec<&'a str>,
    count: usize,
}

impl Page<'_> {
    fn deployment(&mut self, deployed: &Deployed, detail: Detail) {
        let name = self.paint.strong(&deployed.name, None);
        let _ = writeln!(self.text, "{name}");
        let counts = counts(&deployed.totals);
        for line in wrap(&counts, self.width.saturating_sub(2)) {
            let _ = writeln!(self.text, "  {}", self.paint.dim(&line));
        }
        if detail > Detail::Summary {
            self.resources(deployed, detail);
            self.open(deployed);
            self.refused(deployed);
        }
        if detail == Detail::Fields {
            self.outputs(deployed);
        }
        self.text.push('\n');
    }

    fn resources(&mut self, deployed: &Deployed, detail: Detail) {
        let mut rows = Vec::new();
        for resource in &deployed.resources {
            let mut row = self.resource(resource);
            if detail < Detail::Fields {
                rows.push(row);
                continue;
            }
            let is_own = |element: &&Element| element.address == resource.address;
            let own = resource.elements.iter().filter(is_own);
            row.below.extend(own.flat_map(field_lines));
            rows.push(row);
            let parts = resource.elements.iter().filter(|it| !is_own(it));
            rows.extend(parts.map(|part| self.part(part)));
        }
        if !rows.is_empty() {
            self.text.push('\n');
            self.table(&[], &rows);
        }
    }

    fn resource(&self, resource: &Listed) -> Row {
        let existence = &resource.existence;
        let mut below = Vec::new();
        let because = words(&existence.because);
        if existence.any_number {
            below.push(format!("any number of these: depends on {because}"));
        } else if !existence.certain {
            below.push(format!("perhaps: depends on {because}"));
        }
        let mut name = resource.address.to_string();
        let parts = match resource.looked_up {
            true => "looked up".to_owned(),
            false => parts(resource),
        };
        let room = self.width.saturating_sub(6 + name.chars().count());
        if parts.chars().count() > room {
            below.insert(0, parts);
        } else if !parts.is_empty() {
            name = format!("{name}  {parts}");
        }
        Row {
            mark: match (resource.looked_up, existence.certain) {
                (true, _) => self.paint.dim("·"),
                (_, true) => self.paint.with("1;32", "✓"),
                (_, false) => self.paint.with("1;33", "?"),
            },
            depth: 0,
            cells: vec![name],
            place: resource.place.map(|span| short_place(self.sources, span)),
            below,
            dim: resource.looked_up,
        }
    }

    fn part(&self, part: &Element) -> Row {
        let name = format!("{} {}", part.kind, last(&part.address));
        Row {
            mark: " ".to_owned(),
            depth: 1,
            cells: vec![name],
            place: part.place.map(|span| short_place(self.sources, span)),
            below: field_lines(part).collect(),
            dim: false,
        }
    }

    /// What is not known, by the input that would settle it; the one that settles most comes first.
    fn open(&mut self, deployed: &Deployed) {
        let mut inputs: BTreeMap<Key<'_>, Open<'_>> = BTreeMap::new();
        for resource in &deployed.resources {
            for missing in &resource.existence.because {
                let open = inputs.entry(key(missing)).or_default();
                open.presence.push(&resource.address);
                open.count += 1;
            }
            for element in &resource.elements {
                for field in &element.fields {
                    for missing in &field.missing {
                        let open = inputs.entry(key(missing)).or_default();
                        open.field(element, field);
                    }
                }
            }
        }
        if inputs.is_empty() {
            return;
        }
        let mut inputs: Vec<(Key<'_>, Open<'_>)> = inputs.into_iter().collect();
        inputs.sort_by_key(|(_, open)| std::cmp::Reverse(open.count));
        let heading = self
            .paint
            .strong("Not known, by what would settle it", None);
        let _ = writeln!(self.text, "\n  {heading}");
        let rows: Vec<Row> = inputs
            .iter()
            .map(|(key, open)| Row {
                mark: self.paint.with("1;33", "?"),
                depth: 0,
                cells: vec![key.what.to_owned(), open.size()],
                place: key.place.map(|span| short_place(self.sources, span)),
                below: std::iter::once(key.settle.to_owned())
                    .chain(open.lines())
                    .collect(),
                dim: false,
            })
            .collect();
        self.table(&[0], &rows);
    }

    fn refused(&mut self, deployed: &Deployed) {
        let elements = deployed.resources.iter().flat_map(|it| &it.elements);
        let refused = elements.flat_map(|element| {
            let fields = element.fields.iter();
            fields
                .filter(|field| field.state == Knowledge::Invalid)
                .map(move |field| (element, field))
        });
        let rows: Vec<Row> = refused
            .map(|(element, field)| Row {
                mark: self.paint.with("1;31", "✗"),
                depth: 0,
                cells: vec![format!("{} of {}", field.name, short(&element.address))],
                place: field.place.map(|span| short_place(self.sources, span)),
                below: field.why.iter().map(ToString::to_string).collect(),
                dim: false,
            })
            .collect();
        if !rows.is_empty() {
            let heading = self.paint.strong("Refused by Azure", None);
            let _ = writeln!(self.text, "\n  {heading}");
            self.table(&[0], &rows);
        }
    }

    fn outputs(&mut self, deployed: &Deployed) {
        let rows: Vec<Row> = deployed
            .outputs
            .iter()
            .map(|output| Row {
                mark: match output.state {
                    Knowledge::Known => self.paint.with("1;32", "✓"),
                    _ => self.paint.with("1;33", "?"),
                },
                depth: 0,
                cells: vec![output.name.to_string()],
                place: output.place.map(|span| short_place(self.sources, span)),
                below: vec![match &output.value {
                    Some(value) => value.to_string(),
                    None => "sensitive".to_owned(),
                }],
                dim: false,
            })
            .collect();
        if !rows.is_empty() {
            let heading = self.paint.strong("Outputs", None);
            let _ = writeln!(self.text, "\n  {heading}");
            self.table(&[0], &rows);
        }
    }

    fn summary(&mut self, inventory: &Inventory) {
        let totals = &inventory.totals;
        let line = format!(
            "{} in {}: {}",
            plural(inventory.files, "file"),
            plural(inventory.deployments.len(), "deployment"),
            counts(totals)
        );
        for line in wrap(&line, self.width) {
            let _ = writeln!(self.text, "{line}");
        }
        let rows: Vec<Row> = totals
            .elements
            .iter()
            .filter(|(_, counts)| counts.fields() > 0)
            .map(|(kind, counts)| {
                let numbers = [
                    counts.elements,
                    counts.known,
                    counts.partly,
                    counts.unknown,
                    counts.invalid,
                ];
                let kind = std::iter::once((*kind).to_owned());
                Row {
                    mark: " ".to_owned(),
                    depth: 0,
                    cells: kind.chain(numbers.map(number)).collect(),
                    place: None,
                    below: Vec::new(),
                    dim: false,
                }
            })
            .collect();
        if !rows.is_empty() {
            self.text.push('\n');
            let table = Table {
                paint: self.paint,
                width: self.width,
                header: &[
                    "FIELDS OF",
                    "COUNT",
                    "KNOWN",
                    "PARTLY",
                    "UNKNOWN",
                    "REFUSED",
                ],
                shrinkable: &[],
            };
            table.write(&mut self.text, &rows);
        }
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for (reason, count) in totals.elements.values().flat_map(|it| &it.reasons) {
            *reasons.entry(reason).or_default() += count;
        }
        let mut reasons: Vec<(&str, usize)> = reasons.into_iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        if !reasons.is_empty() {
            let all: Vec<String> = reasons
                .iter()
                .map(|(reason, count)| format!("{count} {reason}"))
                .collect();
            let line = format!("not known because of: {}", all.join(", "));
            self.text.push('\n');
            for line in wrap(&line, self.width) {
                let _ = writeln!(self.text, "{line}");
            }
        }
        let unused: Vec<&str> = inventory.unused.iter().map(|path| &**path).collect();
        if !unused.is_empty() {
            let line = format!("not used: {}", shortened(&unused, unused.len()));
            for line in wrap(&line, self.width) {
                let _ = writeln!(self.text, "{line}");
            }
        }
    }

    fn table(&mut self, shrinkable: &[usize], rows: &[Row]) {
        let table = Table {
            paint: self.paint,
            width: self.width,
            header: &[],
            shrinkable,
        };
        table.write(&mut self.text, rows);
    }
}

impl<'a> Open<'a> {
    fn field(&mut self, element: &'a Element, field: &'a FieldTold) {
        self.count += 1;
        let name = short(&element.address);
        match self
            .fields
            .iter_mut()
            .find(|(known, _)| *known == field.name)
        {
            Some((_, elements)) => elements.push(name),
            None => self.fields.push((&field.name, vec![name])),
        }
    }

    fn size(&self) -> String {
        let fields = self.fields.iter().map(|(_, elements)| elements.len()).sum();
        let mut parts = Vec::new();
        if fields > 0 {
            parts.push(plural(fields, "field"));
        }
        if !self.presence.is_empty() {
            parts.push(plural(self.presence.len(), "resource"));
        }
        parts.join(", ")
    }

    fn lines(&self) -> impl Iterator<Item = String> {
        let presence = (!self.presence.is_empty()).then(|| {
            let names: Vec<&str> = self.presence.iter().map(|it| short(it)).collect();
            format!("whether there is {}", shortened(&names, names.len()))
        });
        let fields = self.fields.iter().map(|(name, elements)| {
            let elements = shortened(elements, elements.len());
            format!("{name} of {elements}")
        });
        presence.into_iter().chain(fields)
    }
}

/// A missing input, sorted by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    what: &'a str,
    place: Option<crate::source::Span>,
    settle: &'a str,
}

fn key(missing: &Missing) -> Key<'_> {
    Key {
        what: &missing.input.what,
        place: missing.input.place,
        settle: &missing.input.settle,
    }
}

/// A line for each field.
fn field_lines(element: &Element) -> impl Iterator<Item = String> {
    element.fields.iter().map(|field| {
        let value = field.values.join(", ");
        let missing = words(&field.missing);
        match field.state {
            Knowledge::Known => format!("{}: {value}", field.name),
            Knowledge::Partly => format!("{}: {value} and ? {missing}", field.name),
            Knowledge::Unknown => format!("{}: ? {missing}", field.name),
            Knowledge::Invalid => {
                let why = field.why.as_deref().unwrap_or_default();
                format!("{}: {value} ({why})", field.name)
            }
        }
    })
}

fn words(missing: &[Missing]) -> String {
    let names: Vec<&str> = missing.iter().map(|it| it.input.what.as_str()).collect();
    names.join(", ")
}

/// `12 resources (2 perhaps), 1 looked up: 24 security rules, 5 subnets`.
fn counts(totals: &Totals) -> String {
    let mut line = plural(totals.resources, "resource");
    if totals.perhaps > 0 {
        line.push_str(&format!(" ({} perhaps)", totals.perhaps));
    }
    if totals.looked_up > 0 {
        line.push_str(&format!(", {} looked up", totals.looked_up));
    }
    let elements = totals.elements.iter();
    let elements: Vec<String> = elements
        .map(|(kind, counts)| of_kind(counts.elements, kind))
        .collect();
    if !elements.is_empty() {
        line.push_str(&format!(": {}", elements.join(", ")));
    }
    line
}

/// What a resource holds beside itself: `8 security rules`.
fn parts(resource: &Listed) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for element in &resource.elements {
        if element.address != resource.address {
            *kinds.entry(element.kind).or_default() += 1;
        }
    }
    let parts: Vec<String> = kinds
        .into_iter()
        .map(|(kind, count)| of_kind(count, kind))
        .collect();
    parts.join(", ")
}

/// The plurals of the names of kinds, of which some end in `y` or `s`.
fn of_kind(count: usize, kind: &str) -> String {
    match kind.strip_suffix('y') {
        Some(stem) if count != 1 => format!("{count} {stem}ies"),
        _ if count != 1 && kind.ends_with('s') => format!("{count} {kind}es"),
        _ => plural(count, kind),
    }
}

fn number(count: usize) -> String {
    match count {
        0 => "-".to_owned(),
        count => count.to_string(),
    }
}

/// An address without the provider that it begins with.
fn short(address: &str) -> &str {
    match address.split_once('/') {
        Some((provider, rest)) if provider.contains('.') && !provider.contains('[') => rest,
        _ => address,
    }
}

/// The last part of an address.
fn last(address: &str) -> &str {
    let parts = address.rsplit_once('/').map(|(_, last)| last);
    parts.unwrap_or(address)
}
