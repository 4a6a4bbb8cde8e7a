//! WAV files, streamed from disk.

mod encoding;
mod header;

use crate::Waveform;
use crate::modulation::BuildError;
use encoding::Encoding;
use num_complex::Complex32;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::ops::Range;
use std::path::Path;

/// Frames read from disk at once.
const BLOCK: usize = 2048;

/// The sound of a WAV file, in the real parts of its samples, at the rate of the file. Two channels are averaged.
///
/// Unlike other waveforms it may begin and end anywhere.
#[derive(Debug)]
pub(crate) struct Wav {
    file: File,
    encoding: Encoding,
    channels: usize,
    rate: f64,
    len: u64,
    position: u64,
    bytes: Vec<u8>,
}

/// Samples per second of a WAV file. None when it cannot be sent; building a waveform of it says why.
#[must_use]
pub fn wav_rate(path: &Path) -> Option<u32> {
    Wav::open(path).ok().map(|wav| wav.rate as u32)
}

impl Wav {
    /// Checks the header and that all samples it promises are there.
    ///
    /// # Errors
    /// [`BuildError::Audio`] says what is wrong with the file, [`BuildError::Io`] that it cannot be read.
    pub(crate) fn open(path: &Path) -> Result<Self, BuildError> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut reader = BufReader::new(file);
        let header = header::read(&mut reader, size)?;
        // What the buffer has read too much, the file must give again.
        let start = reader.stream_position()?;
        let mut file = reader.into_inner();
        file.seek(io::SeekFrom::Start(start))?;
        let frame = header.encoding.bytes() * header.channels;
        Ok(Self {
            file,
            encoding: header.encoding,
            channels: header.channels,
            rate: header.rate.into(),
            len: header.frames,
            position: 0,
            bytes: vec![0; BLOCK * frame],
        })
    }

    /// Reads frames from disk into the beginning of `out`, and tells how many.
    fn read(&mut self, out: &mut [Complex32]) -> io::Result<usize> {
        let sample = self.encoding.bytes();
        let frame = sample * self.channels;
        let left = usize::try_from(self.len - self.position).unwrap_or(usize::MAX);
        let frames = left.min(out.len()).min(BLOCK);
        let (bytes, _) = self.bytes.split_at_mut(frames * frame);
        self.file.read_exact(bytes)?;
        for (out, frame) in out.iter_mut().zip(bytes.chunks_exact(frame)) {
            let sum: f32 = frame.chunks_exact(sample).map(|bytes| self.encoding.decode(bytes)).sum();
            *out = Complex32::new(sum / self.channels as f32, 0.0);
        }
        self.position += frames as u64;
        Ok(frames)
    }
}

impl Waveform for Wav {
    fn sample_rate(&self) -> f64 {
        self.rate
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn occupied_bandwidth(&self) -> Range<f64> {
        -self.rate / 2.0..self.rate / 2.0
    }

    fn fill(&mut self, out: &mut [Complex32]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read(rest)? {
                0 => break,
                frames => filled += frames,
            }
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests;
