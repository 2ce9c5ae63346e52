//! In which environments a finding holds, in words.

use std::sync::Arc;

use crate::policy::finding::{Extent, Finding};

/// `prod and staging, not in dev`, without the `in` before it; `None` where no template has
/// several environments.
pub(super) fn words(finding: &Finding) -> Option<String> {
    of(&finding.environments)
}

/// The same of several findings together: where at least one of them holds.
pub(super) fn words_of_all(findings: &[&Finding]) -> Option<String> {
    let mut all: Vec<Extent> = Vec::new();
    for extent in findings.iter().flat_map(|finding| &finding.environments) {
        match all.iter_mut().find(|one| one.template == extent.template) {
            Some(one) => {
                one.violated.extend(extent.violated.iter().cloned());
                one.undetermined.extend(extent.undetermined.iter().cloned());
                one.absent.extend(extent.absent.iter().cloned());
            }
            None => all.push(extent.clone()),
        }
    }
    for extent in &mut all {
        for list in [
            &mut extent.violated,
            &mut extent.undetermined,
            &mut extent.absent,
        ] {
            list.sort();
            list.dedup();
        }
        let (certain, open) = (&extent.violated, &mut extent.undetermined);
        open.retain(|name| !certain.contains(name));
        let holds = |name: &Arc<str>| certain.contains(name) || open.contains(name);
        extent.absent.retain(|name| !holds(name));
    }
    of(&all)
}

fn of(environments: &[Extent]) -> Option<String> {
    let several = environments.len() > 1;
    let parts: Vec<String> = environments
        .iter()
        .map(|extent| match several {
            true => format!("{} of {}", extent_words(extent), extent.template),
            false => extent_words(extent),
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join("; in "))
}

fn extent_words(extent: &Extent) -> String {
    let open = &extent.undetermined;
    let certain = match (extent.violated.as_slice(), open.as_slice()) {
        ([], open) => open,
        (violated, _) => violated,
    };
    let perhaps = !extent.violated.is_empty() && !open.is_empty();
    let mut words = match (certain.len(), perhaps || !extent.absent.is_empty()) {
        (2, false) => format!("both environments: {}", list(certain, "and")),
        (count, false) if count > 2 => {
            format!("all {count} environments: {}", list(certain, "and"))
        }
        _ => list(certain, "and"),
    };
    if perhaps {
        words.push_str(&format!(", perhaps in {}", list(open, "and")));
    }
    if !extent.absent.is_empty() {
        words.push_str(&format!(", not in {}", list(&extent.absent, "or")));
    }
    words
}

fn list(names: &[Arc<str>], and: &str) -> String {
    match names {
        [] => String::new(),
        [name] => name.to_string(),
        [first @ .., last] => format!("{} {and} {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(violated: &str, open: &str, absent: &str) -> String {
        let names = |text: &str| text.split_whitespace().map(Into::into).collect();
        extent_words(&Extent {
            template: "x.json".into(),
            violated: names(violated),
            undetermined: names(open),
            absent: names(absent),
        })
    }

    #[test]
    fn the_words_tell_where_it_holds_and_where_not() {
        assert_eq!(
            said("prod staging", "", "dev"),
            "prod and staging, not in dev"
        );
        assert_eq!(
            said("prod", "qa", "a b"),
            "prod, perhaps in qa, not in a or b"
        );
        assert_eq!(said("a b c", "", ""), "all 3 environments: a, b and c");
        assert_eq!(said("", "a b", ""), "both environments: a and b");
        assert_eq!(said("a", "", ""), "a");
    }
}
