//! Calls `nft`.

use super::super::EngineError;
use super::rules::TABLE;
use std::io::ErrorKind;
use std::process::{Output, Stdio};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Where `nft` is for users whose `PATH` is without it.
const FOR_ROOT: &str = "/usr/sbin:/sbin";

/// Puts rules in place, all of them or none.
pub(super) async fn put(rules: &str) -> Result<(), EngineError> {
    let output = run(&["-f", "-"], rules).await?;
    if output.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(EngineError::Unable(explain(reason.trim())))
}

/// Returns our rules without their counters; `None` if there are none.
pub(super) async fn list() -> Result<Option<String>, EngineError> {
    let output = run(&["--stateless", "list", "table", "inet", TABLE], "").await?;
    Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
}

async fn run(arguments: &[&str], input: &str) -> Result<Output, EngineError> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => EngineError::Unable("nft is missing: install the package nftables".to_owned()),
        _ => EngineError::Unable(format!("nft: {error}")),
    };
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("nft");
    command.args(arguments).env("PATH", format!("{path}:{FOR_ROOT}")).kill_on_drop(true);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).await.map_err(failed)?;
    }
    child.wait_with_output().await.map_err(failed)
}

/// Adds the way out to a message of `nft`.
fn explain(reason: &str) -> String {
    if reason.contains("Operation not permitted") {
        return "nft may not change the firewall: run the runner as root, or give it CAP_NET_ADMIN \
                (AmbientCapabilities of its unit)"
            .to_owned();
    }
    format!("nft refuses the rules, so that the kernel may lack a part of nftables: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runner_without_the_right_to_change_the_firewall_is_told_how_to_get_it() {
        let why = explain("Error: Could not process rule: Operation not permitted");
        assert!(why.contains("CAP_NET_ADMIN"), "{why}");
        assert!(explain("Error: No such file or directory").contains("No such file"));
    }
}
