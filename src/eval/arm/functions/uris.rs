//! Addresses and the encodings that go with them: base64, percent encoding, data URIs.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::{Arguments, Outcome, Problem, Pure, labels};
use crate::eval::value::{Data, Piece, Unknown};

pub(super) fn find(name: &str) -> Option<Pure> {
    Some(match name {
        "base64" => |call| call.give_text(BASE64.encode(call.text(0)?.as_bytes())),
        "base64tostring" => |call| call.give_text(base64_text(call)?),
        "datauri" => |call| {
            let encoded = BASE64.encode(call.text(0)?.as_bytes());
            call.give_text(format!("data:text/plain;charset=utf8;base64,{encoded}"))
        },
        "datauritostring" => data_uri_to_string,
        "uri" => uri,
        "uricomponent" => uri_component,
        "uricomponenttostring" => |call| call.give_text(percent_decoded(call.text(0)?)),
        _ => return None,
    })
}

/// The text of an argument in base64.
pub(super) fn base64_text(call: &Arguments<'_>) -> Result<String, Problem> {
    from_base64(call.text(0)?)
}

fn from_base64(text: &str) -> Result<String, Problem> {
    let bytes = BASE64
        .decode(text.as_bytes())
        .map_err(|_| Problem::at(0, "this is no base64"))?;
    // .NET reads bytes that are no UTF-8 as replacement characters.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn data_uri_to_string(call: &Arguments<'_>) -> Outcome {
    let uri = call.text(0)?;
    let wrong = || Problem::at(0, format!("'{uri}' is no data URI"));
    let scheme = uri.get(..5).filter(|one| one.eq_ignore_ascii_case("data:"));
    let (media, data) = scheme
        .and_then(|_| uri.get(5..))
        .and_then(|rest| rest.split_once(','))
        .ok_or_else(wrong)?;
    let parameters: Vec<&str> = media.split(';').skip(1).collect();
    let charset = parameters
        .iter()
        .find_map(|one| one.strip_prefix("charset="))
        .unwrap_or("utf-8");
    // Other encodings of characters would need tables; nothing writes them.
    if !["utf8", "utf-8", "us-ascii"].contains(&charset.to_ascii_lowercase().as_str()) {
        return Err(Problem::Unknown);
    }
    if parameters
        .iter()
        .any(|one| one.eq_ignore_ascii_case("base64"))
    {
        return call.give_text(from_base64(data)?);
    }
    call.give_text(percent_decoded(data))
}

/// An address relative to another, as RFC 3986 section 5.2 resolves it.
fn uri(call: &Arguments<'_>) -> Outcome {
    if !(call.get(0)?.is_wholly_known() && call.get(1)?.is_wholly_known()) {
        return uri_in_part(call);
    }
    let (base, relative) = (call.text(0)?, call.text(1)?);
    let Some((scheme, behind)) = base.split_once("://") else {
        return Err(Problem::at(0, format!("'{base}' is no absolute address")));
    };
    if relative.contains("://") {
        return call.give_text(Arc::clone(relative));
    }
    if let Some(host) = relative.strip_prefix("//") {
        return call.give_text(format!("{scheme}://{host}"));
    }
    let ends = |text: &str, marks: &[char]| text.find(marks).unwrap_or(text.len());
    let (host, path) = behind.split_at(ends(behind, &['/', '?', '#']));
    let (base_path, rest) = path.split_at(ends(path, &['?', '#']));
    let (path, query) = relative.split_at(ends(relative, &['?', '#']));
    let path = match path {
        "" if query.starts_with('?') => without_dots(base_path),
        // The query of the base stays, its fragment does not.
        "" => format!(
            "{}{}",
            without_dots(base_path),
            rest.get(..ends(rest, &['#'])).unwrap_or_default()
        ),
        rooted if rooted.starts_with('/') => without_dots(rooted),
        relative => {
            let directory = base_path.rfind('/').and_then(|at| base_path.get(..=at));
            without_dots(&format!("{}{relative}", directory.unwrap_or("/")))
        }
    };
    call.give_text(format!("{scheme}://{host}{path}{query}"))
}

/// The same of addresses known in part, as where templates link their neighbours:
/// `uri(deployment().properties.templateLink.uri, 'nested/x.json')` ends with the second argument,
/// after a directory that only the first one tells. Dots stay as they are.
fn uri_in_part(call: &Arguments<'_>) -> Outcome {
    let (base, relative) = (call.pieces(0)?, call.pieces(1)?);
    let Some(Piece::Literal(start)) = relative.first() else {
        return Err(Problem::Unknown);
    };
    if start.contains("://") && relative.len() == 1 {
        return call.give_text(Arc::clone(start));
    }
    if start.contains("://") || start.is_empty() || start.starts_with(['/', '?', '#']) {
        return Err(Problem::Unknown);
    }
    let mut pieces = base;
    if let Some(directory) = pieces.last().and_then(directory_at_end) {
        pieces.pop();
        pieces.push(Piece::Literal(directory));
    } else {
        let base = call.get(0)?;
        if base.is_wholly_known() {
            return Err(Problem::Unknown);
        }
        let unknown = Unknown::derived("uri directory", std::slice::from_ref(base));
        pieces = vec![Piece::Hole(Arc::new(unknown)), Piece::Literal("/".into())];
    }
    pieces.extend(relative);
    call.give_pieces(pieces)
}

/// The end of an address up to the last slash of its path, if that is in it.
fn directory_at_end(end: &Piece) -> Option<Arc<str>> {
    let Piece::Literal(text) = end else {
        return None;
    };
    let path = text.find("://").map_or(0, |at| at + "://".len());
    let slash = text.rfind('/').filter(|slash| *slash >= path)?;
    let has_query = text.contains(['?', '#']);
    (!has_query).then(|| text.get(..=slash).map(Arc::from))?
}

/// A path whose segments `.` and `..` are worked out.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                // The empty segment before the first slash stays.
                if segment == ".." && kept.len() > 1 {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    kept.join("/")
}

/// Percent encoding works on each character alone, so that an unknown piece is one afterwards.
fn uri_component(call: &Arguments<'_>) -> Outcome {
    let value = call.get(0)?;
    let pieces = match &value.data {
        Data::String(text) => vec![Piece::Literal(Arc::clone(text))],
        Data::Template(pieces) => pieces.to_vec(),
        _ => return Err(call.mismatch(value, "a string")),
    };
    let encoded = pieces.into_iter().map(|piece| match piece {
        Piece::Literal(text) => Piece::Literal(percent_encoded(&text).into()),
        Piece::Hole(unknown) => {
            let encoded = labels::derived_piece("uriComponent", &unknown, &[]);
            Piece::Hole(Arc::new(encoded))
        }
    });
    call.give_pieces(encoded.collect())
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
