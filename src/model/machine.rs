//! Tells a machine's operating system and identity from the places where they show.

use std::sync::Arc;

use super::compute::OperatingSystem;
use super::field::Node;
use super::parse;
use super::{Field, Meta, State};
use crate::eval::value::{Reason, Unknown};

/// Where the operating system of a machine shows, strongest first.
pub(super) struct Evidence<'a> {
    /// Settings that only a Windows machine has.
    pub(super) windows: Node<'a>,
    /// Settings that only a Linux machine has.
    pub(super) linux: Node<'a>,
    /// The type of the system disk.
    pub(super) disk: Node<'a>,
    /// Publisher of the image.
    pub(super) publisher: Node<'a>,
    /// Offer of the image.
    pub(super) offer: Node<'a>,
}

impl Evidence<'_> {
    /// The operating system; unknown where nothing tells it.
    pub(super) fn operating_system(&self, owner: &Meta) -> Field<OperatingSystem> {
        let written = |node: &Node<'_>, system| {
            node.is_written()
                .then(|| Field::known(system, node.origin()))
        };
        let certain = written(&self.windows, OperatingSystem::Windows)
            .or_else(|| written(&self.linux, OperatingSystem::Linux));
        if let Some(certain) = certain {
            return certain;
        }
        let disk = self.disk.field(parse::operating_system);
        if disk.value().is_some() {
            return disk;
        }
        let offer = self.offer.text();
        let image = self.publisher.field(|publisher| {
            let offer = offer.value().map(|offer| &**offer);
            image_system(publisher, offer).ok_or_else(|| String::from("unknown publisher"))
        });
        if image.value().is_some() {
            return image;
        }
        let asked = [&self.windows, &self.disk, &self.publisher, &self.linux];
        if let Some((unknown, origin)) = asked
            .iter()
            .find_map(|node| Some((node.unknown()?, node.origin())))
        {
            let candidates = match image.state {
                State::Unknown(_, candidates) => candidates,
                _ => None,
            };
            return Field {
                state: State::Unknown(Arc::clone(unknown), candidates),
                origin,
            };
        }
        let label = format!("operating system of {}", owner.address);
        let unknown = Unknown::new(&owner.key.0, label, Reason::Outside);
        Field {
            state: State::Unknown(Arc::new(unknown), None),
            origin: owner.origin,
        }
    }
}

/// Whether a machine has an identity, from the type that is written.
pub(super) fn has_identity(kind: &Node<'_>, owner: &Meta) -> Field<bool> {
    if kind.is_absent() {
        return Field::known(false, owner.origin);
    }
    kind.text().map(|kind| !kind.eq_ignore_ascii_case("none"))
}

/// The system that an image of the marketplace holds, if its publisher and offer tell.
fn image_system(publisher: &str, offer: Option<&str>) -> Option<OperatingSystem> {
    const WINDOWS: [&str; 2] = ["microsoftwindowsserver", "microsoftwindowsdesktop"];
    const LINUX: [&str; 10] = [
        "canonical",
        "redhat",
        "suse",
        "debian",
        "openlogic",
        "credativ",
        "coreos",
        "kinvolk",
        "almalinux",
        "oracle",
    ];
    let publisher = publisher.to_ascii_lowercase();
    if WINDOWS.contains(&&*publisher) {
        return Some(OperatingSystem::Windows);
    }
    if LINUX.contains(&&*publisher) {
        return Some(OperatingSystem::Linux);
    }
    if publisher != "microsoftsqlserver" {
        return None;
    }
    // SQL Server images name the system at the end of the offer: `sql2019-ws2022`,
    // `SQL2016SP1-WS2016`, `sql2019-ubuntu2004`.
    let offer = offer?.to_ascii_lowercase();
    let (_, system) = offer.rsplit_once('-')?;
    if system.starts_with("ws") || system.starts_with("win") {
        Some(OperatingSystem::Windows)
    } else if ["ubuntu", "rhel", "sles"]
        .iter()
        .any(|linux| system.starts_with(linux))
    {
        Some(OperatingSystem::Linux)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_server_images_tell_the_system_by_their_offer() {
        let sql = |offer| image_system("MicrosoftSQLServer", offer);
        assert_eq!(sql(Some("sql2019-ws2022")), Some(OperatingSystem::Windows));
        assert_eq!(
            sql(Some("SQL2019-Ubuntu2004")),
            Some(OperatingSystem::Linux)
        );
        assert_eq!(sql(Some("sql-other")), None);
        assert_eq!(sql(None), None);
    }
}
