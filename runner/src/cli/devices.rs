//! `devices`.

use super::detect::{entry, means};
use super::output::Output;
use crate::config::{Config, RadioConfig};
use crate::process::this_program;
use crate::radio::{FoundDevice, Span};
use crate::transmit::errand;
use serde_json::json;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn execute(config: &Config, output: Output, file: &Path) -> anyhow::Result<ExitCode> {
    if config.radios.is_empty() && !output.json {
        output.print(&format!("no radio is configured in {}", file.display()), &json!(null));
    }
    for radio in &config.radios {
        output.print(&describe(radio), &serde_json::to_value(radio)?);
    }
    // In a process of its own, which ends in time: drivers hang.
    let found = super::runtime()?.block_on(errand::list(&this_program(), config.timeouts().open));
    match found {
        Ok(found) => {
            for device in &found {
                let radio = config.radios.iter().find(|radio| means(radio, device));
                let json = json!({"found": device, "radio": radio.map(|radio| &radio.id), "entry": entry(device)});
                output.print(&describe_found(device, radio), &json);
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("what is plugged in cannot be listed: {error}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn describe(radio: &RadioConfig) -> String {
    let bands: Vec<_> = radio.frequency_limits.iter().map(ToString::to_string).collect();
    let bands = (!bands.is_empty()).then(|| format!("{} Hz", bands.join(", ")));
    let limits: Vec<_> = bands.into_iter().chain(radio.frequency_ranges.iter().cloned()).collect();
    let limits = if limits.is_empty() { "any frequency".to_owned() } else { limits.join(", ") };
    let rate = radio.sample_rate;
    let work = if radio.takes_work() { "" } else { ", takes no work" };
    format!("{}: {}, {rate} samples per second, {limits}{work}", radio.id, radio.driver.name())
}

fn describe_found(device: &FoundDevice, radio: Option<&RadioConfig>) -> String {
    let mut text =
        format!("\nPlugged in: {} {}", device.model, device.serial.as_deref().unwrap_or("without a serial number"));
    let mut line = |what: &str, value: String| {
        if !value.is_empty() {
            // Writing to a string does not fail.
            let _ = write!(text, "\n  {what}: {value}");
        }
    };
    line("transmitters", if device.channels == 0 { String::new() } else { device.channels.to_string() });
    line("frequencies", spans(&device.frequencies, "Hz"));
    line("sample rates", spans(&device.sample_rates, "samples per second"));
    line("bandwidths", spans(&device.bandwidths, "Hz"));
    line("antennas", device.antennas.join(", "));
    let gains: Vec<_> = device.gains.iter().map(|(element, range)| format!("{element} {} dB", span(range))).collect();
    line("gains", gains.join(", "));
    line("clock sources", device.clock_sources.join(", "));
    let hardware: Vec<_> = device.hardware.iter().map(|(key, value)| format!("{key}={value}")).collect();
    line("versions", hardware.join(", "));
    device.remarks.iter().for_each(|remark| line("note", remark.clone()));
    device.problems.iter().for_each(|problem| line("PROBLEM", problem.clone()));
    match (radio, entry(device)) {
        (Some(radio), _) => line("configured as", radio.id.to_string()),
        (None, Some(entry)) => line("for runner.yml", format!("\n{}", yaml(&entry))),
        (None, None) => {}
    }
    text
}

fn spans(all: &[Span], unit: &str) -> String {
    if all.is_empty() {
        String::new()
    } else {
        format!("{} {unit}", all.iter().map(span).collect::<Vec<_>>().join(", "))
    }
}

fn span(span: &Span) -> String {
    if span.from == span.to { span.from.to_string() } else { format!("{} to {}", span.from, span.to) }
}

/// Writes a radio as an entry of `radios:`.
fn yaml(radio: &RadioConfig) -> String {
    let mut text = format!("    radios:\n      - id: {}\n        driver: {}", radio.id, radio.driver.name());
    if let Some(device) = radio.driver.soapy().map(|settings| settings.device.to_string()) {
        let _ = write!(text, "\n        device: \"{device}\"");
    }
    if !radio.frequency_limits.is_empty() {
        let limits: Vec<_> = radio.frequency_limits.iter().map(|band| format!("\"{band}\"")).collect();
        let _ = write!(text, "\n        frequency_limits: [{}]", limits.join(", "));
    }
    text
}
