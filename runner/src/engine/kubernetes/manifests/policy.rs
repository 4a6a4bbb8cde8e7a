//! Who may reach a session, and whom it may reach.

use super::super::names::{self, Names};
use crate::engine::Owner;
use challengectl_common::wire::instances::{Order, RunOrder};
use ipnet::IpNet;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Networks that are no part of the world outside: private (RFC 1918, 4193), of carriers (6598), of one link and the metadata
/// of clouds (3927), loopback, this network, protocol assignments, benchmarks, multicast, reserved.
const NOT_OUTSIDE: [&str; 16] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::1/128",
    "64:ff9b::/96",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

/// Returns the policy of a namespace: nobody reaches anybody, in neither direction, unless a policy of a session allows it.
pub(in super::super) fn default_deny(owner: &Owner, namespace: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "deny", "namespace": namespace, "labels": names::of_engine(owner)},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    })
}

/// Returns the policy of a session. Its containers are in one pod, so that nothing is allowed between pods. `cluster` are the
/// networks of pods and the addresses of nodes.
pub(in super::super) fn session(
    names: &Names,
    owner: &Owner,
    order: &Order,
    run: &RunOrder,
    outside: &[IpNet],
    cluster: &BTreeSet<IpNet>,
) -> Value {
    let ports: Vec<Value> = run
        .published
        .iter()
        .map(|it| json!({"port": it.port.number, "protocol": it.port.transport.as_str().to_uppercase()}))
        .collect();
    // Nodes stand for players where they replace their addresses.
    let pods: BTreeSet<IpNet> = cluster.iter().filter(|it| it.prefix_len() < it.max_prefix_len()).copied().collect();
    let from: Vec<Value> = outside.iter().map(|net| block(*net, pods.iter().copied())).collect();
    let ingress = if ports.is_empty() { json!([]) } else { json!([{"from": from, "ports": ports}]) };
    let reaches_out = run.deployment.as_ref().is_some_and(|it| it.reaches_out);
    let egress = if reaches_out { world(cluster) } else { json!([]) };
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": names.metadata(&names.policy(), &names::labels(owner, order, run)),
        "spec": {
            "podSelector": {"matchLabels": names::selector(owner, order.session_id)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    })
}

/// Returns the rules for the world outside, and the resolver of the cluster.
fn world(cluster: &BTreeSet<IpNet>) -> Value {
    let refused = || not_outside().chain(cluster.iter().copied());
    let all = ["0.0.0.0/0", "::/0"].iter().filter_map(|net| net.parse().ok());
    let to: Vec<Value> = all.map(|net: IpNet| block(net, refused())).collect();
    let ports = json!([{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]);
    // In any namespace: clusters have put the names of namespaces into their labels only since 1.21, and no order gives a pod
    // this label.
    let resolver = json!({"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}});
    json!([{"to": to}, {"to": [resolver], "ports": ports}])
}

fn not_outside() -> impl Iterator<Item = IpNet> {
    NOT_OUTSIDE.iter().filter_map(|net| net.parse().ok())
}

/// Returns a network without those in it. A cluster refuses exceptions that are not within.
fn block(net: IpNet, except: impl Iterator<Item = IpNet>) -> Value {
    let within: Vec<String> = except.filter(|it| *it != net && net.contains(it)).map(|it| it.to_string()).collect();
    if within.is_empty() {
        return json!({"ipBlock": {"cidr": net.to_string()}});
    }
    json!({"ipBlock": {"cidr": net.to_string(), "except": within}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_networks_that_are_not_outside_are_networks() {
        assert_eq!(not_outside().count(), NOT_OUTSIDE.len());
    }

    #[test]
    fn no_address_within_is_part_of_the_world() {
        let cluster = BTreeSet::from(["203.0.113.7/32".parse().unwrap()]);
        let rules = world(&cluster);
        let refused: Vec<IpNet> = rules[0]["to"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|to| to["ipBlock"]["except"].as_array().unwrap())
            .map(|net| net.as_str().unwrap().parse().unwrap())
            .collect();
        for within in [
            "10.42.0.1",
            "100.100.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.31.255.255",
            "192.168.250.101",
            "203.0.113.7",
            "224.0.0.1",
            "fd00:ec2::254",
            "fe80::1",
        ] {
            let address: std::net::IpAddr = within.parse().unwrap();
            assert!(refused.iter().any(|net| net.contains(&address)), "{within}");
        }
        assert!(!refused.iter().any(|net| net.contains(&"1.1.1.1".parse::<std::net::IpAddr>().unwrap())));
    }
}
