//! Counting how transmissions end.

use parking_lot::Mutex;
use std::collections::BTreeMap;

/// Counts how transmissions end. In memory: the history in the database gets shorter when it is old, and a count must
/// not.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<(String, &'static str), u64>>);

impl Tally {
    /// One more.
    pub fn count(&self, modulation: String, outcome: &'static str) {
        let mut counts = self.0.lock();
        *counts.entry((modulation, outcome)).or_default() += 1;
    }

    pub(crate) fn all(&self) -> Vec<(String, &'static str, u64)> {
        let counts = self.0.lock();
        counts.iter().map(|((modulation, outcome), count)| (modulation.clone(), *outcome, *count)).collect()
    }
}
