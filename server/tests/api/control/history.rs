//! Transmissions, logs, and the dashboard's numbers.

use crate::site::{Site, fields, is_timestamp};
use challengectl_coordinator::Role;
use reqwest::Method;
use serde_json::{Value, json};

const TWO: &str = "challenges:
  - {name: A, modulation: cw, frequency: 145000000, text: X, priority: 2}
  - {name: B, modulation: cw, frequency: 145100000, text: X, enabled: true}
  - {name: C, modulation: cw, frequency: 145200000, text: X, enabled: false}
";

/// Lets A succeed and B fail at `roof`, then puts B on air from `cellar`.
async fn played(site: &Site) {
    site.import(TWO).await;
    let (roof, cellar) = (site.runner("roof").await, site.runner("cellar").await);
    roof.task().await;
    let started = json!({"challenge_id": 1, "status": "success", "started_at": "2024-01-15T10:30:00Z"});
    assert_eq!(roof.post("complete", started).await.status, 200);
    roof.task().await;
    let failed = json!({"challenge_id": 2, "status": "failed", "error": "no radio"});
    assert_eq!(roof.post("complete", failed).await.status, 200);
    let operator = site.browser("oli", Role::Operator).await;
    assert_eq!(operator.post("/api/challenges/2/trigger", json!({})).await.status, 200);
    assert_eq!(cellar.task().await["name"], "B");
}

#[tokio::test]
async fn transmissions_are_listed_newest_first_in_the_documented_form() {
    let site = Site::start().await;
    played(&site).await;
    let viewer = site.browser("vic", Role::Viewer).await;
    let answer = viewer.get("/api/transmissions").await;
    assert_eq!((answer.status, fields(&answer.body)), (200, vec!["total", "transmissions"]));
    assert_eq!(answer.body["total"], 3);
    let list = answer.body["transmissions"].as_array().unwrap();
    let ids: Vec<_> = list.iter().map(|one| one["log_id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [3, 2, 1]);
    let failed = &list[1];
    assert!(is_timestamp(&failed["timestamp"]) && is_timestamp(&failed["ended_at"]));
    let expected = json!({
        "log_id": 2, "challenge_id": 2, "challenge_name": "B", "runner_id": "roof", "radio_id": "default",
        "frequency": 145_100_000, "modulation": "cw", "status": "failed", "timestamp": failed["timestamp"],
        "started_at": null, "ended_at": failed["ended_at"], "error_message": "no radio", "simulated": false,
    });
    assert_eq!(*failed, expected);
    assert_eq!((&list[0]["status"], &list[0]["ended_at"]), (&json!("planned"), &Value::Null));
    assert_eq!((&list[2]["status"], &list[2]["error_message"]), (&json!("success"), &Value::Null));
    assert_eq!(list[2]["timestamp"], list[2]["started_at"]);
}

#[tokio::test]
async fn transmissions_are_filtered_and_paged() {
    let site = Site::start().await;
    played(&site).await;
    let viewer = site.browser("vic", Role::Viewer).await;
    for (query, ids, total) in [
        ("limit=2", vec![3, 2], 3),
        ("limit=2&offset=2", vec![1], 3),
        ("limit=0", vec![], 3),
        ("offset=99", vec![], 3),
        ("challenge_id=2", vec![3, 2], 2),
        ("challenge_id=2&limit=1&offset=1", vec![2], 2),
        ("challenge_id=9", vec![], 0),
        ("runner_id=roof", vec![2, 1], 2),
        ("runner_id=nobody", vec![], 0),
        ("status=failed", vec![2], 1),
        ("status=planned", vec![3], 1),
        ("challenge_id=2&runner_id=roof&status=failed", vec![2], 1),
        ("challenge_id=1&runner_id=cellar", vec![], 0),
    ] {
        let answer = viewer.get(&format!("/api/transmissions?{query}")).await.body;
        let list = answer["transmissions"].as_array().unwrap();
        let found: Vec<_> = list.iter().map(|one| one["log_id"].as_i64().unwrap()).collect();
        assert_eq!((found, answer["total"].as_u64().unwrap()), (ids, total), "{query}");
    }
    for query in ["limit=-1", "limit=x", "limit=1001", "offset=-1", "challenge_id=x", "status=done", "limit=1e3"] {
        viewer.get(&format!("/api/transmissions?{query}")).await.is_error(400, "invalid request");
    }
    let wrong = viewer.get("/api/transmissions?limit=1&challenge_id=x").await;
    assert!(wrong.body["details"].as_str().unwrap().starts_with("query: challenge_id: "), "{}", wrong.body);
    let beyond = viewer.get("/api/transmissions?offset=9223372036854775807").await;
    assert_eq!(beyond.body["transmissions"], json!([]));
    site.get("/api/transmissions").await.is_error(401, "authentication required");
}

#[tokio::test]
async fn the_log_has_lines_of_the_server_and_of_runners() {
    let site = Site::start().await;
    played(&site).await;
    let runner = site.runner("attic").await;
    let line = json!({"level": "WARNING", "message": "warm", "timestamp": "2024-01-15T10:30:00.000Z"});
    runner.post("log", line).await;
    let viewer = site.browser("vic", Role::Viewer).await;
    let answer = viewer.get("/api/logs").await;
    assert_eq!((answer.status, fields(&answer.body)), (200, vec!["logs", "total"]));
    let logs = answer.body["logs"].as_array().unwrap();
    assert_eq!(answer.body["total"], logs.len());
    let expected = json!({
        "type": "log", "source": "attic", "level": "WARNING", "message": "warm",
        "timestamp": "2024-01-15T10:30:00.000Z",
    });
    assert_eq!(logs[0], expected);
    let said = |message: &str| logs.iter().any(|line| line["source"] == "server" && line["message"] == message);
    assert!(said("Runner roof registered successfully"), "{logs:?}");
    assert!(said("Challenge B triggered by oli"), "{logs:?}");
    assert!(said("Runner roof: assignment 2 failed: no radio"), "{logs:?}");
    let page = viewer.get("/api/logs?limit=1&offset=1").await.body;
    assert_eq!(page["logs"], json!([logs[1]]));
    for query in ["limit=-1", "limit=1001", "offset=x"] {
        viewer.get(&format!("/api/logs?{query}")).await.is_error(400, "invalid request");
    }
    site.get("/api/logs").await.is_error(401, "authentication required");
}

#[tokio::test]
async fn the_dashboard_has_the_documented_numbers() {
    let site = Site::start().await;
    played(&site).await;
    site.enroll("never-came").await;
    let viewer = site.browser("vic", Role::Viewer).await;
    let answer = viewer.get("/api/dashboard").await;
    let stats = &answer.body["stats"];
    let recent = stats["recent_transmissions"].as_array().unwrap();
    assert!(recent.iter().all(|one| is_timestamp(&one["timestamp"])));
    let one = |index: usize, name: &str, runner: &str, status: &str| json!({"challenge_name": name, "runner_id": runner, "timestamp": recent[index]["timestamp"], "status": status, "simulated": false});
    let recent = [one(0, "B", "cellar", "planned"), one(1, "B", "roof", "failed"), one(2, "A", "roof", "success")];
    let expected = json!({"stats": {
        "total_runners": 3, "active_runners": 2, "total_challenges": 3, "enabled_challenges": 2,
        "total_transmissions": 1, "simulated_transmissions": 0, "recent_transmissions": recent,
    }});
    assert_eq!((answer.status, answer.body.clone()), (200, expected));
    site.get("/api/dashboard").await.is_error(401, "authentication required");
}

#[tokio::test]
async fn each_transmission_of_a_range_has_its_own_frequency() {
    let site = Site::start().await;
    let range = "manual_frequency_range: {min_hz: 144000000, max_hz: 146000000}";
    let delays = "min_delay: 0.001, max_delay: 0.001";
    site.import(&format!("challenges:\n  - {{name: A, modulation: cw, {range}, {delays}, text: X}}\n")).await;
    let runner = site.runner("roof").await;
    let mut sent = Vec::new();
    for _ in 0..5 {
        let task = runner.get("task?wait=30").await.body["task"].clone();
        sent.push(task["frequency"].clone());
        assert_eq!(runner.post("complete", json!({"challenge_id": 1, "status": "success"})).await.status, 200);
    }
    let shown = site.browser("vic", Role::Viewer).await.get("/api/transmissions").await.body;
    let shown = shown["transmissions"].as_array().unwrap().iter().rev().map(|one| one["frequency"].clone());
    assert_eq!(shown.collect::<Vec<_>>(), sent);
    assert!(sent.iter().any(|frequency| *frequency != sent[0]), "{sent:?}");
}

#[tokio::test]
async fn transmissions_of_a_radio_that_sends_nothing_are_marked_everywhere() {
    let site = Site::start().await;
    site.import(TWO).await;
    let runner = site.enroll("roof").await;
    let radios = json!([{"id": "dry", "driver": "null"}]);
    assert_eq!(runner.post("register", json!({"runner_id": "roof", "radios": radios})).await.status, 200);
    // Even after a restart, when the radios come from the database.
    let key = runner.key.clone();
    let site = site.restart().await;
    let runner = crate::site::Runner { site: &site, id: "roof".to_owned(), key };
    assert_eq!(runner.task().await["name"], "A");
    assert_eq!(runner.post("complete", json!({"challenge_id": 1, "status": "success"})).await.status, 200);
    let viewer = site.browser("vic", Role::Viewer).await;
    let list = viewer.get("/api/transmissions").await.body;
    assert_eq!(list["transmissions"][0]["simulated"], true);
    let stats = viewer.get("/api/dashboard").await.body["stats"].clone();
    assert_eq!(stats["simulated_transmissions"], 1);
    assert_eq!(stats["recent_transmissions"][0]["simulated"], true);
    let metrics = site.request(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("outcome=\"simulated\"} 1\n") && !metrics.contains("outcome=\"success\""), "{metrics}");
}
