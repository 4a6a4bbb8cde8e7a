//! Single sideband: the spectrum of the sound, moved to radio frequency.

use crate::audio::{Audio, LEVEL};
use crate::parameter::{Parameter, choice};
use crate::{BuildError, Built, Input, Modulation, Payload, Values};
use challengectl_dsp::Waveform;
use challengectl_dsp::resample::{Filter, Resampler};
use challengectl_dsp::shift::shift;

/// Single sideband, upper or lower, with suppressed carrier.
pub const SSB: Modulation = Modulation {
    name: "ssb",
    help: "Single sideband; the suppressed carrier is on the frequency.",
    input: Input::Audio,
    parameters: &[MODE, LEVEL],
    build,
};

/// Which sideband.
pub(super) const MODE: Parameter =
    choice("mode", "usb: sound goes above the frequency; lsb: below, mirrored.", &["usb", "lsb"], "usb");

/// The middle of what is sent, 300 to 3000 Hz, and how far it reaches to either side.
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

fn build(payload: Payload<'_>, values: &Values) -> Result<Built, BuildError> {
    let mut audio = Audio::open(payload, values)?;
    audio.remark_outside(CENTRE - REACH..CENTRE + REACH)?;
    Ok(Built::new(sideband(audio.sound(PAD), values.choice(MODE.name), GAIN)).remarking(audio.remarks))
}

/// After D. K. Weaver (1956): the middle of the band is moved to zero, a low-pass filter takes the other sideband
/// away, and what is left is moved back. For the lower sideband all is mirrored.
///
/// The sound is in the real parts, with silence at both ends that is longer than the filter rings. A tone goes on air at
/// half of `gain`; what would be beyond full scale is limited.
pub(super) fn sideband(sound: Box<dyn Waveform>, mode: &str, gain: f32) -> Box<dyn Waveform> {
    let centre = if mode == "lsb" { -CENTRE } else { CENTRE };
    let filter = Filter { pass: REACH, stop: REACH + SLOPE, gain };
    shift(Box::new(Resampler::new(shift(sound, -centre), RATE, filter).limited()), centre)
}
