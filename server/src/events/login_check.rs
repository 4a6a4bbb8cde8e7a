//! Admits clients with a login to the namespaces that need one, and disconnects them when the login ends.

use super::origins::Origins;
use super::subscribers::Membership;
use challengectl_coordinator::Accounts;
use cookie::Cookie;
use http::header::{COOKIE, HOST, HeaderValue, ORIGIN};
use http::request::Parts;
use socketioxide::SocketIo;
use socketioxide::operators::BroadcastOperators;
use socketioxide::socket::Sid;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// The cookie with the login of a browser.
pub const LOGIN_COOKIE: &str = "session";
/// Interval of the checks; a client is disconnected at most this long after the end of its login.
const CHECK_EVERY: Duration = Duration::from_secs(2);

/// Why a client is not admitted, with the message that it gets.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The page is of a site that may not use its visitors' logins.
    #[error("origin not allowed")]
    Origin,
    /// There is no valid login.
    #[error("authentication required")]
    Login,
}

/// Checks the logins of clients.
pub struct LoginCheck {
    accounts: Arc<Accounts>,
    origins: Arc<Origins>,
    runtime: Handle,
}

impl LoginCheck {
    /// Creates a check. Call it within a runtime that outlives all requests.
    pub fn new(accounts: Arc<Accounts>, origins: Arc<Origins>) -> Self {
        Self { accounts, origins, runtime: Handle::current() }
    }

    /// Admits a client if its first request has a valid login.
    pub async fn admit(&self, request: &Parts) -> Result<(), Refusal> {
        let host = request.headers.get(HOST).and_then(|host| host.to_str().ok());
        let allowed = |origin: &HeaderValue| origin.to_str().is_ok_and(|origin| self.origins.allow(origin, host));
        // Programs other than browsers send no Origin.
        if !request.headers.get_all(ORIGIN).iter().all(allowed) {
            return Err(Refusal::Origin);
        }
        let login = login(request).ok_or(Refusal::Login)?;
        if self.is_valid(&login).await.unwrap_or(false) { Ok(()) } else { Err(Refusal::Login) }
    }

    /// Returns whether a login is valid; `None` if the database cannot be read.
    async fn is_valid(&self, login: &str) -> Option<bool> {
        let (accounts, login) = (Arc::clone(&self.accounts), login.to_owned());
        // On a runtime that outlives the threads of requests: closing the database waits for connections in use.
        let person = self.runtime.spawn(async move { accounts.person(&login, None).await });
        match person.await.unwrap_or(Ok(None)) {
            Ok(person) => Some(person.is_some()),
            Err(error) => {
                tracing::error!(%error, "a login could not be looked up");
                None
            }
        }
    }
}

/// Disconnects, every [`CHECK_EVERY`], the clients of a namespace whose login has ended.
pub async fn recheck(check: Arc<LoginCheck>, io: SocketIo, namespace: &'static str, membership: Membership) {
    loop {
        tokio::time::sleep(CHECK_EVERY).await;
        // Several windows of one browser share a login.
        let mut clients: HashMap<String, Vec<Sid>> = HashMap::new();
        for client in io.of(namespace).into_iter().flat_map(BroadcastOperators::sockets) {
            clients.entry(login(client.req_parts()).unwrap_or_default()).or_default().push(client.id);
        }
        for (login, clients) in clients {
            // Dashboards stay connected while the database is unavailable.
            if check.is_valid(&login).await != Some(false) {
                continue;
            }
            for client in clients {
                membership.remove(client).await;
            }
        }
    }
}

fn login(request: &Parts) -> Option<String> {
    let lines = request.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = lines.flat_map(|line| line.split(';')).filter_map(|cookie| Cookie::parse(cookie).ok());
    cookies.find(|cookie| cookie.name() == LOGIN_COOKIE).map(|cookie| cookie.value().to_owned())
}
