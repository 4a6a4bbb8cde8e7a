//! What is to be said of a session by what its cluster shows.

use super::view::{self, Objects, is_balanced};
use super::{Cluster, names};
use challengectl_common::instance::ContainerName;
use challengectl_common::instance::{Port, Transport};
use challengectl_common::wire::deployments::{ContainerImage, Deployed, MAX_IMAGE, MAX_PODS, MAX_RESTARTS, NodePort};
use challengectl_common::wire::instances::Order;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ContainerStatus, LoadBalancerIngress, Pod, Service};
use kube::ResourceExt;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::sync::Arc;

/// How the pod of a session stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// All its containers run, and those with a health check are well. Holds the pod's name.
    Ready(String),
    /// It does not run yet, or no longer. With what is in the way, if that may pass.
    NotReady(Option<String>),
    /// It will not run as it is.
    Stuck {
        reason: String,
        /// Whether another start would fail as well.
        is_permanent: bool,
    },
    /// There is no pod, not even one that ends.
    NoPod,
    /// There is no Deployment.
    Gone,
}

impl Cluster {
    /// Returns how the instance of an order stands.
    pub(crate) fn condition(&self, session: i64, fence: i64) -> Condition {
        condition(&self.view().objects(session), fence)
    }

    /// Returns whether a session has a Service.
    pub(crate) fn is_reached(&self, session: i64) -> bool {
        !self.view().objects(session).services.is_empty()
    }

    /// Returns what is to be reported of the deployment of an order: how it stands, and what the cluster shows.
    pub(crate) fn deployed(&self, order: &Order) -> (Condition, Option<String>, Deployed) {
        let objects = self.view().objects(order.session_id);
        let condition = condition(&objects, order.fence);
        let deployment = order.run.as_ref().and_then(|run| run.deployment.as_ref());
        let wanted = deployment.and_then(|it| it.address);
        let ingress: Vec<LoadBalancerIngress> = objects.services.iter().flat_map(|it| view::ingress(it)).collect();
        let alive: Vec<&Arc<Pod>> = objects.pods.iter().filter(|pod| is_alive(pod)).collect();
        let own: Vec<_> = alive.iter().copied().filter(|pod| is_of(pod, order.fence)).collect();
        let ready = own.iter().find(|pod| is_ready(pod));
        let deployed = Deployed {
            pods: alive.iter().map(|pod| pod.name_any()).take(MAX_PODS).collect(),
            images: ready.or(own.last()).map_or(Vec::new(), |pod| images(pod)),
            node: alive.iter().find_map(|pod| pod.spec.as_ref()?.node_name.clone()),
            restarts: alive.iter().map(|pod| restarts(pod)).fold(0, u32::saturating_add).min(MAX_RESTARTS),
            internal_ip: ready.and_then(|pod| pod.status.as_ref()?.pod_ip.as_ref()?.parse().ok()),
            host: ingress.iter().find_map(|it| it.ip.clone().or_else(|| it.hostname.clone())),
            node_ports: objects.services.iter().filter(|it| !is_balanced(it)).flat_map(|it| node_ports(it)).collect(),
        };
        (condition, unreachable(&objects.services, &ingress, wanted), deployed)
    }
}

fn condition(objects: &Objects, fence: i64) -> Condition {
    let Some(deployment) = &objects.deployment else { return Condition::Gone };
    let own: Vec<&Arc<Pod>> = objects.pods.iter().filter(|pod| is_alive(pod) && is_of(pod, fence)).collect();
    if let Some(pod) = own.iter().find(|pod| is_ready(pod)) {
        return Condition::Ready(pod.name_any());
    }
    // What has ended stays for a moment beside the next one, and says why.
    if let Some(stuck) = own.iter().find_map(|pod| stuck(pod)) {
        return stuck;
    }
    if let Some(refused) = refused(deployment) {
        return Condition::NotReady(Some(refused));
    }
    // Those that end count as long as they are there: their containers may still run.
    if objects.pods.is_empty() {
        return Condition::NoPod;
    }
    Condition::NotReady(own.iter().find_map(|pod| unscheduled(pod)))
}

fn is_of(pod: &Pod, fence: i64) -> bool {
    names::read(pod).is_some_and(|(_, own)| own == fence)
}

fn is_alive(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_none()
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.into_iter().flatten().any(|it| it.type_ == "Ready" && it.status == "True")
}

/// Returns how often the containers of a pod were started again.
fn restarts(pod: &Pod) -> u32 {
    let containers = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref());
    containers.into_iter().flatten().filter_map(|it| u32::try_from(it.restart_count).ok()).sum()
}

/// Returns the images of the containers of a pod that were started, without the scheme that some nodes put before.
fn images(pod: &Pod) -> Vec<ContainerImage> {
    let containers = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref());
    let image = |it: &ContainerStatus| {
        let image = it.image_id.split_once("://").map_or(it.image_id.as_str(), |(_, image)| image);
        let container = ContainerName::try_from(it.name.clone()).ok()?;
        let is_known = (1..=MAX_IMAGE).contains(&image.len());
        is_known.then(|| ContainerImage { container, image: image.to_owned() })
    };
    containers.into_iter().flatten().filter_map(image).collect()
}

/// Returns why a pod will not run as it is.
fn stuck(pod: &Pod) -> Option<Condition> {
    let status = pod.status.as_ref()?;
    // Of an evicted pod, the reason is not at its containers (Kubernetes 91600).
    if status.phase.as_deref() == Some("Failed") {
        let reason = said(status.reason.as_deref().unwrap_or("the pod has failed"), status.message.as_deref());
        return Some(Condition::Stuck { reason, is_permanent: false });
    }
    status.container_statuses.iter().flatten().find_map(waits)
}

/// Returns why a container waits, unless it is about to run.
fn waits(container: &ContainerStatus) -> Option<Condition> {
    let waiting = container.state.as_ref()?.waiting.as_ref()?;
    let reason = waiting.reason.as_deref().filter(|it| !matches!(*it, "ContainerCreating" | "PodInitializing"))?;
    let message = waiting.message.as_deref();
    let ended = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    let text = match ended.filter(|_| reason == "CrashLoopBackOff") {
        Some(ended) => {
            let why = ended.reason.as_deref().filter(|it| *it != "Error" && *it != "Completed");
            let why = why.map(|why| format!(", {why}")).unwrap_or_default();
            format!("{reason}: it ended with status {}{why}", ended.exit_code)
        }
        None => said(reason, message),
    };
    // As in Docker, an instance whose image cannot be had is not started again by itself: kubelet has tried, and takes half a
    // minute to remove the pod.
    let is_permanent = reason.contains("Image");
    Some(Condition::Stuck { reason: format!("{}: {text}", container.name), is_permanent })
}

/// What is refused for a moment in each new namespace, until the cluster has made the account in it that all pods have.
const NO_ACCOUNT_YET: &str = "error looking up service account";

/// Returns why the cluster makes no pod, such as that its quota is full: only the Deployment says so (Kubernetes 96634).
fn refused(deployment: &Deployment) -> Option<String> {
    let conditions = deployment.status.as_ref()?.conditions.as_ref()?;
    let is_lasting = |message: &Option<String>| !message.as_ref().is_some_and(|it| it.contains(NO_ACCOUNT_YET));
    let is_failure = |type_: &str, status: &str| type_ == "ReplicaFailure" && status == "True";
    let failure = conditions.iter().find(|it| is_failure(&it.type_, &it.status) && is_lasting(&it.message))?;
    Some(said(failure.reason.as_deref().unwrap_or("ReplicaFailure"), failure.message.as_deref()))
}

/// Returns why a pod has no node.
fn unscheduled(pod: &Pod) -> Option<String> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let scheduled = conditions.iter().find(|it| it.type_ == "PodScheduled" && it.status == "False")?;
    Some(said(scheduled.reason.as_deref().unwrap_or("Unschedulable"), scheduled.message.as_deref()))
}

fn said(reason: &str, message: Option<&str>) -> String {
    message.filter(|it| !it.is_empty()).map_or_else(|| reason.to_owned(), |message| format!("{reason}: {message}"))
}

/// Returns why a deployment is not reached at its address.
fn unreachable(services: &[Arc<Service>], ingress: &[LoadBalancerIngress], wanted: Option<IpAddr>) -> Option<String> {
    if services.is_empty() {
        return Some("it has no Service yet".to_owned());
    }
    if !services.iter().any(|it| is_balanced(it)) {
        return None;
    }
    if services.iter().any(|it| is_balanced(it) && view::ingress(it).is_empty()) {
        return Some("the load balancer has given it no address yet".to_owned());
    }
    let other = ingress.iter().find(|it| {
        let given = it.ip.as_ref().and_then(|ip| ip.parse::<IpAddr>().ok());
        wanted.is_some() && given.is_some() && given != wanted
    });
    let given = other?.ip.as_deref().unwrap_or_default();
    let wanted = wanted?;
    Some(format!("the load balancer has given it {given} and not {wanted}; is {wanted} in its pool, and unused?"))
}

fn node_ports(service: &Service) -> Vec<NodePort> {
    let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_ref());
    let known = ports.into_iter().flatten().filter_map(|port| {
        let number = NonZeroU16::new(u16::try_from(port.port).ok()?)?;
        let transport = if port.protocol.as_deref() == Some("UDP") { Transport::Udp } else { Transport::Tcp };
        Some(NodePort { port: Port { number, transport }, node_port: u16::try_from(port.node_port?).ok()? })
    });
    known.collect()
}

#[cfg(test)]
mod tests;
