//! The clients of a Socket.IO namespace. Those that are up to date are in a room and get everything published to it. A
//! client that connects, or has not read fast enough, gets the current state first.

use serde::Serialize;
use socketioxide::extract::SocketRef;
use socketioxide::operators::BroadcastOperators;
use socketioxide::socket::Sid;
use socketioxide::{BroadcastError, SendError, SocketError, SocketIo};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const UP_TO_DATE: &str = "up to date";
const MAX_WAITING_CHANGES: usize = 256;
/// Interval at which the current state is sent again to clients that have not read fast enough.
pub const RETRY_EVERY: Duration = Duration::from_millis(500);

enum Change {
    Add(Sid),
    Remove(Sid),
}

/// Adds clients to [`Subscribers`] and removes them; can be used from any task.
#[derive(Clone)]
pub struct Membership(mpsc::Sender<Change>);

impl Membership {
    pub async fn add(&self, client: Sid) {
        // Fails only if the feed has ended, since the server is stopping.
        let _ = self.0.send(Change::Add(client)).await;
    }

    pub async fn remove(&self, client: Sid) {
        let _ = self.0.send(Change::Remove(client)).await;
    }
}

pub struct Subscribers {
    io: SocketIo,
    namespace: &'static str,
    changes: mpsc::Receiver<Change>,
    /// Clients that need the current state.
    waiting: HashSet<Sid>,
    /// When the current state was last sent to them, unsuccessfully for some.
    tried: Option<Instant>,
    /// Clients to disconnect.
    leaving: HashSet<Sid>,
}

impl Subscribers {
    pub fn new(io: SocketIo, namespace: &'static str) -> (Self, Membership) {
        let (sender, changes) = mpsc::channel(MAX_WAITING_CHANGES);
        (
            Self { io, namespace, changes, waiting: HashSet::new(), tried: None, leaving: HashSet::new() },
            Membership(sender),
        )
    }

    /// Waits until a client connects or must be disconnected.
    pub async fn changed(&mut self) {
        match self.changes.recv().await {
            None => std::future::pending().await,
            Some(Change::Add(client)) => {
                self.waiting.insert(client);
                self.tried = None;
            }
            Some(Change::Remove(client)) => {
                self.waiting.remove(&client);
                self.leaving.insert(client);
                self.disconnect_leaving();
            }
        }
    }

    /// Returns whether the namespace has no clients.
    pub fn is_empty(&self) -> bool {
        self.io.of(self.namespace).is_none_or(|all| all.sockets().is_empty())
    }

    /// Returns whether clients wait for the current state or for their disconnection.
    pub fn is_behind(&self) -> bool {
        !self.waiting.is_empty() || !self.leaving.is_empty()
    }

    /// Returns whether clients wait for the current state and the last attempt is long enough ago.
    pub fn is_state_due(&self) -> bool {
        !self.waiting.is_empty() && self.tried.is_none_or(|tried| tried.elapsed() >= RETRY_EVERY)
    }

    /// Marks all clients as waiting for the current state.
    pub fn start_over(&mut self) {
        for client in self.io.of(self.namespace).into_iter().flat_map(BroadcastOperators::sockets) {
            self.put_back(&client);
        }
        self.tried = None;
    }

    /// Sends the current state to the clients that wait for it, and adds them to the room.
    pub fn welcome(&mut self, name: &str, state: &impl Serialize) {
        let Some(all) = self.io.of(self.namespace) else { return };
        self.tried = Some(Instant::now());
        self.waiting.retain(|id| {
            let Some(client) = all.get_socket(*id) else { return false };
            match client.emit(name, state) {
                Ok(()) => {
                    client.join(UP_TO_DATE);
                    false
                }
                // The client either reads again, or misses a ping and is disconnected.
                Err(SendError::Socket(SocketError::InternalChannelFull)) => true,
                Err(_) => false,
            }
        });
    }

    /// Publishes to all clients that are up to date. A client whose buffer is full misses the message and needs the
    /// current state.
    pub async fn publish(&mut self, name: &str, payload: &impl Serialize) {
        let Some(all) = self.io.of(self.namespace) else { return };
        let Err(BroadcastError::Socket(errors)) = all.to(UP_TO_DATE).emit(name, payload).await else { return };
        if errors.iter().any(|error| matches!(error, SocketError::InternalChannelFull)) {
            self.retry_one_by_one(name, payload);
        }
    }

    /// Sends the message to each client once more, since the library does not report whose buffer is full. A duplicate
    /// is better than a message that a client misses unnoticed.
    fn retry_one_by_one(&mut self, name: &str, payload: &impl Serialize) {
        let Some(all) = self.io.of(self.namespace) else { return };
        for client in all.within(UP_TO_DATE).sockets() {
            if matches!(client.emit(name, payload), Err(SendError::Socket(SocketError::InternalChannelFull))) {
                self.put_back(&client);
            }
        }
    }

    /// Disconnects the clients that must leave. One that does not read cannot be disconnected yet, but gets nothing
    /// more.
    pub fn disconnect_leaving(&mut self) {
        let Some(all) = self.io.of(self.namespace) else { return };
        self.leaving.retain(|id| {
            let Some(client) = all.get_socket(*id) else { return false };
            client.leave(UP_TO_DATE);
            client.disconnect().is_err()
        });
    }

    fn put_back(&mut self, client: &SocketRef) {
        if !self.leaving.contains(&client.id) {
            client.leave(UP_TO_DATE);
            self.waiting.insert(client.id);
        }
    }
}
