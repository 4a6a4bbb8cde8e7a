//! Event files, read and checked: `challenges.yml`, the older `server-config.yml`, and the legacy flags CSV.
//!
//! Everything that can be known before a transmission is checked here, by building the waveform. [`Reader`] gives every
//! problem it finds, each with its line, beside what is right; [`read`] takes a file whole or not at all.

#![warn(missing_docs)]

mod check;
mod csv;
mod delays;
mod draft;
mod elsewhere;
mod hertz;
mod keys;
mod lookup;
mod parameters;
mod ranges;
mod reader;
mod report;
mod single;
mod source;
mod write;
mod yaml;

pub use keys::{PAYLOAD_KEYS, TUNING_KEYS, keys_of};
pub use ranges::well_known_ranges;
pub use reader::{Reader, Reading};

use challengectl_common::challenge::NamedRange;
use challengectl_common::{ChallengeSpec, ConferenceChange};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
pub use write::{EVENT_FILE, write};

/// An event file, checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event {
    /// What the file tells of the conference, where it tells of one.
    pub conference: Option<ConferenceChange>,
    /// The named frequency ranges that the file brings along.
    pub ranges: Vec<NamedRange>,
    /// Its challenges, in the file's order.
    pub challenges: Vec<Challenge>,
    /// The names of all challenges in the file, also of those that are not right.
    pub names: Vec<String>,
    /// What was read differently from how it is written, or passed over.
    pub remarks: Vec<Remark>,
}

/// One challenge of an event file.
#[derive(Debug, Clone, PartialEq)]
pub struct Challenge {
    /// What the organiser wrote, checked.
    pub spec: ChallengeSpec,
    /// Whether that includes `enabled`. Otherwise one that is known already stays as it is, or an operator's decision
    /// would be taken back by the next import.
    pub says_enabled: bool,
    /// The line it begins on.
    pub line: u64,
    /// The file it puts on air, on this host.
    pub file: Option<PathBuf>,
    /// Seconds on air.
    pub duration: f64,
    /// Hertz relative to the nominal frequency.
    pub occupied_bandwidth: Range<f64>,
}

/// Something worth saying about a place in an event file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The event file.
    pub file: PathBuf,
    /// The line, where there is one.
    pub line: Option<u64>,
    /// The challenge, where it is about one.
    pub challenge: Option<String>,
    /// What there is to say.
    pub text: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(challenge) = &self.challenge {
            write!(f, ": {challenge}")?;
        }
        write!(f, ": {}", self.text)
    }
}

/// Why an event file was refused: everything that is wrong with it, in the file's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub Vec<Remark>);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

/// Reads and checks an event file of any of the three formats, whole or not at all, by the built-in frequency rules.
/// Files it names are looked up under `base`, by default the event file's own folder, then the one above.
///
/// # Errors
/// [`Refused`], with all problems and where each is.
pub fn read(path: &Path, base: Option<&Path>) -> Result<Event, Refused> {
    Reader::default().read(path, base).whole()
}
