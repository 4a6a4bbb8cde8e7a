//! Draws the frequency of a challenge that may be sent within a range.

use anyhow::{Context, bail};
use challengectl_common::challenge::Kind;
use challengectl_common::{Band, Frequency, FrequencyRules, Tuning};
use challengectl_event::Challenge;

/// Draws a nominal frequency such that the whole signal lies within the challenge's bands, the radio's limits and the
/// band plan, and touches no protected band. Every hertz is as likely as every other.
pub(super) fn draw(challenge: &Challenge, limits: &[Band], rules: &FrequencyRules) -> anyhow::Result<Frequency> {
    let Kind::Transmission(transmission) = &challenge.spec.kind;
    let tuning = &transmission.tuning;
    if let Tuning::Frequency(frequency) = tuning {
        return Ok(*frequency);
    }
    let below = -challenge.occupied_bandwidth.start.min(0.0).floor() as u64;
    let above = challenge.occupied_bandwidth.end.max(0.0).ceil() as u64;
    let room = |band: Band| Band::new(band.low().checked_add(below)?, band.high().checked_sub(above)?);
    let within = within(&within(&tuning.bands(), limits), &rules.plan());
    let bands: Vec<Band> = within.into_iter().filter_map(room).collect();
    let bands = rules.closed_bands().fold(bands, |left, closed| {
        let closed = Band::new(closed.low().saturating_sub(above), closed.high() + below);
        closed.map_or(left.clone(), |closed| without(&left, &closed))
    });
    let total: u64 = bands.iter().map(|band| band.width() + 1).sum();
    let mut at = if total == 0 { 0 } else { rand::random_range(0..total) };
    for band in bands {
        if at <= band.width() {
            return Frequency::from_hz(band.low() + at).context("the range begins at 0 Hz");
        }
        at -= band.width() + 1;
    }
    bail!("no frequency of its ranges lies within the radio's limits and frequency_rules")
}

/// Returns the parts of the bands that lie within one of the limits; without limits, all of them.
fn within(bands: &[Band], limits: &[Band]) -> Vec<Band> {
    if limits.is_empty() {
        return bands.to_vec();
    }
    bands.iter().flat_map(|band| limits.iter().filter_map(|limit| band.intersection(limit))).collect()
}

/// Returns the parts of the bands that lie outside of `closed`.
fn without(bands: &[Band], closed: &Band) -> Vec<Band> {
    let parts = |band: &Band| {
        let beneath = Band::new(band.low(), band.high().min(closed.low().saturating_sub(1)));
        let beyond = Band::new(band.low().max(closed.high() + 1), band.high());
        [beneath, beyond]
    };
    bands.iter().flat_map(parts).flatten().collect()
}
