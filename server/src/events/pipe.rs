//! Connects the websocket of an actix request with the protocol's service, which needs a byte stream.

use actix_web::Error;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::{Stream, StreamExt, stream};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Bytes buffered in each direction.
const BUFFER_SIZE: usize = 8 * 1024;
const BLOCK_SIZE: usize = 4 * 1024;
/// Blocks that are queued for the client in addition to the buffer.
const MAX_BLOCKS: usize = 4;
/// A client that reads nothing for this long is disconnected.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Joins the request body of a client and its response into one byte stream, until either side or `closing` ends it.
/// Call it on the thread of the request.
pub fn join(sent: Payload, closing: CancellationToken) -> (DuplexStream, impl Stream<Item = Result<Bytes, Error>>) {
    let (theirs, ours) = tokio::io::duplex(BUFFER_SIZE);
    let (blocks, answer) = mpsc::channel(MAX_BLOCKS);
    actix_web::rt::spawn(carry(sent, ours, blocks, closing));
    let answer = stream::unfold(answer, async |mut answer| Some((Ok(answer.recv().await?), answer)));
    (theirs, answer)
}

/// Copies in both directions. At the end it drops both halves, which signals the end to the service.
async fn carry(mut sent: Payload, ours: DuplexStream, blocks: mpsc::Sender<Bytes>, closing: CancellationToken) {
    let (mut from_service, mut to_service) = tokio::io::split(ours);
    let inward = async {
        while let Some(Ok(part)) = sent.next().await {
            if to_service.write_all(&part).await.is_err() {
                return;
            }
        }
    };
    let outward = async {
        loop {
            let mut block = BytesMut::with_capacity(BLOCK_SIZE);
            if !matches!(from_service.read_buf(&mut block).await, Ok(1..)) {
                return;
            }
            let taken = tokio::time::timeout(WRITE_TIMEOUT, blocks.send(block.freeze())).await;
            if !matches!(taken, Ok(Ok(()))) {
                return;
            }
        }
    };
    tokio::select! {
        () = inward => {}
        () = outward => {}
        () = closing.cancelled() => {}
    }
}
