//! Single sideband: sound moved up to radio frequency as it is.

use crate::audio::{Audio, LEVEL};
use crate::modulation::{BuildError, Built, Input, Kind, Modulation, Parameter, Payload, Values};
use crate::resample::{Filter, Resampler};
use crate::shift;

/// Single sideband.
pub const SSB: Modulation = Modulation {
    name: "ssb",
    help: "Single sideband; the carrier, suppressed, is on the frequency.",
    input: Input::Audio,
    parameters: &[
        Parameter {
            name: "mode",
            help: "usb: sound goes above the frequency; lsb: below, mirrored.",
            kind: Kind::Choice { of: &["usb", "lsb"], default: "usb" },
        },
        LEVEL,
    ],
    build,
};

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

/// After D. K. Weaver (1956): the middle of the band is moved to zero, a low-pass filter takes the other sideband
/// away, and what is left is moved back. For the lower sideband all is mirrored.
fn build(payload: Payload<'_>, values: &Values) -> Result<Built, BuildError> {
    let centre = if values.choice("mode") == "lsb" { -CENTRE } else { CENTRE };
    let mut audio = Audio::open(payload, values)?;
    audio.remark_outside(CENTRE - REACH..CENTRE + REACH)?;
    let sound = shift(audio.sound(PAD), -centre);
    let filter = Filter { pass: REACH, stop: REACH + SLOPE, gain: GAIN };
    let sideband = Resampler::new(sound, RATE, filter);
    Ok(Built::new(shift(Box::new(sideband), centre)).remarking(audio.remarks))
}
