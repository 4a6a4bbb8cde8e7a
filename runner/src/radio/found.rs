//! Devices that are plugged in, as `devices` lists them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A device that is plugged in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FoundDevice {
    /// For people.
    pub model: String,
    /// What `device` in runner.yml is to be; `None` if it cannot be used yet.
    pub device: Option<String>,
    pub serial: Option<String>,
    /// Transmitters.
    pub channels: usize,
    /// Hertz.
    pub frequencies: Vec<Span>,
    /// Samples per second.
    pub sample_rates: Vec<Span>,
    /// Hertz.
    pub bandwidths: Vec<Span>,
    pub antennas: Vec<String>,
    /// In decibels, by element.
    pub gains: BTreeMap<String, Span>,
    pub clock_sources: Vec<String>,
    /// Versions of firmware and gateware, and what else the driver says.
    pub hardware: BTreeMap<String, String>,
    /// What keeps it from working, each with the way out.
    pub problems: Vec<String>,
    /// What is worth knowing.
    pub remarks: Vec<String>,
}

/// All values between two.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Span {
    pub from: f64,
    pub to: f64,
}
