//! The server in numbers.

use crate::bus::alarms::Alarm;
use crate::bus::challenge_state::ChallengeState;
pub use crate::store::WriteTimes;
use crate::store::log::figures::{self, Group};
use crate::views::Views;
use crate::{CoreError, OperatingState, RunnerState};
use std::collections::BTreeMap;

/// The server in numbers.
#[derive(Debug)]
pub struct Figures {
    /// What the database tells; `None` when it cannot be read, which keeps none of the others back.
    pub stored: Option<Stored>,
    /// How many transmissions have ended since the server started, by modulation and outcome.
    pub transmissions: Vec<(String, &'static str, u64)>,
    /// The alarms in force.
    pub alarms: Vec<Alarm>,
    /// What holds the system back, if that is known.
    pub operating: Option<OperatingState>,
    /// Whether the hours of the conference do.
    pub closed_by_hours: bool,
}

/// Numbers out of the database.
#[derive(Debug)]
pub struct Stored {
    /// Each runner.
    pub runners: Vec<RunnerState>,
    /// How many challenges there are in each state: of the enabled ones [`ChallengeState`], else `disabled`.
    pub challenges: BTreeMap<&'static str, i64>,
}

impl Views {
    /// The server in numbers, now.
    pub async fn metrics(&self) -> Figures {
        let stored =
            self.stored().await.inspect_err(|error| tracing::error!(%error, "the metrics lack what is stored"));
        let operating = self.air.operating_state().await.ok().map(|(operating, _)| operating);
        let closed_by_hours =
            operating.as_ref().is_some_and(|operating| operating.is_closed_by_hours(self.context.clock.now()));
        let (transmissions, alarms) = (self.air.tally.all(), self.context.alarms());
        Figures { stored: stored.ok(), transmissions, alarms, operating, closed_by_hours }
    }

    async fn stored(&self) -> Result<Stored, CoreError> {
        let runners = self.runners().await?;
        let groups = figures::challenges(&mut *self.context.store.read().await?, self.context.clock.now()).await?;
        Ok(Stored { runners, challenges: by_state(groups) })
    }
}

/// One that was disabled while it was assigned counts as assigned until it is off the air.
fn by_state(groups: Vec<Group>) -> BTreeMap<&'static str, i64> {
    let mut counts = BTreeMap::new();
    for Group { live, enabled, due, count } in groups {
        let state = if enabled || live { ChallengeState::of(live, due).as_str() } else { "disabled" };
        *counts.entry(state).or_default() += count;
    }
    counts
}
