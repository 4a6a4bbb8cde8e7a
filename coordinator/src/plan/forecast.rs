//! The plan of the event as it is stored, for people who look at it again and again.

use super::{Plan, PlannedEvent, Planning, plan, stored};
use crate::CoreError;
use crate::clock::Moment;
use crate::context::Context;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// As `challengectl-server plan` does without options: a day, and its seed.
const LENGTH: Duration = Duration::from_secs(24 * 60 * 60);
const SEED: u64 = 1;

/// How long a plan is shown before it is found anew.
const LIFE: Duration = Duration::from_secs(60);

/// A plan is shown for at least so many times as long as it took, so that plans take a twentieth of one core at most.
const SHARE: u32 = 20;

/// A plan ends after so many transmissions, before a day is over if the event is that busy. 500 challenges on 64 radios,
/// each on air for 6 s after a rest of 3 minutes, are 232,000 a day and take 6.4 s of a core (58,000 of them, 1.6 s).
const MAX_TRANSMISSIONS: u64 = 250_000;

/// The plan of the stored event with the registered radios.
#[derive(Debug)]
pub struct Forecast {
    context: Arc<Context>,
    latest: Arc<Mutex<Option<Found>>>,
}

#[derive(Debug)]
struct Found {
    plan: Arc<Plan>,
    /// From then on it is found anew.
    until: Moment,
}

impl Forecast {
    pub(crate) fn new(context: Arc<Context>) -> Arc<Self> {
        Arc::new(Self { context, latest: Arc::default() })
    }

    /// Returns the plan of a day, from the start of the conference, or from now on if it has none; at most some minutes
    /// old. It is found on a thread of its own, one at a time; callers in between wait for the same.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn latest(&self) -> Result<Arc<Plan>, CoreError> {
        let mut latest = Arc::clone(&self.latest).lock_owned().await;
        if let Some(found) = latest.as_ref().filter(|found| self.context.clock.instant() < found.until) {
            return Ok(Arc::clone(&found.plan));
        }
        let planning = self.planning().await?;
        let clock = self.context.clock.clone();
        // The lock goes along: a caller that leaves does not make room for a second computation beside this one.
        let finding = self.context.runtime.spawn_blocking(move || {
            let begun = clock.instant();
            let plan = Arc::new(plan(&planning));
            let now = clock.instant();
            *latest = Some(Found { plan: Arc::clone(&plan), until: now.after(LIFE.max(begun.until(now) * SHARE)) });
            plan
        });
        finding.await.map_err(|_| CoreError::Interrupted)
    }

    async fn planning(&self) -> Result<Planning, CoreError> {
        let rules = &self.context.rules;
        let mut connection = self.context.store.read().await?;
        let radios = stored::radios(&mut connection).await?;
        let event = stored::event(&mut connection, rules.guard_hz, &rules.frequency_rules).await?;
        let PlannedEvent { challenges, conference, ranges } = event;
        Ok(Planning {
            challenges,
            radios,
            ranges,
            guard_hz: rules.guard_hz,
            from: conference.start().unwrap_or_else(|| self.context.now()),
            conference,
            length: LENGTH,
            seed: SEED,
            max_transmissions: MAX_TRANSMISSIONS,
        })
    }
}
