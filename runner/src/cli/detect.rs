//! Radios that are plugged in, as entries of the configuration.

use crate::config::{Config, RadioConfig};
use crate::process::this_program;
use crate::radio::{Driver, FoundDevice};
use crate::transmit::errand;
use anyhow::{Context, anyhow};
use challengectl_common::{Band, RadioId};
use serde_json::json;

/// Characters of a serial number that tell two radios of a host apart.
const ID_CHARS: usize = 6;

/// Adds the devices that are plugged in and that no radio of the configuration means. Returns what was found, for people.
pub(super) async fn add(config: &mut Config) -> anyhow::Result<Vec<String>> {
    let found = errand::list(&this_program(), config.timeouts().open).await;
    let found = found.map_err(|error| anyhow!(error)).context("autodetect")?;
    let mut said = Vec::new();
    for device in found {
        let name = format!("{} {}", device.model, device.serial.as_deref().unwrap_or_default());
        if config.radios.iter().any(|radio| means(radio, &device)) {
            continue;
        }
        match entry(&device).filter(|_| device.problems.is_empty()) {
            Some(radio) => {
                said.push(format!("found {name}: radio {}", radio.id));
                config.radios.push(radio);
            }
            None => said.push(format!("found {name}, which cannot be used: see `challengectl-runner devices`")),
        }
    }
    Ok(said)
}

/// Returns the entry for `radios:`; `None` for a device that cannot be used.
pub(super) fn entry(device: &FoundDevice) -> Option<RadioConfig> {
    let args = device.device.as_ref()?;
    let driver: Driver = serde_json::from_value(json!({"driver": "soapy", "device": args})).ok()?;
    let kind = args.strip_prefix("driver=")?.split(',').next()?;
    let serial = device.serial.as_deref().unwrap_or_default();
    let end: String = serial.chars().rev().take(ID_CHARS).collect::<Vec<_>>().into_iter().rev().collect();
    let name = if end.is_empty() { kind.to_owned() } else { format!("{kind}-{end}") };
    let id = RadioId::new(&name).ok()?;
    let band = |span: &crate::radio::Span| Band::new(span.from.max(0.0) as u64, span.to.max(0.0) as u64);
    let frequency_limits = device.frequencies.iter().filter_map(band).filter(|band| band.width() > 0).collect();
    let model = Some(device.model.clone());
    Some(RadioConfig { model, frequency_limits, ..RadioConfig::with_defaults(id, driver) })
}

/// Whether a radio of the configuration is this device.
pub(super) fn means(radio: &RadioConfig, device: &FoundDevice) -> bool {
    let settings = radio.driver.soapy();
    settings
        .zip(device.device.as_deref())
        .is_some_and(|(settings, args)| settings.means(args, device.serial.as_deref()))
}
