//! A report as text for people and machines: one file per format.
