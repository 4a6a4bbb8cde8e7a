//! The sound of a WAV file, prepared for a modulator.

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

/// The sample rate of sound here, in hertz: four times the 3 kHz that voice channels carry.
pub(crate) const RATE: f64 = 12_000.0;

/// Sound is kept up to here, in hertz; modulators cut off what they do not send.
const PASS: f64 = 3400.0;

/// The parameter that every modulation of sound has.
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

/// The sound of a WAV file that is not silent.
pub(crate) struct Audio {
    wav: Wav,
    /// Remarks for the organiser: what is odd about the file, though it can be sent.
    pub(crate) remarks: Vec<String>,
}

impl Audio {
    /// Reads the whole file once, in constant memory, and brings it to the level that the parameter [`LEVEL`] asks for.
    ///
    /// # Errors
    /// [`BuildError::Audio`] if the file is not a WAV file that can be sent, or is silent; [`BuildError::Io`].
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

    /// Returns the sound at [`RATE`], in the real parts, with `pad` seconds of silence before and behind.
    pub(crate) fn sound(&self, pad: f64) -> Box<dyn Waveform> {
        at_rate(Box::new(self.wav.clone()), pad)
    }

    /// Like [`sound`](Self::sound), but only 2.4 seconds from all over a longer sound. Also returns whether that is the
    /// whole sound.
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
