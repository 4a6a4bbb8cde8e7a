//! Counters of the outcomes of transmissions.

use parking_lot::Mutex;
use std::collections::BTreeMap;

/// The number of transmissions by modulation and outcome. In memory: retention deletes history from the database, and a
/// counter must not decrease.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<(String, &'static str), u64>>);

impl Tally {
    /// Counts one transmission.
    pub fn count(&self, modulation: String, outcome: &'static str) {
        let mut counts = self.0.lock();
        *counts.entry((modulation, outcome)).or_default() += 1;
    }

    pub(crate) fn all(&self) -> Vec<(String, &'static str, u64)> {
        let counts = self.0.lock();
        counts.iter().map(|((modulation, outcome), count)| (modulation.clone(), *outcome, *count)).collect()
    }
}
