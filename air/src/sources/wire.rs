//! The messages between a transmitter and the air.
//!
//! On the wire each is its length, four bytes little-endian, then a byte that says which it is, and its content. Over
//! TCP the message, without its length, is encrypted; before the first, both sides send a greeting with a nonce.

use crate::spectrum::Transmission;
use challengectl_dsp::Complex32;
use std::io;

/// What both sides of a TCP connection begin with; the last byte is the version.
pub(super) const MAGIC: [u8; 8] = *b"CTLAIR\0\x01";

/// The greeting: [`MAGIC`] and a nonce.
pub(super) const GREETING_LEN: usize = MAGIC.len() + 32;

/// The longest message to the air: what a transmitter sends at once, and some. It is small, since it holds for strangers.
pub(super) const MAX_TO_AIR: usize = 1 << 19;

/// The longest message from the air: a block at 20 MS/s, and some.
pub(super) const MAX_FROM_AIR: usize = 1 << 22;

/// Samples that are sent at once, at most.
pub(super) const MAX_SAMPLES: usize = 1 << 15;

/// From a transmitter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Message {
    /// The first: what will be on air.
    Begin(Transmission),
    /// The next samples.
    Samples(Vec<Complex32>),
    /// So many samples that nobody hears.
    Skip(u32),
    /// No more will come; what waits is to be sent yet.
    Finish,
    /// The first, in place of [`Begin`](Self::Begin): wants to hear about this centre, so many samples per second.
    Listen { centre_hz: f64, rate: u32 },
}

/// From the air.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reply {
    /// The transmission is taken; so many samples may be sent.
    Accepted(u32),
    /// It is not, for this reason.
    Refused(String),
    /// So many more samples may be sent; and whether anybody hears them.
    Credit { samples: u32, heard: bool },
    /// The last sample has been mixed.
    Ended,
    /// To one who listens: samples, and the number of the first.
    Heard(u64, Vec<Complex32>),
}

const BEGIN: u8 = 1;
const SAMPLES: u8 = 2;
const SKIP: u8 = 3;
const FINISH: u8 = 4;
const LISTEN: u8 = 5;

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

    pub(super) fn skip(samples: u32) -> Vec<u8> {
        [&[SKIP][..], &samples.to_le_bytes()].concat()
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
                // Written so that a sample that is no number fails.
                let fits = samples.iter().all(|sample| sample.norm_sqr() <= MAX_POWER);
                if fits { Ok(Self::Samples(samples)) } else { Err(too_loud()) }
            }
            LISTEN => read_listen(content).ok_or_else(malformed),
            SKIP => Ok(Self::Skip(u32::from_le_bytes(content.try_into().map_err(|_| malformed())?))),
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

/// Full scale is 1.0, and a little for rounding errors. A sample that is no number would spoil the whole spectrum, and
/// one far beyond full scale drown it.
const MAX_POWER: f32 = 1.1;

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a message that is none of this protocol")
}

fn too_loud() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "samples beyond full scale")
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
    nonce.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the other side is no air of this version"))
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
            (Message::skip(7), Message::Skip(7)),
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
    fn what_is_no_message_and_what_is_no_sample_is_refused() {
        for bytes in [&[][..], &[9], &[BEGIN, 1], &[SKIP, 1], &[SAMPLES, 1, 2, 3]] {
            assert!(Message::read(bytes).is_err());
        }
        for value in [f32::NAN, f32::INFINITY, 1.2, -3.0] {
            assert!(Message::read(&Message::samples(&[Complex32::new(0.0, value)])).is_err());
        }
        assert!(len_of([255; 4], MAX_FROM_AIR).is_err());
    }
}
