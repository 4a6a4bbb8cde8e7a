//! Supervised child processes, for work that may hang, crash or not end. A child runs this program's own file.
//!
//! Parent and child exchange messages, one JSON value per line, over the child's standard input and output. The parent
//! ([`Supervised`]) kills a child that is silent for too long or does not end in time. The child ([`child`]) notices
//! when the parent goes away, and is killed with it. Both use the same [`clock`].
//!
//! The module is independent of what the child does: messages and their meaning are defined by its user, `transmit`.

pub mod child;
pub mod clock;
pub mod lock;
pub mod priority;
mod supervised;

pub use supervised::{Heard, Supervised, this_program};

use serde::Serialize;
use std::io;

/// Returns a message as a line for a pipe.
fn line(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}
