//! Where a request comes from. What headers say of it counts only when a configured proxy has written them.

use actix_web::http::Uri;
use actix_web::http::header::HOST;
use actix_web::http::uri::Authority;
use actix_web::{HttpRequest, web};
use challengectl_coordinator::network::{Network, plain};
use std::net::IpAddr;

const LONGEST_URL: usize = 1024;

/// Proxies whose forwarding headers count.
#[derive(Debug, Clone, Default)]
pub struct Proxies(pub Vec<Network>);

/// Whether the server speaks TLS itself.
#[derive(Debug, Clone, Copy)]
pub struct OverTls(pub bool);

impl Proxies {
    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

/// The address of the client. Each proxy appends the address it was asked from, so the last one that is not a proxy's
/// is the client's; what stands before it the client may have written.
pub fn address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = plain(request.peer_addr()?.ip());
    if !behind_proxy(request) {
        return Some(peer);
    }
    let proxies = request.app_data::<web::Data<Proxies>>()?;
    let mut nearest = peer;
    for hop in hops(request).into_iter().rev() {
        let Ok(address) = hop.parse().map(plain) else { break };
        nearest = address;
        if !proxies.trusts(address) {
            break;
        }
    }
    Some(nearest)
}

/// Whether somebody else speaks through the client: a proxy that is not a configured one.
pub fn is_hidden(request: &HttpRequest) -> bool {
    let speaks_for_others = ["forwarded", "via", "x-forwarded-for", "x-real-ip"];
    !behind_proxy(request) && speaks_for_others.iter().any(|name| request.headers().contains_key(*name))
}

/// Whether the client came by TLS, as far as the server can know.
pub fn is_secure(request: &HttpRequest) -> bool {
    let forwarded = || {
        let proto = request.headers().get_all("x-forwarded-proto").last()?.to_str().ok()?;
        proto.rsplit(',').next().map(|proto| proto.trim().eq_ignore_ascii_case("https"))
    };
    let own = request.app_data::<web::Data<OverTls>>().is_some_and(|own| own.0);
    own || (behind_proxy(request) && forwarded().unwrap_or(false))
}

/// By what URL the client has reached the server; none when a proxy that is not a configured one keeps it hidden. A
/// client can say what it likes here, but only to itself.
pub fn base_url(request: &HttpRequest) -> Option<String> {
    if is_hidden(request) {
        return None;
    }
    let scheme = if is_secure(request) { "https" } else { "http" };
    let named = || request.headers().get(HOST)?.to_str().ok();
    let host = request.uri().authority().map(Authority::as_str).or_else(named)?;
    server_url(&format!("{scheme}://{host}"))
}

/// The URL of a server, if the text is one: scheme, host, and perhaps a port and a path. Without a slash at its end.
pub fn server_url(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let uri: Uri = text.parse().ok().filter(|_| text.len() <= LONGEST_URL)?;
    let fits = matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.host().is_some_and(|host| !host.is_empty())
        && uri.authority().is_some_and(is_host_and_port)
        && uri.query().is_none()
        && !text.contains('#');
    fits.then(|| text.to_owned())
}

/// Without user name and password, and with a port that there is, if any.
fn is_host_and_port(authority: &Authority) -> bool {
    authority.as_str() == authority.host()
        || authority.port().is_some_and(|port| {
            authority.port_u16().is_some() && authority.as_str() == format!("{}:{port}", authority.host())
        })
}

fn behind_proxy(request: &HttpRequest) -> bool {
    let proxies = request.app_data::<web::Data<Proxies>>();
    request.peer_addr().is_some_and(|peer| proxies.is_some_and(|proxies| proxies.trusts(peer.ip())))
}

fn hops(request: &HttpRequest) -> Vec<&str> {
    let lines = request.headers().get_all("x-forwarded-for").filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn behind(peer: &str, headers: &[(&'static str, &str)]) -> HttpRequest {
        let proxies = Proxies(vec!["10.0.0.0/8".parse().unwrap()]);
        let request = TestRequest::default().app_data(web::Data::new(proxies)).peer_addr(peer.parse().unwrap());
        headers.iter().fold(request, |request, header| request.append_header(*header)).to_http_request()
    }

    fn seen(peer: &str, headers: &[(&'static str, &str)]) -> String {
        address(&behind(peer, headers)).unwrap().to_string()
    }

    #[test]
    fn a_stranger_cannot_say_where_it_comes_from() {
        let headers = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-proto", "https")];
        assert_eq!(seen("203.0.113.9:1", &headers), "203.0.113.9");
        assert!(!is_secure(&behind("203.0.113.9:1", &headers)));
    }

    #[test]
    fn a_proxy_can_and_what_the_client_wrote_before_does_not_count() {
        assert_eq!(seen("10.0.0.1:1", &[("x-forwarded-for", "198.51.100.1")]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1:1", &[("x-forwarded-for", "1.1.1.1, 198.51.100.1, 10.9.9.9")]), "198.51.100.1");
        let two_lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(seen("10.0.0.1:1", &two_lines), "198.51.100.1");
        assert_eq!(seen("10.0.0.1:1", &[("x-forwarded-for", "198.51.100.1, nonsense")]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1:1", &[]), "10.0.0.1");
        assert!(is_secure(&behind("10.0.0.1:1", &[("x-forwarded-proto", "https")])));
        assert!(!is_secure(&behind("10.0.0.1:1", &[("x-forwarded-proto", "https, http")])));
    }

    #[test]
    fn the_url_of_the_server_is_the_one_that_the_client_has_used_unless_that_is_hidden() {
        let url = |peer: &str, headers: &[(&'static str, &str)]| base_url(&behind(peer, headers));
        let host = ("host", "server.example:8443");
        assert_eq!(url("203.0.113.9:1", &[host]).unwrap(), "http://server.example:8443");
        assert_eq!(
            url("203.0.113.9:1", &[host, ("x-forwarded-proto", "https")]).unwrap(),
            "http://server.example:8443"
        );
        assert_eq!(url("10.0.0.1:1", &[host, ("x-forwarded-proto", "https")]).unwrap(), "https://server.example:8443");
        assert_eq!(url("203.0.113.9:1", &[host, ("x-forwarded-for", "10.0.0.1")]), None);
        assert_eq!(url("203.0.113.9:1", &[("host", "a b")]), None);
    }

    #[test]
    fn what_is_no_url_of_a_server_is_refused() {
        assert_eq!(server_url("https://h:1/below/").unwrap(), "https://h:1/below");
        assert_eq!(server_url("http://[2001:db8::1]:8443").unwrap(), "http://[2001:db8::1]:8443");
        for text in [
            "",
            "h",
            "ftp://h",
            "http://",
            "http://u:p@h",
            "http://h:99999",
            "http://h:",
            "http://h?q",
            "http://h#f",
            "http://h\nx: y",
            "/x",
        ] {
            assert_eq!(server_url(text), None, "{text}");
        }
    }
}
