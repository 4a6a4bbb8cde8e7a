//! The identification of a station: its call sign in Morse code.

use crate::modulation::cw::CW;
use crate::{BuildError, Payload};
use challengectl_common::Callsign;
use challengectl_dsp::Waveform;
use challengectl_dsp::silence::Padded;
use serde_json::{Map, json};
use std::ops::Range;

/// Words per minute: the highest speed at which a device may identify a station by itself (47 CFR 97.119(b)(1)).
const WPM: u32 = 20;

/// Seconds of silence around it, by which people tell it from the signal before.
const SILENCE: f64 = 0.3;

/// Half of the band that is kept for it, in hertz: at 20 words per minute 99 % of the power lie within less.
const HALF_WIDTH: f64 = 100.0;

/// Builds the identification: `DE` and the call sign, keyed at 0 Hz.
///
/// # Errors
/// [`BuildError`], though there is no call sign that Morse code does not have.
pub fn identification(callsign: &Callsign) -> Result<Box<dyn Waveform>, BuildError> {
    let parameters = Map::from_iter([("wpm".to_owned(), json!(WPM)), ("tone".to_owned(), json!(0))]);
    let keyed = CW.waveform(Payload::Text(&format!("DE {callsign}")), &parameters)?;
    Ok(Box::new(Padded::new(keyed, SILENCE)))
}

/// Returns where the identification of a signal lies, in hertz relative to the nominal frequency: in the middle of what
/// the signal occupies.
#[must_use]
pub fn identification_centre(occupied: &Range<f64>) -> f64 {
    f64::midpoint(occupied.start, occupied.end)
}

/// Returns the band of a signal that may be followed by an identification: what the signal occupies, and at least
/// 200 Hz around its middle.
#[must_use]
pub fn with_identification(occupied: &Range<f64>) -> Range<f64> {
    let centre = identification_centre(occupied);
    occupied.start.min(centre - HALF_WIDTH)..occupied.end.max(centre + HALF_WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identification_lies_within_the_band_that_is_kept_for_it() {
        for sign in ["K1A", "E5E", "T0T/TTT", "DL0XYZ", "5555555555555555A"] {
            let Ok(callsign) = sign.parse() else { continue };
            let built = identification(&callsign).unwrap();
            let band = built.occupied_bandwidth();
            assert!(-HALF_WIDTH < band.start && band.end < HALF_WIDTH, "{sign}: {band:?}");
        }
    }

    #[test]
    fn only_a_narrow_signal_gets_a_wider_band() {
        assert_eq!(with_identification(&(690.0..710.0)), 600.0..800.0);
        assert_eq!(with_identification(&(-6_000.0..6_000.0)), -6_000.0..6_000.0);
        assert_eq!(with_identification(&(300.0..3_000.0)), 300.0..3_000.0);
    }

    /// `DE W1AW` has 67 dots of 60 ms from its first element to its last; silence comes before and behind.
    #[test]
    fn an_identification_takes_as_long_as_its_dots() {
        let duration = identification(&"W1AW".parse().unwrap()).unwrap().duration();
        let keyed = 67.0 * 0.06;
        assert!((keyed + 2.0 * SILENCE..keyed + 2.0 * SILENCE + 0.6).contains(&duration), "{duration}");
    }
}
