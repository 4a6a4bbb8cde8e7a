//! The revision: wakes waiting polls after each change.

use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// The count of announced changes. Each announcement wakes all waiting polls.
#[derive(Debug, Default)]
pub struct Revision {
    revision: watch::Sender<u64>,
    stopping: AtomicBool,
    end: tokio::sync::Notify,
}

impl Revision {
    /// Counts a change and wakes all waiting polls.
    pub fn announce(&self) {
        self.revision.send_modify(|revision| *revision += 1);
    }

    /// Returns the count of announcements so far.
    pub fn current(&self) -> u64 {
        *self.revision.borrow()
    }

    /// Subscribes to announcements. Subscribe before looking at the state, so that none is missed in between.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Stops handing out work, and wakes all waiting polls.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.announce();
    }

    /// Requests the end of the server. The request is kept until [`Revision::asked_to_end`] has been awaited.
    pub fn ask_to_end(&self) {
        self.end.notify_one();
    }

    /// Waits for [`Revision::ask_to_end`].
    pub async fn asked_to_end(&self) {
        self.end.notified().await;
    }

    /// Returns whether [`Revision::stop`] was called.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}
