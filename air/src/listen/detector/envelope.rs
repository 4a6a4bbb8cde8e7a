//! Amplitude modulation: the envelope, relative to the carrier.

use challengectl_dsp::Complex32;

/// How fast the carrier's level is followed, in seconds: slower than any sound, faster than most fading.
const FOLLOW: f32 = 0.1;

/// Modulation by 100 % is half of full scale, for the noise on it and for what is overmodulated.
const FULL: f32 = 0.5;

/// Samples per second.
const RATE: f32 = 12_000.0;

/// Divides the envelope by the carrier, so that the sound is equally loud whatever the carrier's level.
pub(crate) struct Envelope {
    carrier: f32,
}

impl Envelope {
    pub(super) fn new() -> Self {
        Self { carrier: 0.0 }
    }

    pub(super) fn run(&mut self, channel: &[Complex32], audio: &mut Vec<f32>) {
        let mean = channel.iter().map(|sample| sample.norm()).sum::<f32>() / channel.len().max(1) as f32;
        // A carrier that begins is there at once; one that ends is forgotten slowly, or noise would burst out.
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
