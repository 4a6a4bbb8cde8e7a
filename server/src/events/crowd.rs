//! The clients of a namespace. Those who are up to date are in a room, and hear what is told to it. Who comes, and who
//! did not read fast enough, is first told how things stand.

use serde::Serialize;
use socketioxide::extract::SocketRef;
use socketioxide::operators::BroadcastOperators;
use socketioxide::socket::Sid;
use socketioxide::{BroadcastError, SendError, SocketError, SocketIo};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const UP_TO_DATE: &str = "up to date";
const MOVES: usize = 256;
/// How long those wait who did not read fast enough.
pub const TRY_AGAIN: Duration = Duration::from_millis(500);

enum Move {
    In(Sid),
    Out(Sid),
}

/// How clients come into a crowd and are sent out of it.
#[derive(Clone)]
pub struct Door(mpsc::Sender<Move>);

impl Door {
    pub async fn let_in(&self, client: Sid) {
        // Without a crowd the server is stopping.
        let _ = self.0.send(Move::In(client)).await;
    }

    pub async fn send_out(&self, client: Sid) {
        let _ = self.0.send(Move::Out(client)).await;
    }
}

pub struct Crowd {
    io: SocketIo,
    namespace: &'static str,
    moves: mpsc::Receiver<Move>,
    /// To be told how things stand.
    waiting: HashSet<Sid>,
    /// When they last were, in vain for some.
    tried: Option<Instant>,
    /// To be disconnected.
    leaving: HashSet<Sid>,
}

impl Crowd {
    pub fn new(io: SocketIo, namespace: &'static str) -> (Self, Door) {
        let (sender, moves) = mpsc::channel(MOVES);
        (Self { io, namespace, moves, waiting: HashSet::new(), tried: None, leaving: HashSet::new() }, Door(sender))
    }

    /// Waits until somebody comes or has to go.
    pub async fn moved(&mut self) {
        match self.moves.recv().await {
            None => std::future::pending().await,
            Some(Move::In(client)) => {
                self.waiting.insert(client);
                self.tried = None;
            }
            Some(Move::Out(client)) => {
                self.waiting.remove(&client);
                self.leaving.insert(client);
                self.show_out();
            }
        }
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.io.of(self.namespace).is_none_or(|all| all.sockets().is_empty())
    }

    /// Whether something is left to be done for somebody who did not read fast enough, or has just come.
    pub fn is_behind(&self) -> bool {
        !self.waiting.is_empty() || !self.leaving.is_empty()
    }

    /// Whether somebody has to be told how things stand, and it is worth a try.
    pub fn asks(&self) -> bool {
        !self.waiting.is_empty() && self.tried.is_none_or(|tried| tried.elapsed() >= TRY_AGAIN)
    }

    /// Has everybody told anew how things stand.
    pub fn start_over(&mut self) {
        for client in self.io.of(self.namespace).into_iter().flat_map(BroadcastOperators::sockets) {
            self.put_back(&client);
        }
        self.tried = None;
    }

    /// Tells how things stand to those who wait for it; from then on they hear what is told to the room.
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
                // It reads again, or the missing answer to a ping ends it.
                Err(SendError::Socket(SocketError::InternalChannelFull)) => true,
                Err(_) => false,
            }
        });
    }

    /// Tells everybody who is up to date. Who has no room for it has missed it, and must be told anew how things stand.
    pub async fn tell(&mut self, name: &str, payload: &impl Serialize) {
        let Some(all) = self.io.of(self.namespace) else { return };
        let Err(BroadcastError::Socket(errors)) = all.to(UP_TO_DATE).emit(name, payload).await else { return };
        if errors.iter().any(|error| matches!(error, SocketError::InternalChannelFull)) {
            self.put_back_the_slow(name, payload);
        }
    }

    /// It is not said who has no room, so everybody is told once more, one by one. That the others hear it twice, once
    /// for each who does not read, is better than that somebody misses it and does not know.
    fn put_back_the_slow(&mut self, name: &str, payload: &impl Serialize) {
        let Some(all) = self.io.of(self.namespace) else { return };
        for client in all.within(UP_TO_DATE).sockets() {
            if matches!(client.emit(name, payload), Err(SendError::Socket(SocketError::InternalChannelFull))) {
                self.put_back(&client);
            }
        }
    }

    /// Disconnects those who have to go. One that does not read cannot be told so now, but hears nothing any more.
    pub fn show_out(&mut self) {
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
