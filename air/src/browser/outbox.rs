//! Messages that wait to be sent to a listener.

use super::frame::Frame;
use crate::listen::Level;
use parking_lot::Mutex;
use std::collections::VecDeque;
use tokio::sync::Notify;

/// Rows that may wait: older ones are out of date.
const MAX_ROWS: usize = 2;

/// Frames of sound that may wait: 200 ms.
const MAX_AUDIO: usize = 10;

/// A bounded queue. Adding to it never waits: the oldest message is dropped.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: Mutex<Waiting>,
    filled: Notify,
}

#[derive(Default)]
struct Waiting {
    audio: VecDeque<Frame>,
    rows: VecDeque<Frame>,
    level: Option<Level>,
    has_ended: bool,
}

/// The next thing to send.
#[derive(Debug)]
pub(super) enum Outgoing {
    Frame(Frame),
    Level(Level),
    /// The band is gone.
    End,
}

impl Outbox {
    pub(super) fn put_audio(&self, frame: Frame) {
        bounded(&mut self.waiting.lock().audio, frame, MAX_AUDIO);
        self.filled.notify_one();
    }

    pub(super) fn put_row(&self, frame: Frame) {
        bounded(&mut self.waiting.lock().rows, frame, MAX_ROWS);
        self.filled.notify_one();
    }

    /// Replaces the level that waits.
    pub(super) fn put_level(&self, level: Level) {
        self.waiting.lock().level = Some(level);
        self.filled.notify_one();
    }

    pub(super) fn end(&self) {
        self.waiting.lock().has_ended = true;
        self.filled.notify_one();
    }

    /// Drops sound of an earlier tuning.
    pub(super) fn forget_audio(&self) {
        self.waiting.lock().audio.clear();
    }

    /// Drops rows of an earlier view.
    pub(super) fn forget_rows(&self) {
        self.waiting.lock().rows.clear();
    }

    /// Takes the next message. Sound goes first, since a late row is not noticed.
    pub(super) fn take(&self) -> Option<Outgoing> {
        let mut waiting = self.waiting.lock();
        if waiting.has_ended {
            return Some(Outgoing::End);
        }
        if let Some(frame) = waiting.audio.pop_front() {
            return Some(Outgoing::Frame(frame));
        }
        if let Some(level) = waiting.level.take() {
            return Some(Outgoing::Level(level));
        }
        waiting.rows.pop_front().map(Outgoing::Frame)
    }

    pub(super) async fn filled(&self) {
        self.filled.notified().await;
    }
}

fn bounded(queue: &mut VecDeque<Frame>, frame: Frame, max: usize) {
    while queue.len() >= max {
        queue.pop_front();
    }
    queue.push_back(frame);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(sample: u64) -> Frame {
        Frame { sample, bytes: vec![0; 16].into() }
    }

    #[test]
    fn the_newest_wait_and_sound_goes_first() {
        let outbox = Outbox::default();
        for sample in 0..100 {
            outbox.put_row(frame(sample));
            outbox.put_audio(frame(1000 + sample));
        }
        let taken: Vec<_> = std::iter::from_fn(|| outbox.take())
            .map(|outgoing| match outgoing {
                Outgoing::Frame(frame) => frame.sample,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(taken, (1090..1100).chain(98..100).collect::<Vec<_>>());
    }
}
