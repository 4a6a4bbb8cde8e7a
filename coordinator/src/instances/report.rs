//! Reports of runners: what came of orders.

use super::life::{begin_life, end, is_steady};
use super::start::{free_ports, start_timeout};
use super::{Instances, Session, deployed};
use crate::bus::alarms::AlarmKind;
use crate::session::{Happening, SessionState};
use crate::store::Connection;
use crate::store::instances::engines::{self, Engine};
use crate::store::instances::sessions;
use crate::store::instances::{self, ports, processes};
use crate::{Caller, CoreError};
use challengectl_common::wire::instances::{InstanceReport, InstanceState};
use challengectl_common::{RunnerId, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How often a session is started again before it fails.
const MAX_RESTARTS: u32 = 3;
/// Reports of one request.
const MAX_REPORTS: usize = 500;
/// Characters of a reason.
const MAX_REASON: usize = 1000;
/// Characters of an engine's id of a container.
const MAX_CONTAINER_ID: usize = 255;

impl Instances {
    /// Takes reports of a runner. Those about sessions of other runners, or with an older fence, change nothing.
    pub async fn report(self: &Arc<Self>, caller: &Caller, reports: Vec<InstanceReport>) -> Result<(), CoreError> {
        self.fleet.hear(caller)?;
        if reports.len() > MAX_REPORTS {
            return Err(CoreError::Invalid(format!("reports: more than {MAX_REPORTS}")));
        }
        let is_long = |text: &Option<String>, max| text.as_ref().is_some_and(|text| text.chars().count() > max);
        if reports.iter().any(|it| is_long(&it.reason, MAX_REASON) || is_long(&it.container_id, MAX_CONTAINER_ID)) {
            let limits = format!("{MAX_REASON} characters, or a container_id of more than {MAX_CONTAINER_ID}");
            return Err(CoreError::Invalid(format!("reports: a reason of more than {limits}")));
        }
        reports.iter().filter_map(|it| it.deployed.as_ref()).try_for_each(deployed::check)?;
        let (this, caller) = (Arc::clone(self), caller.clone());
        self.context.run_to_completion(async move { this.apply(&caller, reports).await }).await
    }

    async fn apply(&self, caller: &Caller, reports: Vec<InstanceReport>) -> Result<(), CoreError> {
        let mut transaction = self.fleet.write_of_instances(caller).await?;
        let mut changes = Vec::new();
        for report in reports {
            let session = sessions::get(&mut transaction, report.session_id).await?;
            let own = session.filter(|it| it.runner() == Some(&caller.runner_id) && it.fence == report.fence);
            if let Some(session) = own {
                let after = self.take(&mut transaction, session.clone(), report).await?;
                changes.push((session, after));
            }
        }
        // What has ended makes room.
        self.place_waiting(&mut transaction).await?;
        let failed = failed(&mut transaction, &changes).await?;
        self.commit(transaction).await?;
        changes.iter().for_each(|(before, after)| self.tally.count(before, after));
        for (challenge, message) in failed {
            self.context.raise(AlarmKind::InstanceFailed, &challenge, message);
        }
        Ok(())
    }

    /// Takes a report about a session. Returns the session after it.
    async fn take(
        &self,
        transaction: &mut Connection,
        mut session: Session,
        report: InstanceReport,
    ) -> Result<Session, CoreError> {
        if session.owner.is_slot() {
            return self.take_of_slot(transaction, session, report).await;
        }
        let (before, now) = (session.state, self.context.clock.now());
        if is_steady(&session, now) {
            session.restarts = 0;
        }
        let happening = match report.state {
            InstanceState::Running => Happening::Runs,
            InstanceState::Removed => Happening::IsRemoved,
            InstanceState::Failed if session.restarts < MAX_RESTARTS && !report.permanent => {
                Happening::BreaksAndIsRetried
            }
            InstanceState::Failed => Happening::Breaks,
            // Only deployments are so.
            InstanceState::Pending | InstanceState::Paused => return Ok(session),
        };
        // What breaks while it starts is started again: the state is the same, the fence is not.
        let is_retry = happening == Happening::BreaksAndIsRetried && before.is_live();
        let next = before.after(happening);
        if next.is_none() && !is_retry {
            return Ok(session);
        }
        session.state = next.unwrap_or(before);
        if let Some(reason) = report.reason {
            tracing::warn!(
                session = session.id,
                runner = session.runner().map(RunnerId::as_str),
                reason,
                "an instance failed"
            );
            session.reason = Some(reason);
        }
        if session.state == SessionState::Running {
            session.container_id = report.container_id;
            if let Some(port) = report.port {
                processes::set_port(transaction, session.id, port).await?;
            }
            begin_life(&mut session, before, now);
        }
        if is_retry {
            self.retry(transaction, &mut session, before, now).await?;
        }
        if session.state.is_over() {
            end(transaction, &mut session, now).await?;
        }
        self.renumber(transaction, &mut session).await?;
        tracing::info!(session = session.id, state = session.state.as_str(), "reported");
        sessions::update(transaction, &session).await?;
        Ok(session)
    }

    /// Lets a session start again. One that has never run gets other ports: the host may have used one itself. One that
    /// has run keeps its address.
    async fn retry(
        &self,
        transaction: &mut Connection,
        session: &mut Session,
        before: SessionState,
        now: Timestamp,
    ) -> Result<(), CoreError> {
        session.fence += 1;
        session.restarts += 1;
        session.container_id = None;
        if before != SessionState::Starting || session.running_at.is_some() {
            return Ok(());
        }
        let spec = instances::spec(transaction, session.challenge_id, session.version).await?;
        session.reap_at = now.after(start_timeout(&spec));
        let Some(place) = &session.place else { return Ok(()) };
        let is_own = |it: &Engine| it.runner_id == place.runner_id && it.engine_id == place.engine_id;
        let Some(engine) = engines::usable(transaction).await?.into_iter().find(is_own) else { return Ok(()) };
        // If no others are free, it keeps its own.
        if let Some(published) = free_ports(transaction, &engine, &spec).await? {
            ports::free(transaction, session.id).await?;
            ports::lease(transaction, &engine.runner_id, session.id, &published).await?;
        }
        Ok(())
    }
}

/// Returns the challenges of which an instance has failed for good, by their slugs, with what operators are told.
async fn failed(
    connection: &mut Connection,
    changes: &[(Session, Session)],
) -> Result<BTreeMap<String, String>, CoreError> {
    let mut told = BTreeMap::new();
    for (_, session) in changes.iter().filter(|(before, after)| !before.state.is_over() && after.state.is_over()) {
        let Some(reason) = session.reason.as_deref().filter(|_| session.state == SessionState::Failed) else {
            continue;
        };
        if let Some(challenge) = instances::get(connection, session.challenge_id).await? {
            let message = format!("An instance of {} failed: {reason}", challenge.name);
            told.insert(challenge.slug, message);
        }
    }
    Ok(told)
}
