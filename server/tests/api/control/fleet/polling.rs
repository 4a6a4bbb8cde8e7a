//! Long polls.

use crate::site::{MORSE, Site};
use serde_json::{Value, json};
use std::time::Duration;

/// Time limit, far longer than any step takes, so that a poll that is not woken fails the test.
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_waiting_poll_returns_when_an_import_brings_work() {
    let site = Site::start().await;
    let runner = site.runner("roof").await;
    let (answer, _) = tokio::join!(runner.get("task?wait=60"), site.import(MORSE));
    assert_eq!(answer.body["task"]["name"], "MORSE_1");
}

#[tokio::test]
async fn a_waiting_poll_returns_when_a_challenge_becomes_due() {
    let site = Site::start().await;
    site.import(&MORSE.replace("parameters:", "min_delay: 1, max_delay: 1, parameters:")).await;
    let runner = site.runner("roof").await;
    runner.task().await;
    runner.post("complete", json!({"challenge_id": 1, "status": "success"})).await;
    assert_eq!(runner.task().await, Value::Null);
    let answer = tokio::time::timeout(LIMIT, runner.get("task?wait=60")).await.unwrap();
    assert_eq!(answer.body["task"]["fence"], 2);
}

#[tokio::test]
async fn a_poll_that_times_out_returns_null() {
    let site = Site::start().await;
    let runner = site.runner("roof").await;
    assert_eq!(runner.get("task?wait=0.05").await.body, json!({"task": null}));
}

#[tokio::test]
async fn a_waiting_poll_returns_when_the_challenge_on_air_is_disabled() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let runner = site.runner("roof").await;
    let id = runner.task().await["assignment_id"].clone();
    let disabled = MORSE.replace("parameters:", "enabled: false, parameters:");
    let (answer, _) = tokio::join!(runner.get("task?wait=60"), site.import(&disabled));
    assert_eq!(answer.body, json!({"task": null, "abort": [id]}));
    // Polls repeat it until it is reported.
    assert_eq!(runner.get("task?wait=0.05").await.body, json!({"task": null, "abort": [id]}));
    assert_eq!(runner.post("heartbeat", json!({})).await.body["abort"], json!([id]));
    let report = json!({"challenge_id": 1, "status": "aborted", "assignment_id": id, "fence": 1});
    assert_eq!(runner.post("complete", report).await.status, 200);
    assert_eq!(runner.task().await, Value::Null);
}

#[tokio::test]
async fn a_challenge_that_changes_on_air_is_cut_and_sent_again() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let runner = site.runner("roof").await;
    runner.task().await;
    let changed = MORSE.replace("CQ FLAG", "CQ NEW");
    let (answer, _) = tokio::join!(runner.get("task?wait=60"), site.import(&changed));
    assert_eq!(answer.body["abort"], json!([1]));
    runner.post("complete", json!({"challenge_id": 1, "status": "aborted"})).await;
    assert_eq!(runner.task().await["parameters"]["text"], "CQ NEW");
}

#[tokio::test]
async fn a_change_that_does_not_affect_the_signal_cuts_nothing() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let runner = site.runner("roof").await;
    runner.task().await;
    site.import(&MORSE.replace("parameters:", "priority: 5, parameters:")).await;
    let answer = runner.get("task?wait=2").await;
    assert_eq!(answer.body, json!({"task": null}));
}

#[tokio::test]
async fn a_waiting_poll_returns_when_its_key_is_revoked() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let runner = site.runner("roof").await;
    runner.task().await;
    let (answer, _) = tokio::join!(runner.get("task?wait=60"), site.enroll("roof"));
    assert_eq!(answer.body, json!({"task": null, "abort": [1]}));
}

#[tokio::test]
async fn the_server_stops_at_once_although_a_runner_waits() {
    let mut site = Site::start().await;
    let (key, url) = {
        let runner = site.runner("roof").await;
        (runner.key, format!("{}/api/runners/roof/task?wait=60", site.url))
    };
    let request = reqwest::Client::new().get(url).header("Authorization", format!("Bearer {key}"));
    let waiting = tokio::spawn(async move { request.send().await.unwrap().text().await.unwrap() });
    tokio::time::timeout(LIMIT, async {
        // Until its connection exists it cannot be waiting.
        tokio::task::yield_now().await;
        site.stop().await;
    })
    .await
    .unwrap();
    // It arrived before the server stopped listening, or not at all.
    if let Ok(answer) = waiting.await {
        assert_eq!(answer, r#"{"task":null}"#);
    }
}

#[tokio::test]
async fn a_wait_that_is_not_a_time_of_up_to_a_minute_is_refused() {
    let site = Site::start().await;
    let runner = site.runner("roof").await;
    for wait in ["61", "-1", "x", "", "NaN", "inf", "1e99", "1&wait=2"] {
        runner.get(&format!("task?wait={wait}")).await.is_error(400, "invalid request");
    }
    assert_eq!(runner.get("task?wait=0").await.status, 200);
}
