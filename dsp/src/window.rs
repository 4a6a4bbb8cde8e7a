//! The Kaiser window, by which ideal filters are cut to a finite length.

use std::f64::consts::PI;
use std::sync::LazyLock;

/// How far the stop band is down, in decibels.
pub(crate) const ATTENUATION: f64 = 80.0;

/// Kaiser's formula for the parameter of the window at that attenuation (J. F. Kaiser, 1974).
const BETA: f64 = 0.1102 * (ATTENUATION - 8.7);

/// Taps that a filter needs to fall from pass to stop band within `transition` cycles per sample, by Kaiser's formula.
pub(crate) fn taps(transition: f64) -> usize {
    ((ATTENUATION - 7.95) / (14.36 * transition)).ceil() as usize
}

/// The impulse response of the ideal low-pass filter.
pub(crate) fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// The Kaiser window over [-1, 1].
pub(crate) fn kaiser(x: f64) -> f64 {
    static PEAK: LazyLock<f64> = LazyLock::new(|| bessel(BETA));
    bessel(BETA * (1.0 - x * x).max(0.0).sqrt()) / *PEAK
}

/// The modified Bessel function of order zero by its power series, which at our arguments of at most 8 is exact after
/// some 30 terms.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..40 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}
