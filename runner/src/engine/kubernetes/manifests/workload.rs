//! The Deployment of a session, whose pod has all its containers, and the Secret with their variables.

use super::super::names::{self, Names};
use super::container;
use crate::engine::{EngineError, Owner};
use challengectl_common::Digest;
use challengectl_common::instance::{ContainerSpec, Port};
use challengectl_common::wire::instances::{Order, RunOrder};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Seconds after which the pod of a lost node is made anew elsewhere. The cluster's own is five minutes.
const LOST_NODE_SECONDS: u32 = 30;
/// The resolver, where nobody answers, as in Docker: by one that does, data leaves.
const NO_RESOLVER: &str = "127.0.0.1";

/// Returns the Secret with the variables of all containers: one of them is the flag, which does not belong into a
/// Deployment, which more people may read.
pub(in super::super) fn secret(names: &Names, labels: &Map<String, Value>, run: &RunOrder) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": names.metadata(&names.secret(), labels),
        "data": values(run),
    })
}

fn values(run: &RunOrder) -> BTreeMap<String, k8s_openapi::ByteString> {
    let all = run.containers.iter().flat_map(|it| it.environment.iter().map(move |pair| (it, pair)));
    all.map(|(it, (name, value))| (container::key(it, name), k8s_openapi::ByteString(value.clone().into_bytes())))
        .collect()
}

/// Returns the Deployment.
///
/// All containers are in one pod, where each reaches the others by their names: names of Services would need the resolver of
/// the cluster, by which data leaves, and lead only to ports that are declared. So they share their ports, of which each can
/// have only one owner.
///
/// # Errors
/// The containers cannot be in one pod.
pub(in super::super) fn deployment(
    names: &Names,
    owner: &Owner,
    order: &Order,
    run: &RunOrder,
) -> Result<Value, EngineError> {
    check_ports(&run.containers)?;
    let labels = names::labels(owner, order, run);
    let selector = names::selector(owner, order.session_id);
    let is_paused = run.deployment.as_ref().is_some_and(|it| it.is_paused);
    Ok(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": names.metadata(&names.deployment(), &labels),
        "spec": {
            "replicas": i32::from(!is_paused),
            // A second pod beside the first would need room in the quota, and the address leads to one.
            "strategy": {"type": "Recreate"},
            "revisionHistoryLimit": 1,
            "selector": {"matchLabels": selector},
            "template": {
                "metadata": {
                    "labels": labels,
                    // A pod does not notice that its Secret has changed.
                    "annotations": {"challengectl.environment": environment(run)},
                },
                "spec": pod(names, run)?,
            },
        },
    }))
}

/// Returns a digest of the variables, by which a pod with others is another one.
fn environment(run: &RunOrder) -> String {
    Digest::of(&serde_json::to_vec(&values(run)).unwrap_or_default()).to_string()
}

fn pod(names: &Names, run: &RunOrder) -> Result<Value, EngineError> {
    let deployment = run.deployment.as_ref();
    let secret = names.secret();
    let containers: Result<Vec<Value>, EngineError> =
        run.containers.iter().map(|it| container::container(it, deployment, &secret)).collect();
    let hosts: Vec<&str> = run.containers.iter().map(|it| it.name.as_str()).collect();
    let lost = |taint: &str| {
        json!({
            "key": format!("node.kubernetes.io/{taint}"), "operator": "Exists", "effect": "NoExecute",
            "tolerationSeconds": LOST_NODE_SECONDS,
        })
    };
    let mut pod = json!({
        "containers": containers?,
        "volumes": run.containers.iter().flat_map(container::volumes).collect::<Vec<_>>(),
        "hostname": hosts.first(),
        "hostAliases": [{"ip": "127.0.0.1", "hostnames": hosts}],
        "automountServiceAccountToken": false,
        // Otherwise each gets the addresses of all others as variables (Kubernetes 92615).
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": 1,
        "tolerations": [lost("not-ready"), lost("unreachable")],
    });
    if let Some(pod) = pod.as_object_mut() {
        if !deployment.is_some_and(|it| it.reaches_out) {
            pod.insert("dnsPolicy".to_owned(), "None".into());
            pod.insert("dnsConfig".to_owned(), json!({"nameservers": [NO_RESOLVER]}));
        }
        let pulls = deployment.and_then(|it| it.pull_secret.as_ref());
        pod.extend(pulls.map(|name| ("imagePullSecrets".to_owned(), json!([{"name": name}]))));
    }
    Ok(pod)
}

/// Returns an error if two containers are known to have the same port.
fn check_ports(containers: &[ContainerSpec]) -> Result<(), EngineError> {
    let mut owners: BTreeMap<Port, &str> = BTreeMap::new();
    for container in containers {
        let own = container.ports.iter().map(|it| it.port).chain(container.health.iter().map(|it| it.port));
        for port in own {
            let name = container.name.as_str();
            let owner = *owners.entry(port).or_insert(name);
            if owner != name {
                return Err(EngineError::Impossible(format!(
                    "containers {owner} and {name} both have {port}: in a cluster they share their ports; give one of them \
                     another port, or use a runner with Docker"
                )));
            }
        }
    }
    Ok(())
}
