//! Packets and sets of packets.

use std::net::IpAddr;

use crate::model::address::Protocol;

/// One packet: the first of a connection, as a network security group sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// Sender.
    pub source: IpAddr,
    /// Receiver; of the same family as the sender.
    pub destination: IpAddr,
    /// Protocol.
    pub protocol: Protocol,
    /// Sender's port; 0 for protocols without ports.
    pub source_port: u16,
    /// Receiver's port; 0 for protocols without ports.
    pub destination_port: u16,
}
