//! Sends a client its samples.

use super::context::Context;
use super::controls::{Controls, Settings};
use super::quantise::quantise;
use super::ring::Ring;
use crate::Block;
use crate::allowance::Allowance;
use crate::limits::Permit;
use crate::spectrum::{Receiver, is_cheap};
use challengectl_dsp::Complex32;
use std::io;
use std::time::Duration;
use tokio::io::AsyncWrite;
use tokio::time::Instant;

/// Changes of the rate: some at once, as programs make them when they start, and then one in each second, since each
/// needs a transform to be planned, which takes milliseconds.
const RATE_CHANGES: u32 = 4;
const RATE_INTERVAL: Duration = Duration::from_secs(1);

/// How much more a rate counts whose transform takes longer, so that clients cannot overload the mixer by odd rates.
const COSTLY_WEIGHT: u64 = 4;

pub(super) struct Stream<'a> {
    pub(super) context: Context,
    pub(super) permit: Permit,
    /// The number of the client, which selects the noise of its converter.
    pub(super) number: u64,
    pub(super) controls: &'a Controls,
    /// The error of its crystal in parts per million.
    pub(super) error_ppm: f64,
}

impl Stream<'_> {
    /// Sends samples from the first command on, until the client is gone.
    pub(super) async fn run(mut self, writer: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        self.controls.changed().await;
        let mut rate = self.controls.settings().rate;
        if !self.permit.take(bytes_per_second(rate)) {
            return Err(io::Error::other("no bandwidth is left for another receiver"));
        }
        let mut ring = Ring::new();
        let mut receiver = self.open(rate).await?;
        let mut changes = Allowance::new(RATE_INTERVAL, RATE_CHANGES);
        loop {
            tokio::select! {
                block = receiver.next() => {
                    let Some(block) = block else { return Ok(()) };
                    ring.check_stalled(Instant::now())?;
                    ring.add(self.convert(&block));
                }
                written = ring.write(writer) => written?,
                () = self.controls.changed() => {}
            }
            let settings = self.controls.settings();
            receiver.tune(self.centre(&settings));
            let now = Instant::now();
            if settings.rate != rate && changes.next(now).is_none() {
                changes.spend(now);
                if self.permit.take(bytes_per_second(settings.rate)) {
                    rate = settings.rate;
                    receiver = self.open(rate).await?;
                } else {
                    self.controls.keep_rate(rate);
                }
            }
        }
    }

    /// Opens a receiver, in a thread for what blocks.
    async fn open(&self, rate: u32) -> io::Result<Receiver> {
        let centre = self.centre(&self.controls.settings());
        let spectrum = self.context.spectrum.clone();
        let receiver = tokio::task::spawn_blocking(move || spectrum.receiver(centre, rate.into())).await?;
        receiver.set_path_gain(self.context.settings.gain_db);
        Ok(receiver)
    }

    /// Returns the true centre in hertz of a receiver that is set so.
    fn centre(&self, settings: &Settings) -> f64 {
        let ppm = self.error_ppm - f64::from(settings.correction);
        f64::from(settings.frequency) * (1.0 + ppm * 1e-6)
    }

    fn convert(&self, block: &Block) -> Vec<u8> {
        let settings = self.controls.settings();
        let mut bytes = Vec::with_capacity(2 * block.samples.len());
        if settings.is_test {
            let first = 2 * block.first;
            bytes.extend((first..first + 2 * block.samples.len() as u64).map(|count| count as u8));
            return bytes;
        }
        if !settings.gain.is_manual() {
            self.controls.follow(power(&block.samples));
        }
        let gain = settings.gain.factor() as f32;
        quantise(&block.samples, gain, self.context.spectrum.noise(), self.number, block.first, &mut bytes);
        bytes
    }
}

/// Returns what a rate counts against the limit: its bytes per second, more for one that costs more processor time.
fn bytes_per_second(rate: u32) -> u64 {
    let weight = if is_cheap(rate) { 1 } else { COSTLY_WEIGHT };
    2 * u64::from(rate) * weight
}

/// Returns the mean power. Sums of short runs keep the precision of floats.
fn power(samples: &[Complex32]) -> f64 {
    let sum: f32 = samples.chunks(256).map(|run| run.iter().map(Complex32::norm_sqr).sum::<f32>()).sum();
    f64::from(sum) / samples.len().max(1) as f64
}
