//! Takes clients in, and reads their commands.

use super::command::{Command, LEN};
use super::context::Context;
use super::controls::Controls;
use super::gain::GAINS;
use super::stream::Stream;
use crate::limits::Permit;
use socket2::SockRef;
use std::io;
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// A client that sends no command for so long after it has connected is disconnected.
const FIRST_COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of commands that are read at once; then the client waits. 4,000 commands a second are more than a person or the
/// loop of a scanner sends.
const READ_BYTES: usize = 400;
const READ_PAUSE: Duration = Duration::from_millis(20);

/// Bytes that the kernel may hold for a client that reads slowly: 0.16 s at 2.048 MS/s. The default is a second.
const SEND_BUFFER: usize = 256 * 1024;

/// Pause after an error of `accept`, which is one of this host, such as no more files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The number of the first client. Clients select noise by their numbers, and receivers, which count from 0, do too.
const FIRST_CLIENT: u64 = 1 << 32;

/// Takes clients in until the future is dropped. Each connection is a task of its own.
pub async fn serve(listener: TcpListener, context: Context) {
    let mut number = FIRST_CLIENT;
    loop {
        let Ok((stream, address)) = listener.accept().await else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Some(permit) = context.limits.admit(address.ip()) else {
            tracing::debug!("rtl_tcp: {address} is refused: the limit of receivers is reached");
            continue;
        };
        number += 1;
        let client = Client { context: context.clone(), permit, number };
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
        let error_ppm = context.settings.ppm * context.spectrum.drawn(&address.to_canonical().to_string());
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

/// Returns `RTL0`, the tuner's number (5 is an R820T, whose gains most programs know) and the count of its gains.
fn greeting() -> [u8; 12] {
    let mut greeting = *b"RTL0\0\0\0\x05\0\0\0\0";
    if let Some(count) = greeting.last_chunk_mut() {
        *count = (GAINS.len() as u32).to_be_bytes();
    }
    greeting
}

/// Obeys commands until the client closes the connection, or has sent none for too long.
async fn obey(reader: &mut OwnedReadHalf, controls: &Controls, idle: Duration) -> io::Result<()> {
    let mut bytes = [0; READ_BYTES];
    let (mut filled, mut limit) = (0, FIRST_COMMAND_TIMEOUT);
    loop {
        let read = reader.read(bytes.get_mut(filled..).unwrap_or_default());
        let read = timeout(limit, read).await.map_err(|_| io::ErrorKind::TimedOut)??;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        let (commands, _) = bytes.get(..filled).unwrap_or_default().as_chunks::<LEN>();
        for command in commands.iter().filter_map(|bytes| Command::read(*bytes)) {
            controls.obey(command);
            limit = idle;
        }
        let whole = filled - filled % LEN;
        bytes.copy_within(whole..filled, 0);
        filled -= whole;
        sleep(READ_PAUSE).await;
    }
}
