//! Health checks of containers, as probes of a cluster.

use challengectl_common::instance::HealthCheck;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Container;
use serde_json::{Map, Value, json};

/// Seconds for an answer, as in Docker.
const TIMEOUT_SECONDS: u32 = 3;
/// Seconds between two questions, while a container starts.
const START_PERIOD: u32 = 2;
/// Seconds between two questions from then on, and the failures in a row of a container that is not well.
const PERIOD: u32 = 5;
const MAX_FAILURES: u32 = 3;

/// Returns the probes of a container, by their fields. None is for liveness: it would start an instance anew that is being
/// attacked.
pub(super) fn probes(check: &HealthCheck) -> [(&'static str, Value); 2] {
    let failures = check.start_seconds.div_ceil(START_PERIOD);
    [("startupProbe", probe(check, START_PERIOD, failures)), ("readinessProbe", probe(check, PERIOD, MAX_FAILURES))]
}

/// With all defaults: what the cluster fills in by itself has no owner, so that half a question would stay beside the other
/// kind, when the next spec has that.
fn probe(check: &HealthCheck, period: u32, failures: u32) -> Value {
    let port = check.port.number;
    let (name, asked) = match &check.path {
        Some(path) => ("httpGet", json!({"path": path, "port": port, "scheme": "HTTP"})),
        None => ("tcpSocket", json!({"port": port})),
    };
    json!({
        name: asked, "periodSeconds": period, "failureThreshold": failures, "successThreshold": 1,
        "timeoutSeconds": TIMEOUT_SECONDS,
    })
}

/// Returns the patch that takes off the probes that a Deployment has and its manifest lacks; `None` if there are none.
/// Applying is not enough: a cluster of 1.20 keeps an empty probe in the place of one that is left out, and refuses it, and
/// all keep what others own as well, who have edited a probe or added one.
pub(in super::super) fn surplus(found: &Deployment, manifest: &Value) -> Option<Value> {
    let wanted = manifest.pointer("/spec/template/spec/containers")?.as_array()?;
    let found = &found.spec.as_ref()?.template.spec.as_ref()?.containers;
    let own = |it: &Container| wanted.iter().find(|wanted| wanted.get("name").is_some_and(|name| *name == it.name));
    let mut changes = Vec::new();
    for container in found {
        let Some(wanted) = own(container) else { continue };
        let has = [
            ("startupProbe", container.startup_probe.is_some()),
            ("readinessProbe", container.readiness_probe.is_some()),
            ("livenessProbe", container.liveness_probe.is_some()),
        ];
        let surplus = has.into_iter().filter(|(field, is_there)| *is_there && wanted.get(*field).is_none());
        let mut change: Map<String, Value> = surplus.map(|(field, _)| (field.to_owned(), Value::Null)).collect();
        if !change.is_empty() {
            change.insert("name".to_owned(), container.name.clone().into());
            changes.push(change);
        }
    }
    (!changes.is_empty()).then(|| json!({"spec": {"template": {"spec": {"containers": changes}}}}))
}
