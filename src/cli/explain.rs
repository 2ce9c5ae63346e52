//! `aznet explain RULE` and `aznet rules`

use std::io::Write as _;

use super::Failure;
use crate::engine;

/// Prints what a rule is about.
pub(super) fn explain(id: &str) -> Result<u8, Failure> {
    let rule = engine::rule(id)?;
    let mut out = anstream::stdout().lock();
    writeln!(
        out,
        "\u{1b}[1m{}\u{1b}[0m  {}, at most {}",
        rule.id,
        rule.category,
        rule.severity.as_str()
    )?;
    writeln!(out, "{}\n", rule.title.trim())?;
    writeln!(out, "\u{1b}[1mWhy\u{1b}[0m\n{}\n", rule.why.trim())?;
    writeln!(out, "\u{1b}[1mHow to mend it\u{1b}[0m\n{}", rule.fix.trim())?;
    if !rule.references.is_empty() {
        writeln!(out, "\n\u{1b}[1mSources\u{1b}[0m")?;
        for (title, address) in &rule.references {
            writeln!(out, "{title}\n  {address}")?;
        }
    }
    out.flush()?;
    Ok(0)
}

/// Prints all rules, one a line.
pub(super) fn rules() -> Result<u8, Failure> {
    let rules = engine::rules()?;
    let longest = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let mut out = anstream::stdout().lock();
    for rule in &rules {
        let pad = " ".repeat(longest - rule.id.len());
        writeln!(
            out,
            "\u{1b}[1m{}\u{1b}[0m{pad}  {:<7}  {:<12}  {}",
            rule.id,
            rule.severity.as_str(),
            rule.category,
            rule.title.trim()
        )?;
    }
    out.flush()?;
    Ok(0)
}
