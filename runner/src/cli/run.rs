//! `run`.

use super::air;
use super::output::Output;
use super::service::{log_filter, stop_signal};
use super::view::{Bars, Terminal};
use crate::agent::enrollment::Enrollment;
use crate::agent::state::StateFolder;
use crate::agent::{Agent, logs};
use crate::api;
use crate::api::identity::Identity;
use crate::config::{Config, RadioConfig};
use anyhow::bail;
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::Arc;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Print only log lines, without the live view on the terminal
    #[arg(long)]
    quiet: bool,
}

pub(super) fn execute(arguments: &Arguments, config: Config, output: Output) -> anyhow::Result<ExitCode> {
    check_radios(&config)?;
    // First, since only the process that holds the folder's lock may change the runner's identity.
    let state = StateFolder::open(&config.state_dir)?;
    let enrolled = enrolled(&config)?;
    let terminal = Terminal::new(!arguments.quiet && !output.json);
    let (layer, lines) = logs::channel();
    let writer = terminal.clone();
    let format = tracing_subscriber::fmt::layer().with_target(false).with_writer(move || writer.clone());
    let format = if output.json { format.json().boxed() } else { format.with_ansi(terminal.is_live()).boxed() };
    tracing_subscriber::registry().with(log_filter()).with(format).with(layer).init();

    config.radios.iter().for_each(log_what_it_lacks);
    // Until the last radio is off.
    let _air = if config.uses_own_air() { own_air(&config)? } else { None };
    let client = api::client(config.ca_cert.as_ref())?;
    super::runtime()?.block_on(async {
        let mut stop = pin!(stop_signal()?);
        let Some(identity) = enrolled.identity(stop.as_mut()).await? else { return Ok(()) };
        let bars = terminal.bars(&config);
        let agent = Agent::new(config, api::Api::new(client, identity, state.life()), state)?;
        tokio::spawn(logs::forward(Arc::clone(&agent), lines));
        let drawing = bars.map(|bars| tokio::spawn(Bars::draw(bars, Arc::clone(&agent))));
        agent.run(stop).await;
        if let Some(drawing) = drawing {
            drawing.abort();
        }
        terminal.clear();
        anyhow::Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Starts the runner's own air, unless it is there.
fn own_air(config: &Config) -> anyhow::Result<Option<air::Own>> {
    let own = air::start(config)?;
    if own.is_none() {
        tracing::info!("the air of {} is served by another process", config.state_dir.display());
    }
    Ok(own)
}

/// Whether the runner is enrolled when it starts.
enum Enrolled {
    /// It is, with remarks on its configuration.
    Already { identity: Identity, remarks: Vec<String> },
    /// It will be, by its configuration.
    Soon(Enrollment),
}

impl Enrolled {
    /// Returns the identity; `None` if the runner is stopped before it has one.
    async fn identity(self, stop: Pin<&mut impl Future<Output = ()>>) -> anyhow::Result<Option<Identity>> {
        let enrollment = match self {
            Self::Already { identity, remarks } => {
                remarks.iter().for_each(|remark| tracing::info!("{remark}"));
                return Ok(Some(identity));
            }
            Self::Soon(enrollment) => enrollment,
        };
        let identity = enrollment.enroll_patiently(stop).await?;
        if let Some(identity) = &identity {
            tracing::info!("enrolled with {} as {}", identity.server, identity.runner_id);
        }
        Ok(identity)
    }
}

/// Finds the identity, or the enrollment that leads to it. A token in the configuration is used only without an
/// identity, since it is valid once.
fn enrolled(config: &Config) -> anyhow::Result<Enrolled> {
    if let Some(identity) = Identity::configured(config)? {
        let mut remarks = Vec::new();
        remarks.extend(store_new_address(config, &identity)?);
        if config.enrollment_token.is_some() {
            remarks.push(format!("enrollment_token is ignored: this runner is enrolled as {}", identity.runner_id));
        }
        return Ok(Enrolled::Already { identity, remarks });
    }
    if let Some(enrollment) = Enrollment::configured(config)? {
        return Ok(Enrolled::Soon(enrollment));
    }
    bail!(
        "this runner is not enrolled ({} has no key): run `challengectl-runner enroll --server URL --token TOKEN` \
         first, or give server and enrollment_token in its configuration",
        config.state_dir.display()
    );
}

/// Stores the server's address if it has changed since the enrollment; then returns a remark.
fn store_new_address(config: &Config, identity: &Identity) -> anyhow::Result<Option<String>> {
    let before = Identity::load(&config.state_dir)?;
    let Some(before) = before.filter(|before| before.server != identity.server) else { return Ok(None) };
    identity.store(&config.state_dir)?;
    Ok(Some(format!("the server is now {} instead of {}; the key stays valid", identity.server, before.server)))
}

fn check_radios(config: &Config) -> anyhow::Result<()> {
    if config.radios.is_empty() && config.engines.is_empty() {
        bail!("neither a radio nor an engine is configured; add one to `radios` or `engines` in runner.yml");
    }
    if !config.radios.is_empty() && config.working_radios().next().is_none() {
        let refusal =
            |radio: &RadioConfig| Some(format!("radio {}: {}", radio.id, radio.driver.settings().refuses_work()?));
        bail!("no radio takes work: {}", config.radios.iter().filter_map(refusal).collect::<Vec<_>>().join("; "));
    }
    Ok(())
}

fn log_what_it_lacks(radio: &RadioConfig) {
    let (id, settings) = (&radio.id, radio.driver.settings());
    settings.remarks().iter().for_each(|remark| tracing::warn!("radio {id}: {remark}"));
    match settings.refuses_work() {
        Some(why) => tracing::info!("radio {id} takes no work: {why}"),
        None if settings.sends_nothing() => {
            tracing::warn!("radio {id} takes work but sends nothing: its assignments are never on air");
        }
        None => {}
    }
}
