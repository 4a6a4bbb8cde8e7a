//! `devices`.

use super::output::Output;
use crate::config::{Config, RadioConfig};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn execute(config: &Config, output: Output, file: &Path) -> anyhow::Result<ExitCode> {
    if config.radios.is_empty() && !output.json {
        output.print(&format!("no radio is configured in {}", file.display()), &json!(null));
    }
    for radio in &config.radios {
        output.print(&describe(radio), &serde_json::to_value(radio)?);
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(radio: &RadioConfig) -> String {
    let limits: Vec<_> = radio.frequency_limits.iter().map(ToString::to_string).collect();
    let limits = if limits.is_empty() { "any frequency".to_owned() } else { format!("{} Hz", limits.join(", ")) };
    let rate = radio.sample_rate;
    let work = if radio.takes_work() { "" } else { ", takes no work" };
    format!("{}: {}, {rate} samples per second, {limits}{work}", radio.id, radio.driver.name())
}
