//! Reads and checks event files: `challenges.yml`, the older `server-config.yml`, and the legacy flags CSV; and, as
//! challenges of kind `instance`, Compose files and the `challenge.yml` of ctfcli.
//!
//! Everything that can be checked before a transmission is checked here, including building the waveform. [`Reader`]
//! returns the valid challenges and every problem with its line; [`read`] returns the whole event or the problems.

#![warn(missing_docs)]

pub mod card;
mod check;
pub mod compose;
mod csv;
pub mod ctfcli;
mod defaults;
mod document;
mod draft;
mod elsewhere;
mod event;
pub mod instance;
mod keys;
pub mod limits;
mod lookup;
mod reader;
mod report;
mod single;
mod source;
mod text;
mod values;
mod write;
mod yaml;

pub use event::{Challenge, Entry, EntryFile, Event, Instance, Refused, Remark, Text};
pub use keys::{PAYLOAD_KEYS, TUNING_KEYS, keys_of};
pub use reader::{Reader, Reading};
pub use text::TextForm;
pub use values::ranges::well_known_ranges;
pub use write::{EVENT_FILE, write};

use std::path::Path;

/// Reads and checks an event file of any of the three formats, with the built-in frequency rules. Files that it names
/// are looked up under `base`; by default in the event file's own folder, then in its parent.
///
/// # Errors
/// [`Refused`] with all problems and their lines.
pub fn read(path: &Path, base: Option<&Path>) -> Result<Event, Refused> {
    Reader::default().read(path, base).whole()
}
