//! Events: what the parts of a cluster have recorded about the objects of an instance.

use super::Cluster;
use super::view::Objects;
use crate::engine::EngineError;
use k8s_openapi::api::core::v1::Event;
use kube::api::ListParams;
use kube::{Api, ResourceExt};
use std::collections::BTreeSet;

/// Events of one object, at most. A cluster keeps them for an hour, and counts those that are repeated.
const MAX_EVENTS: u32 = 100;

impl Cluster {
    /// Returns the events of a session, one in each line, the oldest first.
    pub(super) async fn events(&self, session: i64) -> Result<String, EngineError> {
        let names = names(&self.view().objects(session));
        if names.is_empty() {
            return Err(EngineError::Refused("the cluster has nothing of this instance now".to_owned()));
        }
        let mut events = Vec::new();
        for (namespace, name) in names {
            let api = Api::<Event>::namespaced(self.client.clone(), &namespace);
            let own = ListParams::default().fields(&format!("involvedObject.name={name}")).limit(MAX_EVENTS);
            events.extend(self.call(api.list(&own)).await?.items);
        }
        events.sort_by_cached_key(time);
        Ok(events.iter().map(line).collect())
    }
}

/// Returns namespace and name of all that events may be about: also of what makes the pods, which alone says why there is
/// none.
fn names(objects: &Objects) -> BTreeSet<(String, String)> {
    let mut names: BTreeSet<_> = objects.deployment.iter().map(|it| place(it.as_ref())).collect();
    names.extend(objects.services.iter().map(|it| place(it.as_ref())));
    for pod in &objects.pods {
        let (namespace, name) = place(pod.as_ref());
        names.extend(pod.owner_references().iter().map(|maker| (namespace.clone(), maker.name.clone())));
        names.insert((namespace, name));
    }
    names
}

fn place(object: &impl ResourceExt) -> (String, String) {
    (object.namespace().unwrap_or_default(), object.name_any())
}

/// Returns when an event has happened last.
fn time(event: &Event) -> String {
    let last = event.last_timestamp.as_ref().or(event.first_timestamp.as_ref()).map(|it| it.0);
    let last = last.or(event.event_time.as_ref().map(|it| it.0));
    last.or(event.metadata.creation_timestamp.as_ref().map(|it| it.0)).map(|it| it.to_string()).unwrap_or_default()
}

fn line(event: &Event) -> String {
    let text = |part: &Option<String>| part.clone().unwrap_or_default().replace('\n', " ");
    let times = event.count.filter(|count| *count > 1).map(|count| format!(" ({count} times)")).unwrap_or_default();
    let object = format!("{}/{}", text(&event.involved_object.kind), text(&event.involved_object.name));
    let (kind, reason, message) = (text(&event.type_), text(&event.reason), text(&event.message));
    format!("{} {kind} {reason} {object}: {message}{times}\n", time(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn event(value: &Value) -> Event {
        serde_json::from_value(value.clone()).unwrap()
    }

    #[test]
    fn a_line_says_when_what_happened_to_which_object() {
        let repeated = event(&json!({
            "metadata": {}, "involvedObject": {"kind": "Pod", "name": "web-pod-1"}, "type": "Warning", "reason": "BackOff",
            "message": "Back-off pulling image\n\"web:1\"", "count": 3,
            "firstTimestamp": "2026-11-27T20:00:00Z", "lastTimestamp": "2026-11-27T20:05:00Z",
        }));
        let expected =
            "2026-11-27T20:05:00Z Warning BackOff Pod/web-pod-1: Back-off pulling image \"web:1\" (3 times)\n";
        assert_eq!(line(&repeated), expected);
        // Newer components write the time so, and nothing else.
        let of_scheduler = event(&json!({
            "metadata": {}, "involvedObject": {"kind": "Pod", "name": "web-pod-1"}, "eventTime": "2026-11-27T20:04:00.500000Z",
        }));
        assert!(time(&of_scheduler) < time(&repeated));
    }

    #[test]
    fn events_are_about_the_pods_and_what_makes_them() {
        let object = |name: &str| json!({"metadata": {"name": name, "namespace": "challenge-web"}});
        let mut pod = object("web-pod-1-a");
        pod["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-pod-1", "uid": "1"}]);
        let objects = Objects {
            deployment: None,
            pods: vec![std::sync::Arc::new(serde_json::from_value(pod).unwrap())],
            services: vec![std::sync::Arc::new(serde_json::from_value(object("web-svc")).unwrap())],
        };
        let names: Vec<_> = names(&objects).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["web-pod-1", "web-pod-1-a", "web-svc"]);
    }
}
