//! The part of ZMTP 3.0 that a publisher needs (<https://rfc.zeromq.org/spec/23/>).

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Flags of a frame.
const MORE: u8 = 1;
const LONG: u8 = 2;
const COMMAND: u8 = 4;

/// The longest frame of a subscriber, in bytes: it sends nothing but its handshake and subscriptions.
const MAX_FRAME: u64 = 512;

/// The most frames of a handshake.
const MAX_HANDSHAKE: usize = 4;

/// Returns the greeting: the signature, version 3.0 and the mechanism.
fn greeting() -> [u8; 64] {
    let mut greeting = [0; 64];
    let parts: [(usize, &[u8]); 3] = [(0, &[0xff]), (9, &[0x7f, 3, 0]), (12, b"NULL")];
    for (at, part) in parts {
        if let Some(place) = greeting.get_mut(at..at + part.len()) {
            place.copy_from_slice(part);
        }
    }
    greeting
}

/// Carries out the handshake with a peer.
///
/// # Errors
/// It does not speak ZMTP 3 with the mechanism NULL, or is gone.
pub(super) async fn shake_hands<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    stream.write_all(&greeting()).await?;
    let mut theirs = [0; 64];
    stream.read_exact(&mut theirs).await?;
    let is_zmtp_3 = theirs.first() == Some(&0xff) && theirs.get(9..11).is_some_and(|part| part >= &[0x7f, 3][..]);
    if !is_zmtp_3 || theirs.get(12..32).is_none_or(|mechanism| !mechanism.starts_with(b"NULL\0")) {
        return Err(invalid("it does not speak ZMTP 3 without security"));
    }
    stream.write_all(&ready()).await?;
    for _ in 0..MAX_HANDSHAKE {
        let frame = read(stream).await?;
        if frame.is_command && frame.body.starts_with(b"\x05READY") {
            return Ok(());
        }
    }
    Err(invalid("it does not say that it is ready"))
}

fn ready() -> Vec<u8> {
    let body = b"\x05READY\x0bSocket-Type\0\0\0\x03PUB";
    [&[COMMAND, body.len() as u8][..], body].concat()
}

/// A frame of a peer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    is_command: bool,
    body: Vec<u8>,
}

/// The meaning of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// A subscription to the empty prefix: to all messages.
    Subscribe,
    /// The end of such a subscription.
    Cancel,
    /// Anything else, such as a subscription to a prefix that messages here never have.
    Other,
}

impl Frame {
    /// Returns the meaning. Subscriptions are messages in version 3.0, and commands in 3.1.
    pub(super) fn request(&self) -> Request {
        match (self.is_command, self.body.as_slice()) {
            (false, [1]) | (true, b"\x09SUBSCRIBE") => Request::Subscribe,
            (false, [0]) | (true, b"\x06CANCEL") => Request::Cancel,
            _ => Request::Other,
        }
    }
}

/// Reads a frame.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Frame> {
    let flags = stream.read_u8().await?;
    let len = if flags & LONG == 0 { stream.read_u8().await?.into() } else { stream.read_u64().await? };
    if len > MAX_FRAME || flags & !(MORE | LONG | COMMAND) != 0 {
        return Err(invalid("a frame that no subscriber sends"));
    }
    let mut body = vec![0; len as usize];
    stream.read_exact(&mut body).await?;
    Ok(Frame { is_command: flags & COMMAND != 0, body })
}

/// Returns the frame of a message.
pub(super) fn message(content: impl ExactSizeIterator<Item = [u8; 8]>) -> Vec<u8> {
    let len = 8 * content.len() as u64;
    let mut bytes = Vec::with_capacity(9 + 8 * content.len());
    bytes.push(LONG);
    bytes.extend_from_slice(&len.to_be_bytes());
    content.for_each(|sample| bytes.extend_from_slice(&sample));
    bytes
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}
