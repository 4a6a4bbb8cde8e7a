//! A cage for what may hang, crash or go on without end: a child process of this program's own file.
//!
//! Parent and child send each other messages, one JSON value a line, on the child's standard input and output. The
//! parent ([`Supervised`]) hears whether the child lives, and kills it when it goes silent or does not end in time. The
//! child ([`child`]) notices when the parent goes away, and is killed with it. Both read one [`clock`].
//!
//! Nothing here knows what the child does: its messages and their meaning belong to the user of the cage, which is
//! `transmit`.

pub mod child;
pub mod clock;
pub mod lock;
mod supervised;

pub use supervised::{Heard, Supervised, this_program};

use serde::Serialize;
use std::io;

/// Writes a message as it goes through a pipe.
fn line(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}
