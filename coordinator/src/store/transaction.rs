//! Write transactions, and the measurement of how long each keeps other writers waiting.

use super::{Connection, StoreError};
use prometheus_client::metrics::histogram::Histogram;
use sqlx::Sqlite;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::OwnedMutexGuard;

/// A transaction that takes longer is logged with its place: while it runs, no work is handed out and no operator's
/// change is made.
const LONG_TRANSACTION: Duration = Duration::from_millis(100);
/// The upper bounds of the histogram, in seconds.
const BUCKETS: [f64; 9] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0];

/// How long write transactions have taken since the database was opened.
#[derive(Debug, Clone)]
pub struct WriteTimes {
    /// Their durations, in seconds.
    pub histogram: Histogram,
    longest_micros: Arc<AtomicU64>,
}

impl Default for WriteTimes {
    fn default() -> Self {
        Self { histogram: Histogram::new(BUCKETS), longest_micros: Arc::default() }
    }
}

impl WriteTimes {
    /// Returns the longest of them.
    #[must_use]
    pub fn longest(&self) -> Duration {
        Duration::from_micros(self.longest_micros.load(Ordering::Relaxed))
    }

    /// Records one transaction. `disk` is the time of its commit, which is mostly one `fsync`.
    fn observe(&self, time: Duration, disk: Duration, place: &Location<'_>) {
        self.histogram.observe(time.as_secs_f64());
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.longest_micros.fetch_max(micros, Ordering::Relaxed);
        if time > LONG_TRANSACTION {
            let (milliseconds, in_commit) = (micros / 1000, disk.as_millis());
            tracing::warn!(%place, milliseconds, in_commit, "a write transaction took longer than 100 ms");
        }
    }
}

/// Measures from its creation to its drop.
#[derive(Debug)]
pub(super) struct Stopwatch {
    begun: Instant,
    committing: Option<Instant>,
    place: &'static Location<'static>,
    times: WriteTimes,
}

impl Stopwatch {
    pub fn start(times: WriteTimes, place: &'static Location<'static>) -> Self {
        Self { begun: Instant::now(), committing: None, place, times }
    }
}

impl Drop for Stopwatch {
    fn drop(&mut self) {
        let disk = self.committing.map(|since| since.elapsed()).unwrap_or_default();
        self.times.observe(self.begun.elapsed(), disk, self.place);
    }
}

/// A write transaction. Dropped without [`commit`], it changes nothing.
#[derive(Debug)]
pub struct Transaction {
    // Dropped in this order.
    inner: sqlx::Transaction<'static, Sqlite>,
    stopwatch: Stopwatch,
    turn: Option<OwnedMutexGuard<()>>,
}

impl Transaction {
    pub(super) fn new(inner: sqlx::Transaction<'static, Sqlite>, stopwatch: Stopwatch) -> Self {
        Self { inner, stopwatch, turn: None }
    }

    /// Makes it hold the turn until it ends.
    pub(super) fn with_turn(self, turn: OwnedMutexGuard<()>) -> Self {
        Self { turn: Some(turn), ..self }
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.inner
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.inner
    }
}

/// Commits a transaction. On an error nothing has changed.
pub async fn commit(transaction: Transaction) -> Result<(), StoreError> {
    let Transaction { inner, mut stopwatch, turn } = transaction;
    stopwatch.committing = Some(Instant::now());
    inner.commit().await?;
    drop((stopwatch, turn));
    Ok(())
}
