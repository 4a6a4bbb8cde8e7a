//! The listening socket, and the HTTP server on it.

use crate::refusal::Connection;
use actix_http::{HttpService, Protocol, Request, Response};
use actix_server::Server;
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_tls::accept::rustls_0_23::{Acceptor, TlsStream};
use actix_tls::accept::{TlsError, max_concurrent_tls_connect};
use actix_web::body::MessageBody;
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use rustls::ServerConfig;
use socket2::{Domain, Socket, Type};
use std::convert::Infallible;
use std::fmt::Debug;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread::available_parallelism;
use std::time::Duration;

/// Connections that may wait to be accepted: all runners return at once after a restart.
const BACKLOG: i32 = 1024;
/// A client that reads nothing for this long is disconnected, so that it cannot hold connections and memory. Longer
/// than a radio link needs to recover, shorter than a lease.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// How long idle connections are kept: runners poll every few seconds and reuse them.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Time limit of the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Time limit of pending requests at the end. Long polls return at once; interrupted downloads are resumed.
const SECONDS_TO_FINISH: u64 = 5;
const MAX_WORKERS: usize = 4;
/// Concurrent TLS handshakes of a worker: clients that connect and send nothing must not lock out others.
const MAX_HANDSHAKES: usize = 8192;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves an application like `actix_web::HttpServer`, but over connections that explain the library's own refusals
/// ([`crate::refusal`]), which `HttpServer` does not support.
pub fn serve<F, I, S, B>(listener: TcpListener, tls: Option<ServerConfig>, application: F) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Error = actix_web::Error> + 'static,
    S::InitError: Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let address = listener.local_addr()?;
    let builder = Server::build()
        .workers(available_parallelism().map_or(1, |cores| cores.get().min(MAX_WORKERS)))
        .shutdown_timeout(SECONDS_TO_FINISH)
        .disable_signals();
    let ending = builder.graceful_shutdown_signal();
    macro_rules! http {
        () => {{
            let ending = ending.clone();
            let application = application().into_factory().map_err(|error| error.error_response());
            HttpService::build()
                .graceful_shutdown_signal(move || {
                    let ending = ending.clone();
                    async move { ending.notified().await }
                })
                .keep_alive(KEEP_ALIVE)
                .client_request_timeout(HEAD_TIMEOUT)
                .client_disconnect_timeout(DISCONNECT_TIMEOUT)
                // A runner that disconnects during a poll must not be assigned work that it never learns of.
                .h1_allow_half_closed(false)
                .local_addr(address)
                .finish(map_config(application, |()| AppConfig::default()))
        }};
    }
    let Some(mut tls) = tls else {
        let plain = move || {
            fn_service(|stream: TcpStream| async move {
                let peer = stream.peer_addr().ok();
                Ok((Connection::new(stream), Protocol::Http1, peer))
            })
            .and_then(http!())
        };
        return Ok(builder.listen("http", listener, plain)?.run());
    };
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    max_concurrent_tls_connect(MAX_HANDSHAKES);
    let secure = move || {
        let mut acceptor = Acceptor::new(tls.clone());
        acceptor.set_handshake_timeout(HANDSHAKE_TIMEOUT);
        acceptor
            .map_init_err(|_| ())
            .map_err(TlsError::<_, Infallible>::into_service_error)
            .and_then(|stream: TlsStream<TcpStream>| async move {
                let (tcp, session) = stream.get_ref();
                let is_2 = session.alpn_protocol() == Some(b"h2");
                let (protocol, peer) = (if is_2 { Protocol::Http2 } else { Protocol::Http1 }, tcp.peer_addr().ok());
                Ok((Connection::new(stream), protocol, peer))
            })
            .and_then(http!().map_err(TlsError::Service))
    };
    Ok(builder.listen("https", listener, secure)?.run())
}

/// Listens. Connections inherit `TCP_USER_TIMEOUT` (RFC 5482, tcp(7)), which also runs while the client's window is
/// closed.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(socket2::Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_tcp_user_timeout(Some(WRITE_TIMEOUT))?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use socket2::SockRef;
    use std::net::TcpStream;

    #[test]
    fn connections_have_the_write_timeout_of_their_listener() {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (connection, _) = listener.accept().unwrap();
        assert_eq!(SockRef::from(&connection).tcp_user_timeout().unwrap(), Some(WRITE_TIMEOUT));
    }
}
