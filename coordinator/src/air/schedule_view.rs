//! The schedule view, read once for all callers.

use super::operating::OperatingState;
use crate::CoreError;
use crate::Rules;
use crate::air::Air;
use crate::schedule::{Candidate, Signal};
use crate::store::air::assignments;
use crate::store::challenges::Waiting;
use crate::store::challenges::ranges::{self, RangeBands};
use crate::store::fleet::runners::{self, Radio, Resting};
use crate::store::{Connection, LiveAssignment, StoreError, challenges};
use challengectl_common::{Band, Sender, Timestamp};
use std::sync::Arc;

/// The waiting challenges, and what is on air.
#[derive(Debug)]
pub struct ScheduleView {
    pub candidates: Vec<Candidate>,
    pub live: Vec<LiveAssignment>,
    pub on_air: Vec<Band>,
    /// The runners and radios that challenges are bound to, including challenges on air.
    pub bound: Vec<Sender>,
    /// The bands of the named ranges, to which radios may be limited.
    pub ranges: RangeBands,
    /// The radios that rested when this was loaded.
    pub resting: Vec<Resting>,
    pub operating: OperatingState,
}

impl ScheduleView {
    pub async fn load(connection: &mut Connection, rules: &Rules, now: Timestamp) -> Result<Self, StoreError> {
        let waiting = challenges::waiting(connection).await?;
        let live = assignments::live(connection).await?;
        let on_air = live.iter().map(|assignment| assignment.band).collect();
        let operating = OperatingState::read(connection).await?;
        let candidates = waiting.iter().map(|waiting| candidate(waiting, rules)).collect();
        let bound = challenges::bound(connection).await?;
        let ranges = ranges::bands(connection).await?;
        let resting = runners::resting(connection, now).await?;
        Ok(Self { candidates, live, on_air, bound, ranges, resting, operating })
    }

    /// Returns when a challenge becomes due, a radio ends its rest, or the hours begin or end next.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.candidates.iter().map(|candidate| candidate.due_at);
        let rested = self.resting.iter().map(|radio| radio.until);
        due.chain(rested).filter(|time| *time > now).chain(self.operating.next_change(now)).min()
    }

    /// Returns whether a radio has nothing on air, and no rest to take.
    pub fn is_free(&self, radio: &Radio, now: Timestamp) -> bool {
        let is_live = |live: &LiveAssignment| live.runner_id == radio.runner_id && live.radio_id == radio.radio_id;
        let rests = |it: &Resting| now < it.until && it.runner_id == radio.runner_id && it.radio_id == radio.radio_id;
        !self.live.iter().any(is_live) && !self.resting.iter().any(rests)
    }
}

fn candidate(waiting: &Waiting, rules: &Rules) -> Candidate {
    let signal = Signal::new(&waiting.tuning, &waiting.profile, &waiting.only_on, rules.guard_hz);
    Candidate {
        id: waiting.id,
        priority: waiting.priority,
        due_at: waiting.due_at,
        triggered_at: waiting.triggered_at,
        last_started_at: waiting.last_started_at,
        last_ended_at: waiting.last_ended_at,
        signal: signal.permitted(&rules.frequency_rules),
    }
}

impl Air {
    /// Returns the view, at least as new as the last announcement before the call, and its revision. The database is
    /// read only after a change, so that polls without result cost no disk.
    pub(crate) async fn schedule_view(&self) -> Result<(u64, Arc<ScheduleView>), CoreError> {
        let (rules, now) = (&self.context.rules, self.context.clock.now());
        let read = async || Ok(ScheduleView::load(&mut *self.context.store.read_few().await?, rules, now).await?);
        self.view.get(&self.context.revision, read).await
    }
}
