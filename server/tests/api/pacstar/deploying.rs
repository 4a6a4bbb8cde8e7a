//! Deploying and stopping: one outcome, whatever is asked in which order.

use super::rollout::Orders;
use super::{Front, each, refused};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn all_31_addresses_are_used_and_then_a_deploy_is_refused_as_a_whole() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let master = front.master().await;
    let path = master.challenge("everybody", "web:1", 31).await;
    let deployed = master.deploy(&path).await;
    let addresses = each(&deployed, "public_ip");
    assert_eq!((addresses[0].as_str(), addresses[29].as_str()), ("192.168.250.101", "192.168.250.130"));
    assert_eq!(addresses[30], "192.168.250.100", "the first one last");
    assert_eq!(addresses.iter().collect::<BTreeSet<_>>().len(), 31);
    master.until_status(&path, "running").await;

    let other = master.challenge("one-too-many", "web:1", 1).await;
    let answer = master.post(&format!("{other}/deploy"), json!({})).await;
    refused(&answer, 400, "1 addresses are needed, and 0 of the pool are free");
    let untouched = master.get(&other).await.body;
    assert_eq!((&untouched["status"], &untouched["instances"]), (&json!("pending"), &json!([])));

    master.put(&path, json!({"total_teams": 29})).await;
    master.deploy(&path).await;
    master.until(&path, |it| it["instances"].as_array().unwrap().len() == 29).await;
    let deployed = master.deploy(&other).await;
    assert_eq!(each(&deployed, "public_ip"), ["192.168.250.130"], "the lowest free one after the first");
}

#[tokio::test]
async fn each_challenge_has_addresses_of_its_own_for_the_same_teams() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let master = front.master().await;
    let (one, two) = (master.challenge("one", "web:1", 2).await, master.challenge("two", "web:1", 2).await);
    assert_eq!(each(&master.deploy(&one).await, "public_ip"), ["192.168.250.101", "192.168.250.102"]);
    assert_eq!(each(&master.deploy(&two).await, "public_ip"), ["192.168.250.103", "192.168.250.104"]);
}

#[tokio::test]
async fn a_hundred_deploys_at_once_have_one_outcome() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let master = front.master().await;
    let path = master.challenge("at-once", "web:1", 5).await;
    let answers = join_all(
        (0..100).map(|_| async { master.post(&format!("{path}/deploy"), json!({"force_redeploy": false})).await }),
    )
    .await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{:?}", answers.iter().find(|it| it.status != 200));
    let ids: BTreeSet<Vec<String>> = answers.iter().map(|answer| each(&answer.body, "instance_id")).collect();
    assert_eq!(ids.len(), 1, "all show the same instances");
    let running = master.until_status(&path, "running").await;
    assert_eq!(
        (each(&running, "instance_id"), each(&running, "public_ip").len()),
        (ids.into_iter().next().unwrap(), 5)
    );
}

#[tokio::test]
async fn a_second_deploy_does_not_touch_what_runs() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let master = front.master().await;
    let path = master.challenge("healthy", "web:1", 3).await;
    master.deploy(&path).await;
    let before = master.until_status(&path, "running").await;
    let after = master.deploy(&path).await;
    for field in ["instance_id", "created_at", "public_ip", "status"] {
        assert_eq!(each(&before, field), each(&after, field), "{field}");
    }
}

#[tokio::test]
async fn a_stop_keeps_the_addresses_and_a_deploy_brings_the_instances_back() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let master = front.master().await;
    let path = master.challenge("to-stop", "web:1", 2).await;
    assert_eq!(master.stop(&path, false).await["status"], "pending", "never deployed");
    master.deploy(&path).await;
    let before = master.until_status(&path, "running").await;
    assert_eq!(master.stop(&path, false).await["status"], "stopping");
    let stopped = master.until_status(&path, "stopped").await;
    assert_eq!(each(&stopped, "status"), ["stopped", "stopped"]);
    assert_eq!(each(&stopped, "public_ip"), each(&before, "public_ip"));
    assert_eq!(master.get(&format!("{path}/teams/team-001/access")).await.body["status"], "stopped");
    assert_eq!(master.get(&format!("{path}/stats")).await.body["total_instances"], 2);
    assert_eq!(master.stop(&path, false).await["status"], "stopped", "again");
    let bare = master.request(reqwest::Method::POST, &format!("{path}/stop")).send().await.unwrap();
    assert_eq!(bare.status(), 200, "without a body");
    let repeated = json!({"challenge_id": "68f5d9b6983236415a345161", "remove_instances": false});
    assert_eq!(master.post(&format!("{path}/stop"), repeated).await.status, 200);

    master.deploy(&path).await;
    let back = master.until_status(&path, "running").await;
    assert_eq!(each(&back, "public_ip"), each(&before, "public_ip"));
    assert_ne!(each(&back, "instance_id"), each(&before, "instance_id"), "another incarnation");
}

#[tokio::test]
async fn instances_are_listed_until_they_are_removed_and_their_addresses_leased() {
    let front = Front::start().await;
    let runner = front.runner().await;
    let master = front.master().await;
    let path = master.challenge("to-remove", "web:1", 2).await;
    master.deploy(&path).await;
    Orders { runner: &runner }.after_canary(2).await;
    let stopping = master.stop(&path, true).await;
    assert_eq!((&stopping["status"], each(&stopping, "status")), (&json!("stopping"), vec!["stopping".to_owned(); 2]));
    let other = master.challenge("beside-it", "web:1", 1).await;
    assert_eq!(each(&master.deploy(&other).await, "public_ip"), ["192.168.250.103"], "the others may still answer");
    crate::obedient::obey(&runner);
    let gone = master.until(&path, |it| it["instances"] == json!([])).await;
    assert_eq!(gone["status"], "stopped");
    assert_eq!(master.get(&format!("{path}/stats")).await.body["ip_allocation"], json!({}));
    assert_eq!(master.get(&format!("{path}/teams/team-001/access")).await.status, 404);
    assert_eq!(each(&master.deploy(&path).await, "public_ip"), ["192.168.250.101", "192.168.250.102"], "free again");
}

#[tokio::test]
async fn a_deploy_while_instances_are_removed_waits_for_that_and_keeps_their_addresses() {
    let front = Front::start().await;
    let runner = front.runner().await;
    let master = front.master().await;
    let path = master.challenge("there-and-back", "web:1", 2).await;
    master.deploy(&path).await;
    master.stop(&path, true).await;
    let again = master.deploy(&path).await;
    assert_eq!(each(&again, "status"), ["deploying", "deploying"]);
    assert!(each(&again, "message")[0].contains("instance before it"), "{again}");
    crate::obedient::obey(&runner);
    let running = master.until_status(&path, "running").await;
    assert_eq!(each(&running, "public_ip"), ["192.168.250.101", "192.168.250.102"]);
}

#[tokio::test]
async fn a_deleted_challenge_leaves_its_name_and_its_addresses_when_it_is_removed() {
    let front = Front::start().await;
    let runner = front.runner().await;
    let master = front.master().await;
    let path = master.challenge("phoenix", "web:1", 2).await;
    master.deploy(&path).await;
    Orders { runner: &runner }.after_canary(2).await;
    assert_eq!(master.delete(&path).await, 204);
    assert_eq!((master.get(&path).await.status, master.delete(&path).await), (404, 404));
    let path = master.challenge("phoenix", "web:2", 1).await;
    let waiting = master.deploy(&path).await;
    assert_eq!(each(&waiting, "status"), ["deploying"]);
    assert!(each(&waiting, "message")[0].contains("namespace"), "{waiting}");
    assert_eq!(each(&waiting, "public_ip"), ["192.168.250.103"]);
    crate::obedient::obey(&runner);
    master.until_status(&path, "running").await;
    assert_eq!(master.delete(&path).await, 204);
}

#[tokio::test]
async fn a_deploy_waits_for_its_outcome_if_it_is_asked_to() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let master = front.master().await;
    let path = master.challenge("patient", "web:1", 2).await;
    let answer = master.post(&format!("{path}/deploy?wait=60"), json!({})).await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("running")), "{}", answer.body);
    let gone = master.post(&format!("{path}/stop?wait=60"), json!({"remove_instances": true})).await;
    assert_eq!((&gone.body["status"], &gone.body["instances"]), (&json!("stopped"), &json!([])), "{}", gone.body);
    for query in ["wait=61", "wait=-1", "wait=x"] {
        refused(&master.post(&format!("{path}/deploy?{query}"), json!({})).await, 422, "wait");
    }
}

#[tokio::test]
async fn raw_challenges_are_reached_by_tcp_and_other_balancers_by_name_or_by_the_ports_of_nodes() {
    let front = Front::start_with(|config| config.pacstar.pool = None).await;
    let runner = front.runner().await;
    let master = front.master().await;
    let mut body = super::challenge("raw-port", "pwn:1", 2);
    (body["config"]["challenge_type"], body["config"]["ports"]) = (json!("pwn"), json!([1337]));
    let made = master.post("/api/v1/challenges", body).await.body;
    let path = format!("/api/v1/challenges/{}", super::text(&made["id"]));
    let deployed = master.deploy(&path).await;
    assert_eq!(deployed["instances"][0]["public_ip"], Value::Null, "the cluster chooses, and has not yet");
    let access = |team: u8| {
        let path = format!("{path}/teams/team-00{team}/access");
        let master = &master;
        async move { master.get(&path).await.body }
    };
    assert_eq!(access(1).await["access_url"], Value::Null);
    let orders = Orders { runner: &runner }.after_canary(2).await;
    let id = |number: usize| orders[number]["session_id"].clone();
    let report = json!({"reports": [
        {"session_id": id(0), "fence": 1, "state": "running", "deployed": {"host": "a.elb.example.com"}},
        {"session_id": id(1), "fence": 1, "state": "running", "deployed": {
            "host": "203.0.113.5", "node_ports": [{"port": "1337/tcp", "node_port": 31_337}]
        }},
    ]});
    assert_eq!(runner.post("instances", report).await.status, 200);
    let named = access(1).await;
    assert_eq!((&named["public_ip"], &named["public_host"]), (&Value::Null, &json!("a.elb.example.com")));
    assert_eq!(named["access_url"], "tcp://a.elb.example.com:1337");
    let by_node = access(2).await;
    assert_eq!(
        (&by_node["public_ip"], &by_node["access_url"]),
        (&json!("203.0.113.5"), &json!("tcp://203.0.113.5:31337"))
    );
    assert_eq!(by_node["node_ports"], json!([{"port": "1337/tcp", "node_port": 31_337}]));
}
