//! Log lines of runners and of the server, collected in memory and written in batches.

use super::events::Event;
use super::{Caller, Coordinator, CoreError};
use crate::store::logs::LogLine;
use challengectl_common::Timestamp;
use challengectl_common::wire::{LogLevel, LogRequest, MOST_LINES};
use std::sync::{Mutex, PoisonError};

/// Lines that may wait for writing; a runner that floods must not fill memory.
const WAITING: usize = 10_000;
/// Who says what the server itself says.
const SERVER: &str = "server";
/// Bytes of a line that are kept.
const LINE: usize = 4096;

#[derive(Debug, Default)]
pub struct Logbook(Mutex<Vec<LogLine>>);

impl Logbook {
    pub fn take(&self) -> Vec<LogLine> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, line: LogLine) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < WAITING {
            lines.push(line);
        }
    }
}

impl Coordinator {
    /// Keeps lines that a runner has sent.
    ///
    /// # Errors
    /// [`CoreError::NotRegistered`], [`CoreError::Superseded`]; [`CoreError::Invalid`] when there are too many.
    pub fn log(&self, caller: &Caller, lines: Vec<LogRequest>) -> Result<(), CoreError> {
        let received_at = self.clock.now();
        self.hear(caller)?;
        if lines.len() > MOST_LINES {
            return Err(CoreError::Invalid(format!("lines: {} are more than {MOST_LINES}", lines.len())));
        }
        for line in lines {
            self.record(LogLine {
                received_at,
                logged_at: line.timestamp.unwrap_or(received_at),
                source: caller.runner_id.to_string(),
                level: level_name(line.level),
                message: shortened(line.message, LINE),
            });
        }
        Ok(())
    }

    /// Keeps a line of the server's own, for operators to see. Nothing secret belongs in one.
    pub(super) fn note(&self, level: LogLevel, message: String) {
        let now = self.clock.now();
        let (source, level) = (SERVER.to_owned(), level_name(level));
        self.record(LogLine { received_at: now, logged_at: now, source, level, message });
    }

    fn record(&self, line: LogLine) {
        self.events.publish(Event::Log {
            source: line.source.clone(),
            level: line.level,
            message: line.message.clone(),
            timestamp: line.logged_at,
        });
        self.logbook.add(line);
    }
}

fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "DEBUG",
        LogLevel::Info => "INFO",
        LogLevel::Warning => "WARNING",
        LogLevel::Error => "ERROR",
        LogLevel::Critical => "CRITICAL",
    }
}

/// At most `limit` bytes of a text, cut between characters.
pub fn shortened(mut text: String, limit: usize) -> String {
    text.truncate(text.floor_char_boundary(limit));
    text
}

/// A moment that a runner tells by its own clock, within what the server knows to be possible.
pub fn within(moment: Timestamp, earliest: Timestamp, latest: Timestamp) -> Timestamp {
    moment.max(earliest).min(latest)
}
