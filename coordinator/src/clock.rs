//! Time: a wall clock for people and for due times, and a steady clock for leases.

use challengectl_common::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A clock, either the system's or one that tests move.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The clocks of the operating system.
    System {
        /// When the program started.
        started: Instant,
    },
    /// Stands still until moved.
    Manual {
        /// The time of day, in milliseconds since 1970.
        wall: Arc<AtomicI64>,
        /// The steady clock, in milliseconds.
        steady: Arc<AtomicU64>,
    },
}

/// The steady clock's reading at program start: 100 years, so that moments before the start can be represented.
const START_MS: u64 = 100 * 365 * 86_400_000;

/// A moment on the steady clock, in milliseconds from an arbitrary origin. Leases use it since the wall clock may be
/// set while they run: a lease would end while its carrier is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// Returns the moment `duration` later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// Returns the moment `duration` earlier.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// Returns the time until `later`; zero if that is past.
    #[must_use]
    pub fn until(self, later: Self) -> Duration {
        Duration::from_millis(later.0.saturating_sub(self.0))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Clock {
    /// Returns the system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::System { started: Instant::now() }
    }

    /// Returns a clock that stands at `now` until it is moved.
    #[must_use]
    pub fn manual(now: Timestamp) -> Self {
        Self::Manual { wall: Arc::new(AtomicI64::new(now.as_millis())), steady: Arc::new(AtomicU64::new(START_MS)) }
    }

    /// Moves a manual clock forward; does nothing to the system's.
    pub fn advance(&self, duration: Duration) {
        if let Self::Manual { steady, .. } = self {
            steady.fetch_add(millis(duration), Ordering::SeqCst);
            self.step(i64::try_from(millis(duration)).unwrap_or(i64::MAX));
        }
    }

    /// Moves the time of day of a manual clock by this many milliseconds, forward or back, as an administrator or NTP
    /// does. Its steady clock stays.
    pub fn step(&self, milliseconds: i64) {
        if let Self::Manual { wall, .. } = self {
            wall.fetch_add(milliseconds, Ordering::SeqCst);
        }
    }

    /// Returns the time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System { .. } => Timestamp::now(),
            Self::Manual { wall, .. } => Timestamp::from_millis(wall.load(Ordering::SeqCst)),
        }
    }

    /// Returns the current moment of the steady clock.
    #[must_use]
    pub fn instant(&self) -> Moment {
        match self {
            Self::System { started } => Moment(millis(started.elapsed()).saturating_add(START_MS)),
            Self::Manual { steady, .. } => Moment(steady.load(Ordering::SeqCst)),
        }
    }
}
