//! Which deployments a question is about.

use std::collections::BTreeSet;

use super::super::endpoint::{self, Resolved};
use super::super::estate::Estate;
use crate::engine::UsageError;
use crate::engine::config::did_you_mean;

/// Whether a deployment's name and environment are what is asked for.
type Way<'w> = &'w dyn Fn(&str, Option<&str>) -> bool;

/// The deployments that a name narrows the question to: a deployment's, that of an environment, or
/// the end of a path; all without one.
///
/// # Errors
///
/// When there is none of that name, or none at all.
pub(in crate::engine::ask) fn among(
    estate: &Estate,
    name: Option<&str>,
) -> Result<Vec<usize>, UsageError> {
    if estate.deployments.is_empty() {
        return Err(UsageError {
            message: "there is no deployment in these files".to_owned(),
            help: Some(
                "give the path of a template (of Bicep the compiled one), a Terraform root module \
                 or exports"
                    .to_owned(),
            ),
        });
    }
    let all = 0..estate.deployments.len();
    let Some(name) = name else {
        return Ok(all.collect());
    };
    let lower = name.trim_end_matches('/').to_ascii_lowercase();
    let by = |matches: Way<'_>| -> Vec<usize> {
        let named = |index: &usize| {
            estate.deployments.get(*index).is_some_and(|asked| {
                let environment = asked.deployment.environment.as_deref();
                let mut members = asked.members.iter();
                matches(&asked.name.to_ascii_lowercase(), environment)
                    || members.any(|it| matches(&it.to_ascii_lowercase(), None))
            })
        };
        all.clone().filter(named).collect()
    };
    let ways: [Way<'_>; 3] = [
        &|own, _| own == lower,
        &|_, environment| environment.is_some_and(|it| it.eq_ignore_ascii_case(&lower)),
        &|own, _| own.ends_with(&format!("/{lower}")) || own.starts_with(&format!("{lower} (")),
    ];
    let found = ways.into_iter().map(by).find(|found| !found.is_empty());
    let found = found.unwrap_or_default();
    if found.is_empty() {
        let names = || estate.deployments.iter().map(|asked| &*asked.name);
        let environments = estate.deployments.iter();
        let environments = environments.filter_map(|it| it.deployment.environment.as_deref());
        return Err(UsageError {
            message: format!("there is no deployment `{name}`"),
            help: did_you_mean(name, environments.chain(names())).or_else(|| Some(listed(names()))),
        });
    }
    Ok(found)
}

/// The deployments that have both ends. Plain addresses are asked about where one of them lies in a
/// subnet, else where there is only one deployment.
pub(super) fn chosen(
    estate: &Estate,
    among: &[usize],
    from: &Resolved,
    to: &Resolved,
    by_group: bool,
) -> Result<Vec<usize>, UsageError> {
    let both: Vec<usize> = among
        .iter()
        .copied()
        .filter(|index| from.of(*index).is_some() && to.of(*index).is_some())
        .collect();
    if both.is_empty() {
        let names = |resolved: &Resolved| match resolved {
            Resolved::Named(ends) => {
                let names = ends
                    .keys()
                    .filter_map(|index| estate.deployments.get(*index));
                listed(names.map(|asked| &*asked.name))
            }
            Resolved::Everywhere(_) => String::new(),
        };
        return Err(UsageError {
            message: "no deployment has both ends".to_owned(),
            help: Some(format!(
                "the one: {}; the other: {}",
                names(from),
                names(to)
            )),
        });
    }
    let plain = matches!(
        (from, to),
        (Resolved::Everywhere(_), Resolved::Everywhere(_))
    );
    if !plain || by_group || both.len() == 1 {
        return Ok(both);
    }
    let lies = |index: &usize| {
        let Some(asked) = estate.deployments.get(*index) else {
            return false;
        };
        [from, to].into_iter().any(|end| {
            end.of(*index)
                .is_some_and(|end| !endpoint::subnets_of(&asked.network, end).is_empty())
        })
    };
    let inside: Vec<usize> = both.iter().copied().filter(lies).collect();
    if inside.is_empty() {
        let names = both
            .iter()
            .filter_map(|index| estate.deployments.get(*index));
        return Err(UsageError {
            message: "neither address lies in a subnet of these deployments".to_owned(),
            help: Some(format!(
                "choose one with `--deployment`: {}",
                listed(names.map(|asked| &*asked.name))
            )),
        });
    }
    Ok(inside)
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    const MOST: usize = 8;
    let names: BTreeSet<&str> = names.collect();
    let more = names.len().saturating_sub(MOST);
    let mut shown: Vec<String> = names
        .into_iter()
        .take(MOST)
        .map(|name| format!("`{name}`"))
        .collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    shown.join(", ")
}
