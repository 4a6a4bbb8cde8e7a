//! How clients reach the server: directly, or through proxies. Forwarding headers are trusted only from configured
//! proxies.

use actix_web::HttpRequest;
use actix_web::http::Uri;
use actix_web::http::header::HOST;
use actix_web::http::uri::Authority;
use challengectl_coordinator::network::{Network, plain};
use std::net::IpAddr;

const MAX_URL: usize = 1024;

/// The proxies whose forwarding headers are trusted.
#[derive(Debug, Clone, Default)]
pub struct Proxies(pub Vec<Network>);

impl Proxies {
    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

/// How clients reach the server.
#[derive(Debug, Clone, Default)]
pub struct Ingress {
    /// The proxies in front of it.
    pub proxies: Proxies,
    /// Whether it speaks TLS itself.
    pub over_tls: bool,
}

impl Ingress {
    /// Returns the address of the client; `None` over the local console. Each proxy appends the address of its peer, so the last one that is not a
    /// configured proxy is the client; any before it may be forged.
    pub fn address(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = plain(request.peer_addr()?.ip());
        if !self.is_behind_proxy(request) {
            return Some(peer);
        }
        let mut nearest = peer;
        for hop in hops(request).into_iter().rev() {
            let Ok(address) = hop.parse().map(plain) else { break };
            nearest = address;
            if !self.proxies.trusts(address) {
                break;
            }
        }
        Some(nearest)
    }

    /// Returns whether the client is behind a proxy that is not configured.
    pub fn is_hidden(&self, request: &HttpRequest) -> bool {
        let speaks_for_others = ["forwarded", "via", "x-forwarded-for", "x-real-ip"];
        !self.is_behind_proxy(request) && speaks_for_others.iter().any(|name| request.headers().contains_key(*name))
    }

    /// Returns whether the client used TLS, as far as the server can know.
    pub fn is_secure(&self, request: &HttpRequest) -> bool {
        let forwarded = || {
            let proto = request.headers().get_all("x-forwarded-proto").last()?.to_str().ok()?;
            proto.rsplit(',').next().map(|proto| proto.trim().eq_ignore_ascii_case("https"))
        };
        self.over_tls || (self.is_behind_proxy(request) && forwarded().unwrap_or(false))
    }

    /// Returns the URL by which the client reached the server; `None` if it is hidden by a proxy that is not configured.
    /// The host in it is chosen by the client, so it must be shown to that client only.
    pub fn base_url(&self, request: &HttpRequest) -> Option<String> {
        if self.is_hidden(request) {
            return None;
        }
        let scheme = if self.is_secure(request) { "https" } else { "http" };
        let named = || request.headers().get(HOST)?.to_str().ok();
        let host = request.uri().authority().map(Authority::as_str).or_else(named)?;
        server_url(&format!("{scheme}://{host}"))
    }

    fn is_behind_proxy(&self, request: &HttpRequest) -> bool {
        request.peer_addr().is_some_and(|peer| self.proxies.trusts(peer.ip()))
    }
}

/// Parses the URL of a server: scheme, host, and optionally port and path. Returns it without a trailing slash.
pub fn server_url(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let uri: Uri = text.parse().ok().filter(|_| text.len() <= MAX_URL)?;
    let fits = matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.host().is_some_and(|host| !host.is_empty())
        && uri.authority().is_some_and(is_host_and_port)
        && uri.query().is_none()
        && !text.contains('#');
    fits.then(|| text.to_owned())
}

/// Returns whether an authority has a valid port, if any, and no user name and password.
fn is_host_and_port(authority: &Authority) -> bool {
    authority.as_str() == authority.host()
        || authority.port().is_some_and(|port| {
            authority.port_u16().is_some() && authority.as_str() == format!("{}:{port}", authority.host())
        })
}

fn hops(request: &HttpRequest) -> Vec<&str> {
    let lines = request.headers().get_all("x-forwarded-for").filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn ingress() -> Ingress {
        Ingress { proxies: Proxies(vec!["10.0.0.0/8".parse().unwrap()]), over_tls: false }
    }

    fn from(peer: &str, headers: &[(&'static str, &str)]) -> HttpRequest {
        let request = TestRequest::default().peer_addr(peer.parse().unwrap());
        headers.iter().fold(request, |request, header| request.append_header(*header)).to_http_request()
    }

    fn seen(peer: &str, headers: &[(&'static str, &str)]) -> String {
        ingress().address(&from(peer, headers)).unwrap().to_string()
    }

    #[test]
    fn a_client_cannot_forge_its_address() {
        let headers = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-proto", "https")];
        assert_eq!(seen("203.0.113.9:1", &headers), "203.0.113.9");
        assert!(!ingress().is_secure(&from("203.0.113.9:1", &headers)));
    }

    #[test]
    fn a_proxy_gives_the_address_and_what_the_client_wrote_is_ignored() {
        assert_eq!(seen("10.0.0.1:1", &[("x-forwarded-for", "198.51.100.1")]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1:1", &[("x-forwarded-for", "1.1.1.1, 198.51.100.1, 10.9.9.9")]), "198.51.100.1");
        let two_lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(seen("10.0.0.1:1", &two_lines), "198.51.100.1");
        assert_eq!(seen("10.0.0.1:1", &[("x-forwarded-for", "198.51.100.1, nonsense")]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1:1", &[]), "10.0.0.1");
        assert!(ingress().is_secure(&from("10.0.0.1:1", &[("x-forwarded-proto", "https")])));
        assert!(!ingress().is_secure(&from("10.0.0.1:1", &[("x-forwarded-proto", "https, http")])));
    }

    #[test]
    fn the_url_of_the_server_is_the_one_that_the_client_used_unless_it_is_hidden() {
        let url = |peer: &str, headers: &[(&'static str, &str)]| ingress().base_url(&from(peer, headers));
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
    fn a_text_that_is_not_the_url_of_a_server_is_refused() {
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
