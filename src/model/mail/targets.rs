//! Finds mail servers among the settings of a network.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::names::{Holds, holds, switch};
use super::script::{Found, servers, whole};
use super::{MailTarget, Word, Written};
use crate::eval::ResourceKey;
use crate::eval::value::{Reason, Unknown};
use crate::model::platform::{MailHostRow, PlatformFacts};
use crate::model::setting::{HOLE, Setting, SettingKind};
use crate::model::{Field, Meta, Network, SettingId, State};

impl Network {
    /// Fills [`Network::mail_targets`] from the settings.
    pub fn find_mail_targets(&mut self, facts: &PlatformFacts) {
        if self.settings.is_empty() {
            return;
        }
        let beside = Beside::new(self);
        let mut targets = Vec::new();
        for id in SettingId::all(self) {
            of_setting(id, &self[id], &facts.mail_hosts, &beside, &mut targets);
        }
        self.mail_targets = targets;
    }
}

/// What the settings of one server are found by: their group and stem.
type Pair = (Arc<str>, String);

/// Settings that say more of a server that another one names.
struct Beside<'n> {
    network: &'n Network,
    ports: BTreeMap<Pair, Vec<SettingId>>,
    tls: BTreeMap<Pair, Vec<(Holds, SettingId)>>,
}

impl<'n> Beside<'n> {
    fn new(network: &'n Network) -> Self {
        let mut beside = Self {
            network,
            ports: BTreeMap::new(),
            tls: BTreeMap::new(),
        };
        for id in SettingId::all(network) {
            let setting = &network[id];
            let Some((stem, holds)) = holds_of(setting) else {
                continue;
            };
            let pair = (Arc::clone(&setting.group), stem);
            match holds {
                Holds::Port => beside.ports.entry(pair).or_default().push(id),
                Holds::Tls | Holds::ImplicitTls => {
                    beside.tls.entry(pair).or_default().push((holds, id));
                }
                Holds::Host => {}
            }
        }
        beside
    }

    /// The port that stands beside; none where several disagree about whose it is.
    fn port(&self, pair: &Pair) -> Option<(SettingId, Field<u16>)> {
        let [id] = self.ports.get(pair)?[..] else {
            return None;
        };
        let setting = &self.network[id];
        let origin = setting.text.origin;
        let state = match (setting.text.known(), setting.text.unknown()) {
            (Some(text), _) => State::Known(text.trim().parse().ok()?),
            (None, Some(unknown)) => State::Unknown(Arc::clone(unknown), None),
            (None, None) => return None,
        };
        Some((id, Field { state, origin }))
    }

    /// Whether the settings beside switch encryption on or off.
    fn tls(&self, pair: &Pair) -> Option<(SettingId, Field<bool>)> {
        let mut off = None;
        for (holds, id) in self.tls.get(pair)? {
            let setting = &self.network[*id];
            let origin = setting.text.origin;
            let Some(text) = setting.text.known() else {
                let unknown = setting.text.unknown()?;
                let state = State::Unknown(Arc::clone(unknown), None);
                return Some((*id, Field { state, origin }));
            };
            match (switch(&text), holds) {
                (Some(true), _) => return Some((*id, Field::known(true, origin))),
                (Some(false), Holds::Tls) => {
                    off = Some((*id, Field::known(false, origin)));
                }
                _ => {}
            }
        }
        off
    }
}

fn holds_of(setting: &Setting) -> Option<(String, Holds)> {
    if setting.kind != SettingKind::Variable {
        return None;
    }
    holds(setting.meta.name.value()?)
}

fn of_setting(
    id: SettingId,
    setting: &Setting,
    rows: &[MailHostRow],
    beside: &Beside<'_>,
    into: &mut Vec<MailTarget>,
) {
    let named = holds_of(setting).filter(|(_, holds)| *holds == Holds::Host);
    let Some((stem, _)) = named else {
        let text = setting.text.readable();
        for server in servers(&text, rows) {
            into.push(target(id, setting, &server, rows, into.len()));
        }
        return;
    };
    let pair = (Arc::clone(&setting.group), stem);
    let text = setting.text.readable();
    let mut target = if text.trim() == HOLE.to_string() {
        unknown_host(id, setting, into.len())
    } else {
        let known = setting.text.known().and_then(|text| whole(&text));
        let is_whole = known.is_some();
        let server = known.or_else(|| servers(&text, rows).into_iter().next());
        let Some(server) = server else {
            return;
        };
        let target = target(id, setting, &server, rows, into.len());
        // A value that is nothing but the server is a place as good as its words.
        let written = target.written.filter(|_| !is_whole);
        MailTarget { written, ..target }
    };
    if target.port.is_absent()
        && let Some((id, port)) = beside.port(&pair)
    {
        target.beside.push((port.origin, id));
        target.port = port;
    }
    if target.tls.is_absent()
        && let Some((id, tls)) = beside.tls(&pair)
    {
        target.beside.push((tls.origin, id));
        target.tls = tls;
    }
    into.push(target);
}

fn target(
    id: SettingId,
    setting: &Setting,
    found: &Found,
    rows: &[MailHostRow],
    number: usize,
) -> MailTarget {
    let origin = setting.meta.origin;
    let typed = setting.text.origin;
    let host: Arc<str> = found.host.as_str().into();
    let port = match (found.port, found.port_unknown) {
        (Some(port), _) => Field::known(port, typed),
        (None, true) => Field {
            state: State::Unknown(missing(setting, "port"), None),
            origin: typed,
        },
        (None, false) => Field::absent(origin),
    };
    let tls = match found.tls {
        Some(tls) => Field::known(tls, typed),
        None => Field::absent(origin),
    };
    let text = setting.text.readable();
    let word = |at: usize, length: usize| Word::at(&text, at, length);
    let digits = |at: usize| {
        let rest = text.get(at..).unwrap_or_default();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric());
        word(at, end.unwrap_or(rest.len()))
    };
    let written = word(found.host_at, host.len()).map(|host| Written {
        host,
        port: found.port_at.and_then(digits),
        tls: found.tls_at.and_then(digits),
    });
    let address = host.parse::<IpAddr>().ok();
    let is = |row: &MailHostRow| match &address {
        Some(address) => row.addresses.iter().any(|block| block.contains(address)),
        None => row.is(&host),
    };
    let service = rows.iter().position(is);
    MailTarget {
        address,
        host: Field::known(Arc::clone(&host), typed),
        port,
        tls,
        service: service.and_then(|row| u32::try_from(row).ok()),
        setting: id,
        beside: Vec::new(),
        written,
        place: None,
        meta: meta(setting, Field::known(host, typed), number),
    }
}

fn unknown_host(id: SettingId, setting: &Setting, number: usize) -> MailTarget {
    let origin = setting.meta.origin;
    let unknown = missing(setting, "host");
    let host = Field {
        state: State::Unknown(unknown, None),
        origin: setting.text.origin,
    };
    MailTarget {
        address: None,
        meta: meta(setting, host.clone(), number),
        host,
        port: Field::absent(origin),
        tls: Field::absent(origin),
        service: None,
        setting: id,
        beside: Vec::new(),
        written: None,
        place: None,
    }
}

/// The missing input behind a setting.
fn missing(setting: &Setting, what: &str) -> Arc<Unknown> {
    setting.text.unknown().map_or_else(
        || {
            let label = format!("{what} in {}", setting.meta.address);
            Arc::new(Unknown::new(&setting.meta.key.0, label, Reason::NoValue))
        },
        Arc::clone,
    )
}

fn meta(setting: &Setting, name: Field<Arc<str>>, number: usize) -> Meta {
    Meta {
        key: ResourceKey(format!("{}/mail/{number}", setting.meta.key.0).into()),
        name,
        ..setting.meta.clone()
    }
}
