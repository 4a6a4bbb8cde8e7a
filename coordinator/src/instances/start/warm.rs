//! Warm instances: they run before somebody asks for them, and the next request gets one at once.

use super::super::{Instances, Session, sign};
use super::Wish;
use super::place::has_room;
use crate::CoreError;
use crate::secrets::random_hex;
use crate::session::{Owner, SessionState};
use crate::store::Connection;
use crate::store::instances::sessions::warm::Wanted;
use crate::store::instances::sessions::{self, NewSession, queue, warm};
use crate::store::instances::{self, InstanceChallenge, services};
use std::time::Duration;

/// The front of sessions that nobody has asked for.
const FRONT: &str = "warm";
/// How long one waits for its owner; after that another one takes its place.
const LIFE: Duration = Duration::from_secs(86_400);
/// Those that start at once, so that players need not wait for them.
const MAX_STARTING: usize = 2;
/// How long none is started after one that failed.
const PAUSE: Duration = Duration::from_secs(60);

impl Instances {
    /// Gives a warm instance of a challenge to the owner of a wish, within a transaction. Returns its session; `None` if
    /// there is none.
    ///
    /// Its life begins now. Its flag is that of the session, whosever that is, so that nothing has to be started again.
    pub(super) async fn adopt_in(
        &self,
        connection: &mut Connection,
        challenge: &InstanceChallenge,
        wish: &Wish,
    ) -> Result<Option<i64>, CoreError> {
        let is_fit = |it: &Session| {
            it.challenge_id == challenge.id
                && it.version == challenge.version
                && it.state == SessionState::Running
                && it.runner().is_some_and(|runner| self.is_heard(runner))
        };
        let Some(mut session) = warm::all(connection).await?.into_iter().find(is_fit) else { return Ok(None) };
        let now = self.context.clock.now();
        session.owner = wish.owner.clone();
        session.front = wish.front.to_owned();
        session.lifetime = wish.lifetime.unwrap_or(challenge.lifetime());
        session.idle = sign::idle(&challenge.policy);
        (session.requested_at, session.running_at) = (now, Some(now));
        session.reap_at = now.after(session.lifetime);
        session.idle_at = session.idle.map(|idle| now.after(idle));
        warm::adopt(connection, &session).await?;
        tracing::info!(session = session.id, challenge = %challenge.slug, "taken from the warm ones");
        Ok(Some(session.id))
    }

    /// Returns the number of warm instances that run.
    pub async fn count_warm(&self) -> Result<usize, CoreError> {
        let all = warm::all(&mut *self.context.store.read_for_players().await?).await?;
        Ok(all.iter().filter(|it| it.state == SessionState::Running).count())
    }

    /// Returns the number of sessions that wait for an engine.
    pub async fn count_queued(&self) -> Result<u32, CoreError> {
        Ok(queue::length(&mut *self.context.store.read_for_players().await?).await?)
    }

    /// Starts warm instances that are missing, and stops those that no policy wants.
    pub async fn keep_warm(&self) -> Result<(), CoreError> {
        let mut connection = self.context.store.read_for_players().await?;
        let (wanted, present) = (warm::wanted(&mut connection).await?, warm::all(&mut connection).await?);
        drop(connection);
        if missing(&wanted, &present).is_empty() && unwanted(&wanted, present).is_empty() {
            return Ok(());
        }
        let mut transaction = self.context.store.write_for_players().await?;
        let (wanted, present) = (warm::wanted(&mut transaction).await?, warm::all(&mut transaction).await?);
        let mut changes = self.warm_up(&mut transaction, &missing(&wanted, &present), starting(&present)).await?;
        for session in unwanted(&wanted, present) {
            changes |= self.stop_in(&mut transaction, session, "replaced").await?;
        }
        if changes {
            self.commit(transaction).await?;
        }
        Ok(())
    }

    /// Starts some of these, as long as there is room that nobody waits for. Returns whether there are any.
    async fn warm_up(
        &self,
        connection: &mut Connection,
        missing: &[Wanted],
        mut starting: usize,
    ) -> Result<bool, CoreError> {
        if queue::length(connection).await? > 0 {
            return Ok(false);
        }
        let mut engines = self.with_room(connection).await?;
        let (now, mut changes) = (self.context.clock.now(), false);
        for wanted in missing {
            if starting >= MAX_STARTING || !engines.iter().any(has_room) {
                break;
            }
            // Others are started meanwhile.
            if warm::has_failed(connection, wanted, now.before(PAUSE)).await? {
                continue;
            }
            let spec = instances::spec(connection, wanted.challenge_id, wanted.version).await?;
            // A process waits for nobody: each is opened with what its owner sends.
            if spec.process.is_some() || Self::check_secrets(connection, &spec).await.is_err() {
                continue;
            }
            let Some(challenge) = instances::get(connection, wanted.challenge_id).await? else { continue };
            let Ok(service) = self.service(connection, &challenge).await else { continue };
            let new = NewSession {
                key: &random_hex::<16>(),
                front: FRONT,
                challenge_id: wanted.challenge_id,
                version: wanted.version,
                owner: &Owner::warm(&random_hex::<8>()),
                nonce: &random_hex::<16>(),
                lifetime: LIFE,
                idle: None,
                requested_at: now,
                reap_at: now,
                revision: sessions::revision(connection).await? + 1,
                several: false,
            };
            let id = sessions::insert(connection, &new).await?;
            if let Some(secrets) = service {
                services::insert(connection, id, &secrets).await?;
            }
            let Some(session) = sessions::get(connection, id).await? else { continue };
            // One that finds no place waits for none: it is reaped, and tried again.
            self.place(connection, session, &mut engines).await?;
            (starting, changes) = (starting + 1, true);
        }
        Ok(changes)
    }
}

/// Returns the challenges that have fewer than they want, each as often as it lacks one. One whose runner is silent helps
/// nobody.
fn missing(wanted: &[Wanted], present: &[Session]) -> Vec<Wanted> {
    let lacking = wanted.iter().flat_map(|want| {
        let count = present.iter().filter(|it| is_of(it, want) && it.state != SessionState::Lost).count();
        std::iter::repeat_n(*want, usize::try_from(want.count).unwrap_or(0).saturating_sub(count))
    });
    lacking.collect()
}

/// Returns how many do not run yet.
fn starting(present: &[Session]) -> usize {
    present.iter().filter(|it| matches!(it.state, SessionState::Queued | SessionState::Starting)).count()
}

/// Returns the sessions that are of no version that is wanted, or too many. Those whose runner is silent are decided on
/// when it is back.
fn unwanted(wanted: &[Wanted], mut present: Vec<Session>) -> Vec<Session> {
    present.retain(|session| session.state != SessionState::Lost);
    for want in wanted {
        let mut left = want.count;
        present.retain(|session| {
            let is_kept = is_of(session, want) && left > 0;
            left -= u32::from(is_kept);
            !is_kept
        });
    }
    present
}

fn is_of(session: &Session, wanted: &Wanted) -> bool {
    session.challenge_id == wanted.challenge_id && session.version == wanted.version
}
