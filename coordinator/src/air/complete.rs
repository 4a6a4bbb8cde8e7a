//! Reports: how a runner's transmission ended.

use super::ended::End;
use crate::air::Air;
use crate::bus::log::{shortened, within};
use crate::fleet::lives::Standing;
use crate::redaction::without_payload;
use crate::schedule::{after_failure, after_success};
use crate::store::air::assignments::Assignment;
use crate::store::air::reports::LateReport;
use crate::store::air::transmissions::Ending;
use crate::store::air::{assignments, reports, transmissions};
use crate::store::challenges::Challenge;
use crate::store::fleet::runners;
use crate::store::{self, AssignmentState, Connection, StoreError, TransmissionStatus, challenges};
use crate::{Caller, CoreError};
use challengectl_common::Timestamp;
use challengectl_common::challenge::Kind;
use challengectl_common::wire::{CompleteRequest, LogLevel, Outcome};
use std::sync::Arc;

/// Bytes of an error message that are kept.
const MAX_ERROR: usize = 2000;
/// Bytes of an error message that are kept of a late report; a runner may send 200 of those in a second.
const MAX_LATE_ERROR: usize = 200;

/// The effect of a report.
enum Verdict {
    /// It ends the assignment.
    Ends(Assignment),
    /// It repeats an earlier report.
    Repeats,
    /// It changes nothing, for this reason.
    Late(&'static str),
    /// The challenge does not exist, and this runner never had it.
    Unknown,
}

impl Air {
    /// Takes a report. Repeating it changes nothing and is no error.
    ///
    /// # Errors
    /// [`CoreError::Late`] when the assignment is over, or was never this runner's; the report is recorded
    /// nevertheless. [`CoreError::NotFound`] when the challenge does not exist.
    pub async fn complete(self: &Arc<Self>, caller: &Caller, mut report: CompleteRequest) -> Result<(), CoreError> {
        report.error = report.error.map(|error| shortened(error, MAX_ERROR));
        let (this, caller) = (Arc::clone(self), caller.clone());
        self.context.run_to_completion(async move { this.take_report(&caller, report).await }).await
    }

    async fn take_report(&self, caller: &Caller, mut report: CompleteRequest) -> Result<(), CoreError> {
        let now = self.context.clock.now();
        if self.fleet.keyring.standing(caller) == Some(Standing::Current) {
            self.fleet.presence.heard(&caller.runner_id, &self.context.clock);
        }
        // Held until the end is published: subscribers see the challenge freed before it is assigned again.
        let _turn = self.turn.lock().await;
        let mut transaction = self.fleet.write_for(caller).await?;
        if let Some(error) = &mut report.error
            && let Some(challenge) = challenges::find(&mut transaction, report.challenge_id).await?
        {
            *error = without_payload(error, &challenge.spec);
        }
        let report = &report;
        let verdict = match judge(&mut transaction, caller, report).await? {
            Verdict::Ends(assignment) if self.is_of_before(caller, report, assignment.id) => {
                // The challenge may be on air a second time: its frequency stays occupied until the lease is over.
                self.leases.abort_all(&[assignment.id]);
                Verdict::Late("the task was handed out again since, and the report may be of the time before")
            }
            verdict => verdict,
        };
        match verdict {
            Verdict::Repeats => {
                // If the commit of the first report failed as seen from here but took effect, the lease is still here.
                if let Some(id) = report.assignment_id {
                    self.leases.remove(&caller.runner_id, id);
                }
                Ok(())
            }
            Verdict::Late(reason) => {
                reports::insert_late(&mut transaction, late(caller, report, reason), now).await?;
                store::commit(transaction).await?;
                Err(CoreError::Late(reason))
            }
            Verdict::Unknown => Err(CoreError::NotFound(format!("challenge {}", report.challenge_id))),
            Verdict::Ends(assignment) => {
                let end = apply(&mut transaction, &assignment, report, now).await?;
                store::commit(transaction).await?;
                self.leases.remove(&caller.runner_id, assignment.id);
                self.publish_end(end, now);
                self.context.changed();
                let (runner, outcome) = (&caller.runner_id, status(report.status).as_str());
                tracing::info!(%runner, assignment = assignment.id, outcome, "completed");
                if let Some(underruns) = report.underruns.filter(|underruns| *underruns > 0) {
                    let what = format!("the radio ran out of samples {underruns} times: its host is too slow, or busy");
                    self.context
                        .log(LogLevel::Warning, format!("Runner {runner}: assignment {}: {what}", assignment.id));
                }
                if report.status == Outcome::Failed {
                    let why = report.error.as_deref().unwrap_or("no reason given");
                    self.context
                        .log(LogLevel::Error, format!("Runner {runner}: assignment {} failed: {why}", assignment.id));
                }
                Ok(())
            }
        }
    }
}

impl Air {
    fn is_of_before(&self, caller: &Caller, report: &CompleteRequest, assignment_id: i64) -> bool {
        report.assignment_id.is_none()
            && self.leases.may_be_of_before(&caller.runner_id, assignment_id, self.context.clock.instant())
    }
}

async fn judge(connection: &mut Connection, caller: &Caller, report: &CompleteRequest) -> Result<Verdict, StoreError> {
    let found = match report.assignment_id {
        Some(id) => assignments::find(connection, id).await?,
        None => meant(connection, caller, report.challenge_id).await?,
    };
    let own = found.filter(|assignment| assignment.runner_id == caller.runner_id);
    let Some(assignment) = own.as_ref().filter(|assignment| assignment.challenge_id == report.challenge_id).cloned()
    else {
        return Ok(match challenges::find(connection, report.challenge_id).await? {
            None => Verdict::Unknown,
            Some(_) if own.is_some() => Verdict::Late("the assignment is of another challenge"),
            Some(_) => Verdict::Late("the runner has no such assignment"),
        });
    };
    if report.fence.is_some_and(|fence| fence != assignment.fence) {
        return Ok(Verdict::Late("the assignment has another fence"));
    }
    Ok(match assignment.state {
        AssignmentState::Live => Verdict::Ends(assignment),
        state if state == end_state(report.status) => Verdict::Repeats,
        AssignmentState::Lapsed => Verdict::Late("the assignment was given up before the report came"),
        _ => Verdict::Late("the assignment was reported with another outcome"),
    })
}

/// Returns the assignment that a report without an id means: the live one, else the latest, which it may repeat.
async fn meant(
    connection: &mut Connection,
    caller: &Caller,
    challenge_id: i64,
) -> Result<Option<Assignment>, StoreError> {
    match assignments::find_live(connection, (&caller.runner_id, &caller.key_id), challenge_id).await? {
        None => assignments::find_latest_over(connection, &caller.runner_id, challenge_id).await,
        live => Ok(live),
    }
}

async fn apply(
    connection: &mut Connection,
    assignment: &Assignment,
    report: &CompleteRequest,
    now: Timestamp,
) -> Result<End, StoreError> {
    assignments::end(connection, assignment.id, end_state(report.status), now).await?;
    let possible = |moment| within(moment, assignment.assigned_at, now);
    let ending = Ending {
        status: status(report.status),
        started_at: report.started_at.map(possible),
        ended_at: report.ended_at.map_or(now, possible),
        error: report.error.as_deref(),
    };
    let on_air = ending.started_at.map(|started| ending.ended_at.since(started)).unwrap_or_default();
    let transmission = transmissions::end(connection, assignment.id, ending).await?;
    runners::rest(connection, &assignment.runner_id, &assignment.radio_id, on_air, now).await?;
    // A challenge that was deleted meanwhile is not due again.
    let next = match challenges::find(connection, assignment.challenge_id).await? {
        None => None,
        Some(challenge) => {
            let due_at = put_back(connection, &challenge, report.status, now).await?;
            Some((challenge, due_at))
        }
    };
    Ok(End { transmission, status: status(report.status), error: report.error.clone(), next })
}

/// Determines when the challenge is due again, and writes it.
async fn put_back(
    connection: &mut Connection,
    challenge: &Challenge,
    outcome: Outcome,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let (id, Kind::Transmission(spec)) = (challenge.id, &challenge.spec.kind);
    match outcome {
        Outcome::Success => {
            let due_at = after_success(now, spec.min_delay_ms, spec.max_delay_ms, &mut rand::rng());
            challenges::succeeded(connection, id, now, due_at).await?;
            Ok(due_at)
        }
        Outcome::Failed => {
            let due_at = after_failure(now, spec.max_delay_ms, challenge.air.failures);
            challenges::failed(connection, id, now, due_at).await?;
            Ok(due_at)
        }
        Outcome::Aborted => {
            challenges::cut(connection, id, now).await?;
            Ok(challenge.air.due_at)
        }
    }
}

fn late<'a>(caller: &'a Caller, report: &'a CompleteRequest, reason: &'a str) -> LateReport<'a> {
    LateReport {
        runner_id: &caller.runner_id,
        challenge_id: report.challenge_id,
        assignment_id: report.assignment_id,
        fence: report.fence,
        outcome: status(report.status),
        error: report
            .error
            .as_deref()
            .map(|error| error.get(..error.floor_char_boundary(MAX_LATE_ERROR)).unwrap_or(error)),
        reason,
    }
}

fn end_state(outcome: Outcome) -> AssignmentState {
    match outcome {
        Outcome::Success => AssignmentState::Done,
        Outcome::Failed => AssignmentState::Failed,
        Outcome::Aborted => AssignmentState::Aborted,
    }
}

fn status(outcome: Outcome) -> TransmissionStatus {
    match outcome {
        Outcome::Success => TransmissionStatus::Success,
        Outcome::Failed => TransmissionStatus::Failed,
        Outcome::Aborted => TransmissionStatus::Aborted,
    }
}
