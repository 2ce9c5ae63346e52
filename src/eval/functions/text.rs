//! Text.

/// The characters from `start`, at most `length` of them; a negative start counts from the end, a
/// length below zero means all.
#[must_use]
pub fn substring(text: &str, start: i64, length: i64) -> String {
    let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let start = if start < 0 {
        (count + start).max(0)
    } else {
        start
    };
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let rest = text.chars().skip(start);
    match usize::try_from(length) {
        Ok(length) => rest.take(length).collect(),
        Err(_) => rest.collect(),
    }
}

/// Every word with a capital: a word begins after anything that is no letter, digit
/// or `_`.
#[must_use]
pub fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut within = false;
    for character in text.chars() {
        if within {
            out.push(character);
        } else {
            out.extend(character.to_uppercase());
        }
        within = character.is_alphanumeric() || character == '_';
    }
    out
}

/// Lower case letter by letter, as Go has it: one letter for each.
#[must_use]
pub fn lower(text: &str) -> String {
    text.chars()
        .map(|letter| letter.to_lowercase().next().unwrap_or(letter))
        .collect()
}

/// Upper case letter by letter, as Go has it: what would become several letters stays.
#[must_use]
pub fn upper(text: &str) -> String {
    text.chars()
        .map(|letter| {
            let mut upper = letter.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(one), None) => one,
                _ => letter,
            }
        })
        .collect()
}

/// Every line but the first, moved right.
#[must_use]
pub fn indent(text: &str, spaces: usize) -> String {
    text.replace('\n', &format!("\n{}", " ".repeat(spaces)))
}

/// A path without its last element; `.` if there is none.
#[must_use]
pub fn dirname(path: &str) -> String {
    match path.rfind('/') {
        None => ".".to_owned(),
        Some(at) => clean_path(path.get(..=at).unwrap_or("/")),
    }
}

/// The last element of a path.
#[must_use]
pub fn basename(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        return "/".to_owned();
    }
    trimmed.rsplit('/').next().unwrap_or(trimmed).to_owned()
}

/// A path without `.`, `..` and doubled slashes as far as that can be told from the text alone.
#[must_use]
pub fn clean_path(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(last) if *last != ".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(part),
            },
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substrings_count_characters() {
        assert_eq!(substring("héllo", 1, 2), "él");
        assert_eq!(substring("hello", -3, -1), "llo");
        assert_eq!(substring("hello", 9, 2), "");
    }

    #[test]
    fn paths_are_cut_and_cleaned() {
        assert_eq!(dirname("foo/bar/baz.txt"), "foo/bar");
        assert_eq!(dirname("x"), ".");
        assert_eq!(basename("foo/bar/"), "bar");
        assert_eq!(clean_path("a/./b/../../../c//d"), "../c/d");
        assert_eq!(clean_path("/../x"), "/x");
    }
}
