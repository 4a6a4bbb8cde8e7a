//! Public views.

use crate::site::{Site, fields, is_timestamp};
use challengectl_coordinator::Role;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn health_has_the_time() {
    let site = Site::start().await;
    let answer = site.get("/api/health").await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("ok")));
    assert!(is_timestamp(&answer.body["timestamp"]));
    assert_eq!(fields(&answer.body), ["status", "timestamp"]);
}

const EVENT: &str = r#"
frequency_ranges:
  - {name: ham_144, display_name: 2 m amateur band, min_hz: 144000000, max_hz: 148000000}
challenges:
  - {name: A_PLAIN, modulation: cw, frequency: 145550000, text: FLAG ONE}
  - {name: B_RANGED, modulation: cw, frequency_ranges: [ham_144], text: FLAG TWO, priority: 9}
  - {name: C_OFF, modulation: cw, frequency: 145600000, text: FLAG THREE, enabled: false}
  - name: D_SECRET
    modulation: cw
    frequency: 145650000
    text: FLAG FOUR
    public_view: {show_modulation: false, show_frequency: false, show_last_tx_time: false, show_active_status: false}
  - {name: E_HIDDEN, modulation: cw, frequency: 145700000, text: FLAG FIVE, public_view: {show_challenge: false}}
"#;

async fn challenges(site: &Site) -> Vec<Value> {
    let answer = site.get("/api/public/challenges").await;
    assert_eq!(answer.status, 200);
    assert!(!answer.body.to_string().contains("FLAG"), "a flag is shown");
    assert!(is_timestamp(&answer.body["timestamp"]));
    answer.body["challenges"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_public_page_shows_the_public_fields_of_each_challenge() {
    let site = Site::start().await;
    site.import(EVENT).await;
    let expected = [
        json!({
            "name": "A_PLAIN", "modulation": "cw", "frequency": 145_550_000, "enabled": true, "state": "queued",
            "last_run": null,
        }),
        json!({
            "name": "B_RANGED", "modulation": "cw", "frequency": null, "enabled": true, "state": "queued",
            "last_run": null,
            "frequency_ranges": [
                {"display_name": "2 m amateur band", "min_hz": 144_000_000, "max_hz": 148_000_000},
            ],
        }),
        json!({"name": "D_SECRET", "enabled": true}),
    ];
    assert_eq!(challenges(&site).await, expected);
}

#[tokio::test]
async fn the_public_page_follows_a_challenge_on_air() {
    let site = Site::start().await;
    site.import(EVENT).await;
    let runner = site.runner("roof").await;
    let task = runner.task().await;
    assert_eq!(task["name"], "B_RANGED");
    let shown = &challenges(&site).await[1];
    assert_eq!(
        (&shown["state"], &shown["frequency"], &shown["last_run"]),
        (&json!("assigned"), &Value::Null, &Value::Null)
    );
    runner.post("complete", json!({"challenge_id": task["challenge_id"], "status": "success"})).await;
    let shown = &challenges(&site).await[1];
    assert_eq!(shown["state"], "waiting");
    assert!(is_timestamp(&shown["last_run"]));
}

#[tokio::test]
async fn a_whole_venue_behind_one_address_reads_the_public_page() {
    let site = Site::start().await;
    site.import(EVENT).await;
    let first = challenges(&site).await;
    for _ in 0..15 {
        let all = futures_util::future::join_all((0..100).map(|_| challenges(&site))).await;
        assert!(all.iter().all(|page| *page == first));
    }
}

#[tokio::test]
async fn a_flag_is_shown_only_to_admins_and_the_runner_that_sends_it() {
    let site = Site::start().await;
    site.import(EVENT).await;
    let runner = site.runner("roof").await;
    let (admin, operator) = (site.browser("ada", Role::Admin).await, site.browser("oli", Role::Operator).await);
    assert!(admin.get("/api/challenges").await.body.to_string().contains("FLAG ONE"));
    for status in ["success", "failed", "aborted"] {
        let task = runner.task().await;
        assert!(task["parameters"]["text"].as_str().unwrap().starts_with("FLAG"), "{task}");
        let report = json!({"challenge_id": task["challenge_id"], "status": status});
        assert_eq!(runner.post("complete", report).await.status, 200);
    }
    // An error about a text does not quote it.
    let change = operator.put("/api/challenges/1", json!({"text": "FLAG \u{e9}"})).await;
    change.is_error(400, "invalid request");
    assert!(!change.body.to_string().contains("FLAG"), "{}", change.body);
    let shown =
        ["challenges", "challenges/1", "transmissions", "logs", "dashboard", "runners", "runners/roof", "health"];
    for path in shown {
        let answer = operator.get(&format!("/api/{path}")).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.body.to_string().contains("FLAG"), "{path}: {}", answer.body);
    }
    let audit = admin.get("/api/audit").await.body.to_string();
    let metrics = site.request(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    assert!(!audit.contains("FLAG") && !metrics.contains("FLAG"));
}
