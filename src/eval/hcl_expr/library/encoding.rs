//! Functions between values and texts in other notations.

use std::fmt::Write as _;
use std::sync::Arc;

use indexmap::IndexMap;

use super::{Call, Function, Outcome};
use crate::eval::functions::{digest, encoding};
use crate::eval::hcl_expr::access::{entries_of, object_value};
use crate::eval::hcl_expr::{Failure, MAX_TEXT};
use crate::eval::value::{Data, Value};
use crate::origin::OriginId;
use crate::syntax::Number;

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("base64decode", |call| {
        call.strict(|call| {
            let bytes = decoded(call)?;
            let text =
                String::from_utf8(bytes).map_err(|_| call.fail("the bytes are no UTF-8 text"))?;
            call.string(text)
        })
    }),
    ("base64encode", |call| {
        text_of_text(call, |text| encoding::base64_encode(text.as_bytes()))
    }),
    ("base64sha256", |call| {
        text_of_text(call, |text| {
            encoding::base64_encode(&digest::sha256(text.as_bytes()))
        })
    }),
    ("base64sha512", |call| {
        text_of_text(call, |text| {
            encoding::base64_encode(&digest::sha512(text.as_bytes()))
        })
    }),
    ("csvdecode", csvdecode),
    ("jsondecode", jsondecode),
    ("jsonencode", jsonencode),
    ("md5", |call| {
        text_of_text(call, |text| encoding::hex(&digest::md5(text.as_bytes())))
    }),
    ("sha1", |call| {
        text_of_text(call, |text| encoding::hex(&digest::sha1(text.as_bytes())))
    }),
    ("sha256", |call| {
        text_of_text(call, |text| encoding::hex(&digest::sha256(text.as_bytes())))
    }),
    ("sha512", |call| {
        text_of_text(call, |text| encoding::hex(&digest::sha512(text.as_bytes())))
    }),
    ("textdecodebase64", textdecodebase64),
    ("textencodebase64", textencodebase64),
    ("urlencode", |call| text_of_text(call, encoding::url_encode)),
    ("uuidv5", uuidv5),
    ("yamldecode", yamldecode),
    ("yamlencode", yamlencode),
];

/// The bytes of padded base64; line breaks in it mean nothing.
fn decoded(call: &Call<'_>) -> Result<Vec<u8>, Box<Failure>> {
    let text = call.text(0)?.replace(['\r', '\n'], "");
    if !text.len().is_multiple_of(4) {
        return Err(call.fail("the text is no base64"));
    }
    encoding::base64_decode(&text).map_err(|error| call.fail(error))
}

fn text_of_text(call: &Call<'_>, function: fn(&str) -> String) -> Outcome {
    call.strict(|call| call.string(function(&call.text(0)?)))
}

fn uuidv5(call: &Call<'_>) -> Outcome {
    call.strict(|call| {
        let namespace = call.text(0)?;
        let bytes = digest::uuid_bytes(&namespace)
            .ok_or_else(|| call.fail(format!("\"{namespace}\" is no namespace")))?;
        call.string(digest::uuid_v5(&bytes, &call.text(1)?))
    })
}

/// A character encoding by its name.
enum Charset {
    /// Little or big end first; with a mark at the start.
    Utf16 {
        little: bool,
        marked: bool,
    },
    Other(&'static encoding_rs::Encoding),
    /// A code page that this program cannot read.
    Unread,
}

fn charset(call: &Call<'_>) -> Result<Charset, Box<Failure>> {
    let name = call.text(1)?;
    let utf16 = |little, marked| Ok(Charset::Utf16 { little, marked });
    let upper = name.to_ascii_uppercase();
    match upper.as_str() {
        "UTF-16LE" => utf16(true, false),
        "UTF-16BE" => utf16(false, false),
        "UTF-16" => utf16(false, true),
        _ if upper.starts_with("IBM") => Ok(Charset::Unread),
        _ => encoding_rs::Encoding::for_label_no_replacement(name.as_bytes())
            .map(Charset::Other)
            .ok_or_else(|| call.fail(format!("the encoding {name} is not supported"))),
    }
}

fn textencodebase64(call: &Call<'_>) -> Outcome {
    let origin = call.origin();
    call.strict_values(origin, |call| {
        let text = call.text(0)?;
        let bytes: Vec<u8> = match charset(call)? {
            Charset::Utf16 { little, marked } => {
                let mark = marked.then_some(0xfeff);
                let units = mark.into_iter().chain(text.encode_utf16());
                let pair = |unit: u16| {
                    if little {
                        unit.to_le_bytes()
                    } else {
                        unit.to_be_bytes()
                    }
                };
                units.flat_map(pair).collect()
            }
            Charset::Other(encoding) => match encoding.encode(&text) {
                (bytes, _, false) => bytes.into_owned(),
                (_, _, true) => {
                    return Err(call.fail("the text has letters that the encoding does not"));
                }
            },
            Charset::Unread => return Ok(call.not_evaluated(false)),
        };
        call.string(encoding::base64_encode(&bytes))
            .map(|data| Value::new(data, origin))
    })
}

fn textdecodebase64(call: &Call<'_>) -> Outcome {
    let origin = call.origin();
    call.strict_values(origin, |call| {
        let bytes = decoded(call)?;
        let text = match charset(call)? {
            Charset::Utf16 { little, .. } => {
                let units = bytes.chunks(2).map(|pair| match *pair {
                    [a, b] if little => u16::from_le_bytes([a, b]),
                    [a, b] => u16::from_be_bytes([a, b]),
                    _ => 0xdc00,
                });
                char::decode_utf16(units)
                    .collect::<Result<String, _>>()
                    .ok()
            }
            Charset::Other(encoding) => encoding
                .decode_without_bom_handling_and_without_replacement(&bytes)
                .map(std::borrow::Cow::into_owned),
            Charset::Unread => return Ok(call.not_evaluated(false)),
        };
        let text = text.ok_or_else(|| call.fail("the bytes are no text of that encoding"))?;
        call.string(text).map(|data| Value::new(data, origin))
    })
}

fn csvdecode(call: &Call<'_>) -> Outcome {
    let origin = call.origin();
    call.strict_values(origin, |call| {
        let rows = encoding::csv_rows(&call.text(0)?).map_err(|error| call.fail(error))?;
        let cells = rows.iter().map(Vec::len).sum();
        call.refuse_large(cells)?;
        call.session_charge(cells)?;
        let mut rows = rows.into_iter();
        let header: Vec<Arc<str>> = rows
            .next()
            .unwrap_or_default()
            .into_iter()
            .map(Arc::from)
            .collect();
        if header.is_empty() {
            return Err(call.fail("there is no first line with the names of the columns"));
        }
        let mut names: Vec<&Arc<str>> = header.iter().collect();
        names.sort_unstable();
        names.dedup();
        if names.len() != header.len() {
            return Err(call.fail("two columns have the same name"));
        }
        let mut items = Vec::new();
        for row in rows {
            if row.len() != header.len() {
                return Err(call.fail("a row has another number of fields than the first"));
            }
            let fields = header
                .iter()
                .cloned()
                .zip(row.into_iter().map(|field| Value::string(field, origin)));
            items.push(object_value(fields.collect(), None, origin));
        }
        Ok(Value::list(items, origin))
    })
}

fn jsondecode(call: &Call<'_>) -> Outcome {
    let origin = call.origin();
    call.strict_values(origin, |call| {
        let text = call.text(0)?;
        call.session_charge(text.len() / 16)?;
        let tree: serde_json::Value = serde_json::from_str(&text)
            .map_err(|error| call.fail(format!("the text is no JSON: {error}")))?;
        Ok(from_tree(&tree, origin))
    })
}

fn yamldecode(call: &Call<'_>) -> Outcome {
    let origin = call.origin();
    call.strict_values(origin, |call| {
        let text = call.text(0)?;
        call.session_charge(text.len() / 4)?;
        let is_empty = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
        if text.lines().all(is_empty) {
            return Err(call.fail("the text has no document"));
        }
        let tree: serde_json::Value = serde_saphyr::from_str(&text).map_err(|error| {
            let error = error.to_string();
            let first = error.lines().next().unwrap_or("it cannot be read");
            call.fail(format!("the text is no YAML: {first}"))
        })?;
        Ok(from_tree(&tree, origin))
    })
}

fn from_tree(tree: &serde_json::Value, origin: OriginId) -> Value {
    use serde_json::Value as Json;
    match tree {
        Json::Null => Value::null(origin),
        Json::Bool(value) => Value::bool(*value, origin),
        Json::Number(number) => match Number::parse_exact(&number.to_string()) {
            Some(number) => Value::new(Data::Number(number), origin),
            None => Value::null(origin),
        },
        Json::String(text) => Value::string(text.as_str(), origin),
        Json::Array(items) => Value::list(
            items.iter().map(|item| from_tree(item, origin)).collect(),
            origin,
        ),
        Json::Object(members) => {
            let entries: IndexMap<Arc<str>, Value> = members
                .iter()
                .map(|(name, value)| (Arc::from(name.as_str()), from_tree(value, origin)))
                .collect();
            object_value(entries, None, origin)
        }
    }
}

fn jsonencode(call: &Call<'_>) -> Outcome {
    call.strict(|call| {
        let mut out = String::new();
        write_json(call.argument(0)?, &mut out);
        call.string(out)
    })
}

/// The JSON that Terraform writes of a value; used by `format` too. Stops growing at the limit.
pub(super) fn write_json(value: &Value, out: &mut String) {
    if out.len() > MAX_TEXT {
        return;
    }
    match &value.data {
        Data::Null | Data::Unknown(_) | Data::Template(_) => out.push_str("null"),
        Data::Bool(true) => out.push_str("true"),
        Data::Bool(false) => out.push_str("false"),
        Data::Number(number) => out.push_str(&number.text()),
        Data::String(text) => write_json_text(text, out),
        Data::List(list) => {
            out.push('[');
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json(item, out);
            }
            out.push(']');
        }
        Data::Object(_) => {
            out.push('{');
            let entries = entries_of(value).map(|entries| entries.known);
            for (index, (key, item)) in entries.unwrap_or_default().iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json_text(key.as_str().map_or("", |text| text), out);
                out.push(':');
                write_json(item, out);
            }
            out.push('}');
        }
    }
}

fn write_json_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

fn yamlencode(call: &Call<'_>) -> Outcome {
    call.strict(|call| {
        let mut out = String::new();
        let value = call.argument(0)?;
        write_yaml(value, 0, false, &mut out);
        if !out.ends_with('\n') {
            out.push('\n');
        }
        // A plain scalar alone ends where the document does.
        if matches!(value.data, Data::Null | Data::Bool(_) | Data::Number(_)) {
            out.push_str("...\n");
        }
        call.string(out)
    })
}

/// Block style with quoted strings, as Terraform writes it. `inline` tells that something stands
/// before the value on its line.
fn write_yaml(value: &Value, indent: usize, inline: bool, out: &mut String) {
    if out.len() > MAX_TEXT {
        return;
    }
    match &value.data {
        Data::List(list) if !list.items.is_empty() => {
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 || inline {
                    line(out, indent);
                }
                out.push_str("- ");
                write_yaml(item, indent + 2, false, out);
            }
        }
        Data::Object(object) if !object.entries.is_empty() => {
            let entries = entries_of(value).map(|entries| entries.known);
            for (index, (key, item)) in entries.unwrap_or_default().iter().enumerate() {
                if index > 0 || inline {
                    line(out, indent);
                }
                write_json_text(key.as_str().map_or("", |text| text), out);
                out.push(':');
                match &item.data {
                    Data::List(list) if !list.items.is_empty() => {
                        write_yaml(item, indent, true, out);
                    }
                    Data::Object(object) if !object.entries.is_empty() => {
                        write_yaml(item, indent + 2, true, out);
                    }
                    _ => {
                        out.push(' ');
                        write_yaml(item, indent, false, out);
                    }
                }
            }
        }
        Data::String(text) if text.contains('\n') && !text.contains('\r') => {
            out.push('|');
            if text.starts_with(' ') {
                out.push('2');
            }
            out.push_str(match (text.ends_with("\n\n"), text.ends_with('\n')) {
                (true, _) => "+",
                (_, true) => "",
                (_, false) => "-",
            });
            for row in text.strip_suffix('\n').unwrap_or(text).split('\n') {
                line(out, if row.is_empty() { 0 } else { indent + 2 });
                out.push_str(row);
            }
        }
        _ => write_json(value, out),
    }
}

fn line(out: &mut String, indent: usize) {
    out.push('\n');
    out.push_str(&" ".repeat(indent));
}
