//! Detectors: from the samples of a channel to sound, in each of the modes.

mod angle;
mod discriminator;
mod envelope;
mod product;

use super::level::power;
use super::{Mode, Noise, Plans, Tuning};
use challengectl_dsp::Complex32;
use discriminator::Discriminator;
use envelope::Envelope;
use product::Product;
use std::ops::Range;

/// Turns a channel into sound.
pub(super) enum Detector {
    Envelope(Envelope),
    Discriminator(Discriminator),
    Product(Product),
}

impl Detector {
    pub(super) fn new(tuning: &Tuning, plans: &mut Plans) -> Self {
        match tuning.mode() {
            Mode::Am => Self::Envelope(Envelope::new()),
            mode @ (Mode::Nbfm | Mode::Wbfm) => Self::Discriminator(Discriminator::new(mode, tuning.deemphasis())),
            mode @ (Mode::Usb | Mode::Lsb | Mode::Cw) => Self::Product(Product::new(mode, tuning.passband(), plans)),
        }
    }

    /// Changes the tuning within a mode. `has_moved`: the listener has tuned to another signal.
    pub(super) fn set(&mut self, tuning: &Tuning, has_moved: bool) {
        match self {
            Self::Envelope(_) => {}
            Self::Discriminator(discriminator) => discriminator.set(tuning.deemphasis()),
            Self::Product(product) => {
                product.set(tuning.passband());
                if has_moved {
                    product.forget();
                }
            }
        }
    }

    /// Returns the passband of the channel, for a detector whose passband is `passband`.
    pub(super) fn channel_passband(mode: Mode, passband: &Range<f64>) -> Range<f64> {
        match mode {
            Mode::Am | Mode::Nbfm | Mode::Wbfm => passband.clone(),
            // The channel's filter is too short for edges this sharp: the detector has its own.
            Mode::Usb | Mode::Lsb | Mode::Cw => -5500.0..5500.0,
        }
    }

    /// Writes the sound of a frame, full scale 1, and returns the power in the passband.
    pub(super) fn run(&mut self, channel: &mut [Complex32], noise: Noise, audio: &mut Vec<f32>) -> f32 {
        audio.clear();
        match self {
            Self::Envelope(envelope) => {
                envelope.run(channel, audio);
                power(channel)
            }
            Self::Discriminator(discriminator) => {
                discriminator.run(channel, audio);
                power(channel)
            }
            Self::Product(product) => product.run(channel, noise, audio),
        }
    }
}
