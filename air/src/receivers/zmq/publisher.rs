//! A stream: takes subscribers in, and sends them samples.

use super::Settings;
use super::zmtp::{self, Request};
use crate::limits::{Limits, Permit};
use crate::spectrum::{Receiver, Spectrum};
use challengectl_dsp::Complex32;
use socket2::SockRef;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, broadcast, watch};
use tokio::time::{sleep, timeout};

/// The most samples in a message.
const MAX_SAMPLES: usize = 4096;

/// Messages that wait for a subscriber that reads slowly: 1.3 s at 48 kS/s. Beyond that, the oldest are dropped.
const MAX_MESSAGES: usize = 64;

/// Time for the handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// A subscriber that takes nothing for so long is disconnected.
const STALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes that the kernel may hold for a subscriber, whose own library has a queue too.
const SEND_BUFFER: usize = 256 * 1024;

/// Pause after an error of `accept`, which is one of this host, such as no more files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

type Message = Arc<[u8]>;

/// Serves a stream until the future is dropped.
pub async fn serve(listener: TcpListener, settings: Settings, spectrum: Spectrum, limits: Arc<Limits>) {
    let messages = broadcast::Sender::new(MAX_MESSAGES);
    let subscribed = Arc::new(Notify::new());
    tokio::select! {
        () = publish(&settings, &spectrum, &messages, &subscribed) => {}
        () = take_in(&listener, &settings, &limits, &messages, &subscribed) => {}
    }
}

async fn take_in(
    listener: &TcpListener,
    settings: &Settings,
    limits: &Arc<Limits>,
    messages: &broadcast::Sender<Message>,
    subscribed: &Arc<Notify>,
) {
    loop {
        let Ok((stream, address)) = listener.accept().await else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Some(mut permit) = limits.admit(address.ip()) else { continue };
        if !permit.take(8 * u64::from(settings.sample_rate)) {
            continue;
        }
        let (messages, subscribed) = (messages.clone(), Arc::clone(subscribed));
        tokio::spawn(async move {
            let ended = send(stream, permit, messages, &subscribed).await;
            tracing::debug!("zmq: {address} has ended: {ended:?}");
        });
    }
}

/// Receives and publishes while there are subscriptions.
async fn publish(settings: &Settings, spectrum: &Spectrum, messages: &broadcast::Sender<Message>, subscribed: &Notify) {
    let mut centre = settings.centre.unwrap_or_default();
    loop {
        subscribed.notified().await;
        let mut receiver = open(settings, spectrum, centre);
        while messages.receiver_count() > 0 {
            let Some(block) = receiver.next().await else { return };
            for samples in block.samples.chunks(MAX_SAMPLES) {
                let _ = messages.send(message(samples));
            }
        }
        // The challenge that the stream follows may not be on air again soon.
        centre = receiver.centre();
    }
}

fn open(settings: &Settings, spectrum: &Spectrum, centre: f64) -> Receiver {
    let receiver = spectrum.receiver(centre, settings.sample_rate.into());
    receiver.set_path_gain(settings.gain_db);
    if let Some(challenge) = &settings.challenge {
        receiver.follow(challenge);
    }
    receiver
}

fn message(samples: &[Complex32]) -> Message {
    let bytes = |sample: &Complex32| {
        let ([a, b, c, d], [e, f, g, h]) = (sample.re.to_le_bytes(), sample.im.to_le_bytes());
        [a, b, c, d, e, f, g, h]
    };
    zmtp::message(samples.iter().map(bytes)).into()
}

/// Serves one subscriber.
async fn send(
    mut stream: TcpStream,
    permit: Permit,
    messages: broadcast::Sender<Message>,
    subscribed: &Notify,
) -> io::Result<()> {
    let _permit = permit;
    stream.set_nodelay(true)?;
    SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER)?;
    timeout(HANDSHAKE_TIMEOUT, zmtp::shake_hands(&mut stream)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    let (mut reader, mut writer) = stream.into_split();
    let wanted = watch::Sender::new(false);
    tokio::select! {
        ended = read_requests(&mut reader, &wanted) => ended,
        ended = forward(&mut writer, &messages, subscribed, wanted.subscribe()) => ended,
    }
}

/// Counts the subscriptions of a subscriber, until it is gone.
async fn read_requests(reader: &mut (impl AsyncRead + Unpin), wanted: &watch::Sender<bool>) -> io::Result<()> {
    let mut subscriptions = 0_u64;
    loop {
        match zmtp::read(reader).await?.request() {
            Request::Subscribe => subscriptions = subscriptions.saturating_add(1),
            Request::Cancel => subscriptions = subscriptions.saturating_sub(1),
            Request::Other => {}
        }
        wanted.send_if_modified(|wanted| std::mem::replace(wanted, subscriptions > 0) != (subscriptions > 0));
    }
}

/// Sends messages while the subscriber wants them.
async fn forward(
    writer: &mut (impl AsyncWrite + Unpin),
    messages: &broadcast::Sender<Message>,
    subscribed: &Notify,
    mut wanted: watch::Receiver<bool>,
) -> io::Result<()> {
    loop {
        if wanted.wait_for(|wanted| *wanted).await.is_err() {
            return Ok(());
        }
        let mut queue = messages.subscribe();
        subscribed.notify_one();
        while *wanted.borrow() {
            let message = match queue.recv().await {
                Ok(message) => message,
                Err(broadcast::error::RecvError::Lagged(_)) => continue,
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            };
            timeout(STALL_TIMEOUT, writer.write_all(&message)).await.map_err(|_| io::ErrorKind::TimedOut)??;
        }
    }
}
