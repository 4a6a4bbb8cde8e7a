//! The dashboard: the files that `make dashboard` builds, as part of the program.
//!
//! A debug build reads them from the source folder at each request instead, so that work on the dashboard needs no cargo.

use super::{Problem, other_methods};
use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETAG, HeaderName, HeaderValue,
    IF_NONE_MATCH, VARY,
};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "dashboard/dist"]
struct Files;

const PAGE: &str = "index.html";
/// What a server shows that was built without the dashboard.
const WITHOUT: &str = include_str!("dashboard/without.html");

/// The addresses of pages: the router of the dashboard (`src/router.ts`) finds the page. What is no address of a page
/// and no file is 404, as everywhere.
const PAGES: [&str; 26] = [
    "/",
    "/setup",
    "/login",
    "/account",
    "/start",
    "/overview",
    "/challenges",
    "/challenges/{rest:.*}",
    "/runners",
    "/runners/{rest:.*}",
    "/air",
    "/alarms",
    "/instances",
    "/deployments",
    "/submissions",
    "/teams",
    "/transmissions",
    "/logs",
    "/audit",
    "/users",
    "/settings",
    "/settings/{rest:.*}",
    "/public",
    "/projector",
    "/receive",
    "/play",
];

/// What else a browser asks for.
const FILES: [&str; 3] = ["/assets/{file}", "/favicon.svg", "/notices.txt"];

/// Scripts, styles, pictures and requests of this server only; nothing inline. A text becomes a script or markup only
/// through Vue's own policy (Trusted Types), so a name that a runner or a player has chosen never does.
const POLICY: (HeaderName, HeaderValue) = (
    CONTENT_SECURITY_POLICY,
    HeaderValue::from_static(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
         manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types vue",
    ),
);

/// The name of such a file holds a digest of its content.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// Adds the pages and their files. They are for people, and so no part of the description of the API.
pub fn routes(config: &mut ServiceConfig) {
    let pages = web::resource(PAGES.to_vec()).route(web::get().to(page)).route(web::head().to(page));
    let files = web::resource(FILES.to_vec()).route(web::get().to(file)).route(web::head().to(file));
    for resource in [pages, files] {
        config.service(resource.default_service(other_methods("GET, HEAD")));
    }
}

async fn page(request: HttpRequest) -> HttpResponse {
    served(&request, PAGE, ASK_AGAIN).unwrap_or_else(|| {
        let mut response = HttpResponse::Ok();
        response.insert_header(POLICY).insert_header((CACHE_CONTROL, ASK_AGAIN));
        response.content_type("text/html; charset=utf-8").body(WITHOUT)
    })
}

async fn file(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let name = request.path().trim_start_matches('/');
    let caching = if name.starts_with("assets/") { FOR_EVER } else { ASK_AGAIN };
    served(&request, name, caching).ok_or_else(|| Problem::nothing_at(&request))
}

fn served(request: &HttpRequest, name: &str, caching: HeaderValue) -> Option<HttpResponse> {
    let (file, encoding) = variant(request, name)?;
    let tag = format!("\"{}\"", hexadecimal(&file.metadata.sha256_hash()));
    let mut response = HttpResponse::Ok();
    let known = request.headers().get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    if known.is_some_and(|tags| tags.split(',').any(|other| other.trim() == tag)) {
        response = HttpResponse::NotModified();
    }
    response.insert_header(POLICY).insert_header((CACHE_CONTROL, caching)).insert_header((VARY, "Accept-Encoding"));
    response.insert_header((ETAG, tag)).content_type(content_type(name));
    if let Some(encoding) = encoding {
        response.insert_header((CONTENT_ENCODING, encoding));
    }
    Some(response.body(file.data.into_owned()))
}

/// The file in the smallest form that the client takes: each is compressed when the dashboard is built.
fn variant(request: &HttpRequest, name: &str) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted = request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    for (coding, extension) in [("br", "br"), ("gzip", "gz")] {
        if takes(accepted, coding)
            && let Some(file) = Files::get(&format!("{name}.{extension}"))
        {
            return Some((file, Some(coding)));
        }
    }
    Some((Files::get(name)?, None))
}

/// Returns whether a client names this coding, and not with the weight 0 (RFC 9110, 12.5.3).
fn takes(accepted: &str, coding: &str) -> bool {
    accepted.split(',').any(|part| {
        let (name, weight) = part.split_once(';').unwrap_or((part, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(coding) && weight != Some(0.0)
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("webmanifest") => "application/manifest+json",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::takes;

    #[test]
    fn a_coding_counts_unless_its_weight_is_none() {
        assert!(takes("gzip, deflate, br, zstd", "br") && takes("GZIP;q=0.5", "gzip"));
        assert!(!takes("gzip", "br") && !takes("br;q=0, gzip", "br") && !takes("br;q=0.0", "br") && !takes("", "gzip"));
    }
}
