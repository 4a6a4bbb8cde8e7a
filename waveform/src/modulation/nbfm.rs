//! Narrow-band frequency modulation, as voice radios use it.

use crate::audio::{Audio, LEVEL};
use crate::parameter::{Parameter, choice, number};
use crate::{BuildError, Built, Input, Modulation, Payload, Values};
use challengectl_dsp::Waveform;
use challengectl_dsp::carrier::fm::{self, Fm, Preemphasis};
use challengectl_dsp::occupied::band_of;
use challengectl_dsp::resample::{Filter, Resampler};
use std::ops::Range;

/// Narrow-band frequency modulation.
pub const NBFM: Modulation = Modulation {
    name: "nbfm",
    help: "Narrow-band FM, as hand-held radios receive it.",
    input: Input::Audio,
    parameters: &[DEVIATION, PREEMPHASIS, LEVEL],
    build,
};

pub(super) const DEVIATION: Parameter =
    number("deviation", "How far the carrier moves at most.", 1000.0..=10_000.0, 5000.0, "Hz");

pub(super) const PREEMPHASIS: Parameter = choice(
    "preemphasis",
    "By which time constant high tones are raised, as receivers lower them again.",
    &["75us", "50us", "none"],
    "75us",
);

/// Samples per second: the widest signal reaches 15 kHz to either side.
const RATE: f64 = 48_000.0;

/// The voice filter: flat up to 3000 Hz, and stopped from 3600 Hz on.
const VOICE: Filter = Filter { pass: 3000.0, stop: 3600.0, gain: 1.0 };

/// Factor by which the band measured over the loudest passages is widened: level and slope only predict roughly which
/// passages occupy most.
const SAMPLED: f64 = 1.05;

fn build(payload: Payload<'_>, values: &Values) -> Result<Built, BuildError> {
    let (carrier, remarks) = carrier(payload, values)?;
    Ok(Built::new(Box::new(carrier)).remarking(remarks))
}

/// The carrier that the sound is on, and remarks about the sound. The values are those of [`DEVIATION`],
/// [`PREEMPHASIS`] and [`LEVEL`].
pub(super) fn carrier(payload: Payload<'_>, values: &Values) -> Result<(Fm, Vec<String>), BuildError> {
    let mut audio = Audio::open(payload, values)?;
    audio.remark_outside(0.0..VOICE.pass)?;
    // The sound begins after the carrier has risen and ends before it falls.
    let pad = fm::lead(RATE) as f64 / RATE;
    let band = loudest_band(&audio, pad, values)?;
    Ok((modulated(audio.sound(pad), values).occupying(band), audio.remarks))
}

/// Measures the occupied band over the loudest passages only. The carrier has the same power all the time, so averaged
/// over the whole sound, the narrow signal of the pauses would outweigh the wide sidebands of a short loud passage.
fn loudest_band(audio: &Audio, pad: f64, values: &Values) -> std::io::Result<Range<f64>> {
    let mut band = 0.0f64..0.0;
    for passages in audio.loudest(pad) {
        let found = band_of(&mut modulated(passages, values))?;
        band = band.start.min(SAMPLED * found.start)..band.end.max(SAMPLED * found.end);
    }
    Ok(band)
}

/// Modulates a carrier by a sound with silence around it.
fn modulated(sound: Box<dyn Waveform>, values: &Values) -> Fm {
    let time_constant = match values.choice("preemphasis") {
        "75us" => 75e-6,
        "50us" => 50e-6,
        _ => 0.0,
    };
    let emphasis = Preemphasis::new(time_constant, VOICE.pass, RATE);
    Fm::new(Box::new(Resampler::of_reals(sound, RATE, VOICE)), values.number("deviation"), emphasis)
}
