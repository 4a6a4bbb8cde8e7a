//! Socket.IO: what happens, told live. Namespace `/` is for people who are logged in, `/public` for everybody.
//!
//! The protocol is the library's, which speaks neither actix nor sockets: `http::socket_io` hands it requests, and the
//! byte streams of websockets by way of [`pipe`].

mod crowd;
mod dashboards;
mod gate;
mod origins;
mod payload;
pub mod pipe;
mod public;
mod seats;

pub use origins::{Origins, is_of_host};
pub use seats::Seat;

use challengectl_coordinator::{Accounts, Coordinator};
use crowd::Crowd;
use engineioxide::service::NotFoundService;
use gate::Gate;
use seats::Seats;
use socketioxide::SocketIo;
use socketioxide::extract::SocketRef;
use socketioxide::handler::ConnectHandler;
use socketioxide::service::SocketIoService;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Where clients find it.
pub const PATH: &str = "/socket.io";
/// Bytes of a request's body, and of a message.
pub const LARGEST_MESSAGE: usize = 16 * 1024;
/// A client that answers no ping for [`PING_TIMEOUT`] after the next is due is let go.
const PING_EVERY: Duration = Duration::from_secs(15);
const PING_TIMEOUT: Duration = Duration::from_secs(15);
/// Who has not said within this time which namespace it wants is let go.
const TIME_TO_CONNECT: Duration = Duration::from_secs(10);
/// Messages that may wait for one client. A burst fits twice.
const MOST_WAITING: usize = 2 * dashboards::BURST;
/// Clients at once.
const MOST_SESSIONS: usize = 5_000;
/// Beside those, for people who are logged in.
const RESERVED_SESSIONS: usize = 500;

/// The service that speaks the protocol.
pub type Service = SocketIoService<NotFoundService>;

/// Where requests enter.
#[derive(Clone)]
pub struct Entrance {
    service: Service,
    origins: Arc<Origins>,
    seats: Arc<Seats>,
    reserved: Arc<Seats>,
    closing: CancellationToken,
}

impl Entrance {
    /// The protocol.
    #[must_use]
    pub fn service(&self) -> Service {
        self.service.clone()
    }

    /// The sites that may be used beside the server's own.
    #[must_use]
    pub fn origins(&self) -> &Origins {
        &self.origins
    }

    /// A seat for one more session of this address, unless it has its share.
    #[must_use]
    pub fn seat(&self, address: Option<IpAddr>) -> Option<Seat> {
        self.seats.take(address)
    }

    /// One of those that are kept for people who are logged in, so that nobody can shut out operators.
    #[must_use]
    pub fn reserved_seat(&self, address: Option<IpAddr>) -> Option<Seat> {
        self.reserved.take(address)
    }

    /// Cancelled when all connections have to end.
    #[must_use]
    pub fn closing(&self) -> &CancellationToken {
        &self.closing
    }
}

/// The live events of a server.
pub struct Live {
    entrance: Entrance,
    feeds: JoinSet<()>,
}

impl Live {
    /// Begins to tell what happens.
    #[must_use]
    pub fn start(coordinator: &Arc<Coordinator>, accounts: &Arc<Accounts>, origins: Origins) -> Self {
        let (service, io) = SocketIo::builder()
            .req_path(PATH)
            .ping_interval(PING_EVERY)
            .ping_timeout(PING_TIMEOUT)
            .connect_timeout(TIME_TO_CONNECT)
            .max_payload(LARGEST_MESSAGE as u64)
            .max_buffer_size(MOST_WAITING)
            .ws_max_message_size(LARGEST_MESSAGE)
            .ws_max_frame_size(LARGEST_MESSAGE)
            .build_svc();
        let origins = Arc::new(origins);
        let gate = Arc::new(Gate::new(Arc::clone(accounts), Arc::clone(&origins)));
        let (dashboards, door) = Crowd::new(io.clone(), dashboards::NAMESPACE);
        let recheck = gate::recheck(Arc::clone(&gate), io.clone(), door.clone());
        let admitted = async move |socket: SocketRef| door.let_in(socket.id).await;
        io.ns(
            dashboards::NAMESPACE,
            admitted.with(async move |socket: SocketRef| gate.admit(socket.req_parts()).await),
        );
        let (everybody, door) = Crowd::new(io.clone(), public::NAMESPACE);
        io.ns(public::NAMESPACE, async move |socket: SocketRef| door.let_in(socket.id).await);

        let mut feeds = JoinSet::new();
        feeds.spawn(dashboards::feed(Arc::clone(coordinator), dashboards));
        feeds.spawn(public::feed(Arc::clone(coordinator), everybody));
        feeds.spawn(recheck);
        let seats = Seats::new(MOST_SESSIONS);
        let reserved = Seats::new(RESERVED_SESSIONS);
        let entrance = Entrance { service, origins, seats, reserved, closing: CancellationToken::new() };
        Self { entrance, feeds }
    }

    /// Where requests enter.
    #[must_use]
    pub fn entrance(&self) -> Entrance {
        self.entrance.clone()
    }

    /// Ends all connections. Without a farewell: who gets one stays away, who finds the connection gone comes back, and
    /// is to do so when the server runs again.
    pub fn close(mut self) {
        self.feeds.abort_all();
        self.entrance.closing.cancel();
    }
}
