//! The contents of an event file, and problems and remarks about it.

use crate::TextForm;
use crate::card::Card;
use crate::instance::Form;
use challengectl_common::challenge::NamedRange;
use challengectl_common::{ChallengeSpec, ConferenceChange};
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// The valid contents of an event file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event {
    /// The keys of the conference that the file gives; `None` if it gives none.
    pub conference: Option<ConferenceChange>,
    /// The named frequency ranges that the file defines or uses.
    pub ranges: Vec<NamedRange>,
    /// The challenges that go on air, in the file's order.
    pub challenges: Vec<Challenge>,
    /// The challenges of kind `instance`, in the file's order.
    pub instances: Vec<Instance>,
    /// The challenges of kind `text`, in the file's order.
    pub texts: Vec<Text>,
    /// The names of all challenges in the file that go on air, including those with problems.
    pub names: Vec<String>,
    /// Remarks: keys that are ignored, and values that are read differently from how they are written.
    pub remarks: Vec<Remark>,
}

impl Event {
    /// Returns the number of valid challenges of all kinds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.challenges.len() + self.instances.len() + self.texts.len()
    }
}

/// A challenge of kind `instance` of an event file.
pub type Instance = Entry<Form>;

/// A challenge of kind `text` of an event file.
pub type Text = Entry<TextForm>;

/// A challenge of an event file that is the keys of a form.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry<F> {
    /// The validated challenge.
    pub form: F,
    /// What the file says of it for the Docker front.
    pub card: Card,
    /// The files of its card, found on this host; `None` if the file gives none.
    pub files: Option<Vec<EntryFile>>,
    /// Whether the file gives `enabled`, as of [`Challenge`].
    pub says_enabled: bool,
    /// The line of the file on which it begins, from 1.
    pub line: u64,
}

/// A file of a challenge of an event file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFile {
    /// The last part of its path, which players see.
    pub name: String,
    /// Whether it belongs to the solution.
    pub of_solution: bool,
    /// Its path on this host.
    pub path: PathBuf,
}

/// One challenge of an event file that goes on air.
#[derive(Debug, Clone, PartialEq)]
pub struct Challenge {
    /// The validated challenge.
    pub spec: ChallengeSpec,
    /// Whether the file gives `enabled`. If not, an import keeps a known challenge enabled or disabled, so as not to
    /// revert an operator's decision.
    pub says_enabled: bool,
    /// The line of the file on which it begins, from 1.
    pub line: u64,
    /// The path on this host of the payload's file; `None` for text.
    pub file: Option<PathBuf>,
    /// The length of the transmission in seconds.
    pub duration: f64,
    /// The edges of the occupied band, in hertz relative to the nominal frequency; with room for the identification of a
    /// station.
    pub occupied_bandwidth: Range<f64>,
}

/// A problem or a remark about a place in an event file. Shown as `FILE:LINE: CHALLENGE: TEXT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The path of the event file, or the name with which it was uploaded.
    pub file: PathBuf,
    /// The line, from 1; `None`: the file as a whole.
    pub line: Option<u64>,
    /// The name of the challenge, if it concerns one.
    pub challenge: Option<String>,
    /// The cause and the way out.
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

/// Why an event file is refused: all problems, in the file's order. Displayed one per line.
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
