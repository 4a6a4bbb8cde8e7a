//! The server in numbers.

use crate::bus::alarms::Alarm;
use crate::bus::challenge_state::ChallengeState;
pub use crate::store::WriteTimes;
use crate::store::log::figures::{self, Group};
use crate::views::Views;
use crate::{CoreError, OperatingState, RunnerState};
use std::collections::BTreeMap;

/// The figures of the metrics.
#[derive(Debug)]
pub struct Figures {
    /// The figures from the database; `None` if it cannot be read, which does not withhold the others.
    pub stored: Option<Stored>,
    /// The number of transmissions that have ended since the server started, by modulation and outcome.
    pub transmissions: Vec<(String, &'static str, u64)>,
    /// The alarms in force.
    pub alarms: Vec<Alarm>,
    /// The operating state; `None` if it cannot be read.
    pub operating: Option<OperatingState>,
    /// Whether the hours of the conference hold back work.
    pub closed_by_hours: bool,
}

/// The figures from the database.
#[derive(Debug)]
pub struct Stored {
    /// The runners.
    pub runners: Vec<RunnerState>,
    /// The number of challenges in each state: of the enabled ones [`ChallengeState`], else `disabled`.
    pub challenges: BTreeMap<&'static str, i64>,
}

impl Views {
    /// Returns the present figures.
    pub async fn metrics(&self) -> Figures {
        let stored = self
            .stored()
            .await
            .inspect_err(|error| tracing::error!(%error, "the metrics lack the figures from the database"));
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

/// Sums the groups by state. A challenge that was disabled while it was assigned counts as assigned until it is off the
/// air.
fn by_state(groups: Vec<Group>) -> BTreeMap<&'static str, i64> {
    let mut counts = BTreeMap::new();
    for Group { live, enabled, due, count } in groups {
        let state = if enabled || live { ChallengeState::of(live, due).as_str() } else { "disabled" };
        *counts.entry(state).or_default() += count;
    }
    counts
}
