//! Files, byte spans and positions.
//!
//! A [`SourceFile`] is one text that was read, with an index of its lines; a [`SourceMap`] holds
//! all of them. Everything else in the program speaks of places as [`Span`]s, pairs of byte
//! offsets, and turns them into lines and columns only here.
//!
//! What is absent: this module never opens a file.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};

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
    /// Made when a line is first asked for: most files of a run have nothing to be told of.
    lines: OnceLock<Lines>,
    byte_order_mark: u32,
}

/// Where the lines of a text begin, and how much there is before each block of it: a text may be
/// one line of some megabytes, and thousands of places in it may be asked for.
#[derive(Debug)]
struct Lines {
    starts: Vec<u32>,
    before: Vec<Width>,
}

/// How long a piece of text is, as those count who do not count bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Width {
    /// In characters (Unicode scalar values).
    pub characters: usize,
    /// In UTF-16 code units.
    pub utf16: usize,
}

impl Width {
    /// That of the characters that begin in these bytes of a text in UTF-8.
    fn of(bytes: &[u8]) -> Self {
        let characters = bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        // Characters of four bytes are those that take two units.
        let pairs = bytes.iter().filter(|byte| **byte >= 0xf0).count();
        Self {
            characters,
            utf16: characters + pairs,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            characters: self.characters + other.characters,
            utf16: self.utf16 + other.utf16,
        }
    }
}

/// How many bytes a block has.
const BLOCK: usize = 1024;

impl Lines {
    fn of(text: &str) -> Self {
        let mut starts = vec![0];
        for (offset, byte) in text.bytes().enumerate() {
            if byte == b'\n' {
                starts.push(u32::try_from(offset + 1).unwrap_or(u32::MAX));
            }
        }
        let mut before = vec![Width::default()];
        for block in text.as_bytes().chunks(BLOCK) {
            let last = before.last().copied().unwrap_or_default();
            before.push(last.and(Width::of(block)));
        }
        Self { starts, before }
    }

    /// What there is before an offset, from the beginning of the text.
    fn before(&self, text: &str, offset: usize) -> Width {
        let block = offset / BLOCK;
        let rest = text.as_bytes().get(block * BLOCK..offset);
        let before = self.before.get(block).copied().unwrap_or_default();
        before.and(Width::of(rest.unwrap_or_default()))
    }
}

impl SourceFile {
    /// Takes a path relative to the root, written with `/`, and the text. A leading byte order
    /// mark is cut off and remembered.
    #[must_use]
    pub fn new(path: impl Into<Arc<str>>, text: &str) -> Self {
        let stripped = text.strip_prefix('\u{feff}');
        let byte_order_mark = if stripped.is_some() { 3 } else { 0 };
        Self {
            path: path.into(),
            text: stripped.unwrap_or(text).into(),
            lines: OnceLock::new(),
            byte_order_mark,
        }
    }

    fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::of(&self.text))
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
        self.lines().starts.len()
    }

    /// Zero-based index of the line that holds `offset`.
    #[must_use]
    pub fn line_index(&self, offset: u32) -> usize {
        self.lines()
            .starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }

    /// Byte offset at which a zero-based line begins; the end of the text past the last line.
    #[must_use]
    pub fn line_start(&self, line_index: usize) -> u32 {
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.lines().starts.get(line_index).copied().unwrap_or(end)
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
        LineColumn {
            line: one_based(self.line_index(offset)),
            column: one_based(self.before_in_line(offset).characters),
        }
    }

    /// How much there is in a line before an offset; nothing where no character begins there.
    #[must_use]
    pub fn before_in_line(&self, offset: u32) -> Width {
        let start = self.line_start(self.line_index(offset)) as usize;
        let end = offset as usize;
        if self.text.get(start..end).is_none() {
            return Width::default();
        }
        let lines = self.lines();
        let (whole, earlier) = (
            lines.before(&self.text, end),
            lines.before(&self.text, start),
        );
        Width {
            characters: whole.characters - earlier.characters,
            utf16: whole.utf16 - earlier.utf16,
        }
    }
}

/// What a part of a generated file was generated from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// What it is called there, for people.
    pub words: Arc<str>,
    /// Where it stands there, if that was found.
    pub place: Option<Span>,
}

/// All files of a run, by [`FileId`].
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<Arc<SourceFile>>,
    /// Files that were met after the others were numbered.
    late: BTreeMap<FileId, Arc<SourceFile>>,
    /// The parts of each generated file; of two that overlap one holds the other.
    generated: BTreeMap<FileId, Vec<(Span, Declared)>>,
}

impl SourceMap {
    /// Builds the map; a file's place in the list is its [`FileId`].
    #[must_use]
    pub fn new(files: Vec<Arc<SourceFile>>) -> Self {
        Self {
            files,
            late: BTreeMap::new(),
            generated: BTreeMap::new(),
        }
    }

    /// Says of parts of a file what they were generated from.
    pub fn generated(&mut self, file: FileId, parts: Vec<(Span, Declared)>) {
        self.generated.insert(file, parts);
    }

    /// What the innermost part around a place was generated from.
    #[must_use]
    pub fn declared(&self, place: Span) -> Option<&Declared> {
        let parts = self.generated.get(&place.file)?;
        parts
            .iter()
            .filter(|(part, _)| part.contains(place))
            .min_by_key(|(part, _)| part.end.saturating_sub(part.start))
            .map(|(_, declared)| declared)
    }

    /// Appends a file and names it.
    pub fn push(&mut self, file: Arc<SourceFile>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(file);
        id
    }

    /// Adds a file whose id is not its place in the list.
    pub fn add_late(&mut self, id: FileId, file: Arc<SourceFile>) {
        self.late.insert(id, file);
    }

    /// The file, if the id belongs to this map.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&Arc<SourceFile>> {
        let file = self.files.get(id.0 as usize);
        file.or_else(|| self.late.get(&id))
    }

    /// All files in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Arc<SourceFile>)> {
        let late = self.late.iter().map(|(id, file)| (*id, file));
        (0_u32..).map(FileId).zip(&self.files).chain(late)
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
    fn columns_of_a_line_of_many_blocks_are_those_that_counting_gives() {
        let text = "a\n".to_owned() + &"xyz\u{10d}\u{1f600}".repeat(700) + "\nend";
        let file = SourceFile::new("x", &text);
        let (mut line, mut column) = (1, 1);
        for (offset, character) in text.char_indices() {
            let at = file.line_column(u32::try_from(offset).unwrap());
            assert_eq!((at.line.get(), at.column.get()), (line, column));
            let before = text.get(..offset).unwrap();
            let in_line = before.rsplit('\n').next().unwrap();
            let width = file.before_in_line(u32::try_from(offset).unwrap());
            assert_eq!(width.utf16, in_line.encode_utf16().count());
            column += 1;
            if character == '\n' {
                (line, column) = (line + 1, 1);
            }
        }
        for length in [BLOCK - 1, BLOCK, BLOCK + 1] {
            let file = SourceFile::new("x", &"x".repeat(length));
            let end = file.line_column(u32::try_from(length).unwrap());
            assert_eq!(end.column.get() as usize, length + 1);
        }
    }

    #[test]
    fn thousands_of_places_in_one_long_line_are_told_in_linear_time() {
        let file = SourceFile::new("x", &"x".repeat(4 << 20));
        for offset in (0..4 << 20).step_by(200) {
            let column = file.line_column(offset).column.get();
            assert_eq!(column, offset + 1);
        }
    }

    #[test]
    fn a_place_in_a_generated_file_was_declared_by_the_innermost_part_around_it() {
        let file = FileId(0);
        let mut sources = SourceMap::default();
        let declared = |words: &str| Declared {
            words: words.into(),
            place: None,
        };
        let parts = [(0, 90, "module"), (10, 20, "inner"), (30, 40, "other")];
        let parts = parts.map(|(start, end, words)| (Span::new(file, start, end), declared(words)));
        sources.generated(file, parts.to_vec());
        let words = |start, end| {
            let declared = sources.declared(Span::new(file, start, end));
            declared.map(|it| &*it.words)
        };
        assert_eq!(words(12, 20), Some("inner"));
        assert_eq!(words(18, 25), Some("module"));
        assert_eq!(words(80, 95), None);
    }

    #[test]
    fn a_span_past_the_end_reads_as_nothing() {
        let file = SourceFile::new("x", "ab");
        assert_eq!(file.slice(Span::new(FileId(0), 1, 9)), "");
        assert_eq!(file.line_column(9).line.get(), 1);
    }
}
