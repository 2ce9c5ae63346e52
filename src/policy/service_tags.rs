//! The list of service tags and their addresses that Microsoft publishes (`ServiceTags_Public_*.json`;
//! `az network list-service-tags` writes the same), read.
//!
//! What the addresses mean is in [`crate::semantics::tags`]. What is absent: fetching the list.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ipnet::IpNet;
use serde::Deserialize;

use crate::diagnostic::Diagnostic;
use crate::model::platform::Cloud;
use crate::semantics::tags::ServiceTags;
use crate::source::{FileId, SourceFile, Span};

/// A list that was read.
#[derive(Clone, Debug)]
pub struct TagList {
    /// The addresses.
    pub tags: Arc<ServiceTags>,
    /// Where it says which cloud it is for.
    pub cloud: Span,
    /// Where it says which edition it is, or the beginning of the file.
    pub edition: Span,
}

impl TagList {
    /// Which list it is, for people: `cloud public, change number 42`.
    #[must_use]
    pub fn describe(&self) -> String {
        format!(
            "cloud {}, change number {}",
            self.tags.cloud().word(),
            self.tags.change_number()
        )
    }
}

/// More wrong values than this are not told one by one.
const MAX_WRONG: usize = 20;

/// Reads a list. What is wrong with it is told with its place: a tag with an address that cannot be
/// read is left out, and stays opaque; without a cloud or a change number there is no list.
#[must_use]
pub fn read(id: FileId, file: &SourceFile) -> (Option<TagList>, Vec<Diagnostic>) {
    let text = file.text();
    let reader = Reader { id, text };
    let list: List<'_> = match serde_json::from_str(text) {
        Ok(list) => list,
        Err(error) => {
            let message = format!("this is not a list of service tags: {error}");
            let at = reader.offset(error.line(), error.column());
            return (None, vec![reader.wrong(at, at, message)]);
        }
    };
    let mut wrong = Vec::new();
    let cloud_at = reader.place(&list.cloud.0);
    let cloud = cloud(&list.cloud.0);
    if cloud.is_none() {
        let message = format!("`{}` is not a cloud of Azure that is known", list.cloud.0);
        let diagnostic = Diagnostic::unreadable(CODE, cloud_at, message);
        wrong.push(diagnostic.with_help("it is Public, AzureGovernment or China"));
    }
    let number = list.change_number.value();
    if number.is_none() {
        let message = "`changeNumber` is not a whole number".to_owned();
        wrong.push(reader.wrong(0, 0, message));
    }
    let mut tags: BTreeMap<String, (&Cow<'_, str>, Vec<IpNet>)> = BTreeMap::new();
    let mut broken = BTreeSet::new();
    for tag in &list.values {
        let name = &tag.name.0;
        let lower = name.to_ascii_lowercase();
        let mut prefixes = Vec::with_capacity(tag.properties.address_prefixes.len());
        for prefix in &tag.properties.address_prefixes {
            match block(&prefix.0) {
                Some(block) => prefixes.push(block),
                None => {
                    broken.insert(lower.clone());
                    if wrong.len() < MAX_WRONG {
                        let message =
                            format!("`{}` of {name} is not a block of addresses", prefix.0);
                        let at = reader.place(&prefix.0);
                        wrong.push(Diagnostic::unreadable(CODE, at, message));
                    }
                }
            }
        }
        if let Some((before, _)) = tags.insert(lower.clone(), (name, prefixes)) {
            broken.insert(lower);
            if wrong.len() < MAX_WRONG {
                let message = format!("the service tag {name} is listed twice");
                let twice = Diagnostic::unreadable(CODE, reader.place(name), message);
                wrong.push(twice.with_related(reader.place(before), "first here"));
            }
        }
    }
    tags.retain(|name, _| !broken.contains(name));
    let found = cloud.zip(number).map(|(cloud, number)| {
        let tags = tags.into_values();
        let tags = tags.map(|(name, prefixes)| (name.to_string(), prefixes));
        TagList {
            tags: Arc::new(ServiceTags::new(cloud, number, tags)),
            cloud: cloud_at,
            edition: reader.edition(),
        }
    });
    (found, wrong)
}

const CODE: &str = "service-tags";

/// The list, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    change_number: Number,
    #[serde(borrow)]
    cloud: Text<'a>,
    #[serde(borrow)]
    values: Vec<Tag<'a>>,
}

#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    properties: Properties<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    #[serde(borrow)]
    address_prefixes: Vec<Text<'a>>,
}

/// A text, borrowed where it holds no escape: its address then tells its place.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The published file writes a number, the command line a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u64),
    Text(String),
}

impl Number {
    fn value(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}

struct Reader<'a> {
    id: FileId,
    text: &'a str,
}

impl Reader<'_> {
    /// Where a text of the file stands; the beginning of the file if it is not a part of it.
    fn place(&self, part: &str) -> Span {
        let start = (part.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize);
        let start = start.filter(|start| start + part.len() <= self.text.len());
        start.map_or_else(
            || self.span(0, 0),
            |start| self.span(start, start + part.len()),
        )
    }

    /// Where the edition is told: the value after the first `changeNumber`.
    fn edition(&self) -> Span {
        const KEY: &str = "\"changeNumber\"";
        let found = self.text.find(KEY).and_then(|at| {
            let from = at + KEY.len();
            let rest = self.text.get(from..)?;
            let start = from + rest.find(|letter: char| letter.is_ascii_digit())?;
            let digits = self.text.get(start..)?;
            let end = digits.find(|letter: char| !letter.is_ascii_digit());
            Some(self.span(start, start + end.unwrap_or(digits.len())))
        });
        found.unwrap_or_else(|| self.span(0, 0))
    }

    /// The place of a line and a column, both from 1.
    fn offset(&self, line: usize, column: usize) -> usize {
        let lines = self.text.split_inclusive('\n').take(line.saturating_sub(1));
        let start: usize = lines.map(str::len).sum();
        (start + column.saturating_sub(1)).min(self.text.len())
    }

    fn wrong(&self, start: usize, end: usize, message: String) -> Diagnostic {
        Diagnostic::unreadable(CODE, self.span(start, end), message)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span::new(self.id, offset(start), offset(end))
    }
}

/// A block; host bits are cleared.
fn block(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let net = text.parse::<IpNet>().map(|net| net.trunc());
    net.ok()
        .or_else(|| Some(IpNet::from(text.parse::<std::net::IpAddr>().ok()?)))
}

/// The cloud that the file calls so.
fn cloud(name: &str) -> Option<Cloud> {
    let words = [
        ("public", Cloud::Public),
        ("azurecloud", Cloud::Public),
        ("azuregovernment", Cloud::UsGovernment),
        ("azureusgovernment", Cloud::UsGovernment),
        ("usgov", Cloud::UsGovernment),
        ("china", Cloud::China),
        ("azurechina", Cloud::China),
        ("azurechinacloud", Cloud::China),
    ];
    let found = words
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(name));
    found.map(|(_, cloud)| *cloud)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::semantics::packet::Family;

    fn source(text: &str) -> SourceFile {
        SourceFile::new("tags.json", text)
    }

    fn one(prefix: &str) -> String {
        format!(
            r#"{{"changeNumber": 3, "cloud": "Public", "values": [
                {{"name": "Sql", "id": "Sql", "properties": {{"addressPrefixes": ["20.0.0.0/24"]}}}},
                {{"name": "Storage", "properties": {{"region": "", "addressPrefixes": ["{prefix}"]}}}}]}}"#
        )
    }

    /// What is wrong, each as the text it points at and its message.
    fn wrong(text: &str) -> (Option<TagList>, Vec<(String, String)>) {
        let (list, diagnostics) = read(FileId(0), &source(text));
        let at = |diagnostic: &Diagnostic| {
            let span = diagnostic.primary.as_ref().unwrap().span;
            text[span.start as usize..span.end as usize].to_owned()
        };
        let told = diagnostics.iter().map(|it| (at(it), it.message.clone()));
        (list, told.collect())
    }

    #[test]
    fn the_published_file_and_what_the_command_line_writes_are_read_alike() {
        let published = include_str!("../../testdata/service-tags/ServiceTags_Public.json");
        let written = published.replace("\"changeNumber\": 417", "\"changeNumber\": \"417\"");
        for text in [published, &written] {
            let (list, told) = wrong(text);
            assert_eq!(told, []);
            let list = list.unwrap();
            assert_eq!(list.describe(), "cloud public, change number 417");
            let edition = &text[list.edition.start as usize..list.edition.end as usize];
            assert_eq!(edition, "417");
            let storage = list.tags.addresses("storage", Family::V4).unwrap();
            assert_eq!(storage.count(), 1024 + 256 + 256);
            let storage = list
                .tags
                .addresses("Storage.WESTEUROPE", Family::V6)
                .unwrap();
            assert_eq!(storage.count(), 1 << 72);
        }
    }

    #[test]
    fn a_prefix_that_cannot_be_read_is_pointed_at_and_its_tag_is_left_out() {
        let (list, told) = wrong(&one("20.0.1.0/33"));
        let message = "`20.0.1.0/33` of Storage is not a block of addresses";
        assert_eq!(told, [("20.0.1.0/33".to_owned(), message.to_owned())]);
        let tags = list.unwrap().tags;
        assert!(tags.addresses("Storage", Family::V4).is_none());
        assert_eq!(tags.addresses("Sql", Family::V4).unwrap().count(), 256);
    }

    #[test]
    fn a_tag_listed_twice_is_left_out() {
        let (list, told) = wrong(&one("20.0.1.0/24").replace("\"Storage\"", "\"SQL\""));
        assert_eq!(
            told[0],
            (
                "SQL".to_owned(),
                "the service tag SQL is listed twice".to_owned()
            )
        );
        assert!(list.unwrap().tags.addresses("Sql", Family::V4).is_none());
    }

    #[test]
    fn a_cloud_that_is_not_known_is_pointed_at() {
        let (list, told) = wrong(&one("20.0.1.0/24").replace("\"Public\"", "\"AzureGermany\""));
        assert!(list.is_none());
        assert_eq!(told[0].0, "AzureGermany");
    }

    #[test]
    fn what_is_no_list_is_pointed_at_where_reading_ends() {
        let text = "{\"changeNumber\": 1,\n \"cloud\": \"Public\",\n \"values\": [7]}";
        let (list, diagnostics) = read(FileId(0), &source(text));
        assert!(list.is_none());
        assert_eq!(diagnostics.len(), 1);
        let span = diagnostics[0].primary.as_ref().unwrap().span;
        assert_eq!(&text[..span.start as usize].matches('\n').count(), &2);
        assert!(read(FileId(0), &source("")).0.is_none());
        assert!(read(FileId(0), &source("[]")).0.is_none());
        assert!(
            read(FileId(0), &source("{\"changeNumber\": -1}"))
                .0
                .is_none()
        );
    }

    #[test]
    fn a_name_with_an_escape_is_read_all_the_same() {
        let (list, told) = wrong(&one("20.0.1.0\\/24"));
        assert_eq!(told, []);
        let tags = list.unwrap().tags;
        assert_eq!(tags.addresses("Storage", Family::V4).unwrap().count(), 256);
    }
}
