//! What keeps a removal from coming to its end. It is said, and never helped along: a finalizer is somebody's promise to clean
//! up first, and the containers of a node that is away may still run.

use super::Cluster;
use super::view::Objects;
use crate::engine::EngineError;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::ResourceExt;
use std::time::{Duration, SystemTime};

/// How long a removal may take before it is said what holds it: a pod has one second to end, and kubelet some to clean up.
const LIMIT: Duration = Duration::from_secs(30);

impl Cluster {
    /// Returns what holds the objects of a session that should have been gone for a while.
    pub(crate) fn held(&self, session: i64) -> Option<String> {
        let Objects { deployment, pods, services } = self.view().objects(session);
        let now = SystemTime::now();
        let held_services = services.iter().filter_map(|it| by_finalizer("Service", it.as_ref(), now));
        let held_deployment = deployment.iter().filter_map(|it| by_finalizer("Deployment", it.as_ref(), now));
        let held_pods = pods.iter().filter_map(|it| by_finalizer("Pod", it.as_ref(), now).or_else(|| by_node(it, now)));
        held_services.chain(held_deployment).chain(held_pods).next()
    }

    /// Returns what is to be said of a namespace that takes nothing new. `None` at first: one that ends takes a while, and is
    /// made again then.
    pub(crate) fn held_namespace(&self, name: &str, refusal: &EngineError) -> Option<String> {
        let namespace = self.view().namespace(name)?;
        if namespace.metadata.deletion_timestamp.is_none() {
            return Some(refusal.to_string());
        }
        is_late(namespace.as_ref(), SystemTime::now())
            .then(|| format!("namespace {name} does not end{}", left_in(&namespace)))
    }
}

/// The conditions of a namespace that say what it has left, and whose finalizers hold that.
const REMAINING: [&str; 2] = ["NamespaceContentRemaining", "NamespaceFinalizersRemaining"];

fn left_in(namespace: &Namespace) -> String {
    let conditions = namespace.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let remaining = conditions.filter(|it| REMAINING.contains(&it.type_.as_str()) && it.status == "True");
    remaining.filter_map(|it| Some(format!(": {}", it.message.as_deref()?))).collect()
}

fn by_finalizer(kind: &str, object: &impl ResourceExt, now: SystemTime) -> Option<String> {
    let finalizer = object.finalizers().first().filter(|_| is_late(object, now))?;
    Some(format!("{kind} {} is not removed: the finalizer {finalizer} holds it", full_name(object)))
}

fn by_node(pod: &Pod, now: SystemTime) -> Option<String> {
    let node = pod.spec.as_ref()?.node_name.as_ref().filter(|_| is_late(pod, now))?;
    Some(format!(
        "Pod {} has not ended: does node {node} answer? If it is lost, remove it from the cluster",
        full_name(pod)
    ))
}

/// Returns whether an object should have been gone for a while.
fn is_late(object: &impl ResourceExt, now: SystemTime) -> bool {
    let end = object.meta().deletion_timestamp.as_ref().map(|end| SystemTime::from(end.0));
    end.and_then(|end| now.duration_since(end).ok()).is_some_and(|late| late > LIMIT)
}

fn full_name(object: &impl ResourceExt) -> String {
    format!("{}/{}", object.namespace().unwrap_or_default(), object.name_any())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(metadata: &Value) -> Pod {
        serde_json::from_value(json!({"metadata": metadata, "spec": {"nodeName": "n1", "containers": []}})).unwrap()
    }

    fn at(text: &str) -> SystemTime {
        text.parse::<k8s_openapi::jiff::Timestamp>().unwrap().into()
    }

    #[test]
    fn what_holds_a_removal_is_said_when_it_is_late() {
        let (soon, late) = (at("2026-01-01T00:00:20Z"), at("2026-01-01T00:00:40Z"));
        let ending = json!({"name": "web", "namespace": "ours", "deletionTimestamp": "2026-01-01T00:00:00Z"});
        let held = json!({"name": "web", "namespace": "ours", "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a/b"]});
        assert_eq!(by_finalizer("Pod", &pod(&held), soon), None);
        assert_eq!(
            by_finalizer("Pod", &pod(&held), late).unwrap(),
            "Pod ours/web is not removed: the finalizer a/b holds it"
        );
        assert_eq!(by_finalizer("Pod", &pod(&ending), late), None);
        assert_eq!((by_node(&pod(&ending), soon), by_node(&pod(&json!({"name": "web"})), late)), (None, None));
        assert!(by_node(&pod(&ending), late).unwrap().starts_with("Pod ours/web has not ended: does node n1 answer?"));
    }
}
