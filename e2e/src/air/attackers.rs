//! Attackers of the sockets that receivers connect to.

use super::victims::bytes_of;
use anyhow::Result;
use futures_util::SinkExt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio_tungstenite::tungstenite::Message;

/// Pause of an attacker that was thrown out, before it comes back.
const PAUSE: Duration = Duration::from_secs(1);

/// Commands that an attacker sends at once.
const COMMANDS: u32 = 1000;

/// The receive buffer of an attacker that does not read, in bytes.
const SMALL_BUFFER: u32 = 4096;

/// The sockets that are attacked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Targets {
    pub(super) rtl_tcp: SocketAddr,
    pub(super) zmq: SocketAddr,
    pub(super) browser: SocketAddr,
}

/// The numbers of attackers.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Connections to each socket that send nothing, or garbage.
    pub connections: usize,
    /// Connections that send floods of each kind.
    pub floods: usize,
}

/// What attackers have done.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) connections: AtomicU64,
    /// Frequencies and rates sent to `rtl_tcp`, most of them absurd.
    pub(super) commands: AtomicU64,
    /// Messages sent to the receiver in the browser.
    pub(super) messages: AtomicU64,
}

/// Attackers at work, until this is dropped.
pub(super) struct Attackers {
    pub(super) done: Arc<Done>,
    /// Threads of their own, as of other hosts than the operator's. Taken when this is dropped.
    runtime: Option<Runtime>,
}

impl Attackers {
    pub(super) fn start(targets: Targets, sizes: Sizes) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let attackers = Self { done: Arc::default(), runtime: Some(runtime) };
        for number in 0..sizes.floods {
            attackers.add(move |done| retune_sdr(targets.rtl_tcp, done));
            attackers.add(move |done| never_read(targets.rtl_tcp, bytes_of(&[(2, 3_200_000)]), done));
            attackers.add(move |done| never_read(targets.zmq, subscription(), done));
            attackers.add(move |done| retune_listener(targets.browser, done));
            let flood = [
                Message::Ping(vec![0; 100].into()),
                Message::text("{\"type\":\"tune\""),
                Message::Binary(vec![0; 1000].into()),
                Message::Binary(vec![0; 100_000].into()),
            ];
            let message = flood.into_iter().cycle().nth(number);
            attackers.add(move |done| flood_listener(targets.browser, message.clone(), done));
        }
        for number in 0..sizes.connections {
            let garbage: &[u8] = match number % 3 {
                0 => b"",
                1 => b"GET /receive HTTP/1.1\r\nHost",
                _ => &[0xff; 4096],
            };
            for address in [targets.rtl_tcp, targets.zmq, targets.browser] {
                attackers.add(move |done| idle(address, garbage, done));
            }
        }
        Ok(attackers)
    }

    /// Adds one that comes back whenever it is thrown out.
    fn add<F: Future<Output = Result<()>> + Send>(&self, attack: impl Fn(Arc<Done>) -> F + Send + 'static) {
        let (done, Some(runtime)) = (Arc::clone(&self.done), &self.runtime) else { return };
        runtime.spawn(async move {
            loop {
                let _ = attack(Arc::clone(&done)).await;
                tokio::time::sleep(PAUSE).await;
            }
        });
    }
}

impl Drop for Attackers {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn connect(address: SocketAddr, done: &Done) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    done.connections.fetch_add(1, Ordering::Relaxed);
    Ok(stream)
}

/// Sends a little, and then nothing, until the server closes the connection.
async fn idle(address: SocketAddr, garbage: &[u8], done: Arc<Done>) -> Result<()> {
    let mut stream = connect(address, &done).await?;
    stream.write_all(garbage).await?;
    // What the server sends is read and dropped.
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}

/// Asks for samples, and does not read them.
async fn never_read(address: SocketAddr, request: Vec<u8>, done: Arc<Done>) -> Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(SMALL_BUFFER)?;
    let mut stream = socket.connect(address).await?;
    done.connections.fetch_add(1, Ordering::Relaxed);
    stream.write_all(&request).await?;
    // Only an attempt to write shows that the server has closed the connection.
    loop {
        tokio::time::sleep(PAUSE).await;
        stream.write_all(&bytes_of(&[(1, 433_000_000)])).await?;
    }
}

/// What a subscriber to everything sends over ZeroMQ: greeting, READY and its subscription.
fn subscription() -> Vec<u8> {
    let mut bytes = vec![0; 64];
    let parts: [(usize, &[u8]); 2] = [(0, &[0xff]), (9, b"\x7f\x03\x00NULL")];
    for (at, part) in parts {
        bytes.splice(at..at + part.len(), part.iter().copied());
    }
    bytes.extend_from_slice(b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB");
    bytes.extend_from_slice(&[0, 1, 1]);
    bytes
}

/// Sends frequencies and rates to `rtl_tcp` as fast as the server reads them; most of them are impossible.
async fn retune_sdr(address: SocketAddr, done: Arc<Done>) -> Result<()> {
    let mut stream = connect(address, &done).await?;
    for round in 0_u32.. {
        let absurd = |n: u32| {
            let number = (round * COMMANDS + n).wrapping_mul(2_654_435_761);
            let command =
                [(1, number), (2, number), (2, 900_001 + number % 2_300_000), (1, u32::MAX), (2, 0), (5, number)];
            command.into_iter().cycle().nth(n as usize).unwrap_or((1, 0))
        };
        stream.write_all(&bytes_of(&(0..COMMANDS).map(absurd).collect::<Vec<_>>())).await?;
        done.commands.fetch_add(COMMANDS.into(), Ordering::Relaxed);
    }
    Ok(())
}

/// Retunes as a listener, as fast as the server reads, and does not read itself.
async fn retune_listener(address: SocketAddr, done: Arc<Done>) -> Result<()> {
    let url = format!("ws://{address}/receive/listen");
    let (mut socket, _) = tokio_tungstenite::client_async(url, connect(address, &done).await?).await?;
    socket.send(Message::text(r#"{"type":"listen","on":true}"#)).await?;
    for (number, mode) in (0_u64..).zip(["am", "nbfm", "wbfm", "usb", "lsb", "cw"].into_iter().cycle()) {
        let hertz = 433_000_000 + number * 12_345 % 1_000_000;
        socket.send(Message::text(format!(r#"{{"type":"tune","hz":{hertz},"mode":"{mode}"}}"#))).await?;
        done.messages.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Sends the same message as fast as the server reads.
async fn flood_listener(address: SocketAddr, message: Option<Message>, done: Arc<Done>) -> Result<()> {
    let url = format!("ws://{address}/receive/listen");
    let (mut socket, _) = tokio_tungstenite::client_async(url, connect(address, &done).await?).await?;
    loop {
        socket.send(message.clone().unwrap_or_else(|| Message::text(""))).await?;
        done.messages.fetch_add(1, Ordering::Relaxed);
    }
}
