//! Starting: reserves a session, and waits until it runs.
//!
//! [`admission`] is what the policy of its challenge says to that, [`warm`] has instances that run already, [`queue`]
//! those that wait for an engine, and [`place`] gives them one. [`opening`] is what a process has besides.

mod admission;
mod opening;
mod place;
mod queue;
mod warm;

pub use admission::Terms;
pub use opening::Opening;
pub(super) use place::{free_ports, start_timeout};

use super::stop::STOP_TIMEOUT;
use super::{Instances, Placed, placed, sign};
use crate::CoreError;
use crate::audit::{self, Actor};
use crate::secrets::random_hex;
use crate::session::{Owner, SessionState};
use crate::store::instances::sessions::{self, NewSession};
use crate::store::instances::{self, InstanceChallenge, engines, processes, services};
use crate::store::{Connection, Transaction, deployments};
use admission::Admission;
use opening::{fits, key};
use queue::NO_ENGINE;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Sessions that wait for an engine.
const MAX_QUEUED: u32 = 1000;
/// How long a session waits for an engine.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(60);

/// What somebody wants to start.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The slug of the challenge.
    pub challenge: String,
    /// For whom.
    pub owner: Owner,
    /// The account or the name that asks for it, for the audit log.
    pub by: Actor,
    /// The front where it is asked for.
    pub front: &'static str,
    /// How long it shall live; `None`: as long as the challenge says.
    pub lifetime: Option<Duration>,
    /// By whose rules it is granted.
    pub terms: Terms,
}

impl Wish {
    /// Returns what its process is opened with; `None`: it has containers.
    fn opening(&self) -> Option<&Opening> {
        match &self.terms {
            Terms::Open(opening) => Some(opening),
            Terms::Policy | Terms::Revert(_) => None,
        }
    }
}

/// What came of a wish.
#[derive(Debug)]
pub struct Started {
    /// The session. It runs, or is still starting, or waits for an engine.
    pub placed: Placed,
    /// Whether this request has made it.
    pub is_new: bool,
}

/// What a wish has reserved.
enum Reserved {
    New(i64),
    Existing(i64),
    /// This one has to end first.
    Instead(i64),
    /// A new one, while the old one ends.
    Replacing {
        new: i64,
        old: i64,
    },
}

impl Instances {
    /// Starts a session, or finds the one that the owner has, or puts another one in its place, as the policy says. Waits
    /// for it as long as the rules say.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when there is no such challenge, [`CoreError::Quota`] when the owner has too many
    /// sessions, [`CoreError::Cooldown`] and [`CoreError::Conflict`] when the policy refuses it,
    /// [`CoreError::Unavailable`] when there is no engine or too many wait for one, [`CoreError::StartFailed`].
    pub async fn start(self: &Arc<Self>, wish: Wish) -> Result<Started, CoreError> {
        let this = Arc::clone(self);
        let opening = wish.opening().cloned();
        let reserved = self.context.run_to_completion(async move { this.obtain(&wish).await }).await?;
        let (id, is_new) = match reserved {
            Reserved::New(id) | Reserved::Replacing { new: id, .. } => (id, true),
            Reserved::Existing(id) | Reserved::Instead(id) => (id, false),
        };
        let placed = match (self.settled(id).await, opening) {
            (Err(CoreError::StartFailed), Some(opening)) => self.unopened(id, &opening).await?,
            (settled, _) => settled?,
        };
        if let Reserved::Replacing { old, .. } = reserved {
            self.wait_until_over(old, STOP_TIMEOUT).await?;
        }
        Ok(Started { placed, is_new })
    }

    /// Returns the session for a wish.
    async fn obtain(&self, wish: &Wish) -> Result<Reserved, CoreError> {
        self.reap_owner(wish).await?;
        match self.reserve(wish, false).await? {
            Reserved::Instead(old) => {
                self.order_stop(old, "restarted", &wish.by).await?;
                self.wait_until_over(old, STOP_TIMEOUT).await?;
                // Another request may have put one in its place meanwhile; that one is as good.
                self.reserve(wish, true).await
            }
            reserved => Ok(reserved),
        }
    }

    /// Stops the sessions of an owner whose life is over, by [`Terms::Revert`]: the job that does so may be a second late.
    async fn reap_owner(&self, wish: &Wish) -> Result<(), CoreError> {
        if !matches!(wish.terms, Terms::Revert(_)) {
            return Ok(());
        }
        let mut transaction = self.context.store.write_for_players().await?;
        let now = self.context.clock.now();
        let all = sessions::live_of_front(&mut transaction, wish.front, wish.owner.as_str()).await?;
        let mut stops = false;
        for session in all.into_iter().filter(|it| it.owner == wish.owner && it.reap_at <= now) {
            stops |= self.stop_in(&mut transaction, session, "expired").await?;
        }
        if stops {
            self.commit(transaction).await?;
        }
        Ok(())
    }

    async fn reserve(&self, wish: &Wish, is_restarted: bool) -> Result<Reserved, CoreError> {
        let began = Instant::now();
        let mut transaction = self.context.store.write_for_players().await?;
        let challenge = instances::find(&mut transaction, &wish.challenge).await?.filter(|it| it.visible);
        let challenge = challenge.ok_or_else(|| CoreError::NotFound(format!("challenge {}", wish.challenge)))?;
        if deployments::is_deployed(&mut transaction, challenge.id).await? {
            let why = "this challenge is deployed for all teams; yours is at the address that the organisers give";
            return Err(CoreError::Conflict(why.to_owned()));
        }
        if wish.opening().is_some() {
            self.check_quota(&mut transaction, &wish.owner).await?;
            return Ok(Reserved::New(self.enqueue(transaction, &challenge, wish).await?));
        }
        let mut replaced = None;
        match self.admit(&mut transaction, &challenge, wish, is_restarted).await? {
            Admission::Existing(session) => {
                let id = session.id;
                if self.keep_alive_in(&mut transaction, session).await? {
                    self.commit(transaction).await?;
                }
                return Ok(Reserved::Existing(id));
            }
            // Both in one transaction: of two requests at once one finds the old one, the other the new one.
            Admission::Instead(session) if matches!(wish.terms, Terms::Revert(_)) => {
                replaced = Some(session.id);
                self.stop_in(&mut transaction, session, "reverted").await?;
            }
            Admission::Instead(session) => return Ok(Reserved::Instead(session.id)),
            Admission::New => {}
        }
        self.check_quota(&mut transaction, &wish.owner).await?;
        if let Some(id) = self.adopt_in(&mut transaction, &challenge, wish).await? {
            self.record_start(&mut transaction, id, wish).await?;
            self.commit(transaction).await?;
            self.tally.starts.observe(began.elapsed().as_secs_f64());
            return Ok(reserved(id, replaced));
        }
        Ok(reserved(self.enqueue(transaction, &challenge, wish).await?, replaced))
    }

    /// Checks that an owner may start one more session, before what belongs to it is read. Starting it checks again.
    ///
    /// # Errors
    /// [`CoreError::Quota`].
    pub async fn check_owner(&self, owner: &Owner) -> Result<(), CoreError> {
        self.check_quota(&mut *self.context.store.read_for_players().await?, owner).await
    }

    async fn check_quota(&self, connection: &mut Connection, owner: &Owner) -> Result<(), CoreError> {
        let (count, most) =
            (sessions::count_of_owner(connection, owner).await?, self.context.rules.instances_per_owner);
        if count < most { Ok(()) } else { Err(CoreError::Quota(most)) }
    }

    /// Adds a session to the queue, and places those that are next.
    async fn enqueue(
        &self,
        mut transaction: Transaction,
        challenge: &InstanceChallenge,
        wish: &Wish,
    ) -> Result<i64, CoreError> {
        let spec = instances::spec(&mut transaction, challenge.id, challenge.version).await?;
        fits(&spec, wish)?;
        Self::check_secrets(&mut transaction, &spec).await?;
        let service = self.service(&mut transaction, challenge).await?;
        if !engines::usable(&mut transaction).await?.iter().any(|engine| place::can_run(engine.kind, &spec)) {
            let what = if spec.process.is_none() { "container engine" } else { "engine for processes" };
            return Err(CoreError::Unavailable(format!("no {what} is online; try again later")));
        }
        if sessions::queue::length(&mut transaction).await? >= MAX_QUEUED {
            return Err(CoreError::Unavailable("too many instances wait for an engine; try again later".to_owned()));
        }
        let now = self.context.clock.now();
        let new = NewSession {
            key: &key(wish),
            front: wish.front,
            challenge_id: challenge.id,
            version: challenge.version,
            owner: &wish.owner,
            nonce: &random_hex::<16>(),
            lifetime: wish.lifetime.unwrap_or(challenge.lifetime()),
            idle: sign::idle(&challenge.policy).or(wish.opening().and_then(|opening| opening.idle)),
            requested_at: now,
            reap_at: now.after(QUEUE_TIMEOUT),
            revision: sessions::revision(&mut transaction).await? + 1,
            several: wish.opening().is_some(),
        };
        let id = sessions::insert(&mut transaction, &new).await?;
        if let Some(Opening { pdb_id, file, .. }) = wish.opening() {
            processes::insert(&mut transaction, id, pdb_id.as_deref(), file.as_ref(), now).await?;
        }
        if let Some(secrets) = service {
            services::insert(&mut transaction, id, &secrets).await?;
        }
        self.place_waiting(&mut transaction).await?;
        if wish.opening().is_some() {
            // Nothing waits behind the answer: the transaction is rolled back.
            let session = sessions::get(&mut transaction, id).await?;
            if session.is_none_or(|session| session.state == SessionState::Queued) {
                return Err(no_engine());
            }
        }
        self.record_start(&mut transaction, id, wish).await?;
        self.commit(transaction).await?;
        tracing::info!(session = id, challenge = %challenge.slug, "reserved");
        Ok(id)
    }

    async fn record_start(&self, connection: &mut Connection, id: i64, wish: &Wish) -> Result<(), CoreError> {
        let Wish { challenge, owner, by, front, .. } = wish;
        let details = format!("{challenge} for {owner}, front {front}");
        let (id, now) = (id.to_string(), self.context.clock.now());
        audit::record_of_player(connection, by, "instance.start", &id, &details, now).await
    }

    /// Waits until a session has started.
    async fn settled(&self, id: i64) -> Result<Placed, CoreError> {
        let deadline = Instant::now() + self.context.rules.start_wait;
        let mut news = self.news.subscribe();
        loop {
            let mut connection = self.context.store.read_for_players().await?;
            let session = sessions::get(&mut connection, id).await?;
            let session = session.ok_or_else(|| CoreError::NotFound("session".to_owned()))?;
            let is_late = Instant::now() >= deadline || self.context.revision.is_stopping();
            match session.state {
                SessionState::Queued | SessionState::Starting if !is_late => {}
                state if state.is_live() => return placed(&mut connection, session).await,
                _ if session.outcome.as_deref() == Some(NO_ENGINE) => return Err(no_engine()),
                _ => return Err(CoreError::StartFailed),
            }
            drop(connection);
            let _ = timeout_at(deadline, news.changed()).await;
        }
    }
}

fn reserved(new: i64, replaced: Option<i64>) -> Reserved {
    replaced.map_or(Reserved::New(new), |old| Reserved::Replacing { new, old })
}

fn no_engine() -> CoreError {
    CoreError::Unavailable("no engine had room; try again later".to_owned())
}
