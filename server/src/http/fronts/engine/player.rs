//! Admission to this front: in open play, any request from this machine, under any name.

use crate::http::Problem;
use crate::http::state::State;
use actix_web::dev::Payload;
use actix_web::http::header::HOST;
use actix_web::http::uri::Authority;
use actix_web::{FromRequest, HttpRequest};
use challengectl_coordinator::network::plain;
use challengectl_coordinator::session::Owner;
use std::future::{Ready, ready};

/// A player without an account, at this machine.
#[derive(Debug)]
pub struct Player;

impl Player {
    /// Returns the owner of what somebody of this name starts.
    pub fn owner(&self, name: &str) -> Result<Owner, Problem> {
        let refuse = || Problem::invalid("user_id: must have 1 to 128 characters, and no control characters");
        Owner::anonymous(name).ok_or_else(refuse)
    }
}

impl FromRequest for Player {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(admit(request))
    }
}

fn admit(request: &HttpRequest) -> Result<Player, Problem> {
    let settings = &State::of(request)?.config.engine;
    if settings.is_open_play() && is_from_this_machine(request, &settings.names) {
        return Ok(Player);
    }
    Err(Problem::unauthorized("playing without an account is only for people at this machine"))
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
