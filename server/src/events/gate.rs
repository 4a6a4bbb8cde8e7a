//! Who may hear everything: people who are logged in, for as long as they are.

use super::crowd::Door;
use super::dashboards::NAMESPACE;
use super::origins::Origins;
use challengectl_coordinator::Accounts;
use http::header::{COOKIE, HOST, HeaderValue, ORIGIN};
use http::request::Parts;
use socketioxide::SocketIo;
use socketioxide::operators::BroadcastOperators;
use socketioxide::socket::Sid;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// How soon a login that has ended ends what it has opened.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Why a client may not connect; what it is told.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The page it runs on may not use the login.
    #[error("origin not allowed")]
    Origin,
    /// Nobody is logged in.
    #[error("authentication required")]
    Login,
}

pub struct Gate {
    accounts: Arc<Accounts>,
    origins: Arc<Origins>,
    runtime: Handle,
}

impl Gate {
    /// Call it within a runtime that outlives all requests.
    pub fn new(accounts: Arc<Accounts>, origins: Arc<Origins>) -> Self {
        Self { accounts, origins, runtime: Handle::current() }
    }

    /// Lets in who is logged in, by the first request of the client.
    pub async fn admit(&self, request: &Parts) -> Result<(), Refusal> {
        let host = request.headers.get(HOST).and_then(|host| host.to_str().ok());
        let allowed = |origin: &HeaderValue| origin.to_str().is_ok_and(|origin| self.origins.allow(origin, host));
        // Programs other than browsers name none.
        if !request.headers.get_all(ORIGIN).iter().all(allowed) {
            return Err(Refusal::Origin);
        }
        let session = session(request).ok_or(Refusal::Login)?;
        if self.is_logged_in(session).await.unwrap_or(false) { Ok(()) } else { Err(Refusal::Login) }
    }

    /// Whether a session goes on; `None` when the database does not tell.
    async fn is_logged_in(&self, session: &str) -> Option<bool> {
        let (accounts, session) = (Arc::clone(&self.accounts), session.to_owned());
        // The threads of requests end before the database is closed, which would wait for what they had borrowed.
        let person = self.runtime.spawn(async move { accounts.person(&session, None).await });
        match person.await.unwrap_or(Ok(None)) {
            Ok(person) => Some(person.is_some()),
            Err(error) => {
                tracing::error!(%error, "a login could not be looked up");
                None
            }
        }
    }
}

/// Sends out, again and again, those whose login has ended.
pub async fn recheck(gate: Arc<Gate>, io: SocketIo, door: Door) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        // Several windows of one browser share a login.
        let mut clients: HashMap<String, Vec<Sid>> = HashMap::new();
        for client in io.of(NAMESPACE).into_iter().flat_map(BroadcastOperators::sockets) {
            let session = session(client.req_parts()).unwrap_or_default().to_owned();
            clients.entry(session).or_default().push(client.id);
        }
        for (session, clients) in clients {
            // Who watches sees what is on air also while the database is away.
            if gate.is_logged_in(&session).await != Some(false) {
                continue;
            }
            for client in clients {
                door.send_out(client).await;
            }
        }
    }
}

fn session(request: &Parts) -> Option<&str> {
    let cookies = request.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|all| all.split(';')).find_map(|cookie| cookie.trim().strip_prefix("session="))
}
