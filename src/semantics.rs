//! What Azure will do with a packet, exactly.
//!
//! Every answer is a pair of sets of packets: those that get the answer in every world, and those
//! that may get it in some ([`Bounds`]). A world gives every unknown a value within its bounds,
//! every opaque tag or group an address set that obeys the declared inclusions, and decides every
//! uncertain existence.
//!
//! **Soundness.** `must` is never too large and `may` never too small. They may differ where all
//! worlds agree: that costs an "undetermined", never a wrong answer.
//!
//! What is absent: ARM and Terraform, YAML, severities, text.

pub mod packet;

/// A set known from below and from above: `must ⊆ truth ⊆ may` in every world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds<T> {
    /// Certain.
    pub must: T,
    /// Possible.
    pub may: T,
}
