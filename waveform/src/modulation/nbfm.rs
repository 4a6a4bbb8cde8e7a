//! Narrow-band frequency modulation, as voice radios use it.

use crate::Waveform;
use crate::audio::{Audio, LEVEL};
use crate::envelope::{Envelope, RAMP};
use crate::modulation::{BuildError, Built, Input, Kind, Modulation, Parameter, Payload, Values};
use crate::occupied::band_of;
use crate::resample::{Filter, Resampler};
use num_complex::Complex32;
use std::f64::consts::TAU;
use std::ops::Range;

/// Narrow-band frequency modulation.
pub const NBFM: Modulation = Modulation {
    name: "nbfm",
    help: "Narrow-band FM, as hand-held radios receive it.",
    input: Input::Audio,
    parameters: &[
        Parameter {
            name: "deviation",
            help: "How far the carrier moves at most.",
            kind: Kind::Number { min: 1000.0, max: 10_000.0, default: 5000.0, unit: "Hz" },
        },
        Parameter {
            name: "preemphasis",
            help: "By which time constant high tones are raised, as receivers lower them again.",
            kind: Kind::Choice { of: &["75us", "50us", "none"], default: "75us" },
        },
        LEVEL,
    ],
    build,
};

/// Samples per second: the widest signal reaches 15 kHz to either side.
const RATE: f64 = 48_000.0;

/// Sound is sent up to here, in hertz, and cut off from there on.
const VOICE: Filter = Filter { pass: 3000.0, stop: 3600.0, gain: 1.0 };

/// How much wider than measured over the loudest passages the band is planned: by level and slope it is only about
/// certain which passages occupy most.
const SAMPLED: f64 = 1.05;

fn build(payload: Payload<'_>, values: &Values) -> Result<Built, BuildError> {
    let mut audio = Audio::open(payload, values)?;
    audio.remark_outside(0.0..VOICE.pass)?;
    // The sound begins when the carrier is there, and ends before it goes.
    let lead = Envelope::around(0, RATE, RAMP).lead();
    let pad = lead as f64 / RATE;
    let band = loudest_band(&audio, pad, lead, values)?;
    let nbfm = Nbfm { band, ..Nbfm::new(audio.sound(pad), lead, values) };
    Ok(Built::new(Box::new(nbfm)).remarking(audio.remarks))
}

/// What is occupied while the sound is loudest. The carrier is equally strong all the time: over all of the sound, what
/// pauses have around the carrier would outweigh a short loud passage, and its sidebands would lie outside.
fn loudest_band(audio: &Audio, pad: f64, lead: u64, values: &Values) -> std::io::Result<Range<f64>> {
    let mut band = 0.0f64..0.0;
    for passages in audio.loudest(pad) {
        let found = band_of(&mut Nbfm::new(passages, lead, values))?;
        band = band.start.min(SAMPLED * found.start)..band.end.max(SAMPLED * found.end);
    }
    Ok(band)
}

struct Nbfm {
    sound: Resampler,
    envelope: Envelope,
    emphasis: Emphasis,
    deviation: f64,
    band: Range<f64>,
    phase: f64,
    position: u64,
}

impl Nbfm {
    /// Of sound with `lead` samples of silence before and behind, in which the carrier rises and falls.
    fn new(sound: Box<dyn Waveform>, lead: u64, values: &Values) -> Self {
        let sound = Resampler::new(sound, RATE, VOICE);
        let envelope = Envelope::around(sound.len().saturating_sub(2 * lead), RATE, RAMP);
        let emphasis = Emphasis::new(match values.choice("preemphasis") {
            "75us" => 75e-6,
            "50us" => 50e-6,
            _ => 0.0,
        });
        let deviation = values.number("deviation");
        Self { sound, envelope, emphasis, deviation, band: 0.0..0.0, phase: 0.0, position: 0 }
    }
}

impl Waveform for Nbfm {
    fn sample_rate(&self) -> f64 {
        RATE
    }

    fn len(&self) -> u64 {
        self.sound.len()
    }

    fn occupied_bandwidth(&self) -> Range<f64> {
        self.band.clone()
    }

    fn fill(&mut self, out: &mut [Complex32]) -> std::io::Result<usize> {
        let filled = self.sound.fill(out)?;
        let turns = self.deviation / RATE;
        for (sample, position) in out.iter_mut().take(filled).zip(self.position..) {
            // Pre-emphasis leaves any single tone within full scale, but not any sound: what goes beyond is cut
            // off, since the neighbouring channel begins where the deviation ends.
            let level = self.emphasis.next(sample.re).clamp(-1.0, 1.0);
            self.phase += turns * f64::from(level);
            self.phase -= self.phase.round();
            *sample = Complex32::from_polar(self.envelope.at(position), (self.phase * TAU) as f32);
        }
        self.position += filled as u64;
        Ok(filled)
    }
}

/// Raises high tones by 6 dB per octave above 1/2πτ, and lowers everything so far that the highest tone stays where
/// it was.
struct Emphasis {
    now: f32,
    before: f32,
    last: f32,
}

impl Emphasis {
    fn new(time_constant: f64) -> Self {
        // The inverse of the receiver's RC low-pass filter, which in samples is y = (1 - a)x + a·y'.
        let decay = if time_constant > 0.0 { (-1.0 / (RATE * time_constant)).exp() } else { 0.0 };
        let highest = TAU * VOICE.pass / RATE;
        let gain = 1.0 / (1.0 - 2.0 * decay * highest.cos() + decay * decay).sqrt();
        Self { now: gain as f32, before: (-gain * decay) as f32, last: 0.0 }
    }

    fn next(&mut self, sample: f32) -> f32 {
        let raised = self.now * sample + self.before * self.last;
        self.last = sample;
        raised
    }
}
