//! Automatic gain control: brings what is heard to one level, whatever it was on air.

use super::level::amplitude;

/// What a signal is brought to, in decibels below full scale: room for the peaks of speech.
const TARGET: f32 = -15.0;

/// What noise alone is brought to at most.
const NOISE: f32 = -30.0;

/// The highest gain: what is so weak is the noise of computing.
const MAX_GAIN: f32 = 120.0;

/// By how much the gain grows in each frame of 20 ms, once it does: 20 dB a second.
const RECOVERY: f32 = 0.4;

/// Sets the gain once in each frame and ramps it from frame to frame. It is one frame late, so that the gain has fallen
/// before a strong signal begins.
pub(super) struct Agc {
    /// Frames for which the gain stays after a signal, before it grows.
    hang: u32,
    hanging: u32,
    /// The gain at the end of what was given out, in decibels; `None` before the first frame.
    gain: Option<f32>,
    /// The frame that waits, and the gain that it bears.
    waiting: Vec<f32>,
    bears: f32,
}

impl Agc {
    /// For frames of `frame` samples; the gain stays for `hang` seconds when a signal ends.
    pub(super) fn new(frame: usize, hang: f32) -> Self {
        Self { hang: (hang * 50.0) as u32, hanging: 0, gain: None, waiting: vec![0.0; frame], bears: MAX_GAIN }
    }

    /// Takes a frame and puts the one before it in its place, with gain. `level` is the frame's level, `noise` what it
    /// would be without a signal, both in decibels relative to full scale.
    pub(super) fn run(&mut self, audio: &mut Vec<f32>, level: f32, noise: f32) {
        let bears = (TARGET - level).min(NOISE - noise).min(MAX_GAIN);
        std::mem::swap(audio, &mut self.waiting);
        let gain = self.gain.unwrap_or(bears);
        let next = self.next(gain, bears.min(self.bears));
        self.bears = bears;

        let (mut factor, end) = (amplitude(gain), amplitude(next));
        let step = (end - factor) / audio.len().max(1) as f32;
        for sample in audio {
            factor += step;
            *sample *= factor;
        }
        self.gain = Some(next);
    }

    /// Takes the gain that the next frame needs at once, as after tuning to another signal.
    pub(super) fn forget(&mut self) {
        (self.gain, self.bears, self.hanging) = (None, MAX_GAIN, 0);
    }

    /// The gain at the end of the frame that is given out now: what it and the next one bear.
    fn next(&mut self, gain: f32, bears: f32) -> f32 {
        if bears <= gain {
            self.hanging = self.hang;
            return bears;
        }
        if self.hanging > 0 {
            self.hanging -= 1;
            return gain;
        }
        bears.min(gain + RECOVERY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: usize = 240;

    /// Runs constant levels through, in decibels, 20 ms each; gives the loudest sample of each frame in decibels.
    fn through(levels: impl IntoIterator<Item = f32>, noise: f32) -> Vec<f32> {
        let mut agc = Agc::new(FRAME, 0.2);
        let heard = levels.into_iter().map(|level| {
            let mut audio = vec![amplitude(level); FRAME];
            agc.run(&mut audio, level, noise);
            20.0 * audio.into_iter().fold(1e-9, f32::max).log10()
        });
        heard.collect()
    }

    #[test]
    fn weak_and_strong_come_out_alike() {
        for level in [-90.0, -60.0, -20.0, 0.0] {
            let heard = through(std::iter::repeat_n(level, 400), -120.0);
            assert!((heard.last().unwrap() - TARGET).abs() < 0.1, "{level} dB came out at {:?}", heard.last());
        }
    }

    #[test]
    fn nothing_is_clipped_when_a_strong_signal_begins() {
        let levels = std::iter::repeat_n(-100.0, 400).chain(std::iter::repeat_n(-5.0, 10));
        let heard = through(levels, -100.0);
        assert!(heard.iter().all(|level| *level < TARGET + 0.1), "{heard:?}");
    }

    #[test]
    fn noise_alone_stays_15_db_below_signals() {
        let heard = through(std::iter::repeat_n(-80.0, 400), -80.0);
        assert!((heard.last().unwrap() - NOISE).abs() < 0.1, "{:?}", heard.last());
    }

    #[test]
    fn the_gain_waits_for_the_hang_time_and_then_grows_by_20_db_a_second() {
        let levels = std::iter::repeat_n(-20.0, 50).chain(std::iter::repeat_n(-60.0, 40));
        let heard = through(levels, -120.0);
        let after = &heard[51..];
        assert!((after[8] + 55.0).abs() < 0.1, "{}", after[8]);
        assert!((after[39 - 1] - after[39 - 6] - 2.0).abs() < 0.1);
    }
}
