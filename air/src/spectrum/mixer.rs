//! The mixer: makes one frame after the other, for all receivers.

use super::Shared;
use super::bench::{Bench, Job, Window};
use super::frame::Edge;
use super::{receiver, source};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

/// Receivers that one thread serves; with more of them, and a core to spare, the work is shared.
const RECEIVERS_PER_THREAD: usize = 10;

/// Makes the frames of an air. [`Spectrum::start`](super::Spectrum::start) has a thread call it in real time.
#[derive(Debug)]
pub struct Mixer {
    pub(super) shared: Arc<Shared>,
    edge: Edge,
    frame: u64,
    threads: usize,
    /// One for each thread.
    benches: Vec<Bench>,
}

impl Mixer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let threads = thread::available_parallelism().map_or(1, Into::into);
        Self { edge: Edge::new(), frame: 0, threads, benches: Vec::new(), shared }
    }

    /// Returns the number of the next frame.
    #[must_use]
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// Leaves out frames: time went on, and nobody could hear it.
    pub(super) fn skip(&mut self, frames: u64) {
        self.frame += frames;
    }

    /// Makes the next frame: 20 ms for every receiver.
    pub fn step(&mut self) {
        let sources = self.shared.sources.lock().clone();
        let windows = self.windows(&sources);
        let heard: Vec<_> = sources.into_iter().filter(|source| self.take(source, &windows)).collect();
        heard.iter().for_each(|source| source.work.write().transform(self.frame, &self.edge));
        self.serve(&windows, &heard);
        self.frame += 1;
    }

    /// Returns where each receiver is tuned in this frame.
    fn windows(&self, sources: &[Arc<source::State>]) -> Vec<Window> {
        let receivers = self.shared.receivers.lock().clone();
        let window = |receiver: Arc<receiver::State>| {
            receiver.follow(sources.iter().map(|source| &source.transmission));
            Window { place: receiver.place(), receiver }
        };
        receivers.into_iter().map(window).collect()
    }

    /// Takes a frame from a source; returns whether a receiver hears it.
    fn take(&self, source: &source::State, windows: &[Window]) -> bool {
        let heard = windows.iter().any(|window| source.reaches(window.place, window.receiver.geometry));
        if source.take(heard, self.frame) {
            self.shared.counters.dry.fetch_add(1, Ordering::Relaxed);
        }
        heard
    }

    fn serve(&mut self, windows: &[Window], heard: &[Arc<source::State>]) {
        let threads = windows.len().div_ceil(RECEIVERS_PER_THREAD).clamp(1, self.threads);
        self.benches.resize_with(threads, Bench::default);
        let job = &Job { edge: &self.edge, frame: self.frame, shared: &self.shared, heard };
        let share = windows.len().div_ceil(threads).max(1);
        let mut shares = windows.chunks(share).zip(&mut self.benches);
        let Some((own, bench)) = shares.next() else { return };
        thread::scope(|scope| {
            let unserved: Vec<_> = shares
                .filter_map(|(windows, bench)| {
                    let thread = thread::Builder::new().name("air mixing".to_owned());
                    thread.spawn_scoped(scope, move || bench.serve(job, windows)).is_err().then_some(windows)
                })
                .collect();
            bench.serve(job, own);
            // A host that has no more threads.
            unserved.into_iter().for_each(|windows| bench.serve(job, windows));
        });
    }
}

impl Drop for Mixer {
    fn drop(&mut self) {
        self.shared.receivers.lock().iter().for_each(|receiver| receiver.close());
    }
}
