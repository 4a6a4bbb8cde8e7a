//! Receivers: where they are tuned, and the blocks that wait for them.

use super::Shared;
use super::frame::{Geometry, Place, RATE_STEP, RATES};
use super::plans::Transform;
use crate::Block;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use tokio::sync::Notify;

/// Blocks that wait for one receiver: half a second. Beyond it the oldest are dropped.
const MAX_BLOCKS: usize = 25;

/// An open receiver: a window of the spectrum as a stream of [`Block`]s. Dropping it closes it.
///
/// A reader that is slow is never waited for: half a second of blocks is kept, then the oldest whole blocks are dropped,
/// which shows as a gap in [`Block::first`].
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

    /// Samples per second: what was asked for, to the nearest multiple of 200 Hz from 10 kS/s to 20 MS/s.
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

    /// Tunes to a centre in hertz, from the next block that is mixed on: within 20 ms.
    pub fn tune(&self, centre_hz: f64) {
        self.state.centre.store(sane(centre_hz).to_bits(), Ordering::Relaxed);
    }

    /// The centre in hertz that it is tuned to.
    #[must_use]
    pub fn centre(&self) -> f64 {
        self.state.centre_hz()
    }

    /// Sets the gain of the path to this receiver in decibels, for signals and not for noise.
    pub fn set_path_gain(&self, decibels: f64) {
        self.state.gain.store(10_f64.powf(decibels / 20.0).to_bits(), Ordering::Relaxed);
    }

    /// Has it tuned to the nominal frequency of each transmission of this challenge.
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

    /// Tunes to this transmission if it is the one that it follows.
    pub(super) fn follow(&self, challenge: &str, nominal_hz: f64) {
        if self.follows.lock().as_deref() == Some(challenge) {
            self.centre.store(nominal_hz.to_bits(), Ordering::Relaxed);
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

fn nearest_rate(rate: f64) -> u32 {
    let clamped = rate.clamp(f64::from(*RATES.start()), f64::from(*RATES.end()));
    // Not a number becomes the lowest.
    ((clamped / f64::from(RATE_STEP)).round() as u32 * RATE_STEP).max(*RATES.start())
}

/// A centre that sums can be made with, whatever was asked for.
fn sane(centre_hz: f64) -> f64 {
    if centre_hz.is_finite() { centre_hz.clamp(0.0, 1e12) } else { 0.0 }
}
