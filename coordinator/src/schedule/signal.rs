//! The signal of a challenge, as the schedule sees it.

use crate::store::challenges::SignalProfile;
use challengectl_common::{FrequencyRules, FrequencySet, OccupiedSpan, Sender, Tuning};
use std::time::Duration;

/// The signal of a challenge, and where it may be sent.
#[derive(Debug, Clone)]
pub struct Signal {
    /// The permitted nominal frequencies.
    pub tuning: FrequencySet,
    /// The span that it occupies, relative to the nominal frequency.
    pub span: OccupiedSpan,
    /// The time for which it is on air.
    pub length: Duration,
    /// The runners and radios that may send it; empty: all.
    pub only_on: Vec<Sender>,
}

impl Signal {
    /// Returns the signal of a challenge that keeps `guard_hz` hertz to the edges of its ranges.
    #[must_use]
    pub fn new(tuning: &Tuning, profile: &SignalProfile, only_on: &[Sender], guard_hz: u64) -> Self {
        let span = OccupiedSpan::new(&profile.occupied);
        Self {
            tuning: FrequencySet::of_tuning(tuning, span, guard_hz),
            span,
            length: Duration::from_millis(u64::try_from(profile.duration_ms).unwrap_or(0)),
            only_on: only_on.to_vec(),
        }
    }

    /// Leaves only the frequencies that the rules permit.
    #[must_use]
    pub fn permitted(self, rules: &FrequencyRules) -> Self {
        Self { tuning: self.tuning.permitted(rules, self.span), ..self }
    }
}
