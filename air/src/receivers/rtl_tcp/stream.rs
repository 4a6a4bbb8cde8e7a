//! Sends a client its samples.

use super::controls::{Controls, Settings};
use super::quantise::quantise;
use super::server::Context;
use crate::Block;
use crate::limits::Permit;
use crate::spectrum::{FRAMES_PER_SECOND, Receiver};
use challengectl_dsp::Complex32;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};

/// Writes in each block of 20 ms: some programs pulse when more than 5 ms come at once.
const WRITES: u32 = 5;

/// Between two of them.
const WRITE_INTERVAL: Duration = Duration::from_millis(1000 / FRAMES_PER_SECOND / WRITES as u64);

/// Blocks that wait for a client that reads slowly: a second. Beyond it the oldest are dropped.
const MAX_BLOCKS: usize = FRAMES_PER_SECOND as usize;

/// A client that takes nothing for so long is gone.
const STALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Rates change at most so often: each needs a transform to be planned.
const RATE_INTERVAL: Duration = Duration::from_millis(250);

pub(super) struct Stream<'a> {
    pub(super) context: Context,
    pub(super) permit: Permit,
    /// Which of all clients: its converter's noise is its own.
    pub(super) number: u64,
    pub(super) controls: &'a Controls,
    /// The error of its crystal.
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
        let mut receiver = self.open(rate);
        let mut opened = Instant::now();
        loop {
            tokio::select! {
                block = receiver.next() => {
                    let Some(block) = block else { return Ok(()) };
                    ring.check_stalled()?;
                    ring.add(self.convert(&block), self.number);
                }
                written = ring.write(writer) => written?,
                () = self.controls.changed() => {}
            }
            let settings = self.controls.settings();
            receiver.tune(self.centre(&settings));
            if settings.rate != rate && opened.elapsed() >= RATE_INTERVAL {
                if self.permit.take(bytes_per_second(settings.rate)) {
                    rate = settings.rate;
                    receiver = self.open(rate);
                    opened = Instant::now();
                } else {
                    self.controls.keep_rate(rate);
                }
            }
        }
    }

    fn open(&self, rate: u32) -> Receiver {
        let centre = self.centre(&self.controls.settings());
        let receiver = self.context.spectrum.receiver(centre, rate.into());
        receiver.set_path_gain(self.context.settings.gain_db);
        receiver
    }

    /// Where the receiver really is when the client believes it at its frequency.
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
        self.controls.follow(power(&block.samples));
        let gain = settings.gain.factor() as f32;
        quantise(&block.samples, gain, &self.context.noise, self.number, block.first, &mut bytes);
        bytes
    }
}

fn bytes_per_second(rate: u32) -> u64 {
    2 * u64::from(rate)
}

fn power(samples: &[Complex32]) -> f64 {
    let sum: f32 = samples.chunks(256).map(|run| run.iter().map(Complex32::norm_sqr).sum::<f32>()).sum();
    f64::from(sum) / samples.len().max(1) as f64
}

/// Blocks on their way to a client. One that has begun is always finished, so that I and Q never change places.
struct Ring {
    blocks: VecDeque<Vec<u8>>,
    current: Vec<u8>,
    written: usize,
    /// When the first byte of `current` was due.
    due: Instant,
    /// When the client last took something.
    taken: Instant,
}

impl Ring {
    fn new() -> Self {
        let now = Instant::now();
        Self { blocks: VecDeque::new(), current: Vec::new(), written: 0, due: now, taken: now }
    }

    fn add(&mut self, block: Vec<u8>, client: u64) {
        if self.blocks.len() >= MAX_BLOCKS {
            tracing::trace!(client, "rtl_tcp: a block is dropped");
            self.blocks.pop_front();
        }
        self.blocks.push_back(block);
        if self.written == self.current.len() {
            self.begin();
        }
    }

    fn begin(&mut self) {
        let Some(block) = self.blocks.pop_front() else { return };
        if self.current.is_empty() || self.blocks.is_empty() {
            self.due = Instant::now();
        }
        self.current = block;
        self.written = 0;
    }

    fn check_stalled(&self) -> io::Result<()> {
        if self.written < self.current.len() && self.taken.elapsed() > STALL_TIMEOUT {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "it does not read"));
        }
        Ok(())
    }

    /// Writes what is due next; waits for ever when nothing is there. Nothing is lost when the future is dropped.
    async fn write(&mut self, writer: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        if self.written == self.current.len() {
            return std::future::pending().await;
        }
        let step = (self.current.len().div_ceil(WRITES as usize)).next_multiple_of(2);
        let steps = self.written / step.max(1);
        // One that is behind catches up.
        if self.blocks.is_empty() && self.written.is_multiple_of(step) {
            sleep_until(self.due + WRITE_INTERVAL * steps as u32).await;
        }
        let end = ((steps + 1) * step).min(self.current.len());
        let written = writer.write(self.current.get(self.written..end).unwrap_or_default()).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.written += written;
        self.taken = Instant::now();
        if self.written == self.current.len() {
            self.begin();
        }
        Ok(())
    }
}
