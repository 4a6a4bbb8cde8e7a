//! Takes log lines of runners.

use crate::bus::log::{MAX_LINE, level_name, shortened};
use crate::runner_api::RunnerApi;
use crate::store::log::logs::LogLine;
use crate::{Caller, CoreError};
use challengectl_common::wire::{LogRequest, MAX_LOG_LINES};

impl RunnerApi {
    /// Records log lines that a runner has sent.
    pub fn record_lines(&self, caller: &Caller, lines: Vec<LogRequest>) -> Result<(), CoreError> {
        let received_at = self.context.clock.now();
        self.fleet.hear(caller)?;
        if lines.len() > MAX_LOG_LINES {
            return Err(CoreError::Invalid(format!("lines: {} are more than {MAX_LOG_LINES}", lines.len())));
        }
        for line in lines {
            self.context.record(LogLine {
                received_at,
                logged_at: line.timestamp.unwrap_or(received_at),
                source: caller.runner_id.to_string(),
                level: level_name(line.level),
                message: shortened(line.message, MAX_LINE),
            });
        }
        Ok(())
    }
}
