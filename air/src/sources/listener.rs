//! Takes connections of transmitters in.

use super::frames::{Incoming, Outgoing};
use super::key::{Cipher, Direction, Key, Nonces};
use super::service::{Connection, Purpose};
use super::wire::{GREETING_LEN, greeting, nonce_of};
use crate::limits::Limits;
use crate::spectrum::Spectrum;
use parking_lot::Mutex;
use socket2::{SockRef, TcpKeepalive};
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::time::timeout;

/// Time for a transmitter to greet and to announce its transmission.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections that have not yet shown that they have the key: in all, and from one address.
const MAX_STRANGERS: usize = 64;
const MAX_STRANGERS_PER_ADDRESS: usize = 16;

/// A host that is gone without a word is noticed after three of these.
const KEEPALIVE: Duration = Duration::from_secs(5);

/// Between two lines in the log about connections that failed: any host of the network can make them fail.
const LOG_INTERVAL: Duration = Duration::from_secs(1);

/// Pause after an error of `accept`, which is one of this host, such as no more files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Listens for transmitters. Must be polled for anything to happen.
pub struct Listener(Kind);

enum Kind {
    Unix(UnixListener),
    Tcp(TcpListener, Key),
}

/// Listens on a Unix socket that only its own user can open; replaces one that an earlier process has left.
///
/// # Errors
/// The socket cannot be made: its folder does not exist, or its path is longer than the 107 bytes of `unix(7)`.
pub fn listen_unix(path: &Path) -> io::Result<Listener> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(named(error)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(named)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(named)?;
    Ok(Listener(Kind::Unix(listener)))
}

/// Listens for transmitters that have this key.
///
/// # Errors
/// The listener cannot be used by this runtime.
pub fn listen_tcp(listener: std::net::TcpListener, key: Key) -> io::Result<Listener> {
    listener.set_nonblocking(true)?;
    Ok(Listener(Kind::Tcp(TcpListener::from_std(listener)?, key)))
}

impl Listener {
    /// Takes transmitters in until the future is dropped. Each connection is a task of its own.
    pub async fn run(self, spectrum: Spectrum) {
        match self.0 {
            Kind::Unix(listener) => run_unix(listener, spectrum).await,
            Kind::Tcp(listener, key) => run_tcp(listener, key, spectrum).await,
        }
    }
}

async fn run_unix(listener: UnixListener, spectrum: Spectrum) {
    let log = Log::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (spectrum, log) = (spectrum.clone(), Arc::clone(&log));
        tokio::spawn(async move {
            let (reader, writer) = stream.into_split();
            let incoming = Incoming { reader, cipher: Cipher::none() };
            let outgoing = Outgoing { writer, cipher: Cipher::none() };
            let mut connection = Connection { incoming, outgoing };
            let served = match in_time(connection.purpose()).await {
                Ok(purpose) => connection.serve(purpose, spectrum).await,
                Err(error) => Err(error),
            };
            log.failed("a transmitter of this host", served);
        });
    }
}

async fn run_tcp(listener: TcpListener, key: Key, spectrum: Spectrum) {
    let log = Log::new();
    let strangers = Limits::counting(MAX_STRANGERS, MAX_STRANGERS_PER_ADDRESS);
    loop {
        let Ok((stream, address)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Some(stranger) = strangers.admit(address.ip()) else { continue };
        let (key, spectrum, log) = (key.clone(), spectrum.clone(), Arc::clone(&log));
        tokio::spawn(async move {
            let begun = in_time(begin(stream, &key)).await;
            drop(stranger);
            let served = match begun {
                Ok((connection, purpose)) => connection.serve(purpose, spectrum).await,
                Err(error) => Err(error),
            };
            log.failed(&format!("a transmitter at {address}"), served);
        });
    }
}

async fn in_time<T>(beginning: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late = || io::Error::new(io::ErrorKind::TimedOut, "it has not announced a transmission within 5 s");
    timeout(BEGIN_TIMEOUT, beginning).await.map_err(|_| late())?
}

type TcpConnection = Connection<OwnedReadHalf, OwnedWriteHalf>;

async fn begin(stream: TcpStream, key: &Key) -> io::Result<(TcpConnection, Purpose)> {
    let mut connection = greet(stream, key).await?;
    let purpose = connection.purpose().await?;
    Ok((connection, purpose))
}

async fn greet(stream: TcpStream, key: &Key) -> io::Result<TcpConnection> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE).with_retries(2);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    let (mut reader, mut writer) = stream.into_split();
    let air = rand::random();
    writer.write_all(&greeting(&air)).await?;
    let mut theirs = [0; GREETING_LEN];
    reader.read_exact(&mut theirs).await?;
    let nonces = Nonces { air, transmitter: nonce_of(&theirs)? };
    let incoming = Incoming { reader, cipher: Cipher::new(key, Direction::ToAir, &nonces)? };
    let outgoing = Outgoing { writer, cipher: Cipher::new(key, Direction::FromAir, &nonces)? };
    Ok(Connection { incoming, outgoing })
}

/// Logs connections that failed, at most one in each [`LOG_INTERVAL`].
struct Log {
    last: Mutex<Option<Instant>>,
}

impl Log {
    fn new() -> Arc<Self> {
        Arc::new(Self { last: Mutex::new(None) })
    }

    fn failed(&self, peer: &str, served: io::Result<()>) {
        let Err(error) = served else { return };
        let mut last = self.last.lock();
        if last.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) {
            *last = Some(Instant::now());
            drop(last);
            tracing::warn!("the air: {peer}: {error}");
        }
    }
}
