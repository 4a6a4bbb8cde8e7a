//! The mixer: makes one frame after the other, for all receivers.

use super::Shared;
use super::frame::{Edge, Place, turn};
use super::noise::Noise;
use super::receiver;
use super::rotate::{phasor, rotate};
use super::source::{self, Pulled};
use crate::Block;
use challengectl_dsp::Complex32;
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
    noise: Noise,
    frame: u64,
    threads: usize,
    /// One for each thread.
    benches: Vec<Bench>,
}

/// A receiver as it is tuned in this frame.
struct Window {
    receiver: Arc<receiver::State>,
    place: Place,
}

/// A source that somebody hears in this frame.
type Heard = Arc<source::State>;

impl Mixer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let noise = Noise::new(shared.settings.seed);
        let threads = thread::available_parallelism().map_or(1, Into::into);
        Self { edge: Edge::new(), noise, frame: 0, threads, benches: Vec::new(), shared }
    }

    /// The number of the next frame.
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
        self.transform(&heard);
        self.serve(&windows, &heard);
        self.frame += 1;
    }

    fn windows(&self, sources: &[Arc<source::State>]) -> Vec<Window> {
        let receivers = self.shared.receivers.lock().clone();
        let window = |receiver: Arc<receiver::State>| {
            for source in sources {
                receiver.follow(&source.transmission.challenge, source.transmission.nominal_hz);
            }
            Window { place: receiver.place(), receiver }
        };
        receivers.into_iter().map(window).collect()
    }

    /// Takes a frame from a source; returns whether anybody hears it.
    fn take(&self, source: &source::State, windows: &[Window]) -> bool {
        let mut work = source.work.lock();
        let heard = windows.iter().any(|window| work.reaches(window.place, window.receiver.geometry));
        let mut queue = source.queue.lock();
        let pulled = if heard { work.take(&mut queue) } else { work.pass(&mut queue) };
        drop(queue);
        if pulled == Pulled::Dry {
            self.shared.counters.dry.fetch_add(1, Ordering::Relaxed);
        }
        source.conclude(heard, self.frame);
        heard
    }

    fn transform(&self, heard: &[Heard]) {
        let (edge, frame) = (&self.edge, self.frame);
        let transform = |source: &Heard| {
            let mut work = source.work.lock();
            work.transform(frame);
            work.finish(edge);
        };
        heard.iter().for_each(transform);
    }

    fn serve(&mut self, windows: &[Window], heard: &[Heard]) {
        let threads = windows.len().div_ceil(RECEIVERS_PER_THREAD).clamp(1, self.threads);
        self.benches.resize_with(threads, Bench::default);
        let job = Job { edge: &self.edge, noise: &self.noise, frame: self.frame, shared: &self.shared, heard };
        let share = windows.len().div_ceil(threads).max(1);
        thread::scope(|scope| {
            let mut shares = windows.chunks(share).zip(&mut self.benches);
            let own = shares.next();
            for (windows, bench) in shares {
                let job = &job;
                scope.spawn(move || bench.serve(job, windows));
            }
            if let Some((windows, bench)) = own {
                bench.serve(&job, windows);
            }
        });
    }
}

impl Drop for Mixer {
    fn drop(&mut self) {
        self.shared.receivers.lock().iter().for_each(|receiver| receiver.close());
    }
}

/// What one frame is made of.
struct Job<'a> {
    edge: &'a Edge,
    noise: &'a Noise,
    frame: u64,
    shared: &'a Shared,
    heard: &'a [Heard],
}

/// Buffers that a thread uses for one receiver after the other.
#[derive(Debug, Default)]
struct Bench {
    bins: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Bench {
    fn serve(&mut self, job: &Job<'_>, windows: &[Window]) {
        for window in windows {
            let block = self.mix(job, window);
            window.receiver.deliver(block);
        }
    }

    /// Makes the block of one receiver. Sources are added in the order in which they came on air.
    fn mix(&mut self, job: &Job<'_>, window: &Window) -> Block {
        let receiver = &window.receiver;
        let geometry = receiver.geometry;
        self.bins.clear();
        self.bins.resize(geometry.bins, Complex32::ZERO);
        let mut any = false;
        for source in job.heard {
            any |= self.add(source, window, job.frame);
        }
        if any {
            job.edge.apply(&mut self.bins);
            self.bins.rotate_left(geometry.middle());
            self.scratch.resize(receiver.transform.0.get_inplace_scratch_len(), Complex32::ZERO);
            receiver.transform.0.process_with_scratch(&mut self.bins, &mut self.scratch);
        }
        let first = job.frame * geometry.frame as u64;
        let valid = self.bins.get_mut(geometry.lead()..geometry.lead() + geometry.frame).unwrap_or_default();
        if any && window.place.rest != 0.0 {
            let step = -window.place.rest / f64::from(geometry.rate);
            rotate(valid, step * first as f64, step);
        }
        let rms = job.shared.settings.noise_rms(geometry.rate);
        job.noise.add(valid, rms, receiver.id, first);
        Block { first, samples: Arc::from(&*valid) }
    }

    /// Adds the bins of a source that lie in the window; returns whether there are any.
    fn add(&mut self, source: &source::State, window: &Window, frame: u64) -> bool {
        let work = source.work.lock();
        let spectrum = work.spectrum();
        let moved = work.place().bin - window.place.bin;
        let first = spectrum.first + moved + window.receiver.geometry.middle() as i64;
        let gain = phasor(turn(moved, frame)) * window.receiver.path_gain() as f32;
        // Of the source's bins, those before the window's first are left out, or of the window's those before the
        // source's.
        let skipped = usize::try_from(-first).unwrap_or(0);
        let begin = usize::try_from(first).unwrap_or(0);
        let (Some(from), Some(to)) = (spectrum.bins.get(skipped..), self.bins.get_mut(begin..)) else { return false };
        to.iter_mut().zip(from).for_each(|(to, from)| *to += from * gain);
        !from.is_empty() && !to.is_empty()
    }
}
