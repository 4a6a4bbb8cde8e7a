//! Publishes changes that come with time: challenges that become due, hours that begin and end.

use super::schedule_view::ScheduleView;
use crate::CoreError;
use crate::air::Air;
use crate::schedule::Candidate;
use crate::store::challenges::{self, Challenge};
use challengectl_common::Timestamp;

impl Air {
    /// Publishes the challenges that have become due.
    async fn publish_due(&self, view: &ScheduleView, now: Timestamp) {
        let news = |candidate: &&Candidate| candidate.due_at <= now && !self.context.events.knows_due(candidate.id);
        for candidate in view.candidates.iter().filter(news) {
            // Held so that the challenge is not assigned between reading its state and publishing it.
            let _turn = self.turn.lock().await;
            match self.find_challenge(candidate.id).await {
                Ok(Some(challenge)) if !challenge.air.live => {
                    let due_at = challenge.air.due_at;
                    self.publish_off_air(challenge, due_at, now);
                }
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "a challenge that is due could not be read"),
            }
        }
    }

    /// Publishes the challenges that have become due, and the begin or end of the hours. Returns when either changes
    /// next.
    pub(crate) async fn publish_what_is_due(&self, view: &ScheduleView) -> Result<Option<Timestamp>, CoreError> {
        let now = self.context.clock.now();
        self.publish_due(view, now).await;
        self.publish_hours(view).await?;
        Ok(view.next_change(now))
    }

    async fn find_challenge(&self, id: i64) -> Result<Option<Challenge>, CoreError> {
        Ok(challenges::find(&mut *self.context.store.read_few().await?, id).await?)
    }
}
