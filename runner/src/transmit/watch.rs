//! The parent's side: passes on what may be on air, and kills a child that does not answer or does not go off air.

use super::SUBCOMMAND;
use super::message::{Cause, ChildMessage, Control, End, Job, Length};
use super::outcome::{Ended, Stage, Standing, Verdict};
use crate::process::clock::Deadline;
use crate::process::{Heard, Supervised};
use challengectl_common::Timestamp;
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// For a child that must be off the air, to end. Then it is killed.
const OFF_TIMEOUT: Duration = Duration::from_millis(900);

/// For a child that builds its waveform and opens its radio, between two messages: the carrier is off meanwhile.
const READY_TIMEOUT: Duration = Duration::from_secs(20);

/// Carries out a transmission as `standing` allows, and calls `report` with each stage. A child that sends nothing for
/// `watchdog` is killed. Always ends with the carrier off and the child gone, also when this is dropped.
pub async fn watch(
    program: &Path,
    job: &Job,
    watchdog: Duration,
    standing: watch::Receiver<Standing>,
    report: impl FnMut(Stage) + Send,
) -> Ended {
    match Supervised::spawn(program, SUBCOMMAND, job).await {
        Ok(child) => Watch { child, watchdog, standing, report, length: None, started_at: None }.run().await,
        Err(error) => Ended::off_air(Verdict::Failed(format!("the radio's process cannot be started: {error}"))),
    }
}

struct Watch<F> {
    child: Supervised,
    watchdog: Duration,
    standing: watch::Receiver<Standing>,
    report: F,
    /// Known once the child is ready.
    length: Option<Length>,
    started_at: Option<Timestamp>,
}

impl<F: FnMut(Stage) + Send> Watch<F> {
    async fn run(mut self) -> Ended {
        let mut off_by = self.pass_on().await;
        let mut steered = true;
        loop {
            let silence = self.silence();
            tokio::select! {
                // What the child said counts first: a transmission that is done was not cut.
                biased;
                heard = self.child.hear(silence, off_by) => match heard {
                    Heard::Message(ChildMessage::Ended(end)) => {
                        self.child.reap().await;
                        let verdict = self.verdict(end.cause.clone());
                        let End { at: ended_at, identified, .. } = end;
                        return Ended { verdict, started_at: self.started_at, ended_at, identified };
                    }
                    Heard::Message(message) => self.follow(message),
                    Heard::Gone => {
                        let how = self.child.post_mortem().await;
                        return self.over(Verdict::Failed(format!("the radio's process ended by itself {how}")));
                    }
                    Heard::Silent => {
                        return self.kill(Verdict::Failed("the radio's driver stopped answering".to_owned())).await;
                    }
                    Heard::Overdue => {
                        let verdict = self.verdict(Cause::Stopped);
                        return self.kill(verdict).await;
                    }
                },
                changed = self.standing.changed(), if steered => match changed {
                    Ok(()) => off_by = self.pass_on().await,
                    // Nobody is left who could stop it.
                    Err(_) => {
                        steered = false;
                        off_by = Some(self.stop().await);
                    }
                },
            }
        }
    }

    /// How long the child may send nothing.
    fn silence(&self) -> Duration {
        if self.length.is_some() { self.watchdog } else { READY_TIMEOUT.max(self.watchdog) }
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
            (Cause::Stopped, Standing::Stop(reason)) => Verdict::Aborted(reason.to_owned()),
            (Cause::Stopped | Cause::LeaseOver, _) => Verdict::Aborted("the lease ran out".to_owned()),
            (Cause::Orphaned, _) => Verdict::Aborted("the radio's process lost its parent".to_owned()),
        }
    }

    async fn kill(mut self, verdict: Verdict) -> Ended {
        self.child.kill().await;
        self.over(verdict)
    }

    fn over(&self, verdict: Verdict) -> Ended {
        Ended { verdict, started_at: self.started_at, ended_at: Timestamp::now(), identified: false }
    }
}
