//! Functions that look for patterns in strings.

use std::sync::Arc;

use indexmap::IndexMap;
use regex::Regex;

use super::{Call, Function, Outcome};
use crate::eval::hcl_expr::access::object_value;
use crate::eval::hcl_expr::template::text_limit;
use crate::eval::hcl_expr::{Failure, MAX_TEXT};
use crate::eval::value::Value;
use crate::origin::OriginId;

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("regex", |call| regex(call, false)),
    ("regexall", |call| regex(call, true)),
    ("replace", replace),
];

fn replace(call: &Call<'_>) -> Outcome {
    call.strict(|call| {
        let (text, pattern, with) = (call.text(0)?, call.text(1)?, call.text(2)?);
        call.session_charge(text.len() / 64)?;
        let inner = pattern
            .strip_prefix('/')
            .and_then(|pattern| pattern.strip_suffix('/'));
        let result = match inner {
            Some(inner) => replaced_matches(call, &compile(call, inner)?, &text, &with)?,
            None => {
                let count = text.matches(&*pattern).count();
                if count.saturating_mul(with.len()) > MAX_TEXT {
                    return Err(text_limit(call.at));
                }
                text.replace(&*pattern, &with)
            }
        };
        call.string(result)
    })
}

/// The text with its matches replaced, as long as it stays within the limits.
fn replaced_matches(
    call: &Call<'_>,
    pattern: &Regex,
    text: &str,
    with: &str,
) -> Result<String, Box<Failure>> {
    let mut result = String::new();
    let mut from = 0;
    for captures in pattern.captures_iter(text) {
        let Some(whole) = captures.get(0) else {
            continue;
        };
        result.push_str(text.get(from..whole.start()).unwrap_or_default());
        captures.expand(with, &mut result);
        from = whole.end();
        if result.len() > MAX_TEXT {
            return Err(text_limit(call.at));
        }
    }
    result.push_str(text.get(from..).unwrap_or_default());
    Ok(result)
}

fn compile(call: &Call<'_>, pattern: &str) -> Result<Regex, Box<Failure>> {
    let pattern = &as_in_go(pattern);
    let compiled = call
        .session
        .regex(pattern)
        .ok_or_else(|| call.fail(format!("\"{pattern}\" is no regular expression")))?;
    let named = compiled.capture_names().flatten().count();
    if named > 0 && named + 1 != compiled.captures_len() {
        return Err(call.fail("groups with and without names do not go together"));
    }
    Ok(compiled)
}

/// In Go's patterns `\d`, `\w` and `\s` are of ASCII alone, and `\Q…\E` quotes.
fn as_in_go(pattern: &str) -> String {
    let mut made = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut is_class = false;
    while let Some(letter) = rest.chars().next() {
        let two = rest.get(..2).unwrap_or("");
        let (class, length) = match two {
            "\\d" => ("0-9", 2),
            "\\w" => ("0-9A-Za-z_", 2),
            "\\s" => ("\\t\\n\\f\\r ", 2),
            _ => ("", 0),
        };
        let not = match two {
            "\\D" => "[^0-9]",
            "\\W" => "[^0-9A-Za-z_]",
            "\\S" => "[^\\t\\n\\f\\r ]",
            "\\b" => "(?-u:\\b)",
            _ => "",
        };
        if two == "\\Q" {
            let quoted = rest.get(2..).unwrap_or("");
            let (text, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            made.push_str(&regex::escape(text));
            rest = after;
            continue;
        }
        let taken = if length > 0 {
            if is_class {
                made.push_str(class);
            } else {
                made.push_str(&format!("[{class}]"));
            }
            2
        } else if !not.is_empty() && (!is_class || two != "\\b") {
            made.push_str(not);
            2
        } else if letter == '\\' && two.len() == 2 {
            made.push_str(two);
            2
        } else {
            match letter {
                '[' if is_class && !rest.starts_with("[:") => made.push('\\'),
                '[' => is_class = true,
                ']' => is_class = false,
                _ => {}
            }
            made.push(letter);
            letter.len_utf8()
        };
        rest = rest.get(taken..).unwrap_or("");
    }
    made
}

fn regex(call: &Call<'_>, all: bool) -> Outcome {
    let origin = call.origin();
    call.strict_values(origin, |call| {
        let (pattern, text) = (call.text(0)?, call.text(1)?);
        call.session_charge(text.len() / 16)?;
        let pattern = compile(call, &pattern)?;
        if !all {
            return pattern
                .captures(&text)
                .map(|captures| captured(&pattern, &captures, origin))
                .ok_or_else(|| call.fail("the text does not match the pattern"));
        }
        let found: Vec<Value> = pattern
            .captures_iter(&text)
            .map(|captures| captured(&pattern, &captures, origin))
            .collect();
        call.session_charge(found.len())?;
        Ok(Value::list(found, origin))
    })
}

/// The whole match, a list of the groups, or an object of the named groups.
fn captured(pattern: &Regex, captures: &regex::Captures<'_>, origin: OriginId) -> Value {
    let value = |group: Option<regex::Match<'_>>| match group {
        Some(group) => Value::string(group.as_str(), origin),
        None => Value::null(origin),
    };
    if captures.len() == 1 {
        return value(captures.get(0));
    }
    let named: IndexMap<Arc<str>, Value> = pattern
        .capture_names()
        .flatten()
        .map(|name| (Arc::from(name), value(captures.name(name))))
        .collect();
    if !named.is_empty() {
        return object_value(named, None, origin);
    }
    Value::list(captures.iter().skip(1).map(value).collect(), origin)
}
