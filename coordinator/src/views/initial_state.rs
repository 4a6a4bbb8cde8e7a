//! The initial state for a new subscriber: with it and the live events from then on, nothing has to be requested again.

use crate::CoreError;
use crate::bus::alarms::Alarm;
use crate::bus::challenge_state::ChallengeState;
use crate::bus::liveness::{Liveness, RunnerStatus};
use crate::store::challenges::{self, Challenge};
use crate::views::Views;
use challengectl_common::{ChallengeName, RunnerId, Timestamp};

/// The initial state.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the first state")]
pub struct Snapshot {
    pub challenges: Vec<ChallengeNow>,
    /// The runners that have registered and not signed out.
    pub runners: Vec<RunnerNow>,
    pub alarms: Vec<Alarm>,
    pub timestamp: Timestamp,
}

/// The state of a challenge.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the events")]
pub struct ChallengeNow {
    pub challenge_id: i64,
    pub challenge_name: ChallengeName,
    pub state: ChallengeState,
    pub enabled: bool,
}

/// The state of a runner.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the events")]
pub struct RunnerNow {
    pub runner_id: RunnerId,
    pub status: RunnerStatus,
    pub busy: bool,
}

impl Views {
    /// Returns the present state.
    pub async fn initial_state(&self) -> Result<Snapshot, CoreError> {
        let timestamp = self.context.clock.now();
        let all = challenges::all(&mut *self.context.store.read().await?).await?;
        let challenges = all.into_iter().map(|challenge| challenge_now(challenge, timestamp)).collect();
        let runners = self.fleet.presence.present().into_iter().map(|runner_id| {
            let Liveness { status, busy } = self.air.liveness(&runner_id);
            RunnerNow { runner_id, status, busy }
        });
        Ok(Snapshot { challenges, runners: runners.collect(), alarms: self.context.alarms(), timestamp })
    }
}

fn challenge_now(challenge: Challenge, now: Timestamp) -> ChallengeNow {
    ChallengeNow {
        challenge_id: challenge.id,
        state: challenge.state(now),
        challenge_name: challenge.spec.name,
        enabled: challenge.spec.enabled,
    }
}
