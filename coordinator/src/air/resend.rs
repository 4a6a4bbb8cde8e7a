//! Resending: hands out a task again after its answer was lost.

use super::operating::OperatingState;
use super::task::Handed;
use crate::air::Air;
use crate::schedule::{Capability, Signal};
use crate::store::air::assignments;
use crate::store::challenges;
use crate::{Caller, CoreError};
use challengectl_common::Tuning;

impl Air {
    /// Hands out an assignment that its runner does not hold. Returns `None` if it is over, or must not be sent as
    /// planned: then it is marked as ending, in case its carrier is on.
    pub(crate) async fn hand_out_again(&self, caller: &Caller, id: i64) -> Result<Option<Handed>, CoreError> {
        // Held so that the assignment does not end meanwhile, and no stop is recorded. A pause that comes meanwhile
        // counts as later: it lets go on what was handed out.
        let _turn = self.turn.lock().await;
        let mut connection = self.context.store.read_few().await?;
        let now = self.context.clock.now();
        let is_open = OperatingState::read(&mut connection).await?.is_open(now) && !self.latch.is_set();
        // After a restore, the frequency may have been given to another runner since the backup.
        let is_open = is_open && !self.aftermath.is_on(self.context.clock.instant());
        let live = assignments::live(&mut connection).await?.into_iter().find(|live| live.id == id);
        let Some(live) = live else { return Ok(None) };
        let assignment = assignments::find(&mut connection, id).await?;
        let challenge = challenges::find(&mut connection, live.challenge_id).await?;
        let ranges = challenges::ranges::bands(&mut connection).await?;
        drop(connection);
        let radios = self.fleet.presence.radios_for_work(&caller.runner_id).unwrap_or_default();
        let radio = radios.iter().find(|radio| radio.radio_id == live.radio_id);
        let (Some(assignment), Some(challenge), Some(radio)) = (assignment, challenge, radio) else {
            self.leases.abort_all(&[id]);
            return Ok(None);
        };
        // With other radios or a changed challenge the signal may be outside of its band or of the radio's limits.
        let profile = &challenge.air.profile;
        let place = Signal::new(&Tuning::Frequency(assignment.frequency), profile, &[], 0);
        let fits = live.band.contains(&assignment.frequency.band(&profile.occupied))
            && !Capability::of(radio, &ranges).places(&place).is_empty();
        if live.aborting || !is_open || !fits {
            self.leases.abort_all(&[id]);
            return Ok(None);
        }
        if !self.leases.begin_anew(&caller.runner_id, id, self.context.clock.instant(), self.context.rules.lease) {
            return Ok(None);
        }
        tracing::info!(runner = %caller.runner_id, assignment = id, "handed out again: its runner does not have it");
        let (fence, frequency) = (assignment.fence, assignment.frequency);
        let (expires_at, radio) = (now.after(self.context.rules.lease), radio.clone());
        let ranges = radio.named(&ranges);
        Ok(Some(Handed { assignment_id: id, fence, frequency, expires_at, challenge, radio, ranges }))
    }
}
