//! Runners, for operators.

use super::on_air::OnAir;
use crate::store::fleet::roster::{self, Runner};
use crate::views::Views;
use crate::{Binding, CoreError, Liveness};
use challengectl_common::RunnerId;
use std::collections::HashMap;

/// A runner as it is now.
#[derive(Debug)]
pub struct RunnerState {
    /// The stored runner.
    pub runner: Runner,
    /// Whether it is online, and whether it is busy.
    pub liveness: Liveness,
    /// Whether its key is bound to a machine.
    pub binding: Binding,
    /// By how many milliseconds its clock is ahead of the server's, if it says.
    pub clock_ahead: Option<i64>,
    /// The transmissions of its radios.
    pub work: Vec<OnAir>,
}

impl Views {
    /// Returns all runners, by their ids.
    pub async fn runners(&self) -> Result<Vec<RunnerState>, CoreError> {
        let mut connection = self.context.store.read().await?;
        let all = roster::all(&mut connection).await?;
        drop(connection);
        let mut work: HashMap<RunnerId, Vec<OnAir>> = HashMap::new();
        for on_air in self.on_air().await? {
            work.entry(on_air.planned.runner_id.clone()).or_default().push(on_air);
        }
        let (bindings, now) = (self.fleet.keyring.bindings(), self.context.now());
        let state = |mut runner: Runner| {
            for radio in &mut runner.radios {
                radio.rests_until = radio.rests_until.filter(|until| *until > now);
            }
            runner.last_heartbeat = self.fleet.presence.last_heard(&runner.id).or(runner.last_heartbeat);
            let work = work.remove(&runner.id).unwrap_or_default();
            let liveness = self.air.liveness(&runner.id);
            let binding = bindings.get(&runner.id).copied().unwrap_or(Binding::Unbound);
            let clock_ahead = self.fleet.presence.clock_ahead(&runner.id);
            RunnerState { runner, liveness, binding, clock_ahead, work }
        };
        Ok(all.into_iter().map(state).collect())
    }

    /// Returns one runner.
    pub async fn runner(&self, id: &RunnerId) -> Result<RunnerState, CoreError> {
        self.runners().await?.into_iter().find(|state| state.runner.id == *id).ok_or_else(|| none(id))
    }
}

fn none(id: &RunnerId) -> CoreError {
    CoreError::NotFound(format!("runner {id}"))
}
