//! Levels of signals.

use challengectl_dsp::Complex32;

/// The level in a listener's passband during a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Power in decibels relative to full scale.
    pub dbfs: f32,
    /// Estimated power of the noise in the same passband, in decibels relative to full scale.
    pub noise_dbfs: f32,
    /// Whether the squelch lets the sound through.
    pub is_open: bool,
}

/// The lowest level, in decibels relative to full scale: below any noise.
const FLOOR: f32 = -200.0;

/// Returns the mean power of samples, 1 for full scale.
pub(super) fn power(samples: &[Complex32]) -> f32 {
    samples.iter().map(Complex32::norm_sqr).sum::<f32>() / samples.len().max(1) as f32
}

pub(super) fn decibels(power: f32) -> f32 {
    if power > 0.0 { (10.0 * power.log10()).max(FLOOR) } else { FLOOR }
}

pub(super) fn amplitude(decibels: f32) -> f32 {
    10.0_f32.powf(decibels / 20.0)
}
