//! The gain of the tuner.
//!
//! Signals and the noise of the antenna grow with it; the converter's own noise does not. At the highest gain, full
//! scale of the spectrum is full scale of the converter.

use std::cmp::Reverse;

/// The gains of a Rafael Micro R820T, the usual tuner, in tenths of a decibel.
pub const GAINS: [i32; 29] = [
    0, 9, 14, 27, 37, 77, 87, 125, 144, 157, 166, 197, 207, 229, 254, 280, 297, 328, 338, 364, 372, 386, 402, 421, 434,
    439, 445, 480, 496,
];

/// The gain in decibels at which full scale of the spectrum is full scale of the converter.
pub const FULL_SCALE_GAIN_DB: f64 = 49.6;

/// The level that the automatic gain aims at: root mean square in decibels of full scale. Peaks of noise have 18 dB of
/// room.
const TARGET_DB: f64 = -18.0;

/// Decibels by which the automatic gain changes in a block of 20 ms: 10 dB in a second.
const STEP_DB: f64 = 0.2;

/// The gain of one receiver.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gain {
    is_manual: bool,
    decibels: f64,
}

impl Gain {
    /// Creates an automatic gain, as of a dongle that was just plugged in.
    pub(super) fn new() -> Self {
        Self { is_manual: false, decibels: 30.0 }
    }

    pub(super) fn is_manual(self) -> bool {
        self.is_manual
    }

    pub(super) fn set_manual(&mut self, is_manual: bool) {
        self.is_manual = is_manual;
    }

    /// Sets the nearest gain that the tuner has, and makes it manual.
    pub(super) fn set(&mut self, tenths: i32) {
        let nearest = GAINS.into_iter().min_by_key(|gain| (gain.abs_diff(tenths), Reverse(*gain)));
        *self = Self { is_manual: true, decibels: f64::from(nearest.unwrap_or(0)) / 10.0 };
    }

    /// Sets a gain of the table, and makes it manual; a number beyond the table changes nothing.
    pub(super) fn set_index(&mut self, index: u32) {
        if let Some(tenths) = usize::try_from(index).ok().and_then(|index| GAINS.get(index)) {
            self.set(*tenths);
        }
    }

    /// Returns the factor from amplitudes of the spectrum to fractions of the converter's full scale.
    pub(super) fn factor(self) -> f64 {
        10_f64.powf((self.decibels - FULL_SCALE_GAIN_DB) / 20.0)
    }

    /// Moves an automatic gain towards its target, by the mean power of the spectrum in a block.
    pub(super) fn follow(&mut self, power: f64) {
        if self.is_manual {
            return;
        }
        let level = 10.0 * power.max(1e-30).log10() + self.decibels - FULL_SCALE_GAIN_DB;
        let step = (TARGET_DB - level).clamp(-STEP_DB, STEP_DB);
        self.decibels = (self.decibels + step).clamp(0.0, FULL_SCALE_GAIN_DB);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_is_the_nearest_one_of_the_table() {
        let mut gain = Gain::new();
        for (asked, found) in [(300, 29.7), (-5, 0.0), (i32::MAX, 49.6), (i32::MIN, 0.0), (60, 7.7)] {
            gain.set(asked);
            assert_eq!(gain.decibels, found, "{asked}");
        }
        gain.set_index(28);
        assert_eq!(gain.factor(), 1.0);
        gain.set_index(29);
        assert_eq!(gain.factor(), 1.0);
    }

    #[test]
    fn the_automatic_gain_comes_to_its_target_and_the_manual_one_stays() {
        let mut gain = Gain::new();
        (0..200).for_each(|_| gain.follow(1.0));
        assert!((20.0 * gain.factor().log10() - TARGET_DB).abs() < 0.01);
        gain.set(100);
        let before = gain;
        gain.follow(0.01);
        assert_eq!(gain, before);
    }
}
