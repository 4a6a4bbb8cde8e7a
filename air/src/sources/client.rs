//! A connection to an air, of a process that has nothing else to do and so may block.

use super::key::{Cipher, Direction, Key, Nonces};
use super::stream::Stream;
use super::wire::{GREETING_LEN, MAX_FROM_AIR, Reply, framed, greeting, len_of, nonce_of};
use std::fmt;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The longest silence of an air: it sends a message at least once a second.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(2);

/// The shortest time to wait for a message: sockets have no timeout of 0.
const MIN_WAIT: Duration = Duration::from_millis(1);

/// Bytes of the length in front of each message.
const HEADER_LEN: usize = 4;

/// The place of an air.
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
pub(super) struct Connection {
    stream: Stream,
    incoming: Cipher,
    outgoing: Cipher,
    has_key: bool,
    /// The message that is being read, with its header, and how much of it has arrived.
    message: Vec<u8>,
    arrived: usize,
    /// When the air last sent a message.
    heard_from: Instant,
}

impl Connection {
    pub(super) fn open(address: &Address) -> io::Result<Self> {
        let (mut stream, key) = match address {
            Address::Socket(path) => (Stream::unix(path)?, None),
            Address::Server(server, key) => (Stream::tcp(server)?, Some(key)),
        };
        stream.set_timeouts(SILENCE_TIMEOUT)?;
        let (incoming, outgoing) = match key {
            None => (Cipher::none(), Cipher::none()),
            Some(key) => greet(&mut stream, key)?,
        };
        let (has_key, heard_from) = (key.is_some(), Instant::now());
        Ok(Self { stream, incoming, outgoing, has_key, message: vec![0; HEADER_LEN], arrived: 0, heard_from })
    }

    /// Sends the first message; returns the number that the air answers with.
    ///
    /// # Errors
    /// The air refuses it, with its reason.
    pub(super) fn begin(&mut self, message: Vec<u8>) -> io::Result<u32> {
        self.write(message)?;
        match self.read().map_err(|error| explain(error, self.has_key))? {
            Reply::Accepted(number) => Ok(number),
            Reply::Refused(why) => Err(io::Error::other(why)),
            Reply::Credit { .. } | Reply::Ended | Reply::Heard(..) => Err(unexpected()),
        }
    }

    /// Waits for the next message.
    pub(super) fn read(&mut self) -> io::Result<Reply> {
        loop {
            if let Some(reply) = self.read_until(Instant::now() + SILENCE_TIMEOUT)? {
                return Ok(reply);
            }
        }
    }

    /// Returns the next message if it has arrived by then. What has arrived of it otherwise is kept.
    ///
    /// # Errors
    /// The connection has ended, or the air has sent nothing for too long.
    pub(super) fn read_until(&mut self, until: Instant) -> io::Result<Option<Reply>> {
        loop {
            if self.arrived == self.message.len() {
                if let Some(reply) = self.take_arrived()? {
                    return Ok(Some(reply));
                }
                continue;
            }
            let silent_at = self.heard_from + SILENCE_TIMEOUT;
            // At least once, also after the process was stopped for a while: the message may wait in the kernel.
            let left = until.min(silent_at).saturating_duration_since(Instant::now());
            self.stream.set_read_timeout(left.max(MIN_WAIT))?;
            match self.stream.read(self.message.get_mut(self.arrived..).unwrap_or_default()) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => self.arrived += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => {
                    let now = Instant::now();
                    if now >= silent_at {
                        return Err(stands_still("it has sent nothing for 2 s"));
                    }
                    if now >= until {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes what has arrived: a whole message, or its header, after which the rest is to be read.
    fn take_arrived(&mut self) -> io::Result<Option<Reply>> {
        let (header, content) = self.message.split_first_chunk::<HEADER_LEN>().ok_or_else(unexpected)?;
        let len = len_of(*header, MAX_FROM_AIR)?;
        if content.len() < len {
            self.message.resize(HEADER_LEN + len, 0);
            return Ok(None);
        }
        let reply = Reply::read(&self.incoming.open(content.to_vec())?)?;
        self.message.truncate(HEADER_LEN);
        self.arrived = 0;
        self.heard_from = Instant::now();
        Ok(Some(reply))
    }

    pub(super) fn write(&mut self, message: Vec<u8>) -> io::Result<()> {
        let message = framed(&self.outgoing.seal(message)?)?;
        self.stream.write_all(&message).map_err(|error| match is_timeout(&error) {
            true => stands_still("it has taken nothing for 2 s"),
            false => error,
        })
    }

    /// Closes this side; returns when the air has closed its own, after everything that it still had to send.
    pub(super) fn close(&mut self) -> io::Result<()> {
        self.stream.set_read_timeout(SILENCE_TIMEOUT)?;
        self.stream.shut_down()?;
        match io::copy(&mut self.stream, &mut io::sink()) {
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => Err(error),
            _ => Ok(()),
        }
    }
}

/// Makes the error for a message that does not belong here.
pub(super) fn unexpected() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it sent a message that does not belong here")
}

fn stands_still(how: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("it stands still: {how}"))
}

/// Returns whether a socket's timeout has passed, which Linux reports as an operation that would block.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
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

/// Names the likely cause: an air closes connections with another key without a word.
fn explain(error: io::Error, has_key: bool) -> io::Error {
    let closed = matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset);
    if closed && has_key {
        return io::Error::new(error.kind(), "it closed the connection: its key is another one than that in key_file");
    }
    error
}
