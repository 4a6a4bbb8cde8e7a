//! The samples of a source that wait to be mixed.

use crate::spectrum::frame::FRAMES_PER_SECOND;
use challengectl_dsp::Complex32;
use std::collections::VecDeque;

/// Frames that may wait: 80 ms, which covers the delays of a scheduler on a busy host. A carrier that is cut loses them.
pub(super) const MAX_FRAMES: usize = 4;

/// The longest time that a sample waits before it is mixed, in milliseconds.
pub const MAX_QUEUE_MS: u64 = MAX_FRAMES as u64 * 1000 / FRAMES_PER_SECOND;

/// Frames that must wait before the first is mixed, and again after the source ran dry: one gap instead of many.
const PREFILL_FRAMES: usize = 2;

#[derive(Debug, Default)]
pub(super) struct Queue {
    pieces: VecDeque<Vec<Complex32>>,
    /// Samples of the first piece that are mixed already.
    mixed_of_first: usize,
    /// Samples in `pieces` that are not mixed yet.
    waiting: usize,
    /// Samples that have left the queue since the source came on air.
    mixed: u64,
    /// Whether the prefill was reached, and the queue has not run dry since.
    flowing: bool,
    finished: bool,
    /// Whether something of the last samples is still to be heard: the filters and paths that they pass take time.
    pub(super) echoes: bool,
}

/// What a frame got from a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pulled {
    /// No sample: the source is not flowing.
    Nothing,
    /// A frame of samples, or the last ones of a source that has finished.
    Samples,
    /// Fewer samples than a frame has: the source ran dry.
    Dry,
}

impl Queue {
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) fn mixed(&self) -> u64 {
        self.mixed
    }

    pub(super) fn push(&mut self, samples: Vec<Complex32>) {
        self.waiting += samples.len();
        self.pieces.push_back(samples);
    }

    pub(super) fn finish(&mut self) {
        self.finished = true;
    }

    /// Returns whether all samples have been heard and no more will come.
    pub(super) fn is_over(&self) -> bool {
        self.finished && self.waiting == 0 && !self.echoes
    }

    /// Drops what waits, as if it had been mixed.
    pub(super) fn pass(&mut self) {
        self.mixed += self.waiting as u64;
        self.pieces.clear();
        (self.waiting, self.mixed_of_first) = (0, 0);
        (self.flowing, self.echoes) = (false, false);
    }

    /// Moves a frame of samples to `out`, filled up with silence.
    pub(super) fn pull(&mut self, out: &mut [Complex32]) -> Pulled {
        self.flowing |= self.finished || self.waiting >= PREFILL_FRAMES * out.len();
        if !self.flowing || self.waiting == 0 {
            self.flowing = false;
            out.fill(Complex32::ZERO);
            return Pulled::Nothing;
        }
        let wanted = out.len().min(self.waiting);
        let is_whole = wanted == out.len();
        let (mut to, rest) = out.split_at_mut(wanted);
        rest.fill(Complex32::ZERO);
        while let Some(piece) = self.pieces.front() {
            let from = piece.get(self.mixed_of_first..).unwrap_or_default();
            let here = from.len().min(to.len());
            let (now, later) = to.split_at_mut(here);
            now.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            to = later;
            if here < from.len() {
                self.mixed_of_first += here;
                break;
            }
            self.pieces.pop_front();
            self.mixed_of_first = 0;
        }
        self.waiting -= wanted;
        self.mixed += wanted as u64;
        if is_whole || self.finished {
            return Pulled::Samples;
        }
        self.flowing = false;
        Pulled::Dry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(range: std::ops::Range<u16>) -> Vec<Complex32> {
        range.map(|number| Complex32::new(number.into(), 0.0)).collect()
    }

    fn pulled(queue: &mut Queue, frame: usize) -> (Pulled, Vec<f32>) {
        let mut out = vec![Complex32::ONE; frame];
        let pulled = queue.pull(&mut out);
        (pulled, out.into_iter().map(|sample| sample.re).collect())
    }

    #[test]
    fn samples_leave_in_their_order_whatever_pieces_they_came_in() {
        let mut queue = Queue::default();
        [0..3, 3..3, 3..4, 4..9].into_iter().for_each(|range| queue.push(numbers(range)));
        assert_eq!(pulled(&mut queue, 4), (Pulled::Samples, vec![0.0, 1.0, 2.0, 3.0]));
        assert_eq!(pulled(&mut queue, 4), (Pulled::Samples, vec![4.0, 5.0, 6.0, 7.0]));
        assert_eq!(pulled(&mut queue, 4), (Pulled::Dry, vec![8.0, 0.0, 0.0, 0.0]));
        assert_eq!((queue.waiting(), queue.mixed()), (0, 9));
    }

    #[test]
    fn a_queue_that_ran_dry_flows_again_when_two_frames_wait() {
        let mut queue = Queue::default();
        queue.push(numbers(0..7));
        assert_eq!(pulled(&mut queue, 4), (Pulled::Nothing, vec![0.0; 4]));
        queue.push(numbers(7..8));
        assert_eq!(pulled(&mut queue, 4).0, Pulled::Samples);
    }

    #[test]
    fn what_is_passed_counts_as_mixed_and_is_never_heard() {
        let mut queue = Queue::default();
        queue.push(numbers(0..8));
        pulled(&mut queue, 3);
        queue.pass();
        assert_eq!((queue.waiting(), queue.mixed()), (0, 8));
        queue.push(numbers(8..9));
        queue.finish();
        assert_eq!(pulled(&mut queue, 2), (Pulled::Samples, vec![8.0, 0.0]));
        assert!(queue.is_over());
    }
}
