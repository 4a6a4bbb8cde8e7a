//! Whether a request was made on this machine: behind a proxy every peer is, and a page of another site can make its own
//! name lead here.

use actix_web::HttpRequest;
use actix_web::http::header::HOST;
use actix_web::http::uri::Authority;
use challengectl_coordinator::network::plain;

/// Returns whether a request comes from this machine, directly, and to one of its names: `localhost`, its addresses, or these.
pub fn is_from_this_machine(request: &HttpRequest, names: &[String]) -> bool {
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
