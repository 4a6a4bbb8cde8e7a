//! `FreeDV`: digital voice, and a line of text beside it, over single sideband.

use super::ssb::{MODE, sideband};
use crate::audio::{Audio, LEVEL};
use crate::parameter::{choice, text};
use crate::{BuildError, Built, Input, Modulation, Payload, Values};
use challengectl_codec2::{self as codec2, Transmitter};
use challengectl_dsp::resample::{Filter, Resampler};
use challengectl_dsp::silence::Padded;
use challengectl_dsp::{Complex32, Waveform};
use std::ops::Range;

/// Digital voice.
pub const FREEDV: Modulation = Modulation {
    name: "freedv",
    help: "FreeDV digital voice over single sideband, with a line of text beside it.",
    input: Input::Audio,
    parameters: &[
        choice("codec", "1600: for good channels; 700D: also through noise and fading.", &["1600", "700D"], "1600"),
        text("message", "A line of text that receivers show, in ASCII; sent again and again.", 80, ""),
        MODE,
        LEVEL,
    ],
    build,
};

/// Samples per second of speech and of the modem.
const RATE: f64 = 8000.0;

/// The filter of the sound before coding.
const SPEECH: Filter = Filter { pass: 3300.0, stop: 4700.0, gain: 0.6 };

/// Seconds of coded silence before the speech, in which receivers synchronise, and after it, in which they decode the rest.
const LEAD: f64 = 1.2;
const TAIL: f64 = 0.6;

/// Seconds of silence at either end, longer than the filter of the sideband rings.
const PAD: f64 = 0.025;

/// The middle of the modem's carriers, in hertz.
const CENTRE: f64 = 1500.0;

/// The modem's samples stay within half of full scale. With this they reach 0.9 on air.
const GAIN: f32 = 3.5;

/// Characters of the message per second, about, for those that take longest: capitals and figures.
const CHARACTERS: f64 = 3.0;

fn build(payload: Payload<'_>, values: &Values) -> Result<Built, BuildError> {
    let message = values.text("message");
    if !message.is_ascii() {
        let reason = "has a character that is not ASCII, which receivers do not show".to_owned();
        return Err(BuildError::Parameter { name: "message", reason });
    }
    let mut audio = Audio::open(payload, values)?;
    let speech = Resampler::of_reals(audio.sound(0.0), RATE, SPEECH);
    // Seventeen carriers each, 75 and 55.6 Hz apart, with their skirts.
    let is_700d = values.choice("codec") == "700D";
    let (codec, reach) = if is_700d { (codec2::Mode::M700D, 530.0) } else { (codec2::Mode::M1600, 640.0) };
    let transmitter = Transmitter::new(codec, message).map_err(|error| BuildError::Missing(error.to_string()))?;
    let mode = values.choice(MODE.name);
    let centre = if mode == "lsb" { -CENTRE } else { CENTRE };
    let modem = Modem::new(Box::new(speech), transmitter, centre - reach..centre + reach);
    // Receivers may miss the beginning of the first time.
    let needed = 2.0 * (message.len() + 1) as f64 / CHARACTERS;
    if !message.is_empty() && modem.duration() < needed {
        audio.remarks.push(format!("its message takes {needed:.0} s for two times, longer than the sound; shorten it"));
    }
    let sent = sideband(Box::new(Padded::new(Box::new(modem), PAD)), mode, GAIN);
    Ok(Built::new(sent).remarking(audio.remarks))
}

/// The output of the modem, in the real parts.
struct Modem {
    speech: Box<dyn Waveform>,
    transmitter: Transmitter,
    band: Range<f64>,
    /// Samples of speech before the sound, in whole frames.
    lead: u64,
    /// Frames in all, and frames begun.
    frames: u64,
    begun: u64,
    sound: Vec<Complex32>,
    frame: Vec<i16>,
    samples: Vec<i16>,
    /// Samples of the present frame that are done.
    done: usize,
}

impl Modem {
    fn new(speech: Box<dyn Waveform>, transmitter: Transmitter, band: Range<f64>) -> Self {
        let frame = transmitter.speech_samples();
        let frames = |samples: u64| samples.div_ceil(frame as u64);
        let lead = frames((LEAD * RATE) as u64);
        Self {
            lead,
            frames: lead + frames(speech.len()) + frames((TAIL * RATE) as u64),
            begun: 0,
            sound: vec![Complex32::ZERO; frame],
            frame: vec![0; frame],
            done: transmitter.modem_samples(),
            samples: vec![0; transmitter.modem_samples()],
            speech,
            transmitter,
            band,
        }
    }

    /// Codes and modulates the next frame.
    fn begin(&mut self) -> std::io::Result<()> {
        let filled = if self.begun < self.lead { 0 } else { self.speech.fill(&mut self.sound)? };
        self.frame.fill(0);
        for (sample, sound) in self.frame.iter_mut().zip(self.sound.iter().take(filled)) {
            *sample = (sound.re * f32::from(i16::MAX)) as i16;
        }
        self.transmitter.transmit(&self.frame, &mut self.samples);
        self.begun += 1;
        self.done = 0;
        Ok(())
    }
}

impl Waveform for Modem {
    fn sample_rate(&self) -> f64 {
        RATE
    }

    fn len(&self) -> u64 {
        self.frames * self.samples.len() as u64
    }

    fn occupied_bandwidth(&self) -> Range<f64> {
        self.band.clone()
    }

    fn fill(&mut self, out: &mut [Complex32]) -> std::io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            if self.done == self.samples.len() {
                if self.begun == self.frames {
                    break;
                }
                self.begin()?;
            }
            let ready = self.samples.get(self.done..).unwrap_or_default();
            for (sample, ready) in rest.iter_mut().zip(ready) {
                *sample = Complex32::new(f32::from(*ready) / f32::from(i16::MAX), 0.0);
            }
            let here = ready.len().min(rest.len());
            self.done += here;
            filled += here;
        }
        Ok(filled)
    }
}
