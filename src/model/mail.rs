//! Mail: the servers that settings name, and what DNS says of who may send.
//!
//! A [`MailTarget`] is found by evidence that holds: the name of a mail service that
//! `rules/platform/mail-hosts.yaml` knows, or a setting whose own name says that it is a mail
//! server. What is absent: whether mail gets there.

mod names;
mod places;
mod script;
mod spf;
mod targets;

use std::net::IpAddr;
use std::sync::Arc;

use super::setting::Text;
use super::{Field, List, Meta, SettingId};
use crate::origin::OriginId;

/// A mail server that something is told to use.
#[derive(Clone, Debug)]
pub struct MailTarget {
    /// Name (the host), place, existence: those of the setting that names the host.
    pub meta: Meta,
    /// The setting that names the host.
    pub setting: SettingId,
    /// The host as written, in lower case.
    pub host: Field<Arc<str>>,
    /// Its address, where the host is one.
    pub address: Option<IpAddr>,
    /// The port; absent: none is told.
    pub port: Field<u16>,
    /// Whether the connection is encrypted; absent: nothing is said.
    pub tls: Field<bool>,
    /// The settings beside that tell port and encryption, by where their values came from.
    pub beside: Vec<(OriginId, SettingId)>,
    /// The row of the table of mail hosts it is, if it is one.
    pub service: Option<u32>,
    /// The words that tell it, in the text of the setting; `None` where no text is known.
    pub written: Option<Written>,
    /// Where they are typed, if that is less than the whole setting:
    /// [`super::Network::place_mail_targets`].
    pub place: Option<OriginId>,
}

/// The words of a text that tell a mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The host.
    pub host: Word,
    /// The port.
    pub port: Option<Word>,
    /// What switches encryption on or off.
    pub tls: Option<Word>,
}

/// A word of a text: itself, and how often the text has it before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As typed.
    pub text: Arc<str>,
    /// How many of the same come before.
    pub before: usize,
    /// How many there are in all.
    pub all: usize,
}

impl MailTarget {
    /// The setting that a value of this target is written in.
    #[must_use]
    pub fn setting_of(&self, value: OriginId) -> SettingId {
        let beside = self.beside.iter().find(|(origin, _)| *origin == value);
        beside.map_or(self.setting, |(_, setting)| *setting)
    }
}

/// A TXT record of a DNS zone.
#[derive(Clone, Debug)]
pub struct TxtRecord {
    /// Name, place, existence. `@` is the zone itself.
    pub meta: Meta,
    /// The zone.
    pub zone: Field<Arc<str>>,
    /// Its texts, the pieces of each put together.
    pub texts: List<Text>,
}

/// One term of an SPF record.
#[derive(Clone, Debug)]
pub enum SpfTerm {
    /// `ip4:`, `ip6:` with a known block.
    Block(ipnet::IpNet),
    /// `ip4:`, `ip6:` with the address of something.
    Of(Arc<crate::eval::value::Unknown>),
    /// `include:`, `redirect=`, `a`, `mx`, `exists:`, `ptr`: answered by DNS. The domain, if any.
    Elsewhere(Arc<str>),
    /// `all` as a pass, or as neutral.
    Everything,
}

pub use places::Slice;
pub use spf::terms;
