//! Several documents one after the other in one text: lines of JSON, or what a loop of commands
//! appended to a file.

use std::ops::Range;

/// Where each of several documents of a text stands; `None` where the text is not objects and
/// arrays with nothing but white space and comments between them, or holds only one.
///
/// Brackets within a document are only counted: whether it is right shows when it is parsed.
pub(super) fn documents(text: &str) -> Option<Vec<Range<usize>>> {
    let bytes = text.as_bytes();
    let mut documents = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    documents.push(start..at + 1);
                }
            }
            b'/' => at = end_of_comment(bytes, at)?,
            b'"' if depth > 0 => at = end_of_string(bytes, at)?,
            _ if depth > 0 || byte.is_ascii_whitespace() => {}
            _ => return None,
        }
        at += 1;
    }
    (depth == 0 && documents.len() > 1).then_some(documents)
}

/// The closing quote of the string that begins at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The last byte of the comment that begins at `start`.
fn end_of_comment(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = bytes.get(start + 1..)?;
    let length = match rest.first()? {
        b'/' => rest
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(rest.len() - 1),
        b'*' => rest.windows(2).skip(1).position(|pair| pair == b"*/")? + 2,
        _ => return None,
    };
    Some(start + 1 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<Vec<&str>> {
        documents(text).map(|found| found.into_iter().map(|range| &text[range]).collect())
    }

    #[test]
    fn documents_stand_one_after_the_other() {
        assert_eq!(
            parts("{\"a\": \"}\\\"{\"}\n[1]{ // }\n}\n"),
            Some(vec!["{\"a\": \"}\\\"{\"}", "[1]", "{ // }\n}"])
        );
        assert_eq!(parts("{} /* { */ {}"), Some(vec!["{}", "{}"]));
    }

    #[test]
    fn one_document_and_anything_else_are_no_stream() {
        for text in [
            "{}", "", "{} x {}", "{} {", "{}}", "1 2", "{} \"", "{} /", "{} /* {}",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }
}
