//! Automatic gain control: brings signals to one level, whatever their level on air.

use super::level::amplitude;

/// The level of a signal, in decibels relative to full scale: there is room for the peaks of speech.
const TARGET: f32 = -15.0;

/// The highest level of noise alone, in decibels relative to full scale.
const NOISE: f32 = -30.0;

/// The highest gain, in decibels: weaker signals are rounding errors.
const MAX_GAIN: f32 = 120.0;

/// Decibels by which the gain grows in each frame of 20 ms: 20 dB a second.
const RECOVERY: f32 = 0.4;

/// Sets the gain once in each frame and ramps it from frame to frame. It delays by one frame, so that the gain has fallen
/// before a strong signal begins.
pub(super) struct Agc {
    /// Frames for which the gain stays after a signal, before it grows.
    hang: u32,
    hanging: u32,
    /// The gain at the end of the last frame, in decibels; `None` before the first one.
    gain: Option<f32>,
    /// The frame that waits, and the highest gain for it.
    waiting: Vec<f32>,
    limit: f32,
}

impl Agc {
    /// Creates a control for frames of `frame` samples. When a signal ends, the gain stays for `hang` seconds.
    pub(super) fn new(frame: usize, hang: f32) -> Self {
        Self { hang: (hang * 50.0) as u32, hanging: 0, gain: None, waiting: vec![0.0; frame], limit: MAX_GAIN }
    }

    /// Takes a frame and replaces it by the one before, amplified. `level` is the level of the frame, and `noise` that of
    /// the noise in it, both in decibels relative to full scale.
    pub(super) fn run(&mut self, audio: &mut Vec<f32>, level: f32, noise: f32) {
        let limit = (TARGET - level).min(NOISE - noise).min(MAX_GAIN);
        std::mem::swap(audio, &mut self.waiting);
        let gain = self.gain.unwrap_or(limit);
        let next = self.next(gain, limit.min(self.limit));
        self.limit = limit;

        let (mut factor, end) = (amplitude(gain), amplitude(next));
        let step = (end - factor) / audio.len().max(1) as f32;
        for sample in audio {
            factor += step;
            *sample *= factor;
        }
        self.gain = Some(next);
    }

    /// Forgets the signal: the gain jumps to that for the next frame, as after tuning to another signal.
    pub(super) fn forget(&mut self) {
        (self.gain, self.limit, self.hanging) = (None, MAX_GAIN, 0);
    }

    /// Returns the gain at the end of the next frame, of which `limit` is the highest.
    fn next(&mut self, gain: f32, limit: f32) -> f32 {
        if limit <= gain {
            self.hanging = self.hang;
            return limit;
        }
        if self.hanging > 0 {
            self.hanging -= 1;
            return gain;
        }
        limit.min(gain + RECOVERY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: usize = 240;

    /// Runs constant levels through, in decibels, 20 ms each; returns the loudest sample of each frame in decibels.
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
