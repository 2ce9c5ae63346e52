//! Types as Terraform's console writes them, and whether a value is of one.

use aznet::eval::value::{Data, ListKind, ObjectKind, Value};

/// Whether a value is of the type: `list(string)`, `object({ a: number, })`, `dynamic`. A null may
/// be of any type, since values here do not tell.
pub(crate) fn fits(value: &Value, kind: &str) -> bool {
    let kind = kind.trim().trim_end_matches(',').trim();
    if kind == "dynamic" || value.is_null() {
        return true;
    }
    match (&value.data, kind) {
        (Data::String(_), "string") | (Data::Number(_), "number") | (Data::Bool(_), "bool") => true,
        (Data::List(list), _) => {
            let of = |word| inside(kind, word, '(', ')');
            let each = |inner: &str| list.items.iter().all(|item| fits(item, inner));
            match list.kind {
                ListKind::List => of("list").is_some_and(each),
                ListKind::Set => of("set").is_some_and(each),
                ListKind::Tuple => of("tuple").is_some_and(|inner| {
                    let parts = parts(unbracketed(inner, '[', ']'));
                    parts.len() == list.items.len()
                        && list
                            .items
                            .iter()
                            .zip(parts)
                            .all(|(item, kind)| fits(item, kind))
                }),
            }
        }
        (Data::Object(object), _) => match object.kind {
            ObjectKind::Map => inside(kind, "map", '(', ')')
                .is_some_and(|inner| object.entries.values().all(|item| fits(item, inner))),
            ObjectKind::Object => inside(kind, "object", '(', ')').is_some_and(|inner| {
                let parts = parts(unbracketed(inner, '{', '}'));
                parts.len() == object.entries.len()
                    && parts.iter().all(|part| {
                        part.split_once(": ").is_some_and(|(name, kind)| {
                            let name = name.trim_matches('"');
                            object
                                .entries
                                .get(name)
                                .is_some_and(|item| fits(item, kind))
                        })
                    })
            }),
        },
        _ => false,
    }
}

fn inside<'t>(kind: &'t str, word: &str, open: char, close: char) -> Option<&'t str> {
    kind.strip_prefix(word)?
        .strip_prefix(open)?
        .strip_suffix(close)
}

fn unbracketed(text: &str, open: char, close: char) -> &str {
    let text = text.trim().trim_end_matches(',').trim();
    text.strip_prefix(open)
        .and_then(|text| text.strip_suffix(close))
        .unwrap_or(text)
}

/// What stands between the commas of the outermost level.
fn parts(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}
