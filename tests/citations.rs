//! The sources of rules and of platform rows: every one is a page of a known host, with its date.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads the rule files and fails where something is amiss"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Whose word counts: vendors' documents, issue threads, and registries of numbers.
const HOSTS: &[&str] = &[
    "azure.github.io",
    "developers.google.com",
    "github.com",
    "learn.microsoft.com",
    "registry.terraform.io",
    "www.iana.org",
    "www.twilio.com",
];

/// Pages without a date of their own, of which only undated copies could be read.
const UNDATED: &[&str] = &[
    "https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/opt-in-exchange-online-endpoint-for-legacy-tls-using-smtp-auth",
    "https://learn.microsoft.com/exchange/mail-flow-best-practices/how-to-set-up-a-multifunction-device-or-application-to-send-email-using-microsoft-365-or-office-365",
];

/// Editions known by a copy that tells the year alone.
const YEAR_ALONE: &[(&str, &str)] = &[
    (
        "https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview",
        "2020",
    ),
    (
        "https://learn.microsoft.com/azure/databricks/security/network/classic/vnet-inject",
        "2025",
    ),
];

struct Citation {
    file: String,
    line: usize,
    url: String,
    date: Option<String>,
}

impl Citation {
    fn place(&self) -> String {
        format!("{}:{}: {}", self.file, self.line, self.url)
    }
}

/// What the files below `rules/` cite, examples left out.
fn citations() -> Vec<Citation> {
    let mut all = Vec::new();
    for path in files() {
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text
            .lines()
            .take_while(|line| *line != "examples:")
            .collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(url) = value(line, "url: ") else {
                continue;
            };
            let next = lines
                .get(at + 1)
                .filter(|next| next.trim_start().starts_with("date: "));
            let date = value(line, "date: ").or_else(|| value(next?, "date: "));
            all.push(Citation {
                file: path.file_name().unwrap().to_str().unwrap().to_owned(),
                line: at + 1,
                url,
                date,
            });
        }
    }
    all
}

fn files() -> Vec<PathBuf> {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut files: Vec<PathBuf> = fs::read_dir(rules)
        .unwrap()
        .map(|directory| directory.unwrap().path())
        .filter(|directory| directory.is_dir())
        .flat_map(|directory| fs::read_dir(directory).unwrap())
        .map(|file| file.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    files
}

/// The text after a key, with or without quotes.
fn value(line: &str, key: &str) -> Option<String> {
    let (before, after) = line.split_once(key)?;
    if !before.ends_with([' ', '{']) {
        return None;
    }
    let text = match after.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => after.split([' ', ',', '}']).next(),
    };
    text.map(str::to_owned)
}

fn is_day(date: &str) -> bool {
    let parts: Vec<&str> = date.split('-').collect();
    let number = |text: &str, length: usize, least: u32, most: u32| {
        text.len() == length
            && text
                .parse::<u32>()
                .is_ok_and(|number| (least..=most).contains(&number))
    };
    matches!(parts[..], [year, month, day]
        if number(year, 4, 2000, 2100) && number(month, 2, 1, 12) && number(day, 2, 1, 31))
}

#[test]
fn a_source_is_a_page_of_a_known_host() {
    for citation in citations() {
        let host = citation
            .url
            .strip_prefix("https://")
            .and_then(|rest| rest.split('/').next());
        assert!(
            host.is_some_and(|host| HOSTS.contains(&host)),
            "{}: no known host",
            citation.place()
        );
        assert!(
            !citation.url.contains("/en-us/") && !citation.url.contains("/latest/"),
            "{}: a language, or a version that changes",
            citation.place()
        );
    }
}

#[test]
fn a_source_has_the_day_of_the_page_as_it_was_read() {
    for citation in citations() {
        let place = citation.place();
        match &citation.date {
            Some(date) => assert!(
                is_day(date) || YEAR_ALONE.contains(&(citation.url.as_str(), date.as_str())),
                "{place}: `{date}` is not a day"
            ),
            None => assert!(UNDATED.contains(&citation.url.as_str()), "{place}: no date"),
        }
    }
}

#[test]
fn exceptions_are_needed() {
    let citations = citations();
    for url in UNDATED {
        let mut of = citations.iter().filter(|citation| citation.url == *url);
        assert!(
            of.any(|citation| citation.date.is_none()),
            "{url} is cited with dates alone"
        );
    }
    for (url, year) in YEAR_ALONE {
        let mut of = citations.iter().filter(|citation| citation.url == *url);
        assert!(
            of.any(|citation| citation.date.as_deref() == Some(*year)),
            "{url}"
        );
    }
    for host in HOSTS {
        let start = format!("https://{host}/");
        assert!(
            citations
                .iter()
                .any(|citation| citation.url.starts_with(&start)),
            "{host}"
        );
    }
}

#[test]
fn no_file_cites_one_edition_twice() {
    let mut seen = BTreeSet::new();
    for citation in citations() {
        // A table of rows may cite a page wherever it needs it.
        let edition = (
            citation.file.clone(),
            citation.url.clone(),
            citation.date.clone(),
        );
        assert!(seen.insert(edition), "{}: twice", citation.place());
    }
}

#[test]
fn a_page_has_one_newest_date() {
    // Older editions stay where they are chosen for what the newest no longer says.
    const OLDER: &[(&str, &str)] = &[
        ("azure-subscription-service-limits", "2022-12-05"),
        ("network-security-groups-overview", "2020"),
        ("service-tags-overview", "2023-01-26"),
        ("troubleshoot-outbound-smtp-connectivity", "2018-11-21"),
        ("troubleshoot-outbound-smtp-connectivity", "2019-08-22"),
        ("troubleshoot-outbound-smtp-connectivity", "2020-12-08"),
    ];
    let citations = citations();
    for citation in &citations {
        let Some(date) = &citation.date else { continue };
        let is_older = OLDER
            .iter()
            .any(|(page, older)| citation.url.ends_with(page) && date == older);
        let newest = citations
            .iter()
            .filter(|other| other.url == citation.url)
            .filter_map(|other| other.date.as_ref())
            .max();
        assert!(
            is_older || newest == Some(date),
            "{}: read as of {date}, elsewhere as of {newest:?}",
            citation.place()
        );
    }
}
