//! The parent's side: passes on the standing, and kills a child that does not answer or does not go off air.

use super::message::{Cause, ChildMessage, Control, End, Job, Length};
use super::outcome::{Ended, Stage, Standing, Verdict};
use super::{SUBCOMMAND, errand};
use crate::config::Timeouts;
use crate::process::clock::Deadline;
use crate::process::{Heard, Supervised};
use challengectl_common::Timestamp;
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Time limit for a child to end after a stop or its lease. Then it is killed.
const OFF_TIMEOUT: Duration = Duration::from_millis(900);

/// For a kept child, to close its device and end.
pub(super) const RELEASE_TIMEOUT: Duration = Duration::from_secs(3);

/// Starts a child on a job.
pub(super) async fn start(program: &Path, job: &Job) -> Result<Supervised, Ended> {
    let started = Supervised::spawn(program, SUBCOMMAND, job).await;
    started.map_err(|error| Ended::off_air(Verdict::Failed(format!("the radio's process cannot be started: {error}"))))
}

/// Watches over a child that has been given the job. Returns the child, too, if it waits for the next job.
pub(super) async fn carry_out(
    program: &Path,
    job: &Job,
    child: Supervised,
    timeouts: Timeouts,
    standing: watch::Receiver<Standing>,
    report: impl FnMut(Stage) + Send,
) -> (Ended, Option<Supervised>) {
    Watch { program, job, child, timeouts, standing, report, length: None, started_at: None }.run().await
}

struct Watch<'a, F> {
    program: &'a Path,
    job: &'a Job,
    child: Supervised,
    timeouts: Timeouts,
    standing: watch::Receiver<Standing>,
    report: F,
    /// Known once the child is ready.
    length: Option<Length>,
    started_at: Option<Timestamp>,
}

impl<F: FnMut(Stage) + Send> Watch<'_, F> {
    async fn run(mut self) -> (Ended, Option<Supervised>) {
        let mut off_by = self.pass_on().await;
        let mut steered = true;
        loop {
            let silence = self.silence();
            tokio::select! {
                // Messages of the child first: a transmission that is complete was not cut.
                biased;
                heard = self.child.hear(silence, off_by) => match heard {
                    Heard::Message(ChildMessage::Ended(end)) => return self.ended(end).await,
                    Heard::Message(message) => self.follow(message),
                    Heard::Gone => {
                        let how = self.child.post_mortem().await;
                        return self.killed(Verdict::RadioFailed(format!("the radio's process ended by itself {how}"))).await;
                    }
                    Heard::Silent => {
                        self.child.kill().await;
                        return self.killed(Verdict::RadioFailed("the radio's driver stopped answering".to_owned())).await;
                    }
                    Heard::Overdue => {
                        self.child.kill().await;
                        let verdict = self.verdict(Cause::Stopped);
                        return self.killed(verdict).await;
                    }
                },
                changed = self.standing.changed(), if steered => match changed {
                    Ok(()) => off_by = self.pass_on().await,
                    // The sender is gone, so nothing could stop the transmission any more.
                    Err(_) => {
                        steered = false;
                        off_by = Some(self.stop().await);
                    }
                },
            }
        }
    }

    /// Returns the silence after which the child is killed.
    fn silence(&self) -> Duration {
        let Timeouts { silence, open } = self.timeouts;
        // Turning a carrier on may calibrate the radio first, in one call that takes seconds.
        if self.started_at.is_some() { silence } else { open.max(silence) }
    }

    /// Passes the standing on to the child; returns the moment by which it must have ended.
    async fn pass_on(&mut self) -> Option<Instant> {
        let standing = *self.standing.borrow_and_update();
        match standing {
            Standing::Prepare => None,
            Standing::Transmit(until) => {
                self.child.send(&Control::Lease(until)).await;
                (until != Deadline::NEVER).then(|| Instant::now() + until.remaining() + OFF_TIMEOUT)
            }
            Standing::Stop(_) => Some(self.stop().await),
        }
    }

    async fn stop(&mut self) -> Instant {
        self.child.send(&Control::Stop).await;
        Instant::now() + OFF_TIMEOUT
    }

    fn follow(&mut self, message: ChildMessage) {
        match (message, self.length) {
            (ChildMessage::Ready(length), _) => {
                self.length = Some(length);
                (self.report)(Stage::Ready);
            }
            (ChildMessage::OnAir(at), Some(length)) => {
                self.started_at = Some(at);
                (self.report)(Stage::OnAir { samples: 0, length });
            }
            (ChildMessage::Progress(samples), Some(length)) => (self.report)(Stage::OnAir { samples, length }),
            _ => {}
        }
    }

    fn verdict(&self, cause: Cause) -> Verdict {
        match (cause, *self.standing.borrow()) {
            (Cause::Done, _) => Verdict::Success,
            (Cause::Failed(error), _) => Verdict::Failed(error),
            (Cause::Radio(error), _) => Verdict::RadioFailed(error),
            (Cause::Stopped, Standing::Stop(reason)) => Verdict::Aborted(reason.to_owned()),
            (Cause::Stopped | Cause::LeaseOver, _) => Verdict::Aborted("the lease ran out".to_owned()),
            (Cause::Terminated, Standing::Stop(reason)) => Verdict::Aborted(reason.to_owned()),
            (Cause::Terminated, _) => Verdict::Aborted("the radio's process was told to end".to_owned()),
            (Cause::Orphaned, _) => Verdict::Aborted("the radio's process lost its parent".to_owned()),
        }
    }

    async fn ended(mut self, end: End) -> (Ended, Option<Supervised>) {
        let End { at: ended_at, cause, identified, underruns, kept, doubtful, .. } = end;
        let mut ended =
            Ended { verdict: self.verdict(cause), started_at: self.started_at, ended_at, identified, underruns };
        if kept {
            return (ended, Some(self.child));
        }
        self.child.reap().await;
        if doubtful {
            ended.verdict = silenced(self.program, self.job, self.timeouts.open, ended.verdict).await;
            ended.ended_at = Timestamp::now();
        }
        (ended, None)
    }

    /// Ends a transmission whose child is gone without having said that the carrier is off.
    async fn killed(self, verdict: Verdict) -> (Ended, Option<Supervised>) {
        let verdict = silenced(self.program, self.job, self.timeouts.open, verdict).await;
        let ended_at = Timestamp::now();
        (Ended { verdict, started_at: self.started_at, ended_at, identified: false, underruns: 0 }, None)
    }
}

/// Silences a device that may radiate though its process is gone. Returns the verdict, which says so if that fails.
async fn silenced(program: &Path, job: &Job, limit: Duration, verdict: Verdict) -> Verdict {
    match errand::silence(program, &job.radio, job.lock.as_deref(), limit).await {
        Ok(()) => verdict,
        Err(error) => {
            tracing::error!("radio {}: {}", job.radio.id, unsure(&error));
            verdict.with(&unsure(&error))
        }
    }
}

/// Returns what to do about a radio that could not be silenced.
fn unsure(error: &str) -> String {
    format!("nobody could make sure that its carrier is off ({error}): unplug it if it is there")
}
