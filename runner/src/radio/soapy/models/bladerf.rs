//! bladeRF x40, x115 and 2.0 micro, SoapyBladeRF 0.4.1, libbladeRF 2022.11.
//!
//! `setupStream` turns the carrier on and `closeStream` turns it off; `deactivateStream` lets the queue play. So a device
//! that is open without a stream is silent. Whether the carrier outlives a process that is killed was seen both ways.

use crate::radio::soapy::model::{
    AfterKill, Bandwidth, BiasTee, Gain, Idle, Images, Model, Moment, Needs, Queue, as_it_is, usb,
};
use std::time::Duration;

pub(in crate::radio::soapy) const MODEL: Model = Model {
    driver: "bladerf",
    name: "bladeRF",
    // The first two are those of x40 and x115, the last that of the 2.0, which gives about 0 dBm at -6.
    gains: &[Gain::new("txvga2", 0.0), Gain::new("txvga1", -25.0), Gain::new("dsa", -40.0)],
    frequencies: None,
    // The step of the reported range (its end divided by 16) is meaningless.
    rates: None,
    bandwidth: Bandwidth::AsRate,
    antenna: as_it_is,
    bias_tee: BiasTee::Setting { key: "biastee_tx", when: Moment::Open },
    stream_args: &[],
    queue: Queue { samples: 32 * 4096, time: Duration::from_millis(50) },
    idle: Idle::Silent,
    after_kill: AfterKill::OpenAndClose,
    usb: &[usb(0x2cf0, 0x5246), usb(0x1d50, 0x6066), usb(0x2cf0, 0x5250)],
    needs: Needs {
        module: "libbladeRFSupport.so",
        packages: "soapysdr-module-bladerf bladerf",
        images: Some(Images {
            variable: "BLADERF_SEARCH_DIR",
            folders: &["/etc/Nuand/bladeRF", "/usr/share/Nuand/bladeRF"],
            names: ("hosted", ".rbf"),
            command: "get the image of the board (hostedxA4.rbf and the like) from https://www.nuand.com/fpga_images/, and \
                      put it into /usr/share/Nuand/bladeRF, or into the board: bladeRF-cli -L FILE",
        }),
        firmware: None,
    },
};
