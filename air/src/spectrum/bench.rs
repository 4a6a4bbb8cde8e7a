//! What one thread of the mixer does in a frame: the blocks of some receivers.

use super::Shared;
use super::frame::{Edge, Place, turn};
use super::rotate::{phasor, rotate};
use super::{receiver, source};
use crate::Block;
use challengectl_dsp::Complex32;
use std::sync::Arc;

/// A receiver as it is tuned in this frame.
pub(super) struct Window {
    pub(super) receiver: Arc<receiver::State>,
    pub(super) place: Place,
}

/// What one frame is made of.
pub(super) struct Job<'a> {
    pub(super) edge: &'a Edge,
    pub(super) frame: u64,
    pub(super) shared: &'a Shared,
    /// The sources that some receiver hears, in the order in which they came on air.
    pub(super) heard: &'a [Arc<source::State>],
}

/// Buffers that a thread uses for one receiver after the other.
#[derive(Debug, Default)]
pub(super) struct Bench {
    /// In the order of the transform: from 0 Hz up, then the negative frequencies.
    bins: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Bench {
    pub(super) fn serve(&mut self, job: &Job<'_>, windows: &[Window]) {
        for window in windows {
            let block = self.mix(job, window);
            window.receiver.deliver(block);
        }
    }

    /// Makes the block of one receiver. Sources are added in a fixed order, since sums of floats depend on it.
    fn mix(&mut self, job: &Job<'_>, window: &Window) -> Block {
        let receiver = &window.receiver;
        let geometry = receiver.geometry;
        self.bins.clear();
        self.bins.resize(geometry.bins, Complex32::ZERO);
        let added = job.heard.iter().filter(|source| self.add(source, window, job.frame)).count();
        if added > 0 {
            let (above, below) = self.bins.split_at_mut(geometry.bins - geometry.middle());
            job.edge.apply(below, above);
            self.scratch.resize(receiver.transform.0.get_inplace_scratch_len(), Complex32::ZERO);
            receiver.transform.0.process_with_scratch(&mut self.bins, &mut self.scratch);
        }
        let first = job.frame * geometry.frame as u64;
        let valid = self.bins.get_mut(geometry.lead()..geometry.lead() + geometry.frame).unwrap_or_default();
        if added > 0 && window.place.rest != 0.0 {
            let step = -window.place.rest / f64::from(geometry.rate);
            rotate(valid, step * first as f64, step);
        }
        let rms = job.shared.settings.noise_rms(geometry.rate);
        job.shared.noise.add(valid, rms, receiver.id, first);
        Block { first, samples: Arc::from(&*valid) }
    }

    /// Adds the bins of a source that lie in the window; returns whether there are any.
    fn add(&mut self, source: &source::State, window: &Window, frame: u64) -> bool {
        let work = source.work.read();
        let spectrum = work.spectrum();
        let geometry = window.receiver.geometry;
        let moved = source.place.bin - window.place.bin;
        let gain = phasor(turn(moved, frame)) * window.receiver.path_gain() as f32;
        // Bins of the source from the centre of the window on, and below it.
        let first = spectrum.first + moved;
        let (above, below) = self.bins.split_at_mut(geometry.bins - geometry.middle());
        let begun = add_from(above, &spectrum.bins, first, gain);
        let ended = add_from(below, &spectrum.bins, first + geometry.middle() as i64, gain);
        begun || ended
    }
}

/// Adds `from` to `to`, in which its first element has the place `at`, with a gain. Returns whether any lies in `to`.
fn add_from(to: &mut [Complex32], from: &[Complex32], at: i64, gain: Complex32) -> bool {
    let skipped = usize::try_from(-at).unwrap_or(0);
    let begin = usize::try_from(at).unwrap_or(0);
    let (Some(from), Some(to)) = (from.get(skipped..), to.get_mut(begin..)) else { return false };
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from * gain);
    !from.is_empty() && !to.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_is_left_out_on_either_side() {
        let from = [1.0, 2.0, 3.0].map(|re| Complex32::new(re, 0.0));
        let added = |at| {
            let mut to = [Complex32::ZERO; 4];
            let any = add_from(&mut to, &from, at, Complex32::new(0.0, 1.0));
            (any, to.map(|sum| sum.im))
        };
        assert_eq!(added(0), (true, [1.0, 2.0, 3.0, 0.0]));
        assert_eq!(added(-2), (true, [3.0, 0.0, 0.0, 0.0]));
        assert_eq!(added(3), (true, [0.0, 0.0, 0.0, 1.0]));
        for at in [-3, 4, i64::MAX, -i64::MAX] {
            assert_eq!(added(at), (false, [0.0; 4]), "{at}");
        }
    }
}
