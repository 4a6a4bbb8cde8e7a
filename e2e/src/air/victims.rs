//! Receivers that others attack: each counts what it has lost.

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio_tungstenite::tungstenite::Message;

/// Samples per second of the SDR program, and its bytes in a block.
const RATE: u32 = 250_000;
const BLOCK_BYTES: usize = 2 * RATE as usize / 50;

/// Samples of the band between two acknowledgements of a listener: half a second.
const ACKNOWLEDGE: u64 = 1_024_000;

/// Counts of one victim.
#[derive(Debug, Default)]
pub(super) struct Count {
    /// Blocks or frames of 20 ms.
    received: AtomicU64,
    lost: AtomicU64,
    /// Connections that ended.
    ended: AtomicU64,
}

/// The counts of one victim, as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Blocks or frames of 20 ms.
    pub received: u64,
    pub lost: u64,
    /// Whether the server has closed the connection.
    pub is_closed: bool,
}

impl Count {
    fn end(&self, ended: &Result<()>) {
        eprintln!("a victim was disconnected: {ended:?}");
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Received {
        let [received, lost, ended] =
            [&self.received, &self.lost, &self.ended].map(|count| count.load(Ordering::Relaxed));
        Received { received, lost, is_closed: ended > 0 }
    }
}

/// An SDR program and a listener in a browser. They end when this is dropped.
pub(super) struct Victims {
    pub(super) rtl_tcp: Arc<Count>,
    pub(super) browser: Arc<Count>,
    /// A thread of their own, as of another process than that of the attackers. Taken when this is dropped.
    runtime: Option<Runtime>,
}

impl Victims {
    pub(super) fn connect(rtl_tcp: SocketAddr, browser: SocketAddr) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let counts: [Arc<Count>; 2] = Default::default();
        let [of_rtl_tcp, of_browser] = counts.clone();
        runtime.spawn(async move {
            let ended = receive(rtl_tcp, &of_rtl_tcp).await;
            of_rtl_tcp.end(&ended);
        });
        runtime.spawn(async move {
            let ended = listen(browser, &of_browser).await;
            of_browser.end(&ended);
        });
        let [rtl_tcp, browser] = counts;
        Ok(Self { rtl_tcp, browser, runtime: Some(runtime) })
    }
}

impl Drop for Victims {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Receives counting bytes (command 7), in which each lost block shows.
async fn receive(address: SocketAddr, count: &Count) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let commands = [(2, RATE), (7, 1)];
    stream.write_all(&bytes_of(&commands)).await?;
    stream.read_exact(&mut [0; 12]).await?;
    let (mut block, mut expected) = (vec![0; BLOCK_BYTES], None);
    loop {
        stream.read_exact(&mut block).await?;
        let (Some(first), Some(last)) = (block.first(), block.last()) else { bail!("no block") };
        let counts_on = block.windows(2).all(|two| matches!(two, [one, two] if *two == one.wrapping_add(1)));
        if !counts_on || expected.is_some_and(|expected: u8| expected != *first) {
            count.lost.fetch_add(1, Ordering::Relaxed);
        }
        expected = Some(last.wrapping_add(1));
        count.received.fetch_add(1, Ordering::Relaxed);
    }
}

/// Commands of `rtl_tcp` as bytes.
pub(super) fn bytes_of(commands: &[(u8, u32)]) -> Vec<u8> {
    commands.iter().flat_map(|(kind, number)| [&[*kind][..], &number.to_be_bytes()].concat()).collect()
}

/// Listens as a page does, and counts frames of sound.
async fn listen(address: SocketAddr, count: &Count) -> Result<()> {
    let stream = TcpStream::connect(address).await?;
    let url = format!("ws://{address}/receive/listen");
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await?;
    socket.send(Message::text(r#"{"type":"listen","on":true}"#)).await?;
    let (mut next, mut acknowledged) = (None, 0);
    loop {
        let Message::Binary(bytes) = socket.next().await.context("the connection has ended")?? else { continue };
        let number = u32::from_le_bytes(bytes.get(4..8).context("no number")?.try_into()?);
        let sample = u64::from_le_bytes(bytes.get(8..16).context("no sample")?.try_into()?);
        if bytes.first() == Some(&2) {
            count.lost.fetch_add(u64::from(number - next.unwrap_or(number)), Ordering::Relaxed);
            count.received.fetch_add(1, Ordering::Relaxed);
            next = Some(number + 1);
        }
        if sample >= acknowledged + ACKNOWLEDGE {
            acknowledged = sample;
            socket.send(Message::text(format!(r#"{{"type":"ack","sample":{sample}}}"#))).await?;
        }
    }
}
