//! Connections to the air.

use crate::config::AirAddress;
use crate::http::Problem;
use crate::http::problem::Code;
use actix_web::http::header::HeaderValue;
use http::header::{CONNECTION, HOST, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The air is on this host or beside it: one that has not answered after so long is away.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);
/// A silent connection is probed after so long, then as often. A page in the background is silent for hours.
const PROBE_EVERY: Duration = Duration::from_secs(20);
/// The longest query that is passed on; it is `band=1`.
const MAX_QUERY: usize = 64;

/// The browser's part of an air.
pub struct Air {
    address: AirAddress,
    /// Whether it could not be reached when it was last tried: each change is logged, not each listener.
    is_away: AtomicBool,
}

impl Air {
    pub fn new(address: AirAddress) -> Self {
        Self { address, is_away: AtomicBool::new(false) }
    }

    /// Finds out whether the air is there.
    pub async fn find(&self) -> Result<(), Problem> {
        self.in_time(self.connect()).await.map(drop)
    }

    /// Opens a WebSocket to the air, for a listener at this address: it counts each, as the proxy that it trusts says.
    pub async fn listen(
        &self,
        query: &str,
        key: &HeaderValue,
        listener: Option<IpAddr>,
    ) -> Result<TokioIo<Upgraded>, Problem> {
        if query.len() > MAX_QUERY {
            return Err(Problem::invalid(format!("the query has more than {MAX_QUERY} bytes")));
        }
        let mut request = Request::get(format!("/receive/listen?{query}"))
            .header(HOST, self.address.authority())
            .header(CONNECTION, "upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, key.as_bytes());
        if let Some(listener) = listener {
            request = request.header("x-forwarded-for", listener.to_string());
        }
        let request = request.body(Empty::new()).map_err(|error| Problem::invalid(error.to_string()))?;
        self.in_time(async { upgrade(self.connect().await?, request).await }).await
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect((self.address.host.as_str(), self.address.port)).await?;
        stream.set_nodelay(true)?;
        let probes = TcpKeepalive::new().with_time(PROBE_EVERY).with_interval(PROBE_EVERY);
        SockRef::from(&stream).set_tcp_keepalive(&probes)?;
        Ok(stream)
    }

    /// Waits for the air, but not for long. Its address is not told: a listener need not know where the air is.
    async fn in_time<T>(&self, work: impl Future<Output = io::Result<T>>) -> Result<T, Problem> {
        let done = timeout(ANSWER_TIMEOUT, work).await.unwrap_or_else(|_| Err(io::Error::other("no answer in time")));
        let was_away = self.is_away.swap(done.is_err(), Ordering::Relaxed);
        match &done {
            Err(error) if !was_away => tracing::warn!(%error, "the air at receive.url cannot be reached"),
            Ok(_) if was_away => tracing::info!("the air at receive.url is reached again"),
            _ => {}
        }
        let details =
            "the air cannot be reached; is its runner running, with air.browser at the address in receive.url?";
        done.map_err(|_| Problem::new(Code::AirUnavailable).because(details))
    }
}

async fn upgrade(stream: TcpStream, request: Request<Empty<Bytes>>) -> io::Result<TokioIo<Upgraded>> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    actix_web::rt::spawn(connection.with_upgrades());
    let response = sender.send_request(request).await.map_err(io::Error::other)?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let status = response.status();
        return Err(io::Error::other(format!("it answers {status}, as no air does")));
    }
    hyper::upgrade::on(response).await.map(TokioIo::new).map_err(io::Error::other)
}
