//! YAML documents as trees in which every value has its line.

pub(crate) mod fields;
pub(crate) mod node;
pub(crate) mod typed;
