//! Sends warnings and errors to the server, for the operator. Never waits: what does not fit is dropped.

use super::Agent;
use challengectl_common::Timestamp;
use challengectl_common::wire::{LogLevel, LogRequest};
use std::fmt::{self, Write};
use std::sync::Arc;
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Lines kept while the server is away.
const QUEUE: usize = 256;

/// What collects the lines, and where they come out.
#[must_use]
pub fn channel() -> (LogLayer, mpsc::Receiver<LogRequest>) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (LogLayer(sender), receiver)
}

/// Part of the tracing subscriber.
pub struct LogLayer(mpsc::Sender<LogRequest>);

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = match *event.metadata().level() {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warning,
            _ => return,
        };
        // Warnings of the HTTP client would beget more requests.
        if !event.metadata().target().starts_with("challengectl") {
            return;
        }
        let mut line = Line::default();
        event.record(&mut line);
        let message = format!("{}{}", line.message, line.fields).chars().take(1000).collect();
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

/// Sends the lines one by one while the server is there. A line that it does not take is lost.
pub async fn forward(agent: Arc<Agent>, mut lines: mpsc::Receiver<LogRequest>) {
    while let Some(line) = lines.recv().await {
        agent.linked().await;
        if let Err(error) = agent.api.log(&line).await {
            tracing::debug!("a log line was not taken: {error}");
        }
    }
}
