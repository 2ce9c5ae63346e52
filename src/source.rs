//! Files, byte spans and positions.
//!
//! A [`SourceFile`] is one text that was read, with an index of its lines; a [`SourceMap`] holds
//! all of them. Everything else in the program speaks of places as [`Span`]s, pairs of byte
//! offsets, and turns them into lines and columns only here.
//!
//! What is absent: this module never opens a file.

use std::num::NonZeroU32;
use std::sync::Arc;

/// Names one file of a [`SourceMap`]. Ids follow the sorted order of paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A half-open range of byte offsets in the text of one file.
///
/// Offsets count the text as [`SourceFile::text`] gives it: without a byte order mark, and after
/// transcoding if the file was UTF-16. They always lie on character boundaries.
///
/// ```
/// use aznet::source::{FileId, Span};
/// let span = Span::new(FileId(0), 4, 9);
/// assert_eq!(span.len(), 5);
/// assert!(span.contains(Span::new(FileId(0), 5, 9)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file the offsets count in.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span from `start` to `end`; an `end` before `start` gives an empty span at `start`.
    #[must_use]
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Self {
            file,
            start,
            end: end.max(start),
        }
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether the span covers no byte.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `other` lies in the same file and wholly within this span.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// The smallest span over both; `self` when they lie in different files.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        if self.file != other.file {
            return self;
        }
        Self::new(
            self.file,
            self.start.min(other.start),
            self.end.max(other.end),
        )
    }
}

/// A position as editors and CI services count it: both numbers start at one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineColumn {
    /// Line, from one.
    pub line: NonZeroU32,
    /// Column in characters (Unicode scalar values), from one.
    pub column: NonZeroU32,
}

fn one_based(zero_based: usize) -> NonZeroU32 {
    u32::try_from(zero_based)
        .ok()
        .and_then(|n| NonZeroU32::MIN.checked_add(n))
        .unwrap_or(NonZeroU32::MAX)
}

/// One text that was read, and where its lines begin.
#[derive(Debug)]
pub struct SourceFile {
    path: Arc<str>,
    text: Arc<str>,
    line_starts: Vec<u32>,
    byte_order_mark: u32,
}

impl SourceFile {
    /// Takes a path relative to the root, written with `/`, and the text. A leading byte order
    /// mark is cut off and remembered.
    #[must_use]
    pub fn new(path: impl Into<Arc<str>>, text: &str) -> Self {
        let stripped = text.strip_prefix('\u{feff}');
        let byte_order_mark = if stripped.is_some() { 3 } else { 0 };
        let text: Arc<str> = stripped.unwrap_or(text).into();
        let mut line_starts = vec![0];
        for (offset, byte) in text.bytes().enumerate() {
            if byte == b'\n' {
                line_starts.push(u32::try_from(offset + 1).unwrap_or(u32::MAX));
            }
        }
        Self {
            path: path.into(),
            text,
            line_starts,
            byte_order_mark,
        }
    }

    /// The path relative to the root of the run, with `/` on every system.
    #[must_use]
    pub fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// The text without its byte order mark.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Number of bytes to add to an offset to get the place in the file on disk (3 after a UTF-8
    /// byte order mark, else 0).
    #[must_use]
    pub fn byte_order_mark_length(&self) -> u32 {
        self.byte_order_mark
    }

    /// The text a span covers; empty where the span does not fit this file.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }

    /// Number of lines; a text without a newline has one.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// Zero-based index of the line that holds `offset`.
    #[must_use]
    pub fn line_index(&self, offset: u32) -> usize {
        self.line_starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }

    /// Byte offset at which a zero-based line begins; the end of the text past the last line.
    #[must_use]
    pub fn line_start(&self, line_index: usize) -> u32 {
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.line_starts.get(line_index).copied().unwrap_or(end)
    }

    /// Line and column of a byte offset.
    ///
    /// ```
    /// use aznet::source::SourceFile;
    /// let file = SourceFile::new("a.tf", "x = 1\ny = \"é\" # z\n");
    /// let at = file.line_column(file.text().find('#').unwrap() as u32);
    /// assert_eq!((at.line.get(), at.column.get()), (2, 9));
    /// ```
    #[must_use]
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let line_index = self.line_index(offset);
        let before = self
            .text
            .get(self.line_start(line_index) as usize..offset as usize);
        let column = before.map_or(0, |text| text.chars().count());
        LineColumn {
            line: one_based(line_index),
            column: one_based(column),
        }
    }
}

/// All files of a run, by [`FileId`].
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<Arc<SourceFile>>,
}

impl SourceMap {
    /// Builds the map; a file's place in the list is its [`FileId`].
    #[must_use]
    pub fn new(files: Vec<Arc<SourceFile>>) -> Self {
        Self { files }
    }

    /// Appends a file and names it.
    pub fn push(&mut self, file: Arc<SourceFile>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(file);
        id
    }

    /// The file, if the id belongs to this map.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&Arc<SourceFile>> {
        self.files.get(id.0 as usize)
    }

    /// All files in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Arc<SourceFile>)> {
        (0_u32..).map(FileId).zip(&self.files)
    }

    /// The text a span covers.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.file).map_or("", |file| file.slice(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_survive_crlf_and_bom() {
        let file = SourceFile::new("x", "\u{feff}ab\r\nčd");
        assert_eq!(file.byte_order_mark_length(), 3);
        assert_eq!(file.line_count(), 2);
        let d = u32::try_from(file.text().find('d').unwrap()).unwrap();
        let at = file.line_column(d);
        assert_eq!((at.line.get(), at.column.get()), (2, 2));
        assert_eq!(file.slice(Span::new(FileId(0), 0, 2)), "ab");
    }

    #[test]
    fn a_span_past_the_end_reads_as_nothing() {
        let file = SourceFile::new("x", "ab");
        assert_eq!(file.slice(Span::new(FileId(0), 1, 9)), "");
        assert_eq!(file.line_column(9).line.get(), 1);
    }
}
