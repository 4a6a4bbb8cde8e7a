//! The messages about instances: engines are registered, orders fetched, and what came of them reported.
//!
//! The server decides which sessions a runner has; the runner makes it so and reports. Orders are complete in
//! themselves and may be carried out any number of times: what counts is the session with its fence.

use super::deployments::{Deployed, DeploymentOrder};
use super::inspections::Inspection;
use super::services::ServiceOrder;
use crate::instance::{ContainerName, ContainerSpec, Port, ProcessSpec};
use crate::{Digest, EngineId, Timestamp};
use serde::{Deserialize, Serialize};

/// Engines of one runner.
pub const MAX_ENGINES: usize = 8;

/// An engine of a runner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EngineInfo {
    /// Unique on the runner.
    pub id: EngineId,
    /// What kind of engine it is.
    pub kind: EngineKind,
    /// The host by which players reach its published ports.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 255))]
    pub host: String,
    /// The ports that it may publish.
    pub ports: PortRange,
    /// The maximum number of instances at once.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100_000))]
    pub capacity: u32,
}

/// The kind of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// Docker or Podman, over its socket.
    Docker,
    /// Programs of the host, each in a sandbox.
    Process,
    /// A cluster of Kubernetes, over its API.
    Kubernetes,
}

impl EngineKind {
    /// Its name, as in the configuration of runners and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Process => "process",
            Self::Kubernetes => "kubernetes",
        }
    }
}

/// Ports of a host, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PortRange {
    /// The lowest.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub first: u16,
    /// The highest.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub last: u16,
}

/// The answer to `GET /api/runners/{id}/instances`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Orders {
    /// For `since` of the next request.
    pub revision: i64,
    /// Whether `orders` are all that this runner has: what it runs beyond them, it removes.
    pub complete: bool,
    /// The orders that have changed since, or all of them.
    pub orders: Vec<Order>,
    /// What to look at for operators.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inspections: Vec<Inspection>,
    /// Connections to open to processes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<ConnectionOrder>,
}

/// A connection that the server wants to the REST interface of a process. The runner connects to that, and carries its bytes
/// over the WebSocket at `GET /api/runners/{id}/connections/{connection_id}`, as binary messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConnectionOrder {
    /// Names it in the runner's request.
    pub connection_id: i64,
    /// The session's id.
    pub session_id: i64,
}

/// What a runner has to make of one session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Order {
    /// The session's id, never reused.
    pub session_id: i64,
    /// Grows with each start of the session. What carries an older one is removed.
    pub fence: i64,
    /// The engine that has to do it.
    pub engine_id: EngineId,
    /// The instance that has to run; absent: nothing of the session may be left.
    pub run: Option<RunOrder>,
}

impl Order {
    /// Returns whether another order asks for the same: what else has changed is for labels.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let deployment = |order: &Self| order.run.as_ref().and_then(|run| run.deployment.clone());
        self.fence == other.fence && self.run.is_some() == other.run.is_some() && deployment(self) == deployment(other)
    }

    /// Returns whether the order is to keep a deployment.
    #[must_use]
    pub fn keeps_deployment(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.deployment.is_some())
    }
}

/// An instance to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunOrder {
    /// The challenge's slug, for labels.
    pub challenge: String,
    /// Whether the server has seen it running: then it is adopted, and not started, if it is gone.
    pub is_running: bool,
    /// The containers, with their environment complete.
    pub containers: Vec<ContainerSpec>,
    /// The process, in the place of containers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessOrder>,
    /// That its one container is a service of the engine's swarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceOrder>,
    /// Where a cluster keeps the containers for a team of the challenge; absent: the instance is one that a player has
    /// asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<DeploymentOrder>,
    /// Which port of the host leads to which of a container.
    pub published: Vec<Published>,
    /// When it ends at the latest unless that changes, for labels.
    pub expires_at: Timestamp,
}

/// A process to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProcessOrder {
    /// The spec, with its environment complete.
    pub spec: ProcessSpec,
    /// The file that the owner has sent, which `GET /api/files/{digest}` has as long as the session lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<OwnFile>,
    /// The PDB id that the owner has given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pdb_id: Option<String>,
}

/// A file that the owner of a session has sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnFile {
    /// The digest of its content.
    pub digest: Digest,
    /// Its name in the folder of the process: made by the server, with the extension of the one that was sent.
    pub name: String,
}

/// A published port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Published {
    /// The container.
    pub container: ContainerName,
    /// Its port.
    pub port: Port,
    /// The port of the host, of the same protocol.
    pub host_port: u16,
}

/// `POST /api/runners/{id}/instances`: what came of orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InstanceReports {
    /// At most 500 reports.
    #[cfg_attr(feature = "openapi", schema(max_items = 500))]
    pub reports: Vec<InstanceReport>,
}

/// What came of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InstanceReport {
    /// The session's id.
    pub session_id: i64,
    /// The fence of the order.
    pub fence: i64,
    /// How it stands.
    pub state: InstanceState,
    /// Why it failed, for operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 1000))]
    pub reason: Option<String>,
    /// Whether another start would fail for the same reason, so that there is none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub permanent: bool,
    /// The engine's id of the first container, if it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 255))]
    pub container_id: Option<String>,
    /// The port of the process on its own loopback, if it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Of a deployment: what the cluster shows of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployed: Option<Deployed>,
}

/// How an instance stands at its runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum InstanceState {
    /// All containers run, and those with a health check have answered.
    Running,
    /// It could not be started, or has ended by itself. Nothing of it is left.
    Failed,
    /// Nothing of it is left, as ordered.
    Removed,
    /// Of a deployment: it does not run, or no longer, for the reason that is given if there is one. The cluster goes on
    /// trying.
    Pending,
    /// Of a deployment: none of its containers runs, as ordered.
    Paused,
}
