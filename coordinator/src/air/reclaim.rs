//! Reclaiming: gives up assignments whose lease and grace are over.

use super::ended::End;
use super::leases::Lapsed;
use crate::CoreError;
use crate::air::Air;
use crate::store::air::transmissions::Ending;
use crate::store::air::{assignments, transmissions};
use crate::store::{self, AssignmentState, TransmissionStatus, challenges};
use challengectl_common::wire::LogLevel;

/// Assignments given up in one transaction; 100 take 90 ms in a debug build.
const BATCH: usize = 100;

impl Air {
    /// Gives up every assignment whose lease ran out longer ago than the grace period. Returns how many.
    pub async fn sweep(&self) -> Result<usize, CoreError> {
        let now = self.context.clock.instant();
        let expired = self.leases.take_expired(|expires| now > expires.after(self.context.rules.grace));
        let lapsed = expired.len();
        if lapsed > 0 {
            self.give_up_all(&expired).await?;
        }
        Ok(lapsed)
    }

    async fn give_up_all(&self, expired: &[Lapsed]) -> Result<(), CoreError> {
        let mut failure = Ok(());
        for lapsed in expired.chunks(BATCH) {
            let Err(error) = self.give_up(lapsed).await else { continue };
            // A busy or full database fails for each of them.
            if matches!(&error, CoreError::Store(error) if error.obstacle().is_some()) {
                return Err(error);
            }
            // An assignment that cannot be ended, such as one with rows changed by hand, must not keep the others.
            for one in lapsed {
                if let Err(error) = self.give_up(std::slice::from_ref(one)).await {
                    let Lapsed { runner, assignment_id: id, .. } = one;
                    self.context
                        .log(LogLevel::Error, format!("Runner {runner}: assignment {id} cannot be ended: {error}"));
                    self.leases.not_ended(one);
                    failure = Err(error);
                }
            }
        }
        failure
    }

    /// Ends assignments without a report, in one transaction. Their leases must be marked as ending.
    async fn give_up(&self, leases: &[Lapsed]) -> Result<(), CoreError> {
        let now = self.context.clock.now();
        let (mut ends, mut given_up) = (Vec::new(), Vec::new());
        // Held until the ends are published: subscribers see the challenges freed before they are assigned again.
        let _turn = self.turn.lock().await;
        let mut transaction = self.context.store.write().await?;
        for lapsed in leases {
            let &Lapsed { assignment_id, reason, .. } = lapsed;
            // A report may have come first.
            if !assignments::end(&mut transaction, assignment_id, AssignmentState::Lapsed, now).await? {
                continue;
            }
            let ending =
                Ending { status: TransmissionStatus::Aborted, started_at: None, ended_at: now, error: Some(reason) };
            let transmission = transmissions::end(&mut transaction, assignment_id, ending).await?;
            challenges::cut(&mut transaction, transmission.challenge_id, now).await?;
            let challenge = challenges::find(&mut transaction, transmission.challenge_id).await?;
            let next = challenge.map(|challenge| {
                let due_at = challenge.air.due_at;
                (challenge, due_at)
            });
            let (status, error) = (TransmissionStatus::Aborted, Some(reason.to_owned()));
            given_up.push(lapsed);
            ends.push(End { transmission, status, error, next });
        }
        store::commit(transaction).await?;
        for Lapsed { runner, assignment_id, .. } in leases {
            self.leases.remove(runner, *assignment_id);
        }
        for Lapsed { runner, assignment_id: id, reason } in given_up {
            tracing::warn!(%runner, assignment = id, reason, "given up");
            self.context.log(LogLevel::Warning, format!("Runner {runner}: assignment {id} given up, {reason}"));
        }
        for end in ends {
            self.publish_end(end, now);
        }
        self.context.changed();
        Ok(())
    }
}
