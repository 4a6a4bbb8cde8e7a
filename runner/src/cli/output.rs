//! What goes to standard output, for people or for programs.

use serde_json::Value;
use std::io::{self, Write};

#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    pub(super) json: bool,
}

impl Output {
    /// One or the other. A reader that went away is no error.
    pub(super) fn line(self, people: &str, programs: &Value) {
        let _ = match self.json {
            true => writeln!(io::stdout(), "{programs}"),
            false => writeln!(io::stdout(), "{people}"),
        };
    }
}
