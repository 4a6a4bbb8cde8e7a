//! Admission to this front: people with an account; and in open play any request from this machine, under any name.

use crate::http::Problem;
use crate::http::extract::anybody::Anybody;
use crate::http::extract::player::of_all;
use crate::http::problem::Code;
use crate::http::state::{Component, State};
use actix_web::dev::Payload;
use actix_web::http::header::HOST;
use actix_web::http::uri::Authority;
use actix_web::{FromRequest, HttpRequest};
use challengectl_common::AccountName;
use challengectl_coordinator::Players;
use challengectl_coordinator::network::plain;
use challengectl_coordinator::session::Owner;
use futures_util::future::{FutureExt, LocalBoxFuture};

/// Who plays.
#[derive(Debug)]
pub enum Player {
    /// Somebody without an account, at this machine.
    Anonymous,
    /// Somebody with an account.
    Account {
        /// The name of the account.
        name: AccountName,
        /// The team, or the account.
        owner: Owner,
    },
}

impl Player {
    /// Returns the owner of what is started under this name, which an account may leave out.
    pub fn owner(&self, user_id: Option<&str>) -> Result<Owner, Problem> {
        match (self, user_id) {
            (Self::Anonymous, user_id) => {
                let name = user_id.filter(|name| !name.trim().is_empty());
                let name = name.ok_or_else(|| Problem::invalid("user_id: is missing"))?;
                let refuse = || Problem::invalid("user_id: must have 1 to 128 characters, and no control characters");
                Owner::anonymous(name).ok_or_else(refuse)
            }
            (Self::Account { name, .. }, Some(user_id)) if !name.as_str().eq_ignore_ascii_case(user_id) => {
                let details = format!("user_id: the credential is that of {name}; give this name, or leave it out");
                Err(Problem::new(Code::Forbidden).because(details))
            }
            (Self::Account { owner, .. }, _) => Ok(owner.clone()),
        }
    }

    /// Returns whether this person may use the sessions of an owner. Without an account the id of a session is the key to
    /// it, but never to one of an account.
    pub fn may(&self, of: &Owner) -> bool {
        match self {
            Self::Anonymous => of.is_anonymous(),
            Self::Account { owner, .. } => owner == of,
        }
    }

    /// Returns the name of the account, if there is one.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Anonymous => None,
            Self::Account { name, .. } => Some(name.as_str()),
        }
    }

    /// Returns the name that a session of this owner is shown with.
    pub fn name<'a>(&'a self, owner: &'a Owner) -> &'a str {
        match self {
            Self::Anonymous => owner.name(),
            Self::Account { name, .. } => name.as_str(),
        }
    }
}

impl FromRequest for Player {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move { admit(&request).await }.boxed_local()
    }
}

async fn admit(request: &HttpRequest) -> Result<Player, Problem> {
    let state = State::of(request)?;
    if let Some(player) = of_all(request).await? {
        let owner = Players::of(state).owner(&player)?;
        return Ok(Player::Account { name: player.name, owner });
    }
    let settings = &state.config.engine;
    if settings.is_open_play() && is_from_this_machine(request, &settings.names) {
        return Ok(Player::Anonymous);
    }
    Err(Problem::unauthorized(
        "log in at /api/play/login of the server, and send the token as Authorization: Bearer TOKEN; playing without an \
         account is only for people at this machine",
    ))
}

/// Any client, within the rate limit of its address; one that sends a credential must send a valid one.
#[derive(Debug)]
pub struct Visitor;

impl FromRequest for Visitor {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, anybody) = (request.clone(), Anybody::from_request(request, payload));
        async move {
            anybody.await?;
            of_all(&request).await?;
            Ok(Self)
        }
        .boxed_local()
    }
}

/// Returns whether a request was made on this machine: behind a proxy every peer is, and a page of another site can make
/// its own name lead here.
fn is_from_this_machine(request: &HttpRequest, names: &[String]) -> bool {
    let is_local = request.peer_addr().is_some_and(|peer| plain(peer.ip()).is_loopback());
    let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip"];
    let is_direct = !forwarded.iter().any(|name| request.headers().contains_key(*name));
    is_local && is_direct && host(request).is_some_and(|host| is_local_name(host, names))
}

fn host(request: &HttpRequest) -> Option<&str> {
    let named = || request.headers().get(HOST)?.to_str().ok();
    request.uri().authority().map(Authority::as_str).or_else(named)
}

fn is_local_name(host: &str, names: &[String]) -> bool {
    let Some(authority) = host.parse::<Authority>().ok().filter(|_| !host.contains('@')) else { return false };
    let name = authority.host();
    ["localhost", "127.0.0.1", "[::1]"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn only_a_direct_request_by_a_name_of_this_machine_is_local() {
        let names = ["ctf.local".to_owned()];
        let is_local = |peer: &str, headers: &[(&'static str, &str)]| {
            let request = TestRequest::default().peer_addr(peer.parse().unwrap());
            let request = headers.iter().fold(request, |request, header| request.append_header(*header));
            is_from_this_machine(&request.to_http_request(), &names)
        };
        for host in ["localhost:5000", "127.0.0.1", "[::1]:5000", "LOCALHOST", "ctf.local:5000"] {
            assert!(is_local("127.0.0.1:1", &[("host", host)]), "{host}");
        }
        assert!(is_local("[::ffff:127.0.0.1]:1", &[("host", "localhost")]));
        for host in ["evil.example:5000", "localhost.evil.example", "127.0.0.1.nip.io", "a@localhost", ""] {
            assert!(!is_local("127.0.0.1:1", &[("host", host)]), "{host}");
        }
        assert!(!is_local("192.168.1.9:1", &[("host", "localhost")]));
        assert!(!is_local("127.0.0.1:1", &[]));
        for header in ["forwarded", "x-forwarded-for", "x-real-ip"] {
            assert!(!is_local("127.0.0.1:1", &[("host", "localhost"), (header, "127.0.0.1")]), "{header}");
        }
    }
}
