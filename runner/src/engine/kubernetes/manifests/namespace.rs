//! Namespaces: of a challenge whose teams share one, and of all instances of players.

use super::super::names;
use super::container;
use crate::engine::Owner;
use challengectl_common::wire::deployments::{PodSecurity, Requests};
use challengectl_common::wire::instances::RunOrder;
use serde_json::{Value, json};

/// Returns the namespace. The profile that its pods have is checked by clusters from 1.23 on.
pub(in super::super) fn namespace(owner: &Owner, name: &str, run: &RunOrder) -> Value {
    let enforced = match run.deployment.as_ref().map(|it| it.security) {
        Some(PodSecurity::Restricted) => "restricted",
        _ => "baseline",
    };
    let mut labels = names::of_engine(owner);
    labels.insert("pod-security.kubernetes.io/enforce".to_owned(), enforced.into());
    labels.insert("pod-security.kubernetes.io/warn".to_owned(), "restricted".into());
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
}

/// Returns the quota: twice what the pods of all teams may have, and those of one more. A pod of a lost node counts for minutes
/// beside the one that replaces it: with less room, its team would wait for the cluster's next count of all (5 minutes).
pub(in super::super) fn quota(owner: &Owner, namespace: &str, teams: u32, run: &RunOrder) -> Value {
    let deployment = run.deployment.as_ref();
    let pods = 2 * u64::from(teams) + 1;
    let sum = |of: &dyn Fn(&challengectl_common::instance::ContainerSpec) -> Requests| {
        let (mut cpu, mut memory) = (0_u64, 0_u64);
        for one in run.containers.iter().map(of) {
            cpu += u64::from(one.cpu_millis);
            memory += one.memory_bytes;
        }
        (format!("{}m", cpu * pods), (memory * pods).to_string())
    };
    let (limits_cpu, limits_memory) = sum(&container::limits);
    let (requests_cpu, requests_memory) = sum(&|it| container::requests(it, deployment));
    json!({
        "apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": {"name": "teams", "namespace": namespace, "labels": names::of_engine(owner)},
        "spec": {"hard": {
            "pods": pods.to_string(), "limits.cpu": limits_cpu, "limits.memory": limits_memory,
            "requests.cpu": requests_cpu, "requests.memory": requests_memory,
        }},
    })
}

/// Returns the limits of containers that say nothing of limits: under a quota, the cluster makes none of them.
pub(in super::super) fn limit_range(owner: &Owner, namespace: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "LimitRange",
        "metadata": {"name": "containers", "namespace": namespace, "labels": names::of_engine(owner)},
        "spec": {"limits": [{
            "type": "Container",
            "default": {"cpu": "500m", "memory": "256Mi", "ephemeral-storage": "512Mi"},
            "defaultRequest": {"cpu": "50m", "memory": "64Mi", "ephemeral-storage": "64Mi"},
        }]},
    })
}
