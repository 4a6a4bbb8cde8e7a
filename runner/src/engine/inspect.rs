//! What an instance prints, and what a command prints in it.

use super::EngineError;
use super::docker::{Docker, Found};
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use bollard::query_parameters::LogsOptionsBuilder;
use challengectl_common::wire::inspections::{Inspection, InspectionAnswer, MAX_OUTPUT, Subject};
use futures_util::{Stream, StreamExt};
use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Time for an inspection: what has been printed until then is shown.
const LIMIT: Duration = Duration::from_secs(15);

/// The answer of engines that are no cluster.
pub(crate) const NO_EVENTS: &str = "only clusters record events; what its programs have printed is in its output";

impl Docker {
    /// Looks at a container of an instance.
    pub(crate) async fn inspect(&self, inspection: &Inspection) -> Result<InspectionAnswer, EngineError> {
        let container = self.container_of(inspection).await?;
        let (output, exit_code, is_whole) = match &inspection.subject {
            Subject::Output(lines) => self.printed(&container, *lines).await?,
            Subject::Command(words) => self.run(&container, words).await?,
            Subject::Events => return Err(EngineError::Refused(NO_EVENTS.to_owned())),
        };
        let reason = (!is_whole).then(|| format!("it has not ended after {} seconds", LIMIT.as_secs()));
        Ok(InspectionAnswer { inspection_id: inspection.inspection_id, output: Some(output), exit_code, reason })
    }

    /// Returns the container that is meant: without a name the first, which is the one with the oldest id of the engine's
    /// list, since that is ordered by time.
    async fn container_of(&self, inspection: &Inspection) -> Result<Found, EngineError> {
        let found = self.list_session(inspection.session_id).await?;
        let named = match &inspection.container {
            Some(name) => found.into_iter().find(|it| it.name == name.as_str()),
            None => found.into_iter().next_back(),
        };
        named.ok_or_else(|| EngineError::Refused("the instance has no such container now".to_owned()))
    }

    async fn printed(&self, container: &Found, lines: u32) -> Result<(String, Option<i64>, bool), EngineError> {
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail(&lines.to_string()).build();
        let (output, is_whole) = self.read(self.api.logs(&container.id, Some(options))).await?;
        Ok((output, None, is_whole))
    }

    async fn run(&self, container: &Found, words: &[String]) -> Result<(String, Option<i64>, bool), EngineError> {
        let config = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(words.to_vec()),
            ..ExecConfig::default()
        };
        let made = self.api.create_exec(&container.id, config).await.map_err(|error| self.error(error))?;
        let options = StartExecOptions { detach: false, tty: false, output_capacity: None };
        let started = self.api.start_exec(&made.id, Some(options)).await.map_err(|error| self.error(error))?;
        let StartExecResults::Attached { output, .. } = started else { return Ok((String::new(), None, true)) };
        let (output, is_whole) = self.read(output).await?;
        let ended = self.api.inspect_exec(&made.id).await.map_err(|error| self.error(error))?;
        Ok((output, ended.exit_code.filter(|_| is_whole), is_whole))
    }

    /// Reads to the end, or as long as there is time. Returns the last of it, and whether it came to the end.
    async fn read(&self, output: impl Stream<Item = Result<LogOutput, Error>>) -> Result<(String, bool), EngineError> {
        let (deadline, mut output, mut last) = (Instant::now() + LIMIT, pin!(output), Tail::default());
        loop {
            match timeout_at(deadline, output.next()).await {
                Ok(Some(Ok(part))) => last.push(&part.into_bytes()),
                Ok(Some(Err(error))) => return Err(self.error(error)),
                Ok(None) => return Ok((last.text(), true)),
                Err(_) => return Ok((last.text(), false)),
            }
        }
    }
}

/// The end of a text of any length.
#[derive(Default)]
pub(super) struct Tail(VecDeque<u8>);

impl Tail {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let kept = bytes.get(bytes.len().saturating_sub(MAX_OUTPUT)..).unwrap_or_default();
        let beyond = (self.0.len() + kept.len()).saturating_sub(MAX_OUTPUT);
        self.0.drain(..beyond.min(self.0.len()));
        self.0.extend(kept);
    }

    /// Returns it as UTF-8 of at most [`MAX_OUTPUT`] bytes: what is none becomes U+FFFD, which is longer. Without
    /// sequences for terminals and other control characters, which JSON makes six times as long.
    pub(super) fn text(self) -> String {
        let text = String::from_utf8_lossy(&Vec::from(self.0)).into_owned();
        let text = anstream::adapter::strip_str(&text).to_string();
        let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        let from = (text.len().saturating_sub(MAX_OUTPUT)..=text.len()).find(|at| text.is_char_boundary(*at));
        from.and_then(|from| text.get(from..)).unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_output_the_end_is_kept_and_it_is_text() {
        let mut tail = Tail::default();
        tail.push(&vec![b'a'; MAX_OUTPUT]);
        tail.push("é\n".as_bytes());
        let text = tail.text();
        assert!(text.len() <= MAX_OUTPUT && text.ends_with("aé\n"));

        let mut tail = Tail::default();
        tail.push(b"\x1b[31mred\x1b[0m\r\n\0\x07end");
        assert_eq!(tail.text(), "red\nend");

        let mut tail = Tail::default();
        tail.push(&vec![0xff; MAX_OUTPUT * 2]);
        let text = tail.text();
        assert!(text.len() <= MAX_OUTPUT && text.chars().all(|c| c == '\u{fffd}'));
    }
}
