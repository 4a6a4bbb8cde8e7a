//! The second factor: TOTP codes, and recovery codes for owners who have lost their authenticator.

use crate::CoreError;
use crate::secrets::{digest_of_typed, typed};
use challengectl_common::{AccountName, Digest, Timestamp};
use totp_rs::{Builder, Secret, Totp};

/// The name that authenticators show.
const ISSUER: &str = "ChallengeCtl";
/// Recovery codes that an account gets at a time.
const RECOVERY_CODES: usize = 10;
/// Digits of a TOTP code (RFC 6238).
const DIGITS: usize = 6;

/// A TOTP secret, for the owner of an account to enter into an authenticator. Shown once.
#[derive(Debug, Clone)]
pub struct TotpSetup {
    /// The secret in base32, to be typed.
    pub secret: String,
    /// The secret as an `otpauth` address, to be scanned.
    pub uri: String,
}

/// Makes a new random secret, and its form for the owner.
pub fn new_secret(name: &AccountName) -> Result<([u8; 20], TotpSetup), CoreError> {
    let bytes: [u8; 20] = rand::random();
    let totp = builder(Secret::new_stack(bytes)).with_account_name(name.as_str()).with_issuer(Some(ISSUER));
    let uri = totp.build().and_then(|totp| totp.to_url()).map_err(|_| CoreError::Sealed)?;
    Ok((bytes, TotpSetup { secret: Secret::new_stack(bytes).to_base32(), uri }))
}

/// Returns the TOTP time step that this code belongs to, if it is the current one, the one before or the one after.
pub fn step_of(code: &str, secret: &[u8], now: Timestamp) -> Result<Option<i64>, CoreError> {
    let totp: Totp = builder(Secret::from(secret.to_vec())).build().map_err(|_| CoreError::Sealed)?;
    let seconds = u64::try_from(now.as_millis() / 1000).unwrap_or(0);
    Ok(totp.check(code, seconds).and_then(|step| i64::try_from(step).ok()))
}

fn builder(secret: Secret) -> Builder {
    Builder::new().with_secret(secret)
}

/// A code as people type it: with spaces, or with the dashes of a recovery code.
#[derive(Debug, PartialEq, Eq)]
pub enum Code {
    Totp(String),
    Recovery(Digest),
}

impl Code {
    pub fn read(text: &str) -> Self {
        let code: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if code.len() == DIGITS && code.bytes().all(|b| b.is_ascii_digit()) {
            return Self::Totp(code);
        }
        Self::Recovery(digest_of_typed(&code))
    }
}

/// Makes new recovery codes: 80 random bits each, in groups of four characters.
pub fn recovery_codes() -> Vec<String> {
    std::iter::repeat_with(typed).take(RECOVERY_CODES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the last six of the eight digits for SHA-1.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        for (seconds, code) in [(1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")] {
            let step = seconds / 30;
            for (offset, expected) in [(-60, None), (-30, Some(step)), (0, Some(step)), (30, Some(step)), (60, None)] {
                let now = Timestamp::from_millis((seconds + offset) * 1000);
                assert_eq!(step_of(code, secret, now).unwrap(), expected, "{seconds} {offset}");
            }
        }
    }

    #[test]
    fn what_is_no_code_fits_nothing() {
        for text in ["", "12345", "1234567", "abcdef", "+12345", "12345é"] {
            assert_eq!(step_of(text, b"12345678901234567890", Timestamp::from_millis(0)).unwrap(), None, "{text}");
        }
    }

    #[test]
    fn a_recovery_code_is_read_as_people_type_it() {
        let code = recovery_codes().swap_remove(0);
        assert_eq!(code.len(), 19);
        assert_eq!(Code::read(&code.to_uppercase().replace('-', " ")), Code::read(&code));
        assert_eq!(Code::read("123 456"), Code::Totp("123456".to_owned()));
    }
}
