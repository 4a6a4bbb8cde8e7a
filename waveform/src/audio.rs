//! The sound of a WAV file, as modulators take it.

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

/// The sample rate of sound in this crate, in hertz: four times the 3 kHz of a voice channel.
pub(crate) const RATE: f64 = 12_000.0;

/// Sound is kept up to this frequency, in hertz. Each modulator filters further.
const PASS: f64 = 3400.0;

/// The parameter that every modulation of sound has.
pub(crate) const LEVEL: Parameter = choice(
    "level",
    "peak: the loudest sample of the file is raised to full scale; as_is: the level of the file is kept.",
    &["peak", "as_is"],
    "peak",
);

/// Loud passages whose spectrum is examined: a fifth of a second, which costs little.
const EXAMINED_PASSAGES: usize = 4;

/// Part of the power. If less lies within the band that is sent, practically all of the sound is lost.
const MIN_SHARE_SENT: f64 = 0.01;

/// The sound of a WAV file that is not silent.
pub(crate) struct Audio {
    wav: Wav,
    /// The loudest passages, in frames: by level, and by slope.
    loud: [Vec<Range<u64>>; 2],
    /// Remarks for the organiser about an unusual file that can be sent nevertheless.
    pub(crate) remarks: Vec<String>,
}

impl Audio {
    /// Reads the whole file once, in constant memory, and scales it as the parameter [`LEVEL`] says.
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

    /// Returns the sound at [`RATE`], in the real parts, with `pad` seconds of silence before and after.
    pub(crate) fn sound(&self, pad: f64) -> Box<dyn Waveform> {
        at_rate(Box::new(self.wav.clone()), pad)
    }

    /// Like [`sound`](Self::sound), but only the loudest passages: those that move an FM carrier furthest. Returns two
    /// sounds, joined from the passages of highest level and from those of highest slope.
    pub(crate) fn loudest(&self, pad: f64) -> impl Iterator<Item = Box<dyn Waveform>> {
        let [level, slope] = &self.loud;
        let kinds = if level == slope { vec![level] } else { vec![level, slope] };
        kinds.into_iter().map(move |pieces| at_rate(Box::new(Excerpts::of(&self.wav, pieces.clone())), pad))
    }

    /// Adds a remark if almost none of the sound lies between the frequencies that are sent, in hertz.
    pub(crate) fn remark_outside(&mut self, sent: Range<f64>) -> io::Result<()> {
        let [level, _] = &self.loud;
        let pieces = level.iter().take(EXAMINED_PASSAGES).cloned().collect();
        if share_between(&mut Excerpts::of(&self.wav, pieces), &sent)? < MIN_SHARE_SENT {
            self.remarks.push(format!(
                "almost none of its sound lies between {} and {} Hz, the band that is sent; export it with sound in \
                 that band",
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
