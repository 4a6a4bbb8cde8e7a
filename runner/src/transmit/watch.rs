//! The parent's side: starts the child, passes on what it may do, and kills it when it stops answering.

use super::SUBCOMMAND;
use super::clock::Deadline;
use super::message::{Cause, Control, Event, Job, Length};
use challengectl_common::Timestamp;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// A child that must be off and is not within this time is killed.
const OFF_PATIENCE: Duration = Duration::from_millis(900);

/// Building a waveform and opening a radio may take so long, since the carrier is off.
const READY_PATIENCE: Duration = Duration::from_secs(20);

/// What may be on air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing yet.
    Prepare,
    /// The transmission, until then.
    Transmit(Deadline),
    /// Nothing any more, for this reason.
    Stop(&'static str),
}

/// How far a transmission is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stage {
    /// It could go on air.
    Ready,
    /// It is on air.
    OnAir {
        /// Samples so far.
        samples: u64,
        /// Samples in all, and their rate.
        length: Length,
    },
}

/// How a transmission ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Well or not.
    pub verdict: Verdict,
    /// When the carrier went on, if it did.
    pub started_at: Option<Timestamp>,
    /// When the carrier was off again.
    pub ended_at: Timestamp,
}

/// How a transmission ended, in one word and a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All of it was on air.
    Success,
    /// Something went wrong.
    Failed(String),
    /// It was cut.
    Aborted(String),
}

/// The program to run as a child: this one, even when the file it was started from has been replaced since.
#[must_use]
pub fn this_program() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

/// Carries out a transmission as `standing` allows. Always ends with the carrier off and the child gone, also when it
/// is dropped.
pub async fn watch(
    program: &Path,
    job: &Job,
    watchdog: Duration,
    standing: watch::Receiver<Standing>,
    report: impl FnMut(Stage) + Send,
) -> Ended {
    match Process::spawn(program, job).await {
        Ok(process) => Watch { process, watchdog, standing, report, length: None, started_at: None }.run().await,
        Err(error) => Ended {
            verdict: Verdict::Failed(format!("the radio's process cannot be started: {error}")),
            started_at: None,
            ended_at: Timestamp::now(),
        },
    }
}

struct Watch<F> {
    process: Process,
    watchdog: Duration,
    standing: watch::Receiver<Standing>,
    report: F,
    length: Option<Length>,
    started_at: Option<Timestamp>,
}

impl<F: FnMut(Stage) + Send> Watch<F> {
    async fn run(mut self) -> Ended {
        let mut silent_from = Instant::now() + READY_PATIENCE;
        let mut off_by = self.obey().await;
        loop {
            tokio::select! {
                // What the child said counts before what the clock says.
                biased;
                event = self.process.event() => match event {
                    Some(Event::Ended(end)) => {
                        self.process.reap().await;
                        let verdict = self.verdict(end.cause);
                        return Ended { verdict, started_at: self.started_at, ended_at: end.at };
                    }
                    Some(event) => self.note(event),
                    None => {
                        let how = self.process.post_mortem().await;
                        return self.over(Verdict::Failed(how));
                    }
                },
                changed = self.standing.changed() => match changed {
                    Ok(()) => off_by = self.obey().await,
                    // Nobody is left who could stop it.
                    Err(_) => off_by = Some(self.stop().await),
                },
                () = sleep_until(silent_from) => {
                    let verdict = Verdict::Failed("the radio's driver stopped answering".to_owned());
                    return self.kill(verdict).await;
                }
                () = sleep_until(off_by.unwrap_or(silent_from)), if off_by.is_some() => {
                    let verdict = self.verdict(Cause::Stopped);
                    return self.kill(verdict).await;
                }
            }
            let patience = if self.length.is_some() { self.watchdog } else { READY_PATIENCE.max(self.watchdog) };
            silent_from = self.process.heard + patience;
        }
    }

    /// Tells the child where things stand; gives the moment by which it must be off.
    async fn obey(&mut self) -> Option<Instant> {
        let standing = *self.standing.borrow_and_update();
        match standing {
            Standing::Prepare => None,
            Standing::Transmit(until) if until == Deadline::NEVER => {
                self.process.tell(Control::Lease(until)).await;
                None
            }
            Standing::Transmit(until) => {
                self.process.tell(Control::Lease(until)).await;
                Some(Instant::now() + until.remaining() + OFF_PATIENCE)
            }
            Standing::Stop(_) => Some(self.stop().await),
        }
    }

    async fn stop(&mut self) -> Instant {
        self.process.tell(Control::Stop).await;
        Instant::now() + OFF_PATIENCE
    }

    fn note(&mut self, event: Event) {
        match (event, self.length) {
            (Event::Ready(length), _) => {
                self.length = Some(length);
                (self.report)(Stage::Ready);
            }
            (Event::OnAir(at), Some(length)) => {
                self.started_at = Some(at);
                (self.report)(Stage::OnAir { samples: 0, length });
            }
            (Event::Progress(samples), Some(length)) => (self.report)(Stage::OnAir { samples, length }),
            _ => {}
        }
    }

    fn verdict(&self, cause: Cause) -> Verdict {
        match (cause, *self.standing.borrow()) {
            (Cause::Done, _) => Verdict::Success,
            (Cause::Failed(error), _) => Verdict::Failed(error),
            (Cause::Stopped, Standing::Stop(reason)) => Verdict::Aborted(reason.to_owned()),
            (Cause::Stopped | Cause::LeaseOver, _) => Verdict::Aborted("the lease ran out".to_owned()),
            (Cause::Orphaned, _) => Verdict::Aborted("the radio's process lost its parent".to_owned()),
        }
    }

    async fn kill(mut self, verdict: Verdict) -> Ended {
        self.process.kill().await;
        self.over(verdict)
    }

    fn over(&self, verdict: Verdict) -> Ended {
        Ended { verdict, started_at: self.started_at, ended_at: Timestamp::now() }
    }
}

struct Process {
    child: Child,
    control: ChildStdin,
    events: Lines<BufReader<ChildStdout>>,
    /// The last line on its standard error.
    complaint: Arc<Mutex<String>>,
    /// When the last event came.
    heard: Instant,
}

impl Process {
    async fn spawn(program: &Path, job: &Job) -> io::Result<Self> {
        let mut child = Command::new(program)
            .arg0("challengectl-runner")
            .arg(SUBCOMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Its own group: Ctrl-C in the terminal reaches the parent alone, which ends it in good order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let lost = || io::Error::other("a pipe is missing");
        let mut control = child.stdin.take().ok_or_else(lost)?;
        let events = BufReader::new(child.stdout.take().ok_or_else(lost)?).lines();
        let complaint = Arc::new(Mutex::new(String::new()));
        let stderr = child.stderr.take().ok_or_else(lost)?;
        tokio::spawn(keep_last_line(stderr, Arc::clone(&complaint)));
        control.write_all(&line(job)?).await?;
        Ok(Self { child, control, events, complaint, heard: Instant::now() })
    }

    /// None when there will be no more. Nothing is lost when it is dropped before it returns.
    async fn event(&mut self) -> Option<Event> {
        loop {
            let text = self.events.next_line().await.ok().flatten()?;
            // A library may print to standard output; what is no event is no sign of life either.
            if let Ok(event) = serde_json::from_str(&text) {
                self.heard = Instant::now();
                return Some(event);
            }
        }
    }

    /// A child that no longer listens is found out by its silence.
    async fn tell(&mut self, control: Control) {
        if let Ok(line) = line(&control) {
            let _ = self.control.write_all(&line).await;
        }
    }

    async fn kill(&mut self) {
        let _ = self.child.start_kill();
        self.reap().await;
    }

    /// Waits until the process is gone, and with it its hold on the device.
    async fn reap(&mut self) {
        if tokio::time::timeout(OFF_PATIENCE, self.child.wait()).await.is_ok() {
            return;
        }
        let _ = self.child.start_kill();
        if tokio::time::timeout(Duration::from_secs(5), self.child.wait()).await.is_err() {
            tracing::error!(pid = self.child.id(), "a radio's process cannot be killed: unplug the radio");
        }
    }

    async fn post_mortem(&mut self) -> String {
        let status = tokio::time::timeout(Duration::from_secs(5), self.child.wait()).await;
        let how = match status {
            Ok(Ok(status)) => status.to_string(),
            _ => "no status".to_owned(),
        };
        self.kill().await;
        let complaint = self.complaint.lock().unwrap_or_else(PoisonError::into_inner);
        let colon = if complaint.is_empty() { "" } else { ": " };
        format!("the radio's process ended by itself ({how}){colon}{complaint}")
    }
}

fn line(message: &impl serde::Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

async fn keep_last_line(stderr: impl AsyncRead + Unpin, last: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        tracing::debug!("radio: {line}");
        *last.lock().unwrap_or_else(PoisonError::into_inner) = line;
    }
}
