//! The parent's side.

use super::line;
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

/// Time limit for a child to end by itself after its last message.
const END_TIMEOUT: Duration = Duration::from_millis(900);

/// Time limit for the kernel to end a killed process: one that is blocked in a driver ends only when the driver
/// returns.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns the program to run as a child: this one, even if its file has been replaced since it was started.
#[must_use]
pub fn this_program() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

/// The result of listening to a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard<M> {
    Message(M),
    /// It has closed its standard output: no more messages will come.
    Gone,
    /// It has sent nothing for longer than allowed.
    Silent,
    /// It has not ended in time.
    Overdue,
}

/// A child process, killed when this value is dropped.
pub struct Supervised {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// The last line of its standard error so far.
    complaint: Arc<Mutex<String>>,
    /// Reads its standard error to the end. Taken by the first caller that waits for it.
    reader: Option<JoinHandle<()>>,
    /// When its last message came; initially, when it was started.
    heard: Instant,
}

impl Supervised {
    /// Starts `program` with this subcommand and sends it its first message.
    pub async fn spawn(program: &Path, subcommand: &'static str, first: &impl Serialize) -> io::Result<Self> {
        let mut child = Command::new(program)
            .arg0(env!("CARGO_PKG_NAME"))
            .arg(subcommand)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // In its own process group, so that Ctrl-C in the terminal reaches only the parent, which ends the child in
            // order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let lost = || io::Error::other("a pipe is missing");
        let mut input = child.stdin.take().ok_or_else(lost)?;
        let output = BufReader::new(child.stdout.take().ok_or_else(lost)?).lines();
        let complaint = Arc::new(Mutex::new(String::new()));
        let stderr = child.stderr.take().ok_or_else(lost)?;
        let reader = Some(tokio::spawn(keep_last_line(subcommand, stderr, Arc::clone(&complaint))));
        input.write_all(&line(first)?).await?;
        Ok(Self { child, input, output, complaint, reader, heard: Instant::now() })
    }

    /// Waits until the child has sent a message, has been silent for `silence`, or has not ended by `end_by`. A message
    /// that is there takes precedence over the clock. Cancel safe: no message is lost if the future is dropped.
    pub async fn hear<M: DeserializeOwned>(&mut self, silence: Duration, end_by: Option<Instant>) -> Heard<M> {
        let silent_at = self.heard + silence;
        tokio::select! {
            biased;
            message = self.message() => message.map_or(Heard::Gone, Heard::Message),
            () = sleep_until(silent_at) => Heard::Silent,
            () = sleep_until(end_by.unwrap_or(silent_at)), if end_by.is_some() => Heard::Overdue,
        }
    }

    async fn message<M: DeserializeOwned>(&mut self) -> Option<M> {
        loop {
            let text = self.output.next_line().await.ok().flatten()?;
            // A library may print to standard output. Lines that are not messages are ignored, and are no sign of life.
            if let Ok(message) = serde_json::from_str(&text) {
                self.heard = Instant::now();
                return Some(message);
            }
        }
    }

    /// Returns whether the child is there. One that is counts as heard of just now.
    pub fn is_alive(&mut self) -> bool {
        self.heard = Instant::now();
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Lets the child end in good order: closes its standard input. Returns whether it did so within `limit`; if not, it is
    /// killed.
    pub async fn release(self, limit: Duration) -> bool {
        let Self { mut child, input, output: _output, .. } = self;
        drop(input);
        if timeout(limit, child.wait()).await.is_ok() {
            return true;
        }
        let _ = child.start_kill();
        let _ = timeout(KILL_TIMEOUT, child.wait()).await;
        false
    }

    /// Sends the child a message. A failure is ignored: a child that no longer reads falls silent and is killed.
    pub async fn send(&mut self, message: &impl Serialize) {
        if let Ok(line) = line(message) {
            let _ = self.input.write_all(&line).await;
        }
    }

    /// Kills the child and waits until it is gone.
    pub async fn kill(&mut self) {
        let _ = self.child.start_kill();
        self.reap().await;
    }

    /// Waits until the child has ended and so released its devices; kills it if it does not end by itself.
    pub async fn reap(&mut self) {
        if timeout(END_TIMEOUT, self.child.wait()).await.is_ok() {
            return;
        }
        let _ = self.child.start_kill();
        if timeout(KILL_TIMEOUT, self.child.wait()).await.is_err() {
            tracing::error!(pid = self.child.id(), "a child process cannot be killed: unplug the device that it uses");
        }
    }

    /// Returns how a child that is [`Heard::Gone`] ended: its exit status, and the last line of its standard error.
    pub async fn post_mortem(&mut self) -> String {
        let how = match timeout(KILL_TIMEOUT, self.child.wait()).await {
            Ok(Ok(status)) => status.to_string(),
            _ => "no status".to_owned(),
        };
        self.kill().await;
        if let Some(reader) = self.reader.take() {
            // The pipe may still hold a line. The limit is for a process started by the child that keeps the pipe open.
            let _ = timeout(END_TIMEOUT, reader).await;
        }
        let complaint = self.complaint.lock();
        let colon = if complaint.is_empty() { "" } else { ": " };
        format!("({how}){colon}{complaint}")
    }
}

async fn keep_last_line(subcommand: &'static str, stderr: impl AsyncRead + Unpin, last: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        tracing::debug!("{subcommand}: {line}");
        *last.lock() = line;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(100);

    /// Starts a shell with these lines and sends it `1`. The folder holds the script, and must outlive the shell.
    async fn shell(lines: &str) -> (TempDir, Supervised) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("script");
        fs_err::write(&path, lines).unwrap();
        let script = path.display().to_string().leak();
        (folder, Supervised::spawn(Path::new("/bin/sh"), script, &1).await.unwrap())
    }

    #[tokio::test]
    async fn messages_go_both_ways_and_other_output_is_ignored() {
        let lines = "read first; echo noise; echo $first; read second; echo $second; echo why >&2; exit 7";
        let (_folder, mut child) = shell(lines).await;
        assert_eq!(child.hear(LONG, None).await, Heard::Message(1));
        child.send(&2).await;
        assert_eq!(child.hear(LONG, None).await, Heard::Message(2));
        assert_eq!(child.hear::<i32>(LONG, None).await, Heard::Gone);
        let how = child.post_mortem().await;
        assert!(how.contains("exit status: 7") && how.ends_with(": why"), "{how}");
    }

    #[tokio::test]
    async fn a_child_that_is_silent_or_does_not_end_is_noticed_and_can_be_killed() {
        let (_folder, mut child) = shell("exec sleep 600").await;
        assert_eq!(child.hear::<i32>(LONG, Some(Instant::now() + SHORT)).await, Heard::Overdue);
        assert_eq!(child.hear::<i32>(SHORT, None).await, Heard::Silent);
        child.kill().await;
        assert_eq!(child.hear::<i32>(LONG, None).await, Heard::Gone);
    }
}
