//! What the schedule looks like, read once for everybody who asks.

use super::operating::Gate;
use crate::CoreError;
use crate::air::Air;
use crate::schedule::{Candidate, Offsets, Positions};
use crate::store::air::assignments;
use crate::store::challenges::Waiting;
use crate::store::{Connection, LiveAssignment, StoreError, challenges};
use challengectl_common::{Band, FrequencyRules, Sender, Timestamp};
use std::sync::Arc;

/// The challenges that wait, and what is on air.
#[derive(Debug)]
pub struct Outlook {
    pub candidates: Vec<Candidate>,
    pub live: Vec<LiveAssignment>,
    pub on_air: Vec<Band>,
    /// The runners and radios that any challenge is bound to, also one that is on air.
    pub bound: Vec<Sender>,
    pub gate: Gate,
}

impl Outlook {
    pub async fn load(connection: &mut Connection, rules: &FrequencyRules) -> Result<Self, StoreError> {
        let waiting = challenges::waiting(connection).await?;
        let live = assignments::live(connection).await?;
        let on_air = live.iter().map(|assignment| assignment.band).collect();
        let gate = Gate::read(connection).await?;
        let candidates = waiting.iter().map(|waiting| candidate(waiting, rules)).collect();
        let bound = challenges::bound(connection).await?;
        Ok(Self { candidates, live, on_air, bound, gate })
    }

    /// The next time at which something becomes due, or the hours begin or end.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.candidates.iter().map(|candidate| candidate.due_at).filter(|due| *due > now);
        due.chain(self.gate.next_change(now)).min()
    }
}

fn candidate(waiting: &Waiting, rules: &FrequencyRules) -> Candidate {
    let offsets = Offsets::new(&waiting.occupied);
    Candidate {
        id: waiting.id,
        priority: waiting.priority,
        due_at: waiting.due_at,
        triggered_at: waiting.triggered_at,
        last_started_at: waiting.last_started_at,
        last_ended_at: waiting.last_ended_at,
        tuning: Positions::of(&waiting.tuning.bands()).permitted(rules, offsets),
        offsets,
        only_on: waiting.only_on.clone(),
    }
}

impl Air {
    /// The outlook, at least as new as the last announcement before the call. The database is asked only when
    /// something has changed, so that polls that find nothing cost no disk.
    pub(crate) async fn outlook(&self) -> Result<(u64, Arc<Outlook>), CoreError> {
        let rules = &self.context.rules.frequency_rules;
        let read = async || Ok(Outlook::load(&mut *self.context.store.read_few().await?, rules).await?);
        self.view.get(&self.context.revision, read).await
    }
}
