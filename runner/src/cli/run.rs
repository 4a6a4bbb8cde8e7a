//! `run`.

use super::output::Output;
use super::view::{Bars, Terminal};
use crate::agent::enrolment::Enrolment;
use crate::agent::identity::Identity;
use crate::agent::state::StateFolder;
use crate::agent::{Agent, api, logs};
use crate::config::Config;
use anyhow::{Context, bail};
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// No live view on the terminal, only log lines
    #[arg(long)]
    quiet: bool,
}

pub(super) fn execute(arguments: &Arguments, config: Config, output: Output) -> anyhow::Result<ExitCode> {
    if config.radios.is_empty() {
        bail!("no radio is configured, so there is nothing this runner could do");
    }
    let known = known(&config)?;
    let state = StateFolder::open(&config.state_dir)?;
    let terminal = Terminal::new(!arguments.quiet && !output.json);
    let (layer, lines) = logs::channel();
    let writer = terminal.clone();
    let format = tracing_subscriber::fmt::layer().with_target(false).with_writer(move || writer.clone());
    let format = if output.json { format.json().boxed() } else { format.with_ansi(terminal.is_live()).boxed() };
    let filter = EnvFilter::try_from_env("CHALLENGECTL_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::registry().with(filter).with(format).with(layer).init();

    let client = api::client(config.ca_cert.as_ref())?;
    super::runtime()?.block_on(async {
        let mut stop = pin!(stop_signal()?);
        let Some(identity) = known.become_known(stop.as_mut()).await? else { return Ok(()) };
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

/// A runner as it starts.
enum Known {
    /// It has an identity.
    Already(Identity),
    /// Its configuration says how it gets one.
    Soon(Enrolment),
}

impl Known {
    /// None when it is stopped before.
    async fn become_known(self, stop: Pin<&mut impl Future<Output = ()>>) -> anyhow::Result<Option<Identity>> {
        let enrolment = match self {
            Self::Already(identity) => return Ok(Some(identity)),
            Self::Soon(enrolment) => enrolment,
        };
        let identity = enrolment.enrol_patiently(stop).await?;
        if let Some(identity) = &identity {
            tracing::info!("enrolled with {} as {}", identity.server, identity.runner_id);
        }
        Ok(identity)
    }
}

/// A token in the configuration counts only until there is an identity: it is good once.
fn known(config: &Config) -> anyhow::Result<Known> {
    if let Some(identity) = Identity::load(&config.state_dir)? {
        return Ok(Known::Already(identity));
    }
    if let Some(enrolment) = Enrolment::configured(config)? {
        return Ok(Known::Soon(enrolment));
    }
    bail!(
        "this runner is not enrolled ({} holds no key): run `challengectl-runner enroll --server URL --token TOKEN` \
         first, or give server and enrollment_token in its configuration",
        config.state_dir.display()
    );
}

/// Ready at the first signal; the second ends the process at once, and with it every radio's.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            std::process::exit(130);
        });
    })
}
