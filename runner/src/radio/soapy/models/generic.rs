//! Any other SoapySDR module: nothing is known, so every choice is the careful one.

use crate::radio::soapy::model::{AfterKill, Bandwidth, BiasTee, Idle, Model, Needs, Queue, as_it_is};
use std::time::Duration;

pub(in crate::radio::soapy) const MODEL: Model = Model {
    driver: "",
    name: "radio",
    // All elements that the configuration does not name are set to their minimum.
    gains: &[],
    frequencies: None,
    rates: None,
    bandwidth: Bandwidth::Automatic,
    antenna: as_it_is,
    bias_tee: BiasTee::None,
    stream_args: &[],
    queue: Queue { samples: 0, time: Duration::from_millis(200) },
    idle: Idle::Unknown,
    after_kill: AfterKill::OpenAndClose,
    usb: &[],
    needs: Needs { module: "", packages: "", images: None, firmware: None },
};
