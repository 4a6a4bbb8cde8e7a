//! What all clients share.

use crate::limits::Limits;
use crate::spectrum::Spectrum;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;

/// What all clients share.
#[derive(Debug, Clone)]
pub struct Context {
    /// The air that they hear.
    pub spectrum: Spectrum,
    /// The limits that they count against.
    pub limits: Arc<Limits>,
    /// Their paths and crystals.
    pub settings: Settings,
}

/// Settings of all receivers over the protocol of `rtl_tcp`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The addresses at which SDR programs connect.
    pub listen: Vec<SocketAddr>,
    /// The largest error of a receiver's crystal in parts per million, up to 1000; each address of clients has its own,
    /// which command 5 corrects. 20 is a cheap dongle, 1 a good one.
    pub ppm: f64,
    /// Gain of the paths to these receivers in decibels, -200 to 200.
    pub gain_db: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { listen: vec![SocketAddr::from(([127, 0, 0, 1], 1234))], ppm: 0.0, gain_db: 0.0 }
    }
}
