//! Encodings of samples.

/// The encoding of a sample. All are little endian; integers are signed, except those of 8 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    U8,
    I16,
    I24,
    I32,
    F32,
    F64,
    ALaw,
    MuLaw,
}

impl Encoding {
    /// The bytes of a sample.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::ALaw | Self::MuLaw => 1,
            Self::I16 => 2,
            Self::I24 => 3,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Returns whether its steps are 1/1000 of full scale or more, as with 8 bits.
    pub(crate) fn is_coarse(self) -> bool {
        self.bytes() == 1
    }

    /// Decodes samples to -1 to 1. Floating-point samples may exceed that or be NaN, as in the file.
    pub(super) fn decode(self, bytes: &[u8], out: &mut [f32]) {
        match self {
            Self::U8 => each(bytes, out, |[byte]| (f32::from(byte) - 128.0) / 128.0),
            Self::I16 => each(bytes, out, |bytes| f32::from(i16::from_le_bytes(bytes)) / 32_768.0),
            Self::I24 => each(bytes, out, |[a, b, c]| i32::from_le_bytes([0, a, b, c]) as f32 / 2_147_483_648.0),
            Self::I32 => each(bytes, out, |bytes| i32::from_le_bytes(bytes) as f32 / 2_147_483_648.0),
            Self::F32 => each(bytes, out, f32::from_le_bytes),
            Self::F64 => each(bytes, out, |bytes| f64::from_le_bytes(bytes) as f32),
            Self::ALaw => each(bytes, out, |[byte]| a_law(byte)),
            Self::MuLaw => each(bytes, out, |[byte]| mu_law(byte)),
        }
    }
}

/// Decodes samples of `N` bytes.
fn each<const N: usize>(bytes: &[u8], out: &mut [f32], one: impl Fn([u8; N]) -> f32) {
    let (samples, _) = bytes.as_chunks::<N>();
    for (out, sample) in out.iter_mut().zip(samples) {
        *out = one(*sample);
    }
}

/// ITU-T G.711, A-law: sign, three bits of exponent, four of mantissa, every other bit inverted.
fn a_law(byte: u8) -> f32 {
    let byte = byte ^ 0x55;
    let mantissa = f32::from(byte & 0xF) * 2.0 + 1.0;
    let magnitude = match byte >> 4 & 7 {
        0 => mantissa,
        exponent => (mantissa + 32.0) * f32::from(1u16 << (exponent - 1)),
    };
    if byte & 0x80 == 0 { -magnitude / 4096.0 } else { magnitude / 4096.0 }
}

/// ITU-T G.711, µ-law: sign, three bits of exponent, four of mantissa, all inverted.
fn mu_law(byte: u8) -> f32 {
    let byte = !byte;
    let magnitude = (f32::from(byte & 0xF) * 2.0 + 33.0) * f32::from(1u16 << (byte >> 4 & 7)) - 33.0;
    if byte & 0x80 == 0 { magnitude / 8192.0 } else { -magnitude / 8192.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(encoding: Encoding, bytes: &[u8]) -> f32 {
        let mut sample = [0.0];
        encoding.decode(bytes, &mut sample);
        sample[0]
    }

    #[test]
    fn full_scale_is_full_scale_in_every_encoding() {
        assert_eq!(decode(Encoding::U8, &[0]), -1.0);
        assert_eq!(decode(Encoding::I16, &[0, 0x80]), -1.0);
        assert_eq!(decode(Encoding::I24, &[0, 0, 0x40]), 0.5);
        assert_eq!(decode(Encoding::I32, &[0, 0, 0, 0x80]), -1.0);
        assert_eq!(decode(Encoding::F32, &0.25f32.to_le_bytes()), 0.25);
        assert_eq!(decode(Encoding::F64, &(-0.75f64).to_le_bytes()), -0.75);
        // The largest codes of G.711: 4032 of 4096 and 8031 of 8192.
        assert_eq!(decode(Encoding::ALaw, &[0xAA]), 4032.0 / 4096.0);
        assert_eq!(decode(Encoding::MuLaw, &[0x80]), 8031.0 / 8192.0);
    }
}
