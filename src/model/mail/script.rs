//! Mail servers in scripts, commands and values that are no plain host.
//!
//! A server is found where its name is one that the table of mail hosts has, or where the word
//! before says what it is (`relayhost =`, `-SmtpServer`). The port and the encryption are those
//! written with it: `host:port`, or options of the same line.

mod beside;

use super::names::{self, Holds};
use crate::model::platform::MailHostRow;
use crate::model::setting::HOLE;
use beside::{Line, Lines};

/// Longer lines are data, and no text that somebody typed.
const MAX_LINE: usize = 1 << 16;

/// What mail programs take where no port is written.
const SMTP: u16 = 25;

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
    /// Where the host stands in the text.
    pub(super) host_at: usize,
    /// Where the port is written, if it is.
    pub(super) port_at: Option<usize>,
    /// Where the encryption is switched, if it is.
    pub(super) tls_at: Option<usize>,
}

impl Found {
    fn is_same(&self, other: &Self) -> bool {
        (&self.host, self.port, self.tls) == (&other.host, other.port, other.tls)
    }
}

/// Every server in a text, each once.
pub(super) fn servers(text: &str, rows: &[MailHostRow]) -> Vec<Found> {
    let lines = Lines::of(text);
    let mut found: Vec<Found> = Vec::new();
    for line in lines.iter().filter(|line| line.text.len() <= MAX_LINE) {
        for (at, host) in hosts(line.text) {
            let known = rows.iter().any(|row| row.is(&host));
            let before = line.text.get(..at).unwrap_or_default();
            let Some(how) = introduced(before, line).or(known.then_some(Introduced::Nothing))
            else {
                continue;
            };
            let server = with_options(host, at, how, line, &lines);
            if !found.iter().any(|other| other.is_same(&server)) {
                found.push(server);
            }
        }
    }
    lines.pair_what_is_left(&mut found);
    found
}

/// A value that is a server as a whole: `host`, `host:port`, `smtp://user@host:port`.
pub(super) fn whole(text: &str) -> Option<Found> {
    let typed = text;
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
        host_at: typed.find(host).unwrap_or(0),
        port_at: port.and_then(|port| typed.rfind(port)),
        tls_at: None,
    })
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

/// What says that a word is a mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Introduced {
    /// Only its name.
    Nothing,
    /// `smtp://`, `smtps://`.
    Scheme,
    /// A key, with what it has in common with those of the same server.
    Key(String),
    /// The setting of a mail server that hands mail on, which takes port 25 where none is written.
    Relay,
}

/// What the words before a host say of it.
fn introduced(before: &str, line: &Line<'_>) -> Option<Introduced> {
    if let Some((scheme, user)) = before.rsplit_once("://")
        && !user.contains(char::is_whitespace)
    {
        let scheme = scheme.to_ascii_lowercase();
        let mail = scheme.ends_with("smtp") || scheme.ends_with("smtps");
        return mail.then_some(Introduced::Scheme);
    }
    let (key, separated, flag) = beside::key_before(before)?;
    let lower = key.to_ascii_lowercase();
    let relay = [
        "relayhost",
        "mailhub",
        "smarthost",
        "smart_host",
        "dc_smarthost",
    ];
    if relay.contains(&&*lower) {
        return Some(Introduced::Relay);
    }
    if !separated && !flag {
        return None;
    }
    if lower.ends_with("smtpclient") {
        return Some(Introduced::Key("smtp".to_owned()));
    }
    let of_key = |name: &str| names::holds(name).filter(|(_, holds)| *holds == Holds::Host);
    let within = beside::within_line(before, key).unwrap_or_else(|| line.qualified(key));
    let (stem, _) = of_key(key).or_else(|| of_key(&within))?;
    Some(Introduced::Key(stem))
}

fn with_options(
    host: String,
    at: usize,
    how: Introduced,
    line: &Line<'_>,
    lines: &Lines<'_>,
) -> Found {
    let text = line.text;
    let before = text.get(..at).unwrap_or_default();
    let after = text.get(at + host.len()..).unwrap_or_default();
    let lower = text.to_ascii_lowercase();
    let cmdlet = lower.contains("send-mailmessage");
    let scheme = before.rsplit_once("://").map(|(scheme, _)| scheme);
    let implicit = scheme.is_some_and(|scheme| scheme.to_ascii_lowercase().ends_with("smtps"));
    let mut found = Found {
        host,
        host_at: line.start + at,
        tls: (implicit || (cmdlet && lower.contains("-usessl"))).then_some(true),
        ..Found::default()
    };
    if found.tls.is_none() && cmdlet {
        found.tls = Some(false);
    }
    let told = beside_host(after).or_else(|| {
        let (place, value) = option(&lower, "port")?;
        Some((place, value))
    });
    let told = match (told, beside_host(after)) {
        // What stands beside the host counts from there.
        (Some(told), Some(_)) => Some((at + found.host.len() + told.0, told.1)),
        (told, _) => told,
    };
    match told {
        Some((place, Some(port))) => {
            found.port = Some(port);
            found.port_at = Some(line.start + place);
        }
        Some((_, None)) => found.port_unknown = true,
        None => {}
    }
    let stem = match &how {
        Introduced::Key(stem) => Some(&**stem),
        _ => None,
    };
    lines.complete(&mut found, line, stem);
    if found.port.is_none() && !found.port_unknown {
        // What the program takes where nothing is written.
        found.port = match (implicit, cmdlet, how) {
            (true, ..) => Some(465),
            (_, true, _) => Some(SMTP),
            (_, _, Introduced::Relay) => lines.sendmail_port().or(Some(SMTP)),
            _ => None,
        };
    }
    found
}

/// The port directly after a host: `:25`, `::25`, or a number that only mail servers have. The inner
/// `None`: it is not known.
fn beside_host(after: &str) -> Option<(usize, Option<u16>)> {
    let rest = after.trim_start_matches([']', '.', '\'']);
    let skipped = |rest: &str| after.len().saturating_sub(rest.len());
    if let Some(written) = rest.strip_prefix(':') {
        let written = written.strip_prefix(':').unwrap_or(written);
        let port = leading_number(written);
        return (port.is_some() || written.starts_with(HOLE)).then_some((skipped(written), port));
    }
    let tail = rest.trim_start_matches(['"', '\'', ' ', '\\', ',']);
    let port = leading_number(tail).filter(|port| [25, 465, 587, 2525].contains(port))?;
    Some((skipped(tail), Some(port)))
}

/// The number after a word, and where it stands: `-Port 25`, `port=25`, `"port": 25`, `'port', 25`.
/// The inner `None`: it is not known.
fn option(line: &str, word: &str) -> Option<(usize, Option<u16>)> {
    let mut rest = line;
    while let Some((_, after)) = rest.split_once(word) {
        let value = after.trim_start_matches(['"', '\'', ' ', '=', ':', '\\', ',', ']']);
        let separated = value.len() < after.len();
        let place = line.len().saturating_sub(value.len());
        if separated && let Some(number) = leading_number(value) {
            return Some((place, Some(number)));
        }
        if separated && value.starts_with([HOLE, '$']) {
            return Some((place, None));
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
    fn every_program_has_its_own_words_for_a_mail_server() {
        for (text, host, port, tls) in [
            (
                "relayhost = mail.example.com",
                "mail.example.com",
                Some(25),
                None,
            ),
            (
                "postfix postfix/relayhost string mail.example.com:587",
                "mail.example.com",
                Some(587),
                None,
            ),
            (
                "dc_smarthost='mail.example.com::587'",
                "mail.example.com",
                Some(587),
                None,
            ),
            (
                "mailhub=mail.example.com",
                "mail.example.com",
                Some(25),
                None,
            ),
            (
                "define(`SMART_HOST', `mail.example.com')dnl",
                "mail.example.com",
                Some(25),
                None,
            ),
            (
                "define(`SMART_HOST', `mail.example.com')\ndefine(`RELAY_MAILER_ARGS', `TCP $h 587')",
                "mail.example.com",
                Some(587),
                None,
            ),
            (
                "account default\nhost smtp.office365.com\nport 587\ntls off",
                "smtp.office365.com",
                Some(587),
                Some(false),
            ),
            (
                "r['smtp_address'] = \"mail.example.com\"\nr['smtp_port'] = 2525",
                "mail.example.com",
                Some(2525),
                None,
            ),
            (
                "$s.Put(\"SmartHost\", \"[mail.example.com]\")\n$s.Put(\"RemoteSmtpPort\", 587)",
                "mail.example.com",
                Some(587),
                None,
            ),
            (
                "New-Object Net.Mail.SmtpClient(\"mail.example.com\", 25)",
                "mail.example.com",
                Some(25),
                None,
            ),
            (
                "@{ SmtpServer = 'mail.example.com'; Port = 587 }",
                "mail.example.com",
                Some(587),
                None,
            ),
            (
                "Send-MailMessage `\n -SmtpServer mail.example.com `\n -Port 587 `\n -UseSsl",
                "mail.example.com",
                Some(587),
                Some(true),
            ),
            (
                "[smtp]\nenabled = true\nhost = mail.example.com:587",
                "mail.example.com",
                Some(587),
                None,
            ),
            (
                "smtp:\n  host: mail.example.com\n  port: 587\n  secure: true",
                "mail.example.com",
                Some(587),
                Some(true),
            ),
            (
                "{\"smtp\":{\"host\":\"mail.example.com\",\"port\":587}}",
                "mail.example.com",
                Some(587),
                None,
            ),
            (
                "define('WPMS_SMTP_HOST', 'mail.example.com'); define('WPMS_SMTP_PORT', 25);",
                "mail.example.com",
                Some(25),
                None,
            ),
            (
                "SMTP = mail.example.com\nsmtp_port = 587",
                "mail.example.com",
                Some(587),
                None,
            ),
            (
                "swaks --server smtp.office365.com --port 587",
                "smtp.office365.com",
                Some(587),
                None,
            ),
        ] {
            assert_eq!(one(text), (host.to_owned(), port, tls), "{text}");
        }
    }

    #[test]
    fn places_are_where_the_words_stand() {
        let text =
            "#cloud-config\n  r['smtp_port'] = 587\n  r['smtp_address'] = 'Mail.example.com'";
        let found = servers(text, &rows());
        let [server] = &found[..] else {
            panic!("{found:?}");
        };
        assert!(text[server.host_at..].starts_with("Mail.example.com"));
        assert!(text[server.port_at.unwrap()..].starts_with("587"));
    }

    #[test]
    fn what_only_sounds_like_mail_is_none() {
        for text in [
            "systemctl restart smtp-server nginx.service",
            "./smtp-server install.sh",
            "mail_db_host=db.example.com",
            "smtp_from=ops@example.com",
            "smtp_ca_file=/etc/ssl/ca.pem",
            "curl -o smtp_server.tgz https://get.example.com/smtp_server.tgz",
            "web:\n  host: www.example.com\n  port: 25",
            "email_template: host.example.com",
        ] {
            assert!(
                servers(text, &rows()).is_empty(),
                "{text}: {:?}",
                servers(text, &rows())
            );
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
