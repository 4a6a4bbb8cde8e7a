//! The sound of a WAV file, prepared for a modulator.

mod passages;
mod sound;
mod wav;

use crate::error::BuildError;
use crate::parameter::{Parameter, choice};
use crate::payload::Payload;
use crate::values::Values;
use challengectl_dsp::Waveform;
use challengectl_dsp::occupied::share_between;
use challengectl_dsp::resample::{Filter, Resampler};
use challengectl_dsp::silence::Padded;
use sound::Sound;
use std::io;
use std::ops::Range;
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

/// Loud passages whose spectrum is looked at: a fifth of a second, which takes no time.
const LOOKED_AT: usize = 4;

/// Of the power: where so little lies within what is sent, all of the sound lies outside.
const NOTHING: f64 = 0.01;

/// The sound of a WAV file that is not silent.
pub(crate) struct Audio {
    wav: Wav,
    /// Where it is loudest, in frames: by its level, and by its slope.
    loud: [Vec<Range<u64>>; 2],
    /// Remarks for the organiser: what is odd about the file, though it can be sent.
    pub(crate) remarks: Vec<String>,
}

impl Audio {
    /// Reads the whole file once, in constant memory, and brings it to the level that the parameter [`LEVEL`] asks for.
    ///
    /// # Errors
    /// [`BuildError::File`] if the file is not a WAV file that can be sent, or is silent; [`BuildError::Io`].
    pub(crate) fn open(payload: Payload<'_>, values: &Values) -> Result<Self, BuildError> {
        let Payload::File(path) = payload else {
            return Err(BuildError::File("there is no file".to_owned()));
        };
        let mut wav = Wav::open(path)?;
        let sound = Sound::of(&mut wav)?;
        sound.ensure_audible()?;
        let raised = values.choice(LEVEL.name) == "peak";
        let gain = if raised { 1.0 / sound.peak() } else { 1.0 };
        let remarks = sound.remarks(raised);
        Ok(Self { wav: wav.amplified(gain), remarks, loud: sound.passages.loud() })
    }

    /// Returns the sound at [`RATE`], in the real parts, with `pad` seconds of silence before and behind.
    pub(crate) fn sound(&self, pad: f64) -> Box<dyn Waveform> {
        at_rate(Box::new(self.wav.clone()), pad)
    }

    /// Like [`sound`](Self::sound), but only its loudest passages: of all of it, nothing that moves a carrier further
    /// is left out. They are of two kinds, and either is joined to one sound.
    pub(crate) fn loudest(&self, pad: f64) -> impl Iterator<Item = Box<dyn Waveform>> {
        let [level, slope] = &self.loud;
        let kinds = if level == slope { vec![level] } else { vec![level, slope] };
        kinds.into_iter().map(move |pieces| at_rate(Box::new(Excerpts::of(&self.wav, pieces.clone())), pad))
    }

    /// Remarks sound of which next to nothing lies between the frequencies that are sent, in hertz.
    pub(crate) fn remark_outside(&mut self, sent: Range<f64>) -> io::Result<()> {
        let [level, _] = &self.loud;
        let pieces = level.iter().take(LOOKED_AT).cloned().collect();
        if share_between(&mut Excerpts::of(&self.wav, pieces), &sent)? < NOTHING {
            self.remarks.push(format!(
                "next to nothing of it lies between {} and {} Hz, which is all that is sent; export it with its sound there",
                sent.start, sent.end
            ));
        }
        Ok(())
    }
}

fn at_rate(sound: Box<dyn Waveform>, pad: f64) -> Box<dyn Waveform> {
    let sound = Padded::new(sound, pad);
    let lower = sound.sample_rate().min(RATE);
    let pass = PASS.min(0.42 * lower);
    Box::new(Resampler::of_reals(Box::new(sound), RATE, Filter { pass, stop: lower - pass, gain: 1.0 }))
}
