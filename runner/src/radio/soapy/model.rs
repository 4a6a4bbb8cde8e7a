//! The facts about a model of radio, as data: one file for each model in `models/`. The code that uses them is the same for
//! all.

use std::ops::RangeInclusive;
use std::time::Duration;

/// A model, as a SoapySDR module drives it.
#[derive(Debug)]
pub(super) struct Model {
    /// The module's name, as in `driver=`.
    pub(super) driver: &'static str,
    /// The name for people.
    pub(super) name: &'static str,
    /// All its gain elements, in the order in which they are set: those that could amplify too much first. Elements that a
    /// device lacks are ignored.
    pub(super) gains: &'static [Gain],
    /// The frequencies that it reaches in hertz, if the module reports others.
    pub(super) frequencies: Option<RangeInclusive<f64>>,
    /// The sample rates in hertz, if the module reports others.
    pub(super) rates: Option<RangeInclusive<f64>>,
    pub(super) bandwidth: Bandwidth,
    /// Chooses the antenna for a frequency in hertz, where the configuration names none.
    pub(super) antenna: fn(&[String], f64) -> Option<String>,
    pub(super) bias_tee: BiasTee,
    /// The default arguments of the stream.
    pub(super) stream_args: &'static [(&'static str, &'static str)],
    pub(super) queue: Queue,
    pub(super) idle: Idle,
    pub(super) after_kill: AfterKill,
    /// The USB identities of its devices.
    pub(super) usb: &'static [UsbId],
    pub(super) needs: Needs,
}

/// A gain element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gain {
    pub(super) element: &'static str,
    /// The default in decibels, for a receiver in the same room.
    pub(super) default: f64,
    /// Whether it must be set again once the stream is active: the module does not pass it on before, or the firmware
    /// clears it.
    pub(super) again_when_active: bool,
}

impl Gain {
    pub(super) const fn new(element: &'static str, default: f64) -> Self {
        Self { element, default, again_when_active: false }
    }
}

/// The default of the analogue filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bandwidth {
    /// The driver follows the sample rate by itself.
    Automatic,
    /// The driver leaves it as it was, so it is set to the sample rate, or to the nearest possible value.
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

/// The delay between a write and the antenna, beyond what the sample clock accounts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Queue {
    /// Samples that are sent before those of the first write.
    pub(super) samples: u64,
    /// An additional time.
    pub(super) time: Duration,
}

/// The emission of an open device without a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Idle {
    /// None: the device stays open between transmissions.
    Silent,
    /// A carrier: the device is opened when the carrier may go on, and closed after each transmission.
    Radiates,
    /// Unknown: treated as [`Self::Radiates`].
    Unknown,
}

/// The way to silence a radio whose process was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterKill {
    /// None is needed: it is silent without its process.
    Nothing,
    /// Enumerating: it opens and closes each free device, and closing turns the transmitter off.
    Enumerate,
    /// Opening it, turning all gains down, and closing it.
    OpenAndClose,
    /// The same with a stream: only closing one turns the oscillator off.
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

/// The software that a host needs for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Needs {
    /// The file name of the SoapySDR module.
    pub(super) module: &'static str,
    /// Debian's packages; empty if Debian has no such module.
    pub(super) packages: &'static str,
    /// FPGA or firmware images that the host loads.
    pub(super) images: Option<Images>,
    /// The oldest firmware without a known defect.
    pub(super) firmware: Option<Firmware>,
}

/// The minimum firmware of a radio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Firmware {
    /// The oldest version. Versions are dates, so they sort as text.
    pub(super) oldest: &'static str,
    /// The defect of older ones, and the way to a newer one.
    pub(super) otherwise: &'static str,
}

/// Images for the FPGA or the firmware that the host loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Images {
    /// The environment variable that names their folder.
    pub(super) variable: &'static str,
    /// The default folders.
    pub(super) folders: &'static [&'static str],
    /// The beginning and the end of their names.
    pub(super) names: (&'static str, &'static str),
    /// The command, or the way, to get them.
    pub(super) command: &'static str,
}

/// Leaves the antenna to the driver: there is only one, or its choice is right.
pub(super) fn as_it_is(_: &[String], _: f64) -> Option<String> {
    None
}
