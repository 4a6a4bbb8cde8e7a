//! Single sideband: the spectrum of the sound, moved to radio frequency.

use crate::audio::{Audio, LEVEL};
use crate::parameter::choice;
use crate::{BuildError, Built, Input, Modulation, Payload, Values};
use challengectl_dsp::resample::{Filter, Resampler};
use challengectl_dsp::shift::shift;

/// Single sideband, upper or lower, with suppressed carrier.
pub const SSB: Modulation = Modulation {
    name: "ssb",
    help: "Single sideband; the suppressed carrier is on the frequency.",
    input: Input::Audio,
    parameters: &[
        choice("mode", "usb: above the frequency; lsb: below it, with the spectrum inverted.", &["usb", "lsb"], "usb"),
        LEVEL,
    ],
    build,
};

/// The centre of the band that is sent, 300 to 3000 Hz, and half its width.
const CENTRE: f64 = 1650.0;
const REACH: f64 = 1350.0;

/// Width in hertz of the filter's slope: 150 Hz from the carrier it is 80 dB down.
const SLOPE: f64 = 150.0;

/// Linear gain of the filter. The worst case, a sound that follows the sign of the filter's response, leaves the filter
/// 1.52 times as large: with this gain it stays within full scale. So no limiter or compressor is needed, which would
/// distort modem tones. A full-scale tone goes on air at a third of full scale.
const GAIN: f32 = 0.65;

/// Samples per second: the lowest rate that holds the band without aliases.
const RATE: f64 = 8000.0;

/// Seconds of silence at either end: longer than the filter rings.
const PAD: f64 = 0.025;

/// Builds the waveform by D. K. Weaver's method (1956): the centre of the band is moved to zero, a low-pass filter
/// removes the other sideband, and the rest is moved back. For the lower sideband all signs are inverted.
fn build(payload: Payload<'_>, values: &Values) -> Result<Built, BuildError> {
    let centre = if values.choice("mode") == "lsb" { -CENTRE } else { CENTRE };
    let mut audio = Audio::open(payload, values)?;
    audio.remark_outside(CENTRE - REACH..CENTRE + REACH)?;
    let sound = shift(audio.sound(PAD), -centre);
    let filter = Filter { pass: REACH, stop: REACH + SLOPE, gain: GAIN };
    let sideband = Resampler::new(sound, RATE, filter);
    Ok(Built::new(shift(Box::new(sideband), centre)).remarking(audio.remarks))
}
