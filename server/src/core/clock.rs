//! Time: a wall clock for what people see and for due times, and a steady one for leases.

use challengectl_common::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// A clock, either the system's or one that tests move.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's.
    System {
        /// When the program began.
        started: Instant,
    },
    /// Stands still until moved.
    Manual(Arc<AtomicI64>),
}

/// A moment on the steady clock, in milliseconds from some beginning. The wall clock may be set while leases run; this
/// one may not, or a lease would end while its carrier is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// The moment `duration` later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// The time until `later`; zero when that is past.
    #[must_use]
    pub fn until(self, later: Self) -> Duration {
        Duration::from_millis(later.0.saturating_sub(self.0))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::System { started: Instant::now() }
    }

    /// A clock that stands at `now` until moved.
    #[must_use]
    pub fn manual(now: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(now.as_millis())))
    }

    /// Moves a manual clock; the system's goes by itself.
    pub fn advance(&self, duration: Duration) {
        if let Self::Manual(now) = self {
            now.fetch_add(i64::try_from(millis(duration)).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }

    /// The time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System { .. } => Timestamp::now(),
            Self::Manual(now) => Timestamp::from_millis(now.load(Ordering::SeqCst)),
        }
    }

    /// The steady clock.
    #[must_use]
    pub fn instant(&self) -> Moment {
        match self {
            Self::System { started } => Moment(millis(started.elapsed())),
            Self::Manual(now) => Moment(u64::try_from(now.load(Ordering::SeqCst)).unwrap_or(0)),
        }
    }
}
