//! Runners, as operators see and manage them.

use crate::site::{Answer, MORSE, Site, fields, is_timestamp};
use challengectl_coordinator::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// Time limit, far longer than any step takes.
const LIMIT: Duration = Duration::from_secs(30);

fn success(message: &str) -> Value {
    json!({"status": "success", "message": message})
}

#[tokio::test]
async fn a_runner_is_shown_with_its_radios_and_their_work() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let viewer = site.browser("vic", Role::Viewer).await;
    let runner = site.enroll("runner-1").await;
    let shown = viewer.get("/api/runners/runner-1").await.body["runner"].clone();
    assert_eq!((&shown["status"], &shown["registered_at"]), (&json!("offline"), &Value::Null));
    let radios = json!([
        {"id": "a", "driver": "null", "model": "M", "frequency_limits": ["144000000-148000000"], "sample_rate": 2_000_000},
        {"id": "b", "frequency_limits": ["420000000-450000000"], "duty_cycle": 0.25, "max_on_air_seconds": 60,
         "rests_seconds": 3600, "identification": {"callsign": "dl0xyz", "interval_seconds": 600, "length_seconds": 4.5}},
    ]);
    let register = json!({"runner_id": "runner-1", "radios": radios, "hostname": "h", "version": "1"});
    assert_eq!(runner.post("register", register).await.status, 200);
    let answer = viewer.get("/api/runners").await;
    assert_eq!((answer.status, fields(&answer.body)), (200, vec!["runners"]));
    let shown = &answer.body["runners"][0];
    assert_eq!(*shown, viewer.get("/api/runners/runner-1").await.body["runner"]);
    assert!(["last_heartbeat", "registered_at", "enrolled_at"].iter().all(|field| is_timestamp(&shown[field])));
    let expected = json!({
        "runner_id": "runner-1", "status": "online", "busy": false, "enabled": true, "last_heartbeat": shown["last_heartbeat"],
        "host_binding": "unbound",
        "frequency_limits": ["144000000-148000000", "420000000-450000000"], "clock_ahead_seconds": null, "current_task": null,
        "enrolled_at": shown["enrolled_at"], "registered_at": shown["registered_at"], "hostname": "h", "version": "1",
        "radios": [
            {"radio_id": "a", "driver": "null", "model": "M", "frequency_limits": ["144000000-148000000"],
             "frequency_ranges": [], "sample_rate": 2_000_000, "duty_cycle": null, "max_on_air_seconds": null, "rests_until": null,
             "identification": null, "current_task": null},
            {"radio_id": "b", "driver": null, "model": null, "frequency_limits": ["420000000-450000000"],
             "frequency_ranges": [], "sample_rate": null, "duty_cycle": 0.25, "max_on_air_seconds": 60, "rests_until": shown["radios"][1]["rests_until"],
             "identification": {"callsign": "DL0XYZ", "interval_seconds": 600, "length_seconds": 4.5}, "current_task": null},
        ],
    });
    assert_eq!(*shown, expected);
    assert!(is_timestamp(&shown["radios"][1]["rests_until"]));

    let task = runner.task().await;
    let at = json!([{"assignment_id": task["assignment_id"], "fence": task["fence"], "progress": 0.25}]);
    runner.post("heartbeat", json!({"assignments": at})).await;
    let shown = &viewer.get("/api/runners/runner-1").await.body["runner"];
    assert_eq!((&shown["status"], &shown["busy"]), (&json!("online"), &json!(true)));
    assert_eq!(shown["current_task"], "MORSE_1");
    let expected = json!({
        "assignment_id": 1, "challenge_id": 1, "challenge_name": "MORSE_1", "frequency": 145_550_000, "progress": 0.25,
    });
    assert_eq!((&shown["radios"][0]["current_task"], &shown["radios"][1]["current_task"]), (&expected, &Value::Null));
    Answer::of(runner.request(Method::POST, "signout")).await;
    assert_eq!(viewer.get("/api/runners/runner-1").await.body["runner"]["status"], "offline");
    for id in ["nobody", "%20", "a%2Fb"] {
        viewer.get(&format!("/api/runners/{id}")).await.is_error(404, "not found");
    }
}

#[tokio::test]
async fn a_runner_that_is_removed_loses_key_work_and_tokens_and_can_come_back() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let admin = site.browser("ada", Role::Admin).await;
    let runner = site.runner("roof").await;
    let task = runner.task().await;
    let unused = site.token("roof").await;
    let (poll, removed) =
        tokio::join!(tokio::time::timeout(LIMIT, runner.get("task?wait=60")), admin.delete("/api/runners/roof"),);
    assert_eq!((removed.status, removed.body), (200, success("Runner removed successfully")));
    let poll = poll.unwrap();
    // The poll was waiting, or arrived too late.
    assert!(poll.status == 401 || poll.body == json!({"task": null, "abort": [task["assignment_id"]]}), "{poll:?}");
    runner.get("task").await.is_error(401, "authentication required");
    runner.post("register", json!({"runner_id": "roof"})).await.is_error(401, "authentication required");
    let stale = site.request(Method::POST, "/api/enrollment/enroll").json(&json!({"enrollment_token": unused}));
    Answer::of(stale).await.is_error(401, "authentication required");
    admin.get("/api/runners/roof").await.is_error(404, "not found");
    admin.delete("/api/runners/roof").await.is_error(404, "not found");
    let again = site.runner("roof").await;
    // The challenge of the old key is free again only when its lease is over.
    assert_eq!(again.task().await, Value::Null);
    assert_eq!(admin.get("/api/runners/roof").await.body["runner"]["enabled"], true);
}

#[tokio::test]
async fn a_disabled_runner_gets_nothing_new_and_completes_its_transmission() {
    let site = Site::start().await;
    site.import(
        "challenges:
  - {name: A, modulation: cw, frequency: 145000000, text: X}
  - {name: B, modulation: cw, frequency: 145100000, text: X}
",
    )
    .await;
    let key = {
        let operator = site.browser("oli", Role::Operator).await;
        let runner = site.runner("roof").await;
        let task = runner.task().await;
        let answer = operator.post("/api/runners/roof/disable", json!({})).await;
        assert_eq!((answer.status, answer.body), (200, success("Runner disabled")));
        assert_eq!(runner.post("heartbeat", json!({})).await.body["renewed"], json!([task["assignment_id"]]));
        let done = json!({"challenge_id": task["challenge_id"], "status": "success"});
        assert_eq!(runner.post("complete", done).await.status, 200);
        assert_eq!(runner.task().await, Value::Null);
        assert_eq!(runner.post("register", json!({"runner_id": "roof"})).await.status, 200);
        assert_eq!(runner.task().await, Value::Null);
        runner.key
    };
    let site = site.restart().await;
    let operator = site.browser("oli", Role::Operator).await;
    let runner = crate::site::Runner { site: &site, id: "roof".to_owned(), key };
    assert_eq!(runner.task().await, Value::Null);
    let shown = &operator.get("/api/runners/roof").await.body["runner"];
    assert_eq!((&shown["enabled"], &shown["status"]), (&json!(false), &json!("online")));
    let (answer, enabled) = tokio::join!(
        tokio::time::timeout(LIMIT, runner.get("task?wait=60")),
        operator.post("/api/runners/roof/enable", json!({})),
    );
    assert_eq!((enabled.status, enabled.body), (200, success("Runner enabled")));
    assert_eq!(answer.unwrap().body["task"]["name"], "B");
    operator.post("/api/runners/nobody/enable", json!({})).await.is_error(404, "not found");
    operator.post("/api/runners/nobody/disable", json!({})).await.is_error(404, "not found");
}

#[tokio::test]
async fn an_admin_creates_a_token_and_a_host_enrolls_with_it() {
    let site = Site::start().await;
    let (admin, operator) = (site.browser("ada", Role::Admin).await, site.browser("oli", Role::Operator).await);
    let answer = admin.post("/api/enrollment/token", json!({"runner_id": "roof"})).await;
    let expected = vec!["enrollment_token", "expires_at", "message", "runner_id", "status"];
    assert_eq!((answer.status, fields(&answer.body)), (201, expected));
    assert!(is_timestamp(&answer.body["expires_at"]));
    let body = json!({"enrollment_token": answer.body["enrollment_token"]});
    let enroll = || Answer::of(site.request(Method::POST, "/api/enrollment/enroll").json(&body));
    assert_eq!(enroll().await.body["runner_id"], "roof");
    enroll().await.is_error(401, "authentication required");
    admin.post("/api/enrollment/token", json!({"runner_id": "a b"})).await.is_error(400, "invalid request");
    admin.post("/api/enrollment/token", json!({})).await.is_error(400, "invalid request");
    operator.post("/api/enrollment/token", json!({"runner_id": "roof"})).await.is_error(403, "forbidden");
    operator.delete("/api/runners/roof").await.is_error(403, "forbidden");
    let viewer = site.browser("vic", Role::Viewer).await;
    viewer.post("/api/runners/roof/enable", json!({})).await.is_error(403, "forbidden");
    site.get("/api/runners").await.is_error(401, "authentication required");
}
