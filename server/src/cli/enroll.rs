use challengectl_common::{RunnerId, Timestamp};
use challengectl_server::Config;
use challengectl_server::core::issue_token;
use challengectl_server::store::Store;
use serde_json::json;
use std::io::Write;
use std::process::ExitCode;

pub async fn enroll(config: &Config, runner: &RunnerId, as_json: bool) -> anyhow::Result<ExitCode> {
    let store = Store::open(&config.data_dir).await?;
    let token = issue_token(&store, runner, Timestamp::now()).await?;
    store.close().await;
    let mut out = std::io::stdout();
    if as_json {
        writeln!(out, "{}", json!({"runner_id": runner, "enrollment_token": token}))?;
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("Good once, within 24 hours. On the runner's host:");
    let scheme = if config.tls.is_on() { "https" } else { "http" };
    eprintln!("  challengectl-runner enroll --server {scheme}://THIS-SERVER:{} --token TOKEN", config.listen.port());
    writeln!(out, "{token}")?;
    Ok(ExitCode::SUCCESS)
}
