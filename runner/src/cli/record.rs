//! `record`.

use super::output::Output;
use crate::config::Config;
use anyhow::{Context, ensure};
use challengectl_air::receivers::sigmf::Recording;
use challengectl_air::sources::{Address, RemoteReceiver};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// The longest recording: an hour at 2 MS/s.
const MAX_BYTES: u64 = 60_000_000_000;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The centre of the recording, in hertz
    #[arg(value_name = "HERTZ")]
    frequency: u64,
    /// Samples per second, a multiple of 200
    #[arg(long, value_name = "HERTZ", default_value_t = 250_000)]
    sample_rate: u32,
    /// How long it is
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// The files: STEM.sigmf-meta and STEM.sigmf-data
    #[arg(long, value_name = "STEM", default_value = "air")]
    out: PathBuf,
}

pub(super) fn execute(arguments: &Arguments, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let Arguments { frequency, sample_rate, seconds, out } = arguments;
    let bytes = (seconds * f64::from(*sample_rate) * 8.0).round();
    ensure!(
        bytes >= 8.0 && bytes <= MAX_BYTES as f64,
        "a recording of {bytes} bytes: it must have from 8 to {MAX_BYTES}; change seconds or sample_rate"
    );
    let (socket, centre) = (config.air_socket(), *frequency as f64);
    let receiver = RemoteReceiver::connect(&Address::Socket(socket.clone()), centre, *sample_rate);
    let mut receiver = receiver.with_context(|| {
        format!("no air answers at {}; `challengectl-runner run` or `air` must run on this host", socket.display())
    })?;
    let mut recording = Recording::begin(out, centre, receiver.rate(), bytes as u64)?;
    while recording.add(&receiver.next_block()?)? {}
    let samples = recording.end()?;
    let file = |ending: &str| format!("{}.sigmf-{ending}", out.display());
    let text = format!("{samples} samples about {frequency} Hz, recorded in {}", file("meta"));
    output.print(&text, &json!({"samples": samples, "meta": file("meta"), "data": file("data")}));
    Ok(ExitCode::SUCCESS)
}
