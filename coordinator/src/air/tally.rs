//! Counting how transmissions end.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Counts how transmissions end. In memory: the history in the database gets shorter when it is old, and a count must
/// not.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<(String, &'static str), u64>>);

impl Tally {
    /// One more.
    pub fn count(&self, modulation: String, outcome: &'static str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((modulation, outcome)).or_default() += 1;
    }

    pub(crate) fn all(&self) -> Vec<(String, &'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|((modulation, outcome), count)| (modulation.clone(), *outcome, *count)).collect()
    }
}
