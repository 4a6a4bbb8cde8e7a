//! Starting: reserves a session, and waits until it runs.

use super::{Instances, Placed, placed};
use crate::CoreError;
use crate::secrets::random_hex;
use crate::session::Owner;
use crate::session::SessionState;
use crate::store::Connection;
use crate::store::instances::engines::{self, Engine};
use crate::store::instances::sessions::{self, NewSession};
use crate::store::instances::{self, ports};
use challengectl_common::RunnerId;
use challengectl_common::instance::{InstanceSpec, Transport};
use challengectl_common::wire::instances::Published;
use rand::seq::IteratorRandom;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Live sessions of one owner, over all fronts.
const MAX_PER_OWNER: u32 = 5;
/// How long a request waits for the session that it starts. The start goes on after that.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a start may take, with all its tries: an engine that pulls an image needs minutes.
pub(super) const START_TIMEOUT: Duration = Duration::from_secs(180);

/// What somebody wants to start.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The slug of the challenge.
    pub challenge: String,
    /// For whom.
    pub owner: Owner,
    /// The front where it is asked for.
    pub front: &'static str,
    /// How long it shall live; `None`: as long as the challenge says.
    pub lifetime: Option<Duration>,
}

/// What came of a wish.
#[derive(Debug)]
pub struct Started {
    /// The session. It runs, or is still starting.
    pub placed: Placed,
    /// Whether this request has made it.
    pub is_new: bool,
}

impl Instances {
    /// Starts a session, or finds the one that the owner has. Waits for it for up to 30 seconds.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when there is no such challenge, [`CoreError::Quota`] when the owner has too many
    /// sessions, [`CoreError::Unavailable`] when no engine has room, [`CoreError::StartFailed`].
    pub async fn start(self: &Arc<Self>, wish: Wish) -> Result<Started, CoreError> {
        let this = Arc::clone(self);
        let (id, is_new) = self.context.run_to_completion(async move { this.reserve(&wish).await }).await?;
        Ok(Started { placed: self.settled(id).await?, is_new })
    }

    async fn reserve(&self, wish: &Wish) -> Result<(i64, bool), CoreError> {
        let mut transaction = self.context.store.write().await?;
        let challenge = instances::find(&mut transaction, &wish.challenge).await?.filter(|it| it.visible);
        let challenge = challenge.ok_or_else(|| CoreError::NotFound(format!("challenge {}", wish.challenge)))?;
        if let Some(session) = sessions::live(&mut transaction, &wish.owner, challenge.id).await? {
            return Ok((session.id, false));
        }
        if sessions::count_of_owner(&mut transaction, &wish.owner).await? >= MAX_PER_OWNER {
            return Err(CoreError::Quota(MAX_PER_OWNER));
        }
        let spec = instances::spec(&mut transaction, challenge.id, challenge.version).await?;
        Self::check_secrets(&mut transaction, &spec).await?;
        let engine = self.engine(&mut transaction).await?;
        let now = self.context.clock.now();
        let new = NewSession {
            key: &random_hex::<16>(),
            front: wish.front,
            challenge_id: challenge.id,
            version: challenge.version,
            owner: &wish.owner,
            nonce: &random_hex::<16>(),
            runner_id: &engine.runner_id,
            engine_id: &engine.engine_id,
            host: &engine.host,
            lifetime: wish.lifetime.unwrap_or(challenge.lifetime()),
            requested_at: now,
            reap_at: now.after(START_TIMEOUT),
            revision: sessions::revision(&mut transaction).await? + 1,
        };
        let id = sessions::insert(&mut transaction, &new).await?;
        lease_ports(&mut transaction, &engine, id, &spec).await?;
        self.commit(transaction).await?;
        tracing::info!(session = id, challenge = %challenge.slug, runner = %engine.runner_id, "reserved");
        Ok((id, true))
    }

    /// Returns the engine that is least full, of the runners that are heard.
    async fn engine(&self, connection: &mut Connection) -> Result<Engine, CoreError> {
        let mut usable = engines::usable(connection).await?;
        let is_heard =
            |runner: &RunnerId| self.fleet.presence.last_sign(runner).is_some_and(|sign| !self.fleet.is_silent(sign));
        usable.retain(|engine| is_heard(&engine.runner_id));
        if usable.is_empty() {
            return Err(CoreError::Unavailable("no container engine is online; try again later".to_owned()));
        }
        let fullness = |engine: &Engine| f64::from(engine.used) / f64::from(engine.capacity.max(1));
        usable.retain(|engine| engine.used < engine.capacity);
        let least = usable.into_iter().min_by(|a, b| fullness(a).total_cmp(&fullness(b)));
        least.ok_or_else(|| CoreError::Unavailable("all container engines are full; try again later".to_owned()))
    }

    /// Waits until a session has started.
    async fn settled(&self, id: i64) -> Result<Placed, CoreError> {
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        let mut news = self.news.subscribe();
        loop {
            let mut connection = self.context.store.read_few().await?;
            let session = sessions::get(&mut connection, id).await?;
            let session = session.ok_or_else(|| CoreError::NotFound("session".to_owned()))?;
            let is_late = Instant::now() >= deadline || self.context.revision.is_stopping();
            match session.state {
                SessionState::Starting if !is_late => {}
                SessionState::Starting | SessionState::Running | SessionState::Lost => {
                    return placed(&mut connection, session).await;
                }
                SessionState::Stopping | SessionState::Stopped | SessionState::Failed => {
                    return Err(CoreError::StartFailed);
                }
            }
            drop(connection);
            let _ = timeout_at(deadline, news.changed()).await;
        }
    }
}

/// Leases a port of the host for each port of a spec, at random: a neighbour's cannot be guessed from one's own.
pub(super) async fn lease_ports(
    connection: &mut Connection,
    engine: &Engine,
    session: i64,
    spec: &InstanceSpec,
) -> Result<(), CoreError> {
    let mut taken = [
        (Transport::Tcp, ports::taken(connection, &engine.runner_id, Transport::Tcp).await?),
        (Transport::Udp, ports::taken(connection, &engine.runner_id, Transport::Udp).await?),
    ];
    let mut published = Vec::new();
    for (container, port) in spec.ports() {
        let Some((_, taken)) = taken.iter_mut().find(|(transport, _)| *transport == port.transport) else { continue };
        let (first, last) = engine.ports;
        let free = (first..=last).filter(|port| !taken.contains(port)).choose(&mut rand::rng());
        let host_port = free.ok_or_else(|| {
            CoreError::Unavailable(format!("engine {} has no port left; try again later", engine.engine_id))
        })?;
        taken.insert(host_port);
        published.push(Published { container: container.clone(), port, host_port });
    }
    Ok(ports::lease(connection, &engine.runner_id, session, &published).await?)
}
