//! Carries out orders in clusters, and follows what becomes of them there.
//!
//! What a player has started is started, reported and ended as in a container engine. A deployment is different: its cluster
//! goes on trying for as long as the server orders it, so that each change is looked at and reported.

use super::super::Agent;
use super::Engine;
use super::report::{Outcome, report};
use crate::engine::{Cluster, Condition, EngineError, IsWanted};
use challengectl_common::wire::deployments::{Deployed, DeploymentOrder};
use challengectl_common::wire::instances::{InstanceState, Order, RunOrder};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// How long an instance of a player may take to start, beside the time until its health checks answer: an image may have to
/// be pulled. The server gives up a minute later.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// How long an instance of a player may be unwell before it is ended: its cluster starts a container again by itself.
const UNWELL_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest pause between two looks.
const PERIOD: Duration = Duration::from_secs(5);
/// How long news are collected before they are looked at: the start of a pod is a dozen of them.
const COLLECT: Duration = Duration::from_millis(200);
/// How often everything is applied again, also without news: what others have changed is changed back.
const APPLY_PERIOD: Duration = Duration::from_secs(120);

/// Makes of a session what its order says.
pub(super) async fn settle(
    agent: &Agent,
    cluster: Result<&Cluster, EngineError>,
    order: &Order,
    offence: Option<String>,
) -> Result<Outcome, EngineError> {
    let cluster = cluster?;
    let is_current = || agent.instances.is_current(order);
    cluster.view().is_complete().await;
    let Some(run) = &order.run else {
        cluster.remove(order.session_id, &is_current).await?;
        remove_unwanted_namespaces(agent, cluster).await?;
        return Ok(Outcome::Removed);
    };
    if let Some(deployment) = &run.deployment {
        return deploy(agent, cluster, order, run, deployment).await;
    }
    if let Some(reason) = offence {
        cluster.remove(order.session_id, &is_current).await?;
        return Ok(Outcome::Failed { reason, is_permanent: false });
    }
    match start(cluster, order, run, &is_current).await {
        Ok(pod) => Ok(Outcome::Runs(pod)),
        Err(error @ (EngineError::Away { .. } | EngineError::Superseded | EngineError::Lingers(_))) => Err(error),
        Err(refused) => {
            cluster.remove(order.session_id, &is_current).await?;
            let is_permanent = matches!(refused, EngineError::Impossible(_));
            Ok(Outcome::Failed { reason: refused.to_string(), is_permanent })
        }
    }
}

/// Starts the instance of a player, or takes over the one that is there. Returns the name of its pod.
async fn start(
    cluster: &Cluster,
    order: &Order,
    run: &RunOrder,
    is_wanted: IsWanted<'_>,
) -> Result<String, EngineError> {
    let (session, fence) = (order.session_id, order.fence);
    let fences = cluster.view().fences(session);
    if run.is_running && !fences.contains(&fence) {
        return Err(EngineError::Unwell("its pod is gone".to_owned()));
    }
    if fences.iter().any(|other| *other != fence) {
        cluster.remove(session, is_wanted).await?;
    }
    if !run.is_running {
        cluster.apply(order, run, 0).await?;
    }
    wait_until_well(cluster, order, run, is_wanted).await
}

async fn wait_until_well(
    cluster: &Cluster,
    order: &Order,
    run: &RunOrder,
    is_wanted: IsWanted<'_>,
) -> Result<String, EngineError> {
    let checks = run.containers.iter().filter_map(|it| it.health.as_ref());
    let limit = START_TIMEOUT + checks.map(|it| Duration::from_secs(it.start_seconds.into())).sum::<Duration>();
    let (deadline, mut news) = (Instant::now() + limit, cluster.view().news());
    loop {
        let why = match cluster.condition(order.session_id, order.fence) {
            Condition::Ready(pod) => return Ok(pod),
            Condition::Stuck { reason, is_permanent: true } => return Err(EngineError::Impossible(reason)),
            Condition::Stuck { reason, is_permanent: false } => return Err(EngineError::Unwell(reason)),
            Condition::NotReady(why) => why,
            Condition::Gone if run.is_running => return Err(EngineError::Unwell("its pod is gone".to_owned())),
            // The watches are a moment behind.
            Condition::NoPod | Condition::Gone => None,
        };
        if !is_wanted() {
            return Err(EngineError::Superseded);
        }
        if Instant::now() >= deadline {
            let why = why.unwrap_or_else(|| "its containers have not answered".to_owned());
            return Err(EngineError::Unwell(format!("it was not well within {} seconds: {why}", limit.as_secs())));
        }
        // Without news, the order may have changed.
        let _ = timeout_at(deadline.min(Instant::now() + PERIOD), news.changed()).await;
    }
}

/// Keeps a deployment, and says how it stands. What the cluster refuses is reported, and tried again when everything is
/// applied again, or with the next order.
async fn deploy(
    agent: &Agent,
    cluster: &Cluster,
    order: &Order,
    run: &RunOrder,
    deployment: &DeploymentOrder,
) -> Result<Outcome, EngineError> {
    let applied = cluster.apply(order, run, room(agent, deployment)).await;
    let (condition, unreachable, deployed) = cluster.deployed(order);
    let pending = |reason: Option<String>| Outcome::Deployed(InstanceState::Pending, reason, deployed.clone());
    match applied {
        Ok(()) => {}
        Err(EngineError::Refused(reason) | EngineError::Impossible(reason)) => return Ok(pending(Some(reason))),
        Err(lingers @ EngineError::Lingers(_)) => {
            if let Some(why) = cluster.held_namespace(&deployment.namespace, &lingers) {
                report(agent, order, pending(Some(why)));
            }
            return Err(lingers);
        }
        Err(error) => return Err(error),
    }
    cluster.remove_dead_pods(order.session_id).await?;
    cluster.remake_services(order.session_id).await?;
    if deployment.is_paused {
        let state = if condition == Condition::NoPod { InstanceState::Paused } else { InstanceState::Pending };
        return Ok(Outcome::Deployed(state, None, deployed));
    }
    Ok(match (condition, unreachable) {
        (Condition::Ready(_), None) => Outcome::Deployed(InstanceState::Running, None, deployed),
        (Condition::Ready(_), unreachable) => pending(unreachable),
        (Condition::Stuck { reason, .. }, _) => pending(Some(reason)),
        (Condition::NotReady(why), _) => pending(why),
        (Condition::NoPod | Condition::Gone, _) => pending(None),
    })
}

/// Returns the room that a namespace needs: the most that any of its deployments asks for, since their orders change one
/// after the other.
fn room(agent: &Agent, deployment: &DeploymentOrder) -> u32 {
    let sessions = agent.instances.sessions.lock();
    let all = sessions.values().filter_map(|it| it.order.run.as_ref()?.deployment.as_ref());
    let same = all.filter(|it| it.namespace == deployment.namespace).map(|it| it.teams);
    same.fold(deployment.teams, u32::max)
}

/// Removes namespaces of deployments that no order wants, when all orders are known.
async fn remove_unwanted_namespaces(agent: &Agent, cluster: &Cluster) -> Result<(), EngineError> {
    if !*agent.instances.knows_all.lock() {
        return Ok(());
    }
    for name in cluster.deployment_namespaces() {
        let is_wanted = {
            let sessions = agent.instances.sessions.lock();
            let mut deployments = sessions.values().filter_map(|it| it.order.run.as_ref()?.deployment.as_ref());
            deployments.any(|it| it.namespace == name)
        };
        if !is_wanted && !cluster.view().is_in_use(&name) {
            tracing::info!(namespace = name, "removing a namespace");
            cluster.remove_namespace(&name).await?;
        }
    }
    Ok(())
}

/// Starts a loop for each cluster.
pub(super) fn spawn(agent: &Arc<Agent>, loops: &mut JoinSet<()>) {
    for position in 0..agent.instances.engines.len() {
        loops.spawn(run(Arc::clone(agent), position));
    }
}

async fn run(agent: Arc<Agent>, position: usize) {
    let Some(engine) = agent.instances.engines.get(position) else { return };
    let cluster = loop {
        match engine.cluster().await {
            None => return,
            Some(Ok(cluster)) => break cluster,
            Some(Err(error)) => tracing::warn!("{error}"),
        }
        sleep(PERIOD).await;
    };
    cluster.view().is_complete().await;
    let (mut news, mut applied) = (cluster.view().news(), Instant::now());
    let (mut unwell, mut unknown) = (Unwell::default(), BTreeSet::new());
    loop {
        let _ = timeout(PERIOD, news.changed()).await;
        sleep(COLLECT).await;
        news.mark_unchanged();
        let mut changed = cluster.view().take_changed();
        if applied.elapsed() > APPLY_PERIOD {
            cluster.forget_applied().await;
            (changed.is_all, applied) = (true, Instant::now());
        }
        for session in deployments(&agent, engine) {
            if changed.is_all || changed.sessions.contains(&session) {
                agent.instances.wake(session);
            }
        }
        for (session, fence, why) in unwell.look(&agent, engine, cluster) {
            agent.instances.end(session, fence, why);
        }
        tell_held(&agent, engine, cluster);
        match remove_leftovers(&agent, cluster, &unknown).await {
            Ok(now) => unknown = now,
            Err(error) => tracing::debug!("{error}"),
        }
    }
}

/// Says of removals that do not come to their end what holds them.
fn tell_held(agent: &Agent, engine: &Engine, cluster: &Cluster) {
    let removals: Vec<Order> = {
        let sessions = agent.instances.sessions.lock();
        let orders = sessions.values().map(|it| &it.order);
        orders.filter(|it| it.engine_id == engine.config.id && it.run.is_none()).cloned().collect()
    };
    for order in removals {
        if let Some(why) = cluster.held(order.session_id) {
            report(agent, &order, Outcome::Deployed(InstanceState::Pending, Some(why), Deployed::default()));
        }
    }
}

/// Returns the deployments of an engine.
fn deployments(agent: &Agent, engine: &Engine) -> Vec<i64> {
    let sessions = agent.instances.sessions.lock();
    let own = sessions.iter().filter(|(_, it)| it.order.engine_id == engine.config.id && it.order.keeps_deployment());
    own.map(|(session, _)| *session).collect()
}

/// Since when instances of players are not well, by session and fence.
#[derive(Default)]
struct Unwell(HashMap<(i64, i64), Instant>);

impl Unwell {
    /// Returns the instances that ran and are to be ended, with the reason.
    fn look(&mut self, agent: &Agent, engine: &Engine, cluster: &Cluster) -> Vec<(i64, i64, String)> {
        let running: Vec<((i64, i64), bool)> = {
            let sessions = agent.instances.sessions.lock();
            let own =
                sessions.iter().filter(|(_, it)| it.order.engine_id == engine.config.id && it.runs && !it.is_busy);
            let players = own.filter(|(_, it)| !it.order.keeps_deployment());
            let has_ports = |order: &Order| order.run.as_ref().is_some_and(|run| !run.published.is_empty());
            players.map(|(id, it)| ((*id, it.order.fence), has_ports(&it.order))).collect()
        };
        let (mut unwell, mut ended) = (HashMap::new(), Vec::new());
        for (start, has_ports) in running {
            let why = match cluster.condition(start.0, start.1) {
                Condition::Ready(_) if !has_ports || cluster.is_reached(start.0) => continue,
                Condition::Ready(_) => Some("its Service is gone".to_owned()),
                Condition::Stuck { reason, .. } => Some(reason),
                Condition::Gone => Some("its pod is gone".to_owned()),
                Condition::NotReady(_) | Condition::NoPod => None,
            };
            let since = self.0.get(&start).copied().unwrap_or_else(Instant::now);
            let late = format!("it was not well for {} seconds", UNWELL_TIMEOUT.as_secs());
            match why.or_else(|| (since.elapsed() > UNWELL_TIMEOUT).then_some(late)) {
                Some(why) => ended.push((start.0, start.1, why)),
                None => drop(unwell.insert(start, since)),
            }
        }
        self.0 = unwell;
        ended
    }
}

/// Removes sessions that nobody knew before and nobody knows now, when all orders are known. Returns those that nobody knows
/// now: the watches may only be a moment behind.
async fn remove_leftovers(
    agent: &Agent,
    cluster: &Cluster,
    before: &BTreeSet<i64>,
) -> Result<BTreeSet<i64>, EngineError> {
    if !*agent.instances.knows_all.lock() {
        return Ok(BTreeSet::new());
    }
    let is_unknown = |session: i64| !agent.instances.sessions.lock().contains_key(&session);
    // Read before the orders: what is started meanwhile is no leftover.
    let mut unknown = cluster.view().sessions();
    unknown.retain(|session| is_unknown(*session));
    for session in unknown.intersection(before).copied() {
        tracing::warn!(session, "removing what is left of an instance");
        match cluster.remove(session, &|| is_unknown(session)).await {
            Ok(()) | Err(EngineError::Superseded) => {}
            Err(error) => return Err(error),
        }
    }
    remove_unwanted_namespaces(agent, cluster).await?;
    Ok(unknown)
}
