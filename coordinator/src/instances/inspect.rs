//! Inspections: what operators look at in an instance. They are handed to its runner with the orders, and live only as
//! long as the operator waits.

use super::Instances;
use crate::audit::Actor;
use crate::store::instances::sessions::{self, Place};
use crate::{Caller, CoreError};
use challengectl_common::RunnerId;
use challengectl_common::instance::ContainerName;
use challengectl_common::wire::inspections::{Inspection, InspectionAnswer, MAX_OUTPUT, MAX_WORDS, Subject};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long an operator waits. A runner gives a command 15 seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// Inspections at once, of all operators.
const MAX_WAITING: usize = 50;
/// Lines of output.
const MAX_LINES: u32 = 10_000;
/// Bytes of a word of a command.
const MAX_WORD: usize = 4096;
/// Characters of a reason.
const MAX_REASON: usize = 1000;

/// The inspections that wait for an answer.
#[derive(Debug, Default)]
pub(super) struct Inspections(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    last_id: i64,
    waiting: BTreeMap<i64, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    runner: RunnerId,
    /// `None` when the runner has it.
    inspection: Option<Inspection>,
    answer: oneshot::Sender<InspectionAnswer>,
}

impl Inspections {
    /// Returns those that a runner does not have yet.
    pub(super) fn take(&self, runner: &RunnerId) -> Vec<Inspection> {
        let mut table = self.0.lock();
        let own = table.waiting.values_mut().filter(|it| it.runner == *runner);
        own.filter_map(|it| it.inspection.take()).collect()
    }

    fn put(&self, runner: RunnerId, make: impl FnOnce(i64) -> Inspection) -> Option<Ticket<'_>> {
        let mut table = self.0.lock();
        if table.waiting.len() >= MAX_WAITING {
            return None;
        }
        table.last_id += 1;
        let (id, (answer, answered)) = (table.last_id, oneshot::channel());
        table.waiting.insert(id, Waiting { runner, inspection: Some(make(id)), answer });
        Some(Ticket { inspections: self, id, answered })
    }

    fn answer(&self, runner: &RunnerId, answer: InspectionAnswer) {
        let mut table = self.0.lock();
        if table.waiting.get(&answer.inspection_id).is_some_and(|it| it.runner == *runner)
            && let Some(waiting) = table.waiting.remove(&answer.inspection_id)
        {
            // An operator who has gone away needs none.
            let _ = waiting.answer.send(answer);
        }
    }
}

/// An inspection, which ends when its operator goes away.
struct Ticket<'a> {
    inspections: &'a Inspections,
    id: i64,
    answered: oneshot::Receiver<InspectionAnswer>,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.inspections.0.lock().waiting.remove(&self.id);
    }
}

impl Instances {
    /// Returns what a container of a session has printed, the last lines.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when the session has ended, [`CoreError::Unavailable`] when its runner does not answer.
    pub async fn output(
        &self,
        session: i64,
        container: Option<ContainerName>,
        lines: u32,
    ) -> Result<InspectionAnswer, CoreError> {
        if !(1..=MAX_LINES).contains(&lines) {
            return Err(CoreError::Invalid(format!("lines: {lines}, not from 1 to {MAX_LINES}")));
        }
        self.inspect(session, container, Subject::Output(lines)).await
    }

    /// Returns what a cluster has recorded about the objects of a session. Of one in another engine the answer says that
    /// there is nothing.
    ///
    /// # Errors
    /// As [`output`](Self::output).
    pub async fn events(&self, session: i64) -> Result<InspectionAnswer, CoreError> {
        self.inspect(session, None, Subject::Events).await
    }

    /// Runs a command in a container of a session, and returns what it prints.
    ///
    /// # Errors
    /// As [`output`](Self::output).
    pub async fn run_command(
        &self,
        session: i64,
        container: Option<ContainerName>,
        command: Vec<String>,
        actor: Actor,
    ) -> Result<InspectionAnswer, CoreError> {
        let is_word = |word: &String| word.len() <= MAX_WORD && !word.contains('\0');
        if !(1..=MAX_WORDS).contains(&command.len()) || !command.iter().all(is_word) {
            let limits = format!("1 to {MAX_WORDS} words of at most {MAX_WORD} bytes, without a zero byte");
            return Err(CoreError::Invalid(format!("command: {limits}")));
        }
        let words = command.join(" ");
        self.context
            .command(actor, "instance.command", move |command| async move {
                command.commit(&session.to_string(), Some(&words)).await
            })
            .await?;
        self.inspect(session, container, Subject::Command(command)).await
    }

    async fn inspect(
        &self,
        session: i64,
        container: Option<ContainerName>,
        subject: Subject,
    ) -> Result<InspectionAnswer, CoreError> {
        let found = sessions::get(&mut *self.context.store.read_for_players().await?, session).await?;
        let found = found.filter(|it| it.state.is_live());
        let found = found.ok_or_else(|| CoreError::NotFound(format!("live instance {session}; it may have ended")))?;
        let waits = || CoreError::Conflict(format!("instance {session} waits for an engine, and has printed nothing"));
        let Place { runner_id: runner, engine_id, .. } = found.place.ok_or_else(waits)?;
        let make = |inspection_id| Inspection { inspection_id, session_id: session, engine_id, container, subject };
        let busy = || CoreError::Unavailable("too many instances are looked at; try again later".to_owned());
        let mut ticket = self.inspections.put(runner.clone(), make).ok_or_else(busy)?;
        self.wake(0);
        match timeout(ANSWER_TIMEOUT, &mut ticket.answered).await {
            Ok(Ok(answer)) => Ok(answer),
            _ => Err(CoreError::Unavailable(format!("runner {runner} does not answer; see whether it is online"))),
        }
    }

    /// Takes the answer of a runner to an inspection. One that nobody waits for changes nothing.
    pub fn answer_inspection(&self, caller: &Caller, answer: InspectionAnswer) -> Result<(), CoreError> {
        self.fleet.hear(caller)?;
        if answer.output.as_ref().is_some_and(|output| output.len() > MAX_OUTPUT) {
            return Err(CoreError::Invalid(format!("output: more than {MAX_OUTPUT} bytes")));
        }
        if answer.reason.as_ref().is_some_and(|reason| reason.chars().count() > MAX_REASON) {
            return Err(CoreError::Invalid(format!("reason: more than {MAX_REASON} characters")));
        }
        self.inspections.answer(&caller.runner_id, answer);
        Ok(())
    }
}
