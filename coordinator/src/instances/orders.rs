//! Orders: what each runner has to run.

use super::deployed::{have, slot_order};
use super::{Instances, Session};
use crate::session::SessionState;
use crate::store::Connection;
use crate::store::flags;
use crate::store::instances::sessions;
use crate::store::instances::{self, ports, processes};
use crate::{Caller, CoreError};
use challengectl_common::instance::ProcessSpec;
use challengectl_common::wire::instances::{Order, Orders, ProcessOrder, RunOrder};
use challengectl_event::instance::FLAG_VARIABLES;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

impl Instances {
    /// Returns the orders of a runner that have changed since a revision; if there are none, waits for some as long as
    /// `wait` says. From 0, and from a revision that this server has not given, all of them are returned at once.
    pub async fn orders(&self, caller: &Caller, since: i64, wait: Duration) -> Result<Orders, CoreError> {
        self.fleet.hear(caller)?;
        let deadline = Instant::now() + wait;
        let mut news = self.news.subscribe();
        let mut since = since;
        loop {
            let newest = *news.borrow_and_update();
            // A database that was restored from a backup has fewer.
            let complete = since <= 0 || since > newest;
            let from = if complete { 0 } else { since };
            let orders = if from < newest { self.changed_since(caller, from).await? } else { Vec::new() };
            let is_late = Instant::now() >= deadline || self.context.revision.is_stopping();
            let inspections = self.inspections.take(&caller.runner_id);
            let connections = self.connections.take(&caller.runner_id);
            let has_some = !orders.is_empty() || !inspections.is_empty() || !connections.is_empty();
            if complete || has_some || is_late {
                return Ok(Orders { revision: newest, complete, orders, inspections, connections });
            }
            since = newest;
            let _ = timeout_at(deadline, news.changed()).await;
        }
    }

    async fn changed_since(&self, caller: &Caller, since: i64) -> Result<Vec<Order>, CoreError> {
        let mut connection = self.context.store.read().await?;
        let mut orders = Vec::new();
        for session in sessions::of_runner(&mut connection, &caller.runner_id, since).await? {
            orders.extend(self.order(&mut connection, session).await?);
        }
        Ok(orders)
    }

    /// Returns the order for a session; `None` if it has no place.
    async fn order(&self, connection: &mut Connection, session: Session) -> Result<Option<Order>, CoreError> {
        let run = match session.state {
            SessionState::Starting | SessionState::Running | SessionState::Lost => {
                Some(self.run_order(connection, &session).await?)
            }
            SessionState::Queued | SessionState::Stopping | SessionState::Stopped | SessionState::Failed => None,
        };
        let (session_id, fence) = (session.id, session.fence);
        Ok(session.place.map(|place| Order { session_id, fence, engine_id: place.engine_id, run }))
    }

    async fn run_order(&self, connection: &mut Connection, session: &Session) -> Result<RunOrder, CoreError> {
        let mut spec = instances::spec(connection, session.challenge_id, session.version).await?;
        self.reveal(connection, &mut spec).await?;
        let stored = flags::of(connection, session.challenge_id).await?;
        if let Some(flag) = self.flags.keys.of_session(&stored, session)? {
            for (environment, _) in spec.environments_mut() {
                for name in FLAG_VARIABLES {
                    environment.entry(name.to_owned()).or_insert_with(|| flag.clone());
                }
            }
        }
        let process = match spec.process {
            Some(spec) => Some(process_order(connection, session, spec).await?),
            None => None,
        };
        let expires_at = match session.running_at {
            Some(_) => session.reap_at,
            None => session.requested_at.after(session.lifetime),
        };
        let (deployment, published) = match slot_order(connection, session).await? {
            Some(slot) => {
                have(&mut spec.containers, slot.images);
                (Some(slot.deployment), slot.published)
            }
            None => (None, ports::of(connection, session.id).await?),
        };
        Ok(RunOrder {
            challenge: instances::slug(connection, session.challenge_id).await?,
            is_running: session.state != SessionState::Starting,
            containers: spec.containers,
            process,
            service: self.service_order(connection, session).await?,
            deployment,
            published,
            expires_at,
        })
    }
}

/// Returns the process of a session, with what its owner has sent.
async fn process_order(
    connection: &mut Connection,
    session: &Session,
    spec: ProcessSpec,
) -> Result<ProcessOrder, CoreError> {
    let details = processes::get(connection, session.id).await?.unwrap_or_default();
    Ok(ProcessOrder { spec, file: details.file, pdb_id: details.pdb_id })
}
