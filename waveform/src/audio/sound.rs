//! Checks of a recording before it is sent: silent, clipped or damaged sound cannot be read by a player.

use super::passages::Passages;
use super::wav::Wav;
use crate::error::BuildError;
use challengectl_dsp::Waveform;
use std::io;

/// Part of full scale up to which a recording counts as silent: -60 dB and one step of 16 bits. Only 5 of 16 bits are
/// used there, less than the noise of a microphone's converter; a file that is silent by mistake holds such noise, or
/// dither, at -70 to -96 dB.
const SILENT: f32 = 1e-3 + 1.0 / 32_768.0;

/// Part of full scale below which a peak is remarked as very quiet: -30 dB. Sound is usually exported with peaks at 0
/// to -12 dB (EBU R 68: -9 dB).
const QUIET: f32 = 0.0316;

/// Part of all samples at full scale above which a file is remarked as clipped. A full-scale sine has 0.4 % of its
/// samples there, clean speech and music fewer.
const CLIPPED: f64 = 0.01;

/// Magnitude from which a sample counts as full scale: the largest of 16 bits.
const FULL_SCALE: f32 = 32_767.0 / 32_768.0;

/// Loss of mixing down to mono, in decibels, above which it is remarked. Uncorrelated channels lose 3 dB.
const MIXED_ODD: f64 = 6.0;

/// Loss of mixing down, in decibels, above which a file is refused: a hundredth remains, the difference between the
/// gains of the two channels instead of the sound.
const MIXED_GONE: f64 = 40.0;

/// Constant offset, as a part of the peak, above which it is remarked. It moves an FM carrier by that part of the
/// deviation, 500 of 5000 Hz: as much as a receiver of 12.5 kHz bandwidth tolerates.
const OFFSET: f64 = 0.1;

/// Seconds of sound after the end given by the header, from which they are remarked. Less is padding, or the last block
/// of a recorder.
const MIN_SURPLUS: f64 = 0.1;

/// The result of a pass over all samples.
#[derive(Debug, Default)]
pub(crate) struct Sound {
    rate: f64,
    frames: u64,
    /// The mean of the channels, which is sent.
    mix: Level,
    left: Level,
    right: Level,
    /// The number of samples that are NaN or infinite, and the first frame with one.
    not_numbers: u64,
    first_not_number: u64,
    at_full_scale: u64,
    channels: usize,
    /// Whether samples have so few bits that a clean sine is often at full scale.
    coarse: bool,
    /// Seconds of sound after the end given by the header.
    surplus: f64,
    /// The loudest passages of the mix.
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

/// Samples that are added in parallel: in a single sum, each addition waits for the one before.
const LANES: usize = 16;

impl Level {
    /// Adds a block of samples, none of them NaN or infinite.
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

    /// Half the distance between the extremes.
    fn swing(&self) -> f32 {
        (self.high - self.low) / 2.0
    }

    fn offset(&self, frames: u64) -> f64 {
        self.sum / frames as f64
    }

    /// The mean power without the offset.
    fn power(&self, frames: u64) -> f64 {
        (self.squares / frames as f64 - self.offset(frames).powi(2)).max(0.0)
    }
}

impl Sound {
    /// Measures all samples in constant memory.
    pub(crate) fn of(wav: &mut Wav) -> io::Result<Self> {
        let channels = wav.channels();
        let mut sound = Self {
            rate: wav.sample_rate(),
            frames: wav.len(),
            channels,
            coarse: wav.encoding().is_coarse(),
            surplus: wav.surplus(),
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

    /// The largest magnitude of the mix; above 0 unless the sound is silent.
    pub(crate) fn peak(&self) -> f32 {
        self.mix.peak()
    }

    fn is_stereo(&self) -> bool {
        self.channels == 2
    }

    /// The loss of mixing down, in decibels: the power of the mix relative to the mean of both channels.
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
            let are = if count == 1 { "sample is not a number" } else { "samples are not numbers" };
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
        // One silent channel is no fault: the other loses 6 dB of its peak, and 3 dB of the mean power.
        let gone = self.mix.swing() <= SILENT;
        let lost = if self.is_stereo() { self.lost() } else { 0.0 };
        if lost >= MIXED_GONE || gone && lost > MIXED_ODD {
            let reason = "the two channels cancel out when mixed down to mono, since one is the other inverted; export \
                          one of them as mono";
            return Some(reason.to_owned());
        }
        gone.then(|| silent(self.mix.peak()))
    }

    /// Returns remarks about sound that is unusual but can be sent. `raised`: its peak is raised to full scale.
    pub(crate) fn remarks(&self, raised: bool) -> Vec<String> {
        let remarks = [self.quiet(raised), self.clipped(raised), self.mixed(), self.offset(), self.cut()];
        remarks.into_iter().flatten().collect()
    }

    fn quiet(&self, raised: bool) -> Option<String> {
        let then = if raised { "it is raised, and its noise with it" } else { "with `level: as_is` it stays so" };
        let peak = self.mix.peak();
        (peak < QUIET).then(|| format!("it is very quiet, its peak is {:.0} dB below full scale; {then}", down(peak)))
    }

    fn clipped(&self, raised: bool) -> Option<String> {
        let share = self.at_full_scale as f64 / (self.frames * self.channels as u64) as f64;
        // Floating point can exceed full scale. With 8 bits a clean sine is often at the last step.
        let whole = self.coarse || raised && self.mix.peak() > 1.0;
        let percent = 100.0 * share;
        (share > CLIPPED && !whole).then(|| {
            format!("{percent:.0} % of its samples are at full scale: it is clipped; export it at a lower level")
        })
    }

    fn mixed(&self) -> Option<String> {
        if !self.is_stereo() {
            return None;
        }
        for (channel, silent, other) in [(&self.left, "left", "right"), (&self.right, "right", "left")] {
            if channel.swing() <= SILENT {
                return Some(format!("its {silent} channel is silent; only the {other} one is sent"));
            }
        }
        let lost = self.lost();
        (lost > MIXED_ODD).then(|| {
            format!(
                "mixing its two channels down to mono loses {lost:.0} dB, since they partly cancel out; export one of \
                 them as mono"
            )
        })
    }

    fn offset(&self) -> Option<String> {
        let offset = self.mix.offset(self.frames).abs();
        let share = 100.0 * offset / f64::from(self.mix.peak());
        (share > 100.0 * OFFSET).then(|| {
            format!(
                "{share:.0} % of its peak is a constant offset, which moves an FM carrier off its frequency; remove \
                 the offset"
            )
        })
    }

    fn cut(&self) -> Option<String> {
        let stated = self.frames as f64 / self.rate;
        let all = stated + self.surplus;
        (self.surplus >= MIN_SURPLUS).then(|| {
            format!(
                "its header gives {stated:.1} s, but the file holds {all:.1} s of sound; only the first {stated:.1} s \
                 are sent; `sox --ignore-length` repairs the header"
            )
        })
    }
}

fn refill(samples: &mut Vec<f32>, pairs: &[[f32; 2]], of: impl Fn(f32, f32) -> f32) {
    samples.clear();
    samples.extend(pairs.iter().map(|[left, right]| of(*left, *right)));
}

/// Returns why sound with this peak and a swing of at most [`SILENT`] is refused.
fn silent(peak: f32) -> String {
    match peak {
        0.0 => "the file is silent: all samples are 0; export it again".to_owned(),
        peak if peak > SILENT => "the file holds no sound, only a constant level; export it again".to_owned(),
        peak => format!("the file is silent: its peak is {:.0} dB below full scale; export it louder", down(peak)),
    }
}

/// Converts a level to decibels below full scale.
fn down(level: f32) -> f32 {
    -20.0 * level.log10()
}
