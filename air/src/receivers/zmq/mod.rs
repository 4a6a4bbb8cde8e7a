//! Streams of complex floats over ZeroMQ, as GNU Radio's ZMQ sources expect them.
//!
//! Each stream has an address of its own, where a PUB socket sends raw little-endian `cf32`, at most 4096 samples in a
//! message: GNU Radio 3.7 drops the rest of a longer one. A subscriber that reads slowly loses the oldest messages.
//!
//! The part of ZMTP 3.0 (RFC 23 of ZeroMQ) that a publisher with the mechanism NULL needs is small, and implemented here:
//! libzmq would have to be installed beside a program that is otherwise a single file, and the publisher of the Rust crate
//! `zeromq` 0.7 has queues of 100,000 messages for each subscriber.

mod publisher;
mod zmtp;

#[cfg(test)]
mod tests;

pub use publisher::serve;

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// The settings of a stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address at which subscribers connect.
    pub listen: SocketAddr,
    /// The challenge that it follows: each time that the challenge goes on air, it tunes to its nominal frequency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    /// The centre in hertz, or with `challenge` the centre until that goes on air for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub centre: Option<f64>,
    /// Samples per second: a multiple of 200 from 10,000 to 2,000,000.
    #[serde(default = "default_rate")]
    pub sample_rate: u32,
    /// Gain of the path to this receiver in decibels, -200 to 200.
    #[serde(default)]
    pub gain_db: f64,
}

fn default_rate() -> u32 {
    48_000
}

/// The highest rate: 128 Mbit/s for each subscriber.
const MAX_RATE: u32 = 2_000_000;

impl Settings {
    /// Checks all values.
    ///
    /// # Errors
    /// A text that names the value and its limits.
    pub fn check(&self) -> Result<(), String> {
        let Self { sample_rate, gain_db, .. } = self;
        if !(10_000..=MAX_RATE).contains(sample_rate) || !sample_rate.is_multiple_of(crate::spectrum::RATE_STEP) {
            return Err(format!("sample_rate is {sample_rate}; it must be a multiple of 200 from 10000 to {MAX_RATE}"));
        }
        if !(-200.0..=200.0).contains(gain_db) {
            return Err(format!("gain_db is {gain_db}; it must be from -200 to 200"));
        }
        match (&self.challenge, self.centre) {
            (None, None) => Err("give challenge, or centre in hertz".to_owned()),
            (_, Some(centre)) if !(0.0..=1e12).contains(&centre) => Err(format!("centre is {centre} Hz")),
            _ => Ok(()),
        }
    }
}
