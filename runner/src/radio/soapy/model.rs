//! What is known of each model of radio. The facts are data, one file for each model in `models/`; the code that acts on
//! them is the same for all.

use std::ops::RangeInclusive;
use std::time::Duration;

/// A model, as a SoapySDR module drives it.
#[derive(Debug)]
pub(super) struct Model {
    /// The module's name, as in `driver=`.
    pub(super) driver: &'static str,
    /// For people.
    pub(super) name: &'static str,
    /// All its gain elements, in the order in which they are set: first what could amplify too much. Elements that the
    /// device at hand lacks are passed over.
    pub(super) gains: &'static [Gain],
    /// Where it really transmits, in hertz, when the module reports something else.
    pub(super) frequencies: Option<RangeInclusive<f64>>,
    /// Samples per second that it really takes, when the module reports something else.
    pub(super) rates: Option<RangeInclusive<f64>>,
    pub(super) bandwidth: Bandwidth,
    /// Chooses the antenna for a frequency in hertz, where the configuration names none.
    pub(super) antenna: fn(&[String], f64) -> Option<String>,
    pub(super) bias_tee: BiasTee,
    /// For the stream, unless the configuration says otherwise.
    pub(super) stream_args: &'static [(&'static str, &'static str)],
    pub(super) queue: Queue,
    pub(super) idle: Idle,
    pub(super) after_kill: AfterKill,
    /// How its USB devices are recognised.
    pub(super) usb: &'static [UsbId],
    pub(super) needs: Needs,
}

/// A gain element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gain {
    pub(super) element: &'static str,
    /// In decibels; for a receiver in the same room.
    pub(super) default: f64,
    /// Set once more when the stream is active: the module does not pass it on before, or the firmware clears it.
    pub(super) again_when_active: bool,
}

impl Gain {
    pub(super) const fn new(element: &'static str, default: f64) -> Self {
        Self { element, default, again_when_active: false }
    }
}

/// The analogue filter, where the configuration names no bandwidth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bandwidth {
    /// The driver follows the sample rate by itself.
    Automatic,
    /// It stays as it was, so that it is set to the sample rate, or to what is nearest.
    AsRate,
}

/// How the bias-T is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BiasTee {
    None,
    /// A setting that takes `true` and `false`, and nothing else.
    Setting {
        key: &'static str,
        when: Moment,
    },
}

/// When a setting takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Any time after the device is open.
    Open,
    /// Only while the stream is active.
    Active,
}

/// Samples between the last write and the antenna, beyond those that the clock accounts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Queue {
    /// Samples that go before ours.
    pub(super) samples: u64,
    /// Beside these.
    pub(super) time: Duration,
}

/// What leaves the antenna while nothing is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Idle {
    /// Nothing, once the stream is closed: the device stays open between transmissions.
    Silent,
    /// A carrier, as long as the device is open: it is opened when the carrier may go on, and closed after each
    /// transmission.
    Radiates,
    /// Nobody knows, so that it is treated as one that radiates.
    Unknown,
}

/// What silences the radio when its process was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterKill {
    /// It went silent by itself.
    Nothing,
    /// Looking for devices opens and closes each that nobody uses, and closing sends `off`.
    Enumerate,
    /// Opening it, all gains down, and closing it.
    OpenAndClose,
    /// The same, with a stream: only closing one turns the oscillator off.
    OpenAndCloseStream,
}

/// The USB identity of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UsbId {
    pub(super) vendor: u16,
    pub(super) product: u16,
}

pub(super) const fn usb(vendor: u16, product: u16) -> UsbId {
    UsbId { vendor, product }
}

/// What a host needs for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Needs {
    /// The file name of the SoapySDR module.
    pub(super) module: &'static str,
    /// Debian's packages with the module and what it needs; none if Debian has no such module.
    pub(super) packages: &'static str,
    /// Files without which it does not work.
    pub(super) images: Option<Images>,
    /// The oldest firmware that behaves, if older ones do not.
    pub(super) firmware: Option<Firmware>,
}

/// A firmware that a radio should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Firmware {
    /// Versions are dates, so that their order is that of their letters.
    pub(super) oldest: &'static str,
    /// What an older one does, and what brings a newer one.
    pub(super) otherwise: &'static str,
}

/// Images for the FPGA or the firmware that the host loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Images {
    /// The variable that names their folder.
    pub(super) variable: &'static str,
    /// Where they are looked for otherwise.
    pub(super) folders: &'static [&'static str],
    /// How their names begin and end.
    pub(super) names: (&'static str, &'static str),
    /// Brings them.
    pub(super) command: &'static str,
}

/// Leaves the antenna as it is: there is one, or the driver's own choice is right.
pub(super) fn as_it_is(_: &[String], _: f64) -> Option<String> {
    None
}
