//! How those who wait for work learn that it is worth looking again.

use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// Counts announcements. Each wakes everybody who waits.
#[derive(Debug, Default)]
pub struct Revision {
    revision: watch::Sender<u64>,
    stopping: AtomicBool,
    end: tokio::sync::Notify,
}

impl Revision {
    /// Something has changed.
    pub fn announce(&self) {
        self.revision.send_modify(|revision| *revision += 1);
    }

    /// The count of announcements so far.
    pub fn current(&self) -> u64 {
        *self.revision.borrow()
    }

    /// To wait for the next announcement. Take it before looking, so that none is missed in between.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Nothing is handed out from now on.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.announce();
    }

    /// Somebody wants the server to end. Remembered until [`Revision::asked_to_end`] has been waited for.
    pub fn ask_to_end(&self) {
        self.end.notify_one();
    }

    /// Waits for [`Revision::ask_to_end`].
    pub async fn asked_to_end(&self) {
        self.end.notified().await;
    }

    /// Whether [`Revision::stop`] was called.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}
