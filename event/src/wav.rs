//! The sample rate that a WAV file gives for itself.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// More chunks before `fmt ` than any program writes.
const MAX_CHUNKS: usize = 64;

/// None when it is no WAV file or cannot be read; the modulation says so better.
pub(crate) fn sample_rate(path: &Path) -> Option<u32> {
    rate(&mut BufReader::new(File::open(path).ok()?))
}

fn rate(file: &mut (impl Read + Seek)) -> Option<u32> {
    let riff: [u8; 12] = bytes(file)?;
    let known = [b"RIFF", b"RF64", b"BW64"].iter().any(|form| riff.starts_with(*form));
    if !known || !riff.ends_with(b"WAVE") {
        return None;
    }
    for _ in 0..MAX_CHUNKS {
        let id: [u8; 4] = bytes(file)?;
        let len = u32::from_le_bytes(bytes(file)?);
        if id == *b"fmt " {
            // After the format tag and the number of channels, two bytes each.
            let _: [u8; 4] = bytes(file)?;
            return bytes(file).map(u32::from_le_bytes);
        }
        // Chunks are padded to even length.
        file.seek(SeekFrom::Current(i64::from(len) + i64::from(len % 2))).ok()?;
    }
    None
}

fn bytes<const N: usize>(file: &mut impl Read) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn the_rate_is_found_behind_other_chunks() {
        let wav = [
            &b"RIFF\0\0\0\0WAVE"[..],
            b"LIST\x03\0\0\0abc\0",
            b"fmt \x10\0\0\0\x01\0\x01\0",
            &44_100_u32.to_le_bytes(),
        ];
        assert_eq!(rate(&mut Cursor::new(wav.concat())), Some(44_100));
    }

    #[test]
    fn what_is_no_wav_file_has_no_rate() {
        for bytes in [&b""[..], b"RIFF", b"RIFF\0\0\0\0AVI ", b"RIFF\0\0\0\0WAVEdata\xff\xff\xff\xff"] {
            assert_eq!(rate(&mut Cursor::new(bytes)), None);
        }
    }
}
