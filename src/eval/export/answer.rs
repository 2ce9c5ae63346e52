//! What a document holds: one resource, many, or something else that Azure's tools print.

use std::borrow::Cow;
use std::sync::Arc;

use super::item::{Item, is_nameless};
use crate::source::Span;
use crate::syntax::json::{Json, JsonKind, Member};

/// How deep lists and answers may stand in one another: answers one after the other in a file are
/// a list of answers.
const MAX_DEPTH: usize = 4;

/// What a document holds.
#[derive(Debug, Default)]
pub(super) struct Answer<'j> {
    /// The resources and subscriptions.
    pub(super) items: Vec<(Cow<'j, Json>, Item)>,
    /// Where it says that there is more than was printed.
    pub(super) cut_short: Option<Span>,
    /// What Azure worked out of the resources, and the first place of it.
    pub(super) worked_out: Option<Span>,
    /// Resources that do not say which ones they are, and the first of them.
    pub(super) nameless: Option<(usize, Span)>,
}

impl<'j> Answer<'j> {
    /// Reads a document. What is neither printed by Azure's tools nor of interest is left out.
    pub(super) fn of(json: &'j Json) -> Self {
        let mut answer = Self::default();
        answer.read(json, 0);
        answer
    }

    /// Whether there is anything in it that should be told of.
    pub(super) fn is_ours(&self) -> bool {
        !self.items.is_empty() || self.worked_out.is_some() || self.nameless.is_some()
    }

    fn read(&mut self, json: &'j Json, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        match &json.kind {
            JsonKind::Array(items) => {
                for item in items {
                    self.read(item, depth + 1);
                }
            }
            JsonKind::Object(members) => self.object(json, members, depth),
            _ => {}
        }
    }

    fn object(&mut self, json: &'j Json, members: &'j [Member], depth: usize) {
        if is_template(json) {
            return;
        }
        if let Some(item) = Item::of(json) {
            self.items.push((Cow::Borrowed(json), item));
            return;
        }
        if is_worked_out(json) {
            self.worked_out.get_or_insert(json.span);
            return;
        }
        if is_nameless(json) {
            let (count, first) = self.nameless.unwrap_or((0, first_line(json)));
            self.nameless = Some((count + 1, first));
            return;
        }
        if is_foreign(json) {
            return;
        }
        let listed = ["value", "data"]
            .iter()
            .find_map(|name| json.get_ignore_case(name));
        match listed.map(|listed| (listed, &listed.kind)) {
            Some((listed, JsonKind::Array(_))) => {
                self.paging(json);
                self.read(listed, depth + 1);
            }
            Some((table, JsonKind::Object(_))) if table.get("rows").is_some() => {
                self.paging(json);
                self.table(table);
            }
            _ => {
                // `az network nsg create` prints `{ "NewNSG": { … } }`.
                if let [only] = members
                    && matches!(only.value.kind, JsonKind::Object(_))
                    && let Some(item) = Item::of(&only.value)
                {
                    self.items.push((Cow::Borrowed(&only.value), item));
                }
            }
        }
    }

    /// Rows under columns, as Resource Graph answers where tables are asked for.
    fn table(&mut self, table: &Json) {
        let columns: Vec<(&Arc<str>, Span)> = table
            .get("columns")
            .map_or(&[][..], Json::items)
            .iter()
            .filter_map(|column| match &column.get("name")?.kind {
                JsonKind::String(name) => Some((name, column.span)),
                _ => None,
            })
            .collect();
        for row in table.get("rows").map_or(&[][..], Json::items) {
            let members = columns
                .iter()
                .zip(row.items())
                .map(|((name, _), cell)| Member {
                    name: Arc::clone(name),
                    // The cell is where a person finds it; the column is far away.
                    name_span: cell.span,
                    value: cell.clone(),
                })
                .collect();
            let object = Json {
                span: row.span,
                kind: JsonKind::Object(members),
            };
            match Item::of(&object) {
                Some(item) => self.items.push((Cow::Owned(object), item)),
                None if is_nameless(&object) => {
                    let (count, first) = self.nameless.unwrap_or((0, row.span));
                    self.nameless = Some((count + 1, first));
                }
                None => {}
            }
        }
    }

    /// Notes where an answer says that it is one page of several.
    fn paging(&mut self, json: &Json) {
        for name in [
            "nextLink",
            "$skipToken",
            "skipToken",
            "skip_token",
            "resultTruncated",
        ] {
            let member = json
                .members()
                .iter()
                .find(|member| member.name.eq_ignore_ascii_case(name));
            let Some(member) = member else { continue };
            let says_so = match &member.value.kind {
                JsonKind::String(text) => !text.is_empty() && !text.eq_ignore_ascii_case("false"),
                JsonKind::Bool(truncated) => *truncated,
                _ => false,
            };
            if says_so {
                self.cut_short
                    .get_or_insert(member.name_span.to(member.value.span));
            }
        }
    }
}

/// Where an object begins to tell of itself.
pub(super) fn first_line(json: &Json) -> Span {
    ["name", "id"]
        .iter()
        .find_map(|name| {
            json.members()
                .iter()
                .find(|member| member.name.eq_ignore_ascii_case(name))
        })
        .map_or(json.span, |member| member.name_span.to(member.value.span))
}

/// Whether an object says that it is something else, whatever else it has.
fn is_template(json: &Json) -> bool {
    ["$schema", "format_version", "terraform_version"]
        .iter()
        .any(|name| json.get(name).is_some())
}

/// Whether an object is something else if it is no resource itself.
fn is_foreign(json: &Json) -> bool {
    ["parameters", "resources", "properties", "interactions"]
        .iter()
        .any(|name| json.get(name).is_some())
}

/// Whether an object is what Azure makes of resources: effective rules and routes, the hop that a
/// packet takes, the topology that Network Watcher draws.
fn is_worked_out(json: &Json) -> bool {
    let has = |name: &str| json.get_ignore_case(name).is_some();
    has("effectiveSecurityRules")
        || has("securityRuleAssociations")
        || (json.get_ignore_case("networkInterfaces"))
            .and_then(|interfaces| interfaces.items().first())
            .is_some_and(|first| first.get_ignore_case("securityRuleAssociations").is_some())
        || (has("nextHopType") && ((has("source") && has("state")) || has("routeTableId")))
        || (has("createdDateTime") && has("lastModified") && has("resources"))
}
