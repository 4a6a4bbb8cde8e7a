//! The commands of the protocol: a byte for the kind, and a number of four bytes, most significant first.

/// Bytes of a command.
pub(super) const LEN: usize = 5;

/// A command of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// Hertz.
    Frequency(u32),
    /// Samples per second.
    Rate(u32),
    /// Whether the client sets the tuner's gain itself.
    ManualGain(bool),
    /// Tenths of a decibel.
    Gain(i32),
    /// Parts per million by which the client corrects the frequency.
    Correction(i32),
    /// Counting bytes in place of samples.
    Test(bool),
    /// Number of a gain in the table.
    GainIndex(u32),
    /// Commands of the protocol without effect on this receiver: gains of intermediate stages (6), the automatic gain of
    /// the converter (8), direct sampling (9), offset tuning (10), frequencies of crystals (11, 12) and the power of an
    /// antenna amplifier (14).
    Nothing,
}

impl Command {
    /// Reads a command; `None` for one that is not of the protocol, which `rtl_tcp` ignores.
    pub(super) fn read(bytes: [u8; LEN]) -> Option<Self> {
        let [kind, number @ ..] = bytes;
        let number = u32::from_be_bytes(number);
        Some(match kind {
            1 => Self::Frequency(number),
            2 => Self::Rate(number),
            3 => Self::ManualGain(number != 0),
            4 => Self::Gain(number.cast_signed()),
            5 => Self::Correction(number.cast_signed()),
            7 => Self::Test(number != 0),
            13 => Self::GainIndex(number),
            6 | 8..=12 | 14 => Self::Nothing,
            _ => return None,
        })
    }
}

/// Returns whether the chip has this rate: Realtek's resampler covers two ranges. At any other rate `rtl_tcp` keeps the
/// rate that it has, without an answer to the client.
pub(super) fn is_rate(rate: u32) -> bool {
    matches!(rate, 225_001..=300_000 | 900_001..=3_200_000)
}
