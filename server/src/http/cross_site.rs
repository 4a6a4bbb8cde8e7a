//! Refuses cross-site requests: those that a page of another site makes in a visitor's browser, which adds this
//! server's cookies. A page on another port of the same host counts as another site, since cookies are not bound to
//! ports.

use super::Problem;
use super::extract::origin;
use crate::events::{self, is_of_host};
use crate::http::problem::Code;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, ORIGIN};
use actix_web::http::uri::Authority;
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest};

/// The header with the site of a request, which pages cannot forge. Browsers send it over TLS and to `localhost`.
const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Refuses state-changing requests of other sites. Socket.IO makes its own decision, since its public namespace is open
/// to all sites.
pub async fn refuse(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse, Error> {
    if request.method().is_safe()
        || request.path().starts_with(events::PATH)
        || !is_foreign(request.request(), origin::is_secure(request.request()))
    {
        return next.call(request).await;
    }
    let error = Problem::new(Code::Forbidden).because(
        "a page of another site sent this request, according to Sec-Fetch-Site, or Origin, which differs from Host; \
         send it from a page of this server, or from a program",
    );
    Ok(request.error_response(error))
}

/// Returns whether a request is cross-site. Programs other than browsers send neither header, and pages cannot misuse
/// them.
fn is_foreign(request: &HttpRequest, is_secure: bool) -> bool {
    let mut sites = request.headers().get_all(SEC_FETCH_SITE).peekable();
    if sites.peek().is_some() {
        return !sites.all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
    }
    let is_own = |origin: &str| {
        // A page that was loaded without TLS may have been changed on the way.
        let is_safe = !is_secure || origin.starts_with("https://");
        is_safe && is_of_host(origin, host(request))
    };
    !request.headers().get_all(ORIGIN).all(|origin| origin.to_str().is_ok_and(is_own))
}

fn host(request: &HttpRequest) -> Option<&str> {
    let named = || request.headers().get(HOST)?.to_str().ok();
    request.uri().authority().map(Authority::as_str).or_else(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Ingress, Proxies};
    use actix_web::test::TestRequest;

    fn foreign(headers: &[(&'static str, &str)]) -> bool {
        let ingress = Ingress { proxies: Proxies(vec!["10.0.0.0/8".parse().unwrap()]), over_tls: false };
        let request = TestRequest::post().peer_addr("10.0.0.1:1".parse().unwrap());
        let request = request.append_header(("host", "ctf.example:8443"));
        let request = headers.iter().fold(request, |request, header| request.append_header(*header)).to_http_request();
        is_foreign(&request, ingress.is_secure(&request))
    }

    #[test]
    fn programs_and_pages_of_this_server_may_and_no_other_page() {
        for own in [
            &[][..],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[("origin", "http://ctf.example:8443")],
            &[("origin", "https://CTF.example:8443")],
            // Sec-Fetch-Site takes precedence, since a proxy may have changed the host.
            &[("sec-fetch-site", "same-origin"), ("origin", "https://outside.example")],
        ] {
            assert!(!foreign(own), "{own:?}");
        }
        for other in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://ctf.example:8443")],
            &[("origin", "http://ctf.example")],
            &[("origin", "http://ctf.example:9000")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("origin", "")],
            &[("origin", "http://ctf.example:8443"), ("origin", "https://evil.example")],
            &[("origin", "http://ctf.example:8443"), ("x-forwarded-proto", "https")],
        ] {
            assert!(foreign(other), "{other:?}");
        }
    }
}
