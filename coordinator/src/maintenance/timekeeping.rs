//! Timekeeping: detects that the time of day was set. Due times drawn by another clock must not keep challenges off the
//! air.

use crate::bus::alarms::AlarmKind;
use crate::clock::Moment;
use crate::maintenance::Maintenance;
use crate::schedule::after_success;
use crate::store::fleet::runners;
use crate::store::log::figures;
use crate::store::{self, Connection, StoreError, challenges};
use crate::{Clock, CoreError};
use challengectl_common::Timestamp;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Steps below this are ignored: NTP corrects as much without a step, and a job may run late.
const TOLERANCE_MS: i64 = 5_000;

/// Both clocks, as last seen together.
#[derive(Debug)]
pub struct Timekeeper {
    seen: Mutex<(Timestamp, Moment)>,
    /// Whether the clock was compared with the database since the start.
    compared: AtomicBool,
}

impl Timekeeper {
    /// Returns a timekeeper that starts now.
    #[must_use]
    pub fn new(clock: &Clock) -> Self {
        Self { seen: Mutex::new((clock.now(), clock.instant())), compared: AtomicBool::new(false) }
    }

    /// Returns by how many milliseconds the time of day was set since the last call; negative if back.
    fn step(&self, clock: &Clock) -> i64 {
        let mut last = self.seen.lock();
        let (now, moment) = (clock.now(), clock.instant());
        let (before, since) = std::mem::replace(&mut *last, (now, moment));
        let passed = i64::try_from(since.until(moment).as_millis()).unwrap_or(i64::MAX);
        now.as_millis().saturating_sub(before.as_millis()).saturating_sub(passed)
    }
}

/// Returns how far the time of day is behind the newest time in the database; `None` if it is not.
pub async fn behind(connection: &mut Connection, now: Timestamp) -> Result<Option<Duration>, StoreError> {
    let newest = figures::newest(connection).await?;
    let behind = newest.map(|newest| newest.since(now)).unwrap_or_default();
    Ok(Some(behind).filter(|behind| behind.as_millis() > TOLERANCE_MS.unsigned_abs().into()))
}

/// Formats a duration for people: the two largest of days, hours, minutes and seconds.
#[must_use]
pub fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let mut left = seconds;
    let mut parts = Vec::new();
    for (unit, length) in units {
        let count = left / length;
        left %= length;
        if count > 0 {
            parts.push(format!("{count} {unit}"));
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

impl Maintenance {
    /// Raises an alarm if the time of day was set, and brings forward challenges that are due later than their longest
    /// pause from now.
    pub(crate) async fn keep_time(&self) -> Result<(), CoreError> {
        if !self.timekeeper.compared.load(Ordering::Relaxed) {
            self.compare_clock().await?;
            self.timekeeper.compared.store(true, Ordering::Relaxed);
        }
        let step = self.timekeeper.step(&self.context.clock);
        if step.abs() > TOLERANCE_MS {
            let (by, way) = (Duration::from_millis(step.unsigned_abs()), if step < 0 { "back" } else { "forward" });
            let message = format!(
                "The clock of the server was set {way} by {}. Due times follow it; hours of the conference are those of \
                 the new time",
                spoken(by)
            );
            self.context.raise(AlarmKind::Clock, "", message);
            self.shift_rests(step).await?;
        }
        self.pull_in().await
    }

    /// Keeps the rests of radios as long as they are, whatever the time of day.
    async fn shift_rests(&self, step_ms: i64) -> Result<(), CoreError> {
        let mut transaction = self.context.store.write().await?;
        runners::shift_rests(&mut transaction, step_ms).await?;
        store::commit(transaction).await?;
        self.context.changed();
        Ok(())
    }

    /// Compares the clock with the database, whose times the last run wrote by a clock that may have differed.
    async fn compare_clock(&self) -> Result<(), CoreError> {
        let now = self.context.clock.now();
        if let Some(behind) = behind(&mut *self.context.store.read_few().await?, now).await? {
            let message = format!(
                "The clock of the server is {} behind the newest entry of its database: set it, or let NTP",
                spoken(behind)
            );
            self.context.raise(AlarmKind::Clock, "", message);
            // Raised only once: the last heartbeat of a runner that stays away would raise it at each start.
            let mut transaction = self.context.store.write().await?;
            runners::pull_in(&mut transaction, now).await?;
            store::commit(transaction).await?;
        }
        Ok(())
    }

    async fn pull_in(&self) -> Result<(), CoreError> {
        let now = self.context.clock.now();
        if challenges::too_far(&mut *self.context.store.read_few().await?, now).await? == 0 {
            return Ok(());
        }
        let mut transaction = self.context.store.write().await?;
        let far = challenges::far(&mut transaction, now).await?;
        for it in &far {
            // As after a transmission, so that they do not all come at once.
            let due_at = after_success(now, it.min_delay_ms, it.max_delay_ms, &mut rand::rng());
            challenges::set_due(&mut transaction, it.id, due_at).await?;
        }
        challenges::pull_in(&mut transaction, now).await?;
        runners::pull_in(&mut transaction, now).await?;
        store::commit(transaction).await?;
        self.context.changed();
        if !far.is_empty() {
            let names: Vec<_> = far.iter().take(10).map(|it| it.name.as_str()).collect();
            let message = format!(
                "{} challenges were due later than their longest pause from now, and are brought nearer, such as {}",
                far.len(),
                names.join(", ")
            );
            tracing::warn!("{message}");
            self.context.log(challengectl_common::wire::LogLevel::Warning, message);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_is_told_from_one_that_goes() {
        let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
        let timekeeper = Timekeeper::new(&clock);
        clock.advance(Duration::from_secs(3_600));
        assert_eq!(timekeeper.step(&clock), 0);
        clock.step(-7_200_000);
        clock.advance(Duration::from_secs(1));
        assert_eq!(timekeeper.step(&clock), -7_200_000);
        assert_eq!(timekeeper.step(&clock), 0);
    }

    #[test]
    fn times_are_spoken_in_two_units() {
        for (seconds, text) in [(0, "0 s"), (59, "59 s"), (3_600, "1 h"), (7_325, "2 h 2 min"), (200_000, "2 d 7 h")] {
            assert_eq!(spoken(Duration::from_secs(seconds)), text);
        }
    }
}
