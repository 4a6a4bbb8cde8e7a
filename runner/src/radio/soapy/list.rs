//! Lists the devices that SoapySDR finds, with their capabilities.

use super::address::Address;
use super::find::{Open, enumerate, find, from_args};
use super::model::{Idle, Model};
use super::models::ALL;
use super::ranges::explain;
use super::usb::{self, UsbRadio};
use crate::radio::{FoundDevice, Span};
use soapysdr::Direction::Tx;
use soapysdr::Range;
use std::collections::BTreeMap;

/// Lists the devices that are plugged in, also those that no driver can use.
pub(crate) fn all() -> anyhow::Result<Vec<FoundDevice>> {
    let mut on_usb = usb::radios();
    let mut devices = Vec::new();
    for model in ALL {
        for found in enumerate(&wanted(model)).unwrap_or_default() {
            devices.push(describe(model, &found, take(&mut on_usb, model, found.get("serial")).as_ref()));
        }
    }
    devices.extend(on_usb.iter().map(in_use_or_unusable));
    Ok(devices)
}

/// Returns the arguments with which devices of a model are looked for. They always name a driver: without one, modules for
/// the network also answer, which take a second and send to the whole LAN. So does UHD without a type.
fn wanted(model: &Model) -> BTreeMap<String, String> {
    let mut wanted = BTreeMap::from([("driver".to_owned(), model.driver.to_owned())]);
    if model.driver == "uhd" {
        wanted.insert("type".to_owned(), "b200".to_owned());
    }
    wanted
}

/// Removes the USB device that a module has found from the list, and returns it.
fn take(on_usb: &mut Vec<UsbRadio>, model: &Model, serial: Option<&String>) -> Option<UsbRadio> {
    let is_it = |radio: &UsbRadio| {
        let same_serial = match (&radio.serial, serial) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            _ => true,
        };
        radio.model.driver == model.driver && same_serial
    };
    let index = on_usb.iter().position(is_it)?;
    Some(on_usb.remove(index))
}

/// Describes a radio on the USB that its module does not list.
fn in_use_or_unusable(radio: &UsbRadio) -> FoundDevice {
    let mut device = radio.describe();
    if device.problems.is_empty() {
        device.remarks.push("its driver does not list it: another program uses it, such as a runner".to_owned());
    }
    device
}

fn describe(model: &Model, found: &BTreeMap<String, String>, on_usb: Option<&UsbRadio>) -> FoundDevice {
    let mut device = on_usb.map(UsbRadio::describe).unwrap_or_default();
    device.model = found.get("label").cloned().unwrap_or_else(|| model.name.to_owned());
    device.serial = found.get("serial").cloned().or(device.serial);
    let place = ["serial", "uri"].iter().find_map(|key| Some(format!("{key}={}", found.get(*key)?)));
    let args = format!("driver={}{}", model.driver, place.map(|place| format!(",{place}")).unwrap_or_default());
    if model.idle == Idle::Radiates {
        device.remarks.push("not asked what it can do: opening it turns its transmitter on".to_owned());
        device.channels = 1;
        device.device = Some(args);
        device.frequencies = known_frequencies(model);
        return device;
    }
    match opened(&args) {
        Ok(open) => {
            fill(&mut device, &open);
            device.remarks.extend(old_firmware(model, &device.hardware));
            if model.frequencies.is_some() {
                device.frequencies = known_frequencies(model);
            }
            device.device = Some(args);
        }
        Err(error) => device.problems.push(format!("{error:#}")),
    }
    device
}

/// Returns a remark if the firmware is too old. Versions that do not begin with a year are of private builds.
fn old_firmware(model: &Model, hardware: &BTreeMap<String, String>) -> Option<String> {
    let firmware = model.needs.firmware?;
    let version = hardware.get("version").filter(|version| version.starts_with("20"))?;
    (version.as_str() < firmware.oldest)
        .then(|| format!("firmware {version} is older than {}: {}", firmware.oldest, firmware.otherwise))
}

/// Returns the frequencies of a model whose module reports wrong ones.
fn known_frequencies(model: &Model) -> Vec<Span> {
    model.frequencies.iter().map(|known| Span { from: *known.start(), to: *known.end() }).collect()
}

fn opened(args: &str) -> anyhow::Result<Open> {
    find(&Address::try_from(args.to_owned()).map_err(anyhow::Error::msg)?)?.open()
}

/// Fills in what the driver reports.
fn fill(device: &mut FoundDevice, open: &Open) {
    let driver = &open.device;
    device.channels = driver.num_channels(Tx).unwrap_or_default();
    device.hardware = driver.hardware_info().map(|info| from_args(&info)).unwrap_or_default();
    device.frequencies = spans(&driver.frequency_range(Tx, 0).unwrap_or_default());
    device.sample_rates = spans(&driver.get_sample_rate_range(Tx, 0).unwrap_or_default());
    device.bandwidths = spans(&driver.bandwidth_range(Tx, 0).unwrap_or_default());
    device.antennas = driver.antennas(Tx, 0).unwrap_or_default();
    device.clock_sources = driver.list_clock_sources().unwrap_or_default();
    for element in driver.list_gains(Tx, 0).unwrap_or_default() {
        match driver.gain_element_range(Tx, 0, element.as_str()) {
            Ok(range) => drop(device.gains.insert(element, span(&range))),
            Err(error) => device.problems.push(format!("{:#}", explain(&format!("gain {element}"), &error))),
        }
    }
    if device.channels == 0 {
        device.problems.push("it cannot transmit".to_owned());
    }
}

fn spans(ranges: &[Range]) -> Vec<Span> {
    ranges.iter().map(span).collect()
}

fn span(range: &Range) -> Span {
    Span { from: range.minimum, to: range.maximum }
}
