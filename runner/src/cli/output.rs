//! Standard output, for people or for programs.

use serde_json::Value;
use std::io::{self, Write};

#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    pub(super) json: bool,
}

impl Output {
    /// Prints a line for people, or a JSON value for programs. A closed pipe is no error.
    pub(super) fn print(self, people: &str, programs: &Value) {
        let _ = match self.json {
            true => writeln!(io::stdout(), "{programs}"),
            false => writeln!(io::stdout(), "{people}"),
        };
    }
}
