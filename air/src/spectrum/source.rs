//! Sources: transmissions on their way into the spectrum, and what of theirs waits to be mixed.

use super::Shared;
use super::frame::{FRAMES_PER_SECOND, Geometry, RATE_STEP, RATES};
use super::path::Path;
use super::work::Work;
use challengectl_dsp::Complex32;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use tokio::sync::Notify;

/// Frames that may wait: 80 ms, which is what a scheduler of a busy host may need, and what is lost when a carrier is
/// cut.
const MAX_FRAMES: usize = 4;

/// Frames that must be there before the first is mixed, and again after the source ran dry: one gap instead of many.
const PREFILL_FRAMES: usize = 2;

/// What goes on air.
#[derive(Debug, Clone, PartialEq)]
pub struct Transmission {
    /// The name of the challenge: selects the path, and the receivers that follow it.
    pub challenge: String,
    /// Hertz at which 0 Hz of the samples lies.
    pub centre_hz: f64,
    /// The nominal frequency in hertz: where receivers that follow the challenge are tuned to.
    pub nominal_hz: f64,
    /// Samples per second: a multiple of [`RATE_STEP`] within [`RATES`].
    pub rate: u32,
}

/// Why a transmission cannot go on air.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TransmissionError {
    /// The rate is none that the mixer works at.
    #[error(
        "{0} samples per second: the air takes multiples of {RATE_STEP} from {low} to {high}; set sample_rate",
        low = RATES.start(),
        high = RATES.end()
    )]
    Rate(u32),
    /// The frequency is no number, or beyond all radio.
    #[error("{0} Hz is no frequency of the air, which reaches from 0 to 1e12")]
    Frequency(f64),
    /// As many are on air as the air takes.
    #[error("{0} transmissions are on the air already")]
    TooMany(usize),
}

/// What was sent that there was no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more samples were sent than there is room for")]
pub struct Overrun;

/// How far a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Samples mixed so far.
    pub mixed: u64,
    /// Whether a receiver hears it. While none does, silence of the same length may be sent in place of samples.
    pub heard: bool,
    /// Whether everything that was sent has been mixed, and no more will come.
    pub over: bool,
}

/// A transmission on air. Dropping it cuts the carrier: what waits is not sent.
#[derive(Debug)]
pub struct Source {
    state: Arc<State>,
    shared: Weak<Shared>,
}

impl Source {
    pub(super) fn open(
        shared: &Arc<Shared>,
        transmission: Transmission,
        path: Path,
    ) -> Result<Self, TransmissionError> {
        let Transmission { centre_hz, rate, .. } = transmission;
        if !RATES.contains(&rate) || rate % RATE_STEP != 0 {
            return Err(TransmissionError::Rate(rate));
        }
        for hertz in [centre_hz, transmission.nominal_hz] {
            if !(0.0..=1e12).contains(&hertz) {
                return Err(TransmissionError::Frequency(hertz));
            }
        }
        let geometry = Geometry::of(rate);
        let work = Work::new(shared, geometry, &transmission, path);
        let state = Arc::new(State {
            transmission,
            geometry,
            queue: Mutex::new(Queue::default()),
            work: Mutex::new(work),
            heard: AtomicBool::new(true),
            mixed: Notify::new(),
        });
        let mut sources = shared.sources.lock();
        if sources.len() >= shared.settings.max_transmissions {
            return Err(TransmissionError::TooMany(sources.len()));
        }
        sources.push(Arc::clone(&state));
        drop(sources);
        Ok(Self { state, shared: Arc::downgrade(shared) })
    }

    /// Samples that can be sent at first, and that ever wait.
    #[must_use]
    pub fn capacity(&self) -> usize {
        MAX_FRAMES * self.state.geometry.frame
    }

    /// Samples that there is room for.
    #[must_use]
    pub fn room(&self) -> usize {
        self.capacity().saturating_sub(self.state.queue.lock().waiting)
    }

    /// Sends samples.
    ///
    /// # Errors
    /// [`Overrun`] when there is no room for all of them; then none is taken.
    pub fn send(&self, samples: Vec<Complex32>) -> Result<(), Overrun> {
        self.add(Piece::Samples { samples, at: 0 })
    }

    /// Sends silence in place of samples that nobody hears.
    ///
    /// # Errors
    /// [`Overrun`] when there is no room for all of it; then nothing is taken.
    pub fn skip(&self, samples: usize) -> Result<(), Overrun> {
        self.add(Piece::Silence(samples))
    }

    fn add(&self, piece: Piece) -> Result<(), Overrun> {
        let mut queue = self.state.queue.lock();
        if queue.waiting + piece.len() > self.capacity() {
            return Err(Overrun);
        }
        queue.waiting += piece.len();
        queue.pieces.push_back(piece);
        Ok(())
    }

    /// Says that no more will come. What waits is mixed yet.
    pub fn finish(&self) {
        self.state.queue.lock().finished = true;
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let queue = self.state.queue.lock();
        let over = queue.finished && queue.waiting == 0;
        Progress { mixed: queue.mixed, heard: self.state.heard.load(Ordering::Relaxed), over }
    }

    /// Waits until a frame, or two of what nobody hears, has been mixed since the last call; returns how far it is.
    pub async fn mixed(&self) -> Progress {
        self.state.mixed.notified().await;
        self.progress()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        *self.state.queue.lock() = Queue::default();
        if let Some(shared) = self.shared.upgrade() {
            shared.sources.lock().retain(|other| !Arc::ptr_eq(other, &self.state));
        }
    }
}

/// What the mixer and the handle share.
#[derive(Debug)]
pub(super) struct State {
    pub(super) transmission: Transmission,
    pub(super) geometry: Geometry,
    pub(super) queue: Mutex<Queue>,
    /// The mixer's alone.
    pub(super) work: Mutex<Work>,
    heard: AtomicBool,
    /// Notified as frames are mixed.
    mixed: Notify,
}

impl State {
    /// Ends a frame for this source. One that nobody hears is woken for every other frame alone.
    pub(super) fn conclude(&self, heard: bool, frame: u64) {
        self.heard.store(heard, Ordering::Relaxed);
        if heard || frame.is_multiple_of(2) {
            self.mixed.notify_one();
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    pieces: VecDeque<Piece>,
    /// Samples in `pieces`.
    waiting: usize,
    mixed: u64,
    /// Whether enough was there to begin, and it has not run dry since.
    flowing: bool,
    finished: bool,
}

#[derive(Debug)]
enum Piece {
    Samples { samples: Vec<Complex32>, at: usize },
    Silence(usize),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Self::Samples { samples, at } => samples.len() - at,
            Self::Silence(len) => *len,
        }
    }
}

/// What a frame got from a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pulled {
    /// Nothing is on air.
    Nothing,
    /// Samples, or silence in their place.
    Something,
    /// The source ran dry within this frame.
    Dry,
}

impl Queue {
    /// Takes a frame; writes it to `out` if there is one, which must be that long, with silence where nothing is.
    pub(super) fn pull(&mut self, frame: usize, mut out: Option<&mut [Complex32]>) -> Pulled {
        if let Some(out) = &mut out {
            out.fill(Complex32::ZERO);
        }
        self.flowing |= self.finished || self.waiting >= PREFILL_FRAMES * frame;
        if !self.flowing || self.waiting == 0 {
            self.flowing = false;
            return Pulled::Nothing;
        }
        let wanted = frame.min(self.waiting);
        let mut left = wanted;
        while left > 0 {
            let Some(piece) = self.pieces.front_mut() else { break };
            let here = piece.len().min(left);
            if let Some(rest) = out.take() {
                let (now, later) = rest.split_at_mut(here.min(rest.len()));
                piece.copy_to(now);
                out = Some(later);
            }
            if piece.advance(here) {
                self.pieces.pop_front();
            }
            left -= here;
        }
        self.waiting -= wanted;
        self.mixed += wanted as u64;
        if wanted == frame || self.finished {
            return Pulled::Something;
        }
        self.flowing = false;
        Pulled::Dry
    }
}

impl Piece {
    fn copy_to(&self, out: &mut [Complex32]) {
        if let Self::Samples { samples, at } = self {
            let samples = samples.get(*at..).unwrap_or_default();
            out.iter_mut().zip(samples).for_each(|(out, sample)| *out = *sample);
        }
    }

    /// Moves on; returns whether nothing is left.
    fn advance(&mut self, samples: usize) -> bool {
        match self {
            Self::Samples { at, .. } => *at += samples,
            Self::Silence(len) => *len -= samples,
        }
        self.len() == 0
    }
}

/// Longest time that a sample waits before it is mixed, in milliseconds.
pub const MAX_QUEUE_MS: u64 = MAX_FRAMES as u64 * 1000 / FRAMES_PER_SECOND;
