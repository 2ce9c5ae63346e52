//! Mail servers in scripts, commands and values that are no plain host.
//!
//! A server is found where its name is one that the table of mail hosts has, or where the word
//! before says what it is (`relayhost =`, `-SmtpServer`). The port and the encryption are those
//! written with it: `host:port`, or options of the same line.

use crate::model::platform::MailHostRow;
use crate::model::setting::HOLE;

/// A server in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// In lower case; begins with a dot where what is before it is not known.
    pub(super) host: String,
    /// The port, if it is told.
    pub(super) port: Option<u16>,
    /// Whether a port is told that is not known.
    pub(super) port_unknown: bool,
    /// Whether the connection is encrypted, if that is told.
    pub(super) tls: Option<bool>,
}

/// Every server in a text, each once.
pub(super) fn servers(text: &str, rows: &[MailHostRow]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for line in lines(text) {
        let start = line.trim_start();
        if ["#", "//", "rem ", "REM "]
            .iter()
            .any(|mark| start.starts_with(mark))
        {
            continue;
        }
        for (at, host) in hosts(line) {
            let known = rows.iter().any(|row| row.is(&host));
            let before = line.get(..at).unwrap_or_default();
            if !known && !is_introduced(before, &host) {
                continue;
            }
            let after = line.get(at + host.len()..).unwrap_or_default();
            let server = with_options(host, before, after, line);
            if !found.contains(&server) {
                found.push(server);
            }
        }
    }
    found
}

/// A value that is a server as a whole: `host`, `host:port`, `smtp://user@host:port`.
pub(super) fn whole(text: &str) -> Option<Found> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let rest = rest.rsplit_once('@').map_or(rest, |(user, host)| {
        // A mail address is no server.
        if scheme.is_empty() && !user.contains(':') {
            ""
        } else {
            host
        }
    });
    let rest = rest.trim_end_matches('/');
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => (host, Some(port)),
        _ => (rest, None),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let valid = !host.is_empty() && host.len() < 254 && host.chars().all(is_host_letter);
    let implicit = scheme.eq_ignore_ascii_case("smtps");
    let port_known = port.and_then(|port| port.parse().ok());
    valid.then(|| Found {
        host: host.trim_end_matches('.').to_ascii_lowercase(),
        port: port_known.or(implicit.then_some(465)),
        port_unknown: port.is_some_and(|port| port.contains(HOLE)),
        tls: implicit.then_some(true),
    })
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split("\\n"))
}

fn is_host_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-')
}

/// The words of a line that may be hosts: where they begin, and they.
fn hosts(line: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = line.get(from..).and_then(|rest| rest.find(is_host_letter)) {
        let start = from + start;
        let rest = line.get(start..).unwrap_or_default();
        let length = rest.find(|c| !is_host_letter(c)).unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        let host = word.trim_end_matches(['.', '-']);
        // A pattern names no server.
        let pattern = line
            .get(..start)
            .is_some_and(|before| before.ends_with('*'));
        if host.contains('.') && !pattern {
            found.push((start, host.to_ascii_lowercase()));
        }
        from = start + length.max(1);
    }
    found
}

/// Whether the words before say that a host is a mail server.
fn is_introduced(before: &str, host: &str) -> bool {
    let before = before.trim_end_matches(['[', '"', '\'', ' ', '\t', '=', '\\']);
    let before = before.to_ascii_lowercase();
    let named = before.ends_with("relayhost") || before.ends_with("-smtpserver");
    named && host.chars().any(|c| c.is_ascii_alphanumeric())
}

fn with_options(host: String, before: &str, after: &str, line: &str) -> Found {
    let lower = line.to_ascii_lowercase();
    let cmdlet = lower.contains("send-mailmessage");
    let relay = before.to_ascii_lowercase().contains("relayhost");
    let scheme = before.rsplit_once("://").map(|(scheme, _)| scheme);
    let implicit = scheme.is_some_and(|scheme| scheme.to_ascii_lowercase().ends_with("smtps"));
    let rest = after.trim_start_matches([']', '.']);
    let (mut port, port_unknown) = if let Some(written) = rest.strip_prefix(':') {
        let port = leading_number(written);
        (port, port.is_none() && written.starts_with(HOLE))
    } else {
        let tail = rest.trim_start_matches(['"', '\'', ' ', '\\', ',']);
        let next = leading_number(tail).filter(|port| [25, 465, 587, 2525].contains(port));
        match option(&lower, "port") {
            Some(value) => (value, value.is_none()),
            None => (next, false),
        }
    };
    if port.is_none() && !port_unknown {
        // What the command takes where nothing is written.
        port = match (implicit, cmdlet || relay) {
            (true, _) => Some(465),
            (_, true) => Some(25),
            _ => None,
        };
    }
    let tls = if implicit || (cmdlet && lower.contains("-usessl")) {
        Some(true)
    } else {
        cmdlet.then_some(false)
    };
    Found {
        host,
        port,
        port_unknown,
        tls,
    }
}

/// The number after a word: `-Port 25`, `port=25`, `"port": 25`. The inner `None`: it is not known.
fn option(line: &str, word: &str) -> Option<Option<u16>> {
    let mut rest = line;
    while let Some((_, after)) = rest.split_once(word) {
        let value = after.trim_start_matches(['"', '\'', ' ', '=', ':', '\\']);
        let separated = value.len() < after.len();
        if separated && let Some(number) = leading_number(value) {
            return Some(Some(number));
        }
        if separated && value.starts_with([HOLE, '$']) {
            return Some(None);
        }
        rest = after;
    }
    None
}

fn leading_number(text: &str) -> Option<u16> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let ends = text.get(digits..)?.chars().next();
    if ends.is_some_and(|c| c == '.' || c.is_ascii_alphabetic()) {
        return None;
    }
    text.get(..digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::platform::{MailRole, Source};

    fn rows() -> Vec<MailHostRow> {
        let row = |host: &str| MailHostRow {
            host: host.into(),
            service: "".into(),
            role: MailRole::Submission,
            ports: vec![],
            tls_required: true,
            addresses: vec![],
            source: Source {
                url: "".into(),
                date: "".into(),
            },
        };
        vec![
            row("smtp.office365.com"),
            row("*.mail.protection.outlook.com"),
        ]
    }

    fn one(text: &str) -> (String, Option<u16>, Option<bool>) {
        let found = servers(text, &rows());
        let [server] = &found[..] else {
            panic!("{text}: {found:?}");
        };
        (server.host.clone(), server.port, server.tls)
    }

    #[test]
    fn ports_stand_beside_the_host_or_among_the_options() {
        let host = "smtp.office365.com".to_owned();
        for (text, port, tls) in [
            ("relayhost = [smtp.office365.com]:587", Some(587), None),
            ("relayhost = [smtp.office365.com]", Some(25), None),
            ("nc -zv SMTP.office365.com 25", Some(25), None),
            (
                "setup --host smtp.office365.com --port=465",
                Some(465),
                None,
            ),
            (
                "{\"port\": 587, \"host\": \"smtp.office365.com\"}",
                Some(587),
                None,
            ),
            (
                "Send-MailMessage -SmtpServer smtp.office365.com -To a",
                Some(25),
                Some(false),
            ),
            (
                "Send-MailMessage -SmtpServer smtp.office365.com -Port 587 -UseSsl",
                Some(587),
                Some(true),
            ),
            ("smtps://me:x@smtp.office365.com", Some(465), Some(true)),
            ("mail by smtp.office365.com.", None, None),
        ] {
            assert_eq!(one(text), (host.clone(), port, tls), "{text}");
        }
    }

    #[test]
    fn hosts_known_by_their_end_are_found_behind_a_hole() {
        let text = format!("swaks -s {HOLE}.mail.protection.outlook.com:25");
        assert_eq!(one(&text).0, ".mail.protection.outlook.com");
    }

    #[test]
    fn comments_and_other_hosts_are_left_alone() {
        for text in [
            "# smtp.office365.com",
            "curl https://example.com/install.sh",
            "include:spf.protection.outlook.com",
        ] {
            assert!(servers(text, &rows()).is_empty(), "{text}");
        }
    }

    #[test]
    fn values_are_hosts_with_a_port_or_addresses_of_people() {
        let found = whole("Mail.example.com:2525").unwrap();
        assert_eq!((&*found.host, found.port), ("mail.example.com", Some(2525)));
        assert_eq!(whole("smtp://u:p@10.0.0.4:25").unwrap().host, "10.0.0.4");
        assert!(whole("ops@example.com").is_none());
        assert!(whole("two words").is_none());
    }
}
