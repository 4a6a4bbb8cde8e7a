//! `ADALM-PLUTO`, SoapyPlutoSDR of August 2025.
//!
//! `closeStream` powers the transmitter's oscillator down, and `setupStream` up, so that an open device without a stream
//! is silent. A process that is killed may leave the oscillator on, and opening and closing the
//! device does not turn it off. The module keeps the first device it finds for as
//! long as its process lives: one Pluto in a process.

use crate::radio::soapy::model::{AfterKill, Bandwidth, BiasTee, Gain, Idle, Model, Needs, Queue, as_it_is, usb};
use std::time::Duration;

pub(in crate::radio::soapy) const MODEL: Model = Model {
    driver: "plutosdr",
    name: "ADALM-PLUTO",
    // 89 is full power.
    gains: &[Gain::new("PGA", 40.0)],
    frequencies: None,
    rates: None,
    // It has no default of its own.
    bandwidth: Bandwidth::AsRate,
    antenna: as_it_is,
    bias_tee: BiasTee::None,
    stream_args: &[],
    // The kernel's four buffers.
    queue: Queue { samples: 4 * 4096, time: Duration::from_millis(50) },
    idle: Idle::Silent,
    after_kill: AfterKill::OpenAndCloseStream,
    usb: &[usb(0x0456, 0xb673)],
    needs: Needs { module: "libPlutoSDRSupport.so", packages: "", images: None, firmware: None },
};
