//! Bytes over a WebSocket, as binary messages: whatever stands between two programs passes a WebSocket on (RFC 6455).

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

pub use tokio_tungstenite::tungstenite::handshake::client::generate_key as new_key;
pub use tokio_tungstenite::tungstenite::protocol::Role;

/// Bytes of a message, at most.
const BLOCK: usize = 16 * 1024;

/// Carries bytes between a connection whose handshake is over, and a stream, until either ends.
pub async fn carry(connection: impl AsyncRead + AsyncWrite + Unpin, role: Role, stream: impl AsyncRead + AsyncWrite) {
    let (mut to_peer, mut from_peer) = WebSocketStream::from_raw_socket(connection, role, None).await.split();
    let (mut from_stream, mut to_stream) = split(stream);
    let inward = async {
        while let Some(Ok(message)) = from_peer.next().await {
            match message {
                Message::Binary(bytes) if to_stream.write_all(&bytes).await.is_err() => return,
                Message::Close(_) => return,
                _ => {}
            }
        }
    };
    let outward = async {
        let mut block = vec![0; BLOCK];
        while let Ok(length @ 1..) = from_stream.read(&mut block).await {
            let bytes = block.get(..length).unwrap_or_default().to_vec();
            if to_peer.send(Message::binary(bytes)).await.is_err() {
                return;
            }
        }
        // The other side may have gone already.
        let _ = to_peer.close().await;
    };
    tokio::select! {
        () = inward => {}
        () = outward => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    #[tokio::test]
    async fn bytes_arrive_in_both_directions_and_the_end_as_well() {
        let ((near, far), (ours, one), (theirs, other)) = (duplex(64), duplex(64), duplex(64));
        let server = tokio::spawn(carry(near, Role::Server, one));
        let client = tokio::spawn(carry(far, Role::Client, other));
        let sent: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
        for (mut from, mut to) in [(ours, theirs)] {
            let (copy, mut got) = (sent.clone(), vec![0; sent.len()]);
            let (wrote, read) = tokio::join!(from.write_all(&copy), to.read_exact(&mut got));
            assert!(wrote.is_ok() && read.is_ok() && got == sent);
            let (wrote, read) = tokio::join!(to.write_all(b"back"), async {
                let mut back = [0; 4];
                from.read_exact(&mut back).await.map(|_| back)
            });
            assert!(wrote.is_ok() && read.unwrap() == *b"back");
            drop(from);
            assert_eq!(to.read(&mut [0; 1]).await.unwrap(), 0);
        }
        server.await.unwrap();
        client.await.unwrap();
    }
}
