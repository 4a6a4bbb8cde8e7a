//! A runner that does what it is ordered, without an engine: it says that sessions run and are removed, and answers inspections.
//! Of deployments it says what a cluster shows. `e2e` has engines and a cluster.

use crate::site::{Answer, Runner};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// Starts it. It ends with the runtime of the test.
pub fn obey(runner: &Runner<'_>) -> JoinHandle<()> {
    let url = format!("{}/api/runners/{}", runner.site.url, runner.id);
    let key = runner.key.clone();
    tokio::spawn(async move {
        let client = Client::new();
        let ask = |method: Method, action: String| {
            client.request(method, format!("{url}/{action}")).header("X-API-Key", &key)
        };
        let mut since = 0;
        loop {
            let Answer { status, body: orders } =
                Answer::of(ask(Method::GET, format!("instances?since={since}&wait=25"))).await;
            assert_eq!(status, 200, "{orders}");
            since = orders["revision"].as_i64().unwrap_or_default();
            for order in orders["orders"].as_array().into_iter().flatten() {
                let report = report(order);
                Answer::of(ask(Method::POST, "instances".to_owned()).json(&json!({"reports": [report]}))).await;
            }
            for inspection in orders["inspections"].as_array().into_iter().flatten() {
                let recorded = "Normal Pulled Pod/shop: it is there\n";
                let output = if inspection["subject"] == "events" { recorded } else { "hello\n" };
                let answer = json!({"inspection_id": inspection["inspection_id"], "output": output});
                Answer::of(ask(Method::POST, "inspections".to_owned()).json(&answer)).await;
            }
        }
    })
}

/// What comes of an order. An image with `broken` in its name cannot be pulled, and one with `slow` takes for ever.
fn report(order: &Value) -> Value {
    let (id, run) = (&order["session_id"], &order["run"]);
    let with = |state: &str| json!({"session_id": id, "fence": order["fence"], "state": state});
    if run.is_null() {
        return with("removed");
    }
    let deployment = &run["deployment"];
    if deployment.is_null() {
        return with("running");
    }
    let image = run["containers"][0]["image"].as_str().unwrap_or_default();
    let mut report = match () {
        () if deployment["is_paused"] == true => return with("paused"),
        () if image.contains("broken") => with("pending"),
        () if image.contains("slow") => return with("pending"),
        () => with("running"),
    };
    if image.contains("broken") {
        report["reason"] = json!(format!("ErrImagePull: {image}: not found"));
        return report;
    }
    let pod = format!("{}-pod-{}-{}", deployment["name"].as_str().unwrap_or_default(), id, order["fence"]);
    report["deployed"] = json!({
        "pods": [pod], "internal_ip": format!("10.42.0.{}", id.as_i64().unwrap_or_default() % 250),
        "host": deployment["address"], "node": "node-1", "restarts": 1,
        "images": [{"container": run["containers"][0]["name"], "image": "sha256:0000"}]
    });
    report
}
