//! Finds mail servers among the settings of a network.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::MailTarget;
use super::names::{Holds, holds, switch};
use super::script::{Found, servers, whole};
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
    ports: BTreeMap<Pair, Vec<&'n Setting>>,
    tls: BTreeMap<Pair, Vec<(Holds, &'n Setting)>>,
}

impl<'n> Beside<'n> {
    fn new(network: &'n Network) -> Self {
        let mut beside = Self {
            ports: BTreeMap::new(),
            tls: BTreeMap::new(),
        };
        for setting in &network.settings {
            let Some((stem, holds)) = holds_of(setting) else {
                continue;
            };
            let pair = (Arc::clone(&setting.group), stem);
            match holds {
                Holds::Port => beside.ports.entry(pair).or_default().push(setting),
                Holds::Tls | Holds::ImplicitTls => {
                    beside.tls.entry(pair).or_default().push((holds, setting));
                }
                Holds::Host => {}
            }
        }
        beside
    }

    /// The port that stands beside; none where several disagree about whose it is.
    fn port(&self, pair: &Pair) -> Option<Field<u16>> {
        let [setting] = self.ports.get(pair)?[..] else {
            return None;
        };
        let origin = setting.text.origin;
        let state = match (setting.text.known(), setting.text.unknown()) {
            (Some(text), _) => State::Known(text.trim().parse().ok()?),
            (None, Some(unknown)) => State::Unknown(Arc::clone(unknown), None),
            (None, None) => return None,
        };
        Some(Field { state, origin })
    }

    /// Whether the settings beside switch encryption on or off.
    fn tls(&self, pair: &Pair) -> Option<Field<bool>> {
        let mut off = None;
        for (holds, setting) in self.tls.get(pair)? {
            let origin = setting.text.origin;
            let Some(text) = setting.text.known() else {
                let unknown = setting.text.unknown()?;
                return Some(Field {
                    state: State::Unknown(Arc::clone(unknown), None),
                    origin,
                });
            };
            match (switch(&text), holds) {
                (Some(true), _) => return Some(Field::known(true, origin)),
                (Some(false), Holds::Tls) => off = Some(Field::known(false, origin)),
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
            into.push(target(id, setting, server, rows, into.len()));
        }
        return;
    };
    let pair = (Arc::clone(&setting.group), stem);
    let text = setting.text.readable();
    let mut target = if text.trim() == HOLE.to_string() {
        unknown_host(id, setting, into.len())
    } else {
        let known = setting.text.known().and_then(|text| whole(&text));
        let server = known.or_else(|| servers(&text, rows).into_iter().next());
        let Some(server) = server else {
            return;
        };
        target(id, setting, server, rows, into.len())
    };
    if target.port.is_absent()
        && let Some(port) = beside.port(&pair)
    {
        target.port = port;
    }
    if target.tls.is_absent()
        && let Some(tls) = beside.tls(&pair)
    {
        target.tls = tls;
    }
    into.push(target);
}

fn target(
    id: SettingId,
    setting: &Setting,
    found: Found,
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
    let service = rows.iter().position(|row| row.is(&host));
    MailTarget {
        address: host.parse::<IpAddr>().ok(),
        host: Field::known(Arc::clone(&host), typed),
        port,
        tls,
        service: service.and_then(|row| u32::try_from(row).ok()),
        setting: id,
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
