//! What pods are given, what they are not, and what becomes of them with their node.

use super::super::probes;
use super::{deployment, one, order};
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

const NAME: &str = "Deployment guest-book-team-001-pod";

fn pod() -> Value {
    one(&order(deployment), NAME)["spec"]["template"]["spec"].clone()
}

#[test]
fn a_pod_learns_nothing_of_the_cluster_and_of_other_teams() {
    let pod = pod();
    assert_eq!((&pod["enableServiceLinks"], &pod["automountServiceAccountToken"]), (&json!(false), &json!(false)));
    assert_eq!((&pod["dnsPolicy"], &pod["dnsConfig"]), (&json!("None"), &json!({"nameservers": ["127.0.0.1"]})));
    assert_eq!(pod["hostAliases"], json!([{"ip": "127.0.0.1", "hostnames": ["web", "db"]}]));
    let outside = order(|it| {
        deployment(it);
        it["run"]["deployment"]["reaches_out"] = true.into();
    });
    assert_eq!(one(&outside, NAME)["spec"]["template"]["spec"]["dnsPolicy"], Value::Null, "it asks the cluster");
}

#[test]
fn the_pod_of_a_lost_node_is_made_anew_after_half_a_minute_and_never_beside_the_one_before() {
    let tolerations = pod()["tolerations"].clone();
    let of = |taint: &str| {
        let all = tolerations.as_array().unwrap();
        all.iter().find(|it| it["key"] == format!("node.kubernetes.io/{taint}")).unwrap()["tolerationSeconds"].clone()
    };
    assert_eq!((of("not-ready"), of("unreachable")), (json!(30), json!(30)));
    assert_eq!(one(&order(deployment), NAME)["spec"]["strategy"]["type"], "Recreate");
}

#[test]
fn a_container_is_bounded_in_all_that_its_node_has() {
    let pod = pod();
    let resources = &pod["containers"][0]["resources"];
    for what in ["cpu", "memory", "ephemeral-storage"] {
        assert!(resources["limits"][what].is_string() && resources["requests"][what].is_string(), "{what}");
    }
    let sizes = pod["volumes"].as_array().unwrap().iter().map(|it| &it["emptyDir"]["sizeLimit"]);
    assert_eq!(sizes.collect::<Vec<_>>(), ["16Mi", "8Mi"]);
}

#[test]
fn an_image_that_a_node_has_is_not_asked_for_again() {
    let pod = pod();
    assert!(pod["containers"].as_array().unwrap().iter().all(|it| it["imagePullPolicy"] == "IfNotPresent"));
    assert_eq!(pod["imagePullSecrets"], json!([{"name": "registry"}]));
}

#[test]
fn a_health_check_asks_before_a_pod_counts_as_ready_and_never_ends_it() {
    let pod = pod();
    let (web, db) = (&pod["containers"][0], &pod["containers"][1]);
    for probe in ["startupProbe", "readinessProbe"] {
        assert_eq!(web[probe]["httpGet"], json!({"path": "/", "port": 80, "scheme": "HTTP"}));
        assert_eq!(db[probe]["tcpSocket"], json!({"port": 3306}));
        // Whole, so that nothing of it that the cluster has filled in stays beside the other kind.
        assert_eq!(web[probe]["successThreshold"], 1);
    }
    assert_eq!(web["startupProbe"]["failureThreshold"], 15, "30 seconds, one try in two");
    assert_eq!((&web["livenessProbe"], &db["livenessProbe"]), (&Value::Null, &Value::Null));
}

#[test]
fn probes_that_a_manifest_lacks_are_taken_off_whoever_has_added_them() {
    let wanted = one(&order(deployment), NAME);
    let found = |changed: fn(&mut Value)| {
        let mut found = wanted.clone();
        changed(&mut found["spec"]["template"]["spec"]["containers"]);
        serde_json::from_value::<Deployment>(found).unwrap()
    };
    assert_eq!(probes::surplus(&found(|_| {}), &wanted), None);
    let beside = found(|it| {
        let beside = json!({"name": "beside", "livenessProbe": {"tcpSocket": {"port": 1}}});
        it.as_array_mut().unwrap().push(beside);
    });
    assert_eq!(probes::surplus(&beside, &wanted), None, "a container of somebody else is theirs");
    let alive = found(|it| it[1]["livenessProbe"] = json!({"tcpSocket": {"port": 1}}));
    let changed = |patch: Option<Value>| patch.unwrap()["spec"]["template"]["spec"]["containers"].clone();
    assert_eq!(changed(probes::surplus(&alive, &wanted)), json!([{"name": "db", "livenessProbe": null}]));
    let without = order(|it| {
        deployment(it);
        it["run"]["containers"][0]["health"] = Value::Null;
    });
    let expected = json!([{"name": "web", "startupProbe": null, "readinessProbe": null}]);
    assert_eq!(changed(probes::surplus(&found(|_| {}), &one(&without, NAME))), expected);
}
