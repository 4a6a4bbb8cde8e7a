//! The plan over HTTP.

use crate::site::{MORSE, Site};
use challengectl_coordinator::Role;
use serde_json::{Value, json};
use std::process::Command;

fn printed(site: &Site) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_challengectl-server"))
        .args(["plan", "--json", "--set"])
        .arg(format!("data_dir={}", site.data_dir().display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn the_plan_is_that_of_the_command_line() {
    let site = Site::start().await;
    let far = "  - {name: FAR, modulation: cw, frequency: 433920000, text: E}\n  - {name: NEAR, modulation: cw, frequency: 145550000, text: CQ}\n";
    site.import(&format!("{MORSE}{far}")).await;
    let runner = site.enroll("roof").await;
    let radios = json!([{"id": "vhf", "driver": "file", "frequency_limits": ["144000000-148000000"]}]);
    runner.post("register", json!({"runner_id": "roof", "radios": radios})).await;
    let operator = site.browser("oli", Role::Operator).await;
    // With a beginning of its own, so that both plan from then on.
    let begin = json!({"start": "2027-05-01T09:00:00.000Z"});
    assert_eq!(operator.put("/api/conference", begin).await.status, 200);

    let viewer = site.browser("vic", Role::Viewer).await;
    let answer = viewer.get("/api/plan").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, printed(&site));
    assert_eq!((&answer.body["never"][0]["challenge"], &answer.body["hours"]), (&json!("FAR"), &json!(24.0)));
    let waits = &answer.body["challenges"][0]["waits"]["waited_for"];
    assert!(waits.as_array().is_some_and(|waits| !waits.is_empty()), "{waits}");
    // Asked for again and again, it is the same.
    site.import("challenges:\n  - {name: LATER, modulation: cw, frequency: 145550000, text: E}\n").await;
    assert_eq!(viewer.get("/api/plan").await.body, answer.body);
}
