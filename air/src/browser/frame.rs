//! Binary messages: a header of 16 bytes, then sound or a row. Little-endian.
//!
//! | Offset | Field |
//! |---|---|
//! | 0 | type: 1 a row, 2 sound |
//! | 1 | form, 0: of a row, one byte for each column, half decibels above -130 dBFS; of sound, 16-bit samples |
//! | 2 | epoch: which `view` or `tuned` message says what it is of |
//! | 4 | number of the row or of the 20 ms of sound; a gap says how many were dropped |
//! | 8 | number of the first sample of the band that it is of |

use hyper::body::Bytes;

/// The kind of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Row = 1,
    Audio = 2,
}

/// The header of a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) epoch: u16,
    pub(super) number: u32,
    pub(super) sample: u64,
}

/// A frame, and the number of its first sample.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) sample: u64,
    pub(super) bytes: Bytes,
}

impl Header {
    /// Builds a frame of this header and of the content that `fill` appends.
    pub(super) fn with<T>(self, capacity: usize, fill: impl FnOnce(&mut Vec<u8>) -> T) -> (Frame, T) {
        let mut bytes = Vec::with_capacity(16 + capacity);
        bytes.extend([self.kind as u8, 0]);
        bytes.extend(self.epoch.to_le_bytes());
        bytes.extend(self.number.to_le_bytes());
        bytes.extend(self.sample.to_le_bytes());
        let result = fill(&mut bytes);
        (Frame { sample: self.sample, bytes: bytes.into() }, result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_the_documented_layout() {
        let header = Header { kind: Kind::Audio, epoch: 0x0102, number: 3, sample: 0x0405 };
        let (frame, ()) = header.with(2, |bytes| bytes.extend([7, 8]));
        assert_eq!(frame.bytes, [2, 0, 2, 1, 3, 0, 0, 0, 5, 4, 0, 0, 0, 0, 0, 0, 7, 8].as_slice());
    }
}
