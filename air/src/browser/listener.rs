//! State that a listener's connection and the band's thread share.

use super::outbox::Outbox;
use crate::listen::{Tuning, View};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// The sound and the rows that the band's thread has to make for a listener, each with its epoch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    pub(super) sound: Option<(Tuning, u16)>,
    pub(super) rows: Option<(View, u16)>,
}

/// A listener.
pub(super) struct Listener {
    /// The last wish that the band's thread has not taken yet. It takes one every 60 ms, so that a listener that retunes
    /// 1,000 times a second costs no more than one that retunes 16 times.
    wanted: Mutex<Option<Wanted>>,
    pub(super) outbox: Outbox,
    has_left: AtomicBool,
}

impl Listener {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self { wanted: Mutex::new(Some(wanted)), outbox: Outbox::default(), has_left: AtomicBool::new(false) }
    }

    pub(super) fn want(&self, wanted: Wanted) {
        *self.wanted.lock() = Some(wanted);
    }

    /// Returns the last wish, if there is one since the last call.
    pub(super) fn change(&self) -> Option<Wanted> {
        self.wanted.lock().take()
    }

    pub(super) fn leave(&self) {
        self.has_left.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_left(&self) -> bool {
        self.has_left.load(Ordering::Relaxed)
    }
}
