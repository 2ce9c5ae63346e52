//! Small words of answers, for every format.

pub use crate::model::address::PortRange;
pub use crate::model::nsg::Direction;

/// `inbound` or `outbound`.
#[must_use]
pub fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
    }
}

/// `22,80-90`; `*` for every port, and for none.
#[must_use]
pub fn ports(ranges: &[PortRange]) -> String {
    let all = ranges.contains(&PortRange::ALL);
    if ranges.is_empty() || all {
        return "*".to_owned();
    }
    let words: Vec<String> = ranges
        .iter()
        .map(|range| match range.first == range.last {
            true => range.first.to_string(),
            false => format!("{}-{}", range.first, range.last),
        })
        .collect();
    words.join(",")
}
