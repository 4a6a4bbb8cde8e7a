//! Instances: what players start on demand, one for each owner of a challenge.
//!
//! A session is reserved first, with its place in the quota, and started afterwards: as soon as an engine has room, it
//! gets that, and ports there. The database says what each runner has to run; runners fetch that as orders, make it so,
//! and report. A session, its state, and what it waits for are in the database alone, so that a restart of the server
//! changes nothing.

mod challenges;
mod connections;
mod deployed;
mod inspect;
mod inventories;
mod life;
mod orders;
mod processes;
mod reaper;
mod report;
mod secrets;
mod services;
mod sign;
mod start;
mod stop;
mod submit;
mod tally;

pub use crate::store::instances::sessions::Session;
pub use crate::store::instances::{About, InstanceChallenge};
pub use challenges::Definition;
pub use challenges::authoring::Authored;
pub(crate) use challenges::authoring::{Put, add, free_slug, put, replace};
pub use connections::Connection as ProcessConnection;
pub(crate) use deployed::{flag_of, team_name};
pub use inventories::Stock;
pub use processes::ProcessSession;
pub use secrets::Secret;
pub use start::{Opening, Started, Terms, Wish};
pub use tally::Tally;

use crate::CoreError;
use crate::context::Context;
use crate::flags::Flags;
use crate::fleet::Fleet;
use crate::session::{Owner, SessionState};
use crate::store::deployments::slots;
use crate::store::instances::{self, ports, sessions};
use crate::store::{Connection, Transaction, commit};
use crate::vault::Vault;
use challengectl_common::Timestamp;
use challengectl_common::wire::instances::Published;
use connections::Connections;
use inspect::Inspections;
use std::sync::Arc;
use tokio::sync::watch;

/// The instances of all fronts.
#[derive(Debug)]
pub struct Instances {
    pub(crate) context: Arc<Context>,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) flags: Arc<Flags>,
    vault: Arc<Vault>,
    inspections: Inspections,
    connections: Arc<Connections>,
    /// What has become of sessions since the server started.
    pub tally: Tally,
    /// The newest revision. It wakes the runners that wait for orders, and the requests that wait for a session.
    news: watch::Sender<i64>,
    /// When this server was started.
    started_at: Timestamp,
}

/// A session with its ports.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Placed {
    pub session: Session,
    pub ports: Vec<Published>,
    /// Whether it is the instance of a team, which is stopped and keeps its address.
    pub is_paused: bool,
}

impl Placed {
    /// Returns its state as people see it: none of the containers of one that is paused runs, or they are being stopped.
    #[must_use]
    pub fn state(&self) -> SessionState {
        match self.session.state {
            SessionState::Running | SessionState::Queued if self.is_paused => SessionState::Stopped,
            state if self.is_paused && state.is_live() => SessionState::Stopping,
            state => state,
        }
    }
}

impl Instances {
    pub(crate) fn new(
        context: Arc<Context>,
        fleet: Arc<Fleet>,
        flags: Arc<Flags>,
        vault: Arc<Vault>,
        revision: i64,
    ) -> Arc<Self> {
        let (news, started_at) = (watch::Sender::new(revision), context.clock.now());
        Arc::new(Self {
            context,
            fleet,
            flags,
            vault,
            inspections: Inspections::default(),
            connections: Arc::default(),
            tally: Tally::default(),
            news,
            started_at,
        })
    }

    /// Returns the session of a front with this key, as long as it is live.
    pub async fn live(&self, front: &str, key: &str) -> Result<Option<Placed>, CoreError> {
        let mut connection = self.context.store.read_for_players().await?;
        match sessions::find(&mut connection, front, key).await?.filter(|session| session.state.is_live()) {
            Some(session) => Ok(Some(placed(&mut connection, session).await?)),
            None => Ok(None),
        }
    }

    /// Returns whose the session of a front with this key is, also if it has ended.
    pub async fn owner(&self, front: &str, key: &str) -> Result<Option<Owner>, CoreError> {
        let session = sessions::find(&mut *self.context.store.read_for_players().await?, front, key).await?;
        Ok(session.map(|session| session.owner))
    }

    /// Returns the live session that an owner has of a challenge.
    pub async fn of_owner(&self, owner: &Owner, challenge: i64) -> Result<Option<Placed>, CoreError> {
        let mut connection = self.context.store.read_for_players().await?;
        match sessions::live(&mut connection, owner, challenge).await? {
            Some(session) => Ok(Some(placed(&mut connection, session).await?)),
            None => Ok(None),
        }
    }

    /// Returns the image of the first container of a version of a challenge.
    pub async fn image(&self, challenge: i64, version: i64) -> Result<String, CoreError> {
        let spec = instances::spec(&mut *self.context.store.read_for_players().await?, challenge, version).await?;
        Ok(spec.containers.into_iter().next().map(|container| container.image).unwrap_or_default())
    }

    /// Returns a challenge, also a hidden one.
    pub async fn challenge(&self, id: i64) -> Result<InstanceChallenge, CoreError> {
        let found = instances::get(&mut *self.context.store.read_for_players().await?, id).await?;
        found.ok_or_else(|| CoreError::NotFound(format!("challenge {id}")))
    }

    /// Returns the live sessions of a front whose owners have this prefix, or are this owner; the newest first.
    pub async fn all_live(&self, front: &str, owners: &str) -> Result<Vec<Placed>, CoreError> {
        let mut connection = self.context.store.read().await?;
        let mut all = Vec::new();
        for session in sessions::live_of_front(&mut connection, front, owners).await? {
            all.push(placed(&mut connection, session).await?);
        }
        Ok(all)
    }

    /// Returns the number of sessions that live, or are being stopped, by state and front.
    pub async fn counts(&self) -> Result<Vec<(String, String, i64)>, CoreError> {
        Ok(sessions::counts(&mut *self.context.store.read_for_players().await?).await?)
    }

    /// Returns the number of live sessions of a front.
    pub async fn count_live(&self, front: &str) -> Result<u32, CoreError> {
        Ok(sessions::count_of_front(&mut *self.context.store.read_for_players().await?, front).await?)
    }

    /// Gives a session that changes a revision, so that its runner learns of it.
    pub(crate) async fn renumber(&self, connection: &mut Connection, session: &mut Session) -> Result<(), CoreError> {
        session.revision = sessions::revision(connection).await? + 1;
        Ok(())
    }

    /// Commits changes of sessions, and wakes those who wait for them.
    pub(crate) async fn commit(&self, mut transaction: Transaction) -> Result<(), CoreError> {
        let newest = sessions::revision(&mut transaction).await?;
        commit(transaction).await?;
        self.wake(newest);
        Ok(())
    }

    pub(crate) fn wake(&self, newest: i64) {
        self.news.send_modify(|revision| *revision = newest.max(*revision));
    }

    /// Subscribes to the revision of sessions, which grows with each change of one.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<i64> {
        self.news.subscribe()
    }

    /// Returns all live sessions and those that stop, the newest first.
    pub async fn present(&self) -> Result<Vec<Placed>, CoreError> {
        let mut connection = self.context.store.read().await?;
        let mut all = Vec::new();
        for session in sessions::all_present(&mut connection).await? {
            all.push(placed(&mut connection, session).await?);
        }
        Ok(all)
    }
}

async fn placed(connection: &mut Connection, session: Session) -> Result<Placed, CoreError> {
    let ports = ports::of(connection, session.id).await?;
    let is_paused = session.owner.is_slot() && slots::is_paused(connection, session.id).await?;
    Ok(Placed { session, ports, is_paused })
}
