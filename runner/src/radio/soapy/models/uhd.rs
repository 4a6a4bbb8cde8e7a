//! USRP B200 and B210, SoapyUHD 0.4.1, UHD 4.3.
//!
//! The front end switches to transmit with the first samples and back with the end of a burst, so that an open device
//! without a stream is silent; so it is without its process, which has to feed it. Opening may load the FPGA.

use crate::radio::soapy::model::{
    AfterKill, Bandwidth, BiasTee, Gain, Idle, Images, Model, Needs, Queue, as_it_is, usb,
};
use std::time::Duration;

pub(in crate::radio::soapy) const MODEL: Model = Model {
    driver: "uhd",
    name: "USRP",
    gains: &[Gain::new("PGA", 30.0)],
    frequencies: None,
    rates: None,
    // Follows the master clock rate.
    bandwidth: Bandwidth::Automatic,
    antenna: as_it_is,
    bias_tee: BiasTee::None,
    stream_args: &[],
    queue: Queue { samples: 0, time: Duration::from_millis(50) },
    idle: Idle::Silent,
    after_kill: AfterKill::Nothing,
    usb: &[
        usb(0x2500, 0x0020),
        usb(0x2500, 0x0021),
        usb(0x2500, 0x0022),
        usb(0x3923, 0x7813),
        usb(0x3923, 0x7814),
        usb(0xfffe, 0x0002),
    ],
    needs: Needs {
        module: "libuhdSupport.so",
        packages: "soapysdr-module-uhd uhd-host",
        images: Some(Images {
            variable: "UHD_IMAGES_DIR",
            folders: &["/usr/share/uhd/images", "/usr/local/share/uhd/images"],
            names: ("usrp_b2", ".bin"),
            command: "sudo uhd_images_downloader -t b2xx",
        }),
        firmware: None,
    },
};
