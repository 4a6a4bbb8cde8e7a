//! Sound on its way to a modulator.

use crate::modulation::{BuildError, Kind, Parameter, Values};
use crate::occupied::share_between;
use crate::resample::{Filter, Resampler};
use crate::sound::Sound;
use crate::wav::{Excerpts, Wav};
use crate::{Payload, Waveform};
use num_complex::Complex32;
use std::io;
use std::ops::Range;

/// Samples per second at which sound is worked on: four times the 3 kHz that voice channels carry.
pub(crate) const RATE: f64 = 12_000.0;

/// Hertz up to which sound is kept here; modulators cut off what they do not send.
const PASS: f64 = 3400.0;

/// What every modulation of sound can set.
pub(crate) const LEVEL: Parameter = Parameter {
    name: "level",
    help: "peak: the loudest sample of the file is brought to full scale; as_is: the file is sent as loud as it is.",
    kind: Kind::Choice { of: &["peak", "as_is"], default: "peak" },
};

/// Loud passages whose spectrum is looked at: a fifth of a second, which takes no time.
const LOOKED_AT: usize = 4;

/// Of the power: where so little lies within what is sent, all of the sound lies outside.
const NOTHING: f64 = 0.01;

/// The sound of a WAV file in which there is something to hear.
pub(crate) struct Audio {
    wav: Wav,
    /// Where it is loudest, in frames: by its level, and by its slope.
    loud: [Vec<Range<u64>>; 2],
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
        let remarks = sound.remarks(raised);
        Ok(Self { wav: wav.amplified(gain), remarks, loud: sound.passages.loud() })
    }

    /// The sound at [`RATE`], in the real parts, with `pad` seconds of silence before and behind.
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
    let pad = Pad::new(sound, pad);
    let lower = pad.sample_rate().min(RATE);
    let pass = PASS.min(0.42 * lower);
    Box::new(Resampler::new(Box::new(pad), RATE, Filter { pass, stop: lower - pass, gain: 1.0 }))
}

/// A waveform with silence before and behind.
struct Pad {
    waveform: Box<dyn Waveform>,
    silence: u64,
    position: u64,
}

impl Pad {
    fn new(waveform: Box<dyn Waveform>, seconds: f64) -> Self {
        let silence = (seconds * waveform.sample_rate()).ceil() as u64;
        Self { waveform, silence, position: 0 }
    }

    /// Samples until the position `until`, but at most `limit`.
    fn until(&self, until: u64, limit: usize) -> usize {
        usize::try_from(until.saturating_sub(self.position)).unwrap_or(limit).min(limit)
    }
}

impl Waveform for Pad {
    fn sample_rate(&self) -> f64 {
        self.waveform.sample_rate()
    }

    fn len(&self) -> u64 {
        self.waveform.len() + 2 * self.silence
    }

    fn occupied_bandwidth(&self) -> Range<f64> {
        self.waveform.occupied_bandwidth()
    }

    fn fill(&mut self, out: &mut [Complex32]) -> io::Result<usize> {
        let (before, rest) = out.split_at_mut(self.until(self.silence, out.len()));
        before.fill(Complex32::ZERO);
        self.position += before.len() as u64;
        let sound = self.until(self.silence + self.waveform.len(), rest.len());
        let (sound, rest) = rest.split_at_mut(sound);
        let filled = self.waveform.fill(sound)?;
        self.position += filled as u64;
        let (after, _) = rest.split_at_mut(self.until(self.len(), rest.len()));
        after.fill(Complex32::ZERO);
        self.position += after.len() as u64;
        Ok(before.len() + filled + after.len())
    }
}
