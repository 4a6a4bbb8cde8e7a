//! Instances, and the way to them.

use super::config::Config;
use super::port::PortEntry;
use crate::http::fronts::pacstar::seconds;
use crate::words::DeploymentStatus;
use challengectl_common::wire::deployments::NodePort;
use challengectl_coordinator::deployments::{DeployedChallenge, Instance};
use serde::Serialize;
use serde_json::Value;
use std::net::IpAddr;
use utoipa::ToSchema;

/// The instance of a team.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShownInstance {
    team_id: String,
    /// Of this incarnation.
    instance_id: String,
    /// The leased address; null where the cluster chooses, and has not yet.
    #[schema(value_type = Option<String>)]
    public_ip: Option<IpAddr>,
    /// Where the load balancer gives a name in the place of an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_host: Option<String>,
    /// Where there is no load balancer: the ports of nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    node_ports: Vec<NodePort>,
    /// That of the pod that is ready.
    #[schema(value_type = Option<String>)]
    internal_ip: Option<IpAddr>,
    status: DeploymentStatus,
    /// Why it does not run.
    message: Option<String>,
    /// When this incarnation began.
    #[schema(format = DateTime)]
    created_at: String,
    /// When its cluster was last seen.
    #[schema(format = DateTime)]
    seen_at: Option<String>,
    /// The name of its Deployment.
    pod_name: String,
    /// Its pods, as they are called now.
    pods: Vec<String>,
    service_name: String,
    namespace: String,
}

/// Where players reach an instance.
pub struct Endpoint {
    /// The address; that of a node where its ports lead to the instance.
    pub ip: Option<IpAddr>,
    /// Where the load balancer gives a name in the place of an address.
    host: Option<String>,
}

impl Endpoint {
    /// Returns where an instance is reached.
    pub fn of(instance: &Instance) -> Self {
        let given = instance.slot.deployed.host.clone();
        let given_ip = given.as_deref().and_then(|host| host.parse().ok());
        let leased = instance.slot.address.map(IpAddr::from).filter(|_| instance.slot.deployed.node_ports.is_empty());
        Self { ip: leased.or(given_ip), host: given.filter(|_| leased.is_none() && given_ip.is_none()) }
    }

    /// Returns the address or the name.
    pub fn address(&self) -> Option<String> {
        self.host.clone().or(self.ip.map(|ip| ip.to_string()))
    }

    /// Returns the URL of an instance that is reached here; `None` as long as there is no address.
    pub fn url(&self, challenge: &DeployedChallenge, instance: &Instance) -> Option<String> {
        let node_ports = &instance.slot.deployed.node_ports;
        let via = |port: u16| node_ports.iter().find(|it| it.port.number.get() == port).map(|it| it.node_port);
        let in_url = |ip: IpAddr| if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
        let at = self.host.clone().or(self.ip.map(in_url))?;
        Config::of(challenge)?.url(&at, via)
    }
}

impl From<Instance> for ShownInstance {
    fn from(it: Instance) -> Self {
        let Endpoint { ip, host } = Endpoint::of(&it);
        Self {
            team_id: it.team,
            instance_id: it.slot.key,
            public_ip: ip,
            public_host: host,
            node_ports: it.slot.deployed.node_ports,
            internal_ip: it.slot.deployed.internal_ip,
            status: it.status.into(),
            message: it.message,
            created_at: seconds(it.slot.created_at),
            seen_at: it.seen_at.map(seconds),
            pod_name: format!("{}-pod", it.slot.name),
            pods: it.slot.deployed.pods,
            service_name: format!("{}-svc", it.slot.name),
            namespace: it.slot.namespace,
        }
    }
}

/// How a team reaches its instance.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TeamAccess)]
pub struct Access {
    team_id: String,
    challenge_name: String,
    #[schema(value_type = Option<String>)]
    public_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_host: Option<String>,
    /// `http://`, `https://` or `tcp://`; null as long as there is no address.
    access_url: Option<String>,
    /// As they are written in the config.
    #[schema(value_type = Vec<PortEntry>)]
    ports: Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    node_ports: Vec<NodePort>,
    status: DeploymentStatus,
    message: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

impl Access {
    /// Returns how an instance is reached.
    pub fn new(challenge: DeployedChallenge, it: Instance) -> Self {
        let endpoint = Endpoint::of(&it);
        let access_url = endpoint.url(&challenge, &it);
        let Endpoint { ip, host } = endpoint;
        Self {
            team_id: it.team,
            challenge_name: challenge.name,
            public_ip: ip,
            public_host: host,
            access_url,
            ports: challenge.config.get("ports").cloned().unwrap_or_default(),
            node_ports: it.slot.deployed.node_ports,
            status: it.status.into(),
            message: it.message,
            created_at: seconds(it.slot.created_at),
        }
    }
}
