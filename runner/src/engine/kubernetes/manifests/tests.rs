mod pods;

use super::super::names::{self, Names};
use super::{namespace, policy, service, workload};
use crate::config::Balancer;
use crate::engine::{EngineError, Owner};
use challengectl_common::wire::instances::Order;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{LimitRange, Namespace, ResourceQuota, Secret, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn owner() -> Owner {
    Owner("0123456789abcdef0123456789abcdef".to_owned())
}

/// An order for a player's instance of two containers.
fn order(changed: impl FnOnce(&mut Value)) -> Order {
    let mut order = json!({
        "session_id": 7, "fence": 2, "engine_id": "cluster",
        "run": {
            "challenge": "guest-book", "is_running": false, "expires_at": "2026-01-01T00:00:00.000Z",
            "containers": [
                {
                    "name": "web", "image": "web:1", "environment": {"FLAG": "flag{a}"}, "ports": ["80/http", "53/udp"],
                    "user": "1000:1000", "read_only": true, "command": ["serve"], "entrypoint": ["/bin/web"],
                    "working_dir": "/srv", "tmpfs": [{"path": "/run", "size_mib": 8}],
                    "health": {"port": "80/tcp", "path": "/", "start_seconds": 30},
                },
                {"name": "db", "image": "db:1", "environment": {"FLAG": "flag{a}"}, "health": {"port": "3306/tcp"}},
            ],
            "published": [
                {"container": "web", "port": "80/tcp", "host_port": 30080},
                {"container": "web", "port": "53/udp", "host_port": 30053},
            ],
        },
    });
    changed(&mut order);
    serde_json::from_value(order).unwrap()
}

fn deployment(order: &mut Value) {
    order["run"]["deployment"] = json!({
        "namespace": "challenge-guest-book", "name": "guest-book-team-001", "team": "team-001", "teams": 4,
        "address": "192.168.250.101", "pull_secret": "registry",
        "requests": [{"container": "web", "cpu_millis": 100, "memory_bytes": 134_217_728}],
    });
    order["run"]["published"][0]["host_port"] = 80.into();
    order["run"]["published"][1]["host_port"] = 53.into();
}

/// All manifests of an order.
fn all(order: &Order) -> Vec<(String, Value)> {
    let (owner, run) = (owner(), order.run.as_ref().unwrap());
    let names = Names::of(order, run, "challengectl-01234567");
    let outside = ["0.0.0.0/0".parse().unwrap()];
    let cluster = BTreeSet::from(["10.42.0.0/24".parse().unwrap(), "203.0.113.7/32".parse().unwrap()]);
    let labels = names::labels(&owner, order, run);
    let mut all = vec![
        namespace::namespace(&owner, &names.namespace, run),
        namespace::quota(&owner, &names.namespace, 4, run),
        namespace::limit_range(&owner, &names.namespace),
        policy::default_deny(&owner, &names.namespace),
        policy::session(&names, &owner, order, run, &outside, &cluster),
        workload::secret(&names, &labels, run),
        workload::deployment(&names, &owner, order, run).unwrap(),
    ];
    all.extend(service::services(&names, &owner, order, run, Balancer::Metallb).into_iter().map(|(_, it)| it));
    let named =
        |it: Value| (format!("{} {}", it["kind"].as_str().unwrap(), it["metadata"]["name"].as_str().unwrap()), it);
    all.into_iter().map(named).collect()
}

fn one(order: &Order, name: &str) -> Value {
    all(order).into_iter().find(|(own, _)| own == name).unwrap_or_else(|| panic!("no {name}")).1
}

/// Reads a manifest with the type of its kind, and writes it again: a field that the type does not have is lost.
fn again<K: DeserializeOwned + Serialize>(manifest: &Value) -> Value {
    serde_json::to_value(serde_json::from_value::<K>(manifest.clone()).unwrap()).unwrap()
}

#[test]
fn every_field_of_every_manifest_is_one_of_kubernetes() {
    for order in [order(|_| {}), order(deployment)] {
        for (name, manifest) in all(&order) {
            let again = match manifest["kind"].as_str().unwrap() {
                "Namespace" => again::<Namespace>(&manifest),
                "ResourceQuota" => again::<ResourceQuota>(&manifest),
                "LimitRange" => again::<LimitRange>(&manifest),
                "NetworkPolicy" => again::<NetworkPolicy>(&manifest),
                "Secret" => again::<Secret>(&manifest),
                "Deployment" => again::<Deployment>(&manifest),
                "Service" => again::<Service>(&manifest),
                other => panic!("{other}"),
            };
            assert_eq!(again, manifest, "{name}");
        }
    }
}

#[test]
fn the_names_of_a_deployment_are_those_of_the_document() {
    let names: Vec<String> = all(&order(deployment)).into_iter().map(|(name, _)| name).collect();
    for name in [
        "Namespace challenge-guest-book",
        "Deployment guest-book-team-001-pod",
        "Service guest-book-team-001-svc",
        "Service guest-book-team-001-svc-udp",
    ] {
        assert!(names.iter().any(|it| it == name), "{name}: {names:?}");
    }
}

#[test]
fn the_flag_is_in_the_secret_and_nowhere_else() {
    for (name, manifest) in all(&order(deployment)) {
        let text = manifest.to_string();
        assert!(!text.contains("flag{a}"), "{name}");
        // Base64 of it.
        assert_eq!(text.contains("ZmxhZ3thfQ=="), name.starts_with("Secret "), "{name}");
    }
    let pod = |order: &Order| one(order, "Deployment guest-book-team-001-pod")["spec"]["template"].clone();
    let other = order(|it| {
        deployment(it);
        it["run"]["containers"][0]["environment"]["FLAG"] = "flag{b}".into();
    });
    assert_ne!(pod(&order(deployment)), pod(&other), "another flag is another pod");
}

#[test]
fn an_address_is_asked_for_in_one_way() {
    let order = order(deployment);
    let (owner, run) = (owner(), order.run.as_ref().unwrap());
    let names = Names::of(&order, run, "players");
    let asked = |balancer: Balancer| service::services(&names, &owner, &order, run, balancer).remove(0).1;
    let (metallb, field, none) = (asked(Balancer::Metallb), asked(Balancer::LoadBalancerIp), asked(Balancer::None));
    let annotation = "metallb.universe.tf/loadBalancerIPs";
    assert_eq!(metallb["metadata"]["annotations"][annotation], "192.168.250.101");
    assert_eq!(field["spec"]["loadBalancerIP"], "192.168.250.101");
    assert!(metallb["spec"]["loadBalancerIP"].is_null() && field["metadata"]["annotations"].is_null());
    assert_eq!((&none["spec"]["type"], &none["spec"]["ports"][0]["nodePort"]), (&json!("NodePort"), &Value::Null));
}

#[test]
fn tcp_and_udp_have_a_service_each_at_one_address() {
    let services =
        ["", "-udp"].map(|suffix| one(&order(deployment), &format!("Service guest-book-team-001-svc{suffix}")));
    let asked = services.each_ref().map(|it| it["metadata"]["annotations"].clone());
    assert_eq!(asked[0], asked[1], "the same address, and the same key by which it is shared");
    assert_eq!(asked[0]["metallb.universe.tf/allow-shared-ip"], "guest-book-team-001-pod");
    let protocols = services.each_ref().map(|it| it["spec"]["ports"][0]["protocol"].clone());
    assert_eq!(protocols, ["TCP", "UDP"]);
}

#[test]
fn a_namespace_has_room_for_its_teams_twice_and_one_pod_more() {
    let hard = one(&order(deployment), "ResourceQuota teams")["spec"]["hard"].clone();
    let limits =
        one(&order(deployment), "Deployment guest-book-team-001-pod")["spec"]["template"]["spec"]["containers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["resources"]["limits"]["memory"].as_str().unwrap().parse::<u64>().unwrap())
            .sum::<u64>();
    assert_eq!((&hard["pods"], &hard["limits.memory"]), (&json!("9"), &json!((9 * limits).to_string())));
    let limits = &one(&order(deployment), "LimitRange containers")["spec"]["limits"][0];
    assert!(limits["default"]["memory"].is_string(), "under a quota, a container without limits is refused");
}

#[test]
fn a_players_instance_is_reached_by_the_ports_that_the_server_has_chosen() {
    let service = one(&order(|_| {}), "Service instance-7-svc");
    let port = &service["spec"]["ports"][0];
    assert_eq!(
        (&service["spec"]["type"], &port["nodePort"], &port["targetPort"]),
        (&json!("NodePort"), &json!(30080), &json!(80))
    );
}

#[test]
fn the_profile_of_containers_is_the_one_that_is_asked_for() {
    let security = |changed: fn(&mut Value), name: &str| {
        one(&order(changed), name)["spec"]["template"]["spec"]["containers"][0]["securityContext"].clone()
    };
    let baseline = security(deployment, "Deployment guest-book-team-001-pod");
    assert_eq!(
        baseline["capabilities"],
        json!({"drop": ["ALL"], "add": ["CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"]})
    );
    assert_eq!((&baseline["runAsUser"], &baseline["runAsNonRoot"]), (&json!(1000), &Value::Null));
    let restricted = |it: &mut Value| {
        deployment(it);
        it["run"]["deployment"]["security"] = "restricted".into();
    };
    let restricted = security(restricted, "Deployment guest-book-team-001-pod");
    assert_eq!(restricted["capabilities"], json!({"drop": ["ALL"], "add": []}));
    assert_eq!(restricted["runAsNonRoot"], true);
    let player = security(|_| {}, "Deployment instance-7-pod");
    assert_eq!(player["capabilities"]["add"], json!(["NET_BIND_SERVICE"]));
    assert_eq!(player["seccompProfile"]["type"], "RuntimeDefault");
}

#[test]
fn players_come_from_outside_and_neighbours_do_not() {
    let policy = one(&order(|_| {}), "NetworkPolicy instance-7-net");
    let rule = &policy["spec"]["ingress"][0];
    assert_eq!(rule["from"][0]["ipBlock"], json!({"cidr": "0.0.0.0/0", "except": ["10.42.0.0/24"]}));
    assert_eq!(rule["ports"][0], json!({"port": 80, "protocol": "TCP"}));
    assert_eq!(policy["spec"]["egress"], json!([]));
}

#[test]
fn what_no_cluster_can_run_is_refused_with_the_way_out() {
    let why = |changed: fn(&mut Value)| {
        let order = order(changed);
        let run = order.run.as_ref().unwrap();
        let made = workload::deployment(&Names::of(&order, run, "players"), &owner(), &order, run);
        match made.unwrap_err() {
            EngineError::Impossible(why) => why,
            other => panic!("{other}"),
        }
    };
    let same_port = why(|it| it["run"]["containers"][1]["ports"] = json!(["80/tcp"]));
    assert!(same_port.contains("web and db both have 80/tcp"), "{same_port}");
    let named = why(|it| it["run"]["containers"][0]["user"] = "www-data".into());
    assert!(named.contains("www-data") && named.contains("number"), "{named}");
}
