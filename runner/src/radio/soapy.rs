//! Radio hardware, driven through SoapySDR modules.
//!
//! A device is opened only in a child process ([`crate::transmit`]): a driver may hang in any call, and many do. What is
//! known of each model is in `soapy/models/`. Without the Cargo feature `soapy` nothing is linked, and the settings are
//! read only to say so.

#[cfg_attr(not(feature = "soapy"), expect(dead_code, reason = "used by what is built with the feature alone"))]
mod address;
#[cfg_attr(not(feature = "soapy"), expect(dead_code, reason = "used by what is built with the feature alone"))]
mod model;
mod models;
mod usb;

#[cfg(feature = "soapy")]
mod apply;
#[cfg(feature = "soapy")]
mod device;
#[cfg(feature = "soapy")]
mod find;
#[cfg(feature = "soapy")]
mod list;
#[cfg(feature = "soapy")]
mod outside;
#[cfg(feature = "soapy")]
mod ranges;
#[cfg(feature = "soapy")]
mod stream;

use super::{FoundDevice, Radio, Tuning};
use address::Address;
use model::{BiasTee, Model};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The error of everything that needs the feature.
#[cfg(not(feature = "soapy"))]
pub(crate) const NOT_BUILT_IN: &str = "this challengectl-runner is built without SoapySDR: install the package \
                                       challengectl-runner, or build it with `cargo build --release -p \
                                       challengectl-runner --features soapy` (needs libsoapysdr-dev)";

/// Lists the devices that are plugged in.
#[cfg(feature = "soapy")]
pub(crate) fn found() -> anyhow::Result<Vec<FoundDevice>> {
    list::all()
}

/// Lists the radios on the USB, none of which can be used.
#[cfg(not(feature = "soapy"))]
pub(crate) fn found() -> anyhow::Result<Vec<FoundDevice>> {
    let describe = |radio: &usb::UsbRadio| FoundDevice { problems: vec![NOT_BUILT_IN.to_owned()], ..radio.describe() };
    Ok(usb::radios().iter().map(describe).collect())
}

/// The keys of a radio with the driver `soapy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The device's arguments, as `devices` shows them: `driver=hackrf,serial=…`.
    pub device: Box<Address>,
    /// The transmitter of the device, from 0.
    #[serde(default)]
    pub channel: usize,
    /// The gain of each element in decibels; the model's default for the others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gains: BTreeMap<String, f64>,
    /// The bandwidth of the analogue filter in hertz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<f64>,
    /// The error of the crystal in parts per million, positive if it is too slow.
    #[serde(default)]
    pub ppm: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub antenna: Option<String>,
    /// Whether the bias-T feeds an amplifier at the antenna.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias_tee: Option<bool>,
    /// The clock source: `internal`, `external`, or another one that the driver lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_source: Option<String>,
    /// Arguments for the driver's stream.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stream_args: BTreeMap<String, String>,
}

/// The maximum error of a crystal in parts per million.
const MAX_PPM: f64 = 200.0;

impl super::Settings for Settings {
    fn unconfigured() -> Option<Self> {
        None
    }

    fn check(&self) -> Result<(), String> {
        #[cfg(not(feature = "soapy"))]
        return Err(NOT_BUILT_IN.to_owned());
        #[cfg(feature = "soapy")]
        self.check_values()
    }

    fn device(&self) -> Option<String> {
        Some(self.device.key())
    }

    fn remarks(&self) -> &[String] {
        self.device.remarks()
    }

    #[cfg(feature = "soapy")]
    fn silence(&self) -> anyhow::Result<()> {
        outside::silence(self)
    }

    #[cfg(feature = "soapy")]
    fn probe(&self) -> anyhow::Result<()> {
        outside::probe(self)
    }

    #[cfg(feature = "soapy")]
    fn open(&self, tuning: &Tuning) -> anyhow::Result<Box<dyn Radio>> {
        Ok(Box::new(device::Soapy::open(self, tuning)?))
    }

    #[cfg(not(feature = "soapy"))]
    fn open(&self, _tuning: &Tuning) -> anyhow::Result<Box<dyn Radio>> {
        anyhow::bail!(NOT_BUILT_IN)
    }
}

impl Settings {
    /// Returns whether the device with these arguments and this serial number is the same one.
    pub(crate) fn means(&self, args: &str, serial: Option<&str>) -> bool {
        let serial = serial.unwrap_or_default();
        let same = self.device.is_serial(serial) || self.device.abbreviates(serial);
        same && Address::try_from(args.to_owned()).is_ok_and(|other| other.driver() == self.device.driver())
    }
}

#[cfg_attr(not(feature = "soapy"), expect(dead_code, reason = "used by what is built with the feature alone"))]
impl Settings {
    fn check_values(&self) -> Result<(), String> {
        if self.ppm.is_nan() || self.ppm.abs() > MAX_PPM {
            return Err(format!("ppm: {} is no error of a crystal; at most {MAX_PPM}", self.ppm));
        }
        if self.gains.values().any(|gain| !gain.is_finite()) || self.bandwidth.is_some_and(|hertz| !hertz.is_normal()) {
            return Err("gains and bandwidth must be numbers".to_owned());
        }
        if self.wants_bias_tee() == Some(true) && self.model().bias_tee == BiasTee::None {
            return Err(format!("bias_tee: a {} has none", self.model().name));
        }
        Ok(())
    }

    fn model(&self) -> &'static Model {
        models::of_module(self.device.hardware())
    }

    fn wants_bias_tee(&self) -> Option<bool> {
        self.bias_tee.or(self.device.bias_tee())
    }

    /// Returns the frequency that the radio must be told so that it transmits on `hertz`.
    fn corrected(&self, hertz: f64) -> f64 {
        hertz * (1.0 + self.ppm / 1e6)
    }
}
