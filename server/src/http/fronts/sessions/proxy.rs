//! The way to the REST interface of a session's program: for the owner alone, by the runner that has it.
//!
//! The program is hostile: whoever may send it commands decides what it answers. Its answers lose what concerns this server's
//! site, and pages among them get an origin of their own (`sandbox`). The program gets no credential of its owner.

use super::FRONT;
use super::principal::{NAME_HEADER, Principal};
use super::resource::{find, permit};
use crate::events::pipe;
use crate::http::problem::Code;
use crate::http::state::{Component, State};
use crate::http::{Problem, other_methods};
use actix_http::ws::verify_handshake;
use actix_web::http::header::{self, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::instances::{ProcessConnection, ProcessSession};
use futures_util::{StreamExt, TryStreamExt};
use http_body_util::{BodyExt, Either, Empty, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, split};
use tokio_util::io::InspectReader;

/// The path, with what is passed on.
const PATH: &str = "/api/sessions/{id}/proxy{rest:(/.*)?}";
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
/// Programs that want scripts and forms in their pages get them, in an origin that is no other's.
const POLICY: &str = "sandbox allow-scripts allow-forms allow-downloads; frame-ancestors 'none'";
/// How often messages of a WebSocket are taken as a sign of life.
const SIGN_PERIOD: Duration = Duration::from_secs(10);
/// What is kept of a request: what concerns the connection, the caller's credentials, and this server, is not.
const DROPPED: [HeaderName; 15] = [
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::EXPECT,
    header::HOST,
    header::AUTHORIZATION,
    header::PROXY_AUTHORIZATION,
    header::COOKIE,
    header::ORIGIN,
    header::REFERER,
    header::FORWARDED,
    header::VIA,
    HeaderName::from_static(NAME_HEADER),
];
/// What is kept of an answer.
const ANSWERED: [HeaderName; 15] = [
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_DISPOSITION,
    header::CONTENT_RANGE,
    header::ACCEPT_RANGES,
    header::ALLOW,
    header::CACHE_CONTROL,
    header::ETAG,
    header::LAST_MODIFIED,
    header::RETRY_AFTER,
    header::VARY,
    header::SEC_WEBSOCKET_ACCEPT,
    header::SEC_WEBSOCKET_EXTENSIONS,
    header::SEC_WEBSOCKET_PROTOCOL,
];

type Body = Either<Empty<Bytes>, StreamBody<futures_util::stream::LocalBoxStream<'static, io::Result<Frame<Bytes>>>>>;

/// Adds the path. It is no operation of the description, since it has any method and any answer.
pub fn routes(config: &mut ServiceConfig) {
    let methods =
        [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    let resource = methods.into_iter().fold(web::resource(PATH), |it, method| it.route(web::method(method).to(pass)));
    config.service(resource.default_service(other_methods(METHODS)));
}

/// Passes a request on to the program of a session.
async fn pass(
    principal: Principal,
    path: web::Path<(String, String)>,
    state: web::Data<State>,
    request: HttpRequest,
    sent: Payload,
) -> Result<HttpResponse, Problem> {
    let coordinator = Coordinator::of(&state);
    let session = find(coordinator, &path.0).await?;
    permit(principal.owns(&session.session.owner))?;
    coordinator.instances.touch_by_use(&session).await?;
    let ProcessConnection { stream, place } = coordinator.instances.connect(session.session.id).await?;
    let is_websocket = verify_handshake(request.head()).is_ok();
    let (body, sent) =
        if is_websocket { (Either::Left(Empty::new()), Some(sent)) } else { (body(&request, sent), None) };
    let passed = passed(&request, session.port.unwrap_or_default(), is_websocket, body)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(away)?;
    actix_web::rt::spawn(connection.with_upgrades());
    let response = sender.send_request(passed).await.map_err(away)?;
    let is_switched = response.status() == StatusCode::SWITCHING_PROTOCOLS.as_u16();
    if is_switched && !is_websocket {
        let details = "the program switches protocols, which it was not asked for";
        return Err(Problem::new(Code::Unavailable).because(details));
    }
    let mut answer = answer(&response, &request);
    match sent {
        Some(sent) if is_switched => {
            let program = hyper::upgrade::on(response).await.map_err(away)?;
            let (browser, to_browser) = pipe::join(sent, state.endpoint.closing().clone());
            let (coordinator, id) = (Arc::clone(coordinator), path.into_inner().0);
            actix_web::rt::spawn(async move {
                carry(browser, TokioIo::new(program), &coordinator, &id).await;
                drop(place);
            });
            answer.upgrade("websocket");
            Ok(answer.streaming(to_browser))
        }
        _ => {
            let length = response.headers().get(header::CONTENT_LENGTH.as_str());
            let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
            if let Some(length) = length {
                answer.no_chunking(length);
            }
            let content = BodyExt::into_data_stream(response.into_body()).map_err(io::Error::other);
            // The place is taken until the whole answer is passed on, or its client has gone.
            Ok(answer.streaming(content.inspect(move |_| {
                let _ = &place;
            })))
        }
    }
}

fn away(_: hyper::Error) -> Problem {
    Problem::new(Code::Unavailable)
        .because("the program of the session does not answer; it may just have ended")
        .retry_after(1)
}

fn body(request: &HttpRequest, sent: Payload) -> Body {
    let has_body =
        [header::CONTENT_LENGTH, header::TRANSFER_ENCODING].iter().any(|it| request.headers().contains_key(it));
    if !has_body {
        return Either::Left(Empty::new());
    }
    let frames = sent.map_ok(Frame::data).map_err(|error| io::Error::other(error.to_string()));
    Either::Right(StreamBody::new(frames.boxed_local()))
}

/// Returns the request that the program gets.
fn passed(request: &HttpRequest, port: u16, is_websocket: bool, body: Body) -> Result<hyper::Request<Body>, Problem> {
    let invalid = |error: http::Error| Problem::invalid(error.to_string());
    let target = rest(request);
    let mut passed = hyper::Request::builder().method(request.method().as_str()).uri(target);
    let named = dropped_by_name(request.headers());
    for (name, value) in request.headers() {
        let is_forwarded = name.as_str().starts_with("x-forwarded-") || name.as_str() == "x-real-ip";
        if !DROPPED.contains(name) && !is_forwarded && !named.iter().any(|it| name.as_str().eq_ignore_ascii_case(it)) {
            passed = passed.header(name.as_str(), value.as_bytes());
        }
    }
    passed = passed.header("host", format!("127.0.0.1:{port}"));
    if is_websocket {
        passed = passed.header("connection", "upgrade").header("upgrade", "websocket");
    }
    passed.body(body).map_err(invalid)
}

/// Returns the headers that the client names as those of its connection (RFC 9110, section 7.6.1).
fn dropped_by_name(headers: &HeaderMap) -> Vec<String> {
    let lists = headers.get_all(header::CONNECTION).filter_map(|value| value.to_str().ok());
    let names = lists.flat_map(|list| list.split(','));
    names.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// Returns what follows `proxy` in the path, as it was sent, with the query.
fn rest(request: &HttpRequest) -> String {
    // The id has none of these letters but in this order: it is a UUID.
    let path = request.uri().path();
    let rest = path.split_once("/proxy").map_or("", |(_, rest)| rest);
    let slash = if rest.starts_with('/') { "" } else { "/" };
    match request.uri().query() {
        Some(query) => format!("{slash}{rest}?{query}"),
        None => format!("{slash}{rest}"),
    }
}

/// Returns the head of the answer.
fn answer(response: &hyper::Response<Incoming>, request: &HttpRequest) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(response.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut answer = HttpResponse::build(status);
    for (name, value) in response.headers() {
        if ANSWERED.iter().any(|it| it.as_str() == name.as_str()) {
            answer.append_header((name.as_str(), value.as_bytes()));
        }
    }
    if let Some(location) = response.headers().get("location").and_then(|it| it.to_str().ok()) {
        // One of its own pages: a link to elsewhere would be this server's.
        if location.starts_with('/') && !location.starts_with("//") && !location.contains('\\') {
            let own = request.uri().path().split_once("/proxy").map_or("", |(before, _)| before);
            answer.insert_header((header::LOCATION, format!("{own}/proxy{location}")));
        }
    }
    answer.insert_header((CONTENT_SECURITY_POLICY, POLICY));
    answer
}

/// Copies bytes in both directions, until either side ends. What the owner sends is a sign of life.
async fn carry(
    browser: impl AsyncRead + AsyncWrite,
    program: impl AsyncRead + AsyncWrite,
    coordinator: &Arc<Coordinator>,
    id: &str,
) {
    let has_sent = AtomicBool::new(false);
    let (from_browser, mut to_browser) = split(browser);
    let (mut from_program, mut to_program) = split(program);
    let mut from_browser = InspectReader::new(from_browser, |_| has_sent.store(true, Ordering::Relaxed));
    tokio::select! {
        _ = copy(&mut from_browser, &mut to_program) => {}
        _ = copy(&mut from_program, &mut to_browser) => {}
        () = keep_alive(&has_sent, coordinator, id) => {}
    }
    // Either may be gone.
    let _ = tokio::join!(to_program.shutdown(), to_browser.shutdown());
}

/// Records signs of life. Returns when the session has ended.
async fn keep_alive(has_sent: &AtomicBool, coordinator: &Arc<Coordinator>, id: &str) {
    loop {
        tokio::time::sleep(SIGN_PERIOD).await;
        let found: Result<Option<ProcessSession>, _> = coordinator.instances.process_session(FRONT, id).await;
        match found {
            Ok(None) => return,
            Ok(Some(session)) if has_sent.swap(false, Ordering::Relaxed) => {
                // While the database is away, the connection stays.
                let _ = coordinator.instances.touch_by_use(&session).await;
            }
            _ => {}
        }
    }
}
