//! A transmitter's side of its connection: for a process that has nothing else to do, and so blocks.

use super::key::{Cipher, Direction, Key, Nonces};
use super::wire::{GREETING_LEN, MAX_FROM_AIR, MAX_SAMPLES, Message, Reply, framed, greeting, len_of, nonce_of};
use crate::Block;
use crate::spectrum::Transmission;
use challengectl_dsp::Complex32;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// An air that sends nothing for so long stands still: it makes room fifty times a second.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(2);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where an air is.
#[derive(Debug, Clone)]
pub enum Address {
    /// On this host.
    Socket(PathBuf),
    /// On another one, `HOST:PORT`, with the key of its transmitters.
    Server(String, Key),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "{}", path.display()),
            Self::Server(server, _) => f.write_str(server),
        }
    }
}

/// A connection, greeted.
struct Connection {
    stream: Stream,
    incoming: Cipher,
    outgoing: Cipher,
    has_key: bool,
}

impl Connection {
    fn open(address: &Address) -> io::Result<Self> {
        let (mut stream, key) = match address {
            Address::Socket(path) => (Stream::Unix(UnixStream::connect(path)?), None),
            Address::Server(server, key) => (Stream::Tcp(connect(server)?), Some(key)),
        };
        stream.set_timeouts()?;
        let (incoming, outgoing) = match key {
            None => (Cipher::none(), Cipher::none()),
            Some(key) => greet(&mut stream, key)?,
        };
        Ok(Self { stream, incoming, outgoing, has_key: key.is_some() })
    }

    /// Says what it wants; returns the number that the air answers with.
    fn begin(&mut self, message: Vec<u8>) -> io::Result<u32> {
        self.write(message)?;
        match self.read().map_err(|error| explain(error, self.has_key))? {
            Reply::Accepted(number) => Ok(number),
            Reply::Refused(why) => Err(io::Error::other(why)),
            Reply::Credit { .. } | Reply::Ended | Reply::Heard(..) => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    fn read(&mut self) -> io::Result<Reply> {
        let mut header = [0; 4];
        self.stream.read_exact(&mut header)?;
        let mut message = vec![0; len_of(header, MAX_FROM_AIR)?];
        self.stream.read_exact(&mut message)?;
        Reply::read(&self.incoming.open(message)?)
    }

    fn write(&mut self, message: Vec<u8>) -> io::Result<()> {
        let message = framed(&self.outgoing.seal(message)?)?;
        self.stream.write_all(&message)
    }
}

/// A receiver in another process than the air.
pub struct RemoteReceiver {
    connection: Connection,
    rate: u32,
}

impl RemoteReceiver {
    /// Opens a receiver; see [`Spectrum::receiver`](crate::Spectrum::receiver).
    ///
    /// # Errors
    /// The air is not there, or does not have the same key.
    pub fn connect(address: &Address, centre_hz: f64, rate: u32) -> io::Result<Self> {
        let mut connection = Connection::open(address)?;
        let rate = connection.begin(Message::listen(centre_hz, rate))?;
        Ok(Self { connection, rate })
    }

    /// Samples per second that it has.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Waits for the next block.
    ///
    /// # Errors
    /// The air is gone, or stands still.
    pub fn next_block(&mut self) -> io::Result<Block> {
        match self.connection.read()? {
            Reply::Heard(first, samples) => Ok(Block { first, samples: samples.into() }),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// A transmission into an air. Dropping it cuts the carrier.
pub struct Transmitter {
    connection: Connection,
    /// Samples that there is room for.
    room: usize,
    heard: bool,
}

impl Transmitter {
    /// Connects and says what will be on air. Nothing is yet.
    ///
    /// # Errors
    /// The air is not there, refuses the transmission, or does not have the same key.
    pub fn connect(address: &Address, transmission: &Transmission) -> io::Result<Self> {
        let mut connection = Connection::open(address)?;
        let room = connection.begin(Message::begin(transmission))? as usize;
        Ok(Self { connection, room, heard: true })
    }

    /// Sends samples; returns when all of them are with the air, of which at most
    /// [`MAX_QUEUE_MS`](crate::spectrum::MAX_QUEUE_MS) wait to be on air.
    ///
    /// # Errors
    /// The air is gone, or stands still. What waits there is not sent.
    pub fn send(&mut self, mut samples: &[Complex32]) -> io::Result<()> {
        while !samples.is_empty() {
            while self.room == 0 {
                self.hear()?;
            }
            let (now, later) = samples.split_at(samples.len().min(self.room).min(MAX_SAMPLES));
            let message = if self.heard { Message::samples(now) } else { Message::skip(now.len() as u32) };
            self.connection.write(message)?;
            self.room -= now.len();
            samples = later;
        }
        Ok(())
    }

    /// Waits until everything that was sent has been on air, and ends the transmission.
    ///
    /// # Errors
    /// The air is gone, or stands still: the end was not on air.
    pub fn finish(mut self) -> io::Result<()> {
        self.connection.write(Message::finish())?;
        while !self.hear()? {}
        Ok(())
    }

    /// Ends the transmission at once; returns when the air has taken it off.
    ///
    /// # Errors
    /// The air did not say so.
    pub fn cut(mut self) -> io::Result<()> {
        self.connection.stream.shut_down()?;
        // What the air had still to say, and then its end of the connection.
        match io::copy(&mut self.connection.stream, &mut io::sink()) {
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => Err(error),
            _ => Ok(()),
        }
    }

    /// Hears the air; returns whether all has been on air.
    fn hear(&mut self) -> io::Result<bool> {
        match self.connection.read()? {
            Reply::Credit { samples, heard } => {
                self.room += samples as usize;
                self.heard = heard;
                Ok(false)
            }
            Reply::Ended => Ok(true),
            Reply::Accepted(_) | Reply::Refused(_) | Reply::Heard(..) => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

fn connect(server: &str) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::InvalidInput, "it has no address");
    for address in server.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn greet(stream: &mut Stream, key: &Key) -> io::Result<(Cipher, Cipher)> {
    let transmitter = rand::random();
    stream.write_all(&greeting(&transmitter))?;
    let mut theirs = [0; GREETING_LEN];
    stream.read_exact(&mut theirs)?;
    let nonces = Nonces { air: nonce_of(&theirs)?, transmitter };
    let incoming = Cipher::new(key, Direction::FromAir, &nonces)?;
    Ok((incoming, Cipher::new(key, Direction::ToAir, &nonces)?))
}

/// An air that does not know the key closes the connection without a word.
fn explain(error: io::Error, has_key: bool) -> io::Error {
    let closed = matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset);
    if closed && has_key {
        return io::Error::new(error.kind(), "it closed the connection: its key is another one than that in key_file");
    }
    error
}

enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    fn set_timeouts(&self) -> io::Result<()> {
        let timeout = Some(SILENCE_TIMEOUT);
        match self {
            Self::Unix(stream) => stream.set_read_timeout(timeout).and_then(|()| stream.set_write_timeout(timeout)),
            Self::Tcp(stream) => stream.set_read_timeout(timeout).and_then(|()| stream.set_write_timeout(timeout)),
        }
    }

    fn shut_down(&self) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.read(bytes),
            Self::Tcp(stream) => stream.read(bytes),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.write(bytes),
            Self::Tcp(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
