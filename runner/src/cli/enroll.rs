//! `enroll`.

use super::output::Output;
use crate::agent::api::{self, ApiError};
use crate::agent::identity::Identity;
use crate::config::Config;
use crate::durable::private_folder;
use anyhow::{Context, anyhow};
use reqwest::{StatusCode, Url};
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
    let server = base_url(&arguments.server)?;
    // A token is good for one use: what would prevent keeping the key must be found before.
    private_folder(&config.state_dir)
        .and_then(|()| tempfile::tempfile_in(&config.state_dir))
        .with_context(|| format!("state_dir {}", config.state_dir.display()))?;
    let client = api::client(config.ca_cert.as_deref())?;
    let enrolled = super::runtime()?.block_on(api::enroll(&client, &server, arguments.token.trim()));
    let enrolled = enrolled.map_err(|error| explain(&error, &server))?;
    let identity = Identity { server, runner_id: enrolled.runner_id, api_key: enrolled.api_key };
    identity.store(&config.state_dir)?;
    output.line(
        &format!(
            "This is now runner {} of {}. Start it with `challengectl-runner run`.",
            identity.runner_id, identity.server
        ),
        &json!({"runner_id": identity.runner_id, "server": identity.server}),
    );
    Ok(ExitCode::SUCCESS)
}

fn base_url(text: &str) -> anyhow::Result<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| anyhow!("{text:?} is not the URL of a server, such as https://server:8443"))?;
    Ok(text.trim_end_matches('/').to_owned())
}

fn explain(error: &ApiError, server: &str) -> anyhow::Error {
    if error.is(StatusCode::UNAUTHORIZED) {
        return anyhow!(
            "{server} does not take this token: it is wrong, used or expired ({error}). Get a new one with \
             `challengectl-server runner enroll NAME`"
        );
    }
    anyhow!("{server}: {error}")
}
