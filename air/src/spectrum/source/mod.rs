//! Sources: transmissions on their way into the spectrum.

mod queue;
mod transmission;
mod work;

pub use queue::MAX_QUEUE_MS;
pub(super) use transmission::MAX_HZ;
pub use transmission::{Transmission, TransmissionError};

use super::Shared;
use super::frame::{FRAMES_PER_SECOND, Geometry, Place};
use super::path::Path;
use challengectl_dsp::Complex32;
use parking_lot::{Mutex, RwLock};
use queue::{MAX_FRAMES, Pulled, Queue};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use tokio::sync::Notify;
use work::Work;

/// More samples were sent than there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more samples were sent than there is room for")]
pub struct Overrun;

/// How far a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Samples that have left the queue.
    pub mixed: u64,
    /// Whether a receiver hears the source. While none does, samples are dropped as they come and need not be sent.
    pub heard: bool,
    /// Whether all samples have been heard to their end, and no more will come.
    pub over: bool,
}

/// A transmission on air. Dropping it cuts the carrier: samples that wait are not mixed.
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
        transmission.check()?;
        let geometry = Geometry::of(transmission.rate);
        let place = Place::of(transmission.centre_hz * (1.0 + path.ppm * 1e-6));
        let work = Work::new(shared, geometry, place, &path, &transmission.challenge);
        let state = Arc::new(State {
            id: shared.next_id(),
            transmission,
            geometry,
            place,
            queue: Mutex::new(Queue::default()),
            work: RwLock::new(work),
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

    /// Returns how many samples may wait.
    #[must_use]
    pub fn capacity(&self) -> usize {
        MAX_FRAMES * self.state.geometry.frame
    }

    /// Returns how many samples there is room for.
    #[must_use]
    pub fn room(&self) -> usize {
        self.capacity().saturating_sub(self.state.queue.lock().waiting())
    }

    /// Sends samples.
    ///
    /// # Errors
    /// [`Overrun`] when there is no room for all of them; then none is taken.
    pub fn send(&self, samples: Vec<Complex32>) -> Result<(), Overrun> {
        let mut queue = self.state.queue.lock();
        if queue.waiting() + samples.len() > self.capacity() {
            return Err(Overrun);
        }
        queue.push(samples);
        Ok(())
    }

    /// Declares that no more samples will come. Those that wait are still mixed.
    pub fn finish(&self) {
        self.state.queue.lock().finish();
        self.state.mixed.notify_one();
    }

    /// Returns how far the source is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let queue = self.state.queue.lock();
        Progress { mixed: queue.mixed(), heard: self.state.heard.load(Ordering::Relaxed), over: queue.is_over() }
    }

    /// Waits until something has happened since the last call, and returns how far the source is: a frame was mixed,
    /// whether it is heard has changed, or a second has passed.
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
    id: u64,
    pub(super) transmission: Transmission,
    geometry: Geometry,
    pub(super) place: Place,
    queue: Mutex<Queue>,
    /// The mixer's alone: one of its threads writes it, then all of them read it for their receivers.
    pub(super) work: RwLock<Work>,
    heard: AtomicBool,
    /// Notified as frames are mixed.
    mixed: Notify,
}

impl State {
    /// Returns whether a receiver's window may hold any part of the source's.
    pub(super) fn reaches(&self, place: Place, geometry: Geometry) -> bool {
        let reach = (self.geometry.bins + geometry.bins) as i64 / 2;
        (self.place.bin - place.bin).abs() <= reach
    }

    /// Takes a frame from the queue, or drops what waits if nobody hears it. Returns whether the source ran dry.
    pub(super) fn take(&self, heard: bool, frame: u64) -> bool {
        let (mut work, mut queue) = (self.work.write(), self.queue.lock());
        let pulled = if heard { work.take(&mut queue) } else { work.pass(&mut queue) };
        drop((work, queue));
        self.notify(heard, frame);
        pulled == Pulled::Dry
    }

    /// Records whether this frame is heard, and notifies the handle: of every frame that is, and once in a second of
    /// those that are not. Sources have their turn in different frames.
    fn notify(&self, heard: bool, frame: u64) {
        let was_heard = self.heard.swap(heard, Ordering::Relaxed);
        if heard || was_heard || frame % FRAMES_PER_SECOND == self.id % FRAMES_PER_SECOND {
            self.mixed.notify_one();
        }
    }
}
