//! The run of a runner's program that a request comes from.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One run of a runner's program, from start to end. A later run of the same runner has a higher number, so that the
/// server recognises a delayed request of an earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Life(i64);

impl Life {
    /// The first life of a runner, number 1.
    pub const FIRST: Self = Self(1);

    /// Returns the life with this number; `None` below 1.
    #[must_use]
    pub const fn new(number: i64) -> Option<Self> {
        if number < 1 { None } else { Some(Self(number)) }
    }

    /// The number, 1 or more.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
