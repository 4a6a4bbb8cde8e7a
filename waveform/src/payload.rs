//! What a waveform carries.

use std::path::Path;

/// Text longer than this is refused: nobody could read hours of Morse, and a typing mistake must not fill memory.
pub const MAX_TEXT_BYTES: usize = 4096;

/// What a modulation carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Text of at most [`MAX_TEXT_BYTES`] bytes.
    Text,
    /// A WAV file.
    Audio,
}

/// What one waveform is to carry.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// Text.
    Text(&'a str),
    /// A file on this host. Messages do not name it: the caller knows what people call it.
    File(&'a Path),
}

impl<'a> Payload<'a> {
    /// The text; empty for a file.
    pub(crate) fn text(&self) -> &'a str {
        match self {
            Self::Text(text) => text,
            Self::File(_) => "",
        }
    }
}
