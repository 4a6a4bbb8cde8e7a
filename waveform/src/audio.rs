//! Sound on its way to a modulator.

mod sound;
mod wav;

use crate::error::BuildError;
use crate::parameter::{Parameter, choice};
use crate::payload::Payload;
use crate::values::Values;
use challengectl_dsp::Waveform;
use challengectl_dsp::resample::{Filter, Resampler};
use challengectl_dsp::silence::Padded;
use sound::Sound;
pub use wav::wav_rate;
use wav::{Excerpts, Wav};

/// Samples per second at which sound is worked on: four times the 3 kHz that voice channels carry.
pub(crate) const RATE: f64 = 12_000.0;

/// Hertz up to which sound is kept here; modulators cut off what they do not send.
const PASS: f64 = 3400.0;

/// What every modulation of sound can set.
pub(crate) const LEVEL: Parameter = choice(
    "level",
    "peak: the loudest sample of the file is brought to full scale; as_is: the file is sent as loud as it is.",
    &["peak", "as_is"],
    "peak",
);

/// Pieces of a long sound that stand for all of it, and seconds of each. So many that what takes a twentieth of the
/// time is among them; 2.4 seconds in all take some 8 ms to modulate and measure, each time before the sound is on air.
/// A joint between two pieces, where the sound jumps, takes 0.3 ms, in all 0.6 % of the time.
const EXCERPTS: (u64, f64) = (48, 0.05);

/// The sound of a WAV file in which there is something to hear.
pub(crate) struct Audio {
    wav: Wav,
    /// What is odd about it.
    pub(crate) remarks: Vec<String>,
}

impl Audio {
    /// Reads all of the file once, in constant memory, and brings it to the level that the parameter [`LEVEL`] says.
    ///
    /// # Errors
    /// [`BuildError::Audio`] says what is wrong with the file, or why nobody could hear anything.
    pub(crate) fn open(payload: Payload<'_>, values: &Values) -> Result<Self, BuildError> {
        let Payload::File(path) = payload else {
            return Err(BuildError::Audio("there is no file".to_owned()));
        };
        let mut wav = Wav::open(path)?;
        let sound = Sound::of(&mut wav)?;
        sound.ensure_audible()?;
        let raised = values.choice(LEVEL.name) == "peak";
        let gain = if raised { 1.0 / sound.peak() } else { 1.0 };
        Ok(Self { wav: wav.amplified(gain), remarks: sound.remarks(raised) })
    }

    /// The sound at [`RATE`], in the real parts, with `pad` seconds of silence before and behind.
    pub(crate) fn sound(&self, pad: f64) -> Box<dyn Waveform> {
        at_rate(Box::new(self.wav.clone()), pad)
    }

    /// Like [`sound`](Self::sound), but of a long one only some seconds from all over it. Also tells whether that is
    /// all of it.
    pub(crate) fn excerpts(&self, pad: f64) -> (Box<dyn Waveform>, bool) {
        let (pieces, seconds) = EXCERPTS;
        let excerpts = Excerpts::of(&self.wav, pieces, seconds);
        let whole = excerpts.len() == self.wav.len();
        (at_rate(Box::new(excerpts), pad), whole)
    }
}

fn at_rate(sound: Box<dyn Waveform>, pad: f64) -> Box<dyn Waveform> {
    let sound = Padded::new(sound, pad);
    let lower = sound.sample_rate().min(RATE);
    let pass = PASS.min(0.42 * lower);
    Box::new(Resampler::of_reals(Box::new(sound), RATE, Filter { pass, stop: lower - pass, gain: 1.0 }))
}
