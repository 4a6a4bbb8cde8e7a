//! Event files, read and checked: `challenges.yml`, the older `server-config.yml`, and the legacy flags CSV.
//!
//! Everything that can be known before a transmission is checked here, by building the waveform. [`Reader`] returns
//! every problem with its line, beside the challenges that have none; [`read`] returns either all of an event or the
//! problems.

#![warn(missing_docs)]

mod check;
mod csv;
mod defaults;
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

/// Reads and checks an event file of any of the three formats, with the built-in frequency rules. The files that it
/// names are looked up under `base`; by default in the event file's own folder, then in the one above.
///
/// # Errors
/// [`Refused`] with all problems and the line of each, if there is any.
pub fn read(path: &Path, base: Option<&Path>) -> Result<Event, Refused> {
    Reader::default().read(path, base).whole()
}
