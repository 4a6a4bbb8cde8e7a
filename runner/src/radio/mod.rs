//! Radios: drivers that put samples on air.
//!
//! A driver is one file here: its [`Settings`], the keys of `runner.yml` with defaults and checks, and the [`Radio`]
//! that they open. A new driver is a new file and a line in `drivers!`. Radios are opened only in a child process.

mod found;
mod pace;

use challengectl_common::{Band, ChallengeName, Frequency};
use challengectl_waveform::Complex32;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Instant;

pub(crate) use air::own_socket;
pub use found::{FoundDevice, Span};
pub(crate) use null::with_quoted_name;
#[cfg(not(feature = "soapy"))]
pub(crate) use soapy::NOT_BUILT_IN;
pub use soapy::Settings as Soapy;
pub(crate) use soapy::found as found_devices;

/// A radio that is open and tuned. Dropping it turns the carrier off too, but ignores errors.
pub trait Radio {
    /// Turns the carrier on. After an error it is off.
    fn start(&mut self) -> anyhow::Result<()>;

    /// Puts the next samples on air. Returns when the radio can accept more, at most 0.1 s later than the duration of
    /// the samples. After an error the carrier may still be on.
    fn write(&mut self, samples: &[Complex32]) -> anyhow::Result<()>;

    /// Puts on air what it holds back of the last samples. Returns when the last of them leaves the antenna; `None`
    /// while it still holds some, to be called again. A call takes no longer than that of [`Radio::write`].
    fn finish(&mut self) -> anyhow::Result<Option<Instant>> {
        Ok(Some(Instant::now()))
    }

    /// Turns the carrier off, at once: what is still on its way to the antenna is lost. An error says what was left
    /// undone.
    fn stop(&mut self) -> anyhow::Result<()>;

    /// Returns how often it ran dry since the carrier went on.
    fn underruns(&self) -> u64 {
        0
    }

    /// Returns whether it may stay open for the next transmission, now that its carrier is off: only where nothing at
    /// all leaves the antenna then.
    fn may_stay_open(&self) -> bool {
        false
    }

    /// Tunes it for another transmission, as if it had been opened by this driver. Returns whether it is the same device;
    /// otherwise nothing has changed.
    fn reuse(&mut self, _driver: &Driver, _tuning: &Tuning) -> anyhow::Result<bool> {
        Ok(false)
    }
}

/// The settings of a driver: the keys of a radio in `runner.yml` besides those of every radio.
///
/// They are read with `serde`; `deny_unknown_fields` makes a misspelt key an error with its line.
pub trait Settings {
    /// Returns the settings for `transmit --radio DRIVER` without a configuration; `None` if the driver needs one.
    fn unconfigured() -> Option<Self>
    where
        Self: Sized;

    /// Returns why the settings cannot work on this host or with each other.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// Names the hardware behind it; `None` for a radio made of software. A device is used by one process at a time,
    /// which outlives its parent for as long as closing takes: it may go on radiating when its process is killed. It leaks
    /// a carrier at its own frequency.
    fn device(&self) -> Option<String> {
        None
    }

    /// Returns what of the settings is passed over, and why.
    fn remarks(&self) -> &[String] {
        &[]
    }

    /// Does what has to be done from outside, so that the device is silent after its process was killed. Runs in a process
    /// of its own.
    fn silence(&self) -> anyhow::Result<()> {
        Ok(())
    }

    /// Finds out whether the device works again; nothing goes on air. Runs in a process of its own.
    fn probe(&self) -> anyhow::Result<()> {
        Ok(())
    }

    /// Opens and tunes the radio. The carrier stays off.
    fn open(&self, tuning: &Tuning) -> anyhow::Result<Box<dyn Radio>>;

    /// Resolves relative paths against the folder of the configuration file.
    fn resolve(&mut self, _folder: &Path) {}

    /// Says where the runner's state folder is.
    fn settle(&mut self, _state: &Path) {}

    /// Returns whether the radio never emits a signal.
    fn sends_nothing(&self) -> bool {
        false
    }

    /// Returns why it takes no work from a server; `None` if it does.
    fn refuses_work(&self) -> Option<&'static str> {
        None
    }

    /// Makes a radio without its own clock take as long as on air. One with a clock does so anyway.
    fn pace(&mut self) {}

    /// Returns the files of a recording with [`RecordingName::Challenge`]; `None` if it makes no recordings.
    fn recording(&self, _challenge: &ChallengeName) -> Option<RecordingFiles> {
        None
    }

    /// Sets the folder of the recordings. Returns whether the radio makes any.
    fn record_in(&mut self, _folder: &Path) -> bool {
        false
    }
}

/// The files of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingFiles {
    /// The metadata, `.sigmf-meta`.
    pub meta: PathBuf,
    /// The samples, `.sigmf-data`.
    pub data: PathBuf,
}

/// The data of a transmission that a radio needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuning {
    /// The radio's own frequency, that of 0 Hz in the baseband.
    pub centre: Frequency,
    /// The frequency of the challenge.
    pub nominal: Frequency,
    /// The band that the signal occupies on air.
    pub band: Band,
    /// Samples per second.
    pub sample_rate: u64,
    /// The total number of samples.
    pub samples: u64,
    /// The challenge, for recordings.
    pub challenge: ChallengeName,
    /// The name of a recording.
    pub recording: RecordingName,
}

/// The naming of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingName {
    /// By the challenge alone; an older recording is replaced.
    Challenge,
    /// By time, challenge and assignment, so that each transmission has its own.
    Assignment(i64),
}

macro_rules! drivers {
    ($($name:ident: $module:ident),+ $(,)?) => {
        $(mod $module;)+

        /// The driver of a radio, with its settings.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "driver", rename_all = "snake_case")]
        pub enum Driver {
            $($name($module::Settings),)+
        }

        impl Driver {
            /// Returns the driver's name in the configuration.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($module),)+
                }
            }

            /// Returns the driver's settings.
            #[must_use]
            pub fn settings(&self) -> &dyn Settings {
                match self {
                    $(Self::$name(settings) => settings,)+
                }
            }

            /// Returns the driver's settings for a change.
            pub fn settings_mut(&mut self) -> &mut dyn Settings {
                match self {
                    $(Self::$name(settings) => settings,)+
                }
            }

            /// Returns the drivers that work without a configuration.
            #[must_use]
            pub fn unconfigured() -> Vec<Self> {
                [$($module::Settings::unconfigured().map(Self::$name),)+].into_iter().flatten().collect()
            }
        }
    };
}

impl Driver {
    /// Returns the settings of radio hardware.
    pub(crate) fn soapy(&self) -> Option<&Soapy> {
        match self {
            Self::Soapy(settings) => Some(settings),
            _ => None,
        }
    }
}

drivers! {
    Air: air,
    File: file,
    Null: null,
    Soapy: soapy,
}
