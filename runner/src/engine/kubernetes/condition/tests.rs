use super::*;
use serde_json::{Value, json};

fn pod(fence: i64, status: &Value) -> Arc<Pod> {
    let labels = json!({"challengectl.session": "7", "challengectl.fence": fence.to_string()});
    Arc::new(
        serde_json::from_value(json!({"metadata": {"name": "web-pod-1", "labels": labels}, "status": status})).unwrap(),
    )
}

fn seen(status: &Value, pods: Vec<Arc<Pod>>) -> Condition {
    let deployment =
        serde_json::from_value(json!({"metadata": {}, "spec": {"selector": {}, "template": {}}, "status": status}));
    let objects = Objects { deployment: Some(Arc::new(deployment.unwrap())), pods, services: Vec::new() };
    condition(&objects, 2)
}

fn waiting(reason: &str, message: &str) -> Value {
    json!({"phase": "Pending", "containerStatuses": [{
        "name": "web", "image": "web:1", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": reason, "message": message}},
        "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
    }]})
}

#[test]
fn an_instance_runs_when_the_pod_of_its_own_start_is_ready() {
    let ready = json!({"conditions": [{"type": "Ready", "status": "True"}]});
    assert_eq!(seen(&json!({}), vec![pod(2, &ready)]), Condition::Ready("web-pod-1".to_owned()));
    assert_eq!(seen(&json!({}), vec![pod(1, &ready)]), Condition::NotReady(None), "of the start before");
    assert_eq!(seen(&json!({}), vec![]), Condition::NoPod);
}

#[test]
fn a_pod_that_ends_does_not_count_and_is_still_there() {
    let ready = json!({"conditions": [{"type": "Ready", "status": "True"}]});
    let mut ending = pod(2, &ready).as_ref().clone();
    ending.metadata.deletion_timestamp = Some(serde_json::from_value(json!("2026-01-01T00:00:00Z")).unwrap());
    assert_eq!(seen(&json!({}), vec![Arc::new(ending.clone())]), Condition::NotReady(None));
    let next = seen(&json!({}), vec![Arc::new(ending), pod(2, &ready)]);
    assert_eq!(next, Condition::Ready("web-pod-1".to_owned()));
}

#[test]
fn the_reason_is_found_wherever_the_cluster_says_it() {
    let stuck = |status: Value| match seen(&json!({}), vec![pod(2, &status)]) {
        Condition::Stuck { reason, is_permanent } => (reason, is_permanent),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        stuck(waiting("ErrImagePull", "failed to resolve reference \"web:1\": web:1: not found")),
        ("web: ErrImagePull: failed to resolve reference \"web:1\": web:1: not found".to_owned(), true)
    );
    assert!(stuck(waiting("ImagePullBackOff", "i/o timeout")).1);
    assert_eq!(
        stuck(waiting("CrashLoopBackOff", "back-off 10s")),
        ("web: CrashLoopBackOff: it ended with status 137, OOMKilled".to_owned(), false)
    );
    assert_eq!(stuck(waiting("CreateContainerConfigError", "no key")).0, "web: CreateContainerConfigError: no key");
    let evicted = json!({"phase": "Failed", "reason": "Evicted", "message": "The node was low on disk."});
    assert_eq!(stuck(evicted).0, "Evicted: The node was low on disk.");

    let creating = seen(&json!({}), vec![pod(2, &waiting("ContainerCreating", ""))]);
    assert_eq!(creating, Condition::NotReady(None));
    let full = json!({"conditions": [
        {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: teams"}
    ]});
    assert_eq!(seen(&full, vec![]), Condition::NotReady(Some("FailedCreate: exceeded quota: teams".to_owned())));
    let new = json!({"conditions": [{
        "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
        "message": "pods \"web\" is forbidden: error looking up service account new/default: serviceaccount \"default\" not found",
    }]});
    assert_eq!(seen(&new, vec![]), Condition::NoPod, "the cluster has not made it yet");
    let homeless = json!({"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available"}
    ]});
    assert_eq!(
        seen(&json!({}), vec![pod(2, &homeless)]),
        Condition::NotReady(Some("Unschedulable: 0/1 nodes are available".to_owned()))
    );
}

#[test]
fn a_node_says_which_image_it_has_once_it_has_started_it() {
    let seen = |image_id: &str| {
        let status = json!({"containerStatuses": [{
            "name": "main", "image": "web:1", "imageID": image_id, "ready": false, "restartCount": 0,
        }]});
        images(&pod(2, &status))
            .into_iter()
            .map(|it| (it.container.into(), it.image))
            .collect::<Vec<(String, String)>>()
    };
    let main = |image: &str| vec![("main".to_owned(), image.to_owned())];
    assert_eq!(seen(""), []);
    assert_eq!(seen("docker.io/library/web@sha256:a0"), main("docker.io/library/web@sha256:a0"));
    assert_eq!(seen("docker-pullable://web@sha256:a0"), main("web@sha256:a0"), "of the engine of Docker");
    assert_eq!(seen("sha256:a0"), main("sha256:a0"), "loaded by hand");
    assert_eq!(seen(&"a".repeat(MAX_IMAGE + 1)), []);
}

#[test]
fn an_address_counts_when_it_is_the_leased_one() {
    let service = |given: Value| -> Vec<Arc<Service>> {
        let made =
            json!({"metadata": {}, "spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {"ingress": given}}});
        vec![Arc::new(serde_json::from_value(made).unwrap())]
    };
    let said = |given: Value| {
        let services = service(given);
        unreachable(&services, &view::ingress(&services[0]), Some("192.168.250.101".parse().unwrap()))
    };
    assert_eq!(said(json!([{"ip": "192.168.250.101"}])), None);
    assert_eq!(said(json!([{"hostname": "lb.example"}])), None);
    assert!(said(json!([])).unwrap().contains("no address yet"));
    assert!(said(json!([{"ip": "192.168.250.109"}])).unwrap().contains("192.168.250.109 and not 192.168.250.101"));
}
