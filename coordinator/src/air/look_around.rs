//! Checks for changes that no request makes: runners that fall silent, and changes by other processes to the database.

use crate::CoreError;
use crate::air::Air;
use crate::store::air::assignments;
use std::collections::HashSet;

impl Air {
    /// Checks which runners poll, which have fallen silent, and which live assignments have no lease.
    pub(crate) async fn look_around(&self) -> Result<(), CoreError> {
        self.publish_silent();
        self.end_aftermath().await?;
        let (_, view) = self.schedule_view().await?;
        if !self.leases.hold(&view.live) {
            self.take_up_lost().await?;
        }
        let on_air: HashSet<_> = view.live.iter().map(|live| &live.runner_id).collect();
        let now = self.context.clock.instant();
        // Two polls may be missed before a runner counts as not polling.
        let timeout = self.context.rules.poll_interval * 3;
        let event = (&view.bound[..], &view.ranges);
        if self.fleet.presence.look_around(|polled| polled.after(timeout) >= now, &on_air, event) {
            self.context.changed();
        }
        Ok(())
    }

    /// Adds leases for the assignments that are live in the database and have none.
    async fn take_up_lost(&self) -> Result<(), CoreError> {
        // Under the lock each assignment is in both places or in none.
        let _turn = self.turn.lock().await;
        let live = assignments::live(&mut *self.context.store.read_few().await?).await?;
        for id in self.leases.take_up_lost(&live, self.context.clock.instant(), self.context.rules.lease) {
            tracing::error!(
                assignment = id,
                "a live assignment had no lease; it is aborted, and given up when its lease would be over"
            );
        }
        Ok(())
    }

    /// Applies changes that were made in the database by another process, or without the assign lock.
    pub(crate) async fn take_over_changes(&self) -> Result<(), CoreError> {
        // Held so that the lease of an assignment being handed out is in memory, and found.
        let _turn = self.turn.lock().await;
        let live = assignments::live(&mut *self.context.store.read_few().await?).await?;
        let aborting: Vec<i64> = live.iter().filter(|live| live.aborting).map(|live| live.id).collect();
        self.leases.abort_all(&aborting);
        self.context.changed();
        Ok(())
    }
}
