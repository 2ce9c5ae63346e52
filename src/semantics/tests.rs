//! Small networks built by hand, and what Azure does with them.

mod fixture;
mod groups;
