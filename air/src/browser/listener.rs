//! What a listener's connection and the band's thread share.

use super::outbox::Outbox;
use crate::listen::{Tuning, View};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the band's thread has to make for a listener, each with the epoch that it bears.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    pub(super) sound: Option<(Tuning, u16)>,
    pub(super) rows: Option<(View, u16)>,
}

/// A listener.
pub(super) struct Listener {
    /// The last wish counts: a listener who retunes a thousand times a second costs no more than one who does it 16
    /// times. Taken by the band's thread every 60 ms.
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

    /// What is wanted, if that has changed since the last call.
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
