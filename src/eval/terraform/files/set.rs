//! `fileset`: the files below a directory whose path fits a pattern
//! (github.com/hashicorp/terraform, `internal/lang/funcs/filesystem.go`).

use super::{Evaluation, Path};
use crate::eval::functions::glob::{clean, is_pattern, matches, relative};
use crate::eval::hcl_expr::{Failure, Outcome};
use crate::eval::listing::{Listing, Place};
use crate::eval::value::{ListKind, Value};
use crate::origin::OriginStep;
use crate::source::Span;

/// How many names one call looks at.
const MAX_NAMES: usize = 100_000;

/// How deep below the root a call looks; links may lead in circles.
const MAX_DEEP: usize = 64;

/// What a pattern is held against.
struct Search<'e, 'a> {
    evaluation: &'e Evaluation<'a>,
    at: Span,
    left: usize,
    /// Whether something could not be looked at.
    unseen: bool,
    /// From where Terraform runs; files and others.
    found: Vec<(String, Place)>,
}

impl<'a> Evaluation<'a> {
    pub(super) fn file_set(&self, arguments: &[Value], at: Span) -> Outcome {
        let [directory, pattern] = arguments else {
            return Err(Failure::invalid(
                at,
                "fileset: a path and a pattern are needed",
            ));
        };
        let (directory, pattern) = match (self.path_given(directory), self.path_given(pattern)) {
            (Path::Known(directory), Path::Known(pattern)) => (directory, pattern),
            _ => return Ok(self.unknown_call("fileset", arguments)),
        };
        let whole = clean(&format!("{directory}/{pattern}"));
        let directory = clean(&directory);
        let mut search = Search {
            evaluation: self,
            at,
            left: MAX_NAMES,
            unseen: directory.starts_with('/'),
            found: Vec::new(),
        };
        if !search.unseen {
            let components: Vec<&str> = whole.split('/').collect();
            search.below(String::new(), &components)?;
        }
        if search.unseen {
            let label = format!("{directory}/{pattern}");
            return Ok(self.no_file("fileset", &label, arguments, at));
        }
        let mut names = Vec::new();
        for (path, place) in search.found {
            match place {
                Place::File => names.push(relative(&directory, &path)),
                Place::Nothing => {
                    let message = format!("fileset: `{path}` is a link that leads nowhere");
                    return Err(Failure::invalid(at, message));
                }
                Place::Directory | Place::Other | Place::Unseen => {}
            }
        }
        names.sort();
        names.dedup();
        let parents: Vec<_> = arguments.iter().map(|value| value.origin).collect();
        let step = || OriginStep::Function("fileset".into());
        let origin = self.session.hop(Some(at), step, &parents);
        let names = names.into_iter().map(|name| Value::string(name, origin));
        let found = Value::list_of(ListKind::Set, names.collect(), None, origin);
        self.session.weigh(found, at)
    }
}

impl Search<'_, '_> {
    /// Holds the rest of a pattern against what lies in a directory. Errors as Terraform has them:
    /// only where a name meets what is wrong.
    fn below(&mut self, mut directory: String, components: &[&str]) -> Result<(), Box<Failure>> {
        let plain = components.iter().take_while(|part| !is_pattern(part));
        let plain = plain.count();
        let (names, rest) = components.split_at(plain);
        for name in names {
            directory = join(&directory, name);
        }
        let place = self.evaluation.place_of(&directory);
        let [first, after @ ..] = rest else {
            if place != Place::Nothing {
                self.found(directory, place);
            }
            return Ok(());
        };
        match place {
            Place::Directory => {}
            Place::Unseen => {
                self.unseen = true;
                return Ok(());
            }
            _ => return Ok(()),
        }
        if directory.split('/').count() > MAX_DEEP {
            self.unseen = true;
            return Ok(());
        }
        let listed = match self.evaluation.listing(&directory) {
            Listing::Seen(listed) => listed,
            Listing::Absent => return Ok(()),
            Listing::Unseen => {
                self.unseen = true;
                return Ok(());
            }
        };
        self.left = self.left.checked_sub(listed.len()).ok_or_else(|| {
            let message = format!(
                "fileset: there are more than {MAX_NAMES} files to look at; this is unknown"
            );
            Failure::of("fileset-limit", self.at, message)
        })?;
        let steps = u64::try_from(listed.len()).unwrap_or(u64::MAX);
        self.evaluation.session.charge(steps, self.at)?;
        // What git keeps is no part of a configuration.
        let listed = listed.iter().filter(|one| &*one.name != ".git");
        let mut pattern = first;
        let mut after = after;
        if **first == *"**" {
            for one in listed.clone() {
                let path = join(&directory, &one.name);
                if after.is_empty() {
                    self.found(path.clone(), one.place);
                }
                match one.place {
                    Place::Directory => self.below(path, rest)?,
                    Place::Unseen => self.unseen = true,
                    _ => {}
                }
            }
            let [next, others @ ..] = after else {
                return Ok(());
            };
            (pattern, after) = (next, others);
        }
        for one in listed {
            let wrong = |_| {
                let message = format!("fileset: the pattern `{pattern}` cannot be read");
                Failure::invalid(self.at, message)
            };
            if !matches(pattern, &one.name).map_err(wrong)? {
                continue;
            }
            let path = join(&directory, &one.name);
            if after.is_empty() {
                self.found(path, one.place);
            } else {
                self.below(path, after)?;
            }
        }
        Ok(())
    }

    fn found(&mut self, path: String, place: Place) {
        if place == Place::Unseen {
            self.unseen = true;
        }
        self.found.push((path, place));
    }
}

fn join(directory: &str, name: &str) -> String {
    match directory {
        "" => name.to_owned(),
        directory => format!("{directory}/{name}"),
    }
}
