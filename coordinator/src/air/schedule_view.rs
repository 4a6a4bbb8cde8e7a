//! The schedule view, read once for all callers.

use super::operating::OperatingState;
use crate::CoreError;
use crate::air::Air;
use crate::schedule::Candidate;
use crate::store::air::assignments;
use crate::store::challenges::Waiting;
use crate::store::{Connection, LiveAssignment, StoreError, challenges};
use challengectl_common::{Band, FrequencyRules, FrequencySet, OccupiedSpan, Sender, Timestamp};
use std::sync::Arc;

/// The waiting challenges, and what is on air.
#[derive(Debug)]
pub struct ScheduleView {
    pub candidates: Vec<Candidate>,
    pub live: Vec<LiveAssignment>,
    pub on_air: Vec<Band>,
    /// The runners and radios that challenges are bound to, including challenges on air.
    pub bound: Vec<Sender>,
    pub operating: OperatingState,
}

impl ScheduleView {
    pub async fn load(connection: &mut Connection, rules: &FrequencyRules) -> Result<Self, StoreError> {
        let waiting = challenges::waiting(connection).await?;
        let live = assignments::live(connection).await?;
        let on_air = live.iter().map(|assignment| assignment.band).collect();
        let operating = OperatingState::read(connection).await?;
        let candidates = waiting.iter().map(|waiting| candidate(waiting, rules)).collect();
        let bound = challenges::bound(connection).await?;
        Ok(Self { candidates, live, on_air, bound, operating })
    }

    /// Returns when a challenge becomes due or the hours begin or end next.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.candidates.iter().map(|candidate| candidate.due_at).filter(|due| *due > now);
        due.chain(self.operating.next_change(now)).min()
    }
}

fn candidate(waiting: &Waiting, rules: &FrequencyRules) -> Candidate {
    let span = OccupiedSpan::new(&waiting.occupied);
    Candidate {
        id: waiting.id,
        priority: waiting.priority,
        due_at: waiting.due_at,
        triggered_at: waiting.triggered_at,
        last_started_at: waiting.last_started_at,
        last_ended_at: waiting.last_ended_at,
        tuning: FrequencySet::of(&waiting.tuning.bands()).permitted(rules, span),
        span,
        only_on: waiting.only_on.clone(),
    }
}

impl Air {
    /// Returns the view, at least as new as the last announcement before the call, and its revision. The database is
    /// read only after a change, so that polls without result cost no disk.
    pub(crate) async fn schedule_view(&self) -> Result<(u64, Arc<ScheduleView>), CoreError> {
        let rules = &self.context.rules.frequency_rules;
        let read = async || Ok(ScheduleView::load(&mut *self.context.store.read_few().await?, rules).await?);
        self.view.get(&self.context.revision, read).await
    }
}
