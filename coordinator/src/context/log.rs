//! The operators' log, written to the database in batches.

use super::Context;
use crate::CoreError;
use crate::bus::events::Event;
use crate::bus::log::{BATCH, SERVER, level_name};
use crate::store;
use crate::store::log::logs::{self, LogLine};
use challengectl_common::wire::LogLevel;

impl Context {
    /// Logs a line of the server, for operators. It contains no secret.
    pub(crate) fn log(&self, level: LogLevel, message: String) {
        let now = self.clock.now();
        let (source, level) = (SERVER.to_owned(), level_name(level));
        self.record(LogLine { received_at: now, logged_at: now, source, level, message });
    }

    /// Writes the waiting lines to the database.
    pub(crate) async fn write_log(&self) -> Result<(), CoreError> {
        if let Some(drops) = self.log_buffer.take_drops(self.clock.now()) {
            tracing::warn!("{drops}");
            self.log(LogLevel::Warning, drops);
        }
        let mut lines = self.log_buffer.take();
        while !lines.is_empty() {
            let later = lines.split_off(lines.len().min(BATCH));
            if let Err(error) = self.write_lines(&lines).await {
                lines.extend(later);
                self.log_buffer.put_back(lines);
                return Err(error);
            }
            lines = later;
        }
        Ok(())
    }

    async fn write_lines(&self, lines: &[LogLine]) -> Result<(), CoreError> {
        let mut transaction = self.store.write().await?;
        for line in lines {
            logs::insert(&mut transaction, line).await?;
        }
        Ok(store::commit(transaction).await?)
    }

    /// Deletes the oldest lines beyond the log's bounds.
    pub async fn trim_log(&self) -> Result<(), CoreError> {
        if !logs::is_too_long(&mut *self.store.read().await?).await? {
            return Ok(());
        }
        self.in_batches(|connection| Box::pin(logs::trim(connection))).await
    }

    pub(crate) fn record(&self, line: LogLine) {
        self.events.publish(Event::Log {
            source: line.source.clone(),
            level: line.level,
            message: line.message.clone(),
            timestamp: line.logged_at,
        });
        self.log_buffer.lock().add(line);
    }
}
