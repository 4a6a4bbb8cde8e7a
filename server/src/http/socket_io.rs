//! Socket.IO on the same port as the API. The protocol is implemented by a service that is independent of actix: it
//! gets polling requests as a whole, and for a websocket, after the handshake, the byte stream.

use super::extract::{body, origin};
use super::state::State;
use super::{Problem, Viewer, other_methods};
use crate::events::{self, Endpoint, Permit, pipe};
use crate::http::problem::Code;
use actix_http::ws::{hash_key, verify_handshake};
use actix_web::guard::{GuardContext, fn_guard};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, COOKIE, HOST, HeaderName, ORIGIN,
    SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE, VARY,
};
use actix_web::web::{self, Bytes, Payload, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder};
use http_body_util::{BodyExt, Collected, Full};
use serde::Deserialize;
use tokio::io::DuplexStream;
use tower_service::Service;

/// The headers that the protocol's service needs. It stores them with the connection, so no others are passed.
const FORWARDED_HEADERS: [HeaderName; 4] = [HOST, ORIGIN, COOKIE, CONTENT_TYPE];
/// The maximum size of one of them in bytes.
const MAX_HEADER_SIZE: usize = 4096;

/// Adds the endpoint.
pub fn routes(config: &mut ServiceConfig) {
    let path = web::resource([events::PATH.to_owned(), format!("{}/", events::PATH)])
        .route(web::get().guard(fn_guard(wants_websocket)).to(websocket))
        .route(web::get().to(polling))
        .route(web::post().to(polling))
        .default_service(other_methods("GET, POST"));
    config.service(path);
}

/// Returns whether the request asks for a websocket, regardless of case (RFC 6455, section 4.2.1).
fn wants_websocket(request: &GuardContext<'_>) -> bool {
    let upgrade = request.head().headers().get(UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// Connects a client's websocket with the service.
async fn websocket(state: web::Data<State>, request: HttpRequest, sent: Payload) -> Result<HttpResponse, Problem> {
    let endpoint = &state.endpoint;
    verify_handshake(request.head()).map_err(|error| Problem::invalid(format!("websocket handshake: {error}")))?;
    let key = request.headers().get(SEC_WEBSOCKET_KEY).map(|key| hash_key(key.as_bytes())).unwrap_or_default();
    let about = about(endpoint, &request, ()).await?;
    let (stream, answer) = pipe::join(sent, endpoint.closing().clone());
    let mut service = endpoint.service();
    let call = Service::<(DuplexStream, http::Request<()>)>::call(&mut service, (stream, about));
    call.await.map_err(|error| Problem::invalid(error.to_string()))?;
    let mut response = HttpResponse::build(StatusCode::SWITCHING_PROTOCOLS);
    response.upgrade("websocket").insert_header((SEC_WEBSOCKET_ACCEPT, key.as_slice()));
    Ok(response.streaming(answer))
}

/// Passes a request to the service, and returns its answer.
async fn polling(state: web::Data<State>, request: HttpRequest, sent: Payload) -> Result<HttpResponse, Problem> {
    let endpoint = &state.endpoint;
    let sent = body::read(&request, sent.into_inner(), events::MAX_MESSAGE_SIZE).await?.freeze();
    let about = about(endpoint, &request, Full::new(sent)).await?;
    let mut service = endpoint.service();
    let stopping = || Problem::new(Code::ServerIsStopping).because("come back later");
    let call = Service::<http::Request<Full<Bytes>>>::call(&mut service, about);
    let answer = tokio::select! {
        answer = call => answer.unwrap_or_else(|never| match never {}),
        () = endpoint.closing().cancelled() => return Err(stopping()),
    };
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = answer.headers().get(http::header::CONTENT_TYPE).map(|kind| kind.as_bytes().to_vec());
    let content = answer.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
    if !status.is_success() {
        return Err(refusal(status, &content));
    }
    let mut response = HttpResponse::build(status);
    allow_reading(&mut response, endpoint, &request);
    Ok(response.insert_header((CONTENT_TYPE, kind.unwrap_or_default())).body(content))
}

/// Returns the problem for an error of the protocol's service.
fn refusal(status: StatusCode, content: &[u8]) -> Problem {
    #[derive(Deserialize)]
    struct Reason {
        message: String,
    }
    let reason =
        serde_json::from_slice::<Reason>(content).map_or("not what Socket.IO expects".to_owned(), |it| it.message);
    Problem::new(Code::InvalidRequest).with_status(status).because(reason)
}

/// Converts a request for the service. One that opens a connection takes a permit.
async fn about<B>(endpoint: &Endpoint, request: &HttpRequest, body: B) -> Result<http::Request<B>, Problem> {
    let mut about = http::Request::builder().method(request.method().as_str()).uri(request.uri().to_string());
    for name in FORWARDED_HEADERS {
        for value in request.headers().get_all(&name).filter(|value| value.len() <= MAX_HEADER_SIZE) {
            about = about.header(name.as_str(), value.as_bytes());
        }
    }
    let begins = !request.query_string().split('&').any(|part| part.starts_with("sid="));
    if begins {
        let full = || Problem::new(Code::TooManyClients).because("too many of this address; try again later");
        about = about.extension(permit(endpoint, request).await.ok_or_else(full)?);
    }
    about.body(body).map_err(|error| Problem::invalid(error.to_string()))
}

async fn permit(endpoint: &Endpoint, request: &HttpRequest) -> Option<Permit> {
    let address = origin::address(request);
    if let Some(permit) = endpoint.permit(address) {
        return Some(permit);
    }
    Viewer::extract(request).await.ok()?;
    endpoint.reserved_permit(address)
}

/// Sets the CORS headers: pages of configured sites may read the answers with the visitor's login, all others without,
/// which gives them the public namespace.
fn allow_reading(response: &mut HttpResponseBuilder, endpoint: &Endpoint, request: &HttpRequest) {
    let Some(origin) = request.headers().get(ORIGIN) else { return };
    response.insert_header((VARY, "Origin"));
    if origin.to_str().is_ok_and(|origin| endpoint.origins().is_configured(origin)) {
        response.insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()));
        response.insert_header((ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"));
    } else {
        response.insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    }
}
