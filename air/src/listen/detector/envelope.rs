//! Amplitude modulation: the envelope, relative to the carrier.

use challengectl_dsp::Complex32;

/// The time constant by which the carrier's level is followed, in seconds: slower than any sound, faster than most fading.
const FOLLOW: f32 = 0.1;

/// Modulation by 100 % is half of full scale, which leaves room for noise and overmodulation.
const FULL: f32 = 0.5;

/// Samples per second.
const RATE: f32 = 12_000.0;

/// Divides the envelope by the carrier, so that the loudness does not depend on the carrier's level.
pub(crate) struct Envelope {
    carrier: f32,
}

impl Envelope {
    pub(super) fn new() -> Self {
        Self { carrier: 0.0 }
    }

    pub(super) fn run(&mut self, channel: &[Complex32], audio: &mut Vec<f32>) {
        let mean = channel.iter().map(|sample| sample.norm()).sum::<f32>() / channel.len().max(1) as f32;
        // The beginning of a carrier is followed at once, its end slowly: otherwise noise would be loud at once.
        if mean > 4.0 * self.carrier {
            self.carrier = mean;
        }
        for sample in channel {
            let envelope = sample.norm();
            self.carrier += (envelope - self.carrier) / (FOLLOW * RATE);
            audio.push(FULL * (envelope - self.carrier) / self.carrier.max(f32::MIN_POSITIVE));
        }
    }
}
