//! `enroll`.

use super::output::Output;
use crate::agent::enrolment::Enrolment;
use crate::agent::identity::base_url;
use crate::config::Config;
use serde_json::json;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The server's URL, scheme and port included
    #[arg(long, value_name = "URL", env = "CHALLENGECTL_SERVER")]
    server: String,
    /// What `challengectl-server runner enroll NAME` printed
    #[arg(long, env = "CHALLENGECTL_TOKEN", hide_env_values = true)]
    token: String,
}

pub(super) fn execute(arguments: &Arguments, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let Arguments { server, token } = arguments;
    let enrolment = Enrolment::new(server, token, &config.state_dir, config.ca_cert.as_ref())?;
    if let Some(other) = &config.server
        && base_url(other)? != base_url(server)?
    {
        eprintln!("the configuration names another server, {other}: that is the one `run` will ask; change it there");
    }
    let identity = super::runtime()?.block_on(enrolment.enrol())?;
    output.line(
        &format!(
            "This is now runner {} of {}. Start it with `challengectl-runner run`.",
            identity.runner_id, identity.server
        ),
        &json!({"runner_id": identity.runner_id, "server": identity.server}),
    );
    Ok(ExitCode::SUCCESS)
}
