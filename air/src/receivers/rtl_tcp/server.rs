//! Takes clients in, and hears their commands.

use super::command::{Command, LEN};
use super::controls::Controls;
use super::gain::GAINS;
use super::stream::Stream;
use crate::limits::{Limits, Permit};
use crate::spectrum::{Noise, Spectrum, drawn};
use serde::{Deserialize, Serialize};
use socket2::SockRef;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// A program that says nothing for so long after it has connected is none.
const FIRST_COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of commands that are heard at once; then the client waits. 4,000 commands a second are more than a person's
/// hand or a scanner's loop makes.
const READ_BYTES: usize = 400;
const READ_PAUSE: Duration = Duration::from_millis(20);

/// Bytes that the kernel may hold for a client that reads slowly: 0.16 s at 2.048 MS/s. The default is a second.
const SEND_BUFFER: usize = 256 * 1024;

/// What all clients share.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where they listen.
    pub spectrum: Spectrum,
    /// What they count against.
    pub limits: Arc<Limits>,
    /// The converters' noise.
    pub noise: Arc<Noise>,
    /// What of a receiver's path and crystal is set.
    pub settings: Settings,
    /// What errors of crystals are drawn by.
    pub seed: u64,
}

/// What is set for all of these receivers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where SDR programs connect.
    pub listen: Vec<std::net::SocketAddr>,
    /// The largest error of a receiver's crystal in parts per million; each address has its own, which command 5
    /// corrects. 20 is a cheap dongle, 1 a good one.
    pub ppm: f64,
    /// Gain of the paths to these receivers in decibels.
    pub gain_db: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { listen: vec![std::net::SocketAddr::from(([127, 0, 0, 1], 1234))], ppm: 0.0, gain_db: 0.0 }
    }
}

/// Takes clients in until the future is dropped; their connections are tasks of their own.
pub async fn serve(listener: TcpListener, context: Context) {
    let clients = AtomicU64::new(1 << 32);
    loop {
        let Ok((stream, address)) = listener.accept().await else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Some(permit) = context.limits.admit(address.ip()) else {
            tracing::debug!("rtl_tcp: {address} is refused: there are as many receivers as there may be");
            continue;
        };
        let client = Client { context: context.clone(), permit, number: clients.fetch_add(1, Ordering::Relaxed) };
        tokio::spawn(async move {
            let ended = client.serve(stream, address.ip()).await;
            tracing::debug!("rtl_tcp: {address} has ended: {ended:?}");
        });
    }
}

struct Client {
    context: Context,
    permit: Permit,
    number: u64,
}

impl Client {
    async fn serve(self, stream: TcpStream, address: IpAddr) -> io::Result<()> {
        stream.set_nodelay(true)?;
        SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER)?;
        let (mut reader, mut writer) = stream.into_split();
        // In one write: some clients read once and give up unless all of it is there.
        writer.write_all(&greeting()).await?;
        let controls = Controls::new();
        let Self { context, permit, number } = self;
        let error_ppm = context.settings.ppm * drawn(context.seed, &address.to_string());
        let idle = match context.limits.settings().idle_seconds {
            0 => Duration::MAX,
            seconds => Duration::from_secs(seconds),
        };
        let stream = Stream { context, permit, number, controls: &controls, error_ppm };
        tokio::select! {
            ended = obey(&mut reader, &controls, idle) => ended,
            ended = stream.run(&mut writer) => ended,
        }
    }
}

/// `RTL0`, the tuner's number (5 is an R820T, whose gains most programs know) and the count of its gains.
fn greeting() -> [u8; 12] {
    let mut greeting = *b"RTL0\0\0\0\x05\0\0\0\0";
    if let Some(count) = greeting.last_chunk_mut() {
        *count = (GAINS.len() as u32).to_be_bytes();
    }
    greeting
}

/// Hears commands until the client goes, or has said nothing for too long.
async fn obey(reader: &mut OwnedReadHalf, controls: &Controls, idle: Duration) -> io::Result<()> {
    let mut bytes = [0; READ_BYTES];
    let (mut filled, mut patience) = (0, FIRST_COMMAND_TIMEOUT);
    loop {
        let read = reader.read(bytes.get_mut(filled..).unwrap_or_default());
        let read = timeout(patience, read).await.map_err(|_| io::ErrorKind::TimedOut)??;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        let (commands, _) = bytes.get(..filled).unwrap_or_default().as_chunks::<LEN>();
        for command in commands.iter().filter_map(|bytes| Command::read(*bytes)) {
            controls.obey(command);
            patience = idle;
        }
        let whole = filled - filled % LEN;
        bytes.copy_within(whole..filled, 0);
        filled -= whole;
        sleep(READ_PAUSE).await;
    }
}
