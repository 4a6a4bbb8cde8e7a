//! Devices that are plugged in, as `devices` lists them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A device that is plugged in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FoundDevice {
    /// The name of the model.
    pub model: String,
    /// The value of `device` for runner.yml; `None` if it cannot be used yet.
    pub device: Option<String>,
    pub serial: Option<String>,
    /// The number of transmitters.
    pub channels: usize,
    /// The frequencies in hertz.
    pub frequencies: Vec<Span>,
    /// The sample rates in hertz.
    pub sample_rates: Vec<Span>,
    /// The bandwidths of the analogue filter in hertz.
    pub bandwidths: Vec<Span>,
    pub antennas: Vec<String>,
    /// The gains in decibels, by element.
    pub gains: BTreeMap<String, Span>,
    pub clock_sources: Vec<String>,
    /// Versions of firmware and gateware, and other information of the driver.
    pub hardware: BTreeMap<String, String>,
    /// The problems that keep it from working, each with the way out.
    pub problems: Vec<String>,
    /// Further remarks.
    pub remarks: Vec<String>,
}

/// A range of values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Span {
    pub from: f64,
    pub to: f64,
}
