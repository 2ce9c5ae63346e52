//! The rules that come with the program.

/// Paths and texts of embedded rule files.
macro_rules! embedded {
    ($($path:literal)*) => {
        &[$((concat!("rules/", $path), include_str!(concat!("../../rules/", $path)))),*]
    };
}

/// Every rule file below `rules/`, the platform facts excepted; a test compares the list with the
/// directory.
pub(crate) const FILES: &[(&str, &str)] = embedded!();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_file_is_embedded() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/rules");
        let mut found: Vec<String> = walkdir::WalkDir::new(root)
            .into_iter()
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|ext| ext == "yaml"))
            .filter_map(|entry| {
                let path = entry.path().strip_prefix(root).ok()?;
                let path = path.to_str()?.replace('\\', "/");
                (!path.starts_with("platform/")).then(|| format!("rules/{path}"))
            })
            .collect();
        found.sort();
        let mut embedded: Vec<&str> = FILES.iter().map(|(path, _)| *path).collect();
        embedded.sort_unstable();
        assert_eq!(embedded, found);
    }
}
