//! What may become of a packet before and after, as bits.

/// What may become of a packet: bits.
pub(super) const ALLOWED: u8 = 1;
pub(super) const DENIED: u8 = 2;

/// Pairs of what becomes of it before and after: bits.
pub(super) const ALLOWED_BOTH: u8 = 1;
pub(super) const CLOSED: u8 = 2;
pub(super) const OPENED: u8 = 4;
pub(super) const DENIED_BOTH: u8 = 8;

/// Every pair of one of `old` and one of `new`.
pub(super) fn cross(old: u8, new: u8) -> u8 {
    let mut pairs = 0;
    for (one, other, bit) in PAIRS {
        if old & one != 0 && new & other != 0 {
            pairs |= bit;
        }
    }
    pairs
}

pub(super) const PAIRS: [(u8, u8, u8); 4] = [
    (ALLOWED, ALLOWED, ALLOWED_BOTH),
    (ALLOWED, DENIED, CLOSED),
    (DENIED, ALLOWED, OPENED),
    (DENIED, DENIED, DENIED_BOTH),
];

/// The same before and after.
pub(super) fn and_same(fates: u8) -> u8 {
    cross(fates & ALLOWED, ALLOWED) | cross(fates & DENIED, DENIED)
}

pub(super) fn both(fate: u8) -> u8 {
    cross(fate, fate)
}

/// What becomes of packets that must pass two groups.
pub(super) fn and(first: u8, second: u8) -> u8 {
    let meet = |a: u8, b: u8| if a == ALLOWED { b } else { DENIED };
    let mut pairs = 0;
    for (old, new, bit) in PAIRS {
        for (other_old, other_new, other) in PAIRS {
            if first & bit != 0 && second & other != 0 {
                pairs |= cross(meet(old, other_old), meet(new, other_new));
            }
        }
    }
    pairs
}
