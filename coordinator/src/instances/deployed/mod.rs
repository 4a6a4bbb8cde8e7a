//! Instances in a cluster: the orders and reports of slots.

mod flags;
mod images;

pub(crate) use flags::flag_of;
pub(super) use flags::pod_flags;
pub(super) use images::have;

use super::life::{begin_life, end};
use super::{Instances, Session};
use crate::CoreError;
use crate::session::{Happening, SessionState};
use crate::store::Connection;
use crate::store::deployments::slots::{self, Slot};
use crate::store::deployments::{self, Manner};
use crate::store::instances::{self, sessions};
use challengectl_common::instance::{InstanceSpec, MAX_CONTAINERS, Port, Transport};
use challengectl_common::wire::deployments::{
    ContainerImage, Deployed, DeploymentOrder, MAX_IMAGE, MAX_PODS, MAX_RESTARTS,
};
use challengectl_common::wire::instances::{InstanceReport, InstanceState, Published};

/// The port that a browser opens.
const HTTP: u16 = 80;
/// Ports of nodes that a report may name.
const MAX_NODE_PORTS: usize = 64;
/// Characters of a name in a report: that of a host.
const MAX_NAME: usize = 253;

impl Instances {
    /// Takes a report about the session of a slot. A cluster goes on trying by itself: whatever it reports, the session stays
    /// until it is removed, and starts are not counted.
    pub(super) async fn take_of_slot(
        &self,
        transaction: &mut Connection,
        mut session: Session,
        report: InstanceReport,
    ) -> Result<Session, CoreError> {
        let now = self.context.clock.now();
        let happening = match report.state {
            InstanceState::Running | InstanceState::Paused => Happening::Runs,
            InstanceState::Pending | InstanceState::Failed => Happening::Waits,
            InstanceState::Removed => Happening::IsRemoved,
        };
        let mut is_news = false;
        if let Some(mut slot) = slots::of_session(transaction, session.id).await? {
            let message = report.reason.filter(|_| happening == Happening::Waits);
            let deployed = plausible(report.deployed.unwrap_or_default());
            is_news = slot.message != message || slot.deployed != deployed;
            (slot.message, slot.deployed, slot.seen_at) = (message, deployed, Some(now));
            if let Some(images) = images::wanted(transaction, &session, &slot).await? {
                tracing::warn!(namespace = slot.namespace, team = slot.team, ?images, "has other images; replaced");
                (slot.message, slot.deployed, slot.images) = (None, Deployed::default(), images);
                slots::update(transaction, &slot).await?;
                self.refence(transaction, &mut session).await?;
                return Ok(session);
            }
            if report.state == InstanceState::Running {
                slot.ready_version = Some(session.version);
            }
            slots::update(transaction, &slot).await?;
        }
        let before = session.state;
        let next = before.after(happening);
        if next.is_none() && !is_news {
            return Ok(session);
        }
        session.state = next.unwrap_or(before);
        if next == Some(SessionState::Running) {
            begin_life(&mut session, before, now);
        }
        if session.state.is_over() {
            end(transaction, &mut session, now).await?;
        }
        // Also if only what the cluster shows has changed: those who watch learn of it by the revision.
        self.renumber(transaction, &mut session).await?;
        sessions::update(transaction, &session).await?;
        tracing::info!(session = session.id, state = session.state.as_str(), "reported");
        Ok(session)
    }

    /// Has none of the containers of a slot run, within a transaction; its names and its address stay. Returns `false` if
    /// that was ordered before, or it is being removed.
    pub(crate) async fn pause(&self, connection: &mut Connection, mut slot: Slot) -> Result<bool, CoreError> {
        if slot.paused || !slot.wanted {
            return Ok(false);
        }
        slot.paused = true;
        slot.message = None;
        slots::update(connection, &slot).await?;
        if let Some(mut session) = sessions::get(connection, slot.session_id).await?.filter(|it| it.state.is_live()) {
            self.refence(connection, &mut session).await?;
        }
        Ok(true)
    }

    /// Orders the session of a slot anew, with the next fence.
    pub(crate) async fn refence(&self, connection: &mut Connection, session: &mut Session) -> Result<(), CoreError> {
        session.state = session.state.after(Happening::Waits).unwrap_or(session.state);
        session.fence += 1;
        self.renumber(connection, session).await?;
        Ok(sessions::update(connection, session).await?)
    }
}

/// Returns an error if a report shows more than the description allows.
pub(super) fn check(deployed: &Deployed) -> Result<(), CoreError> {
    let is_long = |text: &String| text.chars().count() > MAX_NAME;
    let why = match deployed {
        Deployed { pods, .. } if pods.len() > MAX_PODS => format!("pods: more than {MAX_PODS}"),
        Deployed { images, .. } if images.len() > MAX_CONTAINERS => format!("images: more than {MAX_CONTAINERS}"),
        Deployed { images, .. } if images.iter().any(|it| it.image.chars().count() > MAX_IMAGE) => {
            format!("images: image: more than {MAX_IMAGE} characters")
        }
        Deployed { restarts, .. } if *restarts > MAX_RESTARTS => format!("restarts: more than {MAX_RESTARTS}"),
        Deployed { host: Some(host), .. } if is_long(host) => format!("host: more than {MAX_NAME} characters"),
        Deployed { node: Some(node), .. } if is_long(node) => format!("node: more than {MAX_NAME} characters"),
        Deployed { node_ports, .. } if node_ports.len() > MAX_NODE_PORTS => {
            format!("node_ports: more than {MAX_NODE_PORTS}")
        }
        _ => return Ok(()),
    };
    Err(CoreError::Invalid(format!("reports: deployed: {why}")))
}

/// Returns what a report shows, without names that no cluster gives.
fn plausible(mut deployed: Deployed) -> Deployed {
    deployed.pods.retain(|name| name.chars().count() <= MAX_NAME);
    deployed
}

/// What the order for the session of a slot has beside its spec.
pub(super) struct SlotOrder {
    pub(super) deployment: DeploymentOrder,
    /// The ports of its Service.
    pub(super) published: Vec<Published>,
    /// Images in the place of those of the spec.
    pub(super) images: Vec<ContainerImage>,
}

/// Returns what the order for the session of a slot has; `None` for other sessions.
pub(super) async fn slot_order(connection: &mut Connection, session: &Session) -> Result<Option<SlotOrder>, CoreError> {
    if !session.owner.is_slot() {
        return Ok(None);
    }
    let Some(mut slot) = slots::of_session(connection, session.id).await? else { return Ok(None) };
    let spec = instances::spec(connection, session.challenge_id, session.version).await?;
    let manner = deployments::manner(connection, session.challenge_id, session.version).await?;
    let teams = slots::of_challenge(connection, session.challenge_id).await?.len();
    let published = published(&spec, &manner);
    let images = std::mem::take(&mut slot.images);
    let deployment = order(slot, manner, u32::try_from(teams).unwrap_or(u32::MAX));
    Ok(Some(SlotOrder { deployment, published, images }))
}

fn order(slot: Slot, manner: Manner, teams: u32) -> DeploymentOrder {
    DeploymentOrder {
        namespace: slot.namespace,
        name: slot.name,
        team: team_name(slot.team),
        teams,
        address: slot.address.map(Into::into),
        is_paused: slot.paused,
        reaches_out: manner.reaches_out,
        security: manner.security,
        requests: manner.requests,
        pull_secret: manner.pull_secret,
    }
}

/// Returns what a team is called: `team-001`.
pub(crate) fn team_name(team: u32) -> String {
    format!("team-{team:03}")
}

/// Returns the ports of a Service, each with the container that it leads to.
fn published(spec: &InstanceSpec, manner: &Manner) -> Vec<Published> {
    let own = |container, port: Port| Published { container, port, host_port: port.number.get() };
    let mut all: Vec<_> = spec.ports().map(|(container, port)| own(container.clone(), port)).collect();
    let first = all.iter().find(|it| it.port.transport == Transport::Tcp).cloned();
    let has_http = all.iter().any(|it| it.host_port == HTTP && it.port.transport == Transport::Tcp);
    if let Some(first) = first.filter(|_| manner.is_http && !has_http) {
        all.push(Published { host_port: HTTP, ..first });
    }
    all
}
