//! How those who wait for work learn that it is worth looking again.

use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// Counts announcements. Each wakes everybody who waits.
#[derive(Debug, Default)]
pub struct Signals {
    edition: watch::Sender<u64>,
    stopping: AtomicBool,
    end: tokio::sync::Notify,
}

impl Signals {
    /// Something has changed.
    pub fn announce(&self) {
        self.edition.send_modify(|edition| *edition += 1);
    }

    /// The count of announcements so far.
    pub fn edition(&self) -> u64 {
        *self.edition.borrow()
    }

    /// To wait for the next announcement. Take it before looking, so that none is missed in between.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.edition.subscribe()
    }

    /// Nothing is handed out from now on.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.announce();
    }

    /// Somebody wants the server to end. Remembered until [`Signals::asked_to_end`] has been waited for.
    pub fn ask_to_end(&self) {
        self.end.notify_one();
    }

    /// Waits for [`Signals::ask_to_end`].
    pub async fn asked_to_end(&self) {
        self.end.notified().await;
    }

    /// Whether [`Signals::stop`] was called.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}
