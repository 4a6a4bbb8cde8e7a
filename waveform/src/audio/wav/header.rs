//! Headers of WAV files: RIFF with a `WAVE` form, and its 64-bit variants RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088).

use super::encoding::Encoding;
use crate::error::BuildError;
use std::io::{self, BufRead, ErrorKind, Seek, SeekFrom};

/// The position and format of the samples.
#[derive(Debug)]
pub(super) struct Header {
    /// Bytes before the first sample.
    pub(super) start: u64,
    pub(super) encoding: Encoding,
    pub(super) channels: usize,
    /// Frames per second.
    pub(super) rate: u32,
    /// Samples of each channel.
    pub(super) frames: u64,
    /// Samples of each channel after the end given by the header.
    pub(super) surplus: u64,
}

/// Returns whether a length is a placeholder, as programs that write to a pipe and recorders that were switched off
/// leave it: 0; the largest number (ffmpeg); 0x7FFFF000 cut to whole frames (sox, espeak, mplayer); 0x80000000
/// (arecord); 0x7FFFFFFF; each possibly plus or minus the size of the header. So within 64 KiB of 2 GiB and of 4 GiB.
fn is_placeholder(length: u64) -> bool {
    matches!(length, 0 | 0x7FFF_0000..=0x8001_0000 | 0xFFFF_0000..=0xFFFF_FFFF | u64::MAX)
}

/// Reads all chunks up to the samples.
pub(super) fn read(reader: &mut (impl BufRead + Seek), file_size: u64) -> Result<Header, BuildError> {
    let form = start(reader)?;
    let mut format = None;
    let mut large = None;
    loop {
        let Some((id, size)) = chunk(reader)? else { return refuse("the file has no data chunk") };
        match &id {
            b"ds64" => large = Some(lengths(reader, size)?),
            b"fmt " => format = Some(self::format(reader, size)?),
            b"data" => {
                let Some((encoding, channels, rate)) = format else {
                    return refuse("the file has its samples before their format");
                };
                let length = match large {
                    Some(large) if size == 0xFFFF_FFFF => large,
                    _ => Lengths { riff: form, data: size },
                };
                let start = reader.stream_position()?;
                let left = file_size.saturating_sub(start);
                let frame = (encoding.bytes() * channels) as u64;
                let data = length.data(left, file_size);
                let frames = frames(data, left, frame)?;
                let surplus = surplus(reader, start + data + data % 2, file_size)? / frame;
                return Ok(Header { start, encoding, channels, rate, frames, surplus });
            }
            _ => skip(reader, size)?,
        }
    }
}

/// Lengths in bytes, as the header gives them, of the file and of its samples.
struct Lengths {
    riff: u64,
    data: u64,
}

impl Lengths {
    /// Returns the bytes of samples if `left` bytes remain until the end of the file.
    fn data(&self, left: u64, file_size: u64) -> u64 {
        // In a file with a valid RIFF length, a length of 0 means no samples.
        let empty = self.data == 0 && self.riff.saturating_add(8) == file_size;
        if is_placeholder(self.data) && !empty { left } else { self.data }
    }
}

/// Returns the frames in `data` bytes if `left` bytes remain until the end of the file.
fn frames(data: u64, left: u64, frame: u64) -> Result<u64, BuildError> {
    match (data / frame, left / frame) {
        (0, _) => refuse("the file has no samples"),
        (frames, there) if frames > there => {
            refuse(&format!("the file is cut short: {} of its {frames} samples are missing", frames - there))
        }
        (frames, _) => Ok(frames),
    }
}

/// The maximum number of chunks after the samples; recorders and editors write a handful.
const MAX_CHUNKS: usize = 1000;

/// Returns the bytes from `at` on, after the samples given by the header, that are not chunks.
fn surplus(reader: &mut (impl BufRead + Seek), mut at: u64, file_size: u64) -> Result<u64, BuildError> {
    reader.seek(SeekFrom::Start(at))?;
    for _ in 0..MAX_CHUNKS {
        let Some((id, size)) = chunk(reader)? else { break };
        let end = at + 8 + size;
        if end > file_size || !id.iter().all(|letter| matches!(letter, b' '..=b'~')) {
            return Ok(file_size - at);
        }
        skip(reader, size)?;
        at = end + size % 2;
    }
    Ok(0)
}

fn refuse<T>(reason: &str) -> Result<T, BuildError> {
    Err(BuildError::File(reason.to_owned()))
}

/// Reads the first twelve bytes; returns the length that they give.
fn start(reader: &mut impl BufRead) -> Result<u64, BuildError> {
    let Some([a, b, c, d, e, f, g, h, i, j, k, l]) = bytes::<12>(reader)? else {
        return refuse("the file is not a WAV file: it is too short");
    };
    match (&[a, b, c, d], &[i, j, k, l]) {
        (b"RIFF" | b"RF64" | b"BW64", b"WAVE") => Ok(u32::from_le_bytes([e, f, g, h]).into()),
        (b"fLaC", _) => refuse("the file is a FLAC file, not a WAV file"),
        (b"OggS", _) => refuse("the file is an Ogg file, not a WAV file"),
        ([b'I', b'D', b'3', _] | [0xFF, 0xFB, ..], _) => refuse("the file is an MP3 file, not a WAV file"),
        _ => refuse("the file is not a WAV file"),
    }
}

/// Reads the name and length of the next chunk; `None` at the end of the file.
fn chunk(reader: &mut impl BufRead) -> Result<Option<([u8; 4], u64)>, BuildError> {
    Ok(bytes::<8>(reader)?.map(|[a, b, c, d, e, f, g, h]| ([a, b, c, d], u32::from_le_bytes([e, f, g, h]).into())))
}

fn skip(reader: &mut impl Seek, size: u64) -> Result<(), BuildError> {
    // Chunks begin at even positions.
    reader.seek_relative((size + size % 2) as i64)?;
    Ok(())
}

fn lengths(reader: &mut (impl BufRead + Seek), size: u64) -> Result<Lengths, BuildError> {
    let Some([r0, r1, r2, r3, r4, r5, r6, r7, d0, d1, d2, d3, d4, d5, d6, d7]) =
        bytes::<16>(reader)?.filter(|_| size >= 16)
    else {
        return refuse("the file's ds64 chunk is too short");
    };
    skip(reader, size - 16)?;
    Ok(Lengths {
        riff: u64::from_le_bytes([r0, r1, r2, r3, r4, r5, r6, r7]),
        data: u64::from_le_bytes([d0, d1, d2, d3, d4, d5, d6, d7]),
    })
}

/// Reads the format chunk: encoding, channels and sample rate.
fn format(reader: &mut (impl BufRead + Seek), size: u64) -> Result<(Encoding, usize, u32), BuildError> {
    let Some([t0, t1, c0, c1, r0, r1, r2, r3, _, _, _, _, a0, a1, b0, b1]) =
        bytes::<16>(reader)?.filter(|_| size >= 16)
    else {
        return refuse("the file's fmt chunk is too short");
    };
    let mut read = 16;
    let mut tag = u16::from_le_bytes([t0, t1]);
    if tag == EXTENSIBLE {
        let Some(extension) = bytes::<10>(reader)?.filter(|_| size >= 26) else {
            return refuse("the file's fmt chunk is too short");
        };
        read += 10;
        let [.., low, high] = extension;
        tag = u16::from_le_bytes([low, high]);
    }
    skip(reader, size.saturating_sub(read))?;
    let bits = u16::from_le_bytes([b0, b1]);
    let encoding = encoding(tag, bits)?;
    let channels = match u16::from_le_bytes([c0, c1]) {
        channels @ (1 | 2) => usize::from(channels),
        0 => return refuse("the file has no channels"),
        many => return refuse(&format!("the file has {many} channels; mono and stereo can be sent")),
    };
    let rate = u32::from_le_bytes([r0, r1, r2, r3]);
    if !(1000..=768_000).contains(&rate) {
        return refuse(&format!("the file has {rate} samples per second; 1000 to 768000 can be sent"));
    }
    let align = usize::from(u16::from_le_bytes([a0, a1]));
    if align != encoding.bytes() * channels {
        return refuse(&format!("the header is invalid: {channels} samples of {bits} bits cannot take {align} bytes"));
    }
    Ok((encoding, channels, rate))
}

/// The format tag of an extensible header, in which the encoding follows later.
const EXTENSIBLE: u16 = 0xFFFE;

/// Returns the encoding for a format tag (RFC 2361) and the bits of a sample.
fn encoding(tag: u16, bits: u16) -> Result<Encoding, BuildError> {
    match (tag, bits) {
        (1, 8) => Ok(Encoding::U8),
        (1, 16) => Ok(Encoding::I16),
        (1, 24) => Ok(Encoding::I24),
        (1, 32) => Ok(Encoding::I32),
        (3, 32) => Ok(Encoding::F32),
        (3, 64) => Ok(Encoding::F64),
        (6, 8) => Ok(Encoding::ALaw),
        (7, 8) => Ok(Encoding::MuLaw),
        (1 | 3 | 6 | 7, _) => refuse(&format!("samples of {bits} bits are not supported; write it as 16-bit PCM")),
        _ => {
            let name = match tag {
                0x02 => "Microsoft ADPCM",
                0x11 => "IMA ADPCM",
                0x31 => "GSM 6.10",
                0x45 => "G.726 ADPCM",
                0x50 => "MPEG layer 1 or 2",
                0x55 => "MP3",
                0x160..=0x163 => "Windows Media Audio",
                0xFF | 0x1610 => "AAC",
                other => return refuse(&format!("the file is in the unknown format {other:#06x}; write it as PCM")),
            };
            refuse(&format!("the file is compressed ({name}); write it as PCM"))
        }
    }
}

/// Reads the next bytes; `None` if the file ends before.
fn bytes<const N: usize>(reader: &mut impl BufRead) -> Result<Option<[u8; N]>, io::Error> {
    let mut bytes = [0; N];
    match reader.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}
