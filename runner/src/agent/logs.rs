//! Sends warnings and errors to the server, for the operator. Logging never blocks: lines beyond the queue are dropped.

use super::Agent;
use challengectl_common::Timestamp;
use challengectl_common::wire::{LogLevel, LogRequest, LogsRequest, MAX_LOG_LINES};
use std::fmt::{self, Write};
use std::sync::Arc;
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Lines queued while the server is away.
const MAX_QUEUED: usize = 256;

/// The maximum number of characters of a line.
const MAX_LINE_CHARS: usize = 1000;

/// Returns the layer that collects the lines, and the queue that [`forward`] takes them from.
pub(crate) fn channel() -> (LogLayer, mpsc::Receiver<LogRequest>) {
    let (sender, receiver) = mpsc::channel(MAX_QUEUED);
    (LogLayer(sender), receiver)
}

/// Puts warnings and errors into the queue, as a part of the tracing subscriber.
pub(crate) struct LogLayer(mpsc::Sender<LogRequest>);

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = match *event.metadata().level() {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warning,
            _ => return,
        };
        // Sending a warning of the HTTP client could cause the next one.
        if !event.metadata().target().starts_with("challengectl") {
            return;
        }
        let mut line = Line::default();
        event.record(&mut line);
        let message = format!("{}{}", line.message, line.fields).chars().take(MAX_LINE_CHARS).collect();
        let _ = self.0.try_send(LogRequest { level, message, timestamp: Some(Timestamp::now()) });
    }
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

/// Sends the queued lines in batches while the runner is linked. Lines that the server refuses are lost.
pub(crate) async fn forward(agent: Arc<Agent>, mut waiting: mpsc::Receiver<LogRequest>) {
    loop {
        let mut lines = Vec::new();
        if waiting.recv_many(&mut lines, MAX_LOG_LINES).await == 0 {
            return;
        }
        agent.linked().await;
        if let Err(error) = agent.api.log(&LogsRequest { lines }).await {
            tracing::debug!("log lines could not be sent: {error}");
        }
    }
}
