//! The registry of background jobs: how often each runs, and the result of its last run.

use crate::clock::Moment;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::time::Duration;

/// A job that has not ended for this many periods, and for [`MIN_SILENCE`], hangs or has died.
const MAX_MISSED_PERIODS: u32 = 5;
/// The shortest such time: a locked database delays jobs by up to its busy timeout.
const MIN_SILENCE: Duration = Duration::from_secs(60);

/// The state of a job.
#[derive(Debug, Clone)]
pub struct JobState {
    /// The longest time between two starts.
    pub period: Duration,
    /// Runs that have ended.
    pub runs: u64,
    /// The runs that failed; each is tried again in the next period.
    pub failures: u64,
    /// How long the last run took.
    pub last_duration: Duration,
    /// Why the last run failed, if it did.
    pub last_error: Option<String>,
    /// When the last run ended; before that, when the job was started.
    last_end: Moment,
}

/// All jobs, by name.
#[derive(Debug, Default)]
pub struct Registry(Mutex<BTreeMap<&'static str, JobState>>);

impl Registry {
    pub(crate) fn enter(&self, name: &'static str, period: Duration, now: Moment) {
        let (last_duration, last_error) = (Duration::ZERO, None);
        let state = JobState { period, runs: 0, failures: 0, last_duration, last_error, last_end: now };
        self.0.lock().insert(name, state);
    }

    pub(crate) fn ended(&self, name: &'static str, duration: Duration, error: Option<String>, now: Moment) {
        if let Some(state) = self.0.lock().get_mut(name) {
            state.runs += 1;
            state.failures += u64::from(error.is_some());
            (state.last_duration, state.last_error, state.last_end) = (duration, error, now);
        }
    }

    /// Returns all jobs.
    pub fn all(&self) -> Vec<(&'static str, JobState)> {
        self.0.lock().iter().map(|(name, state)| (*name, state.clone())).collect()
    }

    /// Returns the jobs that hang or have died.
    pub(crate) fn stuck(&self, now: Moment) -> Vec<&'static str> {
        let is_stuck =
            |state: &JobState| state.last_end.after(MIN_SILENCE.max(state.period * MAX_MISSED_PERIODS)) < now;
        self.0.lock().iter().filter(|(_, state)| is_stuck(state)).map(|(name, _)| *name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;
    use challengectl_common::Timestamp;

    #[test]
    fn a_job_that_does_not_come_to_an_end_is_named_until_it_does() {
        let start = Clock::manual(Timestamp::from_millis(0)).instant();
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        let registry = Registry::default();
        registry.enter("sweep", second, start);
        registry.enter("retention", minute, start);
        assert!(registry.stuck(start.after(minute)).is_empty());
        assert_eq!(registry.stuck(start.after(minute + second)), ["sweep"]);
        registry.ended("sweep", second, Some("the database is locked".to_owned()), start.after(minute));
        assert!(registry.stuck(start.after(minute * 2)).is_empty());
        assert_eq!(registry.stuck(start.after(minute * 6)), ["retention", "sweep"]);
        assert_eq!(registry.all()[1].1.failures, 1);
    }
}
