//! Refusals before any handler: the library answers malformed requests, and those with too long a head, with a bare
//! status. A connection adds the reason to these answers, in the form of all other errors.

use actix_web::web::Bytes;
use challengectl_common::wire::ErrorBody;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// Longer than any of these answers, which have few headers.
const MAX_HEAD: usize = 256;
/// The bytes that are read and dropped after a refusal, and the time limit for them.
const MAX_DRAINED: u64 = 1024 * 1024;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection that adds the reason to bare refusals.
#[derive(Debug)]
pub struct Connection<S: Stream> {
    /// `None` while it is dropped.
    stream: Option<S>,
    /// The rest, still to be written, of the answer that replaces a bare refusal.
    left: Bytes,
    /// Whether there was a refusal.
    refused: bool,
}

/// An accepted connection.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

impl<S: Stream> Connection<S> {
    pub fn new(stream: S) -> Self {
        Self { stream: Some(stream), left: Bytes::new(), refused: false }
    }

    fn stream(&mut self) -> io::Result<Pin<&mut S>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    fn write_left(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.left.is_empty() {
            let left = self.left.clone();
            let written = ready!(self.stream()?.poll_write(context, &left))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.left = left.slice(written.min(left.len())..);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: Stream> AsyncRead for Connection<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(context, into)
    }
}

impl<S: Stream> AsyncWrite for Connection<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, sent: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.write_left(context))?;
        let Some(answer) = explained(sent) else { return self.stream()?.poll_write(context, sent) };
        (self.left, self.refused) = (answer, true);
        // The rest is written when the connection is flushed, as with any buffer.
        let _ = self.write_left(context)?;
        Poll::Ready(Ok(sent.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.write_left(context))?;
        self.stream()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.write_left(context))?;
        self.stream()?.poll_shutdown(context)
    }
}

/// Drains the connection after a refusal: closing it while more of the request arrives would reset it, and the answer
/// would be lost.
impl<S: Stream> Drop for Connection<S> {
    fn drop(&mut self) {
        if let (true, Some(stream), Ok(runtime)) = (self.refused, self.stream.take(), Handle::try_current()) {
            let left = std::mem::take(&mut self.left);
            runtime.spawn(timeout(DRAIN_TIMEOUT, let_go(stream, left)));
        }
    }
}

/// Sends the rest of the answer, and reads until the client closes its side.
async fn let_go(mut stream: impl Stream, left: Bytes) -> io::Result<u64> {
    stream.write_all(&left).await?;
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(MAX_DRAINED), &mut tokio::io::sink()).await
}

/// Adds the body to a bare refusal, alone or after complete answers; `None` for anything else. Only whole answers are
/// examined, since the content of a file may look like a refusal too.
fn explained(sent: &[u8]) -> Option<Bytes> {
    if !sent.ends_with(b"\r\n\r\n") {
        return None;
    }
    let (before, head) = last_answer(sent)?;
    let (error, details) = reason(head.get(9..12)?)?;
    if head.len() > MAX_HEAD || !head.contains("\r\ncontent-length: 0\r\n") {
        return None;
    }
    let body = ErrorBody { error: error.to_owned(), details: Some(details.to_owned()) };
    let body = serde_json::to_string(&body).ok()?;
    let length = format!("\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len());
    let head = head.replacen("\r\ncontent-length: 0\r\n", &length, 1);
    Some([before, head.as_bytes(), body.as_bytes()].concat().into())
}

/// Splits complete answers into the head of the last and everything before it.
fn last_answer(sent: &[u8]) -> Option<(&[u8], &str)> {
    let mut start = 0;
    loop {
        let rest = sent.get(start..).filter(|rest| rest.starts_with(b"HTTP/1.1 "))?;
        let end = rest.windows(4).position(|part| part == b"\r\n\r\n")? + 4;
        let head = std::str::from_utf8(rest.get(..end)?).ok()?;
        let (_, length) = head.split_once("\r\ncontent-length: ")?;
        let next = end.checked_add(length.split("\r\n").next()?.parse().ok()?)?;
        if next == rest.len() {
            return Some((sent.get(..start)?, head));
        }
        start += next;
    }
}

fn reason(status: &str) -> Option<(&'static str, &'static str)> {
    match status {
        "400" => {
            Some(("invalid request", "this is not a valid HTTP/1.1 request: its first line or a header is malformed"))
        }
        "408" => Some(("request timeout", "the head of the request did not arrive in time")),
        "431" => Some((
            "request header fields too large",
            "a request has at most 96 headers, and 128 KiB of first line and headers; send less, such as fewer cookies",
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn passed(sent: &[u8]) -> String {
        let (ours, mut theirs) = tokio::io::duplex(16);
        let (mut connection, sent) = (Connection::new(ours), sent.to_vec());
        let write = async move {
            connection.write_all(&sent).await.unwrap();
            connection.shutdown().await.unwrap();
        };
        let mut read = String::new();
        let (_, count) = tokio::join!(write, theirs.read_to_string(&mut read));
        count.unwrap();
        read
    }

    #[tokio::test]
    async fn a_bare_refusal_gets_a_body_and_nothing_else_is_touched() {
        let bare = "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let before = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        let response = passed(format!("{before}{bare}").as_bytes()).await;
        let (head, body) = response.strip_prefix(before).unwrap().split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())) && head.contains("connection: close"));
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["error"], "request header fields too large");
        for other in [
            before.to_owned(),
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{bare}", bare.len()),
            format!("a file that ends like one: {bare}"),
            bare.replace("431", "404"),
            bare.replace("length: 0", "length: 4"),
            format!("{}\r\n\r\n", "x".repeat(1000)),
            "\r\n\r\n".to_owned(),
        ] {
            assert_eq!(passed(other.as_bytes()).await, other);
        }
    }
}
