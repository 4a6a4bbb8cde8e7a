//! Receivers over the protocol of `rtl_tcp`, which most SDR programs speak.
//!
//! Each client has a receiver of its own, as if it had a dongle: it sets frequency, rate, gain and correction, and gets
//! samples of 8 bits. Clients cannot transmit.

mod command;
mod context;
mod controls;
mod gain;
mod quantise;
mod ring;
mod server;
mod stream;

#[cfg(test)]
mod tests;

pub use context::{Context, Settings};
pub use gain::{FULL_SCALE_GAIN_DB, GAINS};
pub use quantise::{ADC_NOISE_LSB, quantise};
pub use server::serve;
