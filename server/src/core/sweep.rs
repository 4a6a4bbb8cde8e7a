//! Giving up assignments whose runner is gone.

use super::endings::End;
use super::events::Event;
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
            self.give_up(expired.clone(), "the lease ran out").await?;
            self.alarm_of_silence(expired);
            self.changed();
        }
        Ok(lapsed)
    }

    fn alarm_of_silence(&self, leases: Vec<(RunnerId, i64)>) {
        let mut silent: Vec<RunnerId> = leases.into_iter().map(|(runner, _)| runner).collect();
        silent.dedup();
        for runner in silent {
            let message = format!("Runner {runner} fell silent during a transmission");
            self.events.publish(Event::Alarm { message, timestamp: self.clock.now() });
        }
    }

    /// Ends assignments without a report, in one transaction. Their leases must not be renewable any more.
    pub(super) async fn give_up(&self, leases: Vec<(RunnerId, i64)>, reason: &str) -> Result<(), CoreError> {
        if leases.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let mut ends = Vec::new();
        // Nobody is given the challenges before watchers know that they are free.
        let _turn = self.turn.lock().await;
        let mut transaction = self.store.write().await?;
        for (_, id) in &leases {
            // A report may have come first.
            if !assignments::end(&mut transaction, *id, AssignmentState::Lapsed, now).await? {
                continue;
            }
            let ending =
                Ending { status: TransmissionStatus::Aborted, started_at: None, ended_at: now, error: Some(reason) };
            let transmission = transmissions::end(&mut transaction, *id, ending).await?;
            challenges::cut(&mut transaction, transmission.challenge_id, now).await?;
            let challenge = challenges::find(&mut transaction, transmission.challenge_id).await?;
            let next = challenge.map(|challenge| {
                let due_at = challenge.due_at;
                (challenge, due_at)
            });
            let (status, error) = (TransmissionStatus::Aborted, Some(reason.to_owned()));
            ends.push(End { transmission, status, error, next });
        }
        store::commit(transaction).await?;
        for (runner, id) in &leases {
            self.leases.remove(runner, *id);
            tracing::warn!(%runner, assignment = id, reason, "given up");
            self.note(LogLevel::Warning, format!("Runner {runner}: assignment {id} given up, {reason}"));
        }
        for end in ends {
            self.tell_end(end, now);
        }
        Ok(())
    }
}
