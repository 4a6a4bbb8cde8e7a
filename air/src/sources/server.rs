//! The air's side of a transmitter's connection.

use super::key::{Cipher, Direction, Key, Nonces};
use super::wire::{GREETING_LEN, MAX_TO_AIR, Message, Reply, framed, greeting, len_of, nonce_of};
use crate::limits::Limits;
use crate::spectrum::{Receiver, Source, Spectrum, Transmission};
use socket2::{SockRef, TcpKeepalive};
use std::fs::Permissions;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::time::timeout;

/// For a transmitter to say who it is and what it transmits.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections that have not yet shown that they have the key: of one address, and in all.
const MAX_STRANGERS: usize = 64;
const MAX_STRANGERS_PER_ADDRESS: usize = 16;

/// A peer that is gone without a word is noticed after three of these.
const KEEPALIVE: Duration = Duration::from_secs(5);

/// Listens for transmitters. Must be polled for anything to happen.
pub struct Listener(Kind);

enum Kind {
    Unix(UnixListener),
    Tcp(TcpListener, Key),
}

/// Listens on a Unix socket that only the own user can open; replaces one that a process left which is gone.
///
/// # Errors
/// The socket cannot be made: a folder that is not there, or a path longer than the 107 bytes that a socket's may have.
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
/// The address cannot be listened at.
pub fn listen_tcp(listener: std::net::TcpListener, key: Key) -> io::Result<Listener> {
    listener.set_nonblocking(true)?;
    Ok(Listener(Kind::Tcp(TcpListener::from_std(listener)?, key)))
}

impl Listener {
    /// Takes transmitters in until the future is dropped; their connections are tasks of their own.
    pub async fn run(self, spectrum: Spectrum) {
        match self.0 {
            Kind::Unix(listener) => run_unix(listener, spectrum).await,
            Kind::Tcp(listener, key) => run_tcp(listener, key, spectrum).await,
        }
    }
}

async fn run_unix(listener: UnixListener, spectrum: Spectrum) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            pause().await;
            continue;
        };
        let spectrum = spectrum.clone();
        tokio::spawn(async move {
            let (reader, writer) = stream.into_split();
            let connection = Connection { reader, writer, incoming: Cipher::none(), outgoing: Cipher::none() };
            log("a transmitter", serve(connection, spectrum).await);
        });
    }
}

async fn run_tcp(listener: TcpListener, key: Key, spectrum: Spectrum) {
    let strangers = Limits::counting(MAX_STRANGERS, MAX_STRANGERS_PER_ADDRESS);
    loop {
        let Ok((stream, address)) = listener.accept().await else {
            pause().await;
            continue;
        };
        let Some(stranger) = strangers.admit(address.ip()) else { continue };
        let (key, spectrum) = (key.clone(), spectrum.clone());
        tokio::spawn(async move {
            let connection = timeout(BEGIN_TIMEOUT, greet(stream, &key)).await.unwrap_or_else(|_| Err(timed_out()));
            let begun = match connection {
                Ok(connection) => begin(connection).await,
                Err(error) => Err(error),
            };
            drop(stranger);
            let ended = match begun {
                Ok((connection, wish)) => carry_out(connection, wish, spectrum).await,
                Err(error) => Err(error),
            };
            log(&told(address), ended);
        });
    }
}

fn told(address: SocketAddr) -> String {
    format!("a transmitter at {address}")
}

fn log(who: &str, ended: io::Result<()>) {
    if let Err(error) = ended {
        tracing::warn!("{who}: {error}");
    }
}

/// An error of `accept` is one of this host, such as no more files; it goes on.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

struct Connection<R, W> {
    reader: R,
    writer: W,
    incoming: Cipher,
    outgoing: Cipher,
}

type TcpConnection = Connection<tokio::net::tcp::OwnedReadHalf, tokio::net::tcp::OwnedWriteHalf>;

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
    let incoming = Cipher::new(key, Direction::ToAir, &nonces)?;
    let outgoing = Cipher::new(key, Direction::FromAir, &nonces)?;
    Ok(Connection { reader, writer, incoming, outgoing })
}

async fn serve<R, W>(connection: Connection<R, W>, spectrum: Spectrum) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (connection, wish) = begin(connection).await?;
    carry_out(connection, wish, spectrum).await
}

/// What the other side wants to do.
enum Wish {
    Transmit(Transmission),
    Listen { centre_hz: f64, rate: u32 },
}

async fn begin<R, W>(mut connection: Connection<R, W>) -> io::Result<(Connection<R, W>, Wish)>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let message = timeout(BEGIN_TIMEOUT, connection.read()).await.map_err(|_| timed_out())??;
    match message {
        Some(Message::Begin(transmission)) => Ok((connection, Wish::Transmit(transmission))),
        Some(Message::Listen { centre_hz, rate }) => Ok((connection, Wish::Listen { centre_hz, rate })),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "it did not say what it transmits")),
    }
}

async fn carry_out<R, W>(connection: Connection<R, W>, wish: Wish, spectrum: Spectrum) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    match wish {
        Wish::Transmit(transmission) => transmit(connection, &transmission, spectrum).await,
        Wish::Listen { centre_hz, rate } => listen(connection, spectrum.receiver(centre_hz, rate.into())).await,
    }
}

/// Sends what a receiver hears, until the connection ends.
async fn listen<R, W>(mut connection: Connection<R, W>, mut receiver: Receiver) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let rate = receiver.rate() as u32;
    connection.write(&Reply::Accepted(rate)).await?;
    while let Some(block) = receiver.next().await {
        match connection.write(&Reply::Heard(block.first, block.samples.to_vec())).await {
            Err(error) if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => break,
            written => written?,
        }
    }
    Ok(())
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "it did not say in time what it transmits")
}

/// Carries out a transmission until it is over or the connection ends.
async fn transmit<R, W>(
    mut connection: Connection<R, W>,
    transmission: &Transmission,
    spectrum: Spectrum,
) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let source = match spectrum.transmit(transmission.clone()) {
        Ok(source) => source,
        Err(error) => return connection.write(&Reply::Refused(error.to_string())).await,
    };
    // A source does not keep the air.
    drop(spectrum);
    let capacity = source.capacity();
    connection.write(&Reply::Accepted(u32::try_from(capacity).unwrap_or(u32::MAX))).await?;
    let Connection { reader, writer, incoming, outgoing } = connection;
    let (mut reading, mut writing) = (Reading { reader, incoming }, Writing { writer, outgoing });
    let ended = tokio::select! {
        taken = take(&mut reading, &source) => taken,
        granted = grant(&mut writing, &source, capacity as u64) => granted,
    };
    // Before the connection closes, which tells the transmitter that its carrier is off.
    drop(source);
    ended
}

/// Moves samples to the source; ends with the connection.
async fn take<R: AsyncRead + Unpin>(reading: &mut Reading<R>, source: &Source) -> io::Result<()> {
    let overrun = |_| io::Error::new(io::ErrorKind::InvalidData, "it sent more than there was room for");
    loop {
        match reading.read().await? {
            None => return Ok(()),
            Some(Message::Samples(samples)) => source.send(samples).map_err(overrun)?,
            Some(Message::Skip(samples)) => source.skip(samples as usize).map_err(overrun)?,
            Some(Message::Finish) => source.finish(),
            Some(Message::Begin(_) | Message::Listen { .. }) => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it began twice"));
            }
        }
    }
}

/// Grants room as the air's clock makes it; ends when all has been on air.
async fn grant<W: AsyncWrite + Unpin>(writing: &mut Writing<W>, source: &Source, capacity: u64) -> io::Result<()> {
    let (mut granted, mut told) = (capacity, true);
    loop {
        let progress = source.mixed().await;
        if progress.over {
            return writing.write(&Reply::Ended).await;
        }
        let more = capacity + progress.mixed - granted;
        if more > 0 || told != progress.heard {
            let samples = u32::try_from(more).unwrap_or(u32::MAX);
            writing.write(&Reply::Credit { samples, heard: progress.heard }).await?;
            granted += u64::from(samples);
            told = progress.heard;
        }
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    async fn read(&mut self) -> io::Result<Option<Message>> {
        read(&mut self.reader, &mut self.incoming).await
    }

    async fn write(&mut self, reply: &Reply) -> io::Result<()> {
        write(&mut self.writer, &mut self.outgoing, reply).await
    }
}

struct Reading<R> {
    reader: R,
    incoming: Cipher,
}

impl<R: AsyncRead + Unpin> Reading<R> {
    async fn read(&mut self) -> io::Result<Option<Message>> {
        read(&mut self.reader, &mut self.incoming).await
    }
}

struct Writing<W> {
    writer: W,
    outgoing: Cipher,
}

impl<W: AsyncWrite + Unpin> Writing<W> {
    async fn write(&mut self, reply: &Reply) -> io::Result<()> {
        write(&mut self.writer, &mut self.outgoing, reply).await
    }
}

/// Reads a message; `None` at the end of the connection.
async fn read(reader: &mut (impl AsyncRead + Unpin), cipher: &mut Cipher) -> io::Result<Option<Message>> {
    let mut header = [0; 4];
    match reader.read_exact(&mut header).await {
        Err(error) if is_end(&error) => return Ok(None),
        read => read?,
    };
    let mut message = vec![0; len_of(header, MAX_TO_AIR)?];
    match reader.read_exact(&mut message).await {
        Err(error) if is_end(&error) => return Ok(None),
        read => read?,
    };
    Message::read(&cipher.open(message)?).map(Some)
}

/// A process that was killed resets its connections.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
}

async fn write(writer: &mut (impl AsyncWrite + Unpin), cipher: &mut Cipher, reply: &Reply) -> io::Result<()> {
    writer.write_all(&framed(&cipher.seal(reply.write())?)?).await
}
