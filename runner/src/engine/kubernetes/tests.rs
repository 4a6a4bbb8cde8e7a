//! Deployments in a real cluster, as a runner keeps them.

use super::{Cluster, Condition};
use crate::config::EngineConfig;
use crate::engine::{Host, Owner};
use challengectl_common::wire::instances::{Order, RunOrder};
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

const IMAGE: &str = "localhost/challengectl/web-basic-xss:1";
/// Time for what takes a few seconds.
const SOON: Duration = Duration::from_secs(120);

/// A cluster as a runner of its own sees it, in the network of the test cluster.
struct Place {
    cluster: Cluster,
    namespace: String,
    /// The network of its addresses, which no other test has.
    network: String,
    _folder: tempfile::TempDir,
}

impl Place {
    /// Connects. `challenge` is a part of a namespace.
    async fn connect(challenge: &str) -> Self {
        let folder = PathBuf::from(std::env::var_os("CLUSTER").expect("these tests need make test-kubernetes"));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = json!({
            "id": "cluster", "kind": "kubernetes", "host": "10.99.78.1", "balancer": "metallb",
            "kubeconfig": folder.join("conf/runner.kubeconfig"), "installation": format!("test{:08x}", rand::random::<u32>()),
        });
        let config: EngineConfig = serde_json::from_value(settings).unwrap();
        let state = tempfile::tempdir().unwrap();
        let host = Host::new(Owner("unused".to_owned()), state.path()).unwrap();
        let cluster = Cluster::connect(&config, &host).await.unwrap();
        cluster.view().is_complete().await;
        let namespace = format!("challenge-{challenge}-{:04x}", rand::random::<u16>());
        let network = format!("192.168.{}", rand::random::<u8>());
        Self { cluster, namespace, network, _folder: state }
    }

    fn order(&self, fence: i64, changed: impl FnOnce(&mut Value)) -> Order {
        let mut order = json!({
            "session_id": 1, "fence": fence, "engine_id": "cluster",
            "run": {
                "challenge": "web", "is_running": false, "expires_at": "2126-01-01T00:00:00.000Z",
                "containers": [{
                    "name": "main", "image": IMAGE, "environment": {"FLAG": "flag{a}"}, "ports": ["8080/http"],
                    "health": {"port": "8080/tcp", "path": "/"}, "limits": {"memory_mib": 64, "cpus": 0.2},
                }],
                "published": [{"container": "main", "port": "8080/tcp", "host_port": 80}],
                "deployment": {
                    "namespace": self.namespace, "name": "web-team-001", "team": "team-001", "teams": 2,
                    "address": format!("{}.101", self.network),
                },
            },
        });
        changed(&mut order["run"]);
        serde_json::from_value(order).unwrap()
    }

    /// Applies an order, and waits until the cluster shows this.
    async fn becomes(&self, order: &Order, what: impl Fn(&Condition, Option<&str>) -> bool) -> Condition {
        let run: &RunOrder = order.run.as_ref().unwrap();
        self.cluster.apply(order, run, run.deployment.as_ref().unwrap().teams).await.unwrap();
        let (deadline, mut news) = (Instant::now() + SOON, self.cluster.view().news());
        loop {
            let (condition, unreachable, _) = self.cluster.deployed(order);
            if what(&condition, unreachable.as_deref()) {
                return condition;
            }
            let changed = timeout_at(deadline, news.changed()).await;
            assert!(changed.is_ok(), "still {condition:?} {unreachable:?}");
        }
    }

    async fn runs(&self, order: &Order) -> String {
        match self.becomes(order, |it, unreachable| matches!(it, Condition::Ready(_)) && unreachable.is_none()).await {
            Condition::Ready(pod) => pod,
            other => panic!("{other:?}"),
        }
    }

    fn has_probes(&self) -> bool {
        let found = self.cluster.view().objects(1).deployment.unwrap();
        let container = found.spec.as_ref().unwrap().template.spec.as_ref().unwrap().containers[0].clone();
        [container.startup_probe, container.readiness_probe, container.liveness_probe].iter().any(Option::is_some)
    }

    /// Removes the session and its namespace, and waits until both are gone.
    async fn end(self) {
        self.cluster.remove(1, &|| true).await.unwrap();
        let mut news = self.cluster.view().news();
        while self.cluster.view().is_in_use(&self.namespace) {
            news.changed().await.unwrap();
        }
        self.cluster.remove_namespace(&self.namespace).await.unwrap();
        let deadline = Instant::now() + SOON;
        while self.cluster.view().ends_namespace(&self.namespace) {
            timeout_at(deadline, news.changed()).await.expect("the namespace stays").unwrap();
        }
    }
}

/// Loads a page, to which nodes lead a moment after the pod is ready.
async fn page(url: &str) -> String {
    let deadline = Instant::now() + SOON;
    loop {
        match reqwest::get(url).await {
            Ok(answer) => return answer.text().await.unwrap(),
            Err(error) => assert!(Instant::now() < deadline, "{error:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
#[ignore = "needs a cluster; make test-kubernetes"]
async fn a_team_has_its_address_through_a_pause_another_flag_and_a_restart_of_the_runner() {
    let place = Place::connect("kept").await;
    let order = place.order(1, |_| {});
    let first = place.runs(&order).await;
    let (_, _, deployed) = place.cluster.deployed(&order);
    let address = format!("{}.101", place.network);
    assert_eq!(deployed.host.as_deref(), Some(address.as_str()));
    assert!(deployed.internal_ip.is_some() && deployed.pods == [first.clone()] && deployed.node_ports.is_empty());
    assert!(page(&format!("http://{address}/")).await.contains("Guest book"));

    // Again, also as a runner that remembers nothing: nothing changes.
    place.cluster.forget_applied().await;
    assert_eq!(place.runs(&order).await, first);

    let paused = place.order(2, |run| run["deployment"]["is_paused"] = true.into());
    place.becomes(&paused, |it, _| *it == Condition::NoPod).await;
    assert_eq!(place.cluster.deployed(&paused).2.host.as_deref(), Some(address.as_str()), "its address stays");

    let other = place.order(3, |run| run["containers"][0]["environment"]["FLAG"] = "flag{b}".into());
    assert_ne!(place.runs(&other).await, first);
    let xss = format!("http://{address}/cgi-bin/sign?entry=%3Cscript%3Ea()%3C%2Fscript%3E");
    assert!(page(&xss).await.contains("flag{b}"));
    place.end().await;
}

#[tokio::test]
#[ignore = "needs a cluster; make test-kubernetes"]
async fn a_health_check_that_is_removed_goes_also_if_somebody_has_edited_it() {
    let place = Place::connect("checked").await;
    place.runs(&place.order(1, |_| {})).await;
    assert!(place.has_probes());
    let api = Api::<Deployment>::namespaced(place.cluster.client.clone(), &place.namespace);
    let edited = json!({"spec": {"template": {"spec": {"containers": [{
        "name": "main", "readinessProbe": {"periodSeconds": 7}, "livenessProbe": {"tcpSocket": {"port": 8080}},
    }]}}}});
    api.patch("web-team-001-pod", &PatchParams::default(), &Patch::Strategic(edited)).await.unwrap();
    place.runs(&place.order(2, |run| run["containers"][0]["health"] = Value::Null)).await;
    let (deadline, mut news) = (Instant::now() + SOON, place.cluster.view().news());
    while place.has_probes() {
        timeout_at(deadline, news.changed()).await.expect("the probes stay").unwrap();
    }
    place.end().await;
}

#[tokio::test]
#[ignore = "needs a cluster; make test-kubernetes"]
async fn what_does_not_run_says_why_and_runs_when_its_order_is_mended() {
    let place = Place::connect("mended").await;
    let says = |words: &'static str| {
        move |it: &Condition, _: Option<&str>| match it {
            Condition::Stuck { reason, .. } | Condition::NotReady(Some(reason)) => reason.contains(words),
            _ => false,
        }
    };
    let missing = place.order(1, |run| run["containers"][0]["image"] = "localhost/nobody/has-this:1".into());
    place.becomes(&missing, says("Pull")).await;
    let ends = place.order(2, |run| run["containers"][0]["command"] = json!(["/bin/busybox", "false"]));
    place.becomes(&ends, says("CrashLoopBackOff: it ended with status 1")).await;
    let huge = place.order(3, |run| {
        run["containers"][0]["limits"]["memory_mib"] = (1 << 20).into();
    });
    place.becomes(&huge, says("Insufficient memory")).await;
    place.runs(&place.order(4, |_| {})).await;
    place.end().await;
}

#[tokio::test]
#[ignore = "needs a cluster; make test-kubernetes"]
async fn a_namespace_has_room_for_its_teams_and_no_more() {
    let place = Place::connect("room").await;
    let no_room = place.order(1, |run| run["deployment"]["teams"] = 0.into());
    place.runs(&no_room).await;
    let second = |order: &mut Order| {
        order.session_id = 2;
        let deployment = order.run.as_mut().unwrap().deployment.as_mut().unwrap();
        (deployment.name, deployment.team) = ("web-team-002".to_owned(), "team-002".to_owned());
        deployment.address = Some(format!("{}.102", place.network).parse().unwrap());
    };
    let mut order = place.order(1, |run| run["deployment"]["teams"] = 0.into());
    second(&mut order);
    place.becomes(&order, |it, _| matches!(it, Condition::NotReady(Some(why)) if why.contains("exceeded quota"))).await;
    let mut order = place.order(1, |_| {});
    second(&mut order);
    place.runs(&order).await;
    place.cluster.remove(2, &|| true).await.unwrap();
    place.end().await;
}
