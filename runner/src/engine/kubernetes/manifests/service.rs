//! The Services of a session, by which it is reached.

use super::super::names::{self, Names};
use crate::config::Balancer;
use crate::engine::Owner;
use challengectl_common::instance::Transport;
use challengectl_common::wire::instances::{Order, Published, RunOrder};
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// Where MetalLB is asked for an address, and for one that two Services share. Only here: asked in `loadBalancerIP` as well,
/// it gives none (truecharts/library-charts 650).
const METALLB_ADDRESS: &str = "metallb.universe.tf/loadBalancerIPs";
const METALLB_SHARED: &str = "metallb.universe.tf/allow-shared-ip";

/// Returns the Services of a session with their names, one for each protocol.
pub(in super::super) fn services(
    names: &Names,
    owner: &Owner,
    order: &Order,
    run: &RunOrder,
    balancer: Balancer,
) -> Vec<(String, Value)> {
    let of = |transport: Transport| -> Vec<&Published> {
        run.published.iter().filter(|it| it.port.transport == transport).collect()
    };
    let (tcp, udp) = (of(Transport::Tcp), of(Transport::Udp));
    let is_both = !tcp.is_empty() && !udp.is_empty();
    let parts = [(Transport::Tcp, tcp), (Transport::Udp, udp)].into_iter().filter(|(_, ports)| !ports.is_empty());
    let labels = names::labels(owner, order, run);
    let selector = names::selector(owner, order.session_id);
    parts
        .map(|(transport, ports)| {
            let name = names.service(transport, is_both);
            let mut metadata = names.metadata(&name, &labels);
            let address = run.deployment.as_ref().and_then(|it| it.address);
            let is_balanced = run.deployment.is_some() && balancer != Balancer::None;
            let mut spec = json!({
                "type": if is_balanced { "LoadBalancer" } else { "NodePort" },
                "selector": selector,
                "ports": ports.iter().map(|it| port(it, run.deployment.is_none())).collect::<Vec<_>>(),
                // With a balancer, programs see the address of the player, and not that of a node.
                "externalTrafficPolicy": if is_balanced { "Local" } else { "Cluster" },
            });
            if let (true, Some(metadata), Some(spec)) = (is_balanced, metadata.as_object_mut(), spec.as_object_mut()) {
                ask(balancer, address, &names.deployment(), metadata, spec);
            }
            (name, json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}))
        })
        .collect()
}

/// Asks the balancer for an address, in one way.
fn ask(
    balancer: Balancer,
    address: Option<IpAddr>,
    shared_by: &str,
    metadata: &mut Map<String, Value>,
    spec: &mut Map<String, Value>,
) {
    match (balancer, address) {
        (Balancer::Metallb, Some(address)) => {
            let asked = json!({METALLB_ADDRESS: address.to_string(), METALLB_SHARED: shared_by});
            metadata.insert("annotations".to_owned(), asked);
        }
        (Balancer::Metallb, None) => {
            metadata.insert("annotations".to_owned(), json!({METALLB_SHARED: shared_by}));
        }
        (Balancer::LoadBalancerIp, Some(address)) => {
            spec.insert("loadBalancerIP".to_owned(), address.to_string().into());
        }
        (Balancer::LoadBalancerIp, None) | (Balancer::None, _) => {}
    }
}

/// Returns a port of a Service. A player's instance is reached by a port of every node, which the server has chosen; a
/// deployment by the Service's own.
fn port(published: &Published, is_of_node: bool) -> Value {
    let (number, protocol) = (published.port.number, published.port.transport.as_str());
    let outside = if is_of_node { number.get() } else { published.host_port };
    let mut made = json!({
        "name": format!("{protocol}-{outside}"), "protocol": protocol.to_uppercase(), "port": outside, "targetPort": number,
    });
    if let (true, Some(made)) = (is_of_node, made.as_object_mut()) {
        made.insert("nodePort".to_owned(), published.host_port.into());
    }
    made
}
