//! The messages between a transmitter and the air.
//!
//! Each is its length, four bytes little-endian, then a byte for its kind, and its content. Over TCP the message, without
//! its length, is encrypted; before the first, both sides send a greeting with a nonce.

use crate::spectrum::Transmission;
use challengectl_dsp::Complex32;
use std::io;

/// The beginning of a greeting; its last byte is the version.
pub(super) const MAGIC: [u8; 8] = *b"CTLAIR\0\x02";

/// The greeting: [`MAGIC`] and a nonce.
pub(super) const GREETING_LEN: usize = MAGIC.len() + 32;

/// The longest message to the air: [`MAX_SAMPLES`], and some. It bounds also what strangers send.
pub(super) const MAX_TO_AIR: usize = 1 << 19;

/// The longest message from the air: a block at 20 MS/s takes 3.2 MB.
pub(super) const MAX_FROM_AIR: usize = 1 << 22;

/// The most samples in one message.
pub(super) const MAX_SAMPLES: usize = 1 << 15;

/// From a transmitter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Message {
    /// The first: what will be on air.
    Begin(Transmission),
    /// The next samples.
    Samples(Vec<Complex32>),
    /// No more samples will come. Those that wait are to be heard.
    Finish,
    /// The first, in place of [`Begin`](Self::Begin): opens a receiver.
    Listen { centre_hz: f64, rate: u32 },
}

/// From the air.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reply {
    /// The transmission is accepted, and so many samples may be sent; or the receiver is open, and has this rate.
    Accepted(u32),
    /// The transmission is refused for this reason.
    Refused(String),
    /// So many more samples may be sent. Unless they are heard, none is to be sent until another message says so.
    Credit { samples: u32, heard: bool },
    /// The last sample has been heard.
    Ended,
    /// To a receiver: the number of the first sample, and the samples.
    Heard(u64, Vec<Complex32>),
}

const BEGIN: u8 = 1;
const SAMPLES: u8 = 2;
const FINISH: u8 = 3;
const LISTEN: u8 = 4;

const ACCEPTED: u8 = 1;
const REFUSED: u8 = 2;
const CREDIT: u8 = 3;
const ENDED: u8 = 4;
const HEARD: u8 = 5;

impl Message {
    pub(super) fn begin(transmission: &Transmission) -> Vec<u8> {
        let Transmission { challenge, centre_hz, nominal_hz, rate } = transmission;
        let mut bytes = vec![BEGIN];
        bytes.extend_from_slice(&centre_hz.to_le_bytes());
        bytes.extend_from_slice(&nominal_hz.to_le_bytes());
        bytes.extend_from_slice(&rate.to_le_bytes());
        bytes.extend_from_slice(challenge.as_bytes());
        bytes
    }

    pub(super) fn samples(samples: &[Complex32]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + samples.len() * 8);
        bytes.push(SAMPLES);
        write_samples(&mut bytes, samples);
        bytes
    }

    pub(super) fn listen(centre_hz: f64, rate: u32) -> Vec<u8> {
        [&[LISTEN][..], &centre_hz.to_le_bytes(), &rate.to_le_bytes()].concat()
    }

    pub(super) fn finish() -> Vec<u8> {
        vec![FINISH]
    }

    pub(super) fn read(bytes: &[u8]) -> io::Result<Self> {
        let (kind, content) = bytes.split_first().ok_or_else(malformed)?;
        match *kind {
            BEGIN => read_begin(content).map(Self::Begin).ok_or_else(malformed),
            SAMPLES => {
                let samples = read_samples(content)?;
                // A comparison that fails for NaN.
                let fits = samples.iter().all(|sample| sample.norm_sqr() <= MAX_POWER);
                if fits { Ok(Self::Samples(samples)) } else { Err(too_loud()) }
            }
            LISTEN => read_listen(content).ok_or_else(malformed),
            FINISH => Ok(Self::Finish),
            _ => Err(malformed()),
        }
    }
}

fn read_begin(content: &[u8]) -> Option<Transmission> {
    let (centre, rest) = content.split_first_chunk()?;
    let (nominal, rest) = rest.split_first_chunk()?;
    let (rate, name) = rest.split_first_chunk()?;
    Some(Transmission {
        challenge: String::from_utf8(name.to_owned()).ok()?,
        centre_hz: f64::from_le_bytes(*centre),
        nominal_hz: f64::from_le_bytes(*nominal),
        rate: u32::from_le_bytes(*rate),
    })
}

fn read_listen(content: &[u8]) -> Option<Message> {
    let (centre, rate) = content.split_first_chunk()?;
    let rate = u32::from_le_bytes(rate.try_into().ok()?);
    Some(Message::Listen { centre_hz: f64::from_le_bytes(*centre), rate })
}

fn write_samples(bytes: &mut Vec<u8>, samples: &[Complex32]) {
    for sample in samples {
        bytes.extend_from_slice(&sample.re.to_le_bytes());
        bytes.extend_from_slice(&sample.im.to_le_bytes());
    }
}

fn read_samples(content: &[u8]) -> io::Result<Vec<Complex32>> {
    let (pairs, rest) = content.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(malformed());
    }
    let sample = |pair: &[u8; 8]| {
        let [a, b, c, d, e, f, g, h] = *pair;
        Complex32::new(f32::from_le_bytes([a, b, c, d]), f32::from_le_bytes([e, f, g, h]))
    };
    Ok(pairs.iter().map(sample).collect())
}

/// The highest power of a sample: full scale is 1.0, and rounding errors add a little. NaN would spoil the whole spectrum,
/// and a sample far beyond full scale drown it.
const MAX_POWER: f32 = 1.1;

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it sent a message that is not of this protocol")
}

fn too_loud() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it sent samples beyond full scale")
}

impl Reply {
    pub(super) fn write(&self) -> Vec<u8> {
        match self {
            Self::Accepted(samples) => [&[ACCEPTED][..], &samples.to_le_bytes()].concat(),
            Self::Refused(why) => [&[REFUSED][..], why.as_bytes()].concat(),
            Self::Credit { samples, heard } => [&[CREDIT, u8::from(*heard)][..], &samples.to_le_bytes()].concat(),
            Self::Ended => vec![ENDED],
            Self::Heard(first, samples) => {
                let mut bytes = vec![HEARD];
                bytes.extend_from_slice(&first.to_le_bytes());
                write_samples(&mut bytes, samples);
                bytes
            }
        }
    }

    pub(super) fn read(bytes: &[u8]) -> io::Result<Self> {
        let (kind, content) = bytes.split_first().ok_or_else(malformed)?;
        let number = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes).map_err(|_| malformed());
        match (*kind, content) {
            (ACCEPTED, content) => Ok(Self::Accepted(number(content)?)),
            (REFUSED, content) => Ok(Self::Refused(String::from_utf8_lossy(content).into_owned())),
            (CREDIT, [heard, samples @ ..]) => Ok(Self::Credit { samples: number(samples)?, heard: *heard != 0 }),
            (ENDED, _) => Ok(Self::Ended),
            (HEARD, content) => {
                let (first, samples) = content.split_first_chunk().ok_or_else(malformed)?;
                Ok(Self::Heard(u64::from_le_bytes(*first), read_samples(samples)?))
            }
            _ => Err(malformed()),
        }
    }
}

/// Puts the length in front of a message.
pub(super) fn framed(message: &[u8]) -> io::Result<Vec<u8>> {
    let len = u32::try_from(message.len()).map_err(|_| malformed())?;
    Ok([&len.to_le_bytes()[..], message].concat())
}

/// Reads the length in front of a message.
pub(super) fn len_of(header: [u8; 4], max: usize) -> io::Result<usize> {
    let len = u32::from_le_bytes(header) as usize;
    if len > max { Err(malformed()) } else { Ok(len) }
}

/// Reads the nonce of a greeting.
pub(super) fn nonce_of(greeting: &[u8; GREETING_LEN]) -> io::Result<[u8; 32]> {
    let nonce = greeting.strip_prefix(&MAGIC).and_then(|nonce| nonce.try_into().ok());
    let other = "it is no air of this version; both hosts need the same version of challengectl-runner";
    nonce.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, other))
}

/// Makes a greeting of a nonce.
pub(super) fn greeting(nonce: &[u8; 32]) -> Vec<u8> {
    [&MAGIC[..], nonce].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_as_they_were_written() {
        let transmission = Transmission { challenge: "Änd".into(), centre_hz: 1.5, nominal_hz: 2.5, rate: 250_000 };
        let samples = vec![Complex32::new(0.25, -1.0), Complex32::ZERO];
        for (bytes, message) in [
            (Message::begin(&transmission), Message::Begin(transmission)),
            (Message::samples(&samples), Message::Samples(samples)),
            (Message::finish(), Message::Finish),
            (Message::listen(1e8, 48_000), Message::Listen { centre_hz: 1e8, rate: 48_000 }),
        ] {
            assert_eq!(Message::read(&bytes).unwrap(), message);
        }
        for reply in
            [Reply::Accepted(9), Reply::Refused("why".into()), Reply::Credit { samples: 4, heard: true }, Reply::Ended]
        {
            assert_eq!(Reply::read(&reply.write()).unwrap(), reply);
        }
    }

    #[test]
    fn malformed_messages_and_impossible_samples_are_refused() {
        for bytes in [&[][..], &[9], &[BEGIN, 1], &[LISTEN, 1], &[SAMPLES, 1, 2, 3]] {
            assert!(Message::read(bytes).is_err());
        }
        for value in [f32::NAN, f32::INFINITY, 1.2, -3.0] {
            assert!(Message::read(&Message::samples(&[Complex32::new(0.0, value)])).is_err());
        }
        assert!(len_of([255; 4], MAX_FROM_AIR).is_err());
    }
}
