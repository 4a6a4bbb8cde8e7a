//! Radios: what takes samples and puts them on air.
//!
//! A driver is one file here: its [`Settings`], which hold its keys of `runner.yml` with defaults and checks, and the
//! [`Radio`] that they open. A new driver is a new file and a line in `drivers!`. A radio is opened only in a child
//! process.

mod pace;

use challengectl_common::{Band, ChallengeName, Frequency};
use challengectl_waveform::Complex32;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

pub(crate) use air::own_socket;
pub(crate) use null::with_quoted_name;

/// A radio that is open and tuned. Dropping it turns the carrier off too, but then errors go unheard.
pub trait Radio {
    /// Turns the carrier on. After an error it is off.
    fn start(&mut self) -> anyhow::Result<()>;

    /// Puts the next samples on air. Returns when the radio can take more, at most a tenth of a second beyond the time
    /// that the samples last. After an error the carrier may still be on.
    fn write(&mut self, samples: &[Complex32]) -> anyhow::Result<()>;

    /// Turns the carrier off. An error says what was left undone.
    fn stop(&mut self) -> anyhow::Result<()>;
}

/// The settings of a driver: what `runner.yml` says of a radio beside the keys that every radio has.
///
/// They are read from the radio's keys with `serde`; `deny_unknown_fields` makes a misspelt key an error that names its
/// line.
pub trait Settings {
    /// Returns what `transmit --radio DRIVER` uses without a configuration; `None` for a driver that needs one.
    fn unconfigured() -> Option<Self>
    where
        Self: Sized;

    /// Opens and tunes the radio. The carrier stays off.
    fn open(&self, tuning: &Tuning) -> anyhow::Result<Box<dyn Radio>>;

    /// Resolves relative paths against the folder of the configuration file.
    fn resolve(&mut self, _folder: &Path) {}

    /// Says where the runner's state folder is.
    fn settle(&mut self, _state: &Path) {}

    /// Returns whether nothing of what it is given ever leaves the host.
    fn sends_nothing(&self) -> bool {
        false
    }

    /// Returns why a server may not hand out work for it; `None` if it may.
    fn refuses_work(&self) -> Option<&'static str> {
        None
    }

    /// Makes a radio without a clock of its own take as long as on air. One with a clock does so anyway.
    fn pace(&mut self) {}

    /// Returns the files of a recording with [`RecordingName::Challenge`]; `None` if it makes no recordings.
    fn recording(&self, _challenge: &ChallengeName) -> Option<RecordingFiles> {
        None
    }

    /// Has it leave its recordings in this folder. Returns whether it makes any.
    fn record_in(&mut self, _folder: &Path) -> bool {
        false
    }
}

/// The files of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingFiles {
    /// The description.
    pub meta: PathBuf,
    /// The samples.
    pub data: PathBuf,
}

/// What a radio needs to know of a transmission.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuning {
    /// The radio's own frequency: that of a signal at 0 Hz of the baseband.
    pub centre: Frequency,
    /// The frequency of the challenge.
    pub nominal: Frequency,
    /// The band that the signal occupies on air.
    pub band: Band,
    /// Samples per second.
    pub sample_rate: u64,
    /// Samples in all.
    pub samples: u64,
    /// The challenge, for recordings.
    pub challenge: ChallengeName,
    /// The name of a recording.
    pub recording: RecordingName,
}

/// How a recording is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingName {
    /// After the challenge alone; an older one is replaced.
    Challenge,
    /// After time, challenge and assignment, so that each transmission has its own.
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

            /// Returns the driver's settings, to change them.
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

drivers! {
    Air: air,
    File: file,
    Null: null,
}
