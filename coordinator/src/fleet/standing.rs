//! Whether a runner's request is accepted: its key, its life, and when it was last heard of.

use super::lives::Standing;
use crate::bus::alarm_kind::AlarmKind;
use crate::clock::Moment;
use crate::fleet::Fleet;
use crate::store::Transaction;
use crate::{Caller, CoreError};
use challengectl_common::RunnerId;
use std::time::Duration;

/// Heartbeats that may be missed in a row before a runner counts as offline.
const MAX_MISSED_HEARTBEATS: u32 = 3;

impl Fleet {
    /// Returns whether a runner has signed out, or has been silent for so long that everything it had on air is off.
    pub(crate) fn is_gone(&self, runner: &RunnerId) -> bool {
        let over = self.context.rules.lease + self.context.rules.grace;
        self.presence.last_sign(runner).is_none_or(|sign| sign.after(over) < self.context.clock.instant())
    }

    /// Records a sign of life from the runner's current life.
    ///
    /// # Errors
    /// [`CoreError::NotRegistered`], and [`CoreError::Superseded`] when a later life of the runner has registered.
    pub(crate) fn hear(&self, caller: &Caller) -> Result<(), CoreError> {
        match self.keyring.standing(caller) {
            None => Err(CoreError::Key("the key is unknown or revoked")),
            Some(Standing::Superseded) => Err(self.superseded(caller)),
            Some(Standing::Current) if self.presence.heard(&caller.runner_id, &self.context.clock) => Ok(()),
            Some(Standing::Current | Standing::Unknown) => Err(CoreError::NotRegistered(caller.runner_id.clone())),
        }
    }

    pub(crate) fn superseded(&self, caller: &Caller) -> CoreError {
        let runner = &caller.runner_id;
        if self.keyring.is_second_copy(caller, self.context.clock.instant()) {
            let message = format!(
                "Runner {runner} runs twice: a copy that was started earlier is still there, and gets no work. End one of \
                 them, or enroll it under another name"
            );
            self.context.raise(AlarmKind::RunnerTwice, runner.as_str(), message);
        }
        CoreError::Superseded(runner.clone())
    }

    /// Begins a transaction for a runner's request, unless its key was revoked since the request began.
    pub(crate) async fn write_for(&self, caller: &Caller) -> Result<Transaction, CoreError> {
        let transaction = self.context.store.write().await?;
        self.check_known(caller)?;
        Ok(transaction)
    }

    /// The same for what a runner says of instances.
    pub(crate) async fn write_of_instances(&self, caller: &Caller) -> Result<Transaction, CoreError> {
        let transaction = self.context.store.write_for_players().await?;
        self.check_known(caller)?;
        Ok(transaction)
    }

    fn check_known(&self, caller: &Caller) -> Result<(), CoreError> {
        let refuse = || CoreError::Key("the key is unknown or revoked");
        if self.keyring.knows(caller) { Ok(()) } else { Err(refuse()) }
    }

    pub(crate) fn is_silent(&self, sign: Moment) -> bool {
        sign.after(self.silence()) < self.context.clock.instant()
    }

    /// Returns after which silence a runner is offline.
    pub(crate) fn silence(&self) -> Duration {
        self.context.rules.heartbeat_interval * MAX_MISSED_HEARTBEATS
    }
}
