//! Base64, percent encoding and CSV.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

/// Bytes to standard base64 with padding.
#[must_use]
pub fn base64_encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Standard base64, with or without padding, to bytes.
///
/// # Errors
/// If it is no base64.
pub fn base64_decode(text: &str) -> Result<Vec<u8>, String> {
    let lenient = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    lenient
        .decode(text)
        .map_err(|_| "the text is no base64".to_owned())
}

/// A string as it stands in a query: letters, digits, `-_.~` stay, a space becomes `+`.
#[must_use]
pub fn url_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Rows and fields of CSV as RFC 4180 has it; empty lines are skipped.
///
/// # Errors
/// For a quote that is not closed.
pub fn csv_rows(text: &str) -> Result<Vec<Vec<String>>, String> {
    // The reader takes an open quote for a field that goes on to the end of the text.
    if text.matches('"').count() % 2 == 1 {
        return Err("a quote is not closed".to_owned());
    }
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
        .records()
        .map(|record| match record {
            Ok(record) => Ok(record.iter().map(str::to_owned).collect()),
            Err(error) => Err(error.to_string()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_goes_both_ways_with_and_without_padding() {
        assert_eq!(base64_encode(b"hello"), "aGVsbG8=");
        assert_eq!(base64_decode("aGVsbG8=").unwrap(), b"hello");
        assert_eq!(base64_decode("aGVsbG8").unwrap(), b"hello");
        assert!(base64_decode("a*b").is_err());
    }

    #[test]
    fn csv_knows_quotes_and_both_newlines() {
        let rows = csv_rows("a,b\r\n1,\"x, \"\"y\"\"\"\n\n2,\n").unwrap();
        assert_eq!(rows, [["a", "b"], ["1", "x, \"y\""], ["2", ""]]);
        assert!(csv_rows("\"a").is_err());
    }

    #[test]
    fn queries_are_percent_encoded() {
        assert_eq!(url_encode("a b&c/ü~"), "a+b%26c%2F%C3%BC~");
    }
}
