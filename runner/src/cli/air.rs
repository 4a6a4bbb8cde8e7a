//! `air`, and the air of a runner.

use super::output::Output;
use super::service::{log_filter, stop_signal};
use crate::config::Config;
use crate::process::lock;
use anyhow::{Context, bail};
use challengectl_air::Station;
use challengectl_air::spectrum::Statistics;
use serde_json::json;
use std::process::ExitCode;

/// Held locked by the process that serves the air of this state folder.
const LOCK: &str = "air.lock";

/// A served air, and the lock of its state folder.
pub(super) struct Own {
    station: Station,
    _lock: lock::Lock,
}

/// Starts the runner's own air and logs its addresses; `None` if another process serves it.
pub(super) fn start(config: &Config) -> anyhow::Result<Option<Own>> {
    let path = config.state_dir.join(LOCK);
    let Some(lock) = lock::try_take(&path).with_context(|| path.display().to_string())? else { return Ok(None) };
    let station = Station::start(&config.air, &config.air_socket())?;
    for address in station.rtl_tcp() {
        tracing::info!("the air: SDR programs connect to rtl_tcp at {address}");
    }
    if let Some(address) = station.browser() {
        tracing::info!("the air: browsers listen at http://{address}/receive");
    }
    for address in station.streams() {
        tracing::info!("the air: ZeroMQ subscribers connect to tcp://{address}");
    }
    if let Some(address) = station.transmitters() {
        tracing::info!("the air: radios of other hosts connect to {address}");
    }
    Ok(Some(Own { station, _lock: lock }))
}

pub(super) fn execute(config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    tracing_subscriber::fmt().with_target(false).with_writer(std::io::stderr).with_env_filter(log_filter()).init();
    let Some(own) = start(config)? else {
        bail!("another process serves the air of {}; stop it first", config.state_dir.display())
    };
    let station = &own.station;
    let listening = json!({
        "rtl_tcp": station.rtl_tcp(),
        "browser": station.browser(),
        "streams": station.streams(),
        "transmitters": station.transmitters(),
    });
    output.print("The air is served.", &listening);
    super::runtime()?.block_on(async {
        stop_signal()?.await;
        anyhow::Ok(())
    })?;
    let kept = station.spectrum().statistics();
    output.print(&description(kept), &serde_json::to_value(kept)?);
    Ok(ExitCode::SUCCESS)
}

/// Describes how well real time was kept.
fn description(kept: Statistics) -> String {
    let Statistics { frames, late, worst_us, busy_us, .. } = kept;
    let (worst, busy) = (worst_us / 1000, busy_us / (frames.max(1) * 200));
    format!("{frames} frames of 20 ms, {late} of them late, the worst by {worst} ms; mixing took {busy} % of a core")
}
