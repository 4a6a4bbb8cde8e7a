//! Receivers: where they are tuned, and the blocks that wait for them.

use super::Shared;
use super::frame::{Geometry, Place, RATE_STEP, RATES};
use super::plans::Transform;
use super::source::{MAX_HZ, Transmission};
use crate::Block;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use tokio::sync::Notify;

/// Blocks that wait for one receiver: half a second. Beyond that the oldest are dropped.
const MAX_BLOCKS: usize = 25;

/// An open receiver: a window of the spectrum as a stream of [`Block`]s. Dropping it closes it.
///
/// The mixer never waits for a reader: half a second of blocks is kept, then the oldest are dropped, which shows as a gap
/// in [`Block::first`].
#[derive(Debug)]
pub struct Receiver {
    state: Arc<State>,
    shared: Weak<Shared>,
}

impl Receiver {
    pub(super) fn open(shared: &Arc<Shared>, centre_hz: f64, rate: f64) -> Self {
        let geometry = Geometry::of(nearest_rate(rate));
        let state = Arc::new(State {
            id: shared.next_id(),
            geometry,
            transform: shared.plans.inverse(geometry.bins),
            centre: AtomicU64::new(sane(centre_hz).to_bits()),
            gain: AtomicU64::new(1.0_f64.to_bits()),
            follows: Mutex::new(None),
            closed: AtomicBool::new(false),
            blocks: Mutex::new(VecDeque::new()),
            arrived: Notify::new(),
        });
        shared.receivers.lock().push(Arc::clone(&state));
        Self { state, shared: Arc::downgrade(shared) }
    }

    /// Returns the samples per second: the nearest multiple of 200 Hz, from 10 kS/s to 20 MS/s, to the rate asked for.
    #[must_use]
    pub fn rate(&self) -> f64 {
        f64::from(self.state.geometry.rate)
    }

    /// Returns the next block; `None` once the air has ended. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Block> {
        loop {
            if let Some(block) = self.state.blocks.lock().pop_front() {
                return Some(block);
            }
            if self.state.closed.load(Ordering::Acquire) {
                return None;
            }
            self.state.arrived.notified().await;
        }
    }

    /// Returns the next block if there is one.
    #[must_use]
    pub fn try_next(&mut self) -> Option<Block> {
        self.state.blocks.lock().pop_front()
    }

    /// Tunes to a centre in hertz, from 0 to 1e12. Takes effect with the next block, within 20 ms.
    pub fn tune(&self, centre_hz: f64) {
        self.state.centre.store(sane(centre_hz).to_bits(), Ordering::Relaxed);
    }

    /// Returns the centre in hertz.
    #[must_use]
    pub fn centre(&self) -> f64 {
        self.state.centre_hz()
    }

    /// Sets the gain of the path to this receiver in decibels. It acts on signals and not on noise.
    pub fn set_path_gain(&self, decibels: f64) {
        self.state.gain.store(10_f64.powf(decibels / 20.0).to_bits(), Ordering::Relaxed);
    }

    /// Tunes to the nominal frequency of each transmission of this challenge from now on.
    pub fn follow(&self, challenge: &str) {
        *self.state.follows.lock() = Some(challenge.to_owned());
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.receivers.lock().retain(|other| !Arc::ptr_eq(other, &self.state));
        }
    }
}

/// What the mixer and the handle share.
#[derive(Debug)]
pub(super) struct State {
    pub(super) id: u64,
    pub(super) geometry: Geometry,
    pub(super) transform: Transform,
    /// Bits of an `f64`, in hertz.
    centre: AtomicU64,
    /// Bits of an `f64`, a factor.
    gain: AtomicU64,
    follows: Mutex<Option<String>>,
    closed: AtomicBool,
    blocks: Mutex<VecDeque<Block>>,
    /// Notified with each block, and at the end.
    arrived: Notify,
}

impl State {
    fn centre_hz(&self) -> f64 {
        f64::from_bits(self.centre.load(Ordering::Relaxed))
    }

    pub(super) fn place(&self) -> Place {
        Place::of(self.centre_hz())
    }

    pub(super) fn path_gain(&self) -> f64 {
        f64::from_bits(self.gain.load(Ordering::Relaxed))
    }

    /// Tunes to the last of these transmissions that is of the challenge that the receiver follows.
    pub(super) fn follow<'a>(&self, transmissions: impl DoubleEndedIterator<Item = &'a Transmission>) {
        let follows = self.follows.lock();
        let Some(challenge) = follows.as_deref() else { return };
        if let Some(followed) = transmissions.rev().find(|transmission| transmission.challenge == challenge) {
            self.centre.store(followed.nominal_hz.to_bits(), Ordering::Relaxed);
        }
    }

    pub(super) fn deliver(&self, block: Block) {
        let mut blocks = self.blocks.lock();
        while blocks.len() >= MAX_BLOCKS {
            blocks.pop_front();
        }
        blocks.push_back(block);
        drop(blocks);
        self.arrived.notify_one();
    }

    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.arrived.notify_one();
    }
}

/// Returns whether a receiver of this rate is cheap: its transform has a length without prime factors above 7. Others take
/// three to four times as long. All rates that SDR programs offer are cheap.
#[must_use]
pub fn is_cheap(rate: u32) -> bool {
    let bins = Geometry::of(nearest_rate(rate.into())).bins;
    let without = |left: usize, factor: usize| {
        std::iter::successors(Some(left), |left| left.is_multiple_of(factor).then_some(left / factor))
            .last()
            .unwrap_or(left)
    };
    [2, 3, 5, 7].into_iter().fold(bins, without) == 1
}

fn nearest_rate(rate: f64) -> u32 {
    let clamped = rate.clamp(f64::from(*RATES.start()), f64::from(*RATES.end()));
    // NaN becomes 0, and so the lowest rate.
    ((clamped / f64::from(RATE_STEP)).round() as u32 * RATE_STEP).max(*RATES.start())
}

/// Returns the nearest centre that the mixer can compute with; 0 for what is not finite.
fn sane(centre_hz: f64) -> f64 {
    if centre_hz.is_finite() { centre_hz.clamp(0.0, MAX_HZ) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rates_that_programs_offer_are_cheap() {
        let offered = [
            240_000, 250_000, 300_000, 900_001, 960_000, 1_024_000, 1_152_000, 1_200_000, 1_400_000, 1_440_000,
            1_536_000, 1_600_000, 1_792_000, 1_800_000, 1_920_000, 2_000_000, 2_048_000, 2_160_000, 2_304_000,
            2_400_000, 2_560_000, 2_880_000, 3_200_000,
        ];
        for rate in offered {
            assert!(is_cheap(rate), "{rate}");
        }
        for rate in [225_200, 2_999_800, 3_182_400, 3_199_800] {
            assert!(!is_cheap(rate), "{rate}");
        }
    }
}
