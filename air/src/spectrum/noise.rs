//! White noise from a table: computing it by Box and Muller's method takes 50 times as long.

use super::random::{hash, normal_pair};
use challengectl_dsp::Complex32;

/// Complex numbers in the table: 1 MiB, which fits into the second-level cache beside a receiver's transform.
const LEN: usize = 1 << 17;

/// Samples that are read from one place of the table; then the place is drawn anew, so that no long stretch repeats.
const RUN: usize = 2048;

/// A table of complex normal numbers of variance 1 on each axis.
#[derive(Debug)]
pub struct Noise {
    table: Box<[Complex32]>,
    seed: u64,
}

impl Noise {
    /// Draws a table by this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let number = |place| normal_pair(hash(&[seed, place]));
        let mut table: Vec<_> =
            (0..LEN as u64 / 2).map(number).map(|(a, b)| Complex32::new(a as f32, b as f32)).collect();
        let mean = table.iter().sum::<Complex32>() / table.len() as f32;
        table.iter_mut().for_each(|number| *number -= mean);
        Self { table: table.into(), seed }
    }

    /// Adds noise of `rms` on each axis. `stream`, and `first`, the number of the first sample, select which.
    pub fn add(&self, samples: &mut [Complex32], rms: f32, stream: u64, first: u64) {
        if rms == 0.0 {
            return;
        }
        for (run, samples) in samples.chunks_mut(RUN).enumerate() {
            let noise = self.run(stream, first, run as u64);
            samples.iter_mut().zip(noise).for_each(|(sample, noise)| *sample += noise * rms);
        }
    }

    /// Returns the number of samples of a [`run`](Self::run).
    #[must_use]
    pub fn run_len(&self) -> usize {
        RUN
    }

    /// Returns the run of this number, counted from sample `first` of a stream.
    #[must_use]
    pub fn run(&self, stream: u64, first: u64, run: u64) -> &[Complex32] {
        let offset = hash(&[self.seed, stream, first, run]) as usize % (self.table.len() - RUN);
        self.table.get(offset..offset + RUN).unwrap_or_default()
    }
}
