//! Radios that are plugged in, as entries of the configuration.

use crate::config::{Config, DetectedLimits, RadioConfig};
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
        let usable = entry(&device).filter(|_| device.problems.is_empty());
        let Some(radio) = usable.and_then(|radio| with_own_id(radio, &config.radios)) else {
            said.push(format!("found {name}, which cannot be used: see `challengectl-runner devices`"));
            continue;
        };
        match limited(radio, &config.detected) {
            Some(radio) => {
                said.push(format!("found {name}: radio {}", radio.id));
                config.radios.push(radio);
            }
            None => said.push(format!("found {name}, which reaches none of the frequency_limits in `detected`")),
        }
    }
    Ok(said)
}

/// Numbers the id of a radio if another has the same: serial numbers may end alike.
fn with_own_id(mut radio: RadioConfig, others: &[RadioConfig]) -> Option<RadioConfig> {
    let name = radio.id.to_string();
    let mut number = 2;
    while others.iter().any(|other| other.id == radio.id) {
        radio.id = RadioId::new(&format!("{name}-{number}")).ok()?;
        number += 1;
    }
    Some(radio)
}

/// Gives a radio the limits of the configuration; `None` if it reaches none of the bands.
fn limited(mut radio: RadioConfig, limits: &DetectedLimits) -> Option<RadioConfig> {
    radio.duty_cycle = limits.duty_cycle;
    radio.max_on_air_seconds = limits.max_on_air_seconds;
    if limits.frequency_limits.is_empty() {
        return Some(radio);
    }
    let reach = std::mem::take(&mut radio.frequency_limits);
    if reach.is_empty() {
        // Its driver does not say: what it does not reach is refused when it is tuned.
        radio.frequency_limits.clone_from(&limits.frequency_limits);
        return Some(radio);
    }
    let common = |limit: &Band| reach.iter().filter_map(|reach| reach.intersection(limit)).collect::<Vec<_>>();
    radio.frequency_limits = limits.frequency_limits.iter().flat_map(common).collect();
    (!radio.frequency_limits.is_empty()).then_some(radio)
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

/// Returns whether a radio of the configuration is this device.
pub(super) fn means(radio: &RadioConfig, device: &FoundDevice) -> bool {
    let settings = radio.driver.soapy();
    settings
        .zip(device.device.as_deref())
        .is_some_and(|(settings, args)| settings.means(args, device.serial.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::radio::Span;
    use challengectl_common::DutyCycle;

    fn found(serial: &str) -> RadioConfig {
        let device = FoundDevice {
            model: "HackRF One".to_owned(),
            serial: Some(serial.to_owned()),
            device: Some(format!("driver=hackrf,serial={serial}")),
            frequencies: vec![Span { from: 1e6, to: 6e9 }],
            ..FoundDevice::default()
        };
        entry(&device).unwrap()
    }

    fn band(text: &str) -> Band {
        text.parse().unwrap()
    }

    #[test]
    fn radios_whose_serial_numbers_end_alike_get_ids_of_their_own() {
        let (first, second) = (found("1234567"), found("9234567"));
        assert_eq!(first.id, second.id);
        let second = with_own_id(second, std::slice::from_ref(&first)).unwrap();
        assert_eq!((first.id.as_str(), second.id.as_str()), ("hackrf-234567", "hackrf-234567-2"));
    }

    #[test]
    fn a_detected_radio_keeps_to_the_limits_of_the_configuration() {
        let limits = DetectedLimits {
            frequency_limits: vec![band("0-2000000"), band("433000000-434800000"), band("7000000000-7100000000")],
            duty_cycle: DutyCycle::new(0.25).ok(),
            max_on_air_seconds: Some(60),
        };
        let radio = limited(found("1"), &limits).unwrap();
        assert_eq!(radio.frequency_limits, [band("1000000-2000000"), band("433000000-434800000")]);
        assert_eq!((radio.duty_cycle, radio.max_on_air_seconds), (limits.duty_cycle, Some(60)));
        let nowhere = DetectedLimits { frequency_limits: vec![band("7000000000-7100000000")], ..limits };
        assert!(limited(found("1"), &nowhere).is_none());
        assert_eq!(
            limited(found("1"), &DetectedLimits::default()).unwrap().frequency_limits,
            [band("1000000-6000000000")]
        );
    }
}
