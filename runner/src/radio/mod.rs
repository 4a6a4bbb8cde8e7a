//! Radios: what takes samples and puts them on air.
//!
//! A kind of radio is one file here, with a `Settings` that opens it, and one line in `drivers!`. It is opened only in
//! a child process, see [`transmit`](crate::transmit).

mod file;
mod null;
mod pace;
mod prune;
mod sigmf;

use challengectl_common::{Band, ChallengeName, Frequency};
use challengectl_waveform::Complex32;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// A radio that is open and tuned. Dropping it turns the carrier off too, but nobody hears of errors then.
pub trait Radio {
    /// Turns the carrier on.
    ///
    /// # Errors
    /// [`RadioError`]; the carrier is then off.
    fn start(&mut self) -> Result<(), RadioError>;

    /// Puts the next samples on air. Returns when the radio can take more, within a tenth of a second beyond the time
    /// that the samples last.
    ///
    /// # Errors
    /// [`RadioError`]; the carrier may still be on.
    fn write(&mut self, samples: &[Complex32]) -> Result<(), RadioError>;

    /// Turns the carrier off.
    ///
    /// # Errors
    /// [`RadioError`] when something is left undone that people should know of.
    fn stop(&mut self) -> Result<(), RadioError>;
}

/// What a radio needs to know of a transmission.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuning {
    /// The frequency of a signal at 0 Hz of the baseband.
    pub centre: Frequency,
    /// The frequency of the challenge.
    pub nominal: Frequency,
    /// Where the signal lies on air.
    pub band: Band,
    /// Samples per second.
    pub sample_rate: u64,
    /// Samples in all.
    pub samples: u64,
    /// What goes on air.
    pub challenge: ChallengeName,
    /// How a recording of it is to be named.
    pub title: Title,
}

/// How a recording is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Title {
    /// After the challenge alone; an older one is replaced.
    Challenge,
    /// After time, challenge and assignment, so that each transmission has its own.
    Assignment(i64),
}

/// Why a radio does not do what it should.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum RadioError {
    #[error("{}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("the recording takes {needed} bytes, more than the keep_bytes of {limit}")]
    TooLong { needed: u64, limit: u64 },
}

impl RadioError {
    fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

macro_rules! drivers {
    ($($name:ident: $module:ident),+ $(,)?) => {
        /// The kinds of radio, each with its own settings.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "driver", rename_all = "snake_case")]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum Driver {
            $($name($module::Settings),)+
        }

        impl Driver {
            /// The name by which the configuration speaks of it.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($module),)+
                }
            }

            /// Paths that are relative mean this folder.
            pub fn resolve(&mut self, folder: &Path) {
                match self {
                    $(Self::$name(settings) => settings.resolve(folder),)+
                }
            }

            /// Opens and tunes the radio. The carrier stays off.
            ///
            /// # Errors
            /// [`RadioError`] tells what is wrong with it.
            pub fn open(&self, tuning: &Tuning) -> Result<Box<dyn Radio>, RadioError> {
                match self {
                    $(Self::$name(settings) => Ok(Box::new(settings.open(tuning)?)),)+
                }
            }
        }
    };
}

drivers! {
    File: file,
    Null: null,
}

impl Driver {
    /// Recordings in this folder.
    #[must_use]
    pub fn file(dir: &Path) -> Self {
        Self::File(file::Settings { directory: dir.to_owned(), keep_bytes: None, paced: false })
    }

    /// A radio that sends nothing.
    #[must_use]
    pub fn null() -> Self {
        Self::Null(null::Settings { paced: false, takes_work: false })
    }

    /// Whether nothing of it ever leaves the host.
    #[must_use]
    pub fn sends_nothing(&self) -> bool {
        matches!(self, Self::Null(_))
    }

    /// Whether a server may hand out work for it: not for one that sends nothing, unless its settings say so.
    #[must_use]
    pub fn takes_work(&self) -> bool {
        if let Self::Null(settings) = self { settings.takes_work } else { true }
    }

    /// Makes a radio without a clock of its own take as long as on air.
    pub fn pace(&mut self) {
        if let Self::File(settings) = self {
            settings.paced = true;
        }
        if let Self::Null(settings) = self {
            settings.paced = true;
        }
    }

    /// Where it leaves recordings, if it does.
    #[must_use]
    pub fn recordings(&self) -> Option<&Path> {
        if let Self::File(settings) = self { Some(&settings.directory) } else { None }
    }

    /// Makes it leave its recordings in this folder; false when it makes none.
    pub fn record_in(&mut self, dir: &Path) -> bool {
        let Self::File(settings) = self else { return false };
        dir.clone_into(&mut settings.directory);
        true
    }
}
