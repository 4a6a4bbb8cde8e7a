//! The receiver in the browser, at this server's own address: passes the WebSocket of a listener on to the air, which a
//! runner serves.
//!
//! Listeners have permits of their own, so that they take no connection from runners, dashboards or an emergency stop.
//! Bytes are copied in a task for each, a few KiB at a time; the air does not send more than the listener acknowledges.

mod air;

use super::extract::origin;
use super::state::{Component, State};
use super::{Problem, Viewer, other_methods};
use crate::config::AirAddress;
use crate::events::{LOGIN_COOKIE, Permit, Permits, pipe};
use crate::http::extract::anybody::Anybody;
use crate::http::problem::Code;
use actix_http::ws::{hash_key, verify_handshake};
use actix_web::http::StatusCode;
use actix_web::http::header::{HOST, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use air::Air;
use challengectl_coordinator::Accounts;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, copy, split};

/// The path of the WebSocket, as at the air's own page.
const PATH: &str = "/receive/listen";
/// The maximum number of listeners; the air has a limit of its own, 100 unless its organiser sets another.
const MAX_LISTENERS: usize = 250;
/// The number of additional listeners that are reserved for people with a login.
const RESERVED_LISTENERS: usize = 50;
/// A listener is disconnected at most this long after the end of the login that admitted it.
const CHECK_EVERY: Duration = Duration::from_secs(5);

/// The way to the air.
pub struct Receiver {
    air: Option<Air>,
    /// Whether everybody may listen.
    is_open: bool,
    permits: Arc<Permits>,
    reserved: Arc<Permits>,
}

impl Receiver {
    /// Returns the way to the air at this address.
    pub fn new(air: Option<AirAddress>, is_open: bool) -> Self {
        Self {
            air: air.map(Air::new),
            is_open,
            permits: Permits::new(MAX_LISTENERS),
            reserved: Permits::new(RESERVED_LISTENERS),
        }
    }

    fn air(&self) -> Result<&Air, Problem> {
        let missing =
            "there is no receiver; set receive.url in server.yml to the address that air.browser of a runner has";
        self.air.as_ref().ok_or_else(|| Problem::new(Code::NotFound).because(missing))
    }
}

/// Why somebody may listen, and for how long.
struct Admission {
    _permit: Permit,
    /// The login that it depends on.
    login: Option<(Arc<Accounts>, String)>,
}

/// Adds the WebSocket. Like Socket.IO it is no part of the description of the API, which OpenAPI cannot express.
pub fn routes(config: &mut ServiceConfig) {
    config.service(web::resource(PATH).route(web::get().to(listen)).default_service(other_methods("GET")));
}

/// Connects a listener with the air. Scripts cannot read the answer to a handshake that fails; they get it by asking
/// without one, which is answered with 426 if the air is there.
async fn listen(
    receiver: web::Data<Receiver>,
    state: web::Data<State>,
    request: HttpRequest,
    sent: Payload,
) -> Result<HttpResponse, Problem> {
    let air = receiver.air()?;
    refuse_other_sites(&state, &request)?;
    let admission = admit(&receiver, &state, &request).await?;
    let key = request.headers().get(SEC_WEBSOCKET_KEY).filter(|_| verify_handshake(request.head()).is_ok());
    let Some(key) = key else {
        air.find().await?;
        return Err(Problem::new(Code::UpgradeRequired).because("a WebSocket is served here"));
    };
    let stream = air.listen(request.query_string(), key, origin::address(&request)).await?;
    let (browser, answer) = pipe::join(sent, state.endpoint.closing().clone());
    actix_web::rt::spawn(pass_on(browser, stream, admission));
    let mut response = HttpResponse::build(StatusCode::SWITCHING_PROTOCOLS);
    response.upgrade("websocket").insert_header((SEC_WEBSOCKET_ACCEPT, hash_key(key.as_bytes()).as_slice()));
    Ok(response.streaming(answer))
}

/// Refuses pages of other sites: their visitors shall not take the places of listeners, nor lend them their logins.
fn refuse_other_sites(state: &State, request: &HttpRequest) -> Result<(), Problem> {
    let headers = request.headers();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let mut sites = headers.get_all(ORIGIN);
    // Programs other than browsers send none.
    if sites.all(|site| site.to_str().is_ok_and(|site| state.endpoint.origins().allow(site, host))) {
        return Ok(());
    }
    let details = "pages of other sites cannot listen; allowed_origins in server.yml names those that can";
    Err(Problem::new(Code::Forbidden).because(details))
}

/// Admits everybody if players may listen, and else people with a login, within the limits.
async fn admit(receiver: &Receiver, state: &State, request: &HttpRequest) -> Result<Admission, Problem> {
    let address = origin::address(request);
    if receiver.is_open {
        Anybody::extract(request).await?;
        if let Some(permit) = receiver.permits.take(address) {
            return Ok(Admission { _permit: permit, login: None });
        }
    }
    Viewer::extract(request).await.map_err(|problem| if receiver.is_open { full() } else { problem })?;
    let login = request.cookie(LOGIN_COOKIE).map(|cookie| (Arc::clone(Accounts::of(state)), cookie.value().to_owned()));
    let Receiver { permits, reserved, .. } = receiver;
    let permit = permits.take(address).or_else(|| reserved.take(address)).ok_or_else(full)?;
    Ok(Admission { _permit: permit, login })
}

fn full() -> Problem {
    Problem::new(Code::TooManyClients).because("all places for listeners are taken; try again later")
}

/// Copies bytes in both directions, until either side ends or the login does.
async fn pass_on(browser: impl AsyncRead + AsyncWrite, air: impl AsyncRead + AsyncWrite, admission: Admission) {
    let (mut from_browser, mut to_browser) = split(browser);
    let (mut from_air, mut to_air) = split(air);
    tokio::select! {
        _ = copy(&mut from_browser, &mut to_air) => {}
        _ = copy(&mut from_air, &mut to_browser) => {}
        () = admission.ended() => {}
    }
}

impl Admission {
    async fn ended(&self) {
        let Some((accounts, login)) = &self.login else { return std::future::pending().await };
        loop {
            tokio::time::sleep(CHECK_EVERY).await;
            // While the database is unavailable, listeners stay.
            if matches!(accounts.person_at_once(login, None::<IpAddr>).await, Ok(None)) {
                return;
            }
        }
    }
}
