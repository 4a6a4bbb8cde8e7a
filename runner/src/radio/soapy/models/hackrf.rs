//! HackRF One and Pro, SoapyHackRF 0.3.3, libhackrf 2022.09.1.
//!
//! `deactivateStream` drops the queue at once and turns off carrier, amplifier and bias-T, so that an open device is
//! silent. A process that is killed leaves the carrier on until somebody opens the device again: libhackrf's close sends
//! "transceiver off", and looking for devices opens and closes all that are free.

use crate::radio::soapy::model::{
    AfterKill, Bandwidth, BiasTee, Firmware, Gain, Idle, Model, Moment, Needs, Queue, as_it_is, usb,
};
use std::time::Duration;

pub(in crate::radio::soapy) const MODEL: Model = Model {
    driver: "hackrf",
    name: "HackRF",
    // SoapyHackRF 0.3.3 passes AMP on only while it transmits, newer firmware clears it with each stop.
    gains: &[Gain { element: "AMP", default: 0.0, again_when_active: true }, Gain::new("VGA", 15.0)],
    // The module says 0 to 7.25 GHz, only logs what is beyond, and reads the wish back.
    frequencies: Some(1e6..=6e9),
    rates: Some(2e6..=20e6),
    // libhackrf sets 0.75 of the rate with each rate.
    bandwidth: Bandwidth::Automatic,
    antenna: as_it_is,
    bias_tee: BiasTee::Setting { key: "bias_tx", when: Moment::Active },
    stream_args: &[],
    // Four transfers of silence go first; the firmware's buffer comes after.
    queue: Queue { samples: 4 * 131_072 + 16_384, time: Duration::ZERO },
    idle: Idle::Silent,
    after_kill: AfterKill::Enumerate,
    usb: &[usb(0x1d50, 0x6089), usb(0x1d50, 0x604b), usb(0x1d50, 0xcc15)],
    needs: Needs {
        module: "libHackRFSupport.so",
        packages: "soapysdr-module-hackrf",
        images: None,
        firmware: Some(Firmware {
            oldest: "2022.09.1",
            otherwise: "it repeats its last buffer when it runs dry; get a newer one from \
                        https://github.com/greatscottgadgets/hackrf/releases: hackrf_spiflash -w hackrf_one_usb.bin",
        }),
    },
};
