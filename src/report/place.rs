//! Spans as the positions formats write: paths, lines and columns, all from one.

use crate::source::{SourceMap, Span};

/// Where a span begins and ends. The end is the position after the last character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// From the root, with `/`.
    pub path: String,
    /// Line of the first character.
    pub line: u32,
    /// Column of the first character, in the unit asked for.
    pub column: u32,
    /// Line of the last character.
    pub end_line: u32,
    /// Column after the last character.
    pub end_column: u32,
}

/// What a column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Unicode scalar values, as editors show them.
    Characters,
    /// UTF-16 code units, as SARIF and language servers count by default.
    Utf16,
}

/// The place of a span; an empty path for a file the map does not hold.
#[must_use]
pub fn place(sources: &SourceMap, span: Span, unit: Unit) -> Place {
    let Some(file) = sources.get(span.file) else {
        return Place {
            path: String::new(),
            line: 1,
            column: 1,
            end_line: 1,
            end_column: 1,
        };
    };
    let length = u32::try_from(file.text().len()).unwrap_or(u32::MAX);
    let position = |offset: u32| {
        let offset = offset.min(length);
        let before = file.before_in_line(offset);
        let column = match unit {
            Unit::Characters => before.characters,
            Unit::Utf16 => before.utf16,
        };
        (from_one(file.line_index(offset)), from_one(column))
    };
    let (line, column) = position(span.start);
    let (end_line, end_column) = position(span.end);
    Place {
        path: file.path().to_string(),
        line,
        column,
        end_line,
        end_column,
    }
}

fn from_one(from_zero: usize) -> u32 {
    u32::try_from(from_zero)
        .unwrap_or(u32::MAX)
        .saturating_add(1)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::{FileId, SourceFile};

    #[test]
    fn a_column_counts_characters_or_utf16_units() {
        let file = SourceFile::new("a.tf", "x\r\n\"𝄞é\" port");
        let start = u32::try_from(file.text().find("port").unwrap()).unwrap();
        let sources = SourceMap::new(vec![Arc::new(file)]);
        let span = Span::new(FileId(0), start, start + 4);
        let at = |unit| {
            let place = place(&sources, span, unit);
            (place.line, place.column, place.end_line, place.end_column)
        };
        assert_eq!(at(Unit::Characters), (2, 6, 2, 10));
        assert_eq!(at(Unit::Utf16), (2, 7, 2, 11));
    }
}
