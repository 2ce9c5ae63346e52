//! Tokens one after the other, what of them means nothing left out.

use super::lexer::{Token, TokenKind};
use super::parse::{NESTED, Place, too_deep};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// What was read, or the first thing that cannot be.
pub(super) type Outcome<T> = Result<T, Box<Diagnostic>>;

/// Reads the tokens of one item, expression or template.
pub(super) struct Cursor<'a> {
    pub(super) place: Place<'a>,
    tokens: &'a [Token],
    at: usize,
    /// Whether newlines mean nothing: within parentheses, brackets, `${` and `for`.
    joined: bool,
    depth: usize,
    /// Whether the attribute is `providers`, whose keys name configurations: `azurerm.hub`.
    pub(super) names_providers: bool,
    /// What is wrong and loses only a part.
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(place: Place<'a>, tokens: &'a [Token], joined: bool) -> Self {
        Self {
            place,
            tokens,
            at: 0,
            joined,
            depth: 0,
            names_providers: false,
            diagnostics: Vec::new(),
        }
    }

    /// The next token that means something; [`TokenKind::End`] after the last.
    pub(super) fn peek(&mut self) -> Token {
        loop {
            match self.tokens.get(self.at) {
                Some(token) if self.joined && token.kind == TokenKind::Newline => self.at += 1,
                Some(token) => return *token,
                None => {
                    let end = self.tokens.last().map_or(0, |token| token.end);
                    return Token {
                        kind: TokenKind::End,
                        start: end,
                        end,
                    };
                }
            }
        }
    }

    /// The kind of the token right after the next one.
    pub(super) fn kind_after_next(&mut self) -> TokenKind {
        self.peek();
        let after = self.tokens.get(self.at + 1);
        after.map_or(TokenKind::End, |token| token.kind)
    }

    /// Takes the next token.
    pub(super) fn take(&mut self) -> Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    /// Takes the next token if it is of a kind.
    pub(super) fn take_if(&mut self, kind: TokenKind) -> Option<Token> {
        (self.peek().kind == kind).then(|| self.take())
    }

    /// Takes the next token if it is this bracket or operator.
    pub(super) fn take_mark(&mut self, mark: &str) -> Option<Token> {
        self.is_mark(mark).then(|| self.take())
    }

    /// Whether the next token is this bracket or operator.
    pub(super) fn is_mark(&mut self, mark: &str) -> bool {
        let token = self.peek();
        matches!(
            token.kind,
            TokenKind::Open | TokenKind::Close | TokenKind::Symbol
        ) && self.text(token) == mark
    }

    /// Whether the next token is this word.
    pub(super) fn is_word(&mut self, word: &str) -> bool {
        let token = self.peek();
        token.kind == TokenKind::Word && self.text(token) == word
    }

    /// What a token consists of.
    pub(super) fn text(&self, token: Token) -> &'a str {
        self.place.text.get(token.start..token.end).unwrap_or("")
    }

    /// The place of a token.
    pub(super) fn span(&self, token: Token) -> Span {
        self.place.span(token.start, token.end)
    }

    /// Lets newlines mean something or nothing from now on; gives back what was before.
    pub(super) fn join_lines(&mut self, joined: bool) -> bool {
        std::mem::replace(&mut self.joined, joined)
    }

    /// Notes that reading goes one level deeper.
    pub(super) fn enter(&mut self) -> Outcome<()> {
        self.depth += 1;
        if self.depth > NESTED {
            let token = self.peek();
            return Err(Box::new(too_deep(self.span(token))));
        }
        Ok(())
    }

    /// Notes that a level is done. After a failure nothing more is read, so it need not be noted.
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Refuses the next token; where a line or the whole text ends, the token before it.
    pub(super) fn refuse<T>(&mut self, message: &str) -> Outcome<T> {
        let token = self.peek();
        let shown = match token.kind {
            TokenKind::Newline | TokenKind::End => {
                let before = self.tokens.iter().take(self.at).rev();
                before
                    .copied()
                    .find(|before| before.kind != TokenKind::Newline)
            }
            _ => None,
        };
        let shown = shown.unwrap_or(token);
        let diagnostic = Diagnostic::unreadable("hcl-syntax", self.span(shown), message);
        let help = match self.text(shown) {
            "'" => "strings stand in double quotes",
            "&" => "write `&&`",
            "|" => "write `||`",
            ";" => "each attribute stands on its own line",
            _ => return Err(Box::new(diagnostic)),
        };
        Err(Box::new(diagnostic.with_help(help)))
    }
}
