//! Fetches orders by long polls.

use super::super::Agent;
use super::{Standing, connections, inspect};
use crate::api::backoff::Backoff;
use challengectl_common::wire::instances::{Order, Orders};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Duration of a long poll, as for tasks.
const WAIT: Duration = Duration::from_secs(25);

pub(super) async fn run(agent: Arc<Agent>) {
    let (mut since, mut backoff) = (0, Backoff::new());
    loop {
        agent.linked().await;
        match agent.api.orders(since, WAIT).await {
            Ok(orders) => {
                backoff.reset();
                since = orders.revision;
                take(&agent, orders);
            }
            Err(error) => {
                // The heartbeat logs that the server is away, and registers again. Another server may answer then.
                if !error.may_pass() && backoff.is_fresh() {
                    tracing::warn!("asking for orders: {error}");
                }
                since = 0;
                sleep(backoff.next()).await;
            }
        }
    }
}

fn take(agent: &Arc<Agent>, orders: Orders) {
    if orders.complete {
        forget_others(agent, &orders.orders);
        *agent.instances.knows_all.lock() = true;
    }
    for inspection in orders.inspections {
        inspect::begin(agent, inspection);
    }
    for connection in orders.connections {
        connections::begin(agent, connection);
    }
    for order in orders.orders {
        put(agent, order, orders.complete);
    }
}

/// Forgets sessions that the server does not know, whose containers are leftovers from then on.
fn forget_others(agent: &Agent, orders: &[Order]) {
    let known: HashSet<i64> = orders.iter().map(|order| order.session_id).collect();
    agent.instances.sessions.lock().retain(|id, standing| standing.is_busy || known.contains(id));
}

/// Records an order. `again`: its outcome is reported also if it is the same as before, since a report may be lost.
fn put(agent: &Arc<Agent>, order: Order, again: bool) {
    let id = order.session_id;
    {
        let mut sessions = agent.instances.sessions.lock();
        match sessions.get_mut(&id) {
            Some(standing) if standing.order.fence > order.fence => return,
            Some(standing) => {
                let is_same = standing.order.is_same(&order);
                standing.runs &= standing.order.fence == order.fence;
                standing.order = order;
                if is_same && !again {
                    return;
                }
                (standing.is_due, standing.reported) = (true, None);
            }
            None => {
                let standing =
                    Standing { order, is_busy: false, is_due: true, runs: false, offence: None, reported: None };
                sessions.insert(id, standing);
            }
        }
    }
    agent.instances.due.notify_one();
}
