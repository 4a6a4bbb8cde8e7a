//! How a sample is written.

/// How a sample is written. All are little endian; integers are signed but those of 8 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
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
    /// Bytes of a sample.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::ALaw | Self::MuLaw => 1,
            Self::I16 => 2,
            Self::I24 => 3,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// A sample from -1 to 1. What is no number is silence; what is beyond full scale is full scale, as in any
    /// converter.
    pub(super) fn decode(self, bytes: &[u8]) -> f32 {
        match (self, bytes) {
            (Self::U8, [a]) => (f32::from(*a) - 128.0) / 128.0,
            (Self::I16, [a, b]) => f32::from(i16::from_le_bytes([*a, *b])) / 32_768.0,
            (Self::I24, [a, b, c]) => i32::from_le_bytes([0, *a, *b, *c]) as f32 / 2_147_483_648.0,
            (Self::I32, [a, b, c, d]) => i32::from_le_bytes([*a, *b, *c, *d]) as f32 / 2_147_483_648.0,
            (Self::F32, [a, b, c, d]) => within_scale(f32::from_le_bytes([*a, *b, *c, *d])),
            (Self::F64, [a, b, c, d, e, f, g, h]) => {
                within_scale(f64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]) as f32)
            }
            (Self::ALaw, [a]) => a_law(*a),
            (Self::MuLaw, [a]) => mu_law(*a),
            _ => 0.0,
        }
    }
}

fn within_scale(sample: f32) -> f32 {
    if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 }
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

    #[test]
    fn full_scale_is_full_scale_in_every_encoding() {
        assert_eq!(Encoding::U8.decode(&[0]), -1.0);
        assert_eq!(Encoding::I16.decode(&[0, 0x80]), -1.0);
        assert_eq!(Encoding::I24.decode(&[0, 0, 0x40]), 0.5);
        assert_eq!(Encoding::I32.decode(&[0, 0, 0, 0x80]), -1.0);
        assert_eq!(Encoding::F32.decode(&0.25f32.to_le_bytes()), 0.25);
        assert_eq!(Encoding::F64.decode(&(-0.75f64).to_le_bytes()), -0.75);
        // The largest codes of G.711: 4032 of 4096 and 8031 of 8192.
        assert_eq!(Encoding::ALaw.decode(&[0xAA]), 4032.0 / 4096.0);
        assert_eq!(Encoding::MuLaw.decode(&[0x80]), 8031.0 / 8192.0);
    }

    #[test]
    fn what_is_no_number_is_silence() {
        for sample in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(Encoding::F32.decode(&sample.to_le_bytes()), 0.0);
        }
        assert_eq!(Encoding::F64.decode(&1e300f64.to_le_bytes()), 0.0);
        assert_eq!(Encoding::F32.decode(&2f32.to_le_bytes()), 1.0);
    }
}
