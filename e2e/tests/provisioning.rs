//! From a provisioning key to a transmission: a real runner with the unchanged configuration from the server.

use anyhow::{Context, Result, ensure};
use challengectl_e2e::operator::Operator;
use challengectl_e2e::programs::program;
use challengectl_e2e::recordings::read_all;
use challengectl_e2e::site::{Site, Times, wait_until};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

const EVENT: &str = "
challenges:
  - {name: HERE, modulation: cw, frequency: 145550000, text: E, parameters: {wpm: 60}}
";
/// Time limit, far longer than any step takes.
const LIMIT: Duration = Duration::from_secs(60);

/// Starts a server with its own certificate and a logged-in operator.
async fn site() -> Result<(Site, Operator)> {
    let folder = tempfile::tempdir()?;
    let event = folder.path().join("challenges.yml");
    std::fs::write(&event, EVENT)?;
    let mut site = Site::new(&event, None, Times { lease: 60.0, grace: 15.0, heartbeat: 20.0 })?.secure()?;
    site.start_server()?;
    let operator = Operator::set_up(&site).await?;
    Ok((site, operator))
}

/// Returns the configuration that a provisioning program gets for a runner with one radio.
async fn provision(site: &Site, operator: &Operator) -> Result<String> {
    let made = operator.send("/api/provisioning/keys", &json!({"key_id": "van"})).await?;
    let key = made.get("api_key").and_then(Value::as_str).context("no key")?;
    let radio = json!({
        "id": "vhf", "driver": "file", "model": "#1: \"the\" van's", "directory": "recordings", "sample_rate": 48_000,
        "frequency_limits": ["144000000-146000000"],
    });
    let body = json!({"runner_id": "roof", "radios": [radio]});
    let request = site.client()?.post(format!("{}/api/provisioning/provision", site.url())).bearer_auth(key);
    let answer: Value = request.json(&body).send().await?.json().await?;
    Ok(answer.get("config_yaml").and_then(Value::as_str).with_context(|| answer.to_string())?.to_owned())
}

async fn shown(operator: &Operator) -> Result<Value> {
    Ok(operator.get("/api/runners/roof").await?.get("runner").cloned().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provisioned_runner_waits_for_the_server_trusts_it_enrolls_and_transmits() -> Result<()> {
    let (mut site, operator) = site().await?;
    let config = provision(&site, &operator).await?;
    site.kill_server()?;
    site.adopt_runner("roof", &config)?;
    site.start_runners()?;
    wait_until("the runner waits for the server", LIMIT, || {
        Ok(site.log("roof.log").contains("cannot enroll, trying again"))
    })?;
    site.start_server()?;
    let recordings = site.recordings();
    wait_until("the challenge is on air", LIMIT, || Ok(recordings.exists() && !read_all(&recordings)?.is_empty()))?;
    let runner = shown(&operator).await?;
    ensure!(runner.pointer("/radios/0/model") == Some(&json!("#1: \"the\" van's")), "{runner}");
    let has_machine_id = std::fs::read_to_string("/etc/machine-id").is_ok_and(|id| !id.trim().is_empty());
    let expected = if has_machine_id { "bound" } else { "unbound" };
    ensure!(runner.get("host_binding") == Some(&json!(expected)), "{runner}");

    let sent = async || {
        Ok::<_, anyhow::Error>(
            operator.get("/api/dashboard").await?.pointer("/stats/total_transmissions") == Some(&json!(1)),
        )
    };
    // If the runner were killed before its report arrives, the challenge would stay assigned for a lease.
    wait_until("its report has arrived", LIMIT, || block_in_place(|| Handle::current().block_on(sent())))?;

    // The token in the file is used. It is not needed with the identity, and refused without it.
    site.kill_runner(0)?;
    let before = read_all(&recordings)?.len();
    operator.post("/api/challenges/1/trigger").await?;
    site.start_runners()?;
    wait_until("it is on air again", LIMIT, || Ok(read_all(&recordings)?.len() > before))?;
    site.stop_runners()?;
    std::fs::remove_dir_all(site.path("runner-state"))?;
    let again =
        Command::new(program("challengectl-runner")?).arg("run").arg("--config").arg(site.path("roof.yml")).output()?;
    let complaint = String::from_utf8_lossy(&again.stderr);
    ensure!(again.status.code() == Some(1) && complaint.contains("wrong, used or expired"), "{complaint}");
    site.stop()
}
