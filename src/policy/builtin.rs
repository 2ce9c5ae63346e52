//! The rules that come with the program.

/// Paths and texts of embedded rule files.
macro_rules! embedded {
    ($($path:literal)*) => {
        &[$((concat!("rules/", $path), include_str!(concat!("../../rules/", $path)))),*]
    };
}

/// Every rule file below `rules/`, the platform facts excepted; a test compares the list with the
/// directory.
pub(crate) const FILES: &[(&str, &str)] = embedded!(
    "correctness/duplicate-security-rule-priority.yaml"
    "correctness/host-address-denied.yaml"
    "correctness/invalid-security-rule.yaml"
    "delivery/smtp-egress-blocked.yaml"
    "delivery/smtp-through-azure-firewall.yaml"
    "exposure/internet-exposed-management-port.yaml"
    "hygiene/unreachable-security-rule.yaml"
    "licensing/kms-unreachable.yaml"
    "licensing/platform-licensing-denied.yaml"
    "reachability/health-probe-denied.yaml"
    "reachability/platform-dns-denied.yaml"
    "reachability/platform-metadata-denied.yaml"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_rules_load() {
        let told = match crate::policy::pack::Pack::builtin() {
            Ok(pack) => {
                assert_eq!(pack.rules().len(), FILES.len());
                return;
            }
            Err(diagnostics) => diagnostics,
        };
        let place = |diagnostic: &crate::diagnostic::Diagnostic| {
            let span = diagnostic.primary.as_ref().map(|label| label.span);
            let span = span.expect("a diagnostic of a rule file has a place");
            let (path, text) = FILES[span.file.0 as usize];
            let line = text[..span.start as usize].matches('\n').count() + 1;
            format!(
                "{path}:{line}: {} {:?}",
                diagnostic.message, diagnostic.help
            )
        };
        let told: Vec<String> = told.iter().map(place).collect();
        panic!("{}", told.join("\n"));
    }
}
