//! Messages over an asynchronous connection: the air's side.

use super::key::Cipher;
use super::wire::{MAX_TO_AIR, Message, Reply, framed, len_of};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The messages of a transmitter.
pub(super) struct Incoming<R> {
    pub(super) reader: R,
    pub(super) cipher: Cipher,
}

impl<R: AsyncRead + Unpin> Incoming<R> {
    /// Reads a message; `None` at the end of the connection.
    pub(super) async fn read(&mut self) -> io::Result<Option<Message>> {
        let mut header = [0; 4];
        match self.reader.read_exact(&mut header).await {
            Err(error) if is_end(&error) => return Ok(None),
            read => read?,
        };
        let mut message = vec![0; len_of(header, MAX_TO_AIR)?];
        match self.reader.read_exact(&mut message).await {
            Err(error) if is_end(&error) => return Ok(None),
            read => read?,
        };
        Message::read(&self.cipher.open(message)?).map(Some)
    }
}

/// The replies to a transmitter.
pub(super) struct Outgoing<W> {
    pub(super) writer: W,
    pub(super) cipher: Cipher,
}

impl<W: AsyncWrite + Unpin> Outgoing<W> {
    pub(super) async fn write(&mut self, reply: &Reply) -> io::Result<()> {
        self.writer.write_all(&framed(&self.cipher.seal(reply.write())?)?).await
    }
}

/// Returns whether the other side has ended the connection. A process that was killed resets it.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
}
