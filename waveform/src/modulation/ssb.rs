//! Single sideband: sound moved up to radio frequency as it is.

use crate::audio::{Audio, LEVEL};
use crate::parameter::{Parameter, choice};
use crate::{BuildError, Built, Input, Modulation, Payload, Values};
use challengectl_dsp::Waveform;
use challengectl_dsp::resample::{Filter, Resampler};
use challengectl_dsp::shift::shift;

/// Single sideband, upper or lower, without a carrier.
pub const SSB: Modulation = Modulation {
    name: "ssb",
    help: "Single sideband; the carrier, suppressed, is on the frequency.",
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

/// Hertz on which the filter falls. 150 Hz from the carrier it has fallen by 80 dB.
const SLOPE: f64 = 150.0;

/// Linear. The worst of all sounds, which follows the sign of the filter's response, leaves the filter 1.52 times as
/// large as it went in: with this it stays within full scale. So nothing needs limiting or compressing, which would
/// spoil what is often modem tones. A tone of full scale goes on air at a third of it.
const GAIN: f32 = 0.65;

/// Samples per second: as few as hold the band without aliases.
const RATE: f64 = 8000.0;

/// Seconds of silence at either end, longer than the filter rings.
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
