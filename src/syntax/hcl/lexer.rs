//! The shape of HCL: where brackets, strings, heredocs, templates and comments begin and end.
//!
//! It never fails and never recurses; what is not closed stays on the stack.

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Newline,
    /// `#` or `//` up to the end of the line, or `/* */`.
    Comment,
    Word,
    Number,
    /// `=`, but not `==` or `=>`.
    Assign,
    Colon,
    Comma,
    /// A bracket of any kind, `${` or `%{`.
    Open,
    Close,
    QuoteOpen,
    QuoteClose,
    HeredocOpen,
    HeredocClose,
    /// A part of a string or heredoc.
    Text,
    /// Any other operator, and what is no part of the language.
    Symbol,
    /// After the last token; the lexer itself gives none.
    End,
}

/// A token and its place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    Paren,
    Bracket,
    Brace,
    /// `${` or `%{`
    Interpolation,
    Quote,
    /// From the first line to the end marker, which stands at these places in the text. A marker
    /// of no length never comes: the frame of a bare template.
    Heredoc {
        marker_start: usize,
        marker_end: usize,
    },
}

/// Something open, and where its first character is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: FrameKind,
    pub(super) open: usize,
}

/// What was never closed although its place ended, with the offset of its first character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unclosed {
    /// A quoted string at the end of its line.
    String(usize),
    /// `/*`
    Comment(usize),
    /// A bracket that another kind of bracket tried to close.
    Bracket(usize),
}

/// A closing bracket that fits none of so many open ones is taken for a slip and ignored.
const MISTAKEN: usize = 50;

/// Cuts a text into [`Token`]s.
pub(super) struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Frame>,
    /// Whether the next heredoc text begins a line.
    line_start: bool,
    /// The first thing that was not closed.
    pub(super) unclosed: Option<Unclosed>,
}

impl<'a> Lexer<'a> {
    /// Starts in a body or expression.
    pub(super) fn new(text: &'a str, at: usize) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at,
            stack: Vec::new(),
            line_start: false,
            unclosed: None,
        }
    }

    /// Starts within a template that ends with the text.
    pub(super) fn template(text: &'a str) -> Self {
        let mut lexer = Self::new(text, 0);
        lexer.push(
            FrameKind::Heredoc {
                marker_start: 0,
                marker_end: 0,
            },
            0,
        );
        lexer
    }

    /// What is open after the last token, outermost first.
    pub(super) fn stack(&self) -> &[Frame] {
        &self.stack
    }

    fn top(&self) -> Option<FrameKind> {
        self.stack.last().map(|frame| frame.kind)
    }

    fn push(&mut self, kind: FrameKind, open: usize) {
        self.stack.push(Frame { kind, open });
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn skip_while(&mut self, fits: impl Fn(u8) -> bool) {
        self.at += self
            .rest()
            .iter()
            .position(|byte| !fits(*byte))
            .unwrap_or(self.rest().len());
    }

    fn note(&mut self, unclosed: Unclosed) {
        self.unclosed.get_or_insert(unclosed);
    }

    fn quoted(&mut self) -> Option<TokenKind> {
        let start = self.at;
        loop {
            match self.peek(0) {
                b'"' if self.at > start => return Some(TokenKind::Text),
                b'"' => {
                    self.at += 1;
                    self.stack.pop();
                    return Some(TokenKind::QuoteClose);
                }
                b'\n' => {
                    if let Some(frame) = self.stack.pop() {
                        self.note(Unclosed::String(frame.open));
                    }
                    return (self.at > start).then_some(TokenKind::Text);
                }
                b'\\' if self.peek(1) != b'\n' => self.at += 2,
                0 if self.at >= self.bytes.len() => {
                    self.at = self.bytes.len();
                    return (self.at > start).then_some(TokenKind::Text);
                }
                byte => {
                    if let Some(kind) = self.marker(byte, start) {
                        return Some(kind);
                    }
                }
            }
        }
    }

    /// Steps over one byte of a template, or opens an interpolation.
    fn marker(&mut self, byte: u8, start: usize) -> Option<TokenKind> {
        if !matches!(byte, b'$' | b'%') {
            self.at += 1;
        } else if self.peek(1) == byte && self.peek(2) == b'{' {
            self.at += 3;
        } else if self.peek(1) != b'{' {
            self.at += 1;
        } else if self.at > start {
            return Some(TokenKind::Text);
        } else {
            self.push(FrameKind::Interpolation, self.at);
            self.at += 2;
            return Some(TokenKind::Open);
        }
        None
    }

    fn heredoc(&mut self, marker_start: usize, marker_end: usize) -> Option<TokenKind> {
        let start = self.at;
        let marker = self.bytes.get(marker_start..marker_end).unwrap_or_default();
        loop {
            if self.line_start && !marker.is_empty() {
                self.line_start = false;
                let rest = self.rest();
                let line = rest.split(|byte| *byte == b'\n').next().unwrap_or(rest);
                if line.trim_ascii() == marker {
                    if self.at > start {
                        self.line_start = true;
                        return Some(TokenKind::Text);
                    }
                    let indent = line.len() - line.trim_ascii_start().len();
                    self.at += indent + marker.len();
                    self.stack.pop();
                    return Some(TokenKind::HeredocClose);
                }
            }
            match self.peek(0) {
                b'\n' => {
                    self.at += 1;
                    self.line_start = true;
                }
                0 if self.at >= self.bytes.len() => {
                    return (self.at > start).then_some(TokenKind::Text);
                }
                byte => {
                    if let Some(kind) = self.marker(byte, start) {
                        return Some(kind);
                    }
                }
            }
        }
    }

    fn plain(&mut self) -> Option<TokenKind> {
        let start = self.at;
        let first = self.peek(0);
        let second = self.peek(1);
        Some(match first {
            0 if self.at >= self.bytes.len() => return None,
            b'\n' => self.symbol(1, TokenKind::Newline),
            b'#' => self.line_comment(),
            b'/' if second == b'/' => self.line_comment(),
            b'/' if second == b'*' => self.block_comment(),
            b'"' => {
                self.push(FrameKind::Quote, start);
                self.symbol(1, TokenKind::QuoteOpen)
            }
            b'<' if second == b'<' => self.heredoc_open(),
            b'(' => self.open(FrameKind::Paren),
            b'[' => self.open(FrameKind::Bracket),
            b'{' => self.open(FrameKind::Brace),
            b')' | b']' | b'}' => self.close(first),
            b',' => self.symbol(1, TokenKind::Comma),
            b':' if second == b':' => self.symbol(2, TokenKind::Symbol),
            b':' => self.symbol(1, TokenKind::Colon),
            b'=' if matches!(second, b'=' | b'>') => self.symbol(2, TokenKind::Symbol),
            b'=' => self.symbol(1, TokenKind::Assign),
            b'!' | b'<' | b'>' if second == b'=' => self.symbol(2, TokenKind::Symbol),
            b'&' | b'|' if second == first => self.symbol(2, TokenKind::Symbol),
            b'.' if second == b'.' && self.peek(2) == b'.' => self.symbol(3, TokenKind::Symbol),
            b'0'..=b'9' => self.number(),
            byte if starts_word(byte) => self.word(),
            _ => self.symbol(1, TokenKind::Symbol),
        })
    }

    fn symbol(&mut self, length: usize, kind: TokenKind) -> TokenKind {
        self.at += length;
        kind
    }

    /// Digits, with a fraction and an exponent where there are digits in them.
    fn number(&mut self) -> TokenKind {
        self.skip_while(|byte| byte.is_ascii_digit());
        if self.peek(0) == b'.' && self.peek(1).is_ascii_digit() {
            self.at += 1;
            self.skip_while(|byte| byte.is_ascii_digit());
        }
        let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
        if matches!(self.peek(0), b'e' | b'E') && self.peek(1 + sign).is_ascii_digit() {
            self.at += 1 + sign;
            self.skip_while(|byte| byte.is_ascii_digit());
        }
        TokenKind::Number
    }

    /// A name; a character that can stand in none is a symbol.
    fn word(&mut self) -> TokenKind {
        let start = self.at;
        loop {
            self.skip_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(next) = rest.chars().next().filter(|next| !next.is_ascii()) else {
                return TokenKind::Word;
            };
            let begins = self.at == start;
            let fits = next.is_alphabetic() || !begins && continues_word(next);
            if begins && !fits {
                return self.symbol(next.len_utf8(), TokenKind::Symbol);
            }
            if !fits {
                return TokenKind::Word;
            }
            self.at += next.len_utf8();
        }
    }

    fn line_comment(&mut self) -> TokenKind {
        self.skip_while(|byte| byte != b'\n');
        if self.bytes.get(self.at.wrapping_sub(1)) == Some(&b'\r') {
            self.at -= 1;
        }
        TokenKind::Comment
    }

    fn block_comment(&mut self) -> TokenKind {
        let body = self.rest().get(2..).unwrap_or_default();
        match body.windows(2).position(|pair| pair == b"*/") {
            Some(end) => self.at += end + 4,
            None => {
                self.note(Unclosed::Comment(self.at));
                self.at = self.bytes.len();
            }
        }
        TokenKind::Comment
    }

    fn heredoc_open(&mut self) -> TokenKind {
        let start = self.at;
        self.at += if self.peek(2) == b'-' { 3 } else { 2 };
        let marker_start = self.at;
        if starts_word(self.peek(0)) {
            self.word();
        }
        let marker_end = self.at;
        let line_end = usize::from(self.peek(0) == b'\r');
        if marker_end == marker_start || self.peek(line_end) != b'\n' {
            self.at = start;
            return self.symbol(2, TokenKind::Symbol);
        }
        self.at += line_end + 1;
        self.line_start = true;
        self.push(
            FrameKind::Heredoc {
                marker_start,
                marker_end,
            },
            start,
        );
        TokenKind::HeredocOpen
    }

    fn open(&mut self, kind: FrameKind) -> TokenKind {
        self.push(kind, self.at);
        self.symbol(1, TokenKind::Open)
    }

    fn close(&mut self, byte: u8) -> TokenKind {
        let closes = |frame: &Frame| match frame.kind {
            FrameKind::Paren => byte == b')',
            FrameKind::Bracket => byte == b']',
            FrameKind::Brace | FrameKind::Interpolation => byte == b'}',
            FrameKind::Quote | FrameKind::Heredoc { .. } => false,
        };
        let is_text =
            |frame: &Frame| matches!(frame.kind, FrameKind::Quote | FrameKind::Heredoc { .. });
        let inner = self.stack.iter().rev().take(MISTAKEN);
        let found = inner
            .take_while(|frame| !is_text(frame))
            .position(closes)
            .and_then(|above| self.stack.len().checked_sub(above + 1));
        if let Some(found) = found {
            if let Some(open) = self.stack.get(found + 1) {
                self.note(Unclosed::Bracket(open.open));
            }
            self.stack.truncate(found);
        }
        self.symbol(1, TokenKind::Close)
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let start = self.at;
            let kind = match self.top() {
                Some(FrameKind::Quote) => self.quoted(),
                Some(FrameKind::Heredoc {
                    marker_start,
                    marker_end,
                }) => self.heredoc(marker_start, marker_end),
                _ => {
                    self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
                    let start = self.at;
                    let kind = self.plain()?;
                    return Some(self.token(kind, start));
                }
            };
            match kind {
                Some(kind) => return Some(self.token(kind, start)),
                None if self.at >= self.bytes.len() => return None,
                None => {}
            }
        }
    }
}

impl Lexer<'_> {
    fn token(&mut self, kind: TokenKind, start: usize) -> Token {
        self.at = self.at.min(self.bytes.len());
        Token {
            kind,
            start,
            end: self.at,
        }
    }
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

/// Numerals and marks such as those Unicode lets an identifier go on with.
fn continues_word(character: char) -> bool {
    character.is_alphanumeric()
        || matches!(
            character,
            '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}'
        )
        || matches!(character, '\u{203f}' | '\u{2040}' | '\u{483}'..='\u{487}' | '\u{591}'..='\u{5bd}')
}
