//! Frames: the pieces of time in which the spectrum is mixed, and the bins that one has.
//!
//! Mixing happens in the frequency domain by overlap-save. Each 20 ms, a source's last 25 ms are transformed once, at
//! its own rate; a receiver adds the bins that lie in its window and transforms them back, at its own rate. Any two
//! rates fit together, a signal outside of a window costs nothing, and nothing folds at its edges. The 5 ms by which
//! frames overlap hold the impulse responses of the two edges that a signal passes, its own and the receiver's.

use challengectl_dsp::Complex32;
use std::f64::consts::PI;
use std::ops::RangeInclusive;

/// Frames in a second.
pub const FRAMES_PER_SECOND: u64 = 50;

/// Hertz between two bins: a frame is transformed together with the quarter before it, 25 ms in all.
pub(super) const BIN_HZ: u32 = 40;

/// Rates are multiples of this, in hertz, so that frame and overlap are whole samples.
pub const RATE_STEP: u32 = 200;

/// Samples per second that sources and receivers may have.
pub const RATES: RangeInclusive<u32> = 10_000..=20_000_000;

/// The samples and bins of a frame at one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Samples per second.
    pub(super) rate: u32,
    /// New samples in each frame.
    pub(super) frame: usize,
    /// Bins, and samples that are transformed.
    pub(super) bins: usize,
}

impl Geometry {
    /// Returns that of a rate that is a multiple of [`RATE_STEP`].
    pub(super) fn of(rate: u32) -> Self {
        Self { rate, frame: (rate / FRAMES_PER_SECOND as u32) as usize, bins: (rate / BIN_HZ) as usize }
    }

    /// Returns the samples before the valid ones of a transformed frame: half of the overlap.
    pub(super) fn lead(self) -> usize {
        (self.bins - self.frame) / 2
    }

    /// Returns the index of the centre when the bins are in order of frequency.
    pub(super) fn middle(self) -> usize {
        self.bins / 2
    }
}

/// A frequency as whole bins, and the rest above them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    /// Bins from 0 Hz.
    pub(super) bin: i64,
    /// Hertz above that bin, below [`BIN_HZ`].
    pub(super) rest: f64,
}

impl Place {
    pub(super) fn of(hertz: f64) -> Self {
        let bin = (hertz / f64::from(BIN_HZ)).floor();
        Self { bin: bin as i64, rest: hertz - bin * f64::from(BIN_HZ) }
    }
}

/// Returns the phase in turns, in frame `frame`, of a signal that is moved by `bins`. Frames are 0.8 periods of a bin
/// apart, so that there are five values.
pub(super) fn turn(bins: i64, frame: u64) -> f64 {
    let fifths = (4 * bins.rem_euclid(5) * (frame % 5) as i64) % 5;
    fifths as f64 / 5.0
}

/// Seconds that the impulse response of an edge takes: half of the overlap, since a signal passes two.
const EDGE_SECONDS: f64 = 0.0025;

/// Attenuation of an edge outside of its window, in decibels.
const ATTENUATION: f64 = 90.0;

/// The fall at both ends of a window, which keeps signals from coming back at the other end: a low-pass filter with a Kaiser
/// window (J. F. Kaiser, 1974), 90 dB down at half the rate and flat from 2.3 kHz further in.
#[derive(Debug)]
pub(super) struct Edge(Vec<f32>);

impl Edge {
    pub(super) fn new() -> Self {
        let beta = 0.1102 * (ATTENUATION - 8.7);
        let width = (ATTENUATION - 7.95) / (14.36 * EDGE_SECONDS);
        let bins = (width / f64::from(BIN_HZ)).ceil() as usize;
        // The response is the integral of the window's spectrum, which is negligible far beyond its main lobe.
        let step = f64::from(BIN_HZ) / 16.0;
        let steps = bins as i64 * 16;
        let weights: Vec<_> = (-steps..=steps).map(|n| kaiser_spectrum(beta, n as f64 * step)).collect();
        let total: f64 = weights.iter().sum();
        let response = (0..bins).map(|bin| {
            let up_to = bin as f64 * f64::from(BIN_HZ) - width / 2.0;
            let inside = weights.iter().zip(-steps..).filter(|(_, n)| *n as f64 * step <= up_to);
            inside.map(|(weight, _)| weight).sum::<f64>() / total
        });
        Self(response.map(|value| value as f32).collect())
    }

    /// Applies it to the bins below and above the centre, each in order of frequency.
    pub(super) fn apply(&self, below: &mut [Complex32], above: &mut [Complex32]) {
        below.iter_mut().zip(&self.0).for_each(|(bin, factor)| *bin *= factor);
        above.iter_mut().rev().zip(&self.0).for_each(|(bin, factor)| *bin *= factor);
    }
}

/// Returns the spectrum of a Kaiser window of [`EDGE_SECONDS`] at so many hertz, up to a factor.
fn kaiser_spectrum(beta: f64, hertz: f64) -> f64 {
    let square = beta * beta - (PI * hertz * EDGE_SECONDS).powi(2);
    let root = square.abs().sqrt();
    match root {
        0.0 => 1.0,
        root if square > 0.0 => root.sinh() / root,
        root => root.sin() / root,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_falls_from_one_to_ninety_decibels_down() {
        let Edge(edge) = Edge::new();
        assert!(edge[0].abs() < 5e-5, "{}", edge[0]);
        assert!((edge[edge.len() - 1] - 1.0).abs() < 1e-4);
        assert!(edge.windows(2).all(|two| two[1] >= two[0] - 1e-4));
        assert!(edge.len() * 40 < 2400);
    }

    #[test]
    fn a_frame_has_whole_samples_at_every_rate() {
        for rate in [10_000, 48_000, 225_200, 250_000, 900_200, 2_048_000, 3_200_000] {
            let geometry = Geometry::of(rate);
            assert_eq!(geometry.frame as u64 * FRAMES_PER_SECOND, u64::from(rate));
            assert_eq!(geometry.bins * BIN_HZ as usize, rate as usize);
        }
    }

    #[test]
    fn the_phase_of_a_moved_signal_goes_on_from_frame_to_frame() {
        // 0.02 s at 40 Hz are 0.8 turns.
        for bins in [-7_i64, -1, 0, 1, 3, 12345] {
            for frame in 0..12 {
                let exact = (0.8 * bins as f64 * frame as f64).rem_euclid(1.0);
                let difference = (turn(bins, frame) - exact).rem_euclid(1.0);
                assert!(difference.min(1.0 - difference) < 1e-9, "{bins} {frame}");
            }
        }
    }
}
