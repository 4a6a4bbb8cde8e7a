//! What there is to hear in a recording, measured before it is sent: nobody can read a payload in silence.

use super::passages::Passages;
use super::wav::Wav;
use crate::error::BuildError;
use challengectl_dsp::Waveform;
use std::io;

/// Of full scale, -60 dB and one step of 16 bits: what moves no further is no sound. Of 16 bits, 5 are left there,
/// fewer than the noise of a microphone's converter takes; a file that is silent by mistake holds such noise, or
/// dither, 70 to 96 dB down.
const SILENT: f32 = 1e-3 + 1.0 / 32_768.0;

/// Of full scale, -30 dB: sound is usually exported with its peaks 0 to 12 dB down (EBU R 68 has them at -9).
const QUIET: f32 = 0.0316;

/// Of all samples. A sine of full scale has 0.4 % of them at its ends, clean speech and music fewer.
const CLIPPED: f64 = 0.01;

/// From here on a sample counts as full scale: the largest of 16 bits is there.
const FULL_SCALE: f32 = 32_767.0 / 32_768.0;

/// In decibels: what mixing down may take off. Channels that have nothing in common lose 3.
const MIXED_ODD: f64 = 6.0;

/// In decibels: what then remains is a hundredth, the difference between the two channels' gains and not the sound.
const MIXED_GONE: f64 = 40.0;

/// Of the peak. Brought to full scale, an offset moves an FM carrier by that part of the deviation, 500 of 5000 Hz:
/// as far as receivers with 12.5 kHz of bandwidth follow.
const OFFSET: f64 = 0.1;

/// Seconds: what is shorter is padding or the last block of a recorder.
const UNTOLD: f64 = 0.1;

/// What a pass over all samples found.
#[derive(Debug, Default)]
pub(crate) struct Sound {
    rate: f64,
    frames: u64,
    /// The mean of the channels, which is sent.
    mix: Level,
    left: Level,
    right: Level,
    /// Samples that are NaN or infinite, and the first frame with one.
    not_numbers: u64,
    first_not_number: u64,
    at_full_scale: u64,
    channels: usize,
    /// Whether samples have so few steps that a clean sine is often at full scale.
    coarse: bool,
    /// Seconds of sound behind the end that the header gives.
    untold: f64,
    /// Of the mix.
    pub(crate) passages: Passages,
}

/// Extremes and sums of the samples of one channel.
#[derive(Debug, Clone, Copy)]
struct Level {
    low: f32,
    high: f32,
    sum: f64,
    squares: f64,
}

impl Default for Level {
    fn default() -> Self {
        Self { low: f32::INFINITY, high: f32::NEG_INFINITY, sum: 0.0, squares: 0.0 }
    }
}

/// Samples that the processor takes in side by side; one by one, each sum would wait for the one before.
const LANES: usize = 16;

impl Level {
    /// Takes in a block of numbers.
    fn add(&mut self, samples: &[f32]) {
        let mut lanes = [(self.low, self.high, 0.0f32, 0.0f32); LANES];
        let (rows, rest) = samples.as_chunks::<LANES>();
        for row in rows.iter().map(<[f32; LANES]>::as_slice).chain([rest]) {
            for ((low, high, sum, squares), sample) in lanes.iter_mut().zip(row) {
                *low = if sample < low { *sample } else { *low };
                *high = if sample > high { *sample } else { *high };
                *sum += sample;
                *squares += sample * sample;
            }
        }
        for (low, high, sum, squares) in lanes {
            self.low = self.low.min(low);
            self.high = self.high.max(high);
            self.sum += f64::from(sum);
            self.squares += f64::from(squares);
        }
    }

    /// The largest magnitude.
    fn peak(&self) -> f32 {
        self.high.max(-self.low)
    }

    /// How far samples move to either side of the middle.
    fn swing(&self) -> f32 {
        (self.high - self.low) / 2.0
    }

    fn offset(&self, frames: u64) -> f64 {
        self.sum / frames as f64
    }

    /// The mean power, without that of the offset.
    fn power(&self, frames: u64) -> f64 {
        (self.squares / frames as f64 - self.offset(frames).powi(2)).max(0.0)
    }
}

impl Sound {
    /// Looks at all samples, in constant memory.
    pub(crate) fn of(wav: &mut Wav) -> io::Result<Self> {
        let channels = wav.channels();
        let mut sound = Self {
            rate: wav.sample_rate(),
            frames: wav.len(),
            channels,
            coarse: wav.encoding().is_coarse(),
            untold: wav.untold(),
            passages: Passages::at(wav.sample_rate()),
            ..Self::default()
        };
        let mut scratch = [const { Vec::new() }; 3];
        let mut frame = 0;
        wav.each_block(|samples| {
            sound.count(samples, frame);
            sound.add(samples, &mut scratch);
            frame += (samples.len() / channels) as u64;
        })?;
        Ok(sound)
    }

    fn count(&mut self, samples: &[f32], frame: u64) {
        let not_numbers = samples.iter().map(|sample| u32::from(!sample.is_finite())).sum::<u32>();
        let at_full_scale = samples.iter().map(|sample| u32::from(sample.abs() >= FULL_SCALE)).sum::<u32>();
        if self.not_numbers == 0 && not_numbers > 0 {
            let first = samples.iter().position(|sample| !sample.is_finite()).unwrap_or_default();
            self.first_not_number = frame + (first / self.channels) as u64;
        }
        self.not_numbers += u64::from(not_numbers);
        self.at_full_scale += u64::from(at_full_scale);
    }

    /// `scratch` is reused from block to block.
    fn add(&mut self, samples: &[f32], [mix, left, right]: &mut [Vec<f32>; 3]) {
        if self.channels == 1 {
            self.passages.add(samples);
            return self.mix.add(samples);
        }
        let (pairs, _) = samples.as_chunks::<2>();
        refill(mix, pairs, |left, right| (left + right) / 2.0);
        refill(left, pairs, |left, _| left);
        refill(right, pairs, |_, right| right);
        self.passages.add(mix);
        self.mix.add(mix);
        self.left.add(left);
        self.right.add(right);
    }

    /// The largest magnitude of what is sent, above 0 if there is something to hear.
    pub(crate) fn peak(&self) -> f32 {
        self.mix.peak()
    }

    fn is_stereo(&self) -> bool {
        self.channels == 2
    }

    /// Decibels by which mixing down is below the mean of both channels.
    fn lost(&self) -> f64 {
        let before = (self.left.power(self.frames) + self.right.power(self.frames)) / 2.0;
        10.0 * (before / self.mix.power(self.frames).max(f64::MIN_POSITIVE)).log10()
    }

    /// Checks that there is something to hear.
    ///
    /// # Errors
    /// [`BuildError::File`] with the cause and the way out.
    pub(crate) fn ensure_audible(&self) -> Result<(), BuildError> {
        match self.inaudible() {
            Some(reason) => Err(BuildError::File(reason)),
            None => Ok(()),
        }
    }

    fn inaudible(&self) -> Option<String> {
        if self.not_numbers > 0 {
            let (count, at) = (self.not_numbers, self.first_not_number as f64 / self.rate);
            let are = if count == 1 { "sample is no number" } else { "samples are no numbers" };
            return Some(format!("{count} {are} (NaN or infinite), the first at {at:.3} s; export it as 16-bit PCM"));
        }
        let [swing, peak] = if self.is_stereo() {
            [Level::swing, Level::peak].map(|size| size(&self.left).max(size(&self.right)))
        } else {
            [self.mix.swing(), self.mix.peak()]
        };
        if swing <= SILENT {
            return Some(silent(peak));
        }
        // A channel beside a silent one, which is no fault, loses 6 dB of its peak and 3 of the mean power.
        let gone = self.mix.swing() <= SILENT;
        let lost = if self.is_stereo() { self.lost() } else { 0.0 };
        if lost >= MIXED_GONE || gone && lost > MIXED_ODD {
            let reason = "the two channels cancel out when they are mixed down to one, since one is the other inverted; \
                          export one of them as mono";
            return Some(reason.to_owned());
        }
        gone.then(|| silent(self.mix.peak()))
    }

    /// What is odd about it, though it can be sent. `raised`: its peak is brought to full scale.
    pub(crate) fn remarks(&self, raised: bool) -> Vec<String> {
        let remarks = [self.quiet(raised), self.clipped(raised), self.mixed(), self.offset(), self.cut()];
        remarks.into_iter().flatten().collect()
    }

    fn quiet(&self, raised: bool) -> Option<String> {
        let then = if raised { "it is brought up, and its noise with it" } else { "with `level: as_is` it stays so" };
        let peak = self.mix.peak();
        (peak < QUIET).then(|| format!("it is very quiet, its peak is {:.0} dB below full scale; {then}", down(peak)))
    }

    fn clipped(&self, raised: bool) -> Option<String> {
        let share = self.at_full_scale as f64 / (self.frames * self.channels as u64) as f64;
        // Floating point holds what is beyond full scale. Eight bits have few steps, and a clean sine is often on the last.
        let whole = self.coarse || raised && self.mix.peak() > 1.0;
        let percent = 100.0 * share;
        (share > CLIPPED && !whole)
            .then(|| format!("{percent:.0} % of its samples are at full scale: it is clipped; export it less loud"))
    }

    fn mixed(&self) -> Option<String> {
        if !self.is_stereo() {
            return None;
        }
        for (channel, silent, other) in [(&self.left, "left", "right"), (&self.right, "right", "left")] {
            if channel.swing() <= SILENT {
                return Some(format!("its {silent} channel is silent; the {other} one is sent alone"));
            }
        }
        let lost = self.lost();
        (lost > MIXED_ODD).then(|| {
            format!("mixing its two channels down to one takes {lost:.0} dB off, they partly cancel out; export one of them as mono")
        })
    }

    fn offset(&self) -> Option<String> {
        let offset = self.mix.offset(self.frames).abs();
        let share = 100.0 * offset / f64::from(self.mix.peak());
        (share > 100.0 * OFFSET).then(|| {
            format!("{share:.0} % of its peak is a constant offset, which moves an FM carrier off its frequency; export it without")
        })
    }

    fn cut(&self) -> Option<String> {
        let told = self.frames as f64 / self.rate;
        let all = told + self.untold;
        (self.untold >= UNTOLD).then(|| {
            format!(
                "its header tells of {told:.1} s, but the file holds {all:.1} s of sound, of which only the first are \
                 sent; `sox --ignore-length` writes the header anew"
            )
        })
    }
}

fn refill(samples: &mut Vec<f32>, pairs: &[[f32; 2]], of: impl Fn(f32, f32) -> f32) {
    samples.clear();
    samples.extend(pairs.iter().map(|[left, right]| of(*left, *right)));
}

/// Why sound with this peak, which moves no further than [`SILENT`], is none.
fn silent(peak: f32) -> String {
    match peak {
        0.0 => "the file is silent: all samples are 0; export it again".to_owned(),
        peak if peak > SILENT => "the file holds no sound, only a constant level; export it again".to_owned(),
        peak => format!("the file is silent: it peaks {:.0} dB below full scale; export it louder", down(peak)),
    }
}

/// Decibels below full scale.
fn down(level: f32) -> f32 {
    -20.0 * level.log10()
}
