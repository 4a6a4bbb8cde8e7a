//! Log lines of runners.

use crate::bus::log::{LINE, level_name, shortened};
use crate::runner_api::RunnerApi;
use crate::store::log::logs::LogLine;
use crate::{Caller, CoreError};
use challengectl_common::wire::{LogRequest, MOST_LINES};

impl RunnerApi {
    /// Keeps lines that a runner has sent.
    ///
    /// # Errors
    /// [`CoreError::NotRegistered`], [`CoreError::Superseded`]; [`CoreError::Invalid`] when there are too many.
    pub fn record_lines(&self, caller: &Caller, lines: Vec<LogRequest>) -> Result<(), CoreError> {
        let received_at = self.context.clock.now();
        self.fleet.hear(caller)?;
        if lines.len() > MOST_LINES {
            return Err(CoreError::Invalid(format!("lines: {} are more than {MOST_LINES}", lines.len())));
        }
        for line in lines {
            self.context.record(LogLine {
                received_at,
                logged_at: line.timestamp.unwrap_or(received_at),
                source: caller.runner_id.to_string(),
                level: level_name(line.level),
                message: shortened(line.message, LINE),
            });
        }
        Ok(())
    }
}
