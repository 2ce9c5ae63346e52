//! What the name of a setting says of mail servers.
//!
//! `SMTP_HOST`, `Smtp__Port`, `EMAIL_USE_TLS`, `smtp_server_enable_ssl`: a word for mail, and a word
//! for what it holds. Settings whose other words are the same belong together.

/// What a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// The host, perhaps with a port.
    Host,
    /// The port.
    Port,
    /// Whether the connection is encrypted, in words that mean every kind of encryption.
    Tls,
    /// Whether the connection is encrypted from the start: `false` leaves `STARTTLS` open.
    ImplicitTls,
}

const MAIL: [&str; 5] = ["smtp", "mail", "email", "mailer", "smarthost"];
const OTHER: [&str; 5] = ["imap", "pop", "pop3", "inbound", "incoming"];
const HOST: [&str; 7] = [
    "host",
    "hostname",
    "server",
    "relay",
    "smarthost",
    "relayhost",
    "hub",
];
const TLS: [&str; 3] = ["tls", "starttls", "enablessl"];
/// Words that say nothing of what is meant: what is between `mail` and `host` may only be these.
const NEUTRAL: [&str; 13] = [
    "client",
    "conf",
    "config",
    "configuration",
    "default",
    "options",
    "out",
    "outbound",
    "outgoing",
    "properties",
    "remote",
    "sender",
    "settings",
];
/// Those of them that not every setting of a server has.
const PASSED_OVER: [&str; 4] = ["client", "default", "properties", "remote"];

/// What a setting of this name holds, and what it has in common with those beside it.
pub(super) fn holds(name: &str) -> Option<(String, Holds)> {
    let words = words(name);
    let is = |list: &[&str]| words.iter().any(|word| list.contains(&&**word));
    if !is(&MAIL) || is(&OTHER) {
        return None;
    }
    let last = words.last()?.as_str();
    let before_last = words.iter().rev().nth(1).map(String::as_str);
    let enabled = is(&["enable", "enabled"]);
    let holds = match last {
        "port" => Holds::Port,
        "address" | "name" if is(&["server", "host"]) => Holds::Host,
        // Of `smtp_address` and `smtp_from_address` only the first is a server.
        "address" if before_last == Some("smtp") => Holds::Host,
        _ if HOST.contains(&last) && means_server(&words) => Holds::Host,
        // `SMTP` by itself names the server.
        "smtp" if words.len() == 1 => Holds::Host,
        _ if TLS.contains(&last) || (enabled && is(&["ssl", "tls", "starttls"])) => Holds::Tls,
        "auto" | "policy" if is(&["starttls"]) => Holds::Tls,
        "ssl" | "secure" | "encryption" => Holds::ImplicitTls,
        _ => return None,
    };
    let says_what = |word: &&String| {
        HOST.contains(&&***word)
            || TLS.contains(&&***word)
            || matches!(
                &***word,
                "port"
                    | "address"
                    | "name"
                    | "enable"
                    | "enabled"
                    | "use"
                    | "ssl"
                    | "secure"
                    | "encryption"
                    | "auto"
                    | "policy"
            )
    };
    let mut stem: Vec<&str> = Vec::new();
    for word in words.iter().filter(|word| !says_what(word)) {
        // `spring.mail.properties.mail.smtp` and `spring.mail` are one server's.
        let again = MAIL.contains(&&**word) && stem.iter().any(|other| MAIL.contains(other));
        if !again && !PASSED_OVER.contains(&&**word) {
            stem.push(word);
        }
    }
    Some((stem.join(" "), holds))
}

/// Whether a name that ends in `host` is that of a mail server: `MAIL_DB_HOST` is not.
fn means_server(words: &[String]) -> bool {
    let mail = words.iter().rposition(|word| MAIL.contains(&&**word));
    let between = mail.and_then(|mail| words.get(mail + 1..));
    between.is_some_and(|between| {
        let mut between = between.iter().map(String::as_str);
        between.all(|word| NEUTRAL.contains(&word) || HOST.contains(&word))
    })
}

/// Whether a text switches encryption on.
pub(super) fn switch(text: &str) -> Option<bool> {
    match &*text.trim().to_ascii_lowercase() {
        "true" | "1" | "yes" | "on" | "tls" | "ssl" | "starttls" | "required" | "always"
        | "mandatorystarttls" => Some(true),
        "false" | "0" | "no" | "off" | "none" | "never" | "nostarttls" => Some(false),
        _ => None,
    }
}

/// The words of a name, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().copied().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            words.extend(compound(std::mem::take(&mut word)));
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let begins = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || (before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase))
            });
        if begins {
            words.extend(compound(std::mem::take(&mut word)));
        }
        word.push(letter.to_ascii_lowercase());
    }
    words.extend(compound(word));
    if let Some(at) = words.windows(2).position(|two| two == ["smart", "host"]) {
        words.splice(at..at + 2, ["smarthost".to_owned()]);
    }
    words
}

/// `smtphost` is two words.
fn compound(word: String) -> Vec<String> {
    for mail in MAIL {
        let Some(rest) = word.strip_prefix(mail) else {
            continue;
        };
        let known = HOST.contains(&rest) || TLS.contains(&rest) || ["port", "ssl"].contains(&rest);
        if known {
            return vec![mail.to_owned(), rest.to_owned()];
        }
    }
    if word.is_empty() {
        Vec::new()
    } else {
        vec![word]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_server_have_the_same_stem() {
        for (name, expected) in [
            ("SMTP_HOST", Holds::Host),
            ("smtp_server_address", Holds::Host),
            ("SmtpServer", Holds::Host),
            ("SMTPHost", Holds::Host),
            ("smtphost", Holds::Host),
            ("Smtp__Port", Holds::Port),
            ("smtpPort", Holds::Port),
            ("smtp_server_enable_ssl", Holds::Tls),
            ("SMTP_STARTTLS", Holds::Tls),
            ("Smtp:EnableSsl", Holds::Tls),
            ("SMTP_USE_SSL", Holds::ImplicitTls),
            ("SMTP_ADDRESS", Holds::Host),
            ("smtp_enable_starttls_auto", Holds::Tls),
            ("SMTP_STARTTLS_POLICY", Holds::Tls),
            ("RemoteSmtpPort", Holds::Port),
        ] {
            assert_eq!(holds(name), Some(("smtp".to_owned(), expected)), "{name}");
        }
    }

    #[test]
    fn names_of_one_server_pair_over_the_words_between() {
        for (host, beside) in [
            (
                "spring.mail.host",
                "spring.mail.properties.mail.smtp.starttls.enable",
            ),
            ("EmailSettings__Host", "EmailSettings__SmtpPort"),
            ("AIRFLOW__SMTP__SMTP_HOST", "AIRFLOW__SMTP__SMTP_PORT"),
        ] {
            assert_eq!(holds(host).unwrap().0, holds(beside).unwrap().0, "{host}");
        }
    }

    #[test]
    fn other_servers_and_other_words_say_nothing() {
        for name in [
            "IMAP_MAIL_HOST",
            "MAIL_FROM",
            "EMAIL_ADDRESS",
            "SMTP_PASSWORD",
            "DATABASE_HOST",
            "MAILCHIMP_SERVER",
            "MAIL_DB_HOST",
            "EMAIL_TEMPLATE_HOST",
            "SMTP_FROM_ADDRESS",
        ] {
            assert_eq!(holds(name), None, "{name}");
        }
    }
}
