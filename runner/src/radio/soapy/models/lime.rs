//! LimeSDR USB and Mini, SoapyLMS7 22.09.1.
//!
//! Opening the device turns its transmitter on, and only closing it turns it off; closing the stream and killing the
//! process leave a carrier. Activating calibrates, which takes seconds and is on air.

use crate::radio::soapy::model::{AfterKill, Bandwidth, BiasTee, Gain, Idle, Model, Needs, Queue, usb};
use std::time::Duration;

/// BAND1 of the USB board ends here, BAND2 begins. On the Mini it is the other way round, but it has `Auto`.
const BAND_EDGE: f64 = 1.9e9;

pub(in crate::radio::soapy) const MODEL: Model = Model {
    driver: "lime",
    name: "LimeSDR",
    gains: &[Gain::new("IAMP", 0.0), Gain::new("PAD", 20.0)],
    // Below 10 MHz the module shifts the signal with its digital oscillator only.
    frequencies: Some(10e6..=3.8e9),
    rates: None,
    bandwidth: Bandwidth::AsRate,
    antenna,
    bias_tee: BiasTee::None,
    // Without it 4,194,304 samples are queued: a stop would come four seconds late, and the end of a signal be lost.
    stream_args: &[("bufferLength", "65536")],
    queue: Queue { samples: 65_536, time: Duration::from_millis(50) },
    idle: Idle::Radiates,
    after_kill: AfterKill::OpenAndClose,
    usb: &[usb(0x1d50, 0x6108), usb(0x0403, 0x601f)],
    needs: Needs {
        module: "libLMS7Support.so",
        packages: "soapysdr-module-lms7 limesuite-udev",
        images: None,
        firmware: None,
    },
};

fn antenna(antennas: &[String], hz: f64) -> Option<String> {
    let wanted = match antennas.iter().any(|antenna| antenna == "Auto") {
        true => "Auto",
        false if hz <= BAND_EDGE => "BAND1",
        false => "BAND2",
    };
    Some(wanted.to_owned())
}
