//! Limits of the fields of a challenge, in event files and in the API.

/// The lowest frequency, in hertz. A smaller number is nearly always in another unit.
pub const MIN_HZ: u64 = 1_000_000;

/// The highest frequency, in hertz: above the range of radios.
pub const MAX_HZ: u64 = 300_000_000_000;

/// The finest raster of a frequency range, in hertz. A finer one is nearly always in another unit: 12.5 for kilohertz.
pub const MIN_RASTER_HZ: u64 = 100;

/// The shortest delay between two transmissions, in seconds: one millisecond, the unit in which delays are stored.
pub const MIN_DELAY_SECONDS: f64 = 0.001;

/// The longest delay between two transmissions, in seconds: a week, longer than an event.
pub const MAX_DELAY_SECONDS: f64 = 7.0 * 86_400.0;

/// The longest name of a frequency range, in bytes.
pub const MAX_RANGE_NAME: usize = 64;

pub use challengectl_waveform::MAX_TEXT_BYTES;
