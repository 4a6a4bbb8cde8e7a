//! `enroll`.

use super::output::Output;
use crate::agent::enrollment::Enrollment;
use crate::api::identity::base_url;
use crate::config::Config;
use serde_json::json;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The server's URL, with scheme and port
    #[arg(long, value_name = "URL", env = "CHALLENGECTL_SERVER")]
    server: String,
    /// The enrollment token that `challengectl-server runner enroll NAME` printed
    #[arg(long, env = "CHALLENGECTL_TOKEN", hide_env_values = true)]
    token: String,
}

pub(super) fn execute(arguments: &Arguments, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let Arguments { server, token } = arguments;
    let enrollment = Enrollment::new(server, token, &config.state_dir, config.ca_cert.as_ref())?;
    if let Some(other) = &config.server
        && base_url(other)? != base_url(server)?
    {
        eprintln!("the configuration names another server, {other}, which `run` will use; change it there");
    }
    let identity = super::runtime()?.block_on(enrollment.enroll())?;
    output.print(
        &format!(
            "This is now runner {} of {}. Start it with `challengectl-runner run`.",
            identity.runner_id, identity.server
        ),
        &json!({"runner_id": identity.runner_id, "server": identity.server}),
    );
    Ok(ExitCode::SUCCESS)
}
