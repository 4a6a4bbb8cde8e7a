//! One listener's connection.

use super::controls::Controls;
use super::feed::Feed;
use super::flow::Flow;
use super::listener::Listener;
use super::message::{Answer, BandInfo, Command};
use super::outbox::Outgoing;
use crate::allowance::Allowance;
use crate::listen::Mode;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;

pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The longest message of a listener, in bytes: commands are short.
const MAX_MESSAGE: usize = 1024;

/// Time for a message to be sent; a listener that takes longer is disconnected.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// Messages of a listener that are read: many at once, and then 50 in each second. A page whose slider is dragged sends 20.
/// A flood waits in the kernel, and then in the sender.
const MESSAGE_INTERVAL: Duration = Duration::from_millis(20);
const MESSAGE_BURST: u32 = 100;

/// Why a listener is refused.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal {
    /// The limit of listeners is reached, in all or from this address.
    Full,
    /// There is no band of this number.
    NoBand,
}

/// Why a connection ends.
enum Ending {
    /// The browser or the network has closed it.
    Gone,
    /// The browser does not acknowledge, or does not read.
    Slow,
    /// The listener has sent no command for long.
    Idle,
    /// The band or the server ends.
    Stopping,
}

impl Ending {
    fn close(&self) -> Option<CloseFrame> {
        match self {
            Self::Gone => None,
            Self::Slow => Some(frame(4001, "the connection is too slow")),
            Self::Idle => Some(frame(4002, "nothing was touched for a long time")),
            Self::Stopping => Some(frame(1001, "the air is going away")),
        }
    }
}

fn frame(code: u16, reason: &'static str) -> CloseFrame {
    CloseFrame { code: CloseCode::from(code), reason: reason.into() }
}

/// Makes the socket of an upgraded connection, with bounds.
pub(super) async fn socket(stream: TokioIo<Upgraded>) -> Socket {
    let mut bounds = WebSocketConfig::default();
    bounds.max_message_size = Some(MAX_MESSAGE);
    bounds.max_frame_size = Some(MAX_MESSAGE);
    // A flood is read in small pieces, between which others have their turn.
    bounds.read_buffer_size = 4096;
    bounds.write_buffer_size = 0;
    bounds.max_write_buffer_size = 128 * 1024;
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(bounds)).await
}

pub(super) async fn refuse(mut socket: Socket, refusal: Refusal) {
    let close = match refusal {
        Refusal::Full => frame(4003, "all places for listeners are taken"),
        Refusal::NoBand => frame(4004, "there is no such band"),
    };
    end(&mut socket, Some(close)).await;
}

async fn end(socket: &mut Socket, close: Option<CloseFrame>) {
    if close.is_some() {
        let _ = timeout(SEND_TIMEOUT, socket.close(close)).await;
    }
}

/// A listener's connection, from the server's side. The listener leaves when it is dropped.
pub(super) struct Session {
    feed: Arc<Feed>,
    listener: Arc<Listener>,
    controls: Controls,
    hello: String,
    flow: Flow,
    messages: Allowance,
    idle: Option<Duration>,
    touched: Instant,
}

impl Session {
    /// Creates the session of a listener of the band of this number; `None` if there is no such band.
    pub(super) fn new(feeds: &[Arc<Feed>], band: usize, title: &str, idle: Option<Duration>) -> Option<Self> {
        let feed = Arc::clone(feeds.get(band)?);
        let controls = Controls::new(*feed.band()).ok()?;
        let bands = feeds.iter().map(|feed| BandInfo::new(feed.name(), feed.band())).collect();
        let modes = Mode::ALL.into_iter().map(Into::into).collect();
        Some(Self {
            listener: Arc::new(Listener::new(controls.wanted())),
            flow: Flow::new(feed.band().rate()),
            hello: Answer::Hello { title, band, bands, modes }.text(),
            messages: Allowance::new(MESSAGE_INTERVAL, MESSAGE_BURST),
            touched: Instant::now(),
            feed,
            controls,
            idle,
        })
    }

    /// Serves the listener until the connection ends.
    pub(super) async fn run(mut self, mut socket: Socket, stopping: CancellationToken) {
        let ending = match self.start(&mut socket).await {
            Ok(()) => self.serve(&mut socket, &stopping).await,
            Err(ending) => ending,
        };
        drop(self);
        end(&mut socket, ending.close()).await;
    }

    async fn start(&self, socket: &mut Socket) -> Result<(), Ending> {
        for text in [self.hello.clone(), self.controls.tuned().text(), self.controls.viewed().text()] {
            send(socket, Message::text(text)).await?;
        }
        self.feed.join(Arc::clone(&self.listener)).map_err(|error| {
            tracing::error!(%error, band = self.feed.name(), "cannot start the thread that listens to a band");
            Ending::Stopping
        })
    }

    async fn serve(&mut self, socket: &mut Socket, stopping: &CancellationToken) -> Ending {
        loop {
            let now = Instant::now();
            let (resume, deadline) = (self.messages.next(now).unwrap_or(now), self.deadline());
            let listener = Arc::clone(&self.listener);
            let step = tokio::select! {
                () = stopping.cancelled() => Err(Ending::Stopping),
                (ending, ()) = async { (deadline.1, sleep_until(deadline.0).await) } => Err(ending),
                () = listener.outbox.filled() => self.send_waiting(socket).await,
                message = async { sleep_until(resume).await; socket.next().await } => match message {
                    Some(Ok(message)) => self.receive(socket, &message).await,
                    None | Some(Err(_)) => Err(Ending::Gone),
                },
            };
            if let Err(ending) = step {
                return ending;
            }
        }
    }

    /// Returns when the connection ends unless something arrives, and why.
    fn deadline(&self) -> (Instant, Ending) {
        let slow = self.flow.deadline().map(|at| (at, Ending::Slow));
        let idle = self.idle.map(|idle| (self.touched + idle, Ending::Idle));
        let never = (Instant::now() + Duration::from_secs(24 * 60 * 60), Ending::Idle);
        slow.into_iter().chain(idle).min_by_key(|(at, _)| *at).unwrap_or(never)
    }

    async fn send_waiting(&mut self, socket: &mut Socket) -> Result<(), Ending> {
        while self.flow.may_send() {
            let Some(outgoing) = self.listener.outbox.take() else { return Ok(()) };
            let message = match outgoing {
                Outgoing::Frame(frame) => {
                    self.flow.sent(frame.sample, Instant::now());
                    Message::Binary(frame.bytes)
                }
                Outgoing::Level(level) => Message::text(Answer::level(level).text()),
                Outgoing::End => return Err(Ending::Stopping),
            };
            send(socket, message).await?;
        }
        Ok(())
    }

    async fn receive(&mut self, socket: &mut Socket, message: &Message) -> Result<(), Ending> {
        let now = Instant::now();
        self.messages.spend(now);
        let text = match message {
            Message::Text(text) => text.as_str(),
            Message::Close(_) => return Err(Ending::Gone),
            Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_) => return Ok(()),
        };
        let answer = match serde_json::from_str(text) {
            Ok(Command::Ack { sample }) => {
                self.flow.acknowledge(sample, now);
                return self.send_waiting(socket).await;
            }
            Ok(command) => {
                self.touched = now;
                self.obey(command)
            }
            Err(error) => Some(Answer::Refused { reason: format!("not understood: {error}") }),
        };
        match answer {
            Some(answer) => send(socket, Message::text(answer.text())).await,
            None => Ok(()),
        }
    }

    fn obey(&mut self, command: Command) -> Option<Answer<'static>> {
        let answer = self.controls.apply(command);
        self.listener.want(self.controls.wanted());
        match answer {
            Some(Answer::Tuned { .. }) => self.listener.outbox.forget_audio(),
            Some(Answer::View { .. }) => self.listener.outbox.forget_rows(),
            _ => {}
        }
        answer
    }
}

impl Drop for Session {
    /// Leaves the band, whose thread runs as long as there are listeners. A server that ends drops its sessions.
    fn drop(&mut self) {
        self.listener.leave();
    }
}

async fn send(socket: &mut Socket, message: Message) -> Result<(), Ending> {
    match timeout(SEND_TIMEOUT, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Error::WriteBufferFull(_))) | Err(_) => Err(Ending::Slow),
        Ok(Err(_)) => Err(Ending::Gone),
    }
}
