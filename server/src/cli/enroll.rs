use challengectl_common::{RunnerId, Timestamp};
use challengectl_coordinator::store::Store;
use challengectl_coordinator::{TokenLife, issue_token};
use challengectl_server::Config;
use serde_json::json;
use std::io::Write;
use std::process::ExitCode;

pub async fn enroll(config: &Config, runner: &RunnerId, life: TokenLife, as_json: bool) -> anyhow::Result<ExitCode> {
    let store = Store::open_existing(&config.data_dir).await?;
    let issued = issue_token(&store, runner, life, Timestamp::now()).await?;
    store.close().await;
    let mut out = std::io::stdout();
    if as_json {
        let (token, expires_at) = (issued.token, issued.expires_at);
        writeln!(out, "{}", json!({"runner_id": runner, "enrollment_token": token, "expires_at": expires_at}))?;
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("Valid once, until {}. On the runner's host:", issued.expires_at);
    let scheme = if config.tls.is_on() { "https" } else { "http" };
    eprintln!("  challengectl-runner enroll --server {scheme}://THIS-SERVER:{} --token TOKEN", config.listen.port());
    writeln!(out, "{}", issued.token)?;
    Ok(ExitCode::SUCCESS)
}
