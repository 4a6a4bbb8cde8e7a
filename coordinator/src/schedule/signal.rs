//! What a challenge sends, as far as scheduling needs to know it.

use crate::store::challenges::SignalProfile;
use challengectl_common::{FrequencyRules, FrequencySet, OccupiedSpan, Sender, Tuning};
use std::time::Duration;

/// What a challenge sends, and where it may.
#[derive(Debug, Clone)]
pub struct Signal {
    /// Where its nominal frequency may lie.
    pub tuning: FrequencySet,
    /// What it occupies there.
    pub span: OccupiedSpan,
    /// How long it is on air.
    pub length: Duration,
    /// The runners and radios that may send it; none named: any of them.
    pub only_on: Vec<Sender>,
}

impl Signal {
    /// Of a challenge that keeps `guard_hz` hertz to the edges of its ranges.
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
