//! Whether values of keys have their types.

use crate::document::node::Node;
use crate::document::typed::typed;
use serde::de::DeserializeOwned;

/// Says what is wrong with a value, and its line.
pub(super) type Check = fn(&Node) -> Result<(), (u64, String)>;

/// Checks that a value has a type.
pub(super) fn fits<T: DeserializeOwned>(node: &Node) -> Result<(), (u64, String)> {
    typed::<T>(node).map(drop)
}
