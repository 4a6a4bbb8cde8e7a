//! What the swarm is told of a service.

use super::super::docker::Docker;
use super::super::labels;
use super::super::networks::Net;
use bollard::models::{
    EndpointPortConfig, EndpointPortConfigProtocolEnum, EndpointPortConfigPublishModeEnum, EndpointSpec,
    EndpointSpecModeEnum, NetworkAttachmentConfig, ServiceSpec, ServiceSpecMode, ServiceSpecModeReplicated, TaskSpec,
    TaskSpecContainerSpec, TaskSpecContainerSpecSecrets, TaskSpecPlacement, TaskSpecRestartPolicy,
    TaskSpecRestartPolicyConditionEnum,
};
use challengectl_common::instance::{ContainerSpec, Transport};
use challengectl_common::wire::instances::{Order, Published, RunOrder};

/// Where a service runs, and with what.
pub(super) struct Place<'a> {
    pub(super) node: String,
    pub(super) image: String,
    pub(super) network: &'a Net,
    pub(super) files: Vec<TaskSpecContainerSpecSecrets>,
}

impl Docker {
    /// Returns a service for an order.
    pub(super) fn service_spec(
        &self,
        order: &Order,
        run: &RunOrder,
        container: &ContainerSpec,
        place: Place<'_>,
    ) -> ServiceSpec {
        let mut labels = self.owner.labels(order.session_id, order.fence);
        labels::describe(&mut labels, container.name.as_str(), &run.challenge, run.expires_at.to_string());
        let network = NetworkAttachmentConfig { target: Some(place.network.name.clone()), ..Default::default() };
        let in_container = TaskSpecContainerSpec {
            image: Some(place.image),
            labels: Some(labels.clone()),
            secrets: Some(place.files),
            ..self.profile.of_service(container, self.lists_system_calls())
        };
        let task = TaskSpec {
            container_spec: Some(in_container),
            resources: Some(self.profile.resources_of_service(container)),
            restart_policy: Some(never()),
            placement: Some(on(&place.node)),
            networks: Some(vec![network]),
            log_driver: Some(self.profile.log_of_service()),
            ..TaskSpec::default()
        };
        ServiceSpec {
            name: Some(place.network.name.clone()),
            labels: Some(labels),
            task_template: Some(task),
            mode: Some(one()),
            endpoint_spec: Some(EndpointSpec {
                // Virtual addresses need IPVS, and the ingress network of the swarm.
                mode: Some(EndpointSpecModeEnum::DNSRR),
                ports: Some(run.published.iter().map(port).collect()),
            }),
            ..ServiceSpec::default()
        }
    }
}

fn one() -> ServiceSpecMode {
    ServiceSpecMode { replicated: Some(ServiceSpecModeReplicated { replicas: Some(1) }), ..Default::default() }
}

/// The server decides what is started again.
fn never() -> TaskSpecRestartPolicy {
    TaskSpecRestartPolicy { condition: Some(TaskSpecRestartPolicyConditionEnum::NONE), ..Default::default() }
}

/// The ports that are leased are of this node's host.
fn on(node: &str) -> TaskSpecPlacement {
    TaskSpecPlacement { constraints: Some(vec![format!("node.id=={node}")]), ..Default::default() }
}

fn port(published: &Published) -> EndpointPortConfig {
    let protocol = match published.port.transport {
        Transport::Tcp => EndpointPortConfigProtocolEnum::TCP,
        Transport::Udp => EndpointPortConfigProtocolEnum::UDP,
    };
    EndpointPortConfig {
        protocol: Some(protocol),
        target_port: Some(published.port.number.get().into()),
        published_port: Some(published.host_port.into()),
        publish_mode: Some(EndpointPortConfigPublishModeEnum::HOST),
        ..EndpointPortConfig::default()
    }
}
