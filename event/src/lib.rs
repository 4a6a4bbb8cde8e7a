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
mod event;
mod hertz;
mod keys;
pub mod limits;
mod lookup;
mod parameters;
mod ranges;
mod reader;
mod report;
mod single;
mod source;
mod write;
mod yaml;

pub use event::{Challenge, Event, Refused, Remark};
pub use keys::{PAYLOAD_KEYS, TUNING_KEYS, keys_of};
pub use ranges::well_known_ranges;
pub use reader::{Reader, Reading};
pub use write::{EVENT_FILE, write};

use std::path::Path;

/// Reads and checks an event file of any of the three formats, whole or not at all, by the built-in frequency rules.
/// Files it names are looked up under `base`, by default the event file's own folder, then the one above.
///
/// # Errors
/// [`Refused`], with all problems and where each is.
pub fn read(path: &Path, base: Option<&Path>) -> Result<Event, Refused> {
    Reader::default().read(path, base).whole()
}
