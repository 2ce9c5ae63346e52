//! What a Bicep file declares, found by a light scan.
//!
//! No parser: the scan knows comments, strings and brackets, and with them finds `resource`,
//! `module`, `param` and `var` where a statement begins, at the top and within the body of another
//! resource. Every text gives an answer in one pass; what is not understood declares nothing.

use std::ops::Range;

/// How deep resources may be declared within others, as far as the scan follows.
const MAX_SYMBOL: usize = 256;

/// One declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declaration {
    /// What is declared.
    pub(super) kind: Kind,
    /// The whole symbol, for a resource within another as the compiler writes it:
    /// `network::subnet`.
    pub(super) symbol: String,
    /// The bytes of the name.
    pub(super) name: Range<usize>,
    /// What its `name` property is set to, as far as that is simple.
    pub(super) called: Option<Called>,
}

/// What is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A resource: its whole type, its version, and whether it is only looked up.
    Resource {
        kind: String,
        version: Option<String>,
        existing: bool,
    },
    /// A module, by the path or address as written.
    Module(String),
    Parameter,
    Variable,
}

/// A name that can be compared with what the compiler makes of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Called {
    /// `'web'`
    Literal(String),
    /// `webName`: a parameter or variable.
    Symbol(String),
    /// `'${prefix}-web'`: the texts around the holes.
    Interpolated(Vec<String>),
}

/// All declarations of a file, in order.
pub(super) fn declarations(text: &str) -> Vec<Declaration> {
    let mut scan = Scan {
        text,
        bytes: text.as_bytes(),
        at: 0,
        open: Vec::new(),
        starts: true,
        awaited: None,
        called: None,
        found: Vec::new(),
    };
    scan.run();
    scan.found
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// The brackets around, each with the declaration whose body it is.
    open: Vec<(u8, Option<usize>)>,
    /// Whether a statement or property may begin here.
    starts: bool,
    /// A declaration whose body has not begun, and how many brackets are around it.
    awaited: Option<(usize, usize)>,
    /// A name that is being read: whose, from where, within how many brackets.
    called: Option<(usize, usize, usize)>,
    found: Vec<Declaration>,
}

impl Scan<'_> {
    fn run(&mut self) {
        while let Some(byte) = self.byte(self.at) {
            match byte {
                b'\n' | b',' => {
                    self.end_of_name();
                    self.starts = true;
                    self.at += 1;
                }
                b'/' if self.byte(self.at + 1) == Some(b'/') => {
                    self.end_of_name();
                    self.at = line_end(self.bytes, self.at);
                }
                b'/' if self.byte(self.at + 1) == Some(b'*') => {
                    self.end_of_name();
                    self.at = after(self.text, self.at + 2, "*/");
                }
                // A directive for the compiler.
                b'#' if self.starts => self.at = line_end(self.bytes, self.at),
                b'\'' => {
                    self.starts = false;
                    self.at = string_end(self.text, self.at);
                }
                b'{' | b'[' | b'(' => self.opened(byte),
                b'}' | b']' | b')' => {
                    self.end_of_name();
                    self.open.pop();
                    self.starts = false;
                    self.at += 1;
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                _ if is_word(byte) => self.word(),
                _ => {
                    self.starts = false;
                    self.at += 1;
                }
            }
        }
        self.end_of_name();
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    fn opened(&mut self, byte: u8) {
        let depth = self.open.len();
        let body = match self.awaited {
            Some((whose, outer)) if byte == b'{' => {
                // The body itself, or that of a loop.
                let in_loop = depth == outer + 1
                    && self
                        .open
                        .last()
                        .is_some_and(|(bracket, _)| *bracket == b'[');
                (depth == outer || in_loop).then_some(whose)
            }
            _ => None,
        };
        if body.is_some() {
            self.awaited = None;
        }
        self.open.push((byte, body));
        self.starts = body.is_some();
        self.at += 1;
    }

    fn word(&mut self) {
        let start = self.at;
        let end = word_end(self.bytes, start);
        let starts = std::mem::replace(&mut self.starts, false);
        self.at = end;
        let body = match self.open.last() {
            None => None,
            Some((_, Some(whose))) => Some(*whose),
            Some(_) => return,
        };
        if !starts {
            return;
        }
        match (self.text.get(start..end).unwrap_or_default(), body) {
            ("resource", _) => self.resource(body),
            ("module", None) => self.module(),
            ("param", None) => self.named(Kind::Parameter),
            ("var", None) => self.named(Kind::Variable),
            ("name", Some(whose)) => {
                let colon = self.blank(end);
                if self.byte(colon) == Some(b':') {
                    self.at = colon + 1;
                    self.called = Some((whose, colon + 1, self.open.len()));
                }
            }
            _ => {}
        }
    }

    fn resource(&mut self, outer: Option<usize>) {
        let Some((name, target, end)) = self.header() else {
            return;
        };
        let (own, version) = match target.split_once('@') {
            Some((kind, version)) => (kind, Some(version.to_owned())),
            None => (target, None),
        };
        let own_name = self.text.get(name.clone()).unwrap_or_default();
        let (kind, version, symbol) = match outer.and_then(|outer| self.found.get(outer)) {
            None => (own.to_owned(), version, own_name.to_owned()),
            Some(outer) => {
                let Kind::Resource {
                    kind: outer_kind,
                    version: outer_version,
                    ..
                } = &outer.kind
                else {
                    return;
                };
                if outer.symbol.len() > MAX_SYMBOL {
                    return;
                }
                (
                    format!("{outer_kind}/{own}"),
                    version.or_else(|| outer_version.clone()),
                    format!("{}::{own_name}", outer.symbol),
                )
            }
        };
        let word = self.blank(end);
        let existing = self.text.get(word..word_end(self.bytes, word)) == Some("existing");
        let kind = Kind::Resource {
            kind,
            version,
            existing,
        };
        self.declare(kind, symbol, name, end);
    }

    fn module(&mut self) {
        if let Some((name, target, end)) = self.header() {
            let symbol = self.text.get(name.clone()).unwrap_or_default().to_owned();
            let kind = Kind::Module(target.to_owned());
            self.declare(kind, symbol, name, end);
        }
    }

    fn declare(&mut self, kind: Kind, symbol: String, name: Range<usize>, end: usize) {
        self.awaited = Some((self.found.len(), self.open.len()));
        self.found.push(Declaration {
            kind,
            symbol,
            name,
            called: None,
        });
        self.at = end;
    }

    fn named(&mut self, kind: Kind) {
        let start = self.blank(self.at);
        let end = word_end(self.bytes, start);
        if start < end {
            let symbol = self.text.get(start..end).unwrap_or_default().to_owned();
            self.awaited = None;
            self.found.push(Declaration {
                kind,
                symbol,
                name: start..end,
                called: None,
            });
            self.at = end;
        }
    }

    /// `NAME 'text'` after a keyword, and where it ends.
    fn header(&self) -> Option<(Range<usize>, &str, usize)> {
        let start = self.blank(self.at);
        let end = word_end(self.bytes, start);
        let quote = self.blank(end);
        if start == end || self.byte(quote) != Some(b'\'') {
            return None;
        }
        let after = string_end(self.text, quote);
        let text = self.text.get(quote + 1..after.checked_sub(1)?)?;
        (!text.contains(['$', '\'', '\n', '\\'])).then_some((start..end, text, after))
    }

    /// The next byte that is no blank.
    fn blank(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t'));
        from + blanks.count()
    }

    fn end_of_name(&mut self) {
        let Some((whose, start, depth)) = self.called else {
            return;
        };
        if self.open.len() > depth {
            return;
        }
        self.called = None;
        let text = self.text.get(start..self.at).unwrap_or_default().trim();
        if let Some(declared) = self.found.get_mut(whose) {
            declared.called = called(text);
        }
    }
}

/// What a name is set to.
fn called(text: &str) -> Option<Called> {
    if !text.starts_with('\'') {
        let whole = !text.is_empty() && word_end(text.as_bytes(), 0) == text.len();
        return whole.then(|| Called::Symbol(text.to_owned()));
    }
    if text.starts_with("'''") || string_end(text, 0) != text.len() {
        return None;
    }
    let inner = text.get(1..text.len().checked_sub(1)?)?;
    let mut parts = vec![String::new()];
    let mut at = 0;
    while let Some(character) = inner.get(at..).and_then(|rest| rest.chars().next()) {
        at += character.len_utf8();
        let next = inner.as_bytes().get(at).copied();
        match (character, next) {
            ('\\', Some(escape @ (b'\\' | b'\'' | b'$'))) => {
                parts.last_mut()?.push(char::from(escape));
                at += 1;
            }
            ('\\', _) => return None,
            ('$', Some(b'{')) => {
                at = hole_end(inner, at + 1);
                parts.push(String::new());
            }
            _ => parts.last_mut()?.push(character),
        }
    }
    if parts.len() == 1 {
        return parts.pop().map(Called::Literal);
    }
    Some(Called::Interpolated(parts))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn word_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| is_word(**byte)).count()
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let length = rest.iter().position(|byte| *byte == b'\n');
    from + length.unwrap_or(rest.len())
}

/// The offset after the next `mark`, or the end.
fn after(text: &str, from: usize, mark: &str) -> usize {
    text.get(from..)
        .and_then(|rest| rest.find(mark))
        .map_or(text.len(), |at| from + at + mark.len())
}

/// Where the string that begins at a quote ends: after its closing quote, at the end of the line if
/// there is none.
fn string_end(text: &str, quote: usize) -> usize {
    let bytes = text.as_bytes();
    if bytes.get(quote..).is_some_and(|it| it.starts_with(b"'''")) {
        let mut end = after(text, quote + 3, "'''");
        while bytes.get(end) == Some(&b'\'') {
            end += 1;
        }
        return end;
    }
    ends(text, quote + 1, vec![Inside::String])
}

/// Where the hole of a string whose text begins at `from` ends: after its brace.
fn hole_end(text: &str, from: usize) -> usize {
    ends(text, from, vec![Inside::Braces])
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    String,
    Braces,
}

/// Where everything in `inside` is closed.
fn ends(text: &str, from: usize, mut inside: Vec<Inside>) -> usize {
    let bytes = text.as_bytes();
    let mut at = from;
    while let (Some(innermost), Some(byte)) = (inside.last(), bytes.get(at).copied()) {
        let next = bytes.get(at + 1).copied();
        match (innermost, byte) {
            (Inside::String, b'\\') => at += 1,
            (Inside::String, b'\'') | (Inside::Braces, b'}') => {
                inside.pop();
            }
            (Inside::String, b'$') if next == Some(b'{') => {
                inside.push(Inside::Braces);
                at += 1;
            }
            (Inside::String, b'\n') => return at,
            (Inside::Braces, b'\'') => {
                if bytes.get(at..).is_some_and(|it| it.starts_with(b"'''")) {
                    at = after(text, at + 3, "'''").saturating_sub(1);
                } else {
                    inside.push(Inside::String);
                }
            }
            (Inside::Braces, b'{') => inside.push(Inside::Braces),
            _ => {}
        }
        at += 1;
    }
    at.min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(String, String)> {
        declarations(text)
            .into_iter()
            .map(|one| {
                let what = match one.kind {
                    Kind::Resource {
                        kind,
                        version,
                        existing,
                    } => {
                        let existing = if existing { " existing" } else { "" };
                        format!("{kind}@{}{existing}", version.unwrap_or_default())
                    }
                    Kind::Module(path) => path,
                    Kind::Parameter => "param".to_owned(),
                    Kind::Variable => "var".to_owned(),
                };
                assert!(one.symbol.ends_with(&text[one.name]), "{}", one.symbol);
                (one.symbol, what)
            })
            .collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected
            .iter()
            .map(|(symbol, what)| ((*symbol).to_owned(), (*what).to_owned()))
            .collect()
    }

    #[test]
    fn declarations_are_found_between_comments_strings_and_decorators() {
        let text = "
// resource commented 'A.B/c@1' = {}
/* module commented 'x.bicep' = {
*/
@description('it''s } here: ${'nested {'}')
param location string = 'x'
var texts = '''
resource inText 'A.B/c@1' = {
'''
#disable-next-line no-unused-vars
resource net 'Microsoft.Network/virtualNetworks@2024-05-01' = if (deploy == { a: 1 }) {
  name: 'net'
  tags: {
    resource: 'no'
  }
  resource app 'subnets' existing = {
    name: 'app'
  }
  resource data 'subnets@2023-01-01' = [for item in [ { a: 1 } ]: {
    name: 'data-${item}'
  }]
}
@batchSize(1)
module hubs 'modules/hub.bicep' = [for (hub, i) in hubs: if (hub.on) {
  name: 'hub-${i}'
  params: {
    module: 'no'
  }
}]
module known 'br/public:avm/res/network/nsg:0.5.0' =
// strange
if (true) {
}
resource old 'A.B/c@1' existing = {
  name: 'x'
}
";
        let expected = [
            ("location", "param"),
            ("texts", "var"),
            ("net", "Microsoft.Network/virtualNetworks@2024-05-01"),
            (
                "net::app",
                "Microsoft.Network/virtualNetworks/subnets@2024-05-01 existing",
            ),
            (
                "net::data",
                "Microsoft.Network/virtualNetworks/subnets@2023-01-01",
            ),
            ("hubs", "modules/hub.bicep"),
            ("known", "br/public:avm/res/network/nsg:0.5.0"),
            ("old", "A.B/c@1 existing"),
        ];
        assert_eq!(told(text), pairs(&expected));
        assert_eq!(told(&text.replace('\n', "\r\n")), pairs(&expected));
    }

    #[test]
    fn names_are_read_as_far_as_they_are_simple() {
        let name = |written: &str| {
            let text = format!("resource a 'A.B/c@1' = {{\n  name: {written} // x\n}}\n");
            declarations(&text).remove(0).called
        };
        assert_eq!(name("'web'"), Some(Called::Literal("web".into())));
        assert_eq!(name(r"'it\'s'"), Some(Called::Literal("it's".into())));
        assert_eq!(name("webName"), Some(Called::Symbol("webName".into())));
        let parts = vec!["".to_owned(), "-".to_owned(), "-web".to_owned()];
        assert_eq!(
            name("'${prefix}-${toLower('x${1}')}-web'"),
            Some(Called::Interpolated(parts))
        );
        assert_eq!(name("toLower(webName)"), None);
        assert_eq!(name("a ? 'x' : 'y'"), None);
        assert_eq!(
            name("take(\n    'x'\n    , 3)"),
            None,
            "a name on several lines"
        );
    }

    #[test]
    fn any_text_ends() {
        for text in [
            "resource",
            "resource a",
            "resource a 'x",
            "resource a 'x' = {",
            "module a '${x}' = {}",
            "'${'${'${",
            "/*",
            "'''",
            "}}}}",
            "param",
            "resource a 'A.B/c@1' = {\n name: 'x${",
            "é resource ü 'x'",
        ] {
            let _ = declarations(text);
        }
        let deep = "resource a 'b' = {\n".repeat(20_000);
        let found = declarations(&deep);
        assert!(found.iter().all(|one| one.symbol.len() < 300));
        let _ = declarations(&"'${".repeat(100_000));
        let _ = declarations(&"{[(".repeat(100_000));
    }
}
