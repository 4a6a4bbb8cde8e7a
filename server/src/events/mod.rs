//! Live events over Socket.IO. Namespaces `/` and `/dashboard` need a login, `/public` is open to everyone.
//!
//! The protocol is implemented by a library that is independent of actix and of sockets: `http::socket_io` passes it
//! requests, and the byte streams of websockets through [`pipe`].

mod dashboards;
mod live_event;
mod login_check;
mod origins;
mod payload;
mod permits;
pub mod pipe;
mod public;
mod public_challenges;
mod state_changes;
mod state_feed;
mod subscribers;

pub(crate) use live_event::LiveEvent;
pub use login_check::LOGIN_COOKIE;
pub use origins::{Origins, is_of_host};
pub use permits::Permit;
pub(crate) use permits::Permits;
pub(crate) use public_challenges::PublicChallenges;
pub use state_changes::Keyed;
pub use state_feed::{FutureState, StateSource};

use challengectl_coordinator::{Accounts, Coordinator};
use engineioxide::service::NotFoundService;
use login_check::LoginCheck;
use socketioxide::SocketIo;
use socketioxide::extract::SocketRef;
use socketioxide::handler::ConnectHandler;
use socketioxide::service::SocketIoService;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use subscribers::Subscribers;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The path of the endpoint.
pub const PATH: &str = "/socket.io";
/// The maximum size of a request's body, and of a message, in bytes.
pub const MAX_MESSAGE_SIZE: usize = 16 * 1024;
/// Interval of pings. A client that does not answer within [`PING_TIMEOUT`] is disconnected.
const PING_EVERY: Duration = Duration::from_secs(15);
const PING_TIMEOUT: Duration = Duration::from_secs(15);
/// Clients that join no namespace within this time are disconnected.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The maximum number of messages buffered for one client: two bursts.
const MAX_WAITING_MESSAGES: usize = 2 * dashboards::BURST;
/// The maximum number of connections.
const MAX_CONNECTIONS: usize = 5_000;
/// The number of additional connections that are reserved for clients with a login.
const RESERVED_CONNECTIONS: usize = 500;

/// The service that implements the protocol.
pub type Service = SocketIoService<NotFoundService>;

/// The endpoint: takes the requests of Socket.IO clients.
#[derive(Clone)]
pub struct Endpoint {
    service: Service,
    origins: Arc<Origins>,
    permits: Arc<Permits>,
    reserved: Arc<Permits>,
    closing: CancellationToken,
}

impl Endpoint {
    /// The service that implements the protocol.
    #[must_use]
    pub fn service(&self) -> Service {
        self.service.clone()
    }

    /// The sites whose pages may use a visitor's login.
    #[must_use]
    pub fn origins(&self) -> &Origins {
        &self.origins
    }

    /// Returns a permit for one more connection of this address; `None` if it has its share.
    #[must_use]
    pub fn permit(&self, address: Option<IpAddr>) -> Option<Permit> {
        self.permits.take(address)
    }

    /// Returns one of the permits reserved for clients with a login, so that a flood cannot lock out operators.
    #[must_use]
    pub fn reserved_permit(&self, address: Option<IpAddr>) -> Option<Permit> {
        self.reserved.take(address)
    }

    /// A token that is cancelled when all connections must close.
    #[must_use]
    pub fn closing(&self) -> &CancellationToken {
        &self.closing
    }
}

/// The live events of a server: the endpoint, and the tasks that publish to its clients.
pub struct Live {
    endpoint: Endpoint,
    feeds: JoinSet<()>,
}

impl Live {
    /// Starts publishing.
    #[must_use]
    pub fn start(
        coordinator: &Arc<Coordinator>,
        accounts: &Arc<Accounts>,
        origins: Origins,
        state: StateSource,
    ) -> Self {
        let (service, io) = SocketIo::builder()
            .req_path(PATH)
            .ping_interval(PING_EVERY)
            .ping_timeout(PING_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .max_payload(MAX_MESSAGE_SIZE as u64)
            .max_buffer_size(MAX_WAITING_MESSAGES)
            .ws_max_message_size(MAX_MESSAGE_SIZE)
            .ws_max_frame_size(MAX_MESSAGE_SIZE)
            .build_svc();
        let origins = Arc::new(origins);
        let login_check = Arc::new(LoginCheck::new(Arc::clone(accounts), Arc::clone(&origins)));
        let mut feeds = JoinSet::new();
        let mut with_login = |namespace| {
            let (subscribers, membership) = Subscribers::new(io.clone(), namespace);
            feeds.spawn(login_check::recheck(Arc::clone(&login_check), io.clone(), namespace, membership.clone()));
            let admitted = async move |socket: SocketRef| membership.add(socket.id).await;
            let check = Arc::clone(&login_check);
            io.ns(namespace, admitted.with(async move |socket: SocketRef| check.admit(socket.req_parts()).await));
            subscribers
        };
        let (events, dashboards) = (with_login(dashboards::NAMESPACE), with_login(state_feed::NAMESPACE));
        let (public, membership) = Subscribers::new(io.clone(), public::NAMESPACE);
        io.ns(public::NAMESPACE, async move |socket: SocketRef| membership.add(socket.id).await);

        feeds.spawn(dashboards::feed(Arc::clone(coordinator), events));
        feeds.spawn(state_feed::feed(Arc::clone(coordinator), state, dashboards));
        feeds.spawn(public::feed(Arc::clone(coordinator), public));
        let permits = Permits::new(MAX_CONNECTIONS);
        let reserved = Permits::new(RESERVED_CONNECTIONS);
        let endpoint = Endpoint { service, origins, permits, reserved, closing: CancellationToken::new() };
        Self { endpoint, feeds }
    }

    /// Returns the endpoint, for the HTTP side.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint.clone()
    }

    /// Closes all connections without a disconnect packet, so that clients reconnect when the server runs again: a
    /// client that gets such a packet does not.
    pub fn close(mut self) {
        self.feeds.abort_all();
        self.endpoint.closing.cancel();
    }
}
