//! Connections to processes. A runner is not reached from the server, so that each is handed to it with its orders, and it
//! brings the connection. They live in memory alone: after a restart the next request asks for another one.

use super::Instances;
use crate::session::SessionState;
use crate::store::instances::sessions::{self, Place};
use crate::{Caller, CoreError};
use challengectl_common::RunnerId;
use challengectl_common::wire::instances::ConnectionOrder;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long a request waits for its connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections of one session, open or waited for.
const MAX_PER_SESSION: usize = 16;
/// Connections of all sessions.
const MAX_CONNECTIONS: usize = 1000;

/// The connections, open or waited for.
#[derive(Debug, Default)]
pub(super) struct Connections(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    last_id: i64,
    waiting: BTreeMap<i64, Waiting>,
    /// How many each session has, open or waited for.
    counts: BTreeMap<i64, usize>,
}

#[derive(Debug)]
struct Waiting {
    runner: RunnerId,
    /// `None` when the runner has it.
    order: Option<ConnectionOrder>,
    stream: oneshot::Sender<DuplexStream>,
}

/// A connection to the REST interface of a process: bytes in both directions. It ends when this is dropped.
#[derive(Debug)]
pub struct Connection {
    /// The bytes.
    pub stream: DuplexStream,
    /// Counts it as long as it is open.
    pub place: ConnectionPlace,
}

/// The place of a connection in the counts, until it is dropped.
#[derive(Debug)]
pub struct ConnectionPlace {
    connections: Arc<Connections>,
    id: i64,
    session: i64,
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        let mut table = self.connections.0.lock();
        table.waiting.remove(&self.id);
        if let Some(count) = table.counts.get_mut(&self.session) {
            *count -= 1;
            if *count == 0 {
                table.counts.remove(&self.session);
            }
        }
    }
}

impl Connections {
    /// Returns those that a runner does not have yet.
    pub(super) fn take(&self, runner: &RunnerId) -> Vec<ConnectionOrder> {
        let mut table = self.0.lock();
        let own = table.waiting.values_mut().filter(|it| it.runner == *runner);
        own.filter_map(|it| it.order.take()).collect()
    }

    /// Returns how many a session has.
    pub(super) fn count(&self, session: i64) -> usize {
        self.0.lock().counts.get(&session).copied().unwrap_or_default()
    }

    fn put(
        self: &Arc<Self>,
        runner: RunnerId,
        session_id: i64,
    ) -> Option<(ConnectionPlace, oneshot::Receiver<DuplexStream>)> {
        let mut table = self.0.lock();
        let all: usize = table.counts.values().sum();
        if all >= MAX_CONNECTIONS || table.counts.get(&session_id).is_some_and(|count| *count >= MAX_PER_SESSION) {
            return None;
        }
        *table.counts.entry(session_id).or_default() += 1;
        table.last_id += 1;
        let (id, (stream, connected)) = (table.last_id, oneshot::channel());
        let order = Some(ConnectionOrder { connection_id: id, session_id });
        table.waiting.insert(id, Waiting { runner, order, stream });
        Some((ConnectionPlace { connections: Arc::clone(self), id, session: session_id }, connected))
    }
}

impl Instances {
    /// Connects to the process of a session, by its runner.
    ///
    /// # Errors
    /// [`CoreError::Conflict`] when it does not run, [`CoreError::TooMany`] when it has too many connections,
    /// [`CoreError::Unavailable`] when its runner does not answer.
    pub async fn connect(&self, session: i64) -> Result<Connection, CoreError> {
        let found = sessions::get(&mut *self.context.store.read_for_players().await?, session).await?;
        let running = found.filter(|it| it.state == SessionState::Running);
        let place = running.and_then(|it| it.place);
        let Place { runner_id, .. } =
            place.ok_or_else(|| CoreError::Conflict("the process does not run".to_owned()))?;
        let opened = self.connections.put(runner_id, session);
        let (place, connected) = opened.ok_or(CoreError::TooMany(Duration::from_secs(1)))?;
        self.wake(0);
        match timeout(CONNECT_TIMEOUT, connected).await {
            Ok(Ok(stream)) => Ok(Connection { stream, place }),
            _ => Err(CoreError::Unavailable("the runner of the process does not answer; try again later".to_owned())),
        }
    }

    /// Returns whether a runner may bring this connection: somebody waits for it.
    pub fn is_awaited(&self, caller: &Caller, connection: i64) -> Result<bool, CoreError> {
        self.fleet.hear(caller)?;
        let table = self.connections.0.lock();
        Ok(table.waiting.get(&connection).is_some_and(|it| it.runner == caller.runner_id))
    }

    /// Takes a connection that a runner brings. One that nobody waits for any more is dropped.
    pub fn take_connection(&self, caller: &Caller, connection: i64, stream: DuplexStream) {
        let mut table = self.connections.0.lock();
        if table.waiting.get(&connection).is_some_and(|it| it.runner == caller.runner_id)
            && let Some(waiting) = table.waiting.remove(&connection)
        {
            // A client that has gone away needs none.
            let _ = waiting.stream.send(stream);
        }
    }
}
