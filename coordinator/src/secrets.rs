//! Random secrets.

use challengectl_common::Digest;
use std::fmt::Write;
use totp_rs::Secret;

/// Returns a secret that people type: 80 random bits, in groups of four characters.
pub fn typed() -> String {
    let letters = Secret::from(rand::random::<[u8; 10]>().to_vec()).to_base32().to_ascii_lowercase();
    letters.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
}

/// Returns the digest of such a secret as people type it: with blanks or dashes, in any capitals.
pub fn digest_of_typed(text: &str) -> Digest {
    let letters: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    Digest::of(letters.to_ascii_lowercase().as_bytes())
}

/// Returns `BYTES` random bytes as hexadecimal digits.
pub fn random_hex<const BYTES: usize>() -> String {
    hex(&rand::random::<[u8; BYTES]>())
}

/// Writes bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
