//! What the objects of a session are called, and the labels by which they are found again.

use super::super::labels::{self, Owner};
use challengectl_common::instance::Transport;
use challengectl_common::wire::instances::{Order, RunOrder};
use serde_json::{Map, Value, json};

/// The name under which fields of objects are applied: of them, it is the only owner.
pub(super) const MANAGER: &str = "challengectl";
/// Whose a namespace is. A namespace has no session.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const TEAM: &str = "challengectl.team";

/// The names of the objects of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) namespace: String,
    base: String,
}

impl Names {
    /// Returns the names for an order. What players start is in one namespace of the engine.
    pub(super) fn of(order: &Order, run: &RunOrder, players: &str) -> Self {
        match &run.deployment {
            Some(deployment) => Self { namespace: deployment.namespace.clone(), base: deployment.name.clone() },
            None => Self { namespace: players.to_owned(), base: format!("instance-{}", order.session_id) },
        }
    }

    pub(super) fn deployment(&self) -> String {
        format!("{}-pod", self.base)
    }

    pub(super) fn secret(&self) -> String {
        format!("{}-env", self.base)
    }

    pub(super) fn policy(&self) -> String {
        format!("{}-net", self.base)
    }

    /// Returns the name of the Service of a protocol. Balancers refuse Services with both, so that UDP has its own beside
    /// TCP (Kubernetes 64545).
    pub(super) fn service(&self, transport: Transport, is_beside: bool) -> String {
        match (transport, is_beside) {
            (Transport::Udp, true) => format!("{}-svc-udp", self.base),
            _ => format!("{}-svc", self.base),
        }
    }

    /// Returns the metadata of an object of the session.
    pub(super) fn metadata(&self, name: &str, labels: &Map<String, Value>) -> Value {
        json!({"name": name, "namespace": self.namespace, "labels": labels})
    }
}

/// Returns the labels of all objects of a session.
pub(super) fn labels(owner: &Owner, order: &Order, run: &RunOrder) -> Map<String, Value> {
    let mut all = of_engine(owner);
    all.extend(owner.labels(order.session_id, order.fence).into_iter().map(|(name, value)| (name, value.into())));
    // Slugs may be longer than labels.
    if run.challenge.len() <= 63 {
        all.insert(labels::CHALLENGE.to_owned(), run.challenge.clone().into());
    }
    if let Some(deployment) = &run.deployment {
        all.insert(TEAM.to_owned(), deployment.team.clone().into());
    }
    all
}

/// Returns the labels of what sessions share.
pub(super) fn of_engine(owner: &Owner) -> Map<String, Value> {
    Map::from_iter([(labels::RUNNER.to_owned(), owner.0.clone().into()), (MANAGED_BY.to_owned(), MANAGER.into())])
}

/// Returns the labels by which the pods of a session are found. They never change: the cluster refuses another selector for
/// a Deployment that is there.
pub(super) fn selector(owner: &Owner, session: i64) -> Value {
    json!({labels::RUNNER: owner.0, labels::SESSION: session.to_string()})
}

/// Returns the selector of all objects of this installation, for lists.
pub(super) fn all(owner: &Owner) -> String {
    format!("{}={}", labels::RUNNER, owner.0)
}

/// Returns the selector of the objects of a session, for lists.
pub(super) fn of_session(owner: &Owner, session: i64) -> String {
    format!("{},{}={session}", all(owner), labels::SESSION)
}

/// Returns session and fence of an object.
pub(super) fn read(object: &impl kube::ResourceExt) -> Option<(i64, i64)> {
    labels::read_by(|name| object.labels().get(name))
}
