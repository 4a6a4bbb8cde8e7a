//! What orders and reports say of deployments: instances that a runner keeps in a cluster for the teams of a challenge,
//! each with an address of its own, until they are removed.
//!
//! A cluster goes on trying by itself, so that a deployment that does not run has not failed for good: the runner reports
//! each change, and the session stays until the server orders that nothing of it be left.

use crate::instance::{ContainerName, Port};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Pods of one deployment that are reported.
pub const MAX_PODS: usize = 20;
/// Characters of an image in a report: of a name, and of a digest.
pub const MAX_IMAGE: usize = 400;
/// The most restarts that are reported: those of a pod are an `int32` in Kubernetes.
pub const MAX_RESTARTS: u32 = 2_147_483_647;

/// The deployment of one team, of which the order's containers and published ports are: its Service has each
/// [`Published::host_port`](super::instances::Published::host_port), and leads to the port of the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeploymentOrder {
    /// The namespace, which all teams of the challenge share.
    pub namespace: String,
    /// What the names of the team's objects begin with: its Deployment is `NAME-pod`, its Service `NAME-svc`.
    pub name: String,
    /// The team, such as `team-001`, for labels.
    pub team: String,
    /// The deployments that the namespace has room for.
    pub teams: u32,
    /// The address that its Service gets from the load balancer; absent: the cluster chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub address: Option<IpAddr>,
    /// Whether none of its containers may run; its address and all else stay.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_paused: bool,
    /// Whether its containers may reach the world outside the cluster.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reaches_out: bool,
    /// The profile of its containers.
    #[serde(default)]
    pub security: PodSecurity,
    /// What the cluster keeps free for each container, by its name; absent: as much as its limits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Requests>,
    /// The Secret of the namespace with which images are pulled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_secret: Option<String>,
}

/// What the cluster keeps free for a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Requests {
    /// The container.
    pub container: ContainerName,
    /// Thousandths of a processor core.
    pub cpu_millis: u32,
    /// Bytes of memory.
    pub memory_bytes: u64,
}

/// How far containers are kept from their node (Kubernetes, Pod Security Standards).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum PodSecurity {
    /// Root within the container, with the capabilities that common images need.
    #[default]
    Baseline,
    /// No root, and no capability but `NET_BIND_SERVICE`.
    Restricted,
}

/// What a cluster shows of a deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Deployed {
    /// The names of its pods; those that end are not counted.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 20))]
    pub pods: Vec<String>,
    /// The image of each container that was started, as its node has it: `REPOSITORY@sha256:DIGEST`, or what else tells it from
    /// others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 16))]
    pub images: Vec<ContainerImage>,
    /// The node of its pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 253))]
    pub node: Option<String>,
    /// How often containers of its pods were started again.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(maximum = 2_147_483_647))]
    pub restarts: u32,
    /// The address of the pod that is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub internal_ip: Option<IpAddr>,
    /// What the load balancer has given its Service: an address or a host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 253))]
    pub host: Option<String>,
    /// Where there is no load balancer: the ports of every node that lead to the ports of its Service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 64))]
    pub node_ports: Vec<NodePort>,
}

/// The image of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ContainerImage {
    /// The container.
    pub container: ContainerName,
    /// Its image.
    #[cfg_attr(feature = "openapi", schema(max_length = 400))]
    pub image: String,
}

/// A port of every node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NodePort {
    /// The port of the Service.
    pub port: Port,
    /// The port of the nodes.
    pub node_port: u16,
}
