//! WAV files, streamed from disk.

mod encoding;
mod header;

use crate::error::BuildError;
use challengectl_dsp::{Complex32, Waveform};
pub(crate) use encoding::Encoding;
use std::fs::File;
use std::io::{self, BufReader};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// Frames read from disk at once.
const BLOCK: usize = 2048;

/// The sound of a WAV file, in the real parts of its samples, at the rate of the file. Two channels are averaged.
///
/// Unlike other waveforms it need not begin and end in silence.
#[derive(Debug, Clone)]
pub(crate) struct Wav {
    file: Arc<File>,
    /// Bytes before the first sample.
    start: u64,
    encoding: Encoding,
    channels: usize,
    rate: f64,
    len: u64,
    surplus: u64,
    gain: f32,
    position: u64,
    bytes: Vec<u8>,
    samples: Vec<f32>,
}

/// Returns the sample rate of a WAV file in hertz; `None` if the file cannot be sent. Building a waveform from it gives
/// the reason.
#[must_use]
pub fn wav_rate(path: &Path) -> Option<u32> {
    Wav::open(path).ok().map(|wav| wav.rate as u32)
}

impl Wav {
    /// Opens a file; checks the header, and that the file has all samples that it gives.
    ///
    /// # Errors
    /// [`BuildError::File`] says what is wrong with the file, [`BuildError::Io`] that it cannot be read.
    pub(crate) fn open(path: &Path) -> Result<Self, BuildError> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut reader = BufReader::new(file);
        let header = header::read(&mut reader, size)?;
        let samples = BLOCK * header.channels;
        Ok(Self {
            file: Arc::new(reader.into_inner()),
            start: header.start,
            encoding: header.encoding,
            channels: header.channels,
            rate: header.rate.into(),
            len: header.frames,
            surplus: header.surplus,
            gain: 1.0,
            position: 0,
            bytes: vec![0; samples * header.encoding.bytes()],
            samples: vec![0.0; samples],
        })
    }

    /// Multiplies the sound by `gain`. Samples beyond full scale are clipped, as in any converter.
    pub(crate) fn amplified(self, gain: f32) -> Self {
        Self { gain, ..self }
    }

    pub(crate) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The number of channels, 1 or 2.
    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// Seconds of sound after the end given by the header.
    pub(crate) fn surplus(&self) -> f64 {
        self.surplus as f64 / self.rate
    }

    /// Passes all samples of the file to `look`, block by block and unchanged; those of two channels are interleaved.
    pub(crate) fn each_block(&mut self, mut look: impl FnMut(&[f32])) -> io::Result<()> {
        let mut frame = 0;
        while frame < self.len {
            let samples = self.decode(frame, BLOCK)?;
            look(samples);
            frame += BLOCK as u64;
        }
        Ok(())
    }

    /// Decodes at most `frames` frames, and at most a block, from `frame` on.
    fn decode(&mut self, frame: u64, frames: usize) -> io::Result<&[f32]> {
        let left = usize::try_from(self.len.saturating_sub(frame)).unwrap_or(usize::MAX);
        let samples = left.min(frames).min(BLOCK) * self.channels;
        let size = self.encoding.bytes();
        let (bytes, _) = self.bytes.split_at_mut(samples * size);
        self.file.read_exact_at(bytes, self.start + frame * (self.channels * size) as u64)?;
        let (samples, _) = self.samples.split_at_mut(samples);
        self.encoding.decode(bytes, samples);
        Ok(samples)
    }

    /// Reads frames from `frame` on into the beginning of `out` and returns their number; 0 only at the end of the
    /// sound.
    fn read(&mut self, frame: u64, out: &mut [Complex32]) -> io::Result<usize> {
        let (channels, gain) = (self.channels, self.gain / self.channels as f32);
        let samples = self.decode(frame, out.len())?;
        let frames = samples.len() / channels;
        if let [_] = samples.get(..channels).unwrap_or_default() {
            for (out, sample) in out.iter_mut().zip(samples) {
                *out = within_scale(gain * sample);
            }
        } else {
            let (pairs, _) = samples.as_chunks::<2>();
            for (out, [left, right]) in out.iter_mut().zip(pairs) {
                *out = within_scale(gain * (left + right));
            }
        }
        Ok(frames)
    }
}

/// Clamps a sample to full scale; NaN and infinity become silence.
fn within_scale(sample: f32) -> Complex32 {
    Complex32::new(if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 }, 0.0)
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
            match self.read(self.position, rest)? {
                0 => break,
                frames => {
                    filled += frames;
                    self.position += frames as u64;
                }
            }
        }
        Ok(filled)
    }
}

/// Pieces of a sound, joined to one.
pub(crate) struct Excerpts {
    wav: Wav,
    /// Frames of the sound, not empty.
    pieces: Vec<Range<u64>>,
    /// The current piece, and the number of its frames that are read.
    piece: usize,
    within: u64,
}

impl Excerpts {
    pub(crate) fn of(wav: &Wav, pieces: Vec<Range<u64>>) -> Self {
        Self { wav: wav.clone(), pieces, piece: 0, within: 0 }
    }
}

impl Waveform for Excerpts {
    fn sample_rate(&self) -> f64 {
        self.wav.rate
    }

    fn len(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.end - piece.start).sum()
    }

    fn occupied_bandwidth(&self) -> Range<f64> {
        self.wav.occupied_bandwidth()
    }

    fn fill(&mut self, out: &mut [Complex32]) -> io::Result<usize> {
        let mut filled = 0usize;
        while let Some(piece) = self.pieces.get(self.piece) {
            let at = piece.start + self.within;
            let left = usize::try_from(piece.end.saturating_sub(at)).unwrap_or(usize::MAX);
            if left == 0 {
                (self.piece, self.within) = (self.piece + 1, 0);
                continue;
            }
            let end = out.len().min(filled.saturating_add(left));
            let Some(rest) = out.get_mut(filled..end).filter(|rest| !rest.is_empty()) else { break };
            let frames = self.wav.read(at, rest)?;
            if frames == 0 {
                break;
            }
            filled += frames;
            self.within += frames as u64;
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests;
