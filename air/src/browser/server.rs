//! Connections of browsers.

use super::assets::Assets;
use super::feed::Feed;
use super::http::{self, Answer};
use super::session::{Refusal, Session};
use super::settings::{Settings, SettingsError};
use super::{peer, session};
use crate::Spectrum;
use crate::limits::{Limits, Permit};
use hyper::header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, StatusCode, body::Incoming};
use hyper_util::rt::{TokioIo, TokioTimer};
use ipnet::IpNet;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_util::sync::CancellationToken;

/// Connections besides those of listeners, in all and from one address: loading the page takes a few, for seconds.
const MORE_CONNECTIONS: usize = 200;
const MORE_PER_ADDRESS: usize = 50;

/// Time for a request to arrive; a connection without one is closed.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest life of a connection before it becomes a WebSocket, and then the time to finish the last answer: a browser
/// that does not read does not keep its place.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(60);
const FINISH_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes that the kernel keeps for a browser that does not read: some seconds of sound.
const SEND_BUFFER: usize = 64 * 1024;

/// Pause after an error of `accept`, which is one of this host, such as no more files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

struct Server {
    feeds: Vec<Arc<Feed>>,
    settings: Settings,
    proxies: Vec<IpNet>,
    assets: Assets,
    listeners: Arc<Limits>,
    connections: Arc<Limits>,
    stopping: CancellationToken,
}

/// Serves the page and its listeners on `socket`, which is bound to `settings.listen`. Dropping the future disconnects all
/// of them.
///
/// It is for a runtime of its own, so that a flood of connections delays nothing else of the program.
///
/// # Errors
/// The settings are invalid.
pub async fn serve(socket: TcpListener, spectrum: &Spectrum, settings: Settings) -> Result<Infallible, SettingsError> {
    let stopping = CancellationToken::new();
    let _stop = stopping.clone().drop_guard();
    let (all, each) = (settings.max_listeners, settings.max_listeners_per_address);
    let server = Arc::new(Server {
        feeds: settings.feeds(spectrum)?,
        proxies: settings.proxies()?,
        assets: Assets::new(),
        listeners: Limits::counting(all, each),
        connections: Limits::counting(all + MORE_CONNECTIONS, each + MORE_PER_ADDRESS),
        stopping,
        settings,
    });
    loop {
        match socket.accept().await {
            Ok((stream, address)) => server.accept(stream, address),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection of a browser");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

impl Server {
    fn accept(self: &Arc<Self>, stream: TcpStream, address: SocketAddr) {
        let Some(permit) = self.connection(address.ip()) else { return };
        let (server, stopping) = (Arc::clone(self), self.stopping.clone());
        tokio::spawn(async move {
            let _permit = permit;
            let serving = server.connection_of(stream, address.ip());
            tokio::select! {
                () = stopping.cancelled() => {}
                () = serving => {}
            }
        });
    }

    /// Admits a connection; `None` when a limit is reached. Those of a trusted proxy, which are of all browsers behind it,
    /// are not counted.
    fn connection(&self, address: IpAddr) -> Option<Option<Permit>> {
        let is_proxy = self.proxies.iter().any(|network| network.contains(&address.to_canonical()));
        if is_proxy { Some(None) } else { self.connections.admit(peer::subscriber(address)).map(Some) }
    }

    async fn connection_of(self: Arc<Self>, stream: TcpStream, address: IpAddr) {
        // The connection works without these too.
        let _ = stream.set_nodelay(true);
        let _ = socket2::SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER);
        let service = service_fn(|request| {
            let answer = self.answer(request, address);
            std::future::ready(Ok::<_, Infallible>(answer))
        });
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(REQUEST_TIMEOUT).max_buf_size(16 * 1024);
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
        if timeout(CONNECTION_TIMEOUT, connection.as_mut()).await.is_err() {
            connection.as_mut().graceful_shutdown();
            let _ = timeout(FINISH_TIMEOUT, connection).await;
        }
    }

    fn answer(self: &Arc<Self>, request: Request<Incoming>, address: IpAddr) -> Answer {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return http::problem(StatusCode::METHOD_NOT_ALLOWED, "only GET");
        }
        match request.uri().path() {
            "/" => http::redirect("/receive"),
            "/receive" => http::content(self.assets.page(), "text/html; charset=utf-8", http::CHANGES),
            "/receive/listen" => self.listen(request, address),
            path => match path.strip_prefix("/receive/").and_then(|path| self.assets.find(path)) {
                Some(asset) => http::content(asset.body, asset.media_type, http::IMMUTABLE),
                None => http::problem(StatusCode::NOT_FOUND, "nothing is here; the receiver is at /receive"),
            },
        }
    }

    /// Makes the connection a WebSocket. A listener that is refused gets the reason over it, since scripts do not see the
    /// answer to a handshake.
    fn listen(self: &Arc<Self>, mut request: Request<Incoming>, address: IpAddr) -> Answer {
        let headers = request.headers();
        if !peer::is_own_page(headers) {
            return http::problem(StatusCode::FORBIDDEN, "pages of other sites cannot listen");
        }
        let Some(key) = websocket_key(headers) else {
            return http::problem(StatusCode::UPGRADE_REQUIRED, "a WebSocket is served here");
        };
        let address = peer::address(address, headers, &self.proxies);
        let accept = derive_accept_key(key.as_bytes());
        let band = chosen_band(request.uri().query());
        let (server, upgrade) = (Arc::clone(self), hyper::upgrade::on(&mut request));
        tokio::spawn(async move {
            let Ok(upgraded) = upgrade.await else { return };
            let socket = session::socket(TokioIo::new(upgraded)).await;
            match server.session(band, address) {
                Ok((session, _permit)) => session.run(socket, server.stopping.clone()).await,
                Err(refusal) => session::refuse(socket, refusal).await,
            }
        });
        let mut answer = http::problem(StatusCode::SWITCHING_PROTOCOLS, "");
        let headers = answer.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        if let Ok(accept) = HeaderValue::from_str(&accept) {
            headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        }
        answer
    }

    fn session(&self, band: usize, address: IpAddr) -> Result<(Session, Permit), Refusal> {
        let permit = self.listeners.admit(peer::subscriber(address)).ok_or(Refusal::Full)?;
        let session = Session::new(&self.feeds, band, &self.settings.title, self.settings.idle());
        Ok((session.ok_or(Refusal::NoBand)?, permit))
    }
}

/// Returns the key of a handshake (RFC 6455, section 4.2.1); `None` if the request is none.
fn websocket_key(headers: &HeaderMap) -> Option<String> {
    let says = |name, word: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(',').any(|token| token.trim().eq_ignore_ascii_case(word))
    };
    let is_handshake = says(CONNECTION, "upgrade") && says(UPGRADE, "websocket") && says(SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| is_handshake)?;
    key.to_str().ok().map(str::to_owned)
}

/// Returns the number of the band in a query such as `band=1`; 0 without one.
fn chosen_band(query: Option<&str>) -> usize {
    let pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let mut bands = pairs.filter(|(name, _)| *name == "band").filter_map(|(_, number)| number.parse().ok());
    bands.next().unwrap_or_default()
}
