//! Patterns of file names as Terraform's `fileset` reads them (github.com/bmatcuk/doublestar, first
//! version; checked against Terraform).
//!
//! A pattern is split at its slashes before anything else, so that braces and brackets never reach
//! over one. What is wrong with a pattern shows only where a name is held against that part of it.

/// A pattern that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPattern;

/// Whether a part of a pattern means more than its own letters.
#[must_use]
pub fn is_pattern(component: &str) -> bool {
    component.contains(['*', '?', '[', '{', '\\'])
}

/// A path without `.`, without empty parts and without `..` after a name; `.` if nothing is left.
/// The beginning of an absolute path stays.
///
/// ```
/// assert_eq!(aznet::eval::functions::glob::clean("./a/../b//c/"), "b/c");
/// assert_eq!(aznet::eval::functions::glob::clean("../x"), "../x");
/// assert_eq!(aznet::eval::functions::glob::clean("/../x"), "/x");
/// ```
#[must_use]
pub fn clean(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            part => parts.push(part),
        }
    }
    match (absolute, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

/// The way from one clean path to another, both relative; `.` if they are the same.
#[must_use]
pub fn relative(from: &str, to: &str) -> String {
    let (from, to) = (parts_of(from), parts_of(to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len().saturating_sub(common));
    let parts: Vec<&str> = up.chain(to.into_iter().skip(common)).collect();
    match parts.as_slice() {
        [] => ".".to_owned(),
        parts => parts.join("/"),
    }
}

fn parts_of(path: &str) -> Vec<&str> {
    let parts = path.split('/');
    parts.filter(|part| !matches!(*part, "" | ".")).collect()
}

/// Whether a name fits a part of a pattern.
///
/// `*` stands for any letters, `?` for one, `[a-z]` and `[^a-z]` for one of some, `{a,b}` for one of
/// two texts; braces do not nest. A backslash takes the meaning from what follows it.
///
/// # Errors
///
/// For a bracket or brace without end, or an empty or broken range.
///
/// ```
/// use aznet::eval::functions::glob::{matches, BadPattern};
/// assert_eq!(matches("{web,db}-[0-9]*.y?ml", "db-12.yaml"), Ok(true));
/// assert_eq!(matches("*.yaml", "x.json"), Ok(false));
/// assert_eq!(matches("{", "x"), Err(BadPattern));
/// ```
pub fn matches(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    Matcher { budget: 100_000 }.fits(&pattern, &name)
}

/// Stars behind each other would try every way to share a name out.
struct Matcher {
    budget: u32,
}

impl Matcher {
    fn fits(&mut self, mut pattern: &[char], mut name: &[char]) -> Result<bool, BadPattern> {
        if pattern.is_empty() || (name.is_empty() && pattern != ['*']) {
            return Ok(pattern.is_empty() && name.is_empty());
        }
        while let ([first, after @ ..], [letter, others @ ..]) = (pattern, name) {
            self.budget = self.budget.checked_sub(1).ok_or(BadPattern)?;
            match first {
                '\\' => {
                    let [meant, after @ ..] = after else {
                        return Err(BadPattern);
                    };
                    if meant != letter {
                        return Ok(false);
                    }
                    (pattern, name) = (after, others);
                }
                '*' => return Ok(self.any(after, name)),
                '[' => {
                    let end = end_of(after, ']').ok_or(BadPattern)?;
                    let (class, after) = after.split_at(end);
                    if !is_in(class, *letter)? {
                        return Ok(false);
                    }
                    (pattern, name) = (after.get(1..).unwrap_or_default(), others);
                }
                '{' => {
                    let end = end_of(after, '}').ok_or(BadPattern)?;
                    let (options, after) = after.split_at(end);
                    return self.one_of(options, after.get(1..).unwrap_or_default(), name);
                }
                '?' => (pattern, name) = (after, others),
                first if first == letter => (pattern, name) = (after, others),
                _ => return Ok(false),
            }
        }
        Ok(name.is_empty() && matches!(pattern, [] | ['*'] | ['*', '*']))
    }

    /// What is wrong with the rest after a star is not told.
    fn any(&mut self, after: &[char], name: &[char]) -> bool {
        after.is_empty()
            || (0..name.len()).any(|from| {
                let rest = name.get(from..).unwrap_or_default();
                self.fits(after, rest) == Ok(true)
            })
    }

    fn one_of(
        &mut self,
        options: &[char],
        after: &[char],
        name: &[char],
    ) -> Result<bool, BadPattern> {
        let mut left = Some(options);
        while let Some(options) = left {
            let (option, others) = match end_of(options, ',') {
                Some(end) => (options.get(..end), options.get(end + 1..)),
                None => (Some(options), None),
            };
            let whole = [option.unwrap_or_default(), after].concat();
            if self.fits(&whole, name)? {
                return Ok(true);
            }
            left = others;
        }
        Ok(false)
    }
}

/// Where the first such letter stands that no backslash is before.
fn end_of(text: &[char], letter: char) -> Option<usize> {
    let mut before = None;
    text.iter().position(|current| {
        let found = *current == letter && before != Some('\\');
        before = Some(*current);
        found
    })
}

fn is_in(class: &[char], letter: char) -> Result<bool, BadPattern> {
    let (negated, mut left) = match class {
        [] => return Err(BadPattern),
        ['^', ranges @ ..] => (true, ranges),
        ranges => (false, ranges),
    };
    let mut found = false;
    while !left.is_empty() {
        let (low, after) = one(left)?;
        let (high, after) = match after {
            ['-', after @ ..] => one(after)?,
            _ => (low, after),
        };
        found |= (low..=high).contains(&letter);
        left = after;
    }
    Ok(found != negated)
}

/// One end of a range.
fn one(text: &[char]) -> Result<(char, &[char]), BadPattern> {
    match text {
        ['-', ..] | ['\\'] | [] => Err(BadPattern),
        ['\\', letter, after @ ..] | [letter, after @ ..] => Ok((*letter, after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_row_of_stars_ends() {
        let pattern = "*a".repeat(60) + "b";
        assert_eq!(matches(&pattern, &"a".repeat(200)), Ok(false));
    }

    #[test]
    fn a_range_is_held_against_one_letter() {
        assert_eq!(matches("[a-c^]x", "^x"), Ok(true));
        assert_eq!(matches("[^a-c]x", "bx"), Ok(false));
        assert_eq!(matches("[\\]]x", "]x"), Ok(true));
        assert_eq!(matches("[a-]x", "ax"), Err(BadPattern));
    }
}
