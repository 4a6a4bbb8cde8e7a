//! The local console: the API over a socket that only the service's user can open, for whoever can log in on the host
//! and nowhere else.

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

/// The mark of a connection over the socket, by which handlers know it.
#[derive(Debug, Clone, Copy)]
pub struct Console;

/// Where the socket is.
#[must_use]
pub fn socket(data_dir: &Path) -> PathBuf {
    data_dir.join("console.sock")
}

/// Listens in the data directory, where the path of the socket may have 107 bytes (unix(7)). The server's lock is held, so a socket that is there is one of a server that was
/// killed.
pub fn listen(data_dir: &Path) -> io::Result<UnixListener> {
    let (path, new) = (socket(data_dir), data_dir.join("console.temp"));
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&new)?;
    // Nobody connects under its final name before it is readable only by its owner.
    fs::set_permissions(&new, Permissions::from_mode(0o600))?;
    fs::rename(&new, &path)?;
    Ok(listener)
}

/// Serves the application to the console, on a thread of its own: the others may be busy.
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
