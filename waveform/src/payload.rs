//! The payload of a waveform: text or a file.

use std::path::Path;

/// The maximum length of a text, in bytes. A longer one would be hours of Morse, and a mistake must not fill memory.
pub const MAX_TEXT_BYTES: usize = 4096;

/// The kind of payload that a modulation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Text of at most [`MAX_TEXT_BYTES`] bytes.
    Text,
    /// A WAV file.
    Audio,
    /// A picture: text that is drawn, or a PNG file.
    Picture,
}

/// The payload of one waveform.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// Text.
    Text(&'a str),
    /// The path of a file on this host. Messages do not include it, since the caller knows the name that people use.
    File(&'a Path),
}

impl<'a> Payload<'a> {
    /// Returns the text; empty for a file.
    pub(crate) fn text(&self) -> &'a str {
        match self {
            Self::Text(text) => text,
            Self::File(_) => "",
        }
    }
}
