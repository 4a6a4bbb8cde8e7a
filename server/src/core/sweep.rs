//! Giving up assignments whose runner is gone.

use super::{Coordinator, CoreError};
use crate::store::transmissions::Ending;
use crate::store::{self, AssignmentState, TransmissionStatus, assignments, challenges, transmissions};
use challengectl_common::RunnerId;
use challengectl_common::wire::LogLevel;

impl Coordinator {
    /// Gives up every assignment whose lease ran out longer ago than the grace period, and gives how many.
    ///
    /// # Errors
    /// When the database cannot be written to; the next call tries again.
    pub async fn sweep(&self) -> Result<usize, CoreError> {
        let now = self.clock.instant();
        let expired = self.leases.take_expired(|expires| now > expires.after(self.rules.grace));
        let lapsed = expired.len();
        if lapsed > 0 {
            self.give_up(expired, "the lease ran out").await?;
            self.changed();
        }
        Ok(lapsed)
    }

    /// Ends assignments without a report, in one transaction. Their leases must not be renewable any more.
    pub(super) async fn give_up(&self, leases: Vec<(RunnerId, i64)>, reason: &str) -> Result<(), CoreError> {
        if leases.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let mut modulations = Vec::new();
        let mut transaction = self.store.write().await?;
        for (_, id) in &leases {
            // A report may have come first.
            if !assignments::end(&mut transaction, *id, AssignmentState::Lapsed, now).await? {
                continue;
            }
            let ending =
                Ending { status: TransmissionStatus::Aborted, started_at: None, ended_at: now, error: Some(reason) };
            modulations.push(transmissions::end(&mut transaction, *id, ending).await?);
            if let Some(assignment) = assignments::find(&mut transaction, *id).await? {
                challenges::cut(&mut transaction, assignment.challenge_id, now).await?;
            }
        }
        store::commit(transaction).await?;
        modulations.into_iter().for_each(|modulation| self.tally.count(modulation, TransmissionStatus::Aborted));
        for (runner, id) in &leases {
            self.leases.remove(runner, *id);
            tracing::warn!(%runner, assignment = id, reason, "given up");
            self.note(LogLevel::Warning, format!("Runner {runner}: assignment {id} given up, {reason}"));
        }
        Ok(())
    }
}
