//! The local console: the API over a Unix socket that only the service's user can open, for operators on the host.

use actix_server::Server;
use actix_service::{IntoServiceFactory, ServiceFactory};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Response, Service};
use actix_web::{Error, HttpServer};
use std::fmt::Debug;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// Marks a connection over the socket, for the handlers.
#[derive(Debug, Clone, Copy)]
pub struct Console;

/// Returns the path of the socket.
#[must_use]
pub fn socket(data_dir: &Path) -> PathBuf {
    data_dir.join("console.sock")
}

/// Listens on the socket in the data directory; its path has at most 107 bytes (unix(7)). Since this server holds the
/// lock, an existing socket is left from a server that was killed.
pub fn listen(data_dir: &Path) -> io::Result<UnixListener> {
    let (path, new) = (socket(data_dir), data_dir.join("console.temp"));
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&new)?;
    // Renamed to its final name only after its mode is set.
    fs::set_permissions(&new, Permissions::from_mode(0o600))?;
    fs::rename(&new, &path)?;
    Ok(listener)
}

/// Serves the application on the socket, with a thread of its own, since the others may be busy.
pub fn serve<F, I, S, B>(listener: UnixListener, application: F) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, actix_http::Request>,
    S: ServiceFactory<actix_http::Request, Config = AppConfig> + 'static,
    S::Error: Into<Error>,
    S::InitError: Debug,
    S::Response: Into<Response<B>>,
    <S::Service as Service<actix_http::Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let server = HttpServer::new(application)
        .on_connect(|_, data| {
            data.insert(Console);
        })
        .workers(1)
        .shutdown_timeout(1)
        .disable_signals();
    Ok(server.listen_uds(listener)?.run())
}
