//! Random secrets.

use std::fmt::Write;

/// Returns `BYTES` random bytes as hexadecimal digits.
pub fn random_hex<const BYTES: usize>() -> String {
    rand::random::<[u8; BYTES]>().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
