//! Receivers over the protocol of `rtl_tcp`, which most SDR programs speak.
//!
//! Each client is a receiver of its own, as if it had a dongle: it tunes, sets rate, gain and correction of frequency,
//! and gets samples of 8 bits. Nothing can be sent into the air here.

mod command;
mod controls;
mod gain;
mod quantise;
mod server;
mod stream;

#[cfg(test)]
mod tests;

pub use gain::{FULL_SCALE_GAIN_DB, GAINS};
pub use quantise::{ADC_NOISE_LSB, quantise};
pub use server::{Context, Settings, serve};
