//! What operators see of deployments, and do to them, over the main API.

use super::{Front, Person, each, text};
use crate::site::{Answer, Browser, fields, is_timestamp};
use challengectl_coordinator::Role;
use serde_json::{Value, json};
use std::time::Duration;

/// Waits until the deployments are as they should be, and returns the first.
async fn until(operator: &Browser<'_>, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..600 {
        last = operator.get("/api/deployments").await.body["deployments"][0].clone();
        if is_so(&last) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the deployment did not become as expected: {last}");
}

async fn deployed(master: &Person<'_>, image: &str, teams: u32) -> String {
    let path = master.challenge("shop", image, teams).await;
    master.deploy(&path).await;
    path
}

fn of_teams(deployment: &Value) -> Vec<&str> {
    let instances = deployment["instances"].as_array().unwrap();
    instances.iter().map(|it| it["status"].as_str().unwrap()).collect()
}

async fn act(operator: &Browser<'_>, deployment: &Value, what: &str) -> Answer {
    operator.post(&format!("/api/deployments/{}/{what}", text(&deployment["deployment_id"])), json!({})).await
}

#[tokio::test]
async fn viewers_see_what_runs_of_each_team_where_and_since_when() {
    let front = Front::start().await;
    let viewer = front.site.browser("viola", Role::Viewer).await;
    assert_eq!(viewer.get("/api/deployments").await.body, json!({"deployments": []}));
    let _cluster = front.cluster().await;
    let master = front.master().await;
    deployed(&master, "web:1", 2).await;
    let seen = until(&viewer, |it| it["status"] == "running").await;
    assert_eq!(
        fields(&seen),
        [
            "active",
            "challenge",
            "challenge_id",
            "deployment_id",
            "engine_id",
            "instances",
            "pending_changes",
            "runner_id",
            "status",
            "total_teams"
        ]
    );
    assert_eq!(
        (&seen["challenge"], &seen["runner_id"], &seen["engine_id"]),
        (&json!("shop"), &json!("cluster"), &json!("k8s"))
    );
    let team = &seen["instances"][1];
    let expected = json!({
        "team": "team-002", "instance_id": team["instance_id"], "status": "running", "desired": "running",
        "address": "192.168.250.102", "url": "http://192.168.250.102/", "message": null, "namespace": "challenge-shop",
        "pods": team["pods"], "node": "node-1", "restarts": 1, "since": team["since"], "seen_at": team["seen_at"],
    });
    assert_eq!(*team, expected);
    assert!(text(&team["pods"][0]).starts_with("shop-team-002-pod-") && is_timestamp(&team["since"]), "{team}");
    // Neither the image nor the flag: viewers do not see what it consists of.
    let whole = viewer.get("/api/deployments").await.body.to_string();
    assert!(!whole.contains("web:1") && !whole.contains("secret_of_all"), "{whole}");

    let path = master.challenge("private", "broken:1", 1).await;
    master.deploy(&path).await;
    master.until_status(&path, "failed").await;
    let told = async |who: &Browser<'_>| who.get("/api/deployments").await.body["deployments"][1].clone();
    let operator = front.site.browser("olga", Role::Operator).await;
    let (seen, whole) = (told(&viewer).await, told(&operator).await);
    assert_eq!(seen["instances"][0]["message"], "ErrImagePull");
    assert_eq!(whole["instances"][0]["message"], "ErrImagePull: broken:1: not found");
}

#[tokio::test]
async fn an_operator_redeploys_one_team_and_the_others_stay() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let (master, operator) = (front.master().await, front.site.browser("olga", Role::Operator).await);
    let path = deployed(&master, "web:1", 3).await;
    let running = until(&operator, |it| it["status"] == "running").await;
    let before = master.get(&path).await.body;
    let answer = act(&operator, &running, "teams/team-002/redeploy").await;
    assert_eq!((answer.status, of_teams(&answer.body)), (200, vec!["running", "deploying", "running"]));
    let after = master.until_status(&path, "running").await;
    let same = each(&before, "instance_id").into_iter().zip(each(&after, "instance_id")).map(|(a, b)| a == b);
    assert_eq!(same.collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(each(&before, "public_ip"), each(&after, "public_ip"));
    for (team, status) in [("team-004", 404), ("4", 404), ("team-1", 404)] {
        assert_eq!(act(&operator, &running, &format!("teams/{team}/redeploy")).await.status, status, "{team}");
    }
}

#[tokio::test]
async fn an_operator_stops_one_team_and_a_redeploy_brings_it_back_at_its_address() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let (master, operator) = (front.master().await, front.site.browser("olga", Role::Operator).await);
    deployed(&master, "web:1", 2).await;
    let running = until(&operator, |it| it["status"] == "running").await;
    let answer = act(&operator, &running, "teams/team-001/stop").await;
    assert_eq!((answer.status, of_teams(&answer.body)), (200, vec!["stopping", "running"]));
    let stopped = until(&operator, |it| of_teams(it) == ["stopped", "running"]).await;
    assert_eq!(stopped["instances"][0]["desired"], "stopped");
    assert_eq!(act(&operator, &running, "teams/team-001/stop").await.status, 200, "again");
    assert_eq!(act(&operator, &running, "teams/team-001/redeploy").await.status, 200);
    let back = until(&operator, |it| it["status"] == "running").await;
    assert_eq!(back["instances"][0]["address"], running["instances"][0]["address"]);
}

#[tokio::test]
async fn an_operator_stops_and_redeploys_all_teams_of_a_challenge() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let (master, operator) = (front.master().await, front.site.browser("olga", Role::Operator).await);
    let path = deployed(&master, "web:1", 2).await;
    let running = until(&operator, |it| it["status"] == "running").await;
    assert_eq!(act(&operator, &running, "stop").await.status, 200);
    until(&operator, |it| it["status"] == "stopped").await;
    assert_eq!(act(&operator, &running, "redeploy").await.status, 200);
    until(&operator, |it| it["status"] == "running").await;
    assert_eq!(master.put(&path, json!({"is_active": false})).await.status, 200);
    for what in ["redeploy", "teams/team-001/redeploy"] {
        let refused = act(&operator, &running, what).await;
        assert_eq!(refused.status, 409, "{what}: {}", refused.body);
        assert!(refused.body["details"].as_str().unwrap().contains("is inactive"), "{}", refused.body);
    }
    assert_eq!(act(&operator, &json!({"deployment_id": "0".repeat(24)}), "redeploy").await.status, 404);
}

#[tokio::test]
async fn the_stop_of_an_instance_of_a_team_lasts_until_it_is_redeployed() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let (master, operator) = (front.master().await, front.site.browser("olga", Role::Operator).await);
    deployed(&master, "web:1", 1).await;
    let running = until(&operator, |it| it["status"] == "running").await;
    let id = running["instances"][0]["instance_id"].clone();
    assert_eq!(operator.delete(&format!("/api/instances/{id}")).await.status, 200);
    let stopped = until(&operator, |it| it["status"] == "stopped").await;
    assert_eq!(
        (&stopped["instances"][0]["instance_id"], &stopped["instances"][0]["desired"]),
        (&id, &json!("stopped"))
    );
    let listed = operator.get("/api/instances").await.body;
    assert_eq!((&listed["instances"][0]["instance_id"], &listed["instances"][0]["state"]), (&id, &json!("stopped")));
    assert_eq!(operator.delete(&format!("/api/instances/{id}")).await.status, 404, "it is stopped");
    assert_eq!(act(&operator, &running, "teams/team-001/redeploy").await.status, 200);
    until(&operator, |it| it["status"] == "running").await;
}

#[tokio::test]
async fn an_operator_reads_what_a_pod_prints_and_what_its_cluster_has_recorded() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let (master, operator) = (front.master().await, front.site.browser("olga", Role::Operator).await);
    deployed(&master, "web:1", 1).await;
    let running = until(&operator, |it| it["status"] == "running").await;
    let id = &running["instances"][0]["instance_id"];
    let output = operator.get(&format!("/api/instances/{id}/output?lines=10")).await;
    assert_eq!((output.status, &output.body["output"]), (200, &json!("hello\n")));
    let events = operator.get(&format!("/api/instances/{id}/events")).await;
    assert_eq!((events.status, &events.body["output"]), (200, &json!("Normal Pulled Pod/shop: it is there\n")));
    assert_eq!(operator.get("/api/instances/999/events").await.status, 404);
}

#[tokio::test]
async fn why_an_instance_does_not_run_is_news_for_those_who_watch() {
    let front = Front::start().await;
    let runner = front.runner().await;
    let (master, operator) = (front.master().await, front.site.browser("olga", Role::Operator).await);
    deployed(&master, "web:1", 1).await;
    let orders = runner.get("instances?since=0").await.body;
    let revision = || async { operator.get("/api/state").await.body["instances_revision"].as_i64().unwrap() };
    let mut last = revision().await;
    for (reason, is_news) in [("ErrImagePull", true), ("ImagePullBackOff", true), ("ImagePullBackOff", false)] {
        let report =
            json!({"session_id": orders["orders"][0]["session_id"], "fence": 1, "state": "pending", "reason": reason});
        assert_eq!(runner.post("instances", json!({"reports": [report]})).await.status, 200);
        let seen = operator.get("/api/deployments").await.body["deployments"][0]["instances"][0].clone();
        assert_eq!((&seen["status"], &seen["message"]), (&json!("failed"), &json!(reason)));
        let now = revision().await;
        assert_eq!(now > last, is_news, "{reason}: {last}, {now}");
        last = now;
    }
}
