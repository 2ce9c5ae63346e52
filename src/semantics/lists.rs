//! Questions on lists of prefixes and ports, as fields hold them.

use crate::eval::value::Truth;
use crate::model::Field;
use crate::model::List;
use crate::model::address::{AddressPrefix, PortRange};
use crate::semantics::Semantics;

/// A port item that holds more ports than this does not *mean* one of them.
pub const MAX_MEANT_PORTS: u32 = 100;

/// Whether the list holds a port.
#[must_use]
pub fn ports_contain(ports: &List<Field<PortRange>>, port: u16) -> Truth {
    let _ = (ports, port);
    Truth::Unknown
}

/// Whether an item of the list holds the port and at most [`MAX_MEANT_PORTS`] ports.
#[must_use]
pub fn means_port(ports: &List<Field<PortRange>>, port: u16) -> Truth {
    let _ = (ports, port);
    Truth::Unknown
}

impl Semantics<'_> {
    /// Whether every address of `inner` is in `outer`.
    #[must_use]
    pub fn covers(
        &self,
        outer: &List<Field<AddressPrefix>>,
        inner: &List<Field<AddressPrefix>>,
    ) -> Truth {
        let _ = (outer, inner);
        Truth::Unknown
    }

    /// Whether the two lists have an address in common.
    #[must_use]
    pub fn overlaps(
        &self,
        a: &List<Field<AddressPrefix>>,
        b: &List<Field<AddressPrefix>>,
    ) -> Truth {
        let _ = (a, b);
        Truth::Unknown
    }
}
