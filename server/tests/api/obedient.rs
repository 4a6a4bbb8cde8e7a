//! A runner that does what it is ordered, without an engine: it says that sessions run and are removed, and answers inspections.

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
                let state = if order["run"].is_null() { "removed" } else { "running" };
                let report = json!({"session_id": order["session_id"], "fence": order["fence"], "state": state});
                Answer::of(ask(Method::POST, "instances".to_owned()).json(&json!({"reports": [report]}))).await;
            }
            for inspection in orders["inspections"].as_array().into_iter().flatten() {
                let answer = json!({"inspection_id": inspection["inspection_id"], "output": Value::from("hello\n")});
                Answer::of(ask(Method::POST, "inspections".to_owned()).json(&answer)).await;
            }
        }
    })
}
