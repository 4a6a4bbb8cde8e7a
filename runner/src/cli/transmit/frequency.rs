//! Draws the frequency of a challenge that has a range.

use anyhow::Context;
use challengectl_common::challenge::Kind;
use challengectl_common::{Band, Frequency, FrequencyRules, FrequencySet, OccupiedSpan, Tuning};
use challengectl_event::Challenge;

/// Draws a nominal frequency with which the whole signal lies within one of the challenge's ranges, the radio's limits and
/// the band plan, and touches no protected band.
pub(super) fn draw(challenge: &Challenge, limits: &[Band], rules: &FrequencyRules) -> anyhow::Result<Frequency> {
    let Kind::Transmission(transmission) = &challenge.spec.kind;
    let tuning = &transmission.tuning;
    if let Tuning::Frequency(frequency) = tuning {
        return Ok(*frequency);
    }
    let span = OccupiedSpan::new(&challenge.occupied_bandwidth);
    // Nothing else is known to be on air, so that no guard is kept.
    let free = FrequencySet::of_tuning(tuning, span, 0).within(limits, span).permitted(rules, span);
    free.draw(|below| rand::random_range(0..below))
        .context("no frequency of its ranges lies within the radio's limits and frequency_rules")
}
