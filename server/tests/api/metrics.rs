//! The metrics.

use crate::site::{Answer, MORSE, Site};
use reqwest::Method;
use serde_json::json;
use std::collections::HashMap;

/// Returns the values by name and labels.
async fn scrape(site: &Site) -> HashMap<String, f64> {
    let request = site.request(Method::GET, "/metrics").header("Accept", "application/openmetrics-text");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(response.headers()["content-type"], kind);
    let text = response.text().await.unwrap();
    assert!(!text.contains("FLAG"), "a flag is shown");
    assert!(text.ends_with("# EOF\n"));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name.into(), value.parse().unwrap()))
        .collect()
}

#[tokio::test]
async fn metrics_follow_runners_challenges_and_transmissions() {
    let site = Site::start().await;
    let before = scrape(&site).await;
    assert_eq!(before["challengectl_runners{status=\"online\"}"], 0.0);
    assert_eq!(before["challengectl_challenges{state=\"queued\"}"], 0.0);
    assert_eq!(before[&format!("challengectl_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))], 1.0);

    site.import(MORSE).await;
    let roof = site.runner("roof").await;
    site.runner("cellar").await.post("signout", json!({})).await;
    let task = roof.task().await;
    let during = scrape(&site).await;
    assert_eq!(during["challengectl_runners{status=\"online\"}"], 1.0);
    assert_eq!(during["challengectl_busy_runners"], 1.0);
    assert_eq!(during["challengectl_runners{status=\"offline\"}"], 1.0);
    assert_eq!(during["challengectl_radios{status=\"online\"}"], 1.0);
    assert_eq!(during["challengectl_live_assignments"], 1.0);
    assert_eq!(during["challengectl_challenges{state=\"assigned\"}"], 1.0);
    assert!(during["challengectl_runner_last_heartbeat_timestamp_seconds{runner=\"roof\"}"] > 1e9);

    roof.post("complete", json!({"challenge_id": task["challenge_id"], "status": "success"})).await;
    let after = scrape(&site).await;
    assert_eq!(after["challengectl_runners{status=\"online\"}"], 1.0);
    assert_eq!(after["challengectl_live_assignments"], 0.0);
    assert_eq!(after["challengectl_challenges{state=\"waiting\"}"], 1.0);
    assert_eq!(after["challengectl_transmissions_total{modulation=\"cw\",outcome=\"success\"}"], 1.0);
}

#[tokio::test]
async fn the_default_format_is_the_older_text_format() {
    let site = Site::start().await;
    site.get("/health").await;
    let response = site.request(Method::GET, "/metrics").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(response.headers()["vary"], "Accept");
    let text = response.text().await.unwrap();
    assert!(text.contains("# TYPE challengectl_build_info gauge\n"), "{text}");
    assert!(text.contains("# TYPE challengectl_http_requests_total counter\n"), "{text}");
    assert!(!text.contains("# EOF") && !text.contains("# UNIT"), "{text}");
}

#[tokio::test]
async fn requests_are_counted_by_route_and_clients_cannot_add_labels() {
    let site = Site::start().await;
    for path in ["/api/runners/one/task", "/api/runners/two/task", "/nowhere/1", "/nowhere/2"] {
        site.get(path).await;
    }
    let odd = Method::from_bytes(b"BREW").unwrap();
    site.request(odd, "/nowhere").send().await.unwrap();
    let counts = scrape(&site).await;
    let count = |labels: &str| counts[&format!("challengectl_http_requests_total{{{labels}}}")];
    assert_eq!(count("method=\"GET\",route=\"/api/runners/{runner_id}/task\",status=\"401\""), 2.0);
    assert_eq!(count("method=\"GET\",route=\"other\",status=\"404\""), 2.0);
    assert_eq!(count("method=\"other\",route=\"other\",status=\"404\""), 1.0);
    let polls =
        "challengectl_http_request_duration_seconds_count{method=\"GET\",route=\"/api/runners/{runner_id}/task\"}";
    assert_eq!(counts[polls], 2.0);
}

#[tokio::test]
async fn metrics_are_only_for_the_allowed_networks() {
    let elsewhere = |config: &mut challengectl_server::Config| config.metrics_allow = vec!["192.0.2.0/24".to_owned()];
    let site = Site::start_with(tempfile::tempdir().unwrap(), elsewhere).await;
    site.get("/metrics").await.is_error(403, "forbidden");

    let site = Site::start().await;
    for header in ["X-Forwarded-For", "X-Real-IP", "Via", "Forwarded"] {
        let behind_a_stranger = site.request(Method::GET, "/metrics").header(header, "127.0.0.1");
        Answer::of(behind_a_stranger).await.is_error(403, "forbidden");
    }
    let site = Site::behind_proxy().await;
    let client = site.request(Method::GET, "/metrics").header("X-Forwarded-For", "203.0.113.9");
    Answer::of(client).await.is_error(403, "forbidden");
}
