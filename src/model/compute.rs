//! Machines: what matters of them for the network.

use super::{Field, Link, List, Meta, NicId};

/// A virtual machine or scale set.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Name, place, existence.
    pub meta: Meta,
    /// Its network interfaces.
    pub network_interfaces: List<Field<Link<NicId>>>,
    /// What it runs.
    pub operating_system: Field<OperatingSystem>,
    /// Whether it is a scale set of single machines (`Flexible`): those have no default outbound
    /// access. Absent: it is not.
    pub flexible: Field<bool>,
    /// Whether it has a managed identity.
    pub has_identity: Field<bool>,
}

/// The operating systems Azure tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum OperatingSystem {
    Windows,
    Linux,
}
