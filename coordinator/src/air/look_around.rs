//! What changes without anybody asking: runners that fall silent, and what other programs do to the database.

use crate::CoreError;
use crate::air::Air;
use crate::store::air::assignments;
use std::collections::HashSet;

impl Air {
    /// Notices which runners ask for work, which have fallen silent, and what is live without a lease.
    pub(crate) async fn look_around(&self) -> Result<(), CoreError> {
        self.publish_silent();
        self.end_aftermath().await?;
        let (_, view) = self.schedule_view().await?;
        if !self.leases.hold(&view.live) {
            self.take_up_lost().await?;
        }
        let on_air: HashSet<_> = view.live.iter().map(|live| &live.runner_id).collect();
        let now = self.context.clock.instant();
        // Two polls may be missed before a runner no longer counts.
        let patience = self.context.rules.poll_interval * 3;
        if self.fleet.presence.look_around(|polled| polled.after(patience) >= now, &on_air, &view.bound) {
            self.context.changed();
        }
        Ok(())
    }

    /// Takes up the assignments that are live in the database and have no lease here.
    async fn take_up_lost(&self) -> Result<(), CoreError> {
        // What is being handed out or ended right now is in both or in none.
        let _turn = self.turn.lock().await;
        let live = assignments::live(&mut *self.context.store.read_few().await?).await?;
        for id in self.leases.take_up_lost(&live, self.context.clock.instant(), self.context.rules.lease) {
            tracing::error!(assignment = id, "is live without a lease: cut, and given up when its time is over");
        }
        Ok(())
    }

    /// Makes the memory what the database says after a change that was not made here.
    pub(crate) async fn take_over_changes(&self) -> Result<(), CoreError> {
        // What is being handed out right now must have its lease in memory, or it would not be found there.
        let _turn = self.turn.lock().await;
        let live = assignments::live(&mut *self.context.store.read_few().await?).await?;
        let aborting: Vec<i64> = live.iter().filter(|live| live.aborting).map(|live| live.id).collect();
        self.leases.abort_all(&aborting);
        self.context.changed();
        Ok(())
    }
}
