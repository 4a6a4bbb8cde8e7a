//! Connections of runners to processes: a WebSocket whose messages are the bytes of one connection.

use crate::events::pipe;
use crate::http::extract::principal::Runner;
use crate::http::problem::Code;
use crate::http::state::{Component, State};
use crate::http::{Problem, other_methods};
use actix_http::ws::{hash_key, verify_handshake};
use actix_web::http::StatusCode;
use actix_web::http::header::{SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use challengectl_coordinator::Coordinator;
use challengectl_host::websocket::{self, Role};

const PATH: &str = "/api/runners/{runner_id}/connections/{connection_id}";
/// Bytes buffered in each direction.
const BUFFER_SIZE: usize = 64 * 1024;

/// Adds the WebSocket. Like Socket.IO it is no part of the description of the API, which OpenAPI cannot express.
pub fn routes(config: &mut ServiceConfig) {
    config.service(web::resource(PATH).route(web::get().to(carry)).default_service(other_methods("GET")));
}

/// Takes a connection that the server has ordered.
async fn carry(
    Runner(caller): Runner,
    path: web::Path<(String, String)>,
    state: web::Data<State>,
    request: HttpRequest,
    sent: Payload,
) -> Result<HttpResponse, Problem> {
    let instances = &Coordinator::of(&state).instances;
    let missing = || Problem::new(Code::NotFound).because("nobody waits for this connection");
    let connection: i64 = path.1.parse().map_err(|_| missing())?;
    if !instances.is_awaited(&caller, connection)? {
        return Err(missing());
    }
    let key = request.headers().get(SEC_WEBSOCKET_KEY).filter(|_| verify_handshake(request.head()).is_ok());
    let key = key.ok_or_else(|| Problem::new(Code::UpgradeRequired).because("a WebSocket is served here"))?;
    let (runner, answer) = pipe::join(sent, state.endpoint.closing().clone());
    let (ours, theirs) = tokio::io::duplex(BUFFER_SIZE);
    actix_web::rt::spawn(websocket::carry(runner, Role::Server, theirs));
    instances.take_connection(&caller, connection, ours);
    let mut response = HttpResponse::build(StatusCode::SWITCHING_PROTOCOLS);
    response.upgrade("websocket").insert_header((SEC_WEBSOCKET_ACCEPT, hash_key(key.as_bytes()).as_slice()));
    Ok(response.streaming(answer))
}
